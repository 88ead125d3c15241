#pragma once

// Money shared out: parts that sum to the whole exactly, with what rounding leaves given to a named party.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reckon/fee/money.h"

namespace reckon::fee {

/// Weights of one split; a bundle or a contract has a handful of parties.
inline constexpr std::size_t kMaxShares = 1'000;
/// Largest weight: metres of a leg, or parts per million.
inline constexpr std::int64_t kMaxWeight = 1'000'000;

/// `total` in proportion to `weights`, each part rounded down (towards minus infinity) to a minor unit; the
/// part at `remainder_to` gets what is left, so the parts sum to `total` exactly. Shares of one party in
/// percent are weights in parts per million; a leg that several orders share is split by their direct metres.
/// @param weights       1 to kMaxShares of them, each in [0, kMaxWeight], not all 0
/// @param remainder_to  below the number of weights
/// @return nothing when an argument is outside of that
std::optional<std::vector<Money>> split(Money total, std::span<const std::int64_t> weights,
                                        std::size_t remainder_to);

}  // namespace reckon::fee

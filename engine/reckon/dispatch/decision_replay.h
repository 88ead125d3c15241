#pragma once

// Computes the decisions of a log again, from the log alone, and compares them byte for byte.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"

namespace reckon::dispatch {

inline constexpr std::size_t kMaxDecisionLogBytes = std::size_t{1} << 30;

struct ReplayReport {
  std::uint64_t ticks = 0;      ///< computed again
  std::uint64_t decisions = 0;  ///< orders given to riders, of these ticks
  std::uint64_t unsealed = 0;   ///< lines behind the last tick: a log that was cut off, or is being written
  /// What came out otherwise, by line; the replay ends with the first tick that has some.
  std::vector<base::Fault> differences = {};
  std::optional<std::string> decision = {};  ///< the one asked for, as it was computed now
};

/// @param name      stands in `where`
/// @param decision  the replay ends with the tick that made it
/// @errors kInvalidInput  a line that is no line of a log, with what is allowed
///         kNotFound      the decision is not in the log
/// Cost: that of the ticks, some milliseconds each. The same program, or one that decides alike, is needed.
base::Result<ReplayReport> replay_decisions(std::string_view log, std::string_view name,
                                            std::optional<std::uint64_t> decision = {});

}  // namespace reckon::dispatch

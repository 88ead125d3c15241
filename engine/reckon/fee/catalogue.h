#pragma once

// Which of many tariffs prices a delivery.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/fee/tariff.h"

namespace reckon::fee {

/// The approved tariff in force for the delivery: the most specific scope (shop, then shop group, branch,
/// none) that covers it. Among equals of one id the latest version; among ids of one scope the one in force
/// since the latest instant; among ids without a scope the first one of `tariffs`.
/// @param id  only this tariff; empty = any
/// @errors kNotFound      none is configured, or none of this id
///         kInvalidInput  none is approved, in force (at the instant that decides under it) and for this
///         delivery
/// Cost: O(tariffs).
base::Result<std::shared_ptr<const Tariff>> select_tariff(
    std::span<const std::shared_ptr<const Tariff>> tariffs, std::string_view id, const FeeContext& context);

/// Two tariffs of one list that are for the same shops and in force at the same time, with nothing but their
/// order to choose between them: other ids, and of those with a scope the same `valid_from`.
struct Rivals {
  std::size_t first = 0, second = 0;  ///< places in the list; `first` goes before
};
/// For each tariff the first rival that goes before it, if there is one; drafts have none.
/// Cost: O(tariffs^2).
std::vector<Rivals> rivals(std::span<const std::shared_ptr<const Tariff>> tariffs);

/// `shop 's1'`, `every shop`: whom a tariff is for.
std::string scope_text(const Tariff& tariff);

/// What an operator should know of the first rivals without a scope; empty where there are none.
std::string rivals_warning(std::span<const std::shared_ptr<const Tariff>> tariffs);

/// What an operator who configured providers should know: no tariff asks them; empty where one does, and
/// where there are no tariffs.
std::string unasked_warning(std::span<const std::shared_ptr<const Tariff>> tariffs);

}  // namespace reckon::fee

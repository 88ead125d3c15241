#pragma once

// Which of many tariffs prices a delivery.

#include <memory>
#include <span>
#include <string_view>

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

}  // namespace reckon::fee

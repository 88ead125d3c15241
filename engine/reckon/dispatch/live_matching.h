#pragma once

// One more order for each rider at most: the plan of one tick as a matching. Internal to this room; the
// dispatcher uses it when `DispatcherOptions::one_each` is set.

#include <cstdint>
#include <span>
#include <vector>

#include "reckon/dispatch/live_plan.h"
#include "reckon/dispatch/matching.h"

namespace reckon::dispatch {

/// A plan, and what the next one may start from.
struct MatchedPlan {
  std::vector<RiderChain> chains;
  std::vector<std::uint32_t> absent;    ///< orders in nobody's plan
  std::vector<MatchCost> rider_prices;  ///< by rider
  double cost = 0;                      ///< of the chains and of the absent, in minutes
};

/// Gives each rider, after his trip under way, the open order that makes all together cheapest, to a
/// thousandth of a minute for each.
/// @param chains        of the last plan; of these only trips under way stay
/// @param rider_prices  by rider, from the last plan, or empty
/// Cost: O(shops x riders log riders), then the matching.
MatchedPlan match_one_each(const Snapshot& snapshot, std::vector<RiderChain> chains,
                           std::span<const MatchCost> rider_prices);

}  // namespace reckon::dispatch

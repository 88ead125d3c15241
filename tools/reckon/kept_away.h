#pragma once

// Providers that a batch begins without, or meets while they come back: what is said of them, and for which
// quotes waiting is worth it.

#include <chrono>
#include <string>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/distance/distance_service.h"

namespace reckon::cli {

/// Whether a provider was left out for a reason that may pass by itself within seconds or minutes: it could
/// not be reached or did not answer in time, its breaker is open or ramping up, or it asked for a pause. Not:
/// a refused key, a spent quota, an operator's order.
bool waits_would_help(const distance::Distance& distance);

/// The providers that waits_would_help is about: the best by name, and how many more there are (`kakao, and 2
/// more`).
std::string awaited(const distance::Distance& distance);

/// Whether a provider refused its key, or its quota is spent: a person must mend that.
bool was_refused(const distance::Distance& distance);

/// A line for each provider of a vehicle that is kept from quotes now, down to the first that is not: its
/// state, what that means for a batch, what to do.
/// @param wait  for how long the batch asks rows again (`--wait`); zero: it does not
std::vector<std::string> kept_away_lines(const distance::DistanceService& service, base::Vehicle vehicle,
                                         base::WallTime now, std::chrono::seconds wait);

}  // namespace reckon::cli

#pragma once

// Providers that a batch begins without, or meets while they come back: what is said of them, and for which
// quotes waiting is worth it.

#include <chrono>
#include <string>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/distance/distance_service.h"

namespace reckon::cli {

/// Whether a provider was left out for a reason that passes by itself within seconds or minutes: its breaker
/// is open or ramping up, or it asked for a pause. Not: a refused key, a spent quota, an operator's order.
bool waits_would_help(const distance::Distance& distance);

/// A line for each provider that is kept from quotes now: its state, what that means for a batch, what to do.
/// @param wait  for how long the batch asks rows again (`--wait`); zero: it does not
std::vector<std::string> kept_away_lines(const distance::DistanceService& service, base::WallTime now,
                                         std::chrono::seconds wait);

}  // namespace reckon::cli

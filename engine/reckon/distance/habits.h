#pragma once

// A made-up provider's habits, drawn from a seed: what a rehearsal, a test or a bench hides and then has
// learned from answers.

#include <random>

#include "reckon/road/route_model.h"

namespace reckon::distance {

/// Speeds by class that differ by a factor of up to 1.42 either way, right angles to the left that cost 2 to
/// 10 s, half as much to the right, sharper ones half as much again, 20 s back, and closed roads, both ways.
/// @param closed_share  of all roads, [0, 1]
/// @return the same for the same network, state of `random` and share; on another C library speeds may differ
/// in their last bit
road::RouteModel draw_habits(const road::RouteNetwork& network, std::mt19937& random, double closed_share);

}  // namespace reckon::distance

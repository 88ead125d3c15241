#pragma once

// A made-up provider's habits, drawn from a seed: what a rehearsal, a test or a bench hides and then has
// learned from answers.

#include <random>

#include "reckon/road/route_model.h"

namespace reckon::distance {

/// Speeds by class that differ by a factor of up to 1.42 either way, turns that cost 2 to 10 s to the left,
/// half as much to the right and 20 s back, and closed roads, each both ways.
/// @param closed_share  of all roads, [0, 1]
/// @return the same for the same network, state of `random` and share, on every machine
road::RouteModel draw_habits(const road::RouteNetwork& network, std::mt19937& random, double closed_share);

}  // namespace reckon::distance

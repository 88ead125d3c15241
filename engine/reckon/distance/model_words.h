#pragma once

// A learned model in words, for who has to decide whether to believe it.

#include <string>
#include <vector>

#include "reckon/road/route_model.h"

namespace reckon::distance {

/// What a provider does otherwise than the map, as far as answers have told it; a phrase each that goes on
/// from "it", such as `keeps no turn rules`. Empty: nothing but other speeds and turn costs.
std::vector<std::string> unlike_the_map(const road::RouteModel& model);

}  // namespace reckon::distance

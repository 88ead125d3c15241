#pragma once

// What a trip's end asks of the road beside it: the side that its door lies on, the way that the rider faces.

#include <vector>

#include "reckon/road/graph.h"
#include "reckon/road/road_map.h"
#include "reckon/road/search.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {

/// A place so near to its road's middle line lies on both sides of it.
inline constexpr double kOnTheLineM = 0.5;

/// A rider faces a road's direction when it differs from his own by no more than this.
inline constexpr double kFacingDeg = 60;

/// Takes out the terminals from `first` on that break `rule`; all stay where each would break it, and then
/// @return false. Cost: tens of nanoseconds a terminal; nothing for a rule that asks nothing.
bool keep_by_rule(const EdgeGeometry& geometry, const ArcGraph& graph, const Snap& snap, geo::PlaceE7 place,
                  const EndRule& rule, std::size_t first, std::vector<Terminal>& terminals);

}  // namespace reckon::road

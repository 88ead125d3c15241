#pragma once

// The order in which a hierarchy over a vehicle's arcs contracts them, from the map's shape alone: it stays
// good whatever arcs cost.

#include <cstdint>
#include <vector>

#include "reckon/road/graph.h"

namespace reckon::road {

/// All arcs of `graph`, the most important first. The junctions are cut in two by as few arcs as one finds
/// (inertial flow: a minimum cut between the outer quarters along each of several lines), those arcs come
/// first, then each half, cut in the same way. What two halves hold is never joined by a turn.
/// The same input gives the same order.
/// Cost: about 20 us an arc, growing little faster than the map. Source: docs/sources.md#nested-dissection.
std::vector<std::uint32_t> dissect(const EdgeGeometry& geometry, const ArcGraph& graph);

}  // namespace reckon::road

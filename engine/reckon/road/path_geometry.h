#pragma once

// The line that a path draws.

#include <cstdint>
#include <span>
#include <vector>

#include "reckon/geo/lat_lng.h"
#include "reckon/road/graph.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {

/// Points from `from` (on the first arc) over the road's shape to `to` (on the last arc), neighbours that are
/// equal once; two points at least.
/// @param path  not empty, arcs in order of travel
std::vector<geo::LatLng> path_geometry(const EdgeGeometry& geometry, const ArcGraph& graph,
                                       std::span<const std::uint32_t> path, const EdgePosition& from,
                                       const EdgePosition& to);

}  // namespace reckon::road

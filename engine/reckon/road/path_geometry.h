#pragma once

// The line that a path draws.

#include <cstdint>
#include <vector>

#include "reckon/geo/lat_lng.h"
#include "reckon/road/graph.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {

/// Points from `from_at` (on the first arc) over the road's shape to `to_at` (on the last arc), neighbours
/// that are equal once; two points at least.
/// @param path  not empty, arcs in order of travel
std::vector<geo::LatLng> path_geometry(const EdgeGeometry& geometry, const ArcGraph& graph,
                                       const std::vector<std::uint32_t>& path, const Snap& from,
                                       const Snap& to, const geo::LatLng& from_at, const geo::LatLng& to_at);

}  // namespace reckon::road

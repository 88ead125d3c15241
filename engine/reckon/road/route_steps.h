#pragma once

// A path in words: along which streets, and where it turns.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "reckon/road/graph.h"
#include "reckon/road/roads.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {

/// The path's steps: a new one where the street's name changes, or where it turns by kTurnDeg or more. Their
/// distances sum to the path's, each rounded so that they do.
/// @param path  not empty, arcs in order of travel, from `from` (on the first) to `to` (on the last)
std::vector<RouteStep> route_steps(const EdgeGeometry& geometry, const ArcGraph& graph,
                                   std::span<const std::uint32_t> path, const EdgePosition& from,
                                   const EdgePosition& to);

}  // namespace reckon::road

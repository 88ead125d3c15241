#pragma once

// A vehicle's arcs with corrections applied: streets closed, turns forbidden, classes of road slower or
// faster. The result is a graph like any other, so every search over arcs answers under the corrections,
// turns included; hierarchies made for the graph without them do not.

#include <cstdint>
#include <vector>

#include "reckon/road/graph.h"

namespace reckon::road {

/// A class of road (RoadClass) takes `per_mille` thousandths of its speed.
struct ClassSpeed {
  std::uint8_t road_class;
  std::uint32_t per_mille;  ///< [kMinSpeedPerMille, kMaxSpeedPerMille]
};
inline constexpr std::uint32_t kMinSpeedPerMille = 50;    ///< slower than on foot: close the road instead
inline constexpr std::uint32_t kMaxSpeedPerMille = 3000;  ///< what no calibration of a speed limit reaches

/// From one edge and direction (edge * 2 + Direction) to another that begins where it ends.
struct EdgeTurn {
  std::uint32_t from_edge_dir;
  std::uint32_t to_edge_dir;
};

/// Corrections in the map's own numbers. Several on the same thing add up: closed stays closed, speeds of one
/// class multiply in their order.
struct ArcChanges {
  std::vector<std::uint32_t> closed_edge_dirs;  ///< edge * 2 + Direction
  std::vector<EdgeTurn> forbidden_turns;
  std::vector<ClassSpeed> speeds;
};

/// The graph under `changes`, with the same arc numbers. A closed arc is entered from none and left to none:
/// a trip may still run along that one arc if a caller gives it terminals there. Speeds end up within
/// [kMinMetresPerHour, Arc::kMaxSpeed]; times are summed over segments as the map's own are.
/// Numbers out of range are our own invariant, as they come from the same map.
/// Cost: one pass over the vehicle's graph. Pure.
CompiledArcs overlaid(const EdgeGeometry& geometry, const ArcGraph& graph, const ArcChanges& changes);

}  // namespace reckon::road

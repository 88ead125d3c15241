#pragma once

// One vehicle's arcs and legal turns, and which edges a trip may begin and end on.

#include <cstdint>
#include <vector>

#include "reckon/base/vehicle.h"
#include "reckon/road/edges.h"
#include "reckon/road/graph.h"
#include "reckon/road/road_data.h"

namespace reckon::road {

/// Arcs and turns of `vehicle`. At a junction it may go on by any arm that it may enter, except: back the way
/// it came (only where no other arm leaves: a dead end), across a barrier, against a turn rule, out of a road
/// that is for trips' ends only after having entered it from public road. Adds to `rules_used` (parallel to
/// data.turn_rules) which rules found their two arms.
CompiledArcs make_arcs(const EdgeSet& set, const RoadData& data, base::Vehicle vehicle,
                       std::vector<bool>& rules_used);

/// A strongly connected part is large when its arcs are this long together, or when no other is longer.
inline constexpr std::uint64_t kLargePartMm = 20'000'000;

/// For each edge: may a trip begin and end there? True where some arc over it is reached from a large
/// strongly connected part, and some arc over it reaches one. What fails is an island: an aisle that leads
/// nowhere, a trap.
std::vector<bool> usable_edges(const CompiledArcs& arcs, std::uint32_t edge_count);

}  // namespace reckon::road

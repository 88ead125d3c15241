#pragma once

// One vehicle's arcs and legal turns, and which edges a trip may begin and end on.

#include <cstdint>
#include <vector>

#include "reckon/base/vehicle.h"
#include "reckon/road/edges.h"
#include "reckon/road/graph.h"
#include "reckon/road/road_data.h"
#include "reckon/road/turn_costs.h"

namespace reckon::road {

/// Which rules found their roads, for some vehicle; parallel to those of RoadData.
struct RulesUsed {
  std::vector<bool> over_nodes, over_ways;

  explicit RulesUsed(const RoadData& data)
      : over_nodes(data.turn_rules.size()), over_ways(data.way_turns.size()) {}
};

/// Whether a trip may go on from an arc of one kind to one of the other: ends-only road is entered from
/// public road and left to it, never passed.
bool may_follow(ArcKind from, ArcKind to);

/// Arcs and turns of `vehicle`. At a junction it may go on by any arm that it may enter, except: back the way
/// it came (only where no other arm leaves: a dead end), across a barrier, against a turn rule, out of a road
/// that is for trips' ends only after having entered it from public road. A turn rule over ways is kept by
/// copies of the arcs along it: whoever comes from its first way drives on copies, from which the forbidden
/// continuation is missing. A turn costs what turn_costs.h says: the bend where more than two arms meet that
/// the vehicle uses, turning round, a traffic light. Marks in `used` the rules that found their arms.
CompiledArcs make_arcs(const EdgeSet& set, const RoadData& data, base::Vehicle vehicle, DrivingSide side,
                       RulesUsed& used);

/// Fills `prev_first`, `prev` and `prev_ms` from `next_first`, `next` and `next_ms`: the same turns by the
/// arc that they lead to.
void list_previous(CompiledArcs& arcs);

/// A strongly connected part is large when its arcs are this long together, or when no other is longer.
inline constexpr std::uint64_t kLargePartMm = 20'000'000;

/// For each edge: does it lead somewhere? True where some arc over it is reached from a large strongly
/// connected part, and some arc over it reaches one. What fails is an island: an aisle that leads nowhere, a
/// trap.
std::vector<bool> usable_edges(const CompiledArcs& arcs, std::uint32_t edge_count);

}  // namespace reckon::road

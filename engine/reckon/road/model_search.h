#pragma once

// Routes by other costs than the map's own: what a map provider with other speeds, turn costs or closed roads
// would choose. Costs in, paths out; the map stays as it is.

#include <cstdint>
#include <span>
#include <vector>

#include "reckon/geo/lat_lng.h"
#include "reckon/road/graph.h"
#include "reckon/road/search.h"
#include "reckon/road/snap_index.h"
#include "reckon/road/turn_costs.h"

namespace reckon::road {

/// One vehicle's arcs and the geometry under them; valid while its RoadMap lives.
struct Network {
  ArcGraph graph;
  const EdgeGeometry* geometry = nullptr;
  base::Vehicle vehicle{};
  std::span<const std::uint32_t> dissection = {};  ///< the map's order of the arcs, see dissection.h
  DrivingSide driving_side = DrivingSide::kRight;
  UnsureRoads unsure = {};
};

/// An arc or a turn with this cost is never used.
inline constexpr std::uint32_t kClosedMs = 0xffffffff;

/// What arcs and turns cost. Costs of arcs are at least 1.
struct ArcCosts {
  std::vector<std::uint32_t> arc_ms;   ///< by arc
  std::vector<std::uint32_t> turn_ms;  ///< by entry of ArcGraph::next
};

/// Whether an arc or a turn of this cost is never used.
constexpr bool never_used(std::uint32_t ms) {
  return ms >= kMaxWeight;
}

/// What travelling `length_mm` of an arc costs when all of it takes `arc_ms`.
Cost part_of(const Arc& arc, std::uint32_t arc_ms, std::uint32_t length_mm);

/// Turns by the arc that they lead to; `turn` is the entry of ArcGraph::next.
class TurnsBack {
 public:
  struct Entry {
    std::uint32_t arc;  ///< that the turn comes from
    std::uint32_t turn;
  };
  explicit TurnsBack(const ArcGraph& graph);
  std::span<const Entry> into(std::uint32_t arc) const {
    return std::span(entries_).subspan(first_[arc], first_[arc + 1] - first_[arc]);
  }

 private:
  std::vector<std::uint32_t> first_;
  std::vector<Entry> entries_;
};

/// A place made ready to begin or end trips: where it met the roads, and the arcs there.
struct Door {
  Snap snap;
  std::vector<Terminal> terminals;
};

/// A path with the metres of each of its arcs that it uses.
struct ModelPath {
  bool found = false;
  std::uint64_t cost_ms = 0;
  std::uint32_t length_mm = 0;
  std::uint32_t first_mm = 0;  ///< used of the first arc (of the only one, too)
  std::uint32_t last_mm = 0;   ///< used of the last arc; equal to `first_mm` on one arc
  std::vector<std::uint32_t> arcs;
};

/// The shortest part of `arc` that one of the terminals leaves on one side of it; kMaxWeight where none is on
/// it.
std::uint32_t least_mm(std::span<const Terminal> terminals, std::uint32_t arc, Cost Terminal::*side);

/// Doors of a place for both ends; empty terminals when no road lies within `max_snap_m`.
Door open_door(const Network& network, const geo::LatLng& place, TripEnd end, double max_snap_m);

/// Bidirectional Dijkstra over arcs and turns; one thread at a time, allocates nothing once grown but the
/// path itself. Cost: about as many steps as `Search::shortest`.
class ModelSearch {
 public:
  /// The cheapest path; of equally cheap ones the shorter.
  void cheapest(const ArcGraph& graph, const TurnsBack& back, const ArcCosts& costs, const Door& from,
                const Door& to, ModelPath& out);

 private:
  struct Run;
  Labels forward_, backward_;
  Heap forward_heap_, backward_heap_;
};

}  // namespace reckon::road

#pragma once

// The compiled road graph, as it stands in a map file and as searches read it.
//
// An *edge* is a stretch of road between two junctions, with its geometry. An *arc* is one vehicle's way
// along an edge in one direction; the search runs over arcs, so that each turn from arc to arc is either in
// the graph or forbidden. A road that only trips' ends may use (access=destination, private, ...) gives two
// arcs a direction: one that is entered from public road and never left again, one that is left to public
// road and never entered from it. So no route passes through, and the search needs no rule for it. (A
// RouteNetwork's graph has turns that pass through all the same, and closes them by their costs.)

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/vehicle.h"
#include "reckon/geo/local_frame.h"
#include "reckon/road/cost.h"
#include "reckon/road/entrances.h"
#include "reckon/road/hierarchy.h"
#include "reckon/road/snap_raster.h"

namespace reckon::road {

/// Longest edge; longer stretches are cut. At the slowest speed (1 km/h) its time stays below kMaxWeight.
inline constexpr std::uint32_t kMaxEdgeMm = 500'000'000;
inline constexpr std::uint32_t kMinMetresPerHour = 1000;

enum class ArcKind : std::uint8_t {
  kPublic = 0,
  kEntry = 1,  ///< of an ends-only road: entered from public road, left to none
  kExit = 2,   ///< of an ends-only road: left to public road, entered from none
};

struct Arc {
  static constexpr std::uint32_t kMaxSpeed = (1u << 24) - 1;

  std::uint32_t edge_dir;  ///< edge * 2 + Direction
  std::uint32_t time_ms;
  std::uint32_t length_mm;
  std::uint32_t metres_per_hour : 24;
  ArcKind kind : 4;
  bool unsure : 1;       ///< in no graph of the map's, see UnsureRoads
  bool destination : 1;  ///< of an ends-only road: for those who have to do there, not private
  bool light : 1;        ///< a traffic light stands at its end; what it costs is in the turns
  bool copy : 1;         ///< for trips that a turn rule over ways has led here; no trip begins on it

  std::uint32_t edge() const { return edge_dir >> 1; }
  bool backward() const { return (edge_dir & 1) != 0; }
  Cost cost() const { return cost_of(time_ms, length_mm); }
};

/// Ends of edges (edge * 2, and one more for its last point) that meet in one node.
struct JoinedEnds {
  std::uint32_t a, b;
};

/// Roads that are closed to the vehicle here and that other people's maps may open. No graph of the map's has
/// them; a RouteNetwork's has.
struct UnsureRoads {
  std::span<const Arc> arcs;          ///< by edge and direction, then entry before exit arcs
  std::span<const JoinedEnds> joins;  ///< where they meet one another and the graph's
};

/// One segment of an edge, in the order of the index.
struct IndexItem {
  geo::PlaceE7 a;
  geo::PlaceE7 b;
  std::uint32_t point;          ///< of `a`; `b` is the next one
  std::uint32_t edge_vehicles;  ///< edge * 16 + bits (1 << vehicle) that may snap here
  std::uint32_t length_mm;      ///< along_mm[point + 1] - along_mm[point]
  std::uint32_t unused = 0;     ///< so that two of them fill a cache line
};

struct IndexBox {
  std::int32_t south, west, north, east;  ///< 1e-7 degree
};

inline constexpr std::uint32_t kMaxEdges = 1u << 28;  ///< what IndexItem and arc numbers have room for

/// One vehicle's arcs and turns, read-only. Arcs of one edge stand together: edge_first_arc[e] ..
/// edge_first_arc[e + 1], forward ones first, then entry before exit arcs, then copies behind their arc.
struct ArcGraph {
  std::span<const Arc> arcs;
  std::span<const std::uint32_t> edge_first_arc;
  std::span<const std::uint32_t>
      next_first;  ///< legal continuations of arc a: next[next_first[a] .. next_first[a + 1])
  std::span<const std::uint32_t> next;
  std::span<const std::uint16_t> next_ms;     ///< what each of these turns costs; see turn_costs.h
  std::span<const std::uint32_t> prev_first;  ///< the same turned round
  std::span<const std::uint32_t> prev;
  std::span<const std::uint16_t> prev_ms;

  /// Whether the vehicle uses the edge, in some direction.
  bool has_arcs(std::uint32_t edge) const { return edge_first_arc[edge] != edge_first_arc[edge + 1]; }
  /// Calls `take` with each arc along an edge in one direction (edge * 2 + Direction).
  template <class Take>
  void each_arc_along(std::uint32_t edge_dir, Take take) const {
    for (auto arc = edge_first_arc[edge_dir >> 1]; arc < edge_first_arc[(edge_dir >> 1) + 1]; ++arc) {
      if (arcs[arc].edge_dir == edge_dir) take(arc);
    }
  }
  std::span<const std::uint32_t> after(std::uint32_t arc) const {
    return next.subspan(next_first[arc], next_first[arc + 1] - next_first[arc]);
  }
  std::span<const std::uint32_t> before(std::uint32_t arc) const {
    return prev.subspan(prev_first[arc], prev_first[arc + 1] - prev_first[arc]);
  }
  /// Turning and then travelling along all of the arc that it leads to. `turn`: an entry of `next`.
  Cost cost_of_turn(std::uint32_t turn) const { return arcs[next[turn]].cost() + cost_of(next_ms[turn], 0); }
  /// Calls `take(to, cost_of_turn)` for each legal continuation of an arc.
  template <class Take>
  void each_after(std::uint32_t arc, Take take) const {
    for (auto turn = next_first[arc]; turn < next_first[arc + 1]; ++turn)
      take(next[turn], cost_of_turn(turn));
  }
};

/// From this point of its edge on the road is that OpenStreetMap way.
struct WayRun {
  std::int64_t way;
  std::uint32_t point;  ///< into EdgeGeometry::points; of an edge's first run the edge's first point
  std::uint32_t name;   ///< into RoadNames
};

/// Names of roads, in UTF-8; the first is empty.
struct RoadNames {
  std::span<const std::uint32_t> first;  ///< of each name, and the end
  std::span<const char> bytes;

  std::string_view of(std::uint32_t name) const {
    return {bytes.data() + first[name], first[name + 1] - first[name]};
  }
};

/// Edges and the index of their segments, for all vehicles.
struct EdgeGeometry {
  std::span<const geo::PlaceE7> points;     ///< of all edges, one after the other, both ends included
  std::span<const std::uint32_t> along_mm;  ///< of each point: metres from its edge's first point, in mm
  std::span<const std::uint32_t> edge_first_point;
  std::span<const IndexItem> items;
  std::span<const IndexBox> boxes;                     ///< level by level from the items up; see snap_index.h
  std::span<const std::uint8_t> edge_class = {};       ///< RoadClass of each edge
  SnapRaster raster = {};                              ///< over the items; may be absent
  std::span<const std::uint32_t> edge_first_run = {};  ///< of each edge, and the end
  std::span<const WayRun> runs = {};
  RoadNames names = {};
  Entrances entrances = {};

  std::span<const WayRun> runs_of(std::uint32_t edge) const {
    return runs.subspan(edge_first_run[edge], edge_first_run[edge + 1] - edge_first_run[edge]);
  }
  /// The run that the segment from a point of the edge belongs to.
  const WayRun& run_at(std::uint32_t edge, std::uint32_t point) const {
    const auto own = runs_of(edge);
    const auto after = std::ranges::upper_bound(own, point, {}, &WayRun::point);
    return *(after == own.begin() ? after : after - 1);
  }
  /// Where travel along an edge in one direction (edge * 2 + Direction) begins, and where it ends.
  geo::PlaceE7 start_of(std::uint32_t edge_dir) const {
    const auto edge = edge_dir >> 1;
    return points[(edge_dir & 1) == 0 ? edge_first_point[edge] : edge_first_point[edge + 1] - 1];
  }
  geo::PlaceE7 finish_of(std::uint32_t edge_dir) const { return start_of(edge_dir ^ 1u); }
  std::uint32_t edge_count() const { return static_cast<std::uint32_t>(edge_first_point.size()) - 1; }
  std::uint32_t length_mm(std::uint32_t edge) const { return along_mm[edge_first_point[edge + 1] - 1]; }
};

/// What the compiler makes: the same, owning its memory.
struct CompiledArcs {
  std::vector<Arc> arcs;
  std::vector<std::uint32_t> edge_first_arc, next_first, next, prev_first, prev;
  std::vector<std::uint16_t> next_ms, prev_ms;
  std::vector<Arc> unsure;        ///< UnsureRoads::arcs
  std::vector<JoinedEnds> joins;  ///< UnsureRoads::joins

  ArcGraph view() const {
    return {arcs, edge_first_arc, next_first, next, next_ms, prev_first, prev, prev_ms};
  }
};

struct CompiledMap {
  std::vector<geo::PlaceE7> points;
  std::vector<std::uint32_t> along_mm, edge_first_point;
  std::vector<std::uint8_t> edge_class;
  std::vector<std::uint32_t> edge_first_run, name_first;
  std::vector<WayRun> runs;
  std::string names;
  std::vector<IndexItem> items;
  std::vector<IndexBox> boxes;
  CompiledRaster raster;
  CompiledEntrances entrances;
  std::vector<base::Vehicle> vehicles;
  std::vector<CompiledArcs> graphs;  ///< parallel to `vehicles`
  std::vector<CompiledHierarchy> hierarchies;
  std::vector<std::vector<std::uint32_t>> dissections;  ///< orders of arcs, see dissection.h
  std::uint64_t node_count = 0;
  std::uint64_t directed_edge_count = 0;

  EdgeGeometry geometry() const {
    return {points,         along_mm, edge_first_point,    items,           boxes, edge_class, raster.view(),
            edge_first_run, runs,     {name_first, names}, entrances.view()};
  }
};

}  // namespace reckon::road

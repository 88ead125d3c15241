#pragma once

// Inside of a Roads::Query, and how a trip is answered: the same for a map and for a map under corrections.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "reckon/road/changed_graph.h"
#include "reckon/road/custom_search.h"
#include "reckon/road/end_rule.h"
#include "reckon/road/hierarchy_search.h"
#include "reckon/road/many_to_many.h"
#include "reckon/road/path_geometry.h"
#include "reckon/road/road_map.h"
#include "reckon/road/route_steps.h"
#include "reckon/road/search.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {

base::Metres metres_of(Cost cost);
std::int64_t deciseconds_of(Cost cost);
TableCell cell_of(Cost cost, const TableOptions& options);
SnapPoint snap_point(const geo::LatLng& place, const EdgeGeometry& geometry, const EdgePosition& position);

Reach reach_of(const auto& options) {
  return {options.max_snap_m, options.slack_m};
}

/// What trips of one vehicle run on.
struct Ground {
  const EdgeGeometry& geometry;
  const ArcGraph& graph;
  base::Vehicle vehicle;
  const ChangedGraph* changed = nullptr;  ///< none: all roads are open
  Metric metric = Metric::kFastest;       ///< which terminals' costs put first
};

/// The nearest open road.
std::optional<Snap> nearest_open(const Ground& ground, geo::PlaceE7 place, const Reach& reach);

/// Where an end of a trip met the roads.
struct TripEndFound {
  Snap snap;
  bool as_asked;  ///< the end's rule could be kept
};

/// Snaps a place and appends its terminals: on open arcs only. Nothing off the map.
std::optional<TripEndFound> find_end(const Ground& ground, geo::PlaceE7 place, const Reach& reach,
                                     TripEnd side, const EndRule& rule, std::vector<Terminal>& out);

struct RoadMap::Places::State {
  const void* map = nullptr;  ///< that they were prepared with
  base::Vehicle vehicle{};
  PlaceBuckets buckets;
};

struct Roads::Query::State {
  HierarchySearch hierarchy;
  ManyToMany table;
  RoadMap::Places destinations;
  Search search;
  CustomSearch custom;
  std::vector<Terminal> from, to;
  std::vector<std::uint32_t> first;
  std::vector<Cost> costs;
  std::vector<bool> on_map;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> along;  ///< places of a row: Hilbert position, number

  /// One trip. `shortest` gives the cost of the cheapest path between the terminals `from` and `to`, time
  /// first, or kNoCost; `path` that path.
  template <class Shortest, class PathOf>
  Route answer(const Ground& ground, const geo::LatLng& asked_from, const geo::LatLng& asked_to,
               const RouteOptions& options, const std::string& release, Shortest shortest, PathOf path);
};

template <class Shortest, class PathOf>
Route Roads::Query::State::answer(const Ground& ground, const geo::LatLng& asked_from,
                                  const geo::LatLng& asked_to, const RouteOptions& options,
                                  const std::string& release, Shortest shortest, PathOf path) {
  const auto& geometry = ground.geometry;
  const auto from_e7 = geo::PlaceE7::nearest(asked_from), to_e7 = geo::PlaceE7::nearest(asked_to);
  prefetch_road(geometry, to_e7);
  from.clear();
  to.clear();
  const auto start = find_end(ground, from_e7, reach_of(options), TripEnd::kStart, options.start, from);
  const auto end = find_end(ground, to_e7, reach_of(options), TripEnd::kFinish, options.finish, to);
  Route route;
  route.map_release = release;
  const auto tell_ends = [&](const EdgePosition* at_start, const EdgePosition* at_end) {
    if (at_start != nullptr) route.from = snap_point(asked_from, geometry, *at_start);
    if (at_end != nullptr) route.to = snap_point(asked_to, geometry, *at_end);
    if (start && route.from) route.from->as_asked = start->as_asked;
    if (end && route.to) route.to->as_asked = end->as_asked;
  };
  tell_ends(start ? &start->snap.nearest() : nullptr, end ? &end->snap.nearest() : nullptr);
  if (!start || !end) return route;
  const Cost cost = shortest();
  if (cost == kNoCost) {
    route.status = RouteStatus::kNoRoute;
    return route;
  }
  route.status = RouteStatus::kOk;
  route.distance = metres_of(cost);
  route.duration_ds = deciseconds_of(cost);
  const bool line = options.geometry == WithGeometry::kYes, steps = options.steps == WithSteps::kYes;
  if (!line && !steps && options.slack_m == 0) return route;
  if (const std::optional<Path> found = path()) {
    const auto& at_start = start->snap.positions[from[found->start].position];
    const auto& at_end = end->snap.positions[to[found->finish].position];
    tell_ends(&at_start, &at_end);
    if (line) route.geometry = path_geometry(geometry, ground.graph, found->arcs, at_start, at_end);
    if (steps) route.steps = route_steps(geometry, ground.graph, found->arcs, at_start, at_end);
  }
  return route;
}

}  // namespace reckon::road

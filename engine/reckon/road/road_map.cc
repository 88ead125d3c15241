#include "reckon/road/road_map.h"

#include <utility>

#include "reckon/road/hierarchy_search.h"
#include "reckon/road/many_to_many.h"
#include "reckon/road/map_file.h"
#include "reckon/road/mapped_file.h"
#include "reckon/road/path_geometry.h"
#include "reckon/road/search.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {

struct RoadMap::State {
  MappedFile file;
  std::string name;
  MapView view;
  MapInfo info;

  const ArcGraph& graph(base::Vehicle vehicle) const {
    const auto& graph = view.graphs[static_cast<std::size_t>(vehicle)];
    RECKON_CHECK(graph.has_value());
    return *graph;
  }
  const Hierarchy& hierarchy(base::Vehicle vehicle) const {
    const auto& hierarchy = view.hierarchies[static_cast<std::size_t>(vehicle)];
    RECKON_CHECK(hierarchy.has_value());
    return *hierarchy;
  }
};

struct RoadMap::Query::State {
  HierarchySearch hierarchy;
  ManyToMany table;
  Search search;
  std::vector<Terminal> from, to;
  std::vector<std::uint32_t> first;
  std::vector<Cost> costs;

  // Of a hierarchy that contradicts itself, as an altered file's may, the plain search finds the path.
  std::optional<Path> path(const ArcGraph& graph, const Hierarchy& levels) {
    if (auto found = hierarchy.path(graph, levels, from, to)) return found;
    const auto found = search.shortest(graph, from, to);
    if (found.cost == kNoCost) return std::nullopt;
    return search.path(found, from, to);
  }
};

RoadMap::Query::Query() : state_(std::make_unique<State>()) {}
RoadMap::Query::~Query() = default;
RoadMap::Query::Query(Query&&) noexcept = default;
RoadMap::Query& RoadMap::Query::operator=(Query&&) noexcept = default;

RoadMap::RoadMap(std::unique_ptr<State> state) : state_(std::move(state)) {}
RoadMap::RoadMap(RoadMap&&) noexcept = default;
RoadMap& RoadMap::operator=(RoadMap&&) noexcept = default;
RoadMap::~RoadMap() = default;

namespace {

base::Metres metres_of(Cost cost) {
  return {(std::int64_t{length_mm_of(cost)} + 500) / 1000};
}
std::int64_t deciseconds_of(Cost cost) {
  return (std::int64_t{time_ms_of(cost)} + 50) / 100;
}

SnapPoint snap_point(const geo::LatLng& place, const EdgeGeometry& geometry, const Snap& snap) {
  const auto at = place_of(geometry, snap.positions[0]).to_lat_lng();
  return {at, geo::near_distance_m(place, at)};
}

}  // namespace

std::string_view to_string(RouteStatus status) {
  switch (status) {
    case RouteStatus::kOk:
      return "ok";
    case RouteStatus::kNoRoute:
      return "no_route";
    case RouteStatus::kOffMap:
      return "off_map";
  }
  return "unknown";
}

base::Result<RoadMap> RoadMap::open(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return base::fail(file.error());
  auto decoded = decode_map(file->bytes(), path.string());
  if (!decoded) return base::fail(decoded.error());
  return RoadMap(std::make_unique<State>(
      State{std::move(*file), path.string(), std::move(decoded->view), std::move(decoded->info)}));
}

const MapInfo& RoadMap::info() const {
  return state_->info;
}

bool RoadMap::serves(base::Vehicle vehicle) const {
  return state_->view.graphs[static_cast<std::size_t>(vehicle)].has_value();
}

base::Result<void> RoadMap::check_content() const {
  return check_release(state_->file.bytes(), state_->name);
}

std::optional<SnapPoint> RoadMap::snap(base::Vehicle vehicle, const geo::LatLng& place,
                                       double max_snap_m) const {
  const auto found = nearest_road(state_->view.geometry, vehicle, geo::PlaceE7::nearest(place), max_snap_m);
  if (!found) return std::nullopt;
  return snap_point(place, state_->view.geometry, *found);
}

Route RoadMap::route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
                     const RouteOptions& options) const {
  const auto& graph = state_->graph(vehicle);
  const auto& geometry = state_->view.geometry;
  auto& work = *query.state_;
  const auto start = nearest_road(geometry, vehicle, geo::PlaceE7::nearest(from), options.max_snap_m);
  const auto end = nearest_road(geometry, vehicle, geo::PlaceE7::nearest(to), options.max_snap_m);
  Route route;
  if (start) route.from = snap_point(from, geometry, *start);
  if (end) route.to = snap_point(to, geometry, *end);
  if (!start || !end) return route;
  work.from.clear();
  work.to.clear();
  add_terminals(geometry, graph, *start, TripEnd::kStart, work.from);
  add_terminals(geometry, graph, *end, TripEnd::kFinish, work.to);
  const auto& hierarchy = state_->hierarchy(vehicle);
  const Cost cost = work.hierarchy.shortest(graph, hierarchy, work.from, work.to);
  if (cost == kNoCost) {
    route.status = RouteStatus::kNoRoute;
    return route;
  }
  route.status = RouteStatus::kOk;
  route.distance = metres_of(cost);
  route.duration_ds = deciseconds_of(cost);
  if (options.geometry == WithGeometry::kYes) {
    if (const auto path = work.path(graph, hierarchy)) {
      route.geometry =
          path_geometry(geometry, graph, path->arcs, start->positions[work.from[path->start].position],
                        end->positions[work.to[path->finish].position]);
    }
  }
  return route;
}

std::vector<TableCell> RoadMap::table(Query& query, base::Vehicle vehicle,
                                      std::span<const geo::LatLng> sources,
                                      std::span<const geo::LatLng> destinations,
                                      const RouteOptions& options) const {
  const auto& graph = state_->graph(vehicle);
  const auto& geometry = state_->view.geometry;
  auto& work = *query.state_;
  work.to.clear();
  work.first.assign(1, 0);
  for (const auto& place : destinations) {
    const auto snap = nearest_road(geometry, vehicle, geo::PlaceE7::nearest(place), options.max_snap_m);
    if (snap) add_terminals(geometry, graph, *snap, TripEnd::kFinish, work.to);
    work.first.push_back(static_cast<std::uint32_t>(work.to.size()));
  }
  const auto& hierarchy = state_->hierarchy(vehicle);
  work.table.set_targets(graph, hierarchy, work.to, work.first);
  work.costs.resize(destinations.size());
  std::vector<TableCell> cells(sources.size() * destinations.size());
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const auto snap = nearest_road(geometry, vehicle, geo::PlaceE7::nearest(sources[s]), options.max_snap_m);
    if (!snap) continue;
    work.from.clear();
    add_terminals(geometry, graph, *snap, TripEnd::kStart, work.from);
    work.table.row(work.from, work.costs);
    for (std::size_t d = 0; d < destinations.size(); ++d) {
      if (work.first[d] == work.first[d + 1]) continue;  // off the map
      auto& cell = cells[s * destinations.size() + d];
      const Cost cost = work.costs[d];
      cell = cost == kNoCost ? TableCell{RouteStatus::kNoRoute, {}, 0}
                             : TableCell{RouteStatus::kOk, metres_of(cost), deciseconds_of(cost)};
    }
  }
  return cells;
}

}  // namespace reckon::road

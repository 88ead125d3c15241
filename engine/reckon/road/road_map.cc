#include "reckon/road/road_map.h"

#include <algorithm>
#include <utility>

#include "reckon/road/hierarchy_search.h"
#include "reckon/road/many_to_many.h"
#include "reckon/road/map_file.h"
#include "reckon/road/mapped_file.h"
#include "reckon/road/model_search.h"
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

struct RoadMap::Places::State {
  const RoadMap::State* map = nullptr;  ///< that they were prepared with
  base::Vehicle vehicle{};
  PlaceBuckets buckets;
};

struct RoadMap::Query::State {
  HierarchySearch hierarchy;
  ManyToMany table;
  Places destinations;
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

RoadMap::Places::Places() : state_(std::make_unique<State>()) {}
RoadMap::Places::~Places() = default;
RoadMap::Places::Places(Places&&) noexcept = default;
RoadMap::Places& RoadMap::Places::operator=(Places&&) noexcept = default;
std::size_t RoadMap::Places::size() const {
  return state_->buckets.size();
}

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

TableCell cell_of(Cost cost, const TableOptions& options) {
  if (cost == kNoCost) return {RouteStatus::kNoRoute, {}, 0};
  const TableCell cell{RouteStatus::kOk, metres_of(cost), deciseconds_of(cost)};
  const bool within =
      cell.duration_ds <= options.max_duration_ds && cell.distance.value <= options.max_distance.value;
  return within ? cell : TableCell{RouteStatus::kBeyond, {}, 0};
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
    case RouteStatus::kBeyond:
      return "beyond";
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

Network RoadMap::network(base::Vehicle vehicle) const {
  return {state_->graph(vehicle), &state_->view.geometry, vehicle};
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
                                      const TableOptions& options) const {
  std::vector<TableCell> cells(sources.size() * destinations.size());
  table(query, vehicle, sources, destinations, options, cells);
  return cells;
}

void RoadMap::table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
                    std::span<const geo::LatLng> destinations, const TableOptions& options,
                    std::span<TableCell> cells) const {
  RECKON_CHECK(cells.size() == sources.size() * destinations.size());
  auto& places = query.state_->destinations;
  prepare(query, vehicle, Role::kDestinations, destinations, places, options.max_snap_m);
  for (std::size_t s = 0; s < sources.size(); ++s) {
    table_row(query, sources[s], places, options,
              cells.subspan(s * destinations.size(), destinations.size()));
  }
}

void RoadMap::prepare(Query& query, base::Vehicle vehicle, Role role, std::span<const geo::LatLng> list,
                      Places& places, double max_snap_m) const {
  const auto& graph = state_->graph(vehicle);
  const auto& geometry = state_->view.geometry;
  const auto side = role == Role::kSources ? TripEnd::kStart : TripEnd::kFinish;
  auto& work = *query.state_;
  auto& held = *places.state_;
  held.map = state_.get();
  held.vehicle = vehicle;
  work.to.clear();
  work.first.assign(1, 0);
  for (const auto& place : list) {
    const auto snap = nearest_road(geometry, vehicle, geo::PlaceE7::nearest(place), max_snap_m);
    if (snap) add_terminals(geometry, graph, *snap, side, work.to);
    work.first.push_back(static_cast<std::uint32_t>(work.to.size()));
  }
  work.table.prepare(graph, state_->hierarchy(vehicle), side, work.to, work.first, held.buckets);
}

void RoadMap::table_row(Query& query, const geo::LatLng& place, const Places& places,
                        const TableOptions& options, std::span<TableCell> cells) const {
  const auto& held = *places.state_;
  RECKON_CHECK(held.map == state_.get() && cells.size() == places.size());
  const auto& graph = state_->graph(held.vehicle);
  const auto& geometry = state_->view.geometry;
  auto& work = *query.state_;
  std::ranges::fill(cells, TableCell{});
  const auto snap = nearest_road(geometry, held.vehicle, geo::PlaceE7::nearest(place), options.max_snap_m);
  if (!snap) return;
  work.from.clear();
  const bool to_places = held.buckets.side() == TripEnd::kFinish;
  add_terminals(geometry, graph, *snap, to_places ? TripEnd::kStart : TripEnd::kFinish, work.from);
  work.costs.resize(cells.size());
  work.table.row(graph, state_->hierarchy(held.vehicle), work.from, held.buckets, work.costs);
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    if (!held.buckets.terminals(i).empty()) cells[i] = cell_of(work.costs[i], options);
  }
}

}  // namespace reckon::road

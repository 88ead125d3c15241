#include "reckon/road/road_map.h"

#include <algorithm>
#include <utility>

#include "reckon/road/end_rule.h"
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

struct Roads::Query::State {
  HierarchySearch hierarchy;
  ManyToMany table;
  RoadMap::Places destinations;
  Search search;
  std::vector<Terminal> from, to;
  std::vector<std::uint32_t> first;
  std::vector<Cost> costs;

  // Snaps a place and appends its terminals. @return nothing off the map; else the snap, and whether the
  // end's rule could be kept
  struct End {
    Snap snap;
    bool as_asked;
  };
  static std::optional<End> end_at(const EdgeGeometry& geometry, const ArcGraph& graph, base::Vehicle vehicle,
                                   geo::PlaceE7 place, const Reach& reach, TripEnd side, const EndRule& rule,
                                   std::vector<Terminal>& out) {
    const auto snap = nearest_road(geometry, vehicle, place, reach);
    if (!snap) return std::nullopt;
    const auto first = out.size();
    add_terminals(geometry, graph, *snap, side, out);
    return End{*snap, keep_by_rule(geometry, graph, *snap, place, rule, first, out)};
  }

  // Of a hierarchy that contradicts itself, as an altered file's may, the plain search finds the path.
  std::optional<Path> path(const ArcGraph& graph, const Hierarchy& levels) {
    if (auto found = hierarchy.path(graph, levels, from, to)) return found;
    const auto found = search.shortest(graph, from, to);
    if (found.cost == kNoCost) return std::nullopt;
    return search.path(found, from, to);
  }
};

Roads::~Roads() = default;
Roads::Query::Query() : state_(std::make_unique<State>()) {}
Roads::Query::~Query() = default;
Roads::Query::Query(Query&&) noexcept = default;
Roads::Query& Roads::Query::operator=(Query&&) noexcept = default;

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

SnapPoint snap_point(const geo::LatLng& place, const EdgeGeometry& geometry, const EdgePosition& position) {
  const auto at = place_of(geometry, position).to_lat_lng();
  return {at, geo::near_distance_m(place, at)};
}

Reach reach_of(const auto& options) {
  return {options.max_snap_m, options.slack_m};
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

std::vector<base::Vehicle> RoadMap::vehicles() const {
  return state_->info.vehicles;
}

const std::string& RoadMap::release() const {
  return state_->info.release;
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
  const auto& geometry = state_->view.geometry;
  const auto found = nearest_road(geometry, vehicle, geo::PlaceE7::nearest(place), {max_snap_m});
  if (!found) return std::nullopt;
  return snap_point(place, geometry, found->positions[0]);
}

std::vector<Street> RoadMap::streets_in(const Box& box, base::Vehicle vehicle, std::size_t most) const {
  const auto& geometry = state_->view.geometry;
  const auto& graph = state_->graph(vehicle);
  const auto inside = [&](const geo::PlaceE7& point) {
    const double lat = point.lat * 1e-7, lng = point.lng * 1e-7;
    return lat >= box.south && lat <= box.north && lng >= box.west && lng <= box.east;
  };
  std::vector<Street> streets;
  for (std::uint32_t e = 0; e < geometry.edge_count() && streets.size() < most; ++e) {
    const auto first = geometry.edge_first_point[e];
    const auto line = geometry.points.subspan(first, geometry.edge_first_point[e + 1] - first);
    if (std::ranges::none_of(line, inside)) continue;
    Street street{static_cast<RoadClass>(geometry.edge_class[e]),
                  graph.edge_first_arc[e] != graph.edge_first_arc[e + 1],
                  {}};
    for (const auto& point : line) street.line.push_back(point.to_lat_lng());
    streets.push_back(std::move(street));
  }
  return streets;
}

Route RoadMap::route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
                     const RouteOptions& options) const {
  const auto& graph = state_->graph(vehicle);
  const auto& geometry = state_->view.geometry;
  auto& work = *query.state_;
  const auto from_e7 = geo::PlaceE7::nearest(from), to_e7 = geo::PlaceE7::nearest(to);
  prefetch_road(geometry, to_e7);
  work.from.clear();
  work.to.clear();
  const auto start = Query::State::end_at(geometry, graph, vehicle, from_e7, reach_of(options),
                                          TripEnd::kStart, options.start, work.from);
  const auto end = Query::State::end_at(geometry, graph, vehicle, to_e7, reach_of(options), TripEnd::kFinish,
                                        options.finish, work.to);
  Route route;
  route.map_release = state_->info.release;
  const auto tell_ends = [&](const EdgePosition* at_start, const EdgePosition* at_end) {
    if (at_start != nullptr) route.from = snap_point(from, geometry, *at_start);
    if (at_end != nullptr) route.to = snap_point(to, geometry, *at_end);
    if (start && route.from) route.from->as_asked = start->as_asked;
    if (end && route.to) route.to->as_asked = end->as_asked;
  };
  tell_ends(start ? &start->snap.nearest() : nullptr, end ? &end->snap.nearest() : nullptr);
  if (!start || !end) return route;
  const auto& hierarchy = state_->hierarchy(vehicle);
  const Cost cost = work.hierarchy.shortest(graph, hierarchy, work.from, work.to);
  if (cost == kNoCost) {
    route.status = RouteStatus::kNoRoute;
    return route;
  }
  route.status = RouteStatus::kOk;
  route.distance = metres_of(cost);
  route.duration_ds = deciseconds_of(cost);
  if (options.geometry == WithGeometry::kNo && options.slack_m == 0) return route;
  if (const auto path = work.path(graph, hierarchy)) {
    const auto& at_start = start->snap.positions[work.from[path->start].position];
    const auto& at_end = end->snap.positions[work.to[path->finish].position];
    tell_ends(&at_start, &at_end);
    if (options.geometry == WithGeometry::kYes)
      route.geometry = path_geometry(geometry, graph, path->arcs, at_start, at_end);
  }
  return route;
}

std::vector<TableCell> Roads::table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
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
  prepare(query, vehicle, Role::kDestinations, destinations, places, options);
  for (std::size_t s = 0; s < sources.size(); ++s) {
    table_row(query, sources[s], places, options,
              cells.subspan(s * destinations.size(), destinations.size()));
  }
}

void RoadMap::prepare(Query& query, base::Vehicle vehicle, Role role, std::span<const geo::LatLng> list,
                      Places& places, const TableOptions& options) const {
  const auto& graph = state_->graph(vehicle);
  const auto& geometry = state_->view.geometry;
  const auto side = role == Role::kSources ? TripEnd::kStart : TripEnd::kFinish;
  const auto& rule = role == Role::kSources ? options.start : options.finish;
  auto& work = *query.state_;
  auto& held = *places.state_;
  held.map = state_.get();
  held.vehicle = vehicle;
  work.to.clear();
  work.first.assign(1, 0);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i + 1 < list.size()) prefetch_road(geometry, geo::PlaceE7::nearest(list[i + 1]));
    Query::State::end_at(geometry, graph, vehicle, geo::PlaceE7::nearest(list[i]), reach_of(options), side,
                         rule, work.to);
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
  work.from.clear();
  const bool starts = held.buckets.side() == TripEnd::kFinish;
  const auto snap = Query::State::end_at(geometry, graph, held.vehicle, geo::PlaceE7::nearest(place),
                                         reach_of(options), starts ? TripEnd::kStart : TripEnd::kFinish,
                                         starts ? options.start : options.finish, work.from);
  if (!snap) return;
  work.costs.resize(cells.size());
  work.table.row(graph, state_->hierarchy(held.vehicle), work.from, held.buckets, work.costs);
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    if (!held.buckets.terminals(i).empty()) cells[i] = cell_of(work.costs[i], options);
  }
}

}  // namespace reckon::road

#include "reckon/road/road_map.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "reckon/road/hilbert.h"
#include "reckon/road/map_file.h"
#include "reckon/road/mapped_file.h"
#include "reckon/road/model_search.h"
#include "reckon/road/query_state.h"

namespace reckon::road {

struct RoadMap::State {
  MappedFile file;
  std::string name;
  MapView view;
  MapInfo info;
  std::optional<base::Vehicle> only;  ///< the one that was read

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

base::Result<RoadMap> RoadMap::open(const std::filesystem::path& path, MapChecks checks,
                                    std::optional<base::Vehicle> only) {
  auto file = MappedFile::open(path, checks == MapChecks::kAtOpening);
  if (!file) return base::fail(file.error());
  auto decoded = decode_map(file->bytes(), path.string(), checks, only);
  if (!decoded) return base::fail(decoded.error());
  return RoadMap(std::make_unique<State>(
      State{std::move(*file), path.string(), std::move(decoded->view), std::move(decoded->info), only}));
}

const MapInfo& RoadMap::info() const {
  return state_->info;
}

std::vector<base::Vehicle> RoadMap::vehicles() const {
  auto served = state_->info.vehicles;
  std::erase_if(served, [&](base::Vehicle vehicle) { return !serves(vehicle); });
  return served;
}

const std::string& RoadMap::release() const {
  return state_->info.release;
}

bool RoadMap::serves(base::Vehicle vehicle) const {
  return state_->view.graphs[static_cast<std::size_t>(vehicle)].has_value();
}

bool MapInfo::covers(const geo::LatLng& place) const {
  return place.lat_deg() >= south && place.lat_deg() <= north && place.lng_deg() >= west &&
         place.lng_deg() <= east;
}

Network RoadMap::network(base::Vehicle vehicle) const {
  return {state_->graph(vehicle),
          &state_->view.geometry,
          vehicle,
          state_->view.dissections[static_cast<std::size_t>(vehicle)],
          info().driving_side,
          state_->view.unsure[static_cast<std::size_t>(vehicle)]};
}

base::Result<void> RoadMap::check_sections() const {
  return check_late_sections(state_->file.bytes(), state_->name, state_->only);
}

base::Result<void> RoadMap::check_content() const {
  return check_release(state_->file.bytes(), state_->name);
}

std::optional<SnapPoint> RoadMap::snap(base::Vehicle vehicle, const geo::LatLng& place,
                                       double max_snap_m) const {
  const auto& geometry = state_->view.geometry;
  const auto door = geometry.entrances.way_in(geo::PlaceE7::nearest(place));
  const auto found = nearest_road(geometry, vehicle, door, {max_snap_m});
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
    Street street{static_cast<RoadClass>(geometry.edge_class[e]), graph.has_arcs(e), false, e, {}};
    for (const auto& point : line) street.line.push_back(point.to_lat_lng());
    streets.push_back(std::move(street));
  }
  return streets;
}

Route RoadMap::route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
                     const RouteOptions& options) const {
  const Ground ground{state_->view.geometry, state_->graph(vehicle), vehicle};
  const auto& hierarchy = state_->hierarchy(vehicle);
  auto& work = *query.state_;
  const auto shortest = [&] { return work.hierarchy.shortest(ground.graph, hierarchy, work.from, work.to); };
  // Of a hierarchy that contradicts itself, as an altered file's may, the plain search finds the path.
  const auto path = [&]() -> std::optional<Path> {
    if (auto found = work.hierarchy.path(ground.graph, hierarchy, work.from, work.to)) return found;
    const auto found = work.search.shortest(ground.graph, work.from, work.to);
    if (found.cost == kNoCost) return std::nullopt;
    return work.search.path(found, work.from, work.to);
  };
  return work.answer(ground, from, to, options, state_->info.release, shortest, path);
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
  table(std::span(&query, 1), vehicle, sources, destinations, options, cells);
}

void RoadMap::table(std::span<Query> queries, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
                    std::span<const geo::LatLng> destinations, const TableOptions& options,
                    std::span<TableCell> cells) const {
  RECKON_CHECK(!queries.empty() && cells.size() == sources.size() * destinations.size());
  if (sources.size() == 1) return row(queries.front(), vehicle, sources[0], destinations, options, cells);
  auto& places = queries.front().state_->destinations;
  prepare(queries.front(), vehicle, Role::kDestinations, destinations, places, options);
  std::atomic<std::size_t> next = 0;
  const auto work = [&](Query& query) {
    for (auto s = next++; s < sources.size(); s = next++) {
      table_row(query, sources[s], places, options,
                cells.subspan(s * destinations.size(), destinations.size()));
    }
  };
  std::vector<std::jthread> others;
  for (auto& query : queries.subspan(1)) others.emplace_back([&] { work(query); });
  work(queries.front());
}

// One start: what it reaches is worked out once, and each destination looks there. Destinations are taken
// along the map, so that neighbours find their streets and labels in the caches.
void RoadMap::row(Query& query, base::Vehicle vehicle, const geo::LatLng& source,
                  std::span<const geo::LatLng> destinations, const TableOptions& options,
                  std::span<TableCell> cells) const {
  const Ground ground{state_->view.geometry, state_->graph(vehicle), vehicle};
  const auto& hierarchy = state_->hierarchy(vehicle);
  auto& work = *query.state_;
  std::ranges::fill(cells, TableCell{});
  work.from.clear();
  if (!find_end(ground, geo::PlaceE7::nearest(source), reach_of(options), TripEnd::kStart, options.start,
                work.from))
    return;
  work.along.clear();
  for (std::uint32_t i = 0; i < destinations.size(); ++i)
    work.along.emplace_back(hilbert_of(geo::PlaceE7::nearest(destinations[i])), i);
  std::ranges::sort(work.along);
  work.hierarchy.hold(hierarchy, work.from);
  for (const auto& [key, i] : work.along) {
    work.to.clear();
    if (find_end(ground, geo::PlaceE7::nearest(destinations[i]), reach_of(options), TripEnd::kFinish,
                 options.finish, work.to))
      cells[i] = cell_of(work.hierarchy.shortest_to(ground.graph, hierarchy, work.from, work.to), options);
  }
  work.hierarchy.let_go(hierarchy);
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
    find_end({geometry, graph, vehicle}, geo::PlaceE7::nearest(list[i]), reach_of(options), side, rule,
             work.to);
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
  const auto snap = find_end({geometry, graph, held.vehicle}, geo::PlaceE7::nearest(place), reach_of(options),
                             starts ? TripEnd::kStart : TripEnd::kFinish,
                             starts ? options.start : options.finish, work.from);
  if (!snap) return;
  work.costs.resize(cells.size());
  work.table.row(graph, state_->hierarchy(held.vehicle), work.from, held.buckets, work.costs);
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    if (!held.buckets.terminals(i).empty()) cells[i] = cell_of(work.costs[i], options);
  }
}

}  // namespace reckon::road

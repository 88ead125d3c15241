#include "reckon/road/overlaid_map.h"

#include <algorithm>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/road/custom_weights.h"
#include "reckon/road/elimination.h"
#include "reckon/road/graph_extension.h"
#include "reckon/road/model_search.h"
#include "reckon/road/query_state.h"

namespace reckon::road {
namespace {

/// A vehicle's arcs, perhaps with added ones, and the hierarchy's shape over them: shared by all versions in
/// which the same turns and roads are added.
struct Shape {
  Network network;
  std::vector<AddedTurn> turns;
  std::vector<AddedLink> links;
  std::unique_ptr<const GraphExtension> extension;  ///< none where nothing is added
  ArcGraph graph;
  const EdgeGeometry* geometry;
  Elimination elimination;

  Shape(const Network& on, const VehicleChanges& changes)
      : network(on),
        turns(changes.turns),
        links(changes.links),
        extension(turns.empty() && links.empty() ? nullptr
                                                 : std::make_unique<const GraphExtension>(on, turns, links)),
        graph(extension ? extension->graph() : on.graph),
        geometry(extension ? &extension->geometry() : on.geometry),
        elimination(graph, extension ? std::span<const std::uint32_t>(extension->order()) : on.dissection) {}

  bool fits(const VehicleChanges& changes) const { return turns == changes.turns && links == changes.links; }
};

// Of map and corrections together; without any the map's own.
std::string release_under(const RoadMap& map, const std::string& overlay_release) {
  return overlay_release.empty() ? map.release() : base::sha256(map.release() + '\n' + overlay_release);
}

}  // namespace

struct OverlaidMap::Part {
  std::shared_ptr<const Shape> shape;
  ChangedGraph changed;
  CustomWeights weights;

  Part(std::shared_ptr<const Shape> on, const VehicleChanges& changes, Metric metric)
      : shape(std::move(on)),
        changed(*shape->geometry, shape->graph, changes.arcs),
        weights(CustomWeights::of(shape->elimination, changed, metric)) {}

  Part(const Part& before, ChangedGraph now, std::span<const ArcTurn> turns)
      : shape(before.shape), changed(std::move(now)), weights(before.weights.updated(changed, turns)) {}

  // Where nothing is changed the map itself answers, by its labels.
  bool plain() const {
    return weights.metric() == Metric::kFastest && shape->extension == nullptr && changed.changes_nothing();
  }
  Ground ground(base::Vehicle vehicle) const {
    return {*shape->geometry, changed.graph(), vehicle, &changed, weights.metric()};
  }
  CustomNetwork network() const { return {&changed, &shape->elimination, &weights}; }

  static std::shared_ptr<const Part> after(const std::shared_ptr<const Part>& before, const Network& network,
                                           const VehicleChanges& changes, Metric metric) {
    if (!before->shape->fits(changes))
      return std::make_shared<const Part>(std::make_shared<const Shape>(network, changes), changes, metric);
    ChangedGraph now(*before->shape->geometry, before->shape->graph, changes.arcs);
    const auto difference = ChangedGraph::between(before->changed, now);
    if (difference.speeds) return std::make_shared<const Part>(before->shape, changes, metric);
    if (difference.turns.empty()) return before;
    return std::make_shared<const Part>(*before, std::move(now), difference.turns);
  }
};

OverlaidMap::~OverlaidMap() = default;

std::shared_ptr<const OverlaidMap> OverlaidMap::make(std::shared_ptr<const RoadMap> map,
                                                     const Changes& changes,
                                                     const std::string& overlay_release, Metric metric) {
  std::shared_ptr<OverlaidMap> made(new OverlaidMap(std::move(map), metric));
  const auto& on = *made->map_;
  made->release_ = release_under(on, overlay_release);
  for (const auto vehicle : on.vehicles()) {
    const auto v = static_cast<std::size_t>(vehicle);
    made->parts_[v] = std::make_shared<const Part>(
        std::make_shared<const Shape>(on.network(vehicle), changes[v]), changes[v], metric);
  }
  return made;
}

std::shared_ptr<const OverlaidMap> OverlaidMap::with(const Changes& changes,
                                                     const std::string& overlay_release) const {
  std::shared_ptr<OverlaidMap> made(new OverlaidMap(map_, metric_));
  made->release_ = release_under(*map_, overlay_release);
  for (const auto vehicle : map_->vehicles()) {
    const auto v = static_cast<std::size_t>(vehicle);
    made->parts_[v] = Part::after(parts_[v], map_->network(vehicle), changes[v], metric_);
  }
  return made;
}

const OverlaidMap::Part& OverlaidMap::part(base::Vehicle vehicle) const {
  const auto& part = parts_[static_cast<std::size_t>(vehicle)];
  RECKON_CHECK(part != nullptr);
  return *part;
}

bool OverlaidMap::serves(base::Vehicle vehicle) const {
  return map_->serves(vehicle);
}

std::vector<base::Vehicle> OverlaidMap::vehicles() const {
  return map_->vehicles();
}

std::shared_ptr<const ChangedGraph> OverlaidMap::changes_on(base::Vehicle vehicle,
                                                            std::string_view built_release) const {
  const auto& own = parts_[static_cast<std::size_t>(vehicle)];
  if (own == nullptr || map_->release() != built_release || own->changed.changes_nothing()) return {};
  return {own, &own->changed};
}

Cost OverlaidMap::as_time_first(Cost cost) const {
  return metric_ == Metric::kFastest ? cost : turned_round(cost);  // no path stays no path
}

Route OverlaidMap::route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
                         const RouteOptions& options) const {
  const auto& own = part(vehicle);
  if (own.plain()) {
    auto route = map_->route(query, vehicle, from, to, options);
    route.map_release = release_;
    return route;
  }
  const auto ground = own.ground(vehicle);
  const auto network = own.network();
  auto& work = *query.state_;
  return work.answer(
      ground, from, to, options, release_,
      [&] { return as_time_first(work.custom.shortest(network, work.from, work.to)); },
      [&] { return work.custom.path(network, work.from, work.to); });
}

void OverlaidMap::table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
                        std::span<const geo::LatLng> destinations, const TableOptions& options,
                        std::span<TableCell> cells) const {
  RECKON_CHECK(cells.size() == sources.size() * destinations.size());
  const auto& own = part(vehicle);
  if (own.plain()) return map_->table(query, vehicle, sources, destinations, options, cells);
  const auto ground = own.ground(vehicle);
  const auto network = own.network();
  auto& work = *query.state_;
  const auto reach = reach_of(options);
  work.to.clear();
  work.first.assign(1, 0);
  work.on_map.clear();
  for (const auto& place : destinations) {
    const auto end =
        find_end(ground, geo::PlaceE7::nearest(place), reach, TripEnd::kFinish, options.finish, work.to);
    work.on_map.push_back(end.has_value());
    work.first.push_back(static_cast<std::uint32_t>(work.to.size()));
  }
  work.custom.prepare_targets(network, work.to, work.first);
  work.costs.resize(destinations.size());
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const auto row = cells.subspan(s * destinations.size(), destinations.size());
    std::ranges::fill(row, TableCell{});
    work.from.clear();
    if (!find_end(ground, geo::PlaceE7::nearest(sources[s]), reach, TripEnd::kStart, options.start,
                  work.from))
      continue;
    work.custom.row(network, work.from, work.to, work.first, work.costs);
    for (std::size_t d = 0; d < row.size(); ++d) {
      if (work.on_map[d]) row[d] = cell_of(as_time_first(work.costs[d]), options);
    }
  }
}

std::optional<SnapPoint> OverlaidMap::snap(base::Vehicle vehicle, const geo::LatLng& place,
                                           double max_snap_m) const {
  const auto& own = part(vehicle);
  const auto& geometry = *own.shape->geometry;
  const auto door = geometry.entrances.way_in(geo::PlaceE7::nearest(place));
  const auto found = nearest_open(own.ground(vehicle), door, {max_snap_m});
  if (!found) return std::nullopt;
  return snap_point(place, geometry, found->positions[0]);
}

std::vector<Street> OverlaidMap::streets_in(const Box& box, base::Vehicle vehicle, std::size_t most) const {
  auto streets = map_->streets_in(box, vehicle, most);
  const auto& changed = part(vehicle).changed;
  for (auto& street : streets) street.closed = street.open && changed.edge_closed(street.edge);
  return streets;
}

std::uint64_t OverlaidMap::bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& own : parts_) {
    if (own) bytes += own->weights.bytes() + own->shape->elimination.bytes();
  }
  return bytes;
}

}  // namespace reckon::road

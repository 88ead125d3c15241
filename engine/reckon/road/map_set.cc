#include "reckon/road/map_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/base/limits.h"
#include "reckon/geo/local_frame.h"
#include "reckon/road/overlaid_map.h"
#include "reckon/road/overlay_findings.h"

namespace reckon::road {
namespace {

// Metres from a place to the nearest side of a map's bounding box; negative outside it.
double depth_m(const MapInfo& info, const geo::LatLng& place) {
  const auto at = geo::PlaceE7::nearest(place);
  const auto unit = geo::LocalFrame(at).at({at.lat + (at.lat > 0 ? -1 : 1), at.lng + (at.lng > 0 ? -1 : 1)});
  const double north = 1e7 * std::abs(unit.y), east = 1e7 * std::abs(unit.x);
  return std::min({(place.lat_deg() - info.south) * north, (info.north - place.lat_deg()) * north,
                   (place.lng_deg() - info.west) * east, (info.east - place.lng_deg()) * east});
}

int rank_of(RouteStatus status) {
  switch (status) {
    case RouteStatus::kOk:
    case RouteStatus::kBeyond:
      return 2;
    case RouteStatus::kNoRoute:
      return 1;
    case RouteStatus::kOffMap:
      return 0;
  }
  return 0;
}

/// How good an answer is: first what it says, then how deep in its map both ends lie.
struct Merit {
  int rank = -1;
  double depth_m = 0;

  bool beats(const Merit& other) const {
    return rank != other.rank ? rank > other.rank : depth_m > other.depth_m;
  }
};

// A road in reach of a place lies inside the box; a metre covers the box's own rounding.
bool in_reach(double depth_m, double max_snap_m) {
  return depth_m >= -max_snap_m * 1.01 - 1;
}

/// One side of a table as one map sees it: the places in its reach.
struct Side {
  std::vector<geo::LatLng> places;
  std::vector<std::size_t> rows;  ///< of the whole table
  std::vector<double> depths_m;

  Side(const MapInfo& info, std::span<const geo::LatLng> all, double max_snap_m) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double depth = depth_m(info, all[i]);
      if (!in_reach(depth, max_snap_m)) continue;
      places.push_back(all[i]);
      rows.push_back(i);
      depths_m.push_back(depth);
    }
  }
};

std::string release_of(const std::vector<std::shared_ptr<const Roads>>& maps) {
  if (maps.size() == 1) return maps.front()->release();
  std::string all;
  for (const auto& map : maps) all += map->release() + '\n';
  return base::sha256(all);
}

}  // namespace

base::Result<MapSet> MapSet::make(std::vector<std::shared_ptr<const RoadMap>> maps) {
  if (maps.empty() || maps.size() > kMaxMapsOfSet) {
    return base::fail(base::ErrorCode::kInvalidInput, "maps",
                      fmt::format("{} maps; 1 to {} are allowed", maps.size(), kMaxMapsOfSet));
  }
  for (std::size_t i = 1; i < maps.size(); ++i) {
    const auto before = std::span(maps).first(i);
    const auto twin = std::ranges::find_if(
        before, [&](const auto& other) { return other->release() == maps[i]->release(); });
    if (twin == before.end()) continue;
    return base::fail(
        base::ErrorCode::kInvalidInput, fmt::format("maps/{}", i),
        fmt::format("holds the same as maps/{}; each map may be given once", twin - before.begin()));
  }
  MapSet set;
  set.roads_.assign(maps.begin(), maps.end());
  set.release_ = release_of(set.roads_);
  set.maps_ = std::move(maps);
  return set;
}

MapSet MapSet::under(const Overlay& overlay, Metric metric) const {
  MapSet set;
  set.maps_ = maps_;
  const auto release = overlay.corrections.empty() ? std::string() : overlay.release();
  for (std::size_t i = 0; i < maps_.size(); ++i) {
    const auto resolved = resolve(overlay, *maps_[i]);
    const auto before = std::dynamic_pointer_cast<const OverlaidMap>(roads_[i]);
    set.roads_.push_back(before && before->metric() == metric
                             ? before->with(resolved.by_vehicle, release)
                             : OverlaidMap::make(maps_[i], resolved.by_vehicle, release, metric));
  }
  set.release_ = release_of(set.roads_);
  return set;
}

base::Result<void> MapSet::check(const Overlay& overlay, std::string_view name, std::size_t first) const {
  std::vector<bool> found(overlay.corrections.size());
  std::map<std::size_t, std::string> contradicted;  // by the later one
  for (const auto& map : maps_) {
    const auto resolved = resolve(overlay, *map);
    for (std::size_t c = 0; c < found.size(); ++c) found[c] = found[c] || resolved.found[c];
    for (auto& one : contradictions(overlay, resolved.claims))
      contradicted.try_emplace(one.later, std::move(one.message));
  }
  std::vector<base::Fault> faults;
  for (std::size_t c = first; c < found.size() && faults.size() < base::kMaxFaults; ++c) {
    const auto where = fmt::format("{}#/corrections/{}", name, c);
    if (!found[c]) {
      auto fault = nearest_fault(overlay.corrections[c]);
      faults.push_back(
          {where + fault.where, fmt::format("'{}': {}", overlay.corrections[c].id, fault.message)});
    } else if (const auto said = contradicted.find(c); said != contradicted.end()) {
      faults.push_back({where, said->second});
    }
  }
  if (faults.empty()) return {};
  return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
}

// Of a correction that no map has what is amiss on the one that comes nearest to it.
base::Fault MapSet::nearest_fault(const Correction& correction) const {
  std::optional<Finding> nearest;
  for (const auto& map : maps_) {
    auto finding = finding_of(correction, *map);
    if (finding.fault && (!nearest || finding.nearest_m < nearest->nearest_m)) nearest = std::move(finding);
  }
  if (!nearest) return {"", "names nothing that the map has; a street, turn or junction of it is needed"};
  return *nearest->fault;
}

base::Result<void> MapSet::check_sections() const {
  for (const auto& map : maps_) {
    if (auto checked = map->check_sections(); !checked) return checked;
  }
  return {};
}

base::Result<MapSet> MapSet::open(const std::vector<std::filesystem::path>& paths, MapChecks checks,
                                  std::optional<base::Vehicle> only) {
  std::vector<std::shared_ptr<const RoadMap>> maps;
  std::vector<base::Fault> faults;
  auto code = base::ErrorCode::kEnvironment;
  for (const auto& path : paths) {
    auto map = RoadMap::open(path, checks, only);
    if (map) {
      maps.push_back(std::make_shared<const RoadMap>(std::move(*map)));
      continue;
    }
    if (faults.empty()) code = map.error().code;
    for (auto& fault : map.error().all()) faults.push_back(std::move(fault));
  }
  if (!faults.empty()) return base::fail(base::error_of(code, std::move(faults)));
  return make(std::move(maps));
}

std::vector<Street> MapSet::streets_in(std::string_view map_release, const Box& box, base::Vehicle vehicle,
                                       std::size_t most) const {
  const auto named = std::ranges::find(
      roads_, map_release, [](const auto& roads) -> std::string_view { return roads->release(); });
  const auto i = named == roads_.end() ? 0 : static_cast<std::size_t>(named - roads_.begin());
  const auto overlaid = std::dynamic_pointer_cast<const OverlaidMap>(roads_[i]);
  return overlaid ? overlaid->streets_in(box, vehicle, most) : maps_[i]->streets_in(box, vehicle, most);
}

std::vector<const std::string*> MapSet::releases() const {
  std::vector<const std::string*> all;
  for (const auto& roads : roads_) all.push_back(&roads->release());
  return all;
}

bool MapSet::serves(base::Vehicle vehicle) const {
  return std::ranges::any_of(maps_, [&](const auto& map) { return map->serves(vehicle); });
}

std::shared_ptr<const ChangedGraph> MapSet::changes_on(base::Vehicle vehicle,
                                                       std::string_view built_release) const {
  for (const auto& roads : roads_) {
    if (auto changes = roads->changes_on(vehicle, built_release)) return changes;
  }
  return {};
}

std::vector<base::Vehicle> MapSet::vehicles() const {
  std::vector<base::Vehicle> all;
  for (const auto vehicle : base::kAllVehicles) {
    if (serves(vehicle)) all.push_back(vehicle);
  }
  return all;
}

Route MapSet::route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
                    const RouteOptions& options) const {
  if (maps_.size() == 1) return roads_.front()->route(query, vehicle, from, to, options);
  Route best;
  best.map_release = release_;
  Merit merit;
  for (std::size_t i = 0; i < maps_.size(); ++i) {
    const auto& map = maps_[i];
    const double depth = std::min(depth_m(map->info(), from), depth_m(map->info(), to));
    const bool hopeless = merit.rank == rank_of(RouteStatus::kOk) && depth <= merit.depth_m;
    if (hopeless || !map->serves(vehicle)) continue;
    if (!in_reach(depth, options.max_snap_m)) continue;
    auto route = roads_[i]->route(query, vehicle, from, to, options);
    const Merit own{rank_of(route.status), depth};
    if (!own.beats(merit)) continue;
    merit = own;
    best = std::move(route);
  }
  return best;
}

void MapSet::table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
                   std::span<const geo::LatLng> destinations, const TableOptions& options,
                   std::span<TableCell> cells) const {
  if (maps_.size() == 1) return roads_.front()->table(query, vehicle, sources, destinations, options, cells);
  RECKON_CHECK(cells.size() == sources.size() * destinations.size());
  std::ranges::fill(cells, TableCell{});
  std::vector<Merit> merits(cells.size());
  std::vector<TableCell> part;
  for (std::size_t m = 0; m < maps_.size(); ++m) {
    const auto& map = maps_[m];
    if (!map->serves(vehicle)) continue;
    const Side rows(map->info(), sources, options.max_snap_m);
    const Side columns(map->info(), destinations, options.max_snap_m);
    if (rows.places.empty() || columns.places.empty()) continue;
    part.resize(rows.places.size() * columns.places.size());
    roads_[m]->table(query, vehicle, rows.places, columns.places, options, part);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto row = i / columns.places.size(), column = i % columns.places.size();
      const auto cell = rows.rows[row] * destinations.size() + columns.rows[column];
      const Merit own{rank_of(part[i].status), std::min(rows.depths_m[row], columns.depths_m[column])};
      if (!own.beats(merits[cell])) continue;
      merits[cell] = own;
      cells[cell] = part[i];
    }
  }
}

std::optional<SnapPoint> MapSet::snap(base::Vehicle vehicle, const geo::LatLng& place,
                                      double max_snap_m) const {
  std::optional<SnapPoint> best;
  for (const auto& map : roads_) {
    if (!map->serves(vehicle)) continue;
    const auto point = map->snap(vehicle, place, max_snap_m);
    if (point && (!best || point->offset_m < best->offset_m)) best = point;
  }
  return best;
}

}  // namespace reckon::road

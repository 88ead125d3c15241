#include "reckon/road/live_roads.h"

#include <algorithm>
#include <utility>

namespace reckon::road {

LiveRoads::LiveRoads(MapSet maps) {
  put(std::move(maps));
}
LiveRoads::~LiveRoads() = default;

const std::string* LiveRoads::keep(const std::string& release) {
  const auto found = std::ranges::find(kept_, release);
  return found != kept_.end() ? &*found : &kept_.emplace_back(release);
}

void LiveRoads::put(MapSet maps) {
  auto next = std::make_shared<Version>(Version{std::move(maps), {}});
  std::shared_ptr<const Version> before;  // ends after the lock: freeing a version may take a while
  const std::scoped_lock lock(mutex_);
  next->releases.push_back(keep(next->maps.release()));
  for (const auto* release : next->maps.releases()) next->releases.push_back(keep(*release));
  before = std::exchange(version_, std::move(next));
}

std::shared_ptr<const LiveRoads::Version> LiveRoads::version() const {
  const std::scoped_lock lock(mutex_);
  return version_;
}

std::shared_ptr<const MapSet> LiveRoads::current() const {
  auto now = version();
  return {now, &now->maps};
}

bool LiveRoads::serves(base::Vehicle vehicle) const {
  return version()->maps.serves(vehicle);
}

std::vector<base::Vehicle> LiveRoads::vehicles() const {
  return version()->maps.vehicles();
}

const std::string& LiveRoads::release() const {
  return *version()->releases.front();
}

std::shared_ptr<const ChangedGraph> LiveRoads::changes_on(base::Vehicle vehicle,
                                                          std::string_view built_release) const {
  return version()->maps.changes_on(vehicle, built_release);
}

Route LiveRoads::route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
                       const RouteOptions& options) const {
  const auto now = version();
  auto route = now->maps.route(query, vehicle, from, to, options);
  for (const auto* release : now->releases) {
    if (*release == route.map_release) route.map_release = *release;
  }
  return route;
}

void LiveRoads::table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
                      std::span<const geo::LatLng> destinations, const TableOptions& options,
                      std::span<TableCell> cells) const {
  version()->maps.table(query, vehicle, sources, destinations, options, cells);
}

std::optional<SnapPoint> LiveRoads::snap(base::Vehicle vehicle, const geo::LatLng& place,
                                         double max_snap_m) const {
  return version()->maps.snap(vehicle, place, max_snap_m);
}

}  // namespace reckon::road

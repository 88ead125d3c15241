#include "reckon/distance/local_estimate.h"

#include <string>
#include <string_view>

#include "reckon/geo/geodesic.h"

namespace reckon::distance {
namespace {

constexpr std::string_view kSnappedTogether = "snapped_together";
constexpr double kSwallowedM = 50;  // lost to snapping: more than a street's width on each side

bool swallowed_by_snapping(base::Metres road, double geodesic_m) {
  const auto metres = static_cast<double>(road.value);
  if (road.value == 0) return geodesic_m > kSamePlaceM;
  if (metres < shortest_believed_m(geodesic_m)) return true;  // an end beyond the map's edge, say
  return metres < geodesic_m / 2 && geodesic_m - metres > kSwallowedM;
}

// Why the route is no estimate of this trip; empty when it is one.
std::string unfit(const road::Route& route, double geodesic_m) {
  if (route.status != road::RouteStatus::kOk) return std::string(road::to_string(route.status));
  return swallowed_by_snapping(route.distance, geodesic_m) ? std::string(kSnappedTogether) : "";
}

}  // namespace

LocalEstimate local_estimate(const road::Roads* map, road::Roads::Query& query, base::Vehicle vehicle,
                             const geo::LatLng& from, const geo::LatLng& to) {
  LocalEstimate local;
  local.view.geodesic_m = geo::geodesic_m(from, to);
  std::string why = "no_map";
  if (map != nullptr) local.map_release = map->release();
  if (map != nullptr && !map->serves(vehicle)) why = "vehicle";
  if (map != nullptr && map->serves(vehicle)) {
    const auto route = map->route(query, vehicle, from, to);
    why = unfit(route, local.view.geodesic_m);
    local.map_release = route.map_release;
    if (why.empty()) {
      local.view.road = route.distance;
      local.estimate = road_estimate(route.distance);
      local.duration = base::Seconds{road::seconds_of(route.duration_ds)};
      local.source = {SourceKind::kRoad, ""};
      return local;
    }
  }
  local.swallowed = why == kSnappedTogether;
  local.estimate = detour_estimate(local.view.geodesic_m);
  local.duration = typical_duration(vehicle, local.estimate.metres);
  local.source = {SourceKind::kGeodesic, ""};
  local.why_not.push_back({"road", why});
  return local;
}

}  // namespace reckon::distance

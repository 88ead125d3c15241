#include "reckon/distance/learned.h"

#include <utility>

namespace reckon::distance {

Learned::Learned(Calibration calibration, std::unique_ptr<CalibratedRoads> roads)
    : calibration_(std::move(calibration)), release_(calibration_.release()), roads_(std::move(roads)) {}

base::Result<std::shared_ptr<const Learned>> Learned::make(std::shared_ptr<const road::RoadMap> map,
                                                           Calibration calibration) {
  if (!map || calibration.map_release.empty()) return detour_of(std::move(calibration));
  auto roads = CalibratedRoads::make(std::move(map), calibration);
  if (!roads) return base::fail(roads.error());
  return std::shared_ptr<const Learned>(new Learned(std::move(calibration), std::move(*roads)));
}

std::shared_ptr<const Learned> Learned::detour_of(Calibration calibration) {
  return std::shared_ptr<const Learned>(new Learned(std::move(calibration), nullptr));
}

void Learned::improve(LocalEstimate& local, base::Vehicle vehicle, const geo::LatLng& from,
                      const geo::LatLng& to, const road::Roads* roads) const {
  if (vehicle != calibration_.vehicle) return;
  if (local.source.kind == SourceKind::kRoad) {
    const auto changes =
        roads != nullptr && roads_ ? roads->changes_on(vehicle, calibration_.map_release) : nullptr;
    const auto answer = roads_ ? roads_->ask(from, to, changes) : std::nullopt;
    if (!answer) return;
    local.estimate = answer->estimate;
    local.duration = answer->duration;
  } else {
    const auto estimate = learned_detour(calibration_, local.view.geodesic_m);
    if (!estimate) return;
    local.estimate = *estimate;
  }
  local.calibration_release = release_;
}

std::optional<Estimate> Learned::between_doors(const DoorGraph::Bounds& bounds, double geodesic_m) const {
  return door_estimate(calibration_.doors, bounds, geodesic_m, usual_metres(calibration_, geodesic_m));
}

}  // namespace reckon::distance

#pragma once

// A calibration in use: what turns the local estimate into what the provider would most likely have said.
// Immutable; a newer one takes its place as a whole.

#include <memory>
#include <optional>
#include <string>

#include "reckon/base/result.h"
#include "reckon/base/vehicle.h"
#include "reckon/distance/calibration.h"
#include "reckon/distance/local_estimate.h"
#include "reckon/geo/lat_lng.h"
#include "reckon/road/road_map.h"

namespace reckon::distance {

/// Safe to call from any thread.
class Learned {
 public:
  /// @param map  that the calibration belongs to; null where there is none: then only the detour is used
  /// @errors kInvalidInput  the route model does not fit the map; see CalibratedRoads::make
  static base::Result<std::shared_ptr<const Learned>> make(std::shared_ptr<const road::RoadMap> map,
                                                           Calibration calibration);
  /// The detour alone, whatever map the rest belongs to.
  static std::shared_ptr<const Learned> detour_of(Calibration calibration);

  const Calibration& calibration() const { return calibration_; }
  const std::string& release() const { return release_; }
  /// Whether routes are answered, not the detour alone.
  bool on_roads() const { return roads_ != nullptr; }

  /// Puts what the provider would say in the place of the map's own route or of the usual detour. Leaves an
  /// estimate alone that it knows nothing better for: another vehicle, no route.
  /// @param roads  that answered, with their corrections; null: those of the map as it was built
  void improve(LocalEstimate& local, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
               const road::Roads* roads = nullptr) const;
  /// What answers about other trips make of this one; nothing where they say too little.
  std::optional<Estimate> between_doors(const DoorGraph::Bounds& bounds, double geodesic_m) const;

 private:
  Learned(Calibration calibration, std::unique_ptr<CalibratedRoads> roads);
  Calibration calibration_;
  std::string release_;
  std::unique_ptr<CalibratedRoads> roads_;
};

}  // namespace reckon::distance

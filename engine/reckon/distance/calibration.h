#pragma once

// What has been learned of one provider, as an immutable snapshot named by its content: how it chooses
// routes on our map, how sure we are of its metres, and how far the road is where no map reaches.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/base/vehicle.h"
#include "reckon/distance/detour.h"
#include "reckon/distance/door_model.h"
#include "reckon/distance/interval.h"
#include "reckon/distance/route_fit.h"
#include "reckon/road/road_map.h"

namespace reckon::distance {

/// Of the document; one of an earlier version is learned again.
inline constexpr std::int64_t kCalibrationVersion = 9;

/// One answer in so many is kept from the fit of the routes and tells how sure they are.
inline constexpr std::size_t kHeldOut = 5;

/// Straight line to road: the metres said at a straight line of `at_m`; straight between the points.
struct DetourPoint {
  double at_m = 0;
  double metres = 0;
};

struct Calibration {
  std::string provider;
  base::Vehicle vehicle = base::Vehicle::kMotorcycle;
  std::string map_release;   ///< that the route model belongs to; empty: none
  std::int64_t answers = 0;  ///< of the provider that were at hand, repeated ones and all
  std::int64_t pairs = 0;    ///< trips that it was learned from
  std::int64_t alike = 0;    ///< of them, those whose route is ours to the metre
  road::RouteModel routes;
  std::vector<IntervalKnot> road_interval;  ///< of the route model's metres
  std::vector<DetourPoint> detour;          ///< ascending in both
  std::vector<IntervalKnot> detour_interval;
  DoorModel doors;  ///< of trips between doors that other answers know

  /// `sha256:…` of to_json.
  std::string release() const;
};

/// Canonical: equal calibrations give equal bytes.
std::string to_json(const Calibration& calibration);
/// @errors kInvalidInput  not such a document; every fault named
base::Result<Calibration> read_calibration(std::string_view json, std::string_view name);

/// Learns all of it. How wide intervals are is told by answers that the estimate was not learned from (split
/// conformal, Vovk 2005; by distance: Mondrian): of the routes every fifth answer, of the rest each fifth in
/// turn. Neighbours must not be alike: trips come in order of asking. Deterministic. Routes are learned from
/// the newest kMostPairs, the rest from all.
/// @param network  null where there is no road map; then only the detour is learned
/// @param told  may be null; what the interval of the routes was made of, for more to be added
/// @return nothing when `progress` gave it up
std::optional<Calibration> calibrate(std::string provider, base::Vehicle vehicle,
                                     const road::RouteNetwork* network, std::string map_release,
                                     std::span<const AnsweredTrip> trips, const FitProgress& progress = {},
                                     std::vector<Scored>* told = nullptr);

/// Answers beside what a model of routes says of their trips; without those that it has no route for.
std::vector<Scored> score_routes(const road::RouteNetwork& network, const road::RouteModel& model,
                                 std::span<const AnsweredTrip> trips);

/// The learned detour; nothing when none was learned.
std::optional<Estimate> learned_detour(const Calibration& calibration, double geodesic_m);

/// The same without its interval, not rounded; the usual detour when none was learned.
double usual_metres(const Calibration& calibration, double geodesic_m);

/// A calibration ready to answer on the map that it belongs to. Safe to call from any thread.
class CalibratedRoads {
 public:
  /// @errors kInvalidInput  the calibration was learned on another map, or its vehicle is not served
  static base::Result<std::unique_ptr<CalibratedRoads>> make(std::shared_ptr<const road::RoadMap> map,
                                                             Calibration calibration);
  const Calibration& calibration() const { return calibration_; }
  const std::string& release() const { return release_; }

  struct Answer {
    Estimate estimate;
    base::Seconds duration{};
  };
  /// What the provider would say; nothing when the model has no route, or while another thread makes ready
  /// for other corrections: the map's own answer serves till then.
  /// @param changes  corrections to the map in force (road::Roads::changes_on); empty: none
  /// Cost: a bidirectional search, half a millisecond on a city; some ten milliseconds the first time under
  /// other corrections, for one thread.
  std::optional<Answer> ask(const geo::LatLng& from, const geo::LatLng& to,
                            const std::shared_ptr<const road::ChangedGraph>& changes = {}) const;

 private:
  CalibratedRoads(std::shared_ptr<const road::RoadMap> map, Calibration calibration);
  std::shared_ptr<const road::RoadMap> map_;
  Calibration calibration_;
  std::string release_;
  road::RouteNetwork network_;

  std::unique_ptr<ModelRouter> router_under(const std::shared_ptr<const road::ChangedGraph>& changes) const;

  mutable std::mutex mutex_;                                 ///< of all that follows
  mutable std::shared_ptr<const road::ChangedGraph> under_;  ///< the corrections that the routers follow
  mutable std::shared_ptr<const ModelRouter> pattern_;       ///< further routers are copies of it
  mutable bool being_made_ = false;                          ///< one for other corrections
  mutable std::vector<std::unique_ptr<ModelRouter>> idle_;
};

}  // namespace reckon::distance

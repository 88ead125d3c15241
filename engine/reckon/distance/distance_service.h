#pragma once

// The ladder: the local estimate first, for every trip, always; then whatever better answer can be had in
// time.

#include <memory>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/log.h"
#include "reckon/base/vehicle.h"
#include "reckon/distance/distance.h"
#include "reckon/geo/lat_lng.h"
#include "reckon/provider/map_provider.h"
#include "reckon/road/road_map.h"

namespace reckon::distance {

struct Trip {
  geo::LatLng from;
  geo::LatLng to;
  base::Vehicle vehicle = base::Vehicle::kMotorcycle;
};

/// What a tariff wants measured.
enum class Basis {
  kProvider,   ///< the ladder from the first provider down
  kRoad,       ///< the road map's legal route; geodesic estimate where it has none; no provider is asked
  kStraight,   ///< the ellipsoidal geodesic, rounded to whole metres; needs nothing
  kHaversine,  ///< great circle, radius 6,371,000 m, for contracts that name it
};

/// What one provider call came to, for records and metrics; told once a call.
struct CallRecord {
  std::string provider;
  provider::ProviderAnswer answer;  ///< after the plausibility check
  std::chrono::microseconds latency{};
};

/// Hears what the ladder does. Called on the measuring thread; implementations are thread-safe and quick.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_call(const CallRecord&) {}
  virtual void on_breaker(std::string_view provider, std::string_view from, std::string_view to) {
    (void)provider, (void)from, (void)to;
  }
};

/// Safe to call from several threads, each with its own Query.
class DistanceService {
 public:
  struct Parts {
    std::shared_ptr<const road::RoadMap> map;  ///< may be empty: then every local estimate is geodesic
    std::vector<std::shared_ptr<provider::MapProvider>> providers;  ///< best first; may be empty
    const base::Clock* clock = nullptr;                             ///< outlives the service
    Observer* observer = nullptr;                                   ///< may be null; outlives the service
  };
  explicit DistanceService(Parts parts);
  ~DistanceService();

  /// Always answers, by the deadline: with the best rung that could be had, and why no better one.
  Distance measure(road::RoadMap::Query& query, const Trip& trip, Basis basis, base::Deadline deadline);

  /// One provider's breaker: `closed`, `open`, `half_open`, `ramping`, `latched:<reason>`.
  std::vector<std::pair<std::string, std::string>> breaker_states() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reckon::distance

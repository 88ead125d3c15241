#pragma once

// A provider made of our own network with speeds, turn costs and closed roads that nobody tells: what is
// learned from its answers can be compared with it. Header only: a bench uses it, too.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "reckon/distance/habits.h"
#include "reckon/distance/route_fit.h"
#include "reckon/road/road_map.h"

namespace reckon::test {

/// How far apart the ends of its trips lie.
enum class TripLengths : std::uint8_t {
  kAnywhere,  ///< any two places
  kMarket,    ///< log-normal round a road length of 1.8 km, 95 % below 5 km
};

class HiddenProvider {
 public:
  /// By habits that are drawn from `seed`, see distance::draw_habits.
  HiddenProvider(const road::RouteNetwork& network, std::uint32_t seed, double closed_share = 0)
      : network_(&network),
        random_(seed),
        model_(distance::draw_habits(network, random_, closed_share)),
        router_(network, model_, 1000) {}

  const road::RouteModel& model() const { return model_; }

  /// Its answer to a trip; not found where it has none of at least 50 m.
  bool answer(distance::AnsweredTrip& trip) {
    const auto said = router_.route(trip.from, trip.to);
    trip.metres = std::round(said.metres);
    trip.seconds = std::round(said.seconds);
    return said.found && said.metres >= kLeastM;
  }

  /// Trips with their answers. Fewer where the map has no more of them in a hundred tries for each.
  std::vector<distance::AnsweredTrip> trips(std::size_t count, TripLengths lengths) {
    std::vector<distance::AnsweredTrip> trips;
    for (std::size_t tries = 0; trips.size() < count && tries < 100 * count; ++tries) {
      const auto from = place();
      distance::AnsweredTrip trip{from, lengths == TripLengths::kMarket ? market_end(from) : place(), 0, 0};
      if (near_a_road(trip.to) && answer(trip)) trips.push_back(trip);
    }
    return trips;
  }

 private:
  static constexpr double kLeastM = 50;
  static constexpr double kMedianStraightM = 1385, kSpread = 0.62;  // of the market's straight lines
  static constexpr double kE7PerMetre = 89.83;

  double between(double low, double high) {
    return low + (high - low) * (static_cast<double>(random_()) / 4294967296.0);
  }
  geo::LatLng place() {
    const auto& points = network_->network().geometry->points;
    const auto point = points[random_() % points.size()];
    return geo::LatLng::from_e7(point.lat + static_cast<std::int32_t>(between(-2000, 2000)),
                                point.lng + static_cast<std::int32_t>(between(-2000, 2000)));
  }
  geo::LatLng market_end(const geo::LatLng& from) {
    const double normal =
        std::sqrt(-2 * std::log(between(1e-9, 1))) * std::cos(2 * std::numbers::pi * between(0, 1));
    const double metres = kMedianStraightM * std::exp(kSpread * normal),
                 angle = between(0, 2 * std::numbers::pi);
    const double north = metres * std::sin(angle) * kE7PerMetre,
                 east = metres * std::cos(angle) * kE7PerMetre /
                        std::cos(from.lat_deg() * std::numbers::pi / 180);
    return geo::LatLng::from_e7(static_cast<std::int32_t>(std::lround(from.lat_deg() * 1e7 + north)),
                                static_cast<std::int32_t>(std::lround(from.lng_deg() * 1e7 + east)));
  }
  // An end in the sea or beyond the extract is no delivery.
  bool near_a_road(const geo::LatLng& at) const {
    const auto door = router_.door(at, road::TripEnd::kFinish);
    return !door.terminals.empty() && door.snap.distance_m <= 60;
  }

  const road::RouteNetwork* network_;
  std::mt19937 random_;
  road::RouteModel model_;
  distance::ModelRouter router_;
};

}  // namespace reckon::test

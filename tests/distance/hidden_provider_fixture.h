#pragma once

// A provider made of our own network with speeds, turn costs and closed roads that nobody tells: what is
// learned from its answers can be compared with it. Header only: a bench uses it, too.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

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
  /// Speeds by class differ by a factor of up to 1.42 either way, turns cost 6 s to the left and 3 s to the
  /// right where `seed` does not draw them.
  HiddenProvider(const road::RouteNetwork& network, std::uint32_t seed, double closed_share = 0)
      : network_(&network),
        random_(seed),
        model_(draw(network, closed_share)),
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
  road::RouteModel draw(const road::RouteNetwork& network, double closed_share) {
    auto model = network.own_model();
    std::vector<double> by_class(road::kRoadClasses);
    for (auto& factor : by_class) factor = std::exp(between(-0.35, 0.35));
    for (std::size_t g = 0; g < model.pace_ms_per_m.size(); ++g)
      model.pace_ms_per_m[g] *= by_class[static_cast<std::size_t>(network.groups()[g].road_class)];
    const double left = between(2000, 10'000), right = left / 2;
    model.turn_ms = {left * 1.5, left * 1.3,  left,        left / 3, 0, right / 3,
                     right,      right * 1.3, right * 1.5, 20'000,   0, 0};
    const auto edges = static_cast<std::uint32_t>(network.network().geometry->edge_count());
    for (std::uint32_t e = 0; closed_share > 0 && e < edges; ++e) {
      if (between(0, 1) >= closed_share) continue;
      model.edges.push_back({2 * e, road::kEdgeClosed});
      model.edges.push_back({2 * e + 1, road::kEdgeClosed});
    }
    return model;
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

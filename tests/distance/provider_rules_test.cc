// How a provider takes places to the road, and which kinds of road it does not use, found from its answers.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "reckon/distance/route_fit.h"
#include "road/sample_city_fixture.h"

using namespace reckon;
using distance::AnsweredTrip;

namespace {

// The answers of a provider that routes by `model`, in order of asking.
std::vector<AnsweredTrip> answered(const road::RouteNetwork& network, const road::RouteModel& model,
                                   std::vector<AnsweredTrip> trips) {
  distance::ModelRouter provider(network, model, road::kDefaultMaxSnapM);
  for (auto& trip : trips) {
    const auto said = provider.route(trip.from, trip.to);
    trip.metres = std::round(said.metres * 10) / 10;
    trip.seconds = std::round(said.seconds * 10) / 10;
  }
  std::erase_if(trips, [](const auto& trip) { return trip.metres < 1; });
  return trips;
}

}  // namespace

TEST_CASE("route fit: the plane and the grid in which a provider meets the roads are found from answers") {
  test::TempFolder folder;
  const auto map = test::sample_city(folder, base::Vehicle::kCar);
  const road::RouteNetwork network(map.network(base::Vehicle::kCar));
  constexpr std::uint32_t kSeed = 20261127;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto& geometry = *network.network().geometry;
  // Places that lie a hand beside crossings.
  std::vector<AnsweredTrip> places;
  const auto crossing = [&] {
    const auto point = geometry.start_of(2 * static_cast<std::uint32_t>(random() % geometry.edge_count()));
    const auto aside = [&] { return static_cast<std::int32_t>(random() % 17) - 8; };
    return geo::LatLng::from_e7(point.lat + aside(), point.lng + aside());
  };
  while (places.size() < 600) places.push_back({crossing(), crossing(), 0, 0});
  for (const auto& rules :
       {road::DoorRules{}, road::DoorRules{0, 10}, road::DoorRules{0, 10, road::DoorPlane::kMercator}}) {
    CAPTURE(rules.grid_e7);
    CAPTURE(static_cast<int>(rules.plane));
    auto model = network.own_model();
    model.doors = rules;
    const auto trips = answered(network, model, places);
    const auto fit = distance::fit_routes(network, trips);
    CHECK(fit.model.doors == rules);
    CHECK(fit.alike * 100 >= fit.pairs * 99);
  }
}

TEST_CASE(
    "route fit: private roads of one class are closed where the provider does not use those of that class") {
  test::DrawnMap drawn(R"(
    A-B-C-D-E-F-G-H-I-J-K-L-M-N-O-P-Q-R-S-T-U-V-W-X-Y-Z
    | | | | | | | | | | | | | | | | | | | | | | | | | |
    | b | d | f | h | j | l | n | p | r | t | v | x | z
    |   |   |   |   |   |   |   |   |   |   |   |   |
    a   c   e   g   i   k   m   o   q   s   u   w   y
)");
  drawn.way("ABCDEFGHIJKLMNOPQRSTUVWXYZ", {{"highway", "service"}});
  for (char end = 'a'; end <= 'z'; ++end) {
    const char corner = static_cast<char>(end - 'a' + 'A');
    const char* kind = end % 2 == 0 ? "service" : "residential";
    drawn.way(std::string{corner, end}, {{"highway", kind}, {"access", "private"}});
  }
  test::BuiltMap built(drawn);
  const road::RouteNetwork network(built.map().network(base::Vehicle::kMotorcycle));
  std::vector<AnsweredTrip> places;
  for (char from = 'a'; from <= 'z'; ++from) {
    for (char to = 'a'; to <= 'z'; ++to) {
      if (from != to) places.push_back({drawn.near(from, 1, -3), drawn.near(to, 2, -2), 0, 0});
    }
  }
  constexpr auto kService = 1U << static_cast<unsigned>(road::RoadClass::kService);
  for (const std::uint32_t closed : {0U, kService}) {
    CAPTURE(closed);
    auto model = network.own_model();
    model.closed_private_classes = closed;
    const auto trips = answered(network, model, places);
    const auto fit = distance::fit_routes(network, trips);
    CHECK(fit.model.closed_private_classes == closed);
    CHECK(fit.model.closed_classes == 0);
    CHECK(fit.alike == fit.pairs);
  }
}

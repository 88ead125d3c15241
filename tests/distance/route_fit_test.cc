// Learning a provider's way of choosing routes: a hidden provider made of our own network, with other speeds,
// turn costs and closed roads, is found again from its answers.

#include "reckon/distance/route_fit.h"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "distance/hidden_provider_fixture.h"
#include "reckon/road/map_builder.h"
#include "reckon/road/road_map.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using distance::AnsweredTrip;

namespace {

test::DrawnMap town() {
  test::DrawnMap drawn(R"(
    A---B---C---K
    |   |   |
    D---E---F---G
    |       |
    H-------J
)");
  drawn.way("ABCK").way("DEF").way("FG", {{"access", "private"}}).way("AD").way("BE", {{"oneway", "yes"}});
  drawn.way("CF").way("DH").way("HJ").way("JF", {{"oneway", "yes"}});
  return drawn;
}

// The built Monaco; nothing, which is said, where the shared data is absent.
std::optional<road::RoadMap> monaco(const test::TempFolder& folder) {
  const auto data = test::shared_data();
  const auto file = folder / "monaco.rmap";
  if (!data || !road::build_map({{*data / "maps" / "monaco.osm.pbf"}, file, {base::Vehicle::kCar}, {}})) {
    MESSAGE("SKIPPED: the shared data folder has no maps/monaco.osm.pbf");
    return std::nullopt;
  }
  auto map = road::RoadMap::open(file);
  REQUIRE(map);
  return std::move(*map);
}

double share_alike(distance::ModelRouter& router, std::span<const AnsweredTrip> trips) {
  std::size_t alike = 0;
  for (const auto& trip : trips) {
    const auto answer = router.route(trip.from, trip.to);
    alike += answer.found && std::abs(answer.metres - trip.metres) <= 2 ? 1U : 0U;
  }
  return static_cast<double>(alike) / static_cast<double>(trips.size());
}

}  // namespace

TEST_CASE("route model: with the map's own speeds it routes as the map does") {
  const auto drawn = town();
  test::BuiltMap built(drawn);
  const auto& map = built.map();
  const road::RouteNetwork network(map.network(base::Vehicle::kMotorcycle));
  distance::ModelRouter router(network, network.own_model(), road::kDefaultMaxSnapM);
  road::RoadMap::Query query;
  std::size_t compared = 0;
  for (const auto& from_place : drawn.places()) {
    for (const auto& to_place : drawn.places()) {
      const char from = from_place.first, to = to_place.first;  // a binding cannot be captured under clang 14
      for (const double off : {0.0, 7.0}) {
        CAPTURE(from);
        CAPTURE(to);
        const auto start = drawn.near(from, off, 1), end = drawn.near(to, off, 2);
        const auto route = map.route(query, base::Vehicle::kMotorcycle, start, end);
        const auto answer = router.route(start, end);
        CHECK(answer.found == (route.status == road::RouteStatus::kOk));
        CHECK(std::abs(answer.metres - static_cast<double>(route.distance.value)) <= 0.51);
        ++compared;
      }
    }
  }
  CHECK(compared > 100);
}

TEST_CASE("route fit: speeds and turn costs that nobody told are found from answers") {
  test::TempFolder folder;
  const auto map = monaco(folder);
  if (!map) return;
  const road::RouteNetwork network(map->network(base::Vehicle::kCar));
  const auto trips = test::HiddenProvider(network, 7).trips(1400, test::TripLengths::kAnywhere);
  REQUIRE(trips.size() == 1400);
  const auto seen = std::span(trips).first(800), others = std::span(trips).subspan(800);
  distance::ModelRouter own(network, network.own_model(), 1000);
  const auto fit = distance::fit_routes(network, seen);
  distance::ModelRouter learned(network, fit.model, 1000);
  const double before = share_alike(own, others), after = share_alike(learned, others);
  MESSAGE("alike before ", before, ", after ", after);
  CHECK(after > 0.97);
  CHECK(1 - after < (1 - before) / 4);

  SUBCASE("the same answers give the same model") {
    const auto again = distance::fit_routes(network, seen);
    CHECK(again.model.pace_ms_per_m == fit.model.pace_ms_per_m);
    CHECK(again.model.turn_ms == fit.model.turn_ms);
    CHECK(again.alike == fit.alike);
  }
}

TEST_CASE("route fit: roads closed to the provider are found from answers, with durations or without") {
  test::TempFolder folder;
  const auto map = monaco(folder);
  if (!map) return;
  const road::RouteNetwork network(map->network(base::Vehicle::kCar));
  struct Row {
    bool timed;
    double least;  ///< share of unseen trips that come out alike
  };
  for (const auto& row : {Row{true, 0.9}, Row{false, 0.7}}) {
    CAPTURE(row.timed);
    test::HiddenProvider provider(network, 5, 0.03);
    auto trips = provider.trips(1800, test::TripLengths::kMarket);
    REQUIRE(trips.size() == 1800);
    if (!row.timed) {
      for (auto& trip : trips) trip.seconds = 0;
    }
    const auto seen = std::span(trips).first(1200), others = std::span(trips).subspan(1200);
    distance::RouteFitOptions no_roads;
    no_roads.road_rounds = no_roads.preference_rounds = 0;
    const auto without = distance::fit_routes(network, seen, no_roads);
    const auto fit = distance::fit_routes(network, seen);
    distance::ModelRouter paces_only(network, without.model, 1000), learned(network, fit.model, 1000);
    const double before = share_alike(paces_only, others), after = share_alike(learned, others);
    MESSAGE(std::string(row.timed ? "with" : "without"), " durations: alike before ", before, ", after ",
            after);
    CHECK(after > row.least);
    CHECK(after > before);
    std::size_t right = 0, wrong = 0;
    for (const auto& change : fit.model.edges) {
      if (change.add_ms != road::kEdgeClosed) continue;
      const bool closed = std::ranges::any_of(
          provider.model().edges, [&](const auto& one) { return one.edge_dir == change.edge_dir; });
      ++(closed ? right : wrong);
    }
    MESSAGE(right, " directed roads rightly closed, ", wrong, " wrongly");
    CHECK(right > wrong);
  }
}

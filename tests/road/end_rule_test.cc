// What a trip's end may ask of its road: side, heading, roads a little farther than the nearest.

#include "reckon/road/end_rule.h"

#include <doctest/doctest.h>

#include <random>

#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::Vehicle;
using road::Approach;
using road::RouteOptions;

namespace {

constexpr auto kMoto = Vehicle::kMotorcycle;

// A block: whoever must come to B from the other side rides round it.
test::DrawnMap block() {
  test::DrawnMap drawn(R"(
  A-------B-------C
  |               |
  D---------------E
)");
  drawn.way("ABC").way("CE").way("ED").way("DA");
  return drawn;
}

struct Asked {
  road::RoadMap::Query query;
  road::Route of(const test::BuiltMap& map, const geo::LatLng& from, const geo::LatLng& to,
                 const RouteOptions& options) {
    return map.map().route(query, kMoto, from, to, options);
  }
};

}  // namespace

TEST_CASE("approach: the door lies on the asked side of the direction of travel") {
  const auto drawn = block();
  const test::BuiltMap map(drawn);
  Asked asked;
  const auto from = drawn.near('A', 20, 0);
  const auto north = drawn.near('B', 0, 6), south = drawn.near('B', 0, -6);
  const auto metres = [&](const geo::LatLng& to, Approach approach) {
    const auto route = asked.of(map, from, to, {.finish = {.approach = approach}});
    CHECK(route.to->as_asked);
    return route.distance.value;
  };
  const auto straight = metres(south, Approach::kEither);
  CHECK(straight == doctest::Approx(160 - 20).epsilon(0.01));
  CHECK(metres(south, Approach::kRight) == straight);
  CHECK(metres(north, Approach::kLeft) == straight);
  // Eastward the northern door is on the left: so westward, round the block.
  const auto round = doctest::Approx(20 + 40 + 320 + 40 + 160).epsilon(0.01);
  CHECK(metres(north, Approach::kRight) == round);
  CHECK(metres(south, Approach::kLeft) == round);
}

TEST_CASE("approach: on a street of one direction the other side serves, and the answer says so") {
  test::DrawnMap drawn(R"(
  A-------B-------C
  |               |
  D---------------E
)");
  drawn.way("ABC", {{"oneway", "yes"}}).way("CE").way("ED").way("DA");
  const test::BuiltMap map(drawn);
  Asked asked;
  const auto from = drawn.at('A');
  const RouteOptions right{.finish = {.approach = Approach::kRight}};
  const auto north = asked.of(map, from, drawn.near('B', 0, 6), right);
  CHECK(north.distance.value == doctest::Approx(160).epsilon(0.01));
  CHECK_FALSE(north.to->as_asked);
  CHECK(asked.of(map, from, drawn.near('B', 0, -6), right).to->as_asked);
}

TEST_CASE("heading: a rider under way goes on in his direction") {
  const auto drawn = block();
  const test::BuiltMap map(drawn);
  Asked asked;
  const auto from = drawn.near('B', 0, 1), to = drawn.near('A', 20, 0);
  const auto metres = [&](double heading_deg) {
    return asked.of(map, from, to, {.start = {.heading_deg = heading_deg}}).distance.value;
  };
  CHECK(metres(270) == doctest::Approx(160 - 20).epsilon(0.01));
  CHECK(metres(225) == metres(270));
  CHECK(metres(90) == doctest::Approx(160 + 40 + 320 + 40 + 20).epsilon(0.01));
  // Across the street: no direction of it fits, so both serve.
  const auto across = asked.of(map, from, to, {.start = {.heading_deg = 0.0}});
  CHECK(across.distance.value == metres(270));
  CHECK_FALSE(across.from->as_asked);
}

TEST_CASE("slack: the route takes the road across the median where that is shorter, and tells which") {
  test::DrawnMap drawn(R"(
  J---------------F
  A---------------E
)");
  drawn.way("AE", {{"oneway", "yes"}}).way("FJ", {{"oneway", "yes"}}).way("EF").way("JA");
  const test::BuiltMap map(drawn);
  Asked asked;
  const auto from = drawn.near('A', 120, -1), door = drawn.near('A', 40, 8);
  const auto nearest = asked.of(map, from, door, {});
  CHECK(nearest.distance.value == doctest::Approx(200 + 20 + 320 + 20 + 40).epsilon(0.01));
  CHECK(nearest.to->offset_m == doctest::Approx(8).epsilon(0.02));
  const auto chosen = asked.of(map, from, door, {.slack_m = 5});
  CHECK(chosen.distance.value == doctest::Approx(200 + 20 + 280).epsilon(0.01));
  CHECK(chosen.to->offset_m == doctest::Approx(12).epsilon(0.02));
  CHECK(chosen.from->offset_m == doctest::Approx(1).epsilon(0.05));
  // Too little slack changes nothing; a side that only the near carriageway has takes it back.
  CHECK(asked.of(map, from, door, {.slack_m = 3}).distance == nearest.distance);
  CHECK(asked.of(map, from, door, {.slack_m = 5, .finish = {.approach = Approach::kLeft}}).distance.value ==
        doctest::Approx(200 + 20 + 280).epsilon(0.01));
}

TEST_CASE("tables keep the ends' rules and slack as routes do") {
  const auto drawn = block();
  const test::BuiltMap map(drawn);
  std::mt19937_64 random(3);
  const auto pick = [&](double reach) { return static_cast<double>(random() % 1000) / 500 * reach - reach; };
  std::vector<geo::LatLng> places;
  for (int i = 0; i < 30; ++i) places.push_back(drawn.near("ABCDE"[i % 5], pick(60), pick(25)));
  Asked asked;
  std::size_t ruled = 0;
  for (const auto approach : {Approach::kEither, Approach::kRight, Approach::kLeft}) {
    for (const double slack_m : {0.0, 20.0}) {
      road::TableOptions table;
      table.slack_m = slack_m;
      table.start.heading_deg = 100;
      table.finish.approach = approach;
      const RouteOptions one{.slack_m = slack_m, .start = table.start, .finish = table.finish};
      const auto cells = map.map().table(asked.query, kMoto, places, places, table);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto& from = places[i / places.size()];
        const auto& to = places[i % places.size()];
        const auto route = asked.of(map, from, to, one);
        CHECK(cells[i].distance == route.distance);
        CHECK(cells[i].duration_ds == route.duration_ds);
        ruled += route.distance != asked.of(map, from, to, {}).distance ? 1u : 0u;
      }
    }
  }
  CHECK(ruled > 500);
}

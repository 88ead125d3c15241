#include "reckon/road/turn_costs.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::Vehicle;
using road::DrivingSide;
using test::BuiltMap;
using test::DrawnMap;

namespace {

// The curve that the table's numbers were taken from.
double logistic_ms(double degrees, double bias) {
  return 7500 / (1 + std::exp(6.5 * bias - 13 * degrees / (180 * bias)));
}

double cosine_of(double degrees) {
  return std::cos(degrees * std::numbers::pi / 180);
}

// Tenths of a second for these metres at 25 km/h (a residential street), a motorcycle's, and so much besides.
double tenths(double metres, double ms) {
  return metres * 3.6 / 25 * 10 + ms / 100;
}

// The way from S to the west is the left turn.
constexpr const char* kCrossing = R"(
      N
      |
  W---X---E
      |
      S
)";

DrawnMap crossing() {
  DrawnMap map(kCrossing);
  map.way("SX").way("XN").way("WX").way("XE");
  return map;
}

}  // namespace

TEST_CASE("bend_ms: the curve at its knots, near it between them, and never falling with the angle") {
  for (const bool across : {false, true}) {
    CAPTURE(across);
    const double bias = across ? 1 / 1.075 : 1.075;
    int before = 0;
    for (int degrees = 0; degrees <= 180; ++degrees) {
      CAPTURE(degrees);
      const int ms = road::bend_ms(Vehicle::kMotorcycle, cosine_of(degrees), across);
      const double exact = logistic_ms(degrees, bias);
      CHECK(std::abs(ms - exact) <= (degrees % 15 == 0 ? 1 : 120));
      CHECK(ms >= before);
      before = ms;
    }
  }
  CHECK(road::bend_ms(Vehicle::kFoot, -1, true) == 0);
  CHECK(road::bend_ms(Vehicle::kCar, 1.0000000001, true) == 18);  // rounding of a cosine leads nowhere
  CHECK(road::bend_ms(Vehicle::kCar, -1.0000000001, true) == 7497);
}

TEST_CASE("bend_ms: left and right are told by the places, and the driving side says which is dearer") {
  const geo::PlaceE7 corner{375'500'000, 1'269'800'000};
  const geo::PlaceE7 south{corner.lat - 1000, corner.lng}, north{corner.lat + 1000, corner.lng};
  const geo::PlaceE7 west{corner.lat, corner.lng - 1000}, east{corner.lat, corner.lng + 1000};
  const auto cost = [&](DrivingSide side, geo::PlaceE7 to) {
    return road::bend_ms(Vehicle::kMotorcycle, side, south, corner, to);
  };
  CHECK(cost(DrivingSide::kRight, west) == 5395);
  CHECK(cost(DrivingSide::kRight, east) == 2105);
  CHECK(cost(DrivingSide::kLeft, west) == 2105);
  CHECK(cost(DrivingSide::kLeft, east) == 5395);
  CHECK(cost(DrivingSide::kRight, north) < 20);
  CHECK(cost(DrivingSide::kRight, south) > 7400);
  CHECK(cost(DrivingSide::kRight, corner) == 0);  // two nodes on one spot have no direction
}

TEST_CASE("bend_ms: a road drawn straight on bends to no side, wherever and however it lies") {
  std::mt19937_64 random(3);
  const auto step = [&] { return static_cast<std::int32_t>(random() % 4001) - 2000; };
  for (int i = 0; i < 20'000; ++i) {
    const geo::PlaceE7 corner{static_cast<std::int32_t>(random() % 1'600'000'000) - 800'000'000,
                              static_cast<std::int32_t>(random() % 3'500'000'000) - 1'750'000'000};
    const auto lat = step(), lng = step();
    if (lat == 0 && lng == 0) continue;
    const auto far = static_cast<std::int32_t>(1 + random() % 9);
    const geo::PlaceE7 before{corner.lat - lat, corner.lng - lng};
    const geo::PlaceE7 after{corner.lat + far * lat, corner.lng + far * lng};
    for (const auto side : {DrivingSide::kRight, DrivingSide::kLeft}) {
      REQUIRE(road::bend_ms(Vehicle::kCar, side, before, corner, after) ==
              road::bend_ms(Vehicle::kCar, 1, false));
      REQUIRE(road::bend_ms(Vehicle::kCar, side, after, corner, after) ==
              road::bend_ms(Vehicle::kCar, -1, false));
    }
  }
}

TEST_CASE("turn costs: a left turn takes longer than a right one, and a bend without a choice nothing") {
  const auto drawn = crossing();
  BuiltMap map(drawn);
  const auto duration = [&](Vehicle vehicle, char to) {
    return static_cast<double>(map.route(vehicle, drawn.at('S'), drawn.at(to)).duration_ds);
  };
  CHECK(duration(Vehicle::kMotorcycle, 'W') == doctest::Approx(tenths(120, 5395)).epsilon(0.01));
  CHECK(duration(Vehicle::kMotorcycle, 'E') == doctest::Approx(tenths(120, 2105)).epsilon(0.01));
  CHECK(duration(Vehicle::kMotorcycle, 'N') == doctest::Approx(tenths(80, 18)).epsilon(0.01));
  CHECK(duration(Vehicle::kFoot, 'W') == duration(Vehicle::kFoot, 'E'));

  BuiltMap left(drawn, {Vehicle::kMotorcycle}, DrivingSide::kLeft);
  CHECK(left.route(Vehicle::kMotorcycle, drawn.at('S'), drawn.at('E')).duration_ds ==
        static_cast<std::int64_t>(duration(Vehicle::kMotorcycle, 'W')));
  CHECK(left.map().info().driving_side == DrivingSide::kLeft);

  DrawnMap bend(R"(
  W---X
      |
      S
)");
  bend.way("SX").way("WX");
  BuiltMap bent(bend);
  const auto route = bent.route(Vehicle::kMotorcycle, bend.at('S'), bend.at('W'));
  CHECK(static_cast<double>(route.duration_ds) == doctest::Approx(tenths(120, 0)).epsilon(0.01));
}

TEST_CASE("turn costs: a footpath that joins a street makes no junction of it for a rider") {
  DrawnMap drawn(kCrossing);
  drawn.way("SX").way("WX").way("XE", {{"highway", "footway"}}).way("XN", {{"highway", "footway"}});
  BuiltMap map(drawn);
  const auto route = map.route(Vehicle::kMotorcycle, drawn.at('S'), drawn.at('W'));
  CHECK(static_cast<double>(route.duration_ds) == doctest::Approx(tenths(120, 0)).epsilon(0.01));
}

TEST_CASE("turn costs: turning round in a dead end") {
  DrawnMap drawn(R"(
      N
      |
  W---X---E
)");
  drawn.way("WX").way("XE").way("XN");
  drawn.turn("no_left_turn", "WX", 'X', "XN");
  BuiltMap map(drawn);
  CHECK(map.trip(Vehicle::kMotorcycle, 'W', 'N') == "WXEXN");
  const auto route = map.route(Vehicle::kMotorcycle, drawn.at('W'), drawn.at('N'));
  CHECK(static_cast<double>(route.duration_ds) ==
        doctest::Approx(tenths(80 + 160 + 40, 18 + 20'000 + 2105)).epsilon(0.01));
}

TEST_CASE("turn costs: a traffic light costs two seconds, where it is and for whom it is") {
  const auto seconds = [](test::TagList tags, char from, char to) {
    DrawnMap drawn("A---L---B");
    drawn.way("ALB");
    drawn.node('L', std::move(tags));
    BuiltMap map(drawn);
    return static_cast<double>(map.route(Vehicle::kMotorcycle, drawn.at(from), drawn.at(to)).duration_ds);
  };
  const double plain = seconds({}, 'A', 'B');
  CHECK(plain == doctest::Approx(tenths(160, 0)).epsilon(0.01));
  CHECK(seconds({{"highway", "traffic_signals"}}, 'A', 'B') == plain + 20);
  CHECK(seconds({{"highway", "traffic_signals"}}, 'B', 'A') == plain + 20);
  const test::TagList forward{{"highway", "traffic_signals"}, {"traffic_signals:direction", "forward"}};
  CHECK(seconds(forward, 'A', 'B') == plain + 20);
  CHECK(seconds(forward, 'B', 'A') == plain);
  const test::TagList backward{{"highway", "traffic_signals"}, {"traffic_signals:direction", "backward"}};
  CHECK(seconds(backward, 'A', 'B') == plain);
  CHECK(seconds(backward, 'B', 'A') == plain + 20);
}

TEST_CASE("turn costs: of two ways as long as each other the one with fewer turns is taken") {
  DrawnMap drawn(R"(
  A---B---C
  |   |   |
  D---E---F
  |   |   |
  G---H---I
)");
  drawn.way("ABC").way("DEF").way("GHI").way("ADG").way("BEH").way("CFI");
  BuiltMap map(drawn, {Vehicle::kMotorcycle});
  const auto found = map.trip(Vehicle::kMotorcycle, 'G', 'C');
  CAPTURE(found);
  CHECK((found == "GDABC" || found == "GHIFC"));
}

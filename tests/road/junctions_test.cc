// Drawn junctions: what a rider may and may not do, worked by hand.

#include <doctest/doctest.h>

#include <cmath>

#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::Vehicle;
using test::BuiltMap;
using test::DrawnMap;

namespace {
constexpr auto kBike = Vehicle::kBicycle;
constexpr auto kMoto = Vehicle::kMotorcycle;
constexpr auto kFoot = Vehicle::kFoot;
constexpr auto kCar = Vehicle::kCar;

// A crossing with a block to its right, so that a forbidden left turn has a way round.
constexpr const char* kCrossing = R"(
      N---P
      |   |
  W---X---E
      |
      S
)";

DrawnMap crossing() {
  DrawnMap map(kCrossing);
  map.way("SX").way("XN").way("WX").way("XE").way("NP").way("PE");
  return map;
}
}  // namespace

TEST_CASE("a plain crossing: every turn is open, and the distance is that of the drawn line") {
  const auto drawn = crossing();
  BuiltMap map(drawn);
  CHECK(map.trip(kMoto, 'S', 'W') == "SXW");
  CHECK(map.trip(kMoto, 'S', 'N') == "SXN");
  CHECK(map.trip(kMoto, 'S', 'E') == "SXE");
  const auto route = map.route(kMoto, drawn.at('S'), drawn.at('W'));
  CHECK(route.distance.value == drawn.metres("SXW"));
  CHECK(route.from->offset_m == doctest::Approx(0));
}

TEST_CASE("no_left_turn: the rider goes round the block (P-turn), the walker does not care") {
  DrawnMap drawn(kCrossing);
  drawn.way("SX").way("XN").way("WX").way("EX", {{"oneway", "yes"}}).way("NP").way("PE");
  drawn.turn("no_left_turn", "SX", 'X', "WX");
  BuiltMap map(drawn);
  CHECK(map.trip(kFoot, 'S', 'W') == "SXW");
  for (const auto vehicle : {kMoto, kBike, kCar}) {
    CAPTURE(base::to_string(vehicle));
    CHECK(map.trip(vehicle, 'S', 'W') == "SXNPEXW");  // past it, three rights, straight over
    CHECK(map.route(vehicle, drawn.at('S'), drawn.at('W')).distance.value == drawn.metres("SXNPEXW"));
  }
}

TEST_CASE("only_straight_on shuts both turns; except= and restriction:motorcycle choose the vehicle") {
  auto drawn = crossing();
  drawn.turn("only_straight_on", "SX", 'X', "XN", {{"except", "bicycle"}});
  BuiltMap map(drawn);
  CHECK(map.trip(kMoto, 'S', 'E') == "SXNPE");
  CHECK(map.trip(kBike, 'S', 'E') == "SXE");
  CHECK(map.trip(kFoot, 'S', 'E') == "SXE");

  auto only_moto = crossing();
  only_moto.turn("", "SX", 'X', "XE", {{"restriction:motorcycle", "no_right_turn"}});
  BuiltMap second(only_moto);
  CHECK(second.trip(kMoto, 'S', 'E') == "SXNPE");
  CHECK(second.trip(kCar, 'S', 'E') == "SXE");
}

TEST_CASE("an only_ rule into a road that the vehicle may not enter does not lock it in") {
  DrawnMap drawn(kCrossing);
  drawn.way("SX").way("XN", {{"motorcycle", "no"}}).way("WX").way("XE").way("NP").way("PE");
  drawn.turn("only_straight_on", "SX", 'X', "XN");
  BuiltMap map(drawn);
  CHECK(map.trip(kMoto, 'S', 'W') == "SXW");
  CHECK(map.trip(kCar, 'S', 'W') != "SXW");
}

TEST_CASE("rules by the hour and over a way are not read, and are counted; broken ones too") {
  auto drawn = crossing();
  drawn.turn("", "SX", 'X', "WX", {{"restriction:conditional", "no_left_turn @ (07:00-09:00)"}});
  drawn.turn_over_way("no_u_turn", "SX", "XE", "PE");
  drawn.turn("no_left_turn", "SX", 'X', "PE");  // does not touch X
  drawn.turn("no_right_turn", "SX", 'X', "XE");
  BuiltMap map(drawn);
  CHECK(map.trip(kMoto, 'S', 'W') == "SXW");
  const auto& counts = map.map().info().counts;
  CHECK(counts.conditional_rules_ignored == 1);
  CHECK(counts.via_way_rules == 1);
  CHECK(counts.broken_rules_ignored == 1);
  CHECK(counts.turn_rules == 1);
}

TEST_CASE("one-way streets: legal for bicycles against them where signed, ignored on foot") {
  DrawnMap drawn(R"(
    A---B
    |   |
    D---C
)");
  drawn.way("AB", {{"oneway", "yes"}, {"oneway:bicycle", "no"}}).way("BC").way("CD").way("DA");
  BuiltMap map(drawn);
  CHECK(map.trip(kMoto, 'B', 'A') == "BCDA");
  CHECK(map.trip(kCar, 'A', 'B') == "AB");
  CHECK(map.trip(kBike, 'B', 'A') == "BA");
  CHECK(map.trip(kFoot, 'B', 'A') == "BA");
}

TEST_CASE("a trip against the one-way street that both its ends lie on goes round the block") {
  DrawnMap drawn(R"(
    A-------B
    |       |
    D-------C
)");
  drawn.way("AB", {{"oneway", "yes"}}).way("BC").way("CD").way("DA");
  BuiltMap map(drawn);
  const auto west = drawn.near('A', 40, 3);
  const auto east = drawn.near('A', 120, -3);
  CHECK(map.trip(kMoto, west, east) == "**");
  CHECK(map.trip(kMoto, east, west) == "*BCDA*");
  CHECK(map.trip(kFoot, east, west) == "**");
  CHECK(map.route(kMoto, west, east).distance.value == 80);
  const auto round = map.route(kMoto, east, west).distance.value;
  CHECK(std::abs(round - (drawn.metres("ABCDA") - 80)) <= 1);
}

TEST_CASE("oneway=-1 runs against the drawing, a reversible street is closed, a roundabout turns one way") {
  DrawnMap drawn(R"(
    A---B
    |   |
    D---C---E
)");
  drawn.way("BA", {{"oneway", "-1"}}).way("BCDA", {{"junction", "roundabout"}}).way("CE");
  BuiltMap map(drawn);
  CHECK(map.trip(kMoto, 'A', 'B') == "AB");
  CHECK(map.trip(kMoto, 'B', 'A') == "BCDA");
  CHECK(map.trip(kMoto, 'E', 'B') == "ECDAB");

  DrawnMap tidal(R"(
    A---B
    |   |
    D---C
)");
  tidal.way("AB", {{"oneway", "reversible"}}).way("BC").way("CD").way("DA");
  BuiltMap second(tidal);
  CHECK(second.trip(kCar, 'A', 'B') == "ADCB");
}

TEST_CASE("motorways and motor roads are closed to motorcycles in Korea, and open elsewhere") {
  for (const bool korea : {true, false}) {
    CAPTURE(korea);
    DrawnMap drawn(R"(
    A---B---C
    |       |
    |       |
    |       |
    D-------E
)",
                   korea ? test::kSeoul : test::kPorto);
    drawn.way("ABC", {{"highway", "trunk"}, {"motorroad", "yes"}, {"motorcycle", "yes"}})
        .way("AD")
        .way("DE")
        .way("EC");
    BuiltMap map(drawn);
    CHECK(map.trip(kCar, 'A', 'C') == "ABC");
    CHECK(map.trip(kMoto, 'A', 'C') == (korea ? "ADEC" : "ABC"));  // the law stands above a wrong tag
    CHECK(map.trip(kFoot, 'A', 'C') == "ADEC");
  }
}

TEST_CASE("barriers by vehicle, and access tags on them") {
  struct Row {
    test::TagList tags;
    std::string passes;  ///< initials of motorcycle, bicycle, foot, car
    std::string why;
  };
  const Row rows[] = {
      {{{"barrier", "bollard"}}, "bf", "a bollard stops what has a motor"},
      {{{"barrier", "bollard"}, {"motorcycle", "yes"}}, "mbf", "a tag on the node decides"},
      {{{"barrier", "gate"}}, "mbfc", "a gate without a word is open"},
      {{{"barrier", "gate"}, {"access", "no"}}, "", "a gate that is shut"},
      {{{"barrier", "gate"}, {"access", "no"}, {"foot", "yes"}}, "f", "people pass"},
      {{{"barrier", "lift_gate"}, {"access", "private"}}, "mbfc", "who is expected is let in"},
      {{{"barrier", "cycle_barrier"}}, "bf", "no motor"},
      {{{"barrier", "bus_trap"}}, "mbf", "two wheels pass"},
      {{{"barrier", "stile"}}, "f", "on foot only"},
      {{{"barrier", "wall"}}, "", "nobody"},
      {{{"motor_vehicle", "no"}}, "bf", "access without a barrier"},
      {{{"highway", "crossing"}}, "mbfc", "no barrier at all"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    DrawnMap drawn(R"(
    A---B---C
    |       |
    D-------E
)");
    drawn.way("ABC").way("AD").way("DE").way("EC").node('B', row.tags);
    BuiltMap map(drawn);
    std::string passes;
    const std::pair<Vehicle, char> all[] = {{kMoto, 'm'}, {kBike, 'b'}, {kFoot, 'f'}, {kCar, 'c'}};
    for (const auto& [vehicle, initial] : all) {
      const auto path = map.trip(vehicle, 'A', 'C');
      CHECK((path == "ABC" || path == "ADEC"));
      if (path == "ABC") passes += initial;
    }
    CHECK(passes == row.passes);
  }
}

TEST_CASE("a private or destination road is for the ends of trips, never a way through") {
  for (const std::string value : {"private", "destination", "delivery", "customers"}) {
    CAPTURE(value);
    DrawnMap drawn(R"(
    A---B---C---F
    |       |
    D-------E
)");
    drawn.way("AB", {{"access", value}})
        .way("BC", {{"access", value}})
        .way("AD")
        .way("DE")
        .way("EC")
        .way("CF");
    BuiltMap map(drawn);
    CHECK(map.trip(kMoto, 'A', 'F') == "ADECF");
    CHECK(map.trip(kMoto, 'A', 'B') == "AB");
    CHECK(map.trip(kMoto, 'B', 'F') == "BCF");
    CHECK(map.trip(kMoto, 'F', 'B') == "FCB");
    CHECK(map.trip(kCar, drawn.near('A', 20, 1), drawn.near('B', 20, 1)) == "*B*");  // inside it all the way
  }
}

TEST_CASE("a public road that ends at a private one may be turned round on") {
  for (const bool gated : {true, false}) {
    CAPTURE(gated);
    DrawnMap drawn(R"(
        Q
        |
        N
        |
    W---X
        |
        S
)");
    drawn.way("SX").way("XN").way("NQ", {{"access", gated ? "private" : "yes"}}).way("WX");
    drawn.turn("no_left_turn", "SX", 'X', "WX");
    BuiltMap map(drawn);
    CHECK(map.trip(kMoto, 'S', 'W') == (gated ? "SXNXW" : "SXNQNXW"));
    CHECK(map.trip(kMoto, 'S', 'Q') == "SXNQ");
    CHECK(map.trip(kMoto, 'Q', 'W') == "QNXW");
  }
}

TEST_CASE("no turning round in a street or at a junction, only at dead ends") {
  // The far end D is a dead end; a one-way pair forces the direction of departure.
  DrawnMap drawn(R"(
    A---B---C---D
        |
        E
)");
  drawn.way("AB", {{"oneway", "yes"}}).way("BC").way("CD").way("BE").way("EA");
  drawn.turn("no_right_turn", "AB", 'B', "BE");
  BuiltMap map(drawn);
  CHECK(map.trip(kMoto, 'A', 'E') == "AE");
  // From the middle of A-B to E: the turn at B is shut, turning round at C is not allowed, at D it is.
  CHECK(map.trip(kMoto, drawn.near('A', 40, 1), drawn.at('E')) == "*BCDCBE");
  CHECK(map.trip(kFoot, drawn.near('A', 40, 1), drawn.at('E')) == "*BE");
}

TEST_CASE("a street that leads only against a one-way street is a dead end") {
  DrawnMap drawn(R"(
    A---B---C
    |       |
    D-------E
)");
  // C-B is one-way toward B, so A-B is a dead end for who comes from A.
  drawn.way("AB").way("CB", {{"oneway", "yes"}}).way("AD").way("DE").way("EC");
  BuiltMap map(drawn);
  CHECK(map.trip(kMoto, drawn.near('B', -20, 1), drawn.at('C')) == "*ADEC");
  CHECK(map.trip(kMoto, 'C', 'A') == "CBA");
}

TEST_CASE("an island is not snapped to, nor is a trap that one may enter and never leave") {
  DrawnMap drawn(R"(
    A-------B
    |       |
    |  I-J  |
    |       |
    D-------C---T
)");
  drawn.way("AB").way("BC").way("CD").way("DA").way("IJ", {{"highway", "service"}});
  drawn.way("CT", {{"oneway", "yes"}, {"foot", "no"}});
  BuiltMap map(drawn);
  const auto beside_island = drawn.near('I', 10, 2);
  const auto snap = map.map().snap(kMoto, beside_island);
  REQUIRE(snap);
  CHECK(snap->offset_m > 30);
  CHECK(map.trip(kMoto, beside_island, drawn.at('B')).find('I') == std::string::npos);
  const auto beyond_trap = map.map().snap(kMoto, drawn.at('T'));
  REQUIRE(beyond_trap);
  CHECK(beyond_trap->offset_m == doctest::Approx(80).epsilon(0.01));
}

TEST_CASE("snapping: who goes into a building is brought to its nearest entrance, not to its back wall") {
  DrawnMap drawn(R"(
    A-----------B
    |   P---Q   |
    |   |   |   |
    |   |   |   |
    |   |   |   |
    |   |   |   |
    |   S-E-R   |
    |           |
    D-----------C
)");
  drawn.way("AB").way("BC").way("CD").way("DA");
  const auto inside = [&](double north_m) { return drawn.near('P', 30, north_m); };
  const auto snapped = [&](const DrawnMap& with, const geo::LatLng& place) {
    return BuiltMap(with).map().snap(kMoto, place);
  };
  const test::TagList outline{{"building", "yes"}};
  REQUIRE(snapped(drawn, inside(-10)));
  CHECK(snapped(drawn, inside(-10))->offset_m == doctest::Approx(30).epsilon(0.01));  // to AB
  drawn.way("PQRESP", outline);
  CHECK(snapped(drawn, inside(-10))->offset_m == doctest::Approx(30).epsilon(0.01));  // no entrance is known
  drawn.node('E', {{"entrance", "yes"}});
  const auto at_entrance = snapped(drawn, inside(-10));
  REQUIRE(at_entrance);
  CHECK(at_entrance->at.lat_deg() == doctest::Approx(drawn.at('D').lat_deg()).epsilon(1e-7));
  CHECK(snapped(drawn, drawn.at('Q'))->offset_m == doctest::Approx(20).epsilon(0.01));  // a corner is outside
  CHECK(snapped(drawn, drawn.near('P', -10, 5))->offset_m < 50);  // beside the building all is as before
  CHECK(snapped(drawn, drawn.near('P', 30, 5))->offset_m == doctest::Approx(15).epsilon(0.01));
  BuiltMap map(drawn);
  CHECK(map.map().info().counts.entrances == 1);
  CHECK(map.trip(kMoto, inside(-10), drawn.at('D')) == "*D");
  drawn.node('P', {{"entrance", "main"}});
  CHECK(snapped(drawn, inside(-10))->at.lat_deg() == doctest::Approx(drawn.at('A').lat_deg()).epsilon(1e-7));
  for (const auto* no_way_in : {"exit", "emergency", "service", "no"}) {
    CAPTURE(no_way_in);
    drawn.node('P', {{"entrance", no_way_in}});
    CHECK(snapped(drawn, inside(-10))->at.lat_deg() ==
          doctest::Approx(drawn.at('D').lat_deg()).epsilon(1e-7));
  }
  drawn.node('E', {{"entrance", "yes"}, {"access", "no"}});
  CHECK(snapped(drawn, inside(-10))->offset_m == doctest::Approx(30).epsilon(0.01));
}

TEST_CASE("entrances: a way that is a building and a road stays a road") {
  DrawnMap drawn(R"(
    A---B---C
        |   |
        D---E
)");
  drawn.way("AB")
      .way("BCEDB", {{"highway", "pedestrian"}, {"building", "roof"}})
      .node('E', {{"entrance", "yes"}});
  BuiltMap map(drawn);
  CHECK(map.map().info().counts.entrances == 1);
  CHECK(map.trip(base::Vehicle::kFoot, 'A', 'E').back() == 'E');
}

TEST_CASE("snapping: points on segments, the maximum distance, two-way streets left either way") {
  DrawnMap drawn("A-------B-------C");
  drawn.way("AB").way("BC");
  BuiltMap map(drawn);
  const auto off = drawn.near('A', 50, 30);
  const auto snap = map.map().snap(kMoto, off);
  REQUIRE(snap);
  CHECK(snap->offset_m == doctest::Approx(30).epsilon(0.005));
  CHECK(snap->at.lng_deg() == doctest::Approx(off.lng_deg()).epsilon(1e-9));
  CHECK_FALSE(map.map().snap(kMoto, off, 29));
  CHECK(map.map().snap(kMoto, off, 31));
  CHECK(map.trip(kCar, off, drawn.at('A')) == "*A");
  CHECK(map.trip(kCar, off, drawn.at('C')) == "*BC");
  CHECK(map.trip(kCar, off, drawn.near('C', 1100, 0)) == "off_map");
  const auto same = map.route(kCar, off, off);
  CHECK(same.status == road::RouteStatus::kOk);
  CHECK(same.distance.value == 0);
  CHECK(same.duration_ds == 0);
}

TEST_CASE("beside two one-way roads drawn on one line, a trip may begin in either direction") {
  DrawnMap drawn("A-------B-------C");
  drawn.way("ABC", {{"oneway", "yes"}}).way("CBA", {{"oneway", "yes"}});
  BuiltMap map(drawn);
  const auto place = drawn.near('A', 70, 11);
  CHECK(map.trip(kCar, place, drawn.at('A')) == "*A");
  CHECK(map.trip(kCar, place, drawn.at('C')) == "*BC");
  CHECK(map.route(kCar, place, drawn.at('C')).distance.value == drawn.metres("ABC") - 70);
}

TEST_CASE("a ferry carries people, takes as long as its tag says, and a motorcycle only when said") {
  DrawnMap drawn(R"(
    A---B                   C---D
    |                       |
    E-----------------------F
)");
  drawn.way("AB").way("CD").way("AE").way("EF").way("FC");
  drawn.way("BC", {{"route", "ferry"}, {"duration", "00:02"}, {"motorcycle", "yes"}});
  BuiltMap map(drawn);
  CHECK(map.trip(kCar, 'B', 'C') == "BAEFC");
  const auto ferried = map.route(kFoot, drawn.at('B'), drawn.at('C'));
  CHECK(ferried.distance.value == drawn.metres("BC"));
  CHECK(ferried.duration_ds == doctest::Approx(1200).epsilon(0.002));
}

TEST_CASE("speeds: the time is the sum of the segments', rounded to the tenth of a second once") {
  DrawnMap drawn("A---B---C");
  drawn.way("ABC", {{"maxspeed", "50"}});
  BuiltMap map(drawn);
  const auto route = map.route(kMoto, drawn.at('A'), drawn.at('C'));
  // 160 m at four fifths of 50 km/h
  CHECK(route.duration_ds == std::llround(static_cast<double>(drawn.metres("ABC")) / (40 / 3.6) * 10));
  CHECK(map.route(kFoot, drawn.at('A'), drawn.at('C')).duration_ds == doctest::Approx(1152).epsilon(0.005));
}

TEST_CASE("vehicles that were not asked for are not served, and do not cut the roads of the others") {
  auto drawn = crossing();
  BuiltMap map(drawn, {kFoot});
  CHECK(map.map().serves(kFoot));
  CHECK_FALSE(map.map().serves(kMoto));
  CHECK(map.map().info().vehicles == std::vector{kFoot});
}

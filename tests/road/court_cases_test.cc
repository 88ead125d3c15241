// Junctions over which a rider's pay was argued: each drawn, with the legal way and its length worked by hand
// from the picture (a character across or down is 20 m; pictures are drawn on a sphere, hence half a
// percent).

#include <doctest/doctest.h>

#include <cmath>

#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::Vehicle;
using test::BuiltMap;
using test::DrawnMap;

namespace {

constexpr auto kMoto = Vehicle::kMotorcycle;
constexpr auto kCar = Vehicle::kCar;
constexpr auto kFoot = Vehicle::kFoot;

// Path and length, and that the length is not another's.
void check_trip(BuiltMap& map, Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
                const std::string& path, double metres_by_hand) {
  CAPTURE(path);
  CHECK(map.trip(vehicle, from, to) == path);
  const auto metres = static_cast<double>(map.route(vehicle, from, to).distance.value);
  CHECK(std::abs(metres - metres_by_hand) <= 1 + metres_by_hand * 0.005);
}

}  // namespace

TEST_CASE("an apartment entrance behind a median: past it, round by the U-turn pocket, and back") {
  // Eastbound A-E, westbound F-J; the entrance G-K is on the westbound side. The pocket D-H joins the two
  // beyond it.
  DrawnMap drawn(R"(
        K
        |
  J-----G-------H---F
                |
  A-------B-----D---E
)");
  drawn.way("ABDE", {{"oneway", "yes"}}).way("FHGJ", {{"oneway", "yes"}}).way("GK").way("DH");
  drawn.way("EF").way("JA");  // the far ends, so that everything hangs together
  drawn.turn("no_right_turn", "DH", 'H', "FHGJ", {{"except", "motorcycle;motorcar;bicycle"}});
  BuiltMap map(drawn);
  check_trip(map, kMoto, drawn.at('B'), drawn.at('K'), "BDHGK", 120 + 40 + 160 + 40);
  check_trip(map, kFoot, drawn.at('H'), drawn.at('D'), "HD", 40);
}

TEST_CASE("a split dual carriageway: the door across the median is on the other carriageway, and far") {
  DrawnMap drawn(R"(
  J-----------------F
  |                 |
  A-----------------E
)");
  drawn.way("AE", {{"oneway", "yes"}}).way("FJ", {{"oneway", "yes"}}).way("EF").way("JA");
  BuiltMap map(drawn);
  const auto south = drawn.near('A', 100, 2), north = drawn.near('J', 100, -2);
  check_trip(map, kMoto, south, north, "*EF*", 260 + 40 + 260);
  check_trip(map, kMoto, north, south, "*JA*", 100 + 40 + 100);
}

TEST_CASE("a pair of one-way streets: there by one, back by the other") {
  DrawnMap drawn(R"(
  A---B---C
  |   |   |
  D---E---F
)");
  drawn.way("ABC", {{"oneway", "yes"}}).way("FED", {{"oneway", "yes"}}).way("AD").way("BE").way("CF");
  BuiltMap map(drawn);
  check_trip(map, kMoto, drawn.at('A'), drawn.at('C'), "ABC", 160);
  check_trip(map, kMoto, drawn.at('C'), drawn.at('A'), "CFEDA", 40 + 160 + 40);
}

TEST_CASE("an expressway that motorcycles may not use: the car's way is not the rider's") {
  DrawnMap drawn(R"(
  A-------------------B
  |                   |
  |                   |
  |                   |
  C---D---E---F---G---H
)");
  drawn.way("AB", {{"highway", "trunk"}, {"motorroad", "yes"}, {"maxspeed", "90"}}).way("AC").way("BH");
  drawn.way("CDEFGH", {{"maxspeed", "30"}});
  BuiltMap map(drawn);
  check_trip(map, kCar, drawn.at('A'), drawn.at('B'), "AB", 400);
  check_trip(map, kMoto, drawn.at('A'), drawn.at('B'), "ACDEFGHB", 80 + 400 + 80);
}

TEST_CASE("a U-turn pocket: turning is legal where the map draws it, nowhere before") {
  DrawnMap drawn(R"(
  W---V---------P---Q
      |         |
  A---B---------C---D
)");
  // Two carriageways; V-B is a footway across, P-C the pocket.
  drawn.way("ABCD", {{"oneway", "yes"}}).way("QPVW", {{"oneway", "yes"}}).way("CP", {{"oneway", "yes"}});
  drawn.way("VB", {{"highway", "footway"}}).way("WA", {{"oneway", "yes"}}).way("DQ");
  BuiltMap map(drawn);
  check_trip(map, kMoto, drawn.at('A'), drawn.at('W'), "ABCPVW", 80 + 200 + 40 + 200 + 80);
  check_trip(map, kFoot, drawn.at('B'), drawn.at('V'), "BV", 40);
}

TEST_CASE("a river: neighbours across the water are a bridge apart") {
  DrawnMap drawn(R"(
  A---B-----------C
                  |
  D---E-----------F
)");
  drawn.way("ABC").way("DEF").way("CF", {{"bridge", "yes"}});
  BuiltMap map(drawn);
  check_trip(map, kMoto, drawn.at('B'), drawn.at('E'), "BCFE", 240 + 40 + 240);
}

TEST_CASE("a gated complex: by its gate only, and never through it") {
  DrawnMap drawn(R"(
  A-------B
  |       |
  |   I---G---K
  |   |   |
  |   H---J
  |       |
  C-------D
)");
  // Inside: I-G-J-H, private. The gate G opens to B and K; J-D is a wall with a stile.
  drawn.way("AB").way("AC").way("CD").way("BG").way("GK");
  drawn.way("GIHJG", {{"access", "private"}}).way("JD", {{"access", "private"}});
  drawn.node('G', {{"barrier", "gate"}, {"access", "private"}}).node('J', {{"barrier", "stile"}});
  BuiltMap map(drawn);
  check_trip(map, kMoto, drawn.at('A'), drawn.at('H'), "ABGIH", 160 + 40 + 80 + 40);
  check_trip(map, kMoto, drawn.at('B'), drawn.at('D'), "BACD", 160 + 120 + 160);
  check_trip(map, kFoot, drawn.at('H'), drawn.at('D'), "HJD", 80 + 40);
}

TEST_CASE("a roundabout: three quarters of the ring to turn left, all of it to turn round") {
  DrawnMap drawn(R"(
        N
        |
        a
       / \
  W---b   d---E
       \ /
        c
        |
        S
)");
  drawn.way("abcda", {{"junction", "roundabout"}}).way("Na").way("Wb").way("Sc").way("Ed");
  drawn.way("NW").way("WS").way("SE").way("EN");  // so that no arm is a dead end
  BuiltMap map(drawn);
  const auto diagonal = 20 * std::sqrt(8.0);
  // From W to N the long way round by road would be 2 x longer; b-c-d-a is driven against the clock.
  CHECK(map.trip(kMoto, drawn.near('c', 0, -10), drawn.near('b', -10, 0)) == "*cdab*");
  const auto left = map.route(kMoto, drawn.near('c', 0, -10), drawn.near('b', -10, 0));
  CHECK(std::abs(static_cast<double>(left.distance.value) - (10 + 3 * diagonal + 10)) <= 2);
}

TEST_CASE("no_u_turn at the only crossing: on to the dead end, and back from there") {
  DrawnMap drawn(R"(
  A-------B-------C
          |
          D
)");
  drawn.way("AB").way("BC").way("BD");
  drawn.turn("no_u_turn", "AB", 'B', "AB");
  BuiltMap map(drawn);
  // Turning at the junction is nowhere legal; the two dead ends are at C (160 m beyond B) and D (40 m
  // beyond).
  const auto west = drawn.near('A', 100, 1), behind = drawn.near('A', 60, 1);
  check_trip(map, kMoto, west, behind, "**", 40);  // a trip may begin in either direction
  check_trip(map, kFoot, drawn.at('A'), drawn.at('D'), "ABD", 160 + 40);
}

TEST_CASE("a restriction by the hour is told and not applied: fee distances do not depend on the hour") {
  DrawnMap drawn(R"(
  A---B---C
  |       |
  D-------E
)");
  drawn.way("AB").way(
      "BC", {{"access:conditional", "no @ (07:00-09:00)"}, {"motorcycle:conditional", "no @ (22:00-06:00)"}});
  drawn.way("AD").way("DE").way("EC");
  drawn.turn("", "AB", 'B', "BC", {{"restriction:conditional", "no_straight_on @ (Mo-Fr 07:00-09:00)"}});
  BuiltMap map(drawn);
  check_trip(map, kMoto, drawn.at('A'), drawn.at('C'), "ABC", 160);
  CHECK(map.map().info().counts.conditional_rules_ignored == 1);
}

TEST_CASE(
    "a service road beside a main road: who stands nearer to it is on it, and it is left where it is open") {
  DrawnMap drawn(R"(
  A---------------B
  |               |
  C---------------D
)");
  drawn.way("AB", {{"highway", "service"}, {"oneway", "yes"}})
      .way("CD", {{"highway", "primary"}})
      .way("CA")
      .way("BD");
  BuiltMap map(drawn);
  const auto shop = drawn.near('A', 100, -15), across = drawn.near('C', 100, 15);
  check_trip(map, kMoto, shop, drawn.at('C'), "*BDC", 220 + 40 + 320);
  check_trip(map, kMoto, across, drawn.at('C'), "*C", 100);
}

TEST_CASE("a tunnel below: no turn into it, and no door opens to it") {
  DrawnMap drawn(R"(
        N
        |
  W-----X-----E
        |
  T-----+-----U
        |
        S
)");
  drawn.way("NXS").way("WXE").way("TU", {{"tunnel", "yes"}, {"layer", "-1"}, {"highway", "primary"}});
  drawn.way("WT").way("EU");
  BuiltMap map(drawn);
  check_trip(map, kMoto, drawn.at('S'), drawn.at('T'), "SXWT", 80 + 120 + 40);
  const auto above = map.map().snap(kMoto, drawn.near('T', 60, 2));
  REQUIRE(above);
  CHECK(above->offset_m > 35);  // W-X, not the tunnel 2 m away in the plane
  check_trip(map, kCar, drawn.at('W'), drawn.at('U'), "WTU", 40 + 240);  // but it is driven through
}

TEST_CASE("a place at the end of a dead-end street meets its last point") {
  DrawnMap drawn(R"(
  A-------B
          |
          C
)");
  drawn.way("AB").way("BC");
  BuiltMap map(drawn);
  const auto beyond = drawn.near('C', 0, -25);
  const auto snap = map.map().snap(kMoto, beyond);
  REQUIRE(snap);
  CHECK(snap->offset_m == doctest::Approx(25).epsilon(0.01));
  check_trip(map, kMoto, drawn.at('A'), beyond, "ABC", 160 + 40);
}

// --- turn restrictions over ways
// ---------------------------------------------------------------------------------

namespace {

// Two carriageways joined by P-Q, crossed by the street S-P-Q-N.
constexpr const char* kDual = R"(
          N
          |
  V-------Q-------U
          |
  A-------P-------B
          |
          S
)";

DrawnMap dual() {
  DrawnMap map(kDual);
  map.way("APB", {{"oneway", "yes"}}).way("UQV", {{"oneway", "yes"}}).way("PQ").way("SP").way("QN");
  map.way("BU").way("VA", {{"oneway", "yes"}}).way("NU").way("SB");
  return map;
}

}  // namespace

TEST_CASE(
    "no_u_turn over the link of a dual carriageway: turning is forbidden, all else over the link is open") {
  for (const bool forbidden : {false, true}) {
    CAPTURE(forbidden);
    DrawnMap drawn(kDual);
    drawn.way("AP", {{"oneway", "yes"}}).way("PB", {{"oneway", "yes"}}).way("UQ", {{"oneway", "yes"}});
    drawn.way("QV", {{"oneway", "yes"}})
        .way("PQ")
        .way("SP")
        .way("QN")
        .way("BU")
        .way("VA", {{"oneway", "yes"}})
        .way("NU")
        .way("SB");
    if (forbidden) drawn.turn_over_way("no_u_turn", "AP", "PQ", "QV");
    BuiltMap map(drawn);
    if (forbidden) {
      check_trip(map, kMoto, drawn.at('A'), drawn.at('V'), "APBUQV", 320 + 40 + 320);
    } else {
      check_trip(map, kMoto, drawn.at('A'), drawn.at('V'), "APQV", 160 + 40 + 160);
    }
    check_trip(map, kMoto, drawn.at('A'), drawn.at('N'), "APQN", 160 + 40 + 40);  // straight on over the link
    check_trip(map, kMoto, drawn.at('S'), drawn.at('V'), "SPQV",
               40 + 40 + 160);  // left over it from elsewhere
    check_trip(map, kFoot, drawn.near('P', -40, 0), drawn.near('Q', -40, 0), "*PQ*",
               40 + 40 + 40);  // people are not bound
    const auto on_link = drawn.near('P', 1, 20);
    check_trip(map, kMoto, on_link, drawn.at('V'), "*QV", 20 + 160);  // nor who begins on the link
    check_trip(map, kMoto, drawn.at('A'), on_link, "AP*", 160 + 20);  // nor who ends there
    CHECK(map.map().info().counts.via_way_rules == (forbidden ? 1 : 0));
  }
}

// K is a dead end over a junction in the middle of B-C-D; F-H goes round below.
constexpr const char* kStraight = R"(
          K
          |
          |
          |
  A---B---C---D---E
      |       |
      F-------H
)";

TEST_CASE("a rule over a way that junctions cut, and over several ways, holds from end to end") {
  for (const bool several : {false, true}) {
    CAPTURE(several);
    DrawnMap drawn(kStraight);
    drawn.way("AB").way("DE").way("CK").way("BF").way("FH").way("DH");
    if (several) {
      drawn.way("BC").way("CD").turn_over_ways("no_straight_on", "AB", {"BC", "CD"}, "DE");
    } else {
      drawn.way("BCD").turn_over_ways("no_straight_on", "AB", {"BCD"}, "DE");
    }
    BuiltMap map(drawn);
    check_trip(map, kMoto, drawn.at('A'), drawn.at('E'), "ABFHDE", 80 + 40 + 160 + 40 + 80);
    check_trip(map, kMoto, drawn.at('A'), drawn.at('D'), "ABCD", 240);
    check_trip(map, kMoto, drawn.at('K'), drawn.at('E'), "KCDE", 80 + 80 + 80);
    check_trip(map, kMoto, drawn.at('E'), drawn.at('A'), "EDCBA", 320);  // the rule has one direction
    check_trip(map, kMoto, drawn.at('A'), drawn.at('K'), "ABCK", 80 + 80 + 80);
  }
}

TEST_CASE("only_ over a way: from its first way the whole path is the only one") {
  auto drawn = dual();
  drawn.turn_over_way("only_straight_on", "SP", "PQ", "QN");
  BuiltMap map(drawn);
  check_trip(map, kMoto, drawn.at('S'), drawn.at('N'), "SPQN", 40 + 40 + 40);
  // From S neither into the first carriageway at P nor into the second at Q.
  CHECK(map.trip(kMoto, 'S', 'V') != "SPQV");
  CHECK(map.trip(kMoto, drawn.near('S', 0, 20), drawn.near('P', 40, 0)) != "*P*");
  CHECK(map.trip(kMoto, 'A', 'N') == "APQN");
  CHECK(map.trip(kFoot, drawn.at('S'), drawn.near('Q', -40, 0)) == "SPQ*");
}

TEST_CASE("rules over ways that follow one another, and one whose ways do not meet") {
  DrawnMap drawn(kStraight);
  drawn.way("AB").way("BC").way("CD").way("DE").way("CK").way("BF").way("FH").way("DH");
  drawn.turn_over_way("no_straight_on", "AB", "BC", "CD");
  drawn.turn_over_way("no_straight_on", "BC", "CD", "DE");
  drawn.turn_over_way("no_straight_on", "AB", "DE", "CD");  // A-B and D-E do not meet
  BuiltMap map(drawn);
  check_trip(map, kMoto, drawn.at('A'), drawn.at('D'), "ABFHD", 80 + 40 + 160 + 40);
  check_trip(map, kMoto, drawn.at('B'), drawn.at('E'), "BFHDE", 40 + 160 + 40 + 80);
  check_trip(map, kMoto, drawn.at('C'), drawn.at('E'), "CDE", 160);
  CHECK(map.map().info().counts.via_way_rules == 2);
  CHECK(map.map().info().counts.broken_rules_ignored == 1);
}

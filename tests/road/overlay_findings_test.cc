// What corrections name, in words; docs/corrections.md.

#include "reckon/road/overlay_findings.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "reckon/geo/geodesic.h"
#include "reckon/road/map_set.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::Vehicle;

namespace {

constexpr auto kMoto = Vehicle::kMotorcycle;

// A is no junction: there one road runs on into another. D is a dead end.
constexpr const char* kTown = R"(
  A---B---C------------D
  |   |   |
  E---F---G
)";

test::DrawnMap town() {
  test::DrawnMap drawn(kTown);
  drawn.way("ABCD", {{"name", "High Street"}}).way("EFG", {{"oneway", "yes"}, {"name", "Low Street"}});
  drawn.way("AE").way("BF").way("CG").way("DC", {{"highway", "footway"}});
  return drawn;
}

std::string place(const geo::LatLng& at) {
  return fmt::format("[{:.7f}, {:.7f}]", at.lat_deg(), at.lng_deg());
}

std::string entry(const std::string& id, const std::string& rest) {
  return fmt::format(R"({{"id": "{}", {}, "by": "kim", "reason": "x", "recorded": "2026-11-26T18:30:00Z"}})",
                     id, rest);
}

road::Overlay overlay_of(const std::string& entries) {
  auto overlay =
      road::parse_overlay(fmt::format(R"({{"version": 1, "corrections": [{}]}})", entries), "o.json");
  REQUIRE_MESSAGE(overlay.has_value(), (overlay ? "" : overlay.error().message));
  return *overlay;
}

/// The town's map and what corrections come to on it.
struct Town {
  test::DrawnMap drawn;
  test::BuiltMap built;

  explicit Town(const test::DrawnMap& picture, std::vector<Vehicle> vehicles = {kMoto})
      : drawn(picture), built(picture, std::move(vehicles)) {}

  road::Finding find(const std::string& what) const {
    const auto overlay = overlay_of(entry("c1", what));
    auto finding = road::finding_of(overlay.corrections[0], built.map());
    // The words and what is done agree on whether there is anything.
    CHECK(finding.fault.has_value() != road::resolve(overlay, built.map()).found[0]);
    return finding;
  }
  std::string says(const std::string& what) const {
    const auto finding = find(what);
    REQUIRE_MESSAGE(!finding.fault, (finding.fault ? finding.fault->message : ""));
    return finding.changes_nothing.empty() ? finding.says : "nothing: " + finding.changes_nothing;
  }
  std::string amiss(const std::string& what) const {
    const auto finding = find(what);
    REQUIRE(finding.fault);
    return finding.fault->where + ": " + finding.fault->message;
  }
  auto way(const char* nodes) const { return drawn.way_id(nodes); }
  std::string at(char name, double east_m = 0, double north_m = 0) const {
    return place(drawn.near(name, east_m, north_m));
  }
  std::string turn(const char* kind, std::int64_t from, std::int64_t to, const std::string& where) const {
    return fmt::format(R"("kind": "{}", "from_way": {}, "to_way": {}, "at": {})", kind, from, to, where);
  }
};

}  // namespace

TEST_CASE("corrections in words: what is named, by way and name, with metres") {
  const Town on(town());
  const auto high = on.way("ABCD"), low = on.way("EFG"), side = on.way("BF");
  CHECK(on.says(fmt::format(R"("kind": "close", "way": {})", high)) ==
        fmt::format("closes \"High Street\" (way {}), a road without a name (way {}), {} m", high,
                    on.way("AE"), on.drawn.metres("EABCD")));
  CHECK(on.says(fmt::format(R"("kind": "close", "near": {})", on.at('B', 20, 3))) ==
        fmt::format("closes \"High Street\" (way {}), {} m, 3.0 m from the place named", high,
                    on.drawn.metres("BC")));
  CHECK(on.says(on.turn("forbid_turn", high, side, on.at('B', 4, 3))) ==
        fmt::format("forbids the turn from \"High Street\" (way {}) to a road without a name (way {}) at the "
                    "junction {:.6f},{:.6f}, 5.0 m from the place named",
                    high, side, on.drawn.at('B').lat_deg(), on.drawn.at('B').lng_deg()));
  const auto shut = on.find(fmt::format(R"("kind": "gate", "at": {}, "open": false)", on.at('F')));
  CHECK(shut.says.find("shuts the junction ") == 0);
  CHECK(shut.ways == std::vector<road::FoundWay>{{low, "Low Street"}, {side, ""}});
  const auto link = on.find(
      fmt::format(R"("kind": "link", "from": {}, "to": {}, "speed_kmh": 30)", on.at('B'), on.at('G')));
  CHECK(link.length_m == on.drawn.metres("BG"));
  CHECK(link.places.size() == 2);
  const auto all = on.find(R"("kind": "speed", "percent": 80)");
  CHECK(std::abs(all.length_m - on.drawn.metres("DCBAEFGC") - on.drawn.metres("BF")) <=
        1);  // each is rounded
  CHECK(all.ways.empty());
}

TEST_CASE("corrections in words: what changes nothing says why") {
  const Town on(town());
  const auto low = on.way("EFG");
  CHECK(on.says(fmt::format(R"("kind": "close", "way": {}, "heading": 270)", low)) ==
        "nothing: nobody travels there within 90 degrees of that heading; one does towards 90 degrees");
  CHECK(on.says(fmt::format(R"("kind": "close", "way": {}, "heading": 45)", low)).find("closes") == 0);
  CHECK(on.says(on.turn("allow_turn", on.way("ABCD"), on.way("BF"), on.at('B'))) ==
        "nothing: the map allows it already");
  CHECK(on.says(fmt::format(R"("kind": "gate", "at": {}, "open": true)", on.at('F'))) ==
        "nothing: one may pass it in every direction already");
  CHECK(on.says(R"("kind": "speed", "percent": 80, "class": "motorway")") ==
        "nothing: the map has no road of class motorway");
  auto ruled = town();
  ruled.turn("no_right_turn", "ABCD", 'B', "BF").turn("no_left_turn", "ABCD", 'B', "BF");
  const Town strict(ruled);
  CHECK(strict.says(strict.turn("forbid_turn", on.way("ABCD"), on.way("BF"), on.at('B'))) ==
        "nothing: the map forbids it already");
  CHECK(strict.says(strict.turn("allow_turn", on.way("ABCD"), on.way("BF"), on.at('B'))).find("allows") == 0);
}

TEST_CASE("corrections in words: those whom it does not touch are left out") {
  const Town on(town(), {kMoto, Vehicle::kFoot});
  const auto finding = on.find(fmt::format(R"("kind": "close", "way": {})", on.way("DC")));
  CHECK(finding.vehicles == std::vector{Vehicle::kFoot});
  CHECK(finding.says.ends_with(", for foot"));
}

TEST_CASE("corrections in words: what is amiss names its field and the nearest candidate") {
  const Town on(town());
  const auto high = on.way("ABCD"), low = on.way("EFG"), side = on.way("BF");
  const auto far = [&](double north_m) {  // a place so far north of the dead end, measured
    return fmt::format("{:.1f}", geo::geodesic_m(on.drawn.near('D', 0, north_m), on.drawn.at('D')));
  };
  struct Row {
    std::string what, told;
    const char* why;
  };
  for (const auto& row : {
           Row{R"("kind": "close", "way": 99)",
               "/way: the map has no way 99; the id of an OpenStreetMap way ", "unknown way"},
           Row{fmt::format(R"("kind": "close", "near": {})", on.at('D', 0, 74)),
               fmt::format("/near: the nearest road is {} m away; at most 30 m are allowed", far(74)),
               "too far"},
           Row{R"("kind": "close", "near": [10, 10])",
               "/near: no road lies within 1000 m; one that is at most 30 m away is needed", "elsewhere"},
           Row{fmt::format(R"("kind": "close", "near": {}, "vehicles": ["car"])", on.at('A')),
               "/vehicles: the map has no car; it has motorcycle", "no such vehicle"},
           Row{on.turn("forbid_turn", 99, side, on.at('B')), "/from_way: the map has no way 99",
               "unknown from"},
           Row{on.turn("allow_turn", high, 99, on.at('B')), "/to_way: the map has no way 99", "unknown to"},
           Row{on.turn("forbid_turn", high, side, on.at('D', 0, 45)),
               fmt::format("/at: the nearest junction is {} m away; at most 30 m are allowed", far(45)),
               "no junction"},
           Row{on.turn("forbid_turn", low, high, on.at('D')),
               fmt::format("/from_way: way {} is not at the junction {:.6f},{:.6f}; {} is there", low,
                           on.drawn.at('D').lat_deg(), on.drawn.at('D').lng_deg(), high),
               "from_way elsewhere"},
           Row{on.turn("forbid_turn", high, low, on.at('B')),
               fmt::format("/to_way: way {} is not at the junction {:.6f},{:.6f}; {}, {} are there", low,
                           on.drawn.at('B').lat_deg(), on.drawn.at('B').lng_deg(), std::min(high, side),
                           std::max(high, side)),
               "to_way elsewhere"},
           Row{on.turn("allow_turn", low, on.way("AE"), on.at('E')),
               fmt::format("/from_way: way {} leads away from the junction ", low), "from against one-way"},
           Row{on.turn("forbid_turn", on.way("CG"), low, on.at('G')),
               fmt::format("/to_way: way {} leads to the junction ", low), "to against one-way"},
           Row{fmt::format(R"("kind": "link", "from": {}, "to": {}, "speed_kmh": 30)", on.at('B'),
                           on.at('B', 9)),
               fmt::format(
                   "/to: is nearest to the same junction as from, {:.6f},{:.6f}; another one is needed",
                   on.drawn.at('B').lat_deg(), on.drawn.at('B').lng_deg()),
               "both ends one junction"},
           Row{fmt::format(R"("kind": "link", "from": {}, "to": {}, "speed_kmh": 30)", on.at('B'),
                           on.at('D', 0, 33)),
               fmt::format("/to: the nearest junction is {} m away; at most 30 m are allowed", far(33)),
               "an end at none"},
           Row{fmt::format(R"("kind": "gate", "at": {}, "open": true)", on.at('D', 0, 2)),
               fmt::format(
                   "/at: the junction {:.6f},{:.6f}, 2.0 m away, joins no two roads that motorcycle may use",
                   on.drawn.at('D').lat_deg(), on.drawn.at('D').lng_deg()),
               "a dead end is no gate"},
           Row{fmt::format(R"("kind": "speed", "percent": 80, "way": {}, "class": "motorway")", high),
               "/class: no road named here is of class motorway; residential is", "another class"},
           Row{R"("kind": "speed", "percent": 80, "area": [1, 2, 3, 4])",
               "/area: no road has its middle in it; the map covers [", "an area elsewhere"},
       }) {
    CAPTURE(row.why);
    const auto told = on.amiss(row.what);
    CHECK_MESSAGE(told.find(row.told) == 0, told);
  }
}

TEST_CASE("corrections in words: a swapped place is told where the swapped pair lies on the map") {
  const test::DrawnMap drawn(kTown, test::kPorto);
  auto picture = drawn;
  picture.way("ABCD");
  const Town on(picture);
  const auto a = on.drawn.at('A');
  CHECK(
      on.amiss(fmt::format(R"("kind": "close", "near": [{:.7f}, {:.7f}])", a.lng_deg(), a.lat_deg())) ==
      "/near: latitude and longitude look swapped (the swapped pair lies on the map); [LAT, LON] is needed");
}

TEST_CASE("corrections: contradictions name both, in time and vehicle") {
  const Town on(town(), {kMoto, Vehicle::kCar});
  const auto forbid = on.turn("forbid_turn", on.way("ABCD"), on.way("BF"), on.at('B'));
  const auto allow = on.turn("allow_turn", on.way("ABCD"), on.way("BF"), on.at('B', 2, 2));
  const auto other = on.turn("allow_turn", on.way("BF"), on.way("ABCD"), on.at('B'));
  const std::string early = R"(, "until_time": "2026-12-01T00:00:00Z")",
                    late = R"(, "from_time": "2026-12-01T00:00:00Z")";
  const auto hours = [](const std::string& from, const std::string& to, const std::string& days) {
    return R"(, "daily": {"from": ")" + from + R"(", "to": ")" + to +
           R"(", "time_zone": "Asia/Seoul", "weekdays": [)" + days + "]}";
  };
  const std::string week = R"("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")";
  const auto day = hours("08:00", "20:00", week), night = hours("20:00", "08:00", week),
             dawn = hours("07:00", "08:01", R"("sunday")"),
             saturday = hours("20:00", "07:30", R"("saturday")");
  const std::string car = R"(, "vehicles": ["car"])", moto = R"(, "vehicles": ["motorcycle"])";
  const auto maps = road::MapSet::make({{std::shared_ptr<void>(), &on.built.map()}});
  REQUIRE(maps);
  struct Row {
    std::string first, second, told;
    const char* why;
  };
  for (const auto& row : {
           Row{forbid, allow, "'b' allows the turn that 'a' forbids at the same time; one of them", "both"},
           Row{allow, forbid, "'b' forbids the turn that 'a' allows at the same time; one of them",
               "the other order"},
           Row{forbid, forbid, "'b' forbids the same turn as 'a' at the same time; one of them is needed",
               "twice"},
           Row{forbid + early, allow, "'b' allows the turn that 'a' forbids",
               "one ends while the other is in force"},
           Row{forbid + early, allow + late, "", "one after the other"},
           Row{forbid + late, allow + early, "", "one before the other"},
           Row{forbid + day, allow + night, "", "by day and by night"},
           Row{forbid + day, allow + dawn, "'b' allows the turn that 'a' forbids", "a minute a week"},
           Row{forbid + dawn, allow + saturday, "'b' allows the turn that 'a' forbids",
               "from the evening before"},
           Row{forbid + saturday, allow + hours("07:30", "20:00", R"("sunday")"), "",
               "one ends when the other begins"},
           Row{forbid + car, allow + moto, "", "other vehicles"},
           Row{forbid + car, allow, "'b' allows the turn that 'a' forbids", "one vehicle of two"},
           Row{forbid, other, "", "the turn the other way"},
       }) {
    CAPTURE(row.why);
    const auto checked =
        maps->check(overlay_of(entry("a", row.first) + "," + entry("b", row.second)), "o.json");
    CHECK(checked.has_value() == row.told.empty());
    if (checked) continue;
    CHECK(checked.error().where == "o.json#/corrections/1");
    CHECK_MESSAGE(checked.error().message.find(row.told) == 0, checked.error().message);
  }
}

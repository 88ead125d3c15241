// Corrections: a map under them answers every trip as the map does that was drawn with them.

#include "reckon/road/overlaid_map.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <random>
#include <thread>

#include "reckon/road/live_roads.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::Vehicle;
using road::OverlaidMap;
using road::RouteStatus;

namespace {

constexpr auto kMoto = Vehicle::kMotorcycle;

constexpr const char* kTown = R"(
  A---B-----C--D
  |   |     |  |
  E---F--Q--G--H
  |   |     |  |
  I---J-----K--L
  |   |     |  |
  M---N-----O--P
)";

test::DrawnMap town(const char* picture = kTown) {
  test::DrawnMap drawn(picture);
  drawn.way("ABCD", {{"highway", "primary"}}).way("IJKL").way("MNOP").way("AEIM").way("BFJN");
  drawn.way("DHLP", {{"highway", "primary"}});
  return drawn;
}

/// The open map and a pointer that does not own it.
struct Town {
  test::BuiltMap built;
  explicit Town(const test::DrawnMap& drawn) : built(drawn, {kMoto}) {}
  std::shared_ptr<const road::RoadMap> map() const { return {std::shared_ptr<void>(), &built.map()}; }
};

std::string entry(const std::string& kind_and_more, const std::string& id = "c1") {
  return fmt::format(
      R"({{"id": "{}", {}, "by": "kim", "reason": "road works", "recorded": "2026-11-26T18:30:00+09:00"}})",
      id, kind_and_more);
}

road::Overlay overlay_of(const std::string& entries) {
  auto overlay =
      road::parse_overlay(fmt::format(R"({{"version": 1, "corrections": [{}]}})", entries), "overlay.json");
  REQUIRE_MESSAGE(overlay.has_value(), (overlay ? "" : overlay.error().message));
  return *overlay;
}

std::shared_ptr<const OverlaidMap> corrected(const Town& on, const std::string& entries,
                                             road::Metric metric = road::Metric::kFastest) {
  const auto overlay = overlay_of(entries);
  const auto resolved = road::resolve(overlay, on.built.map());
  for (const bool found : resolved.found) CHECK(found);
  return OverlaidMap::make(on.map(), resolved.by_vehicle, overlay.release(), metric);
}

std::string at(const test::DrawnMap& drawn, char name) {
  return fmt::format("[{:.9f}, {:.9f}]", drawn.at(name).lat_deg(), drawn.at(name).lng_deg());
}

/// Trips between all nodes that answer differently; tables must agree with routes.
int differences(const test::DrawnMap& drawn, const road::Roads& a, const road::Roads& b,
                std::int64_t tolerance_m = 0, char but_from = 0) {
  road::Roads::Query query;
  std::vector<geo::LatLng> places;
  for (const auto& [name, place] : drawn.places()) {
    if (name != but_from) places.push_back(drawn.near(name, 3, -4));
  }
  const auto cells = a.table(query, kMoto, places, places);
  int different = 0, table_differs = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = 0; j < places.size(); ++j) {
      const auto one = a.route(query, kMoto, places[i], places[j], {.geometry = road::WithGeometry::kYes});
      const auto other = b.route(query, kMoto, places[i], places[j]);
      different += one.status != other.status ||
                   std::abs(one.distance.value - other.distance.value) > tolerance_m ||
                   std::abs(one.duration_ds - other.duration_ds) > tolerance_m;
      const auto& cell = cells[i * places.size() + j];
      table_differs += cell.status != one.status || cell.distance.value != one.distance.value ||
                       cell.duration_ds != one.duration_ds;
      if (one.status == RouteStatus::kOk) CHECK(one.geometry.size() >= 2);
    }
  }
  CHECK(table_differs == 0);
  return different;
}

}  // namespace

TEST_CASE("corrections: without any, answers and release are the map's") {
  const auto drawn = town().way("EFQGH").way("CGKO");
  const Town on(drawn);
  const auto same = OverlaidMap::make(on.map(), {}, "");
  CHECK(differences(drawn, *same, on.built.map()) == 0);
  CHECK(same->release() == on.built.map().release());
}

TEST_CASE("corrections: a closed street is as one that is not there") {
  const auto drawn = town().way("EFQGH").way("CGKO");
  const Town whole(drawn);
  // Its ends are left: who drives past a closed street passes a junction all the same.
  const Town without(town(R"(
  A---B-----C--D
  |   |     |  |
  Ea-bFc-Q-dGefH
  |   |     |  |
  I---J-----K--L
  |   |     |  |
  M---N-----O--P
)")
                         .way("CGKO")
                         .way("Ea")
                         .way("bFc")
                         .way("dGe")
                         .way("fH"));
  const auto id = drawn.way_id("EFQGH");
  const auto closed = corrected(whole, entry(fmt::format(R"("kind": "close", "way": {})", id)));
  CHECK(differences(drawn, *closed, without.built.map(), 0, 'Q') == 0);
  CHECK(differences(drawn, *closed, whole.built.map()) > 0);
  CHECK(closed->release() != whole.built.map().release());
  SUBCASE("closed and opened again by later versions") {
    const auto resolved =
        road::resolve(overlay_of(entry(fmt::format(R"("kind": "close", "way": {})", id))), whole.built.map());
    const auto base = OverlaidMap::make(whole.map(), {}, "");
    const auto later = base->with(resolved.by_vehicle, "sha256:x");
    CHECK(differences(drawn, *later, without.built.map(), 0, 'Q') == 0);
    CHECK(differences(drawn, *later->with({}, ""), whole.built.map()) == 0);
    CHECK(differences(drawn, *base, whole.built.map()) == 0);
  }
}

TEST_CASE("corrections: a street closed one way is a one-way street") {
  const auto drawn = town().way("EFQGH").way("CGKO");
  const Town whole(drawn);
  const Town one_way(town().way("EFQGH", {{"oneway", "yes"}}).way("CGKO"));
  const auto closed = corrected(
      whole, entry(fmt::format(R"("kind": "close", "way": {}, "heading": 270)", drawn.way_id("EFQGH"))));
  CHECK(differences(drawn, *closed, one_way.built.map()) == 0);
}

TEST_CASE("corrections: a turn forbidden, a turn allowed") {
  const auto drawn = town().way("EFQGH").way("CGKO");
  auto ruled = drawn;
  ruled.turn("no_left_turn", "ABCD", 'C', "CGKO").turn("no_right_turn", "ABCD", 'C', "CGKO");
  const Town free(drawn), bound(ruled);
  const auto turn = [&](const char* kind, const char* id) {
    return entry(fmt::format(R"("kind": "{}", "from_way": {}, "to_way": {}, "at": {})", kind,
                             drawn.way_id("ABCD"), drawn.way_id("CGKO"), at(drawn, 'C')),
                 id);
  };
  CHECK(differences(drawn, free.built.map(), bound.built.map()) > 0);
  CHECK(differences(drawn, *corrected(free, turn("forbid_turn", "a")), bound.built.map()) == 0);
  CHECK(differences(drawn, *corrected(bound, turn("allow_turn", "b")), free.built.map()) == 0);
}

TEST_CASE("corrections: a gate opened, a gate shut") {
  const auto drawn = town().way("EFQGH").way("CGKO");
  auto barred = drawn;
  barred.node('Q', {{"barrier", "block"}});
  const Town free(drawn), shut(barred);
  const auto gate = [&](bool open) {
    return entry(fmt::format(R"("kind": "gate", "at": {}, "open": {})", at(drawn, 'Q'), open));
  };
  CHECK(differences(drawn, free.built.map(), shut.built.map()) > 0);
  CHECK(differences(drawn, *corrected(shut, gate(true)), free.built.map()) == 0);
  CHECK(differences(drawn, *corrected(shut, gate(false)), shut.built.map()) == 0);
}

TEST_CASE("corrections: an added road joins junctions, one way or both") {
  const auto drawn = town().way("EFQGH");
  const Town without(drawn);
  const auto link = [&](char from, char to, bool both) {
    return entry(fmt::format(R"("kind": "link", "from": {}, "to": {}, "speed_kmh": 100, "both_ways": {})",
                             at(drawn, from), at(drawn, to), both));
  };
  const auto added = corrected(without, link('B', 'H', true));
  CHECK(differences(drawn, *added, without.built.map()) > 0);
  road::Roads::Query query;
  const auto trip = [&](const road::Roads& on, char from, char to) {
    return on.route(query, kMoto, drawn.at(from), drawn.at(to), {.geometry = road::WithGeometry::kYes});
  };
  CHECK(trip(*added, 'B', 'H').distance.value == drawn.metres("BH"));
  CHECK(trip(*added, 'H', 'B').distance.value == drawn.metres("BH"));
  CHECK(trip(*added, 'A', 'L').distance.value == drawn.metres("ABHL"));
  const auto back = corrected(without, link('H', 'B', false));
  CHECK(trip(*back, 'H', 'B').distance.value == drawn.metres("BH"));
  CHECK(trip(*back, 'B', 'H').distance.value == trip(without.built.map(), 'B', 'H').distance.value);
  const auto nowhere = road::resolve(overlay_of(link('C', 'H', true)), without.built.map());
  CHECK_FALSE(nowhere.found[0]);
}

TEST_CASE("corrections: speeds by class, street and area; half the speed takes twice the time") {
  const auto drawn = town().way("EFQGH").way("CGKO");
  const Town on(drawn);
  const auto all = corrected(on, entry(R"("kind": "speed", "percent": 50)"));
  road::Roads::Query query;
  for (const auto& [name, place] : drawn.places()) {
    const auto before = on.built.map().route(query, kMoto, drawn.at('A'), drawn.at(name));
    const auto after = all->route(query, kMoto, drawn.at('A'), drawn.at(name));
    CHECK(after.distance == before.distance);
    const auto more_ds = after.duration_ds - 2 * before.duration_ds;
    const bool straight = name >= 'A' && name <= 'D';  // turning takes no longer
    CHECK(more_ds <= 2);
    CHECK(more_ds >= (straight ? -2 : -200));
  }
  const auto slow = corrected(
      on, entry(fmt::format(R"("kind": "speed", "percent": 10, "way": {})", drawn.way_id("EFQGH"))));
  CHECK(slow->route(query, kMoto, drawn.at('F'), drawn.at('G')).distance.value == drawn.metres("FBCG"));
  const auto area = corrected(
      on, entry(fmt::format(R"("kind": "speed", "percent": 10, "area": [{:.9f}, {:.9f}, {:.9f}, {:.9f}])",
                            drawn.at('B').lng_deg(), drawn.at('F').lat_deg() - 1e-5, drawn.at('C').lng_deg(),
                            drawn.at('F').lat_deg() + 1e-5)));
  CHECK(area->route(query, kMoto, drawn.at('F'), drawn.at('G')).distance.value == drawn.metres("FBCG"));
}

TEST_CASE("corrections: the shortest path may be a slower one") {
  const auto drawn = town().way("EFQGH", {{"highway", "living_street"}}).way("CGKO");
  const Town on(drawn);
  const auto shortest = OverlaidMap::make(on.map(), {}, "", road::Metric::kShortest);
  road::Roads::Query query;
  const auto from = drawn.at('E'), to = drawn.at('H');
  const auto fast = on.built.map().route(query, kMoto, from, to),
             near = shortest->route(query, kMoto, from, to);
  CHECK(near.distance.value == drawn.metres("EFQGH"));
  CHECK(near.distance.value < fast.distance.value);
  CHECK(near.duration_ds > fast.duration_ds);
}

TEST_CASE("corrections: a place names one street for all vehicles, not for each its own") {
  const auto drawn = test::DrawnMap(R"(
    A-----B-----C
    D     E     F
)")
                         .way("ABC")
                         .way("AD")
                         .way("CF")
                         .way("DEF", {{"highway", "footway"}});
  const test::BuiltMap built(drawn, {kMoto, Vehicle::kFoot});
  const auto changes = [&](const std::string& more) {
    const auto place = drawn.near('E', 0, 2);
    const auto overlay = overlay_of(entry(fmt::format(R"("kind": "close", "near": [{:.9f}, {:.9f}]{})",
                                                      place.lat_deg(), place.lng_deg(), more)));
    return road::resolve(overlay, built.map()).by_vehicle;
  };
  const auto all = changes("");
  CHECK(all[static_cast<std::size_t>(Vehicle::kFoot)].arcs.closed_edge_dirs.size() == 2);
  CHECK(all[static_cast<std::size_t>(kMoto)].arcs.closed_edge_dirs.empty());
  const auto motor = changes(R"(, "vehicles": ["motorcycle"])");
  CHECK(motor[static_cast<std::size_t>(Vehicle::kFoot)].arcs.closed_edge_dirs.empty());
  CHECK(motor[static_cast<std::size_t>(kMoto)].arcs.closed_edge_dirs.size() == 2);
}

TEST_CASE("corrections: allowing a turn that is there leaves the turn rules over ways that it begins") {
  const auto drawn = town().way("EFQGH").way("CGKO");
  auto ruled = drawn;
  ruled.turn_over_way("no_left_turn", "ABCD", "CGKO", "EFQGH");
  const Town on(ruled);
  const auto allowed =
      corrected(on, entry(fmt::format(R"("kind": "allow_turn", "from_way": {}, "to_way": {}, "at": {})",
                                      drawn.way_id("ABCD"), drawn.way_id("CGKO"), at(drawn, 'C'))));
  CHECK(differences(drawn, *allowed, on.built.map()) == 0);
}

TEST_CASE("corrections: readers on two threads see whole versions only while others are made") {
  const auto drawn = town().way("EFQGH").way("CGKO");
  const Town on(drawn);
  auto maps = road::MapSet::make({on.map()});
  REQUIRE(maps);
  road::LiveRoads roads(std::move(*maps));
  const auto closing = overlay_of(entry(fmt::format(R"("kind": "close", "way": {})", drawn.way_id("EFQGH"))));
  const auto open_m = drawn.metres("FQG"), closed_m = drawn.metres("FBCG");
  REQUIRE(open_m != closed_m);
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0, asked = 0;
  const auto read = [&] {
    road::Roads::Query query;
    while (!stop) {
      const auto route = roads.route(query, kMoto, drawn.at('F'), drawn.at('G'));
      const bool open = route.map_release == on.built.map().release();
      wrong += route.distance.value != (open ? open_m : closed_m);
      ++asked;
    }
  };
  std::thread first(read), second(read);
  for (int i = 0; i < 1000; ++i) {
    roads.put(roads.current()->under(i % 2 == 0 ? closing : road::Overlay{}));
  }
  while (asked < 1000) std::this_thread::yield();
  stop = true;
  first.join();
  second.join();
  CHECK(wrong == 0);
}

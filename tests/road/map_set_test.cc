// Several maps side by side: which one answers, and that tables and routes agree on it.

#include "reckon/road/map_set.h"

#include <doctest/doctest.h>

#include <random>

#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::Vehicle;
using road::MapSet;
using road::RouteStatus;

namespace {

constexpr auto kMoto = Vehicle::kMotorcycle;

/// Two branch areas that overlap between C and F, a third one far away; each a file of its own.
struct Areas {
  test::TempFolder folder;
  test::DrawnMap drawn{R"(
    A---B---C---D---E---F---G---H
    |       |           |       |
    J-------K-----------L-------M          X---Y
)"};

  std::shared_ptr<const road::RoadMap> map(const std::string& name, const std::vector<std::string>& ways,
                                           std::vector<Vehicle> vehicles = {kMoto}) {
    test::DrawnMap part = drawn;
    for (const auto& way : ways) part.way(way);
    part.write(folder / (name + ".osm.pbf"));
    REQUIRE(road::build_map({{folder / (name + ".osm.pbf")}, folder / name, std::move(vehicles)}));
    auto opened = road::RoadMap::open(folder / name);
    REQUIRE(opened);
    return std::make_shared<const road::RoadMap>(std::move(*opened));
  }
  std::shared_ptr<const road::RoadMap> west() { return map("west", {"ABCDEF", "AJ", "CK", "FL", "JKL"}); }
  std::shared_ptr<const road::RoadMap> east() { return map("east", {"CDEFGH", "CK", "FL", "HM", "KLM"}); }
  std::shared_ptr<const road::RoadMap> far() { return map("far", {"XY"}, {kMoto, Vehicle::kFoot}); }
};

std::string answered_by(const MapSet& set, const road::Route& route) {
  for (std::size_t i = 0; i < set.maps().size(); ++i) {
    if (set.maps()[i]->release() == route.map_release) return std::to_string(i);
  }
  return route.map_release == set.release() ? "set" : "?";
}

}  // namespace

TEST_CASE("a trip is answered by the map that covers both ends; across a gap it is off the map") {
  Areas areas;
  const auto set = MapSet::make({areas.west(), areas.east(), areas.far()});
  REQUIRE(set);
  road::Roads::Query query;
  struct Row {
    char from, to;
    RouteStatus status;
    const char* by;
    const char* why;
  };
  for (const Row row : {Row{'A', 'K', RouteStatus::kOk, "0", "only the west has A"},
                        Row{'H', 'D', RouteStatus::kOk, "1", "only the east has H"},
                        Row{'X', 'Y', RouteStatus::kOk, "2", "far away"},
                        Row{'A', 'X', RouteStatus::kOffMap, "set", "no map reaches both"}}) {
    CAPTURE(row.why);
    road::RouteOptions near;
    near.max_snap_m = 15;
    const auto route = set->route(query, kMoto, areas.drawn.at(row.from), areas.drawn.at(row.to), near);
    CHECK(route.status == row.status);
    CHECK(answered_by(*set, route) == row.by);
  }
  // In the overlap: the map whose border is farther from both ends.
  const auto deep_west =
      set->route(query, kMoto, areas.drawn.near('C', 0, -12), areas.drawn.near('D', 0, -12));
  CHECK(answered_by(*set, deep_west) == "0");
  const auto deep_east =
      set->route(query, kMoto, areas.drawn.near('E', 0, -12), areas.drawn.near('F', 0, -12));
  CHECK(answered_by(*set, deep_east) == "1");
  CHECK(set->serves(Vehicle::kFoot));
  CHECK(set->route(query, Vehicle::kFoot, areas.drawn.at('X'), areas.drawn.at('Y')).status ==
        RouteStatus::kOk);
  CHECK(set->vehicles() == std::vector{kMoto, Vehicle::kFoot});
}

TEST_CASE("tables of a set are what its routes say, whatever else is asked") {
  Areas areas;
  const auto set = MapSet::make({areas.west(), areas.east(), areas.far()});
  REQUIRE(set);
  std::mt19937_64 random(5);
  const auto pick = [&](double reach) { return static_cast<double>(random() % 1001) / 500 * reach - reach; };
  std::vector<geo::LatLng> places;
  for (int i = 0; i < 60; ++i)
    places.push_back(areas.drawn.near("ABCDEFGHJKLMXY"[i % 14], pick(40), pick(30)));
  road::Roads::Query query;
  road::TableOptions options;
  options.max_snap_m = 40;
  road::RouteOptions one;
  one.max_snap_m = 40;
  const auto cells = set->table(query, kMoto, places, places, options);
  std::array<std::size_t, 4> told{};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto route = set->route(query, kMoto, places[i / places.size()], places[i % places.size()], one);
    CHECK(cells[i].status == route.status);
    CHECK(cells[i].distance == route.distance);
    CHECK(cells[i].duration_ds == route.duration_ds);
    ++told[static_cast<std::size_t>(route.status)];
  }
  CHECK(told[static_cast<std::size_t>(RouteStatus::kOk)] > 500);
  CHECK(told[static_cast<std::size_t>(RouteStatus::kOffMap)] > 500);
}

TEST_CASE("a set names what it is made of, and refuses what it cannot be made of") {
  Areas areas;
  const auto west = areas.west(), east = areas.east();
  CHECK(MapSet::make({west})->release() == west->release());
  const auto both = MapSet::make({west, east});
  CHECK(both->release() != west->release());
  CHECK(both->release() != MapSet::make({east, west})->release());
  CHECK(MapSet::make({}).error().code == base::ErrorCode::kInvalidInput);
  CHECK(MapSet::make({west, east, west}).error().where == "maps/2");
  const auto missing = MapSet::open({areas.folder / "west", areas.folder / "none", areas.folder / "nor"});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == base::ErrorCode::kEnvironment);
  CHECK(missing.error().all().size() == 2);
  CHECK(MapSet::open({areas.folder / "west", areas.folder / "east"})->release() == both->release());
}

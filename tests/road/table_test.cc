// Tables and prepared places through the public interface: cells are what `route` says, limits leave out what
// exceeds them.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::Vehicle;
using road::RoadMap;

namespace {

constexpr auto kVehicle = Vehicle::kMotorcycle;

test::DrawnMap town() {
  test::DrawnMap drawn(R"(
    A---B---C---K
    |   |   |
    D---E---F---G
    |       |
    H-------J       X---Y
)");
  drawn.way("ABCK").way("DEF").way("FG", {{"access", "private"}}).way("AD").way("BE", {{"oneway", "yes"}});
  drawn.way("CF").way("DH").way("HJ").way("JF", {{"oneway", "yes"}}).way("XY");
  return drawn;
}

std::vector<geo::LatLng> places_of(const test::DrawnMap& drawn) {
  std::vector<geo::LatLng> places;
  for (const auto& [name, place] : drawn.places()) {
    places.push_back(drawn.at(name));
    places.push_back(drawn.near(name, 9, 2));
  }
  places.push_back(drawn.near('A', -40'000, 0));  // off the map
  return places;
}

bool same(const road::TableCell& cell, const road::Route& route) {
  return cell.status == route.status && cell.distance == route.distance &&
         cell.duration_ds == route.duration_ds;
}

}  // namespace

TEST_CASE("table: each cell is what route says of that pair") {
  const auto drawn = town();
  test::BuiltMap built(drawn);
  const auto places = places_of(drawn);
  RoadMap::Query query;
  const auto cells = built.map().table(query, kVehicle, places, places);
  REQUIRE(cells.size() == places.size() * places.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    CAPTURE(i);
    CHECK(same(cells[i], built.route(kVehicle, places[i / places.size()], places[i % places.size()])));
  }
}

TEST_CASE("table: two threads fill in the very cells that one does") {
  const auto drawn = town();
  test::BuiltMap built(drawn);
  std::vector<geo::LatLng> places;
  for (int i = 0; i < 20; ++i) {
    for (const auto& place : places_of(drawn)) places.push_back(place);
  }
  std::array<RoadMap::Query, 2> queries;
  const auto expected = built.map().table(queries[0], kVehicle, places, places);
  std::vector<road::TableCell> cells(expected.size());
  built.map().table(queries, kVehicle, places, places, {}, cells);
  CHECK(std::ranges::equal(cells, expected, [](const road::TableCell& a, const road::TableCell& b) {
    return a.status == b.status && a.distance == b.distance && a.duration_ds == b.duration_ds;
  }));
}

TEST_CASE("prepared places: as sources and as destinations each cell is what route says of that pair") {
  const auto drawn = town();
  test::BuiltMap built(drawn);
  const auto places = places_of(drawn);
  RoadMap::Query query;
  RoadMap::Places sources, destinations;
  built.map().prepare(query, kVehicle, RoadMap::Role::kSources, places, sources);
  built.map().prepare(query, kVehicle, RoadMap::Role::kDestinations, places, destinations);
  REQUIRE(sources.size() == places.size());
  std::vector<road::TableCell> to_one(places.size()), from_one(places.size());
  for (const auto& one : places) {
    built.map().table_row(query, one, sources, {}, to_one);
    built.map().table_row(query, one, destinations, {}, from_one);
    for (std::size_t i = 0; i < places.size(); ++i) {
      CAPTURE(i);
      CHECK(same(to_one[i], built.route(kVehicle, places[i], one)));
      CHECK(same(from_one[i], built.route(kVehicle, one, places[i])));
    }
  }
}

TEST_CASE(
    "limits: a trip of exactly the limit stays, a longer one is beyond, no route and off the map stay "
    "themselves") {
  const auto drawn = town();
  test::BuiltMap built(drawn);
  const auto places = places_of(drawn);
  RoadMap::Query query;
  const auto all = built.map().table(query, kVehicle, places, places);
  const auto far = built.route(kVehicle, drawn.at('A'), drawn.at('K'));
  const auto check = [&](const road::TableOptions& options) {
    const auto limited = built.map().table(query, kVehicle, places, places, options);
    std::size_t beyond = 0, within = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool exceeds =
          all[i].status == road::RouteStatus::kOk && (all[i].duration_ds > options.max_duration_ds ||
                                                      all[i].distance.value > options.max_distance.value);
      beyond += exceeds;
      within += all[i].status == road::RouteStatus::kOk && !exceeds;
      CHECK(limited[i].status == (exceeds ? road::RouteStatus::kBeyond : all[i].status));
      CHECK(limited[i].distance.value == (exceeds ? 0 : all[i].distance.value));
    }
    CHECK(beyond > 0);
    CHECK(within > 0);
  };
  road::TableOptions by_time, by_length;
  by_time.max_duration_ds = far.duration_ds;
  check(by_time);
  by_length.max_distance = far.distance;
  check(by_length);
}

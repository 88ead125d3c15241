// A route in words.

#include "reckon/road/route_steps.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "road/drawn_map_fixture.h"

using namespace reckon;

namespace {

constexpr auto kMoto = base::Vehicle::kMotorcycle;

std::string told(test::BuiltMap& built, const geo::LatLng& from, const geo::LatLng& to) {
  road::Roads::Query query;
  const auto route = built.map().route(query, kMoto, from, to, {.steps = road::WithSteps::kYes});
  std::string text;
  std::int64_t sum = 0;
  for (const auto& step : route.steps) {
    text += fmt::format("{} {} {}; ", road::to_string(step.turn), step.street, step.distance.value);
    sum += step.distance.value;
  }
  CHECK(sum == route.distance.value);
  return text;
}

}  // namespace

TEST_CASE("steps: a new one where the name changes or the way turns; distances sum to the route's") {
  const test::DrawnMap drawn = test::DrawnMap(R"(
    A-----B-----C-----D
          |           |
          E     F-----G
)")
                                   .way("AB", {{"name", "Main"}})
                                   .way("BC", {{"name", "Main"}})
                                   .way("CD", {{"name", "East"}})
                                   .way("BE", {{"ref", "B7"}})
                                   .way("DG", {{"name", "East"}})
                                   .way("GF");
  test::BuiltMap built(drawn, {kMoto});
  CHECK(told(built, drawn.at('A'), drawn.at('D')) == "depart Main 240; straight East 120; ");
  CHECK(told(built, drawn.at('D'), drawn.at('A')) == "depart East 120; straight Main 240; ");
  CHECK(told(built, drawn.at('A'), drawn.at('E')) == "depart Main 120; right B7 40; ");
  CHECK(told(built, drawn.at('E'), drawn.at('D')) == "depart B7 40; right Main 120; straight East 120; ");
  CHECK(told(built, drawn.at('C'), drawn.at('F')) == "depart East 160; right  120; ");
  CHECK(told(built, drawn.at('A'), drawn.at('A')) == "");
}

TEST_CASE("steps: each tells the ways that it takes, in order of travel") {
  const test::DrawnMap drawn = test::DrawnMap(R"(
    A-----B-----C-----D
          |
          E
)")
                                   .way("AB", {{"name", "Main"}})
                                   .way("BC", {{"name", "Main"}})
                                   .way("CD", {{"name", "East"}})
                                   .way("BE");
  test::BuiltMap built(drawn, {kMoto});
  road::Roads::Query query;
  const auto ways = [&](char from, char to) {
    std::vector<std::vector<std::int64_t>> all;
    for (const auto& step :
         built.map()
             .route(query, kMoto, drawn.at(from), drawn.at(to), {.steps = road::WithSteps::kYes})
             .steps)
      all.push_back(step.ways);
    return all;
  };
  using Ways = std::vector<std::vector<std::int64_t>>;
  const auto ab = drawn.way_id("AB"), bc = drawn.way_id("BC"), cd = drawn.way_id("CD"),
             be = drawn.way_id("BE");
  CHECK(ways('A', 'D') == Ways{{ab, bc}, {cd}});
  CHECK(ways('D', 'A') == Ways{{cd}, {bc, ab}});
  CHECK(ways('E', 'C') == Ways{{be}, {bc}});
}

TEST_CASE("steps: on the open maps they sum to the distance, whatever the trip") {
  const auto maps = test::shared_maps();
  if (maps.empty()) MESSAGE("SKIPPED: no shared maps");
  for (const auto& [name, pbf] : maps) {
    if (name == "porto") continue;  // its map takes as long to build as all others together
    const std::string map_name = name;
    CAPTURE(map_name);
    const test::TempFolder folder;
    REQUIRE(road::build_map({{pbf}, folder / "map", {kMoto}}));
    const auto map = road::RoadMap::open(folder / "map");
    REQUIRE(map);
    std::mt19937_64 random(5);
    const auto& info = map->info();
    const auto share = [&] { return static_cast<double>(random() % 1'000'000) * 1e-6; };
    road::Roads::Query query;
    int wrong = 0, routes = 0;
    for (int i = 0; i < 300; ++i) {
      const auto place = [&] {
        const double lat = info.south + (info.north - info.south) * share();
        return *geo::LatLng::from_degrees(lat, info.west + (info.east - info.west) * share(), "");
      };
      const auto from = place(), to = place();
      const auto route = map->route(query, kMoto, from, to, {.steps = road::WithSteps::kYes});
      if (route.status != road::RouteStatus::kOk) continue;
      ++routes;
      std::int64_t sum = 0;
      for (const auto& step : route.steps) sum += step.distance.value;
      wrong += sum != route.distance.value;
    }
    CHECK(wrong == 0);
    MESSAGE(map_name, ": ", routes, " routes");
  }
}

// Closed roads from ways that were not taken: small cases by hand, random ones against all subsets.

#include "reckon/distance/closures.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>
#include <vector>

using namespace reckon;
using distance::closed_roads;
using distance::UntakenWay;

namespace {

using Roads = std::vector<std::uint32_t>;

bool explains(const Roads& closed, const UntakenWay& way) {
  return std::ranges::any_of(way.roads, [&](auto road) { return std::ranges::binary_search(closed, road); });
}

// The fewest roads of the first `count` that explain all ways.
int fewest(const std::vector<UntakenWay>& ways, std::uint32_t count) {
  int least = static_cast<int>(count);
  for (std::uint32_t subset = 0; subset < (1U << count); ++subset) {
    Roads closed;
    for (std::uint32_t road = 0; road < count; ++road) {
      if ((subset >> road & 1U) != 0) closed.push_back(road);
    }
    if (std::ranges::all_of(ways, [&](const auto& way) { return explains(closed, way); }))
      least = std::min(least, std::popcount(subset));
  }
  return least;
}

}  // namespace

TEST_CASE("closures: each way is explained, by a road that other ways blame, too") {
  struct Row {
    std::vector<UntakenWay> ways;
    Roads closed;
    const char* why;
  };
  for (const auto& row : {
           Row{{}, {}, "nothing told, nothing closed"},
           Row{{{0, {1, 2, 3}}, {1, {3, 4, 5}}}, {3}, "one road explains both"},
           Row{{{0, {7}}, {1, {7, 8, 9}}}, {7}, "what one way proves explains the other, too"},
           Row{{{0, {9, 4, 6, 2, 8}}}, {6}, "of roads as likely the middle one along the way"},
           Row{{{0, {1, 2, 3}}, {0, {1, 2}}, {1, {2, 3}}}, {2}, "a trip may tell of several ways"},
           Row{{{0, {1, 2}}, {1, {2, 3}}, {2, {3, 4}}, {3, {2}}, {4, {3}}}, {2, 3}, "two proven ones"},
       }) {
    CAPTURE(row.why);
    CHECK(closed_roads(row.ways, {}) == row.closed);
  }
}

TEST_CASE("closures: where other causes are usual, one trip closes no road and many trips do") {
  const distance::ClosureOptions noisy{0.01, 0.8};
  std::vector<UntakenWay> ways{{0, {1, 2, 3, 4}}};
  CHECK(closed_roads(ways, noisy).empty());
  CHECK(closed_roads(ways, {}).size() == 1);
  for (std::uint32_t trip = 1; trip < 12; ++trip) ways.push_back({trip, {1, 2, 3, 4}});
  CHECK(closed_roads(ways, noisy).size() == 1);
}

TEST_CASE("closures: however noisy the trips, more of them never speak for an open way") {
  const distance::ClosureOptions noisy{0.01, 0.9};
  Roads far;
  for (std::uint32_t road = 0; road < 40; ++road) far.push_back(road);
  std::vector<UntakenWay> ways;
  for (std::uint32_t trip = 0; trip < 60; ++trip) ways.push_back({trip, {1, 2}});
  const auto near = closed_roads(ways, noisy);
  REQUIRE(near.size() == 1);
  for (std::uint32_t trip = 60; trip < 260; ++trip) ways.push_back({trip, far});
  CHECK(closed_roads(ways, noisy) == near);
}

TEST_CASE("closures: random ways are all explained, by hardly more roads than are needed") {
  constexpr std::uint32_t kSeed = 20261127, kRoads = 14;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  int fewer = 0;
  constexpr int kRuns = 200;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<UntakenWay> ways;
    for (std::uint32_t trip = 0; trip < 12; ++trip) {
      Roads roads;
      while (roads.size() < 2 + random() % 4) {
        const auto road = static_cast<std::uint32_t>(random() % kRoads);
        if (std::ranges::find(roads, road) == roads.end()) roads.push_back(road);
      }
      ways.push_back({trip, roads});
    }
    const auto closed = closed_roads(ways, {});
    CHECK(std::ranges::is_sorted(closed));
    CHECK(std::ranges::all_of(ways, [&](const auto& way) { return explains(closed, way); }));
    for (const auto road : closed) {
      auto others = closed;
      std::erase(others, road);
      CHECK_FALSE(std::ranges::all_of(ways, [&](const auto& way) { return explains(others, way); }));
    }
    const int least = fewest(ways, kRoads);
    CHECK(static_cast<int>(closed.size()) <= least + 1);
    fewer += static_cast<int>(closed.size()) > least ? 1 : 0;
    CHECK(closed_roads(ways, {}) == closed);
  }
  MESSAGE(fewer, " of ", kRuns, " could do with one road less");
  CHECK(fewer < kRuns / 10);
}

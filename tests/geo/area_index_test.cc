#include "reckon/geo/area_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace reckon::geo;

namespace {

Polygon square(std::int32_t low, std::int32_t high) {
  return {{{{low, low}, {low, high}, {high, high}, {high, low}}}};
}

// A star-shaped polygon: simple by construction.
Polygon star(std::mt19937_64& random, PointE7 middle, std::int32_t radius, int corners) {
  Polygon polygon;
  polygon.rings.emplace_back();
  for (int i = 0; i < corners; ++i) {
    const double angle = 6.283185307179586 * i / corners;
    const double length = radius * (0.3 + 0.7 * static_cast<double>(random() % 1000) / 1000);
    const PointE7 p{middle.lat + static_cast<std::int32_t>(length * std::sin(angle)),
                    middle.lng + static_cast<std::int32_t>(length * std::cos(angle))};
    if (polygon.rings[0].empty() || polygon.rings[0].back() != p) polygon.rings[0].push_back(p);
  }
  return polygon;
}

}  // namespace

TEST_CASE("side_of: corners and sides are edges, half-open rules never leak") {
  Polygon with_hole = square(0, 100);
  with_hole.rings.push_back({{40, 40}, {40, 60}, {60, 60}, {60, 40}});
  struct Row {
    PointE7 p;
    Side side;
    std::string why;
  };
  for (const Row& row :
       {Row{{50, 20}, Side::kInside, "inside"}, Row{{50, 50}, Side::kOutside, "in the hole"},
        Row{{0, 0}, Side::kEdge, "a corner"}, Row{{0, 50}, Side::kEdge, "a level side"},
        Row{{50, 0}, Side::kEdge, "an upright side"}, Row{{40, 50}, Side::kEdge, "the hole's side"},
        Row{{100, 101}, Side::kOutside, "east of a corner"}, Row{{100, -1}, Side::kOutside, "west of one"},
        Row{{40, 20}, Side::kInside, "level with the hole's corner"}}) {
    CAPTURE(row.why);
    CHECK(side_of(with_hole, row.p) == row.side);
  }
}

TEST_CASE("crossing_fault: what is no simple polygon is found") {
  CHECK_FALSE(crossing_fault(square(0, 100)));
  CHECK(crossing_fault({{{{0, 0}, {100, 100}, {100, 0}, {0, 100}}}}));  // a bow tie
  CHECK(crossing_fault({{{{0, 0}, {0, 100}, {0, 50}, {100, 50}}}}));    // turns back on itself
  CHECK(crossing_fault({{{{0, 0}, {0, 100}, {100, 100}, {0, 50}}}}));   // a corner on another side
  Polygon hole_outside = square(0, 100);
  hole_outside.rings.push_back({{200, 200}, {200, 210}, {210, 210}});
  CHECK(crossing_fault(hole_outside));
  Polygon hole_in_hole = square(0, 100);
  hole_in_hole.rings.push_back({{10, 10}, {10, 90}, {90, 90}, {90, 10}});
  hole_in_hole.rings.push_back({{20, 20}, {20, 30}, {30, 30}});
  CHECK(crossing_fault(hole_in_hole));
}

TEST_CASE("AreaIndex: equals a scan of all areas, at random places and on sides and corners") {
  std::mt19937_64 random(20261126);
  MESSAGE("seed 20261126");
  for (const int count : {1, 7, 300}) {
    std::vector<AreaIndex::Area> areas;
    for (int i = 0; i < count; ++i) {
      const PointE7 middle{375'000'000 + static_cast<std::int32_t>(random() % 2'000'000),
                           1'270'000'000 + static_cast<std::int32_t>(random() % 2'000'000)};
      const auto radius = static_cast<std::int32_t>(random() % 20 == 0 ? 1'000'000 : 20 + random() % 200'000);
      areas.push_back({static_cast<std::uint32_t>(i), random() % 2 == 0,
                       star(random, middle, radius, 3 + static_cast<int>(random() % 60))});
      if (crossing_fault(areas.back().shape)) areas.pop_back();  // tiny stars may round into themselves
    }
    const AreaIndex index(areas);
    for (int i = 0; i < 4000; ++i) {
      PointE7 p{374'500'000 + static_cast<std::int32_t>(random() % 3'000'000),
                1'269'500'000 + static_cast<std::int32_t>(random() % 3'000'000)};
      if (i % 4 == 0 && !areas.empty()) {
        const auto& ring = areas[random() % areas.size()].shape.rings[0];
        p = ring[random() % ring.size()];
        if (i % 8 == 0) p.lng += static_cast<std::int32_t>(random() % 3) - 1;
      }
      std::vector<std::uint32_t> found, expected;
      index.containing(p, [&](std::uint32_t id) { found.push_back(id); });
      for (const auto& area : areas) {
        const Side side = side_of(area.shape, p);
        if (side == Side::kInside || (side == Side::kEdge && area.edge_inside)) expected.push_back(area.id);
      }
      REQUIRE(found == expected);
    }
  }
}

TEST_CASE("AreaIndex: nothing holds nothing, and areas that all overlap stay bounded in memory") {
  AreaIndex().containing({0, 0}, [](std::uint32_t) { FAIL("no area"); });
  std::vector<AreaIndex::Area> areas;
  for (std::uint32_t i = 0; i < 20'000; ++i) areas.push_back({i, true, square(0, 100'000'000)});
  const AreaIndex index(areas);
  CHECK(index.bytes() < std::size_t{200} << 20);
  std::size_t found = 0;
  index.containing({50'000'000, 50'000'000}, [&](std::uint32_t) { ++found; });
  CHECK(found == areas.size());
}

#pragma once

// The sample city as a built map, for tests that want a whole town and no outside data.

#include <doctest/doctest.h>

#include <utility>

#include "reckon/road/map_builder.h"
#include "reckon/road/road_map.h"
#include "road/drawn_map_fixture.h"
#include "sample-city/city.h"

namespace reckon::test {

/// The smallest sample city there is (seed 1): some 3,400 crossings.
inline road::RoadMap sample_city(const TempFolder& folder, base::Vehicle vehicle) {
  const auto extract = folder / "city.osm.pbf", file = folder / "city.rmap";
  reckon::sample_city::write(extract.string(), reckon::sample_city::kLeastNodes, 1);
  REQUIRE(road::build_map({{extract}, file, {vehicle}, {}}));
  auto map = road::RoadMap::open(file);
  REQUIRE(map);
  return std::move(*map);
}

}  // namespace reckon::test

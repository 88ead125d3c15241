// What is learned of a provider under corrections to the map: its routes go where the corrected map's go.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "reckon/distance/learned.h"
#include "reckon/road/live_roads.h"
#include "reckon/road/overlaid_map.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;

namespace {

constexpr auto kMoto = base::Vehicle::kMotorcycle;

test::DrawnMap town() {
  test::DrawnMap drawn(R"(
  A---B-----C--D
  |   |     |  |
  E---F--Q--G--H
  |   |     |  |
  I---J-----K--L
)");
  return drawn.way("ABCD").way("EFQGH").way("IJKL").way("AEI").way("BFJ").way("CGK").way("DHL");
}

road::MapSet under(const road::MapSet& maps, const std::string& entry) {
  const auto text = fmt::format(
      R"({{"version": 1, "corrections": [{{"id": "c1", {}, "by": "kim", "reason": "works", "recorded": "2026-11-26T18:30:00+09:00"}}]}})",
      entry);
  return maps.under(road::parse_overlay(text, "overlay.json").value());
}

}  // namespace

TEST_CASE("calibration: its routes keep off what a correction closes, and come back when it is lifted") {
  const auto drawn = town();
  test::BuiltMap built(drawn, {kMoto});
  const std::shared_ptr<const road::RoadMap> map(std::shared_ptr<void>(), &built.map());
  distance::Calibration calibration;
  calibration.vehicle = kMoto;
  calibration.map_release = map->info().release;
  calibration.routes = road::RouteNetwork(map->network(kMoto)).own_model();  // so both routes are the same
  const auto learned = distance::Learned::make(map, calibration).value();
  const auto maps = road::MapSet::make({map}).value();
  road::LiveRoads roads(maps);

  // Trips that end on another road than they would, or on none, included.
  const auto differ = [&] {
    road::Roads::Query query;
    int from_built = 0;
    for (const auto& start : drawn.places()) {
      for (const auto& finish : drawn.places()) {
        const char a = start.first, b = finish.first;  // a binding cannot be captured under clang 14
        const auto from = drawn.near(a, 3, -4), to = drawn.near(b, 3, -4);
        auto local = distance::local_estimate(&roads, query, kMoto, from, to);
        if (local.source.kind != distance::SourceKind::kRoad) continue;
        const auto own = local.estimate.metres;
        auto as_built = local;
        learned->improve(local, kMoto, from, to, &roads);
        learned->improve(as_built, kMoto, from, to);
        CAPTURE(a);
        CAPTURE(b);
        CHECK(std::abs(local.estimate.metres.value - own.value) <= 1);
        from_built += std::abs(as_built.estimate.metres.value - own.value) > 1 ? 1 : 0;
      }
    }
    return from_built;
  };
  CHECK(differ() == 0);
  roads.put(under(maps, fmt::format(R"("kind": "close", "way": {})", drawn.way_id("EFQGH"))));
  CHECK(differ() > 10);
  const auto at = drawn.at('F');
  roads.put(under(
      maps, fmt::format(R"("kind": "forbid_turn", "from_way": {}, "to_way": {}, "at": [{:.9f}, {:.9f}])",
                        drawn.way_id("BFJ"), drawn.way_id("EFQGH"), at.lat_deg(), at.lng_deg())));
  CHECK(differ() > 0);
  roads.put(under(maps, R"("kind": "speed", "percent": 20, "area": [126.9, 37.5, 127.1, 37.5499])"));
  differ();
  roads.put(maps);
  CHECK(differ() == 0);
}

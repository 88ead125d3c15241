// The ladder on a real map: central Seoul, from the shared test data.

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "reckon/distance/distance_service.h"
#include "reckon/distance/local_estimate.h"
#include "reckon/geo/geodesic.h"
#include "reckon/road/map_builder.h"

using namespace reckon;
using namespace reckon::distance;
using namespace std::chrono_literals;

namespace {

const base::SystemClock kClock;

geo::LatLng place(double lat, double lng) {
  return geo::LatLng::from_degrees(lat, lng, "place").value();
}

// The map for motorcycles, built once a process; null, and said loudly, where the shared data is absent.
std::shared_ptr<const road::RoadMap> seoul() {
  static const std::shared_ptr<const road::RoadMap> kMap = []() -> std::shared_ptr<const road::RoadMap> {
    const char* folder = std::getenv("RECKON_SHARED_DATA");
    const auto data = folder != nullptr ? std::filesystem::path(folder)
                                        : std::filesystem::path(RECKON_SOURCE_DIR) / ".." / "shared" / "data";
    const auto extract = data / "maps" / "seoul-central.osm.pbf";
    if (!std::filesystem::exists(extract)) return nullptr;
    const auto file =
        std::filesystem::temp_directory_path() / ("reckon-ladder-" + std::to_string(::getpid()) + ".rmap");
    const auto built = road::build_map({{extract}, file, {base::Vehicle::kMotorcycle}, {}});
    REQUIRE(built);
    auto map = road::RoadMap::open(file);
    REQUIRE(map);
    std::filesystem::remove(file);  // stays mapped
    return std::make_shared<const road::RoadMap>(*std::move(map));
  }();
  if (!kMap) MESSAGE("SKIPPED: maps/seoul-central.osm.pbf is absent; set RECKON_SHARED_DATA");
  return kMap;
}

Distance measured(const std::shared_ptr<const road::RoadMap>& map, const Trip& trip, Basis basis) {
  DistanceService service({map, {}, &kClock, nullptr, {}});
  road::RoadMap::Query query;
  return service.measure(query, trip, basis, base::Deadline::after(kClock, 800ms));
}

const Trip kTrip{place(37.5665, 126.9780), place(37.5720, 126.9860), base::Vehicle::kMotorcycle};

}  // namespace

TEST_CASE("road rung: the own map's route prices when no provider is there") {
  const auto map = seoul();
  if (!map) return;
  road::RoadMap::Query query;
  const auto route = map->route(query, kTrip.vehicle, kTrip.from, kTrip.to);
  REQUIRE(route.status == road::RouteStatus::kOk);
  const auto ladder = measured(map, kTrip, Basis::kProvider);
  CHECK(ladder.source.label() == "road");
  CHECK(ladder.metres == route.distance);
  CHECK(ladder.low < ladder.metres);
  CHECK(ladder.high > ladder.metres);
  CHECK(ladder.map_release == map->info().release);
  CHECK(ladder.why_not.empty());
  const auto road = measured(map, kTrip, Basis::kRoad);
  CHECK(road.metres == route.distance);
  CHECK(road.low == road.metres);
  CHECK(road.high == road.metres);
}

TEST_CASE("road rung: where the map does not reach, the estimate says why") {
  const auto map = seoul();
  if (!map) return;
  struct Row {
    Trip trip;
    std::string reason;
    std::string why;
  };
  for (const auto& row :
       std::vector<Row>{{{place(37.5665, 126.9780), place(35.1796, 129.0756), base::Vehicle::kMotorcycle},
                         "off_map",
                         "to Busan"},
                        {{place(37.5665, 126.9780), place(37.5720, 126.9860), base::Vehicle::kBicycle},
                         "vehicle",
                         "not built for bicycles"}}) {
    CAPTURE(row.why);
    for (const auto basis : {Basis::kProvider, Basis::kRoad}) {
      const auto distance = measured(map, row.trip, basis);
      CHECK(distance.source.label() == "geodesic");
      REQUIRE(distance.why_not.size() == 1);
      CHECK(distance.why_not[0].rung == "road");
      CHECK(distance.why_not[0].reason == row.reason);
      CHECK_FALSE(distance.provisional);
    }
  }
}

TEST_CASE("road rung: no pair of unlike places is a silent zero") {
  const auto map = seoul();
  if (!map) return;
  const unsigned seed = 5;
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto& box = map->info();
  // Beyond the box by half a kilometre, so that ends far from any road are met as well.
  std::uniform_real_distribution<double> lat(box.south - 0.005, box.north + 0.005),
      lng(box.west - 0.005, box.east + 0.005);
  std::uniform_real_distribution<double> near(-0.002, 0.002);
  road::RoadMap::Query query;
  int snapped_together = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto from = place(lat(random), lng(random));
    const auto to = i % 2 == 0 ? place(lat(random), lng(random))
                               : place(from.lat_deg() + near(random), from.lng_deg() + near(random));
    const auto local = local_estimate(map.get(), query, base::Vehicle::kMotorcycle, from, to);
    const double straight_m = geo::geodesic_m(from, to);
    if (!local.why_not.empty() && local.why_not[0].reason == "snapped_together") ++snapped_together;
    if (straight_m > kSamePlaceM) REQUIRE(local.estimate.metres.value > 0);
    REQUIRE(local.estimate.low <= local.estimate.metres);
    REQUIRE(local.estimate.metres <= local.estimate.high);
    if (straight_m > 100) REQUIRE(static_cast<double>(local.estimate.metres.value) >= straight_m / 2);
    // No less than what a provider is believed: ends beyond the map's edge meet roads far from them.
    REQUIRE(static_cast<double>(local.estimate.metres.value) >= 0.98 * straight_m - 200);
  }
  CHECK(snapped_together > 0);  // the rule was met, and not just true by luck
}

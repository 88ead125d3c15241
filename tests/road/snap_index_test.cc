#include "reckon/road/snap_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

#include "reckon/geo/geodesic.h"
#include "reckon/road/hilbert.h"
#include "reckon/road/map_file.h"
#include "reckon/road/mapped_file.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using road::EdgePosition;

namespace {

// The scan that the index is compared with: every item, no tree, all positions sorted at the end.
std::vector<EdgePosition> scan(const road::EdgeGeometry& g, base::Vehicle vehicle, geo::PlaceE7 place,
                               const road::Reach& reach) {
  const double max_m = reach.max_m;
  const geo::LocalFrame frame(place);
  std::vector<std::pair<double, EdgePosition>> all;
  double best = max_m;
  for (const auto& item : g.items) {
    if ((item.edge_vehicles >> static_cast<unsigned>(vehicle) & 1) == 0) continue;
    const auto projection = geo::project_origin(frame.at(item.a), frame.at(item.b));
    const double distance = std::sqrt(projection.squared_m2);
    if (distance > std::min(best + reach.slack_m, max_m) + road::kSameDistanceM) continue;
    best = std::min(best, distance);
    const auto segment = g.along_mm[item.point + 1] - g.along_mm[item.point];
    EdgePosition position{item.edge_vehicles >> 4, item.point,
                          static_cast<std::uint32_t>(std::llround(projection.share * segment))};
    if (position.past_mm == segment && item.point + 2 < g.edge_first_point[position.edge + 1]) {
      position = {position.edge, item.point + 1, 0};
    }
    all.emplace_back(distance, position);
  }
  // As near as the nearest counts as 0; then by distance, then by position.
  std::erase_if(all, [&](const auto& one) {
    return one.first > std::min(best + reach.slack_m, max_m) + road::kSameDistanceM;
  });
  for (auto& [distance, position] : all) distance = distance <= best + road::kSameDistanceM ? 0 : distance;
  std::ranges::sort(all);
  std::vector<EdgePosition> nearest;
  for (const auto& [distance, position] : all) {
    const bool known = std::ranges::find(nearest, position) != nearest.end();
    if (!known && nearest.size() < road::Snap::kMaxEdges) nearest.push_back(position);
  }
  std::ranges::sort(nearest);
  return nearest;
}

std::vector<EdgePosition> by_index(const road::EdgeGeometry& g, base::Vehicle vehicle, geo::PlaceE7 place,
                                   const road::Reach& reach) {
  const auto snap = road::nearest_road(g, vehicle, place, reach);
  if (!snap) return {};
  return {snap->all().begin(), snap->all().end()};
}

/// Random short roads, one edge each, some for one vehicle only.
struct RandomRoads {
  std::vector<geo::PlaceE7> points;
  std::vector<std::uint32_t> along, first;
  std::vector<road::IndexItem> items;
  std::vector<road::IndexBox> boxes;

  RandomRoads(std::size_t edges, std::mt19937_64& random) {
    for (std::uint32_t e = 0; e < edges; ++e) {
      first.push_back(static_cast<std::uint32_t>(points.size()));
      geo::PlaceE7 at{370'000'000 + static_cast<std::int32_t>(random() % 2'000'000),
                      1'270'000'000 + static_cast<std::int32_t>(random() % 2'000'000)};
      std::uint32_t mm = 0;
      const auto vehicles = static_cast<std::uint32_t>(1 + random() % 15);
      const auto count = 2 + random() % 4;
      for (std::size_t i = 0; i < count; ++i) {
        points.push_back(at);
        along.push_back(mm);
        if (i + 1 == count) break;
        const geo::PlaceE7 next{at.lat + static_cast<std::int32_t>(random() % 20'001) - 10'000,
                                at.lng + static_cast<std::int32_t>(random() % 20'001) - 10'000};
        const auto length = static_cast<std::uint32_t>(
            std::llround(geo::geodesic_m(at.to_lat_lng(), next.to_lat_lng()) * 1000));
        mm += length;
        items.push_back({at, next, static_cast<std::uint32_t>(points.size() - 1), e << 4 | vehicles, length});
        at = next;
      }
    }
    first.push_back(static_cast<std::uint32_t>(points.size()));
    boxes = road::pack_index(items);
  }
  road::EdgeGeometry view() const { return {points, along, first, items, boxes}; }
};

}  // namespace

TEST_CASE("the index finds what a scan finds, on random roads of every count") {
  constexpr std::uint64_t kSeed = 7;
  MESSAGE("seed ", kSeed);
  std::mt19937_64 random(kSeed);
  for (const std::size_t edges : std::vector<std::size_t>{0, 1, 2, 5, 15, 16, 17, 100, 300, 3000}) {
    const RandomRoads roads(edges, random);
    CHECK(roads.boxes.size() == road::index_box_count(roads.items.size()));
    const auto view = roads.view();
    std::size_t differ = 0;
    for (int i = 0; i < 300; ++i) {
      geo::PlaceE7 place{370'000'000 + static_cast<std::int32_t>(random() % 2'000'000),
                         1'270'000'000 + static_cast<std::int32_t>(random() % 2'000'000)};
      if (i % 3 == 0 && !roads.points.empty()) place = roads.points[random() % roads.points.size()];
      const auto vehicle = base::kAllVehicles[random() % 4];
      const road::Reach reach{i % 5 == 0 ? 50.0 : 10'000, i % 2 == 0 ? 0.0 : 300};
      differ += by_index(view, vehicle, place, reach) == scan(view, vehicle, place, reach) ? 0u : 1u;
    }
    CAPTURE(edges);
    CHECK(differ == 0);
  }
}

TEST_CASE("the index finds what a scan finds, on real maps") {
  const auto maps = test::shared_maps();
  if (maps.empty())
    MESSAGE("SKIPPED: no shared maps (RECKON_SHARED_DATA); the index was compared on random roads only");
  const test::TempFolder folder;
  std::mt19937_64 random(20221015);
  for (const auto& [name_of, pbf] : maps) {
    const std::string name = name_of;  // a binding cannot be captured under clang 14
    CAPTURE(name);
    REQUIRE(road::build_map({{pbf}, folder / "m.rmap"}));
    const auto file = road::MappedFile::open(folder / "m.rmap");
    REQUIRE(file);
    const auto decoded = road::decode_map(file->bytes(), name);
    REQUIRE(decoded);
    const auto& g = decoded->view.geometry;
    const auto pick = [&](double low, double high) {
      return std::uniform_real_distribution<double>(low, high)(random);
    };
    // The scan is what costs: as many places as make so many looks at items, unless RECKON_SNAPS says how
    // many.
    constexpr std::size_t kLooks = RECKON_SANITIZED ? 5'000'000 : 100'000'000;
    const char* wanted = std::getenv("RECKON_SNAPS");
    const auto places = wanted != nullptr ? std::strtoul(wanted, nullptr, 10)
                                          : std::min<std::size_t>(100'000, kLooks / g.items.size());
    std::size_t differ = 0;
    for (std::size_t i = 0; i < places; ++i) {
      const geo::PlaceE7 place =
          i % 4 == 0
              ? g.points[random() % g.points.size()]
              : geo::PlaceE7{static_cast<std::int32_t>(pick(decoded->info.south, decoded->info.north) * 1e7),
                             static_cast<std::int32_t>(pick(decoded->info.west, decoded->info.east) * 1e7)};
      const auto vehicle = base::kAllVehicles[i / 4 % 4];
      const road::Reach reach{1000, i / 16 % 2 == 0 ? 0.0 : 30};
      differ += by_index(g, vehicle, place, reach) == scan(g, vehicle, place, reach) ? 0u : 1u;
    }
    MESSAGE(name, ": ", places, " places, ", g.items.size(), " segments, ", differ, " differ");
    CHECK(differ == 0);
  }
}

TEST_CASE("hilbert_of: neighbours on the curve are neighbours in space, and no place stands twice") {
  // Over the lowest 4 bits of both coordinates around one corner of the grid: 256 cells, 256 successive
  // numbers.
  std::vector<std::pair<std::uint64_t, geo::PlaceE7>> cells;
  for (std::int32_t lat = 0; lat < 16; ++lat) {
    for (std::int32_t lng = 0; lng < 16; ++lng)
      cells.push_back({road::hilbert_of({lat + 1600, lng + 3200}), {lat, lng}});
  }
  std::ranges::sort(cells, {}, &std::pair<std::uint64_t, geo::PlaceE7>::first);
  for (std::size_t i = 1; i < cells.size(); ++i) {
    CHECK(cells[i].first == cells[i - 1].first + 1);
    CHECK(std::abs(cells[i].second.lat - cells[i - 1].second.lat) +
              std::abs(cells[i].second.lng - cells[i - 1].second.lng) ==
          1);
  }
}

TEST_CASE("near_distance_m and the local frame agree with the ellipsoid within their stated errors") {
  std::mt19937_64 random(11);
  const auto pick = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  double worst_mm = 0;
  double worst_share = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double lat = pick(-60, 60), lng = pick(-179, 179);
    const auto a = geo::LatLng::from_degrees(lat, lng, "a").value();
    const auto b =
        geo::LatLng::from_degrees(lat + pick(-0.0315, 0.0315), lng + pick(-0.0315, 0.0315), "b").value();
    const double exact = geo::geodesic_m(a, b);
    worst_mm = std::max(worst_mm, std::abs(geo::near_distance_m(a, b) - exact) * 1000);
    const auto at = geo::LocalFrame(geo::PlaceE7::nearest(a)).at(geo::PlaceE7::nearest(b));
    worst_share = std::max(worst_share, (std::abs(std::hypot(at.x, at.y) - exact) - 0.02) / exact);
  }
  MESSAGE("worst of near_distance_m ", worst_mm, " mm, of the local frame ", worst_share * 100, " %");
  CHECK(worst_mm < 0.5);
  CHECK(worst_share < 0.003);
}

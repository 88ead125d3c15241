#include "reckon/road/door_index.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "reckon/road/route_model.h"
#include "road/sample_city_fixture.h"

using namespace reckon;

namespace {

constexpr double kRadian = 3.14159265358979323846 / 180;

/// Web Mercator by its formula, in 1e-7 degree of the plane (docs/sources.md#web-mercator).
struct Flat {
  double x, y;
};
Flat flat(geo::PlaceE7 place) {
  return {static_cast<double>(place.lng), std::atanh(std::sin(place.lat * 1e-7 * kRadian)) / kRadian * 1e7};
}

geo::PlaceE7 on_grid(geo::PlaceE7 place, int grid) {
  const auto rounded = [&](std::int32_t value) {
    return static_cast<std::int32_t>(std::lround(static_cast<double>(value) / grid)) * grid;
  };
  return {rounded(place.lat), rounded(place.lng)};
}

// How far the grid point where a place meets a segment lies from that of the place, in units of the plane.
double met_at(geo::PlaceE7 place, geo::PlaceE7 from, geo::PlaceE7 to, int grid) {
  const auto p = flat(on_grid(place, grid)), a = flat(on_grid(from, grid)), b = flat(on_grid(to, grid));
  const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
  const double share = length2 > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2 : 0;
  const double held = share < 0 ? 0 : (share > 1 ? 1 : share);
  const auto round = [&](double value) { return std::round(value / grid) * grid; };
  return std::hypot(round(a.x + held * dx) - round(p.x), round(a.y + held * dy) - round(p.y));
}

}  // namespace

TEST_CASE("doors: the web maps' plane meets the roads that its formula says") {
  test::TempFolder folder;
  const auto map = test::sample_city(folder, base::Vehicle::kCar);
  const auto network = map.network(base::Vehicle::kCar);
  const auto& geometry = *network.geometry;
  const road::DoorIndex index(geometry, network.graph);
  const std::vector<bool> open(geometry.edge_count(), true);
  constexpr std::uint32_t kSeed = 20261128;
  constexpr int kGrid = 10;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  int differ = 0, several = 0;
  constexpr int kPlaces = 150;
  for (int i = 0; i < kPlaces; ++i) {
    // Beside a crossing, a hand or some steps away.
    const auto corner = geometry.start_of(2 * static_cast<std::uint32_t>(random() % geometry.edge_count()));
    const std::int32_t most = i % 2 == 0 ? 8 : 200;
    const auto aside = [&] {
      return static_cast<std::int32_t>(random() % static_cast<std::uint32_t>(2 * most + 1)) - most;
    };
    const geo::PlaceE7 place{corner.lat + aside(), corner.lng + aside()};
    double nearest = std::numeric_limits<double>::infinity();
    std::set<std::uint32_t> expected;
    for (std::uint32_t edge = 0; edge < geometry.edge_count(); ++edge) {
      if (!network.graph.has_arcs(edge)) continue;
      for (auto p = geometry.edge_first_point[edge]; p + 1 < geometry.edge_first_point[edge + 1]; ++p) {
        const auto away = met_at(place, geometry.points[p], geometry.points[p + 1], kGrid);
        if (away < nearest - 1e-3) expected.clear();
        if (away > nearest + 1e-3) continue;
        nearest = std::min(nearest, away);
        expected.insert(edge);
      }
    }
    road::Snap snap;
    REQUIRE(index.nearest(place, open, {0, kGrid, road::DoorPlane::kMercator}, 1000, snap));
    std::set<std::uint32_t> found;
    for (const auto& position : snap.all()) found.insert(position.edge);
    differ += found == expected ? 0 : 1;
    several += expected.size() > 2 ? 1 : 0;
  }
  CHECK(several > kPlaces / 20);  // whole crossings are met, not one road alone
  // The index takes a series for the formula; what it is off by may tip a rounding.
  CHECK(differ * 100 <= 2 * kPlaces);
}

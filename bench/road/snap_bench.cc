// The nearest of 300,000 road segments: a jittered grid of 39 x 39 km with edges of about 100 m, beside
// Boost's packed R-tree (quadratic, plane metres) on the same segments and places.

#include <benchmark/benchmark.h>

#include <boost/geometry.hpp>
#include <boost/geometry/geometries/point_xy.hpp>
#include <boost/geometry/geometries/segment.hpp>
#include <boost/geometry/index/rtree.hpp>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "reckon/geo/geodesic.h"
#include "reckon/road/snap_index.h"

namespace {

using namespace reckon;

constexpr std::uint64_t kSeed = 20261123;
constexpr std::int32_t kSide = 388;
constexpr geo::PlaceE7 kCorner{374'000'000, 1'268'000'000};
constexpr double kStepM = 100;
constexpr double kMaxSnapM = 1000;

/// Units of 1e-7 degree in a metre, at the corner.
struct Units {
  double lat, lng;
};
Units units() {
  const auto one = geo::LocalFrame(kCorner).at({kCorner.lat + 1, kCorner.lng + 1});
  return {1 / one.y, 1 / one.x};
}

struct City {
  std::vector<geo::PlaceE7> points;
  std::vector<std::uint32_t> along, first;
  std::vector<road::IndexItem> items;
  std::vector<road::IndexBox> boxes;
  road::CompiledRaster raster;
  std::vector<geo::PlaceE7> anywhere, walk;

  City() {
    draw();
    boxes = road::pack_index(items);
    raster = road::make_raster(items);
    ask();
  }
  road::EdgeGeometry view() const { return {points, along, first, items, boxes, {}, raster.view()}; }
  road::EdgeGeometry without_raster() const { return {points, along, first, items, boxes}; }

 private:
  double between(double low, double high) {
    return low + (high - low) * (static_cast<double>(random_() >> 11) * 0x1.0p-53);
  }
  geo::PlaceE7 offset(double north_m, double east_m) const {
    return {kCorner.lat + static_cast<std::int32_t>(north_m * units().lat),
            kCorner.lng + static_cast<std::int32_t>(east_m * units().lng)};
  }

  void draw() {
    std::vector<geo::PlaceE7> nodes;
    for (std::int32_t row = 0; row < kSide; ++row) {
      for (std::int32_t column = 0; column < kSide; ++column) {
        nodes.push_back(offset(row * kStepM + between(-30, 30), column * kStepM + between(-30, 30)));
      }
    }
    const auto add = [&](const geo::PlaceE7& a, const geo::PlaceE7& b) {
      const auto edge = static_cast<std::uint32_t>(first.size());
      const auto point = static_cast<std::uint32_t>(points.size());
      first.push_back(point);
      points.insert(points.end(), {a, b});
      const auto length = static_cast<std::uint32_t>(geo::geodesic_m(a.to_lat_lng(), b.to_lat_lng()) * 1000);
      along.insert(along.end(), {0, length});
      items.push_back({a, b, point, edge << 4 | 15, length});
    };
    for (std::int32_t row = 0; row < kSide; ++row) {
      for (std::int32_t column = 0; column < kSide; ++column) {
        const auto& node = nodes[static_cast<std::size_t>(row * kSide + column)];
        if (column + 1 < kSide) add(node, nodes[static_cast<std::size_t>(row * kSide + column + 1)]);
        if (row + 1 < kSide) add(node, nodes[static_cast<std::size_t>((row + 1) * kSide + column)]);
      }
    }
    first.push_back(static_cast<std::uint32_t>(points.size()));
  }

  // Places anywhere; and a courier's, a fix every 8 m or so.
  void ask() {
    constexpr double kWideM = (kSide - 1) * kStepM;
    double north = kWideM / 2, east = kWideM / 2;
    for (int i = 0; i < 1'000'000; ++i) {
      anywhere.push_back(offset(between(0, kWideM), between(0, kWideM)));
      north += between(-8, 8);
      east += between(-8, 8);
      walk.push_back(offset(north, east));
    }
  }

  std::mt19937_64 random_{kSeed};
};

const City& city() {
  static const City one;
  return one;
}

void ask_ours(benchmark::State& state, const road::EdgeGeometry& geometry,
              const std::vector<geo::PlaceE7>& places) {
  std::size_t i = 0;
  for (auto _ : state) {
    const auto snap =
        road::nearest_road(geometry, base::Vehicle::kMotorcycle, places[i++ % places.size()], {kMaxSnapM});
    benchmark::DoNotOptimize(snap->positions[0].past_mm);
  }
  const auto& raster = geometry.raster;
  state.counters["bytes_per_segment"] =
      static_cast<double>(raster.tiles.size_bytes() + raster.cells.size_bytes() + raster.lists.size_bytes()) /
      static_cast<double>(geometry.items.size());
}

void raster_random(benchmark::State& state) {
  ask_ours(state, city().view(), city().anywhere);
}
void raster_neighbouring(benchmark::State& state) {
  ask_ours(state, city().view(), city().walk);
}
void tree_random(benchmark::State& state) {
  ask_ours(state, city().without_raster(), city().anywhere);
}
void tree_neighbouring(benchmark::State& state) {
  ask_ours(state, city().without_raster(), city().walk);
}

namespace bg = boost::geometry;
using Point = bg::model::d2::point_xy<double>;
using Segment = bg::model::segment<Point>;
using Value = std::pair<Segment, std::uint32_t>;
using Tree = bg::index::rtree<Value, bg::index::quadratic<8>>;

Point in_plane(geo::PlaceE7 place) {
  const auto [x, y] = geo::LocalFrame(kCorner).at(place);
  return {x, y};
}

const Tree& boost_tree() {
  static const Tree tree = [] {
    std::vector<Value> values;
    for (const auto& item : city().items)
      values.emplace_back(Segment(in_plane(item.a), in_plane(item.b)), item.point);
    return Tree(values);
  }();
  return tree;
}

void ask_boost(benchmark::State& state, const std::vector<geo::PlaceE7>& places) {
  std::vector<Point> points;
  for (const auto& place : places) points.push_back(in_plane(place));
  const auto& tree = boost_tree();
  std::vector<Value> found;
  std::size_t i = 0;
  for (auto _ : state) {
    found.clear();
    tree.query(bg::index::nearest(points[i++ % points.size()], 1), std::back_inserter(found));
    benchmark::DoNotOptimize(found.data());
  }
}

void boost_random(benchmark::State& state) {
  ask_boost(state, city().anywhere);
}
void boost_neighbouring(benchmark::State& state) {
  ask_boost(state, city().walk);
}

// The machine's limit for any index of this kind: a place's cell, then what the cell names, each a read from
// a memory as large as ours, the second not known before the first has come.
void two_dependent_reads(benchmark::State& state) {
  constexpr std::size_t kLine = 64;
  const auto& raster = city().raster;
  const auto cells = raster.cells.size() * sizeof(road::RasterCell) / kLine;
  const auto lines = city().items.size() * sizeof(road::IndexItem) / kLine;
  struct alignas(kLine) Line {
    std::uint64_t next;
  };
  std::mt19937_64 random(kSeed);
  std::vector<Line> first(cells), second(lines);
  for (auto& line : first) line.next = random() % lines;
  for (auto& line : second) line.next = random() % cells;
  std::uint64_t at = 0, step = 0;
  for (auto _ : state) {
    // The step leads out of the short cycles that random successors fall into.
    at = (second[first[at].next].next + (step += 0x9e3779b9)) % cells;
    benchmark::DoNotOptimize(at);
  }
}

void build_raster(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(road::make_raster(city().items).cells.data());
}

// 10^6 places: the raster's answer is the tree's, position by position.
void mismatches(benchmark::State& state) {
  std::size_t differ = 0;
  for (auto _ : state) {
    for (const auto& place : city().anywhere) {
      const auto one = road::nearest_road(city().view(), base::Vehicle::kCar, place, {kMaxSnapM});
      const auto two = road::nearest_road(city().without_raster(), base::Vehicle::kCar, place, {kMaxSnapM});
      const bool same =
          one && two && one->distance_m == two->distance_m && std::ranges::equal(one->all(), two->all());
      differ += same ? 0u : 1u;
    }
  }
  state.counters["mismatches"] = static_cast<double>(differ);
}

BENCHMARK(boost_random);
BENCHMARK(raster_random);
BENCHMARK(tree_random);
BENCHMARK(boost_neighbouring);
BENCHMARK(raster_neighbouring);
BENCHMARK(tree_neighbouring);
BENCHMARK(two_dependent_reads);
BENCHMARK(build_raster)->Unit(benchmark::kMillisecond);
BENCHMARK(mismatches)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();

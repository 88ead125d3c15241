// Pricing by a compiled plan, and places in zones. Deliveries and zones are made up from seed 20261126. A
// simple tariff is T5 (base, steps, five surcharges); `rules12` has 12 surcharges of every kind of condition
// with 60 zones. Zones: 10,000 of 200 corners on a jittered grid, beside Boost.Geometry's r-tree and `within`
// in the same run; both must name the same zones. Allocations are counted.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/geometry.hpp>
#include <boost/geometry/index/rtree.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "reckon/base/file.h"
#include "reckon/fee/plan.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"
#include "reckon/geo/area_index.h"

using namespace reckon;

namespace {
std::size_t allocations = 0;
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

constexpr std::uint64_t kSeed = 20261126;
constexpr std::size_t kPlaces = 1 << 16;

std::shared_ptr<const fee::Tariff> must_read(const std::string& bytes) {
  auto tariff = fee::read_tariff(bytes, "bench");
  if (!tariff) {
    fmt::print(stderr, "{}: {}\n", tariff.error().where, tariff.error().message);
    std::abort();
  }
  return std::make_shared<const fee::Tariff>(std::move(*tariff));
}

std::shared_ptr<const fee::Tariff> shipped(const std::string& name) {
  return must_read(
      base::read_file(std::string(RECKON_SOURCE_DIR) + "/data/tariffs/" + name + ".json", 1 << 20).value());
}

// --- zones
// ---------------------------------------------------------------------------------------------------

constexpr int kGrid = 100;              // 100 x 100 zones
constexpr std::int32_t kCell = 40'000;  // E7: some 400 m
constexpr geo::PointE7 kSouthWest{374'000'000, 1'268'000'000};

// A star-shaped zone round the middle of its cell, which reaches a little into its neighbours.
geo::Polygon zone_of(int row, int column, int corners, std::mt19937_64& random) {
  geo::Polygon polygon;
  polygon.rings.emplace_back();
  for (int i = 0; i < corners; ++i) {
    const double angle = 6.283185307179586 * i / corners;
    const double radius = kCell * (0.42 + 0.16 * static_cast<double>(random() % 1000) / 1000);
    polygon.rings[0].push_back(
        {kSouthWest.lat + row * kCell + kCell / 2 + static_cast<std::int32_t>(radius * std::sin(angle)),
         kSouthWest.lng + column * kCell + kCell / 2 + static_cast<std::int32_t>(radius * std::cos(angle))});
  }
  return polygon;
}

std::vector<geo::AreaIndex::Area> zones(int grid, int corners) {
  std::mt19937_64 random(kSeed);
  std::vector<geo::AreaIndex::Area> areas;
  for (int row = 0; row < grid; ++row)
    for (int column = 0; column < grid; ++column)
      areas.push_back(
          {static_cast<std::uint32_t>(areas.size()), true, zone_of(row, column, corners, random)});
  return areas;
}

std::vector<geo::PointE7> places(int grid) {
  std::mt19937_64 random(kSeed + 1);
  std::vector<geo::PointE7> all(kPlaces);
  const auto span = static_cast<std::uint64_t>(grid) * kCell;
  for (auto& place : all)
    place = {kSouthWest.lat + static_cast<std::int32_t>(random() % span),
             kSouthWest.lng + static_cast<std::int32_t>(random() % span)};
  return all;
}

// Single calls are shorter than the clock is fine: runs of 64 are timed, the median of their means told.
template <class Call>
void timed(benchmark::State& state, Call&& call) {
  std::vector<double> nanos;
  std::size_t next = 0;
  const std::size_t before = allocations;
  std::size_t calls = 0, kept = 0;
  for (auto _ : state) {
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 64; ++i) call(next++);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    const std::size_t counted = allocations;
    nanos.push_back(took.count() / 64);
    kept += allocations - counted;  // the list of times itself
    calls += 64;
  }
  state.counters["allocations"] =
      static_cast<double>(allocations - before - kept) / static_cast<double>(calls);
  std::ranges::sort(nanos);
  state.counters["p50_ns"] = nanos[nanos.size() / 2];
  state.counters["p99_ns"] = nanos[nanos.size() * 99 / 100];
}

void zone_lookup(benchmark::State& state) {
  const auto areas = zones(kGrid, 200);
  const geo::AreaIndex index(areas);
  const auto asked = places(kGrid);
  std::uint64_t found = 0;
  timed(state, [&](std::size_t i) {
    index.containing(asked[i % kPlaces], [&](std::uint32_t id) { found += id + 1; });
  });
  benchmark::DoNotOptimize(found);
  state.counters["MB"] = static_cast<double>(index.bytes()) / 1e6;
}
BENCHMARK(zone_lookup)->MinTime(1);

namespace bg = boost::geometry;
using BoostPoint = bg::model::d2::point_xy<double>;
using BoostPolygon = bg::model::polygon<BoostPoint, false>;
using BoostBox = bg::model::box<BoostPoint>;
using BoostEntry = std::pair<BoostBox, std::uint32_t>;
using BoostTree = bg::index::rtree<BoostEntry, bg::index::quadratic<16>>;

struct BoostZones {
  std::vector<BoostPolygon> polygons;
  BoostTree tree;

  explicit BoostZones(const std::vector<geo::AreaIndex::Area>& areas) {
    std::vector<BoostEntry> entries;
    for (const auto& area : areas) {
      BoostPolygon polygon;
      for (const auto p : area.shape.rings[0]) bg::append(polygon.outer(), BoostPoint(p.lng, p.lat));
      bg::correct(polygon);
      entries.emplace_back(bg::return_envelope<BoostBox>(polygon), area.id);
      polygons.push_back(std::move(polygon));
    }
    tree = BoostTree(entries.begin(), entries.end());  // packed
  }

  template <class Visit>
  void containing(geo::PointE7 p, Visit&& visit) const {
    const BoostPoint point(p.lng, p.lat);
    for (auto at = tree.qbegin(bg::index::intersects(point)); at != tree.qend(); ++at)
      if (bg::covered_by(point, polygons[at->second])) visit(at->second);
  }
};

void zone_lookup_boost(benchmark::State& state) {
  const auto areas = zones(kGrid, 200);
  const BoostZones peer(areas);
  const geo::AreaIndex index(areas);
  const auto asked = places(kGrid);
  for (const auto place : asked) {  // the same zones, or the comparison says nothing
    std::uint64_t ours = 0, theirs = 0;
    index.containing(place, [&](std::uint32_t id) { ours += id + 1; });
    peer.containing(place, [&](std::uint32_t id) { theirs += id + 1; });
    if (ours != theirs) state.SkipWithError("the peer names other zones");
  }
  std::uint64_t found = 0;
  timed(state, [&](std::size_t i) {
    peer.containing(asked[i % kPlaces], [&](std::uint32_t id) { found += id + 1; });
  });
  benchmark::DoNotOptimize(found);
}
BENCHMARK(zone_lookup_boost)->MinTime(1);

// --- fees
// ----------------------------------------------------------------------------------------------------

struct Asked {
  fee::Delivery delivery;
  fee::FeeContext context;
};

std::vector<Asked> deliveries(const fee::Tariff& tariff, int grid) {
  std::mt19937_64 random(kSeed + 2);
  std::lognormal_distribution<double> length(std::log(1800.0), 0.6);
  const auto where = places(grid);
  std::vector<Asked> all(4096);
  for (auto& one : all) {
    one.delivery.distance = {std::min<std::int64_t>(20'000, static_cast<std::int64_t>(length(random)))};
    one.delivery.from = where[random() % kPlaces];
    one.delivery.to = where[random() % kPlaces];
    one.context.at = tariff.valid_from + std::chrono::minutes{random() % (60 * 24 * 300)};
    if (random() % 3 == 0) one.context.weather = {fee::Weather::kRain};
    if (random() % 4 == 0) one.context.complex = "A";
    if (random() % 4 == 0) one.context.channel = "own";
    if (random() % 4 == 0) one.context.flags = {"alcohol"};
    one.context.building = fmt::format("b-{}", random() % 400);
    const auto set = [&](fee::Measure measure, std::int64_t value) {
      one.context.measures[static_cast<std::size_t>(measure)] = value;
    };
    set(fee::Measure::kRainMmH, static_cast<std::int64_t>(random() % 8000));
    set(fee::Measure::kTemperatureC, static_cast<std::int64_t>(random() % 50'000) - 15'000);
    set(fee::Measure::kFloor, static_cast<std::int64_t>(random() % 8));
    set(fee::Measure::kWeightG, static_cast<std::int64_t>(random() % 20'000));
    set(fee::Measure::kBusyLevel, static_cast<std::int64_t>(random() % 4));
  }
  return all;
}

void price_all(benchmark::State& state, const fee::Tariff& tariff) {
  const auto asked = deliveries(tariff, 8);
  fee::Fee fee;
  for (const auto& one : asked)  // its memory is kept from then on
    if (!tariff.plan->evaluate(one.delivery, one.context, fee)) state.SkipWithError("refused");
  std::int64_t sum = 0;
  timed(state, [&](std::size_t i) {
    const auto& one = asked[i % asked.size()];
    const auto priced = tariff.plan->evaluate(one.delivery, one.context, fee);
    if (priced) sum += fee.total.minor;
  });
  benchmark::DoNotOptimize(sum);
}

void price_simple(benchmark::State& state) {
  price_all(state, *shipped("t5-seongdong-complex"));
}
BENCHMARK(price_simple)->MinTime(1);

std::string rules12() {
  std::string features, buildings;
  const auto areas = zones(8, 60);
  for (const auto& area : areas) {
    std::string corners;
    for (const auto p : area.shape.rings[0])
      corners += fmt::format("[{:.7f},{:.7f}],", p.lng / 1e7, p.lat / 1e7);
    const auto first = area.shape.rings[0][0];
    features += fmt::format(
        R"({}{{"type":"Feature","properties":{{"zone":"z{}","layer":"{}"}},"geometry":{{"type":"Polygon","coordinates":[[{}[{:.7f},{:.7f}]]]}}}})",
        features.empty() ? "" : ",", area.id, area.id % 4 == 0 ? "far" : "district", corners, first.lng / 1e7,
        first.lat / 1e7);
  }
  for (int i = 0; i < 200; ++i) buildings += fmt::format(R"({}"b-{}")", i == 0 ? "" : ",", i * 2);
  return R"({"id":"rules12","version":1,"currency":"KRW","time_zone":"Asia/Seoul","valid_from":"2026-01-01T00:00:00+09:00",
"distance":{"basis":"road"},"base":{"price":4000,"up_to_m":1500},"steps":[{"beyond_m":1500,"length_m":500,"price":500}],
"groups":[{"group":"weather","pick":"highest"},{"group":"area","pick":"all","maximum":2000}],"surcharge_maximum":4000,
"holidays":[{"date":"2026-02-17","holiday":"major"},{"date":"2026-03-01","holiday":"public"},{"date":"2026-05-05","holiday":"public"}],
"building_lists":[{"list":"steep","buildings":[)" +
         buildings + R"(]}],"zones":{"type":"FeatureCollection","features":[)" + features +
         R"(]},"surcharges":[
{"rule":"rain","type":"WEATHER","kind":"FIXED","amount":500,"group":"weather","text":"t","when":{"rain_mm_h":{"at_least":1}}},
{"rule":"heat","type":"WEATHER","kind":"FIXED","amount":700,"group":"weather","text":"t","when":{"temperature_c":{"at_least":33}}},
{"rule":"night","type":"LATE_NIGHT","kind":"FIXED","amount":500,"text":"t","when":{"time":[{"from":"22:00","to":"05:00"}]}},
{"rule":"weekend","type":"TIME","kind":"FIXED","amount":300,"text":"t","when":{"time":[{"from":"17:00","to":"21:00"}],"weekdays":["saturday","sunday"]}},
{"rule":"holiday","type":"HOLIDAY","kind":"FIXED","amount":500,"text":"t","when":{"holiday":["public","major"]}},
{"rule":"district","type":"AREA","kind":"FIXED","amount":500,"group":"area","text":"t","when":{"zones_differ":"district"}},
{"rule":"far","type":"AREA","kind":"FIXED","amount":1000,"group":"area","text":"t","when":{"dropoff_zone":["z0","z4","z8","z12","z16","z20"]}},
{"rule":"pickup","type":"AREA","kind":"FIXED","amount":200,"group":"area","text":"t","when":{"pickup_zone":["z1","z2","z3"]}},
{"rule":"steep","type":"ETC","kind":"FIXED","amount":300,"text":"t","per":{"measure":"floor","beyond":3,"each":1},"when":{"building_list":["steep"]}},
{"rule":"heavy","type":"OVERLOAD","kind":"FIXED","amount":300,"text":"t","per":{"measure":"weight_g","beyond":5000,"each":5000}},
{"rule":"busy","type":"BUSY","kind":"RATE","rate_ppm":100000,"rounding":{"unit":10,"mode":"down"},"text":"t","when":{"busy_level":{"at_least":2}}},
{"rule":"alcohol","type":"ALCOHOLIC","kind":"FIXED","amount":500,"text":"t","when":{"any_of":[{"flags":["alcohol"]},{"channel":["bar"]}]}}
],"rounding":{"unit":100,"mode":"down"},"vat":{"rate_ppm":100000,"rounding":"down"}})";
}

void price_rules12(benchmark::State& state) {
  price_all(state, *must_read(rules12()));
}
BENCHMARK(price_rules12)->MinTime(1);

void trace_simple(benchmark::State& state) {  // the fee with its record, and its bytes
  const auto tariff = shipped("t5-seongdong-complex");
  const auto asked = deliveries(*tariff, 8);
  std::size_t bytes = 0;
  timed(state, [&](std::size_t i) {
    const auto& one = asked[i % asked.size()];
    bytes +=
        fee::to_json(fee::price(tariff, one.context, {one.delivery.distance, "road", {}}).value()).size();
  });
  benchmark::DoNotOptimize(bytes);
}
BENCHMARK(trace_simple)->MinTime(1);

}  // namespace

BENCHMARK_MAIN();

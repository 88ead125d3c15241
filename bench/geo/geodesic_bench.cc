// Lengths of geodesics between the ends of deliveries, beside GeographicLib on the same pairs.

#include <benchmark/benchmark.h>

#include <GeographicLib/Geodesic.hpp>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "reckon/geo/geodesic.h"

namespace {

using namespace reckon;

constexpr std::uint64_t kSeed = 20261123;
constexpr std::size_t kPairs = 4096;

struct Pair {
  geo::LatLng from, to;
  geo::EcefPoint from_point, to_point;
};

// Pick-ups all over Seoul; straight lines to the drop-offs lognormal with median 1.8 km, in all directions.
std::vector<Pair> deliveries() {
  std::mt19937_64 random(kSeed);
  std::uniform_real_distribution<double> lat(37.45, 37.65), lng(126.85, 127.15),
      bearing(0, 2 * std::numbers::pi);
  std::lognormal_distribution<double> length(std::log(1800.0), 0.7);
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < kPairs; ++i) {
    const double north = lat(random), east = lng(random), metres = length(random), towards = bearing(random);
    const auto from = geo::LatLng::from_degrees(north, east, "from").value();
    const auto to = geo::LatLng::from_degrees(north + metres * std::cos(towards) / 111'000,
                                              east + metres * std::sin(towards) / 88'000, "to")
                        .value();
    pairs.push_back({from, to, geo::to_ecef(from), geo::to_ecef(to)});
  }
  return pairs;
}

const std::vector<Pair>& pairs() {
  static const auto all = deliveries();
  return all;
}

template <class Measure>
void run(benchmark::State& state, Measure measure) {
  const auto& all = pairs();
  for (auto _ : state) {
    for (const auto& pair : all) benchmark::DoNotOptimize(measure(pair));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kPairs));
}

void geographiclib(benchmark::State& state) {
  run(state, [](const Pair& pair) {
    double metres = 0;
    GeographicLib::Geodesic::WGS84().Inverse(pair.from.lat_deg(), pair.from.lng_deg(), pair.to.lat_deg(),
                                             pair.to.lng_deg(), metres);
    return metres;
  });
}
BENCHMARK(geographiclib);

void degrees(benchmark::State& state) {
  run(state, [](const Pair& pair) { return geo::geodesic_m(pair.from, pair.to); });
}
BENCHMARK(degrees);

void points(benchmark::State& state) {
  run(state, [](const Pair& pair) { return geo::geodesic_m(pair.from_point, pair.to_point); });
}
BENCHMARK(points);

void degrees_to_point(benchmark::State& state) {
  run(state, [](const Pair& pair) { return geo::to_ecef(pair.from).x; });
}
BENCHMARK(degrees_to_point);

void one_to_many(benchmark::State& state) {
  geo::EcefPoints to;
  for (const auto& pair : pairs()) to.add(pair.to_point);
  std::vector<double> metres(to.size());
  std::size_t from = 0;
  for (auto _ : state) {
    geo::geodesics_m(pairs()[from++ % kPairs].from_point, to, metres);
    benchmark::DoNotOptimize(metres.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kPairs));
}
BENCHMARK(one_to_many);

}  // namespace

BENCHMARK_MAIN();

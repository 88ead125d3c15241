// The in-process quote path without a provider: coordinates in, traced fee out, not stored. Percentiles of
// single quotes beside the mean, and its parts (geodesic only, price only) in the same run. Map:
// RECKON_BENCH_MAP, else none (geodesic). Trips: seed 1, log-normal lengths, median 1.8 km, inside the map's
// box.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "reckon/service/quote_engine.h"

using namespace reckon;

namespace {

std::shared_ptr<const fee::Tariff> tariff_named(const std::string& name) {
  return service::load_tariff(std::string(RECKON_SOURCE_DIR) + "/data/tariffs/" + name + ".json").value();
}

std::shared_ptr<const road::RoadMap> bench_map() {
  const char* path = std::getenv("RECKON_BENCH_MAP");
  if (path == nullptr) return nullptr;
  return std::make_shared<const road::RoadMap>(road::RoadMap::open(path).value());
}

std::vector<distance::Trip> trips_in(const road::RoadMap* map, std::size_t count) {
  const double south = map ? map->info().south : 37.4, north = map ? map->info().north : 37.6;
  const double west = map ? map->info().west : 126.8, east = map ? map->info().east : 127.1;
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> share(0, 1);
  std::lognormal_distribution<double> length(std::log(1800.0 / 1.35), 0.6);
  std::vector<distance::Trip> trips;
  while (trips.size() < count) {
    const double lat = south + share(random) * (north - south), lng = west + share(random) * (east - west);
    const double metres = length(random), angle = share(random) * 6.283185307179586;
    const double to_lat = lat + metres * std::sin(angle) / 111'000;
    const double to_lng = lng + metres * std::cos(angle) / (111'000 * std::cos(lat * 0.0174533));
    if (to_lat < south || to_lat > north || to_lng < west || to_lng > east) continue;
    trips.push_back({geo::LatLng::from_degrees(lat, lng, "from").value(),
                     geo::LatLng::from_degrees(to_lat, to_lng, "to").value(), base::Vehicle::kMotorcycle});
  }
  return trips;
}

void quote_without_provider(benchmark::State& state) {
  const base::SystemClock clock;
  const auto map = bench_map();
  service::QuoteEngine engine(
      {.map = map, .tariffs = {tariff_named("t4-rider-2022")}, .providers = {}, .clock = &clock});
  const auto trips = trips_in(map.get(), 4096);
  road::RoadMap::Query query;
  std::vector<double> micros;
  std::size_t next = 0;
  for (auto _ : state) {
    const auto began = std::chrono::steady_clock::now();
    service::QuoteRequest request{trips[next++ % trips.size()], {}, ""};
    request.context.at = clock.wall_now();
    auto quote = engine.quote(query, request, base::Deadline::after(clock, std::chrono::milliseconds{800}));
    benchmark::DoNotOptimize(quote);
    micros.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count());
  }
  std::ranges::sort(micros);
  state.counters["p50_us"] = micros[micros.size() / 2];
  state.counters["p99_us"] = micros[micros.size() * 99 / 100];
}
BENCHMARK(quote_without_provider)->Unit(benchmark::kMicrosecond)->MinTime(2);

void price_only(benchmark::State& state) {
  const auto tariff = tariff_named("t5-seongdong-complex");
  fee::FeeContext context;
  context.at = tariff->valid_from;
  for (auto _ : state) {
    auto trace = fee::price(tariff, context, {base::Metres{2600}, "road", {}});
    benchmark::DoNotOptimize(trace);
  }
}
BENCHMARK(price_only);

}  // namespace

BENCHMARK_MAIN();

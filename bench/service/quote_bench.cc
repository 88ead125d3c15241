// The in-process quote path without a provider: coordinates in, traced fee out, not stored. Percentiles of
// single quotes beside the mean, and its parts in the same run: the price; the bytes of a finished quote,
// with the same bytes copied as the limit. Map: RECKON_BENCH_MAP, else none (geodesic). Trips: seed 1,
// log-normal lengths, median 1.8 km, inside the map's box.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "reckon/service/quote_document.h"
#include "reckon/service/quote_engine.h"
#include "reckon/service/quote_id.h"

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

// Answers at once, so that a quote has all that it can have: a provider's metres and what the own map said.
class Instant final : public provider::MapProvider {
 public:
  std::string_view name() const override { return "kakao"; }
  bool serves(base::Vehicle) const override { return true; }
  provider::ProviderAnswer route(const provider::TripRequest&, base::Deadline) override {
    provider::ProviderAnswer answer;
    answer.outcome = provider::Outcome::kOk;
    answer.distance = base::Metres{2716};
    answer.duration = base::Seconds{512};
    return answer;
  }
};

// A quote of three lines; with a provider also its shadow, without one the reasons.
service::Quote finished_quote(bool with_provider) {
  static const base::SystemClock clock;
  service::QuoteEngine::Parts parts;
  parts.tariffs = {tariff_named("t4-rider-2022")};
  parts.clock = &clock;
  if (with_provider) parts.providers = {std::make_shared<Instant>()};
  service::QuoteEngine engine(std::move(parts));
  road::RoadMap::Query query;
  service::QuoteRequest request{
      {geo::LatLng::from_degrees(37.55, 126.99, "from").value(),
       geo::LatLng::from_degrees(37.567, 126.99, "to").value(), base::Vehicle::kMotorcycle},
      {},
      ""};
  request.context.at = clock.wall_now();
  return engine.quote(query, request, base::Deadline::after(clock, std::chrono::milliseconds{800})).value();
}

void write_quote(benchmark::State& state) {
  const auto quote = finished_quote(state.range(0) != 0);
  for (auto _ : state) {
    auto json = service::quote_document(quote);
    benchmark::DoNotOptimize(json);
  }
  if (service::quote_document(quote) != quote.json) state.SkipWithError("other bytes than the quote's own");
  state.counters["bytes"] = static_cast<double>(quote.json.size());
}
BENCHMARK(write_quote)->ArgName("provider")->Arg(0)->Arg(1);

void new_id(benchmark::State& state) {
  const auto now = base::SystemClock().wall_now();
  for (auto _ : state) benchmark::DoNotOptimize(service::new_quote_id(now));
}
BENCHMARK(new_id);

void write_trace(benchmark::State& state) {
  const auto quote = finished_quote(true);
  for (auto _ : state) {
    auto json = fee::to_json(quote.trace);
    benchmark::DoNotOptimize(json);
  }
  state.counters["bytes"] = static_cast<double>(quote.trace_json.size());
}
BENCHMARK(write_trace);

// What no writer can go below: a string of its own with as many bytes.
void copy_quote(benchmark::State& state) {
  const auto quote = finished_quote(true);
  for (auto _ : state) {
    benchmark::DoNotOptimize(quote.json.data());
    std::string json(quote.json);
    benchmark::DoNotOptimize(json);
  }
  state.counters["bytes"] = static_cast<double>(quote.json.size());
}
BENCHMARK(copy_quote);

}  // namespace

BENCHMARK_MAIN();

// What the ladder costs when no provider is asked, and what a breaker adds. Data: trips of 0.3 to 5 km round
// Seoul's city hall (seed 1), or within the box of the map that RECKON_BENCH_MAP names. Peer: the bare
// geodesic.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "reckon/distance/breaker.h"
#include "reckon/distance/distance_service.h"
#include "reckon/geo/geodesic.h"

using namespace reckon;

namespace {

const base::SystemClock kClock;

std::vector<distance::Trip> trips_within(double west, double south, double east, double north) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> lat(south, north), lng(west, east);
  const auto place = [&] { return geo::LatLng::from_degrees(lat(random), lng(random), "bench").value(); };
  std::vector<distance::Trip> trips;
  while (trips.size() < 1024) {
    const distance::Trip trip{place(), place(), base::Vehicle::kMotorcycle};
    const double straight_m = geo::geodesic_m(trip.from, trip.to);
    if (straight_m >= 300 && straight_m <= 5000) trips.push_back(trip);
  }
  return trips;
}

void geodesic_alone(benchmark::State& state) {
  const auto trips = trips_within(126.95, 37.54, 127.01, 37.59);
  std::size_t i = 0;
  for (auto _ : state) {
    const auto& trip = trips[i++ % trips.size()];
    benchmark::DoNotOptimize(geo::geodesic_m(trip.from, trip.to));
  }
}
BENCHMARK(geodesic_alone);

void measure_all(benchmark::State& state, const std::vector<distance::Trip>& trips,
                 std::shared_ptr<const road::RoadMap> map,
                 std::vector<std::shared_ptr<provider::MapProvider>> providers) {
  distance::DistanceService service({std::move(map), std::move(providers), &kClock, nullptr, {}});
  road::RoadMap::Query query;
  std::size_t i = 0;
  for (auto _ : state) {
    const auto deadline = base::Deadline::after(kClock, std::chrono::milliseconds{800});
    benchmark::DoNotOptimize(
        service.measure(query, trips[i++ % trips.size()], distance::Basis::kProvider, deadline));
  }
}

void measure_geodesic(benchmark::State& state) {
  measure_all(state, trips_within(126.95, 37.54, 127.01, 37.59), nullptr, {});
}
BENCHMARK(measure_geodesic);

// Answers at once: what is left is the ladder's own cost on a healthy call.
class Instant final : public provider::MapProvider {
 public:
  explicit Instant(provider::Outcome outcome) : outcome_(outcome) {}
  std::string_view name() const override { return "instant"; }
  bool serves(base::Vehicle) const override { return true; }
  provider::ProviderAnswer route(const provider::TripRequest& trip, base::Deadline) override {
    provider::ProviderAnswer answer;
    answer.outcome = outcome_;
    answer.distance = {static_cast<std::int64_t>(1.3 * geo::geodesic_m(trip.from, trip.to))};
    answer.duration = base::Seconds{answer.distance.value / 8};
    return answer;
  }

 private:
  provider::Outcome outcome_;
};

void measure_healthy_provider(benchmark::State& state) {
  measure_all(state, trips_within(126.95, 37.54, 127.01, 37.59), nullptr,
              {std::make_shared<Instant>(provider::Outcome::kOk)});
}
BENCHMARK(measure_healthy_provider);

void measure_open_breaker(benchmark::State& state) {
  measure_all(state, trips_within(126.95, 37.54, 127.01, 37.59), nullptr,
              {std::make_shared<Instant>(provider::Outcome::kUnavailable)});
}
BENCHMARK(measure_open_breaker);

void measure_road(benchmark::State& state) {
  const char* file = std::getenv("RECKON_BENCH_MAP");
  if (file == nullptr) {
    state.SkipWithError("RECKON_BENCH_MAP names no map file");
    return;
  }
  auto map = road::RoadMap::open(file);
  if (!map) {
    state.SkipWithError(map.error().message.c_str());
    return;
  }
  const auto& info = map->info();
  const auto trips = trips_within(info.west, info.south, info.east, info.north);
  measure_all(state, trips, std::make_shared<const road::RoadMap>(*std::move(map)), {});
}
BENCHMARK(measure_road);

}  // namespace

BENCHMARK_MAIN();

// Routes and tables on a real map. Data: the Porto extract (or the one that RECKON_BENCH_PBF names), compiled
// for the motorcycle; places at random (seed 1) within 200 m of a usable road. Yardstick in the same run: a
// plain Dijkstra on the same graph.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <vector>

#include "reckon/geo/geodesic.h"
#include "reckon/road/map_builder.h"
#include "reckon/road/map_file.h"
#include "reckon/road/mapped_file.h"
#include "reckon/road/road_map.h"
#include "reckon/road/search.h"

using namespace reckon;

namespace {

constexpr auto kVehicle = base::Vehicle::kMotorcycle;

std::filesystem::path extract() {
  if (const char* named = std::getenv("RECKON_BENCH_PBF")) return named;
  const char* shared = std::getenv("RECKON_SHARED_DATA");
  return std::filesystem::path(shared != nullptr ? shared : RECKON_SOURCE_DIR "/../shared/data") / "maps" /
         "porto.osm.pbf";
}

/// The map file, built once for the whole run and removed at its end.
class MapFile {
 public:
  MapFile() {
    if (!std::filesystem::exists(extract())) return;
    const auto file =
        std::filesystem::temp_directory_path() / ("reckon-bench-" + std::to_string(getpid()) + ".rmap");
    if (road::build_map({{extract()}, file, {kVehicle}})) file_ = file;
  }
  ~MapFile() {
    if (file_) std::filesystem::remove(*file_);
  }
  MapFile(const MapFile&) = delete;
  MapFile& operator=(const MapFile&) = delete;
  const std::optional<std::filesystem::path>& path() const { return file_; }

 private:
  std::optional<std::filesystem::path> file_;
};

const std::optional<std::filesystem::path>& map_file() {
  static const MapFile file;
  return file.path();
}

const road::RoadMap* map() {
  static const auto opened = [] {
    std::optional<road::RoadMap> ready;
    if (map_file()) ready = road::RoadMap::open(*map_file()).value();
    return ready;
  }();
  return opened ? &*opened : nullptr;
}

bool absent(benchmark::State& state) {
  if (map() != nullptr) return false;
  state.SkipWithError("no extract: RECKON_SHARED_DATA or RECKON_BENCH_PBF names none");
  return true;
}

std::vector<geo::LatLng> places(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  const auto& info = map()->info();
  std::uniform_real_distribution<double> lat(info.south, info.north), lng(info.west, info.east);
  std::vector<geo::LatLng> chosen;
  while (chosen.size() < count) {
    const auto place = geo::LatLng::from_degrees(lat(random), lng(random), "bench").value();
    if (map()->snap(kVehicle, place, 200)) chosen.push_back(place);
  }
  return chosen;
}

struct Trip {
  geo::LatLng from, to;
};

enum class Kind { kLocal, kUniform };

// Local: 0.3 to 5 km apart, as deliveries are. Uniform: any two places.
std::vector<Trip> trips(Kind kind, std::size_t count) {
  const auto all = places(20'000, 1);
  std::mt19937 random(2);
  std::vector<Trip> chosen;
  while (chosen.size() < count) {
    const Trip trip{all[random() % all.size()], all[random() % all.size()]};
    const double straight_m = geo::geodesic_m(trip.from, trip.to);
    if (kind == Kind::kLocal && (straight_m < 300 || straight_m > 5000)) continue;
    if (trip.from != trip.to) chosen.push_back(trip);
  }
  return chosen;
}

// Each trip's median of some rounds, so that another process's turn on the core is not told as a slow trip.
template <class Ask>
void add_quantiles(benchmark::State& state, const std::vector<Trip>& all, Ask ask) {
  constexpr std::size_t kRounds = 5;
  std::vector<std::vector<double>> rounds(all.size());
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto began = std::chrono::steady_clock::now();
      ask(all[i]);
      rounds[i].push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count());
    }
  }
  std::vector<double> micros;
  for (auto& of_trip : rounds) {
    std::ranges::sort(of_trip);
    micros.push_back(of_trip[kRounds / 2]);
  }
  std::ranges::sort(micros);
  state.counters["p50_us"] = micros[micros.size() / 2];
  state.counters["p99_us"] = micros[micros.size() * 99 / 100];
}

void route(benchmark::State& state, Kind kind, road::WithGeometry geometry) {
  if (absent(state)) return;
  const auto all = trips(kind, 20'000);
  road::RoadMap::Query query;
  road::RouteOptions options;
  options.geometry = geometry;
  std::size_t next = 0;
  const auto ask = [&](const Trip& trip) {
    benchmark::DoNotOptimize(map()->route(query, kVehicle, trip.from, trip.to, options));
  };
  for (auto _ : state) ask(all[next++ % all.size()]);
  add_quantiles(state, all, ask);
}
BENCHMARK_CAPTURE(route, local, Kind::kLocal, road::WithGeometry::kNo)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(route, uniform, Kind::kUniform, road::WithGeometry::kNo)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(route, local_with_geometry, Kind::kLocal, road::WithGeometry::kYes)
    ->Unit(benchmark::kMicrosecond);

void snap_both_ends(benchmark::State& state) {
  if (absent(state)) return;
  const auto all = trips(Kind::kLocal, 20'000);
  std::size_t next = 0;
  for (auto _ : state) {
    const auto& trip = all[next++ % all.size()];
    benchmark::DoNotOptimize(map()->snap(kVehicle, trip.from));
    benchmark::DoNotOptimize(map()->snap(kVehicle, trip.to));
  }
}
BENCHMARK(snap_both_ends)->Unit(benchmark::kMicrosecond);

// The yardstick: a Dijkstra from one end that stops when the other is certain, on the very same arcs.
void plain_dijkstra(benchmark::State& state, Kind kind) {
  if (absent(state)) return;
  const auto all = trips(kind, 1000);
  const auto file = road::MappedFile::open(*map_file()).value();
  const auto decoded = road::decode_map(file.bytes(), "bench").value();
  const auto& geometry = decoded.view.geometry;
  const auto& graph = *decoded.view.graphs[static_cast<std::size_t>(kVehicle)];
  const auto terminals = [&](const geo::LatLng& place, road::TripEnd end) {
    std::vector<road::Terminal> found;
    const auto snap = road::nearest_road(geometry, kVehicle, geo::PlaceE7::nearest(place), {1000});
    add_terminals(geometry, graph, *snap, end, found);
    return found;
  };
  road::Search search;
  std::size_t next = 0;
  for (auto _ : state) {
    const auto& trip = all[next++ % all.size()];
    const auto from = terminals(trip.from, road::TripEnd::kStart);
    const auto to = terminals(trip.to, road::TripEnd::kFinish);
    const std::vector<std::uint32_t> first{0, static_cast<std::uint32_t>(to.size())};
    std::vector<road::Cost> cost(1);
    search.one_to_many(graph, from, to, first, cost);
    benchmark::DoNotOptimize(cost);
  }
}
BENCHMARK_CAPTURE(plain_dijkstra, local, Kind::kLocal)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(plain_dijkstra, uniform, Kind::kUniform)->Unit(benchmark::kMicrosecond);

void table(benchmark::State& state) {
  if (absent(state)) return;
  const auto side = static_cast<std::size_t>(state.range(0));
  const auto sources = places(side, 3);
  const auto destinations = places(side, 4);
  std::vector<road::RoadMap::Query> queries(static_cast<std::size_t>(state.range(1)));
  std::vector<road::TableCell> cells(side * side);
  for (auto _ : state) {
    map()->table(queries, kVehicle, sources, destinations, {}, cells);
    benchmark::DoNotOptimize(cells.data());
  }
}
BENCHMARK(table)
    ->ArgNames({"side", "threads"})
    ->Args({100, 1})
    ->Args({1000, 1})
    ->Args({100, 2})
    ->Args({1000, 2})
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

road::TableOptions eight_minutes() {
  road::TableOptions options;
  options.max_duration_ds = 4800;
  return options;
}

// A thousand riders, none of them known before.
void one_to_1000_unprepared(benchmark::State& state) {
  if (absent(state)) return;
  const auto source = places(1, 3);
  const auto destinations = places(1000, 4);
  road::RoadMap::Query query;
  std::vector<road::TableCell> cells(destinations.size());
  for (auto _ : state) {
    map()->table(query, kVehicle, source, destinations, eight_minutes(), cells);
    benchmark::DoNotOptimize(cells.data());
  }
}
BENCHMARK(one_to_1000_unprepared)->Unit(benchmark::kMicrosecond);

// "Which of a thousand riders are within eight minutes of this pickup", one pickup after the other.
void pickup_of_1000_riders(benchmark::State& state) {
  if (absent(state)) return;
  const auto pickups = places(500, 3);
  road::RoadMap::Query query;
  road::RoadMap::Places riders;
  map()->prepare(query, kVehicle, road::RoadMap::Role::kSources, places(1000, 4), riders);
  std::vector<road::TableCell> cells(riders.size());
  std::size_t next = 0;
  for (auto _ : state) {
    map()->table_row(query, pickups[next++ % pickups.size()], riders, eight_minutes(), cells);
    benchmark::DoNotOptimize(cells.data());
  }
}
BENCHMARK(pickup_of_1000_riders)->Unit(benchmark::kMicrosecond);

// With every checksum read before, or left to a thread of the caller's, as `reckon route` does.
void open_and_first_route(benchmark::State& state, road::MapChecks checks) {
  if (absent(state)) return;
  const auto trip = trips(Kind::kLocal, 1)[0];
  for (auto _ : state) {
    const auto opened = road::RoadMap::open(*map_file(), checks).value();
    road::RoadMap::Query query;
    benchmark::DoNotOptimize(opened.route(query, kVehicle, trip.from, trip.to));
  }
  state.counters["file_MB"] = static_cast<double>(map()->info().bytes) / 1e6;
}
BENCHMARK_CAPTURE(open_and_first_route, checks_later, road::MapChecks::kLater)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(open_and_first_route, checked, road::MapChecks::kAtOpening)->Unit(benchmark::kMillisecond);

void build(benchmark::State& state) {
  if (absent(state)) return;
  const auto file = map_file()->string() + ".again";
  for (auto _ : state) {
    benchmark::DoNotOptimize(road::build_map({{extract()}, file, {kVehicle}}));
  }
  std::filesystem::remove(file);
}
BENCHMARK(build)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace

BENCHMARK_MAIN();

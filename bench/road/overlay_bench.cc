// Corrections on a real map while it is in use: how long a new version takes to make, how long trips take
// under it, and what readers notice of a thousand versions. Data: the Porto extract (or the one that
// RECKON_BENCH_PBF names), compiled for the motorcycle; streets and trips at random (seed 1). Yardstick in
// the same run: the same trips by the map alone, and by a plain bidirectional search.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>
#include <vector>

#include "reckon/road/dissection.h"
#include "reckon/road/elimination.h"
#include "reckon/road/map_builder.h"
#include "reckon/road/model_search.h"
#include "reckon/road/overlaid_map.h"

using namespace reckon;
using road::OverlaidMap;

namespace {

constexpr auto kVehicle = base::Vehicle::kMotorcycle;

double now_us() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Spread {
  std::vector<double> all;

  double at(double share) {
    std::ranges::sort(all);
    return all[std::min(all.size() - 1, static_cast<std::size_t>(share * static_cast<double>(all.size())))];
  }
  double mean() const {
    double sum = 0;
    for (const double one : all) sum += one;
    return sum / static_cast<double>(all.size());
  }
  void print(std::string_view what, double per, std::string_view unit) {
    fmt::print("{:<44} mean {:9.3f} {}  p50 {:9.3f}  p99 {:9.3f}  max {:9.3f}\n", what, mean() / per, unit,
               at(0.5) / per, at(0.99) / per, at(1) / per);
  }
};

struct Trip {
  geo::LatLng from, to;
};

std::vector<Trip> trips_on(const road::RoadMap& map, std::size_t count, double most_m,
                           std::mt19937_64& random) {
  const auto& info = map.info();
  std::uniform_real_distribution<double> unit(0, 1);
  const auto somewhere = [&] {
    return *geo::LatLng::from_degrees(info.south + (info.north - info.south) * unit(random),
                                      info.west + (info.east - info.west) * unit(random), "");
  };
  std::vector<Trip> trips;
  while (trips.size() < count) {
    const auto from = somewhere();
    const double reach = most_m / 111'000;
    const auto to = most_m == 0
                        ? somewhere()
                        : *geo::LatLng::from_degrees(from.lat_deg() + (unit(random) - 0.5) * reach,
                                                     from.lng_deg() + (unit(random) - 0.5) * reach, "");
    if (map.snap(kVehicle, from, 200) && map.snap(kVehicle, to, 200)) trips.push_back({from, to});
  }
  return trips;
}

OverlaidMap::Changes closing(const std::vector<std::uint32_t>& edges) {
  OverlaidMap::Changes changes;
  for (const auto edge : edges) {
    auto& own = changes[static_cast<std::size_t>(kVehicle)].arcs.closed_edge_dirs;
    own.insert(own.end(), {edge * 2, edge * 2 + 1});
  }
  return changes;
}

void time_trips(std::string_view what, const road::Roads& on, const std::vector<Trip>& trips) {
  road::Roads::Query query;
  Spread us;
  for (int round = 0; round < 2; ++round) {
    us.all.clear();
    for (const auto& trip : trips) {
      const double before = now_us();
      (void)on.route(query, kVehicle, trip.from, trip.to);
      us.all.push_back(now_us() - before);
    }
  }
  us.print(what, 1, "us");
}

void time_preparation(const road::RoadMap& map) {
  const auto network = map.network(kVehicle);
  double before = now_us();
  const auto order = road::dissect(*network.geometry, network.graph);
  const double dissected = now_us() - before;
  before = now_us();
  const road::Elimination shape(network.graph, order);
  fmt::print("arcs {}, edges of the shape {}; dissection {:.0f} ms, shape {:.0f} ms\n", shape.vertices(),
             shape.edges(), dissected / 1000, (now_us() - before) / 1000);
}

void time_versions(const std::shared_ptr<const OverlaidMap>& base, std::uint32_t edges,
                   std::mt19937_64& random) {
  Spread whole, street;
  for (std::uint32_t i = 0; i < 20; ++i) {
    OverlaidMap::Changes changes;
    for (std::uint8_t c = 0; c < 24; ++c)
      changes[static_cast<std::size_t>(kVehicle)].arcs.speeds.push_back({c, 500 + 20 * i});
    const double before = now_us();
    const auto made = base->with(changes, "sha256:x");
    whole.all.push_back(now_us() - before);
  }
  whole.print("whole city re-weighted", 1000, "ms");
  auto at = base;
  std::vector<std::uint32_t> closed;
  for (int i = 0; i < 1000; ++i) {
    closed.push_back(static_cast<std::uint32_t>(random() % edges));
    const auto changes = closing(closed);
    const double before = now_us();
    at = at->with(changes, "sha256:x");
    street.all.push_back(now_us() - before);
  }
  street.print("one more street closed (1,000 in turn)", 1000, "ms");
}

/// What two readers notice.
Spread read_while(const std::shared_ptr<const OverlaidMap>& base, const std::vector<Trip>& trips,
                  std::size_t queries, std::size_t versions, std::uint32_t edges) {
  std::atomic<std::shared_ptr<const OverlaidMap>> current = base;
  std::atomic<std::size_t> asked = 0;
  std::vector<Spread> own(2);
  const auto read = [&](std::size_t reader) {
    road::Roads::Query query;
    for (auto i = asked++; i < queries; i = asked++) {
      const auto& trip = trips[i % trips.size()];
      const double before = now_us();
      (void)current.load()->route(query, kVehicle, trip.from, trip.to);
      own[reader].all.push_back(now_us() - before);
    }
  };
  std::thread first(read, 0), second(read, 1);
  std::size_t swaps = 0;
  std::mt19937_64 random(2);
  while (swaps < versions && asked < queries) {
    if (asked < swaps * (queries / versions)) {  // they are spread over the run
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      continue;
    }
    current = current.load()->with(closing({static_cast<std::uint32_t>(random() % edges)}), "sha256:x");
    ++swaps;
  }
  first.join();
  second.join();
  Spread all;
  for (const auto& one : own) all.all.insert(all.all.end(), one.all.begin(), one.all.end());
  if (versions > 0) fmt::print("{} versions published meanwhile\n", swaps);
  return all;
}

}  // namespace

int main() {
  const char* named = std::getenv("RECKON_BENCH_PBF");
  const char* shared = std::getenv("RECKON_SHARED_DATA");
  const auto extract =
      named != nullptr
          ? std::filesystem::path(named)
          : std::filesystem::path(shared != nullptr ? shared : RECKON_SOURCE_DIR "/../shared/data") / "maps" /
                "porto.osm.pbf";
  if (!std::filesystem::exists(extract)) {
    fmt::print("skipped: no extract at {}; set RECKON_BENCH_PBF\n", extract.string());
    return 0;
  }
  const auto file = std::filesystem::temp_directory_path() / fmt::format("reckon-overlay-{}.rmap", getpid());
  if (!road::build_map({{extract}, file, {kVehicle}})) return 3;
  auto opened = road::RoadMap::open(file);
  std::filesystem::remove(file);
  if (!opened) return 3;
  const auto map = std::make_shared<const road::RoadMap>(std::move(*opened));
  std::mt19937_64 random(1);
  const auto local = trips_on(*map, 5000, 5000, random), uniform = trips_on(*map, 5000, 0, random);
  time_preparation(*map);
  const double before = now_us();
  const auto base = OverlaidMap::make(map, {}, "");
  fmt::print("ready for corrections after {:.0f} ms, {} MB beside the map\n", (now_us() - before) / 1000,
             base->bytes() >> 20);
  const auto edges = map->network(kVehicle).geometry->edge_count();
  time_versions(base, edges, random);
  const auto corrected = base->with(closing({static_cast<std::uint32_t>(random() % edges)}), "sha256:x");
  time_trips("trip within 2.5 km, the map alone", *map, local);
  time_trips("trip within 2.5 km, under corrections", *corrected, local);
  time_trips("any trip, the map alone", *map, uniform);
  time_trips("any trip, under corrections", *corrected, uniform);
  const std::size_t queries = 1'000'000;
  read_while(corrected, local, queries, 0, edges).print("two readers, nothing changes", 1, "us");
  read_while(corrected, local, queries, 1000, edges).print("two readers, 1,000 new versions", 1, "us");
  return 0;
}

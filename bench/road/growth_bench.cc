// How building and asking grow with the map. Data: the made-up city (data/sample-city, seed 1) at 10^4, 10^5
// and 10^6 road nodes, or the sizes that RECKON_BENCH_NODES names ("10000,30000"), compiled for the
// motorcycle, one child process a map so that its CPU time and peak memory are its own. Trips at random
// (seed 1), CPU time: any two places, and places 0.3 to 5 km apart. The exponents are least-squares fits of
// log(cost) against log(nodes). RECKON_BENCH_LABELS: `map build --labels`.

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "reckon/geo/geodesic.h"
#include "reckon/road/map_builder.h"
#include "reckon/road/road_map.h"

using namespace reckon;

namespace {

constexpr auto kVehicle = base::Vehicle::kMotorcycle;
constexpr std::size_t kTrips = 20'000;
constexpr int kRounds = 5;

struct Measured {
  double nodes = 0, build_s = 0, peak_mb = 0, file_mb = 0, uniform_us = 0, local_us = 0;
};

struct Trip {
  geo::LatLng from, to;
};

std::vector<double> sizes() {
  const char* named = std::getenv("RECKON_BENCH_NODES");
  std::stringstream list(named != nullptr ? named : "10000,100000,1000000");
  std::vector<double> all;
  for (std::string one; std::getline(list, one, ',');) all.push_back(std::stod(one));
  return all;
}

/// CPU seconds and peak memory of `work`, which runs in a process of its own.
template <class Work>
bool in_child(Work work, Measured& told) {
  const auto child = fork();
  if (child == 0) _exit(work() ? 0 : 1);
  int status = 0;
  rusage used{};
  if (child < 0 || wait4(child, &status, 0, &used) < 0 || status != 0) return false;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  told.build_s = seconds(used.ru_utime) + seconds(used.ru_stime);
  told.peak_mb = static_cast<double>(used.ru_maxrss) / 1024;
  return true;
}

std::vector<Trip> trips(const road::RoadMap& map, double least_m, double most_m) {
  std::mt19937_64 random(1);
  const auto& info = map.info();
  const double reach = most_m / 60'000;  // degrees that hold the circle of this size in middle latitudes
  const auto between = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  std::vector<Trip> all;
  while (all.size() < kTrips) {
    const double lat = between(info.south, info.north), lng = between(info.west, info.east);
    const auto from = geo::LatLng::from_degrees(lat, lng, "from");
    const auto to = geo::LatLng::from_degrees(
        between(std::max(info.south, lat - reach), std::min(info.north, lat + reach)),
        between(std::max(info.west, lng - reach), std::min(info.east, lng + reach)), "to");
    if (!from || !to) continue;
    const double straight_m = geo::geodesic_m(*from, *to);
    if (straight_m >= least_m && straight_m <= most_m) all.push_back({*from, *to});
  }
  return all;
}

double median_us(const road::RoadMap& map, const std::vector<Trip>& all) {
  road::RoadMap::Query query;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = std::clock();
    for (const auto& trip : all) map.route(query, kVehicle, trip.from, trip.to);
    const double took_us = static_cast<double>(std::clock() - began) * 1e6 / CLOCKS_PER_SEC;
    rounds.push_back(took_us / static_cast<double>(all.size()));
  }
  std::ranges::sort(rounds);
  return rounds[kRounds / 2];
}

/// The slope of log(cost) over log(nodes).
double exponent(const std::vector<Measured>& all, double Measured::*cost) {
  double x = 0, y = 0, xx = 0, xy = 0;
  for (const auto& one : all) {
    const double lx = std::log(one.nodes), ly = std::log(one.*cost);
    x += lx, y += ly, xx += lx * lx, xy += lx * ly;
  }
  const auto n = static_cast<double>(all.size());
  return (n * xy - x * y) / (n * xx - x * x);
}

bool measure(const std::filesystem::path& generator, const std::filesystem::path& folder, double nodes,
             Measured& told) {
  const auto extract = folder / "city.osm.pbf", file = folder / "city.rmap";
  const auto command = fmt::format("{} --out {} --nodes {:.0f} >{}", generator.string(), extract.string(),
                                   nodes, (folder / "log").string());
  if (std::system(command.c_str()) != 0) return false;  // NOLINT(concurrency-mt-unsafe)
  const auto build = [&] {
    road::BuildOptions options{{extract}, file, {kVehicle}};
    if (const char* entries = std::getenv("RECKON_BENCH_LABELS"))
      options.label_entries = static_cast<std::uint32_t>(std::stoul(entries));
    return road::build_map(options).has_value();
  };
  if (!in_child(build, told)) return false;
  const auto map = road::RoadMap::open(file);
  if (!map) return false;
  told.nodes = static_cast<double>(map->info().nodes);
  told.file_mb = static_cast<double>(std::filesystem::file_size(file)) / (1 << 20);
  told.uniform_us = median_us(*map, trips(*map, 1, 1e6));
  told.local_us = median_us(*map, trips(*map, 300, 5000));
  return true;
}

}  // namespace

int main(int, char** argv) {
  const auto generator =
      std::filesystem::absolute(argv[0]).parent_path().parent_path() / "reckon_sample_city";
  const auto folder = std::filesystem::temp_directory_path() / ("reckon-growth-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::vector<Measured> all;
  fmt::print("{:>10} {:>10} {:>10} {:>10} {:>12} {:>10}\n", "nodes", "build CPU s", "peak MB", "file MB",
             "any two us", "local us");
  bool whole = true;
  for (const double nodes : sizes()) {
    auto& one = all.emplace_back();
    if (whole = measure(generator, folder, nodes, one); !whole) break;
    fmt::print("{:10.0f} {:10.2f} {:10.0f} {:10.1f} {:12.2f} {:10.2f}\n", one.nodes, one.build_s, one.peak_mb,
               one.file_mb, one.uniform_us, one.local_us);
    std::fflush(stdout);
  }
  std::filesystem::remove_all(folder);
  if (!whole) return 3;
  fmt::print("{:>10} {:10.3f} {:10.3f} {:10.3f} {:12.3f} {:10.3f}\n", "exponent",
             exponent(all, &Measured::build_s), exponent(all, &Measured::peak_mb),
             exponent(all, &Measured::file_mb), exponent(all, &Measured::uniform_us),
             exponent(all, &Measured::local_us));
  return 0;
}

// How far a car's routes agree with those of another engine on the same extract. Data: 10,000 answers of
// OSRM 6.0, car profile, on the Porto extract (provider-answers/porto-car.csv of the shared data, or what
// RECKON_BENCH_ANSWERS and RECKON_BENCH_PBF name). Nothing is learned from the answers here. Not a Google
// Benchmark: it prints shares and writes, on request (RECKON_BENCH_DETAIL), each trip that differs.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include "reckon/base/csv.h"
#include "reckon/geo/geodesic.h"
#include "reckon/geo/local_frame.h"
#include "reckon/road/map_builder.h"
#include "reckon/road/model_search.h"
#include "reckon/road/road_map.h"

using namespace reckon;

namespace {

constexpr double kAgreesWithin = 0.01;

struct Trip {
  geo::LatLng from, to;
  double metres, seconds, from_m, to_m;  ///< the other engine's; the last two: from the places to its roads
};

/// Why a trip may differ, the first that holds. No door is on a motorway or in a tunnel: trips end beside
/// them here (docs/road-rules.md), the other engine ends on them. Where an end lies within 15 cm of a
/// junction, the last digit decides which of its roads it meets, and the other engine rounds to the sixth.
enum Kind { kAgrees, kNoRoute, kThroughRoad, kOtherRoad, kOtherArm, kShorter, kLonger, kKinds };
constexpr std::array<const char*, kKinds> kNames = {"within 1 %",
                                                    "no route here",
                                                    "ends on a motorway or in a tunnel",
                                                    "an end meets another road",
                                                    "another arm of the junction at an end",
                                                    "another way, shorter",
                                                    "another way, longer"};
constexpr double kSameRoadM = 1, kRoundedM = 0.15;

std::filesystem::path data() {
  const char* shared = std::getenv("RECKON_SHARED_DATA");
  return shared != nullptr ? shared : RECKON_SOURCE_DIR "/../shared/data";
}

std::filesystem::path named_or(const char* variable, const std::filesystem::path& otherwise) {
  const char* named = std::getenv(variable);
  return named != nullptr ? std::filesystem::path(named) : otherwise;
}

std::vector<Trip> read(const std::filesystem::path& file) {
  std::ostringstream bytes;
  bytes << std::ifstream(file).rdbuf();
  const auto name_of_file = file.string();
  const auto table = base::parse_csv(bytes.str(), name_of_file);
  std::vector<Trip> trips;
  if (!table) return trips;
  const auto number = [&](const base::CsvRow& row, const char* name) {
    double value = 0;
    const auto& field = row.fields[table->column(name).value()];
    std::from_chars(field.data(), field.data() + field.size(), value);
    return value;
  };
  for (const auto& row : table->rows) {
    const auto place = [&](const char* lat, const char* lng) {
      return geo::LatLng::from_degrees(number(row, lat), number(row, lng), name_of_file).value();
    };
    trips.push_back({place("from_lat", "from_lon"), place("to_lat", "to_lon"), number(row, "distance_m"),
                     number(row, "duration_s"), number(row, "snap_from_m"), number(row, "snap_to_m")});
  }
  return trips;
}

bool agrees(const Trip& trip, const road::Route& route) {
  if (route.status != road::RouteStatus::kOk) return false;
  return std::abs(static_cast<double>(route.distance.value) - trip.metres) <=
         std::max(1.0, kAgreesWithin * trip.metres);
}

/// The nearest road is one that no trip ends on, and lies as near as the other engine says.
bool on_through_road(const road::Network& network, const geo::LatLng& place, double offset_m) {
  const geo::LocalFrame frame(geo::PlaceE7::nearest(place));
  const auto& geometry = *network.geometry;
  double nearest_m2 = (offset_m + kSameRoadM) * (offset_m + kSameRoadM);
  bool through = false;
  for (std::uint32_t edge = 0; edge < geometry.edge_count(); ++edge) {
    if (!network.graph.has_arcs(edge)) continue;
    for (auto p = geometry.edge_first_point[edge]; p + 1 < geometry.edge_first_point[edge + 1]; ++p) {
      const auto near = geo::project_origin(frame.at(geometry.points[p]), frame.at(geometry.points[p + 1]));
      if (near.squared_m2 >= nearest_m2) continue;
      nearest_m2 = near.squared_m2;
      through = true;  // what may be ended on would have been nearer than the road that was found
    }
  }
  return through;
}

class Comparison {
 public:
  explicit Comparison(const road::RoadMap& map) : map_(map), network_(map.network(base::Vehicle::kCar)) {}

  road::Route route(const Trip& trip) {
    return map_.route(query_, base::Vehicle::kCar, trip.from, trip.to, {});
  }

  Kind kind_of(const Trip& trip, const road::Route& route) {
    if (agrees(trip, route)) return kAgrees;
    if (!route.from || !route.to) return kOtherRoad;
    const bool farther_from = route.from->offset_m > trip.from_m + kSameRoadM;
    const bool farther_to = route.to->offset_m > trip.to_m + kSameRoadM;
    if ((farther_from && on_through_road(network_, trip.from, trip.from_m)) ||
        (farther_to && on_through_road(network_, trip.to, trip.to_m)))
      return kThroughRoad;
    if (route.status != road::RouteStatus::kOk) return kNoRoute;
    if (std::abs(route.from->offset_m - trip.from_m) > kSameRoadM ||
        std::abs(route.to->offset_m - trip.to_m) > kSameRoadM)
      return kOtherRoad;
    if (agrees_nearby(trip)) return kOtherArm;
    return static_cast<double>(route.distance.value) < trip.metres ? kShorter : kLonger;
  }

 private:
  // Whether it agrees when one of the ends lies a hand's breadth aside.
  bool agrees_nearby(const Trip& trip) {
    constexpr int kAround = 8;
    for (int i = 0; i < kAround * 2; ++i) {
      const double angle = i % kAround * 2 * std::numbers::pi / kAround;
      Trip moved = trip;
      auto& end = i < kAround ? moved.from : moved.to;
      end = geo::LatLng::from_degrees(end.lat_deg() + kRoundedM / 111'320 * std::sin(angle),
                                      end.lng_deg() + kRoundedM / 83'800 * std::cos(angle), "moved")
                .value();
      if (agrees(trip, route(moved))) return true;
    }
    return false;
  }

  const road::RoadMap& map_;
  road::Network network_;
  road::RoadMap::Query query_;
};

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void compare(const road::RoadMap& map, const std::vector<Trip>& trips) {
  Comparison comparison(map);
  std::array<std::size_t, kKinds> count{};
  std::vector<double> errors, slower;
  const bool detail = std::getenv("RECKON_BENCH_DETAIL") != nullptr;
  for (const auto& trip : trips) {
    const auto route = comparison.route(trip);
    const auto kind = comparison.kind_of(trip, route);
    ++count[kind];
    if (route.status != road::RouteStatus::kOk) continue;
    const double metres = static_cast<double>(route.distance.value);
    errors.push_back(std::abs(metres / trip.metres - 1));
    slower.push_back(static_cast<double>(route.duration_ds) / 10 / trip.seconds);
    if (detail && kind != kAgrees) {
      fmt::print("{} {} {} {} {} theirs {} m {} s, ours {} m {} s\n", kNames[kind], trip.from.lat_deg(),
                 trip.from.lng_deg(), trip.to.lat_deg(), trip.to.lng_deg(), trip.metres, trip.seconds, metres,
                 static_cast<double>(route.duration_ds) / 10);
    }
  }
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    fmt::print("{:<40}{:>7.2f} %\n", kNames[kind],
               100 * static_cast<double>(count[kind]) / static_cast<double>(trips.size()));
  const auto doors = static_cast<double>(trips.size() - count[kThroughRoad]);
  fmt::print("{:<40}{:>7.2f} %\n", "within 1 %, of trips from door to door",
             100 * static_cast<double>(count[kAgrees]) / doors);
  fmt::print("distance differs by          p50 {:.2f} %, p90 {:.2f} %, p99 {:.2f} %\n",
             100 * percentile(errors, 0.5), 100 * percentile(errors, 0.9), 100 * percentile(errors, 0.99));
  fmt::print("our time over theirs         p10 {:.3f}, p50 {:.3f}, p90 {:.3f}\n", percentile(slower, 0.1),
             percentile(slower, 0.5), percentile(slower, 0.9));
}

}  // namespace

int main() {
  const auto pbf = named_or("RECKON_BENCH_PBF", data() / "maps" / "porto.osm.pbf");
  const auto trips = read(named_or("RECKON_BENCH_ANSWERS", data() / "provider-answers" / "porto-car.csv"));
  if (trips.empty() || !std::filesystem::exists(pbf)) {
    fmt::print("SKIPPED: {} or its answers are absent\n", pbf.string());
    return 0;
  }
  const auto file =
      std::filesystem::temp_directory_path() / fmt::format("reckon-agreement-{}.rmap", getpid());
  const auto built = road::build_map({.inputs = {pbf}, .output = file, .vehicles = {base::Vehicle::kCar}});
  if (!built) {
    fmt::print(stderr, "{}: {}\n", built.error().where, built.error().message);
    return 1;
  }
  const auto map = road::RoadMap::open(file);
  std::filesystem::remove(file);
  if (!map) return 1;
  fmt::print("{} trips\n", trips.size());
  compare(*map, trips);
  return 0;
}

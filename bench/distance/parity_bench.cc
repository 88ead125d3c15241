// How often the local estimate gives the provider's own fee, before and after learning from its answers:
// docs/parity.md. Data: answers of a real provider (provider-answers/porto-car.csv of the shared data), and
// of hidden providers made on its maps, with speeds, turn costs and 2 % closed roads that nobody tells (seeds
// below). The first 5,000 trips are learned from, the others are in the outage. Prints a Markdown table;
// words that follow the program's name choose rows whose name contains one of them.

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "distance/hidden_provider_fixture.h"
#include "reckon/base/file.h"
#include "reckon/base/limits.h"
#include "reckon/distance/lesson.h"
#include "reckon/distance/pairs.h"
#include "reckon/road/map_builder.h"

using namespace reckon;
using distance::AnsweredTrip;
using distance::Parity;

namespace {

constexpr std::size_t kSeen = 5000;
constexpr std::size_t kOthers = 10'000;
constexpr double kClosedShare = 0.02;
constexpr std::uint32_t kSeeds[] = {1, 2};
constexpr const char* kMaps[] = {"porto", "seoul-central", "seoul-dongjak", "gangnam-arterials", "monaco"};

std::filesystem::path shared_data() {
  const char* told = std::getenv("RECKON_SHARED_DATA");
  return told != nullptr ? std::filesystem::path(told)
                         : std::filesystem::path(RECKON_SOURCE_DIR) / ".." / "shared" / "data";
}

std::shared_ptr<const road::RoadMap> built(const std::string& name, base::Vehicle vehicle) {
  const auto extract = shared_data() / "maps" / (name + ".osm.pbf");
  if (!std::filesystem::exists(extract)) {
    fmt::print("SKIPPED: {} is not there\n", extract.string());
    return nullptr;
  }
  const auto file = std::filesystem::temp_directory_path() / fmt::format("reckon-parity-{}.rmap", name);
  const auto made = road::build_map({{extract}, file, {vehicle}, {}});
  auto map = made ? road::RoadMap::open(file) : base::fail(made.error());
  std::filesystem::remove(file);
  if (!map) {
    fmt::print("SKIPPED: {}: {}\n", map.error().where, map.error().message);
    return nullptr;
  }
  return std::make_shared<const road::RoadMap>(std::move(*map));
}

void print_row(const std::string& who, std::string_view what, const Parity& parity, double seconds) {
  std::string held;
  for (const auto& bin : parity.bins)
    held += fmt::format("{}{:.0f}", held.empty() ? "" : " ",
                        100.0 * static_cast<double>(bin.inside) / static_cast<double>(bin.pairs));
  fmt::print("| {} | {} | {} | {:.1f} | {:.1f} | {:.1f} | {:+.1f} | {:.2f} | {} | {} |\n", who, what,
             parity.pairs, 100 * parity.share(parity.same_100), 100 * parity.share(parity.same_500),
             parity.error_won, parity.bias_won, 100 * parity.median_error, held,
             seconds > 0 ? fmt::format("{:.0f} s", seconds) : "");
  std::fflush(stdout);
}

void compare(const std::string& who, const std::shared_ptr<const road::RoadMap>& map, base::Vehicle vehicle,
             std::span<const AnsweredTrip> trips) {
  const auto seen = trips.first(std::min(kSeen, trips.size() / 2));
  const auto others = trips.subspan(seen.size(), std::min(kOthers, trips.size() - seen.size()));
  road::Roads::Query query;
  const auto measure = [&](const road::RoadMap* own, const distance::Learned* learned) {
    return distance::measure_parity(others, [&](const geo::LatLng& from, const geo::LatLng& to) {
      auto local = distance::local_estimate(own, query, vehicle, from, to);
      if (learned != nullptr) learned->improve(local, vehicle, from, to);
      return local.estimate;
    });
  };
  print_row(who, "usual detour", measure(nullptr, nullptr), 0);
  print_row(who, "map alone", measure(map.get(), nullptr), 0);
  const auto began = std::chrono::steady_clock::now();
  const auto lesson = distance::learn("provider", vehicle, map, seen);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (!lesson) return fmt::print("| {} | not learned: {} |\n", who, lesson.error().message);
  const auto learned = distance::Learned::make(map, (*lesson)->calibration);
  if (!learned) return fmt::print("| {} | not used: {} |\n", who, learned.error().message);
  print_row(who, "learned detour", measure(nullptr, learned->get()), 0);
  print_row(who, "map and answers", measure(map.get(), learned->get()), took);
}

void compare_real() {
  const auto file = shared_data() / "provider-answers" / "porto-car.csv";
  const auto bytes = base::read_file(file, base::kMaxCsvBytes);
  if (!bytes) return fmt::print("SKIPPED: {} is not there\n", file.string());
  const auto trips = distance::read_pairs_csv(*bytes, file.string());
  if (!trips) return fmt::print("SKIPPED: {}: {}\n", trips.error().where, trips.error().message);
  if (const auto map = built("porto", base::Vehicle::kCar))
    compare("porto-car.csv", map, base::Vehicle::kCar, *trips);
}

void compare_hidden(const char* name, std::uint32_t seed) {
  const auto map = built(name, base::Vehicle::kCar);
  if (!map) return;
  const road::RouteNetwork network(map->network(base::Vehicle::kCar));
  const auto trips =
      test::HiddenProvider(network, seed, kClosedShare).trips(kSeen + kOthers, test::TripLengths::kMarket);
  compare(fmt::format("{}-hidden-{}", name, seed), map, base::Vehicle::kCar, trips);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> wanted(argv + 1, argv + argc);
  const auto chosen = [&](const std::string& row) {
    return wanted.empty() ||
           std::ranges::any_of(wanted, [&](const auto& word) { return row.find(word) != std::string::npos; });
  };
  fmt::print(
      "| provider | estimate | trips | same fee, 100 m steps, % | 500 m, % | error, won | bias, won | metres "
      "off, median % | intervals hold, % by bin | learning |\n");
  fmt::print("|---|---|---|---|---|---|---|---|---|---|\n");
  if (chosen("porto-car.csv")) compare_real();
  for (const auto* name : kMaps) {
    for (const auto seed : kSeeds) {
      if (chosen(fmt::format("{}-hidden-{}", name, seed))) compare_hidden(name, seed);
    }
  }
}

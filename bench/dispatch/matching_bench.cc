// One order for each rider, at a city's busiest minute: the orders of the half hour before 19:45 of a real
// day (day 11 of the Rappi set, pickup points) and the riders on duty then (where they came on), the first
// 1,000 and 2,000 of them; seconds of riding are straight lines times 1.4 at 5 m/s. Without the set: made up
// from seed 20261123, shops and riders round 40 centres.
//
// Rows: `sparse` with orders of one shop told as one kind, `sparse_each` without, `warm` after a twentieth of
// the orders has changed, `dense` the textbook Hungarian method on the same table, `scipy_dense` SciPy's
// linear_sum_assignment on it (skipped where no python3 has SciPy; RECKON_PYTHON names another). Times are
// CPU time and contain the reading of the table's rows, not its making.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>

#include "dispatch/matching_reference.h"
#include "reckon/base/csv.h"
#include "reckon/base/file.h"
#include "reckon/dispatch/matching.h"

namespace {

using namespace reckon::dispatch;
using Point = std::pair<double, double>;  // metres

constexpr std::size_t kOrders = 1000;
constexpr std::size_t kRiders = 2000;
constexpr MatchCost kAlone = 100'000;  // nobody rides a day to a shop
constexpr double kSecondsPerMetre = 1.4 / 5;

struct City {
  std::vector<Point> orders;
  std::vector<Point> riders;
  std::vector<std::int32_t> costs;
  std::vector<std::uint32_t> kinds;
};

void fill_costs(City& city) {
  city.orders.resize(std::min(city.orders.size(), kOrders));
  city.riders.resize(std::min(city.riders.size(), kRiders));
  std::map<Point, std::uint32_t> first;
  for (std::uint32_t o = 0; o < city.orders.size(); ++o) {
    const auto& shop = city.orders[o];
    city.kinds.push_back(first.try_emplace(shop, o).first->second);
    for (const auto& rider : city.riders) {
      const double metres = std::hypot(shop.first - rider.first, shop.second - rider.second);
      city.costs.push_back(static_cast<std::int32_t>(metres * kSecondsPerMetre));
    }
  }
}

std::vector<std::vector<std::string>> lines_of(const std::filesystem::path& file) {
  std::vector<std::vector<std::string>> out;
  const auto text = reckon::base::read_file(file, std::size_t{64} << 20);
  if (!text) return out;
  std::vector<std::string> cells(1);
  for (const char c : *text) {
    if (c == ',') {
      cells.emplace_back();
    } else if (c == '\n') {
      out.push_back(std::exchange(cells, {""}));
    } else {
      cells.back() += c;
    }
  }
  return out;
}

// Metres from the equator and Greenwich, true enough within one city at 11 degrees north.
Point metres(const std::string& latitude, const std::string& longitude) {
  return {111'195 * std::atof(latitude.c_str()), 109'150 * std::atof(longitude.c_str())};
}

City real_city() {
  const char* shared = std::getenv("RECKON_SHARED_DATA");
  const auto folder =
      std::filesystem::path(shared != nullptr ? shared : RECKON_SOURCE_DIR "/../shared/data") / "rappi/day11";
  City city;
  for (const auto& order : lines_of(folder / "orders.csv")) {
    if (order.size() > 5 && order[5] >= "19:15:00" && order[5] < "19:45:00")
      city.orders.push_back(metres(order[1], order[2]));
  }
  for (const auto& rider : lines_of(folder / "couriers.csv")) {
    if (rider.size() > 5 && rider[4] <= "19:40:00" && rider[5] > "19:40:00" && rider[5] <= "23:59:59")
      city.riders.push_back(metres(rider[2], rider[3]));
  }
  return city;
}

City made_up_city() {
  std::mt19937 random(20261123);
  std::uniform_real_distribution<double> anywhere(0, 10'000);
  std::normal_distribution<double> near_by(0, 400);
  City city;
  std::vector<Point> centres(40);
  for (auto& centre : centres) centre = {anywhere(random), anywhere(random)};
  std::vector<Point> shops;
  for (int i = 0; i < 300; ++i) {
    const auto& centre = centres[random() % centres.size()];
    shops.emplace_back(centre.first + near_by(random), centre.second + near_by(random));
  }
  for (std::size_t i = 0; i < kOrders; ++i) city.orders.push_back(shops[random() % shops.size()]);
  for (std::size_t i = 0; i < kRiders; ++i) {
    const auto& centre = centres[random() % centres.size()];
    city.riders.emplace_back(centre.first + 2 * near_by(random), centre.second + 2 * near_by(random));
  }
  return city;
}

const City& city() {
  static const City made = [] {
    City out = real_city();
    if (out.orders.empty() || out.riders.empty()) out = made_up_city();
    fill_costs(out);
    return out;
  }();
  return made;
}

void report(benchmark::State& state, const City& of, MatchCost cost) {
  state.counters["orders"] = static_cast<double>(of.orders.size());
  state.counters["riders"] = static_cast<double>(of.riders.size());
  state.counters["mean_s"] = static_cast<double>(cost) / static_cast<double>(of.orders.size());
}

void sparse_of(benchmark::State& state, std::span<const std::uint32_t> kinds) {
  const auto columns = static_cast<std::uint32_t>(city().riders.size());
  Matching found;
  for ([[maybe_unused]] auto _ : state) {
    found = cheapest_matching(DenseMatchSource(city().costs, columns, kinds), kAlone);
  }
  report(state, city(), found.cost);
  state.counters["edges"] = static_cast<double>(found.edges);
}
void sparse(benchmark::State& state) {
  sparse_of(state, city().kinds);
}
void sparse_each(benchmark::State& state) {
  sparse_of(state, {});
}

void warm(benchmark::State& state) {
  City next = city();
  const std::size_t columns = next.riders.size();
  const auto before = cheapest_matching(
      DenseMatchSource(next.costs, static_cast<std::uint32_t>(columns), next.kinds), kAlone);
  for (std::size_t o = 0; o < next.orders.size(); o += 20) {
    next.orders[o] = city().orders[(o + 7) % next.orders.size()];
  }
  next.costs.clear();
  next.kinds.clear();
  fill_costs(next);
  Matching found;
  for ([[maybe_unused]] auto _ : state) {
    found = cheapest_matching(DenseMatchSource(next.costs, static_cast<std::uint32_t>(columns), next.kinds),
                              kAlone, {before.column_of, before.column_prices});
  }
  report(state, next, found.cost);
}

void dense(benchmark::State& state) {
  MatchCost cost = 0;
  for ([[maybe_unused]] auto _ : state) {
    cost = testing::HungarianReference(city().costs, static_cast<std::uint32_t>(city().riders.size()), kAlone)
               .cost();
  }
  report(state, city(), cost);
}

// The table in a file that goes with it.
class TableFile {
 public:
  TableFile() {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(city().costs.data()),
               static_cast<std::streamsize>(city().costs.size() * sizeof(city().costs.front())));
  }
  ~TableFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / fmt::format("matching_bench.{}.table", ::getpid());
};

struct PeerTime {
  double ms;
  MatchCost cost;
};
// Nothing where this Python has no SciPy, or does not exist.
std::optional<PeerTime> scipy_by(const std::string& python, const TableFile& table) {
  const auto command =
      fmt::format("'{}' '{}/bench/dispatch/scipy_dense.py' '{}' {} {} 2>/dev/null", python, RECKON_SOURCE_DIR,
                  table.path().string(), city().orders.size(), city().riders.size());
  std::FILE* const out = ::popen(command.c_str(), "r");
  if (out == nullptr) return std::nullopt;
  PeerTime time{};
  const bool told = std::fscanf(out, "%lf %ld", &time.ms, &time.cost) == 2;
  const int status = ::pclose(out);
  return told && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? std::optional(time) : std::nullopt;
}

std::optional<PeerTime> scipy_time() {
  const TableFile table;
  const char* named = std::getenv("RECKON_PYTHON");
  if (named != nullptr) return scipy_by(named, table);
  const auto usual = scipy_by("python3", table);
  return usual ? usual : scipy_by("/usr/bin/python3", table);
}

void scipy_dense(benchmark::State& state) {
  std::optional<PeerTime> time;
  for ([[maybe_unused]] auto _ : state) {
    time = scipy_time();
    state.SetIterationTime(time ? time->ms / 1000 : 0);
  }
  if (!time) {
    state.SkipWithError("no python3 with SciPy (Debian: python3-scipy; RECKON_PYTHON names another)");
    return;
  }
  const auto columns = static_cast<std::uint32_t>(city().riders.size());
  const auto ours = cheapest_matching(DenseMatchSource(city().costs, columns, city().kinds), kAlone);
  if (ours.cost != time->cost) state.SkipWithError("SciPy finds another cost");
  report(state, city(), time->cost);
}

BENCHMARK(sparse)->Unit(benchmark::kMillisecond);
BENCHMARK(sparse_each)->Unit(benchmark::kMillisecond);
BENCHMARK(warm)->Unit(benchmark::kMillisecond);
BENCHMARK(dense)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(scipy_dense)->Unit(benchmark::kMillisecond)->Iterations(1)->UseManualTime();

}  // namespace

BENCHMARK_MAIN();

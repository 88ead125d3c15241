// Li & Lim's pickup and delivery problems against the best known solutions, at four CPU times.
//
// Names of rows: lilim/<set>/<CPU milliseconds>. Counters: gap_pct, the mean over the instances of distance
// against the best known (which has fewest vehicles first; ours has distance first, so a gap below 0 can be
// right); more_vehicles, vehicles beyond the best known over all instances; left_out, requests not served.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "reckon/dispatch/solve.h"

namespace {

using namespace reckon::dispatch;
namespace fs = std::filesystem;

constexpr double kScale = 1000;  // units of the instances to whole "seconds"

fs::path data_dir() {
  const char* shared = std::getenv("RECKON_SHARED_DATA");
  return fs::path(shared != nullptr ? shared : RECKON_SOURCE_DIR "/../shared/data") / "lilim";
}

// Steady time that passes only while this process computes.
class CpuClock final : public reckon::base::Clock {
 public:
  reckon::base::SteadyTime steady_now() const override {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return reckon::base::SteadyTime{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
  }
  reckon::base::WallTime wall_now() const override { return reckon::base::SystemClock{}.wall_now(); }
};

struct Instance {
  std::string name;
  double best_distance = 0;
  int best_vehicles = 0;
  Problem problem;
  std::vector<std::pair<double, double>> at;
};

struct Row {
  double x, y;
  std::int64_t demand, open, close, service;
  std::size_t pickup, delivery;
};

Problem problem_of(const std::vector<Row>& rows, int vehicles, std::int64_t capacity) {
  const auto scaled = [](std::int64_t units) { return units * static_cast<std::int64_t>(kScale); };
  Problem problem;
  problem.locations = rows.size();
  problem.dimensions = 1;
  Travel travel;
  for (const Row& a : rows) {
    for (const Row& b : rows) {
      travel.durations_s.push_back(
          static_cast<std::int32_t>(std::lround(kScale * std::hypot(a.x - b.x, a.y - b.y))));
    }
  }
  problem.travels.push_back(std::move(travel));
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].delivery == 0) continue;
    Request request;
    request.first = static_cast<TaskIndex>(problem.tasks.size());
    request.shipment = true;
    request.from_start = request.to_end = {0};
    request.carried = {rows[i].demand};
    for (const std::size_t stop : {i, rows[i].delivery}) {
      Task task;
      task.kind = stop == i ? TaskKind::kPickup : TaskKind::kDelivery;
      task.request = static_cast<RequestIndex>(problem.requests.size());
      task.location = static_cast<LocationIndex>(stop);
      task.windows = {{scaled(rows[stop].open), scaled(rows[stop].close)}};
      task.service_s = {scaled(rows[stop].service)};
      problem.tasks.push_back(task);
    }
    problem.requests.push_back(request);
  }
  Vehicle vehicle;
  vehicle.start = vehicle.end = 0;
  vehicle.capacity = {capacity};
  vehicle.window = {scaled(rows[0].open), scaled(rows[0].close)};
  problem.vehicles.assign(static_cast<std::size_t>(vehicles), vehicle);
  return problem;
}

Instance read_instance(const fs::path& path) {
  std::ifstream in(path);
  int vehicles = 0;
  std::int64_t capacity = 0;
  double speed = 0;
  in >> vehicles >> capacity >> speed;
  std::vector<Row> rows;
  std::size_t id = 0;
  for (Row row{}; in >> id >> row.x >> row.y >> row.demand >> row.open >> row.close >> row.service >>
                  row.pickup >> row.delivery;) {
    rows.push_back(row);
  }
  Instance instance{path.stem().string(), 0, 0, problem_of(rows, vehicles, capacity), {}};
  for (const Row& row : rows) instance.at.emplace_back(row.x, row.y);
  return instance;
}

std::vector<Instance> read_set(const std::string& set) {
  std::vector<Instance> instances;
  std::ifstream best(data_dir() / "best-known.csv");
  std::string line;
  while (std::getline(best, line)) {
    std::istringstream fields(line);
    std::string name, vehicles, distance;
    std::getline(fields, name, ',');
    std::getline(fields, vehicles, ',');
    std::getline(fields, distance, ',');
    const auto path = data_dir() / set / (name + ".txt");
    if (!fs::exists(path)) continue;
    instances.push_back(read_instance(path));
    instances.back().best_vehicles = std::atoi(vehicles.c_str());
    instances.back().best_distance = std::atof(distance.c_str());
  }
  return instances;
}

double length_of(const Instance& instance, const Plan& plan) {
  double sum = 0;
  for (const Route& route : plan.routes) {
    std::size_t here = 0;
    for (const Step& step : route.steps) {
      const std::size_t there =
          step.kind == StepKind::kTask ? instance.problem.tasks[step.index].location : 0;
      sum += std::hypot(instance.at[here].first - instance.at[there].first,
                        instance.at[here].second - instance.at[there].second);
      here = there;
    }
  }
  return sum;
}

void run_set(benchmark::State& state, const std::string& set, Objective objective) {
  const auto instances = read_set(set);
  if (instances.empty()) {
    state.SkipWithError("no instances: set RECKON_SHARED_DATA to the folder of the shared data");
    return;
  }
  const CpuClock clock;
  double gap = 0, vehicles = 0, left_out = 0, iterations = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (const Instance& instance : instances) {
      SolveStats stats;
      const auto deadline = reckon::base::Deadline::after(clock, std::chrono::milliseconds(state.range(0)));
      const auto seed = static_cast<std::uint64_t>(state.range(1));
      const Plan plan = solve(instance.problem,
                              {.clock = &clock,
                               .deadline = deadline,
                               .iterations = std::nullopt,
                               .seed = seed,
                               .objective = objective},
                              &stats);
      const double excess = 100 * (length_of(instance, plan) / instance.best_distance - 1);
      gap += excess;
      vehicles += static_cast<double>(plan.routes.size()) - instance.best_vehicles;
      left_out += static_cast<double>(plan.unassigned.size());
      iterations += static_cast<double>(stats.iterations);
      if (std::getenv("RECKON_BENCH_DETAIL") != nullptr) {
        std::fprintf(stderr, "%s %.2f %% %zu (%d) %llu\n", instance.name.c_str(), excess, plan.routes.size(),
                     instance.best_vehicles, static_cast<unsigned long long>(stats.iterations));
      }
    }
  }
  const auto count = static_cast<double>(instances.size());
  state.counters["gap_pct"] = gap / count;
  state.counters["more_vehicles"] = vehicles;
  state.counters["left_out"] = left_out;
  state.counters["rounds"] = iterations / count;
}

void lilim_100(benchmark::State& state) {
  run_set(state, "100", Objective::kCost);
}
void lilim_200(benchmark::State& state) {
  run_set(state, "200", Objective::kCost);
}
void lilim_100_vehicles_first(benchmark::State& state) {
  run_set(state, "100", Objective::kVehiclesFirst);
}
void lilim_200_vehicles_first(benchmark::State& state) {
  run_set(state, "200", Objective::kVehiclesFirst);
}

constexpr int kMillis[] = {30, 150, 1000, 10'000};
constexpr int kSeeds[] = {1, 2, 3};

void times(benchmark::internal::Benchmark* bench) {
  for (const int millis : kMillis) {
    for (const int seed : kSeeds) bench->Args({millis, seed});
  }
  bench->ArgNames({"cpu_ms", "seed"})->Iterations(1)->Unit(benchmark::kMillisecond);
}

BENCHMARK(lilim_100)->Apply(times);
BENCHMARK(lilim_200)->Apply(times);
BENCHMARK(lilim_100_vehicles_first)->Apply(times);
BENCHMARK(lilim_200_vehicles_first)->Apply(times);

}  // namespace

BENCHMARK_MAIN();

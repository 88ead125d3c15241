// A city's busiest minute in one call: 1,000 orders of clustered shops, 2,000 riders of capacity 3 near the
// same clusters, open ends, ready times and promises. Made up from seed 20261123: straight lines times 1.4 at
// 5 m/s.
//
// Names of rows: city/<milliseconds>, 0 being insertion alone; `matrix` apart. Counters: cost in hours of
// travel, left_out, riders used, rounds of ruin and recreate.

#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "reckon/dispatch/solve.h"

namespace {

using namespace reckon::dispatch;

constexpr std::size_t kOrders = 1000;
constexpr std::size_t kRiders = 2000;
constexpr int kClusters = 40;
constexpr double kDetour = 1.4;
constexpr double kMetresPerSecond = 5;

struct City {
  std::vector<std::pair<double, double>> at;
  Problem problem;
};

void add_order(City& city, std::size_t index, double ready_s) {
  Request request;
  request.first = static_cast<TaskIndex>(city.problem.tasks.size());
  request.shipment = true;
  request.from_start = request.to_end = {0};
  request.carried = {1};
  for (std::size_t side = 0; side < 2; ++side) {
    Task task;
    task.kind = side == 0 ? TaskKind::kPickup : TaskKind::kDelivery;
    task.request = static_cast<RequestIndex>(index);
    task.location = static_cast<LocationIndex>(2 * index + side);
    const auto ready = static_cast<std::int64_t>(ready_s);
    task.windows = {{side == 0 ? ready : 0, ready + (side == 0 ? 1200 : 3000)}};
    task.service_s = {120};
    city.problem.tasks.push_back(std::move(task));
  }
  city.problem.requests.push_back(std::move(request));
}

City made_up_city() {
  City city;
  std::mt19937 random(20261123);
  std::uniform_real_distribution<double> anywhere(0, 10'000);
  std::normal_distribution<double> near_by(0, 400);
  std::normal_distribution<double> delivery(0, 1200);
  std::uniform_real_distribution<double> ready(0, 1200);
  std::vector<std::pair<double, double>> centres;
  for (int i = 0; i < kClusters; ++i) centres.emplace_back(anywhere(random), anywhere(random));
  Problem& problem = city.problem;
  problem.dimensions = 1;
  for (std::size_t i = 0; i < kOrders; ++i) {
    const auto& centre = centres[random() % kClusters];
    city.at.emplace_back(centre.first + near_by(random), centre.second + near_by(random));
    city.at.emplace_back(city.at.back().first + delivery(random), city.at.back().second + delivery(random));
    add_order(city, i, ready(random));
  }
  for (std::size_t i = 0; i < kRiders; ++i) {
    const auto& centre = centres[random() % kClusters];
    city.at.emplace_back(centre.first + 2 * near_by(random), centre.second + 2 * near_by(random));
    Vehicle rider;
    rider.start = static_cast<LocationIndex>(2 * kOrders + i);
    rider.capacity = {3};
    rider.window = {0, 14'400};
    problem.vehicles.push_back(std::move(rider));
  }
  problem.locations = city.at.size();
  problem.travels.emplace_back();
  for (const auto& a : city.at) {
    for (const auto& b : city.at) {
      const double metres = kDetour * std::hypot(a.first - b.first, a.second - b.second);
      problem.travels[0].durations_s.push_back(
          static_cast<std::int32_t>(std::lround(metres / kMetresPerSecond)));
    }
  }
  return city;
}

void city(benchmark::State& state) {
  static const City made = made_up_city();
  const reckon::base::SystemClock clock;
  Plan plan;
  SolveStats stats;
  for ([[maybe_unused]] auto _ : state) {
    SolveOptions options;
    if (state.range(0) > 0) {
      options.clock = &clock;
      options.deadline = reckon::base::Deadline::after(clock, std::chrono::milliseconds(state.range(0)));
    }
    plan = solve(made.problem, options, &stats);
  }
  const Score reached = score(made.problem, plan);
  state.counters["hours"] = static_cast<double>(reached.cost) / kCostScale / 3600;
  state.counters["left_out"] = static_cast<double>(plan.unassigned.size());
  state.counters["riders"] = static_cast<double>(plan.routes.size());
  state.counters["rounds"] = static_cast<double>(stats.iterations);
}

BENCHMARK(city)->ArgName("ms")->Arg(0)->Arg(300)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();

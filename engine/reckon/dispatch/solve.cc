#include "reckon/dispatch/solve.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <utility>

#include "reckon/dispatch/check.h"
#include "reckon/dispatch/exact.h"
#include "reckon/dispatch/flat.h"
#include "reckon/dispatch/schedule.h"
#include "reckon/dispatch/search.h"

namespace reckon::dispatch {
namespace {

// How far the limits are used up, [0, 1]; 1 means stop.
class Budget {
 public:
  explicit Budget(const SolveOptions& options) : options_(options) {
    if (options.deadline) {
      RECKON_CHECK(options.clock != nullptr);
      begin_ = options.clock->steady_now();
    }
  }

  bool out_of_time() const {
    return options_.deadline && options_.clock->steady_now() >= options_.deadline->at;
  }

  double spent(std::uint64_t iterations) const {
    double spent = options_.deadline || options_.iterations ? 0 : 1;
    if (options_.iterations) {
      spent = *options_.iterations == 0
                  ? 1
                  : static_cast<double>(iterations) / static_cast<double>(*options_.iterations);
    }
    if (options_.deadline) {
      const std::chrono::duration<double> total = options_.deadline->at - begin_;
      const std::chrono::duration<double> so_far = options_.clock->steady_now() - begin_;
      spent = std::max(spent, total.count() <= 0 ? 1 : so_far / total);
    }
    return std::min(spent, 1.0);
  }

 private:
  const SolveOptions& options_;
  base::SteadyTime begin_{};
};

// Of the time, for going through all plans: where that takes longer, the search must have its turn.
constexpr double kShareForAll = 0.2;

// The furthest that any vehicle gets with this request alone.
Reason reason_for(const Flat& flat, RequestIndex index) {
  const Problem& problem = flat.problem;
  const Request& request = problem.requests[index];
  std::array<TaskIndex, 2> tasks = {request.first, request.first + 1};
  const std::span<const TaskIndex> alone(tasks.data(), request.shipment ? 2 : 1);
  Reason furthest = Reason::kSkills;
  std::vector<bool> asked(flat.twin_classes, false);
  for (VehicleIndex v = 0; v < problem.vehicles.size() && furthest != Reason::kNoRoom; ++v) {
    if (asked[flat.vehicles[v].twin_class]) continue;
    asked[flat.vehicles[v].twin_class] = true;
    switch (obstacle(problem, problem.vehicles[v], alone)) {
      case Obstacle::kSkills:
        break;
      case Obstacle::kLoad:
        furthest = std::max(furthest, Reason::kTooHeavy);
        break;
      case Obstacle::kNoRoute:
        furthest = std::max(furthest, Reason::kNoRoute);
        break;
      case Obstacle::kTime:
        furthest = std::max(furthest, Reason::kTimeWindows);
        break;
      case Obstacle::kLimit:
        furthest = std::max(furthest, Reason::kRouteLimit);
        break;
      case Obstacle::kNothing:
        furthest = Reason::kNoRoom;
    }
  }
  return furthest;
}

Plan plan_of(const Flat& flat, const Sequences& sequences) {
  Plan plan;
  std::vector<bool> served(flat.problem.requests.size(), false);
  for (VehicleIndex v = 0; v < sequences.chains.size(); ++v) {
    if (sequences.chains[v].empty()) continue;
    auto route = schedule(flat.problem, v, sequences.chains[v]);
    RECKON_CHECK(route.has_value());
    plan.routes.push_back(std::move(*route));
    for (const TaskIndex task : sequences.chains[v]) served[flat.tasks[task].request] = true;
  }
  for (RequestIndex r = 0; r < served.size(); ++r) {
    if (!served[r]) plan.unassigned.push_back({r, reason_for(flat, r)});
  }
  return plan;
}

}  // namespace

Plan solve(const Problem& problem, const SolveOptions& options, SolveStats* stats) {
  const Budget budget(options);
  const Flat flat(problem);
  std::function<bool()> out_of_time;
  if (options.deadline) out_of_time = [&budget] { return budget.out_of_time(); };
  Search search(flat, options.seed, options.objective, std::move(out_of_time));
  search.construct();
  SolveStats counted;
  const bool nothing_to_do = problem.vehicles.empty() || problem.requests.empty();
  std::optional<Sequences> exact;
  if (!nothing_to_do && budget.spent(0) < 1) {
    exact = best_of_all(flat, options.objective, [&] { return budget.spent(0) > kShareForAll; });
  }
  for (double spent = budget.spent(0); spent < 1 && !nothing_to_do && !exact;
       spent = budget.spent(counted.iterations)) {
    if (search.round(spent)) ++counted.improvements;
    ++counted.iterations;
  }
  if (stats != nullptr) *stats = counted;
  const bool exact_is_better = exact && ranks_before(options.objective, *exact, search.best());
  Plan plan = plan_of(flat, exact_is_better ? *exact : search.best());
  RECKON_CHECK(check(problem, plan).empty());
  return plan;
}

}  // namespace reckon::dispatch

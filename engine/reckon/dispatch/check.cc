#include "reckon/dispatch/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace reckon::dispatch {
namespace {

bool inside(const std::vector<TimeWindow>& windows, std::int64_t time_s) {
  return std::ranges::any_of(windows,
                             [&](const TimeWindow& w) { return w.start_s <= time_s && time_s <= w.end_s; });
}

// Walks one route step by step.
class RouteCheck {
 public:
  RouteCheck(const Problem& problem, const Route& route, std::string where,
             std::vector<std::uint32_t>& served, std::vector<Violation>& violations)
      : problem_(problem),
        route_(route),
        vehicle_(problem.vehicles[route.vehicle]),
        where_(std::move(where)),
        served_(served),
        violations_(violations),
        breaks_seen_(vehicle_.breaks.size(), 0) {}

  void run() {
    if (!structure()) return;
    initial_load();
    for (at_ = 0; at_ < route_.steps.size(); ++at_) step(route_.steps[at_]);
    at_ = route_.steps.size() - 1;
    finish();
  }

 private:
  void tell(Rule rule, std::string what) {
    violations_.push_back({rule, fmt::format("{}.steps[{}]", where_, at_), std::move(what)});
  }
  void require(bool holds, Rule rule, std::string_view what) {
    if (!holds) tell(rule, std::string(what));
  }

  // Indices in range and places in order, so that the walk can rely on them.
  bool structure() {
    const std::size_t before = violations_.size();
    std::size_t tasks = 0;
    for (at_ = 0; at_ < route_.steps.size(); ++at_) {
      const Step& step = route_.steps[at_];
      const bool first = at_ == 0;
      const bool last = at_ + 1 == route_.steps.size();
      if (step.kind == StepKind::kTask) {
        ++tasks;
        require(step.index < problem_.tasks.size(), Rule::kStructure, "is not one of the tasks");
      }
      if (step.kind == StepKind::kBreak) {
        require(step.index < vehicle_.breaks.size(), Rule::kBreak, "is not one of the vehicle's breaks");
      }
      require((step.kind == StepKind::kStart) == (first && vehicle_.start != kNone), Rule::kStructure,
              "a route begins with its start place, if the vehicle has one");
      require((step.kind == StepKind::kEnd) == (last && vehicle_.end != kNone), Rule::kStructure,
              "a route ends with its end place, if the vehicle has one");
      require(step.load.size() == problem_.dimensions, Rule::kLoad, "the load lacks dimensions");
    }
    at_ = 0;
    require(tasks > 0, Rule::kStructure, "a route has at least one task");
    return violations_.size() == before;
  }

  void initial_load() {
    load_.assign(problem_.dimensions, 0);
    for (const Step& step : route_.steps) {
      if (step.kind != StepKind::kTask) continue;
      const Request& request = problem_.requests[problem_.tasks[step.index].request];
      for (std::size_t d = 0; d < load_.size(); ++d) load_[d] += request.from_start[d];
    }
  }

  void step(const Step& step) {
    motion(step);
    if (step.kind == StepKind::kTask) task(step);
    if (step.kind == StepKind::kBreak) rest(step);
    if (step.kind != StepKind::kTask) require(step.setup_s == 0, Rule::kTime, "only tasks have a setup");
    if (step.kind == StepKind::kStart || step.kind == StepKind::kEnd) {
      require(step.service_s == 0 && step.waiting_s == 0, Rule::kTime, "nothing is done at the start or end");
    }
    require(step.load == load_, Rule::kLoad, "the stated load is not what is on board");
    for (std::size_t d = 0; d < load_.size(); ++d) {
      require(load_[d] <= vehicle_.capacity[d], Rule::kLoad, "over the vehicle's capacity");
    }
  }

  // Time passes by travel, waiting, setup and service only.
  void motion(const Step& step) {
    require(step.waiting_s >= 0, Rule::kTime, "negative waiting");
    if (at_ == 0) {
      require(step.arrival_s >= vehicle_.window.start_s, Rule::kTime, "begins before the vehicle's hours");
      require(step.travel_s == 0 && step.distance_m == 0, Rule::kCost, "has travelled before it began");
      if (step.kind != StepKind::kBreak) place_ = place_of(step);
      return;
    }
    const Step& before = route_.steps[at_ - 1];
    const auto travelled = step.travel_s - before.travel_s;
    require(travelled >= 0, Rule::kTime, "travel goes backwards");
    const auto left = before.arrival_s + before.waiting_s + before.setup_s + before.service_s;
    require(step.arrival_s == left + travelled, Rule::kTime, "does not arrive when it left plus the travel");
    if (step.kind == StepKind::kBreak) {
      require(step.distance_m == before.distance_m, Rule::kCost, "distance counts at places only");
      return;
    }
    leg(place_, place_of(step), step);
    place_ = place_of(step);
  }

  void leg(LocationIndex from, LocationIndex to, const Step& step) {
    const Travel& travel = problem_.travels[vehicle_.travel];
    std::int64_t seconds = 0;
    std::int64_t metres = 0;
    if (from != kNone && to != kNone) {
      const std::size_t cell = std::size_t{from} * problem_.locations + to;
      seconds = travel.durations_s[cell];
      require(seconds != kUnreachable, Rule::kTime, "there is no such leg");
      if (travel.distances_m) metres = (*travel.distances_m)[cell];
      if (travel.costs) {
        cost_ += std::int64_t{(*travel.costs)[cell]} * 3600;
      } else {
        cost_ += vehicle_.costs.per_hour * seconds + (vehicle_.costs.per_km * metres * 18 + 2) / 5;
      }
    }
    travel_s_ += seconds;
    distance_m_ += metres;
    require(step.travel_s == travel_s_, Rule::kTime, "travel so far is not the sum of the legs");
    require(step.distance_m == distance_m_, Rule::kCost, "distance so far is not the sum of the legs");
  }

  LocationIndex place_of(const Step& step) const {
    if (step.kind == StepKind::kStart) return vehicle_.start;
    if (step.kind == StepKind::kEnd) return vehicle_.end;
    return problem_.tasks[step.index].location;
  }

  // The place before this step, breaks passed over; kNone at a route's open begin.
  LocationIndex place_before() const {
    for (std::size_t i = at_; i-- > 0;) {
      if (route_.steps[i].kind != StepKind::kBreak) return place_of(route_.steps[i]);
    }
    return kNone;
  }

  void task(const Step& step) {
    const Task& task = problem_.tasks[step.index];
    const Request& request = problem_.requests[task.request];
    ++tasks_;
    ++served_[step.index];
    require(std::ranges::includes(vehicle_.skills, request.skills), Rule::kSkills,
            "the vehicle lacks a skill");
    const bool moved = place_before() != task.location;
    require(step.setup_s == (moved ? task.setup_s[vehicle_.type] : 0), Rule::kTime,
            "setup is not as the task has it");
    require(step.service_s == task.service_s[vehicle_.type], Rule::kTime,
            "service is not as the task has it");
    require(inside(task.windows, step.arrival_s + step.waiting_s), Rule::kTime,
            "outside the task's time windows");
    cost_ += vehicle_.costs.per_task_hour * (step.setup_s + step.service_s);
    work_s_ += step.setup_s + step.service_s;
    const std::int64_t begin_s = step.arrival_s + step.waiting_s;
    if (begin_s > task.due_s) cost_ += task.late_per_hour * (begin_s - task.due_s);
    for (std::size_t d = 0; d < load_.size(); ++d) {
      load_[d] += request.to_end[d] - request.from_start[d];
      load_[d] += task.kind == TaskKind::kDelivery ? -request.carried[d] : request.carried[d];
    }
    for (const RequestIndex other : requests_) {
      if (other != task.request)
        require(!apart(request, problem_.requests[other]), Rule::kApart,
                "is in a route with what it must not be with");
    }
    requests_.push_back(task.request);
    if (static_cast<std::size_t>(tasks_) <= vehicle_.fixed)
      require(vehicle_.initial[static_cast<std::size_t>(tasks_) - 1] == step.index, Rule::kFixed,
              "stands where another task is fixed");
    if (task.kind == TaskKind::kPickup) {
      on_board_.push_back(task.request);
      left_pickup_s_[task.request] = step.departure_s();
    }
    if (task.kind != TaskKind::kDelivery) return;
    if (left_pickup_s_.contains(task.request))
      require(step.start_s() - left_pickup_s_[task.request] <= request.max_on_board_s, Rule::kFresh,
              "is longer on board than max_on_board");
    const auto found = std::ranges::find(on_board_, task.request);
    require(found != on_board_.end(), Rule::kPrecedence, "delivered before it was picked up");
    if (found != on_board_.end()) on_board_.erase(found);
  }

  void rest(const Step& step) {
    const Break& rest = vehicle_.breaks[step.index];
    ++breaks_seen_[step.index];
    require(inside(rest.windows, step.arrival_s + step.waiting_s), Rule::kBreak,
            "outside the break's time windows");
    require(step.service_s == rest.service_s, Rule::kBreak, "the break has another length");
    for (std::size_t d = 0; d < rest.max_load.size(); ++d) {
      require(load_[d] <= rest.max_load[d], Rule::kBreak, "too much on board for this break");
    }
  }

  void finish() {
    const Step& last = route_.steps.back();
    require(last.arrival_s + last.waiting_s + last.setup_s + last.service_s <= vehicle_.window.end_s,
            Rule::kTime, "ends after the vehicle's hours");
    require(on_board_.empty(), Rule::kPrecedence, "picked up and never delivered");
    require(std::ranges::all_of(breaks_seen_, [](int times) { return times == 1; }), Rule::kBreak,
            "each break is taken once");
    require(static_cast<std::size_t>(tasks_) >= vehicle_.fixed, Rule::kFixed, "lacks tasks that are fixed");
    require(tasks_ <= vehicle_.max_tasks, Rule::kLimit, "more tasks than max_tasks");
    require(travel_s_ <= vehicle_.max_travel_s, Rule::kLimit, "more travel than max_travel_time");
    require(distance_m_ <= vehicle_.max_distance_m, Rule::kLimit, "farther than max_distance");
    require(last.travel_s == travel_s_, Rule::kTime, "travel goes on after the last place");
    const Balance& balance = problem_.balance;
    work_s_ += travel_s_;
    cost_ += balance.tasks * tasks_ * tasks_ * 3600 + (balance.hours * work_s_ * work_s_ + 1800) / 3600;
    require(route_.cost == cost_ + vehicle_.costs.fixed * 3600, Rule::kCost,
            "the cost is not the sum of its parts");
  }

  const Problem& problem_;
  const Route& route_;
  const Vehicle& vehicle_;
  std::string where_;
  std::vector<std::uint32_t>& served_;
  std::vector<Violation>& violations_;
  std::vector<int> breaks_seen_;
  std::vector<std::int64_t> load_;
  std::vector<RequestIndex> on_board_;
  std::vector<RequestIndex> requests_;
  std::map<RequestIndex, std::int64_t> left_pickup_s_;
  LocationIndex place_ = kNone;
  std::size_t at_ = 0;
  std::int64_t tasks_ = 0;
  std::int64_t travel_s_ = 0;
  std::int64_t work_s_ = 0;
  std::int64_t distance_m_ = 0;
  std::int64_t cost_ = 0;
};

void check_requests(const Problem& problem, const Plan& plan, std::vector<std::uint32_t> served,
                    std::vector<Violation>& violations) {
  std::vector<std::uint32_t> left_out(problem.requests.size(), 0);
  for (std::size_t i = 0; i < plan.unassigned.size(); ++i) {
    const auto request = plan.unassigned[i].request;
    if (request < left_out.size()) {
      ++left_out[request];
    } else {
      violations.push_back(
          {Rule::kStructure, fmt::format("unassigned[{}]", i), "is not one of the requests"});
    }
  }
  for (std::size_t r = 0; r < problem.requests.size(); ++r) {
    const Request& request = problem.requests[r];
    for (TaskIndex task = request.first; task <= request.first + (request.shipment ? 1U : 0U); ++task) {
      if (served[task] + left_out[r] == 1) continue;
      violations.push_back({Rule::kStructure, fmt::format("tasks[{}]", task),
                            fmt::format("is served {} times and left out {} times; allowed: once in all",
                                        served[task], left_out[r])});
    }
  }
}

}  // namespace

std::string_view to_string(Rule rule) {
  switch (rule) {
    case Rule::kStructure:
      return "structure";
    case Rule::kPrecedence:
      return "precedence";
    case Rule::kSkills:
      return "skills";
    case Rule::kLoad:
      return "load";
    case Rule::kTime:
      return "time";
    case Rule::kBreak:
      return "break";
    case Rule::kFresh:
      return "fresh";
    case Rule::kApart:
      return "apart";
    case Rule::kFixed:
      return "fixed";
    case Rule::kLimit:
      return "limit";
    case Rule::kCost:
      return "cost";
  }
  return "unknown";
}

std::vector<Violation> check(const Problem& problem, const Plan& plan) {
  std::vector<Violation> violations;
  std::vector<std::uint32_t> served(problem.tasks.size(), 0);
  std::vector<bool> used(problem.vehicles.size(), false);
  for (std::size_t i = 0; i < plan.routes.size(); ++i) {
    const Route& route = plan.routes[i];
    auto where = fmt::format("routes[{}]", i);
    if (route.vehicle >= used.size() || used[route.vehicle]) {
      violations.push_back({Rule::kStructure, where, "its vehicle does not exist or has another route"});
      continue;
    }
    used[route.vehicle] = true;
    RouteCheck(problem, route, std::move(where), served, violations).run();
  }
  for (VehicleIndex v = 0; v < used.size(); ++v) {
    if (!used[v] && problem.vehicles[v].fixed > 0)
      violations.push_back({Rule::kFixed, fmt::format("vehicles[{}]", v), "has fixed tasks and no route"});
  }
  check_requests(problem, plan, std::move(served), violations);
  return violations;
}

}  // namespace reckon::dispatch

#include "reckon/dispatch/flat.h"

#include <map>
#include <string>
#include <tuple>

#include "reckon/dispatch/schedule.h"

namespace reckon::dispatch {
namespace {

// Everything in which two vehicles can differ. Vehicles with breaks are twins of nobody: rarely worth the
// comparison.
auto traits(const Vehicle& v, VehicleIndex index) {
  return std::tuple(v.start, v.end, v.travel, v.type, v.window.start_s, v.window.end_s, v.capacity, v.skills,
                    v.costs.fixed, v.costs.per_hour, v.costs.per_task_hour, v.costs.per_km, v.max_tasks,
                    v.max_travel_s, v.max_distance_m, v.breaks.empty() && v.fixed == 0 ? kNone : index);
}

}  // namespace

Flat::Flat(const Problem& the_problem) : problem(the_problem), dimensions(the_problem.dimensions) {
  flatten_times();
  flatten_vehicles();
  find_twins();
  for (const Request& request : problem.requests) {
    amounts_.insert(amounts_.end(), request.from_start.begin(), request.from_start.end());
    amounts_.insert(amounts_.end(), request.to_end.begin(), request.to_end.end());
    amounts_.insert(amounts_.end(), request.carried.begin(), request.carried.end());
  }
  amounts_.push_back(0);  // so that a row's address exists without dimensions, too
  find_compatible();
  any_apart = std::ranges::any_of(problem.requests, [](const Request& r) { return !r.not_with.empty(); });
  any_on_board_limit =
      std::ranges::any_of(problem.requests, [](const Request& r) { return r.max_on_board_s < kUnlimited; });
  any_due = std::ranges::any_of(problem.tasks, [](const Task& t) { return t.late_per_hour > 0; });
  is_fixed.assign(problem.requests.size(), 0);
  for (const Vehicle& v : problem.vehicles) {
    for (std::size_t i = 0; i < v.fixed; ++i) is_fixed[tasks[v.initial[i]].request] = 1;
  }
}

void Flat::flatten_times() {
  setup_.resize(problem.types);
  service_.resize(problem.types);
  for (const Task& task : problem.tasks) {
    tasks.push_back({task.location, task.request, task.windows.front().start_s, task.windows.back().end_s,
                     task.windows.size() > 1 ? &task.windows : nullptr, task.due_s, task.late_per_hour});
    for (std::size_t type = 0; type < problem.types; ++type) {
      setup_[type].push_back(task.setup_s[type]);
      service_[type].push_back(task.service_s[type]);
    }
  }
}

void Flat::flatten_vehicles() {
  for (const Vehicle& v : problem.vehicles) {
    const Travel& travel = problem.travel_of(v);
    const auto max_tasks = std::min(v.max_tasks, static_cast<std::int64_t>(kMaxTasks));
    vehicles.push_back({.durations = travel.durations_s.data(),
                        .distances = travel.distances_m ? travel.distances_m->data() : nullptr,
                        .costs = travel.costs ? travel.costs->data() : nullptr,
                        .setup = setup_[v.type].data(),
                        .service = service_[v.type].data(),
                        .capacity = v.capacity.data(),
                        .locations = problem.locations,
                        .start = v.start,
                        .end = v.end,
                        .from_s = v.window.start_s,
                        .until_s = v.window.end_s,
                        .per_hour = v.costs.per_hour,
                        .per_km = v.costs.per_km,
                        .per_task_hour = v.costs.per_task_hour,
                        .fixed = v.costs.fixed * kCostScale,
                        .max_travel_s = v.max_travel_s,
                        .max_distance_m = v.max_distance_m,
                        .max_tasks = static_cast<std::size_t>(max_tasks),
                        .twin_class = 0,
                        .limited = v.max_travel_s < kUnlimited || v.max_distance_m < kUnlimited,
                        .has_breaks = !v.breaks.empty()});
  }
}

void Flat::find_twins() {
  std::map<decltype(traits(Vehicle{}, 0)), std::uint32_t> classes;
  for (VehicleIndex v = 0; v < vehicles.size(); ++v) {
    const auto next = static_cast<std::uint32_t>(classes.size());
    vehicles[v].twin_class = classes.emplace(traits(problem.vehicles[v], v), next).first->second;
  }
  twin_classes = static_cast<std::uint32_t>(classes.size());
}

void Flat::find_compatible() {
  compatible_.resize(problem.requests.size() * vehicles.size());
  for (RequestIndex r = 0; r < problem.requests.size(); ++r) {
    const Request& request = problem.requests[r];
    for (VehicleIndex v = 0; v < vehicles.size(); ++v) {
      bool fits = vehicles[v].max_tasks >= (request.shipment ? 2U : 1U);
      for (std::size_t d = 0; d < dimensions; ++d) {
        const auto most = std::max({from_start(r)[d], to_end(r)[d], carried(r)[d]});
        fits = fits && most <= vehicles[v].capacity[d];
      }
      if (!request.skills.empty()) {
        fits = fits && std::ranges::includes(problem.vehicles[v].skills, request.skills);
      }
      compatible_[r * vehicles.size() + v] = fits ? 1 : 0;
    }
  }
}

std::int64_t Flat::earliest_of_many(const std::vector<TimeWindow>& windows, std::int64_t time_s) {
  return earliest_in(windows, time_s).value_or(kNever);
}

std::int64_t Flat::latest_of_many(const std::vector<TimeWindow>& windows, std::int64_t time_s) {
  return latest_in(windows, time_s).value_or(-kNever);
}

}  // namespace reckon::dispatch

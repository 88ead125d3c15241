#include "reckon/dispatch/schedule.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "reckon/dispatch/timetable.h"

namespace reckon::dispatch {
namespace {

bool has_skills(const Problem& problem, const Vehicle& vehicle, std::span<const TaskIndex> tasks) {
  return std::ranges::all_of(tasks, [&](TaskIndex task) {
    return std::ranges::includes(vehicle.skills, problem.requests[problem.tasks[task].request].skills);
  });
}

bool within_limits(const Problem& problem, const Vehicle& vehicle, const Timetable& table,
                   std::size_t tasks) {
  std::int64_t travel_s = 0;
  std::int64_t distance_m = 0;
  for (std::size_t e = 0; e <= tasks; ++e) {
    travel_s += table.edge_s(e);
    distance_m += problem.leg_m(vehicle, table.location(e), table.location(e + 1));
  }
  return static_cast<std::int64_t>(tasks) <= vehicle.max_tasks && travel_s <= vehicle.max_travel_s &&
         distance_m <= vehicle.max_distance_m;
}

bool may_be_together(const Problem& problem, std::span<const TaskIndex> tasks) {
  const auto request_of = [&](TaskIndex task) { return problem.tasks[task].request; };
  const auto picky = [&](TaskIndex task) { return !problem.requests[request_of(task)].not_with.empty(); };
  if (std::ranges::none_of(tasks, picky)) return true;
  std::vector<std::pair<std::uint32_t, RequestIndex>> tagged;
  for (const TaskIndex task : tasks) {
    for (const auto tag : problem.requests[request_of(task)].tags) tagged.emplace_back(tag, request_of(task));
  }
  std::ranges::sort(tagged);
  // Of those with a tag, the first and the last are both this request only if there is no other one.
  const auto meets = [&](RequestIndex r, std::uint32_t tag) {
    // Not equal_range: its subrange is more than clang 14 makes of this library's concepts.
    const auto by_tag = [](const auto& t) { return t.first; };
    const auto first = std::ranges::lower_bound(tagged, tag, {}, by_tag);
    const auto last = std::ranges::upper_bound(tagged, tag, {}, by_tag);
    return first != last && (first->second != r || std::prev(last)->second != r);
  };
  return std::ranges::none_of(tasks, [&](TaskIndex task) {
    const RequestIndex r = request_of(task);
    return std::ranges::any_of(problem.requests[r].not_with,
                               [&](std::uint32_t tag) { return meets(r, tag); });
  });
}

Obstacle obstacle_of(const Problem& problem, const Vehicle& vehicle, std::span<const TaskIndex> tasks,
                     Timetable& table) {
  if (!has_skills(problem, vehicle, tasks)) return Obstacle::kSkills;
  if (!table.loads_fit()) return Obstacle::kLoad;
  if (!table.reachable()) return Obstacle::kNoRoute;
  if (!table.compute()) return Obstacle::kTime;
  const bool fits = within_limits(problem, vehicle, table, tasks.size()) && may_be_together(problem, tasks);
  return fits ? Obstacle::kNothing : Obstacle::kLimit;
}

// Later departures from the end backwards: no stop starts later than the next one's start or its own due time
// requires, so waiting shrinks and the end stays where it is.
std::vector<std::int64_t> late_starts(const Problem& problem, const Vehicle& vehicle,
                                      std::span<const TaskIndex> tasks, const Timetable& table,
                                      const Timetable::Path& path) {
  const std::size_t last = tasks.size() + 1;
  std::vector<std::int64_t> starts(last + 1);
  for (std::size_t e = 0; e <= last; ++e) {
    starts[e] = path.departure_s[e] - (e == 0 ? 0 : table.setup_s(e) + table.service_s(e));
  }
  if (!vehicle.breaks.empty() || table.has_on_board_limits()) {
    if (path.taken[1] == 0) starts[0] = starts[1] - table.edge_s(0);
    return starts;
  }
  for (std::size_t e = last; e-- > 1;) {
    const Task& task = problem.tasks[tasks[e - 1]];
    const auto start_by = starts[e + 1] - table.edge_s(e) - table.setup_s(e) - table.service_s(e);
    const auto due = task.late_per_hour > 0 ? std::max(task.due_s, starts[e]) : start_by;
    starts[e] = *latest_in(task.windows, std::min(start_by, due));
  }
  starts[0] = starts[1] - table.edge_s(0);
  return starts;
}

// Writes the steps of one route; the times were decided before.
class RouteWriter {
 public:
  RouteWriter(const Problem& problem, VehicleIndex vehicle, std::span<const TaskIndex> tasks,
              const Timetable& table)
      : problem_(problem), vehicle_(problem.vehicles[vehicle]), tasks_(tasks), table_(table) {
    route_.vehicle = vehicle;
    route_.cost = vehicle_.costs.fixed * kCostScale;
  }

  Route write(const Timetable::Path& path, const std::vector<std::int64_t>& starts) {
    if (vehicle_.start != kNone) {
      route_.steps.push_back({.kind = StepKind::kStart, .arrival_s = starts[0], .load = table_.loads()[0]});
    }
    std::int64_t leaving = starts[0];
    for (std::size_t e = 1; e <= tasks_.size() + 1; ++e) {
      const auto arrival = write_breaks(e, path, leaving);
      travel_s_ += table_.edge_s(e - 1);
      distance_m_ += problem_.leg_m(vehicle_, table_.location(e - 1), table_.location(e));
      route_.cost += problem_.leg_cost(vehicle_, table_.location(e - 1), table_.location(e));
      if (table_.is_end(e)) {
        write_end(arrival);
      } else {
        leaving = write_task(e, arrival, starts[e]);
      }
    }
    route_.cost += problem_.balance_cost(tasks_.size(), travel_s_ + action_s_);
    return std::move(route_);
  }

 private:
  std::int64_t write_breaks(std::size_t element, const Timetable::Path& path, std::int64_t leaving) {
    std::vector<Pause> pauses;
    const auto arrival =
        table_.ride(element - 1, path.taken[element - 1], path.taken[element], leaving, &pauses);
    for (const Pause& pause : pauses) {
      route_.steps.push_back({.kind = StepKind::kBreak,
                              .index = static_cast<std::uint32_t>(pause.index),
                              .arrival_s = pause.reached_s,
                              .waiting_s = pause.start_s - pause.reached_s,
                              .service_s = vehicle_.breaks[pause.index].service_s,
                              .travel_s = travel_s_ + pause.travelled_s,
                              .distance_m = distance_m_,
                              .load = table_.loads()[element - 1]});
    }
    return arrival;
  }

  std::int64_t write_task(std::size_t element, std::int64_t arrival, std::int64_t start) {
    // A route without a start place begins at its first task: it need not be there before its work.
    const bool first = vehicle_.start == kNone && element == 1 && route_.steps.empty();
    if (first) arrival = start;
    route_.steps.push_back({.kind = StepKind::kTask,
                            .index = tasks_[element - 1],
                            .arrival_s = arrival,
                            .waiting_s = start - arrival,
                            .setup_s = table_.setup_s(element),
                            .service_s = table_.service_s(element),
                            .travel_s = travel_s_,
                            .distance_m = distance_m_,
                            .load = table_.loads()[element]});
    const std::int64_t action_s = table_.setup_s(element) + table_.service_s(element);
    action_s_ += action_s;
    route_.cost +=
        vehicle_.costs.per_task_hour * action_s + problem_.tasks[tasks_[element - 1]].late_cost(start);
    return route_.steps.back().departure_s();
  }

  void write_end(std::int64_t arrival) {
    if (vehicle_.end == kNone) return;
    route_.steps.push_back({.kind = StepKind::kEnd,
                            .arrival_s = arrival,
                            .travel_s = travel_s_,
                            .distance_m = distance_m_,
                            .load = table_.loads().back()});
  }

  const Problem& problem_;
  const Vehicle& vehicle_;
  std::span<const TaskIndex> tasks_;
  const Timetable& table_;
  Route route_;
  std::int64_t travel_s_ = 0;
  std::int64_t distance_m_ = 0;
  std::int64_t action_s_ = 0;
};

}  // namespace

std::optional<std::int64_t> earliest_in(const std::vector<TimeWindow>& windows, std::int64_t time_s) {
  const auto window = std::ranges::find_if(windows, [&](const TimeWindow& w) { return time_s <= w.end_s; });
  if (window == windows.end()) return std::nullopt;
  return std::max(time_s, window->start_s);
}

std::optional<std::int64_t> latest_in(const std::vector<TimeWindow>& windows, std::int64_t time_s) {
  for (std::size_t i = windows.size(); i-- > 0;) {
    if (windows[i].start_s <= time_s) return std::min(time_s, windows[i].end_s);
  }
  return std::nullopt;
}

Obstacle obstacle(const Problem& problem, const Vehicle& vehicle, std::span<const TaskIndex> tasks) {
  Timetable table(problem, vehicle, tasks);
  return obstacle_of(problem, vehicle, tasks, table);
}

std::optional<std::int64_t> lateness(const Problem& problem, const Vehicle& vehicle,
                                     std::span<const TaskIndex> tasks) {
  Timetable table(problem, vehicle, tasks);
  if (obstacle_of(problem, vehicle, tasks, table) != Obstacle::kNothing) return std::nullopt;
  return vehicle.breaks.empty() ? table.late_cost() : 0;
}

std::optional<Route> schedule(const Problem& problem, VehicleIndex vehicle,
                              std::span<const TaskIndex> tasks) {
  const Vehicle& who = problem.vehicles[vehicle];
  Timetable table(problem, who, tasks);
  if (tasks.empty() || obstacle_of(problem, who, tasks, table) != Obstacle::kNothing) return std::nullopt;
  const auto path = table.path();
  const auto starts = late_starts(problem, who, tasks, table, path);
  return RouteWriter(problem, vehicle, tasks, table).write(path, starts);
}

}  // namespace reckon::dispatch

#include "reckon/dispatch/schedule.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace reckon::dispatch {
namespace {

constexpr std::int64_t kNever = kUnlimited * 4;

// A break that is taken on an edge, and when.
struct Pause {
  std::size_t index;
  std::int64_t reached_s;  // ready for it: arrived, or just on the way
  std::int64_t start_s;
  std::int64_t travelled_s;  // of the edge, before this break
};

// Element 0 is the route's begin, 1..n the tasks, n + 1 its end.
class Timetable {
 public:
  Timetable(const Problem& problem, const Vehicle& vehicle, std::span<const TaskIndex> tasks)
      : problem_(problem), vehicle_(vehicle), tasks_(tasks) {
    locations_.push_back(vehicle.start);
    for (const TaskIndex task : tasks) locations_.push_back(problem.tasks[task].location);
    locations_.push_back(vehicle.end);
    compute_loads();
  }

  const std::vector<std::vector<std::int64_t>>& loads() const { return loads_; }
  LocationIndex location(std::size_t element) const { return locations_[element]; }

  bool loads_fit() const {
    for (const auto& load : loads_) {
      for (std::size_t d = 0; d < problem_.dimensions; ++d) {
        if (load[d] > vehicle_.capacity[d]) return false;
      }
    }
    return true;
  }

  bool reachable() const {
    for (std::size_t e = 0; e + 1 < locations_.size(); ++e) {
      if (edge_s(e) == kUnreachable) return false;
    }
    return true;
  }

  std::int64_t edge_s(std::size_t element) const {
    return problem_.leg_s(vehicle_, locations_[element], locations_[element + 1]);
  }

  std::int64_t setup_s(std::size_t element) const {
    if (is_end(element) || locations_[element] == locations_[element - 1]) return 0;
    return problem_.tasks[tasks_[element - 1]].setup_s[vehicle_.type];
  }

  std::int64_t service_s(std::size_t element) const {
    return is_end(element) ? 0 : problem_.tasks[tasks_[element - 1]].service_s[vehicle_.type];
  }

  bool is_end(std::size_t element) const { return element == tasks_.size() + 1; }

  // Earliest departures from each element with each number of breaks taken; true if the end is reached in
  // time.
  bool compute() {
    const std::size_t breaks = vehicle_.breaks.size();
    earliest_.assign((tasks_.size() + 2) * (breaks + 1), kNever);
    from_.assign(earliest_.size(), 0);
    earliest_[0] = vehicle_.window.start_s;
    for (std::size_t e = 0; e <= tasks_.size(); ++e) {
      for (std::size_t taken = 0; taken <= breaks; ++taken) extend(e, taken);
    }
    return earliest_.back() <= vehicle_.window.end_s && keep_fresh();
  }

  // After `compute` gave true, without breaks.
  std::int64_t late_cost() const {
    std::int64_t cost = 0;
    for (std::size_t e = 1; e <= tasks_.size(); ++e)
      cost += problem_.tasks[tasks_[e - 1]].late_cost(earliest_[e] - setup_s(e) - service_s(e));
    return cost;
  }

  /// Whether some shipment here may be on board for a while only.
  bool has_on_board_limits() const {
    return std::ranges::any_of(tasks_, [&](TaskIndex task) {
      return problem_.requests[problem_.tasks[task].request].max_on_board_s < kUnlimited;
    });
  }

  // After `compute` gave true: departure of each element on the best path, and the breaks taken before it.
  struct Path {
    std::vector<std::int64_t> departure_s;
    std::vector<std::size_t> taken;  // breaks taken upon departure from each element
  };
  Path path() const {
    const std::size_t width = vehicle_.breaks.size() + 1;
    const std::size_t count = tasks_.size() + 2;
    Path path{std::vector<std::int64_t>(count), std::vector<std::size_t>(count)};
    std::size_t taken = width - 1;
    for (std::size_t e = count; e-- > 0;) {
      path.taken[e] = taken;
      path.departure_s[e] = earliest_[e * width + taken];
      taken = from_[e * width + taken];
    }
    return path;
  }

  // The breaks `first`..`last` taken on the edge after `element`, leaving at `time_s`; arrival at the next
  // element.
  std::int64_t ride(std::size_t element, std::size_t first, std::size_t last, std::int64_t time_s,
                    std::vector<Pause>* pauses) const {
    std::int64_t remaining = edge_s(element);
    for (std::size_t b = first; b < last; ++b) {
      const auto start = pause_start(element, b, time_s);
      if (!start) return kNever;
      const auto travelled = std::min(remaining, *start - time_s);
      if (pauses != nullptr) {
        pauses->push_back({b, time_s + travelled, *start, edge_s(element) - remaining + travelled});
      }
      remaining -= travelled;
      time_s = *start + vehicle_.breaks[b].service_s;
    }
    return time_s + remaining;
  }

 private:
  void compute_loads() {
    std::vector<std::int64_t> load(problem_.dimensions, 0);
    for (const TaskIndex task : tasks_) {
      const Request& request = problem_.requests[problem_.tasks[task].request];
      for (std::size_t d = 0; d < load.size(); ++d) load[d] += request.from_start[d];
    }
    loads_.push_back(load);
    for (const TaskIndex index : tasks_) {
      const Task& task = problem_.tasks[index];
      const Request& request = problem_.requests[task.request];
      for (std::size_t d = 0; d < load.size(); ++d) {
        load[d] += request.to_end[d] - request.from_start[d];
        load[d] += task.kind == TaskKind::kDelivery ? -request.carried[d] : request.carried[d];
      }
      loads_.push_back(load);
    }
  }

  std::optional<std::int64_t> pause_start(std::size_t element, std::size_t b, std::int64_t time_s) const {
    const Break& rest = vehicle_.breaks[b];
    const auto& load = loads_[std::min(element, tasks_.size())];
    for (std::size_t d = 0; d < rest.max_load.size(); ++d) {
      if (load[d] > rest.max_load[d]) return std::nullopt;
    }
    return earliest_in(rest.windows, time_s);
  }

  void extend(std::size_t element, std::size_t taken) {
    const std::size_t width = vehicle_.breaks.size() + 1;
    const std::int64_t leaving = earliest_[element * width + taken];
    if (leaving >= kNever) return;
    for (std::size_t then = taken; then < width; ++then) {
      const std::int64_t arrival = ride(element, taken, then, leaving, nullptr);
      if (arrival >= kNever) return;
      const std::int64_t done = finish(element + 1, arrival);
      auto& best = earliest_[(element + 1) * width + then];
      if (done >= best) continue;
      best = done;
      from_[(element + 1) * width + then] = taken;
    }
  }

  // The earliest departures at which no shipment is too long on board: pickups whose delivery comes too late
  // after them wait, and with them all that follows, until nothing moves any more. Without breaks. As every
  // step only raises times, the end is the least solution; with one window for each task that takes no more
  // rounds than there are tasks (Bellman and Ford), and each further window may make them begin anew once.
  bool keep_fresh() {
    const auto limits = on_board_limits();
    if (limits.empty()) return true;
    if (!without_waiting(limits)) return false;
    std::vector<std::int64_t> floor(tasks_.size() + 1, -kNever);
    std::size_t rounds = tasks_.size() + 2;
    for (const TaskIndex task : tasks_)
      rounds += (problem_.tasks[task].windows.size() - 1) * (tasks_.size() + 2);
    for (; rounds > 0; --rounds) {
      if (!raise_late_pickups(limits, floor)) return true;
      for (std::size_t e = 1; e <= tasks_.size(); ++e) {
        const std::int64_t arrival = earliest_[e - 1] + edge_s(e - 1);
        earliest_[e] = finish(e, std::max(arrival, floor[e]));
        if (earliest_[e] >= kNever) return false;
      }
      earliest_.back() = earliest_[tasks_.size()] + edge_s(tasks_.size());
      if (earliest_.back() > vehicle_.window.end_s) return false;
    }
    return false;
  }

  // A shipment that may be on board for a while only, by its elements.
  struct OnBoardLimit {
    std::size_t pickup;
    std::size_t delivery;
    std::int64_t most_s;
  };
  std::vector<OnBoardLimit> on_board_limits() const {
    std::vector<OnBoardLimit> limits;
    for (std::size_t d = 1; d <= tasks_.size(); ++d) {
      const Task& task = problem_.tasks[tasks_[d - 1]];
      const std::int64_t most_s = problem_.requests[task.request].max_on_board_s;
      if (task.kind != TaskKind::kDelivery || most_s >= kUnlimited) continue;
      std::size_t p = d - 1;
      while (tasks_[p - 1] != tasks_[d - 1] - 1) --p;
      limits.push_back({p, d, most_s});
    }
    return limits;
  }

  // Who is too long on board without ever waiting is so at any time.
  bool without_waiting(const std::vector<OnBoardLimit>& limits) const {
    std::vector<std::int64_t> begun_s(tasks_.size() + 1, 0);
    std::vector<std::int64_t> left_s(tasks_.size() + 1, 0);
    for (std::size_t e = 1; e <= tasks_.size(); ++e) {
      begun_s[e] = left_s[e - 1] + edge_s(e - 1);
      left_s[e] = begun_s[e] + setup_s(e) + service_s(e);
    }
    return std::ranges::all_of(limits, [&](const OnBoardLimit& limit) {
      return begun_s[limit.delivery] - left_s[limit.pickup] <= limit.most_s;
    });
  }

  // True when some pickup must begin later.
  bool raise_late_pickups(const std::vector<OnBoardLimit>& limits, std::vector<std::int64_t>& floor) const {
    bool raised = false;
    for (const auto& [p, d, most_s] : limits) {
      const std::int64_t delivered = earliest_[d] - setup_s(d) - service_s(d);
      if (delivered - earliest_[p] <= most_s) continue;
      floor[p] = delivered - most_s - setup_s(p) - service_s(p);
      raised = true;
    }
    return raised;
  }

  std::int64_t finish(std::size_t element, std::int64_t arrival_s) const {
    if (is_end(element)) return arrival_s;
    const auto start = earliest_in(problem_.tasks[tasks_[element - 1]].windows, arrival_s);
    return start ? *start + setup_s(element) + service_s(element) : kNever;
  }

  const Problem& problem_;
  const Vehicle& vehicle_;
  std::span<const TaskIndex> tasks_;
  std::vector<LocationIndex> locations_;
  std::vector<std::vector<std::int64_t>> loads_;  // after element 0..n
  std::vector<std::int64_t> earliest_;
  std::vector<std::size_t> from_;
};

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

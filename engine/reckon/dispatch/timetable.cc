#include "reckon/dispatch/timetable.h"

#include <algorithm>

#include "reckon/dispatch/flat.h"
#include "reckon/dispatch/schedule.h"

namespace reckon::dispatch {

Timetable::Timetable(const Problem& problem, const Vehicle& vehicle, std::span<const TaskIndex> tasks)
    : problem_(problem), vehicle_(vehicle), tasks_(tasks) {
  locations_.push_back(vehicle.start);
  for (const TaskIndex task : tasks) locations_.push_back(problem.tasks[task].location);
  locations_.push_back(vehicle.end);
  compute_loads();
}

bool Timetable::loads_fit() const {
  for (const auto& load : loads_) {
    for (std::size_t d = 0; d < problem_.dimensions; ++d) {
      if (load[d] > vehicle_.capacity[d]) return false;
    }
  }
  return true;
}

bool Timetable::reachable() const {
  for (std::size_t e = 0; e + 1 < locations_.size(); ++e) {
    if (edge_s(e) == kUnreachable) return false;
  }
  return true;
}

// Inline: these two are most of the work of a timetable.
inline std::int64_t Timetable::finish(std::size_t element, std::int64_t arrival_s) const {
  if (is_end(element)) return arrival_s;
  const auto start = earliest_in(problem_.tasks[tasks_[element - 1]].windows, arrival_s);
  return start ? *start + setup_s(element) + service_s(element) : kNever;
}

inline void Timetable::extend(std::size_t element, std::size_t taken) {
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

bool Timetable::compute() {
  const std::size_t breaks = vehicle_.breaks.size();
  earliest_.assign((tasks_.size() + 2) * (breaks + 1), kNever);
  from_.assign(earliest_.size(), 0);
  earliest_[0] = vehicle_.window.start_s;
  for (std::size_t e = 0; e <= tasks_.size(); ++e) {
    for (std::size_t taken = 0; taken <= breaks; ++taken) extend(e, taken);
  }
  return earliest_.back() <= vehicle_.window.end_s && keep_fresh();
}

std::int64_t Timetable::late_cost() const {
  std::int64_t cost = 0;
  for (std::size_t e = 1; e <= tasks_.size(); ++e)
    cost += problem_.tasks[tasks_[e - 1]].late_cost(earliest_[e] - setup_s(e) - service_s(e));
  return cost;
}

bool Timetable::has_on_board_limits() const {
  return std::ranges::any_of(tasks_, [&](TaskIndex task) {
    return problem_.requests[problem_.tasks[task].request].max_on_board_s < kUnlimited;
  });
}

Timetable::Path Timetable::path() const {
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

std::int64_t Timetable::ride(std::size_t element, std::size_t first, std::size_t last, std::int64_t time_s,
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

void Timetable::compute_loads() {
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

std::optional<std::int64_t> Timetable::pause_start(std::size_t element, std::size_t b,
                                                   std::int64_t time_s) const {
  const Break& rest = vehicle_.breaks[b];
  const auto& load = loads_[std::min(element, tasks_.size())];
  for (std::size_t d = 0; d < rest.max_load.size(); ++d) {
    if (load[d] > rest.max_load[d]) return std::nullopt;
  }
  return earliest_in(rest.windows, time_s);
}

// The earliest departures at which no shipment is too long on board: pickups whose delivery comes too late
// after them wait, and with them all that follows, until nothing moves any more. Without breaks. As every
// step only raises times, the end is the least solution; with one window for each task that takes no more
// rounds than there are tasks (Bellman and Ford), and each further window may make them begin anew once.
bool Timetable::keep_fresh() {
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

std::vector<Timetable::OnBoardLimit> Timetable::on_board_limits() const {
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
bool Timetable::without_waiting(const std::vector<OnBoardLimit>& limits) const {
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
bool Timetable::raise_late_pickups(const std::vector<OnBoardLimit>& limits,
                                   std::vector<std::int64_t>& floor) const {
  bool raised = false;
  for (const auto& [p, d, most_s] : limits) {
    const std::int64_t delivered = earliest_[d] - setup_s(d) - service_s(d);
    if (delivered - earliest_[p] <= most_s) continue;
    floor[p] = delivered - most_s - setup_s(p) - service_s(p);
    raised = true;
  }
  return raised;
}

}  // namespace reckon::dispatch

#include "reckon/dispatch/chain.h"

#include <algorithm>
#include <tuple>

#include "reckon/dispatch/schedule.h"

namespace reckon::dispatch {

// From a place to what stands at `position`.
std::int64_t Chain::leg_from(const Flat& flat, std::size_t position, LocationIndex from) const {
  return flat.vehicles[vehicle_].leg_s(from, places_[position]);
}

std::int64_t Chain::arc_into(const Flat& flat, std::size_t position, LocationIndex from) const {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  if (position > tasks_.size()) return v.leg_cost(from, v.end);
  return flat.arc_cost(v, from, tasks_[position - 1]);
}

// Before this position nothing is inserted: what is fixed stands there, once it is in.
std::size_t Chain::first_free(const Flat& flat) const {
  const Vehicle& vehicle = flat.problem.vehicles[vehicle_];
  return tasks_.empty() ? 0 : vehicle.fixed;
}

bool Chain::update_times(const Flat& flat) {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  const std::size_t n = tasks_.size();
  departure_.resize(n + 1);
  latest_.resize(n + 1);
  departure_[0] = v.from_s;
  LocationIndex from = v.start;
  for (std::size_t i = 1; i <= n; ++i) {
    const std::int64_t start = flat.earliest(tasks_[i - 1], departure_[i - 1] + leg_from(flat, i, from));
    if (start >= kNever) return false;
    departure_[i] = start + flat.action(v, from, tasks_[i - 1]);
    from = places_[i];
  }
  latest_[n] = v.until_s - (n == 0 ? 0 : v.leg_s(from, v.end));
  for (std::size_t i = n; i-- > 0;) {
    from = places_[i];
    const TaskIndex next = tasks_[i];
    latest_[i] = flat.latest(next, latest_[i + 1] - flat.action(v, from, next)) - leg_from(flat, i + 1, from);
  }
  return departure_[0] <= latest_[0] && departure_[n] <= latest_[n];
}

void Chain::update_loads(const Flat& flat) {
  const std::size_t dims = flat.dimensions;
  const std::size_t n = tasks_.size();
  load_.assign((n + 1) * dims, 0);
  for (const TaskIndex task : tasks_) {
    const std::int64_t* loaded = flat.from_start(flat.tasks[task].request);
    for (std::size_t d = 0; d < dims; ++d) load_[d] += loaded[d];
  }
  for (std::size_t i = 1; i <= n; ++i) {
    const RequestIndex r = flat.tasks[tasks_[i - 1]].request;
    const Request& request = flat.problem.requests[r];
    const std::int64_t sign = request.shipment && tasks_[i - 1] != request.first ? -1 : 1;
    for (std::size_t d = 0; d < dims; ++d) {
      load_[i * dims + d] =
          load_[(i - 1) * dims + d] + flat.to_end(r)[d] - flat.from_start(r)[d] + sign * flat.carried(r)[d];
    }
  }
  peak_before_ = load_;
  peak_behind_ = load_;
  for (std::size_t k = dims; k < load_.size(); ++k)
    peak_before_[k] = std::max(peak_before_[k], peak_before_[k - dims]);
  for (std::size_t k = load_.size() - dims; k-- > 0;) {
    peak_behind_[k] = std::max(peak_behind_[k], peak_behind_[k + dims]);
  }
}

bool Chain::update(const Flat& flat) {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  const std::size_t n = tasks_.size();
  places_.resize(n + 2);
  places_[0] = v.start;
  for (std::size_t i = 0; i < n; ++i) places_[i + 1] = flat.tasks[tasks_[i]].location;
  places_[n + 1] = v.end;
  cost_ = n == 0 ? 0 : v.fixed;
  travel_s_ = 0;
  work_s_ = 0;
  distance_m_ = 0;
  late_cost_ = 0;
  balance_cost_ = 0;
  arc_.assign(n + 1, 0);
  for (std::size_t i = 0; n > 0 && i <= n; ++i) {
    const LocationIndex from = places_[i];
    arc_[i] = arc_into(flat, i + 1, from);
    if (arc_[i] >= kTooDear) return false;
    cost_ += arc_[i];
    if (i < n) {
      cost_ += v.per_task_hour * v.service[tasks_[i]];
      work_s_ += flat.action(v, from, tasks_[i]);
    }
    travel_s_ += leg_from(flat, i + 1, from);
    distance_m_ += v.leg_m(from, places_[i + 1]);
  }
  update_loads(flat);
  if (travel_s_ > v.max_travel_s || distance_m_ > v.max_distance_m) return false;
  work_s_ += travel_s_;
  slow_ = v.has_breaks;
  for (std::size_t i = 0; flat.any_on_board_limit && i < n && !slow_; ++i)
    slow_ = flat.max_on_board_s(flat.tasks[tasks_[i]].request) < kUnlimited;
  has_due_ = flat.any_due &&
             std::ranges::any_of(tasks_, [&](TaskIndex task) { return flat.tasks[task].late_per_hour > 0; });
  // These times are without breaks and limits on board: what they forbid is impossible with them, too.
  if (!update_times(flat)) return false;
  if (n > 0) balance_cost_ = flat.problem.balance_cost(n, work_s_);  // within a shift: it fits
  if (n > 0 && slow_) {
    const auto late = lateness(flat.problem, flat.problem.vehicles[vehicle_], tasks_);
    if (!late) return false;
    late_cost_ = *late;
  } else if (has_due_) {
    update_lateness(flat);
  }
  cost_ += late_cost_ + balance_cost_;
  return true;
}

void Chain::update_lateness(const Flat& flat) {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  late_.assign(tasks_.size() + 1, 0);
  for (std::size_t i = 1; i <= tasks_.size(); ++i) {
    const TaskIndex task = tasks_[i - 1];
    const std::int64_t start_s = departure_[i] - flat.action(v, places_[i - 1], task);
    late_[i] = late_[i - 1] + flat.late_cost(task, start_s);
  }
  late_cost_ = late_.back();
}

bool Chain::assign(const Flat& flat, const std::vector<TaskIndex>& tasks) {
  tasks_ = tasks;
  if (update(flat)) return true;
  tasks_.clear();
  update(flat);
  return false;
}

void Chain::spliced(const Flat& flat, RequestIndex request, std::uint32_t first, std::uint32_t second,
                    std::vector<TaskIndex>& out) const {
  const Request& what = flat.problem.requests[request];
  out.assign(tasks_.begin(), tasks_.begin() + first);
  out.push_back(what.first);
  if (what.shipment) {
    out.insert(out.end(), tasks_.begin() + first, tasks_.begin() + second);
    out.push_back(what.first + 1);
    first = second;
  }
  out.insert(out.end(), tasks_.begin() + first, tasks_.end());
}

void Chain::insert(const Flat& flat, RequestIndex request, const Insertion& where) {
  const Request& what = flat.problem.requests[request];
  if (what.shipment) tasks_.insert(tasks_.begin() + where.second, what.first + 1);
  tasks_.insert(tasks_.begin() + where.first, what.first);
  const bool feasible = update(flat);
  RECKON_CHECK(feasible);
}

// Can the rest of the chain from `position` on be done when leaving `from` at `departure_s`?
bool Chain::can_go_on(const Flat& flat, std::int64_t departure_s, LocationIndex from,
                      std::size_t position) const {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  const std::int64_t arrival = departure_s + leg_from(flat, position, from);
  if (position > tasks_.size()) return arrival <= v.until_s;
  const TaskIndex next = tasks_[position - 1];
  const std::int64_t start = flat.earliest(next, arrival);
  return start < kNever && start + flat.action(v, from, next) <= latest_[position];
}

// Takes a place that is cheaper than the best and possible by this chain's own numbers. Its cost comes as
// what the ways cost more, and becomes that and all that the longer chain costs for its length and for being
// late: never less, so that what is too dear by its ways alone need not be looked at.
void Chain::offer(const Flat& flat, RequestIndex request, Insertion where, Insertion& best,
                  InsertionScratch& scratch) const {
  const Problem& problem = flat.problem;
  if (problem.balance.any()) {
    const std::size_t tasks = tasks_.size() + (problem.requests[request].shipment ? 2 : 1);
    where.cost += problem.balance_cost(tasks, work_s_ + work_with(flat, request, where));
    if (where.cost >= best.cost) return;
  }
  if (scratch.slow) {
    scratch.waiting.push_back(where);
    if (scratch.waiting.size() >= kMostWaiting) settle(flat, request, best, scratch);
    return;
  }
  if (scratch.late) {
    where.cost += late_with(flat, request, where, best.cost - where.cost);
    if (where.cost >= best.cost) return;
  }
  best = where;
}

// The cheapest of those that wait for which a timetable can be laid down, if it is cheaper than the best.
void Chain::settle(const Flat& flat, RequestIndex request, Insertion& best, InsertionScratch& scratch) const {
  std::ranges::sort(scratch.waiting, {}, [](const Insertion& where) {
    return std::make_tuple(where.cost, where.first, where.second);
  });
  for (Insertion where : scratch.waiting) {
    if (where.cost >= best.cost || (scratch.out_of_time && scratch.out_of_time())) break;
    spliced(flat, request, where.first, where.second, scratch.tasks);
    const auto late = lateness(flat.problem, flat.problem.vehicles[vehicle_], scratch.tasks);
    if (!late) continue;
    where.cost += *late;
    if (where.cost < best.cost) best = where;
  }
  scratch.waiting.clear();
}

bool Chain::job_fits(const Flat& flat, RequestIndex request, std::size_t position) const {
  const std::size_t dims = flat.dimensions;
  const std::int64_t* capacity = flat.vehicles[vehicle_].capacity;
  for (std::size_t d = 0; d < dims; ++d) {
    if (peak_before_[position * dims + d] + flat.from_start(request)[d] > capacity[d]) return false;
    if (peak_behind_[position * dims + d] + flat.to_end(request)[d] > capacity[d]) return false;
  }
  return true;
}

// There is room for a shipment while at `position`.
bool Chain::carries(const Flat& flat, RequestIndex request, std::size_t position) const {
  const std::size_t dims = flat.dimensions;
  const std::int64_t* capacity = flat.vehicles[vehicle_].capacity;
  for (std::size_t d = 0; d < dims; ++d) {
    if (load_[position * dims + d] + flat.carried(request)[d] > capacity[d]) return false;
  }
  return true;
}

Insertion Chain::best_job(const Flat& flat, RequestIndex request, std::int64_t below,
                          InsertionScratch& scratch) const {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  const TaskIndex task = flat.problem.requests[request].first;
  const LocationIndex here = flat.tasks[task].location;
  const std::int64_t once = v.per_task_hour * v.service[task] + (tasks_.empty() ? v.fixed : 0);
  Insertion best;
  best.cost = std::min(below, kTooDear);
  const std::int64_t bar = best.cost;
  for (std::size_t i = first_free(flat); i <= tasks_.size(); ++i) {
    if (departure_[i] > flat.tasks[task].close_s) break;
    const LocationIndex from = places_[i];
    const std::int64_t cost = once + flat.arc_cost(v, from, task) + arc_into(flat, i + 1, here) - arc_[i];
    if (cost >= best.cost || scratch.passes_over() || !job_fits(flat, request, i)) continue;
    const auto position = static_cast<std::uint32_t>(i);
    if (v.limited && !within_limits(flat, request, position, position)) continue;
    const std::int64_t start = flat.earliest(task, departure_[i] + v.leg_s(from, here));
    if (start >= kNever || !can_go_on(flat, start + flat.action(v, from, task), here, i + 1)) continue;
    offer(flat, request, {cost, position, position}, best, scratch);
  }
  settle(flat, request, best, scratch);
  return best.cost < bar ? best : Insertion{};
}

// The delivery at each position behind the pickup that was put after `first` and left at `departure_s`.
void Chain::follow_pickup(const Flat& flat, RequestIndex request, std::size_t first, std::int64_t first_cost,
                          std::int64_t departure_s, Insertion& best, InsertionScratch& scratch) const {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  const TaskIndex delivery = flat.problem.requests[request].first + 1;
  const LocationIndex there = flat.tasks[delivery].location;
  LocationIndex from = flat.tasks[delivery - 1].location;
  const auto before = static_cast<std::uint32_t>(first);
  const std::int64_t most_s = flat.max_on_board_s(request);
  std::int64_t on_board_s = 0;  // at least: without waiting
  for (std::size_t k = first + 1; k <= tasks_.size(); ++k) {
    if (first_cost + scratch.second_floor[k] >= best.cost || !carries(flat, request, k)) return;
    const auto behind = static_cast<std::uint32_t>(k);
    const std::int64_t cost = first_cost + scratch.second_cost[k];
    const std::int64_t leg_s = leg_from(flat, k, from);
    const std::int64_t start = flat.earliest(tasks_[k - 1], departure_s + leg_s);
    if (start >= kNever) return;
    const std::int64_t work_s = flat.action(v, from, tasks_[k - 1]);
    departure_s = start + work_s;
    on_board_s += leg_s + work_s;
    if (on_board_s > most_s) return;
    if (departure_s > flat.tasks[delivery].close_s) return;
    from = places_[k];
    if (cost >= best.cost || scratch.passes_over()) continue;
    if (on_board_s + v.leg_s(from, there) > most_s) continue;
    if (v.limited && !within_limits(flat, request, before, behind)) continue;
    const std::int64_t there_s = flat.earliest(delivery, departure_s + v.leg_s(from, there));
    if (there_s >= kNever) continue;
    if (can_go_on(flat, there_s + flat.action(v, from, delivery), there, k + 1))
      offer(flat, request, {cost, before, behind}, best, scratch);
  }
}

Insertion Chain::best_shipment(const Flat& flat, RequestIndex request, std::int64_t below,
                               InsertionScratch& scratch) const {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  const TaskIndex pickup = flat.problem.requests[request].first;
  const TaskIndex delivery = pickup + 1;
  const LocationIndex here = flat.tasks[pickup].location;
  const LocationIndex there = flat.tasks[delivery].location;
  const std::int64_t once =
      v.per_task_hour * (v.service[pickup] + v.service[delivery]) + (tasks_.empty() ? v.fixed : 0);
  const std::size_t n = tasks_.size();
  scratch.second_cost.resize(n + 2);
  scratch.second_floor.resize(n + 2);
  scratch.second_floor[n + 1] = 2 * kForbidden;
  for (std::size_t k = n + 1; k-- > 0;) {
    scratch.second_cost[k] = flat.arc_cost(v, places_[k], delivery) + arc_into(flat, k + 1, there) - arc_[k];
    scratch.second_floor[k] = std::min(scratch.second_floor[k + 1], scratch.second_cost[k]);
  }
  const std::int64_t between = flat.arc_cost(v, here, delivery);
  const bool near_enough = v.leg_s(here, there) <= flat.max_on_board_s(request);
  Insertion best;
  best.cost = std::min(below, kTooDear);
  const std::int64_t bar = best.cost;
  for (std::size_t i = first_free(flat); i <= n; ++i) {
    if (departure_[i] > flat.tasks[pickup].close_s) break;
    const LocationIndex from = places_[i];
    const std::int64_t into = once + flat.arc_cost(v, from, pickup) - arc_[i];
    if (into >= kTooDear) continue;
    const std::int64_t close = into + between + arc_into(flat, i + 1, there);
    const std::int64_t apart = into + arc_into(flat, i + 1, here);
    const bool may_close = near_enough && close < best.cost && !scratch.passes_over();
    const bool may_part =
        !scratch.passes_over() && apart < kTooDear && apart + scratch.second_floor[i + 1] < best.cost;
    if ((!may_close && !may_part) || !carries(flat, request, i)) continue;
    const auto position = static_cast<std::uint32_t>(i);
    const std::int64_t start = flat.earliest(pickup, departure_[i] + v.leg_s(from, here));
    if (start >= kNever) continue;
    const std::int64_t leave = start + flat.action(v, from, pickup);
    if (may_close && (!v.limited || within_limits(flat, request, position, position))) {
      const std::int64_t there_s = flat.earliest(delivery, leave + v.leg_s(here, there));
      if (there_s < kNever && can_go_on(flat, there_s + flat.action(v, here, delivery), there, i + 1))
        offer(flat, request, {close, position, position}, best, scratch);
    }
    if (may_part) follow_pickup(flat, request, i, apart, leave, best, scratch);
  }
  settle(flat, request, best, scratch);
  return best.cost < bar ? best : Insertion{};
}

Insertion Chain::best_insertion(const Flat& flat, RequestIndex request, std::int64_t below,
                                InsertionScratch& scratch) const {
  const Request& what = flat.problem.requests[request];
  const std::size_t more = what.shipment ? 2 : 1;
  if (flat.any_apart) {
    for (const TaskIndex task : tasks_) {
      if (apart(what, flat.problem.requests[flat.tasks[task].request])) return {};
    }
  }
  if (tasks_.size() + more > flat.vehicles[vehicle_].max_tasks) return {};
  scratch.slow = slow_ || flat.max_on_board_s(request) < kUnlimited;
  scratch.late = has_due_ || (flat.any_due && flat.has_due(request));
  const std::int64_t now = late_cost_ + balance_cost_;
  const std::int64_t most = std::min(below, kTooDear) + now;
  Insertion best =
      what.shipment ? best_shipment(flat, request, most, scratch) : best_job(flat, request, most, scratch);
  if (best.possible()) best.cost -= now;
  return best;
}

}  // namespace reckon::dispatch

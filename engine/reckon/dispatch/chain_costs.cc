// What a longer chain would ride, work and be late.

#include "reckon/dispatch/chain.h"

namespace reckon::dispatch {

// Only for vehicles with max_travel_s or max_distance_m.
bool Chain::within_limits(const Flat& flat, RequestIndex request, std::uint32_t first,
                          std::uint32_t second) const {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  std::int64_t seconds = 0;
  std::int64_t metres = 0;
  const auto ride = [&](LocationIndex from, LocationIndex to, std::int64_t sign) {
    seconds += sign * v.leg_s(from, to);
    metres += sign * v.leg_m(from, to);
  };
  const Request& what = flat.problem.requests[request];
  const auto detour = [&](LocationIndex via, std::uint32_t after) {
    ride(places_[after], via, 1);
    ride(via, places_[after + 1], 1);
    if (!tasks_.empty()) ride(places_[after], places_[after + 1], -1);
  };
  const LocationIndex here = flat.tasks[what.first].location;
  if (!what.shipment) {
    detour(here, first);
  } else {
    const LocationIndex there = flat.tasks[what.first + 1].location;
    if (first == second) {
      detour(here, first);
      ride(here, places_[first + 1], -1);
      ride(here, there, 1);
      ride(there, places_[first + 1], 1);
    } else {
      detour(here, first);
      detour(there, second);
    }
  }
  return travel_s_ + seconds <= v.max_travel_s && distance_m_ + metres <= v.max_distance_m;
}

// Seconds of travel, setup and service that the request adds.
std::int64_t Chain::work_with(const Flat& flat, RequestIndex request, const Insertion& where) const {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  const auto to_task = [&](LocationIndex from, TaskIndex task) {
    return v.leg_s(from, flat.tasks[task].location) + flat.action(v, from, task);
  };
  const auto to_position = [&](LocationIndex from, std::uint32_t position) {
    return position > tasks_.size() ? v.leg_s(from, v.end) : to_task(from, tasks_[position - 1]);
  };
  const auto between = [&](std::uint32_t position) {
    return tasks_.empty() ? 0 : to_position(places_[position], position + 1);
  };
  const Request& what = flat.problem.requests[request];
  const LocationIndex here = flat.tasks[what.first].location;
  const std::int64_t into = to_task(places_[where.first], what.first) - between(where.first);
  if (!what.shipment) return into + to_position(here, where.first + 1);
  const TaskIndex delivery = what.first + 1;
  const LocationIndex there = flat.tasks[delivery].location;
  const std::int64_t out = to_position(there, where.second + 1);
  if (where.first == where.second) return into + to_task(here, delivery) + out;
  return into + to_position(here, where.first + 1) + to_task(places_[where.second], delivery) -
         between(where.second) + out;
}

// What the chain with the request would cost for being late. From `most` on it may be cut short. Not for what
// only the whole timetable tells.
std::int64_t Chain::late_with(const Flat& flat, RequestIndex request, const Insertion& where,
                              std::int64_t most) const {
  const FlatVehicle& v = flat.vehicles[vehicle_];
  const Request& what = flat.problem.requests[request];
  std::int64_t cost = has_due_ ? late_[where.first] : 0;
  std::int64_t departure_s = departure_[where.first];
  LocationIndex from = places_[where.first];
  const auto go = [&](TaskIndex task) {
    const LocationIndex here = flat.tasks[task].location;
    const std::int64_t start_s = flat.earliest(task, departure_s + v.leg_s(from, here));
    cost += flat.late_cost(task, start_s);
    departure_s = start_s + flat.action(v, from, task);
    from = here;
  };
  go(what.first);
  std::uint32_t next = where.first;
  if (what.shipment) {
    for (; next < where.second; ++next) go(tasks_[next]);
    go(what.first + 1);
  }
  for (; has_due_ && next < tasks_.size() && cost < most; ++next) {
    go(tasks_[next]);
    // Who leaves a task when he did before does the rest as before.
    if (departure_s == departure_[next + 1]) return cost + late_cost_ - late_[next + 1];
  }
  return cost;
}

}  // namespace reckon::dispatch

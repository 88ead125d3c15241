#pragma once

// The problem in flat arrays, as the search's inner loops want it. Internal to this room.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "reckon/dispatch/problem.h"

namespace reckon::dispatch {

/// Later than every window; adding any duration to it does not overflow.
inline constexpr std::int64_t kNever = kUnlimited * 4;

/// The cost of what must not be: three of them add up without overflow, and no valid plan comes near one.
inline constexpr std::int64_t kForbidden = 2'000'000'000'000'000'000;
inline constexpr std::int64_t kTooDear = kForbidden / 2;  ///< at least this: a forbidden leg is in it

struct FlatTask {
  LocationIndex location;
  RequestIndex request;
  std::int64_t open_s;                  ///< of the first window
  std::int64_t close_s;                 ///< of the last window
  const std::vector<TimeWindow>* more;  ///< null when there is one window only
  std::int64_t due_s;
  std::int64_t late_per_hour;  ///< 0: never late
};

struct FlatVehicle {
  const std::int32_t* durations;
  const std::int32_t* distances;  ///< null: not known
  const std::int32_t* costs;      ///< null: by rates
  const std::int64_t* setup;      ///< by task
  const std::int64_t* service;    ///< by task
  const std::int64_t* capacity;   ///< by dimension
  std::size_t locations;
  LocationIndex start, end;
  std::int64_t from_s, until_s;
  std::int64_t per_hour, per_km, per_task_hour, fixed;  ///< fixed in 1/kCostScale
  std::int64_t max_travel_s, max_distance_m;
  std::size_t max_tasks;
  std::uint32_t twin_class;  ///< equal for vehicles that differ in nothing
  bool limited;              ///< has max_travel_s or max_distance_m
  bool has_breaks;           ///< only the whole timetable tells

  std::int64_t leg_s(LocationIndex from, LocationIndex to) const {
    return from == kNone || to == kNone ? 0 : durations[from * locations + to];
  }
  std::int64_t leg_m(LocationIndex from, LocationIndex to) const {
    return from == kNone || to == kNone || distances == nullptr ? 0 : distances[from * locations + to];
  }
  std::int64_t leg_cost(LocationIndex from, LocationIndex to) const {
    if (from == kNone || to == kNone) return 0;
    const std::size_t cell = from * locations + to;
    const std::int64_t seconds = durations[cell];
    if (seconds == kUnreachable) return kForbidden;
    if (costs != nullptr) return costs[cell] * kCostScale;
    const std::int64_t by_time = per_hour * seconds;
    return per_km == 0 ? by_time : by_time + (per_km * distances[cell] * 18 + 2) / 5;
  }
};

/// One request's needs as a row of 3 * dimensions numbers: from_start, to_end, carried.
class Flat {
 public:
  explicit Flat(const Problem& problem);
  Flat(const Flat&) = delete;
  Flat& operator=(const Flat&) = delete;

  const Problem& problem;
  std::vector<FlatTask> tasks;
  std::vector<FlatVehicle> vehicles;
  std::size_t dimensions;
  std::uint32_t twin_classes = 0;
  bool any_apart = false;              ///< some requests may not be in one route
  bool any_on_board_limit = false;     ///< some shipments may be on board for a while only
  bool any_due = false;                ///< some tasks cost more when they are late
  std::vector<std::uint8_t> is_fixed;  ///< by request: stays with its vehicle

  const std::int64_t* from_start(RequestIndex r) const { return &amounts_[r * 3 * dimensions]; }
  const std::int64_t* to_end(RequestIndex r) const { return from_start(r) + dimensions; }
  const std::int64_t* carried(RequestIndex r) const { return from_start(r) + 2 * dimensions; }
  /// Skills and capacity allow the request on this vehicle, alone.
  bool compatible(RequestIndex r, VehicleIndex v) const { return compatible_[r * vehicles.size() + v] != 0; }

  /// The longest that the request may be on board.
  std::int64_t max_on_board_s(RequestIndex r) const { return problem.requests[r].max_on_board_s; }

  /// Whether being late costs anything at one of the request's tasks.
  bool has_due(RequestIndex r) const {
    const Request& request = problem.requests[r];
    return tasks[request.first].late_per_hour > 0 ||
           (request.shipment && tasks[request.first + 1].late_per_hour > 0);
  }
  /// What a begin of `task` at `start_s` costs for being late.
  std::int64_t late_cost(TaskIndex task, std::int64_t start_s) const {
    const FlatTask& t = tasks[task];
    return start_s > t.due_s ? (start_s - t.due_s) * t.late_per_hour : 0;
  }

  /// Earliest start at `task` when there at `time_s`; kNever if too late.
  std::int64_t earliest(TaskIndex task, std::int64_t time_s) const {
    const FlatTask& t = tasks[task];
    if (time_s > t.close_s) return kNever;
    if (t.more == nullptr || time_s <= t.open_s) return std::max(time_s, t.open_s);
    return earliest_of_many(*t.more, time_s);
  }
  /// Latest start at `task` that is not after `time_s`; -kNever if there is none.
  std::int64_t latest(TaskIndex task, std::int64_t time_s) const {
    const FlatTask& t = tasks[task];
    if (time_s < t.open_s) return -kNever;
    if (t.more == nullptr || time_s >= t.close_s) return std::min(time_s, t.close_s);
    return latest_of_many(*t.more, time_s);
  }
  /// Setup (when coming from elsewhere) and service.
  std::int64_t action(const FlatVehicle& v, LocationIndex from, TaskIndex task) const {
    return (from == tasks[task].location ? 0 : v.setup[task]) + v.service[task];
  }
  /// Cost of going from a place to a task's and being set up there.
  std::int64_t arc_cost(const FlatVehicle& v, LocationIndex from, TaskIndex to) const {
    const std::int64_t leg = v.leg_cost(from, tasks[to].location);
    if (v.per_task_hour == 0 || from == tasks[to].location) return leg;
    return leg + v.per_task_hour * v.setup[to];
  }

 private:
  static std::int64_t earliest_of_many(const std::vector<TimeWindow>& windows, std::int64_t time_s);
  static std::int64_t latest_of_many(const std::vector<TimeWindow>& windows, std::int64_t time_s);
  void flatten_times();
  void flatten_vehicles();
  void find_twins();
  void find_compatible();

  std::vector<std::int64_t> amounts_;
  std::vector<std::vector<std::int64_t>> setup_;    // by type, then task
  std::vector<std::vector<std::int64_t>> service_;  // by type, then task
  std::vector<std::uint8_t> compatible_;
};

}  // namespace reckon::dispatch

#pragma once

// What is to be assigned: requests (jobs and shipments) with their stops, vehicles, and travel between
// places. All times are whole seconds from one zero that the caller chose (a clock of its own, or Unix time);
// distances are whole metres. The solver, the checker and the wire formats all speak of this model.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "reckon/base/result.h"

namespace reckon::dispatch {

using TaskIndex = std::uint32_t;
using RequestIndex = std::uint32_t;
using VehicleIndex = std::uint32_t;
using LocationIndex = std::uint32_t;

inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// A leg that does not exist. Stands in durations; the distance and cost of such a leg mean nothing.
inline constexpr std::int32_t kUnreachable = std::numeric_limits<std::int32_t>::max();

/// "No limit" for times, travel and distance; far from overflow when added to.
inline constexpr std::int64_t kUnlimited = std::int64_t{1} << 50;

/// Costs are kept in 1/3600 of the caller's unit, so that a price for an hour needs no rounding per second.
inline constexpr std::int64_t kCostScale = 3600;

inline constexpr std::size_t kMaxTasks = 20'000;      ///< a city's busiest hour has under 3,000
inline constexpr std::size_t kMaxVehicles = 20'000;   ///< the largest known peak has 7,567 couriers on line
inline constexpr std::size_t kMaxLocations = 20'000;  ///< each may be a task's or a vehicle's
inline constexpr std::size_t kMaxDimensions = 16;  ///< kinds of load: count, weight, volume and some to spare
inline constexpr std::size_t kMaxWindows = 100;    ///< time windows of one task: three months of days
inline constexpr std::size_t kMaxBreaks = 10;      ///< breaks of one vehicle
inline constexpr std::size_t kMaxVehicleTypes = 256;        ///< with times of their own at each task
inline constexpr std::int64_t kMaxTimeS = 4'294'967'295;    ///< 32 bits, as VROOM has it
inline constexpr std::int64_t kMaxActionS = 1'000'000'000;  ///< setup, service, break
inline constexpr std::int64_t kMaxAmount = 1'000'000'000;   ///< of one dimension of one request or vehicle
inline constexpr std::int64_t kMaxRate = 1'000'000;         ///< cost per hour or per kilometre
inline constexpr std::int64_t kMaxFixedCost = 1'000'000'000;

/// From `start_s` to `end_s`, both inclusive.
struct TimeWindow {
  std::int64_t start_s = 0;
  std::int64_t end_s = kUnlimited;

  friend bool operator==(const TimeWindow&, const TimeWindow&) = default;
};

enum class TaskKind : std::uint8_t { kJob, kPickup, kDelivery };

/// One stop's work. It starts inside one of its windows; setup is done only when the vehicle comes from
/// another location (or from nowhere), service always.
struct Task {
  TaskKind kind = TaskKind::kJob;
  RequestIndex request = kNone;
  LocationIndex location = kNone;
  std::vector<TimeWindow> windows = {TimeWindow{}};  ///< sorted, disjoint, never empty
  std::vector<std::int64_t> setup_s = {0};           ///< by Vehicle::type
  std::vector<std::int64_t> service_s = {0};         ///< by Vehicle::type
  /// Work that begins after `due_s` is late, and costs so much an hour. Not beside breaks.
  std::int64_t due_s = kUnlimited;
  std::int64_t late_per_hour = 0;

  /// What a begin at `start_s` costs for being late, in 1/kCostScale.
  std::int64_t late_cost(std::int64_t start_s) const {
    return start_s > due_s ? (start_s - due_s) * late_per_hour : 0;
  }
};

/// What is served whole or not at all: a job (one task), or a shipment (a pickup, and a delivery by the same
/// vehicle afterwards, which stands next to it in Problem::tasks).
struct Request {
  TaskIndex first = kNone;  ///< the job or the pickup; the delivery is `first + 1`
  bool shipment = false;
  std::vector<std::int64_t> from_start;  ///< loaded before the route starts, unloaded at the job
  std::vector<std::int64_t> to_end;      ///< loaded at the job, unloaded after the route's end
  std::vector<std::int64_t> carried;     ///< loaded at the pickup, unloaded at the delivery
  std::vector<std::uint32_t> skills;     ///< sorted; the vehicle must have them all
  std::int64_t priority = 0;             ///< [0, 100]
  /// Of a shipment: from leaving the pickup until work begins at the delivery. Not beside breaks.
  std::int64_t max_on_board_s = kUnlimited;
  std::vector<std::uint32_t> tags = {};  ///< sorted
  std::vector<std::uint32_t> not_with =
      {};  ///< sorted; no other request of the route may have one of these tags
};

/// A pause that must be taken if the vehicle is used: at a stop or on the way, with travel going on before
/// and after.
struct Break {
  std::vector<TimeWindow> windows = {TimeWindow{}};  ///< for its start; sorted, disjoint, never empty
  std::int64_t service_s = 0;
  std::vector<std::int64_t> max_load;  ///< by dimension; empty: any load
};

struct CostRates {
  std::int64_t fixed = 0;          ///< for using the vehicle at all
  std::int64_t per_hour = 3600;    ///< of travel
  std::int64_t per_task_hour = 0;  ///< of setup and service
  std::int64_t per_km = 0;         ///< of travel

  friend bool operator==(const CostRates&, const CostRates&) = default;
};

/// What makes routes alike: a long one costs more than two of half its length.
struct Balance {
  std::int64_t tasks = 0;  ///< a route of n tasks costs this n * n times
  std::int64_t hours = 0;  ///< one of h hours of travel, setup and service costs this h * h times

  bool any() const { return tasks > 0 || hours > 0; }
  friend bool operator==(const Balance&, const Balance&) = default;
};

struct Vehicle {
  LocationIndex start = kNone;  ///< kNone: begins at its first task
  LocationIndex end = kNone;    ///< kNone: ends at its last task
  std::uint32_t travel = 0;     ///< index in Problem::travels
  std::uint32_t type = 0;       ///< index of Task::setup_s and service_s
  TimeWindow window;            ///< from leaving the start to reaching the end (or finishing the last task)
  std::vector<std::int64_t> capacity;  ///< by dimension
  std::vector<std::uint32_t> skills;   ///< sorted
  std::vector<Break> breaks;           ///< taken in this order
  CostRates costs;
  std::int64_t max_tasks = kUnlimited;
  std::int64_t max_travel_s = kUnlimited;
  std::int64_t max_distance_m = kUnlimited;
  std::vector<TaskIndex> initial =
      {};                 ///< what it does to begin with, in this sequence; the search may change it
  std::size_t fixed = 0;  ///< so many of `initial` stay first, in their sequence, whatever it costs
};

/// Travel between locations for one way of moving, row-major from x to, `locations * locations` cells.
struct Travel {
  std::vector<std::int32_t> durations_s;                         ///< kUnreachable: no such leg
  std::shared_ptr<const std::vector<std::int32_t>> distances_m;  ///< null: not known
  std::shared_ptr<const std::vector<std::int32_t>> costs;  ///< null: travel costs by the vehicle's rates
};

struct Problem {
  std::size_t locations = 0;
  std::size_t dimensions = 0;  ///< of every capacity and amount
  std::size_t types = 1;       ///< vehicle types
  std::vector<Task> tasks;
  std::vector<Request> requests;
  std::vector<Vehicle> vehicles;
  std::vector<Travel> travels;
  Balance balance = {};

  const Travel& travel_of(const Vehicle& vehicle) const { return travels[vehicle.travel]; }
  /// Seconds of a leg; 0 when an end is kNone.
  std::int64_t leg_s(const Vehicle& vehicle, LocationIndex from, LocationIndex to) const;
  /// Metres of a leg; 0 when an end is kNone or distances are not known.
  std::int64_t leg_m(const Vehicle& vehicle, LocationIndex from, LocationIndex to) const;
  /// Cost of a leg in 1/kCostScale.
  std::int64_t leg_cost(const Vehicle& vehicle, LocationIndex from, LocationIndex to) const;
  /// What a route of so many tasks costs for its length alone, in 1/kCostScale, to the nearest; `work_s` is
  /// its travel, setup and service.
  std::int64_t balance_cost(std::size_t stops, std::int64_t work_s) const;
};

/// Durations at `speed_factor` (0.01 to 5, in hundredths) of the usual speed, to the nearest second.
void at_speed(std::vector<std::int32_t>& durations_s, double speed_factor);

/// Whether two requests may not be in one route.
bool apart(const Request& a, const Request& b);

/// Makes a list of windows sorted and disjoint: overlapping and touching ones become one.
std::vector<TimeWindow> merged(std::vector<TimeWindow> windows);

/// Everything that the rest of the room relies on: indices in range, sizes equal, values within the limits
/// above.
/// @errors kInvalidInput  `where` is the member, such as `tasks[3].windows`
/// Cost: O(size of the problem).
base::Result<void> validate(const Problem& problem);

/// Whether each vehicle can do what is fixed for it; needs travels.
/// @errors kInvalidInput  `where` is `vehicles[3].initial`
base::Result<void> validate_fixed(const Problem& problem);

}  // namespace reckon::dispatch

#include "reckon/dispatch/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "reckon/base/limits.h"
#include "reckon/dispatch/schedule.h"

namespace reckon::dispatch {
namespace {

using base::Fault;

// Sums of costs stay far below what 64 bits hold, also for plans that a search only tries.
constexpr double kMaxTotalCost = 1e18;
constexpr double kMaxExtraCost = kMaxTotalCost / 8;  // of lateness, of balance

// Collects faults under names like `tasks[3].windows`.
class Validator {
 public:
  explicit Validator(const Problem& problem) : problem_(problem) {}

  std::vector<Fault> run() {
    sizes();
    for (std::size_t i = 0; i < problem_.travels.size(); ++i) travel(i);
    for (std::size_t i = 0; i < problem_.vehicles.size(); ++i) vehicle(i);
    for (std::size_t i = 0; i < problem_.requests.size(); ++i) request(i);
    for (std::size_t i = 0; i < problem_.tasks.size(); ++i) task(i);
    if (faults_.empty()) extra_costs();
    return std::move(faults_);
  }

 private:
  void require(bool holds, const std::string& where, std::string_view what) {
    if (!holds) faults_.push_back({where, std::string(what)});
  }

  void sizes() {
    require(problem_.tasks.size() <= kMaxTasks, "tasks",
            fmt::format("too many; at most {} are allowed", kMaxTasks));
    require(problem_.vehicles.size() <= kMaxVehicles, "vehicles",
            fmt::format("too many; at most {} are allowed", kMaxVehicles));
    require(problem_.locations <= kMaxLocations, "locations",
            fmt::format("too many; at most {} are allowed", kMaxLocations));
    require(problem_.dimensions <= kMaxDimensions, "dimensions",
            fmt::format("too many; at most {} are allowed", kMaxDimensions));
    require(problem_.types >= 1 && problem_.types <= kMaxVehicleTypes, "types",
            fmt::format("out of range; 1 to {} are allowed", kMaxVehicleTypes));
  }

  // The longest that any vehicle can be at work, and the last moment at which it can begin anything.
  struct Horizon {
    double work_s = 0;
    double last_s = 0;
  };
  Horizon horizon() const {
    Horizon out;
    double leg_s = 0;
    double first_s = 0;
    double end_s = -static_cast<double>(kUnlimited);
    double longest_s = 0;
    for (const Travel& travel : problem_.travels) {
      for (const std::int32_t s : travel.durations_s)
        if (s != kUnreachable) leg_s = std::max(leg_s, static_cast<double>(s));
    }
    for (const Task& task : problem_.tasks) {
      out.work_s += leg_s + static_cast<double>(*std::ranges::max_element(task.setup_s)) +
                    static_cast<double>(*std::ranges::max_element(task.service_s));
      first_s = std::max(first_s, static_cast<double>(task.windows.back().start_s));
    }
    for (const Vehicle& vehicle : problem_.vehicles) {
      first_s = std::max(first_s, static_cast<double>(vehicle.window.start_s));
      end_s = std::max(end_s, static_cast<double>(vehicle.window.end_s));
      longest_s = std::max(longest_s, static_cast<double>(vehicle.window.end_s - vehicle.window.start_s));
    }
    out.work_s = std::min(out.work_s + leg_s, longest_s);
    out.last_s = std::min(first_s + out.work_s, end_s);
    return out;
  }

  // After all else is known to be in range.
  void extra_costs() {
    const Balance& balance = problem_.balance;
    require(
        balance.tasks >= 0 && balance.tasks <= kMaxRate && balance.hours >= 0 && balance.hours <= kMaxRate,
        "balance", fmt::format("is out of range; allowed: 0 to {}", kMaxRate));
    const Horizon most = horizon();
    const auto tasks = static_cast<double>(problem_.tasks.size());
    require(tasks * tasks * static_cast<double>(balance.tasks * kCostScale) +
                    most.work_s * most.work_s * static_cast<double>(balance.hours) <
                kMaxExtraCost,
            "balance", "with these durations its costs could overflow; less of it is allowed");
    double late = 0;
    for (const Task& task : problem_.tasks) {
      const double last = std::min(most.last_s, static_cast<double>(task.windows.back().end_s));
      late += std::max(0.0, last - static_cast<double>(task.due_s)) * static_cast<double>(task.late_per_hour);
    }
    require(late < kMaxExtraCost, "tasks",
            "what they cost for being late could overflow; lower rates or durations are allowed");
  }

  void travel(std::size_t i) {
    const auto where = fmt::format("travels[{}]", i);
    const Travel& travel = problem_.travels[i];
    const std::size_t cells = problem_.locations * problem_.locations;
    require(travel.durations_s.size() == cells, where, "durations are not locations * locations");
    require(!travel.distances_m || travel.distances_m->size() == cells, where,
            "distances are not locations * locations");
    require(!travel.costs || travel.costs->size() == cells, where, "costs are not locations * locations");
    require(std::ranges::all_of(travel.durations_s, [](std::int32_t s) { return s >= 0; }), where,
            "a duration is negative; allowed: 0 and more");
    double worst = 0;
    for (const std::int32_t s : travel.durations_s) {
      if (s != kUnreachable) worst = std::max(worst, static_cast<double>(s));
    }
    for (const auto& extra : {travel.distances_m, travel.costs}) {
      if (extra && !extra->empty())
        worst = std::max(worst, static_cast<double>(*std::ranges::max_element(*extra)));
    }
    worst_leg_.push_back(worst);
  }

  void windows(const std::vector<TimeWindow>& windows, const std::string& where) {
    require(!windows.empty() && windows.size() <= kMaxWindows, where,
            fmt::format("1 to {} windows are allowed", kMaxWindows));
    for (std::size_t i = 0; i < windows.size(); ++i) {
      require(windows[i].start_s <= windows[i].end_s && windows[i].start_s >= -kUnlimited &&
                  windows[i].end_s <= kUnlimited,
              where, "a window ends before it starts or lies out of range");
      require(i == 0 || windows[i].start_s > windows[i - 1].end_s, where,
              "windows overlap or are not sorted");
    }
  }

  void amounts(const std::vector<std::int64_t>& amounts, const std::string& where) {
    require(amounts.size() == problem_.dimensions, where,
            fmt::format("needs {} numbers", problem_.dimensions));
    require(std::ranges::all_of(amounts, [](std::int64_t a) { return a >= 0 && a <= kMaxAmount; }), where,
            fmt::format("out of range; allowed: 0 to {}", kMaxAmount));
  }

  bool place(LocationIndex location) const { return location == kNone || location < problem_.locations; }

  void vehicle(std::size_t i) {
    const auto where = fmt::format("vehicles[{}]", i);
    const Vehicle& vehicle = problem_.vehicles[i];
    require(place(vehicle.start) && place(vehicle.end), where + ".start", "start or end is not a location");
    require(vehicle.travel < problem_.travels.size(), where + ".travel", "is not one of the travels");
    require(vehicle.type < problem_.types, where + ".type", "is not one of the types");
    require(vehicle.window.start_s <= vehicle.window.end_s && vehicle.window.start_s >= -kUnlimited &&
                vehicle.window.end_s <= kUnlimited,
            where + ".window", "ends before it starts or lies out of range");
    require(vehicle.max_tasks >= 0 && vehicle.max_travel_s >= 0 && vehicle.max_distance_m >= 0, where,
            "a limit is negative");
    amounts(vehicle.capacity, where + ".capacity");
    require(std::ranges::is_sorted(vehicle.skills), where + ".skills", "are not sorted");
    initial(vehicle, where + ".initial");
    require(vehicle.breaks.size() <= kMaxBreaks, where + ".breaks",
            fmt::format("at most {} are allowed", kMaxBreaks));
    for (const Break& rest : vehicle.breaks) {
      windows(rest.windows, where + ".breaks");
      require(rest.service_s >= 0 && rest.service_s <= kMaxActionS, where + ".breaks",
              "service is out of range");
      if (!rest.max_load.empty()) amounts(rest.max_load, where + ".breaks");
    }
    const CostRates& costs = vehicle.costs;
    require(costs.fixed >= 0 && costs.fixed <= kMaxFixedCost, where + ".costs.fixed", "is out of range");
    for (const auto rate : {costs.per_hour, costs.per_task_hour, costs.per_km}) {
      require(rate >= 0 && rate <= kMaxRate, where + ".costs", "a rate is out of range");
    }
    if (vehicle.travel >= problem_.travels.size()) return;
    const bool needs_metres = costs.per_km > 0 || vehicle.max_distance_m < kUnlimited;
    require(!needs_metres || problem_.travel_of(vehicle).distances_m != nullptr, where,
            "needs distances, which its travel lacks");
    require(worst_leg_[vehicle.travel] *
                    static_cast<double>(std::max(costs.per_hour, costs.per_km * 4) + kCostScale) *
                    static_cast<double>(problem_.tasks.size() + 2 * problem_.vehicles.size()) <
                kMaxTotalCost,
            where + ".costs",
            "with these travels the sum of costs could overflow; lower rates or durations are allowed");
  }

  // Whole requests, each on one vehicle at most, pickups before their deliveries.
  void initial(const Vehicle& vehicle, const std::string& where) {
    require(vehicle.fixed <= vehicle.initial.size(), where, "has fewer tasks than are fixed");
    started_.resize(problem_.tasks.size(), false);
    for (const TaskIndex index : vehicle.initial) {
      if (index >= problem_.tasks.size() || started_[index]) {
        require(false, where, "has a task that does not exist or is another vehicle's, too");
        return;
      }
      require(problem_.tasks[index].kind != TaskKind::kDelivery || (index > 0 && started_[index - 1]), where,
              "has a delivery before its pickup");
      started_[index] = true;
    }
    for (const TaskIndex index : vehicle.initial) {
      require(problem_.tasks[index].kind != TaskKind::kPickup ||
                  std::ranges::find(vehicle.initial, index + 1) != vehicle.initial.end(),
              where, "has a pickup without its delivery");
    }
  }

  void request(std::size_t i) {
    const auto where = fmt::format("requests[{}]", i);
    const Request& request = problem_.requests[i];
    amounts(request.from_start, where + ".from_start");
    amounts(request.to_end, where + ".to_end");
    amounts(request.carried, where + ".carried");
    require(std::ranges::is_sorted(request.skills), where + ".skills", "are not sorted");
    require(request.priority >= 0 && request.priority <= 100, where + ".priority",
            "out of range; allowed: 0 to 100");
    require(std::ranges::is_sorted(request.tags) && std::ranges::is_sorted(request.not_with), where,
            "its tags are not sorted");
    const bool limited = request.max_on_board_s < kUnlimited;
    require(request.max_on_board_s >= 0 && (!limited || request.shipment), where + ".max_on_board_s",
            "is negative, or a job's; allowed: for shipments");
    require(
        !limited || std::ranges::all_of(problem_.vehicles, [](const auto& v) { return v.breaks.empty(); }),
        where + ".max_on_board_s", "stands beside vehicles with breaks; allowed: one of them");
    const std::size_t last = std::size_t{request.first} + (request.shipment ? 1 : 0);
    if (request.first == kNone || last >= problem_.tasks.size()) {
      require(false, where + ".first", "is not one of the tasks");
      return;
    }
    const bool kinds = request.shipment ? problem_.tasks[request.first].kind == TaskKind::kPickup &&
                                              problem_.tasks[last].kind == TaskKind::kDelivery
                                        : problem_.tasks[request.first].kind == TaskKind::kJob;
    require(kinds && problem_.tasks[request.first].request == i && problem_.tasks[last].request == i,
            where + ".first", "does not fit its tasks' kinds or requests");
    const auto nothing = [](const std::vector<std::int64_t>& amounts) {
      return std::ranges::all_of(amounts, [](std::int64_t a) { return a == 0; });
    };
    require(
        request.shipment ? nothing(request.from_start) && nothing(request.to_end) : nothing(request.carried),
        where, "a shipment's load is carried, a job's is from_start or to_end");
  }

  void task(std::size_t i) {
    const auto where = fmt::format("tasks[{}]", i);
    const Task& task = problem_.tasks[i];
    require(task.location < problem_.locations, where + ".location", "is not a location");
    windows(task.windows, where + ".windows");
    const auto times = [&](const std::vector<std::int64_t>& seconds) {
      return seconds.size() == problem_.types &&
             std::ranges::all_of(seconds, [](std::int64_t s) { return s >= 0 && s <= kMaxActionS; });
    };
    require(times(task.setup_s) && times(task.service_s), where,
            "needs setup and service for each type, in range");
    require(task.due_s >= -kUnlimited && task.due_s <= kUnlimited && task.late_per_hour >= 0 &&
                task.late_per_hour <= kMaxRate,
            where + ".due_s",
            fmt::format("or its rate is out of range; allowed: rates of 0 to {}", kMaxRate));
    require(task.late_per_hour == 0 ||
                std::ranges::all_of(problem_.vehicles, [](const auto& v) { return v.breaks.empty(); }),
            where + ".due_s", "stands beside vehicles with breaks; allowed: one of them");
    if (task.request >= problem_.requests.size()) {
      require(false, where + ".request", "is not one of the requests");
      return;
    }
    const Request& request = problem_.requests[task.request];
    require(i == request.first || (request.shipment && i == std::size_t{request.first} + 1),
            where + ".request", "does not name this task");
  }

  const Problem& problem_;
  std::vector<double> worst_leg_;  // seconds, metres or cost units, by travel
  std::vector<bool> started_;      // by task: in some vehicle's initial sequence
  std::vector<Fault> faults_;
};

}  // namespace

std::int64_t Problem::leg_s(const Vehicle& vehicle, LocationIndex from, LocationIndex to) const {
  if (from == kNone || to == kNone) return 0;
  return travel_of(vehicle).durations_s[from * locations + to];
}

std::int64_t Problem::leg_m(const Vehicle& vehicle, LocationIndex from, LocationIndex to) const {
  const auto& distances = travel_of(vehicle).distances_m;
  if (from == kNone || to == kNone || distances == nullptr) return 0;
  return (*distances)[from * locations + to];
}

std::int64_t Problem::leg_cost(const Vehicle& vehicle, LocationIndex from, LocationIndex to) const {
  if (from == kNone || to == kNone) return 0;
  const Travel& travel = travel_of(vehicle);
  if (travel.costs != nullptr) return (*travel.costs)[from * locations + to] * kCostScale;
  const auto by_time = vehicle.costs.per_hour * leg_s(vehicle, from, to);
  static_assert(kCostScale * 5 == 1000 * 18);  // per metre: kCostScale / 1000, rounded to the nearest
  const auto by_way = (vehicle.costs.per_km * leg_m(vehicle, from, to) * 18 + 2) / 5;
  return by_time + by_way;
}

std::int64_t Problem::balance_cost(std::size_t stops, std::int64_t work_s) const {
  const auto count = static_cast<std::int64_t>(stops);
  return balance.tasks * count * count * kCostScale +
         (balance.hours * work_s * work_s + kCostScale / 2) / kCostScale;
}

void at_speed(std::vector<std::int32_t>& durations_s, double speed_factor) {
  const std::int64_t hundredths = std::llround(speed_factor * 100);
  if (hundredths == 100) return;
  for (auto& duration_s : durations_s) {
    if (duration_s == kUnreachable) continue;
    const auto slow = (std::int64_t{duration_s} * 100 + hundredths / 2) / hundredths;
    duration_s = static_cast<std::int32_t>(std::min<std::int64_t>(slow, kUnreachable - 1));
  }
}

bool apart(const Request& a, const Request& b) {
  const auto meet = [](const std::vector<std::uint32_t>& x, const std::vector<std::uint32_t>& y) {
    return std::ranges::any_of(x, [&](std::uint32_t tag) { return std::ranges::binary_search(y, tag); });
  };
  return meet(a.not_with, b.tags) || meet(b.not_with, a.tags);
}

std::vector<TimeWindow> merged(std::vector<TimeWindow> windows) {
  std::ranges::sort(windows, {}, &TimeWindow::start_s);
  std::vector<TimeWindow> out;
  for (const TimeWindow& window : windows) {
    if (!out.empty() && window.start_s <= out.back().end_s + 1) {
      out.back().end_s = std::max(out.back().end_s, window.end_s);
    } else {
      out.push_back(window);
    }
  }
  return out;
}

base::Result<void> validate(const Problem& problem) {
  auto faults = Validator(problem).run();
  if (faults.empty()) return {};
  if (faults.size() > base::kMaxFaults) faults.resize(base::kMaxFaults);
  return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
}

base::Result<void> validate_fixed(const Problem& problem) {
  std::vector<base::Fault> faults;
  for (std::size_t v = 0; v < problem.vehicles.size(); ++v) {
    const Vehicle& vehicle = problem.vehicles[v];
    if (vehicle.fixed == 0) continue;
    // A fixed pickup's delivery comes with it, where the initial sequence has it.
    std::string_view what;
    switch (obstacle(problem, vehicle, vehicle.initial)) {
      case Obstacle::kNothing:
        continue;
      case Obstacle::kSkills:
        what = "a skill is missing";
        break;
      case Obstacle::kLoad:
        what = "it is too much to carry";
        break;
      case Obstacle::kNoRoute:
        what = "a leg does not exist";
        break;
      case Obstacle::kTime:
        what = "a time window, the vehicle's hours or a time on board is missed";
        break;
      case Obstacle::kLimit:
        what = "max_tasks, max_travel_time or max_distance is exceeded, or requests must not be together";
        break;
    }
    faults.push_back({fmt::format("vehicles[{}].initial", v),
                      fmt::format("cannot be done in this sequence: {}; allowed: one that can, where steps "
                                  "are fixed",
                                  what)});
    if (faults.size() == base::kMaxFaults) break;
  }
  if (faults.empty()) return {};
  return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
}

}  // namespace reckon::dispatch

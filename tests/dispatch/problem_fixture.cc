#include "problem_fixture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace reckon::dispatch::testing {
namespace {

using Random = std::mt19937;

int pick(Random& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
}

TimeWindow random_window(Random& random) {
  const int start = pick(random, 0, 3000);
  return {start, start + pick(random, 100, 3000)};
}

std::vector<TimeWindow> random_windows(Random& random) {
  std::vector<TimeWindow> windows;
  for (int count = pick(random, 0, 2); count > 0; --count) windows.push_back(random_window(random));
  if (windows.empty()) windows.emplace_back();
  return merged(windows);
}

Travel random_travel(Random& random, std::size_t n, bool metric) {
  std::vector<std::pair<int, int>> at;
  for (std::size_t i = 0; i < n; ++i) {  // one after the other: compilers differ in the order of arguments
    const int y = pick(random, 0, 1000), x = pick(random, 0, 1000);
    at.emplace_back(x, y);
  }
  Travel travel;
  std::vector<std::int32_t> metres;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double length = std::hypot(at[i].first - at[j].first, at[i].second - at[j].second);
      auto seconds = static_cast<std::int32_t>(std::ceil(length));
      if (!metric && i != j) seconds = pick(random, 0, 9) == 0 ? kUnreachable : pick(random, 0, 1000);
      travel.durations_s.push_back(seconds);
      metres.push_back(seconds == kUnreachable ? 0 : seconds * 7);
    }
  }
  travel.distances_m = std::make_shared<const std::vector<std::int32_t>>(metres);
  if (pick(random, 0, 5) == 0)
    travel.costs = std::make_shared<const std::vector<std::int32_t>>(std::move(metres));
  return travel;
}

void add_random_request(Problem& problem, Random& random) {
  const auto at = [&] {
    return static_cast<LocationIndex>(pick(random, 0, static_cast<int>(problem.locations) - 1));
  };
  const bool job = pick(random, 0, 1) == 0;
  const auto last = at();
  const auto request = job ? add_job(problem, last) : add_shipment(problem, at(), last);
  Request& made = problem.requests[request];
  for (std::size_t d = 0; d < problem.dimensions; ++d) {
    if (made.shipment) {
      made.carried[d] = pick(random, 0, 3);
    } else {
      made.from_start[d] = pick(random, 0, 2);
      made.to_end[d] = pick(random, 0, 2);
    }
  }
  if (pick(random, 0, 3) == 0) made.skills = {static_cast<std::uint32_t>(pick(random, 1, 2))};
  if (pick(random, 0, 3) == 0) made.priority = pick(random, 0, 100);
  for (TaskIndex task = made.first; task <= made.first + (made.shipment ? 1U : 0U); ++task) {
    problem.tasks[task].windows = random_windows(random);
    problem.tasks[task].setup_s.clear();
    problem.tasks[task].service_s.clear();
    for (std::size_t type = 0; type < problem.types; ++type) {
      const bool sets_up = pick(random, 0, 1) != 0;
      problem.tasks[task].setup_s.push_back(pick(random, 0, 100) * (sets_up ? 1 : 0));
      problem.tasks[task].service_s.push_back(pick(random, 0, 200));
    }
  }
}

void add_random_vehicle(Problem& problem, Random& random, bool breaks) {
  const auto place = [&] {
    return pick(random, 0, 3) == 0
               ? kNone
               : static_cast<LocationIndex>(pick(random, 0, static_cast<int>(problem.locations) - 1));
  };
  const LocationIndex end = place();
  const LocationIndex start = place();
  const auto index = add_vehicle(problem, start, end, 0);
  Vehicle& vehicle = problem.vehicles[index];
  for (auto& amount : vehicle.capacity) amount = pick(random, 2, 6);
  vehicle.type = static_cast<std::uint32_t>(pick(random, 0, static_cast<int>(problem.types) - 1));
  vehicle.travel = static_cast<std::uint32_t>(pick(random, 0, static_cast<int>(problem.travels.size()) - 1));
  if (pick(random, 0, 1) == 0) vehicle.skills = {1};
  if (pick(random, 0, 3) == 0) vehicle.skills = {1, 2};
  if (pick(random, 0, 1) == 0) vehicle.window = {pick(random, 0, 1000), pick(random, 2000, 8000)};
  if (pick(random, 0, 3) == 0) vehicle.max_tasks = pick(random, 0, 4);
  if (pick(random, 0, 4) == 0) vehicle.max_travel_s = pick(random, 500, 4000);
  if (pick(random, 0, 4) == 0) vehicle.max_distance_m = pick(random, 3000, 30'000);
  if (pick(random, 0, 2) == 0)
    vehicle.costs = {pick(random, 0, 500), pick(random, 0, 4000), pick(random, 0, 900), 0};
  if (pick(random, 0, 3) == 0) vehicle.costs.per_km = pick(random, 0, 333);
  if (!breaks) return;
  for (int count = pick(random, 0, 2); count > 0; --count) {
    Break rest{random_windows(random), pick(random, 0, 600), {}};
    if (pick(random, 0, 2) == 0) rest.max_load.assign(problem.dimensions, pick(random, 0, 2));
    vehicle.breaks.push_back(rest);
  }
}

// When the tasks begin at the earliest so that no shipment is too long on board; an empty list where none has
// such a limit, nothing where it cannot be.
std::optional<std::vector<std::int64_t>> fresh_begins(const Problem& problem, const Vehicle& vehicle,
                                                      const std::vector<TaskIndex>& order) {
  const auto limit_of = [&](TaskIndex task) {
    return problem.requests[problem.tasks[task].request].max_on_board_s;
  };
  if (std::ranges::none_of(order, [&](TaskIndex t) { return limit_of(t) < kUnlimited; }))
    return std::vector<std::int64_t>{};
  const Travel& travel = problem.travels[vehicle.travel];
  const auto ride = [&](LocationIndex from, LocationIndex to) -> std::int64_t {
    return from == kNone || to == kNone ? 0 : travel.durations_s[from * problem.locations + to];
  };
  const auto work = [&](std::size_t i) {
    const Task& task = problem.tasks[order[i]];
    const LocationIndex before = i == 0 ? vehicle.start : problem.tasks[order[i - 1]].location;
    return task.service_s[vehicle.type] + (before == task.location ? 0 : task.setup_s[vehicle.type]);
  };
  // Who is too late without ever waiting is so at any time.
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::int64_t so_far = 0;
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      so_far += ride(problem.tasks[order[j - 1]].location, problem.tasks[order[j]].location);
      const bool mine = order[j] == order[i] + 1 && problem.tasks[order[j]].kind == TaskKind::kDelivery;
      if (mine && so_far > limit_of(order[i])) return std::nullopt;
      so_far += work(j);
    }
  }
  // The begin of each task is raised by the least amount that any rule asks for, from the earliest times on,
  // until all rules hold, or a window or the vehicle's hours are missed.
  std::vector<std::int64_t> begin(order.size(), vehicle.window.start_s);
  for (bool moved = true; moved;) {
    moved = false;
    LocationIndex here = vehicle.start;
    std::int64_t left = vehicle.window.start_s;
    std::vector<std::int64_t> done(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Task& task = problem.tasks[order[i]];
      if (ride(here, task.location) == kUnreachable) return std::nullopt;
      std::int64_t least = std::max(left + ride(here, task.location), begin[i]);
      auto window = task.windows.begin();
      while (window != task.windows.end() && window->end_s < least) ++window;
      if (window == task.windows.end()) return std::nullopt;
      least = std::max(least, window->start_s);
      if (least > begin[i]) {
        begin[i] = least;
        moved = true;
      }
      left = done[i] = begin[i] + work(i);
      here = task.location;
    }
    if (ride(here, vehicle.end) == kUnreachable || left + ride(here, vehicle.end) > vehicle.window.end_s)
      return std::nullopt;
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::size_t j = i + 1; j < order.size(); ++j) {
        if (order[j] != order[i] + 1 || problem.tasks[order[j]].kind != TaskKind::kDelivery) continue;
        const auto too_long = begin[j] - done[i] - limit_of(order[i]);
        if (too_long <= 0) continue;
        begin[i] += too_long;
        moved = true;
      }
    }
  }
  return begin;
}

// The cost of one vehicle's sequence, or nothing if a rule forbids it. Written from the rules, not from the
// engine.
std::optional<std::int64_t> simulate(const Problem& problem, const Vehicle& vehicle,
                                     const std::vector<TaskIndex>& order) {
  if (static_cast<std::int64_t>(order.size()) > vehicle.max_tasks) return std::nullopt;
  std::vector<std::int64_t> load(problem.dimensions, 0);
  for (const auto task : order) {
    for (std::size_t d = 0; d < load.size(); ++d) {
      load[d] += problem.requests[problem.tasks[task].request].from_start[d];
    }
  }
  const auto overloaded = [&] {
    for (std::size_t d = 0; d < load.size(); ++d) {
      if (load[d] > vehicle.capacity[d]) return true;
    }
    return false;
  };
  if (overloaded()) return std::nullopt;
  for (const auto one : order) {
    for (const auto other : order) {
      const Request& a = problem.requests[problem.tasks[one].request];
      const Request& b = problem.requests[problem.tasks[other].request];
      if (&a == &b) continue;
      for (const auto tag : a.not_with) {
        if (std::ranges::count(b.tags, tag) > 0) return std::nullopt;
      }
    }
  }
  for (std::size_t i = 0; i < vehicle.fixed; ++i) {
    if (order.size() <= i || order[i] != vehicle.initial[i]) return std::nullopt;
  }
  const auto begins = fresh_begins(problem, vehicle, order);
  if (!begins) return std::nullopt;
  const Travel& travel = problem.travels[vehicle.travel];
  std::int64_t now = vehicle.window.start_s, travelled = 0, metres = 0,
               cost = vehicle.costs.fixed * kCostScale;
  LocationIndex here = vehicle.start;
  const auto go = [&](LocationIndex to) {
    if (here != kNone && to != kNone) {
      const std::size_t cell = here * problem.locations + to;
      const std::int64_t seconds = travel.durations_s[cell];
      if (seconds == kUnreachable) return false;
      now += seconds;
      travelled += seconds;
      metres += (*travel.distances_m)[cell];
      cost += travel.costs
                  ? std::int64_t{(*travel.costs)[cell]} * 3600
                  : seconds * vehicle.costs.per_hour +
                        std::llround(static_cast<double>(vehicle.costs.per_km * (*travel.distances_m)[cell]) *
                                     3.6);
    }
    here = to;
    return true;
  };
  std::int64_t worked = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Task& task = problem.tasks[order[i]];
    const Request& request = problem.requests[task.request];
    if (!std::ranges::includes(vehicle.skills, request.skills)) return std::nullopt;
    const bool moves = here != task.location;
    if (!go(task.location)) return std::nullopt;
    auto window = task.windows.begin();
    while (window != task.windows.end() && window->end_s < now) ++window;
    if (window == task.windows.end()) return std::nullopt;
    now = std::max(now, window->start_s);
    const std::int64_t begin = begins->empty() ? now : (*begins)[i];
    cost += std::max<std::int64_t>(0, begin - task.due_s) * task.late_per_hour;
    const auto work = task.service_s[vehicle.type] + (moves ? task.setup_s[vehicle.type] : 0);
    now += work;
    worked += work;
    cost += work * vehicle.costs.per_task_hour;
    for (std::size_t d = 0; d < load.size(); ++d) {
      load[d] += request.to_end[d] - request.from_start[d];
      load[d] += task.kind == TaskKind::kDelivery ? -request.carried[d] : request.carried[d];
    }
    if (overloaded()) return std::nullopt;
  }
  if (!go(vehicle.end) || now > vehicle.window.end_s) return std::nullopt;
  if (travelled > vehicle.max_travel_s || metres > vehicle.max_distance_m) return std::nullopt;
  const auto tasks = static_cast<std::int64_t>(order.size());
  const std::int64_t squared = problem.balance.hours * (travelled + worked) * (travelled + worked);
  const std::int64_t half_up = squared % 3600 * 2 >= 3600 ? 1 : 0;
  cost += problem.balance.tasks * tasks * tasks * 3600 + squared / 3600 + half_up;
  return cost;
}

// Cheapest sequence of a set of requests (as bits) on one vehicle.
std::optional<std::int64_t> cheapest(const Problem& problem, const Vehicle& vehicle, unsigned set) {
  if (set == 0) return vehicle.fixed > 0 ? std::optional<std::int64_t>() : 0;
  std::vector<TaskIndex> order;
  for (TaskIndex task = 0; task < problem.tasks.size(); ++task) {
    if ((set >> problem.tasks[task].request & 1U) != 0) order.push_back(task);
  }
  std::optional<std::int64_t> best;
  do {
    bool in_order = true;
    for (std::size_t i = 0; i < order.size() && in_order; ++i) {
      if (problem.tasks[order[i]].kind != TaskKind::kDelivery) continue;
      in_order = std::find(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(i), order[i] - 1) !=
                 order.begin() + static_cast<std::ptrdiff_t>(i);
    }
    if (!in_order) continue;
    const auto cost = simulate(problem, vehicle, order);
    if (cost && (!best || *cost < *best)) best = cost;
  } while (std::ranges::next_permutation(order).found);
  return best;
}

void add_extras(Problem& problem, Random& random) {
  for (Request& request : problem.requests) {
    if (request.shipment && pick(random, 0, 1) == 0) request.max_on_board_s = pick(random, 0, 1500);
    if (pick(random, 0, 2) == 0) request.tags = {static_cast<std::uint32_t>(pick(random, 0, 1))};
    if (pick(random, 0, 3) == 0) request.not_with = {static_cast<std::uint32_t>(pick(random, 0, 1))};
  }
  // Some vehicles begin with something that they can do, of which some is fixed; others with what comes, be
  // it possible or not.
  std::vector<RequestIndex> free;
  for (RequestIndex r = 0; r < problem.requests.size(); ++r) free.push_back(r);
  std::ranges::shuffle(free, random);
  for (Vehicle& vehicle : problem.vehicles) {
    if (pick(random, 0, 1) == 0) continue;
    for (int count = pick(random, 1, 2); count > 0 && !free.empty(); --count) {
      const Request& request = problem.requests[free.back()];
      const std::size_t kept = vehicle.initial.size();
      vehicle.initial.push_back(request.first);
      if (request.shipment) vehicle.initial.push_back(request.first + 1);
      if (simulate(problem, vehicle, vehicle.initial)) {
        free.pop_back();
      } else {
        vehicle.initial.resize(kept);
        break;
      }
    }
    if (pick(random, 0, 1) == 0)
      vehicle.fixed = static_cast<std::size_t>(pick(random, 0, static_cast<int>(vehicle.initial.size())));
    if (vehicle.fixed > 0 || pick(random, 0, 1) == 0) continue;
    for (int count = pick(random, 1, 3); count > 0 && !free.empty(); --count) {
      const Request& request = problem.requests[free.back()];
      free.pop_back();
      vehicle.initial.push_back(request.first);
      if (request.shipment) vehicle.initial.push_back(request.first + 1);
    }
  }
}

// Times after which a begin costs something, and routes that cost by their length.
void add_costs(Problem& problem, Random& random) {
  for (Task& task : problem.tasks) {
    if (pick(random, 0, 1) == 0) continue;
    task.due_s = pick(random, 0, 3000);
    task.late_per_hour = pick(random, 1, 20'000);
    if (pick(random, 0, 1) == 0) task.windows = {TimeWindow{}};
  }
  if (pick(random, 0, 1) == 0) problem.balance.tasks = pick(random, 0, 100);
  if (pick(random, 0, 1) == 0) problem.balance.hours = pick(random, 0, 4000);
}

}  // namespace

Problem line(std::initializer_list<int> kilometres) {
  Problem problem;
  problem.locations = kilometres.size();
  problem.dimensions = 1;
  Travel travel;
  std::vector<std::int32_t> metres;
  for (const int a : kilometres) {
    for (const int b : kilometres) {
      travel.durations_s.push_back(std::abs(a - b) * 100);
      metres.push_back(std::abs(a - b) * 1000);
    }
  }
  travel.distances_m = std::make_shared<const std::vector<std::int32_t>>(std::move(metres));
  problem.travels.push_back(std::move(travel));
  return problem;
}

RequestIndex add_job(Problem& problem, LocationIndex at, TimeWindow window) {
  const auto index = static_cast<RequestIndex>(problem.requests.size());
  Request request;
  request.first = static_cast<TaskIndex>(problem.tasks.size());
  request.from_start.assign(problem.dimensions, 0);
  request.to_end = request.carried = request.from_start;
  problem.requests.push_back(std::move(request));
  Task task;
  task.request = index;
  task.location = at;
  task.windows = {window};
  task.setup_s.assign(problem.types, 0);
  task.service_s.assign(problem.types, 0);
  problem.tasks.push_back(std::move(task));
  return index;
}

RequestIndex add_shipment(Problem& problem, LocationIndex from, LocationIndex to, std::int64_t amount) {
  const RequestIndex index = add_job(problem, from);
  Request& request = problem.requests[index];
  request.shipment = true;
  request.carried.assign(problem.dimensions, amount);
  problem.tasks.back().kind = TaskKind::kPickup;
  Task delivery = problem.tasks.back();
  delivery.kind = TaskKind::kDelivery;
  delivery.location = to;
  problem.tasks.push_back(std::move(delivery));
  return index;
}

VehicleIndex add_vehicle(Problem& problem, LocationIndex start, LocationIndex end, std::int64_t capacity) {
  Vehicle vehicle;
  vehicle.start = start;
  vehicle.end = end;
  vehicle.capacity.assign(problem.dimensions, capacity);
  problem.vehicles.push_back(std::move(vehicle));
  return static_cast<VehicleIndex>(problem.vehicles.size() - 1);
}

Problem random_problem(Random& random, const RandomShape& shape) {
  Problem problem;
  problem.locations = static_cast<std::size_t>(pick(random, 3, 9));
  problem.dimensions = static_cast<std::size_t>(pick(random, 0, 2));
  problem.types = static_cast<std::size_t>(pick(random, 1, 2));
  for (int count = pick(random, 1, 2); count > 0; --count) {
    problem.travels.push_back(random_travel(random, problem.locations, shape.metric));
  }
  for (int count = pick(random, 1, shape.requests); count > 0; --count) add_random_request(problem, random);
  for (int count = pick(random, 1, shape.vehicles); count > 0; --count) {
    add_random_vehicle(problem, random, shape.breaks);
    Vehicle& vehicle = problem.vehicles.back();
    if (problem.travels[vehicle.travel].costs) vehicle.costs.per_km = 0;
  }
  if (shape.costs) add_costs(problem, random);
  if (shape.extras) add_extras(problem, random);
  return problem;
}

Score brute_force(const Problem& problem) {
  const auto sets = 1U << problem.requests.size();
  const auto sums = [&](unsigned set) {
    Score score;
    for (unsigned r = 0; r < problem.requests.size(); ++r) {
      if ((set >> r & 1U) == 0) continue;
      const Request& request = problem.requests[r];
      score.tasks += request.shipment ? 2 : 1;
      score.priority += request.priority * (request.shipment ? 2 : 1);
    }
    return score;
  };
  // best[set]: the least cost of serving exactly this set with the vehicles so far.
  std::vector<std::optional<std::int64_t>> best(sets);
  best[0] = 0;
  for (const Vehicle& vehicle : problem.vehicles) {
    std::vector<std::optional<std::int64_t>> alone(sets);
    for (unsigned set = 0; set < sets; ++set) alone[set] = cheapest(problem, vehicle, set);
    auto next = best;
    if (vehicle.fixed > 0) next.assign(sets, std::nullopt);  // it must be used
    for (unsigned set = 0; set < sets; ++set) {
      for (unsigned part = set; part != 0; part = (part - 1) & set) {
        if (!alone[part] || !best[set ^ part]) continue;
        const auto cost = *alone[part] + *best[set ^ part];
        if (!next[set] || cost < *next[set]) next[set] = cost;
      }
    }
    best = std::move(next);
  }
  Score winner;
  for (unsigned set = 1; set < sets; ++set) {
    if (!best[set]) continue;
    Score score = sums(set);
    score.cost = *best[set];
    if (score.beats(winner)) winner = score;
  }
  return winner;
}

}  // namespace reckon::dispatch::testing

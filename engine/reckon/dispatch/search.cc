#include "reckon/dispatch/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "reckon/dispatch/schedule.h"

namespace reckon::dispatch {
namespace {

// Now and then chance has more say and strings may be longer than the mean chain, so that several requests
// may move together to a vehicle that is dearer for each of them alone.
constexpr std::uint32_t kDreamyOneIn = 16;
constexpr std::uint32_t kDreamyOneInSmall = 4;  // of few requests: rounds are cheap and traps deep
constexpr std::size_t kSmall = 20;              // requests

// Temperatures in mean legs: a worsening of one leg is common at first and hopeless in the end.
constexpr double kHot = 1.0;
constexpr double kCold = 0.01;

constexpr double kSavingShare = 0.4;  // of the time, for giving up vehicles where that comes first

constexpr std::uint32_t kMaxMemorySlots = 512;  // remembered insertions of one request

}  // namespace

Search::Search(const Flat& flat, std::uint64_t seed, Objective objective, std::function<bool()> out_of_time)
    : flat_(flat),
      rng_(seed),
      objective_(objective),
      places_(flat.tasks.size()),
      absences_(flat.problem.requests.size(), 0),
      used_at_(flat.vehicles.size(), kNone),
      counted_of_(flat.vehicles.size()),
      is_stale_(flat.vehicles.size(), 0),
      saved_(flat.vehicles.size()),
      touched_in_(flat.vehicles.size(), 0),
      seen_class_(flat.twin_classes, 0),
      seen_vehicle_(flat.vehicles.size(), 0),
      near_(flat.problem.requests.size()),
      neighbours_(flat.tasks.size()),
      torn_(flat.problem.requests.size(), 0),
      torn_in_(flat.problem.requests.size(), 0) {
  scratch_.out_of_time = std::move(out_of_time);
  for (VehicleIndex v = 0; v < flat.vehicles.size(); ++v) chains_.emplace_back(flat, v);
  while (memory_slots_ < kMaxMemorySlots && memory_slots_ < flat.vehicles.size()) memory_slots_ *= 2;
  memory_.resize(flat.problem.requests.size() * memory_slots_);
  for (RequestIndex r = 0; r < flat.problem.requests.size(); ++r) {
    bool possible = false;
    for (VehicleIndex v = 0; v < flat.vehicles.size() && !possible; ++v) possible = flat.compatible(r, v);
    if (possible) servable_.push_back(r);
  }
  absent_ = servable_;
  best_.chains.resize(flat.vehicles.size());
}

void Search::construct() {
  const auto& requests = flat_.problem.requests;
  std::ranges::stable_sort(absent_, {}, [&](RequestIndex r) {
    const std::size_t last = requests[r].first + (requests[r].shipment ? 1U : 0U);
    return std::make_pair(-requests[r].priority, flat_.tasks[last].close_s);
  });
  find_near_vehicles();
  begin_as_told();
  std::vector<RequestIndex> left;
  bool late = false;
  for (const RequestIndex r : absent_) {
    if (late || !insert_best(r, 0)) left.push_back(r);
    late = late || out_of_time();
  }
  absent_ = std::move(left);
  scale_ = mean_leg_cost();
  touched_.clear();
  ++round_;
  constructed_ = true;
  note_best();
}

// The vehicles' initial sequences, as far as they can be done: their last requests go first; when time is
// out, all of them. What is fixed can be done (validate_fixed).
void Search::begin_as_told() {
  for (VehicleIndex v = 0; v < chains_.size(); ++v) {
    auto tasks = flat_.problem.vehicles[v].initial;
    while (!tasks.empty() && !begin(v, tasks)) {
      RECKON_CHECK(tasks.size() > flat_.problem.vehicles[v].fixed);
      if (flat_.problem.vehicles[v].fixed == 0 && out_of_time()) {
        tasks.clear();
        break;
      }
      const RequestIndex last = flat_.tasks[tasks.back()].request;
      std::erase_if(tasks, [&](TaskIndex task) { return flat_.tasks[task].request == last; });
    }
    if (tasks.empty()) continue;
    changed(v);
  }
  std::erase_if(absent_, [&](RequestIndex r) { return !is_absent(r); });
}

// A chain looks at times and limits only: who puts requests in has asked the rest before. Here nobody has.
bool Search::begin(VehicleIndex v, const std::vector<TaskIndex>& tasks) {
  return obstacle(flat_.problem, flat_.problem.vehicles[v], tasks) == Obstacle::kNothing &&
         chains_[v].assign(flat_, tasks);
}

double Search::mean_leg_cost() const {
  double sum = 0;
  double legs = 0;
  for (const VehicleIndex v : used_) {
    sum += static_cast<double>(chains_[v].cost());
    legs += static_cast<double>(chains_[v].tasks().size() + 1);
  }
  return legs == 0 ? 1 : std::max(1.0, sum / legs);
}

bool Search::round(double progress) {
  if (objective_ == Objective::kVehiclesFirst) {
    save_vehicles(progress);
    progress = saving_vehicles_ ? progress / kSavingShare : (progress - kSavingShare) / (1 - kSavingShare);
  }
  absent_before_ = absent_;
  before_ = now();
  dreamy_ = rng_.below(servable_.size() <= kSmall ? kDreamyOneInSmall : kDreamyOneIn) == 0;
  ruin();
  recreate();
  const bool better = note_best();
  const double temperature = scale_ * kHot * std::pow(kCold / kHot, progress);
  if (better || accepts(temperature)) {
    keep();
  } else {
    roll_back();
  }
  touched_.clear();
  ++round_;
  return better;
}

// --- accept or roll back ---

// Brings the sums up to date after the chain of `v` changed.
void Search::recount(VehicleIndex v) {
  const auto& tasks = chains_[v].tasks();
  Score part{0, static_cast<std::int64_t>(tasks.size()), chains_[v].cost()};
  for (const TaskIndex task : tasks)
    part.priority += flat_.problem.requests[flat_.tasks[task].request].priority;
  Score& old = counted_of_[v];
  counted_.priority += part.priority - old.priority;
  counted_.tasks += part.tasks - old.tasks;
  counted_.cost += part.cost - old.cost;
  old = part;
  if (tasks.empty() != (used_at_[v] == kNone)) {
    if (tasks.empty()) {
      used_[used_at_[v]] = used_.back();
      used_at_[used_.back()] = used_at_[v];
      used_.pop_back();
      used_at_[v] = kNone;
    } else {
      used_at_[v] = static_cast<std::uint32_t>(used_.size());
      used_.push_back(v);
    }
  }
  if (is_stale_[v] != 0) return;
  is_stale_[v] = 1;
  stale_.push_back(v);
}

bool Search::accepts(double temperature) {
  if (counted_.priority == before_.priority && counted_.tasks == before_.tasks) {
    const double bar = static_cast<double>(before_.cost) - temperature * std::log(1 - rng_.unit());
    return static_cast<double>(counted_.cost) < bar;
  }
  if (now().beats(before_)) return true;
  // Serving less may be a step to serving more, if what stays out now has been out less.
  const auto sum = [&](const std::vector<RequestIndex>& requests) {
    return std::accumulate(requests.begin(), requests.end(), std::uint64_t{0},
                           [&](std::uint64_t so_far, RequestIndex r) { return so_far + absences_[r]; });
  };
  return sum(absent_) < sum(absent_before_);
}

bool Search::note_best() {
  const bool as_many = counted_.priority == best_.score.priority && counted_.tasks == best_.score.tasks;
  const bool vehicles_decide =
      objective_ == Objective::kVehiclesFirst && as_many && used_.size() != best_.vehicles;
  if (vehicles_decide ? used_.size() > best_.vehicles : !now().beats(best_.score)) return false;
  best_.score = now();
  best_.vehicles = used_.size();
  for (const VehicleIndex v : stale_) {
    best_.chains[v] = chains_[v].tasks();
    is_stale_[v] = 0;
  }
  stale_.clear();
  return true;
}

// While there is time for it: whenever everything is served that ever was, one vehicle less has to do.
void Search::save_vehicles(double progress) {
  if (progress < kSavingShare) {
    saving_vehicles_ = true;
    const bool complete = counted_.priority == best_.score.priority && counted_.tasks == best_.score.tasks;
    if (complete && used_.size() > 1) give_up_a_vehicle();
  } else if (saving_vehicles_) {
    saving_vehicles_ = false;
    return_to_best();
    max_used_ = best_.vehicles;
  }
}

// The vehicle whose requests were outside least often is the easiest to do without.
void Search::give_up_a_vehicle() {
  VehicleIndex easiest = used_.front();
  auto least = std::numeric_limits<std::uint64_t>::max();
  for (const VehicleIndex v : used_) {
    if (flat_.problem.vehicles[v].fixed > 0) continue;
    std::uint64_t sum = 0;
    for (const TaskIndex task : chains_[v].tasks()) sum += absences_[flat_.tasks[task].request];
    if (sum >= least) continue;
    least = sum;
    easiest = v;
  }
  if (flat_.problem.vehicles[easiest].fixed > 0) return;  // all have something fixed
  max_used_ = used_.size() - 1;
  for (const TaskIndex task : chains_[easiest].tasks()) {
    const RequestIndex r = flat_.tasks[task].request;
    if (flat_.problem.requests[r].first == task) leave_out(r);
  }
  chains_[easiest].assign(flat_, {});
  changed(easiest);
}

void Search::return_to_best() {
  for (const RequestIndex r : servable_) leave_out(r);
  for (VehicleIndex v = 0; v < chains_.size(); ++v) {
    const bool feasible = chains_[v].assign(flat_, best_.chains[v]);
    RECKON_CHECK(feasible);
    changed(v);
  }
  absent_.clear();
  for (const RequestIndex r : servable_) {
    if (is_absent(r)) absent_.push_back(r);
  }
}

void Search::keep() {
  for (const RequestIndex r : absent_) ++absences_[r];
}

void Search::roll_back() {
  for (const RequestIndex r : absent_) ++absences_[r];
  for (const VehicleIndex v : touched_) std::swap(chains_[v], saved_[v]);
  for (const VehicleIndex v : touched_) place_tasks(v);
  absent_ = absent_before_;
  for (const RequestIndex r : absent_) {
    places_[flat_.problem.requests[r].first].vehicle = kNone;
    if (flat_.problem.requests[r].shipment) places_[flat_.problem.requests[r].first + 1].vehicle = kNone;
  }
}

void Search::backup(VehicleIndex v) {
  if (touched_in_[v] == round_) return;
  touched_in_[v] = round_;
  saved_[v] = chains_[v];
  touched_.push_back(v);
}

void Search::changed(VehicleIndex v) {
  chains_[v].set_version(chains_[v].empty() ? 0 : next_version_++);
  place_tasks(v);
}

void Search::place_tasks(VehicleIndex v) {
  const auto& tasks = chains_[v].tasks();
  recount(v);
  for (std::uint32_t i = 0; i < tasks.size(); ++i) places_[tasks[i]] = {v, i};
}

}  // namespace reckon::dispatch

// One round's changes: strings of stops are torn out, and what is out is put back.

#include <algorithm>
#include <cmath>
#include <utility>

#include "reckon/dispatch/search.h"

namespace reckon::dispatch {
namespace {

// The published parameters of string removal: stops removed in the mean, longest string, chance of passing
// over.
constexpr double kMeanRemoved = 10;
constexpr double kLongestString = 10;
constexpr double kSplitChance = 0.5;
constexpr double kSplitGrow = 0.5;
constexpr double kBlink = 0.01;
constexpr double kDreamyBlink = 0.4;  // in rounds where chance has more say

constexpr std::size_t kNeighbours = 80;      // stops that a ruin may reach from its seed
constexpr std::size_t kNearVehicles = 48;    // vehicles that an insertion looks at, by approach
constexpr std::size_t kNearTasks = 32;       // and the vehicles of this many neighbouring stops
constexpr std::size_t kFewVehicles = 64;     // up to here, all vehicles are looked at
constexpr std::size_t kMaxAbsentTried = 40;  // of those long left out, in one round

}  // namespace

// --- ruin ---

void Search::ruin() {
  const auto count = static_cast<std::uint32_t>(flat_.tasks.size());
  if (used_.empty()) return;
  const double mean_chain = static_cast<double>(counted_.tasks) / static_cast<double>(used_.size());
  const double longest = dreamy_ ? kLongestString : std::min(kLongestString, mean_chain);
  const double most_strings = 4 * kMeanRemoved / (1 + longest) - 1;
  const auto strings = static_cast<std::size_t>(1 + std::floor(rng_.unit() * most_strings));
  const TaskIndex seed = rng_.below(count);
  if (places_[seed].vehicle != kNone) tear_string(seed, longest);
  for (const TaskIndex task : neighbours(seed)) {
    if (touched_.size() >= strings) break;
    const VehicleIndex v = places_[task].vehicle;
    if (v != kNone && touched_in_[v] != round_) tear_string(task, longest);
  }
}

// Removes the requests of a string of stops that holds `around`; sometimes a stretch in its middle stays.
void Search::tear_string(TaskIndex around, double most) {
  const Place place = places_[around];
  backup(place.vehicle);
  const auto& tasks = chains_[place.vehicle].tasks();
  const auto size = static_cast<std::uint32_t>(tasks.size());
  const double limit = std::min(most, static_cast<double>(size));
  const auto length = std::min(size, static_cast<std::uint32_t>(1 + std::floor(rng_.unit() * limit)));
  std::uint32_t stay = 0;
  if (length > 1 && length < size && rng_.unit() < kSplitChance) {
    stay = 1;
    while (length + stay < size && rng_.unit() < kSplitGrow) ++stay;
  }
  const std::uint32_t span = length + stay;
  const std::uint32_t lowest = place.position + 1 > span ? place.position + 1 - span : 0;
  const std::uint32_t highest = std::min(place.position, size - span);
  const std::uint32_t begin = lowest + rng_.below(highest - lowest + 1);
  const std::uint32_t stay_begin = stay == 0 ? span : 1 + rng_.below(length - 1);
  for (std::uint32_t i = 0; i < span; ++i) {
    if (i >= stay_begin && i < stay_begin + stay) continue;
    const RequestIndex r = flat_.tasks[tasks[begin + i]].request;
    torn_[r] = flat_.is_fixed[r] == 0 ? 1 : 0;
  }
  if (flat_.problem.vehicles[place.vehicle].fixed > 0 && !stands_without_torn(place.vehicle)) {
    for (const TaskIndex task : tasks) torn_[flat_.tasks[task].request] = 0;
    return;
  }
  kept_.clear();
  for (const TaskIndex task : tasks) {
    const RequestIndex r = flat_.tasks[task].request;
    if (torn_[r] == 0) {
      kept_.push_back(task);
    } else if (flat_.problem.requests[r].first == task) {
      leave_out(r);
    }
  }
  for (const TaskIndex task : tasks) torn_[flat_.tasks[task].request] = 0;
  // Without the triangle inequality a chain may become impossible when it gets shorter: then all of it goes.
  if (!chains_[place.vehicle].assign(flat_, kept_)) {
    for (const TaskIndex task : kept_) {
      if (flat_.problem.requests[flat_.tasks[task].request].first == task)
        leave_out(flat_.tasks[task].request);
    }
  }
  changed(place.vehicle);
}

// Whether the chain can be done without what is torn out.
bool Search::stands_without_torn(VehicleIndex v) {
  kept_.clear();
  for (const TaskIndex task : chains_[v].tasks()) {
    if (torn_[flat_.tasks[task].request] == 0) kept_.push_back(task);
  }
  Chain shorter = chains_[v];
  return shorter.assign(flat_, kept_);
}

void Search::leave_out(RequestIndex r) {
  const Request& request = flat_.problem.requests[r];
  places_[request.first].vehicle = kNone;
  if (request.shipment) places_[request.first + 1].vehicle = kNone;
  absent_.push_back(r);
  torn_in_[r] = round_;
}

// Nearest stops of other requests, by the first vehicle's travels from here.
const std::vector<TaskIndex>& Search::neighbours(TaskIndex task) {
  auto& list = neighbours_[task];
  if (!list.empty()) return list;
  const LocationIndex here = flat_.tasks[task].location;
  const std::int32_t* row = &flat_.problem.travels.front().durations_s[here * flat_.problem.locations];
  sorting_.clear();  // duration in the upper half, task in the lower: plain numbers sort fast
  for (TaskIndex other = 0; other < flat_.tasks.size(); ++other) {
    if (flat_.tasks[other].request == flat_.tasks[task].request) continue;
    sorting_.push_back(static_cast<std::uint64_t>(row[flat_.tasks[other].location]) << 32 | other);
  }
  if (sorting_.size() > kNeighbours) {
    std::ranges::nth_element(sorting_, sorting_.begin() + kNeighbours);
    sorting_.resize(kNeighbours);
  }
  std::ranges::sort(sorting_);
  for (const auto packed : sorting_) list.push_back(static_cast<TaskIndex>(packed & 0xffff'ffffU));
  return list;
}

// --- recreate ---

void Search::recreate() {
  order_absent();
  const double blink = dreamy_ ? kDreamyBlink : kBlink;
  scratch_.chance = dreamy_ ? &rng_ : nullptr;
  std::size_t out = 0;
  std::size_t long_absent = 0;
  for (const RequestIndex r : absent_) {
    const bool fresh = torn_in_[r] == round_;
    const bool tried = fresh || ++long_absent <= kMaxAbsentTried;
    if (!tried || !insert_best(r, blink)) absent_[out++] = r;
  }
  absent_.resize(out);
  scratch_.chance = nullptr;
}

// Random, by load, by width or end of the window, or by remoteness: what is hard to place may come first.
void Search::order_absent() {
  for (std::size_t i = absent_.size(); i > 1; --i) {
    std::swap(absent_[i - 1], absent_[rng_.below(static_cast<std::uint32_t>(i))]);
  }
  const auto& requests = flat_.problem.requests;
  const auto sort_by = [&](auto key) { std::ranges::stable_sort(absent_, {}, key); };
  const auto last = [&](RequestIndex r) -> const FlatTask& {
    return flat_.tasks[requests[r].first + (requests[r].shipment ? 1U : 0U)];
  };
  switch (rng_.below(11)) {
    case 0:
    case 1:
      sort_by([&](RequestIndex r) { return last(r).close_s - last(r).open_s; });
      break;
    case 2:
      sort_by([&](RequestIndex r) { return last(r).close_s; });
      break;
    case 3:
      sort_by([&](RequestIndex r) { return flat_.tasks[requests[r].first].open_s; });
      break;
    case 4:
    case 5: {
      const FlatVehicle& v = flat_.vehicles.front();
      sort_by([&](RequestIndex r) { return -v.leg_s(v.start, last(r).location); });
      break;
    }
    case 6: {
      const FlatVehicle& v = flat_.vehicles.front();
      sort_by([&](RequestIndex r) { return v.leg_s(v.start, last(r).location); });
      break;
    }
    default:
      break;  // random
  }
  if (rng_.below(2) == 0) sort_by([&](RequestIndex r) { return -requests[r].priority; });
}

Insertion Search::insertion_into(RequestIndex r, VehicleIndex v) {
  if (scratch_.chance != nullptr) return chains_[v].best_insertion(flat_, r, kForbidden, scratch_);
  Remembered& known = memory_[r * memory_slots_ + (v & (memory_slots_ - 1))];
  if (known.vehicle == v && known.version == chains_[v].version())
    return {known.cost, known.first, known.second};
  const Insertion found = chains_[v].best_insertion(flat_, r, kForbidden, scratch_);
  known = {found.cost, v, chains_[v].version(), static_cast<std::uint16_t>(found.first),
           static_cast<std::uint16_t>(found.second)};
  return found;
}

void Search::consider(RequestIndex r, VehicleIndex v, Insertion& best, VehicleIndex& best_vehicle) {
  const Insertion found = insertion_into(r, v);
  if (!found.possible() || found.cost >= best.cost) return;
  best = found;
  best_vehicle = v;
}

bool Search::insert_best(RequestIndex r, double blink) {
  Insertion best;
  VehicleIndex vehicle = kNone;
  for (const VehicleIndex v : candidates(r)) {
    if (blink > 0 && rng_.unit() < blink) continue;
    consider(r, v, best, vehicle);
  }
  if (vehicle == kNone) return false;
  backup(vehicle);
  chains_[vehicle].insert(flat_, r, best);
  changed(vehicle);
  return true;
}

// Used vehicles, and of each kind of unused one the first. Where there are very many, those near the request.
const std::vector<VehicleIndex>& Search::candidates(RequestIndex r) {
  candidate_list_.clear();
  ++candidate_search_;
  const auto take = [&](VehicleIndex v) {
    if (seen_vehicle_[v] == candidate_search_ || !flat_.compatible(r, v)) return;
    seen_vehicle_[v] = candidate_search_;
    if (chains_[v].empty()) {
      if (used_.size() >= max_used_) return;
      std::uint32_t& seen = seen_class_[flat_.vehicles[v].twin_class];
      if (seen == candidate_search_) return;
      seen = candidate_search_;
    }
    candidate_list_.push_back(v);
  };
  if (flat_.vehicles.size() <= kFewVehicles) {
    for (VehicleIndex v = 0; v < flat_.vehicles.size(); ++v) take(v);
    return candidate_list_;
  }
  for (const VehicleIndex v : near_[r]) take(v);
  if (used_.size() <= kFewVehicles) {
    for (const VehicleIndex v : used_) take(v);
  }
  const Request& request = flat_.problem.requests[r];
  // At first the surroundings of the first stop must do: looking up neighbours for the first time is dear.
  const bool both = request.shipment && constructed_;
  for (TaskIndex task = request.first; task <= request.first + (both ? 1U : 0U); ++task) {
    std::size_t looked = 0;
    for (const TaskIndex other : neighbours(task)) {
      if (++looked > kNearTasks) break;
      if (places_[other].vehicle != kNone) take(places_[other].vehicle);
    }
  }
  return candidate_list_;
}

// For each request the vehicles that are first at its first stop when they come from their start. Goes
// through the travels row by row, for columns would miss the cache at every step.
void Search::find_near_vehicles() {
  if (flat_.vehicles.size() <= kFewVehicles) return;
  using Near = std::pair<std::int64_t, VehicleIndex>;
  std::vector<std::vector<Near>> heaps(flat_.problem.requests.size());
  for (VehicleIndex v = 0; v < flat_.vehicles.size(); ++v) {
    const FlatVehicle& vehicle = flat_.vehicles[v];
    for (const RequestIndex r : servable_) {
      auto& heap = heaps[r];
      const LocationIndex here = flat_.tasks[flat_.problem.requests[r].first].location;
      const Near near{vehicle.from_s + vehicle.leg_s(vehicle.start, here), v};
      const bool full = heap.size() == kNearVehicles;
      if ((full && near >= heap.front()) || !flat_.compatible(r, v)) continue;
      if (full) {
        std::ranges::pop_heap(heap);
        heap.pop_back();
      }
      heap.push_back(near);
      std::ranges::push_heap(heap);
    }
  }
  for (const RequestIndex r : servable_) {
    std::ranges::sort_heap(heaps[r]);
    for (const Near& near : heaps[r]) near_[r].push_back(near.second);
  }
}

}  // namespace reckon::dispatch

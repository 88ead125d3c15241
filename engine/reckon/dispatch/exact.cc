#include "reckon/dispatch/exact.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reckon/dispatch/chain.h"
#include "reckon/dispatch/schedule.h"

namespace reckon::dispatch {
namespace {

using Set = std::uint32_t;  // of the requests in hand, a bit for each

constexpr std::size_t kTriesBetweenLooks = 256;  // at the clock

// What a beginning has used up. Of two with the same stops behind them and the same last one, that which has
// used more of nothing can be continued by whatever continues the other, at no higher cost.
enum Column : std::size_t { kTime, kCost, kTravel, kDistance, kWork, kPeaks };  // kPeaks: one a dimension

// Stops from a vehicle's start on; some shipments may be on board still.
struct Beginning {
  Set begun = 0;
  Set done = 0;
  TaskIndex last = kNone;
  std::uint32_t before = 0;  // the beginning without its last stop
  std::uint32_t stops = 0;
  bool needless = false;  // another one is as good in all
};

struct Tour {
  Set set = 0;
  std::int64_t cost = kForbidden;
  std::vector<TaskIndex> tasks = {};
};

// The cheapest sequence of one vehicle for each set of requests that it can serve.
class Tours {
 public:
  Tours(const Flat& flat, VehicleIndex vehicle, std::span<const RequestIndex> requests, std::size_t& tries,
        const std::function<bool()>& out_of_time)
      : flat_(flat),
        v_(flat.vehicles[vehicle]),
        vehicle_(flat.problem.vehicles[vehicle]),
        requests_(requests),
        tries_(tries),
        out_of_time_(out_of_time),
        width_(kPeaks + flat.dimensions),
        compares_(!v_.has_breaks && !flat.any_on_board_limit),
        chain_(flat, vehicle),
        tours_(std::size_t{1} << requests.size()) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (flat.compatible(requests[i], vehicle)) mine_.push_back(i);
    }
  }

  // By stops, so that all that can be compared come together. False: gave up.
  bool find() {
    beginnings_.push_back({});
    used_.assign(width_, 0);
    used_[kTime] = v_.from_s;
    used_[kCost] = v_.fixed;
    for (std::size_t from = 0, until = 1; from < until; from = until, until = beginnings_.size()) {
      alike_.clear();
      for (std::size_t b = from; b < until; ++b) {
        if (!beginnings_[b].needless && !go_on(b)) return false;
      }
    }
    return true;
  }

  std::vector<Tour> found() && {
    std::erase_if(tours_, [](const Tour& tour) { return tour.tasks.empty(); });
    return std::move(tours_);
  }

 private:
  bool go_on(std::size_t b) {
    for (const std::size_t i : mine_) {
      const Beginning from = beginnings_[b];
      const Request& request = flat_.problem.requests[requests_[i]];
      const Set bit = Set{1} << i;
      const bool first = (from.begun & bit) == 0;
      if (!first && (from.done & bit) != 0) continue;
      const TaskIndex task = request.first + (first ? 0U : 1U);
      if (from.stops < vehicle_.fixed && vehicle_.initial[from.stops] != task) continue;
      if (first && meets_other(from.begun, requests_[i])) continue;
      if (tries_ == 0) return false;
      if (--tries_ % kTriesBetweenLooks == 0 && out_of_time_ && out_of_time_()) return false;
      Beginning to{.begun = from.begun | bit,
                   .done = from.done | (first && request.shipment ? 0U : bit),
                   .last = task,
                   .before = static_cast<std::uint32_t>(b),
                   .stops = from.stops + 1};
      if (to.stops <= v_.max_tasks && use(b, to, i)) keep(to);
    }
    return true;
  }

  bool meets_other(Set begun, RequestIndex request) const {
    if (!flat_.any_apart) return false;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if ((begun >> i & 1U) != 0 &&
          apart(flat_.problem.requests[request], flat_.problem.requests[requests_[i]]))
        return true;
    }
    return false;
  }

  // What has been used after the stop that `to` adds to `b`, in next_; false where a limit is passed.
  bool use(std::size_t b, const Beginning& to, std::size_t i) {
    const std::int64_t* used = &used_[b * width_];
    next_.assign(used, used + width_);
    const TaskIndex task = to.last;
    const LocationIndex here = b == 0 ? v_.start : flat_.tasks[beginnings_[b].last].location;
    const LocationIndex there = flat_.tasks[task].location;
    const std::int64_t arc = flat_.arc_cost(v_, here, task);
    if (arc >= kTooDear) return false;
    const std::int64_t leg_s = v_.leg_s(here, there);
    const std::int64_t start = flat_.earliest(task, next_[kTime] + leg_s);
    if (start >= kNever) return false;
    const std::int64_t action = flat_.action(v_, here, task);
    next_[kTime] = start + action;
    next_[kCost] += arc + v_.per_task_hour * v_.service[task] + flat_.late_cost(task, start);
    next_[kTravel] += leg_s;
    next_[kDistance] += v_.leg_m(here, there);
    next_[kWork] += leg_s + action;
    if (next_[kTime] > v_.until_s || next_[kTravel] > v_.max_travel_s || next_[kDistance] > v_.max_distance_m)
      return false;
    const bool job = !flat_.problem.requests[requests_[i]].shipment;
    for (std::size_t d = 0; d < flat_.dimensions; ++d) {
      std::int64_t& peak = next_[kPeaks + d];
      if (job) peak += flat_.from_start(requests_[i])[d];
      peak = std::max(peak, load_after(to, d));
      if (peak > v_.capacity[d]) return false;
    }
    return true;
  }

  // On board after the last stop, without what later jobs have loaded at the start.
  std::int64_t load_after(const Beginning& beginning, std::size_t dimension) const {
    std::int64_t load = 0;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if ((beginning.done >> i & 1U) != 0) {
        load += flat_.to_end(requests_[i])[dimension];
      } else if ((beginning.begun >> i & 1U) != 0) {
        load += flat_.carried(requests_[i])[dimension];
      }
    }
    return load;
  }

  // Takes a beginning and what it has used from next_, unless it is needless.
  void keep(const Beginning& to) {
    if (compares_) {
      auto& alike = alike_[{to.begun, to.done, to.last}];
      const auto no_more = [&](const std::int64_t* a, const std::int64_t* b) {
        return std::equal(a, a + width_, b, std::less_equal<>());
      };
      for (const std::uint32_t other : alike) {
        if (no_more(&used_[other * width_], next_.data())) return;
      }
      std::erase_if(alike, [&](std::uint32_t other) {
        const bool needless = no_more(next_.data(), &used_[other * width_]);
        beginnings_[other].needless = beginnings_[other].needless || needless;
        return needless;
      });
      alike.push_back(static_cast<std::uint32_t>(beginnings_.size()));
    }
    beginnings_.push_back(to);
    used_.insert(used_.end(), next_.begin(), next_.end());
    if (to.begun == to.done && to.stops >= vehicle_.fixed) finish(to);
  }

  void finish(const Beginning& whole) {
    Tour& tour = tours_[whole.done];
    const std::int64_t home = v_.leg_cost(flat_.tasks[whole.last].location, v_.end);
    if (home >= kTooDear || next_[kCost] + home >= tour.cost) return;
    tasks_.clear();
    for (Beginning b = whole; b.stops > 0; b = beginnings_[b.before]) tasks_.push_back(b.last);
    std::ranges::reverse(tasks_);
    if (!chain_.assign(flat_, tasks_) || chain_.cost() >= tour.cost) return;
    if (obstacle(flat_.problem, vehicle_, tasks_) != Obstacle::kNothing) return;
    tour = {whole.done, chain_.cost(), tasks_};
  }

  struct Key {
    Set begun;
    Set done;
    TaskIndex last;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  const Flat& flat_;
  const FlatVehicle& v_;
  const Vehicle& vehicle_;
  std::span<const RequestIndex> requests_;
  std::size_t& tries_;
  const std::function<bool()>& out_of_time_;
  std::size_t width_;  // columns
  bool compares_;      // nothing but the columns decides what may follow
  std::vector<std::size_t> mine_;
  Chain chain_;
  std::vector<Tour> tours_;  // by set
  std::vector<Beginning> beginnings_;
  std::vector<std::int64_t> used_;  // by beginning, a row of columns
  std::vector<std::int64_t> next_;
  std::map<Key, std::vector<std::uint32_t>> alike_;  // of the layer that is being made
  std::vector<TaskIndex> tasks_;
};

// What serving a set of requests takes with the vehicles so far.
struct Effort {
  std::int64_t cost = kForbidden;
  std::size_t vehicles = 0;

  bool possible() const { return cost < kTooDear; }
  bool beats(const Effort& other, Objective objective) const {
    if (!possible() || !other.possible()) return possible() && !other.possible();
    if (objective == Objective::kVehiclesFirst && vehicles != other.vehicles)
      return vehicles < other.vehicles;
    return cost < other.cost;
  }
};

// Shares the requests out among vehicles, one vehicle after the other.
class Shares {
 public:
  Shares(Objective objective, std::size_t requests)
      : objective_(objective), efforts_(std::size_t{1} << requests) {
    efforts_[0] = {0, 0};
  }

  void add(VehicleIndex vehicle, const std::vector<Tour>& tours, bool must_go) {
    auto next = efforts_;
    std::vector<const Tour*> tour_of(efforts_.size(), nullptr);
    if (must_go) next.assign(efforts_.size(), {});
    for (const Tour& tour : tours) {
      for (Set rest = 0; rest < efforts_.size(); ++rest) {
        if ((rest & tour.set) != 0 || !efforts_[rest].possible()) continue;
        const Effort effort{efforts_[rest].cost + tour.cost, efforts_[rest].vehicles + 1};
        if (!effort.beats(next[rest | tour.set], objective_)) continue;
        next[rest | tour.set] = effort;
        tour_of[rest | tour.set] = &tour;
      }
    }
    efforts_ = std::move(next);
    steps_.push_back({vehicle, std::move(tour_of)});
  }

  const Effort& effort(Set set) const { return efforts_[set]; }
  std::size_t sets() const { return efforts_.size(); }

  void write(Set set, std::vector<std::vector<TaskIndex>>& chains) const {
    for (std::size_t i = steps_.size(); i-- > 0;) {
      const Tour* tour = steps_[i].tour_of[set];
      if (tour == nullptr) continue;
      chains[steps_[i].vehicle] = tour->tasks;
      set ^= tour->set;
    }
  }

 private:
  struct Step {
    VehicleIndex vehicle;
    std::vector<const Tour*> tour_of;  // by set: the vehicle's tour in it; null: it has none
  };
  Objective objective_;
  std::vector<Effort> efforts_;  // by set
  std::vector<Step> steps_;
};

std::vector<RequestIndex> servable(const Flat& flat) {
  std::vector<RequestIndex> requests;
  for (RequestIndex r = 0; r < flat.problem.requests.size(); ++r) {
    for (VehicleIndex v = 0; v < flat.vehicles.size(); ++v) {
      if (!flat.compatible(r, v)) continue;
      requests.push_back(r);
      break;
    }
    if (requests.size() > kFewRequests) break;
  }
  return requests;
}

}  // namespace

bool ranks_before(Objective objective, const Sequences& a, const Sequences& b) {
  const bool fewer = objective == Objective::kVehiclesFirst;
  const auto rank = [&](const Sequences& s) {
    return std::make_tuple(-s.score.priority, -s.score.tasks, fewer ? s.vehicles : 0, s.score.cost);
  };
  return rank(a) < rank(b);
}

std::optional<Sequences> best_of_all(const Flat& flat, Objective objective,
                                     const std::function<bool()>& out_of_time) {
  const auto requests = servable(flat);
  if (requests.size() > kFewRequests) return std::nullopt;
  std::size_t tries = kMostTries;
  std::vector<std::vector<Tour>> tours(flat.twin_classes);
  std::vector<std::size_t> twins(flat.twin_classes, 0);
  Shares shares(objective, requests.size());
  for (VehicleIndex v = 0; v < flat.vehicles.size(); ++v) {
    const std::uint32_t twin_class = flat.vehicles[v].twin_class;
    if (twins[twin_class]++ == 0) {
      Tours all(flat, v, requests, tries, out_of_time);
      if (!all.find()) return std::nullopt;
      tours[twin_class] = std::move(all).found();
    }
    if (twins[twin_class] > requests.size() || tours[twin_class].empty()) continue;
    shares.add(v, tours[twin_class], flat.problem.vehicles[v].fixed > 0);
  }
  std::optional<Sequences> best;
  Set best_set = 0;
  for (Set set = 0; set < shares.sets(); ++set) {
    if (!shares.effort(set).possible()) continue;
    Sequences plan;
    plan.score.cost = shares.effort(set).cost;
    plan.vehicles = shares.effort(set).vehicles;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      const Request& request = flat.problem.requests[requests[i]];
      plan.score.tasks += request.shipment ? 2 : 1;
      plan.score.priority += request.priority * (request.shipment ? 2 : 1);
    }
    if (best && !ranks_before(objective, plan, *best)) continue;
    best = std::move(plan);
    best_set = set;
  }
  if (!best) return std::nullopt;
  best->chains.resize(flat.vehicles.size());
  shares.write(best_set, best->chains);
  return best;
}

}  // namespace reckon::dispatch

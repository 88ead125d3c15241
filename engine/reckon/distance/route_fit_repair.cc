// Closed roads put right one by one. What ways say of roads (route_fit_roads.cc) tells which are closed when
// most of them are known; what is left is told by trips themselves: a road is closed, opened, or others
// closed in its place, where that gives more trips the provider's own answer than it takes it from. A local
// search from what is known already; each step makes the answers likelier.

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "reckon/distance/closures.h"
#include "reckon/distance/route_fitter.h"

namespace reckon::distance {
namespace {

constexpr double kByChance = 0.05;  // of answers that have another cause, so many some closed road gives
constexpr int kMostRoutes = 600;    // of all trips, tried for the sake of one
constexpr std::size_t kRoutesATrip =
    3;  // mending tries so many in all: where much is wrong, roads are not why
constexpr std::size_t kMostTouched = 100;  // trips that a road may move, or no trip is mended by it
constexpr std::size_t kMostBroken = 3;     // trips that a step may break, if other steps mend them
constexpr std::size_t kNearDoor = 3;       // arcs at either end of a path that may be a wrong door
constexpr double kMostOffMs = 600'000;     // of a trip: beyond, it is no matter how far
constexpr double kHair = 1e-9;             // of scores
constexpr double kAlikeWeighs = 0.5;  // a trip with the provider's metres, but not its time: some pace is off

}  // namespace

/// The closed roads, the trips under them, and a journal to take steps back by.
class RouteFitter::Repair {
 public:
  explicit Repair(RouteFitter& fitter)
      : f_(fitter), right_(fitter.trips_.size()), users_(fitter.network_.network().geometry->edge_count()) {
    const ClosureOptions options;
    const auto trips = static_cast<double>(std::max<std::size_t>(1, fitter.trips_.size()));
    const double noise = std::max(1.0, static_cast<double>(fitter.too_slow_)) / trips;
    trip_weighs_ = -std::log(kByChance * std::min(1.0, noise));
    road_weighs_ = std::log((1 - options.prior) / options.prior);
  }

  /// Opens closed roads that explain nothing, or explain less than they are unlikely. @return whether any
  bool drop_all() {
    look_up();
    const auto before = f_.changes_;
    const auto closed = closed_;
    std::size_t routes = 0;
    for (const auto edge : closed) {
      if (f_.stopped()) return false;
      if (!over_.contains(edge) || routes + over_.at(edge).size() > kRoutesATrip * right_.size()) continue;
      routes += over_.at(edge).size();
      drop(edge);
    }
    return f_.changes_ != before;
  }
  /// Closes and opens roads for trips that come out otherwise. @return whether any
  bool mend_all() {
    look_up();
    const auto before = f_.changes_;
    std::size_t routes = 0;
    for (std::uint32_t trip = 0; trip < right_.size() && routes < kRoutesATrip * right_.size(); ++trip) {
      if (f_.stopped()) return false;
      if (right_[trip]) continue;
      mend(trip);
      routes += static_cast<std::size_t>(routes_);
    }
    return f_.changes_ != before;
  }
  double score() const {
    return (static_cast<double>(count_right_) + kAlikeWeighs * static_cast<double>(count_alike_)) *
               trip_weighs_ -
           static_cast<double>(closed_.size()) * road_weighs_;
  }

 private:
  using Trips = std::vector<std::uint32_t>;

  /// What was before a step.
  struct Entry {
    enum class Of : std::uint8_t { kArc, kEdge, kTrip, kRoad } of;
    std::uint32_t which;
    std::uint32_t value = 0;  ///< kArc: cost; kEdge: open; kRoad: bits of the closed directions
    Ends doors = {};
    ModelPath path = {};
  };

  double off_ms(std::uint32_t trip) const {
    if (right_[trip] || !f_.is_timed(trip)) return 0;
    if (!f_.paths_[trip].found) return kMostOffMs;
    return std::min(kMostOffMs, std::abs(f_.dearer_ms(trip)));
  }

  // Which trips pass each road, and which closed roads might serve each trip were they open.
  void look_up() {
    for (auto& users : users_) users.clear();
    over_.clear();
    closed_.clear();
    journal_.clear();
    count_right_ = count_alike_ = 0;
    f_.proven_.assign(f_.proven_.size(), 0);
    for (const auto& [edge_dir, change] : f_.changes_) closed_.insert(edge_dir / 2);
    for (std::uint32_t i = 0; i < right_.size() && !f_.stopped(); ++i) {
      right_[i] = f_.matches(f_.paths_[i], i);
      enter(i, 1);
      const double now_ms = f_.paths_[i].found ? static_cast<double>(f_.paths_[i].cost_ms) : kMostOffMs;
      const double most_ms = right_[i] ? now_ms : std::max(now_ms, told_ms(i) + f_.margin_ms_);
      for (const auto edge : f_.closed_within_reach(i, most_ms)) over_[edge].push_back(i);
    }
  }
  double told_ms(std::uint32_t trip) const { return f_.trips_[trip].seconds * 1000; }

  // A trip's path comes into the books, or (-1) leaves them.
  void enter(std::uint32_t trip, int sign) {
    count_right_ += right_[trip] ? sign : 0;
    count_alike_ += !right_[trip] && f_.is_alike(f_.paths_[trip], f_.trips_[trip]) ? sign : 0;
    std::uint32_t last = road::kNoArc;
    for (const auto arc : f_.paths_[trip].arcs) {
      const auto edge_dir = f_.graph_.arcs[arc].edge_dir;
      if (right_[trip]) f_.proven_[edge_dir] += static_cast<std::uint32_t>(sign);
      if (edge_dir / 2 == last) continue;
      last = edge_dir / 2;
      auto& users = users_[last];
      if (sign > 0) {
        users.push_back(trip);
      } else {
        users.erase(std::ranges::find(users, trip));
      }
    }
  }
  void move(std::uint32_t trip, Ends doors, ModelPath path) {
    enter(trip, -1);
    right_[trip] = f_.matches(path, trip);
    std::swap(f_.doors_[trip], doors);
    std::swap(f_.paths_[trip], path);
    enter(trip, 1);
    journal_.push_back({Entry::Of::kTrip, trip, 0, std::move(doors), std::move(path)});
  }

  void cost(std::uint32_t arc, std::uint32_t ms) {
    journal_.push_back({Entry::Of::kArc, arc, f_.router_.costs_.arc_ms[arc]});
    f_.router_.costs_.arc_ms[arc] = ms;
  }
  void meet(std::uint32_t edge, bool open) {
    auto& now = f_.router_.open_;
    journal_.push_back({Entry::Of::kEdge, edge, (now.start[edge] ? 1U : 0U) | (now.finish[edge] ? 2U : 0U)});
    now.start[edge] = now.finish[edge] = open;
  }
  std::uint32_t closed_bits(std::uint32_t edge) const {
    return (f_.changes_.contains(2 * edge) ? 1U : 0U) | (f_.changes_.contains(2 * edge + 1) ? 2U : 0U);
  }
  void set_bits(std::uint32_t edge, std::uint32_t bits) {
    for (std::uint32_t dir = 0; dir < 2; ++dir) {
      f_.changes_.erase(2 * edge + dir);
      if ((bits >> dir & 1) != 0) f_.changes_[2 * edge + dir] = road::kEdgeClosed;
    }
    closed_.erase(edge);
    if (bits != 0) closed_.insert(edge);
  }
  void write(std::uint32_t edge, std::uint32_t bits) {
    journal_.push_back({Entry::Of::kRoad, edge, closed_bits(edge)});
    set_bits(edge, bits);
  }

  void back_to(std::size_t mark) {
    while (journal_.size() > mark) {
      auto& last = journal_.back();
      switch (last.of) {
        case Entry::Of::kArc:
          f_.router_.costs_.arc_ms[last.which] = last.value;
          break;
        case Entry::Of::kEdge:
          f_.router_.open_.start[last.which] = (last.value & 1) != 0;
          f_.router_.open_.finish[last.which] = (last.value & 2) != 0;
          break;
        case Entry::Of::kTrip:
          enter(last.which, -1);
          f_.doors_[last.which] = std::move(last.doors);
          f_.paths_[last.which] = std::move(last.path);
          right_[last.which] = f_.matches(f_.paths_[last.which], last.which);
          enter(last.which, 1);
          break;
        case Entry::Of::kRoad:
          set_bits(last.which, last.value);
          break;
      }
      journal_.pop_back();
    }
  }

  /// A step: a road closed (the other way as well, where no trip is known to use that) or opened.
  struct Step {
    std::uint32_t edge_dir;
    bool close;
    std::uint32_t edge() const { return edge_dir / 2; }
  };
  bool can(const Step& step) const {
    const auto edge = step.edge();
    if (closed_.contains(edge) == step.close) return false;
    if (!step.close) return over_.contains(edge) && over_.at(edge).size() <= kMostTouched;
    const auto& users = users_[edge];
    const auto right = std::ranges::count_if(users, [&](auto trip) { return right_[trip]; });
    return users.size() <= kMostTouched && 2 * right < std::ssize(users);
  }
  // @return trips that were right before, and are no more
  Trips take(const Step& step) {
    Trips broken;
    const auto route_again = [&](std::uint32_t trip) {
      const bool was = right_[trip];
      ++routes_;
      (void)f_.stopped();  // tells how far it is
      auto doors = f_.doors_of(f_.trips_[trip]);
      auto path = f_.path_without(trip, doors, {});
      move(trip, std::move(doors), std::move(path));
      if (was && !right_[trip]) broken.push_back(trip);
    };
    const auto edge = step.edge();
    const auto& first = f_.graph_.edge_first_arc;
    const bool both = !step.close || f_.proven_[step.edge_dir ^ 1U] == 0;
    for (auto arc = first[edge]; arc < first[edge + 1]; ++arc) {
      if (both || f_.graph_.arcs[arc].edge_dir == step.edge_dir)
        cost(arc, step.close ? road::kClosedMs : f_.open_costs_.arc_ms[arc]);
    }
    if (both) meet(edge, !step.close);
    write(edge, !step.close ? 0 : both ? 3 : 1U << (step.edge_dir & 1U));
    auto touched = step.close ? users_[edge] : over_.at(edge);
    std::ranges::sort(touched);
    for (const auto trip : touched) route_again(trip);
    return broken;
  }

  void drop(std::uint32_t edge) {
    const Step step{2 * edge, false};
    journal_.clear();
    const auto before = score();
    const auto all_off = [&] {
      double sum = 0;
      for (const auto trip : over_.at(edge)) sum += off_ms(trip);
      return sum;
    };
    const auto off = all_off();
    const auto mark = journal_.size();
    const auto right = count_right_;
    (void)take(step);
    if (score() > before && (count_right_ != right || all_off() <= off)) return;
    back_to(mark);
  }

  // Steps that may give a trip its answer: where the provider takes longer, roads of ours closed; where it
  // takes less, closed ones opened, or those that it begins and ends on closed.
  std::vector<Step> steps_for(std::uint32_t trip) {
    std::vector<Step> steps;
    const auto& arcs = f_.paths_[trip].arcs;
    const bool timed = f_.is_timed(trip) && !arcs.empty();
    const bool slower = timed && f_.dearer_ms(trip) < -f_.margin_ms_,
               faster = timed && f_.dearer_ms(trip) > f_.margin_ms_;
    for (std::size_t k = 0; k < arcs.size(); ++k) {
      if (slower && k >= kNearDoor && k + kNearDoor < arcs.size()) continue;
      const Step step{f_.graph_.arcs[arcs[k]].edge_dir, true};
      if ((steps.empty() || steps.back().edge() != step.edge()) && can(step)) steps.push_back(step);
    }
    if (faster) return steps;
    for (const auto edge : f_.closed_within_reach(trip, told_ms(trip) + f_.margin_ms_)) {
      const Step step{2 * edge, false};
      if (can(step)) steps.push_back(step);
    }
    return steps;
  }

  // The step that does a trip, and all trips together, most good; of several as good the middle one.
  template <class Take>
  void take_best(std::uint32_t trip, Take take_step) {
    const auto mark = journal_.size();
    const auto before = score() + kHair;
    double most = before;
    std::vector<Step> best;
    for (const auto& step : steps_for(trip)) {
      if (routes_ > kMostRoutes) break;
      take_step(step);
      if (right_[trip] && score() > before && score() > most - kHair) {
        if (score() > most + kHair) best.clear();
        most = std::max(most, score());
        best.push_back(step);
      }
      back_to(mark);
    }
    if (best.empty()) return;
    const auto spent = std::exchange(routes_, 0);  // it did fit into what is left of them
    take_step(best[best.size() / 2]);
    routes_ += spent;
    if (!right_[trip] || score() <= before) back_to(mark);
  }
  void mend_simply(std::uint32_t trip) {
    take_best(trip, [this](const Step& step) { (void)take(step); });
  }
  // By a step, and others that mend what it breaks.
  void mend(std::uint32_t trip) {
    routes_ = 0;
    journal_.clear();
    take_best(trip, [&](const Step& step) {
      const auto broken = take(step);
      if (broken.size() > kMostBroken) return;
      if (!right_[trip]) mend_simply(trip);
      if (!right_[trip]) return;
      for (const auto other : broken) {
        if (!right_[other]) mend_simply(other);
      }
    });
  }

  RouteFitter& f_;
  double trip_weighs_ = 0, road_weighs_ = 0;  ///< logarithms of odds
  std::vector<bool> right_;                   ///< by trip
  std::vector<Trips> users_;                  ///< by edge: trips that pass it
  std::map<std::uint32_t, Trips> over_;       ///< by closed edge: trips that it might serve
  std::set<std::uint32_t> closed_;
  std::ptrdiff_t count_right_ = 0, count_alike_ = 0;  ///< trips; the second of those that are not right
  std::vector<Entry> journal_;
  int routes_ = 0;  ///< tried for the trip that is being mended
};

// A step is judged by the roads that it opens or closes, not by what those cut off or join again; so each
// pass is judged by routing all trips anew, and is kept whole or not at all.
void RouteFitter::repair() {
  if (!times_tell_ || chooses_apart()) return;
  auto open_model = model_;
  open_model.edges.clear();
  open_costs_ = network_.costs(open_model);
  fit_margin();
  Repair repair(*this);
  for (const auto pass : {&Repair::mend_all, &Repair::drop_all, &Repair::mend_all}) {
    const auto before = model_;
    const auto most = alike();
    tell("roads", 1);
    if (!(repair.*pass)()) {
      if (stopped_) return;
      continue;
    }
    apply_changes();
    if (alike() < most) go_back_to(before);
  }
}

}  // namespace reckon::distance

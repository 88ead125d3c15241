// Which single roads a provider does not use: each round routes all trips, notes which ways are known and
// which were not taken, and asks closures.h which roads explain all of it.

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "reckon/distance/closures.h"
#include "reckon/distance/route_fitter.h"

namespace reckon::distance {
namespace {

constexpr int kPaceEvery = 3;                // rounds
constexpr std::uint32_t kWeakProof = 3;      // so few trips over an edge are asked whether they need it
constexpr std::size_t kMostSuspects = 24;    // edges of a path that are tried
constexpr std::size_t kMostNearDoor = 8;     // edges of a path that may be a door's only way out or in
constexpr std::size_t kMostStranded = 2000;  // arcs: a larger part of the network is not cut off by one road
constexpr double kNoiseUntimed = 0.5;        // one trip that may have met its metres by chance closes nothing
constexpr int kMostDoors = 4;                // that are tried one after the other

}  // namespace

/// Some edges closed, until its end.
class RouteFitter::Without {
 public:
  Without(RouteFitter& fitter, std::span<const std::uint32_t> edge_dirs) : fitter_(fitter) {
    for (const auto edge_dir : edge_dirs) close(edge_dir);
  }
  ~Without() {
    auto& router = fitter_.router_;
    for (auto at = arcs_.rbegin(); at != arcs_.rend(); ++at) router.costs_.arc_ms[at->first] = at->second;
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      router.open_.start[edges_[i]] = was_open_[i].first;
      router.open_.finish[edges_[i]] = was_open_[i].second;
    }
  }
  Without(const Without&) = delete;
  Without& operator=(const Without&) = delete;

  /// Doors of a place while they are closed.
  Door door(const Door& usual, const geo::LatLng& place, TripEnd end) const {
    const bool shut = std::ranges::any_of(usual.terminals, [&](const auto& terminal) {
      return std::ranges::find(edges_, fitter_.graph_.arcs[terminal.arc].edge()) != edges_.end();
    });
    return shut ? fitter_.router_.door(place, end) : usual;
  }
  /// Where the closed edges cut a door off, no place meets the roads that are cut off with it.
  bool strand(const Door& door) {
    return std::ranges::any_of(door.terminals, [&](const auto& terminal) {
      return strand(terminal.arc, true) || strand(terminal.arc, false);
    });
  }

 private:
  void shut(std::uint32_t edge) {
    auto& open = fitter_.router_.open_;
    if (!open.start[edge] && !open.finish[edge]) return;
    edges_.push_back(edge);
    was_open_.emplace_back(open.start[edge], open.finish[edge]);
    open.start[edge] = open.finish[edge] = false;
  }
  void close(std::uint32_t edge_dir) {
    auto& router = fitter_.router_;
    const auto edge = edge_dir / 2;
    const bool both = fitter_.proven_[edge_dir ^ 1U] == 0;
    for (auto arc = fitter_.graph_.edge_first_arc[edge]; arc < fitter_.graph_.edge_first_arc[edge + 1];
         ++arc) {
      if (!both && fitter_.graph_.arcs[arc].edge_dir != edge_dir) continue;
      arcs_.emplace_back(arc, router.costs_.arc_ms[arc]);
      router.costs_.arc_ms[arc] = road::kClosedMs;
    }
    if (both) shut(edge);
  }
  bool strand(std::uint32_t seed, bool forward) {
    const auto& graph = fitter_.graph_;
    std::vector<std::uint32_t> seen{seed};
    auto& known = fitter_.met_in_;
    if (known.empty()) known.resize(graph.arcs.size());
    if (++fitter_.search_ == 0) {
      std::ranges::fill(known, 0);
      fitter_.search_ = 1;
    }
    const auto search = fitter_.search_;
    known[seed] = search;
    const auto& costs = fitter_.router_.costs_;
    const auto visit = [&](std::uint32_t arc, std::uint32_t turn) {
      if (road::never_used(costs.arc_ms[arc]) || road::never_used(costs.turn_ms[turn])) return;
      if (std::exchange(known[arc], search) != search) seen.push_back(arc);
    };
    for (std::size_t at = 0; at < seen.size(); ++at) {
      if (seen.size() > kMostStranded) return false;
      if (forward) {
        for (auto turn = graph.next_first[seen[at]]; turn < graph.next_first[seen[at] + 1]; ++turn)
          visit(graph.next[turn], turn);
      } else {
        for (const auto& [before, turn] : fitter_.network_.turns_back().into(seen[at])) visit(before, turn);
      }
    }
    for (const auto arc : seen) shut(graph.arcs[arc].edge());
    return true;
  }

  RouteFitter& fitter_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> arcs_;
  Edges edges_;
  std::vector<std::pair<bool, bool>> was_open_;  ///< each of them, to starts and finishes
};

/// A closed edge opened, until its end.
class RouteFitter::Opened {
 public:
  Opened(RouteFitter& fitter, std::uint32_t edge)
      : router_(fitter.router_),
        edge_(edge),
        was_open_(router_.open_.start[edge], router_.open_.finish[edge]) {
    const auto& first = fitter.graph_.edge_first_arc;
    for (auto arc = first[edge]; arc < first[edge + 1]; ++arc) {
      kept_.emplace_back(arc, router_.costs_.arc_ms[arc]);
      router_.costs_.arc_ms[arc] = fitter.open_costs_.arc_ms[arc];
    }
    router_.open_.start[edge] = router_.open_.finish[edge] = true;
  }
  ~Opened() {
    for (const auto& [arc, ms] : kept_) router_.costs_.arc_ms[arc] = ms;
    router_.open_.start[edge_] = was_open_.first;
    router_.open_.finish[edge_] = was_open_.second;
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

 private:
  ModelRouter& router_;
  std::uint32_t edge_;
  std::pair<bool, bool> was_open_;  ///< to starts and finishes
  std::vector<std::pair<std::uint32_t, std::uint32_t>> kept_;
};

// How much our time of a path may differ from the provider's: of nine in ten trips alike, times three. Of two
// ways of ours the difference is told without the provider's rounding.
void RouteFitter::fit_margin() {
  std::vector<double> off;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (alike_[i] && is_timed(i)) off.push_back(std::abs(dearer_ms(i)));
  }
  margin_ms_ = close_call_ms_ = kCloseCallMs;
  times_tell_ = off.size() >= kLeastForPaces;
  if (!times_tell_) return;
  const auto at = off.begin() + static_cast<std::ptrdiff_t>(off.size() * 9 / 10);
  std::ranges::nth_element(off, at);
  margin_ms_ = std::clamp(3 * *at, 1000.0, 60'000.0);
  close_call_ms_ = std::clamp(6 * (*at - kRoundedMs), kLeastCloseCallMs, margin_ms_);
}

double RouteFitter::dearer_ms(std::size_t trip) const {
  return trips_[trip].seconds * 1000 - network_.told_ms(model_, paths_[trip]);
}

// Our path when some edges were closed.
const ModelPath& RouteFitter::path_without(std::size_t trip, Ends& doors,
                                           std::span<const std::uint32_t> edge_dirs) {
  Without without(*this, edge_dirs);
  doors.from = without.door(doors.from, trips_[trip].from, TripEnd::kStart);
  doors.to = without.door(doors.to, trips_[trip].to, TripEnd::kFinish);
  const auto* path = &router_.path(doors.from, doors.to);
  for (int tries = 0; tries < kMostDoors && !path->found; ++tries) {
    const bool start = without.strand(doors.from), finish = without.strand(doors.to);
    if (!start && !finish) break;
    if (start) doors.from = router_.door(trips_[trip].from, TripEnd::kStart);
    if (finish) doors.to = router_.door(trips_[trip].to, TripEnd::kFinish);
    path = &router_.path(doors.from, doors.to);
  }
  return *path;
}

// A path's directed edges, those that fewest trips use first.
RouteFitter::Edges RouteFitter::suspects(const ModelPath& path, std::size_t most) const {
  Edges edges;
  for (const auto arc : path.arcs) edges.push_back(graph_.arcs[arc].edge_dir);
  std::ranges::stable_sort(edges, {}, [&](auto edge_dir) { return proven_[edge_dir]; });
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  if (edges.size() > most) edges.resize(most);
  return edges;
}

std::array<std::uint32_t, 2> RouteFitter::edges_of(const Ends& ends) const {
  const auto edge = [&](const Door& door) {
    return door.terminals.empty() ? road::kNoArc : graph_.arcs[door.terminals.front().arc].edge();
  };
  return {edge(ends.from), edge(ends.to)};
}

void RouteFitter::blame(std::size_t trip, Edges edges, const ModelPath& path) {
  if (blamed_.emplace(trip, edges).second)
    untaken_.push_back({static_cast<std::uint32_t>(trip), std::move(edges), path, edges_of(doors_[trip])});
}

// What a path costs by now, were all of its roads open.
double RouteFitter::cost_ms(const ModelPath& path) const {
  double all = 0;
  for (std::size_t k = 0; k < path.arcs.size(); ++k) {
    const auto arc = path.arcs[k];
    const auto length = graph_.arcs[arc].length_mm;
    const double part = k == 0 ? path.first_mm : k + 1 == path.arcs.size() ? path.last_mm : length;
    all += length == 0 ? 0 : part / length * open_costs_.arc_ms[arc];
    if (k + 1 == path.arcs.size()) break;
    for (auto turn = graph_.next_first[arc]; turn < graph_.next_first[arc + 1]; ++turn) {
      if (graph_.next[turn] != path.arcs[k + 1]) continue;
      all += open_costs_.turn_ms[turn];
      break;
    }
  }
  return all;
}

// Whether a trip comes out right when one closed edge is opened, as a way or as its door; or when it is
// opened and another one, that we would take then, is closed.
bool RouteFitter::opens_up(std::size_t trip, std::uint32_t edge) {
  const Opened opened(*this, edge);
  const auto ends = doors_of(trips_[trip]);
  auto path = router_.path(ends.from, ends.to);
  bool right = matches(path, trip);
  const double told_ms = trips_[trip].seconds * 1000;
  if (!right && path.found && static_cast<double>(path.cost_ms) < told_ms - margin_ms_) {
    const auto ours = path;
    for (const auto other : suspects(ours, kMostSuspects)) {
      if (proven_[other] > 0 || other / 2 == edge) continue;
      auto moved = ends;
      path = path_without(trip, moved, std::array{other});
      right = matches(path, trip);
      if (right) break;
    }
  }
  if (right) known_[trip] = path;
  return right;
}

// Closed edges by which a trip, were one of them open, would take no longer than so much; and those that its
// doors would be on.
std::set<std::uint32_t> RouteFitter::closed_within_reach(std::size_t trip, double most_ms) {
  const auto most = road::cost_of(static_cast<std::uint32_t>(std::min(most_ms, 2e9)), 0);
  there_.from(network_, router_.costs_, doors_[trip].from, most);
  onward_.to(network_, router_.costs_, doors_[trip].to, most);
  std::set<std::uint32_t> closed;
  for (const auto& [edge_dir, change] : changes_) {
    for (auto arc = graph_.edge_first_arc[edge_dir / 2]; arc < graph_.edge_first_arc[edge_dir / 2 + 1];
         ++arc) {
      if (graph_.arcs[arc].edge_dir != edge_dir) continue;
      const auto by = cost_by(network_, router_.costs_, there_, onward_, arc,
                              road::cost_of(open_costs_.arc_ms[arc], graph_.arcs[arc].length_mm));
      if (by != road::kNoCost && static_cast<double>(road::time_ms_of(by)) <= most_ms)
        closed.insert(edge_dir / 2);
    }
  }
  for (const auto* door : {&open_doors_[trip].from, &open_doors_[trip].to}) {
    for (const auto& terminal : door->terminals) {
      const auto edge_dir = graph_.arcs[terminal.arc].edge_dir;
      if (changes_.contains(edge_dir)) closed.insert(edge_dir / 2);
    }
  }
  return closed;
}

// The provider was faster than we: a road is closed wrongly, or it met the roads elsewhere.
bool RouteFitter::look_for_open(std::size_t trip) {
  const auto closed = closed_within_reach(trip, trips_[trip].seconds * 1000 + margin_ms_);
  return std::ranges::any_of(closed, [&](auto edge) { return opens_up(trip, edge); });
}

void RouteFitter::look_at_doors(std::size_t trip) {
  Edges near, blamed;
  const auto& arcs = paths_[trip].arcs;
  for (std::size_t k = 0; k < arcs.size(); ++k) {
    if (k < kMostNearDoor || k + kMostNearDoor >= arcs.size()) near.push_back(graph_.arcs[arcs[k]].edge_dir);
  }
  for (const auto edge_dir : near) {
    if (proven_[edge_dir] + proven_[edge_dir ^ 1U] > 0) continue;
    const auto& other = path_without(trip, std::array{edge_dir});
    if (!matches(other, trip)) continue;
    if (blamed.empty()) known_[trip] = other;
    blamed.push_back(edge_dir);
  }
  if (!blamed.empty()) blame(trip, std::move(blamed));
}

// As long on the way as ours, but not as far: without which edge of ours do we take the provider's way?
void RouteFitter::look_at_close_call(std::size_t trip) {
  const auto ours = paths_[trip];
  Edges all;
  for (const auto arc : ours.arcs) all.push_back(graph_.arcs[arc].edge_dir);
  if (!blamed_.emplace(trip, all).second) return;
  Edges edges;
  ModelPath right;
  for (const auto edge_dir : suspects(ours, kMostSuspects)) {
    if (proven_[edge_dir] > 0) continue;
    const auto& other = path_without(trip, std::array{edge_dir});
    if (!matches(other, trip) ||
        static_cast<double>(other.cost_ms) < static_cast<double>(ours.cost_ms) + close_call_ms_)
      continue;
    if (right.found && other.cost_ms > right.cost_ms + 1) continue;
    if (!right.found || other.cost_ms + 1 < right.cost_ms) {
      edges.clear();
      right = other;
    }
    edges.push_back(edge_dir);
  }
  if (edges.empty()) return;
  if (is_timed(trip)) known_[trip] = right;  // metres alone are met by chance, now and then
  Edges along;
  for (const auto edge_dir : all) {
    if (std::ranges::find(edges, edge_dir) != edges.end()) along.push_back(edge_dir);
  }
  blame(trip, std::move(along));
}

void RouteFitter::look_at(std::size_t trip) {
  const auto& path = paths_[trip];
  if (matches(path, trip)) {
    known_[trip] = path;
    return;
  }
  if (chooses_apart()) {
    if (!known_[trip].found && path.found) look_at_close_call(trip);
    return;
  }
  const double dearer = path.found ? dearer_ms(trip) : -2 * margin_ms_;
  if (is_timed(trip) && dearer > margin_ms_) {
    Edges edges;
    for (const auto arc : path.arcs) edges.push_back(graph_.arcs[arc].edge_dir);
    return blame(trip, std::move(edges), path);
  }
  if (known_[trip].found) return;
  if (is_timed(trip) && dearer < -margin_ms_) {
    if (!look_for_open(trip) && path.found) look_at_doors(trip);
  } else if (path.found) {
    look_at_close_call(trip);
  }
}

// Trips known to use each directed edge: those edges are open.
void RouteFitter::count_proven() {
  proven_.assign(std::size_t{network_.network().geometry->edge_count()} * 2, 0);
  for (const auto& path : known_) {
    for (const auto arc : path.arcs) ++proven_[graph_.arcs[arc].edge_dir];
  }
}

// The edges of an untaken way that may be closed. A road closed one way only is thought of where nothing else
// explains.
RouteFitter::Edges RouteFitter::openable(const Untaken& way) const {
  Edges both, one;
  for (const auto edge_dir : way.edges) {
    if (proven_[edge_dir] > 0) continue;
    one.push_back(edge_dir);
    if (proven_[edge_dir ^ 1U] == 0) both.push_back(edge_dir);
  }
  return both.empty() ? one : both;
}

// Round a block both ways are as long, and a trip over the one proves nothing of it: where an untaken way has
// no road that may be closed, a proof counts only where that trip without the edge would not match.
void RouteFitter::doubt_proofs() {
  std::vector<bool> asked(proven_.size());
  for (const auto& way : untaken_) {
    if (!openable(way).empty()) continue;
    for (const auto edge_dir : way.edges) asked[edge_dir] = proven_[edge_dir] <= kWeakProof;
  }
  std::vector<std::uint32_t> voided;
  for (std::size_t i = 0; i < trips_.size() && !stopped(); ++i) {
    for (const auto arc : known_[i].arcs) {
      const std::array edge_dir{graph_.arcs[arc].edge_dir};
      if (asked[edge_dir[0]] && matches(path_without(i, edge_dir), i)) voided.push_back(edge_dir[0]);
    }
  }
  for (const auto edge_dir : voided) proven_[edge_dir] -= std::min(1U, proven_[edge_dir]);
}

// Our routes with all roads open are the fastest there are. Where the provider was faster still, something
// else than a closed road is the cause; it is as often the cause where the provider was slower.
double RouteFitter::noise() const {
  if (chooses_apart() || (margin_ms_ == kCloseCallMs && close_call_ms_ == kCloseCallMs)) return kNoiseUntimed;
  return std::min(0.9,
                  static_cast<double>(too_slow_) / static_cast<double>(std::max<std::size_t>(1, too_fast_)));
}

std::vector<std::uint32_t> RouteFitter::solve_closures() {
  count_proven();
  doubt_proofs();
  std::vector<UntakenWay> ways;
  for (const auto& way : untaken_) {
    if (way.ends != edges_of(open_doors_[way.trip]) && way.ends != edges_of(doors_[way.trip])) continue;
    UntakenWay one{way.trip, openable(way)};
    for (auto& edge_dir : one.roads) edge_dir /= 2;
    if (!one.roads.empty()) ways.push_back(std::move(one));
  }
  ClosureOptions options;
  options.noise = noise();
  return closed_roads(ways, options);
}

void RouteFitter::set_closed(std::span<const std::uint32_t> edges) {
  changes_.clear();
  for (const auto edge : edges) {
    for (const auto edge_dir : {2 * edge, 2 * edge + 1}) {
      if (proven_[edge_dir] == 0) changes_[edge_dir] = road::kEdgeClosed;
    }
  }
}

void RouteFitter::count_noise() {
  too_fast_ = too_slow_ = 0;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (!paths_[i].found || !is_timed(i) || matches(paths_[i], i)) continue;
    too_fast_ += dearer_ms(i) > margin_ms_ ? 1U : 0U;
    too_slow_ += dearer_ms(i) < -margin_ms_ ? 1U : 0U;
  }
}

// The paces again, from all ways that are known by now; what they say no more is forgotten.
void RouteFitter::refit_paces() {
  fit_paces();
  fit_margin();
  auto open_model = model_;
  open_model.edges.clear();
  open_costs_ = network_.costs(open_model);
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (known_[i].found && is_timed(i) &&
        std::abs((chooses_apart() ? network_.told_ms(model_, known_[i]) : cost_ms(known_[i])) -
                 trips_[i].seconds * 1000) > margin_ms_)
      known_[i] = {};
  }
  std::erase_if(untaken_, [&](const auto& way) {
    return way.path.found && cost_ms(way.path) > trips_[way.trip].seconds * 1000 - margin_ms_;
  });
  blamed_.clear();
  for (const auto& way : untaken_) blamed_.emplace(way.trip, way.edges);
}

// Each round routes all trips, adds what they say to what is known, and finds the roads that explain all of
// it, from nothing: no earlier choice stands against a later one.
void RouteFitter::find_closed() {
  changes_.clear();
  apply_changes();
  open_costs_ = router_.costs_;
  open_doors_ = doors_;
  known_.assign(trips_.size(), {});
  count_proven();
  count_noise();
  auto best = model_;
  auto best_alike = alike();
  for (int round = 0; round < options_.road_rounds && !stopped_; ++round) {
    tell("roads", static_cast<double>(round) / options_.road_rounds);
    for (std::size_t i = 0; i < trips_.size() && !stopped(); ++i) look_at(i);
    const auto before = changes_;
    set_closed(solve_closures());
    if (changes_ == before) break;
    apply_changes();
    if (round % kPaceEvery == kPaceEvery - 1) refit_paces();
    if (alike() <= best_alike) continue;
    best = model_;
    best_alike = alike();
  }
  go_back_to(best);
  repair();
}

void RouteFitter::apply_changes() {
  auto model = model_;
  model.edges.clear();
  for (const auto& [edge_dir, ms] : changes_)
    model.edges.push_back({edge_dir, static_cast<std::int32_t>(ms)});
  take(model);
  route_all();
}

void RouteFitter::go_back_to(const RouteModel& model) {
  take(model);
  route_all();
  changes_.clear();
  for (const auto& change : model_.edges) changes_[change.edge_dir] = change.add_ms;
}

// Makes the model of the changes; the former one when fewer trips come out alike.
void RouteFitter::take_changes() {
  const auto old = model_;
  const auto before = alike();
  apply_changes();
  if (alike() >= before) return;
  go_back_to(old);
}

}  // namespace reckon::distance

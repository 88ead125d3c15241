// Which single roads a provider does not use, and which it likes less than we thought.

#include <algorithm>
#include <array>
#include <iterator>

#include "reckon/distance/route_fitter.h"

namespace reckon::distance {
namespace {

constexpr std::uint32_t kBlameOutweighs = 12;
constexpr std::uint32_t kWeakProof = 3;     // so few trips over an edge are asked whether they need it
constexpr std::size_t kMostSuspects = 24;   // edges of a path that are tried
constexpr std::size_t kMostPreferred = 40;  // and where a preference is looked for
constexpr std::size_t kMostFirst = 6;       // of two edges that are closed to one trip
constexpr std::size_t kMostSecond = 10;
constexpr std::int64_t kMostAddMs = 600'000;

bool is_closed(std::int64_t change) {
  return change == road::kEdgeClosed;
}

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
    for (const auto edge : edges_) router.open_[edge] = true;
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

 private:
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
    if (!both || !router.open_[edge]) return;
    edges_.push_back(edge);
    router.open_[edge] = false;
  }

  RouteFitter& fitter_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> arcs_;
  Edges edges_;
};

// Trips alike over each directed edge: those edges are open. A few that were as long by chance prove nothing
// against the many that were not.
void RouteFitter::count_proven() {
  proven_.assign(std::size_t{network_.network().geometry->edge_count()} * 2, 0);
  auto blamed = proven_;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (alike_[i] && !matches(paths_[i], i)) continue;  // as long by chance
    if (!alike_[i] && is_timed(i) && dearer_ms(i) < margin_ms_) continue;
    for (const auto arc : paths_[i].arcs) ++(alike_[i] ? proven_ : blamed)[graph_.arcs[arc].edge_dir];
  }
  for (std::size_t e = 0; e < proven_.size(); ++e) {
    if (proven_[e] * kBlameOutweighs < blamed[e]) proven_[e] = 0;
  }
}

// How much our time of a path may differ from the provider's: of nine in ten trips alike, times three.
void RouteFitter::fit_margin() {
  std::vector<double> off;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (alike_[i] && is_timed(i)) off.push_back(std::abs(dearer_ms(i)));
  }
  margin_ms_ = kCloseCallMs;
  if (off.size() < kLeastForPaces) return;
  const auto at = off.begin() + static_cast<std::ptrdiff_t>(off.size() * 9 / 10);
  std::ranges::nth_element(off, at);
  margin_ms_ = std::clamp(3 * *at, 1000.0, 60'000.0);
}

double RouteFitter::dearer_ms(std::size_t trip) const {
  return trips_[trip].seconds * 1000 - static_cast<double>(paths_[trip].cost_ms);
}

// Our path when some edges were closed.
const ModelPath& RouteFitter::path_without(std::size_t trip, std::span<const std::uint32_t> edge_dirs) {
  const Without without(*this, edge_dirs);
  return router_.path(without.door(doors_[trip].from, trips_[trip].from, TripEnd::kStart),
                      without.door(doors_[trip].to, trips_[trip].to, TripEnd::kFinish));
}

// A path's directed edges, those that fewest trips alike have used first.
RouteFitter::Edges RouteFitter::suspects(const ModelPath& path, bool unproven_only, std::size_t most) const {
  Edges edges;
  for (const auto arc : path.arcs) {
    const auto edge_dir = graph_.arcs[arc].edge_dir;
    if (!unproven_only || proven_[edge_dir] == 0) edges.push_back(edge_dir);
  }
  std::ranges::stable_sort(edges, {}, [&](auto edge_dir) { return proven_[edge_dir]; });
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  if (edges.size() > most) edges.resize(most);
  return edges;
}

// Round a block both ways are as long, and a trip over the one proves nothing of it: of edges that blamed
// trips use, a proof counts only where that trip without the edge would not match.
void RouteFitter::doubt_proofs() {
  std::vector<bool> asked(proven_.size());
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (alike_[i] || !paths_[i].found || !is_timed(i) || dearer_ms(i) < margin_ms_) continue;
    for (const auto arc : paths_[i].arcs) {
      const auto edge_dir = graph_.arcs[arc].edge_dir;
      if (proven_[edge_dir] > 0 && proven_[edge_dir] <= kWeakProof) asked[edge_dir] = true;
    }
  }
  std::vector<std::uint32_t> voided;
  for (std::size_t i = 0; i < trips_.size() && !stopped(); ++i) {
    if (!matches(paths_[i], i)) continue;
    for (const auto arc : paths_[i].arcs) {
      const std::array edge_dir{graph_.arcs[arc].edge_dir};
      if (asked[edge_dir[0]] && matches(path_without(i, edge_dir), i)) voided.push_back(edge_dir[0]);
    }
  }
  for (const auto edge_dir : voided) proven_[edge_dir] -= std::min(1U, proven_[edge_dir]);
}

// Where no single edge explains a trip, two may.
bool RouteFitter::explain_by_two(Clue& clue, const ModelPath& ours) {
  auto first = suspects(ours, true, kMostSuspects);
  std::erase_if(first, [&](auto e) { return std::ranges::find(clue.blamed, e) == clue.blamed.end(); });
  if (first.size() > kMostFirst) first.resize(kMostFirst);
  for (const auto e : first) {
    const auto other = path_without(clue.trip, std::array{e});
    for (const auto second : suspects(other, true, kMostSecond)) {
      const auto& path = path_without(clue.trip, std::array{e, second});
      if (!matches(path, clue.trip)) continue;
      if (clue.pairs.empty()) {
        clue.right = path;
        clue.dearer_ms = static_cast<double>(path.cost_ms) - static_cast<double>(ours.cost_ms);
      }
      clue.pairs.emplace_back(e, second);
    }
  }
  return !clue.pairs.empty();
}

// For each trip that came out otherwise: without which edge of ours do we take the provider's way? An edge
// without which no way is left that is as short as the provider's is open.
void RouteFitter::find_clues(int round, bool preferences) {
  clues_.clear();
  count_proven();
  if (!preferences) doubt_proofs();
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (stopped()) return;
    if (alike_[i] || !paths_[i].found) continue;
    const bool timed = is_timed(i);
    if (!preferences && timed && dearer_ms(i) < margin_ms_) continue;
    if (i % 64 == 0)
      tell("roads", (round + static_cast<double>(i) / static_cast<double>(trips_.size())) /
                        (options_.road_rounds + options_.preference_rounds));
    const auto ours = paths_[i];
    Clue clue{i, {}, {}, {}, {}, 0};
    for (const auto edge_dir : suspects(ours, !preferences, preferences ? kMostPreferred : kMostSuspects)) {
      const auto& other = path_without(i, std::array{edge_dir});
      const double dearer = static_cast<double>(other.cost_ms) - static_cast<double>(ours.cost_ms);
      if (timed && other.found && dearer <= dearer_ms(i) + margin_ms_) clue.blamed.push_back(edge_dir);
      if (!(preferences ? is_alike(other, trips_[i]) : matches(other, i))) continue;
      if (!clue.edges.empty() && dearer > clue.dearer_ms + 1) continue;
      if (clue.edges.empty() || dearer < clue.dearer_ms - 1) {
        clue.edges.clear();
        clue.right = other;
        clue.dearer_ms = dearer;
      }
      clue.edges.push_back(edge_dir);
    }
    const bool explained =
        !clue.edges.empty() || (!preferences && round > 0 && timed && explain_by_two(clue, ours));
    if (explained || !clue.blamed.empty()) clues_.push_back(std::move(clue));
  }
}

void RouteFitter::close(std::uint32_t edge_dir) {
  changes_[edge_dir] = road::kEdgeClosed;
  if (proven_[edge_dir ^ 1U] == 0) changes_[edge_dir ^ 1U] = road::kEdgeClosed;
}

// A clue is a lock that some edge of it opens. The edge that opens most of them, and that no trip alike has
// used, is closed, and so on; where the provider is hardly dearer it may be a preference only.
std::size_t RouteFitter::close_by_clues(double least) {
  std::vector<bool> explained(clues_.size());
  std::size_t closed = 0;
  for (;; ++closed) {
    std::map<std::uint32_t, double> votes;
    for (std::size_t c = 0; c < clues_.size(); ++c) {
      const auto& clue = clues_[c];
      if (explained[c] || clue.dearer_ms < margin_ms_) continue;
      Edges open;
      for (const auto e : clue.edges) {
        if (proven_[e] == 0) open.push_back(e);
      }
      for (const auto e : open) votes[e] += 1 + 0.5 / static_cast<double>(open.size());
      Edges either;
      for (const auto& [a, b] : clue.pairs) {
        either.push_back(a);
        either.push_back(b);
      }
      std::ranges::sort(either);
      either.erase(std::unique(either.begin(), either.end()), either.end());
      for (const auto e : either) votes[e] += 0.5 + 0.5 / static_cast<double>(either.size());
    }
    const auto best = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    if (best == votes.end() || best->second < least) return closed;
    const auto edge = best->first;
    close(edge);
    for (std::size_t c = 0; c < clues_.size(); ++c) {
      const auto& clue = clues_[c];
      const bool one = std::ranges::find(clue.edges, edge) != clue.edges.end();
      const bool of_two = std::ranges::any_of(
          clue.pairs, [edge](const auto& pair) { return pair.first == edge || pair.second == edge; });
      if (one || of_two) explained[c] = true;
    }
  }
}

// Where the provider took clearly longer than our way would and nothing explains how, some edge of ours is
// closed to it, and none that trips alike have used. The edge that explains most such trips goes first; one
// in a round for each trip.
std::size_t RouteFitter::close_by_time(double least) {
  std::vector<const Clue*> blocked;
  for (const auto& clue : clues_) {
    const bool done = std::ranges::any_of(clue.blamed, [&](auto e) { return changes_.contains(e); });
    if (clue.edges.empty() && clue.pairs.empty() && !done) blocked.push_back(&clue);
  }
  std::vector<bool> explained(blocked.size());
  std::size_t closed = 0;
  for (;; ++closed) {
    std::map<std::uint32_t, double> votes;
    for (std::size_t b = 0; b < blocked.size(); ++b) {
      if (explained[b]) continue;
      for (const auto e : blocked[b]->blamed) votes[e] += 1 / static_cast<double>(blocked[b]->blamed.size());
    }
    const auto best = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    if (best == votes.end() || best->second < least) return closed;
    close(best->first);
    for (std::size_t b = 0; b < blocked.size(); ++b) {
      if (std::ranges::find(blocked[b]->blamed, best->first) != blocked[b]->blamed.end()) explained[b] = true;
    }
  }
}

// Whether a trip comes out right when one closed edge is opened, as a way or as its door.
bool RouteFitter::opens_up(std::size_t trip, std::uint32_t edge_dir, const road::ArcCosts& open) {
  const auto edge = edge_dir / 2;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> kept;
  for (auto arc = graph_.edge_first_arc[edge]; arc < graph_.edge_first_arc[edge + 1]; ++arc) {
    kept.emplace_back(arc, router_.costs_.arc_ms[arc]);
    router_.costs_.arc_ms[arc] = open.arc_ms[arc];
  }
  const bool was_open = router_.open_[edge];
  router_.open_[edge] = true;
  const auto ends = doors_of(trips_[trip]);
  const bool right = matches(router_.path(ends.from, ends.to), trip);
  router_.open_[edge] = was_open;
  for (const auto& [arc, ms] : kept) router_.costs_.arc_ms[arc] = ms;
  return right;
}

// What one trip says of the closed edges that it would use were each of them open.
void RouteFitter::weigh_closures(std::size_t trip, const road::ArcCosts& open, const Edges& closed,
                                 std::map<std::uint32_t, Tally>& tallies) {
  const auto& path = paths_[trip];
  const bool right = path.found && matches(path, trip);
  const double said_ms = trips_[trip].seconds * 1000, ours_ms = static_cast<double>(path.cost_ms);
  const double bound_ms = std::max(said_ms, path.found ? ours_ms : 0) + margin_ms_;
  const auto most = road::cost_of(static_cast<std::uint32_t>(std::min(bound_ms, 2e9)), 0);
  there_.from(network_, router_.costs_, doors_[trip].from, most);
  onward_.to(network_, router_.costs_, doors_[trip].to, most);
  for (const auto edge_dir : closed) {
    const auto edge = edge_dir / 2;
    for (auto arc = graph_.edge_first_arc[edge]; arc < graph_.edge_first_arc[edge + 1]; ++arc) {
      if (graph_.arcs[arc].edge_dir != edge_dir) continue;
      const auto by = cost_by(network_, router_.costs_, there_, onward_, arc,
                              road::cost_of(open.arc_ms[arc], graph_.arcs[arc].length_mm));
      if (by == road::kNoCost) continue;
      const double ms = road::time_ms_of(by);
      if (right) {
        if (ms < ours_ms - margin_ms_) ++tallies[edge_dir].closed;
      } else if (ms < said_ms - margin_ms_) {
        ++tallies[edge_dir].attracts;
      } else if (ms <= said_ms + margin_ms_ && (!path.found || ms < ours_ms) &&
                 opens_up(trip, edge_dir, open)) {
        ++tallies[edge_dir].open;
      }
    }
  }
}

// A road may be closed wrongly: it is opened again where more trips come out right with it than without, and
// where no trip would be drawn to it.
void RouteFitter::reopen() {
  auto open_model = model_;
  std::erase_if(open_model.edges, [](const auto& change) { return change.add_ms == road::kEdgeClosed; });
  const ModelRouter open_router(network_, open_model, options_.max_snap_m);
  Edges closed;
  for (const auto& [edge_dir, change] : changes_) {
    if (is_closed(change)) closed.push_back(edge_dir);
  }
  std::map<std::uint32_t, Tally> tallies;
  const auto ask_door = [&](std::size_t trip, const geo::LatLng& place, TripEnd end) {
    const auto door = open_router.door(place, end);
    for (const auto& terminal : door.terminals) {
      const auto edge_dir = graph_.arcs[terminal.arc].edge_dir;
      if (!std::ranges::binary_search(closed, edge_dir)) continue;
      if (matches(paths_[trip], trip)) {
        ++tallies[edge_dir].closed;
      } else if (opens_up(trip, edge_dir, open_router.costs_)) {
        ++tallies[edge_dir].open;
      }
    }
  };
  for (std::size_t i = 0; i < trips_.size() && !stopped(); ++i) {
    if (is_timed(i)) weigh_closures(i, open_router.costs_, closed, tallies);
    ask_door(i, trips_[i].from, TripEnd::kStart);
    ask_door(i, trips_[i].to, TripEnd::kFinish);
  }
  Edges wanted, idle;
  for (const auto edge_dir : closed) {
    const auto &tally = tallies[edge_dir], &back = tallies[edge_dir ^ 1U];
    if (tally.open > tally.closed) {
      wanted.push_back(edge_dir);
    } else if (tally.closed + tally.attracts + back.closed + back.attracts == 0) {
      idle.push_back(edge_dir);
    }
  }
  for (const auto* edges : {&wanted, &idle}) {
    for (const auto edge_dir : *edges) changes_.erase(edge_dir);
    if (!edges->empty()) take_changes();
  }
}

// Makes the model of the changes; the former one when fewer trips come out alike.
bool RouteFitter::take_changes() {
  auto model = model_;
  model.edges.clear();
  for (const auto& [edge_dir, ms] : changes_)
    model.edges.push_back({edge_dir, static_cast<std::int32_t>(ms)});
  const auto old = model_;
  const auto before = alike();
  take(model);
  route_all();
  if (alike() >= before) return true;
  take(old);
  route_all();
  changes_.clear();
  for (const auto& change : model_.edges) changes_[change.edge_dir] = change.add_ms;
  return false;
}

// What is no closure is a preference: ours dearer by as much as is wanting, spread over what differs, least
// over what trips alike use.
void RouteFitter::prefer() {
  std::map<std::uint32_t, std::pair<double, int>> wanted;
  for (const auto& clue : clues_) {
    if (clue.edges.empty()) continue;
    Edges ours, theirs, only_ours;
    for (const auto arc : paths_[clue.trip].arcs) ours.push_back(graph_.arcs[arc].edge_dir);
    for (const auto arc : clue.right.arcs) theirs.push_back(graph_.arcs[arc].edge_dir);
    std::ranges::sort(ours);
    std::ranges::sort(theirs);
    std::ranges::set_difference(ours, theirs, std::back_inserter(only_ours));
    double used = 0;
    for (const auto e : only_ours) used += 1.0 / (1 + proven_[e]);
    for (const auto e : only_ours) {
      auto& [sum, count] = wanted[e];
      sum += (clue.dearer_ms + 300) / (1 + proven_[e]) / used;
      ++count;
    }
  }
  for (const auto& [edge_dir, want] : wanted) {
    auto& now = changes_[edge_dir];
    if (!is_closed(now))
      now = std::min<std::int64_t>(now + std::llround(want.first / want.second), kMostAddMs);
  }
}

}  // namespace reckon::distance

#pragma once

// Exact queries on the hierarchy. They find the very costs that `Search` finds, in microseconds.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reckon/road/graph.h"
#include "reckon/road/hierarchy.h"
#include "reckon/road/search.h"

namespace reckon::road {

/// Above every cost that fits, and still far from overflow when such a cost is added.
inline constexpr Cost kUnreached = Cost{1} << 63;

/// Asks for a label's cache lines ahead of reading it: several labels come from memory at once then.
inline void prefetch(const HubLabel& label) {
  constexpr std::size_t kWordsPerLine = 8;
  for (std::size_t i = 0; i < label.words().size(); i += kWordsPerLine) __builtin_prefetch(&label.words()[i]);
}

/// A path's cost from the sum of two climbs; kNoCost where they did not meet. `bias`: what a climb from
/// targets was raised by (seed_targets).
constexpr Cost without_bias(Cost sum, Cost bias) {
  return sum >= kUnreached || !fits(sum - bias) ? kNoCost : sum - bias;
}

/// A vertex where a climb begins.
struct ClimbSeed {
  std::uint32_t vertex;
  Cost cost;
};

// A vertex stands for its arc's end: a path starts `after` beyond its place, and a path that reaches the end
// of its last arc has gone `after` too far. Targets therefore begin at -after; so that nothing is ever
// negative, all of them are raised by the largest one. That arithmetic would let a trip run backwards along
// one arc: where the destination lies behind the start on the same arc, the trip first leaves the arc and is
// seeded by what comes after.

/// Seeds of the climb from a trip's destination.
/// @return what all their costs are too high by
template <class VertexOf>
Cost seed_targets(std::span<const Terminal> to, VertexOf vertex_of, std::vector<ClimbSeed>& seeds) {
  Cost bias = 0;
  for (const auto& target : to) bias = std::max(bias, target.after);
  seeds.clear();
  for (const auto& target : to) seeds.push_back({vertex_of(target.arc), bias - target.after});
  return bias;
}

/// Whether one of `to` is on the arc of `source`, not ahead of it.
bool lies_behind(const Terminal& source, std::span<const Terminal> to);

/// A trip's seeds on a hierarchy.
struct TripSeeds {
  std::vector<ClimbSeed> sources, targets;
  std::vector<std::uint32_t> left_arcs;  ///< by source: the arc that it leaves, or kNoArc: it is its own
  Cost bias = 0;                         ///< what all targets' costs are too high by

  /// @param vertex_of     of an arc
  /// @param cost_of_turn  from an arc by an entry of ArcGraph::next: turning and travelling along what
  /// follows;
  ///                      kUnreached: not allowed
  template <class VertexOf, class CostOfTurn>
  void set(const ArcGraph& graph, std::span<const Terminal> from, std::span<const Terminal> to,
           VertexOf vertex_of, CostOfTurn cost_of_turn) {
    bias = seed_targets(to, vertex_of, targets);
    sources.clear();
    left_arcs.clear();
    for (const auto& source : from) {
      if (!lies_behind(source, to)) {
        sources.push_back({vertex_of(source.arc), source.after});
        left_arcs.push_back(kNoArc);
        continue;
      }
      for (auto turn = graph.next_first[source.arc]; turn < graph.next_first[source.arc + 1]; ++turn) {
        const Cost over = cost_of_turn(source.arc, turn);
        if (over >= kUnreached) continue;
        sources.push_back({vertex_of(graph.next[turn]), source.after + over});
        left_arcs.push_back(source.arc);
      }
    }
  }
};

/// The terminal on `arc` by which the path is cheapest: two may share an arc (an edge that meets the place
/// twice). kNoArc: there is none.
std::uint32_t cheapest_terminal(std::span<const Terminal> terminals, std::uint32_t arc, Cost Terminal::*cost);

/// Vertices reached by climbing, each once.
class Climb {
 public:
  struct Step {
    Cost cost;
    std::uint32_t vertex;
    std::uint32_t parent;  ///< step that it was reached from, or kNoStep: a seed
    std::uint32_t edge;    ///< number of the edge that it was reached by; of a seed its number
  };
  static constexpr std::uint32_t kNoStep = 0xffffffff;

  /// Climbs until only vertices that have labels (those below `labelled`) are left. Of many, those are left
  /// out which the climb reaches sooner from above, by an edge of `against` (`down` for `up`): whatever runs
  /// over them is found from there.
  void run(const HierarchyEdges& edges, const HierarchyEdges& against, std::uint32_t labelled,
           std::span<const ClimbSeed> seeds);

  std::span<const Step> steps() const { return steps_; }
  /// The first of them: vertices without labels, by descending number.
  std::span<const Step> unlabelled() const { return steps().first(unlabelled_); }
  /// The rest: where the climb goes on by labels.
  std::span<const Step> labelled() const { return steps().subspan(unlabelled_); }

 private:
  void open(const Step& step);
  bool stalled(const HierarchyEdges& against, const Step& step) const;

  std::vector<Step> open_, steps_;
  std::size_t unlabelled_ = 0;
};

/// Working memory and algorithms; one thread at a time. Grows to the largest hierarchy seen, then allocates
/// nothing.
class HierarchySearch {
 public:
  /// Cost of the cheapest path from any of `from` to any of `to`, kNoCost when there is none. By hub labels.
  Cost shortest(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> from,
                std::span<const Terminal> to);

  /// Keeps what a start reaches, so that `shortest_to` needs to look at destinations only. Nothing else is
  /// asked of this search until `let_go`.
  void hold(const Hierarchy& hierarchy, std::span<const Terminal> from);
  /// What `shortest` gives from the start that is held. `from` is the same, `graph` and `hierarchy` too.
  Cost shortest_to(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> from,
                   std::span<const Terminal> to);
  void let_go(const Hierarchy& hierarchy);

  /// The same with the path, shortcuts unpacked. Nothing when there is no
  /// path or the hierarchy contradicts itself (an altered file).
  std::optional<Path> path(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> from,
                           std::span<const Terminal> to);

 private:
  void climb(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> from,
             std::span<const Terminal> to);
  void spread(const Hierarchy& hierarchy);
  Cost gather(const Hierarchy& hierarchy) const;

  TripSeeds seeds_;
  Climb forward_, backward_;
  std::vector<Cost> at_hub_;  ///< by hub; kUnreached but during a query
};

}  // namespace reckon::road

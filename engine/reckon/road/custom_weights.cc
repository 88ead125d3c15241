#include "reckon/road/custom_weights.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "reckon/base/result.h"
#include "reckon/road/hierarchy_search.h"

namespace reckon::road {
namespace {

bool reachable(Cost cost) {
  return cost < kUnreached;
}

/// Of two weights of which the first is reachable and fits; a path too long to be one is none.
Cost sum(Cost a, Cost b) {
  const Cost both = a + b;
  return fits(both) ? both : kUnreached;
}

/// Of any two.
Cost joined(Cost a, Cost b) {
  if (!reachable(a) || !reachable(b)) return kUnreached;
  return sum(a, b);
}

/// Beyond so many changed turns all weights are made anew: sooner done than one by one.
constexpr std::size_t kManyTurns = 2000;

}  // namespace

class Customizer {
 public:
  Customizer(const Elimination& shape, CustomWeights& weights) : shape_(shape), weights_(weights) {}

  // One block of memory for all pages: a whole city's weights are used together.
  void start(const ChangedGraph& graph, Metric metric) {
    const auto count = std::size_t{shape_.edges()} * 2;
    const auto all = std::make_shared_for_overwrite<Cost[]>(count);
    std::fill_n(all.get(), count, kUnreached);
    for (std::uint32_t page = 0; page < shape_.pages(); ++page)
      weights_.pages_.emplace_back(all, all.get() + std::size_t{shape_.page_first_edge(page)} * 2);
    const auto& arcs = graph.graph();
    auto slot = shape_.slot_of_turn().begin();
    for (std::uint32_t arc = 0; arc < arcs.arcs.size(); ++arc) {
      for (auto turn = arcs.next_first[arc]; turn < arcs.next_first[arc + 1]; ++turn) {
        const auto at = *slot++;
        if (at != Elimination::kNone) all[at] = std::min(all[at], graph.cost_of_turn(arc, turn, metric));
      }
    }
  }

  // From below: once all below a vertex are done, its weights are final and are handed to each pair of
  // neighbours above it.
  void run() {
    for (auto v = shape_.vertices(); v-- > 0;) hand_on(v);
  }

 private:
  Cost* up(std::uint32_t v) { return const_cast<Cost*>(std::as_const(weights_).up(v)); }      // NOLINT
  Cost* down(std::uint32_t v) { return const_cast<Cost*>(std::as_const(weights_).down(v)); }  // NOLINT

  void hand_on(std::uint32_t v) {
    const auto above = shape_.above(v);
    const auto *ups = up(v), *downs = down(v);
    for (std::size_t j = 1; j < above.size(); ++j) {
      const bool into = reachable(downs[j]), out = reachable(ups[j]);
      if (!into && !out) continue;
      const auto theirs = shape_.above(above[j]);
      auto* their_ups = up(above[j]);
      auto* their_downs = down(above[j]);
      for_runs(above.first(j), theirs, [&](std::size_t i, std::size_t k, std::size_t length) {
        if (into) improve(their_ups + k, downs[j], ups + i, length);
        if (out) improve(their_downs + k, ups[j], downs + i, length);
      });
    }
  }

  // All of `some` are among `all`, both ascending: runs of `some` that stand side by side in `all` as well.
  // Where separators are cliques, which is most of the work, one run is all there is.
  template <class Use>
  static void for_runs(std::span<const std::uint32_t> some, std::span<const std::uint32_t> all, Use use) {
    for (std::size_t i = 0, k = 0; i < some.size();) {
      while (all[k] < some[i]) ++k;
      const auto rest = some.size() - i;
      std::size_t length = 1;
      if (k + rest <= all.size() && all[k + rest - 1] == some.back()) {
        length = rest;
      } else {
        while (length < rest && all[k + length] == some[i + length]) ++length;
      }
      use(i, k, length);
      i += length, k += length;
    }
  }

  static void improve(Cost* weights, Cost over, const Cost* rest, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) weights[i] = std::min(weights[i], sum(over, rest[i]));
  }

  const Elimination& shape_;
  CustomWeights& weights_;
};

CustomWeights CustomWeights::of(const Elimination& shape, const ChangedGraph& graph, Metric metric) {
  CustomWeights weights;
  weights.shape_ = &shape;
  weights.metric_ = metric;
  Customizer customizer(shape, weights);
  customizer.start(graph, metric);
  customizer.run();
  return weights;
}

/// Works out changed edges from below; an edge above is looked at again where its weight rests on a changed
/// one, or could come to.
class Updater {
 public:
  Updater(const ChangedGraph& graph, CustomWeights& weights)
      : graph_(graph), shape_(*weights.shape_), weights_(weights), own_(weights.pages_.size()) {}

  void look_at(const ArcTurn& turn) {
    const auto from = shape_.vertex_of(turn.from), to = shape_.vertex_of(turn.to);
    const auto low = std::max(from, to), high = std::min(from, to);
    // Of an altered file one list of turns may name what the other does not: no edge, nothing to work out.
    if (from != to && shape_.edge_between(low, high) != Elimination::kNone) look_at(low, high);
  }

  void run() {
    while (!open_.empty()) {
      const auto [low, high] = open_.top();
      while (!open_.empty() && open_.top() == std::pair(low, high)) open_.pop();
      settle(low, high);
    }
  }

 private:
  struct Weight {
    Cost up, down;
    bool operator==(const Weight&) const = default;
  };

  void look_at(std::uint32_t low, std::uint32_t high) { open_.emplace(low, high); }

  Weight at(std::uint32_t v, std::uint32_t edge) const {
    const auto i = edge - shape_.first_edge(v);
    return {weights_.up(v)[i], weights_.down(v)[i]};
  }

  void settle(std::uint32_t low, std::uint32_t high) {
    const auto edge = shape_.edge_between(low, high);
    const auto before = at(low, edge), now = worked_out(low, high);
    if (before == now) return;
    const auto above = shape_.above(low);
    const auto first = shape_.first_edge(low);
    for (std::size_t i = 0; i < above.size(); ++i) {
      const auto other = above[i];
      if (other == high) continue;
      const auto side = at(low, first + static_cast<std::uint32_t>(i));
      const auto lower = std::max(other, high), upper = std::min(other, high);
      const auto theirs = at(lower, shape_.edge_between(lower, upper));
      if (affects(theirs, over(before, side, lower == high)) ||
          affects(theirs, over(now, side, lower == high)))
        look_at(lower, upper);
    }
    write(low, edge - first, now);
  }

  // Paths over `low` between `high` and another neighbour above it, as weights of the edge between those two.
  static Weight over(const Weight& own, const Weight& other, bool high_is_lower) {
    const auto& lower = high_is_lower ? own : other;
    const auto& upper = high_is_lower ? other : own;
    return {joined(lower.down, upper.up), joined(upper.down, lower.up)};
  }

  static bool affects(const Weight& weight, const Weight& path) {
    return (reachable(path.up) && path.up <= weight.up) || (reachable(path.down) && path.down <= weight.down);
  }

  Cost turn(std::uint32_t from, std::uint32_t to) const {
    return graph_.cost_between(shape_.arc_of(from), shape_.arc_of(to), weights_.metric());
  }

  Weight worked_out(std::uint32_t low, std::uint32_t high) const {
    Weight best{turn(low, high), turn(high, low)};
    const auto lows = shape_.below(low), highs = shape_.below(high);
    auto h = std::ranges::lower_bound(highs, lows.empty() ? 0 : lows.front().vertex, {},
                                      &Elimination::Below::vertex);
    for (const auto& l : lows) {
      while (h != highs.end() && h->vertex < l.vertex) ++h;
      if (h == highs.end()) break;
      if (h->vertex != l.vertex) continue;
      const auto path = over(at(l.vertex, l.edge), at(l.vertex, h->edge), true);
      best = {std::min(best.up, path.up), std::min(best.down, path.down)};
    }
    return best;
  }

  void write(std::uint32_t v, std::size_t i, const Weight& weight) {
    const auto number = shape_.page_of(v);
    auto& page = weights_.pages_[number];
    const std::size_t size = shape_.page_size(number);
    if (!own_[number]) {
      auto copy = std::make_shared_for_overwrite<Cost[]>(size * 2);
      std::copy_n(page.get(), size * 2, copy.get());
      page = std::move(copy);
      own_[number] = true;
    }
    auto* ups = page.get() + weights_.offset(v);
    ups[i] = weight.up;
    ups[i + size] = weight.down;
  }

  const ChangedGraph& graph_;
  const Elimination& shape_;
  CustomWeights& weights_;
  std::vector<bool> own_;  ///< pages that are already this update's own copy
  std::priority_queue<std::pair<std::uint32_t, std::uint32_t>> open_;  ///< (low, high), the lowest first
};

CustomWeights CustomWeights::updated(const ChangedGraph& graph, std::span<const ArcTurn> turns) const {
  if (turns.size() > kManyTurns) return of(*shape_, graph, metric_);
  CustomWeights weights = *this;
  Updater updater(graph, weights);
  for (const auto& turn : turns) updater.look_at(turn);
  updater.run();
  return weights;
}

std::uint64_t CustomWeights::bytes() const {
  return std::uint64_t{shape_->edges()} * 2 * sizeof(Cost);
}

}  // namespace reckon::road

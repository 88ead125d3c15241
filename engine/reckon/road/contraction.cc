#include "reckon/road/contraction.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "reckon/road/search.h"

namespace reckon::road {
namespace {

/// Arcs that a search for another path looks at before it gives up. A path not found costs a shortcut that is
/// not needed, never a wrong answer.
struct Effort {
  std::size_t least;
  std::size_t for_each_end;  ///< that the search is to reach

  std::size_t towards(std::size_t ends) const { return std::max(least, for_each_end * ends); }
};
constexpr Effort kEstimating{30, 0};
/// Late arcs have many neighbours. Were the effort the same for all, few of their needless shortcuts would be
/// found out, which gives the next ones still more neighbours, and so on: docs/adr/0021-hierarchy.md.
constexpr Effort kContracting{120, 10};

class Contractor {
 public:
  explicit Contractor(const ArcGraph& graph)
      : out_(graph.arcs.size()),
        in_(graph.arcs.size()),
        level_(graph.arcs.size()),
        needed_(graph.arcs.size(), kNoCost) {
    for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
      graph.each_after(arc, [&](std::uint32_t to, Cost cost) { add_edge({arc, to, cost, kNoMiddle, 1}); });
    }
  }

  // In passes: the least important fifth of what is left is contracted in the arcs' own order, along the map.
  // What a search reads is then mostly at hand from the one before. An arc's importance rises as its
  // neighbours go; it is worked out anew when a pass comes to it, and may then have to wait.
  CompiledHierarchy run() {
    importance_.resize(out_.size());
    stale_.assign(out_.size(), true);
    std::vector<std::uint32_t> left(out_.size()), order;
    std::iota(left.begin(), left.end(), 0U);
    for (const auto v : left) refresh(v);
    while (!left.empty()) {
      const auto most = importance_of_fifth(left);
      std::vector<std::uint32_t> waiting;
      for (const auto v : left) {
        if (importance_[v] <= most) refresh(v);
        if (importance_[v] > most) {
          waiting.push_back(v);
        } else {
          contract_vertex(v);
          order.push_back(v);
        }
      }
      left = std::move(waiting);
    }
    std::ranges::reverse(order);
    return collect(std::move(order));
  }

 private:
  struct Edge {
    Cost cost;
    std::uint32_t to;
    std::uint32_t middle;
    std::uint32_t hops;  ///< turns that it stands for
  };
  struct Shortcut {
    std::uint32_t from;
    std::uint32_t to;
    Cost cost;
    std::uint32_t middle;
    std::uint32_t hops;
  };
  using Importance = std::uint64_t;

  // `edges` ascend by cost.
  static void improve(std::vector<Edge>& edges, const Edge& edge) {
    const auto known = std::ranges::find(edges, edge.to, &Edge::to);
    if (known != edges.end()) {
      if (known->cost <= edge.cost) return;
      edges.erase(known);
    }
    edges.insert(std::ranges::upper_bound(edges, edge.cost, {}, &Edge::cost), edge);
  }

  void add_edge(const Shortcut& s) {
    if (s.from == s.to || !fits(s.cost)) return;
    improve(out_[s.from], {s.cost, s.to, s.middle, s.hops});
    improve(in_[s.to], {s.cost, s.from, s.middle, s.hops});
  }

  // Looks for paths from `from` that avoid `without` and cost no more than `needed_` allows: their ends are
  // no longer needed then. Ends after `most` arcs, beyond `limit`, or when `open` ends are found.
  void search_witnesses(std::uint32_t from, std::uint32_t without, Cost limit, std::size_t open,
                        std::size_t most) {
    labels_.reset(out_.size());
    heap_.clear();
    labels_.set(without, 0, kNoArc);  // nothing improves on 0: the search never enters it
    labels_.set(from, 0, kNoArc);
    heap_.push({0, from});
    for (std::size_t looked = 0; !heap_.empty() && looked < most; ++looked) {
      const auto [cost, at] = heap_.top();
      if (cost > limit) return;
      heap_.pop();
      if (cost > labels_.cost(at)) continue;
      for (const auto& edge : out_[at]) {
        const Cost there = plus(cost, edge.cost);
        if (there > limit) break;  // the others cost more
        if (there >= labels_.cost(edge.to)) continue;
        labels_.set(edge.to, there, at);
        if (needed_[edge.to] != kNoCost && there <= needed_[edge.to]) {
          needed_[edge.to] = kNoCost;
          if (--open == 0) return;
        }
        const auto& beyond = out_[edge.to];
        if (!beyond.empty() && plus(there, beyond.front().cost) <= limit) heap_.push({there, edge.to});
      }
    }
  }

  // Shortcuts that contracting `v` needs, to `shortcuts_`.
  void find_shortcuts(std::uint32_t v, const Effort& effort) {
    shortcuts_.clear();
    for (const auto& in : in_[v]) {
      Cost limit = 0;
      std::size_t open = 0;
      for (const auto& out : out_[v]) {
        const Cost cost = plus(in.cost, out.cost);
        if (out.to == in.to || cost == kNoCost) continue;
        needed_[out.to] = cost;
        limit = std::max(limit, cost);
        ++open;
      }
      if (open == 0) continue;
      search_witnesses(in.to, v, limit, open, effort.towards(open));
      for (const auto& out : out_[v]) {
        if (std::exchange(needed_[out.to], kNoCost) == kNoCost) continue;
        shortcuts_.push_back({in.to, out.to, in.cost + out.cost, v, in.hops + out.hops});
      }
    }
  }

  // Weights by trial on Porto: docs/adr/0021-hierarchy.md.
  Importance importance(std::uint32_t v) {
    find_shortcuts(v, kEstimating);
    std::uint64_t added_hops = 0;
    for (const auto& s : shortcuts_) added_hops += s.hops;
    std::uint64_t removed_hops = 1;
    for (const auto& edge : in_[v]) removed_hops += edge.hops;
    for (const auto& edge : out_[v]) removed_hops += edge.hops;
    const std::uint64_t removed = 1 + in_[v].size() + out_[v].size();
    return 700 * level_[v] + 1000 * shortcuts_.size() / removed + 2000 * added_hops / removed_hops;
  }

  void refresh(std::uint32_t v) {
    if (stale_[v]) importance_[v] = importance(v);
    stale_[v] = false;
  }

  Importance importance_of_fifth(const std::vector<std::uint32_t>& arcs) {
    std::vector<Importance> all;
    all.reserve(arcs.size());
    for (const auto arc : arcs) all.push_back(importance_[arc]);
    const auto fifth = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 5);
    std::ranges::nth_element(all, fifth);
    return *fifth;
  }

  void contract_vertex(std::uint32_t v) {
    find_shortcuts(v, kContracting);
    const auto leave = [&](std::uint32_t neighbour, std::vector<Edge>& edges) {
      edges.erase(std::ranges::find(edges, v, &Edge::to));
      level_[neighbour] = std::max(level_[neighbour], level_[v] + 1);
      stale_[neighbour] = true;
    };
    for (const auto& edge : in_[v]) leave(edge.to, out_[edge.to]);
    for (const auto& edge : out_[v]) leave(edge.to, in_[edge.to]);
    for (const auto& shortcut : shortcuts_) add_edge(shortcut);
  }

  CompiledHierarchy collect(std::vector<std::uint32_t> order) {
    CompiledHierarchy made;
    made.arc_of_vertex = std::move(order);
    made.vertex_of_arc.resize(made.arc_of_vertex.size());
    for (std::uint32_t v = 0; v < made.arc_of_vertex.size(); ++v)
      made.vertex_of_arc[made.arc_of_vertex[v]] = v;
    write_edges(out_, made, made.up);
    write_edges(in_, made, made.down);
    return made;
  }

  // What a vertex had left when it was contracted leads to more important ones. Frees `edges` as it goes.
  static void write_edges(std::vector<std::vector<Edge>>& edges, const CompiledHierarchy& hierarchy,
                          CompiledHierarchy::Edges& out) {
    std::size_t count = 0;
    for (const auto& own : edges) count += own.size();
    out.all.reserve(count);
    out.first.push_back(0);
    for (const auto arc : hierarchy.arc_of_vertex) {
      auto own = std::exchange(edges[arc], {});
      for (auto& edge : own) edge.to = hierarchy.vertex_of_arc[edge.to];
      std::ranges::sort(own, {}, &Edge::to);
      for (const auto& edge : own) {
        out.all.push_back({edge.cost, edge.to,
                           edge.middle == kNoMiddle ? kNoMiddle : hierarchy.vertex_of_arc[edge.middle]});
      }
      out.first.push_back(static_cast<std::uint32_t>(out.all.size()));
    }
  }

  std::vector<std::vector<Edge>> out_, in_;  ///< among the arcs not yet contracted
  std::vector<std::uint64_t> level_;
  std::vector<bool> stale_;  ///< a neighbour has gone since its importance was worked out
  std::vector<Importance> importance_;
  Labels labels_;
  Heap heap_;
  std::vector<Cost> needed_;  ///< by arc: what a shortcut to it would cost; kNoCost: none is wanted
  std::vector<Shortcut> shortcuts_;
};

}  // namespace

CompiledHierarchy contract(const ArcGraph& graph) {
  return Contractor(graph).run();
}

}  // namespace reckon::road

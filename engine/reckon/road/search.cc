#include "reckon/road/search.h"

#include <algorithm>

namespace reckon::road {
namespace {

// Cost from the edge's first point to the position, for travel along the edge ...
Cost along_edge(const EdgeGeometry& geometry, const EdgePosition& position, std::uint32_t speed) {
  const auto first = geometry.edge_first_point[position.edge];
  std::uint32_t time_ms = segment_time_ms(position.past_mm, speed);
  for (auto i = first; i < position.point; ++i) {
    time_ms += segment_time_ms(geometry.along_mm[i + 1] - geometry.along_mm[i], speed);
  }
  return cost_of(time_ms, geometry.along_mm[position.point] + position.past_mm);
}

// ... and from its last point, for travel against it.
Cost against_edge(const EdgeGeometry& geometry, const EdgePosition& position, std::uint32_t speed) {
  const auto end = geometry.edge_first_point[position.edge + 1];
  const auto at = geometry.along_mm[position.point] + position.past_mm;
  std::uint32_t time_ms = segment_time_ms(geometry.along_mm[position.point + 1] - at, speed);
  for (auto i = position.point + 1; i + 1 < end; ++i) {
    time_ms += segment_time_ms(geometry.along_mm[i + 1] - geometry.along_mm[i], speed);
  }
  return cost_of(time_ms, geometry.length_mm(position.edge) - at);
}

void relax(Labels& labels, Heap& heap, std::uint32_t arc, Cost cost, std::uint32_t parent) {
  if (cost >= labels.cost(arc)) return;
  labels.set(arc, cost, parent);
  heap.push({cost, arc});
}

void meet(Found& best, const Labels& forward, std::uint32_t a, std::uint32_t turn_ms, const Labels& backward,
          std::uint32_t b) {
  const Cost there = forward.cost(a);
  const Cost back = backward.cost(b);
  if (there == kNoCost || back == kNoCost) return;
  const Cost whole = plus(plus(there, cost_of(turn_ms, 0)), back);
  if (whole >= best.cost) return;
  best = {whole, a, b, 0, 0};
}

void drop_outdated(Heap& heap, const Labels& labels) {
  while (!heap.empty() && heap.top().cost > labels.cost(heap.top().arc)) heap.pop();
}

bool meets_public_road(const ArcGraph& graph, const Snap& snap) {
  for (const auto& position : snap.all()) {
    for (auto i = graph.edge_first_arc[position.edge]; i < graph.edge_first_arc[position.edge + 1]; ++i) {
      if (graph.arcs[i].kind == ArcKind::kPublic) return true;
    }
  }
  return false;
}

Terminal terminal_at(const EdgeGeometry& geometry, const ArcGraph& graph, const Snap& snap,
                     std::uint32_t index, std::uint32_t arc_number) {
  const auto& position = snap.positions[index];
  const auto& arc = graph.arcs[arc_number];
  const Cost before = arc.backward() ? against_edge(geometry, position, arc.metres_per_hour)
                                     : along_edge(geometry, position, arc.metres_per_hour);
  // An altered file may give an arc less time than its segments take: held within the arc, never below zero.
  const auto time_ms = std::min(time_ms_of(before), arc.time_ms);
  const auto length_mm = std::min(length_mm_of(before), arc.length_mm);
  return {arc_number, cost_of(time_ms, length_mm), cost_of(arc.time_ms - time_ms, arc.length_mm - length_mm),
          index};
}

}  // namespace

void add_terminals(const EdgeGeometry& geometry, const ArcGraph& graph, const Snap& snap, TripEnd end,
                   std::vector<Terminal>& out) {
  const bool open = meets_public_road(graph, snap);
  for (std::uint32_t p = 0; p < snap.count; ++p) {
    const auto edge = snap.positions[p].edge;
    for (auto arc = graph.edge_first_arc[edge]; arc < graph.edge_first_arc[edge + 1]; ++arc) {
      const bool starts = end == TripEnd::kStart;
      const bool inside = graph.arcs[arc].kind == (starts ? ArcKind::kExit : ArcKind::kEntry);
      if (!(open && inside) && !(starts && graph.arcs[arc].copy))
        out.push_back(terminal_at(geometry, graph, snap, p, arc));
    }
  }
}

void Heap::push(Entry entry) {
  auto at = entries_.size();
  entries_.push_back(entry);
  while (at > 0) {
    const auto up = (at - 1) / 4;
    if (entries_[up].cost <= entry.cost) break;
    entries_[at] = entries_[up];
    at = up;
  }
  entries_[at] = entry;
}

void Heap::pop() {
  const Entry last = entries_.back();
  entries_.pop_back();
  const auto size = entries_.size();
  if (size == 0) return;
  std::size_t at = 0;
  for (;;) {
    const auto first = at * 4 + 1;
    if (first >= size) break;
    auto least = first;
    for (auto i = first + 1; i < std::min(first + 4, size); ++i) {
      if (entries_[i].cost < entries_[least].cost) least = i;
    }
    if (last.cost <= entries_[least].cost) break;
    entries_[at] = entries_[least];
    at = least;
  }
  entries_[at] = last;
}

Found along_one_arc(std::span<const Terminal> from, std::span<const Terminal> to) {
  Found best;
  for (std::uint32_t s = 0; s < from.size(); ++s) {
    for (std::uint32_t f = 0; f < to.size(); ++f) {
      const Cost start = from[s].before;
      const Cost finish = to[f].before;
      if (from[s].arc != to[f].arc || length_mm_of(finish) < length_mm_of(start) || finish < start) continue;
      if (finish - start < best.cost) best = {finish - start, kNoArc, kNoArc, s, f};
    }
  }
  return best;
}

// A forward label is the cost to the arc's end, a backward label the cost from the arc's start to the
// destination; a path shows where an arc with the one label turns into an arc with the other. Both halves
// look for that whenever they set a label, so once the two queues' tops together reach the best path, no
// better one is left.
Found Search::shortest(const ArcGraph& graph, std::span<const Terminal> from, std::span<const Terminal> to) {
  Found best = along_one_arc(from, to);
  forward_.reset(graph.arcs.size());
  backward_.reset(graph.arcs.size());
  forward_heap_.clear();
  backward_heap_.clear();
  for (const auto& start : from) relax(forward_, forward_heap_, start.arc, start.after, kNoArc);
  for (const auto& end : to) relax(backward_, backward_heap_, end.arc, end.before, kNoArc);
  for (;;) {
    drop_outdated(forward_heap_, forward_);
    drop_outdated(backward_heap_, backward_);
    if (forward_heap_.empty() || backward_heap_.empty()) break;
    const Cost there = forward_heap_.top().cost;
    const Cost back = backward_heap_.top().cost;
    if (there + back >= best.cost) break;
    if (there <= back) {
      settle_forward(graph, best);
    } else {
      settle_backward(graph, best);
    }
  }
  return best;
}

void Search::settle_forward(const ArcGraph& graph, Found& best) {
  const auto [cost, arc] = forward_heap_.top();
  forward_heap_.pop();
  for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn) {
    const auto to = graph.next[turn];
    const Cost there = plus(cost, graph.cost_of_turn(turn));
    if (there != kNoCost) relax(forward_, forward_heap_, to, there, arc);
    meet(best, forward_, arc, graph.next_ms[turn], backward_, to);
  }
}

void Search::settle_backward(const ArcGraph& graph, Found& best) {
  const auto [cost, arc] = backward_heap_.top();
  backward_heap_.pop();
  for (auto turn = graph.prev_first[arc]; turn < graph.prev_first[arc + 1]; ++turn) {
    const auto from = graph.prev[turn];
    const Cost back = plus(cost, graph.arcs[from].cost() + cost_of(graph.prev_ms[turn], 0));
    if (back != kNoCost) relax(backward_, backward_heap_, from, back, arc);
    meet(best, forward_, from, graph.prev_ms[turn], backward_, arc);
  }
}

Path Search::path(const Found& found, std::span<const Terminal> from, std::span<const Terminal> to) const {
  if (found.meet_forward == kNoArc) return {{from[found.start].arc}, found.start, found.finish};
  Path path;
  for (auto arc = found.meet_forward; arc != kNoArc; arc = forward_.parent(arc)) path.arcs.push_back(arc);
  std::ranges::reverse(path.arcs);
  for (auto arc = found.meet_backward; arc != kNoArc; arc = backward_.parent(arc)) path.arcs.push_back(arc);
  // Two terminals may share an arc (an edge that meets the place twice): the nearer one was used.
  const auto cheapest = [](std::span<const Terminal> terminals, std::uint32_t arc, Cost Terminal::*cost) {
    std::uint32_t best = kNoArc;
    for (std::uint32_t i = 0; i < terminals.size(); ++i) {
      if (terminals[i].arc == arc && (best == kNoArc || terminals[i].*cost < terminals[best].*cost)) best = i;
    }
    return best;
  };
  path.start = cheapest(from, path.arcs.front(), &Terminal::after);
  path.finish = cheapest(to, path.arcs.back(), &Terminal::before);
  return path;
}

void Search::index_targets(const ArcGraph& graph, std::span<const Terminal> to,
                           std::span<const std::uint32_t> first) {
  target_at_.reset(graph.arcs.size());
  target_chain_.clear();
  for (std::uint32_t target = 0; target + 1 < first.size(); ++target) {
    for (auto t = first[target]; t < first[target + 1]; ++t) {
      const auto arc = to[t].arc;
      const auto chain = target_at_.cost(arc) == kNoCost ? kNoArc : target_at_.parent(arc);
      target_at_.set(arc, 0, static_cast<std::uint32_t>(target_chain_.size()));
      target_chain_.push_back({t, target, chain});
    }
  }
}

void Search::improve_targets(std::uint32_t arc, Cost at_start, std::span<const Terminal> to,
                             std::span<Cost> costs) {
  if (target_at_.cost(arc) == kNoCost) return;
  for (auto i = target_at_.parent(arc); i != kNoArc; i = target_chain_[i].next) {
    auto& best = costs[target_chain_[i].target];
    best = std::min(best, plus(at_start, to[target_chain_[i].terminal].before));
  }
}

void Search::relax_many(const ArcGraph& graph, const Heap::Entry& entry, std::span<const Terminal> to,
                        std::span<Cost> costs) {
  for (auto turn = graph.next_first[entry.arc]; turn < graph.next_first[entry.arc + 1]; ++turn) {
    const auto next = graph.next[turn];
    improve_targets(next, plus(entry.cost, cost_of(graph.next_ms[turn], 0)), to, costs);
    const Cost there = plus(entry.cost, graph.cost_of_turn(turn));
    if (there != kNoCost) relax(forward_, forward_heap_, next, there, entry.arc);
  }
}

void Search::one_to_many(const ArcGraph& graph, std::span<const Terminal> from, std::span<const Terminal> to,
                         std::span<const std::uint32_t> first, std::span<Cost> costs) {
  index_targets(graph, to, first);
  forward_.reset(graph.arcs.size());
  forward_heap_.clear();
  for (std::size_t t = 0; t < costs.size(); ++t) {
    costs[t] = along_one_arc(from, to.subspan(first[t], first[t + 1] - first[t])).cost;
  }
  for (const auto& start : from) relax(forward_, forward_heap_, start.arc, start.after, kNoArc);
  // A target is certain once the queue's top is no nearer than it. Looking at all of them is dear, so it is
  // done seldom; a target without terminals never holds the search up.
  constexpr unsigned kSettledBetweenLooks = 512;
  for (unsigned settled = 0;; ++settled) {
    drop_outdated(forward_heap_, forward_);
    if (forward_heap_.empty()) return;
    const auto entry = forward_heap_.top();
    if (settled % kSettledBetweenLooks == 0) {
      bool certain = true;
      for (std::size_t t = 0; t < costs.size() && certain; ++t) {
        certain = first[t] == first[t + 1] || costs[t] <= entry.cost;
      }
      if (certain) return;
    }
    forward_heap_.pop();
    relax_many(graph, entry, to, costs);
  }
}

}  // namespace reckon::road

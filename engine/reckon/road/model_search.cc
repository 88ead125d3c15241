#include "reckon/road/model_search.h"

#include <algorithm>

namespace reckon::road {
namespace {

void relax(Labels& labels, Heap& heap, std::uint32_t arc, Cost cost, std::uint32_t parent) {
  if (cost >= labels.cost(arc)) return;
  labels.set(arc, cost, parent);
  heap.push({cost, arc});
}

void drop_outdated(Heap& heap, const Labels& labels) {
  while (!heap.empty() && heap.top().cost > labels.cost(heap.top().arc)) heap.pop();
}

}  // namespace

std::uint32_t least_mm(std::span<const Terminal> terminals, std::uint32_t arc, Cost Terminal::*side) {
  std::uint32_t least = kMaxWeight;
  for (const auto& terminal : terminals) {
    if (terminal.arc == arc) least = std::min(least, length_mm_of(terminal.*side));
  }
  return least;
}

TurnsBack::TurnsBack(const ArcGraph& graph) : first_(graph.arcs.size() + 1), entries_(graph.next.size()) {
  for (const auto to : graph.next) ++first_[to + 1];
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  auto fill = first_;
  for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
    for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn)
      entries_[fill[graph.next[turn]]++] = {arc, turn};
  }
}

Cost part_of(const Arc& arc, std::uint32_t arc_ms, std::uint32_t length_mm) {
  const auto time = arc.length_mm == 0 ? 0 : std::uint64_t{arc_ms} * length_mm / arc.length_mm;
  return cost_of(static_cast<std::uint32_t>(std::min<std::uint64_t>(time, kMaxWeight)), length_mm);
}

Door open_door(const Network& network, const geo::LatLng& place, TripEnd end, double max_snap_m) {
  Door door;
  const auto snap =
      nearest_road(*network.geometry, network.vehicle,
                   network.geometry->entrances.way_in(geo::PlaceE7::nearest(place)), {max_snap_m});
  if (!snap) return door;
  door.snap = *snap;
  add_terminals(*network.geometry, network.graph, *snap, end, door.terminals);
  return door;
}

struct ModelSearch::Run {
  const ArcGraph& graph;
  const TurnsBack& back;
  const ArcCosts& costs;
  Cost best = kNoCost;
  std::uint32_t meet_forward = kNoArc, meet_backward = kNoArc;
  std::uint32_t one_arc = kNoArc, one_arc_mm = 0;

  Cost arc_cost(std::uint32_t arc) const {
    return never_used(costs.arc_ms[arc]) ? kNoCost : cost_of(costs.arc_ms[arc], graph.arcs[arc].length_mm);
  }
  // A path may stay on one arc.
  void along_one_arc(std::span<const Terminal> from, std::span<const Terminal> to) {
    for (const auto& start : from) {
      for (const auto& finish : to) {
        const auto begin = length_mm_of(start.before), end = length_mm_of(finish.before);
        if (start.arc != finish.arc || end < begin || never_used(costs.arc_ms[start.arc])) continue;
        const Cost cost = part_of(graph.arcs[start.arc], costs.arc_ms[start.arc], end - begin);
        if (cost >= best) continue;
        best = cost;
        one_arc = start.arc;
        one_arc_mm = end - begin;
      }
    }
  }
  void meet(Cost there, Cost turn, Cost back_cost, std::uint32_t a, std::uint32_t b) {
    if (there == kNoCost || back_cost == kNoCost) return;
    const Cost whole = plus(plus(there, turn), back_cost);
    if (whole >= best) return;
    best = whole;
    meet_forward = a;
    meet_backward = b;
  }
};

void ModelSearch::cheapest(const ArcGraph& graph, const TurnsBack& back, const ArcCosts& costs,
                           const Door& from, const Door& to, ModelPath& out) {
  out.found = false;
  out.arcs.clear();
  Run run{graph, back, costs};
  run.along_one_arc(from.terminals, to.terminals);
  forward_.reset(graph.arcs.size());
  backward_.reset(graph.arcs.size());
  forward_heap_.clear();
  backward_heap_.clear();
  for (const auto& start : from.terminals) {
    if (never_used(costs.arc_ms[start.arc])) continue;
    relax(forward_, forward_heap_, start.arc,
          part_of(graph.arcs[start.arc], costs.arc_ms[start.arc], length_mm_of(start.after)), kNoArc);
  }
  for (const auto& end : to.terminals) {
    if (never_used(costs.arc_ms[end.arc])) continue;
    relax(backward_, backward_heap_, end.arc,
          part_of(graph.arcs[end.arc], costs.arc_ms[end.arc], length_mm_of(end.before)), kNoArc);
  }
  for (;;) {
    drop_outdated(forward_heap_, forward_);
    drop_outdated(backward_heap_, backward_);
    if (forward_heap_.empty() || backward_heap_.empty()) break;
    const Cost there = forward_heap_.top().cost;
    const Cost behind = backward_heap_.top().cost;
    if (there + behind >= run.best) break;
    if (there <= behind) {
      const auto arc = forward_heap_.top().arc;
      forward_heap_.pop();
      for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn) {
        if (costs.turn_ms[turn] >= kMaxWeight) continue;
        const auto next = graph.next[turn];
        const Cost cost = cost_of(costs.turn_ms[turn], 0);
        const Cost whole = plus(plus(there, cost), run.arc_cost(next));
        if (whole != kNoCost && !never_used(costs.arc_ms[next]))
          relax(forward_, forward_heap_, next, whole, arc);
        run.meet(forward_.cost(arc), cost, backward_.cost(next), arc, next);
      }
    } else {
      const auto arc = backward_heap_.top().arc;
      backward_heap_.pop();
      for (const auto& [before, turn] : back.into(arc)) {
        if (costs.turn_ms[turn] >= kMaxWeight) continue;
        const Cost cost = cost_of(costs.turn_ms[turn], 0);
        const Cost whole = plus(plus(behind, cost), run.arc_cost(before));
        if (whole != kNoCost && !never_used(costs.arc_ms[before]))
          relax(backward_, backward_heap_, before, whole, arc);
        run.meet(forward_.cost(before), cost, backward_.cost(arc), before, arc);
      }
    }
  }
  if (run.best == kNoCost) return;
  out.found = true;
  out.cost_ms = time_ms_of(run.best);
  out.length_mm = length_mm_of(run.best);
  if (run.meet_forward == kNoArc) {
    out.arcs.push_back(run.one_arc);
    out.first_mm = out.last_mm = run.one_arc_mm;
    return;
  }
  for (auto arc = run.meet_forward; arc != kNoArc; arc = forward_.parent(arc)) out.arcs.push_back(arc);
  std::ranges::reverse(out.arcs);
  for (auto arc = run.meet_backward; arc != kNoArc; arc = backward_.parent(arc)) out.arcs.push_back(arc);
  out.first_mm = least_mm(from.terminals, out.arcs.front(), &Terminal::after);
  out.last_mm = least_mm(to.terminals, out.arcs.back(), &Terminal::before);
}

}  // namespace reckon::road

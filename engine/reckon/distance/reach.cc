#include "reckon/distance/reach.h"

#include <algorithm>

namespace reckon::distance {
namespace {

using road::Cost;

Cost part_of(const road::Arc& arc, std::uint32_t arc_ms, std::uint32_t length_mm) {
  const auto time = arc.length_mm == 0 ? 0 : std::uint64_t{arc_ms} * length_mm / arc.length_mm;
  return road::cost_of(static_cast<std::uint32_t>(std::min<std::uint64_t>(time, road::kMaxWeight)),
                       length_mm);
}

bool closed(std::uint32_t ms) {
  return ms >= road::kMaxWeight;
}

}  // namespace

void Reach::begin(const road::RouteNetwork& network) {
  labels_.reset(network.network().graph.arcs.size());
  heap_.clear();
}

void Reach::offer(std::uint32_t arc, Cost cost) {
  if (cost >= labels_.cost(arc)) return;
  labels_.set(arc, cost, road::kNoArc);
  heap_.push({cost, arc});
}

void Reach::from(const road::RouteNetwork& network, const road::ArcCosts& costs, const road::Door& door,
                 Cost most) {
  begin(network);
  const auto& graph = network.network().graph;
  for (const auto& start : door.terminals) {
    const auto ms = costs.arc_ms[start.arc];
    if (!closed(ms)) offer(start.arc, part_of(graph.arcs[start.arc], ms, road::length_mm_of(start.after)));
  }
  while (!heap_.empty() && heap_.top().cost <= most) {
    const auto [cost, arc] = heap_.top();
    heap_.pop();
    if (cost > labels_.cost(arc)) continue;
    for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn) {
      const auto next = graph.next[turn];
      if (closed(costs.turn_ms[turn]) || closed(costs.arc_ms[next])) continue;
      offer(next, road::plus(cost, road::cost_of(costs.turn_ms[turn] + costs.arc_ms[next],
                                                 graph.arcs[next].length_mm)));
    }
  }
}

void Reach::to(const road::RouteNetwork& network, const road::ArcCosts& costs, const road::Door& door,
               Cost most) {
  begin(network);
  const auto& graph = network.network().graph;
  for (const auto& end : door.terminals) {
    const auto ms = costs.arc_ms[end.arc];
    if (!closed(ms)) offer(end.arc, part_of(graph.arcs[end.arc], ms, road::length_mm_of(end.before)));
  }
  while (!heap_.empty() && heap_.top().cost <= most) {
    const auto [cost, arc] = heap_.top();
    heap_.pop();
    if (cost > labels_.cost(arc)) continue;
    for (const auto& [before, turn] : network.turns_back().into(arc)) {
      if (closed(costs.turn_ms[turn]) || closed(costs.arc_ms[before])) continue;
      offer(before, road::plus(cost, road::cost_of(costs.turn_ms[turn] + costs.arc_ms[before],
                                                   graph.arcs[before].length_mm)));
    }
  }
}

Cost cost_by(const road::RouteNetwork& network, const road::ArcCosts& costs, const Reach& there,
             const Reach& onward, std::uint32_t arc, Cost own) {
  const auto& graph = network.network().graph;
  Cost before = road::kNoCost, after = road::kNoCost;
  const auto sum = [&](Cost cost, std::uint32_t turn) {
    return cost == road::kNoCost || closed(costs.turn_ms[turn])
               ? road::kNoCost
               : road::plus(cost, road::cost_of(costs.turn_ms[turn], 0));
  };
  for (const auto& [from, turn] : network.turns_back().into(arc))
    before = std::min(before, sum(there.cost(from), turn));
  if (before == road::kNoCost) return road::kNoCost;
  for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn)
    after = std::min(after, sum(onward.cost(graph.next[turn]), turn));
  if (after == road::kNoCost) return road::kNoCost;
  const Cost whole = road::plus(before, own);
  return whole == road::kNoCost ? whole : road::plus(whole, after);
}

}  // namespace reckon::distance

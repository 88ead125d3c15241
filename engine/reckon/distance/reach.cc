#include "reckon/distance/reach.h"

#include <algorithm>

namespace reckon::distance {

using road::Cost;
using road::never_used;

void Reach::offer(std::uint32_t arc, Cost cost, std::uint32_t next) {
  if (cost >= labels_.cost(arc)) return;
  labels_.set(arc, cost, next);
  heap_.push({cost, arc});
}

template <class UsedOf, class EachTurn>
void Reach::spread(const road::ArcGraph& graph, const road::ArcCosts& costs, const road::Door& door,
                   Cost most, UsedOf used_of, EachTurn each_turn) {
  labels_.reset(graph.arcs.size());
  heap_.clear();
  for (const auto& terminal : door.terminals) {
    const auto ms = costs.arc_ms[terminal.arc];
    if (never_used(ms)) continue;
    offer(terminal.arc, road::part_of(graph.arcs[terminal.arc], ms, road::length_mm_of(used_of(terminal))),
          road::kNoArc);
  }
  while (!heap_.empty() && heap_.top().cost <= most) {
    const Cost here = heap_.top().cost;
    const auto arc = heap_.top().arc;
    heap_.pop();
    if (here > labels_.cost(arc)) continue;
    each_turn(arc, [&](std::uint32_t turn, std::uint32_t other) {
      if (never_used(costs.turn_ms[turn]) || never_used(costs.arc_ms[other])) return;
      offer(other,
            road::plus(here,
                       road::cost_of(costs.turn_ms[turn] + costs.arc_ms[other], graph.arcs[other].length_mm)),
            arc);
    });
  }
}

void Reach::from(const road::RouteNetwork& network, const road::ArcCosts& costs, const road::Door& door,
                 Cost most) {
  const auto& graph = network.network().graph;
  spread(
      graph, costs, door, most, [](const road::Terminal& terminal) { return terminal.after; },
      [&](std::uint32_t arc, auto offer_turn) {
        for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn)
          offer_turn(turn, graph.next[turn]);
      });
}

void Reach::to(const road::RouteNetwork& network, const road::ArcCosts& costs, const road::Door& door,
               Cost most) {
  spread(
      network.network().graph, costs, door, most,
      [](const road::Terminal& terminal) { return terminal.before; },
      [&](std::uint32_t arc, auto offer_turn) {
        for (const auto& [before, turn] : network.turns_back().into(arc)) offer_turn(turn, before);
      });
}

Cost cost_by(const road::RouteNetwork& network, const road::ArcCosts& costs, const Reach& there,
             const Reach& onward, std::uint32_t arc, Cost own) {
  const auto& graph = network.network().graph;
  Cost before = road::kNoCost, after = road::kNoCost;
  const auto sum = [&](Cost cost, std::uint32_t turn) {
    return cost == road::kNoCost || never_used(costs.turn_ms[turn])
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

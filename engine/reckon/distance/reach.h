#pragma once

// How cheaply every arc round a door can be reached from it, or reaches it: what a road would do for a trip,
// asked of many roads at once.

#include <cstdint>

#include "reckon/road/model_search.h"
#include "reckon/road/route_model.h"

namespace reckon::distance {

/// Dijkstra as far as a budget goes; one thread at a time, allocates nothing once grown.
class Reach {
 public:
  /// From a door to the end of each arc. @param most  costs beyond are not looked at
  void from(const road::RouteNetwork& network, const road::ArcCosts& costs, const road::Door& door,
            road::Cost most);
  /// From the beginning of each arc to a door.
  void to(const road::RouteNetwork& network, const road::ArcCosts& costs, const road::Door& door,
          road::Cost most);
  /// road::kNoCost where the budget does not reach.
  road::Cost cost(std::uint32_t arc) const { return labels_.cost(arc); }
  /// The arc next to one that is reached, on the way from or to the door; road::kNoArc: the door is on it.
  std::uint32_t next(std::uint32_t arc) const { return labels_.parent(arc); }

 private:
  template <class UsedOf, class EachTurn>
  void spread(const road::ArcGraph& graph, const road::ArcCosts& costs, const road::Door& door,
              road::Cost most, UsedOf used_of, EachTurn each_turn);
  void offer(std::uint32_t arc, road::Cost cost, std::uint32_t next);

  road::Labels labels_;
  road::Heap heap_;
};

/// The cheapest way from one door to another by one arc, which may be closed in the costs that both reaches
/// were made with; its own cost is given. road::kNoCost: none within the budgets.
road::Cost cost_by(const road::RouteNetwork& network, const road::ArcCosts& costs, const Reach& there,
                   const Reach& onward, std::uint32_t arc, road::Cost own);

}  // namespace reckon::distance

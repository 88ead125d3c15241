#pragma once

// Tables on the hierarchy: each place climbs once, and the climbs meet in buckets at their hubs.

#include <cstdint>
#include <span>
#include <vector>

#include "reckon/road/graph.h"
#include "reckon/road/hierarchy.h"
#include "reckon/road/hierarchy_search.h"
#include "reckon/road/search.h"

namespace reckon::road {

/// Working memory and algorithms; one thread at a time. Grows to the largest table seen, then allocates
/// nothing.
class ManyToMany {
 public:
  /// Prepares the targets: `to[first[t]] .. to[first[t + 1])` are target t's terminals, none where it is off
  /// the map. What is given must stay until the last row has been asked for.
  /// Cost: about a microsecond a target.
  void set_targets(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> to,
                   std::span<const std::uint32_t> first);

  /// Cheapest cost from any of `from` to each target, kNoCost where there is none: what
  /// HierarchySearch::shortest gives for that pair alone. One for each target goes to `costs`.
  /// Cost: some 20 ns a target.
  void row(std::span<const Terminal> from, std::span<Cost> costs);

 private:
  struct HubCost {
    std::uint32_t hub;  ///< or a vertex without labels
    Cost cost;
  };
  struct TargetArc {
    std::uint32_t arc;
    std::uint32_t target;
    friend auto operator<=>(const TargetArc&, const TargetArc&) = default;
  };

  void climb(const HierarchyEdges& edges, const HubLabels& labels, std::vector<HubCost>& out);
  void add_target(std::uint32_t target);
  void fill_buckets(std::size_t vertices);
  void correct_shared_arcs(std::span<const Terminal> from, std::span<Cost> costs);

  const ArcGraph* graph_ = nullptr;
  const Hierarchy* hierarchy_ = nullptr;
  std::span<const Terminal> to_;
  std::span<const std::uint32_t> first_;
  Cost bias_ = 0;  ///< what all targets' costs are too high by; see HierarchySearch::climb

  std::vector<ClimbSeed> seeds_;
  Climb climb_;
  std::vector<Cost> at_hub_;  ///< by hub; kUnreached but while a climb is worked out
  std::vector<HubCost> reached_;
  std::vector<TargetArc> target_arcs_;  ///< ascending

  struct Entry {
    std::uint32_t vertex;
    std::uint32_t target;
    Cost cost;
  };
  std::vector<Entry> entries_;               ///< of all targets
  std::vector<std::uint32_t> bucket_first_;  ///< by vertex, into the two below
  std::vector<std::uint32_t> bucket_target_;
  std::vector<Cost> bucket_cost_;
  HierarchySearch pair_;
};

}  // namespace reckon::road

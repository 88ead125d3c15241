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

/// One side of a table, climbed: for each vertex, which of the places reach it (or are reached from it) and
/// at what cost.
class PlaceBuckets {
 public:
  TripEnd side() const { return side_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(first_.size()) - 1; }
  std::span<const Terminal> terminals(std::uint32_t place) const {
    return std::span(terminals_).subspan(first_[place], first_[place + 1] - first_[place]);
  }

 private:
  friend class ManyToMany;
  struct Entry {
    std::uint32_t place;
    std::uint32_t time_ms;
    std::uint32_t length_mm;
    Cost cost() const { return cost_of(time_ms, length_mm); }
  };
  struct ArcPlace {
    std::uint32_t arc;
    std::uint32_t place;
    friend auto operator<=>(const ArcPlace&, const ArcPlace&) = default;
  };

  TripEnd side_ = TripEnd::kFinish;
  std::vector<Terminal> terminals_;
  std::vector<std::uint32_t> first_{0};      ///< by place, into the terminals
  std::vector<ArcPlace> arcs_;               ///< of the terminals, ascending
  Cost bias_ = 0;                            ///< what all costs are too high by; see HierarchySearch::climb
  std::vector<std::uint32_t> bucket_first_;  ///< by vertex, into the entries
  std::vector<Entry> entries_;
};

/// Working memory and algorithms; one thread at a time. Grows to the largest table seen, then allocates
/// nothing.
class ManyToMany {
 public:
  /// Climbs from all places of one side. `terminals[first[p]] .. terminals[first[p + 1])` are place p's, none
  /// where it is off the map. Replaces what `places` held.
  /// Cost: some 2 us a place.
  void prepare(const ArcGraph& graph, const Hierarchy& hierarchy, TripEnd side,
               std::span<const Terminal> terminals, std::span<const std::uint32_t> first,
               PlaceBuckets& places);

  /// Cheapest cost between one place, of the other side, and each of `places`; kNoCost where there is none:
  /// what HierarchySearch::shortest gives for that pair alone. One for each place goes to `costs`. `graph`
  /// and `hierarchy` are those that `places` was prepared with. Cost: some 20 ns a place.
  void row(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> one,
           const PlaceBuckets& places, std::span<Cost> costs);

 private:
  struct HubCost {
    std::uint32_t hub;  ///< or a vertex without labels
    Cost cost;
  };
  struct PlaceAtHub {
    std::uint32_t hub;
    PlaceBuckets::Entry entry;
  };

  void climb(const Hierarchy& hierarchy, TripEnd side, std::span<const Terminal> place, Cost bias);
  void fill_buckets(std::size_t vertices, PlaceBuckets& places) const;
  void correct_shared_arcs(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> one,
                           const PlaceBuckets& places, std::span<Cost> costs);

  std::vector<ClimbSeed> seeds_;
  Climb climb_;
  std::vector<Cost> at_hub_;      ///< by hub; kUnreached but while a climb is worked out
  std::vector<HubCost> reached_;  ///< by the last climb, each hub once
  std::vector<PlaceAtHub> all_reached_;
  HierarchySearch pair_;
};

}  // namespace reckon::road

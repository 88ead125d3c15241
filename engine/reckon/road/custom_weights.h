#pragma once

// Weights for an elimination's edges: what the cheapest path between two neighbours costs that runs over
// vertices below both. They are made for a whole city in tens of milliseconds, and for a few changed turns
// from earlier weights in a fraction of one: old and new ones share what is equal.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "reckon/road/changed_graph.h"
#include "reckon/road/elimination.h"

namespace reckon::road {

/// Immutable once made; copying copies no weights. The elimination outlives it.
class CustomWeights {
 public:
  /// All weights anew. Cost: some 40 ms for 150,000 arcs.
  static CustomWeights of(const Elimination& shape, const ChangedGraph& graph, Metric metric);

  /// Weights after `turns` have changed, from those before: equal to `of` for the new graph.
  /// Cost: grows with what changes; a street in a city about half a millisecond.
  CustomWeights updated(const ChangedGraph& graph, std::span<const ArcTurn> turns) const;

  /// Travelling from v to its neighbours above it, parallel to Elimination::above(v). kUnreached: no path.
  const Cost* up(std::uint32_t v) const { return page_at(v) + offset(v); }
  /// Travelling from them to v.
  const Cost* down(std::uint32_t v) const { return up(v) + shape_->page_size(shape_->page_of(v)); }

  Metric metric() const { return metric_; }
  std::uint64_t bytes() const;  ///< of the weights alone

 private:
  friend class Customizer;
  friend class Updater;

  /// Edges of whole vertices, up weights first, then down weights.
  using Page = std::shared_ptr<Cost[]>;
  CustomWeights() = default;
  const Cost* page_at(std::uint32_t v) const { return pages_[shape_->page_of(v)].get(); }
  std::size_t offset(std::uint32_t v) const {
    return shape_->first_edge(v) - shape_->page_first_edge(shape_->page_of(v));
  }

  const Elimination* shape_ = nullptr;
  Metric metric_ = Metric::kFastest;
  std::vector<Page> pages_;
};

}  // namespace reckon::road

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
  const Cost* down(std::uint32_t v) const { return up(v) + page_size(v); }

  Metric metric() const { return metric_; }
  std::uint64_t bytes() const;  ///< of the weights alone

 private:
  friend class Customizer;
  friend class Updater;

  /// Edges of whole vertices, up weights first, then down weights.
  using Page = std::shared_ptr<Cost[]>;
  /// Where each vertex's edges stand; the same for all weights of a shape.
  struct Layout {
    std::vector<std::uint32_t> page_of_vertex;
    std::vector<std::uint32_t> page_first_edge;  ///< and the end
  };

  CustomWeights() = default;
  const Cost* page_at(std::uint32_t v) const { return pages_[layout_->page_of_vertex[v]].get(); }
  std::size_t offset(std::uint32_t v) const {
    return shape_->first_edge(v) - layout_->page_first_edge[layout_->page_of_vertex[v]];
  }
  std::size_t page_size(std::uint32_t v) const {
    const auto page = layout_->page_of_vertex[v];
    return layout_->page_first_edge[page + 1] - layout_->page_first_edge[page];
  }

  const Elimination* shape_ = nullptr;
  Metric metric_ = Metric::kFastest;
  std::shared_ptr<const Layout> layout_;
  std::vector<Page> pages_;
};

}  // namespace reckon::road

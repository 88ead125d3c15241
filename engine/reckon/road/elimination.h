#pragma once

// The shape of a customizable contraction hierarchy: which arcs get joined when they are contracted in a
// given order, whatever they cost. Weights for it are in custom_weights.h.

#include <cstdint>
#include <span>
#include <vector>

#include "reckon/road/graph.h"

namespace reckon::road {

/// Vertices are arcs, numbered by the order: 0 is contracted last. Contracting a vertex joins all its
/// neighbours that are still there, so two of them are neighbours afterwards. Immutable, shared by all
/// weights. Source: docs/sources.md#customizable-hierarchies.
class Elimination {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  /// A neighbour below a vertex, and the edge between them.
  struct Below {
    std::uint32_t vertex;
    std::uint32_t edge;
  };

  /// @param order  each arc of `graph` once, the most important first (dissect)
  /// Cost: about a microsecond an arc, after a good order.
  Elimination(const ArcGraph& graph, std::span<const std::uint32_t> order);

  std::uint32_t vertices() const { return static_cast<std::uint32_t>(arc_of_vertex_.size()); }
  std::uint32_t edges() const { return static_cast<std::uint32_t>(above_.size()); }
  std::uint32_t vertex_of(std::uint32_t arc) const { return vertex_of_arc_[arc]; }
  std::uint32_t arc_of(std::uint32_t vertex) const { return arc_of_vertex_[vertex]; }

  /// Neighbours above v, ascending; they belong to the edges first_edge(v), first_edge(v) + 1, ...
  std::span<const std::uint32_t> above(std::uint32_t v) const {
    return std::span(above_).subspan(first_[v], first_[v + 1] - first_[v]);
  }
  std::uint32_t first_edge(std::uint32_t v) const { return first_[v]; }
  /// Neighbours below v, ascending by vertex.
  std::span<const Below> below(std::uint32_t v) const {
    return std::span(below_).subspan(first_below_[v], first_below_[v + 1] - first_below_[v]);
  }
  /// The nearest vertex above v: all others above v are above it too. kNone at a root.
  std::uint32_t parent(std::uint32_t v) const {
    return first_[v] == first_[v + 1] ? kNone : above_[first_[v + 1] - 1];
  }
  /// The edge between `low` and `high` above it, or kNone.
  std::uint32_t edge_between(std::uint32_t low, std::uint32_t high) const;
  std::uint64_t bytes() const;  ///< of memory held

  /// Edges stand on pages of whole vertices, so that weights can be shared and copied page by page.
  std::uint32_t pages() const { return static_cast<std::uint32_t>(page_first_edge_.size()) - 1; }
  std::uint32_t page_of(std::uint32_t v) const { return page_of_vertex_[v]; }
  std::uint32_t page_first_edge(std::uint32_t page) const { return page_first_edge_[page]; }
  std::uint32_t page_size(std::uint32_t page) const {
    return page_first_edge_[page + 1] - page_first_edge_[page];
  }

  /// A whole set of weights holds for each page its edges' `up`, then their `down`. By entry of
  /// ArcGraph::next: where in it the turn's weight stands; kNone of a turn from an arc to itself.
  std::span<const std::uint32_t> slot_of_turn() const { return slot_of_turn_; }

 private:
  void join_neighbours(const ArcGraph& graph);
  void list_below();
  void find_turns(const ArcGraph& graph);
  void lay_out_pages();

  std::vector<std::uint32_t> arc_of_vertex_, vertex_of_arc_;
  std::vector<std::uint32_t> first_, above_;
  std::vector<std::uint32_t> first_below_;
  std::vector<Below> below_;
  std::vector<std::uint32_t> slot_of_turn_;
  std::vector<std::uint32_t> page_of_vertex_, page_first_edge_;
};

}  // namespace reckon::road

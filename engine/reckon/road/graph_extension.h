#pragma once

// A vehicle's graph with turns and roads that the map lacks: what corrections add. It is a copy, so that the
// hierarchy's shape is made anew for it; that is rare.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "reckon/road/graph.h"
#include "reckon/road/overlay.h"

namespace reckon::road {

/// Owns what differs from the map; views of the map's own parts stay valid while the map lives.
class GraphExtension {
 public:
  /// Numbers of the map's arcs and edges stay; added ones follow. `order` is the map's dissection: added arcs
  /// come first in the new one, so that what they join is joined by them.
  /// A turn that the graph has already is left as it is, with the turn rules over ways that it begins.
  GraphExtension(const EdgeGeometry& geometry, const ArcGraph& graph, std::span<const std::uint32_t> order,
                 std::span<const AddedTurn> turns, std::span<const AddedLink> links);
  GraphExtension(const GraphExtension&) = delete;
  GraphExtension& operator=(const GraphExtension&) = delete;

  const EdgeGeometry& geometry() const { return geometry_; }
  ArcGraph graph() const { return arcs_.view(); }
  const std::vector<std::uint32_t>& order() const { return order_; }

 private:
  using Turns = std::vector<std::vector<std::uint32_t>>;  ///< by arc, ascending

  void add_link(const AddedLink& link, Turns& turns);
  void add_arc(std::uint32_t edge_dir, std::uint32_t time_ms, const AddedLink& link, Turns& turns);
  void add_turns(const AddedTurn& turn, Turns& turns) const;
  void write_turns(const Turns& turns);

  CompiledArcs arcs_;
  std::vector<geo::PlaceE7> points_;
  std::vector<std::uint32_t> along_mm_, edge_first_point_, edge_first_run_;
  std::vector<std::uint8_t> edge_class_;
  std::vector<WayRun> runs_;
  std::vector<std::uint32_t> order_;
  EdgeGeometry geometry_;
};

}  // namespace reckon::road

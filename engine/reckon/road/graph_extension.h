#pragma once

// A vehicle's graph with turns and roads that the map lacks: what corrections add. It is a copy, so that the
// hierarchy's shape is made anew for it; that is rare.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "reckon/road/graph.h"
#include "reckon/road/model_search.h"
#include "reckon/road/overlay.h"

namespace reckon::road {

/// Owns what differs from the map; views of the map's own parts stay valid while the map lives.
class GraphExtension {
 public:
  /// Numbers of the map's arcs and edges stay; added ones follow. Added arcs come first in the new
  /// dissection, so that what they join is joined by them. Added turns cost what the map's own do. A turn
  /// that the graph has already is left as it is, with the turn rules over ways that it begins.
  GraphExtension(const Network& network, std::span<const AddedTurn> turns, std::span<const AddedLink> links);
  GraphExtension(const GraphExtension&) = delete;
  GraphExtension& operator=(const GraphExtension&) = delete;

  const EdgeGeometry& geometry() const { return geometry_; }
  ArcGraph graph() const { return arcs_.view(); }
  const std::vector<std::uint32_t>& order() const { return order_; }

 private:
  struct Turn {
    std::uint32_t to;
    std::uint16_t ms;
  };
  using Turns = std::vector<std::vector<Turn>>;  ///< by arc, ascending by `to`

  void add_link(const AddedLink& link, Turns& turns);
  void add_arc(std::uint32_t edge_dir, std::uint32_t time_ms, const AddedLink& link, Turns& turns);
  void add_turns(const AddedTurn& turn, Turns& turns) const;
  Turn turn(std::uint32_t from, std::uint32_t to) const;
  bool junction(geo::PlaceE7 place) const;  ///< whether more than two arms that the vehicle uses meet there
  void write_turns(const Turns& turns);

  base::Vehicle vehicle_;
  DrivingSide side_;

  CompiledArcs arcs_;
  std::vector<geo::PlaceE7> points_;
  std::vector<std::uint32_t> along_mm_, edge_first_point_, edge_first_run_;
  std::vector<std::uint8_t> edge_class_;
  std::vector<WayRun> runs_;
  std::vector<std::uint32_t> order_;
  EdgeGeometry geometry_;
};

}  // namespace reckon::road

#pragma once

// Which edges belong to a way, and which begin at a junction: for corrections, that name roads so.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "reckon/geo/local_frame.h"
#include "reckon/road/graph.h"

namespace reckon::road {

/// Two sorted lists, each made when it is first asked for: of Porto in some 10 and 30 ms. One thread at a
/// time.
class EdgeLookup {
 public:
  struct Start {
    geo::PlaceE7 place;
    std::uint32_t edge_dir;  ///< that begins there: edge * 2 + Direction
  };

  /// @param geometry  outlives this
  explicit EdgeLookup(const EdgeGeometry& geometry) : geometry_(geometry) {}

  /// Pairs of the way and an edge that it has a part of, ascending by edge, each edge once.
  std::span<const std::pair<std::int64_t, std::uint32_t>> edges_of(std::int64_t way);
  /// Directed edges that begin at the very place, ascending.
  std::span<const Start> starts_at(geo::PlaceE7 place);
  /// Directed edges that begin within so many degrees of latitude, of any longitude, by place.
  std::span<const Start> starts_beside(geo::PlaceE7 place, double degrees);

 private:
  const std::vector<Start>& starts();

  const EdgeGeometry& geometry_;
  std::vector<std::pair<std::int64_t, std::uint32_t>> ways_;
  std::vector<Start> starts_;
};

}  // namespace reckon::road

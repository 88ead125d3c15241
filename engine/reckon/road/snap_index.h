#pragma once

// The index of road segments: a static R-tree packed along the Hilbert curve. Items stand in curve order; box
// i of the lowest level holds items 16 i .. 16 i + 15, each higher level groups 16 boxes of the one below, up
// to a single box.

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "reckon/base/vehicle.h"
#include "reckon/road/graph.h"

namespace reckon::road {

inline constexpr std::uint32_t kIndexFanOut = 16;

/// Boxes that an index of so many items has, all levels together.
std::uint64_t index_box_count(std::uint64_t items);

/// Sorts `items` along the curve and packs the boxes over them.
std::vector<IndexBox> pack_index(std::vector<IndexItem>& items);

/// A position on an edge: so many millimetres past a point, on the segment to the next point.
struct EdgePosition {
  std::uint32_t edge;
  std::uint32_t point;
  std::uint32_t past_mm;

  friend auto operator<=>(const EdgePosition&, const EdgePosition&) = default;
};

/// Where a place meets the roads. A place nearest to a junction meets every edge that ends there, so that a
/// trip may leave by any arm; so does one beside two roads drawn on the same line, one for each direction.
struct Snap {
  static constexpr std::size_t kMaxEdges = 16;  ///< arms of one junction; of more the lowest numbers are kept

  Snap() {}  // NOLINT(modernize-use-equals-default): leaves the positions alone, they are many

  double distance_m = 0;  ///< of the nearest position, in the plane at the place
  std::size_t count = 0;
  std::array<EdgePosition, kMaxEdges> positions;  ///< ascending, each once
  std::array<double, kMaxEdges> distances_m;      ///< parallel to the positions

  std::span<const EdgePosition> all() const { return std::span(positions).first(count); }
  /// The first of the nearest positions.
  const EdgePosition& nearest() const {
    return positions[static_cast<std::size_t>(
        std::ranges::min_element(distances_m.begin(),
                                 distances_m.begin() + static_cast<std::ptrdiff_t>(count)) -
        distances_m.begin())];
  }
};

/// Positions that are farther than the nearest one by no more than this are as near: far above the rounding
/// of the computation, far below what a map can tell.
inline constexpr double kSameDistanceM = 1e-6;

/// The place of a position, to 1e-7 degree.
geo::PlaceE7 place_of(const EdgeGeometry& geometry, const EdgePosition& position);

/// Asks for what `nearest_road` reads first for `place`, ahead of the call.
inline void prefetch_road(const EdgeGeometry& geometry, geo::PlaceE7 place) {
  if (const auto* cell = cell_at(geometry.raster, place)) __builtin_prefetch(cell);
}

/// How far to look. `slack_m` > 0 takes in also what lies up to so much farther than the nearest: the road
/// across the median, the back street. Of more than kMaxEdges positions the nearest are kept.
struct Reach {
  double max_m;
  double slack_m = 0;
};

/// The nearest segment that `vehicle` may snap to, all equally near ones together; nothing within the reach.
/// Exact: what a scan over all items gives. Cost: about half a microsecond, with slack a little more;
/// allocates nothing.
std::optional<Snap> nearest_road(const EdgeGeometry& geometry, base::Vehicle vehicle, geo::PlaceE7 place,
                                 const Reach& reach);

/// The same as if the edges that `closed` names were not there. Cost: a few microseconds beside one of them,
/// elsewhere nothing.
std::optional<Snap> nearest_road(const EdgeGeometry& geometry, base::Vehicle vehicle, geo::PlaceE7 place,
                                 const Reach& reach, const std::function<bool(std::uint32_t)>& closed);

}  // namespace reckon::road

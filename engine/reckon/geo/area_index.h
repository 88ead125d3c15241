#pragma once

// Which of many polygons hold a place: a grid over all of them names the few that may, and the sides of each
// stand sorted in slabs of latitude, so that a test looks at a handful of sides instead of all.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "reckon/geo/polygon.h"

namespace reckon::geo {

/// Immutable; any number of threads may ask.
class AreaIndex {
 public:
  struct Area {
    std::uint32_t id = 0;     ///< what `containing` tells; several polygons may share one
    bool edge_inside = true;  ///< whether a place on a side belongs to it
    Polygon shape;            ///< valid (see Polygon)
  };

  AreaIndex() = default;
  /// Cost: O(corners log corners + cells); memory about 50 bytes a corner.
  explicit AreaIndex(std::span<const Area> areas);

  /// Calls `visit(id)` for each area that holds the place, in the order given to the constructor.
  /// Cost: one cell, then a few sides for each area that reaches into it; no allocation.
  template <class Visit>
  void containing(PointE7 point, Visit&& visit) const {
    if (!has_cell(point)) return;
    const std::size_t cell = cell_of(point);
    for (std::uint32_t i = cell_begin_[cell]; i < cell_begin_[cell + 1]; ++i) {
      const std::uint32_t entry = entries_[i];
      const std::uint32_t area = entry >> 1;
      if ((entry & 1) != 0 || holds(area, point)) visit(areas_[area].id);
    }
  }

  std::size_t bytes() const;

 private:
  struct Slot {  // one area as the index keeps it
    Box box;
    std::uint32_t id = 0;
    bool edge_inside = true;
    std::uint32_t slabs = 0;        // number of slabs
    std::uint32_t first_slab = 0;   // in slab_begin_
    std::uint32_t slab_height = 1;  // E7
  };
  struct Segment {
    PointE7 a, b;
  };

  // From `low` to `value` >= low: below 2^32, and division of 32 bits is the quicker one.
  static std::uint32_t offset(std::int32_t value, std::int32_t low) {
    return static_cast<std::uint32_t>(value) - static_cast<std::uint32_t>(low);
  }
  bool has_cell(PointE7 p) const { return !cell_begin_.empty() && box_.contains(p); }
  std::size_t cell_of(PointE7 p) const {
    const std::size_t row = offset(p.lat, box_.low.lat) / cell_lat_;
    const std::size_t column = offset(p.lng, box_.low.lng) / cell_lng_;
    return row * columns_ + column;
  }
  bool holds(std::uint32_t area, PointE7 point) const;
  void keep_area(const Area& area);
  void choose_cells(std::size_t areas);
  void make_grid(std::span<const Area> areas);

  std::vector<Slot> areas_;
  std::vector<std::uint32_t> slab_begin_;  // of each area its slabs + 1 entries, into segments_
  std::vector<Segment> segments_;
  Box box_{};
  std::uint32_t cell_lat_ = 1, cell_lng_ = 1;  // E7
  std::size_t rows_ = 0, columns_ = 0;
  std::vector<std::uint32_t> cell_begin_;  // into entries_
  std::vector<std::uint32_t> entries_;     // area * 2, + 1 where the cell lies wholly inside
};

}  // namespace reckon::geo

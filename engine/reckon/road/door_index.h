#pragma once

// Where a place meets the roads, when not all roads count: a grid of one vehicle's segments that takes a mask
// of edges with each question. nearest_road answers faster, but for the map's own roads only.

#include <cstdint>
#include <vector>

#include "reckon/geo/local_frame.h"
#include "reckon/road/graph.h"
#include "reckon/road/search.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {

/// The plane in which a provider looks for the nearest road.
enum class DoorPlane : std::uint8_t {
  kLocal,     ///< that touches the earth at the place
  kMercator,  ///< of web maps, in degrees: the point where a place meets a road lies on its grid as well
  /// Distances in whole metres, rounded down, on a sphere: the foot on a segment is that of such a triangle.
  /// Of roads as near the one is met that begins farthest west.
  kWholeMetres,
};

/// How a provider takes places to the road.
struct DoorRules {
  double tolerance_m = 0;    ///< roads this much farther than the nearest one meet a place as well
  std::int32_t grid_e7 = 1;  ///< coordinates, its roads' and ours, are rounded to so many 1e-7 degree
  DoorPlane plane = DoorPlane::kLocal;
  /// A trip may begin on a road that leads to the others but is not reached from them, and end on one that is
  /// reached but leads nowhere: motorways at a map's edge.
  bool one_sided = false;

  friend bool operator==(const DoorRules&, const DoorRules&) = default;
};

/// Edges that trips may begin and end on.
struct OpenEdges {
  std::vector<bool> start, finish;

  const std::vector<bool>& at(TripEnd end) const { return end == TripEnd::kStart ? start : finish; }
};

class DoorIndex {
 public:
  DoorIndex(const EdgeGeometry& geometry, const ArcGraph& graph);

  /// The nearest position on an edge of `open`, with those as near by the rules; at most
  /// Snap::kMaxEdges, one an edge. False when none lies within `max_m`. Cost: some microseconds.
  /// @param open  by edge
  bool nearest(geo::PlaceE7 place, const std::vector<bool>& open, const DoorRules& rules, double max_m,
               Snap& out) const;

 private:
  struct Segment {
    std::uint32_t edge;
    std::uint32_t point;
  };
  struct Hit {
    double distance_m;
    EdgePosition position;
  };
  std::size_t cell(std::int64_t row, std::int64_t column) const {
    return static_cast<std::size_t>(row * columns_ + column);
  }
  template <class Plane>
  void look(std::size_t cell, const Plane& plane, const std::vector<bool>& open, const DoorRules& rules,
            double& reach, std::vector<Hit>& hits) const;
  template <class Plane>
  std::vector<Hit> hits_within(geo::PlaceE7 place, const Plane& plane, const std::vector<bool>& open,
                               const DoorRules& rules, double max_m) const;
  std::vector<Hit> hits_by(geo::PlaceE7 place, const std::vector<bool>& open, const DoorRules& rules,
                           double max_m) const;
  void keep_westernmost(std::vector<Hit>& hits) const;

  const EdgeGeometry* geometry_;
  std::int64_t south_ = 0, west_ = 0, rows_ = 0, columns_ = 0, step_lat_ = 1, step_lng_ = 1;  ///< 1e-7 degree
  double cell_m_ = 0;  ///< the shorter side of a cell
  std::vector<std::uint32_t> first_;
  std::vector<Segment> segments_;
};

}  // namespace reckon::road

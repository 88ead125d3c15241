#pragma once

// From ways to edges: roads are cut at junctions, and what runs on unchanged from way to way is joined again.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/base/vehicle.h"
#include "reckon/road/road_data.h"

namespace reckon::road {

/// A stretch of road between two junctions, uniform in its use.
struct RawEdge {
  std::vector<std::uint32_t> nodes;     ///< both ends included, at least two
  std::vector<std::uint32_t> along_mm;  ///< parallel to `nodes`
  std::uint32_t use = 0;                ///< into EdgeSet::uses, in the edge's direction
  std::int64_t first_way = 0;  ///< OpenStreetMap way at its beginning and at its end: what turn rules name
  std::int64_t last_way = 0;
  /// Where it goes on on another way: the place in `nodes` and that way. Most edges stay on one.
  std::vector<std::pair<std::uint32_t, std::int64_t>> later_ways;
};

struct EdgeSet {
  std::vector<RawEdge>
      edges;  ///< in the order of a space-filling curve, so that neighbours stand near in memory
  std::vector<WayUse> uses;
  std::uint64_t node_count = 0;  ///< distinct nodes of roads that some vehicle uses
};

/// Cuts and joins. Lengths are geodesics on WGS84, rounded to the millimetre for each segment.
/// @errors kLimit  more edges than a map file has room for
/// Cost: about 2 us a segment.
base::Result<EdgeSet> make_edges(const RoadData& data, std::span<const base::Vehicle> vehicles);

}  // namespace reckon::road

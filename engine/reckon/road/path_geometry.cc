#include "reckon/road/path_geometry.h"

#include <algorithm>

namespace reckon::road {
namespace {

// A snap has a position on each edge that a path may begin or end on; a path's first and last arcs are over
// such ones. Where an edge is met twice (its two ends in one junction), the one that fits the travel is
// taken.
EdgePosition position_on(const Snap& snap, std::uint32_t edge, bool want_last) {
  EdgePosition best = snap.positions[0];
  bool found = false;
  for (const auto& position : snap.all()) {
    if (position.edge != edge || (found && !want_last)) continue;
    best = position;
    found = true;
  }
  return best;
}

void add(std::vector<geo::LatLng>& line, const geo::LatLng& point) {
  if (line.empty() || line.back() != point) line.push_back(point);
}

/// Shape points of one arc strictly between two positions, in the order of travel.
void add_shape(const EdgeGeometry& geometry, const Arc& arc, std::uint32_t begin, std::uint32_t end,
               std::vector<geo::LatLng>& line) {
  if (begin >= end) return;
  if (!arc.backward()) {
    for (auto i = begin; i < end; ++i) add(line, geometry.points[i].to_lat_lng());
  } else {
    for (auto i = end; i > begin; --i) add(line, geometry.points[i - 1].to_lat_lng());
  }
}

}  // namespace

std::vector<geo::LatLng> path_geometry(const EdgeGeometry& geometry, const ArcGraph& graph,
                                       const std::vector<std::uint32_t>& path, const Snap& from,
                                       const Snap& to, const geo::LatLng& from_at, const geo::LatLng& to_at) {
  std::vector<geo::LatLng> line{from_at};
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto& arc = graph.arcs[path[i]];
    auto begin = geometry.edge_first_point[arc.edge()];  // shape points [begin, end) are drawn
    auto end = geometry.edge_first_point[arc.edge() + 1];
    const bool first = i == 0;
    const bool last = i + 1 == path.size();
    if (first) {
      const auto at = position_on(from, arc.edge(), arc.backward()).point + 1;
      (arc.backward() ? end : begin) = at;
    }
    if (last) {
      const auto at = position_on(to, arc.edge(), !arc.backward()).point + 1;
      (arc.backward() ? begin : end) = at;
    }
    add_shape(geometry, arc, begin, end, line);
  }
  add(line, to_at);
  if (line.size() == 1) line.push_back(to_at);
  return line;
}

}  // namespace reckon::road

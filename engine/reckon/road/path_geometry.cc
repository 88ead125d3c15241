#include "reckon/road/path_geometry.h"

#include <algorithm>

namespace reckon::road {
namespace {

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
                                       std::span<const std::uint32_t> path, const EdgePosition& from,
                                       const EdgePosition& to) {
  std::vector<geo::LatLng> line{place_of(geometry, from).to_lat_lng()};
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto& arc = graph.arcs[path[i]];
    auto begin = geometry.edge_first_point[arc.edge()];  // shape points [begin, end) are drawn
    auto end = geometry.edge_first_point[arc.edge() + 1];
    if (i == 0) (arc.backward() ? end : begin) = from.point + 1;
    if (i + 1 == path.size()) (arc.backward() ? begin : end) = to.point + 1;
    add_shape(geometry, arc, begin, end, line);
  }
  add(line, place_of(geometry, to).to_lat_lng());
  if (line.size() == 1) line.push_back(line.front());
  return line;
}

}  // namespace reckon::road

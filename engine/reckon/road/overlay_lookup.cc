#include "reckon/road/overlay_lookup.h"

#include <algorithm>
#include <cmath>

#include "reckon/geo/local_frame.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {
namespace {

/// A degree of latitude is nowhere shorter.
constexpr double kLeastMetresPerDegree = 110'000;

}  // namespace

NamedRoads::NamedRoads(const RoadMap& map, const Correction& correction, EdgeLookup& lookup)
    : geometry_(*map.network(map.vehicles().front()).geometry), lookup_(lookup) {
  const auto& named = correction.vehicles;
  for (const auto vehicle : map.vehicles()) {
    if (named.empty() || std::ranges::find(named, vehicle) != named.end())
      among_.push_back(map.network(vehicle));
  }
}

std::optional<NamedRoads::NearRoad> NamedRoads::nearest_road_to(const geo::LatLng& place,
                                                                double max_m) const {
  std::optional<NearRoad> nearest;
  for (const auto& network : among_) {
    const auto snap = nearest_road(geometry_, network.vehicle, geo::PlaceE7::nearest(place), {max_m});
    if (snap && (!nearest || snap->distance_m < nearest->away_m))
      nearest = NearRoad{snap->nearest(), snap->distance_m};
  }
  return nearest;
}

template <class Counts>
std::optional<NamedRoads::NearJunction> NamedRoads::nearest(const geo::LatLng& at, double max_m,
                                                            Counts counts) const {
  const geo::LocalFrame frame(geo::PlaceE7::nearest(at));
  std::optional<NearJunction> nearest;
  double best = max_m * max_m;
  for (const auto& [place, edge_dir] :
       lookup_.starts_beside(geo::PlaceE7::nearest(at), max_m / kLeastMetresPerDegree)) {
    const auto point = frame.at(place);
    const double squared = point.x * point.x + point.y * point.y;
    const auto edge = edge_dir >> 1;
    if (squared >= best || !used(edge) || !counts(edge)) continue;
    best = squared;
    nearest = NearJunction{place, std::sqrt(squared)};
  }
  return nearest;
}

std::optional<NamedRoads::NearJunction> NamedRoads::nearest_junction_to(const geo::LatLng& place,
                                                                        double max_m) const {
  return nearest(place, max_m, [](std::uint32_t) { return true; });
}

std::optional<NamedRoads::NearJunction> NamedRoads::nearest_junction_of(std::int64_t way,
                                                                        const geo::LatLng& place,
                                                                        double max_m) const {
  return nearest(place, max_m, [&](std::uint32_t edge) { return on_way(edge, way); });
}

std::vector<std::uint32_t> NamedRoads::edges_of(const StreetName& street) const {
  std::vector<std::uint32_t> edges;
  if (const auto* way = std::get_if<std::int64_t>(&street)) {
    for (const auto& [_, edge] : lookup_.edges_of(*way)) {
      if (used(edge)) edges.push_back(edge);
    }
  } else if (const auto road = nearest_road_to(std::get<geo::LatLng>(street))) {
    edges.push_back(road->at.edge);
  }
  return edges;
}

std::vector<std::uint32_t> NamedRoads::leaving(const Network& network, geo::PlaceE7 junction) const {
  std::vector<std::uint32_t> found;
  for (const auto& start : lookup_.starts_at(junction)) {
    if (network.graph.has_arcs(start.edge_dir >> 1)) found.push_back(start.edge_dir);
  }
  return found;
}

bool NamedRoads::used(std::uint32_t edge) const {
  return std::ranges::any_of(among_, [&](const Network& one) { return one.graph.has_arcs(edge); });
}

bool NamedRoads::on_way(std::uint32_t edge, std::int64_t way) const {
  return std::ranges::find(geometry_.runs_of(edge), way, &WayRun::way) != geometry_.runs_of(edge).end();
}

double NamedRoads::bearing_deg(std::uint32_t edge_dir) const {
  const auto edge = edge_dir >> 1;
  // Of a street that ends where it begins the first stretch tells.
  const bool loop = geometry_.start_of(edge * 2) == geometry_.finish_of(edge * 2);
  const auto a = geometry_.start_of(edge * 2),
             b = loop ? geometry_.points[geometry_.edge_first_point[edge] + 1]
                      : geometry_.finish_of(edge * 2);
  const bool backward = (edge_dir & 1) != 0;
  const auto along = geo::LocalFrame(backward ? b : a).at(backward ? a : b);
  const double bearing = std::atan2(along.x, along.y) * 180 / M_PI;
  return bearing < 0 ? bearing + 360 : bearing;
}

bool inside(const EdgeGeometry& geometry, const Box& area, std::uint32_t edge) {
  const auto first = geometry.edge_first_point[edge], end = geometry.edge_first_point[edge + 1];
  const auto middle = geometry.points[first + (end - first) / 2];
  const double lat = middle.lat * 1e-7, lng = middle.lng * 1e-7;
  return lat >= area.south && lat <= area.north && lng >= area.west && lng <= area.east;
}

bool has_arc(const ArcGraph& graph, std::uint32_t edge_dir) {
  bool has = false;
  graph.each_arc_along(edge_dir, [&](std::uint32_t) { has = true; });
  return has;
}

std::vector<std::uint32_t> continuations(const ArcGraph& graph, std::uint32_t edge_dir) {
  std::vector<std::uint32_t> found;
  graph.each_arc_along(edge_dir, [&](std::uint32_t arc) {
    for (const auto next : graph.after(arc)) found.push_back(graph.arcs[next].edge_dir);
  });
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace reckon::road

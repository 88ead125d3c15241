// What corrections name, looked up in a map.

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "reckon/geo/local_frame.h"
#include "reckon/road/edge_lookup.h"
#include "reckon/road/model_search.h"
#include "reckon/road/overlay.h"
#include "reckon/road/snap_index.h"
#include "reckon/road/way_rules.h"

namespace reckon::road {
namespace {

/// Half the circle that a heading stands for.
constexpr double kHeadingReachDeg = 90;

/// A degree of latitude is nowhere shorter.
constexpr double kLeastMetresPerDegree = 110'000;

/// One vehicle's part of a map, as one correction looks at it. What a place names is looked up among the
/// roads of all vehicles that the correction is for, so that it is the same street or junction for each of
/// them.
class Resolver {
 public:
  Resolver(const Network& network, const std::vector<Network>& among, EdgeLookup& lookup, VehicleChanges& out)
      : graph_(network.graph), geometry_(*network.geometry), among_(among), lookup_(lookup), out_(out) {}

  bool apply(const Correction& correction) {
    return std::visit([&](const auto& what) { return apply(what); }, correction.what);
  }

 private:
  bool apply(const CloseStreet& close) {
    bool found = false;
    for (const auto edge : edges_of(close.street)) {
      for (const std::uint32_t direction : {0u, 1u}) {
        if (close.heading_deg && !heads(edge, direction == 1, *close.heading_deg)) continue;
        out_.arcs.closed_edge_dirs.push_back(edge * 2 + direction);
        found = true;
      }
    }
    return found;
  }

  bool apply(const ForbidTurn& turn) {
    bool found = false;
    for (const auto from : arriving(turn.from_way, turn.at)) {
      for (const auto to : continuations(from)) {
        if (!on_way(to >> 1, turn.to_way)) continue;
        out_.arcs.forbidden_turns.push_back({from, to});
        found = true;
      }
    }
    return found;
  }

  bool apply(const AllowTurn& turn) {
    bool found = false;
    for (const auto from : arriving(turn.from_way, turn.at)) {
      for (const auto to : leaving(geometry_.finish_of(from))) {
        if (!on_way(to >> 1, turn.to_way) || to == (from ^ 1u)) continue;
        out_.turns.push_back({from, to});
        found = true;
      }
    }
    return found;
  }

  bool apply(const SetGate& gate) {
    const auto junction = nearest_junction(gate.at, [](std::uint32_t) { return true; });
    if (!junction) return false;
    bool found = false;
    for (const auto back : leaving(*junction)) {
      const auto from = back ^ 1u;
      for (const auto to : leaving(*junction)) {
        if (to == back || !has_arc(from) || !has_arc(to)) continue;
        found = true;
        if (gate.open) {
          out_.turns.push_back({from, to});
        } else {
          out_.arcs.forbidden_turns.push_back({from, to});
        }
      }
    }
    return found;
  }

  bool apply(const AddLink& link) {
    const auto any = [](std::uint32_t) { return true; };
    const auto from = nearest_junction(link.from, any), to = nearest_junction(link.to, any);
    if (!from || !to || *from == *to) return false;
    out_.links.push_back({*from, *to, link.metres_per_hour, link.both_ways});
    return true;
  }

  bool apply(const ScaleSpeed& speed) {
    const auto per_mille = speed.percent * 10;
    if (!speed.street && !speed.area) {
      if (speed.road_class) {
        out_.arcs.speeds.push_back({static_cast<std::uint8_t>(*speed.road_class), per_mille});
      } else {
        for (std::uint8_t c = 0; c < kRoadClasses; ++c) out_.arcs.speeds.push_back({c, per_mille});
      }
      return true;
    }
    bool found = false;
    const auto scale = [&](std::uint32_t edge) {
      if (speed.road_class && geometry_.edge_class[edge] != static_cast<std::uint8_t>(*speed.road_class))
        return;
      if (speed.area && !inside(*speed.area, edge)) return;
      out_.arcs.edge_speeds.push_back({edge, per_mille});
      found = true;
    };
    if (speed.street) {
      std::ranges::for_each(edges_of(*speed.street), scale);
    } else {
      for (std::uint32_t edge = 0; edge < geometry_.edge_count(); ++edge) scale(edge);
    }
    return found;
  }

  // Those of the vehicle, ascending.
  std::vector<std::uint32_t> edges_of(const StreetName& street) const {
    std::vector<std::uint32_t> edges;
    if (const auto* way = std::get_if<std::int64_t>(&street)) {
      for (const auto& [_, edge] : lookup_.edges_of(*way)) {
        if (graph_.has_arcs(edge)) edges.push_back(edge);
      }
      return edges;
    }
    const auto place = geo::PlaceE7::nearest(std::get<geo::LatLng>(street));
    std::optional<Snap> nearest;
    for (const auto& network : among_) {
      const auto snap = nearest_road(geometry_, network.vehicle, place, {kMaxNamedPlaceM});
      if (snap && (!nearest || snap->distance_m < nearest->distance_m)) nearest = snap;
    }
    if (nearest && graph_.has_arcs(nearest->nearest().edge)) edges.push_back(nearest->nearest().edge);
    return edges;
  }

  bool on_way(std::uint32_t edge, std::int64_t way) const {
    return std::ranges::find(geometry_.runs_of(edge), way, &WayRun::way) != geometry_.runs_of(edge).end();
  }

  bool has_arc(std::uint32_t edge_dir) const {
    bool has = false;
    graph_.each_arc_along(edge_dir, [&](std::uint32_t) { has = true; });
    return has;
  }

  bool heads(std::uint32_t edge, bool backward, double heading_deg) const {
    // Of a street that ends where it begins the first stretch tells.
    const bool loop = geometry_.start_of(edge * 2) == geometry_.finish_of(edge * 2);
    const auto a = geometry_.start_of(edge * 2),
               b = loop ? geometry_.points[geometry_.edge_first_point[edge] + 1]
                        : geometry_.finish_of(edge * 2);
    const auto along = geo::LocalFrame(backward ? b : a).at(backward ? a : b);
    const double bearing = std::atan2(along.x, along.y) * 180 / M_PI;
    return std::abs(std::remainder(bearing - heading_deg, 360)) < kHeadingReachDeg;
  }

  bool inside(const Box& area, std::uint32_t edge) const {
    const auto first = geometry_.edge_first_point[edge], end = geometry_.edge_first_point[edge + 1];
    const auto middle = geometry_.points[first + (end - first) / 2];
    const double lat = middle.lat * 1e-7, lng = middle.lng * 1e-7;
    return lat >= area.south && lat <= area.north && lng >= area.west && lng <= area.east;
  }

  // Directions of the way's edges that end at the junction nearest to `at`.
  std::vector<std::uint32_t> arriving(std::int64_t way, const geo::LatLng& at) const {
    std::vector<std::uint32_t> found;
    const auto junction = nearest_junction(at, [&](std::uint32_t edge) { return on_way(edge, way); });
    if (!junction) return found;
    for (const auto back : leaving(*junction)) {
      if (on_way(back >> 1, way) && has_arc(back ^ 1u)) found.push_back(back ^ 1u);
    }
    return found;
  }

  bool used(std::uint32_t edge) const {
    return std::ranges::any_of(among_, [&](const Network& one) { return one.graph.has_arcs(edge); });
  }

  // Place of an end of the edges that `counts` names.
  template <class Counts>
  std::optional<geo::PlaceE7> nearest_junction(const geo::LatLng& at, Counts counts) const {
    const geo::LocalFrame frame(geo::PlaceE7::nearest(at));
    std::optional<geo::PlaceE7> nearest;
    double best = kMaxNamedPlaceM * kMaxNamedPlaceM;
    for (const auto& [place, edge_dir] :
         lookup_.starts_beside(geo::PlaceE7::nearest(at), kMaxNamedPlaceM / kLeastMetresPerDegree)) {
      const auto point = frame.at(place);
      const double squared = point.x * point.x + point.y * point.y;
      const auto edge = edge_dir >> 1;
      if (squared >= best || !used(edge) || !counts(edge)) continue;
      best = squared;
      nearest = place;
    }
    return nearest;
  }

  // Directions of the vehicle's edges that begin at a junction.
  std::vector<std::uint32_t> leaving(geo::PlaceE7 junction) const {
    std::vector<std::uint32_t> found;
    for (const auto& start : lookup_.starts_at(junction)) {
      if (graph_.has_arcs(start.edge_dir >> 1)) found.push_back(start.edge_dir);
    }
    return found;
  }

  std::vector<std::uint32_t> continuations(std::uint32_t edge_dir) const {
    std::vector<std::uint32_t> found;
    graph_.each_arc_along(edge_dir, [&](std::uint32_t arc) {
      for (const auto next : graph_.after(arc)) found.push_back(graph_.arcs[next].edge_dir);
    });
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  ArcGraph graph_;
  const EdgeGeometry& geometry_;
  const std::vector<Network>& among_;
  EdgeLookup& lookup_;
  VehicleChanges& out_;
};

}  // namespace

ResolvedOverlay resolve(const Overlay& overlay, const RoadMap& map) {
  ResolvedOverlay resolved;
  resolved.found.assign(overlay.corrections.size(), false);
  if (map.vehicles().empty()) return resolved;
  EdgeLookup lookup(*map.network(map.vehicles().front()).geometry);
  for (std::size_t i = 0; i < overlay.corrections.size(); ++i) {
    const auto& correction = overlay.corrections[i];
    std::vector<Network> among;
    for (const auto vehicle : map.vehicles()) {
      const auto& named = correction.vehicles;
      if (named.empty() || std::ranges::find(named, vehicle) != named.end())
        among.push_back(map.network(vehicle));
    }
    for (const auto& network : among) {
      auto& out = resolved.by_vehicle[static_cast<std::size_t>(network.vehicle)];
      if (Resolver(network, among, lookup, out).apply(correction)) resolved.found[i] = true;
    }
  }
  return resolved;
}

}  // namespace reckon::road

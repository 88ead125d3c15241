// What corrections come to, in a map's own numbers.

#include <algorithm>
#include <cmath>
#include <utility>

#include "reckon/road/overlay.h"
#include "reckon/road/overlay_lookup.h"
#include "reckon/road/way_rules.h"

namespace reckon::road {
namespace {

/// One vehicle's part of a map, as one correction changes it.
class Resolver {
 public:
  Resolver(const Network& network, const NamedRoads& named, std::uint32_t correction, ResolvedOverlay& out)
      : network_(network),
        graph_(network.graph),
        geometry_(*network.geometry),
        named_(named),
        correction_(correction),
        out_(out.by_vehicle[static_cast<std::size_t>(network.vehicle)]),
        claims_(out.claims) {}

  bool apply(const Correction& correction) {
    return std::visit([&](const auto& what) { return apply(what); }, correction.what);
  }

 private:
  bool apply(const CloseStreet& close) {
    const auto edges = edges_of(close.street);
    for (const auto edge : edges) {
      for (const auto edge_dir : {edge * 2, edge * 2 + 1}) {
        if (!close.heading_deg || heads(edge_dir, *close.heading_deg))
          out_.arcs.closed_edge_dirs.push_back(edge_dir);
      }
    }
    return !edges.empty();
  }

  bool apply(const ForbidTurn& turn) {
    const auto turns = turns_of(turn);
    out_.arcs.forbidden_turns.insert(out_.arcs.forbidden_turns.end(), turns.begin(), turns.end());
    claim(turns, ClaimKind::kForbidTurn);
    return !turns.empty();
  }

  bool apply(const AllowTurn& turn) {
    auto turns = turns_of(turn);
    std::erase_if(turns, [](const EdgeTurn& one) { return one.to_edge_dir == (one.from_edge_dir ^ 1u); });
    for (const auto& [from, to] : turns) out_.turns.push_back({from, to});
    claim(turns, ClaimKind::kAllowTurn);
    return !turns.empty();
  }

  bool apply(const SetGate& gate) {
    const auto junction = named_.nearest_junction_to(gate.at);
    if (!junction) return false;
    std::vector<EdgeTurn> turns;
    const auto arms = named_.leaving(network_, junction->place);
    for (const auto back : arms) {
      for (const auto to : arms) {
        if (to != back && has_arc(graph_, back ^ 1u) && has_arc(graph_, to)) turns.push_back({back ^ 1u, to});
      }
    }
    for (const auto& turn : turns) {
      if (gate.open) {
        out_.turns.push_back({turn.from_edge_dir, turn.to_edge_dir});
      } else {
        out_.arcs.forbidden_turns.push_back(turn);
      }
    }
    claim(turns, gate.open ? ClaimKind::kOpenGate : ClaimKind::kShutGate);
    return !turns.empty();
  }

  bool apply(const AddLink& link) {
    const auto from = named_.nearest_junction_to(link.from), to = named_.nearest_junction_to(link.to);
    if (!from || !to || from->place == to->place) return false;
    out_.links.push_back({from->place, to->place, link.metres_per_hour, link.both_ways});
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
      if (speed.area && !inside(geometry_, *speed.area, edge)) return;
      out_.arcs.edge_speeds.push_back({edge, per_mille});
      found = true;
    };
    if (speed.street) {
      std::ranges::for_each(edges_of(*speed.street), scale);
    } else {
      for (std::uint32_t edge = 0; edge < geometry_.edge_count(); ++edge) {
        if (graph_.has_arcs(edge)) scale(edge);
      }
    }
    return found;
  }

  // Those of the vehicle, ascending.
  std::vector<std::uint32_t> edges_of(const StreetName& street) const {
    auto edges = named_.edges_of(street);
    std::erase_if(edges, [&](std::uint32_t edge) { return !graph_.has_arcs(edge); });
    return edges;
  }

  bool heads(std::uint32_t edge_dir, double heading_deg) const {
    return std::abs(std::remainder(named_.bearing_deg(edge_dir) - heading_deg, 360)) < kHeadingReachDeg;
  }

  // From each arm of the one way to each of the other, whether the map has the turn or not.
  template <class Turn>
  std::vector<EdgeTurn> turns_of(const Turn& turn) const {
    std::vector<EdgeTurn> turns;
    const auto junction = named_.nearest_junction_of(turn.from_way, turn.at);
    if (!junction) return turns;
    const auto arms = named_.leaving(network_, junction->place);
    for (const auto back : arms) {
      if (!named_.on_way(back >> 1, turn.from_way) || !has_arc(graph_, back ^ 1u)) continue;
      for (const auto to : arms) {
        if (named_.on_way(to >> 1, turn.to_way) && has_arc(graph_, to)) turns.push_back({back ^ 1u, to});
      }
    }
    return turns;
  }

  void claim(const std::vector<EdgeTurn>& turns, ClaimKind kind) {
    for (const auto& turn : turns) claims_.push_back({network_.vehicle, turn, kind, correction_});
  }

  const Network& network_;
  const ArcGraph& graph_;
  const EdgeGeometry& geometry_;
  const NamedRoads& named_;
  std::uint32_t correction_;
  VehicleChanges& out_;
  std::vector<TurnClaim>& claims_;
};

}  // namespace

ResolvedOverlay resolve(const Overlay& overlay, const RoadMap& map) {
  ResolvedOverlay resolved;
  resolved.found.assign(overlay.corrections.size(), false);
  if (map.vehicles().empty()) return resolved;
  EdgeLookup lookup(*map.network(map.vehicles().front()).geometry);
  for (std::size_t i = 0; i < overlay.corrections.size(); ++i) {
    const auto& correction = overlay.corrections[i];
    const NamedRoads named(map, correction, lookup);
    for (const auto& network : named.among()) {
      if (Resolver(network, named, static_cast<std::uint32_t>(i), resolved).apply(correction))
        resolved.found[i] = true;
    }
  }
  return resolved;
}

}  // namespace reckon::road

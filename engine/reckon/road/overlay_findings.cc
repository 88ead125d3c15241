#include "reckon/road/overlay_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "reckon/geo/geodesic.h"
#include "reckon/road/arcs.h"
#include "reckon/road/overlay_lookup.h"
#include "reckon/road/way_rules.h"

namespace reckon::road {
namespace {

/// How far the nearest candidate is looked for where none is near enough: beyond it is no slip of the hand.
constexpr double kFarthestCandidateM = 1000;

constexpr double kNowhere = std::numeric_limits<double>::infinity();

/// Ways named in one line; of more the number is told.
constexpr std::size_t kMaxWaysNamed = 5;

std::string text_of(const geo::LatLng& place) {
  return fmt::format("{:.6f},{:.6f}", place.lat_deg(), place.lng_deg());
}

std::string text_of(const FoundWay& way) {
  return way.street.empty() ? fmt::format("a road without a name (way {})", way.way)
                            : fmt::format("\"{}\" (way {})", way.street, way.way);
}

std::string text_of(const std::vector<FoundWay>& ways) {
  std::string text;
  for (std::size_t i = 0; i < std::min(ways.size(), kMaxWaysNamed); ++i)
    text += (i == 0 ? "" : ", ") + text_of(ways[i]);
  if (ways.size() > kMaxWaysNamed) text += fmt::format(" and {} more ways", ways.size() - kMaxWaysNamed);
  return text;
}

std::string text_of(const std::vector<base::Vehicle>& vehicles) {
  std::string text;
  for (const auto vehicle : vehicles)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", base::to_string(vehicle));
  return text;
}

std::string length_text(std::int64_t metres) {
  return metres < 10'000 ? fmt::format("{} m", metres)
                         : fmt::format("{:.1f} km", static_cast<double>(metres) / 1000);
}

std::string away_text(const FoundPlace& place) {
  return fmt::format("{:.1f} m from the place named", place.away_m);
}

/// One correction on one map.
class Finder {
 public:
  Finder(const RoadMap& map, const Correction& correction, EdgeLookup& lookup)
      : map_(map), correction_(correction), named_(map, correction, lookup), lookup_(lookup) {
    const auto resolved = resolve({1, {correction}}, map);
    found_ = resolved.found.front();
    changes_ = resolved.by_vehicle;
  }

  Finding find() {
    if (named_.among().empty()) {
      amiss("vehicles",
            fmt::format("the map has no {}; it has {}", text_of(correction_.vehicles),
                        text_of(map_.vehicles())),
            kNowhere);
      return std::move(out_);
    }
    std::visit([&](const auto& what) { find(what); }, correction_.what);
    if (!out_.fault && !found_) amiss("kind", "names nothing that the map has; something of it is needed");
    if (out_.fault) {
      Finding none;
      none.fault = std::move(out_.fault);
      none.nearest_m = out_.nearest_m;
      return none;
    }
    for (const auto& network : named_.among()) {
      if (changes(network)) out_.vehicles.push_back(network.vehicle);
    }
    if (!out_.vehicles.empty()) {
      out_.changes_nothing.clear();
      if (out_.vehicles.size() < named_.among().size()) out_.says += ", for " + text_of(out_.vehicles);
    }
    return std::move(out_);
  }

 private:
  void find(const CloseStreet& close) {
    const auto edges = street(close.street);
    if (out_.fault) return;
    add_edges(edges);
    out_.says =
        fmt::format("closes {}, {}{}{}", text_of(out_.ways), length_text(out_.length_m),
                    close.heading_deg ? fmt::format(", only towards {:g} degrees", *close.heading_deg) : "",
                    out_.places.empty() ? "" : ", " + away_text(out_.places[0]));
    out_.changes_nothing =
        fmt::format("nobody travels there within {:g} degrees of that heading; one does towards {} degrees",
                    kHeadingReachDeg, fmt::join(headings(edges), ", "));
  }

  void find(const ForbidTurn& turn) { find_turn(turn, "forbids", "the map forbids it already"); }
  void find(const AllowTurn& turn) { find_turn(turn, "allows", "the map allows it already"); }

  void find(const SetGate& gate) {
    const auto at = junction("at", gate.at);
    if (!at) return;
    add_arms(*at);
    if (!found_) {
      return amiss("at", fmt::format("the junction {}, {:.1f} m away, joins no two roads that {} may use; "
                                     "one that does is needed",
                                     text_of(out_.places[0].place), out_.places[0].away_m, who()));
    }
    out_.says = fmt::format("{} the junction {} of {}, {}", gate.open ? "opens" : "shuts",
                            text_of(out_.places[0].place), text_of(out_.ways), away_text(out_.places[0]));
    out_.changes_nothing =
        gate.open ? "one may pass it in every direction already" : "nobody may pass it anyway";
  }

  void find(const AddLink& link) {
    const auto from = junction("from", link.from);
    if (!from) return;
    const auto to = junction("to", link.to);
    if (!to) return;
    if (*from == *to) {
      return amiss("to", fmt::format("is nearest to the same junction as from, {}; another one is needed",
                                     text_of(from->to_lat_lng())));
    }
    out_.length_m = std::llround(geo::geodesic_m(from->to_lat_lng(), to->to_lat_lng()));
    out_.says =
        fmt::format("joins the junctions {} ({}) and {} ({}) by {}, {}", text_of(out_.places[0].place),
                    away_text(out_.places[0]), text_of(out_.places[1].place), away_text(out_.places[1]),
                    length_text(out_.length_m), link.both_ways ? "both ways" : "one way");
  }

  void find(const ScaleSpeed& speed) {
    const auto& geometry = named_.geometry();
    std::vector<std::uint32_t> edges;
    if (speed.street) {
      edges = street(*speed.street);
      if (out_.fault) return;
    } else {
      for (std::uint32_t edge = 0; edge < geometry.edge_count(); ++edge) {
        if (named_.used(edge)) edges.push_back(edge);
      }
    }
    if (speed.area) {
      std::erase_if(edges, [&](std::uint32_t edge) { return !inside(geometry, *speed.area, edge); });
      if (edges.empty()) return amiss("area", outside_text(speed));
    }
    if (speed.road_class) {
      const auto has = edges.empty() ? std::string_view() : class_of(edges.front());
      std::erase_if(edges,
                    [&](std::uint32_t edge) { return class_of(edge) != to_string(*speed.road_class); });
      if (edges.empty() && (speed.street || speed.area)) {
        return amiss("class", fmt::format("no road named here is of class {}; {} is",
                                          to_string(*speed.road_class), has));
      }
    }
    add_edges(edges);
    out_.says = fmt::format("gives {} of {} {} % of the map's speed{}", length_text(out_.length_m),
                            speed.street       ? text_of(out_.ways)
                            : speed.road_class ? fmt::format("{} road", to_string(*speed.road_class))
                                               : "road",
                            speed.percent, out_.places.empty() ? "" : ", " + away_text(out_.places[0]));
    if (speed.area) out_.says += ", inside the area";
    out_.changes_nothing = edges.empty()
                               ? fmt::format("the map has no road of class {}", to_string(*speed.road_class))
                               : "100 % is the speed that they have";
  }

  // --- what is named

  std::vector<std::uint32_t> street(const StreetName& name) {
    if (const auto* way = std::get_if<std::int64_t>(&name)) {
      auto edges = named_.edges_of(name);
      if (edges.empty()) unknown_way("way", *way);
      return edges;
    }
    const auto& place = std::get<geo::LatLng>(name);
    const auto road = named_.nearest_road_to(place);
    if (!road) {
      const auto far = named_.nearest_road_to(place, kFarthestCandidateM);
      too_far("near", place, "road", far ? std::optional(far->away_m) : std::nullopt);
      return {};
    }
    out_.places.push_back({"near", place_of(named_.geometry(), road->at).to_lat_lng(), road->away_m});
    out_.ways.push_back(way_at(road->at.edge, road->at.point));
    return {road->at.edge};
  }

  std::optional<geo::PlaceE7> junction(std::string_view field, const geo::LatLng& place) {
    const auto at = named_.nearest_junction_to(place);
    if (at) {
      out_.places.push_back({field, at->place.to_lat_lng(), at->away_m});
      return at->place;
    }
    const auto far = named_.nearest_junction_to(place, kFarthestCandidateM);
    too_far(field, place, "junction", far ? std::optional(far->away_m) : std::nullopt);
    return std::nullopt;
  }

  template <class Turn>
  void find_turn(const Turn& turn, std::string_view verb, std::string_view already) {
    for (const auto& [field, way] :
         {std::pair{"from_way", turn.from_way}, std::pair{"to_way", turn.to_way}}) {
      if (named_.edges_of(way).empty()) return unknown_way(field, way);
    }
    const auto at = named_.nearest_junction_of(turn.from_way, turn.at);
    if (!at) return no_junction_of(turn.from_way, turn.at);
    out_.places.push_back({"at", at->place.to_lat_lng(), at->away_m});
    const auto from = arm_of(at->place, turn.from_way), to = arm_of(at->place, turn.to_way);
    if (!to) return not_there("to_way", turn.to_way, at->place);
    out_.ways = {*from, *to};
    if (!found_) return wrong_way(turn.from_way, turn.to_way, at->place);
    out_.says = fmt::format("{} the turn from {} to {} at the junction {}, {}", verb, text_of(*from),
                            text_of(*to), text_of(out_.places[0].place), away_text(out_.places[0]));
    out_.changes_nothing = already;
  }

  FoundWay way_at(std::uint32_t edge, std::uint32_t point) const {
    const auto& run = named_.geometry().run_at(edge, point);
    return {run.way, named_.geometry().names.of(run.name)};
  }

  void add_way(const FoundWay& way) {
    if (std::ranges::find(out_.ways, way) == out_.ways.end()) out_.ways.push_back(way);
  }

  // Metres of all, and their ways: the one named first.
  void add_edges(const std::vector<std::uint32_t>& edges) {
    const auto& geometry = named_.geometry();
    std::int64_t length_mm = 0;
    for (const auto edge : edges) {
      length_mm += geometry.length_mm(edge);
      if (!named_street()) continue;  // half the city's
      for (const auto& run : geometry.runs_of(edge)) add_way({run.way, geometry.names.of(run.name)});
    }
    out_.length_m = (length_mm + 500) / 1000;
    const auto street = named_street();
    if (const auto* way = street ? std::get_if<std::int64_t>(&*street) : nullptr) {
      const auto first = std::ranges::find(out_.ways, *way, &FoundWay::way);
      std::rotate(out_.ways.begin(), first, first + 1);
    }
  }

  std::optional<StreetName> named_street() const {
    if (const auto* close = std::get_if<CloseStreet>(&correction_.what)) return close->street;
    const auto* speed = std::get_if<ScaleSpeed>(&correction_.what);
    return speed != nullptr ? speed->street : std::nullopt;
  }

  // The ways that meet in a junction, each as it stands there.
  std::vector<FoundWay> arms(geo::PlaceE7 junction) const {
    std::vector<FoundWay> found;
    for (const auto& start : lookup_.starts_at(junction)) {
      const auto edge = start.edge_dir >> 1;
      if (!named_.used(edge)) continue;
      const auto& geometry = named_.geometry();
      const auto way = way_at(edge, (start.edge_dir & 1) == 0 ? geometry.edge_first_point[edge]
                                                              : geometry.edge_first_point[edge + 1] - 2);
      if (std::ranges::find(found, way) == found.end()) found.push_back(way);
    }
    std::ranges::sort(found, {}, &FoundWay::way);
    return found;
  }
  void add_arms(geo::PlaceE7 junction) { out_.ways = arms(junction); }

  // The way's own part of an edge that ends there.
  std::optional<FoundWay> arm_of(geo::PlaceE7 junction, std::int64_t way) const {
    for (const auto& start : lookup_.starts_at(junction)) {
      const auto edge = start.edge_dir >> 1;
      if (!named_.used(edge)) continue;
      for (const auto& run : named_.geometry().runs_of(edge)) {
        if (run.way == way) return FoundWay{way, named_.geometry().names.of(run.name)};
      }
    }
    return std::nullopt;
  }

  std::string_view class_of(std::uint32_t edge) const {
    return to_string(static_cast<RoadClass>(named_.geometry().edge_class[edge]));
  }

  // Directions in which one travels there.
  std::vector<std::string> headings(const std::vector<std::uint32_t>& edges) const {
    std::vector<std::string> found;
    for (const auto edge : edges) {
      for (const auto edge_dir : {edge * 2, edge * 2 + 1}) {
        const bool travelled = std::ranges::any_of(
            named_.among(), [&](const Network& one) { return has_arc(one.graph, edge_dir); });
        auto text = fmt::format("{:.0f}", named_.bearing_deg(edge_dir));
        if (travelled && found.size() < kMaxWaysNamed && std::ranges::find(found, text) == found.end())
          found.push_back(std::move(text));
      }
    }
    return found;
  }

  // --- what is amiss

  void amiss(std::string_view field, std::string message, double nearest_m = 0) {
    out_.fault = base::Fault{fmt::format("/{}", field), std::move(message)};
    out_.nearest_m = nearest_m;
  }

  std::string who() const {
    std::vector<base::Vehicle> vehicles;
    for (const auto& network : named_.among()) vehicles.push_back(network.vehicle);
    return text_of(vehicles);
  }

  void unknown_way(std::string_view field, std::int64_t way) {
    const bool kept = !lookup_.edges_of(way).empty();
    amiss(field,
          kept ? fmt::format("way {} is closed to {} anyway; a way that they may use is needed", way, who())
               : fmt::format("the map has no way {}; the id of an OpenStreetMap way that its vehicles "
                             "may use is needed",
                             way),
          kept ? 0 : kNowhere);
  }

  void too_far(std::string_view field, const geo::LatLng& place, std::string_view what,
               std::optional<double> away_m) {
    const auto& box = map_.info();
    const double lat = place.lng_deg(), lng = place.lat_deg();
    if (away_m) {
      amiss(field,
            fmt::format("the nearest {} is {:.1f} m away; at most {:g} m are allowed", what, *away_m,
                        kMaxNamedPlaceM),
            *away_m);
    } else if (lat >= box.south && lat <= box.north && lng >= box.west && lng <= box.east) {
      amiss(field,
            "latitude and longitude look swapped (the swapped pair lies on the map); [LAT, LON] is needed",
            kFarthestCandidateM);
    } else {
      amiss(field,
            fmt::format("no {} lies within {:g} m; one that is at most {:g} m away is needed", what,
                        kFarthestCandidateM, kMaxNamedPlaceM),
            kNowhere);
    }
  }

  void not_there(std::string_view field, std::int64_t way, geo::PlaceE7 junction) {
    std::vector<std::int64_t> ways;
    for (const auto& arm : arms(junction)) ways.push_back(arm.way);
    amiss(field,
          fmt::format("way {} is not at the junction {}; {} {} there", way, text_of(junction.to_lat_lng()),
                      fmt::join(ways, ", "), ways.size() == 1 ? "is" : "are"));
  }

  // Nothing of the way is near enough: is another junction?
  void no_junction_of(std::int64_t way, const geo::LatLng& at) {
    if (const auto other = named_.nearest_junction_to(at)) {
      not_there("from_way", way, other->place);
    } else {
      junction("at", at);
    }
  }

  // Both ways are there, but nobody can come by the one, or go by the other.
  void wrong_way(std::int64_t from, std::int64_t to, geo::PlaceE7 junction) {
    bool arrives = false, leaves = false;
    for (const auto& network : named_.among()) {
      for (const auto back : named_.leaving(network, junction)) {
        arrives = arrives || (named_.on_way(back >> 1, from) && has_arc(network.graph, back ^ 1u));
        leaves = leaves || (named_.on_way(back >> 1, to) && has_arc(network.graph, back));
      }
    }
    const auto where = text_of(junction.to_lat_lng());
    if (!arrives) {
      amiss("from_way",
            fmt::format("way {} leads away from the junction {} only, for {}; one that leads to it "
                        "is needed",
                        from, where, who()));
    } else if (!leaves) {
      amiss("to_way",
            fmt::format("way {} leads to the junction {} only, for {}; one that leads away from it is "
                        "needed",
                        to, where, who()));
    } else {
      amiss("to_way", fmt::format("the turn from way {} would go straight back at {}; another way is needed",
                                  from, where));
    }
  }

  std::string outside_text(const ScaleSpeed& speed) const {
    const auto& box = map_.info();
    return fmt::format("no road{} has its middle in it; the map covers [{:.4f}, {:.4f}, {:.4f}, {:.4f}]",
                       speed.street ? " named here" : "", box.west, box.south, box.east, box.north);
  }

  // --- what changes

  bool changes(const Network& network) const {
    const auto& graph = network.graph;
    const auto& own = changes_[static_cast<std::size_t>(network.vehicle)];
    const auto& arcs = own.arcs;
    if (!own.links.empty()) return true;
    if (const auto* speed = std::get_if<ScaleSpeed>(&correction_.what))
      return speed->percent != 100 && scales(network, arcs);
    const bool closes = std::ranges::any_of(arcs.closed_edge_dirs,
                                            [&](std::uint32_t edge_dir) { return has_arc(graph, edge_dir); });
    const bool forbids = std::ranges::any_of(arcs.forbidden_turns, [&](const EdgeTurn& turn) {
      return std::ranges::binary_search(continuations(graph, turn.from_edge_dir), turn.to_edge_dir);
    });
    const bool allows =
        std::ranges::any_of(own.turns, [&](const AddedTurn& turn) { return adds(graph, turn); });
    return closes || forbids || allows;
  }

  static bool scales(const Network& network, const ArcChanges& arcs) {
    if (!arcs.edge_speeds.empty()) return true;
    return std::ranges::any_of(network.graph.arcs, [&](const Arc& arc) {
      return std::ranges::find(arcs.speeds, network.geometry->edge_class[arc.edge()],
                               &ClassSpeed::road_class) != arcs.speeds.end();
    });
  }

  // As GraphExtension does.
  static bool adds(const ArcGraph& graph, const AddedTurn& turn) {
    bool new_one = false;
    graph.each_arc_along(turn.from_edge_dir, [&](std::uint32_t from) {
      const bool there = std::ranges::any_of(graph.after(from), [&](std::uint32_t next) {
        return graph.arcs[next].edge_dir == turn.to_edge_dir;
      });
      if (there) return;
      graph.each_arc_along(turn.to_edge_dir, [&](std::uint32_t to) {
        if (!graph.arcs[to].copy && may_follow(graph.arcs[from].kind, graph.arcs[to].kind)) new_one = true;
      });
    });
    return new_one;
  }

  const RoadMap& map_;
  const Correction& correction_;
  NamedRoads named_;
  EdgeLookup& lookup_;
  bool found_ = false;
  std::array<VehicleChanges, base::kAllVehicles.size()> changes_;
  Finding out_;
};

bool overlap(const Correction& a, const Correction& b) {
  const auto before = [](const Correction& one, const Correction& other) {
    return one.until && other.from && *one.until <= *other.from;
  };
  return !before(a, b) && !before(b, a) && (!a.daily || !b.daily || overlap(*a.daily, *b.daily));
}

bool of_gate(ClaimKind kind) {
  return kind == ClaimKind::kShutGate || kind == ClaimKind::kOpenGate;
}

std::string message_of(const Correction& earlier, const Correction& later, ClaimKind first,
                       ClaimKind second) {
  const std::string_view thing = of_gate(first) ? "gate" : "turn";
  const auto verb = [](ClaimKind kind) -> std::string_view {
    switch (kind) {
      case ClaimKind::kForbidTurn:
        return "forbids";
      case ClaimKind::kAllowTurn:
        return "allows";
      case ClaimKind::kShutGate:
        return "shuts";
      case ClaimKind::kOpenGate:
        return "opens";
    }
    return "";
  };
  return first == second
             ? fmt::format("'{}' {} the same {} as '{}' at the same time; one of them is needed", later.id,
                           verb(second), thing, earlier.id)
             : fmt::format(
                   "'{}' {} the {} that '{}' {} at the same time; one of them, or times apart, is needed",
                   later.id, verb(second), thing, earlier.id, verb(first));
}

}  // namespace

Finding finding_of(const Correction& correction, const RoadMap& map) {
  EdgeLookup lookup(*map.network(map.vehicles().front()).geometry);
  return Finder(map, correction, lookup).find();
}

std::vector<Contradiction> contradictions(const Overlay& overlay, std::vector<TurnClaim> claims) {
  const auto key = [](const TurnClaim& one) {
    return std::tuple(of_gate(one.kind), one.vehicle, one.turn, one.correction);
  };
  std::ranges::sort(claims, {}, key);
  std::map<std::uint32_t, std::pair<TurnClaim, TurnClaim>>
      found;  // by the later one, with the first before it
  std::size_t group = 0;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const auto& later = claims[i];
    if (of_gate(claims[group].kind) != of_gate(later.kind) || claims[group].vehicle != later.vehicle ||
        claims[group].turn != later.turn)
      group = i;
    const auto earlier = std::find_if(
        claims.begin() + static_cast<std::ptrdiff_t>(group), claims.begin() + static_cast<std::ptrdiff_t>(i),
        [&](const TurnClaim& one) {
          return one.correction != later.correction &&
                 overlap(overlay.corrections[one.correction], overlay.corrections[later.correction]);
        });
    if (earlier != claims.begin() + static_cast<std::ptrdiff_t>(i))
      found.try_emplace(later.correction, *earlier, later);
  }
  std::vector<Contradiction> all;
  for (const auto& [_, pair] : found) {
    const auto& [first, second] = pair;
    all.push_back({first.correction, second.correction,
                   message_of(overlay.corrections[first.correction], overlay.corrections[second.correction],
                              first.kind, second.kind)});
  }
  return all;
}

}  // namespace reckon::road

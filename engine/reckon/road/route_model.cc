#include "reckon/road/route_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "reckon/road/arcs.h"

namespace reckon::road {
namespace {

constexpr double kHeadingM = 12;  // a junction's own little bends say nothing of the turn
constexpr double kDegrees = 180 / 3.14159265358979323846;
constexpr double kKnotDegrees = 360.0 / (kTurnKnots - 1);

double heading(geo::PlaceE7 from, geo::PlaceE7 to) {
  const auto at = geo::LocalFrame(from).at(to);
  return std::atan2(at.x, at.y) * kDegrees;
}

// The direction of travel where an arc ends (or begins), over its last (first) metres.
double heading_at(const EdgeGeometry& geometry, const Arc& arc, bool at_end) {
  const auto first = geometry.edge_first_point[arc.edge()];
  const auto last = geometry.edge_first_point[arc.edge() + 1] - 1;
  const bool from_last = at_end != arc.backward();  // the junction is the edge's last point
  const auto corner = from_last ? last : first;
  auto other = corner;
  while (other != (from_last ? first : last)) {
    other = from_last ? other - 1 : other + 1;
    const auto a = geometry.along_mm[other], b = geometry.along_mm[corner];
    if (static_cast<double>(a > b ? a - b : b - a) >= kHeadingM * 1000) break;
  }
  return at_end ? heading(geometry.points[other], geometry.points[corner])
                : heading(geometry.points[corner], geometry.points[other]);
}

std::uint64_t key_of(geo::PlaceE7 place) {
  return std::uint64_t{static_cast<std::uint32_t>(place.lat)} << 32 | static_cast<std::uint32_t>(place.lng);
}

// Links count as the road that they lead to.
int rank_of(std::uint8_t road_class) {
  const auto value = static_cast<int>(road_class);
  return value <= static_cast<int>(RoadClass::kTertiaryLink) ? value / 2 : value;
}

}  // namespace

RouteNetwork::RouteNetwork(const Network& network)
    : network_(with_all_turns(network)), back_(network_.graph), doors_(*network_.geometry, network_.graph) {
  find_groups();
  find_turns();
  find_north();
  added_ = {};
}

namespace {

/// Ends of edges (edge * 2, and one more where travel along the edge ends) that meet in one node: those
/// between which the map has turns, or that it joins for roads that it is unsure of. Two nodes at one place,
/// such as of a bridge and the road under it, stay two, and a barrier that nobody passes parts a node.
class Nodes {
 public:
  Nodes(const ArcGraph& graph, std::span<const JoinedEnds> joins, std::size_t edges) : parent_(2 * edges) {
    std::iota(parent_.begin(), parent_.end(), 0U);
    for (const auto& [a, b] : joins) parent_[of(a)] = of(b);
    for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
      for (const auto to : graph.after(arc)) {
        if (graph.arcs[to].edge() != graph.arcs[arc].edge())
          parent_[of(end_of(graph.arcs[arc].edge_dir))] = of(start_of(graph.arcs[to].edge_dir));
      }
    }
  }
  std::uint32_t at_start_of(const Arc& arc) { return of(start_of(arc.edge_dir)); }
  std::uint32_t at_end_of(const Arc& arc) { return of(end_of(arc.edge_dir)); }

 private:
  static std::uint32_t start_of(std::uint32_t edge_dir) { return edge_dir; }
  static std::uint32_t end_of(std::uint32_t edge_dir) { return edge_dir ^ 1U; }
  std::uint32_t of(std::uint32_t end) {
    while (parent_[end] != end) end = parent_[end] = parent_[parent_[end]];
    return end;
  }

  std::vector<std::uint32_t> parent_;
};

// Where a trip goes on from a road for trips' ends only that it began on: after the exit arc along the edge.
std::span<const std::uint32_t> after_exit(const ArcGraph& graph, std::uint32_t edge_dir) {
  std::span<const std::uint32_t> after;
  graph.each_arc_along(edge_dir, [&](std::uint32_t arc) {
    if (graph.arcs[arc].kind == ArcKind::kExit && !graph.arcs[arc].copy) after = graph.after(arc);
  });
  return after;
}

}  // namespace

// The map's arcs and those that it is unsure of; of turns the map's own, in the arcs' new numbers.
CompiledArcs RouteNetwork::with_unsure_arcs(const Network& network) {
  CompiledArcs all;
  const auto& graph = network.graph;
  std::vector<std::uint32_t> number(graph.arcs.size()), of_arc;
  auto unsure = network.unsure.arcs.begin();
  for (std::uint32_t edge = 0; edge + 1 < graph.edge_first_arc.size(); ++edge) {
    all.edge_first_arc.push_back(static_cast<std::uint32_t>(all.arcs.size()));
    const auto add_unsure_below = [&](std::uint32_t edge_dir) {
      for (; unsure != network.unsure.arcs.end() && unsure->edge_dir < edge_dir; ++unsure) {
        all.arcs.push_back(*unsure);
        of_arc.push_back(kNoArc);
        unsure_classes_ |= 1U << network.geometry->edge_class[edge];
      }
    };
    for (auto arc = graph.edge_first_arc[edge]; arc < graph.edge_first_arc[edge + 1]; ++arc) {
      add_unsure_below(graph.arcs[arc].edge_dir);
      number[arc] = static_cast<std::uint32_t>(all.arcs.size());
      all.arcs.push_back(graph.arcs[arc]);
      of_arc.push_back(arc);
    }
    add_unsure_below(2 * edge + 2);
  }
  all.edge_first_arc.push_back(static_cast<std::uint32_t>(all.arcs.size()));
  for (const auto arc : of_arc) {
    all.next_first.push_back(static_cast<std::uint32_t>(all.next.size()));
    if (arc == kNoArc) continue;
    for (const auto to : graph.after(arc)) all.next.push_back(number[to]);
  }
  all.next_first.push_back(static_cast<std::uint32_t>(all.next.size()));
  return all;
}

// At each node all arms: what the map leaves out is forbidden by a turn rule, or passes through a road that
// only trips' ends may use. Who comes to such a road's end along a copy, which a rule over ways has led
// there, may go on only where rules are not kept either: the map does not say which way on is that rule's.
// Turn rules on roads that the map is unsure of are not known.
Network RouteNetwork::with_all_turns(Network network) {
  auto own_turns = with_unsure_arcs(network);
  const auto graph = own_turns.view();
  Nodes nodes(graph, network.unsure.joins, network.geometry->edge_count());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> leaving;  // node, arc
  for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
    if (!graph.arcs[arc].copy) leaving.emplace_back(nodes.at_start_of(graph.arcs[arc]), arc);
  }
  std::ranges::sort(leaving);
  const auto leads_along = [&](std::span<const std::uint32_t> turns, const Arc& out) {
    return std::ranges::any_of(turns, [&](auto to) {
      return graph.arcs[to].edge_dir == out.edge_dir && graph.arcs[to].kind == out.kind;
    });
  };
  for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
    all_.next_first.push_back(static_cast<std::uint32_t>(all_.next.size()));
    const auto& in = graph.arcs[arc];
    const auto own = graph.after(arc);
    all_.next.insert(all_.next.end(), own.begin(), own.end());
    added_.resize(all_.next.size());
    const bool passes = in.kind == ArcKind::kEntry;
    const auto passing = passes ? after_exit(graph, in.edge_dir) : std::span<const std::uint32_t>{};
    const auto node = nodes.at_end_of(in);
    auto out = std::ranges::lower_bound(leaving, std::pair(node, 0U));
    for (; out != leaving.end() && out->first == node; ++out) {
      const auto& to = graph.arcs[out->second];
      const bool onward = may_follow(in.kind, to.kind), unsure = in.unsure || to.unsure;
      if (to.edge() == in.edge() || !(onward || (passes && to.kind == ArcKind::kPublic))) continue;
      if (onward && leads_along(own, to)) continue;
      std::uint8_t why = onward ? 0 : in.destination ? kPassing : kPassingPrivate;
      if (!unsure && (onward || in.copy || !leads_along(passing, to))) why |= kAgainstRule;
      all_.next.push_back(out->second);
      added_.push_back(why);
      adds_ |= why;
    }
    if (in.unsure && all_.next.size() == all_.next_first.back()) {  // a dead end
      graph.each_arc_along(in.edge_dir ^ 1U, [&](std::uint32_t back) {
        if (may_follow(in.kind, graph.arcs[back].kind)) all_.next.push_back(back);
      });
      added_.resize(all_.next.size());
    }
  }
  all_.next_first.push_back(static_cast<std::uint32_t>(all_.next.size()));
  all_.arcs = std::move(own_turns.arcs);
  all_.edge_first_arc = std::move(own_turns.edge_first_arc);
  network.graph = all_.view();
  network.dissection = {};
  return network;
}

void RouteNetwork::find_north() {
  const auto& geometry = *network_.geometry;
  for (std::uint32_t edge = 0; edge < geometry.edge_count(); ++edge) {
    double north = 0, all = 0;
    for (auto p = geometry.edge_first_point[edge]; p + 1 < geometry.edge_first_point[edge + 1]; ++p) {
      const auto step = geo::LocalFrame(geometry.points[p]).at(geometry.points[p + 1]);
      const double squared = step.x * step.x + step.y * step.y;
      if (squared == 0) continue;
      const double metres = std::sqrt(squared);
      all += metres;
      north += metres * step.y * step.y / squared;
    }
    north_.push_back(all > 0 ? static_cast<float>(north / all) : 0.5F);
  }
}

void RouteNetwork::find_groups() {
  std::map<std::pair<std::uint8_t, std::uint32_t>, std::uint16_t> numbers;
  const auto& classes = network_.geometry->edge_class;
  for (const auto& arc : network_.graph.arcs) numbers[{classes[arc.edge()], arc.metres_per_hour}] = 0;
  for (auto& [key, number] : numbers) {
    number = static_cast<std::uint16_t>(groups_.size());
    groups_.push_back({static_cast<RoadClass>(key.first), key.second});
  }
  for (const auto& arc : network_.graph.arcs)
    group_.push_back(numbers[{classes[arc.edge()], arc.metres_per_hour}]);
}

void RouteNetwork::find_turns() {
  const auto& graph = network_.graph;
  const auto& geometry = *network_.geometry;
  std::unordered_map<std::uint64_t, std::uint8_t> arms;  // of each junction, this vehicle's
  for (std::uint32_t edge = 0; edge < geometry.edge_count(); ++edge) {
    const auto own = graph.arcs.subspan(graph.edge_first_arc[edge],
                                        graph.edge_first_arc[edge + 1] - graph.edge_first_arc[edge]);
    if (std::ranges::all_of(own, [](const Arc& arc) { return arc.unsure; })) continue;
    for (const auto point : {geometry.edge_first_point[edge], geometry.edge_first_point[edge + 1] - 1}) {
      auto& count = arms[key_of(geometry.points[point])];
      if (count < 255) ++count;
    }
  }
  turns_.resize(graph.next.size());
  for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
    const auto& in = graph.arcs[arc];
    const auto corner =
        in.backward() ? geometry.edge_first_point[in.edge()] : geometry.edge_first_point[in.edge() + 1] - 1;
    const bool junction = arms[key_of(geometry.points[corner])] > 2;
    const double before = heading_at(geometry, in, true);
    for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn) {
      const auto& out = graph.arcs[graph.next[turn]];
      auto& shape = turns_[turn];
      shape.flags = static_cast<std::uint8_t>(added_[turn] | (in.light ? kLight : 0));
      if (out.edge() == in.edge() && out.backward() != in.backward()) {
        shape.flags |= kUTurn;
        continue;
      }
      if (!junction && !in.unsure && !out.unsure) continue;
      double angle = heading_at(geometry, out, false) - before;
      while (angle > 180) angle -= 360;
      while (angle < -180) angle += 360;
      const double at = std::clamp((angle + 180) / kKnotDegrees, 0.0, kTurnKnots - 1.001);
      shape.knot = static_cast<std::uint8_t>(at);
      shape.share = static_cast<std::uint8_t>(std::lround((at - shape.knot) * 255));
      const int from = rank_of(geometry.edge_class[in.edge()]), to = rank_of(geometry.edge_class[out.edge()]);
      shape.flags = static_cast<std::uint8_t>(shape.flags | kJunction | (to < from ? kOntoLarger : 0) |
                                              (to > from ? kOntoSmaller : 0));
    }
  }
}

RouteModel RouteNetwork::own_model() const {
  RouteModel model;
  for (const auto& group : groups_) model.pace_ms_per_m.push_back(3'600'000.0 / group.metres_per_hour);
  for (std::size_t knot = 0; knot < kTurnKnots; ++knot) {
    const double angle = (static_cast<double>(knot) * kKnotDegrees - 180) / kDegrees;
    const bool across = (angle < 0) == (network_.driving_side == DrivingSide::kRight);
    model.turn_ms[knot] = bend_ms(network_.vehicle, std::cos(angle), across);
  }
  model.turn_ms[kTurnUTurn] = u_turn_ms(network_.vehicle);
  model.turn_ms[kTurnLight] = kSignalMs;
  return model;
}

bool RouteNetwork::has_turns_under(bool RouteModel::*rule) const {
  const auto flag = rule == &RouteModel::passes_destination ? kPassing
                    : rule == &RouteModel::passes_private   ? kPassingPrivate
                                                            : kAgainstRule;
  return (adds_ & flag) != 0;
}

ArcCosts RouteNetwork::costs(const RouteModel& model) const {
  ArcCosts costs;
  const auto& graph = network_.graph;
  const auto& classes = network_.geometry->edge_class;
  const auto whole = [](double ms) {
    return static_cast<std::uint32_t>(std::clamp(std::round(ms), 0.0, 2e9));
  };
  costs.arc_ms.resize(graph.arcs.size());
  for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
    const auto& one = graph.arcs[arc];
    const auto is_of = [&](std::uint32_t closed_classes) {
      return (closed_classes >> classes[one.edge()] & 1) != 0;
    };
    const bool closed =
        (is_of(model.closed_classes) || (is_private(arc) && is_of(model.closed_private_classes)) ||
         (is_pushed(arc) && is_of(model.closed_pushed_classes))) &&
        !std::ranges::binary_search(model.exempt_edges, one.edge());
    costs.arc_ms[arc] =
        closed || (one.unsure && !is_of(model.unsure_classes))
            ? kClosedMs
            : std::max<std::uint32_t>(1, whole(model.pace_ms_per_m[group_[arc]] * one.length_mm / 1000));
  }
  const auto add = [&](const RouteModel::EdgeChange& change) {
    if (change.edge_dir / 2 >= network_.geometry->edge_count()) return;
    graph.each_arc_along(change.edge_dir, [&](std::uint32_t arc) {
      auto& ms = costs.arc_ms[arc];
      if (ms == kClosedMs) return;
      // At least a tenth of its time is left: nothing learned makes a road free.
      ms = change.add_ms == kEdgeClosed
               ? kClosedMs
               : std::max(1 + ms / 10, whole(static_cast<double>(ms) + change.add_ms));
    });
  };
  for (const auto& time : model.edge_times) add(time);
  for (const auto& change : model.edges) add(change);
  costs.turn_ms.resize(turns_.size());
  for (std::size_t turn = 0; turn < turns_.size(); ++turn) {
    const auto& shape = turns_[turn];
    double ms = 0;
    if ((shape.flags & kUTurn) != 0) ms += model.turn_ms[kTurnUTurn];
    if ((shape.flags & kJunction) != 0) {
      const double upper = shape.share / 255.0;
      ms += model.turn_ms[shape.knot] * (1 - upper) + model.turn_ms[std::size_t{shape.knot} + 1] * upper;
    }
    if ((shape.flags & kOntoLarger) != 0) ms += model.turn_ms[kTurnOntoLarger];
    if ((shape.flags & kOntoSmaller) != 0) ms += model.turn_ms[kTurnOntoSmaller];
    if ((shape.flags & kLight) != 0) ms += model.turn_ms[kTurnLight];
    const bool closed = ((shape.flags & kAgainstRule) != 0 && !model.ignores_turn_rules) ||
                        ((shape.flags & kPassing) != 0 && !model.passes_destination) ||
                        ((shape.flags & kPassingPrivate) != 0 && !model.passes_private);
    costs.turn_ms[turn] = closed ? kClosedMs : whole(ms);
  }
  for (const auto& [turn, add_ms] : model.turn_times) {
    if (turn < turns_.size() && costs.turn_ms[turn] != kClosedMs)
      costs.turn_ms[turn] = whole(static_cast<double>(costs.turn_ms[turn]) + add_ms);
  }
  return costs;
}

OpenEdges RouteNetwork::open_edges(const ArcCosts& costs, const DoorRules& rules) const {
  const auto& graph = network_.graph;
  const auto open = [&](std::uint32_t arc) { return costs.arc_ms[arc] != kClosedMs; };
  std::vector<std::uint32_t> todo;
  const auto reach = [&](std::uint32_t seed, bool forward) {
    std::vector<bool> seen(graph.arcs.size());
    seen[seed] = true;
    todo.assign(1, seed);
    while (!todo.empty()) {
      const auto arc = todo.back();
      todo.pop_back();
      const auto visit = [&](std::uint32_t next) {
        if (seen[next] || !open(next)) return;
        seen[next] = true;
        todo.push_back(next);
      };
      if (forward) {
        for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn)
          if (costs.turn_ms[turn] != kClosedMs) visit(graph.next[turn]);
      } else {
        for (const auto& [before, turn] : back_.into(arc)) {
          if (costs.turn_ms[turn] != kClosedMs) visit(before);
        }
      }
    }
    return seen;
  };
  // The largest part holds most arcs: of some seeds spread over all, one lies in it.
  constexpr std::uint32_t kSeeds = 24;
  std::vector<bool> best_to, best_from;
  std::size_t best = 0;
  const auto count = static_cast<std::uint32_t>(graph.arcs.size());
  for (std::uint32_t s = 0; s < kSeeds && count > 0; ++s) {
    const auto seed = static_cast<std::uint32_t>(std::uint64_t{count} * s / kSeeds);
    if (!open(seed) || (best > 0 && best_to[seed] && best_from[seed])) continue;
    auto to = reach(seed, true), from = reach(seed, false);
    std::size_t both = 0;
    for (std::uint32_t arc = 0; arc < count; ++arc) both += to[arc] && from[arc] ? 1U : 0U;
    if (both <= best) continue;
    best = both;
    best_to = std::move(to);
    best_from = std::move(from);
  }
  const auto edge_count = network_.geometry->edge_count();
  OpenEdges edges{std::vector<bool>(edge_count), std::vector<bool>(edge_count)};
  for (std::uint32_t edge = 0; edge < edge_count && best > 0; ++edge) {
    bool ends = false, begins = false;
    for (auto arc = graph.edge_first_arc[edge]; arc < graph.edge_first_arc[edge + 1]; ++arc) {
      if (!open(arc)) continue;
      ends = ends || best_to[arc];
      begins = begins || best_from[arc];
    }
    edges.start[edge] = begins && (ends || rules.one_sided);
    edges.finish[edge] = ends && (begins || rules.one_sided);
  }
  return edges;
}

namespace {

// Of the path's arc `i` it uses so much.
std::uint32_t used_mm(const ArcGraph& graph, const ModelPath& path, std::size_t i) {
  if (i == 0) return path.first_mm;
  return i + 1 == path.arcs.size() ? path.last_mm : graph.arcs[path.arcs[i]].length_mm;
}

}  // namespace

double RouteNetwork::north_m(const ModelPath& path) const {
  double metres = 0;
  for (std::size_t i = 0; i < path.arcs.size(); ++i)
    metres += used_mm(network_.graph, path, i) / 1000.0 * north_[network_.graph.arcs[path.arcs[i]].edge()];
  return metres;
}

double RouteNetwork::told_ms(const RouteModel& model, const ModelPath& path) const {
  const auto& told = model.told;
  if (told.pace_ms_per_m.empty()) return static_cast<double>(path.cost_ms);
  std::vector<float> features(this->features());
  add_features(path, features);
  double ms = 0;
  for (std::size_t k = 0; k < features.size(); ++k)
    ms += double{features[k]} *
          (k < groups_.size() ? told.pace_ms_per_m[k] * 1000 : told.turn_ms[k - groups_.size()]);
  return ms;
}

void RouteNetwork::add_features(const ModelPath& path, std::span<float> out) const {
  const auto& graph = network_.graph;
  for (std::size_t i = 0; i < path.arcs.size(); ++i) {
    const auto arc = path.arcs[i];
    out[group_[arc]] += static_cast<float>(used_mm(graph, path, i)) / 1e6F;
    if (i + 1 == path.arcs.size()) break;
    for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn) {
      if (graph.next[turn] != path.arcs[i + 1]) continue;
      const auto& shape = turns_[turn];
      const auto base = groups_.size();
      if ((shape.flags & kUTurn) != 0) out[base + kTurnUTurn] += 1;
      if ((shape.flags & kJunction) != 0) {
        const float upper = static_cast<float>(shape.share) / 255.0F;
        out[base + shape.knot] += 1 - upper;
        out[base + shape.knot + 1] += upper;
      }
      if ((shape.flags & kOntoLarger) != 0) out[base + kTurnOntoLarger] += 1;
      if ((shape.flags & kOntoSmaller) != 0) out[base + kTurnOntoSmaller] += 1;
      if ((shape.flags & kLight) != 0) out[base + kTurnLight] += 1;
      break;
    }
  }
}

}  // namespace reckon::road

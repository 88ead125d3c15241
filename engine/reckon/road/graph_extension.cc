#include "reckon/road/graph_extension.h"

#include <algorithm>
#include <cmath>

#include "reckon/geo/geodesic.h"
#include "reckon/road/arcs.h"
#include "reckon/road/way_rules.h"

namespace reckon::road {
namespace {

template <class Turn>
void insert(std::vector<Turn>& sorted, Turn turn) {
  const auto at = std::ranges::lower_bound(sorted, turn.to, {}, &Turn::to);
  if (at == sorted.end() || at->to != turn.to) sorted.insert(at, turn);
}

}  // namespace

GraphExtension::GraphExtension(const Network& network, std::span<const AddedTurn> turns,
                               std::span<const AddedLink> links)
    : vehicle_(network.vehicle),
      side_(network.driving_side),
      points_(network.geometry->points.begin(), network.geometry->points.end()),
      along_mm_(network.geometry->along_mm.begin(), network.geometry->along_mm.end()),
      edge_first_point_(network.geometry->edge_first_point.begin(), network.geometry->edge_first_point.end()),
      edge_first_run_(network.geometry->edge_first_run.begin(), network.geometry->edge_first_run.end()),
      edge_class_(network.geometry->edge_class.begin(), network.geometry->edge_class.end()),
      runs_(network.geometry->runs.begin(), network.geometry->runs.end()),
      geometry_(*network.geometry) {
  const auto& graph = network.graph;
  arcs_.arcs.assign(graph.arcs.begin(), graph.arcs.end());
  arcs_.edge_first_arc.assign(graph.edge_first_arc.begin(), graph.edge_first_arc.end());
  Turns all(graph.arcs.size());
  for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
    for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn)
      all[arc].push_back({graph.next[turn], graph.next_ms[turn]});
    std::ranges::sort(all[arc], {}, &Turn::to);
  }
  for (const auto& turn : turns) add_turns(turn, all);
  for (const auto& link : links) add_link(link, all);
  write_turns(all);
  geometry_.points = points_;
  geometry_.along_mm = along_mm_;
  geometry_.edge_first_point = edge_first_point_;
  geometry_.edge_first_run = edge_first_run_;
  geometry_.edge_class = edge_class_;
  geometry_.runs = runs_;
  for (auto arc = static_cast<std::uint32_t>(graph.arcs.size()); arc < arcs_.arcs.size(); ++arc)
    order_.push_back(arc);
  order_.insert(order_.end(), network.dissection.begin(), network.dissection.end());
}

void GraphExtension::add_turns(const AddedTurn& turn, Turns& turns) const {
  const auto graph = arcs_.view();
  graph.each_arc_along(turn.from_edge_dir, [&](std::uint32_t from) {
    // Where the turn is there already, perhaps onto a copy that keeps a rule over ways, nothing is added.
    const bool there = std::ranges::any_of(
        turns[from], [&](const Turn& next) { return graph.arcs[next.to].edge_dir == turn.to_edge_dir; });
    if (there) return;
    graph.each_arc_along(turn.to_edge_dir, [&](std::uint32_t to) {
      if (!graph.arcs[to].copy && may_follow(graph.arcs[from].kind, graph.arcs[to].kind))
        insert(turns[from], this->turn(from, to));
    });
  });
}

void GraphExtension::add_link(const AddedLink& link, Turns& turns) {
  const double metres = geo::geodesic_m(link.from.to_lat_lng(), link.to.to_lat_lng());
  const auto length_mm = static_cast<std::uint32_t>(
      std::clamp<long long>(std::llround(metres * 1000), 1, std::int64_t{kMaxEdgeMm}));
  const auto edge = static_cast<std::uint32_t>(edge_class_.size());
  runs_.push_back({0, static_cast<std::uint32_t>(points_.size()), 0});
  edge_first_run_.push_back(static_cast<std::uint32_t>(runs_.size()));
  points_.insert(points_.end(), {link.from, link.to});
  along_mm_.insert(along_mm_.end(), {0, length_mm});
  edge_first_point_.push_back(static_cast<std::uint32_t>(points_.size()));
  edge_class_.push_back(static_cast<std::uint8_t>(RoadClass::kRoad));
  const auto time_ms = segment_time_ms(length_mm, link.metres_per_hour);
  add_arc(edge * 2, time_ms, link, turns);
  if (link.both_ways) add_arc(edge * 2 + 1, time_ms, link, turns);
  arcs_.edge_first_arc.push_back(static_cast<std::uint32_t>(arcs_.arcs.size()));
}

// From every road that ends at the arc's start, to every road that begins at its end; not straight back.
void GraphExtension::add_arc(std::uint32_t edge_dir, std::uint32_t time_ms, const AddedLink& link,
                             Turns& turns) {
  const auto number = static_cast<std::uint32_t>(arcs_.arcs.size());
  const bool backward = (edge_dir & 1) != 0;
  const auto start = backward ? link.to : link.from, finish = backward ? link.from : link.to;
  Arc added{};
  added.edge_dir = edge_dir;
  added.time_ms = time_ms;
  added.length_mm = along_mm_.back();
  added.metres_per_hour = link.metres_per_hour & Arc::kMaxSpeed;
  added.kind = ArcKind::kPublic;
  arcs_.arcs.push_back(added);
  turns.emplace_back();
  EdgeGeometry now;
  now.points = points_;
  now.edge_first_point = edge_first_point_;
  for (std::uint32_t arc = 0; arc < number; ++arc) {
    const auto& other = arcs_.arcs[arc];
    if (other.edge() == edge_dir >> 1) continue;
    if (now.finish_of(other.edge_dir) == start && may_follow(other.kind, ArcKind::kPublic))
      insert(turns[arc], turn(arc, number));
    if (now.start_of(other.edge_dir) == finish && !other.copy && may_follow(ArcKind::kPublic, other.kind))
      insert(turns[number], turn(number, arc));
  }
}

bool GraphExtension::junction(geo::PlaceE7 place) const {
  int arms = 0;
  for (std::uint32_t edge = 0; edge < edge_class_.size(); ++edge) {
    const bool used = edge + 1 >= arcs_.edge_first_arc.size() ||  // one that is being added
                      arcs_.edge_first_arc[edge] != arcs_.edge_first_arc[edge + 1];
    if (!used) continue;
    arms += points_[edge_first_point_[edge]] == place;
    arms += points_[edge_first_point_[edge + 1] - 1] == place;
  }
  return arms > 2;
}

GraphExtension::Turn GraphExtension::turn(std::uint32_t from, std::uint32_t to) const {
  const auto &in = arcs_.arcs[from], &out = arcs_.arcs[to];
  const auto first = [&](const Arc& arc) { return edge_first_point_[arc.edge()]; };
  const auto last = [&](const Arc& arc) { return edge_first_point_[arc.edge() + 1] - 1; };
  const auto corner = points_[in.backward() ? first(in) : last(in)];
  const bool round = in.edge() == out.edge() && in.backward() != out.backward();
  const auto before = points_[in.backward() ? first(in) + 1 : last(in) - 1];
  const auto after = points_[out.backward() ? last(out) - 1 : first(out) + 1];
  return {to, turn_ms(vehicle_, side_, {round, !round && junction(corner), in.light, before, corner, after})};
}

void GraphExtension::write_turns(const Turns& turns) {
  arcs_.next_first.push_back(0);
  for (const auto& own : turns) {
    for (const auto& turn : own) {
      arcs_.next.push_back(turn.to);
      arcs_.next_ms.push_back(turn.ms);
    }
    arcs_.next_first.push_back(static_cast<std::uint32_t>(arcs_.next.size()));
  }
  list_previous(arcs_);
}

}  // namespace reckon::road

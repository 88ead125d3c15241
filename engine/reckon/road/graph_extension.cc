#include "reckon/road/graph_extension.h"

#include <algorithm>
#include <cmath>

#include "reckon/geo/geodesic.h"
#include "reckon/road/arcs.h"
#include "reckon/road/way_rules.h"

namespace reckon::road {
namespace {

// Ends-only road is entered from public road and left to it, never passed.
bool may_follow(ArcKind from, ArcKind to) {
  if (from == ArcKind::kEntry || to == ArcKind::kEntry)
    return from != ArcKind::kExit && to == ArcKind::kEntry;
  return to != ArcKind::kExit || from == ArcKind::kExit;
}

void insert(std::vector<std::uint32_t>& sorted, std::uint32_t value) {
  const auto at = std::ranges::lower_bound(sorted, value);
  if (at == sorted.end() || *at != value) sorted.insert(at, value);
}

}  // namespace

GraphExtension::GraphExtension(const EdgeGeometry& geometry, const ArcGraph& graph,
                               std::span<const std::uint32_t> order, std::span<const AddedTurn> turns,
                               std::span<const AddedLink> links)
    : points_(geometry.points.begin(), geometry.points.end()),
      along_mm_(geometry.along_mm.begin(), geometry.along_mm.end()),
      edge_first_point_(geometry.edge_first_point.begin(), geometry.edge_first_point.end()),
      edge_first_run_(geometry.edge_first_run.begin(), geometry.edge_first_run.end()),
      edge_class_(geometry.edge_class.begin(), geometry.edge_class.end()),
      runs_(geometry.runs.begin(), geometry.runs.end()),
      geometry_(geometry) {
  arcs_.arcs.assign(graph.arcs.begin(), graph.arcs.end());
  arcs_.edge_first_arc.assign(graph.edge_first_arc.begin(), graph.edge_first_arc.end());
  Turns all(graph.arcs.size());
  for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
    const auto after = graph.after(arc);
    all[arc].assign(after.begin(), after.end());
    std::ranges::sort(all[arc]);
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
  order_.insert(order_.end(), order.begin(), order.end());
}

void GraphExtension::add_turns(const AddedTurn& turn, Turns& turns) const {
  const auto graph = arcs_.view();
  graph.each_arc_along(turn.from_edge_dir, [&](std::uint32_t from) {
    // Where the turn is there already, perhaps onto a copy that keeps a rule over ways, nothing is added.
    const bool there = std::ranges::any_of(
        turns[from], [&](std::uint32_t next) { return graph.arcs[next].edge_dir == turn.to_edge_dir; });
    if (there) return;
    graph.each_arc_along(turn.to_edge_dir, [&](std::uint32_t to) {
      if (!graph.arcs[to].copy && may_follow(graph.arcs[from].kind, graph.arcs[to].kind))
        insert(turns[from], to);
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
      insert(turns[arc], number);
    if (now.start_of(other.edge_dir) == finish && !other.copy && may_follow(ArcKind::kPublic, other.kind))
      insert(turns[number], arc);
  }
}

void GraphExtension::write_turns(const Turns& turns) {
  arcs_.next_first.push_back(0);
  for (const auto& own : turns) {
    arcs_.next.insert(arcs_.next.end(), own.begin(), own.end());
    arcs_.next_first.push_back(static_cast<std::uint32_t>(arcs_.next.size()));
  }
  list_previous(arcs_);
}

}  // namespace reckon::road

#include "reckon/road/changed_graph.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "reckon/base/result.h"
#include "reckon/road/hierarchy_search.h"

namespace reckon::road {
namespace {

std::uint32_t changed_speed(std::uint32_t metres_per_hour, std::uint32_t per_mille) {
  RECKON_CHECK(per_mille >= kMinSpeedPerMille && per_mille <= kMaxSpeedPerMille);
  const auto changed = (std::uint64_t{metres_per_hour} * per_mille + 500) / 1000;
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(changed, kMinMetresPerHour, std::uint64_t{Arc::kMaxSpeed}));
}

void set_speed(const EdgeGeometry& geometry, Arc& arc, std::span<const std::uint32_t> changes) {
  std::uint32_t speed = arc.metres_per_hour;
  for (const auto per_mille : changes) speed = changed_speed(speed, per_mille);
  arc.metres_per_hour = speed & Arc::kMaxSpeed;
  arc.time_ms = 0;
  const auto end = geometry.edge_first_point[arc.edge() + 1];
  for (auto i = geometry.edge_first_point[arc.edge()]; i + 1 < end; ++i)
    arc.time_ms += segment_time_ms(geometry.along_mm[i + 1] - geometry.along_mm[i], speed);
}

}  // namespace

std::vector<Arc> with_speeds(const EdgeGeometry& geometry, std::span<const Arc> arcs,
                             std::span<const ClassSpeed> classes, std::span<const EdgeSpeed> edges) {
  std::array<std::vector<std::uint32_t>, 256> of_class;
  for (const auto& speed : classes) of_class[speed.road_class].push_back(speed.per_mille);
  std::vector<EdgeSpeed> of_edges(edges.begin(), edges.end());
  std::ranges::stable_sort(of_edges, {}, &EdgeSpeed::edge);
  std::vector<Arc> out(arcs.begin(), arcs.end());
  std::vector<std::uint32_t> changes;
  for (auto& arc : out) {
    const auto& by_class = of_class[geometry.edge_class[arc.edge()]];
    changes = by_class;
    for (auto own = std::ranges::lower_bound(of_edges, arc.edge(), {}, &EdgeSpeed::edge);
         own != of_edges.end() && own->edge == arc.edge(); ++own)
      changes.push_back(own->per_mille);
    if (changes.empty()) continue;
    set_speed(geometry, arc, changes);
  }
  return out;
}

ChangedGraph::ChangedGraph(const EdgeGeometry& geometry, const ArcGraph& graph, ArcChanges changes)
    : graph_(graph), changes_(std::move(changes)) {
  if (!changes_.speeds.empty() || !changes_.edge_speeds.empty()) {
    arcs_ = std::make_shared<const std::vector<Arc>>(
        with_speeds(geometry, graph.arcs, changes_.speeds, changes_.edge_speeds));
    graph_.arcs = *arcs_;
  }
  close(geometry);
  forbid();
}

ChangedGraph ChangedGraph::on(const EdgeGeometry& geometry, const ArcGraph& graph) const {
  auto changes = changes_;
  const auto missing = [&](std::uint32_t edge_dir) { return edge_dir >> 1 >= geometry.edge_count(); };
  std::erase_if(changes.closed_edge_dirs, missing);
  std::erase_if(changes.forbidden_turns, [&](const EdgeTurn& turn) {
    return missing(turn.from_edge_dir) || missing(turn.to_edge_dir);
  });
  return {geometry, graph, std::move(changes)};
}

void ChangedGraph::close(const EdgeGeometry& geometry) {
  const auto add = [](Bits& bits, std::size_t size, std::uint32_t i) {
    if (bits.empty()) bits.resize((size + 63) / 64);
    bits[i >> 6] |= std::uint64_t{1} << (i & 63);
  };
  for (const auto edge_dir : changes_.closed_edge_dirs) {
    RECKON_CHECK(edge_dir >> 1 < geometry.edge_count());
    graph_.each_arc_along(edge_dir, [&](std::uint32_t arc) {
      if (closed(arc)) return;
      add(closed_arcs_, graph_.arcs.size(), arc);
      closed_list_.push_back(arc);
    });
  }
  std::ranges::sort(closed_list_);
  for (const auto edge_dir : changes_.closed_edge_dirs) {
    const auto edge = edge_dir >> 1;
    bool open = false;
    for (auto arc = graph_.edge_first_arc[edge]; arc < graph_.edge_first_arc[edge + 1]; ++arc)
      open |= !closed(arc);
    if (!open) add(closed_edges_, geometry.edge_count(), edge);
  }
}

void ChangedGraph::forbid() {
  for (const auto& turn : changes_.forbidden_turns) {
    RECKON_CHECK((turn.from_edge_dir >> 1) + 1 < graph_.edge_first_arc.size());
    graph_.each_arc_along(turn.from_edge_dir, [&](std::uint32_t arc) {
      for (const auto next : graph_.after(arc)) {
        if (graph_.arcs[next].edge_dir == turn.to_edge_dir) forbidden_.push_back({arc, next});
      }
    });
  }
  std::ranges::sort(changes_.forbidden_turns);
  std::ranges::sort(forbidden_);
  forbidden_.erase(std::unique(forbidden_.begin(), forbidden_.end()), forbidden_.end());
}

bool ChangedGraph::allows(std::uint32_t from, std::uint32_t to) const {
  if (closed(from) || closed(to)) return false;
  return changes_.forbidden_turns.empty() ||
         !std::ranges::binary_search(changes_.forbidden_turns,
                                     EdgeTurn{graph_.arcs[from].edge_dir, graph_.arcs[to].edge_dir});
}

Cost ChangedGraph::cost_of_turn(std::uint32_t from, std::uint32_t turn, Metric metric) const {
  if (!allows(from, graph_.next[turn])) return kUnreached;
  const Cost cost = graph_.cost_of_turn(turn);
  return metric == Metric::kFastest ? cost : turned_round(cost);
}

Cost ChangedGraph::cost_between(std::uint32_t from, std::uint32_t to, Metric metric) const {
  for (auto turn = graph_.next_first[from]; turn < graph_.next_first[from + 1]; ++turn) {
    if (graph_.next[turn] == to) return cost_of_turn(from, turn, metric);
  }
  return kUnreached;
}

ChangedGraph::Difference ChangedGraph::between(const ChangedGraph& a, const ChangedGraph& b) {
  Difference difference;
  difference.speeds =
      a.changes_.speeds != b.changes_.speeds || a.changes_.edge_speeds != b.changes_.edge_speeds;
  if (difference.speeds) return difference;
  auto& turns = difference.turns;
  std::vector<std::uint32_t> arcs;
  std::ranges::set_symmetric_difference(a.closed_list_, b.closed_list_, std::back_inserter(arcs));
  for (const auto arc : arcs) {
    for (const auto next : a.graph_.after(arc)) turns.push_back({arc, next});
    for (const auto before : a.graph_.before(arc)) turns.push_back({before, arc});
  }
  std::ranges::set_symmetric_difference(a.forbidden_, b.forbidden_, std::back_inserter(turns));
  std::ranges::sort(turns);
  turns.erase(std::unique(turns.begin(), turns.end()), turns.end());
  return difference;
}

}  // namespace reckon::road

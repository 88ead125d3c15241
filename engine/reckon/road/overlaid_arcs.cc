#include "reckon/road/overlaid_arcs.h"

#include <algorithm>
#include <array>
#include <utility>

#include "reckon/base/result.h"

namespace reckon::road {
namespace {

using TurnKey = std::pair<std::uint32_t, std::uint32_t>;

std::uint32_t changed_speed(std::uint32_t metres_per_hour, std::uint32_t per_mille) {
  const auto changed = (std::uint64_t{metres_per_hour} * per_mille + 500) / 1000;
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(changed, kMinMetresPerHour, std::uint64_t{Arc::kMaxSpeed}));
}

void set_speeds(const EdgeGeometry& geometry, const std::vector<ClassSpeed>& speeds, std::vector<Arc>& arcs) {
  std::array<std::vector<std::uint32_t>, 256> of_class;
  for (const auto& speed : speeds) {
    RECKON_CHECK(speed.per_mille >= kMinSpeedPerMille && speed.per_mille <= kMaxSpeedPerMille);
    of_class[speed.road_class].push_back(speed.per_mille);
  }
  for (auto& arc : arcs) {
    const auto& changes = of_class[geometry.edge_class[arc.edge()]];
    if (changes.empty()) continue;
    for (const auto per_mille : changes)
      arc.metres_per_hour = changed_speed(arc.metres_per_hour, per_mille) & Arc::kMaxSpeed;
    arc.time_ms = 0;
    const auto end = geometry.edge_first_point[arc.edge() + 1];
    for (auto i = geometry.edge_first_point[arc.edge()]; i + 1 < end; ++i)
      arc.time_ms += segment_time_ms(geometry.along_mm[i + 1] - geometry.along_mm[i], arc.metres_per_hour);
  }
}

// The same links turned round, in the order of their starts.
void turn_round(CompiledArcs& graph) {
  graph.prev_first.assign(graph.arcs.size() + 1, 0);
  graph.prev.resize(graph.next.size());
  for (const auto to : graph.next) ++graph.prev_first[to + 1];
  for (std::size_t i = 1; i < graph.prev_first.size(); ++i) graph.prev_first[i] += graph.prev_first[i - 1];
  auto place = graph.prev_first;
  for (std::uint32_t from = 0; from < graph.arcs.size(); ++from) {
    for (auto i = graph.next_first[from]; i < graph.next_first[from + 1]; ++i)
      graph.prev[place[graph.next[i]]++] = from;
  }
}

}  // namespace

CompiledArcs overlaid(const EdgeGeometry& geometry, const ArcGraph& graph, const ArcChanges& changes) {
  CompiledArcs out;
  out.arcs.assign(graph.arcs.begin(), graph.arcs.end());
  out.edge_first_arc.assign(graph.edge_first_arc.begin(), graph.edge_first_arc.end());
  if (!changes.speeds.empty()) set_speeds(geometry, changes.speeds, out.arcs);

  std::vector<bool> closed(std::size_t{geometry.edge_count()} * 2);
  for (const auto edge_dir : changes.closed_edge_dirs) {
    RECKON_CHECK(edge_dir < closed.size());
    closed[edge_dir] = true;
  }
  std::vector<TurnKey> forbidden;
  for (const auto& turn : changes.forbidden_turns)
    forbidden.emplace_back(turn.from_edge_dir, turn.to_edge_dir);
  std::ranges::sort(forbidden);

  out.next_first.reserve(graph.next_first.size());
  out.next.reserve(graph.next.size());
  out.next_first.push_back(0);
  for (std::uint32_t from = 0; from < graph.arcs.size(); ++from) {
    const auto from_dir = graph.arcs[from].edge_dir;
    for (const auto to : graph.after(from)) {
      const auto to_dir = graph.arcs[to].edge_dir;
      if (closed[from_dir] || closed[to_dir]) continue;
      if (std::ranges::binary_search(forbidden, TurnKey{from_dir, to_dir})) continue;
      out.next.push_back(to);
    }
    out.next_first.push_back(static_cast<std::uint32_t>(out.next.size()));
  }
  turn_round(out);
  return out;
}

}  // namespace reckon::road

// Corrections applied to arcs: every pair of arcs against relaxation until nothing changes, which reads the
// uncorrected graph and asks of each turn and street whether the corrections leave it.

#include "reckon/road/overlaid_arcs.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "reckon/road/map_file.h"
#include "reckon/road/mapped_file.h"
#include "reckon/road/search.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using namespace reckon::road;

namespace {

test::DrawnMap grid() {
  test::DrawnMap drawn(R"(
  A---B-----C--D
  |   |     |  |
  E---F-----G--H
  |   |     |  |
  I---J-----K--L
  |   |     |  |
  M---N-----O--P
)");
  drawn.way("ABCD", {{"highway", "primary"}}).way("EFGH", {{"oneway", "yes"}}).way("IJKL");
  drawn.way("MNOP", {{"highway", "secondary"}}).way("AEIM").way("BFJN").way("CGKO", {{"oneway", "-1"}});
  drawn.way("DHLP", {{"highway", "primary"}});
  drawn.turn("no_left_turn", "ABCD", 'B', "BFJN");
  return drawn;
}

bool allowed(const ArcGraph& graph, const ArcChanges& changes, std::uint32_t from, std::uint32_t to) {
  const auto a = graph.arcs[from].edge_dir, b = graph.arcs[to].edge_dir;
  for (const auto dir : changes.closed_edge_dirs)
    if (dir == a || dir == b) return false;
  return std::ranges::none_of(changes.forbidden_turns, [&](const EdgeTurn& turn) {
    return turn.from_edge_dir == a && turn.to_edge_dir == b;
  });
}

Cost changed_cost(const EdgeGeometry& geometry, const Arc& arc, const ArcChanges& changes) {
  std::uint64_t speed = arc.metres_per_hour;
  bool changed = false;
  for (const auto& rule : changes.speeds) {
    if (rule.road_class != geometry.edge_class[arc.edge()]) continue;
    changed = true;
    speed = std::max<std::uint64_t>((speed * rule.per_mille + 500) / 1000, kMinMetresPerHour);
  }
  if (!changed) return arc.cost();
  std::uint32_t time_ms = 0;
  for (auto i = geometry.edge_first_point[arc.edge()] + 1; i < geometry.edge_first_point[arc.edge() + 1]; ++i)
    time_ms +=
        segment_time_ms(geometry.along_mm[i] - geometry.along_mm[i - 1], static_cast<std::uint32_t>(speed));
  return cost_of(time_ms, arc.length_mm);
}

// From the end of `start` to the end of each arc.
std::vector<Cost> relaxed(const EdgeGeometry& geometry, const ArcGraph& graph, const ArcChanges& changes,
                          std::uint32_t start) {
  std::vector<Cost> best(graph.arcs.size(), kNoCost);
  best[start] = 0;
  for (bool better = true; better;) {
    better = false;
    for (std::uint32_t from = 0; from < graph.arcs.size(); ++from) {
      if (best[from] == kNoCost) continue;
      for (const auto to : graph.after(from)) {
        if (!allowed(graph, changes, from, to)) continue;
        const auto cost = plus(best[from], changed_cost(geometry, graph.arcs[to], changes));
        if (cost < best[to]) best[to] = cost, better = true;
      }
    }
  }
  return best;
}

ArcChanges drawn_changes(const EdgeGeometry& geometry, const ArcGraph& graph, std::mt19937& random) {
  ArcChanges changes;
  for (auto n = random() % 4; n > 0; --n)
    changes.closed_edge_dirs.push_back(static_cast<std::uint32_t>(random() % (geometry.edge_count() * 2)));
  for (auto n = random() % 4; n > 0; --n) {
    const auto from = static_cast<std::uint32_t>(random() % graph.arcs.size());
    const auto after = graph.after(from);
    if (after.empty()) continue;
    changes.forbidden_turns.push_back(
        {graph.arcs[from].edge_dir, graph.arcs[after[random() % after.size()]].edge_dir});
  }
  for (auto n = random() % 3; n > 0; --n)
    changes.speeds.push_back({geometry.edge_class[random() % geometry.edge_count()],
                              static_cast<std::uint32_t>(kMinSpeedPerMille + random() % 2000)});
  return changes;
}

}  // namespace

TEST_CASE("overlaid arcs: every path under random corrections is the one that relaxation finds") {
  const test::BuiltMap built(grid(), {base::Vehicle::kMotorcycle});
  const auto file = MappedFile::open(built.file());
  REQUIRE(file.has_value());
  const auto decoded = decode_map(file->bytes(), "drawn");
  REQUIRE(decoded.has_value());
  const auto& geometry = decoded->view.geometry;
  const auto& graph = *decoded->view.graphs[static_cast<std::size_t>(base::Vehicle::kMotorcycle)];
  constexpr std::uint32_t kSeed = 20261126;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  Search search;
  int differ_from_base = 0, wrong = 0;
  for (int round = 0; round < 40; ++round) {
    const auto changes = drawn_changes(geometry, graph, random);
    const auto owned = overlaid(geometry, graph, changes);
    const auto changed = owned.view();
    for (std::uint32_t start = 0; start < graph.arcs.size(); start += 3) {
      const auto expected = relaxed(geometry, graph, changes, start);
      const auto base = relaxed(geometry, graph, {}, start);
      const std::vector<Terminal> from{{start, changed.arcs[start].cost(), 0, 0}};
      for (std::uint32_t end = 0; end < graph.arcs.size(); ++end) {
        if (end == start) continue;
        const std::vector<Terminal> to{{end, changed.arcs[end].cost(), 0, 0}};
        wrong += search.shortest(changed, from, to).cost != expected[end];
        differ_from_base += expected[end] != base[end];
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(differ_from_base > 1000);
}

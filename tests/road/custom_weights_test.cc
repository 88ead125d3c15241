// Customized weights under random changes: every pair of arcs against relaxation until nothing changes, which
// reads the unchanged graph and asks of each turn whether the changes leave it; and weights updated step by
// step against weights made anew.

#include "reckon/road/custom_weights.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "reckon/road/custom_search.h"
#include "reckon/road/dissection.h"
#include "reckon/road/map_file.h"
#include "reckon/road/mapped_file.h"
#include "reckon/road/model_search.h"
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
  const auto scale = [&](std::uint32_t per_mille) {
    changed = true;
    speed = std::max<std::uint64_t>((speed * per_mille + 500) / 1000, kMinMetresPerHour);
  };
  for (const auto& rule : changes.speeds)
    if (rule.road_class == geometry.edge_class[arc.edge()]) scale(rule.per_mille);
  for (const auto& rule : changes.edge_speeds)
    if (rule.edge == arc.edge()) scale(rule.per_mille);
  if (!changed) return arc.cost();
  std::uint32_t time_ms = 0;
  for (auto i = geometry.edge_first_point[arc.edge()] + 1; i < geometry.edge_first_point[arc.edge() + 1]; ++i)
    time_ms +=
        segment_time_ms(geometry.along_mm[i] - geometry.along_mm[i - 1], static_cast<std::uint32_t>(speed));
  return cost_of(time_ms, arc.length_mm);
}

// From the end of `start` to the end of each arc.
std::vector<Cost> relaxed(const EdgeGeometry& geometry, const ArcGraph& graph, const ArcChanges& changes,
                          Metric metric, std::uint32_t start) {
  std::vector<Cost> best(graph.arcs.size(), kNoCost);
  best[start] = 0;
  for (bool better = true; better;) {
    better = false;
    for (std::uint32_t from = 0; from < graph.arcs.size(); ++from) {
      if (best[from] == kNoCost) continue;
      for (auto turn = graph.next_first[from]; turn < graph.next_first[from + 1]; ++turn) {
        const auto to = graph.next[turn];
        if (!allowed(graph, changes, from, to)) continue;
        const auto own = changed_cost(geometry, graph.arcs[to], changes) + cost_of(graph.next_ms[turn], 0);
        const auto cost = plus(best[from], metric == Metric::kFastest ? own : turned_round(own));
        if (cost < best[to]) best[to] = cost, better = true;
      }
    }
  }
  return best;
}

ArcChanges drawn_changes(const EdgeGeometry& geometry, const ArcGraph& graph, std::mt19937& random,
                         bool speeds) {
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
  for (auto n = speeds ? random() % 3 : 0; n > 0; --n) {
    const auto per_mille = static_cast<std::uint32_t>(kMinSpeedPerMille + random() % 2000);
    changes.speeds.push_back({geometry.edge_class[random() % geometry.edge_count()], per_mille});
    changes.edge_speeds.push_back({static_cast<std::uint32_t>(random() % geometry.edge_count()), per_mille});
  }
  return changes;
}

bool same_weights(const Elimination& shape, const CustomWeights& a, const CustomWeights& b) {
  for (std::uint32_t v = 0; v < shape.vertices(); ++v) {
    for (std::size_t i = 0; i < shape.above(v).size(); ++i) {
      if (a.up(v)[i] != b.up(v)[i] || a.down(v)[i] != b.down(v)[i]) return false;
    }
  }
  return true;
}

Terminal at_end(const ArcGraph& graph, std::uint32_t arc, Metric metric) {
  const auto cost = graph.arcs[arc].cost();
  return {arc, metric == Metric::kFastest ? cost : turned_round(cost), 0, 0};
}

struct Opened {
  test::BuiltMap built;
  Network network;

  explicit Opened(const test::DrawnMap& drawn)
      : built(drawn, {base::Vehicle::kMotorcycle}),
        network(built.map().network(base::Vehicle::kMotorcycle)) {}
};

// The path's arcs follow one another by allowed turns and cost what the search said.
bool path_holds(const CustomNetwork& on, const Path& path, Metric metric, Cost cost) {
  Cost sum = 0;
  for (std::size_t i = 1; i < path.arcs.size(); ++i) {
    const auto turn = on.changed->cost_between(path.arcs[i - 1], path.arcs[i], metric);
    if (turn >= kUnreached) return false;
    sum += turn;
  }
  return sum == cost;
}

}  // namespace

TEST_CASE("custom weights: every path under random changes is the one that relaxation finds") {
  const Opened opened(grid());
  const auto& [graph, geometry, vehicle, order, side, unsure] = opened.network;
  const Elimination shape(graph, order);
  constexpr std::uint32_t kSeed = 20261126;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  CustomSearch search;
  int differ_from_base = 0, wrong = 0, wrong_rows = 0, broken_paths = 0;
  for (int round = 0; round < 40; ++round) {
    const auto metric = round % 3 == 0 ? Metric::kShortest : Metric::kFastest;
    const auto changes = drawn_changes(*geometry, graph, random, true);
    const ChangedGraph changed(*geometry, graph, changes);
    const auto weights = CustomWeights::of(shape, changed, metric);
    const CustomNetwork on{&changed, &shape, &weights};
    std::vector<Terminal> all;
    std::vector<std::uint32_t> first{0};
    for (std::uint32_t end = 0; end < graph.arcs.size(); ++end) {
      all.push_back(at_end(changed.graph(), end, metric));
      first.push_back(end + 1);
    }
    std::vector<Cost> row(all.size());
    search.prepare_targets(on, all, first);
    for (std::uint32_t start = 0; start < graph.arcs.size(); start += 3) {
      const auto expected = relaxed(*geometry, graph, changes, metric, start);
      const auto base = relaxed(*geometry, graph, {}, metric, start);
      search.row(on, std::span(all).subspan(start, 1), all, first, row);
      for (std::uint32_t end = 0; end < graph.arcs.size(); ++end) {
        if (end == start) continue;
        const auto from = std::span(all).subspan(start, 1), to = std::span(all).subspan(end, 1);
        const auto cost = search.shortest(on, from, to);
        wrong += cost != expected[end];
        wrong_rows += row[end] != expected[end];
        differ_from_base += expected[end] != base[end];
        const auto path = search.path(on, from, to);
        broken_paths += cost == kNoCost ? path.has_value() : !path || !path_holds(on, *path, metric, cost);
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(wrong_rows == 0);
  CHECK(broken_paths == 0);
  CHECK(differ_from_base > 1000);
}

TEST_CASE("custom weights: updated step by step they are those made anew, and earlier ones stay") {
  const Opened opened(grid());
  const auto& [graph, geometry, vehicle, order, side, unsure] = opened.network;
  const Elimination shape(graph, order);
  std::mt19937 random(7);
  ChangedGraph before(*geometry, graph, {});
  const auto first = CustomWeights::of(shape, before, Metric::kFastest);
  const auto untouched = CustomWeights::of(shape, before, Metric::kFastest);
  auto weights = first;
  int wrong = 0, changes_seen = 0;
  for (int round = 0; round < 200; ++round) {
    const ChangedGraph now(*geometry, graph, drawn_changes(*geometry, graph, random, false));
    const auto difference = ChangedGraph::between(before, now);
    REQUIRE_FALSE(difference.speeds);
    weights = weights.updated(now, difference.turns);
    const auto anew = CustomWeights::of(shape, now, Metric::kFastest);
    wrong += !same_weights(shape, weights, anew);
    changes_seen += !same_weights(shape, anew, first);
    before = now;
  }
  CHECK(wrong == 0);
  CHECK(changes_seen > 100);
  CHECK(same_weights(shape, first, untouched));
}

TEST_CASE("dissection: each arc once, and what a vertex reaches above it is its nearest one's too") {
  const Opened opened(grid());
  const auto& [graph, geometry, vehicle, order, side, unsure] = opened.network;
  std::vector<int> seen(graph.arcs.size());
  for (const auto arc : order) ++seen[arc];
  CHECK(std::ranges::all_of(seen, [](int n) { return n == 1; }));
  CHECK(std::ranges::equal(order, dissect(*geometry, graph)));
  const Elimination shape(graph, order);
  for (std::uint32_t v = 0; v < shape.vertices(); ++v) {
    const auto above = shape.above(v);
    if (above.empty()) continue;
    const auto of_parent = shape.above(shape.parent(v));
    for (std::size_t i = 0; i + 1 < above.size(); ++i) CHECK(std::ranges::binary_search(of_parent, above[i]));
  }
}

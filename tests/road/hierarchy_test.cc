// The hierarchy against a Dijkstra so plain that it needs no heap, on small random graphs: dead ends, loops,
// parallel arcs, equal costs, arcs of no length, islands; trips that begin and end on one arc.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "reckon/road/arcs.h"
#include "reckon/road/contraction.h"
#include "reckon/road/hierarchy_search.h"
#include "reckon/road/hub_labels.h"
#include "reckon/road/many_to_many.h"

namespace {

using namespace reckon;
using road::Cost;
using road::Terminal;

struct Rules {
  std::uint32_t arcs;
  std::uint32_t links_for_100_arcs;
  std::uint32_t most_cost;  ///< few distinct costs make many ties
  bool free_arcs;           ///< some cost nothing at all
};

road::CompiledArcs random_graph(const Rules& rules, std::mt19937_64& random) {
  road::CompiledArcs graph;
  graph.next_first.push_back(0);
  graph.edge_first_arc.push_back(0);
  for (std::uint32_t arc = 0; arc < rules.arcs; ++arc) {
    const auto weight = [&] {
      return static_cast<std::uint32_t>(random() % rules.most_cost) + (rules.free_arcs ? 0u : 1u);
    };
    graph.arcs.push_back(
        road::Arc{arc * 2, weight(), weight(), 30'000u, road::ArcKind::kPublic, false, false, false, false});
    graph.edge_first_arc.push_back(arc + 1);
  }
  std::vector<std::vector<std::uint32_t>> next(rules.arcs);
  for (std::uint32_t i = 0; i < rules.arcs * rules.links_for_100_arcs / 100; ++i) {
    const auto from = static_cast<std::uint32_t>(random() % rules.arcs);
    // Mostly near by, as roads are; sometimes anywhere, and sometimes back into itself.
    const auto near = (from + random() % 7 + rules.arcs - 3) % rules.arcs;
    const auto to = static_cast<std::uint32_t>(random() % 4 == 0 ? random() % rules.arcs : near);
    if (std::ranges::find(next[from], to) != next[from].end()) continue;
    next[from].push_back(to);
  }
  const auto write = [](const auto& lists, auto& first, auto& all) {
    first.assign(1, 0);
    for (const auto& list : lists) {
      all.insert(all.end(), list.begin(), list.end());
      first.push_back(static_cast<std::uint32_t>(all.size()));
    }
  };
  write(next, graph.next_first, graph.next);
  for (std::size_t turn = 0; turn < graph.next.size(); ++turn)
    graph.next_ms.push_back(static_cast<std::uint16_t>(random() % 2 == 0 ? 0 : random() % rules.most_cost));
  road::list_previous(graph);
  return graph;
}

/// Costs to each arc's start, from terminals: settles the cheapest arc, looks at all of them, again and
/// again.
std::vector<Cost> costs_to_starts(const road::ArcGraph& graph, const std::vector<Terminal>& from) {
  const auto count = graph.arcs.size();
  std::vector<Cost> at_start(count, road::kNoCost), at_end(count, road::kNoCost);
  std::vector<bool> done(count);
  for (const auto& terminal : from) at_end[terminal.arc] = std::min(at_end[terminal.arc], terminal.after);
  for (;;) {
    std::size_t best = count;
    for (std::size_t arc = 0; arc < count; ++arc) {
      if (!done[arc] && at_end[arc] != road::kNoCost && (best == count || at_end[arc] < at_end[best]))
        best = arc;
    }
    if (best == count) return at_start;
    done[best] = true;
    for (auto turn = graph.next_first[best]; turn < graph.next_first[best + 1]; ++turn) {
      const auto to = graph.next[turn];
      const Cost turned = at_end[best] + road::cost_of(graph.next_ms[turn], 0);
      at_start[to] = std::min(at_start[to], turned);
      at_end[to] = std::min(at_end[to], turned + graph.arcs[to].cost());
    }
  }
}

Cost expected_cost(const road::ArcGraph& graph, const std::vector<Terminal>& from,
                   const std::vector<Terminal>& to) {
  const auto at_start = costs_to_starts(graph, from);
  Cost best = road::kNoCost;
  for (const auto& end : to) {
    if (at_start[end.arc] != road::kNoCost) best = std::min(best, at_start[end.arc] + end.before);
    for (const auto& start : from) {
      if (start.arc == end.arc && start.before <= end.before &&
          road::length_mm_of(start.before) <= road::length_mm_of(end.before))
        best = std::min(best, end.before - start.before);
    }
  }
  return best;
}

/// One to three places, some on the same arc as one of `beside`.
std::vector<Terminal> random_terminals(const road::CompiledArcs& graph, const std::vector<Terminal>& beside,
                                       std::mt19937_64& random) {
  std::vector<Terminal> terminals;
  for (std::size_t count = 1 + random() % 3; terminals.size() < count;) {
    const auto arc = !beside.empty() && random() % 4 == 0
                         ? beside[random() % beside.size()].arc
                         : static_cast<std::uint32_t>(random() % graph.arcs.size());
    const auto& whole = graph.arcs[arc];
    // A place divides time and length alike, to the rounding of each.
    const auto share = random() % 5;
    const auto part = [&](std::uint32_t weight) { return static_cast<std::uint32_t>(weight * share / 4); };
    const Cost before = road::cost_of(part(whole.time_ms), part(whole.length_mm));
    terminals.push_back({arc, before, whole.cost() - before, static_cast<std::uint32_t>(terminals.size())});
  }
  return terminals;
}

/// What the path costs when it is driven arc by arc; kNoCost where two arcs do not follow each other.
Cost driven_cost(const road::ArcGraph& graph, const road::Path& path, const std::vector<Terminal>& from,
                 const std::vector<Terminal>& to) {
  const auto& start = from[path.start];
  const auto& finish = to[path.finish];
  if (path.arcs.front() != start.arc || path.arcs.back() != finish.arc) return road::kNoCost;
  if (path.arcs.size() == 1) return finish.before - start.before;
  Cost cost = start.after;
  for (std::size_t i = 1; i < path.arcs.size(); ++i) {
    const auto after = graph.after(path.arcs[i - 1]);
    const auto next = std::ranges::find(after, path.arcs[i]);
    if (next == after.end()) return road::kNoCost;
    const auto turn = graph.next_first[path.arcs[i - 1]] + (next - after.begin());
    cost += road::cost_of(graph.next_ms[static_cast<std::size_t>(turn)], 0);
    cost += i + 1 < path.arcs.size() ? graph.arcs[path.arcs[i]].cost() : finish.before;
  }
  return cost;
}

road::CompiledHierarchy hierarchy_of(const road::CompiledArcs& graph,
                                     std::uint32_t label_entries = road::kDefaultLabelEntries) {
  auto hierarchy = road::contract(graph.view());
  road::add_hub_labels(hierarchy, label_entries);
  return hierarchy;
}

}  // namespace

TEST_CASE("hierarchy: every trip costs what a plain Dijkstra says, and its path when driven too") {
  constexpr std::uint64_t kSeed = 21;
  MESSAGE("seed ", kSeed);
  std::mt19937_64 random(kSeed);
  road::HierarchySearch search;
  road::Search reference;
  std::size_t found = 0, none = 0, on_one_arc = 0, wrong = 0;
  for (int round = 0; round < 400; ++round) {
    const Rules rules{static_cast<std::uint32_t>(1 + random() % 120),
                      static_cast<std::uint32_t>(50 + random() % 250),
                      std::array{3u, 1000u, 30'000'000u}[random() % 3], random() % 4 == 0};
    const auto graph = random_graph(rules, random);
    const auto compiled = hierarchy_of(graph, random() % 2 == 0 ? 1 + random() % 8 : 100);
    const auto hierarchy = compiled.view();
    for (int trip = 0; trip < 50; ++trip) {
      const auto from = random_terminals(graph, {}, random);
      const auto to = random_terminals(graph, from, random);
      const Cost expected = expected_cost(graph.view(), from, to);
      const auto path = search.path(graph.view(), hierarchy, from, to);
      const bool right = search.shortest(graph.view(), hierarchy, from, to) == expected &&
                         reference.shortest(graph.view(), from, to).cost == expected &&
                         path.has_value() == (expected != road::kNoCost) &&
                         (!path || driven_cost(graph.view(), *path, from, to) == expected);
      expected == road::kNoCost ? ++none : ++found;
      on_one_arc += path && path->arcs.size() == 1;
      if (right || ++wrong > 5) continue;
      CAPTURE(round);
      CAPTURE(trip);
      CAPTURE(rules.arcs);
      CHECK(right);
    }
  }
  CHECK(wrong == 0);
  MESSAGE(found, " trips found, ", none, " without a path, ", on_one_arc, " along one arc");
  CHECK(found > 5000);
  CHECK(none > 500);
  CHECK(on_one_arc > 500);
}

TEST_CASE("hierarchy: the same graph gives the same hierarchy") {
  std::mt19937_64 random(7);
  const auto graph = random_graph({500, 220, 50, true}, random);
  const auto a = hierarchy_of(graph);
  const auto b = hierarchy_of(graph);
  CHECK(a.arc_of_vertex == b.arc_of_vertex);
  const auto same_edges = [](const auto& x, const auto& y) {
    return std::ranges::equal(x.all, y.all, [](const auto& e, const auto& f) {
      return e.cost == f.cost && e.to == f.to && e.middle == f.middle;
    });
  };
  CHECK(same_edges(a.up, b.up));
  CHECK(same_edges(a.down, b.down));
  CHECK(a.out.all == b.out.all);
  CHECK(a.in.all == b.in.all);
}

TEST_CASE("hierarchy: a label's last hub is its vertex, hubs ascend, each cost is the cheapest") {
  std::uint32_t most_cost = 0;
  SUBCASE("small costs") {
    most_cost = 1000;
  }
  SUBCASE("costs that leave few bits for hubs: their distances take words of their own") {
    most_cost = 150'000'000;
  }
  std::mt19937_64 random(8);
  const auto graph = random_graph({300, 220, most_cost, false}, random);
  const auto compiled = hierarchy_of(graph);
  const auto hierarchy = compiled.view();
  REQUIRE(hierarchy.labelled() > 50);
  std::size_t entries = 0;
  for (std::uint32_t v = 0; v < hierarchy.labelled(); ++v) {
    CAPTURE(v);
    const auto arc = hierarchy.arc_of_vertex[v];
    const auto at_start = costs_to_starts(graph.view(), {{arc, graph.arcs[arc].cost(), 0, 0}});
    std::vector<road::HubLabel::Entry> label;
    for (const auto entry : hierarchy.out.of(v)) label.push_back(entry);
    entries += label.size();
    REQUIRE(!label.empty());
    CHECK(label.back().hub == v);
    CHECK(label.back().cost == 0);
    for (std::size_t i = 0; i + 1 < label.size(); ++i) {
      CHECK(label[i].hub < label[i + 1].hub);
      const auto hub = hierarchy.arc_of_vertex[label[i].hub];
      CHECK(label[i].cost == at_start[hub] + graph.arcs[hub].cost());
    }
  }
  CHECK((entries < hierarchy.out.all.size()) == (most_cost > 1000));
}

TEST_CASE("many to many: a table's cells are what each pair costs alone, whatever else is asked with it") {
  constexpr std::uint64_t kSeed = 22;
  MESSAGE("seed ", kSeed);
  std::mt19937_64 random(kSeed);
  road::ManyToMany table;
  road::PlaceBuckets places;
  std::size_t cells = 0, none = 0, wrong = 0;
  for (int round = 0; round < 200; ++round) {
    const auto graph =
        random_graph({static_cast<std::uint32_t>(1 + random() % 120), 220, 20, random() % 4 == 0}, random);
    const auto compiled = hierarchy_of(graph);
    const auto hierarchy = compiled.view();
    std::vector<Terminal> to;
    std::vector<std::uint32_t> first{0};
    for (std::size_t t = random() % 30; t > 0; --t) {
      if (random() % 8 != 0) {  // or it is off the map
        const auto one = random_terminals(graph, to, random);
        to.insert(to.end(), one.begin(), one.end());
      }
      first.push_back(static_cast<std::uint32_t>(to.size()));
    }
    const auto side = round % 2 == 0 ? road::TripEnd::kFinish : road::TripEnd::kStart;
    table.prepare(graph.view(), hierarchy, side, to, first, places);
    std::vector<Cost> costs(first.size() - 1);
    for (int source = 0; source < 10; ++source) {
      const auto from = random_terminals(graph, to, random);
      table.row(graph.view(), hierarchy, from, places, costs);
      for (std::size_t t = 0; t < costs.size(); ++t) {
        const std::vector<Terminal> one(to.begin() + first[t], to.begin() + first[t + 1]);
        const Cost expected = side == road::TripEnd::kFinish ? expected_cost(graph.view(), from, one)
                                                             : expected_cost(graph.view(), one, from);
        ++cells;
        none += expected == road::kNoCost;
        wrong += costs[t] != expected;
      }
    }
  }
  MESSAGE(cells, " cells, ", none, " without a path, ", wrong, " wrong");
  CHECK(wrong == 0);
  CHECK(cells > 10'000);
  CHECK(none > 1000);
}

// A provider's network: turns that the map has not, closed until a model opens them.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "reckon/distance/learned.h"
#include "reckon/road/live_roads.h"
#include "reckon/road/overlaid_map.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using road::RouteModel;

namespace {

constexpr auto kMoto = base::Vehicle::kMotorcycle;

test::DrawnMap node_rule() {
  test::DrawnMap drawn(R"(
    A-B-C
      | |
      D-E
)");
  return drawn.way("AB").way("BC").way("BD").way("CE").way("DE").turn("no_right_turn", "AB", 'B', "BD");
}

test::DrawnMap way_rule() {
  test::DrawnMap drawn(R"(
    A-B-C-F
      | |
      | D
      | |
      E-G
)");
  return drawn.way("AB").way("BC").way("CF").way("CD").way("DGEB").turn_over_way("no_right_turn", "AB", "BC",
                                                                                 "CD");
}

test::DrawnMap barrier() {
  test::DrawnMap drawn(R"(
    A-B-C
    | | |
    D-E-F
)");
  return drawn.way("AB").way("BC").way("AD").way("BE").way("CF").way("DE").way("EF").node(
      'B', {{"barrier", "wall"}});
}

test::DrawnMap estate(const std::string& access) {
  test::DrawnMap drawn(R"(
    A-B-C-D
      | |
      E-F
)");
  return drawn.way("AB").way("BC", {{"highway", "residential"}, {"access", access}}).way("CD").way("BEFC");
}

std::int64_t metres(const road::RouteNetwork& network, const RouteModel& model, const geo::LatLng& from,
                    const geo::LatLng& to) {
  return std::llround(distance::ModelRouter(network, model, road::kDefaultMaxSnapM).route(from, to).metres);
}

}  // namespace

TEST_CASE("route network: turns that the map has not are open where a model says so, and there only") {
  struct Row {
    std::string why;
    test::DrawnMap drawn;
    bool RouteModel::*rule;
    std::string own, opened;  ///< ways from the first to the last node
  };
  const Row rows[] = {
      {"a rule over a node", node_rule(), &RouteModel::ignores_turn_rules, "ABCED", "ABD"},
      {"a rule over ways", way_rule(), &RouteModel::ignores_turn_rules, "ABEGD", "ABCD"},
      {"a barrier is no rule", barrier(), &RouteModel::ignores_turn_rules, "ADEFC", "ADEFC"},
      {"nobody passes", estate("private"), &RouteModel::ignores_turn_rules, "ABEFCD", "ABEFCD"},
      {"a private road", estate("private"), &RouteModel::passes_private, "ABEFCD", "ABCD"},
      {"not so a private road", estate("private"), &RouteModel::passes_destination, "ABEFCD", "ABEFCD"},
      {"for who has to do there", estate("destination"), &RouteModel::passes_destination, "ABEFCD", "ABCD"},
      {"not so a destination", estate("destination"), &RouteModel::passes_private, "ABEFCD", "ABEFCD"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    test::BuiltMap built(row.drawn, {kMoto});
    const road::RouteNetwork network(built.map().network(kMoto));
    const auto from = row.drawn.near(row.own.front(), 0, 2), to = row.drawn.near(row.own.back(), 0, -2);
    auto model = network.own_model();
    CHECK(std::abs(metres(network, model, from, to) - row.drawn.metres(row.own)) <= 4);
    model.*row.rule = true;
    CHECK(std::abs(metres(network, model, from, to) - row.drawn.metres(row.opened)) <= 4);
    CHECK(network.has_turns_under(row.rule) == (row.own != row.opened));
    // Each turn stands once, and none leads back along its road but the map's own.
    const auto& graph = network.network().graph;
    for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
      std::vector<std::uint32_t> after(graph.after(arc).begin(), graph.after(arc).end());
      std::ranges::sort(after);
      CHECK(std::ranges::adjacent_find(after) == after.end());
    }
  }
}

TEST_CASE("calibration: a correction forbids a turn that only the provider takes") {
  const auto drawn = estate("private");
  test::BuiltMap built(drawn, {kMoto});
  const std::shared_ptr<const road::RoadMap> map(std::shared_ptr<void>(), &built.map());
  distance::Calibration calibration;
  calibration.vehicle = kMoto;
  calibration.map_release = map->info().release;
  calibration.routes = road::RouteNetwork(map->network(kMoto)).own_model();
  calibration.routes.passes_private = true;
  const auto learned = distance::Learned::make(map, calibration).value();
  const auto maps = road::MapSet::make({map}).value();
  road::LiveRoads roads(maps);
  const auto metres_now = [&] {
    road::Roads::Query query;
    auto local = distance::local_estimate(&roads, query, kMoto, drawn.at('A'), drawn.at('D'));
    learned->improve(local, kMoto, drawn.at('A'), drawn.at('D'), &roads);
    return local.estimate.metres.value;
  };
  CHECK(metres_now() == drawn.metres("ABCD"));
  const auto at = drawn.at('C');
  const auto overlay = fmt::format(
      R"({{"version": 1, "corrections": [{{"id": "c1", "kind": "forbid_turn", "from_way": {}, "to_way": {}, "at": [{:.9f}, {:.9f}], "by": "kim", "reason": "works", "recorded": "2026-11-26T18:30:00+09:00"}}]}})",
      drawn.way_id("BC"), drawn.way_id("CD"), at.lat_deg(), at.lng_deg());
  roads.put(maps.under(road::parse_overlay(overlay, "overlay.json").value()));
  CHECK(metres_now() == drawn.metres("ABEFCD"));
}

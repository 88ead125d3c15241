// A provider's network: turns that the map has not, closed until a model opens them.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
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

// A shortcut BC that others' maps may open to cars, out of a side road E or beside two dead ends x and y.
test::DrawnMap shortcut(const test::TagList& tags) {
  test::DrawnMap drawn(R"(
    A-B---C-D
    | |   | |
    | x   y |
    |       |
    E-------F
)");
  const auto street = [](const char* highway) { return test::TagList{{"highway", highway}}; };
  drawn.way("AB").way("CD").way("AE", street("tertiary")).way("EF").way("FD", street("tertiary"));
  return drawn.way("BC", tags).way("Bx", tags).way("Cy", tags);
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

TEST_CASE("route network: a road that the map is unsure of meets all roads at its ends, one-way ones too") {
  constexpr auto kCar = base::Vehicle::kCar;
  test::DrawnMap drawn(R"(
    A-----B
    |     |
    |   P-Q
    |   | |
    C-----D
)");
  const test::TagList oneway{{"highway", "residential"}, {"oneway", "yes"}};
  // From Q two streets lead on, none comes there; the unsure road is the only way to it.
  drawn.way("AB").way("AC").way("CD").way("QB", oneway).way("QD", oneway).way("PQ", {{"highway", "track"}});
  drawn.way("CP", {{"highway", "track"}});
  test::BuiltMap built(drawn, {kCar});
  const road::RouteNetwork network(built.map().network(kCar));
  auto model = network.own_model();
  model.unsure_classes = ~0U;
  const auto from = drawn.near('C', 1, 0);
  CHECK(std::abs(metres(network, model, from, drawn.near('B', 0, -1)) - drawn.metres("CPQB")) <= 4);
  CHECK(std::abs(metres(network, model, from, drawn.near('Q', 0, -8)) - drawn.metres("CPQ") - 8) <= 4);
}

TEST_CASE("route network: roads that the map is unsure of are open where a model says so, and there only") {
  constexpr auto kCar = base::Vehicle::kCar;
  constexpr auto kRoad = 1U << static_cast<unsigned>(road::RoadClass::kRoad);
  constexpr auto kTrack = 1U << static_cast<unsigned>(road::RoadClass::kTrack);
  struct Row {
    std::string why;
    test::TagList tags;
    bool has_barrier;
    std::string from_to, way;  ///< the way where roads are open
    std::uint32_t classes;     ///< that the map is unsure of
    bool passes_private = false;
  };
  const test::TagList road{{"highway", "road"}}, priv{{"highway", "road"}, {"access", "private"}};
  const Row rows[] = {
      {"passed", road, false, "AD", "ABCD", kRoad},
      {"another class", {{"highway", "track"}}, false, "AD", "ABCD", kTrack},
      {"from one dead end to another", road, false, "xy", "xBCy", kRoad},
      {"a barrier at its end", road, true, "AD", "AEFD", kRoad},
      {"one way, the other way", {{"highway", "road"}, {"oneway", "-1"}}, false, "AD", "AEFD", kRoad},
      {"nobody passes", priv, false, "AD", "AEFD", kRoad},
      {"all pass", priv, false, "AD", "ABCD", kRoad, true},
      {"nobody opens a footway", {{"highway", "footway"}}, false, "AD", "AEFD", 0},
      {"nor what tags close", {{"highway", "road"}, {"motor_vehicle", "no"}}, false, "AD", "AEFD", 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    auto drawn = shortcut(row.tags);
    if (row.has_barrier) drawn.node('B', {{"barrier", "bollard"}});
    test::BuiltMap built(drawn, {kCar, base::Vehicle::kFoot});
    const road::RouteNetwork network(built.map().network(kCar));
    CHECK(network.unsure_classes() == row.classes);
    const auto from = drawn.near(row.from_to.front(), 1, 0), to = drawn.near(row.from_to.back(), -1, 0);
    auto model = network.own_model();
    const auto own = metres(network, model, from, to);
    CHECK(std::abs(own - built.route(kCar, from, to).distance.value) <= 1);
    model.unsure_classes = row.classes;
    model.passes_private = row.passes_private;
    CHECK(std::abs(metres(network, model, from, to) - drawn.metres(row.way)) <= 4);
    model.unsure_classes = ~row.classes;
    for (std::uint32_t edge = 0; edge < network.network().geometry->edge_count(); ++edge)
      model.exempt_edges.push_back(edge);  // of closed classes they are, and of unsure ones not
    CHECK(metres(network, model, from, to) == own);
  }
}

namespace {

/// What is learned of a provider that differs from the map in one thing, asked for A to D under a correction.
class Corrected {
 public:
  Corrected(const test::DrawnMap& drawn, base::Vehicle vehicle, const std::function<void(RouteModel&)>& learn)
      : drawn_(drawn),
        vehicle_(vehicle),
        built_(drawn, {vehicle}),
        map_(std::shared_ptr<void>(), &built_.map()),
        maps_(road::MapSet::make({map_}).value()),
        roads_(maps_) {
    distance::Calibration calibration;
    calibration.vehicle = vehicle;
    calibration.map_release = map_->info().release;
    calibration.routes = road::RouteNetwork(map_->network(vehicle)).own_model();
    learn(calibration.routes);
    learned_ = distance::Learned::make(map_, calibration).value();
  }
  /// @param what  the correction's kind and what it names, in JSON
  void correct(const std::string& what) {
    const auto overlay = fmt::format(
        R"({{"version": 1, "corrections": [{{"id": "c1", {}, "by": "kim", "reason": "works", "recorded": "2026-11-26T18:30:00+09:00"}}]}})",
        what);
    roads_.put(maps_.under(road::parse_overlay(overlay, "overlay.json").value()));
  }
  std::int64_t metres() {
    road::Roads::Query query;
    auto local = distance::local_estimate(&roads_, query, vehicle_, drawn_.at('A'), drawn_.at('D'));
    learned_->improve(local, vehicle_, drawn_.at('A'), drawn_.at('D'), &roads_);
    return local.estimate.metres.value;
  }

 private:
  const test::DrawnMap& drawn_;
  base::Vehicle vehicle_;
  test::BuiltMap built_;
  std::shared_ptr<const road::RoadMap> map_;
  road::MapSet maps_;
  road::LiveRoads roads_;
  std::shared_ptr<const distance::Learned> learned_;
};

}  // namespace

TEST_CASE("calibration: a correction forbids a turn that only the provider takes") {
  const auto drawn = estate("private");
  Corrected corrected(drawn, kMoto, [](RouteModel& model) { model.passes_private = true; });
  CHECK(corrected.metres() == drawn.metres("ABCD"));
  const auto at = drawn.at('C');
  corrected.correct(
      fmt::format(R"("kind": "forbid_turn", "from_way": {}, "to_way": {}, "at": [{:.9f}, {:.9f}])",
                  drawn.way_id("BC"), drawn.way_id("CD"), at.lat_deg(), at.lng_deg()));
  CHECK(corrected.metres() == drawn.metres("ABEFCD"));
}

TEST_CASE("calibration: corrections hold beside a road that only the provider uses") {
  // Arcs have other numbers than the map's behind it.
  const auto drawn = shortcut({{"highway", "road"}});
  Corrected corrected(drawn, base::Vehicle::kCar, [](RouteModel& model) { model.unsure_classes = ~0U; });
  CHECK(corrected.metres() == drawn.metres("ABCD"));
  for (const auto* way : {"AB", "CD"}) {
    CAPTURE(way);
    corrected.correct(fmt::format(R"("kind": "close", "way": {})", drawn.way_id(way)));
    CHECK(corrected.metres() == drawn.metres("AEFD"));
  }
  corrected.correct(fmt::format(R"("kind": "close", "way": {})", drawn.way_id("Bx")));
  CHECK(corrected.metres() == drawn.metres("ABCD"));
}

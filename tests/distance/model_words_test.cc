// What is learned of a provider, in words.

#include "reckon/distance/model_words.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

using namespace reckon;
using road::RouteModel;

TEST_CASE("unlike_the_map: each thing that is learned has its words, and what is not learned has none") {
  constexpr auto bit = [](road::RoadClass of) { return 1U << static_cast<unsigned>(of); };
  struct Row {
    std::function<void(RouteModel&)> learn;
    std::vector<std::string> expected;
  };
  const Row rows[] = {
      {[](RouteModel&) {}, {}},
      {[](RouteModel& model) { model.told.pace_ms_per_m = {100}; },
       {"does not choose by the times that it tells"}},
      {[](RouteModel& model) { model.ignores_turn_rules = true; }, {"keeps no turn rules"}},
      {[](RouteModel& model) { model.passes_destination = true; },
       {"passes through roads for who has to do there"}},
      {[](RouteModel& model) { model.passes_private = true; }, {"passes through private roads"}},
      {[&](RouteModel& model) { model.unsure_classes = bit(road::RoadClass::kRoad); },
       {"uses roads that are closed here, of class road"}},
      {[&](RouteModel& model) {
         model.closed_classes = bit(road::RoadClass::kTrack) | bit(road::RoadClass::kPath);
       },
       {"uses no roads of class track, path"}},
      {[](RouteModel& model) { model.closed_private_classes = (1U << road::kRoadClasses) - 1; },
       {"uses no private roads of any class"}},
      {[&](RouteModel& model) {
         model.closed_pushed_classes = bit(road::RoadClass::kFootway);
         model.exempt_edges = {3, 4};
       },
       {"pushes no bicycles along roads of class footway", "but uses 2 stretches of such roads"}},
      {[](RouteModel& model) {
         model.edges = {{2, road::kEdgeClosed}, {3, road::kEdgeClosed}, {9, 4000}};
       },
       {"does not use single stretches, each direction by itself (2)",
        "likes single stretches less, each direction by itself (1)"}},
      {[](RouteModel& model) {
         model.edge_times = {{2, 500}};
       },
       {"takes another time than their kind on single stretches, each direction by itself (1)"}},
      {[](RouteModel& model) {
         model.turn_times = {{2, 500}, {7, 100}};
       },
       {"takes another time than their kind for single turns (2)"}},
  };
  for (const auto& row : rows) {
    RouteModel model;
    row.learn(model);
    CHECK(distance::unlike_the_map(model) == row.expected);
  }
}

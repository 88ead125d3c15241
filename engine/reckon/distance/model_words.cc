#include "reckon/distance/model_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "reckon/road/overlay.h"

namespace reckon::distance {
namespace {

std::string classes_of(std::uint32_t bits) {
  std::vector<std::string_view> names;
  for (std::uint32_t c = 0; c < road::kRoadClasses; ++c) {
    if ((bits >> c & 1) != 0) names.push_back(road::to_string(static_cast<road::RoadClass>(c)));
  }
  return names.size() == road::kRoadClasses ? "of any class"
                                            : fmt::format("of class {}", fmt::join(names, ", "));
}

}  // namespace

std::vector<std::string> unlike_the_map(const road::RouteModel& model) {
  std::vector<std::string> habits;
  if (!model.told.pace_ms_per_m.empty()) habits.push_back("does not choose by the times that it tells");
  if (model.ignores_turn_rules) habits.push_back("keeps no turn rules");
  if (model.passes_destination) habits.push_back("passes through roads for who has to do there");
  if (model.passes_private) habits.push_back("passes through private roads");
  if (model.unsure_classes != 0)
    habits.push_back("uses roads that are closed here, " + classes_of(model.unsure_classes));
  if (model.closed_classes != 0) habits.push_back("uses no roads " + classes_of(model.closed_classes));
  if (model.closed_private_classes != 0)
    habits.push_back("uses no private roads " + classes_of(model.closed_private_classes));
  if (model.closed_pushed_classes != 0)
    habits.push_back("pushes no bicycles along roads " + classes_of(model.closed_pushed_classes));
  if (!model.exempt_edges.empty())
    habits.push_back(fmt::format("but uses {} stretches of such roads", model.exempt_edges.size()));
  const auto add = [&](std::string_view what, std::size_t count) {
    if (count > 0) habits.push_back(fmt::format("{} ({})", what, count));
  };
  const auto closed = static_cast<std::size_t>(
      std::ranges::count(model.edges, road::kEdgeClosed, &road::RouteModel::EdgeChange::add_ms));
  add("does not use single stretches, each direction by itself", closed);
  add("likes single stretches less, each direction by itself", model.edges.size() - closed);
  add("takes another time than their kind on single stretches, each direction by itself",
      model.edge_times.size());
  add("takes another time than their kind for single turns", model.turn_times.size());
  return habits;
}

}  // namespace reckon::distance

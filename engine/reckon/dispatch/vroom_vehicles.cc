// The vehicles of a VROOM problem.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "reckon/dispatch/vroom_parts.h"
#include "reckon/dispatch/vroom_reader.h"

namespace reckon::dispatch {

using base::JsonNode;

void VroomReader::read_vehicle(const JsonNode& node) {
  node.allow_only({"id", "profile", "description", "start", "start_index", "end", "end_index", "capacity",
                   "costs", "skills", "type", "time_window", "breaks", "speed_factor", "max_tasks",
                   "max_travel_time", "max_distance", "steps", "reckon"});
  if (!node.is_object()) return node.fault("is not a vehicle; an object is needed");
  Vehicle vehicle;
  WireVehicle wire;
  wire.start = read_name(node);
  no_twins(node, "vehicle", wire.start.id);
  vehicle.start = place(node, "start", "start_index", wire.start);
  vehicle.end = place(node, "end", "end_index", wire.end);
  if (vehicle.start == kNone && vehicle.end == kNone && faults_.empty()) {
    node.fault(matrices_.present() ? "has neither start_index nor end_index; at least one of them is needed"
                                   : "has neither start nor end; at least one of them is needed");
  }
  vehicle.capacity = amounts(node.optional("capacity"));
  vehicle.skills = read_skills(node.optional("skills"));
  if (const auto type = node.optional("type").string(kMaxDescription))
    vehicle.type = types_.at(std::string(*type));
  if (const auto hours = node.optional("time_window"); hours.present()) {
    vehicle.window = read_window(hours).value_or(TimeWindow{});
  }
  vehicle.max_tasks = node.optional("max_tasks").integer(0, kMaxTimeS).value_or(kUnlimited);
  vehicle.max_travel_s = node.optional("max_travel_time").integer(0, kMaxTimeS).value_or(kUnlimited);
  vehicle.max_distance_m = node.optional("max_distance").integer(0, kMaxTimeS).value_or(kUnlimited);
  read_costs(node.optional("costs"), vehicle);
  read_breaks(node.optional("breaks"), vehicle, wire);
  vehicle.travel = travel_for(node, vehicle);
  out_.problem.vehicles.push_back(std::move(vehicle));
  out_.vehicles.push_back(std::move(wire));
}

void VroomReader::read_steps(const JsonNode& node, Vehicle& vehicle) {
  const JsonNode steps = node.optional("steps");
  for (const JsonNode& step : steps.items(kMaxTasks + kMaxBreaks + 2)) {
    step.allow_only({"type", "id", "service_at", "service_after", "service_before"});
    for (const auto* key : {"service_at", "service_after", "service_before"}) {
      if (step.optional(key).present())
        unsupported_.add(step.optional(key).pointer(), "is not served; allowed: steps without times");
    }
    const auto type = step.required("type").string(64);
    if (!type || *type == "start" || *type == "end" || *type == "break") continue;
    if (*type != "job" && *type != "pickup" && *type != "delivery") {
      step.required("type").fault(
          fmt::format("'{}' is no step; allowed: start, job, pickup, delivery, break, end", *type));
      continue;
    }
    const auto id = step.required("id").integer(0, kMaxWireId);
    if (!id) continue;
    const auto found = task_of_.find({std::string(*type), *id});
    if (found == task_of_.end()) {
      step.required("id").fault(fmt::format("is no {} of this problem; allowed: ids of those", *type));
    } else {
      vehicle.initial.push_back(found->second);
    }
  }
  const JsonNode ours = node.optional("reckon");
  ours.allow_only({"fixed_steps"});
  const auto most = static_cast<std::int64_t>(vehicle.initial.size());
  vehicle.fixed = static_cast<std::size_t>(ours.optional("fixed_steps").integer(0, most).value_or(0));
}

void VroomReader::read_costs(const JsonNode& node, Vehicle& vehicle) {
  node.allow_only({"fixed", "per_hour", "per_task_hour", "per_km"});
  CostRates& costs = vehicle.costs;
  costs.fixed = node.optional("fixed").integer(0, kMaxFixedCost).value_or(costs.fixed);
  costs.per_hour = node.optional("per_hour").integer(0, kMaxRate).value_or(costs.per_hour);
  costs.per_task_hour = node.optional("per_task_hour").integer(0, kMaxRate).value_or(costs.per_task_hour);
  costs.per_km = node.optional("per_km").integer(0, kMaxRate).value_or(costs.per_km);
}

void VroomReader::read_breaks(const JsonNode& node, Vehicle& vehicle, WireVehicle& wire) {
  std::vector<std::pair<Break, WireName>> breaks;
  for (const JsonNode& item : node.items(kMaxBreaks)) {
    item.allow_only({"id", "time_windows", "service", "description", "max_load"});
    if (!item.is_object()) {
      item.fault("is not a break; an object is needed");
      continue;
    }
    Break rest;
    rest.windows = read_windows(item.optional("time_windows"));
    rest.service_s = read_seconds(item.optional("service"));
    if (const auto load = item.optional("max_load"); load.present()) rest.max_load = amounts(load);
    auto name = read_name(item);
    const bool twin =
        std::ranges::any_of(breaks, [&](const auto& other) { return other.second.id == name.id; });
    if (twin) item.optional("id").fault("is another break's of this vehicle, too; each id may stand once");
    breaks.emplace_back(std::move(rest), std::move(name));
  }
  std::ranges::stable_sort(breaks, {}, [](const auto& b) {
    return std::make_pair(b.first.windows.back().end_s, b.first.windows.front().start_s);
  });
  for (auto& [rest, name] : breaks) {
    vehicle.breaks.push_back(std::move(rest));
    wire.breaks.push_back(std::move(name));
  }
}

std::uint32_t VroomReader::travel_for(const JsonNode& node, const Vehicle& vehicle) {
  const auto profile = std::string(node.optional("profile").string(kMaxDescription).value_or("car"));
  double factor = node.optional("speed_factor").number(0, 5).value_or(1);
  factor = std::round(factor * 100) / 100;
  if (factor <= 0) {
    node.optional("speed_factor").fault("is too small; allowed: 0.01 to 5");
    factor = 1;
  }
  const VroomMatrix* const found = matrices_.find(profile);
  if (matrices_.present() && found == nullptr) {
    const std::string names = matrices_.profiles();
    node.optional("profile").fault(fmt::format("'{}' has no matrices; allowed: {}", profile, names));
    return 0;
  }
  if (matrices_.present()) check_costs(node, vehicle, *found);
  const bool metres = matrices_.present() && found->distances != nullptr;
  out_.has_distances = out_.has_distances || metres || !matrices_.present();
  const auto hundredths = static_cast<std::int64_t>(std::llround(factor * 100));
  const auto next = static_cast<std::uint32_t>(out_.travels.size());
  const auto [known, fresh] = travel_index_.emplace(std::make_pair(profile, hundredths), next);
  if (!fresh) return known->second;
  out_.travels.push_back({profile, factor, out_.problem.vehicles.size()});
  out_.problem.travels.emplace_back();
  if (matrices_.present()) {
    Travel& travel = out_.problem.travels.back();
    travel.durations_s = found->durations;
    at_speed(travel.durations_s, factor);
    travel.distances_m = found->distances;
    travel.costs = found->costs;
  }
  return next;
}

void VroomReader::check_costs(const JsonNode& node, const Vehicle& vehicle, const VroomMatrix& matrices) {
  const bool rates = vehicle.costs.per_hour != CostRates{}.per_hour || vehicle.costs.per_km != 0;
  if (rates && matrices.costs) {
    node.optional("costs").fault("has rates for travel beside a matrix of costs; one of them is allowed");
  }
  if (matrices.distances == nullptr && (vehicle.costs.per_km > 0 || vehicle.max_distance_m < kUnlimited)) {
    node.fault(
        "needs distances for per_km or max_distance; allowed: a profile whose matrices have distances");
  }
}

}  // namespace reckon::dispatch

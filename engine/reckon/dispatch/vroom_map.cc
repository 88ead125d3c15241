// Travel times of a VROOM problem from a road map.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "reckon/dispatch/vroom.h"

namespace reckon::dispatch {
namespace {

std::int32_t whole_seconds(std::int64_t duration_ds) {
  return static_cast<std::int32_t>(std::min<std::int64_t>(road::seconds_of(duration_ds), kUnreachable - 1));
}

// One profile's table at its usual speed. Only starts and tasks are left, only tasks and ends are reached.
struct Table {
  std::vector<std::int32_t> durations_s;
  std::shared_ptr<const std::vector<std::int32_t>> distances_m;
};

struct Ends {
  std::vector<LocationIndex> sources;
  std::vector<LocationIndex> destinations;
};

Ends ends_of(const VroomProblem& input, std::string_view profile) {
  const std::size_t n = input.places.size();
  std::vector<bool> left(n, false);
  std::vector<bool> reached(n, false);
  for (const Task& task : input.problem.tasks) left[task.location] = reached[task.location] = true;
  for (const Vehicle& vehicle : input.problem.vehicles) {
    if (input.travels[vehicle.travel].profile != profile) continue;
    if (vehicle.start != kNone) left[vehicle.start] = true;
    if (vehicle.end != kNone) reached[vehicle.end] = true;
  }
  Ends ends;
  for (LocationIndex i = 0; i < n; ++i) {
    if (left[i]) ends.sources.push_back(i);
    if (reached[i]) ends.destinations.push_back(i);
  }
  return ends;
}

Table table_of(const VroomProblem& input, const road::Roads& map, base::Vehicle vehicle, const Ends& ends) {
  const std::size_t n = input.places.size();
  std::vector<geo::LatLng> from;
  std::vector<geo::LatLng> to;
  for (const auto i : ends.sources) from.push_back(input.places[i]);
  for (const auto i : ends.destinations) to.push_back(input.places[i]);
  road::Roads::Query query;
  const auto cells = map.table(query, vehicle, from, to);
  Table table;
  table.durations_s.assign(n * n, kUnreachable);
  std::vector<std::int32_t> metres(n * n, 0);
  for (std::size_t i = 0; i < from.size(); ++i) {
    for (std::size_t j = 0; j < to.size(); ++j) {
      const road::TableCell& cell = cells[i * to.size() + j];
      if (cell.status != road::RouteStatus::kOk) continue;
      const std::size_t at = ends.sources[i] * n + ends.destinations[j];
      table.durations_s[at] = whole_seconds(cell.duration_ds);
      metres[at] = static_cast<std::int32_t>(std::min<std::int64_t>(cell.distance.value, kUnreachable - 1));
    }
  }
  table.distances_m = std::make_shared<const std::vector<std::int32_t>>(std::move(metres));
  return table;
}

// Keeps the mark only on places that this vehicle can't get to a road from either.
void mark_off_map(VroomProblem& input, const road::Roads& map, base::Vehicle vehicle) {
  if (input.off_map.empty()) input.off_map.assign(input.places.size(), true);
  for (std::size_t i = 0; i < input.places.size(); ++i) {
    if (input.off_map[i]) input.off_map[i] = !map.snap(vehicle, input.places[i]).has_value();
  }
}

}  // namespace

base::Result<void> fill_matrices(VroomProblem& input, const road::Roads* map) {
  if (!input.needs_map) return {};
  if (map == nullptr) {
    return base::fail(
        base::ErrorCode::kInvalidInput, input.name + "#/matrices",
        "is missing and there is no map; allowed: matrices with location indices, or coordinates and a map");
  }
  std::map<std::string, Table, std::less<>> tables;
  for (std::size_t i = 0; i < input.travels.size(); ++i) {
    const WireTravel& wire = input.travels[i];
    const auto vehicle = base::vehicle_from(wire.profile);
    if (!vehicle || !map->serves(*vehicle)) {
      std::string served;
      for (const auto one : map->vehicles())
        served += (served.empty() ? "" : ", ") + std::string(to_string(one));
      return base::fail(base::ErrorCode::kInvalidInput,
                        fmt::format("{}#/vehicles/{}/profile", input.name, wire.vehicle),
                        fmt::format("'{}' is not served by this map; allowed: {}", wire.profile, served));
    }
    auto found = tables.find(wire.profile);
    if (found == tables.end()) {
      mark_off_map(input, *map, *vehicle);
      found =
          tables.emplace(wire.profile, table_of(input, *map, *vehicle, ends_of(input, wire.profile))).first;
    }
    Travel& travel = input.problem.travels[i];
    travel.durations_s = found->second.durations_s;
    at_speed(travel.durations_s, wire.speed_factor);
    travel.distances_m = found->second.distances_m;
  }
  input.needs_map = false;
  auto valid = validate(input.problem);
  if (valid) valid = validate_fixed(input.problem);
  if (!valid)
    return base::fail(base::ErrorCode::kInvalidInput, input.name + ": " + valid.error().where,
                      valid.error().message);
  return {};
}

}  // namespace reckon::dispatch

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/base/limits.h"
#include "reckon/dispatch/vroom_matrices.h"
#include "reckon/dispatch/vroom_parts.h"

namespace reckon::dispatch {
namespace {

using base::ErrorCode;
using base::JsonNode;
using Amounts = std::vector<std::int64_t>;

constexpr std::size_t kMaxTags = 100;
constexpr std::size_t kMaxTagBytes = 100;

// One pass over the document; faults go to `faults`, and a problem comes out only when there are none.
class Reader {
 public:
  Reader(JsonNode root, base::Faults& faults, base::Faults& unsupported)
      : root_(std::move(root)), faults_(faults), unsupported_(unsupported) {}

  VroomProblem run() {
    root_.allow_only({"vehicles", "jobs", "shipments", "matrices", "matrix", "reckon"});
    read_balance(root_.optional("reckon"));
    vehicles_ = root_.required("vehicles").items(kMaxVehicles);
    if (root_.required("vehicles").is_array() && vehicles_.empty() && faults_.empty()) {
      root_.required("vehicles").fault("is empty; allowed: at least one vehicle");
    }
    jobs_ = root_.optional("jobs").items(kMaxTasks);
    shipments_ = root_.optional("shipments").items(kMaxTasks / 2);
    if (!root_.optional("jobs").present() && !root_.optional("shipments").present()) {
      root_.fault("has neither jobs nor shipments; at least one of them is needed");
    }
    if (jobs_.size() + 2 * shipments_.size() > kMaxTasks) {
      root_.fault(fmt::format("has too many tasks; at most {} are allowed", kMaxTasks));
    }
    if (!faults_.empty()) return std::move(out_);
    find_types();
    find_dimensions();
    matrices_.read(root_);
    for (const JsonNode& vehicle : vehicles_) read_vehicle(vehicle);
    for (const JsonNode& job : jobs_) read_job(job);
    for (const JsonNode& shipment : shipments_) read_shipment(shipment);
    for (std::size_t v = 0; v < out_.problem.vehicles.size(); ++v)
      read_steps(vehicles_[v], out_.problem.vehicles[v]);
    out_.problem.locations = matrices_.present() ? matrices_.size() : out_.places.size();
    if (out_.problem.locations > kMaxLocations) {
      root_.fault(fmt::format("has too many places; at most {} are allowed", kMaxLocations));
    }
    out_.needs_map = !matrices_.present();
    return std::move(out_);
  }

 private:
  void read_balance(const JsonNode& ours) {
    ours.allow_only({"balance"});
    const JsonNode node = ours.optional("balance");
    node.allow_only({"tasks", "hours"});
    if (!node.present()) return;
    const JsonNode tasks = node.optional("tasks");
    const JsonNode hours = node.optional("hours");
    if (node.is_object() && !tasks.present() && !hours.present())
      node.fault("says nothing; allowed: tasks, hours or both");
    out_.problem.balance = {.tasks = tasks.integer(0, kMaxRate).value_or(0),
                            .hours = hours.integer(0, kMaxRate).value_or(0)};
  }

  // --- what must be known before the rest ---

  void find_types() {
    for (const JsonNode& vehicle : vehicles_) {
      const JsonNode node = vehicle.optional("type");
      const auto type = node.string(kMaxDescription);
      if (type) types_.emplace(std::string(*type), static_cast<std::uint32_t>(types_.size() + 1));
    }
    if (types_.size() + 1 > kMaxVehicleTypes) {
      root_.fault(fmt::format("has too many vehicle types; at most {} are allowed", kMaxVehicleTypes - 1));
    }
    out_.problem.types = types_.size() + 1;  // type 0: vehicles without a type
  }

  void find_dimensions() {
    const auto look = [&](const JsonNode& holder, std::string_view key) {
      const JsonNode node = holder.optional(key);
      if (!node.is_array() || dimensions_from_.size() > 0) return;
      out_.problem.dimensions = node.items(kMaxDimensions).size();
      dimensions_from_ = node.pointer();
    };
    for (const JsonNode& vehicle : vehicles_) look(vehicle, "capacity");
    for (const JsonNode& job : jobs_) {
      for (const auto* key : {"delivery", "pickup", "amount"}) look(job, key);
    }
    for (const JsonNode& shipment : shipments_) look(shipment, "amount");
    out_.has_amounts = out_.problem.dimensions > 0;
  }

  // --- parts that several things have ---

  Amounts amounts(const JsonNode& node) {
    Amounts none(out_.problem.dimensions, 0);
    if (!node.present()) return none;
    const auto numbers = node.integers(kMaxDimensions, 0, kMaxAmount);
    if (!numbers) return none;
    if (numbers->size() == none.size()) return *numbers;
    node.fault(
        fmt::format("has {} numbers; allowed: {}, as in {}", numbers->size(), none.size(), dimensions_from_));
    return none;
  }

  // The place named by `place_key` and `index_key`; kNone when there is none.
  LocationIndex place(const JsonNode& holder, std::string_view place_key, std::string_view index_key,
                      WireName& wire) {
    const JsonNode at = holder.optional(place_key);
    const JsonNode index = holder.optional(index_key);
    wire.at = read_coordinates(at);
    if (matrices_.present()) {
      const auto last = static_cast<std::int64_t>(matrices_.size()) - 1;
      if (const auto number = index.integer(0, std::max<std::int64_t>(last, 0))) {
        wire.location_index = static_cast<std::uint64_t>(*number);
        return static_cast<LocationIndex>(*number);
      }
      if (at.present() && !index.present())
        index.fault("is missing; with matrices it is required beside coordinates");
      return kNone;
    }
    if (index.present() && !at.present()) {
      index.fault(fmt::format("stands without matrices and without {}; one of these is needed", place_key));
    }
    if (!wire.at) return kNone;
    const auto key = std::make_pair(wire.at->lat_deg(), wire.at->lng_deg());
    const auto [found, fresh] = place_index_.emplace(key, static_cast<LocationIndex>(out_.places.size()));
    if (fresh) out_.places.push_back(*wire.at);
    return found->second;
  }

  void no_twins(const JsonNode& node, std::string_view kind, std::int64_t id) {
    if (ids_.emplace(std::string(kind), id).second) return;
    node.optional("id").fault(fmt::format("{} is another {}'s, too; each id may stand once", id, kind));
  }

  // --- vehicles ---

  void read_vehicle(const JsonNode& node) {
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

  // Where the search begins; tasks are named by type and id, all else is passed over.
  void read_steps(const JsonNode& node, Vehicle& vehicle) {
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

  void read_costs(const JsonNode& node, Vehicle& vehicle) {
    node.allow_only({"fixed", "per_hour", "per_task_hour", "per_km"});
    CostRates& costs = vehicle.costs;
    costs.fixed = node.optional("fixed").integer(0, kMaxFixedCost).value_or(costs.fixed);
    costs.per_hour = node.optional("per_hour").integer(0, kMaxRate).value_or(costs.per_hour);
    costs.per_task_hour = node.optional("per_task_hour").integer(0, kMaxRate).value_or(costs.per_task_hour);
    costs.per_km = node.optional("per_km").integer(0, kMaxRate).value_or(costs.per_km);
  }

  void read_breaks(const JsonNode& node, Vehicle& vehicle, WireVehicle& wire) {
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

  std::uint32_t travel_for(const JsonNode& node, const Vehicle& vehicle) {
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

  void check_costs(const JsonNode& node, const Vehicle& vehicle, const VroomMatrix& matrices) {
    const bool rates = vehicle.costs.per_hour != CostRates{}.per_hour || vehicle.costs.per_km != 0;
    if (rates && matrices.costs) {
      node.optional("costs").fault("has rates for travel beside a matrix of costs; one of them is allowed");
    }
    if (matrices.distances == nullptr && (vehicle.costs.per_km > 0 || vehicle.max_distance_m < kUnlimited)) {
      node.fault(
          "needs distances for per_km or max_distance; allowed: a profile whose matrices have distances");
    }
  }

  // --- tasks ---

  void per_type(const JsonNode& node, std::vector<std::int64_t>& by_type) {
    if (node.present() && !node.is_object()) node.fault("is not an object of vehicle types");
    for (const auto key : node.keys()) {
      const auto value = read_seconds(node.optional(key));
      // A type that no vehicle has is no fault: a fixed table of times may serve changing fleets.
      const auto type = types_.find(std::string(key));
      if (type != types_.end()) by_type[type->second] = value;
    }
  }

  void add_task(const JsonNode& node, TaskKind kind, std::string_view kind_name) {
    Task task;
    task.kind = kind;
    task.request = static_cast<RequestIndex>(out_.problem.requests.size());
    WireName wire = read_name(node);
    no_twins(node, kind_name, wire.id);
    task_of_.emplace(std::pair(std::string(kind_name), wire.id),
                     static_cast<TaskIndex>(out_.problem.tasks.size()));
    task.location = place(node, "location", "location_index", wire);
    if (task.location == kNone && !node.optional("location").present() &&
        !node.optional("location_index").present()) {
      node.fault(matrices_.present() ? "has no location_index; with matrices it is required"
                                     : "has no location; without matrices it is required");
    }
    task.windows = read_windows(node.optional("time_windows"));
    task.setup_s.assign(out_.problem.types, read_seconds(node.optional("setup")));
    task.service_s.assign(out_.problem.types, read_seconds(node.optional("service")));
    per_type(node.optional("setup_per_type"), task.setup_s);
    per_type(node.optional("service_per_type"), task.service_s);
    read_due(node.optional("reckon"), task);
    out_.problem.tasks.push_back(std::move(task));
    out_.tasks.push_back(std::move(wire));
  }

  void read_due(const JsonNode& ours, Task& task) {
    const JsonNode after = ours.optional("late_after");
    const JsonNode per_hour = ours.optional("late_per_hour");
    if (after.present() != per_hour.present())
      ours.fault("has late_after or late_per_hour without the other; allowed: both or none");
    task.due_s = after.integer(0, kMaxTimeS).value_or(kUnlimited);
    task.late_per_hour = per_hour.integer(1, kMaxRate).value_or(0);
  }

  Request request(const JsonNode& node) {
    Request request;
    request.first = static_cast<TaskIndex>(out_.problem.tasks.size());
    request.from_start.assign(out_.problem.dimensions, 0);
    request.to_end = request.carried = request.from_start;
    request.skills = read_skills(node.optional("skills"));
    request.priority = node.optional("priority").integer(0, 100).value_or(0);
    return request;
  }

  std::vector<std::uint32_t> tags(const JsonNode& node) {
    std::vector<std::uint32_t> out;
    for (const JsonNode& item : node.items(kMaxTags)) {
      const auto tag = item.string(kMaxTagBytes);
      if (!tag) continue;
      out.push_back(
          tags_.try_emplace(std::string(*tag), static_cast<std::uint32_t>(tags_.size())).first->second);
    }
    std::ranges::sort(out);
    return out;
  }

  void read_ours(const JsonNode& node, Request& request) {
    if (request.shipment) {
      node.allow_only({"tags", "not_with", "max_on_board"});
      request.max_on_board_s = node.optional("max_on_board").integer(0, kMaxTimeS).value_or(kUnlimited);
    } else {
      node.allow_only({"tags", "not_with", "late_after", "late_per_hour"});
    }
    request.tags = tags(node.optional("tags"));
    request.not_with = tags(node.optional("not_with"));
  }

  void read_job(const JsonNode& node) {
    node.allow_only({"id", "description", "location", "location_index", "setup", "service", "setup_per_type",
                     "service_per_type", "amount", "delivery", "pickup", "skills", "priority", "time_windows",
                     "reckon"});
    if (!node.is_object()) return node.fault("is not a job; an object is needed");
    Request job = request(node);
    read_ours(node.optional("reckon"), job);
    const JsonNode amount = node.optional("amount");
    const JsonNode delivery = node.optional("delivery");
    if (amount.present() && delivery.present()) {
      amount.fault("is deprecated and stands beside delivery; one of them is allowed");
    }
    job.from_start = amounts(delivery.present() ? delivery : amount);
    job.to_end = amounts(node.optional("pickup"));
    add_task(node, TaskKind::kJob, "job");
    out_.problem.requests.push_back(std::move(job));
  }

  void read_shipment(const JsonNode& node) {
    node.allow_only({"pickup", "delivery", "amount", "skills", "priority", "reckon"});
    if (!node.is_object()) return node.fault("is not a shipment; an object is needed");
    Request shipment = request(node);
    shipment.shipment = true;
    read_ours(node.optional("reckon"), shipment);
    shipment.carried = amounts(node.optional("amount"));
    read_shipment_step(node.required("pickup"), TaskKind::kPickup, "pickup");
    read_shipment_step(node.required("delivery"), TaskKind::kDelivery, "delivery");
    out_.problem.requests.push_back(std::move(shipment));
  }

  void read_shipment_step(const JsonNode& node, TaskKind kind, std::string_view kind_name) {
    node.allow_only({"id", "description", "location", "location_index", "setup", "service", "setup_per_type",
                     "service_per_type", "time_windows", "reckon"});
    node.optional("reckon").allow_only({"late_after", "late_per_hour"});
    if (node.present() && !node.is_object()) return node.fault("is not a shipment step; an object is needed");
    if (node.present()) add_task(node, kind, kind_name);
  }

  JsonNode root_;
  base::Faults& faults_;
  base::Faults& unsupported_;
  std::map<std::pair<std::string, std::int64_t>, TaskIndex> task_of_;  // by type and id
  std::map<std::string, std::uint32_t, std::less<>> tags_;
  VroomProblem out_;
  std::vector<JsonNode> vehicles_, jobs_, shipments_;
  std::map<std::string, std::uint32_t> types_;
  VroomMatrices matrices_;
  std::map<std::pair<std::string, std::int64_t>, std::uint32_t> travel_index_;
  std::map<std::pair<double, double>, LocationIndex> place_index_;
  std::set<std::pair<std::string, std::int64_t>> ids_;
  std::string dimensions_from_;
};

}  // namespace

base::Result<VroomProblem> read_vroom(std::string_view json, std::string_view name) {
  auto document = base::JsonDocument::parse(json, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const JsonNode root = document->root(faults);
  if (!root.is_object())
    return base::fail(ErrorCode::kInvalidInput, std::string(name),
                      "is not an object; allowed: a VROOM problem");
  base::Faults unsupported{std::string(name)};
  Reader reader(root, faults, unsupported);
  auto problem = reader.run();
  if (!faults.empty()) return base::fail(faults.error(ErrorCode::kInvalidInput));
  if (!unsupported.empty()) return base::fail(unsupported.error(ErrorCode::kUnsupported));
  problem.name = std::string(name);
  if (!problem.needs_map) {
    auto valid = validate(problem.problem);
    if (valid) valid = validate_fixed(problem.problem);
    if (!valid)
      return base::fail(ErrorCode::kInvalidInput, problem.name + ": " + valid.error().where,
                        valid.error().message);
  }
  return problem;
}

}  // namespace reckon::dispatch

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reckon/dispatch/vroom_parts.h"
#include "reckon/dispatch/vroom_reader.h"

namespace reckon::dispatch {

using base::ErrorCode;
using base::JsonNode;

VroomProblem VroomReader::run() {
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

void VroomReader::read_balance(const JsonNode& ours) {
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

void VroomReader::find_types() {
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

void VroomReader::find_dimensions() {
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

VroomReader::Amounts VroomReader::amounts(const JsonNode& node) {
  Amounts none(out_.problem.dimensions, 0);
  if (!node.present()) return none;
  const auto numbers = node.integers(kMaxDimensions, 0, kMaxAmount);
  if (!numbers) return none;
  if (numbers->size() == none.size()) return *numbers;
  node.fault(
      fmt::format("has {} numbers; allowed: {}, as in {}", numbers->size(), none.size(), dimensions_from_));
  return none;
}

LocationIndex VroomReader::place(const JsonNode& holder, std::string_view place_key,
                                 std::string_view index_key, WireName& wire) {
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

void VroomReader::no_twins(const JsonNode& node, std::string_view kind, std::int64_t id) {
  if (ids_.emplace(std::string(kind), id).second) return;
  node.optional("id").fault(fmt::format("{} is another {}'s, too; each id may stand once", id, kind));
}

base::Result<VroomProblem> read_vroom(std::string_view json, std::string_view name) {
  auto document = base::JsonDocument::parse(json, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const JsonNode root = document->root(faults);
  if (!root.is_object())
    return base::fail(ErrorCode::kInvalidInput, std::string(name),
                      "is not an object; allowed: a VROOM problem");
  base::Faults unsupported{std::string(name)};
  VroomReader reader(root, faults, unsupported);
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

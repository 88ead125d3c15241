// The jobs and shipments of a VROOM problem.

#include <algorithm>
#include <utility>

#include "reckon/dispatch/vroom_parts.h"
#include "reckon/dispatch/vroom_reader.h"

namespace reckon::dispatch {
namespace {

constexpr std::size_t kMaxTags = 100;
constexpr std::size_t kMaxTagBytes = 100;

}  // namespace

using base::JsonNode;

void VroomReader::per_type(const JsonNode& node, std::vector<std::int64_t>& by_type) {
  if (node.present() && !node.is_object()) node.fault("is not an object of vehicle types");
  for (const auto key : node.keys()) {
    const auto value = read_seconds(node.optional(key));
    // A type that no vehicle has is no fault: a fixed table of times may serve changing fleets.
    const auto type = types_.find(std::string(key));
    if (type != types_.end()) by_type[type->second] = value;
  }
}

void VroomReader::add_task(const JsonNode& node, TaskKind kind, std::string_view kind_name) {
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

void VroomReader::read_due(const JsonNode& ours, Task& task) {
  const JsonNode after = ours.optional("late_after");
  const JsonNode per_hour = ours.optional("late_per_hour");
  if (after.present() != per_hour.present())
    ours.fault("has late_after or late_per_hour without the other; allowed: both or none");
  task.due_s = after.integer(0, kMaxTimeS).value_or(kUnlimited);
  task.late_per_hour = per_hour.integer(1, kMaxRate).value_or(0);
}

Request VroomReader::request(const JsonNode& node) {
  Request request;
  request.first = static_cast<TaskIndex>(out_.problem.tasks.size());
  request.from_start.assign(out_.problem.dimensions, 0);
  request.to_end = request.carried = request.from_start;
  request.skills = read_skills(node.optional("skills"));
  request.priority = node.optional("priority").integer(0, 100).value_or(0);
  return request;
}

std::vector<std::uint32_t> VroomReader::tags(const JsonNode& node) {
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

void VroomReader::read_ours(const JsonNode& node, Request& request) {
  if (request.shipment) {
    node.allow_only({"tags", "not_with", "max_on_board"});
    request.max_on_board_s = node.optional("max_on_board").integer(0, kMaxTimeS).value_or(kUnlimited);
  } else {
    node.allow_only({"tags", "not_with", "late_after", "late_per_hour"});
  }
  request.tags = tags(node.optional("tags"));
  request.not_with = tags(node.optional("not_with"));
}

void VroomReader::read_job(const JsonNode& node) {
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

void VroomReader::read_shipment(const JsonNode& node) {
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

void VroomReader::read_shipment_step(const JsonNode& node, TaskKind kind, std::string_view kind_name) {
  node.allow_only({"id", "description", "location", "location_index", "setup", "service", "setup_per_type",
                   "service_per_type", "time_windows", "reckon"});
  node.optional("reckon").allow_only({"late_after", "late_per_hour"});
  if (node.present() && !node.is_object()) return node.fault("is not a shipment step; an object is needed");
  if (node.present()) add_task(node, kind, kind_name);
}

}  // namespace reckon::dispatch

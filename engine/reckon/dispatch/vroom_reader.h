#pragma once

// One pass over a VROOM problem: vroom_read.cc has the document and what its parts have in common,
// vroom_vehicles.cc the vehicles, vroom_tasks.cc jobs and shipments. Internal to this room.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reckon/base/json_reader.h"
#include "reckon/dispatch/vroom.h"
#include "reckon/dispatch/vroom_matrices.h"

namespace reckon::dispatch {

/// The document becomes a problem, fault by fault.
class VroomReader {
 public:
  /// Faults go to `faults`, what is allowed but not served to `unsupported`.
  VroomReader(base::JsonNode root, base::Faults& faults, base::Faults& unsupported)
      : root_(std::move(root)), faults_(faults), unsupported_(unsupported) {}

  /// Once. Means something only when there are no faults.
  VroomProblem run();

 private:
  using Amounts = std::vector<std::int64_t>;
  using JsonNode = base::JsonNode;

  void read_balance(const JsonNode& ours);
  void find_types();
  void find_dimensions();
  Amounts amounts(const JsonNode& node);
  // The place named by `place_key` and `index_key`; kNone when there is none.
  LocationIndex place(const JsonNode& holder, std::string_view place_key, std::string_view index_key,
                      WireName& wire);
  void no_twins(const JsonNode& node, std::string_view kind, std::int64_t id);

  void read_vehicle(const JsonNode& node);
  // Where the search begins; tasks are named by type and id, all else is passed over.
  void read_steps(const JsonNode& node, Vehicle& vehicle);
  void read_costs(const JsonNode& node, Vehicle& vehicle);
  void read_breaks(const JsonNode& node, Vehicle& vehicle, WireVehicle& wire);
  std::uint32_t travel_for(const JsonNode& node, const Vehicle& vehicle);
  void check_costs(const JsonNode& node, const Vehicle& vehicle, const VroomMatrix& matrices);

  void per_type(const JsonNode& node, std::vector<std::int64_t>& by_type);
  void add_task(const JsonNode& node, TaskKind kind, std::string_view kind_name);
  void read_due(const JsonNode& ours, Task& task);
  Request request(const JsonNode& node);
  std::vector<std::uint32_t> tags(const JsonNode& node);
  void read_ours(const JsonNode& node, Request& request);
  void read_job(const JsonNode& node);
  void read_shipment(const JsonNode& node);
  void read_shipment_step(const JsonNode& node, TaskKind kind, std::string_view kind_name);

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

}  // namespace reckon::dispatch

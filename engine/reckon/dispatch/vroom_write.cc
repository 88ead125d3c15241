#include <algorithm>
#include <string>

#include "reckon/base/json_writer.h"
#include "reckon/dispatch/vroom.h"

namespace reckon::dispatch {
namespace {

std::string_view kind_name(TaskKind kind) {
  switch (kind) {
    case TaskKind::kJob:
      return "job";
    case TaskKind::kPickup:
      return "pickup";
    case TaskKind::kDelivery:
      return "delivery";
  }
  return "job";
}

// What VROOM sums over a route and over all routes.
struct Totals {
  std::int64_t cost = 0;
  std::int64_t setup_s = 0, service_s = 0, travel_s = 0, waiting_s = 0;
  std::int64_t priority = 0;
  std::int64_t distance_m = 0;
  std::int64_t late_s = 0;
  std::vector<std::int64_t> delivery, pickup;

  void add(const Totals& other) {
    cost += other.cost;
    setup_s += other.setup_s;
    service_s += other.service_s;
    travel_s += other.travel_s;
    waiting_s += other.waiting_s;
    priority += other.priority;
    distance_m += other.distance_m;
    late_s += other.late_s;
    for (std::size_t d = 0; d < delivery.size(); ++d) {
      delivery[d] += other.delivery[d];
      pickup[d] += other.pickup[d];
    }
  }
};

class Writer {
 public:
  explicit Writer(const VroomProblem& input)
      : input_(input),
        may_be_late_(
            std::ranges::any_of(input.problem.tasks, [](const Task& t) { return t.late_per_hour > 0; })),
        json_(text_) {}

  std::string run(const Plan& plan) {
    std::vector<Totals> totals;
    Totals all = nothing();
    for (const Route& route : plan.routes) {
      totals.push_back(totals_of(route));
      all.add(totals.back());
    }
    json_.begin_object().key("code").integer(0).key("summary").begin_object();
    member("cost", all.cost);
    member("routes", static_cast<std::int64_t>(plan.routes.size()));
    member("unassigned", unassigned_tasks(plan));
    write_totals(all);
    json_.end_object().key("unassigned").begin_array();
    for (const Unassigned& left : plan.unassigned) write_unassigned(left);
    json_.end_array().key("routes").begin_array();
    for (std::size_t i = 0; i < plan.routes.size(); ++i) write_route(plan.routes[i], totals[i]);
    json_.end_array().end_object();
    return std::move(text_);
  }

 private:
  void member(std::string_view key, std::int64_t value) { json_.key(key).integer(value); }

  void numbers(std::string_view key, const std::vector<std::int64_t>& values) {
    json_.key(key).begin_array();
    for (const auto value : values) json_.integer(value);
    json_.end_array();
  }

  Totals nothing() const {
    Totals totals;
    totals.delivery.assign(input_.problem.dimensions, 0);
    totals.pickup = totals.delivery;
    return totals;
  }

  Totals totals_of(const Route& route) const {
    Totals totals = nothing();
    totals.cost = (route.cost + kCostScale / 2) / kCostScale;
    for (const Step& step : route.steps) {
      totals.setup_s += step.setup_s;
      totals.service_s += step.service_s;
      totals.waiting_s += step.waiting_s;
      totals.travel_s = step.travel_s;
      totals.distance_m = step.distance_m;
      if (step.kind != StepKind::kTask) continue;
      const Task& task = input_.problem.tasks[step.index];
      const Request& request = input_.problem.requests[task.request];
      totals.priority += request.priority;
      totals.late_s += late_s(step);
      for (std::size_t d = 0; d < totals.delivery.size(); ++d) {
        // Each shipment counts once on each side; what jobs bring and fetch on its own.
        if (task.kind != TaskKind::kPickup) totals.delivery[d] += request.from_start[d] + request.carried[d];
        if (task.kind != TaskKind::kDelivery) totals.pickup[d] += request.to_end[d] + request.carried[d];
      }
    }
    return totals;
  }

  std::int64_t late_s(const Step& step) const {
    if (step.kind != StepKind::kTask) return 0;
    return std::max<std::int64_t>(0, step.start_s() - input_.problem.tasks[step.index].due_s);
  }

  void write_late(std::int64_t seconds) {
    if (may_be_late_) json_.key("reckon").begin_object().key("late").integer(seconds).end_object();
  }

  std::int64_t unassigned_tasks(const Plan& plan) const {
    std::int64_t count = 0;
    for (const Unassigned& left : plan.unassigned)
      count += input_.problem.requests[left.request].shipment ? 2 : 1;
    return count;
  }

  void write_totals(const Totals& totals) {
    if (input_.has_amounts) {
      numbers("delivery", totals.delivery);
      numbers("pickup", totals.pickup);
    }
    member("setup", totals.setup_s);
    member("service", totals.service_s);
    member("duration", totals.travel_s);
    member("waiting_time", totals.waiting_s);
    member("priority", totals.priority);
    if (input_.has_distances) member("distance", totals.distance_m);
    json_.key("violations").begin_array().end_array();
    write_late(totals.late_s);
  }

  void write_place(const WireName& wire) {
    if (wire.at) {
      json_.key("location").begin_array().number(wire.at->lng_deg()).number(wire.at->lat_deg()).end_array();
    }
    if (wire.location_index) member("location_index", static_cast<std::int64_t>(*wire.location_index));
  }

  std::string_view reason(const Unassigned& left) const {
    if (left.reason != Reason::kNoRoute || input_.off_map.empty()) return to_string(left.reason);
    const Request& request = input_.problem.requests[left.request];
    const TaskIndex last = request.first + (request.shipment ? 1U : 0U);
    const bool off = input_.off_map[input_.problem.tasks[request.first].location] ||
                     input_.off_map[input_.problem.tasks[last].location];
    return off ? "off_map" : to_string(left.reason);
  }

  void write_unassigned(const Unassigned& left) {
    const Request& request = input_.problem.requests[left.request];
    for (TaskIndex task = request.first; task <= request.first + (request.shipment ? 1U : 0U); ++task) {
      const WireName& wire = input_.tasks[task];
      json_.begin_object();
      member("id", wire.id);
      json_.key("type").string(kind_name(input_.problem.tasks[task].kind));
      write_place(wire);
      if (wire.description) json_.key("description").string(*wire.description);
      json_.key("reckon").begin_object().key("reason").string(reason(left)).end_object().end_object();
    }
  }

  void write_route(const Route& route, const Totals& totals) {
    const WireVehicle& vehicle = input_.vehicles[route.vehicle];
    json_.begin_object();
    member("vehicle", vehicle.start.id);
    member("cost", totals.cost);
    if (vehicle.start.description) json_.key("description").string(*vehicle.start.description);
    write_totals(totals);
    json_.key("steps").begin_array();
    for (const Step& step : route.steps) write_step(step, vehicle);
    json_.end_array().end_object();
  }

  void write_step(const Step& step, const WireVehicle& vehicle) {
    json_.begin_object().key("type");
    switch (step.kind) {
      case StepKind::kStart:
        json_.string("start");
        write_place(vehicle.start);
        break;
      case StepKind::kEnd:
        json_.string("end");
        write_place(vehicle.end);
        break;
      case StepKind::kTask:
        write_task(step);
        break;
      case StepKind::kBreak:
        json_.string("break");
        write_name(vehicle.breaks[step.index]);
        break;
    }
    member("setup", step.setup_s);
    member("service", step.service_s);
    member("waiting_time", step.waiting_s);
    if (input_.has_amounts) numbers("load", step.load);
    member("arrival", step.arrival_s);
    member("duration", step.travel_s);
    json_.key("violations").begin_array().end_array();
    if (input_.has_distances && step.kind != StepKind::kBreak) member("distance", step.distance_m);
    if (step.kind == StepKind::kTask) write_late(late_s(step));
    json_.end_object();
  }

  void write_name(const WireName& wire) {
    member("id", wire.id);
    if (wire.description) json_.key("description").string(*wire.description);
  }

  void write_task(const Step& step) {
    const TaskKind kind = input_.problem.tasks[step.index].kind;
    const WireName& wire = input_.tasks[step.index];
    json_.string(kind_name(kind));
    write_name(wire);
    write_place(wire);
    if (kind == TaskKind::kJob) member("job", wire.id);  // deprecated, but what older readers look for
  }

  const VroomProblem& input_;
  bool may_be_late_;
  std::string text_;
  base::JsonWriter json_;
};

}  // namespace

std::string write_vroom(const VroomProblem& problem, const Plan& plan) {
  return Writer(problem).run(plan) + "\n";
}

}  // namespace reckon::dispatch

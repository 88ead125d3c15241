#pragma once

// What was decided: for each used vehicle its timed steps, and for each request left out the reason.

#include <cstdint>
#include <string_view>
#include <vector>

#include "reckon/dispatch/problem.h"

namespace reckon::dispatch {

enum class StepKind : std::uint8_t { kStart, kTask, kBreak, kEnd };

/// One step of a route, in the order of time: arrival, waiting, setup, service, departure.
struct Step {
  StepKind kind = StepKind::kTask;
  std::uint32_t index = kNone;  ///< task of the problem, or break of the vehicle; kNone for start and end
  std::int64_t arrival_s = 0;
  std::int64_t waiting_s = 0;
  std::int64_t setup_s = 0;
  std::int64_t service_s = 0;
  std::int64_t travel_s = 0;            ///< travelled since the route's start, upon arrival
  std::int64_t distance_m = 0;          ///< the same in metres; during a break on the way: of the last stop
  std::vector<std::int64_t> load = {};  ///< after the step, by dimension

  std::int64_t start_s() const { return arrival_s + waiting_s; }
  std::int64_t departure_s() const { return start_s() + setup_s + service_s; }
  friend bool operator==(const Step&, const Step&) = default;
};

struct Route {
  VehicleIndex vehicle = kNone;
  std::vector<Step> steps;  ///< start and end steps only where the vehicle has those places
  std::int64_t cost = 0;    ///< in 1/kCostScale, fixed cost included

  friend bool operator==(const Route&, const Route&) = default;
};

/// Why a request is in no route. The first that holds, in this order.
enum class Reason : std::uint8_t {
  kSkills,       ///< no vehicle has all skills
  kTooHeavy,     ///< no vehicle with the skills can carry it, even alone
  kNoRoute,      ///< no such vehicle can reach its places, or come home from them
  kTimeWindows,  ///< no such vehicle can be there in time, even alone
  kRouteLimit,   ///< alone it breaks every such vehicle's max_tasks, max_travel_time or max_distance
  kNoRoom,       ///< it would fit alone, but the vehicles are full with what was preferred, or time was out
};

/// `skills`, `too_heavy`, `no_route`, `time_windows`, `route_limit`, `no_room`.
std::string_view to_string(Reason reason);

struct Unassigned {
  RequestIndex request = kNone;
  Reason reason = Reason::kNoRoom;

  friend bool operator==(const Unassigned&, const Unassigned&) = default;
};

struct Plan {
  std::vector<Route> routes;           ///< by vehicle, used ones only
  std::vector<Unassigned> unassigned;  ///< by request

  friend bool operator==(const Plan&, const Plan&) = default;
};

/// What plans are ranked by: more priority served, then more tasks served, then less cost.
struct Score {
  std::int64_t priority = 0;  ///< sum over the served tasks
  std::int64_t tasks = 0;     ///< served
  std::int64_t cost = 0;      ///< in 1/kCostScale

  /// Strictly better than `other`.
  bool beats(const Score& other) const;
  friend bool operator==(const Score&, const Score&) = default;
};

Score score(const Problem& problem, const Plan& plan);

}  // namespace reckon::dispatch

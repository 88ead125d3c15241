#pragma once

// The referee: reads a plan's own times and loads, and tells every rule of the problem that they break.
// Written apart from the solver and its schedule, with no code shared, so that one's mistake is seen by the
// other.

#include <string>
#include <vector>

#include "reckon/dispatch/plan.h"
#include "reckon/dispatch/problem.h"

namespace reckon::dispatch {

enum class Rule : std::uint8_t {
  kStructure,   ///< indices, order of start/tasks/end, a vehicle or task twice, a request lost
  kPrecedence,  ///< pickup before delivery, both in one route
  kSkills,
  kLoad,   ///< over capacity, or a load that does not add up
  kTime,   ///< travel faster than the matrix, outside a window or the vehicle's hours, setup or service cut
           ///< short
  kBreak,  ///< missing, twice, out of its window, over its load
  kFresh,  ///< a shipment longer on board than it may be
  kApart,  ///< requests in one route that must not be
  kFixed,  ///< what is fixed to begin a route does not begin it
  kLimit,  ///< max_tasks, max_travel_time, max_distance
  kCost,   ///< the stated cost, travel or distance is not the steps' sum
};

std::string_view to_string(Rule rule);

struct Violation {
  Rule rule;
  std::string where;  ///< `routes[0].steps[3]`
  std::string what;
};

/// Every rule that `plan` breaks; empty means that the plan can be carried out as written.
/// Cost: O(size of plan and problem). Any thread.
std::vector<Violation> check(const Problem& problem, const Plan& plan);

}  // namespace reckon::dispatch

#include "reckon/dispatch/plan.h"

#include <tuple>

namespace reckon::dispatch {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kSkills:
      return "skills";
    case Reason::kTooHeavy:
      return "too_heavy";
    case Reason::kNoRoute:
      return "no_route";
    case Reason::kTimeWindows:
      return "time_windows";
    case Reason::kRouteLimit:
      return "route_limit";
    case Reason::kNoRoom:
      return "no_room";
  }
  return "unknown";
}

bool Score::beats(const Score& other) const {
  return std::make_tuple(-priority, -tasks, cost) <
         std::make_tuple(-other.priority, -other.tasks, other.cost);
}

Score score(const Problem& problem, const Plan& plan) {
  Score sum;
  for (const Route& route : plan.routes) {
    sum.cost += route.cost;
    for (const Step& step : route.steps) {
      if (step.kind != StepKind::kTask) continue;
      ++sum.tasks;
      sum.priority += problem.requests[problem.tasks[step.index].request].priority;
    }
  }
  return sum;
}

}  // namespace reckon::dispatch

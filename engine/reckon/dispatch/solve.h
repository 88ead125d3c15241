#pragma once

// From a problem to a plan: insertion, then ruin and recreate under annealing until time or iterations end.
// The best plan so far is always at hand, so any limit gives a plan. A deadline holds for the insertion, too:
// what there was no time for stays out. Problems of a few requests are solved by going through all plans
// (exact.h) instead, where kMostTries and a fifth of the time do for it; that plan is the best there is.

#include <cstdint>
#include <optional>

#include "reckon/base/clock.h"
#include "reckon/dispatch/plan.h"
#include "reckon/dispatch/problem.h"

namespace reckon::dispatch {

enum class Objective : std::uint8_t {
  kCost,           ///< as Score ranks
  kVehiclesFirst,  ///< after priority and tasks: fewer vehicles, then less cost
};

/// When to stop: at the first limit that is met. Without any, after the first insertion.
struct SolveOptions {
  const base::Clock* clock = nullptr;            ///< needed for `deadline`; must outlive the call
  std::optional<base::Deadline> deadline = {};   ///< with one, two runs may differ
  std::optional<std::uint64_t> iterations = {};  ///< with this alone, equal seeds give equal plans
  std::uint64_t seed = 1;
  Objective objective = Objective::kCost;
};

struct SolveStats {
  std::uint64_t iterations = 0;    ///< rounds of ruin and recreate; none where all plans were gone through
  std::uint64_t improvements = 0;  ///< rounds that gave a new best plan
};

/// A plan that breaks no rule, ranked by Score. Requests that could not be served are listed with the reason.
/// @param problem  valid (see `validate`; our own invariant)
/// Source: Christiaens & Vanden Berghe 2020, "Slack induction by string removals" (docs/sources.md#dispatch).
/// Cost: insertion is about O(requests * near vehicles * stops); then as long as allowed. One thread, no
/// globals.
Plan solve(const Problem& problem, const SolveOptions& options, SolveStats* stats = nullptr);

}  // namespace reckon::dispatch

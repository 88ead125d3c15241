#include "reckon/dispatch/solve.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "problem_fixture.h"
#include "reckon/dispatch/check.h"

using namespace reckon::dispatch;
using namespace reckon::dispatch::testing;

namespace {

SolveOptions rounds(std::uint64_t iterations, std::uint64_t seed = 1) {
  return {.clock = nullptr, .iterations = iterations, .seed = seed};
}

std::string violations_of(const Problem& problem, const Plan& plan) {
  std::string text;
  for (const auto& violation : check(problem, plan)) {
    text += std::string(to_string(violation.rule)) + " " + violation.where + ": " + violation.what + "\n";
  }
  return text;
}

// Solves `count` random problems; each plan must be free of violations and, `allowed_worse` aside, as good as
// the best there is.
void compare_with_brute_force(unsigned seed, int count, int allowed_worse, const RandomShape& shape) {
  std::mt19937 random(seed);
  int worse = 0;
  for (int i = 0; i < count; ++i) {
    CAPTURE(seed);
    CAPTURE(i);
    const Problem problem = random_problem(random, shape);
    REQUIRE(validate(problem).has_value());
    const Plan plan = solve(problem, rounds(3000, seed));
    CHECK(violations_of(problem, plan) == "");
    const Score found = score(problem, plan);
    const Score best = brute_force(problem);
    CHECK_FALSE(found.beats(best));
    if (found == best) continue;
    ++worse;
    MESSAGE("problem " << i << ": cost " << found.cost << " for " << found.tasks << " tasks, best "
                       << best.cost << " for " << best.tasks);
  }
  MESSAGE((count - worse) << " of " << count << " problems of seed " << seed << " at the best score");
  CHECK(worse <= allowed_worse);
}

}  // namespace

TEST_CASE("solve: small problems get the best plan that there is") {
  compare_with_brute_force(20261123, 600, 0, {});
}

// A plan that is only possible with two requests together, each of them impossible without the other (the
// direct leg is missing or longer than the detour), can't be reached by inserting one after the other.
TEST_CASE("solve: where legs are arbitrary or missing, plans are valid and nearly always best") {
  compare_with_brute_force(4711, 300, 3, {.requests = 4, .vehicles = 2, .metric = false, .breaks = false});
}

TEST_CASE("solve: five requests and three vehicles get the best plan") {
  compare_with_brute_force(77, 30, 0, {.requests = 5, .vehicles = 3, .metric = true, .breaks = false});
}

TEST_CASE(
    "solve: with times on board, requests apart and fixed beginnings small problems get the best plan") {
  compare_with_brute_force(808, 300, 3, {.requests = 4, .vehicles = 2, .extras = true});
}

TEST_CASE("solve: a pickup waits rather than that the food gets cold, and what cannot be fresh is left out") {
  // The door opens at 3000; the way from the shop takes 500.
  Problem problem = line({0, 5, 10});
  const auto pizza = add_shipment(problem, 1, 2);
  problem.tasks[1].windows = {{3000, 4000}};
  problem.requests[pizza].max_on_board_s = 600;
  add_vehicle(problem, 0, kNone);
  Plan plan = solve(problem, rounds(20));
  CHECK(violations_of(problem, plan) == "");
  REQUIRE(plan.routes.size() == 1);
  const auto& steps = plan.routes[0].steps;
  CHECK(steps[2].start_s() == 3000);
  CHECK(steps[2].start_s() - steps[1].departure_s() <= 600);
  problem.tasks[0].windows = {{0, 2300}};  // too early
  plan = solve(problem, rounds(20));
  REQUIRE(plan.unassigned.size() == 1);
  CHECK(plan.unassigned[0].reason == Reason::kTimeWindows);
  problem.tasks[0].windows = {{0, 2300}, {2400, 2450}};  // a second window that will do
  CHECK(solve(problem, rounds(20)).routes.size() == 1);
  problem.requests[pizza].max_on_board_s = 499;  // nobody rides so fast
  CHECK(solve(problem, rounds(20)).routes.empty());
}

TEST_CASE("solve: what is fixed stays first although another sequence were cheaper") {
  Problem problem = line({0, 1, 2, 3});
  for (const LocationIndex at : {1U, 2U, 3U}) add_job(problem, at);
  add_vehicle(problem, 0, kNone);
  problem.vehicles[0].initial = {2, 0};
  Plan plan = solve(problem, rounds(100));
  CHECK(plan.routes[0].steps[1].index == 0);  // a mere beginning is improved
  problem.vehicles[0].fixed = 1;
  plan = solve(problem, rounds(100));
  CHECK(violations_of(problem, plan) == "");
  CHECK(plan.routes[0].steps[1].index == 2);
  CHECK(plan.unassigned.empty());
  CHECK(validate_fixed(problem).has_value());
  problem.vehicles[0].max_tasks = 1;
  const auto fault = validate_fixed(problem);
  REQUIRE_FALSE(fault.has_value());
  CHECK(fault.error().where == "vehicles[0].initial");
}

TEST_CASE("solve: plans with breaks break no rule") {
  std::mt19937 random(5);
  for (int i = 0; i < 500; ++i) {
    CAPTURE(i);
    const Problem problem =
        random_problem(random, {.requests = 6, .vehicles = 3, .metric = i % 2 == 0, .breaks = true});
    REQUIRE(validate(problem).has_value());
    CHECK(violations_of(problem, solve(problem, rounds(100))) == "");
  }
}

TEST_CASE("solve: the order of the input changes no score on small problems") {
  std::mt19937 random(99);
  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    Problem problem = random_problem(random, {});
    const Score before = score(problem, solve(problem, rounds(300)));
    std::ranges::shuffle(problem.vehicles, random);
    const Plan plan = solve(problem, rounds(300, 7));
    CHECK(violations_of(problem, plan) == "");
    CHECK(score(problem, plan) == before);
  }
}

TEST_CASE("solve: equal seeds and iterations give equal plans") {
  std::mt19937 random(3);
  const Problem problem =
      random_problem(random, {.requests = 30, .vehicles = 6, .metric = true, .breaks = true});
  CHECK(solve(problem, rounds(500)) == solve(problem, rounds(500)));
}

TEST_CASE("solve: a deadline that has passed still gives a plan") {
  const reckon::base::FakeClock clock;
  Problem problem = line({0, 5});
  add_job(problem, 1);
  add_vehicle(problem, 0, 0);
  const Plan plan = solve(problem, {.clock = &clock,
                                    .deadline = reckon::base::Deadline{clock.steady_now()},
                                    .iterations = std::nullopt,
                                    .seed = 1});
  CHECK(plan.routes.size() == 1);
}

TEST_CASE("solve: nothing to do is an empty plan") {
  CHECK(solve(Problem{}, rounds(10)).routes.empty());
  Problem problem = line({0});
  add_job(problem, 0);
  const Plan plan = solve(problem, rounds(10));
  REQUIRE(plan.unassigned.size() == 1);
  CHECK(plan.unassigned[0].reason == Reason::kSkills);
}

TEST_CASE("solve: what is left out says why") {
  struct Row {
    std::string why;
    Reason reason;
    void (*spoil)(Problem&);
  };
  const Row rows[] = {
      {"nobody has the skill", Reason::kSkills, [](Problem& p) { p.requests[0].skills = {5}; }},
      {"heavier than the vehicle", Reason::kTooHeavy, [](Problem& p) { p.requests[0].carried = {11}; }},
      {"no way to the door", Reason::kNoRoute,
       [](Problem& p) {
         for (std::size_t i = 0; i < 2; ++i) p.travels[0].durations_s[i * 3 + 2] = kUnreachable;
       }},
      {"the window closes before anyone is there", Reason::kTimeWindows,
       [](Problem& p) {
         p.tasks[1].windows = {{0, 10}};
       }},
      {"the vehicle may not travel so far", Reason::kRouteLimit,
       [](Problem& p) { p.vehicles[0].max_distance_m = 9'000; }},
      {"the vehicle may do one task", Reason::kRouteLimit, [](Problem& p) { p.vehicles[0].max_tasks = 1; }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    Problem problem = line({0, 5, 10});
    add_shipment(problem, 1, 2);
    add_vehicle(problem, 0, kNone);
    row.spoil(problem);
    const Plan plan = solve(problem, rounds(20));
    CHECK(plan.routes.empty());
    REQUIRE(plan.unassigned.size() == 1);
    CHECK(to_string(plan.unassigned[0].reason) == to_string(row.reason));
  }
}

TEST_CASE("solve: the less important request is the one without room") {
  Problem problem = line({0, 10, 20});
  add_job(problem, 1, {0, 1000});
  const auto far = add_job(problem, 2, {0, 2000});
  problem.requests[far].priority = 3;
  add_vehicle(problem, 0, 0);
  problem.vehicles[0].max_tasks = 1;
  const Plan plan = solve(problem, rounds(50));
  REQUIRE(plan.unassigned.size() == 1);
  CHECK(plan.unassigned[0].request == 0);
  CHECK(plan.unassigned[0].reason == Reason::kNoRoom);
}

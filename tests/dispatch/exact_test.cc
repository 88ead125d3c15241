#include "reckon/dispatch/exact.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "problem_fixture.h"
#include "reckon/dispatch/check.h"
#include "reckon/dispatch/flat.h"
#include "reckon/dispatch/search.h"
#include "reckon/dispatch/solve.h"

using namespace reckon::dispatch;
using namespace reckon::dispatch::testing;

namespace {

std::optional<Sequences> all_of(const Problem& problem, Objective objective = Objective::kCost) {
  const Flat flat(problem);
  return best_of_all(flat, objective, {});
}

}  // namespace

TEST_CASE("best_of_all: requests that are possible only together are served") {
  // One way leads from 0 over 1 and 2 back to 0, and no other.
  Problem problem = line({0, 1, 2});
  auto& durations = problem.travels[0].durations_s;
  for (const std::size_t cell : {0U * 3 + 2, 2U * 3 + 1, 1U * 3 + 0}) durations[cell] = kUnreachable;
  add_job(problem, 1);
  add_job(problem, 2);
  add_vehicle(problem, 0, 0);
  const auto best = all_of(problem);
  REQUIRE(best.has_value());
  CHECK(best->score.tasks == 2);
  CHECK(best->chains[0] == std::vector<TaskIndex>{0, 1});
  const Plan plan = solve(problem, {.clock = nullptr, .iterations = 100});
  CHECK(check(problem, plan).empty());
  CHECK(plan.unassigned.empty());
}

TEST_CASE("best_of_all: the objective decides whether cost or vehicles come first") {
  Problem problem = line({0, 10, 20, 30});
  add_shipment(problem, 0, 1);
  add_shipment(problem, 3, 2);
  add_vehicle(problem, 0, kNone);
  add_vehicle(problem, 3, kNone);
  const auto cheap = all_of(problem);
  const auto few = all_of(problem, Objective::kVehiclesFirst);
  REQUIRE(cheap.has_value());
  REQUIRE(few.has_value());
  CHECK(cheap->vehicles == 2);
  CHECK(few->vehicles == 1);
  CHECK(cheap->score.cost < few->score.cost);
  CHECK(ranks_before(Objective::kCost, *cheap, *few));
  CHECK(ranks_before(Objective::kVehiclesFirst, *few, *cheap));
}

TEST_CASE("best_of_all: what is fixed is done first, though it were dearer") {
  Problem problem = line({0, 1, 2});
  for (const LocationIndex at : {1U, 2U}) add_job(problem, at);
  for (int i = 0; i < 2; ++i) add_vehicle(problem, 0, kNone);
  problem.vehicles[1].initial = {1};
  problem.vehicles[1].fixed = 1;
  const auto best = all_of(problem);
  REQUIRE(best.has_value());
  CHECK(best->score.tasks == 2);
  CHECK(best->chains[1].front() == 1);
}

TEST_CASE("best_of_all: the later of two beginnings is kept where food must not be long on board") {
  // To the door at 4 leads only the way from 3. With the pickup at 1 first, all is sooner at 3, but the food
  // would be 30 s on board.
  Problem problem = line({0, 1, 2, 3, 4});
  auto& durations = problem.travels[0].durations_s;
  std::ranges::fill(durations, kUnreachable);
  const auto way = [&](LocationIndex from, LocationIndex to, std::int32_t seconds) {
    durations[from * problem.locations + to] = seconds;
  };
  way(0, 1, 10);
  way(1, 2, 10);
  way(2, 3, 10);
  way(3, 4, 10);
  way(0, 2, 20);
  way(2, 1, 20);
  way(1, 3, 10);
  const auto food = add_shipment(problem, 1, 4);
  problem.requests[food].max_on_board_s = 25;
  add_job(problem, 2);
  add_job(problem, 3);
  add_vehicle(problem, 0, kNone);
  const auto best = all_of(problem);
  REQUIRE(best.has_value());
  CHECK(best->chains[0] == std::vector<TaskIndex>{2, 0, 3, 1});
}

TEST_CASE("best_of_all: it gives up when requests are many or time is out") {
  Problem problem = line({0, 1, 2});
  add_vehicle(problem, 0, kNone);
  for (std::size_t i = 0; i < kFewRequests; ++i) add_job(problem, 1 + i % 2);
  CHECK(all_of(problem).has_value());
  {
    Problem clocked = problem;  // with breaks nothing is needless
    clocked.vehicles[0].breaks.push_back({});
    const Flat flat(clocked);
    CHECK_FALSE(best_of_all(flat, Objective::kCost, [] { return true; }).has_value());
  }
  add_job(problem, 1);
  CHECK_FALSE(all_of(problem).has_value());
  const auto unserved = add_job(problem, 2);
  problem.requests[unserved].skills = {9};
  CHECK_FALSE(all_of(problem).has_value());
  problem.requests[0].skills = {9};
  CHECK(all_of(problem).has_value());  // two of ten that nobody can serve
  Problem on_board = line({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  for (LocationIndex i = 0; i < 5; ++i) {
    const auto food = add_shipment(on_board, 2 * i, 2 * i + 1);
    on_board.requests[food].max_on_board_s = 1'000'000;
  }
  add_vehicle(on_board, 0, kNone);
  CHECK_FALSE(all_of(on_board).has_value());  // 326,010 beginnings, none of them needless
  for (auto& request : on_board.requests) request.max_on_board_s = Request{}.max_on_board_s;
  CHECK(all_of(on_board).has_value());
}

TEST_CASE("best_of_all: no search finds better, also with breaks") {
  std::mt19937 random(1127);
  int all = 0, better = 0;
  for (int i = 0; i < 120; ++i) {
    CAPTURE(i);
    const RandomShape shape{.requests = 7,
                            .vehicles = 3,
                            .metric = i % 2 == 0,
                            .breaks = i % 3 == 0,
                            .extras = i % 3 == 1,
                            .costs = i % 3 == 2};
    const Problem problem = random_problem(random, shape);
    REQUIRE(validate(problem).has_value());
    const Flat flat(problem);
    const auto best = best_of_all(flat, Objective::kCost, {});
    if (!best) continue;
    ++all;
    Search search(flat, 1);
    search.construct();
    for (int round = 0; round < 300; ++round) search.round(round / 300.0);
    CHECK_FALSE(ranks_before(Objective::kCost, search.best(), *best));
    if (ranks_before(Objective::kCost, *best, search.best())) ++better;
  }
  MESSAGE(all << " of 120 gone through; the search missed " << better);
  CHECK(all > 100);
}

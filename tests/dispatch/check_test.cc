#include "reckon/dispatch/check.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "problem_fixture.h"
#include "reckon/dispatch/schedule.h"

using namespace reckon::dispatch;
using namespace reckon::dispatch::testing;

namespace {

// One vehicle from 0 km and back: a pickup at 5 km, a break, its delivery at 10 km, a job at 20 km.
struct Case {
  Problem problem = line({0, 5, 10, 20});
  Plan plan;

  Case() {
    add_shipment(problem, 1, 2, 3);
    add_job(problem, 3, {0, 5000});
    problem.tasks[0].setup_s = {30};
    problem.tasks[2].service_s = {60};
    problem.requests[1].to_end = {4};
    problem.requests[0].skills = {7};
    const auto v = add_vehicle(problem, 0, 0, 5);
    problem.vehicles[v].skills = {7};
    problem.vehicles[v].window = {100, 6000};
    problem.vehicles[v].breaks = {Break{{TimeWindow{500, 700}}, 50, {5}}};
    problem.vehicles[v].costs.per_km = 10;
    const TaskIndex tasks[] = {0, 1, 2};
    plan.routes.push_back(*schedule(problem, v, tasks));
  }
  Step& step(StepKind kind, std::uint32_t index) {
    return *std::ranges::find_if(plan.routes[0].steps,
                                 [&](const Step& s) { return s.kind == kind && s.index == index; });
  }
};

}  // namespace

TEST_CASE("check: an honest plan breaks no rule") {
  const Case honest;
  CHECK(check(honest.problem, honest.plan).empty());
}

TEST_CASE("check: each kind of violation is caught") {
  struct Row {
    std::string why;
    Rule rule;
    void (*spoil)(Case&);
  };
  const Row rows[] = {
      {"faster than the matrix", Rule::kTime, [](Case& c) { c.problem.travels[0].durations_s[1] += 1; }},
      {"a leg that does not exist", Rule::kTime,
       [](Case& c) { c.problem.travels[0].durations_s[1] = kUnreachable; }},
      {"outside the task's window", Rule::kTime,
       [](Case& c) {
         c.problem.tasks[2].windows = {{0, 100}};
       }},
      {"before the vehicle's hours", Rule::kTime,
       [](Case& c) { c.problem.vehicles[0].window.start_s = 400; }},
      {"after the vehicle's hours", Rule::kTime, [](Case& c) { c.problem.vehicles[0].window.end_s = 4000; }},
      {"setup left out", Rule::kTime, [](Case& c) { c.step(StepKind::kTask, 0).setup_s = 0; }},
      {"service cut short", Rule::kTime, [](Case& c) { c.step(StepKind::kTask, 2).service_s = 59; }},
      {"negative waiting", Rule::kTime, [](Case& c) { c.step(StepKind::kTask, 2).waiting_s = -1; }},
      {"arrives out of nothing", Rule::kTime, [](Case& c) { c.step(StepKind::kTask, 1).arrival_s -= 10; }},
      {"over capacity", Rule::kLoad, [](Case& c) { c.problem.vehicles[0].capacity = {2}; }},
      {"a load that is not on board", Rule::kLoad, [](Case& c) { c.step(StepKind::kTask, 0).load = {0}; }},
      {"a load without dimensions", Rule::kLoad, [](Case& c) { c.step(StepKind::kTask, 0).load = {}; }},
      {"a skill missing", Rule::kSkills, [](Case& c) { c.problem.vehicles[0].skills = {}; }},
      {"delivered before picked up", Rule::kPrecedence,
       [](Case& c) { std::swap(c.step(StepKind::kTask, 0).index, c.step(StepKind::kTask, 1).index); }},
      {"never delivered", Rule::kPrecedence,
       [](Case& c) { std::erase_if(c.plan.routes[0].steps, [](const Step& s) { return s.index == 1; }); }},
      {"the break is missing", Rule::kBreak,
       [](Case& c) {
         std::erase_if(c.plan.routes[0].steps, [](const Step& s) { return s.kind == StepKind::kBreak; });
       }},
      {"the break out of its window", Rule::kBreak,
       [](Case& c) {
         c.problem.vehicles[0].breaks[0].windows = {{5000, 5000}};
       }},
      {"the break with too much on board", Rule::kBreak,
       [](Case& c) { c.problem.vehicles[0].breaks[0].max_load = {-1}; }},
      {"the break cut short", Rule::kBreak, [](Case& c) { c.problem.vehicles[0].breaks[0].service_s = 51; }},
      {"a break that is not the vehicle's", Rule::kBreak,
       [](Case& c) { c.step(StepKind::kBreak, 0).index = 1; }},
      {"too many tasks", Rule::kLimit, [](Case& c) { c.problem.vehicles[0].max_tasks = 2; }},
      {"too much travel", Rule::kLimit, [](Case& c) { c.problem.vehicles[0].max_travel_s = 3999; }},
      {"too far", Rule::kLimit, [](Case& c) { c.problem.vehicles[0].max_distance_m = 39'999; }},
      {"a cost too low", Rule::kCost, [](Case& c) { c.plan.routes[0].cost -= 1; }},
      {"late, and not charged for it", Rule::kCost,
       [](Case& c) {
         c.problem.tasks[2].due_s = 100;
         c.problem.tasks[2].late_per_hour = 1;
       }},
      {"a cost that leaves the tasks' balance out", Rule::kCost,
       [](Case& c) { c.problem.balance.tasks = 1; }},
      {"a cost that leaves the hours' balance out", Rule::kCost,
       [](Case& c) { c.problem.balance.hours = 1; }},
      {"a distance too short", Rule::kCost, [](Case& c) { c.step(StepKind::kTask, 2).distance_m -= 1; }},
      {"no start", Rule::kStructure,
       [](Case& c) { c.plan.routes[0].steps.erase(c.plan.routes[0].steps.begin()); }},
      {"no end", Rule::kStructure, [](Case& c) { c.plan.routes[0].steps.pop_back(); }},
      {"no steps", Rule::kStructure, [](Case& c) { c.plan.routes[0].steps.clear(); }},
      {"an unknown task", Rule::kStructure, [](Case& c) { c.step(StepKind::kTask, 0).index = 99; }},
      {"an unknown vehicle", Rule::kStructure, [](Case& c) { c.plan.routes[0].vehicle = 9; }},
      {"a vehicle twice", Rule::kStructure, [](Case& c) { c.plan.routes.push_back(c.plan.routes[0]); }},
      {"a request lost", Rule::kStructure, [](Case& c) { c.plan.routes.clear(); }},
      {"served and left out", Rule::kStructure,
       [](Case& c) {
         c.plan.unassigned.push_back({0, Reason::kNoRoom});
       }},
      {"an unknown request left out", Rule::kStructure,
       [](Case& c) {
         c.plan.unassigned.push_back({9, Reason::kNoRoom});
       }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    Case spoiled;
    row.spoil(spoiled);
    const auto violations = check(spoiled.problem, spoiled.plan);
    CHECK(std::ranges::any_of(violations, [&](const Violation& v) { return v.rule == row.rule; }));
  }
}

TEST_CASE("schedule: a break on the way splits the travel") {
  const Case honest;
  const auto& steps = honest.plan.routes[0].steps;
  REQUIRE(steps.size() == 6);
  CHECK(steps[1].kind == StepKind::kTask);
  CHECK(steps[2].kind == StepKind::kBreak);
  CHECK(steps[2].arrival_s == 630);  // at once after the pickup, that began at 600 and took 30
  CHECK(steps[2].travel_s == 500);
  CHECK(steps[3].arrival_s == 1180);

  Problem problem = line({0, 100});
  add_job(problem, 1);
  const auto v = add_vehicle(problem, 0, kNone);
  problem.vehicles[v].breaks = {Break{{TimeWindow{4000, 4000}}, 300, {}}};
  const TaskIndex tasks[] = {0};
  const auto route = schedule(problem, v, tasks);
  REQUIRE(route.has_value());
  REQUIRE(route->steps.size() == 3);
  CHECK(route->steps[1].kind == StepKind::kBreak);
  CHECK(route->steps[1].travel_s == 4000);
  CHECK(route->steps[1].waiting_s == 0);
  CHECK(route->steps[2].arrival_s == 10'300);
}

TEST_CASE("schedule: a route starts as late as its first window allows") {
  Problem problem = line({0, 10});
  add_job(problem, 1, {5000, 6000});
  const auto v = add_vehicle(problem, 0, 0);
  const TaskIndex tasks[] = {0};
  const auto route = schedule(problem, v, tasks);
  REQUIRE(route.has_value());
  CHECK(route->steps[0].arrival_s == 4000);
  CHECK(route->steps[1].arrival_s == 5000);
  CHECK(route->steps[1].waiting_s == 0);
  CHECK(route->steps[2].arrival_s == 6000);
}

TEST_CASE("schedule: waiting is saved only as far as nothing gets later than its due time") {
  struct Row {
    std::int64_t due_s;
    std::int64_t start_s;
    std::int64_t late_cost;  // in 1/3600
  };
  for (const Row& row : {Row{9000, 5000, 0}, Row{1500, 1500, 0}, Row{500, 1000, 500 * 36}}) {
    CAPTURE(row.due_s);
    Problem problem = line({0, 10});
    add_job(problem, 1);
    add_job(problem, 1, {5000, 6000});
    problem.tasks[0].due_s = row.due_s;
    problem.tasks[0].late_per_hour = 36;
    add_vehicle(problem, 0, 0);
    const TaskIndex tasks[] = {0, 1};
    CHECK(lateness(problem, problem.vehicles[0], tasks) == row.late_cost);
    const auto route = schedule(problem, 0, tasks);
    REQUIRE(route.has_value());
    CHECK(route->steps[1].start_s() == row.start_s);
    CHECK(route->steps[0].arrival_s == row.start_s - 1000);
    CHECK(route->steps[2].start_s() == 5000);
    CHECK(route->cost == 2000 * kCostScale + row.late_cost);
  }
}

TEST_CASE("validate: what lateness and balance could cost stays within 64 bits") {
  Problem problem = line({0, 10});
  for (int i = 0; i < 100; ++i) add_job(problem, 1);
  add_vehicle(problem, 0, 0);
  problem.balance = {.tasks = kMaxRate, .hours = kMaxRate};
  for (Task& task : problem.tasks) {
    task.due_s = 0;
    task.late_per_hour = kMaxRate;
  }
  CHECK(validate(problem).has_value());
  struct Row {
    std::string where;
    void (*spoil)(Problem&);
  };
  const Row rows[] = {
      {"balance", [](Problem& p) { p.balance.hours = kMaxRate + 1; }},
      {"balance", [](Problem& p) { p.balance.tasks = -1; }},
      {"balance",
       [](Problem& p) {
         for (Task& task : p.tasks) task.service_s = {kMaxActionS};
       }},
      {"tasks[7].due_s", [](Problem& p) { p.tasks[7].late_per_hour = kMaxRate + 1; }},
      {"tasks[0].due_s", [](Problem& p) { p.vehicles[0].breaks = {Break{}}; }},
      {"tasks",
       [](Problem& p) {
         p.balance = {};
         for (Task& task : p.tasks) task.service_s = {kMaxActionS};
       }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.where);
    Problem spoiled = problem;
    row.spoil(spoiled);
    const auto valid = validate(spoiled);
    REQUIRE_FALSE(valid.has_value());
    CHECK(valid.error().where == row.where);
  }
}

#include "reckon/dispatch/vroom.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "reckon/base/json_reader.h"
#include "reckon/dispatch/check.h"
#include "reckon/dispatch/solve.h"

using namespace reckon::dispatch;
using reckon::base::ErrorCode;

namespace {

// Everything that the format has, except what stands in the way of each other.
const std::string kProblem = R"({
  "vehicles": [
    {"id": 1, "profile": "bike", "description": "Kim", "start_index": 0, "end_index": 0, "capacity": [4, 50],
     "skills": [3, 1], "type": "tall", "time_window": [0, 7200], "speed_factor": 2.0, "max_tasks": 9,
     "max_travel_time": 7200, "max_distance": 100000,
     "costs": {"fixed": 10, "per_hour": 7200, "per_task_hour": 3600, "per_km": 5},
     "breaks": [{"id": 8, "time_windows": [[1000, 2000]], "service": 60, "description": "tea", "max_load": [4, 50]}]},
    {"id": 2, "profile": "bike", "start_index": 0, "capacity": [1, 1]}
  ],
  "jobs": [{"id": 11, "description": "door", "location": [127.0, 37.5], "location_index": 1, "setup": 5, "service": 7,
            "setup_per_type": {"tall": 6}, "service_per_type": {"tall": 8, "small": 9}, "delivery": [1, 2],
            "pickup": [0, 1], "skills": [1], "priority": 20, "time_windows": [[0, 100], [200, 3600]]}],
  "shipments": [{"pickup": {"id": 21, "location_index": 2, "service": 3}, "amount": [1, 9], "skills": [3], "priority": 5,
                 "delivery": {"id": 21, "location_index": 1, "time_windows": [[0, 7000]]}}],
  "matrices": {"bike": {"durations": [[0, 100, 200], [100, 0, 150], [200, 150, 0]],
                        "distances": [[0, 900, 1800], [900, 0, 1300], [1800, 1300, 0]]}}
})";

SolveOptions rounds(std::uint64_t iterations) {
  return {.clock = nullptr, .iterations = iterations, .seed = 1};
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("vroom: a full problem is read as it stands") {
  const auto input = read_vroom(kProblem, "p");
  REQUIRE(input.has_value());
  const Problem& problem = input->problem;
  CHECK(problem.dimensions == 2);
  CHECK(problem.types == 2);
  REQUIRE(problem.tasks.size() == 3);
  REQUIRE(problem.requests.size() == 2);
  const Vehicle& kim = problem.vehicles[0];
  CHECK(kim.skills == std::vector<std::uint32_t>{1, 3});
  CHECK(kim.max_tasks == 9);
  CHECK(kim.costs == CostRates{10, 7200, 3600, 5});
  REQUIRE(kim.breaks.size() == 1);
  CHECK(kim.breaks[0].service_s == 60);
  CHECK(problem.vehicles[1].end == kNone);
  CHECK(problem.tasks[0].setup_s == std::vector<std::int64_t>{5, 6});
  CHECK(problem.tasks[0].service_s == std::vector<std::int64_t>{7, 8});
  CHECK(problem.tasks[0].windows == std::vector<TimeWindow>{{0, 100}, {200, 3600}});
  CHECK(problem.requests[1].shipment);
  CHECK(problem.requests[1].carried == std::vector<std::int64_t>{1, 9});
  CHECK(problem.leg_s(kim, 0, 1) == 50);  // twice as fast
  CHECK(problem.leg_s(problem.vehicles[1], 0, 1) == 100);
  CHECK(problem.leg_m(kim, 0, 1) == 900);
}

TEST_CASE("vroom: the answer adds up and tells what VROOM's tells") {
  const auto input = read_vroom(kProblem, "p");
  REQUIRE(input.has_value());
  const Plan plan = solve(input->problem, rounds(50));
  CHECK(check(input->problem, plan).empty());
  const std::string text = write_vroom(*input, plan);
  const auto document = reckon::base::JsonDocument::parse(text, "answer");
  REQUIRE(document.has_value());
  reckon::base::Faults faults("answer");
  const auto root = document->root(faults);
  CHECK(root.required("code").integer(0, 9) == 0);
  const auto summary = root.required("summary");
  CHECK(summary.required("unassigned").integer(0, 9) == 0);
  CHECK(summary.required("routes").integer(0, 9) == 1);
  CHECK(summary.required("priority").integer(0, 999) == 30);  // each task counts: 20 + 5 + 5
  CHECK(summary.required("delivery").dump() == "[2,11]");
  CHECK(summary.required("pickup").dump() == "[1,10]");
  const auto route = root.required("routes").items(9).at(0);
  CHECK(route.required("description").string() == "Kim");
  CHECK(route.required("cost").dump() == summary.required("cost").dump());
  std::int64_t setup = 0, service = 0, waiting = 0;
  std::vector<std::string> types;
  for (const auto& step : route.required("steps").items(99)) {
    types.emplace_back(*step.required("type").string());
    setup += *step.required("setup").integer(0, 9999);
    service += *step.required("service").integer(0, 9999);
    waiting += *step.required("waiting_time").integer(0, 9999);
    CHECK(step.required("violations").items(1).empty());
  }
  CHECK(route.required("setup").integer(0, 9999) == setup);
  CHECK(route.required("service").integer(0, 9999) == service);
  CHECK(route.required("waiting_time").integer(0, 9999) == waiting);
  CHECK(types.front() == "start");
  CHECK(types.back() == "end");
  for (const auto* type : {"break", "job", "pickup", "delivery"}) CHECK(std::ranges::count(types, type) == 1);
  CHECK(faults.empty());
}

TEST_CASE("vroom: what is left out is told task by task with its reason under reckon") {
  auto text = replaced(kProblem, R"("skills": [3], "priority": 5)", R"("skills": [4], "priority": 5)");
  const auto input = read_vroom(text, "p");
  REQUIRE(input.has_value());
  const std::string answer = write_vroom(*input, solve(input->problem, rounds(20)));
  const std::string told =
      R"("unassigned":[{"id":21,"type":"pickup","location_index":2,"reckon":{"reason":"skills"}},)"
      R"({"id":21,"type":"delivery","location_index":1,"reckon":{"reason":"skills"}}])";
  CHECK(answer.find(told) != std::string::npos);
  CHECK(answer.find(R"("unassigned":2)") != std::string::npos);
}

TEST_CASE("vroom: deprecated matrix and amount mean car durations and delivery") {
  const auto input = read_vroom(R"({"vehicles": [{"id": 0, "start_index": 0, "capacity": [3]}],
      "jobs": [{"id": 5, "location_index": 1, "amount": [2]}], "matrix": [[0, 7], [9, 0]]})",
                                "p");
  REQUIRE(input.has_value());
  CHECK(input->problem.requests[0].from_start == std::vector<std::int64_t>{2});
  CHECK(input->problem.leg_s(input->problem.vehicles[0], 0, 1) == 7);
}

TEST_CASE("vroom: equal coordinates are one place, and without matrices a map is needed") {
  const auto input = read_vroom(R"({"vehicles": [{"id": 0, "start": [127.0, 37.5]}],
      "jobs": [{"id": 5, "location": [127.0, 37.5]}, {"id": 6, "location": [127.1, 37.5]}]})",
                                "p");
  REQUIRE(input.has_value());
  CHECK(input->needs_map);
  CHECK(input->places.size() == 2);
  CHECK(input->problem.tasks[0].location == input->problem.vehicles[0].start);
}

TEST_CASE("vroom: each fault is named, located and told what is allowed") {
  struct Row {
    std::string why;
    std::string what, with;  // replaced in kProblem
    std::string where, says;
    ErrorCode code = ErrorCode::kInvalidInput;
  };
  const Row rows[] = {
      {"unknown key", R"("id": 1,)", R"("id": 1, "colour": 3,)", "p#/vehicles/0/colour",
       "allowed: id, profile"},
      {"unknown key at the top", R"("vehicles":)", R"("cars": 1, "vehicles":)", "p#/cars",
       "allowed: vehicles"},
      {"vehicles missing", R"("vehicles":)", R"("reckon": {}, "vehicle":)", "p#/vehicles", "required"},
      {"an id missing", R"({"id": 11, )", R"({)", "p#/jobs/0/id", "required"},
      {"an id as text", R"("id": 11)", R"("id": "11")", "p#/jobs/0/id", "integer from 0"},
      {"a vehicle id twice", R"({"id": 2,)", R"({"id": 1,)", "p#/vehicles/1/id", "once"},
      {"an index out of the matrix", R"("location_index": 1, "setup")", R"("location_index": 3, "setup")",
       "p#/jobs/0/location_index", "from 0 to 2"},
      {"no index beside matrices", R"("location_index": 1, "setup")", R"("setup")",
       "p#/jobs/0/location_index", "required"},
      {"neither start nor end", R"("start_index": 0, "capacity": [1, 1])", R"("capacity": [1, 1])",
       "p#/vehicles/1", "at least one"},
      {"a window back to front", "[200, 3600]", "[3600, 200]", "p#/jobs/0/time_windows/1", "start <= end"},
      {"a window of three", "[200, 3600]", "[200, 3600, 1]", "p#/jobs/0/time_windows/1", "at most 2"},
      {"no windows in the list", "[[0, 100], [200, 3600]]", "[]", "p#/jobs/0/time_windows", "at least one"},
      {"amounts of another length", R"("delivery": [1, 2])", R"("delivery": [1])", "p#/jobs/0/delivery",
       "allowed: 2"},
      {"a negative amount", R"("delivery": [1, 2])", R"("delivery": [1, -2])", "p#/jobs/0/delivery/1",
       "from 0"},
      {"a priority of 101", R"("priority": 20)", R"("priority": 101)", "p#/jobs/0/priority", "from 0 to 100"},
      {"a speed of 0", R"("speed_factor": 2.0)", R"("speed_factor": 0)", "p#/vehicles/0/speed_factor",
       "0.01"},
      {"a speed of 6", R"("speed_factor": 2.0)", R"("speed_factor": 6)", "p#/vehicles/0/speed_factor",
       "to 5"},
      {"a profile without matrices", R"("profile": "bike", "start_index")",
       R"("profile": "car", "start_index")", "p#/vehicles/1/profile", "allowed: bike"},
      {"a row too short", "[100, 0, 150]", "[100, 0]", "p#/matrices/bike/durations/1", "square"},
      {"a negative duration", "[100, 0, 150]", "[100, 0, -1]", "p#/matrices/bike/durations/1/2", "from 0"},
      {"matrices of two sizes", R"("distances": [[0, 900, 1800], [900, 0, 1300], [1800, 1300, 0]])",
       R"("distances": [[0]])", "p#/matrices/bike/distances", "as many as"},
      {"no distances for per_km", R"("distances")", R"("costs")", "p#/vehicles/0", "per_km"},
      {"a break id twice", R"("max_load": [4, 50]})", R"("max_load": [4, 50]}, {"id": 8})",
       "p#/vehicles/0/breaks/1/id", "once"},
      {"a shipment without delivery", R"("delivery": {"id": 21)", R"("drop": {"id": 21)",
       "p#/shipments/0/drop", "allowed: pickup, delivery"},
      {"latitude first", "[127.0, 37.5]", "[37.5, 127.0]", "p#/jobs/0/location", "[longitude, latitude]"},
      {"both matrix and matrices", R"("matrices":)", R"("matrix": [[0]], "matrices":)", "p#/matrix",
       "one is allowed"},
      {"times of steps", R"("max_tasks": 9)", R"("steps": [{"type": "job", "id": 11, "service_at": 5}])",
       "p#/vehicles/0/steps/0/service_at", "not served", ErrorCode::kUnsupported},
      {"a step of nothing", R"("max_tasks": 9)", R"("steps": [{"type": "job", "id": 12}])",
       "p#/vehicles/0/steps/0/id", "is no job"},
      {"a delivery before its pickup", R"("max_tasks": 9)",
       R"("steps": [{"type": "delivery", "id": 21}, {"type": "pickup", "id": 21}])", "p: vehicles[0].initial",
       "before its pickup"},
      {"more fixed than there are", R"("max_tasks": 9)", R"("reckon": {"fixed_steps": 1})",
       "p#/vehicles/0/reckon/fixed_steps", "from 0 to 0"},
      {"a time on board beside breaks", R"("amount": [1, 9])",
       R"("amount": [1, 9], "reckon": {"max_on_board": 9})", "p: requests[1].max_on_board_s", "breaks"},
      {"an extension that there is not", R"("amount": [1, 9])",
       R"("amount": [1, 9], "reckon": {"colour": "red"})", "p#/shipments/0/reckon/colour",
       "allowed: tags, not_with, max_on_board"},
      {"lateness without its price", R"("setup")", R"("reckon": {"late_after": 90}, "setup")",
       "p#/jobs/0/reckon", "both or none"},
      {"lateness at no price", R"("setup")", R"("reckon": {"late_after": 90, "late_per_hour": 0}, "setup")",
       "p#/jobs/0/reckon/late_per_hour", "from 1 to 1000000"},
      {"lateness before all time", R"("setup")",
       R"("reckon": {"late_after": -1, "late_per_hour": 5}, "setup")", "p#/jobs/0/reckon/late_after",
       "from 0"},
      {"lateness beside breaks", R"("setup")", R"("reckon": {"late_after": 90, "late_per_hour": 5}, "setup")",
       "p: tasks[0].due_s", "breaks"},
      {"a shipment's step with tags", R"("delivery": {"id": 21,)",
       R"("delivery": {"reckon": {"tags": ["a"]}, "id": 21,)", "p#/shipments/0/delivery/reckon/tags",
       "allowed: late_after, late_per_hour"},
      {"balance of nothing", R"("vehicles":)", R"("reckon": {"balance": {}}, "vehicles":)",
       "p#/reckon/balance", "tasks, hours or both"},
      {"balance below nothing", R"("vehicles":)", R"("reckon": {"balance": {"hours": -1}}, "vehicles":)",
       "p#/reckon/balance/hours", "from 0 to 1000000"},
      {"balance of something else", R"("vehicles":)", R"("reckon": {"balance": {"cost": 1}}, "vehicles":)",
       "p#/reckon/balance/cost", "allowed: tasks, hours"},
      {"not JSON", R"("vehicles":)", R"("vehicles")", "p:2:14", "JSON"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto input = read_vroom(replaced(kProblem, row.what, row.with), "p");
    REQUIRE_FALSE(input.has_value());
    CHECK(to_string(input.error().code) == to_string(row.code));
    std::string all;
    bool found = false;
    for (const auto& fault : input.error().all()) {
      all += fault.where + ": " + fault.message + "\n";
      found = found || (fault.where == row.where && fault.message.find(row.says) != std::string::npos);
    }
    CAPTURE(all);
    CHECK(found);
  }
}

TEST_CASE("vroom: several faults are told at once") {
  auto text = replaced(kProblem, R"("priority": 20)", R"("priority": 101)");
  text = replaced(text, "[100, 0, 150]", "[100, 0, -1]");
  const auto input = read_vroom(text, "p");
  REQUIRE_FALSE(input.has_value());
  CHECK(input.error().all().size() >= 2);
}

TEST_CASE("vroom: damaged input is a fault or a valid problem, never worse") {
  const std::string replacements = "0129-.,:[]{}\"ae ";
  std::mt19937 random(8);
  int read = 0;
  for (int i = 0; i < 3000; ++i) {
    CAPTURE(i);
    std::string text = kProblem;
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
      const auto at = random() % text.size();
      if (random() % 4 == 0) {
        text.erase(at, 1 + random() % 20);
      } else {
        text[at] = replacements[random() % replacements.size()];
      }
    }
    const auto input = read_vroom(text, "p");
    if (!input) {
      for (const auto& fault : input.error().all()) CHECK_FALSE(fault.where.empty());
      continue;
    }
    ++read;
    if (!input->needs_map) CHECK(check(input->problem, solve(input->problem, rounds(3))).empty());
  }
  CHECK(read > 100);
}

TEST_CASE("vroom: our own constraints are read, kept, and told from each other") {
  const std::string problem = R"({
    "vehicles": [{"id": 1, "start_index": 0, "capacity": [9],
                  "steps": [{"type": "start"}, {"type": "job", "id": 6}, {"type": "end"}], "reckon": {"fixed_steps": 1}},
                 {"id": 2, "start_index": 0, "capacity": [9]}],
    "jobs": [{"id": 5, "location_index": 1, "reckon": {"tags": ["fish"]}}, {"id": 6, "location_index": 2}],
    "shipments": [{"pickup": {"id": 7, "location_index": 0}, "delivery": {"id": 7, "location_index": 1}, "amount": [1],
                   "reckon": {"not_with": ["fish", "paint"], "max_on_board": 150}}],
    "matrix": [[0, 100, 200], [100, 0, 100], [200, 100, 0]]})";
  const auto input = read_vroom(problem, "p");
  REQUIRE_MESSAGE(input.has_value(), (input ? "" : input.error().where + input.error().message));
  CHECK(input->problem.vehicles[0].initial == std::vector<TaskIndex>{1});
  CHECK(input->problem.vehicles[0].fixed == 1);
  CHECK(input->problem.requests[2].max_on_board_s == 150);
  CHECK(apart(input->problem.requests[0], input->problem.requests[2]));
  CHECK_FALSE(apart(input->problem.requests[1], input->problem.requests[2]));
  const Plan plan = solve(input->problem, rounds(200));
  CHECK(check(input->problem, plan).empty());
  CHECK(plan.unassigned.empty());
  CHECK(plan.routes.size() == 2);  // the fish goes without the shipment
}

TEST_CASE("vroom: who may be late is served late at a price, and the answer tells by how much") {
  // The second door is due when the first one is served at the earliest.
  const std::string problem = R"({
    "vehicles": [{"id": 1, "start_index": 0}],
    "jobs": [{"id": 5, "location_index": 1, "time_windows": [[300, 400]]},
             {"id": 6, "location_index": 2, "reckon": {"late_after": 300, "late_per_hour": 36}}],
    "shipments": [{"pickup": {"id": 7, "location_index": 1},
                   "delivery": {"id": 7, "location_index": 2, "reckon": {"late_after": 9000, "late_per_hour": 1}}}],
    "matrix": [[0, 100, 900], [100, 0, 100], [900, 100, 0]]})";
  const auto input = read_vroom(problem, "p");
  REQUIRE_MESSAGE(input.has_value(), (input ? "" : input.error().where + input.error().message));
  CHECK(input->problem.tasks[1].due_s == 300);
  CHECK(input->problem.tasks[1].late_per_hour == 36);
  CHECK(input->problem.tasks[2].late_per_hour == 0);
  CHECK(input->problem.tasks[3].due_s == 9000);
  const Plan plan = solve(input->problem, rounds(100));
  CHECK(check(input->problem, plan).empty());
  CHECK(plan.unassigned.empty());
  const auto text = write_vroom(*input, plan);
  const auto document = reckon::base::JsonDocument::parse(text, "answer");
  REQUIRE(document.has_value());
  reckon::base::Faults faults("answer");
  const auto root = document->root(faults);
  // 200 s of travel, and 100 s late at 36 an hour.
  CHECK(root.required("summary").required("cost").integer(0, 9999) == 201);
  CHECK(root.required("summary").required("reckon").required("late").integer(0, 9999) == 100);
  const auto route = root.required("routes").items(9).front();
  CHECK(route.required("reckon").required("late").integer(0, 9999) == 100);
  std::int64_t late = 0;
  for (const auto& step : route.required("steps").items(9)) {
    if (step.optional("job").present() && step.required("id").integer(0, 9) == 6)
      late = step.required("reckon").required("late").integer(0, 9999).value_or(0);
  }
  CHECK(late == 100);
  CHECK(faults.empty());
  CHECK(text.find("late") != std::string::npos);
  const auto punctual = read_vroom(kProblem, "p");
  CHECK(write_vroom(*punctual, solve(punctual->problem, rounds(9))).find("late") == std::string::npos);
}

TEST_CASE("vroom: balance is read, and spreads the work") {
  const std::string problem = R"({
    "vehicles": [{"id": 1, "start_index": 0, "end_index": 0}, {"id": 2, "start_index": 0, "end_index": 0}],
    "jobs": [{"id": 5, "location_index": 1, "service": 1800}, {"id": 6, "location_index": 1, "service": 1800},
             {"id": 7, "location_index": 1, "service": 1800}, {"id": 8, "location_index": 1, "service": 1800}],
    "matrix": [[0, 100], [100, 0]]})";
  for (const std::string balance : {R"({"balance": {"tasks": 50}}, )", R"({"balance": {"hours": 200}}, )"}) {
    CAPTURE(balance);
    const auto alone = read_vroom(problem, "p");
    CHECK(solve(alone->problem, rounds(100)).routes.size() == 1);
    const auto input =
        read_vroom(replaced(problem, "\"vehicles\"", "\"reckon\": " + balance + "\"vehicles\""), "p");
    REQUIRE_MESSAGE(input.has_value(), (input ? "" : input.error().where + input.error().message));
    CHECK(input->problem.balance.any());
    const Plan plan = solve(input->problem, rounds(100));
    CHECK(check(input->problem, plan).empty());
    CHECK(plan.routes.size() == 2);
    for (const Route& route : plan.routes) CHECK(route.steps.size() == 4);
  }
}

#include "reckon/dispatch/fairness.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "reckon/dispatch/rng.h"

using namespace reckon::dispatch;

namespace {

// By its definition: the mean difference of all pairs over twice the mean.
double gini_by_pairs(const std::vector<double>& values) {
  double differences = 0;
  double sum = 0;
  for (const auto a : values) {
    sum += a;
    for (const auto b : values) differences += std::abs(a - b);
  }
  const auto n = static_cast<double>(values.size());
  return sum > 0 ? differences / (2 * n * sum) : 0;
}

}  // namespace

TEST_CASE("the Gini coefficient is that of all pairs") {
  CHECK(gini({}) == 0);
  CHECK(gini({0, 0}) == 0);
  CHECK(gini({3, 3, 3}) == doctest::Approx(0));
  CHECK(gini({0, 0, 0, 8}) == doctest::Approx(0.75));
  for (std::size_t n = 1; n < 100; ++n) CHECK(gini(std::vector<double>(n, 0.1)) >= 0);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    std::vector<double> values(1 + rng.below(30));
    for (auto& value : values) value = rng.below(5);
    CHECK(gini(values) == doctest::Approx(gini_by_pairs(values)));
  }
}

TEST_CASE("measures count for each hour on duty, and short shifts not at all") {
  const std::vector<RiderRecord> riders = {
      {.id = 0, .name = "a", .hours = 2, .calls = 6, .kilometres = 20, .pay = 30},
      {.id = 1, .name = "b", .hours = 1, .calls = 1, .kilometres = 10, .pay = 15},
      {.id = 2, .name = "c", .hours = 0.2, .calls = 2, .kilometres = 1, .pay = 20}};
  const auto report = fairness(riders);
  CHECK(report.riders == 2);
  CHECK(report.short_shifts == 1);
  CHECK(report.hours == doctest::Approx(3));
  CHECK(report.calls_per_hour.mean == doctest::Approx(2));
  CHECK(report.calls_per_hour.least == doctest::Approx(1));
  CHECK(report.calls_per_hour.most == doctest::Approx(3));
  CHECK(report.calls_per_hour.gini == doctest::Approx(0.25));
  CHECK(report.kilometres_per_hour.gini == doctest::Approx(0));
}

TEST_CASE("of a table with a thousand faults the first twenty are told") {
  std::string table = "id,rider,on_s,off_s,calls,distance_m,pay\n";
  for (int i = 0; i < 1000; ++i) table += "x,a,b,c,d,e,f\n";
  const auto riders = read_rider_records(table, "riders.csv");
  REQUIRE_FALSE(riders.has_value());
  CHECK(riders.error().where == "riders.csv:2");
  CHECK(riders.error().all().size() == 20);
}

TEST_CASE("a table of riders is read, a decision log counted into it") {
  auto riders = read_rider_records(
      "id,rider,on_s,off_s,calls,distance_m,pay,more\n7,\"Ann, "
      "A\",3600,10800,3,4500,40.5,x\n9,Ben,0,3600,0,0,15,\n",
      "r.csv");
  REQUIRE(riders.has_value());
  REQUIRE(riders->size() == 2);
  CHECK(riders->at(0).name == "Ann, A");
  CHECK(riders->at(0).hours == doctest::Approx(2));
  CHECK(riders->at(0).kilometres == doctest::Approx(4.5));
  const char* log =
      R"({"log":"reckon decisions 1"}
{"events":[]}
{"rides":[1,2,3]}
{"at":0,"order":1,"rider":9,"candidates":[{"rider":7,"total":1},{"rider":9,"total":2}]}
{"at":0,"order":2,"rider":7,"candidates":[{"rider":7,"total":1},{"rider":9,"excluded":"has declined it"}]}
{"at":0,"order":3,"rider":5,"candidates":[{"rider":9,"excluded":"cannot carry so much"}]}
{"tick":0}
)";
  REQUIRE(count_decisions(log, "d.jsonl", *riders).has_value());
  CHECK(riders->at(0).considered == 2);
  CHECK(riders->at(0).passed_over == 1);
  CHECK(riders->at(1).considered == 3);
  CHECK(riders->at(1).passed_over == 0);
}

TEST_CASE("how long orders take to be shown spreads over those who were shown any") {
  const auto riders = read_rider_records(
      "id,rider,on_s,off_s,calls,distance_m,pay,shown,shown_after_s\n1,a,0,7200,1,1,1,4,60\n"
      "2,b,0,7200,1,1,1,2,180\n3,c,0,7200,0,0,0,0,0\n",
      "r.csv");
  REQUIRE(riders.has_value());
  const auto report = fairness(*riders);
  CHECK(report.visibility_delay_s.mean == doctest::Approx(120));
  CHECK(report.visibility_delay_s.least == doctest::Approx(60));
  CHECK(report.visibility_delay_s.gini == doctest::Approx(gini_by_pairs({60, 180})));
  CHECK_FALSE(
      read_rider_records("id,rider,on_s,off_s,calls,distance_m,pay,shown\n1,a,0,7200,1,1,1,4\n", "r.csv")
          .has_value());
}

TEST_CASE("what cannot be read is told by line") {
  const auto no_column = read_rider_records("id,rider\n1,a\n", "r.csv");
  REQUIRE_FALSE(no_column.has_value());
  CHECK(no_column.error().all().size() == 5);
  const auto bad = read_rider_records(
      "id,rider,on_s,off_s,calls,distance_m,pay\n1,a,100,50,1,1,1\n2,b,0,50,-1,x,1\n", "r.csv");
  REQUIRE_FALSE(bad.has_value());
  const auto faults = bad.error().all();
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].where == "r.csv:2");
  CHECK(faults[1].where == "r.csv:3");
  const auto twice = read_rider_records(
      "id,rider,on_s,off_s,calls,distance_m,pay\n1,a,0,50,1,1,1\n1,a,50,90,1,1,1\n", "r.csv");
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().where == "r.csv:3");
  for (const char* id : {"4294967296", "9e9", "1.5", "-1", "x", ""}) {
    CAPTURE(id);
    const auto odd = read_rider_records(
        std::string("id,rider,on_s,off_s,calls,distance_m,pay\n") + id + ",a,0,50,1,1,1\n", "r.csv");
    REQUIRE_FALSE(odd.has_value());
    CHECK(odd.error().where == "r.csv:2");
    CHECK(odd.error().message.find("allowed: a whole number from 0 to 4294967295") != std::string::npos);
  }
  CHECK(read_rider_records("id,rider,on_s,off_s,calls,distance_m,pay\n4294967295,a,0,50,1,1,1\n", "r.csv")
            ->front()
            .id == 4294967295U);
  std::vector<RiderRecord> riders;
  const auto unknown = count_decisions(R"({"rider":1,"candidates":[{"rider":1}]})", "d", riders);
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().where == "d:1#/candidates/0");
}

// How parity is counted, on pairs small enough to be counted by hand.

#include "reckon/distance/parity.h"

#include <doctest/doctest.h>

#include "reckon/distance/pairs.h"
#include "reckon/geo/geodesic.h"

using namespace reckon;
using distance::AnsweredTrip;
using distance::Estimate;

namespace {

geo::LatLng place(double lat, double lng) {
  return geo::LatLng::from_degrees(lat, lng, "place").value();
}

// A trip due north whose straight line is about `straight_m`.
AnsweredTrip north(double straight_m, double metres) {
  return {place(37.5, 127), place(37.5 + straight_m / 111'000, 127), metres, 60};
}

Estimate exactly(std::int64_t metres) {
  return {{metres}, {metres}, {metres}};
}

}  // namespace

TEST_CASE("parity: a started step counts whole, and fees count whole metres") {
  struct Row {
    double metres, step_m;
    std::int64_t steps;
    const char* why;
  };
  for (const Row row : {Row{0, 100, 0, "nothing"}, Row{1500, 100, 0, "the bound is free"},
                        Row{1500.4, 100, 0, "rounds down to the bound"}, Row{1501, 100, 1, "begun"},
                        Row{1600, 100, 1, "one whole"}, Row{1601, 100, 2, "the second begun"},
                        Row{2000, 500, 1, "one of 500"}, Row{2001, 500, 2, "the second of 500 begun"}}) {
    CAPTURE(row.why);
    CHECK(distance::started_steps(row.metres, row.step_m) == row.steps);
  }
}

TEST_CASE("parity: same fees, errors and held intervals are those counted by hand") {
  const std::vector<AnsweredTrip> trips = {north(300, 400), north(1400, 1750), north(1400, 2010),
                                           north(2500, 3000)};
  std::size_t next = 0;
  const std::vector<Estimate> said = {
      exactly(420),               // both free: the same fee; not inside
      exactly(1750),              // the provider's own
      {{1990}, {1900}, {2100}},   // a step of 100 and of 500 short; inside
      {{3050}, {2900}, {3100}}};  // a step of 100 over, the same of 500 is not
  const auto parity = distance::measure_parity(trips, [&](const auto&, const auto&) { return said[next++]; });
  CHECK(parity.pairs == 4);
  CHECK(parity.same_100 == 2);  // 1990: 5 steps, 2010: 6; 3050: 16, 3000: 15
  CHECK(parity.same_500 == 2);  // 1990: 1, 2010: 2; 3050: 4, 3000: 3
  CHECK(parity.bias_won == doctest::Approx(0));
  CHECK(parity.error_won == doctest::Approx(50));
  REQUIRE(parity.bins.size() == 3);
  CHECK(parity.bins[0].up_to_m == 500);
  CHECK(parity.bins[0].inside == 0);
  CHECK(parity.bins[1].pairs == 2);
  CHECK(parity.bins[1].inside == 2);
  CHECK(parity.bins[1].exact == 1);
  CHECK(parity.bins[2].inside == 1);
  CHECK(parity.bins[2].exact == 0);
  CHECK(distance::measure_parity({}, {}).pairs == 0);
}

TEST_CASE("pairs: two doors give one pair, the newest answer, in order of time") {
  const auto answer = [](double to, std::int64_t metres) {
    return distance::PastAnswer{
        "a", base::Vehicle::kCar, place(37.5, 127), place(to, 127), {metres}, base::Seconds{9}, {}};
  };
  const std::vector<distance::PastAnswer> answers = {answer(37.6, 1), answer(37.7, 2), answer(37.6, 3),
                                                     answer(37.8, 4)};
  const auto pairs = distance::pairs_of(answers);
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[0].metres == 2);
  CHECK(pairs[1].metres == 3);
  CHECK(pairs[2].metres == 4);
  const auto newest = distance::pairs_of(answers, 2);
  REQUIRE(newest.size() == 2);
  CHECK(newest[0].metres == 3);
}

TEST_CASE(
    "pairs: of a batch's output only the answers of that provider for that vehicle, as far as it tells") {
  const std::string_view batch =
      "from_lat,from_lon,to_lat,to_lon,distance_m,source,vehicle\n1,2,3,4,5,provider:a,car\n1,2,3,4,6,road,"
      "car\n"
      "1,2,3,4,7,memory:a,car\n1,2,3,4,8,provider:b,car\n1,2,3,4,9,provider:a,foot\n1,2,3,4,10,provider:a,\n";
  const auto metres = [](const std::vector<AnsweredTrip>& pairs) {
    std::vector<double> all;
    for (const auto& pair : pairs) all.push_back(pair.metres);
    return all;
  };
  const distance::WantedPairs wanted{"a", base::Vehicle::kCar};
  distance::LeftOutPairs left;
  const auto own = distance::read_pairs_csv(batch, "p.csv", &wanted, &left);
  REQUIRE(own);
  CHECK(metres(*own) == std::vector<double>{5, 10});
  CHECK(left.guesses == 2);
  CHECK(left.of_other_providers == 1);
  CHECK(left.of_other_vehicles == 1);
  const auto any = distance::read_pairs_csv(batch, "p.csv");
  REQUIRE(any);
  CHECK(metres(*any) == std::vector<double>{5, 8, 9, 10});
  const auto untold =
      distance::read_pairs_csv("from_lat,from_lon,to_lat,to_lon,distance_m\n1,2,3,4,5\n", "p.csv", &wanted);
  REQUIRE(untold);
  CHECK(untold->size() == 1);
}

TEST_CASE("pairs: a file's columns may stand in any order, and every bad row is told") {
  const auto good = distance::read_pairs_csv(
      "distance_m,from_lat,from_lon,to_lat,to_lon,note,duration_s\n1200.5,37.5,127,37.51,127.01,x,60\n7,1,2,"
      "3,4,,\n",
      "p.csv");
  REQUIRE(good);
  REQUIRE(good->size() == 2);
  CHECK((*good)[0].metres == 1200.5);
  CHECK((*good)[0].seconds == 60);
  CHECK((*good)[1].seconds == 0);
  const auto missing = distance::read_pairs_csv("from_lat,to_lat\n1,2\n", "p.csv");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().all().size() == 3);
  const auto bad = distance::read_pairs_csv(
      "from_lat,from_lon,to_lat,to_lon,distance_m\n1,2,3,4,5\n1,2,3,x,5\n91,2,3,4,5\n1,2,3,4,-5\n1,2,3,4,\n",
      "p.csv");
  REQUIRE_FALSE(bad);
  const auto faults = bad.error().all();
  REQUIRE(faults.size() == 4);
  CHECK(faults[0].where == "p.csv:3");
  CHECK(faults[3].where == "p.csv:6");
}

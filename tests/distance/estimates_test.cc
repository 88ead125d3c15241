#include <doctest/doctest.h>

#include <random>

#include "reckon/distance/detour.h"
#include "reckon/distance/plausibility.h"

using namespace reckon;
using namespace reckon::distance;

TEST_CASE("detour: the factor is the measured table's at its points") {
  struct Row {
    double at_m, factor;
  };
  for (const auto& row : std::vector<Row>{{0, 1.95},
                                          {300, 1.95},
                                          {350, 1.8},
                                          {400, 1.65},
                                          {750, 1.5},
                                          {1250, 1.38},
                                          {1750, 1.33},
                                          {2500, 1.28},
                                          {4000, 1.22},
                                          {50'000, 1.22}}) {
    CAPTURE(row.at_m);
    CHECK(detour_factor(row.at_m) == doctest::Approx(row.factor));
  }
}

TEST_CASE("detour: a farther place is never nearer by road, and the estimate lies in its band") {
  Estimate before = detour_estimate(0);
  CHECK(before.metres.value == 0);
  for (int decimetre = 1; decimetre <= 100'000; ++decimetre) {
    const double geodesic_m = decimetre / 10.0;
    const auto now = detour_estimate(geodesic_m);
    REQUIRE(now.metres >= before.metres);
    REQUIRE(now.low <= now.metres);
    REQUIRE(now.metres <= now.high);
    REQUIRE(now.high >= before.high);
    REQUIRE(now.low >= before.low);
    if (geodesic_m > 5) REQUIRE(now.metres.value > 0);
    before = now;
  }
}

TEST_CASE("road band: 12 % and 20 m to each side, never below zero") {
  const auto far = road_estimate({1000});
  CHECK(far.low.value == 860);
  CHECK(far.high.value == 1140);
  CHECK(road_estimate({10}).low.value == 0);
}

TEST_CASE("plausibility: single answers") {
  struct Row {
    std::int64_t metres, seconds;
    double geodesic_m;
    std::optional<std::int64_t> road_m;
    bool believed;
    std::string why;
  };
  const std::vector<Row> rows = {
      {1300, 200, 1000, std::nullopt, true, "an ordinary trip"},
      {1300, 200, 1000, 1250, true, "and with a road map"},
      {700, 200, 1000, std::nullopt, false, "row 29: shorter than the straight line allows"},
      {790, 200, 1000, std::nullopt, true, "snapping at both ends may shorten by 200 m"},
      {20'000, 2400, 1000, std::nullopt, false, "row 30: 20 times the straight line"},
      {20'000, 2400, 1000, 17'000, true, "row 30: unless the own map agrees (a ferry, a river)"},
      {13'500, 1600, 1000, 1350, false, "ten times the truth"},
      {1350, 160, 1000, 13'500, false, "a tenth of the own route"},
      {2000, 300, 150, 200, false, "ten times a short trip, seen by the own map"},
      {1300, 0, 1000, std::nullopt, false, "row 31: no time at all"},
      {1300, 1, 1000, std::nullopt, false, "row 31: 4,680 km/h"},
      {1300, 200'000, 1000, std::nullopt, false, "row 31: milliseconds taken for seconds"},
      {0, 0, 20, std::nullopt, true, "next door: both ends at one point of the road"},
      {60, 0, 50, std::nullopt, true, "short trips may round to no time"},
      {0, 0, 1000, std::nullopt, false, "a silent zero"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    LocalView local{row.geodesic_m, std::nullopt};
    if (row.road_m) local.road = base::Metres{*row.road_m};
    CHECK_FALSE(implausible({{row.metres}, base::Seconds{row.seconds}}, local).has_value() == row.believed);
  }
}

TEST_CASE("drift: one constant for unlike trips is caught within eight answers (row 34)") {
  DriftDetector drift;
  int believed = 0;
  for (int i = 0; i < 20; ++i) {
    const double geodesic_m = 1000 + 200 * i;
    if (!drift.judge({3000}, detour_estimate(geodesic_m).metres, geodesic_m)) ++believed;
  }
  CHECK(believed == 7);
}

TEST_CASE("drift: the same trip again and again is no constant liar") {
  DriftDetector drift;
  for (int i = 0; i < 50; ++i) CHECK_FALSE(drift.judge({1300}, {1380}, 1000));
}

TEST_CASE("drift: all lengths doubled are caught, honest scatter is not") {
  const unsigned seed = 20221015;
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::lognormal_distribution<double> scatter(0, 0.24);  // of roads round the detour factor, docs/sources.md
  std::uniform_real_distribution<double> length(300, 5000);
  DriftDetector honest, doubled;
  int doubled_believed = 0;
  for (int i = 0; i < 2000; ++i) {
    const double geodesic_m = length(random);
    const auto local = detour_estimate(geodesic_m).metres;
    const auto said = static_cast<std::int64_t>(static_cast<double>(local.value) * scatter(random));
    REQUIRE_FALSE(honest.judge({said}, local, geodesic_m));
    if (!doubled.judge({2 * said}, local, geodesic_m)) ++doubled_believed;
  }
  CHECK(doubled_believed < 40);
}

TEST_CASE("drift: after a restart a few honest answers are enough to be believed again") {
  DriftDetector drift;
  for (int i = 0; i < 16; ++i) drift.judge({2000 + i}, {1000}, 800);
  CHECK(drift.judge({2016}, {1000}, 800));
  drift.start_over();
  for (int i = 0; i < 10; ++i) CHECK_FALSE(drift.judge({1000 + i}, {1000}, 800));
}

// Intervals of 90 %: how many later answers they hold, and what they do where most estimates are exact.

#include "reckon/distance/interval.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <span>
#include <vector>

using namespace reckon;
using distance::Scored;

namespace {

/// Estimates of which a share is exact and the others are off by more the longer they are, most of them long.
class Provider {
 public:
  Provider(std::uint32_t seed, double exact_share) : random_(seed), exact_share_(exact_share) {}

  std::vector<Scored> trips(std::size_t count) {
    std::vector<Scored> made;
    std::uniform_real_distribution<double> share(0, 1);
    std::normal_distribution<double> normal;
    for (std::size_t i = 0; i < count; ++i) {
      const double straight = 300 + 4700 * share(random_), ours = std::round(1.3 * straight);
      const double spread = 0.02 + 0.1 * straight / 5000;
      const double off = share(random_) < exact_share_ ? 0 : spread * (0.5 + normal(random_));
      made.push_back({straight, ours, std::round(ours * std::exp(off))});
    }
    return made;
  }

 private:
  std::mt19937 random_;
  double exact_share_;
};

double held(std::span<const distance::IntervalKnot> knots, std::span<const Scored> later, double from_m,
            double to_m) {
  std::size_t all = 0, inside = 0;
  for (const auto& one : later) {
    if (one.straight_m < from_m || one.straight_m >= to_m) continue;
    const auto said = distance::with_interval(one.ours, one.straight_m, knots);
    CHECK(said.low <= said.metres);
    CHECK(said.metres <= said.high);
    REQUIRE(said.median);
    CHECK(said.low <= *said.median);
    CHECK(*said.median <= said.high);
    const auto theirs = static_cast<std::int64_t>(one.theirs);
    ++all;
    inside += said.low.value <= theirs && theirs <= said.high.value ? 1 : 0;
  }
  return static_cast<double>(inside) / static_cast<double>(all);
}

}  // namespace

TEST_CASE("interval: it holds nine in ten later answers at every length, however many are exact") {
  for (const double exact : {0.0, 0.5, 0.8}) {
    CAPTURE(exact);
    Provider provider(20261127, exact);
    const auto knots = distance::fit_interval(provider.trips(20'000));
    const auto later = provider.trips(20'000);
    for (const double from : {300.0, 1000.0, 2000.0, 3000.0, 4000.0}) {
      CAPTURE(from);
      CHECK(std::abs(held(knots, later, from, from + 1000) - 0.9) < 0.015);
    }
  }
}

TEST_CASE("interval: where more than nine in ten are exact it is the estimate alone") {
  Provider provider(7, 0.95);
  const auto knots = distance::fit_interval(provider.trips(5000));
  const auto said = distance::with_interval(2000, 1500, knots);
  CHECK(said.low.value == 2000);
  CHECK(said.high.value == 2000);
  CHECK(held(knots, provider.trips(5000), 0, 5000) > 0.93);
}

TEST_CASE("interval: too few answers say nothing, and few ones no less than nine in ten") {
  Provider provider(11, 0);
  CHECK(distance::fit_interval(provider.trips(distance::kLeastForInterval - 1)).empty());
  const auto none = distance::with_interval(1000, 800, {});
  CHECK(none.low.value == 860);
  CHECK(none.high.value == 1140);
  double sum = 0;
  constexpr int kRuns = 60;
  for (int run = 0; run < kRuns; ++run) {
    const auto knots = distance::fit_interval(provider.trips(distance::kLeastForInterval));
    REQUIRE(knots.size() == 1);
    sum += held(knots, provider.trips(400), 0, 5000);
  }
  CHECK(sum / kRuns > 0.885);
  CHECK(sum / kRuns < 0.92);
}

TEST_CASE("interval: the shortest trips, off by far more than others, have an interval of their own") {
  const auto trips = [](std::uint32_t seed, std::size_t count) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> share(0, 1);
    std::normal_distribution<double> normal;
    std::vector<Scored> made;
    while (made.size() < count) {
      const double straight = 100 + 4900 * share(random), ours = std::round(1.3 * straight);
      const double spread = 0.03 + 1.2 * std::exp(-(straight - 100) / 80);
      made.push_back({straight, ours, std::round(ours * std::exp(spread * normal(random)))});
    }
    return made;
  };
  double sum = 0;
  constexpr std::uint32_t kRuns = 10;
  for (std::uint32_t run = 0; run < kRuns; ++run)
    sum += held(distance::fit_interval(trips(run, 10'000)), trips(run + 100, 10'000), 100, 180);
  MESSAGE("up to 180 m: ", sum / kRuns);
  CHECK(sum / kRuns > 0.87);
  CHECK(sum / kRuns < 0.95);
}

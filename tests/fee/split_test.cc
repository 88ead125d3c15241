#include "reckon/fee/split.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using reckon::fee::Money;
using reckon::fee::split;

TEST_CASE("split: parts in proportion, what is left goes to the named one") {
  struct Row {
    std::int64_t total;
    std::vector<std::int64_t> weights;
    std::size_t remainder_to;
    std::vector<std::int64_t> parts;
    std::string why;
  };
  for (const Row& row : {Row{4000, {900'000, 100'000}, 1, {3600, 400}, "rider 90 %, distributor 10 %"},
                         Row{100, {1, 1, 1}, 0, {34, 33, 33}, "one won is left, the first has it"},
                         Row{100, {1, 1, 1}, 2, {33, 33, 34}, "or the last"},
                         Row{4001, {900'000, 100'000}, 1, {3600, 401}, "3,600.9 down"},
                         Row{5, {0, 7}, 0, {0, 5}, "no weight, no part"},
                         Row{-100, {1, 1, 1}, 1, {-34, -32, -34}, "below zero, too"},
                         Row{1500, {2600, 1400}, 0, {975, 525}, "a shared leg by direct metres"}}) {
    CAPTURE(row.why);
    const auto parts = split(Money{row.total}, row.weights, row.remainder_to).value();
    REQUIRE(parts.size() == row.parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) CHECK(parts[i].minor == row.parts[i]);
  }
}

TEST_CASE("split: parts always sum to the whole, and none is off by more than the remainder") {
  std::mt19937_64 random(20261126);
  MESSAGE("seed 20261126");
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::int64_t> weights(1 + random() % 9);
    std::int64_t all = 0;
    for (auto& weight : weights) all += weight = static_cast<std::int64_t>(random() % 1'000'001);
    if (all == 0) continue;
    const Money total{static_cast<std::int64_t>(random() % 4'000'000'001) - 2'000'000'000};
    const std::size_t to = random() % weights.size();
    const auto parts = split(total, weights, to).value();
    Money sum;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      sum = sum + parts[k];
      const double exact =
          static_cast<double>(total.minor) * static_cast<double>(weights[k]) / static_cast<double>(all);
      const double off = static_cast<double>(parts[k].minor) - exact;
      REQUIRE(off > -1.001);
      REQUIRE(off < (k == to ? static_cast<double>(weights.size()) : 0.001));
    }
    REQUIRE(sum == total);
  }
}

TEST_CASE("split: what cannot be split is nothing") {
  const auto none = [](std::vector<std::int64_t> weights, std::size_t to) {
    return !split(Money{1}, weights, to);
  };
  CHECK(none({}, 0));
  CHECK(none({0, 0}, 0));
  CHECK(none({1}, 1));
  CHECK(none({-1, 2}, 0));
  CHECK(none({1'000'001}, 0));
}

// What single roads and turns take, from times of whole trips over parts whose own times are known.

#include "reckon/distance/part_times.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

using namespace reckon;
using distance::Part;
using distance::TimedWay;

namespace {

constexpr std::uint32_t kParts = 60;
constexpr std::uint32_t kSeed = 20261201;

// Trips over a dozen parts each, the first by half.
std::vector<TimedWay> drawn_ways(std::mt19937& random, const std::vector<double>& truth, std::size_t count) {
  std::vector<TimedWay> ways(count);
  for (auto& way : ways) {
    const auto first = static_cast<std::uint32_t>(random() % (kParts - 11));
    for (std::uint32_t k = 0; k < 12; ++k) {
      if (k > 0 && random() % 3 == 0) continue;
      way.parts.emplace_back(first + k, k == 0 ? 0.5F : 1.0F);
      way.off_ms += (k == 0 ? 0.5 : 1.0) * truth[first + k];
    }
  }
  return ways;
}

std::vector<double> drawn_truth(std::mt19937& random, double most_ms) {
  std::vector<double> truth;
  while (truth.size() < kParts) truth.push_back((static_cast<double>(random() % 2001) / 1000 - 1) * most_ms);
  return truth;
}

}  // namespace

TEST_CASE("fit_part_times: times of trips tell those of their parts, to the rounding") {
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto truth = drawn_truth(random, 4000);
  auto ways = drawn_ways(random, truth, 1500);
  for (std::size_t i = 0; i < ways.size(); ++i) {
    ways[i].off_ms = std::round(ways[i].off_ms / 100) * 100;
    if (i % 20 == 0) ways[i].off_ms += i % 40 == 0 ? 60'000 : -60'000;  // another way, met by chance
  }
  const std::vector<Part> parts(kParts, {1000, -10'000});
  const auto fit = distance::fit_part_times(ways, parts);
  const auto& found = fit.add_ms;
  REQUIRE(found.size() == kParts);
  for (std::uint32_t p = 0; p < kParts; ++p) {
    CAPTURE(p);
    CHECK(std::abs(found[p] - truth[p]) < 150);
  }
  CHECK(distance::fit_part_times(ways, parts).add_ms == found);
  CHECK(distance::fit_part_times(ways, parts, fit.stiffness).add_ms == found);
}

TEST_CASE("fit_part_times: nothing is added where times say nothing of single parts, or too few tell") {
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const std::vector<Part> parts(kParts, {1000, -10'000});
  auto ways = drawn_ways(random, std::vector<double>(kParts), 1500);
  CHECK(distance::fit_part_times(ways, parts).add_ms.empty());
  for (auto& way : ways) way.off_ms = static_cast<double>(random() % 1001) - 500;  // rounding
  CHECK(distance::fit_part_times(ways, parts).add_ms.empty());
  for (auto& way : ways) way.off_ms = static_cast<double>(random() % 120'001) - 60'000;  // traffic
  CHECK(distance::fit_part_times(ways, parts).add_ms.empty());
  const auto few = drawn_ways(random, drawn_truth(random, 4000), 150);
  CHECK(distance::fit_part_times(few, parts).add_ms.empty());
  CHECK(distance::fit_part_times({}, parts).add_ms.empty());
}

TEST_CASE("fit_part_times: no part takes less than its least, and others make up for it") {
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto truth = drawn_truth(random, 4000);
  const auto ways = drawn_ways(random, truth, 1500);
  const std::vector<Part> parts(kParts, {1000, -1000});
  const auto found = distance::fit_part_times(ways, parts).add_ms;
  REQUIRE(found.size() == kParts);
  CHECK(std::ranges::min(found) == -1000);
  double off = 0, bounded = 0;  // of the trips, by what is found and by the truth cut off
  for (const auto& way : ways) {
    double sum = way.off_ms, cut = way.off_ms;
    for (const auto& [part, share] : way.parts) {
      sum -= double{share} * found[part];
      cut -= double{share} * std::max(-1000.0, truth[part]);
    }
    off += std::abs(sum);
    bounded += std::abs(cut);
  }
  CHECK(off < 0.8 * bounded);
}

TEST_CASE("fit_part_times: ways that were passed by are not faster than the way taken") {
  const std::vector<Part> parts(3, {1000, -10'000});
  std::vector<TimedWay> ways;
  for (int i = 0; i < 150; ++i) {
    ways.push_back({{{0, 1.0F}}, 2000});
    ways.push_back({{{1, 1.0F}}, 5000, true});  // not taken, though it would be 5 s faster by what is thought
    ways.push_back({{{0, 1.0F}, {2, 1.0F}}, -3000, true});
  }
  const auto found = distance::fit_part_times(ways, parts).add_ms;
  REQUIRE(found.size() == 3);
  CHECK(std::abs(found[0] - 2000) < 20);
  CHECK(std::abs(found[1] - 5000) < 100);
  CHECK(std::abs(found[2]) < 1);  // slow enough already
}

TEST_CASE("fit_part_times: neither outliers nor ways slow enough hold a part at its least") {
  const std::vector<Part> parts(2, {3000, -2000});
  std::vector<TimedWay> ways;
  for (int i = 0; i < 300; ++i) {
    ways.push_back({{{0, 1.0F}}, i % 10 == 9 ? -60'000.0 : 3000.0});
    ways.push_back({{{1, 1.0F}}, i % 5 < 2 ? -15'000.0 : 3000.0, i % 5 < 2});
  }
  const auto found = distance::fit_part_times(ways, parts).add_ms;
  REQUIRE(found.size() == 2);
  CHECK(std::abs(found[0] - 3000) < 30);
  CHECK(std::abs(found[1] - 3000) < 30);
}

TEST_CASE("fit_part_times: it is given up when told to") {
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto ways = drawn_ways(random, drawn_truth(random, 4000), 1500);
  const std::vector<Part> parts(kParts, {1000, -10'000});
  int asked = 0;
  const auto found = distance::fit_part_times(ways, parts, 0, [&] { return ++asked > 20; });
  CHECK(found.add_ms.empty());
  CHECK(asked < 200);
}

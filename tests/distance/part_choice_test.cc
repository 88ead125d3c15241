// What single parts cost a chooser, from which of two ways it took.

#include "reckon/distance/part_choice.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

using namespace reckon;
using distance::PassedBy;

namespace {

constexpr std::uint32_t kParts = 60;
constexpr std::uint32_t kSeed = 20261128;

// Two ways of a dozen parts each that are as dear by their kinds but for a second or two.
PassedBy drawn_pair(std::mt19937& random) {
  PassedBy pair;
  pair.dearer_ms = static_cast<double>(random() % 4001) - 2000;
  const auto first = static_cast<std::uint32_t>(random() % (kParts - 11));
  for (std::uint32_t k = 0; k < 12; ++k) pair.more.emplace_back(first + k, random() % 2 == 0 ? 1.0F : -1.0F);
  return pair;
}

double dearer_by(const PassedBy& pair, const std::vector<double>& add) {
  double ms = pair.dearer_ms;
  for (const auto& [part, share] : pair.more) ms += double{share} * add[part];
  return ms;
}

// As drawn, or turned round: what was passed by is the dearer one.
std::vector<PassedBy> chosen(std::mt19937& random, const std::vector<double>& truth, std::size_t count) {
  std::vector<PassedBy> pairs;
  while (pairs.size() < count) {
    auto pair = drawn_pair(random);
    if (dearer_by(pair, truth) < 0) {
      pair.dearer_ms = -pair.dearer_ms;
      for (auto& [part, share] : pair.more) share = -share;
    }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

std::vector<double> drawn_truth(std::mt19937& random) {
  std::vector<double> truth;
  while (truth.size() < kParts) truth.push_back(static_cast<double>(random() % 4001) - 2000);
  return truth;
}

std::size_t right(const std::vector<PassedBy>& pairs, const std::vector<double>& add) {
  std::size_t count = 0;
  for (const auto& pair : pairs) count += dearer_by(pair, add) > 0 ? 1U : 0U;
  return count;
}

}  // namespace

TEST_CASE("fit_part_choice: choices tell which of two other ways is taken") {
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto truth = drawn_truth(random);
  const auto seen = chosen(random, truth, 1500), unseen = chosen(random, truth, 1000);
  const std::vector<double> deviation(kParts, 2000), none(kParts, 0);
  const auto add = distance::fit_part_choice(seen, deviation, 500);
  REQUIRE(add.size() == kParts);
  CHECK(right(unseen, none) < 700);
  CHECK(right(unseen, add) > 950);
  CHECK(distance::fit_part_choice(seen, deviation, 500) == add);
}

TEST_CASE("fit_part_choice: ways that were met by chance hardly move it") {
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto truth = drawn_truth(random);
  auto seen = chosen(random, truth, 1500);
  for (std::size_t i = 0; i < seen.size(); i += 30) seen[i].dearer_ms = -1e6;
  const auto unseen = chosen(random, truth, 1000);
  const auto add = distance::fit_part_choice(seen, std::vector<double>(kParts, 2000), 500);
  REQUIRE(add.size() == kParts);
  CHECK(right(unseen, add) > 850);
}

TEST_CASE(
    "fit_part_choice: a part that no choice tells of, and one that its prior holds, cost what their kind "
    "does") {
  const std::vector<PassedBy> ways(300, PassedBy{{{0, 1.0F}, {2, 1.0F}}, -3000});
  const auto add = distance::fit_part_choice(ways, std::vector<double>{2000, 2000, 1e-3}, 500);
  REQUIRE(add.size() == 3);
  CHECK(add[0] > 3000);
  CHECK(add[1] == 0);
  CHECK(std::abs(add[2]) < 1e-2);
}

TEST_CASE("fit_part_choice: given up, it says nothing") {
  const std::vector<PassedBy> ways(300, PassedBy{{{0, 1.0F}}, -3000});
  CHECK(distance::fit_part_choice(ways, std::vector<double>{2000}, 500, [] { return true; }).empty());
}

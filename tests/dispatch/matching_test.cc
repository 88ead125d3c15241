#include "reckon/dispatch/matching.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "dispatch/matching_reference.h"
#include "reckon/dispatch/rng.h"

using namespace reckon::dispatch;

namespace {

struct Table {
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::vector<std::int32_t> costs;
  std::vector<std::uint32_t> kinds;
  MatchCost alone = 0;

  std::int32_t& at(std::uint32_t row, std::uint32_t column) {
    return costs[std::size_t{row} * columns + column];
  }
  std::int32_t at(std::uint32_t row, std::uint32_t column) const {
    return costs[std::size_t{row} * columns + column];
  }
  DenseMatchSource source() const { return {costs, columns, kinds}; }
  MatchCost optimum() const { return testing::HungarianReference(costs, columns, alone).cost(); }
};

std::int32_t any_cost(Rng& rng, std::uint32_t spread, std::int32_t least) {
  return rng.below(8) == 0 ? DenseMatchSource::kForbidden
                           : static_cast<std::int32_t>(rng.below(spread)) + least;
}

// Few costs make many ties; some rows are copies of others.
Table random_table(Rng& rng) {
  Table out{.rows = 1 + rng.below(10), .columns = 1 + rng.below(12), .costs = {}, .kinds = {}};
  const std::uint32_t spread = 1 + rng.below(200);
  const std::int32_t least = rng.below(2) == 0 ? 0 : -static_cast<std::int32_t>(spread) / 3;
  for (std::uint32_t i = 0; i < out.rows * out.columns; ++i)
    out.costs.push_back(any_cost(rng, spread, least));
  for (std::uint32_t r = 0; r < out.rows; ++r) {
    out.kinds.push_back(r);
    if (r == 0 || rng.below(2) == 0) continue;
    const auto other = rng.below(r);
    out.kinds[r] = out.kinds[other];
    for (std::uint32_t c = 0; c < out.columns; ++c) out.at(r, c) = out.at(other, c);
  }
  out.alone = rng.below(spread + 50);
  return out;
}

// Orders of clustered shops and riders round them, in seconds of riding.
Table town(std::uint64_t seed, std::uint32_t orders, std::uint32_t riders) {
  Rng rng(seed);
  const auto shops = orders / 4 + 1;
  const auto near = [&](double centre) {
    return centre + 400 * (rng.unit() + rng.unit() + rng.unit() - 1.5);
  };
  std::vector<std::pair<double, double>> centres;
  for (int i = 0; i < 8; ++i) centres.emplace_back(6000 * rng.unit(), 6000 * rng.unit());
  std::vector<std::pair<double, double>> shop_at;
  for (std::uint32_t s = 0; s < shops; ++s) {
    const auto& centre = centres[rng.below(8)];
    shop_at.emplace_back(near(centre.first), near(centre.second));
  }
  std::vector<std::pair<double, double>> rider_at;
  for (std::uint32_t r = 0; r < riders; ++r) {
    const auto& centre = centres[rng.below(8)];
    rider_at.emplace_back(near(centre.first), near(centre.second));
  }
  Table out{.rows = orders, .columns = riders, .costs = {}, .kinds = {}, .alone = 3600};
  std::vector<std::uint32_t> first_of(shops, kUnmatched);
  for (std::uint32_t o = 0; o < orders; ++o) {
    const auto shop = rng.below(shops);
    if (first_of[shop] == kUnmatched) first_of[shop] = o;
    out.kinds.push_back(first_of[shop]);
    for (const auto& [x, y] : rider_at) {
      const double metres = std::hypot(shop_at[shop].first - x, shop_at[shop].second - y);
      out.costs.push_back(static_cast<std::int32_t>(metres * 1.4 / 5));
    }
  }
  return out;
}

// Prices that forbid nothing and sum up to the cost: with them, anybody can see that nothing is cheaper.
void check_proof(const Table& table, const Matching& found) {
  MatchCost bound = 0;
  std::set<std::uint32_t> taken;
  for (std::uint32_t r = 0; r < table.rows; ++r) {
    bound += found.row_prices[r];
    REQUIRE(found.row_prices[r] <= table.alone);
    if (found.column_of[r] != kUnmatched) REQUIRE(taken.insert(found.column_of[r]).second);
    for (std::uint32_t c = 0; c < table.columns; ++c) {
      if (table.at(r, c) != DenseMatchSource::kForbidden)
        REQUIRE(found.row_prices[r] + found.column_prices[c] <= table.at(r, c));
    }
  }
  for (const auto price : found.column_prices) {
    REQUIRE(price <= 0);
    bound += price;
  }
  CHECK(bound == found.cost);
}

}  // namespace

TEST_CASE("a matching costs what the dense method finds, and its prices prove it") {
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const Table table = random_table(rng);
    const auto found = cheapest_matching(table.source(), table.alone);
    REQUIRE(found.cost == table.optimum());
    check_proof(table, found);
  }
}

TEST_CASE("a start from yesterday's prices, or from any others, ends at the same cost") {
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    Table table = random_table(rng);
    auto before = cheapest_matching(table.source(), table.alone);
    table.kinds.clear();
    for (auto& cost : table.costs) {
      if (rng.below(5) == 0) cost = any_cost(rng, 150, 0);
    }
    if (rng.below(4) == 0) {
      for (auto& price : before.column_prices) price = -MatchCost{rng.below(100)};
      for (auto& column : before.column_of) column = rng.below(20);
    }
    const auto found =
        cheapest_matching(table.source(), table.alone, {before.column_of, before.column_prices});
    REQUIRE(found.cost == table.optimum());
    check_proof(table, found);
  }
}

TEST_CASE("in a clustered town the optimum is proved without looking at most pairs") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    for (const bool kinds : {false, true}) {
      CAPTURE(seed);
      CAPTURE(kinds);
      Table table = town(seed, 200, 300);
      if (!kinds) table.kinds.clear();
      const auto found = cheapest_matching(table.source(), table.alone);
      CHECK(found.cost == table.optimum());
      CHECK(found.edges < table.costs.size() / 2);
      check_proof(table, found);
    }
  }
}

TEST_CASE("who costs more than being alone stays alone") {
  Table table{.rows = 3, .columns = 2, .costs = {5, 9, 4, 8, 30, 30}, .kinds = {}, .alone = 10};
  const auto found = cheapest_matching(table.source(), table.alone);
  CHECK(found.cost == 13 + 10);
  CHECK(found.column_of[2] == kUnmatched);
}

TEST_CASE("without rows or columns there is nothing to match") {
  CHECK(cheapest_matching(DenseMatchSource({}, 0), 7).cost == 0);
  CHECK(cheapest_matching(DenseMatchSource({}, 5), 7).column_prices.size() == 5);
  const std::vector<std::int32_t> nothing(4, DenseMatchSource::kForbidden);
  CHECK(cheapest_matching(DenseMatchSource(nothing, 2), 7).cost == 14);
}

#include "reckon/dispatch/chain.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "problem_fixture.h"
#include "reckon/dispatch/schedule.h"

using namespace reckon::dispatch;
using namespace reckon::dispatch::testing;

namespace {

std::vector<TaskIndex> with(const Chain& chain, const Request& request, std::size_t first,
                            std::size_t second) {
  std::vector<TaskIndex> tasks = chain.tasks();
  if (request.shipment) tasks.insert(tasks.begin() + static_cast<std::ptrdiff_t>(second), request.first + 1);
  tasks.insert(tasks.begin() + static_cast<std::ptrdiff_t>(first), request.first);
  return tasks;
}

// The least that the request costs more anywhere in the chain, by trying every place; kForbidden if there is
// none.
std::int64_t least_more(const Flat& flat, VehicleIndex v, const Chain& chain, RequestIndex r) {
  const Request& request = flat.problem.requests[r];
  std::int64_t least = kForbidden;
  for (std::size_t first = 0; first <= chain.tasks().size(); ++first) {
    for (std::size_t second = first; second <= (request.shipment ? chain.tasks().size() : first); ++second) {
      const auto tasks = with(chain, request, first, second);
      if (obstacle(flat.problem, flat.problem.vehicles[v], tasks) != Obstacle::kNothing) continue;
      Chain longer(flat, v);
      REQUIRE(longer.assign(flat, tasks));
      const auto route = schedule(flat.problem, v, tasks);
      REQUIRE(route.has_value());
      CHECK(longer.cost() == route->cost);
      least = std::min(least, longer.cost() - chain.cost());
    }
  }
  return least;
}

// Chains of all vehicles, each grown request by request; every step is compared with trying all places.
int grow(const Problem& problem) {
  const Flat flat(problem);
  InsertionScratch scratch;
  int inserted = 0;
  for (VehicleIndex v = 0; v < problem.vehicles.size(); ++v) {
    Chain chain(flat, v);
    for (RequestIndex r = 0; r < problem.requests.size(); ++r) {
      CAPTURE(v);
      CAPTURE(r);
      if (!flat.compatible(r, v)) continue;
      const Insertion found = chain.best_insertion(flat, r, kForbidden, scratch);
      const std::int64_t least = least_more(flat, v, chain, r);
      CHECK(found.possible() == (least < kTooDear));
      if (!found.possible()) continue;
      CHECK(found.cost == least);
      CHECK_FALSE(chain.best_insertion(flat, r, least, scratch).possible());
      CHECK(chain.best_insertion(flat, r, least + 1, scratch).cost == least);
      const std::int64_t before = chain.cost();
      chain.insert(flat, r, found);
      CHECK(chain.cost() == before + least);
      ++inserted;
    }
  }
  return inserted;
}

}  // namespace

TEST_CASE("chain: the cheapest place is the cheapest of all places, and costs what the route costs more") {
  struct Row {
    const char* why;
    unsigned seed;
    RandomShape shape;
  };
  const Row rows[] = {
      {"ways and windows", 1, {.requests = 7, .vehicles = 3}},
      {"ways that are no metric, or missing", 2, {.requests = 7, .vehicles = 3, .metric = false}},
      {"breaks", 3, {.requests = 6, .vehicles = 3, .breaks = true}},
      {"times on board", 4, {.requests = 6, .vehicles = 3, .extras = true}},
      {"lateness and balance", 5, {.requests = 7, .vehicles = 3, .costs = true}},
      {"lateness and balance, no metric", 6, {.requests = 7, .vehicles = 3, .metric = false, .costs = true}},
      {"all that goes together", 7, {.requests = 6, .vehicles = 3, .extras = true, .costs = true}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    std::mt19937 random(row.seed);
    int inserted = 0;
    for (int i = 0; i < 150; ++i) {
      CAPTURE(i);
      Problem problem = random_problem(random, row.shape);
      for (Vehicle& vehicle : problem.vehicles) {  // nothing may stand before what is fixed
        vehicle.initial.clear();
        vehicle.fixed = 0;
      }
      REQUIRE(validate(problem).has_value());
      inserted += grow(problem);
    }
    CHECK(inserted > 300);
  }
}

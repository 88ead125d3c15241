// Roads that a provider does not use, found from its answers on the sample city: no outside data is needed.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "distance/hidden_provider_fixture.h"
#include "reckon/distance/parity.h"
#include "road/sample_city_fixture.h"

using namespace reckon;
using distance::AnsweredTrip;

namespace {

constexpr std::size_t kSeen = 1500, kUnseen = 1000;
constexpr double kClosedShare = 0.01;
constexpr std::uint32_t kSeed = 3;
constexpr int kMet = 5;  // so many trips would pass a closed road: it can be known

std::set<std::uint32_t> closed_edges(const road::RouteModel& model) {
  std::set<std::uint32_t> edges;
  for (const auto& change : model.edges) {
    if (change.add_ms == road::kEdgeClosed) edges.insert(change.edge_dir / 2);
  }
  return edges;
}

// Closed roads by how many trips would pass them were they open.
std::map<std::uint32_t, int> met(const road::RouteNetwork& network, const road::RouteModel& truth,
                                 std::span<const AnsweredTrip> trips) {
  const auto closed = closed_edges(truth);
  auto open = truth;
  open.edges.clear();
  distance::ModelRouter router(network, open, road::kDefaultMaxSnapM);
  std::map<std::uint32_t, int> count;
  for (const auto& trip : trips) {
    const auto& path = router.path(router.door(trip.from, road::TripEnd::kStart),
                                   router.door(trip.to, road::TripEnd::kFinish));
    for (const auto arc : path.arcs) {
      const auto edge = network.network().graph.arcs[arc].edge();
      if (closed.contains(edge)) ++count[edge];
    }
  }
  return count;
}

double share_of_same_fees(const road::RouteNetwork& network, const road::RouteModel& model,
                          std::span<const AnsweredTrip> trips) {
  distance::ModelRouter router(network, model, road::kDefaultMaxSnapM);
  const auto same = std::ranges::count_if(trips, [&](const auto& trip) {
    const auto answer = router.route(trip.from, trip.to);
    return answer.found &&
           distance::started_steps(answer.metres, 100) == distance::started_steps(trip.metres, 100);
  });
  return static_cast<double>(same) / static_cast<double>(trips.size());
}

}  // namespace

TEST_CASE("closed roads: on the sample city they are found from answers, and the fees are the provider's") {
  test::TempFolder folder;
  const auto map = test::sample_city(folder, base::Vehicle::kCar);
  const road::RouteNetwork network(map.network(base::Vehicle::kCar));
  test::HiddenProvider provider(network, kSeed, kClosedShare);
  const auto trips = provider.trips(kSeen + kUnseen, test::TripLengths::kMarket);
  REQUIRE(trips.size() == kSeen + kUnseen);
  const auto seen = std::span(trips).first(kSeen), unseen = std::span(trips).subspan(kSeen);

  distance::RouteFitOptions paces_only;
  paces_only.road_rounds = paces_only.preference_rounds = 0;
  const auto without = distance::fit_routes(network, seen, paces_only);
  const auto fit = distance::fit_routes(network, seen);
  const double before = share_of_same_fees(network, without.model, unseen),
               after = share_of_same_fees(network, fit.model, unseen);

  const auto truth = closed_edges(provider.model()), found = closed_edges(fit.model);
  std::size_t known = 0, knowable = 0;
  for (const auto& [edge, count] : met(network, provider.model(), seen)) {
    if (count < kMet) continue;
    ++knowable;
    known += found.contains(edge) ? 1U : 0U;
  }
  const auto right =
      static_cast<std::size_t>(std::ranges::count_if(found, [&](auto edge) { return truth.contains(edge); }));
  MESSAGE("same fees ", before, " with paces alone, ", after, " with closed roads; of ", knowable,
          " closed roads that ", kMet, " trips meet ", known, " found; ", found.size() - right, " of ",
          found.size(), " closed wrongly");
  REQUIRE(knowable >= 10);
  CHECK(known * 10 >= knowable * 9);
  CHECK(right * 10 >= found.size() * 8);
  CHECK(after >= 0.98);
  CHECK(1 - after < (1 - before) / 3);
}

TEST_CASE(
    "closed roads: where many are closed, and explain each other's trips, they are put right one by one") {
  test::TempFolder folder;
  const auto map = test::sample_city(folder, base::Vehicle::kCar);
  const road::RouteNetwork network(map.network(base::Vehicle::kCar));
  test::HiddenProvider provider(network, 4, 0.04);
  const auto trips = provider.trips(kSeen + kUnseen, test::TripLengths::kMarket);
  REQUIRE(trips.size() == kSeen + kUnseen);
  const auto fit = distance::fit_routes(network, std::span(trips).first(kSeen));
  const double after = share_of_same_fees(network, fit.model, std::span(trips).subspan(kSeen));
  MESSAGE(fit.alike, " of ", fit.pairs, " alike; same fees ", after);
  CHECK(fit.alike * 100 >= fit.pairs * 98);  // by what ways say alone: 94 %
  CHECK(after >= 0.965);                     // 0.952
}

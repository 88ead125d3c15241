// Bounds by other trips' answers against a plain search over all of them, and what is made of the bounds.

#include "reckon/distance/door_graph.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <random>

#include "provider/scripted_provider_fixture.h"
#include "reckon/distance/calibration.h"
#include "reckon/distance/lesson.h"
#include "reckon/distance/memory.h"
#include "reckon/geo/geodesic.h"

using namespace reckon;
using distance::AnsweredTrip;
using distance::DoorGraph;

namespace {

// Doors on a town of square blocks: roads run north and east only.
struct BlockTown {
  explicit BlockTown(std::size_t count, std::uint32_t seed = 5) : random(seed) {
    for (std::size_t i = 0; i < count; ++i) {
      north.push_back(static_cast<double>(random() % 3000));
      east.push_back(static_cast<double>(random() % 3000));
    }
  }
  geo::LatLng place(std::size_t door) const {
    return geo::LatLng::from_degrees(37.5 + north[door] / 111'000, 127 + east[door] / 88'300, "door").value();
  }
  double metres(std::size_t a, std::size_t b) const {
    return std::round(std::abs(north[a] - north[b]) + std::abs(east[a] - east[b]) + 20);
  }
  AnsweredTrip trip() {
    const auto a = random() % north.size(), b = random() % north.size();
    return {place(a), place(b), metres(a, b), 0};
  }
  std::mt19937 random;
  std::vector<double> north, east;
};

}  // namespace

TEST_CASE("door graph: bounds are those of a search over all answers, also after some are forgotten") {
  BlockTown town(40);
  struct Answer {
    std::size_t from, to;
    double metres;
  };
  std::vector<Answer> answers;
  DoorGraph graph;
  for (std::uint64_t number = 0; number < 300; ++number) {
    const auto a = town.random() % 40, b = town.random() % 40;
    answers.push_back({a, b, town.metres(a, b) + static_cast<double>(town.random() % 200)});
    graph.add(town.place(a), town.place(b), answers.back().metres, {}, number);
  }
  for (std::uint64_t number = 0; number < 100; ++number)
    graph.remove(town.place(answers[number].from), town.place(answers[number].to), number);
  // The latest of the answers that are left, in this direction, else in the other.
  const auto exact = [&](std::size_t from, std::size_t to) {
    for (auto i = answers.size(); i-- > 100;)
      if (answers[i].from == from && answers[i].to == to) return answers[i].metres;
    return -1.0;
  };
  const auto leg = [&](std::size_t from, std::size_t to) {
    const double there = exact(from, to);
    return there >= 0 ? there : exact(to, from);
  };
  std::size_t told = 0;
  for (std::size_t a = 0; a < 40; ++a) {
    for (std::size_t b = 0; b < 40; ++b) {
      if (a == b) continue;
      double low = 0, high = std::numeric_limits<double>::infinity();
      std::size_t through = 0;
      for (std::size_t c = 0; c < 40; ++c) {
        if (c == a || c == b || leg(a, c) < 0 || leg(c, b) < 0) continue;
        ++through;
        high = std::min(high, leg(a, c) + leg(c, b));
        low = std::max({low, leg(a, c) - leg(b, c), leg(c, b) - leg(c, a)});
      }
      const auto bounds = graph.bounds(town.place(a), town.place(b));
      CHECK(bounds.through == through);
      CHECK(bounds.low == low);
      CHECK(bounds.high == high);
      CHECK(bounds.reverse.value_or(-1) == exact(b, a));
      told += through > 0 ? 1 : 0;
    }
  }
  CHECK(told > 500);
}

TEST_CASE("door graph: the trip's own answer and old ones tell nothing") {
  BlockTown town(3);
  DoorGraph graph;
  const base::WallTime then{std::chrono::hours{400'000}};
  graph.add(town.place(0), town.place(1), 1000, then, 0);
  CHECK(graph.bounds(town.place(0), town.place(1)).through == 0);
  CHECK_FALSE(graph.bounds(town.place(0), town.place(1)).reverse);
  CHECK(graph.bounds(town.place(1), town.place(0)).reverse == 1000);
  CHECK_FALSE(graph.bounds(town.place(1), town.place(0), then + std::chrono::hours{1}).reverse);
  graph.add(town.place(1), town.place(2), 700, then + std::chrono::hours{2}, 1);
  const auto bounds = graph.bounds(town.place(0), town.place(2));
  CHECK(bounds.high == 1700);
  CHECK(bounds.low == 300);
  CHECK(bounds.oldest == then);
  CHECK(graph.bounds(town.place(0), town.place(2), then + std::chrono::hours{1}).through == 0);
}

TEST_CASE("door model: between known doors fees are met more often than by the detour, intervals hold") {
  BlockTown town(120);
  std::vector<AnsweredTrip> trips;
  for (int i = 0; i < 7000; ++i) {
    const auto trip = town.trip();
    if (trip.from == trip.to) continue;
    trips.push_back(trip);
  }
  const auto seen = std::span(trips).first(5000);
  const auto made = distance::calibrate("a", base::Vehicle::kCar, nullptr, "", seen).value();
  REQUIRE_FALSE(made.doors.empty());
  DoorGraph graph;
  for (std::size_t i = 0; i < seen.size(); ++i) graph.add(seen[i].from, seen[i].to, seen[i].metres, {}, i);
  const auto flat = distance::Learned::detour_of(made);
  const auto detour = [&](const geo::LatLng& from, const geo::LatLng& to) {
    return distance::learned_detour(made, geo::geodesic_m(from, to)).value();
  };
  const auto doors = [&](const geo::LatLng& from, const geo::LatLng& to) {
    return flat->between_doors(graph.bounds(from, to), geo::geodesic_m(from, to)).value_or(detour(from, to));
  };
  const auto others = std::span(trips).subspan(5000);
  const auto before = distance::measure_parity(others, detour),
             after = distance::measure_parity(others, doors);
  MESSAGE("same fee by 100 m steps: detour ", before.share(before.same_100), ", doors ",
          after.share(after.same_100));
  CHECK(after.same_100 > before.same_100 + others.size() / 10);
  CHECK(after.median_error < before.median_error / 2);
  std::vector<AnsweredTrip> one_way;  // a way back that is known tells the way to the metre
  std::ranges::copy_if(others, std::back_inserter(one_way),
                       [&](const auto& trip) { return !graph.bounds(trip.from, trip.to).reverse; });
  const auto apart = distance::measure_parity(one_way, doors);
  const double held = static_cast<double>(std::accumulate(
                          apart.bins.begin(), apart.bins.end(), std::size_t{0},
                          [](std::size_t sum, const auto& bin) { return sum + bin.inside; })) /
                      static_cast<double>(apart.pairs);
  MESSAGE("intervals hold ", held, " of ", apart.pairs);
  CHECK(held > 0.87);
  CHECK(held < 0.97);
  const auto read = distance::read_calibration(distance::to_json(made), "calibration");
  REQUIRE(read);
  CHECK(distance::to_json(*read) == distance::to_json(made));
}

TEST_CASE(
    "door model: of noisy answers the sum of metres and the mean of ratios are off by the same little") {
  BlockTown town(120);
  std::normal_distribution<double> noise(0, 0.15);
  const auto noisy = [&](std::size_t count) {
    std::vector<AnsweredTrip> trips;
    while (trips.size() < count) {
      auto trip = town.trip();
      trip.metres = std::round(trip.metres * std::exp(noise(town.random)));
      if (!(trip.from == trip.to)) trips.push_back(trip);
    }
    return trips;
  };
  const auto seen = noisy(6000), others = noisy(6000);
  const auto made = distance::calibrate("a", base::Vehicle::kCar, nullptr, "", seen).value();
  DoorGraph graph;
  for (std::size_t i = 0; i < seen.size(); ++i) graph.add(seen[i].from, seen[i].to, seen[i].metres, {}, i);
  const auto learned = distance::Learned::detour_of(made);
  double ours = 0, theirs = 0, ratios = 0, count = 0;
  for (const auto& trip : others) {
    const auto bounds = graph.bounds(trip.from, trip.to);
    const auto known = learned->between_doors(bounds, geo::geodesic_m(trip.from, trip.to));
    if (bounds.reverse || !known) continue;
    ours += static_cast<double>(known->metres.value);
    theirs += trip.metres;
    ratios += static_cast<double>(known->metres.value) / trip.metres;
    ++count;
  }
  REQUIRE(count > 1000);
  MESSAGE("sum ", ours / theirs - 1, ", mean of ratios ", ratios / count - 1, " of ", count);
  CHECK(std::abs(ours / theirs - 1 + ratios / count - 1) < 0.03);
  CHECK(std::abs(ours / theirs - 1) < 0.02);
}

TEST_CASE("memory: other trips' answers of this provider and vehicle only, and none that were forgotten") {
  BlockTown town(3);
  distance::AnswerMemory memory(2);
  const base::WallTime now{std::chrono::hours{400'000}};
  const auto remember = [&](std::size_t a, std::size_t b, const char* provider) {
    memory.remember(
        {provider, base::Vehicle::kCar, town.place(a), town.place(b), {1000}, base::Seconds{60}, now});
  };
  const auto through = [&](const char* provider, base::Vehicle vehicle) {
    return memory.bounds(provider, vehicle, town.place(0), town.place(2), now).through;
  };
  remember(0, 1, "a");
  remember(1, 2, "a");
  CHECK(through("a", base::Vehicle::kCar) == 1);
  CHECK(through("a", base::Vehicle::kFoot) == 0);
  CHECK(through("b", base::Vehicle::kCar) == 0);
  remember(2, 1, "b");  // the first one has to go
  CHECK(through("a", base::Vehicle::kCar) == 0);
}

TEST_CASE(
    "ladder: while the provider is gone and no map reaches, other trips' answers are asked, as far as "
    "allowed") {
  BlockTown town(60);
  const base::FakeClock clock(base::WallTime{std::chrono::hours{400'000}});
  const auto memory = std::make_shared<distance::AnswerMemory>();
  std::vector<AnsweredTrip> seen;
  while (seen.size() < 3000) {
    auto trip = town.trip();
    if (geo::geodesic_m(trip.from, trip.to) < 1) continue;
    memory->remember({"a",
                      base::Vehicle::kCar,
                      trip.from,
                      trip.to,
                      {static_cast<std::int64_t>(trip.metres)},
                      base::Seconds{60},
                      clock.wall_now() - std::chrono::hours{2}});
    seen.push_back(trip);
  }
  const auto made = distance::calibrate("a", base::Vehicle::kCar, nullptr, "", seen).value();
  const auto down = [](const auto&, auto) { return tests::bad_answer(provider::Outcome::kUnavailable); };
  const auto measured = [&](base::Seconds remember_for, const distance::Trip& trip) {
    distance::DistanceService::Parts parts{
        nullptr, {std::make_shared<tests::ScriptedProvider>("a", clock, down)}, &clock};
    parts.learned = {distance::Learned::detour_of(made)};
    parts.memory = memory;
    parts.remember_for = {remember_for};
    distance::DistanceService service(std::move(parts));
    road::Roads::Query query;
    return service.measure(query, trip, distance::Basis::kProvider,
                           base::Deadline::after(clock, std::chrono::seconds{1}));
  };
  std::size_t asked = 0;
  for (std::size_t a = 0; a < 60 && asked < 20; ++a) {
    const std::size_t b = (a * 7 + 13) % 60;
    const distance::Trip trip{town.place(a), town.place(b), base::Vehicle::kCar};
    if (geo::geodesic_m(trip.from, trip.to) < 200 ||
        memory->recall("a", trip.vehicle, trip.from, trip.to, clock.wall_now(), base::Seconds{1 << 30}))
      continue;
    const auto distance = measured(base::Seconds{86'400}, trip);
    if (distance.source.kind == distance::SourceKind::kGeodesic)
      continue;  // too few trips with bounds as wide
    ++asked;
    CHECK(distance.source.label() == "memory:a");
    CHECK(distance.age == base::Seconds{7200});
    CHECK(distance.provisional);
    CHECK(distance.calibration_release == made.release());
    CHECK(distance.low <= distance.metres);
    CHECK(distance.metres <= distance.high);
    CHECK(measured(base::Seconds{0}, trip).source.label() == "geodesic");     // its terms allow no memory
    CHECK(measured(base::Seconds{3600}, trip).source.label() == "geodesic");  // and here none as old
  }
  CHECK(asked > 5);
}

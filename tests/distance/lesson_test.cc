// Lessons: what is learned of a hidden provider, that it is told honestly, and that nothing worse is taken
// over.

#include "reckon/distance/lesson.h"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "distance/hidden_provider_fixture.h"
#include "provider/scripted_provider_fixture.h"
#include "reckon/distance/distance_service.h"
#include "reckon/road/map_builder.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using distance::AnsweredTrip;

namespace {

constexpr auto kCar = base::Vehicle::kCar;

std::shared_ptr<const road::RoadMap> monaco(const test::TempFolder& folder) {
  const auto data = test::shared_data();
  if (!data) {
    MESSAGE("SKIPPED: the shared data folder has no maps/monaco.osm.pbf");
    return nullptr;
  }
  REQUIRE(road::build_map({{*data / "maps" / "monaco.osm.pbf"}, folder / "monaco.rmap", {kCar}, {}}));
  auto map = road::RoadMap::open(folder / "monaco.rmap");
  REQUIRE(map);
  return std::make_shared<const road::RoadMap>(std::move(*map));
}

// Roads of 1.4 times the straight line, give or take.
std::vector<AnsweredTrip> straight_trips(std::size_t count) {
  std::vector<AnsweredTrip> trips;
  for (std::size_t i = 0; i < count; ++i) {
    const double straight_m = 300 + static_cast<double>(i * 37 % 4000);
    trips.push_back({geo::LatLng::from_degrees(37.5, 127, "from").value(),
                     geo::LatLng::from_degrees(37.5 + straight_m / 111'000, 127, "to").value(),
                     straight_m * (1.38 + 0.01 * static_cast<double>(i % 5)), 0});
  }
  return trips;
}

}  // namespace

TEST_CASE("lesson: without a map the detour is learned, and measured on trips that it has not seen") {
  const auto trips = straight_trips(2000);
  const auto lesson = distance::learn("kakao", base::Vehicle::kMotorcycle, nullptr, trips);
  REQUIRE(lesson);
  REQUIRE(*lesson);
  CHECK((*lesson)->learned_from == 2000);
  CHECK((*lesson)->calibration.pairs == 2000);
  CHECK((*lesson)->after.pairs == 200);
  CHECK((*lesson)->after.median_error < (*lesson)->before.median_error);
  CHECK((*lesson)->after.same_100 > (*lesson)->before.same_100);
  CHECK((*lesson)->calibration.map_release.empty());
}

TEST_CASE("lesson: too few trips are refused with the number that is needed") {
  const auto lesson = distance::learn("kakao", kCar, nullptr, straight_trips(499));
  REQUIRE_FALSE(lesson);
  CHECK(lesson.error().message.find("499") != std::string::npos);
  CHECK(lesson.error().message.find("500") != std::string::npos);
}

TEST_CASE("lesson: a hidden provider's fees are met more often, the same pairs give the same bytes") {
  const test::TempFolder folder;
  const auto map = monaco(folder);
  if (!map) return;
  const road::RouteNetwork network(map->network(kCar));
  test::HiddenProvider hidden(network, 11);
  const auto trips = hidden.trips(600, test::TripLengths::kAnywhere);
  REQUIRE(trips.size() == 600);
  std::size_t told = 0;
  const auto lesson = distance::learn("hidden", kCar, map, trips, [&](auto, auto) { return ++told > 0; });
  REQUIRE(lesson);
  REQUIRE(*lesson);
  const auto& after = (*lesson)->after;
  MESSAGE("same fee at 100 m steps before ", (*lesson)->before.share((*lesson)->before.same_100), ", after ",
          after.share(after.same_100));
  CHECK((*lesson)->roads_kept);
  CHECK(after.share(after.same_100) > 0.9);
  CHECK(after.same_100 > (*lesson)->before.same_100);
  const auto again = distance::learn("hidden", kCar, map, trips);
  REQUIRE(again);
  CHECK(distance::to_json((*again)->calibration) == distance::to_json((*lesson)->calibration));

  // In the ladder: published while it runs, used for the provider's basis only, named.
  {
    const base::FakeClock clock;
    distance::DistanceService service({map, {}, &clock});
    road::Roads::Query query;
    const distance::Trip trip{trips[0].from, trips[0].to, kCar};
    const auto ask = [&](distance::Basis basis) {
      return service.measure(query, trip, basis, base::Deadline::after(clock, std::chrono::seconds{1}));
    };
    const auto own = ask(distance::Basis::kRoad);
    CHECK_FALSE(ask(distance::Basis::kProvider).calibration_release);
    auto learned = distance::Learned::make(map, (*lesson)->calibration);
    REQUIRE(learned);
    service.publish(*learned);
    CHECK(service.learned((*learned)->calibration().vehicle) == *learned);
    const auto now = ask(distance::Basis::kProvider);
    CHECK(now.calibration_release == (*lesson)->calibration.release());
    CHECK(ask(distance::Basis::kRoad).metres == own.metres);
    CHECK_FALSE(ask(distance::Basis::kRoad).calibration_release);
  }

  // Another provider's answer prices in the outage of the first; the interval is of the first all the same.
  {
    const base::FakeClock clock;
    test::HiddenProvider other(network, 13);
    const auto gone = [](const auto&, auto) { return tests::bad_answer(provider::Outcome::kNoRoute); };
    const auto answers = [&](const provider::TripRequest& asked, auto) {
      AnsweredTrip trip{asked.from, asked.to, 0, 0};
      return other.answer(trip) ? tests::good_answer(std::llround(trip.metres), std::llround(trip.seconds))
                                : tests::bad_answer(provider::Outcome::kNoRoute);
    };
    distance::DistanceService::Parts parts{
        map,
        {std::make_shared<tests::ScriptedProvider>("hidden", clock, gone),
         std::make_shared<tests::ScriptedProvider>("other", clock, answers)},
        &clock};
    parts.learned = {distance::Learned::make(map, (*lesson)->calibration).value()};
    distance::DistanceService service(std::move(parts));
    road::Roads::Query query;
    const auto truth = hidden.trips(300, test::TripLengths::kAnywhere);
    std::size_t others = 0, inside = 0;
    std::int64_t width_m = 0, width_round_other_m = 0;
    for (const auto& trip : truth) {
      const auto said = service.measure(query, {trip.from, trip.to, kCar}, distance::Basis::kProvider,
                                        base::Deadline::after(clock, std::chrono::seconds{1}));
      if (said.source.label() != "provider:other") continue;
      ++others;
      CHECK(said.low <= said.metres);
      CHECK(said.metres <= said.high);
      CHECK(said.calibration_release == (*lesson)->calibration.release());
      const auto first = static_cast<std::int64_t>(trip.metres);
      inside += said.low.value <= first && first <= said.high.value ? 1U : 0U;
      width_m += said.high.value - said.low.value;
      const auto round_it = distance::road_estimate(said.metres);
      width_round_other_m += round_it.high.value - round_it.low.value;
    }
    MESSAGE(others, " answers of another provider: ", inside, " intervals hold the first one's metres, ",
            width_m, " m wide together, round the other's own ", width_round_other_m, " m");
    CHECK(others > 250);
    CHECK(static_cast<double>(inside) >= 0.9 * static_cast<double>(others));
    CHECK(width_m < width_round_other_m);
  }

  // A route model that does worse on newer trips is not taken over.
  {
    auto turned = trips;  // the provider has come round to the map's own way in the meantime
    road::Roads::Query query;
    for (std::size_t i = 540; i < turned.size(); ++i)
      turned[i].metres =
          static_cast<double>(map->route(query, kCar, turned[i].from, turned[i].to).distance.value);
    const auto worse = distance::learn("hidden", kCar, map, turned);
    REQUIRE(worse);
    REQUIRE(*worse);
    CHECK_FALSE((*worse)->roads_kept);
    CHECK((*worse)->calibration.map_release.empty());
    CHECK((*worse)->after.same_100 == (*worse)->before.same_100);
    CHECK(distance::read_calibration(distance::to_json((*worse)->calibration), "calibration"));
  }

  // It can be given up at any stage.
  for (const std::size_t stop_at : {std::size_t{1}, told / 3, told / 2}) {
    std::size_t asked = 0;
    const auto given_up =
        distance::learn("hidden", kCar, map, trips, [&](auto, auto) { return ++asked < stop_at; });
    REQUIRE(given_up);
    CHECK_FALSE(given_up->has_value());
    CHECK(asked == stop_at);
  }
}

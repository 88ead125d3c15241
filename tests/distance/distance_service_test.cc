#include "reckon/distance/distance_service.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <functional>
#include <mutex>
#include <thread>

#include "reckon/distance/detour.h"
#include "reckon/geo/geodesic.h"

using namespace reckon;
using namespace reckon::distance;
using namespace std::chrono_literals;
using provider::Outcome;
using provider::ProviderAnswer;

namespace {

geo::LatLng place(double lat, double lng) {
  return geo::LatLng::from_degrees(lat, lng, "place").value();
}

// 1,110 m to the north: 1,110 m straight.
const Trip kTrip{place(37.50, 127.00), place(37.51, 127.00), base::Vehicle::kMotorcycle};

// Answers what it is told to, and takes the time that it is told to from the fake clock.
class Scripted final : public provider::MapProvider {
 public:
  using Script =
      std::function<ProviderAnswer(const provider::TripRequest&, std::chrono::microseconds budget)>;
  Scripted(std::string name, const base::Clock& clock, Script script)
      : name_(std::move(name)), clock_(clock), script_(std::move(script)) {}
  std::string_view name() const override { return name_; }
  bool serves(base::Vehicle vehicle) const override { return vehicle != unknown; }
  ProviderAnswer route(const provider::TripRequest& trip, base::Deadline deadline) override {
    ++calls;
    last_budget = deadline.left(clock_);
    return script_(trip, last_budget.load());
  }
  base::Vehicle unknown = base::Vehicle::kFoot;
  std::atomic<int> calls = 0;
  std::atomic<std::chrono::microseconds> last_budget{};

 private:
  std::string name_;
  const base::Clock& clock_;
  Script script_;
};

ProviderAnswer ok(std::int64_t metres, std::int64_t seconds) {
  ProviderAnswer answer;
  answer.outcome = Outcome::kOk;
  answer.distance = {metres};
  answer.duration = base::Seconds{seconds};
  return answer;
}

ProviderAnswer bad(Outcome outcome, provider::Stage stage = provider::Stage::kNone) {
  ProviderAnswer answer;
  answer.outcome = outcome;
  answer.stage = stage;
  return answer;
}

class Heard final : public Observer {
 public:
  void on_call(const CallRecord& record) override {
    calls.push_back(record.provider + " " + record.answer.reason());
  }
  void on_breaker(std::string_view name, std::string_view from, std::string_view to) override {
    changes.push_back(fmt::format("{} {}>{}", name, from, to));
  }
  std::vector<std::string> calls, changes;
};

struct Ladder {
  base::FakeClock clock{base::parse_rfc3339("2022-10-15T18:30:00+09:00", "now").value()};
  Heard heard;
  std::vector<std::shared_ptr<Scripted>> providers;
  std::unique_ptr<DistanceService> service;
  road::RoadMap::Query query;

  void add(const std::string& name, Scripted::Script script) {
    providers.push_back(std::make_shared<Scripted>(name, clock, std::move(script)));
  }
  Distance measure(const Trip& trip = kTrip, Basis basis = Basis::kProvider,
                   std::chrono::milliseconds budget = 800ms) {
    if (!service)
      service = std::make_unique<DistanceService>(
          DistanceService::Parts{nullptr, {providers.begin(), providers.end()}, &clock, &heard, {}});
    return service->measure(query, trip, basis, base::Deadline::after(clock, budget));
  }
};

std::string reasons(const Distance& distance) {
  std::string text;
  for (const auto& missed : distance.why_not) text += fmt::format("{}={} ", missed.rung, missed.reason);
  return text;
}

}  // namespace

TEST_CASE("ladder: the first provider's answer is taken as it is") {
  Ladder ladder;
  ladder.add("kakao", [](const auto&, auto) { return ok(1501, 412); });
  const auto distance = ladder.measure();
  CHECK(distance.metres.value == 1501);
  CHECK(distance.duration.count() == 412);
  CHECK(distance.source.label() == "provider:kakao");
  CHECK(distance.low.value == 1501);
  CHECK(distance.high.value == 1501);
  CHECK_FALSE(distance.provisional);
  CHECK(distance.why_not.empty());
  CHECK(distance.local_source.label() == "geodesic");
  CHECK(distance.local.value > 1110);
  CHECK(ladder.heard.calls == std::vector<std::string>{"kakao ok"});
}

TEST_CASE("ladder: without provider and map the estimate says that it is one") {
  Ladder ladder;
  const auto distance = ladder.measure();
  const double straight = geo::geodesic_m(kTrip.from, kTrip.to);
  CHECK(distance.source.label() == "geodesic");
  CHECK(distance.metres == detour_estimate(straight).metres);
  CHECK(distance.low < distance.metres);
  CHECK(distance.metres < distance.high);
  CHECK(reasons(distance) == "road=no_map ");
  CHECK_FALSE(distance.provisional);  // nothing better is configured, so nothing better will come
  CHECK(distance.duration.count() > 0);
}

TEST_CASE("ladder: each way of failing ends in an estimate with its reason") {
  struct Row {
    ProviderAnswer answer;
    std::string reason;
    bool provisional;
    std::string why;
  };
  for (const auto& row : std::vector<Row>{
           {bad(Outcome::kTimeout, provider::Stage::kConnect), "timeout:connect", true, "passes"},
           {bad(Outcome::kUnavailable, provider::Stage::kTls), "unavailable:tls", true, "passes"},
           {bad(Outcome::kMalformed), "malformed", true, "passes"},
           {bad(Outcome::kQuota), "quota", true, "passes at midnight"},
           {bad(Outcome::kAuth), "auth", true, "passes when the key is mended"},
           {bad(Outcome::kThrottled), "throttled", true, "passes"},
           {bad(Outcome::kNoRoute), "no_route", false, "row 25: it will say so tomorrow, too"},
           {bad(Outcome::kBadRequest), "bad_request", false, "row 40"},
           {ok(13'500, 1600), "implausible", true, "ten times the truth is not priced"},
           {ok(0, 0), "implausible", true, "a silent zero is not priced"}}) {
    CAPTURE(row.why);
    Ladder ladder;
    ladder.add("kakao", [&row](const auto&, auto) { return row.answer; });
    const auto distance = ladder.measure();
    CHECK(distance.source.label() == "geodesic");
    CHECK(reasons(distance) == fmt::format("provider:kakao={} road=no_map ", row.reason));
    CHECK(distance.provisional == row.provisional);
    CHECK(distance.metres.value > 1110);
  }
}

TEST_CASE("ladder: the second provider gets its chance within the deadline") {
  Ladder ladder;
  ladder.add("kakao", [&](const auto&, auto budget) {
    ladder.clock.advance(budget);
    return bad(Outcome::kTimeout, provider::Stage::kFirstByte);
  });
  ladder.add("own", [&](const auto&, auto) {
    ladder.clock.advance(30ms);
    return ok(1490, 300);
  });
  const auto began = ladder.clock.steady_now();
  const auto distance = ladder.measure();
  CHECK(distance.source.label() == "provider:own");
  CHECK(reasons(distance) == "provider:kakao=timeout:first_byte ");
  CHECK(distance.provisional);
  CHECK(distance.low < distance.metres);  // what the *first* provider would have said is not known
  CHECK(ladder.clock.steady_now() - began <= 800ms);
  CHECK(ladder.providers[0]->last_budget.load() < 500ms);
}

TEST_CASE("ladder: no provider is asked with less than a useful time") {
  Ladder ladder;
  ladder.add("kakao", [](const auto&, auto) { return ok(1501, 412); });
  const auto distance = ladder.measure(kTrip, Basis::kProvider, 40ms);
  CHECK(reasons(distance) == "provider:kakao=no_time road=no_map ");
  CHECK(ladder.providers[0]->calls == 0);
  CHECK(distance.provisional);
}

TEST_CASE("ladder: a provider that hangs is asked a handful of times, then left alone until its probe") {
  Ladder ladder;
  bool healthy = false;
  ladder.add("kakao", [&](const auto&, auto budget) {
    if (healthy) return ok(1501, 412);
    ladder.clock.advance(budget);
    return bad(Outcome::kTimeout, provider::Stage::kFirstByte);
  });
  for (int i = 0; i < 1000; ++i) ladder.measure();
  CHECK(ladder.providers[0]->calls == 5);
  CHECK(reasons(ladder.measure()) == "provider:kakao=breaker_open road=no_map ");
  CHECK(ladder.service->breaker_states() ==
        std::vector<std::pair<std::string, std::string>>{{"kakao", "open"}});
  healthy = true;
  ladder.clock.advance(5s);
  CHECK(ladder.measure().source.label() == "provider:kakao");
  int from_provider = 0;
  for (int i = 0; i < 100; ++i)
    from_provider += ladder.measure().source.kind == SourceKind::kProvider ? 1 : 0;
  CHECK(from_provider == 5);
  ladder.clock.advance(7s);
  for (int i = 0; i < 100; ++i) CHECK(ladder.measure().source.label() == "provider:kakao");
  CHECK(ladder.heard.changes == std::vector<std::string>{"kakao closed>open", "kakao open>half_open",
                                                         "kakao half_open>ramping", "kakao ramping>closed"});
}

TEST_CASE("ladder: while one provider's breaker is open the other has the whole deadline") {
  Ladder ladder;
  ladder.add("kakao", [](const auto&, auto) { return ok(1501, 412); });
  ladder.add("own", [&](const auto&, auto) { return bad(Outcome::kAuth); });
  ladder.measure();
  CHECK(ladder.providers[0]->last_budget.load() == 468ms);  // 0.6 of 780 ms
  ladder.providers[0].reset();
}

TEST_CASE("ladder: one constant for every trip is recognised and no longer priced (row 34)") {
  Ladder ladder;
  ladder.add("kakao", [](const auto&, auto) { return ok(3000, 600); });
  int priced = 0;
  for (int i = 0; i < 60; ++i) {
    const Trip trip{place(37.50, 127.00), place(37.51 + 0.0005 * i, 127.00), base::Vehicle::kMotorcycle};
    priced += ladder.measure(trip).source.kind == SourceKind::kProvider ? 1 : 0;
  }
  CHECK(priced <= 7);
  CHECK(ladder.service->breaker_states()[0].second == "open");
}

TEST_CASE("ladder: one place needs no provider, and says so") {
  Ladder ladder;
  ladder.add("kakao", [](const auto&, auto) { return ok(0, 0); });
  const auto distance =
      ladder.measure({place(37.5, 127), place(37.50001, 127.00001), base::Vehicle::kMotorcycle});
  CHECK(ladder.providers[0]->calls == 0);
  CHECK(distance.metres.value == 0);
  CHECK(distance.high.value > 0);
  CHECK(reasons(distance) == "provider:kakao=same_place road=no_map ");
  CHECK_FALSE(distance.provisional);
}

TEST_CASE("ladder: a vehicle that the provider does not know is not asked for") {
  Ladder ladder;
  ladder.add("kakao", [](const auto&, auto) { return ok(1501, 412); });
  const auto distance = ladder.measure({kTrip.from, kTrip.to, base::Vehicle::kFoot});
  CHECK(reasons(distance) == "provider:kakao=vehicle road=no_map ");
  CHECK_FALSE(distance.provisional);
}

TEST_CASE(
    "ladder: a vehicle's first provider is the first that serves it: its answer is exact, and learned") {
  Ladder ladder;
  bool gone = false;
  ladder.add("kakao", [](const auto&, auto) { return ok(1501, 412); });
  ladder.add("own", [&](const auto&, auto) { return gone ? bad(Outcome::kUnavailable) : ok(1400, 300); });
  ladder.providers[0]->unknown = base::Vehicle::kBicycle;
  const Trip bicycle{kTrip.from, kTrip.to, base::Vehicle::kBicycle};
  const auto said = ladder.measure(bicycle);
  CHECK(reasons(said) == "provider:kakao=vehicle ");
  CHECK(said.metres.value == 1400);
  CHECK(said.low == said.metres);
  CHECK(said.high == said.metres);
  CHECK_FALSE(said.provisional);

  distance::Calibration made;
  made.provider = "own";
  made.detour = {{0, 0}, {1000, 1300}};
  made.detour_interval = {{1000, 0.9, 1.1, 1}};
  for (const auto vehicle : {base::Vehicle::kBicycle, base::Vehicle::kCar}) {
    made.vehicle = vehicle;
    ladder.service->publish(distance::Learned::detour_of(made));
  }
  gone = true;
  const auto estimate = ladder.measure(bicycle);
  made.vehicle = base::Vehicle::kBicycle;
  CHECK(estimate.calibration_release == made.release());
  CHECK(std::abs(estimate.metres.value - 1443) <= 2);  // 1.3 times the straight line
  CHECK(estimate.provisional);
  CHECK_FALSE(ladder.measure(kTrip).local_calibration);  // nothing is learned for motorcycles
}

TEST_CASE("ladder: the other bases ask no provider") {
  Ladder ladder;
  ladder.add("kakao", [](const auto&, auto) { return ok(1501, 412); });
  const auto straight = ladder.measure(kTrip, Basis::kStraight);
  CHECK(straight.metres.value == std::llround(geo::geodesic_m(kTrip.from, kTrip.to)));
  CHECK(straight.low == straight.metres);
  CHECK(straight.high == straight.metres);
  CHECK(straight.source.label() == "geodesic");
  const auto sphere = ladder.measure(kTrip, Basis::kHaversine);
  CHECK(sphere.metres.value == std::llround(geo::haversine_6371000_m(kTrip.from, kTrip.to)));
  CHECK(sphere.metres != straight.metres);
  const auto road = ladder.measure(kTrip, Basis::kRoad);
  CHECK(reasons(road) == "road=no_map ");
  CHECK(road.low < road.high);
  CHECK_FALSE(road.provisional);
  CHECK(ladder.providers[0]->calls == 0);
}

TEST_CASE("ladder: its state goes from one process to the next") {
  Ladder first;
  first.add("kakao", [](const auto&, auto) { return bad(Outcome::kAuth); });
  first.measure();
  const auto state = first.service->export_state();
  Ladder second;
  second.add("kakao", [](const auto&, auto) { return ok(1501, 412); });
  second.measure();
  REQUIRE(second.service->import_state(state));
  CHECK(second.service->breaker_states()[0].second == "latched:auth");
  CHECK(reasons(second.measure()) == "provider:kakao=auth road=no_map ");
  for (const std::string broken :
       {"", "{}", R"({"version":2,"breakers":[]})",
        R"({"version":1,"breakers":[{"provider":"kakao","latch":"x","openings":1,"open_until":null}]})"}) {
    CAPTURE(broken);
    CHECK_FALSE(second.service->import_state(broken));
  }
}

TEST_CASE("ladder: many threads at once") {
  const base::SystemClock clock;
  auto provider = std::make_shared<Scripted>("kakao", clock, [](const auto& trip, auto) {
    return ok(std::llround(1.3 * geo::geodesic_m(trip.from, trip.to)), 200);
  });
  DistanceService service({nullptr, {provider}, &clock, nullptr, {}});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      road::RoadMap::Query query;
      for (int i = 0; i < 500; ++i) {
        const Trip trip{place(37.50, 127.00), place(37.51 + 0.00001 * i, 127.0 + 0.001 * t),
                        base::Vehicle::kMotorcycle};
        const auto distance =
            service.measure(query, trip, Basis::kProvider, base::Deadline::after(clock, 800ms));
        if (distance.metres.value != std::llround(1.3 * geo::geodesic_m(trip.from, trip.to))) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

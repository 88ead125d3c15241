// Rows 25 to 34 and 37 to 40 of the fault matrix (docs/faults.md): answers that are well-formed and say
// something else than a route, or a route that cannot be.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "provider/fault_matrix_fixture.h"
#include "reckon/distance/plausibility.h"
#include "reckon/geo/geodesic.h"
#include "service/service_fixture.h"

using namespace reckon;
using namespace reckon::tests;
using namespace std::chrono_literals;

namespace {

std::string result_code(int code) {
  return fmt::format(R"({{"trans_id":"x","routes":[{{"result_code":{},"result_msg":"m"}}]}})", code);
}

std::string refusal(int code) {
  return fmt::format(R"({{"code":{},"msg":"m"}})", code);
}

std::string summary(std::string_view distance, std::string_view duration) {
  return fmt::format(R"({{"routes":[{{"result_code":0,"summary":{{"distance":{},"duration":{}}}}}]}})",
                     distance, duration);
}

// A second provider that always answers.
struct Second {
  ScriptedServer server{always(response(200, kakao_body(3100)))};
};

}  // namespace

TEST_CASE("fault row 25: no route inside HTTP 200 is an answer, and not a failure") {
  for (const int code : {1, 102, 103}) {
    const LeakWatch watch;
    const ScriptedServer server(always(response(200, result_code(code))));
    FaultStage stage({.url = server.url()});
    CHECK(stage.asked() == "no_route");
    CHECK_FALSE(stage.quote().distance.provisional);  // nothing better will come
    CHECK(stage.state_after_quotes(10) == "closed");
  }
}

TEST_CASE("fault row 26: within 5 m is 0 m found") {
  // The ladder answers such trips itself. Said of a trip of two kilometres, it cannot be true.
  play({always(response(200, result_code(104))), "implausible", "open"});
  const LeakWatch watch;
  const ScriptedServer server(always(response(200, result_code(104))));
  const base::SystemClock clock;
  const auto transport = provider::make_http_client({}, clock, nullptr).value();
  const auto kakao = provider::make_provider({"k", "kakao", server.url(), "KEY", provider::Secret("k"), ""},
                                             transport, clock, "/p")
                         .value();
  const auto trip = test::seoul_trip();
  const auto answer = kakao->route({trip.from, trip.from, trip.vehicle}, base::Deadline::after(clock, 1s));
  CHECK(answer.outcome == provider::Outcome::kOk);
  CHECK(answer.distance.value == 0);
}

TEST_CASE("fault row 27: no routes, no summary, an unknown code") {
  play({always(response(200, R"({"routes":[]})")), "malformed", "open"});
  play({always(response(200, R"({"routes":[{"result_code":0}]})")), "malformed", "open"});
  play({always(response(200, result_code(987))), "no_route", "closed"});
}

TEST_CASE("fault row 28: a distance that is no distance is kept from the price") {
  for (const auto distance : {"null", "\"3000\"", "-1", "1e308", "[3000]"}) {
    CAPTURE(std::string(distance));
    play({always(response(200, summary(distance, "500"))), "implausible", "open"});
  }
  play({always(response(200, summary("NaN", "500"))), "malformed", "open"});
}

TEST_CASE("fault row 29: shorter than the straight line") {
  play({always(response(200, kakao_body(1200, 300))), "implausible", "open"});
}

TEST_CASE("fault row 30: twenty times the straight line, unless our own map agrees") {
  play({always(response(200, kakao_body(42'000, 4200))), "implausible", "open"});
  const auto trip = test::seoul_trip();
  const double straight = geo::geodesic_m(trip.from, trip.to);
  const distance::Answered detour{{42'000}, 4200s};
  CHECK(distance::implausible(detour, {straight, std::nullopt}));
  CHECK_FALSE(distance::implausible(detour, {straight, base::Metres{40'000}}));  // a bridge far away
}

TEST_CASE("fault row 31: no time at all, 900 km/h, milliseconds taken for seconds") {
  for (const std::int64_t seconds : {0, 12, 500'000}) {
    CAPTURE(seconds);
    play({always(response(200, kakao_body(3000, seconds))), "implausible", "open"});
  }
}

TEST_CASE("fault row 32: the answer to another question") {
  auto other = kakao_body();
  other.replace(other.find("126.97"), 6, "127.97");
  play({always(response(200, other)), "implausible", "open"});
  SUBCASE("one to many: matched by key, whatever the order") {
    const LeakWatch watch;
    const auto route = [](std::string_view key, int metres) {
      return fmt::format(R"({{"key":"{}","result_code":0,"summary":{{"distance":{},"duration":60}}}})", key,
                         metres);
    };
    const ScriptedServer server(
        always(response(200, fmt::format(R"({{"routes":[{},{}]}})", route("1", 222), route("0", 111)))));
    const base::SystemClock clock;
    const auto transport = provider::make_http_client({}, clock, nullptr).value();
    const auto kakao = provider::make_provider({"k", "kakao", server.url(), "KEY", provider::Secret("k"), ""},
                                               transport, clock, "/p")
                           .value();
    const auto trip = test::seoul_trip();
    const auto table =
        kakao->table({{trip.from}, {trip.to, trip.from}, trip.vehicle}, base::Deadline::after(clock, 1s));
    REQUIRE(table.cells.size() == 2);
    CHECK(table.cells[0].distance.value == 111);
    CHECK(table.cells[1].distance.value == 222);
  }
}

TEST_CASE("fault row 33: swapped latitude and longitude never leave the house") {
  const auto swapped = geo::LatLng::from_degrees(126.97, 37.56, "from");
  REQUIRE_FALSE(swapped);
  CHECK(swapped.error().message.find("swapped") != std::string::npos);
  CHECK(geo::looks_swapped_in_korea(126.97, 37.56));
  CHECK_FALSE(geo::LatLng::parse("126.97,37.56", "--from"));
}

TEST_CASE("fault row 34: one distance for every trip opens the breaker") {
  const LeakWatch watch;
  // Plausible for each trip by itself: 2.1 km straight, and a little more or less.
  std::atomic<int> asked = 0;
  const ScriptedServer server([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      ++asked;
      peer.send(
          response(200, R"({"routes":[{"result_code":0,"summary":{"distance":3456,"duration":600}}]})"));
    }
  });
  FaultStage stage({.url = server.url()});
  const base::SystemClock clock;
  road::RoadMap::Query query;
  for (int i = 0; i < 40 && stage.state() == "closed"; ++i) {
    const auto to = geo::LatLng::from_degrees(37.57 + 0.002 * (i % 5), 126.99, "to").value();
    stage.engine().distances().measure(query, {test::seoul_trip().from, to}, distance::Basis::kProvider,
                                       base::Deadline::after(clock, 150ms));
  }
  CHECK(stage.state() == "open");
  CHECK(asked <= 25);
}

TEST_CASE("fault row 37: a spent quota latches this provider alone, with one alarm") {
  const LeakWatch watch;
  const ScriptedServer server(always(response(400, refusal(-10))));
  const Second second;
  FaultStage stage({.url = server.url(), .second_url = second.server.url()});
  const auto told = stage.quote().distance;
  CHECK(told.source.label() == "provider:second");
  CHECK(told.why_not.front().reason == "quota");
  CHECK(stage.state_after_quotes(8) == "latched:quota");
  CHECK(stage.heard().alarms() == std::vector<std::string>{"quota"});
  CHECK(std::ranges::count(stage.heard().calls(), "quota") == 1);
  CHECK(stage.engine().distances().breaker_states()[1].second == "closed");
}

TEST_CASE("fault row 38: maintenance is a failure, whatever status it comes with") {
  play({always(response(400, refusal(-7))), "unavailable", "open"});
  play({always(response(500, refusal(-7))), "unavailable", "open"});
}

TEST_CASE("fault row 39: a refused key latches at once: one alarm, no retry") {
  for (const auto& [status, code] : std::vector<std::pair<int, int>>{{401, -401}, {403, -5}, {403, -3}}) {
    const LeakWatch watch;
    std::atomic<int> requests = 0;
    const ScriptedServer server([&requests, bytes = response(status, refusal(code))](Peer& peer) {
      while (!peer.read_request().empty()) {
        ++requests;
        peer.send(bytes);
      }
    });
    FaultStage stage({.url = server.url()});
    CHECK(stage.asked() == "auth");
    CHECK(stage.state_after_quotes(8) == "latched:auth");
    CHECK(requests == 1);
    CHECK(stage.heard().alarms() == std::vector<std::string>{"auth"});
  }
}

TEST_CASE("fault row 39: TMAP's gateway says it in its own words") {
  const LeakWatch watch;
  const ScriptedServer server(always(
      response(403, R"({"error":{"id":"403","category":"gw","code":"INVALID_API_KEY","message":"m"}})")));
  FaultStage stage({.url = server.url(), .kind = "tmap"});
  CHECK(stage.asked() == "auth");
  CHECK(stage.state_after_quotes(3) == "latched:auth");
}

TEST_CASE("fault row 40: one shop's bad address does not take the provider from the others") {
  const LeakWatch watch;
  const ScriptedServer server([](Peer& peer) {
    for (auto request = peer.read_request(); !request.empty(); request = peer.read_request()) {
      const bool bad = request.find("destination=127.5") != std::string::npos;
      peer.send(bad ? response(400, refusal(-2)) : response(200, kakao_body()));
    }
  });
  FaultStage stage({.url = server.url()});
  const base::SystemClock clock;
  road::RoadMap::Query query;
  for (int i = 0; i < 30; ++i) {
    const auto bad = stage.engine().distances().measure(
        query, {test::seoul_trip().from, geo::LatLng::from_degrees(37.57, 127.5, "to").value()},
        distance::Basis::kProvider, base::Deadline::after(clock, 150ms));
    CHECK(bad.why_not.front().reason == "bad_request");
    CHECK(stage.asked() == "ok");
  }
  CHECK(stage.state() == "closed");
}

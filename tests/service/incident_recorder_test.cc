// Outages as they are written down: from the first failed call to the breaker's last change.

#include "reckon/service/incident_recorder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "reckon/geo/geodesic.h"
#include "reckon/ledger/incident_quotes.h"
#include "reckon/ledger/sqlite.h"
#include "reckon/ledger/verify.h"
#include "reckon/service/observers.h"
#include "service/recorded_engine_fixture.h"

using namespace reckon;
using namespace std::chrono_literals;
using service::IncidentRecorder;

namespace {

// A provider that is well or broken, quotes every second, and the recorder that hears of it.
struct Evening {
  Evening() { resume(); }
  // Another process with the same files.
  void restart() {
    recorder->flush();
    recorded.restart();
    resume();
  }
  void resume() {
    recorder = std::make_unique<IncidentRecorder>(
        IncidentRecorder::Parts{recorded.ledger.get(), &recorded.clock, nullptr, &metrics, nullptr});
    heard = std::make_unique<service::Observers>();
    heard->add(recorder.get());
    relay.next = heard.get();
    REQUIRE(recorder->resume(recorded.engine->distances()));
  }
  // Roads are a third longer than the straight line.
  provider::ProviderAnswer answer(const provider::TripRequest& trip) const {
    return up ? tests::good_answer(std::llround(geo::geodesic_m(trip.from, trip.to) * 4 / 3), 300)
              : tests::bad_answer(broken, provider::Stage::kConnect);
  }
  void quotes(int count) {
    for (int i = 0; i < count; ++i) {
      recorded.quote(1200 + 100 * (i % 7));
      recorded.clock.advance(1s);
    }
  }
  std::vector<ledger::Incident> all() {
    recorder->flush();
    auto list = ledger::incidents(*recorded.ledger);
    REQUIRE(list);
    return *std::move(list);
  }

  struct Relay final : distance::Observer {
    void on_call(const distance::CallRecord& call) override { next->on_call(call); }
    void on_opening(std::string_view who, const distance::Opening& opening) override {
      next->on_opening(who, opening);
    }
    void on_breaker(std::string_view who, std::string_view from, std::string_view to) override {
      next->on_breaker(who, from, to);
    }
    void on_alarm(std::string_view who, std::string_view what, std::string_view detail) override {
      next->on_alarm(who, what, detail);
    }
    distance::Observer* next = nullptr;
  };

  bool up = true;
  provider::Outcome broken = provider::Outcome::kTimeout;
  std::chrono::milliseconds pace{0};
  service::Metrics metrics;
  Relay relay;
  test::RecordedEngine recorded{[this](const auto& trip, auto) {
                                  recorded.clock.advance(pace);
                                  return answer(trip);
                                },
                                &relay};
  std::unique_ptr<service::Observers> heard;
  std::unique_ptr<IncidentRecorder> recorder;
};

std::int64_t events_of(const ledger::Incident& incident, std::string_view kind) {
  return std::ranges::count(incident.events, kind, &ledger::IncidentEvent::kind);
}

}  // namespace

TEST_CASE(
    "incident: opens at the first failed call, closes when the provider is whole again, quotes are counted") {
  Evening evening;
  evening.quotes(10);
  CHECK(evening.all().empty());
  evening.up = false;
  const auto first_failure = evening.recorded.clock.wall_now();
  evening.quotes(30);
  auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].first_failure == first_failure);
  CHECK(list[0].opened_at > first_failure);
  CHECK(list[0].reason == "timeout:connect");
  CHECK(list[0].cause == "failures");
  CHECK_FALSE(list[0].closed_at);
  evening.up = true;
  evening.quotes(120);
  list = evening.all();
  REQUIRE(list.size() == 1);
  const auto& incident = list[0];
  REQUIRE(incident.closed_at);
  CHECK(incident.failed >= 5);
  CHECK(incident.reasons.at("timeout:connect") == incident.failed);
  CHECK(events_of(incident, ledger::kEventCall) > incident.failed);  // the probe that went well is told, too
  CHECK(events_of(incident, ledger::kEventBreaker) >= 4);            // open, half_open, ramping, closed
  CHECK(incident.events.back().kind == ledger::kEventClosed);
  for (const auto& event : incident.events) {
    CHECK(event.detail.find("127") == std::string::npos);  // no place of anybody's
    CHECK(event.detail.find("37.5") == std::string::npos);
  }
  const auto told = ledger::incident_quotes(*evening.recorded.ledger, incident);
  REQUIRE(told);
  std::int64_t quotes = 0;
  for (const auto& [source, count] : told->sources) quotes += count;
  const auto length = std::chrono::duration_cast<std::chrono::seconds>(*incident.closed_at - first_failure);
  CHECK(quotes == length.count() + 1);  // a quote a second
  CHECK(told->sources.at("geodesic") >= 30);
}

TEST_CASE("incident: failures that did not open the breaker are no outage, and do not date the next one") {
  Evening evening;
  evening.up = false;
  evening.quotes(3);
  evening.up = true;
  evening.quotes(30);
  CHECK(evening.all().empty());
  evening.up = false;
  const auto first_failure = evening.recorded.clock.wall_now();
  evening.quotes(10);
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].first_failure == first_failure);
}

TEST_CASE("incident: one that slow calls opened names the call, and begins with the first of them") {
  Evening evening;
  evening.quotes(8);
  evening.up = false;
  evening.quotes(1);  // long past, and no part of it
  evening.up = true;
  evening.quotes(8);
  const auto first_bad = evening.recorded.clock.wall_now();
  int failed = 0;
  SUBCASE("slow calls alone") {}
  SUBCASE("slow calls after two that failed") {
    failed = 2;
  }
  evening.up = false;
  evening.quotes(failed);
  evening.up = true;
  evening.pace = 700ms;
  evening.quotes(5 - failed);
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].failed == failed);
  CHECK(list[0].cause == "failures");
  CHECK(list[0].reason == "slow");
  CHECK(list[0].first_failure == first_bad);
  REQUIRE(list[0].slow);
  CHECK(list[0].slow->slow_calls == 5 - failed);
  CHECK(list[0].slow->operation == "route");
  CHECK(list[0].slow->latency_us == 700'000);
  CHECK(list[0].slow->slow_after_us == 585'000);  // three quarters of what 800 ms leave for a call
  CHECK_FALSE(list[0].slow->under_way);
  // The next one is not explained by this one's calls.
  evening.pace = 0ms;
  evening.quotes(120);
  evening.up = false;
  evening.quotes(10);
  REQUIRE(evening.all().size() == 2);
  CHECK_FALSE(evening.all()[1].slow);
  CHECK(evening.all()[1].reason == "timeout:connect");
}

TEST_CASE(
    "incident: where a share of the calls opens the breaker it begins with the window's first bad one") {
  Evening evening;
  evening.broken = provider::Outcome::kUnavailable;
  evening.up = false;
  evening.quotes(1);  // long past: it has left the breaker's window
  evening.up = true;
  evening.quotes(60);
  const auto first_failure = evening.recorded.clock.wall_now();
  for (int i = 0; i < 60 && evening.all().empty(); ++i) {
    evening.up = i % 4 == 3;
    evening.quotes(1);
  }
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].first_failure == first_failure);
  CHECK(list[0].failed == 25);  // half of a window of 50
}

TEST_CASE("incident: calls that our own patience cut before the first slow one belong to it") {
  Evening evening;
  evening.pace = 20ms;
  evening.quotes(40);
  evening.up = false;
  evening.pace = 150ms;  // all that a quote waits for a provider that is usually quick
  evening.quotes(1);
  evening.up = true;
  evening.pace = 20ms;
  evening.quotes(1);  // it was the odd one, and over
  const auto first_cut = evening.recorded.clock.wall_now();
  evening.up = false;
  evening.pace = 150ms;
  evening.quotes(2);
  evening.pace = 300ms;
  evening.quotes(1);
  CHECK(evening.recorded.engine->distances().breaker_states()[0].second == "closed");
  evening.up = true;
  evening.pace = 700ms;
  evening.quotes(6);
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].first_failure == first_cut);
  CHECK(list[0].failed == 3);
  CHECK(list[0].reason == "slow");
  const auto told = ledger::incident_quotes(*evening.recorded.ledger, list[0]);
  REQUIRE(told);
  CHECK(told->sources.at("geodesic") >= 3);
}

TEST_CASE("incident: its events are in the order of time") {
  Evening evening;
  evening.quotes(3);
  evening.up = false;
  evening.pace = 200ms;
  evening.quotes(30);
  evening.up = true;
  evening.quotes(120);
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  const auto& events = list[0].events;
  CHECK(std::ranges::is_sorted(events, {}, &ledger::IncidentEvent::at));
  CHECK(events.front().kind == ledger::kEventCall);  // the call that failed first, before `opened`
  for (std::size_t i = 1; i < events.size(); ++i) {
    if (events[i].kind != ledger::kEventCall || events[i].at <= list[0].opened_at) continue;
    CAPTURE(i);  // a probe: its leave comes before it
    CHECK(events[i - 1].detail == R"({"from":"open","to":"half_open"})");
  }
}

TEST_CASE("incident: processes of one quote each write every change of the breaker once") {
  Evening evening;
  evening.quotes(3);
  evening.up = false;
  evening.quotes(7);
  for (int i = 0; i < 20; ++i) {
    evening.restart();
    evening.quotes(1);
  }
  evening.up = true;
  for (int i = 0; i < 40; ++i) {
    evening.restart();
    evening.quotes(1);
  }
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].closed_at);
  std::string at = "closed";
  for (const auto& event : list[0].events) {
    if (event.kind != ledger::kEventBreaker) continue;
    CAPTURE(event.detail);
    const auto from = event.detail.substr(9, event.detail.find('"', 9) - 9);
    CHECK(from == at);  // each goes on from where the one before has come to
    at = event.detail.substr(event.detail.rfind(':') + 2);
    at.resize(at.find('"'));
  }
  CHECK(at == "closed");
  CHECK(list[0].events.back().kind == ledger::kEventClosed);
  CHECK(std::ranges::count(list[0].events, R"({"from":"ramping","to":"closed"})",
                           &ledger::IncidentEvent::detail) == 1);
}

TEST_CASE(
    "incident: an order whose time ends between two processes ends in a probe and a ramp all the same") {
  Evening evening;
  evening.quotes(3);
  REQUIRE(evening.recorded.ledger->append_events(
      {ledger::order_event("DRILL", "kakao", evening.recorded.clock.wall_now(), "forced_open", 60s)}));
  REQUIRE(evening.recorder->take_orders(evening.recorded.engine->distances()));
  evening.quotes(10);
  evening.recorded.clock.advance(100s);
  evening.restart();
  evening.quotes(20);
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].closed_at);
  for (const auto* change :
       {R"({"from":"forced_open","to":"open"})", R"({"from":"open","to":"half_open"})",
        R"({"from":"half_open","to":"ramping"})", R"({"from":"ramping","to":"closed"})"}) {
    CAPTURE(change);
    CHECK(std::ranges::count(list[0].events, change, &ledger::IncidentEvent::detail) == 1);
  }
}

TEST_CASE("incident: one that calls under way opened says so, and their ends are told when they come") {
  Evening evening;
  evening.recorded.clock.advance(10s);
  const distance::SlowCall slow{
      .latency = 600ms, .slow_after = 585ms, .under_way = true, .slow = 5, .calls = 9};
  const auto now = evening.recorded.clock.wall_now();
  evening.recorder->on_opening("kakao", {evening.recorded.clock.steady_now() - 640ms, 0, slow});
  evening.recorder->on_breaker("kakao", "closed", "open");
  evening.recorder->on_call(
      {"kakao", tests::bad_answer(provider::Outcome::kTimeout, provider::Stage::kFirstByte), 780ms});
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  REQUIRE(list[0].slow);
  CHECK(list[0].slow->under_way);
  CHECK(list[0].slow->calls == 9);
  CHECK(list[0].first_failure == now - 640ms);
  CHECK(list[0].reasons == std::map<std::string, std::int64_t>{{"timeout:first_byte", 1}});
}

TEST_CASE("incident: a restart in the middle goes on with the same one") {
  Evening evening;
  evening.up = false;
  evening.quotes(10);
  evening.recorder->flush();
  evening.resume();
  evening.up = true;
  evening.quotes(120);
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].closed_at);
}

TEST_CASE("incident: an order takes the provider away for its time, under the order's own name") {
  Evening evening;
  evening.quotes(5);
  auto& ledger = *evening.recorded.ledger;
  auto& service = evening.recorded.engine->distances();
  REQUIRE(ledger.append_events(
      {ledger::order_event("DRILL", "kakao", evening.recorded.clock.wall_now(), "forced_open", 60s)}));
  REQUIRE(evening.recorder->take_orders(service));
  CHECK(service.breaker_states()[0].second == "forced_open");
  CHECK(evening.recorded.quote(1500).distance.why_not[0].reason == "forced_open");
  evening.quotes(59);
  CHECK(service.breaker_states()[0].second == "forced_open");
  evening.quotes(60);
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].id == "DRILL");
  CHECK(list[0].cause == "order");
  CHECK(list[0].failed == 0);
  CHECK(list[0].closed_at);

  SUBCASE("and may be taken back early; what is over is not begun again by the next process") {
    REQUIRE(ledger.append_events(
        {ledger::order_event("SECOND", "kakao", evening.recorded.clock.wall_now(), "forced_open", 600s)}));
    REQUIRE(evening.recorder->take_orders(service));
    CHECK(service.breaker_states()[0].second == "forced_open");
    REQUIRE(ledger.append_events(
        {ledger::order_event("SECOND", "kakao", evening.recorded.clock.wall_now(), "none", 0s)}));
    REQUIRE(evening.recorder->take_orders(service));
    evening.quotes(60);
    CHECK(service.breaker_states()[0].second == "closed");
    evening.resume();
    CHECK(service.breaker_states()[0].second == "closed");
    CHECK(evening.all().size() == 2);
  }
}

TEST_CASE(
    "incident: a drill for a share of the quotes keeps as many away, leaves the breaker alone, ends by the "
    "clock") {
  Evening evening;
  evening.quotes(3);
  auto& service = evening.recorded.engine->distances();
  REQUIRE(evening.recorded.ledger->append_events(
      {ledger::order_event("PART", "kakao", evening.recorded.clock.wall_now(), "forced_open", 100s, 0.25)}));
  REQUIRE(evening.recorder->take_orders(service));
  int kept_away = 0;
  for (int i = 0; i < 100; ++i) {
    const auto distance = evening.recorded.quote(1200 + 100 * (i % 7)).distance;
    kept_away += !distance.why_not.empty() && distance.why_not[0].reason == "drill" ? 1 : 0;
    evening.recorded.clock.advance(1s);
  }
  CHECK(kept_away == 25);
  CHECK(service.breaker_states()[0].second == "closed");
  REQUIRE(evening.recorder->take_orders(service));
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].id == "PART");
  CHECK(list[0].reason == "drill:25%");
  CHECK(list[0].closed_at);
  CHECK(evening.recorded.quote(1500).distance.source.label() == "provider:kakao");
}

TEST_CASE("incident: events are a chain of their own, and a changed one is named") {
  Evening evening;
  evening.up = false;
  evening.quotes(10);
  evening.recorder->flush();
  const auto sound = ledger::verify(*evening.recorded.ledger, {});
  REQUIRE(sound);
  CHECK(sound->differences.empty());
  {
    const auto path = evening.recorded.folder.file().string();
    auto other = ledger::Connection::open(path, "ledger", 2 /* SQLITE_OPEN_READWRITE */, 2000);
    REQUIRE(other);
    REQUIRE(other->execute("UPDATE events SET detail = '{}' WHERE seq = 3"));
  }
  const auto changed = ledger::verify(*evening.recorded.ledger, {});
  REQUIRE(changed);
  REQUIRE_FALSE(changed->differences.empty());
  CHECK(changed->differences[0].where == "event 3");
}

TEST_CASE("incident: a refusal is over when a check of the provider says so, but not a later one") {
  Evening evening;
  evening.quotes(3);
  evening.broken = provider::Outcome::kAuth;
  evening.up = false;
  evening.quotes(3);
  auto list = evening.all();
  REQUIRE(list.size() == 1);
  REQUIRE(evening.recorded.ledger->append_events(
      {ledger::checked_event(list[0].id, "kakao", evening.recorded.clock.wall_now(), "auth")}));
  evening.up = true;
  SUBCASE("a running process takes it up") {
    REQUIRE(evening.recorder->take_orders(evening.recorded.engine->distances()));
  }
  SUBCASE("the next process takes it up") {
    evening.restart();
  }
  CHECK(evening.recorded.quote(1500).distance.source.label() == "provider:kakao");
  list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].closed_at);
  CHECK(events_of(list[0], ledger::kEventChecked) == 1);
  evening.recorded.clock.advance(1s);
  evening.up = false;
  evening.quotes(1);
  evening.up = true;
  evening.restart();
  CHECK(evening.recorded.quote(1500).distance.why_not[0].reason == "auth");
  CHECK_FALSE(evening.all().back().closed_at);
}

TEST_CASE("incident: one of a provider that is not configured any more ends, and says why") {
  Evening evening;
  evening.quotes(3);
  evening.up = false;
  evening.quotes(10);
  auto list = evening.all();
  REQUIRE(list.size() == 1);
  REQUIRE_FALSE(list[0].closed_at);
  const auto asked = list[0].last_asked;
  REQUIRE(asked);
  CHECK(*asked > list[0].first_failure);
  evening.recorded.clock.advance(1h);
  evening.recorded.configured = false;
  evening.restart();
  evening.restart();
  list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].closed_at == evening.recorded.clock.wall_now());
  CHECK(list[0].given_up);
  CHECK(list[0].last_asked == asked);
  CHECK(events_of(list[0], ledger::kEventClosed) == 1);
  CHECK(list[0].events.back().detail == R"({"calls":6,"failed":6,"why":"not_configured"})");
  CHECK(ledger::verify(*evening.recorded.ledger, {})->differences.empty());

  SUBCASE("configured once more after days it begins anew, and the next outage is another one") {
    evening.recorded.clock.advance(48h);
    evening.restart();
    evening.recorded.configured = true;
    evening.restart();
    evening.quotes(10);
    CHECK(evening.all().size() == 2);
  }
}

TEST_CASE("incident: processes of two configurations, of which one has the provider, tell of one outage") {
  Evening evening;
  evening.quotes(3);
  evening.up = false;
  evening.quotes(10);
  const auto id = evening.all().at(0).id;
  const auto now_of = [&](bool configured) {
    evening.recorded.configured = configured;
    evening.restart();
  };
  for (int i = 0; i < 5; ++i) {
    now_of(false);
    evening.quotes(5);
    CHECK(evening.all().at(0).given_up);
    now_of(true);
    CHECK(evening.recorded.engine->distances().breaker_states()[0].second == "open");
    evening.recorded.clock.advance(6min);
    evening.quotes(2);  // one of them is the probe, which fails
    CHECK_FALSE(evening.all().at(0).closed_at);
  }
  now_of(false);
  now_of(true);
  evening.up = true;
  evening.quotes(400);
  const auto list = evening.all();
  REQUIRE(list.size() == 1);
  CHECK(list[0].id == id);
  CHECK(list[0].closed_at);
  CHECK_FALSE(list[0].given_up);
  CHECK(ledger::verify(*evening.recorded.ledger, {})->differences.empty());
}

TEST_CASE("incident: two engines at a time, of which one has the provider, tell of one outage") {
  Evening evening;
  evening.quotes(3);
  evening.up = false;
  evening.quotes(10);
  evening.recorder->flush();
  auto other = tests::ScriptedLadder{};
  IncidentRecorder second(
      {evening.recorded.ledger.get(), &evening.recorded.clock, nullptr, &evening.metrics, nullptr});
  REQUIRE(second.resume(other.ladder()));
  second.flush();
  CHECK(evening.all().at(0).given_up);
  evening.recorded.clock.advance(1min);
  evening.quotes(2);
  CHECK_FALSE(evening.all().at(0).closed_at);
  evening.up = true;
  evening.quotes(400);
  REQUIRE(evening.all().size() == 1);
  CHECK(evening.all()[0].closed_at);
  CHECK_FALSE(evening.all()[0].given_up);
}

TEST_CASE("incident: two processes whose provider fails them both tell of one outage, whichever was first") {
  Evening evening;
  evening.quotes(3);
  IncidentRecorder second(
      {evening.recorded.ledger.get(), &evening.recorded.clock, nullptr, &evening.metrics, nullptr});
  REQUIRE(second.resume(tests::ScriptedLadder{}.ladder()));
  const auto second_opens = [&] {
    second.on_breaker("kakao", "closed", "open");
    second.flush();
  };
  const auto first_opens = [&] {
    evening.up = false;
    evening.quotes(10);
    evening.recorder->flush();
  };
  const auto first_recovers = [&] {
    evening.up = true;
    evening.quotes(400);
    return evening.all();
  };
  std::size_t expected = 1;
  SUBCASE("ours was first") {
    first_opens();
    second_opens();
  }
  SUBCASE("the other's was first, and it never sees the end") {
    second_opens();
    first_opens();
    CHECK_FALSE(evening.all().at(0).closed_at);
  }
  SUBCASE("ours recovers, the other's does not yet: it is not over") {
    second_opens();
    first_opens();
    first_recovers();
    CHECK(evening.all().at(0).closed_at);
    second.on_breaker("kakao", "half_open", "open");
    second.flush();
    CHECK_FALSE(evening.all().at(0).closed_at);
    first_opens();  // so this is the same outage
    CHECK(evening.all().size() == 1);
    second.on_breaker("kakao", "half_open", "closed");
    second.flush();
  }
  SUBCASE("a drill of the other's is no outage") {
    REQUIRE(evening.recorded.ledger->append_events(
        {{"drill", "kakao", evening.recorded.clock.wall_now(), "opened",
          R"({"cause":"order","reason":"drill:5%","first_failure":"2026-10-15T18:30:00+09:00"})"}}));
    first_opens();
    expected = 2;
  }
  SUBCASE("the other's is from hours ago: nobody has told of it since") {
    second_opens();
    evening.recorded.clock.advance(3h);
    first_opens();
    expected = 2;
  }
  auto list = first_recovers();
  REQUIRE(list.size() == expected);
  CHECK(list.back().closed_at);
  CHECK(list.back().failed > 0);
  first_opens();  // another outage, of which nobody else has told yet
  list = first_recovers();
  REQUIRE(list.size() == expected + 1);
  CHECK(list.back().closed_at);
  CHECK(ledger::verify(*evening.recorded.ledger, {})->differences.empty());
}

TEST_CASE("incident: what keeps its provider from quotes is its breaker's last change, until a check") {
  Evening evening;
  evening.broken = provider::Outcome::kAuth;
  evening.up = false;
  evening.quotes(3);
  CHECK(ledger::latch_of(evening.all().at(0)) == "auth");
  REQUIRE(evening.recorded.ledger->append_events(
      {ledger::checked_event(evening.all()[0].id, "kakao", evening.recorded.clock.wall_now(), "auth")}));
  CHECK(ledger::latch_of(evening.all().at(0)).empty());

  Evening two;  // of two processes one is latched, the other's breaker opens later
  two.broken = provider::Outcome::kAuth;
  two.up = false;
  two.quotes(3);
  IncidentRecorder second({two.recorded.ledger.get(), &two.recorded.clock, nullptr, &two.metrics, nullptr});
  REQUIRE(two.all().size() == 1);
  second.on_breaker("kakao", "closed", "open");
  second.flush();
  REQUIRE(two.all().size() == 1);
  CHECK(ledger::latch_of(two.all()[0]) == "auth");

  Evening other;
  other.up = false;
  other.quotes(10);
  CHECK(ledger::latch_of(other.all().at(0)).empty());
}

// Rows 35, 36, 41 and 44 to 48 and 52 of the fault matrix (docs/faults.md): haste, load and recovery. Where
// time matters, the clock is a fake one.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "provider/fault_matrix_fixture.h"
#include "provider/scripted_provider_fixture.h"
#include "service/service_fixture.h"

using namespace reckon;
using namespace reckon::distance;
using namespace reckon::tests;
using namespace std::chrono_literals;
using provider::Outcome;
using provider::ProviderAnswer;

namespace {

// A server whose requests are counted.
struct Counting {
  explicit Counting(std::string bytes_in)
      : bytes(std::move(bytes_in)), server([this](Peer& peer) {
          while (!peer.read_request().empty()) {
            ++requests;
            peer.send(healthy ? response(200, kakao_body()) : bytes);
          }
        }) {}
  std::string bytes;
  std::atomic<bool> healthy = false;
  std::atomic<int> requests = 0;
  ScriptedServer server;
};

// How long, on the fake clock, until the provider is asked again.
std::chrono::seconds until_asked(FaultStage& stage, base::FakeClock& clock, Counting& counting) {
  const int before = counting.requests;
  for (int waited = 0; waited < 1000; ++waited) {
    if (stage.asked(), counting.requests > before) return std::chrono::seconds{waited};
    clock.advance(1s);
  }
  return 1000s;
}

std::chrono::microseconds percentile(std::vector<std::chrono::microseconds> took, double share) {
  std::ranges::sort(took);
  return took[static_cast<std::size_t>(share * static_cast<double>(took.size() - 1))];
}

}  // namespace

TEST_CASE("fault row 35: 429 with Retry-After in seconds, as a date, and ten years") {
  struct Case {
    std::string value;
    std::chrono::seconds pause;
  };
  for (const auto& row : {Case{"7", 7s}, Case{"Sat, 15 Oct 2022 09:30:09 GMT", 9s}, Case{"315360000", 300s},
                          Case{"Sat, 15 Oct 2032 09:30:00 GMT", 300s}}) {
    CAPTURE(row.value);
    const LeakWatch watch;
    base::FakeClock clock{base::parse_rfc3339("2022-10-15T09:30:00Z", "now").value()};
    Counting counting(response(429, "", "Retry-After: " + row.value + "\r\n"));
    FaultStage stage({.url = counting.server.url(), .clock = &clock});
    CHECK(stage.asked() == "throttled");
    CHECK(stage.state() == "closed");  // no trip
    counting.healthy = true;
    const auto waited = until_asked(stage, clock, counting);
    CHECK(waited >= row.pause);
    CHECK(waited <= row.pause + 3s);
    // The rate is lowered: not each of the next quotes is asked about, and later all are again.
    std::vector<std::string> next;
    for (int i = 0; i < 60; ++i) next.push_back(stage.asked());
    CHECK(std::count(next.begin(), next.begin() + 6, "throttled") >= 2);
    CHECK(std::count(next.end() - 20, next.end(), "ok") == 20);
    CHECK(stage.state() == "closed");
  }
}

TEST_CASE("fault row 36: 429 without Retry-After backs off, longer each time, and not all engines alike") {
  std::vector<std::chrono::milliseconds> pauses;
  std::vector<std::chrono::milliseconds> firsts;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    base::FakeClock clock;
    Breaker breaker({}, clock, seed);
    ProviderAnswer throttled;
    throttled.outcome = Outcome::kThrottled;
    auto last = clock.steady_now();
    for (int i = 0; i < 4;) {
      if (const auto permit = breaker.admit(800ms)) {
        if (i > 0 && seed == 1)
          pauses.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady_now() - last));
        if (i == 1)
          firsts.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady_now() - last));
        breaker.settle(*permit, throttled, 20ms);
        last = clock.steady_now();
        ++i;
      }
      clock.advance(10ms);
    }
    CHECK(breaker.state() == "closed");
  }
  REQUIRE(pauses.size() == 3);
  CHECK(pauses[0] >= 1000ms);
  CHECK(pauses[1] >= 2000ms);
  CHECK(pauses[2] >= 4000ms);
  CHECK_FALSE((firsts[0] == firsts[1] && firsts[1] == firsts[2]));
  SUBCASE("calls at a time are halved, and grow again by one for as many good answers") {
    base::FakeClock clock;
    BreakerOptions options;
    options.max_in_flight = 16;
    Breaker breaker(options, clock, 1);
    const auto concurrent = [&] {
      std::vector<Breaker::Permit> permits;
      for (int i = 0; i < 2000; ++i) {
        if (auto permit = breaker.admit(800ms)) permits.push_back(*permit);
      }
      ProviderAnswer good;
      good.outcome = Outcome::kOk;
      for (const auto& permit : permits) breaker.settle(permit, good, 20ms);
      return permits.size();
    };
    CHECK(concurrent() == 16);
    ProviderAnswer throttled;
    throttled.outcome = Outcome::kThrottled;
    breaker.settle(*breaker.admit(800ms), throttled, 20ms);
    clock.advance(2s);
    CHECK(concurrent() == 8);
    const auto later = concurrent();
    CHECK(later > 8);
    CHECK(later <= 10);
    for (int i = 0; i < 20; ++i) concurrent();
    CHECK(concurrent() == 16);
  }
}

TEST_CASE("fault row 41: server errors trip; 502, 503 and 504 are tried once more within the budget") {
  struct Case {
    int status;
    std::string headers;
    int requests;
  };
  // Five quotes open the breaker; the budget begins with one retry and earns one for ten calls.
  for (const auto& row : {Case{500, "", 5}, Case{502, "", 6}, Case{503, "", 6}, Case{504, "", 6},
                          Case{503, "Retry-After: 120\r\n", 5}}) {
    CAPTURE(row.status);
    CAPTURE(row.headers);
    const LeakWatch watch;
    base::FakeClock clock{base::parse_rfc3339("2022-10-15T09:30:00Z", "now").value()};
    Counting counting(response(row.status, "busy", row.headers));
    FaultStage stage({.url = counting.server.url(), .clock = &clock});
    CHECK(stage.asked() == "unavailable");
    CHECK(stage.state_after_quotes(8) == "open");
    CHECK(counting.requests == row.requests);
    counting.healthy = true;
    const auto waited = until_asked(stage, clock, counting);
    CHECK(waited >= (row.headers.empty() ? 2s : 120s));  // the pause that was asked for is kept
    CHECK(waited <= (row.headers.empty() ? 6s : 122s));
  }
}

TEST_CASE("fault row 44: flapping every 10 s: the breaker stays open longer each time, quotes stay smooth") {
  ScriptedLadder ladder;
  bool up = true;
  std::vector<base::SteadyTime> asked_at;
  ladder.add("flapper", [&](const auto&, auto budget) {
    asked_at.push_back(ladder.clock.steady_now());
    ladder.clock.advance(up ? std::chrono::microseconds{20ms} : budget);
    return up ? good_answer(1500, 300) : bad_answer(Outcome::kTimeout, provider::Stage::kFirstByte);
  });
  std::vector<std::chrono::microseconds> took;
  const auto began = ladder.clock.steady_now();
  while (ladder.clock.steady_now() - began < 60min) {
    up = (ladder.clock.steady_now() - began) / 10s % 2 == 0;
    took.push_back(ladder.measure().took);
    ladder.clock.advance(100ms);
  }
  std::vector<std::chrono::seconds>
      pauses;  // in which it was left alone: nothing but an open breaker does that
  for (std::size_t i = 1; i < asked_at.size(); ++i) {
    const auto pause = std::chrono::duration_cast<std::chrono::seconds>(asked_at[i] - asked_at[i - 1]);
    if (pause >= 3s) pauses.push_back(pause);
  }
  REQUIRE(pauses.size() >= 6);
  CHECK(pauses[0] <= 5s);
  CHECK(pauses[1] <= 10s);
  CHECK(*std::ranges::max_element(pauses) >= 120s);
  CHECK(*std::ranges::max_element(pauses) <= 301s);
  CHECK(pauses.size() <= 30);  // and not one for each of its 180 bad spells
  const auto slow = std::ranges::count_if(took, [](auto one) { return one > 100ms; });
  CHECK(static_cast<double>(slow) < 0.01 * static_cast<double>(took.size()));
  CHECK(percentile(took, 0.99) <= 20ms);
}

TEST_CASE("fault row 45: one call in twenty takes 8 s: the others' 99th percentile does not feel it") {
  for (const bool second : {false, true}) {
    CAPTURE(second);
    ScriptedLadder ladder;
    int calls = 0;
    bool brownout = false;
    ladder.add("first", [&](const auto&, auto budget) {
      const bool swallowed = brownout && ++calls % 20 == 7;
      ladder.clock.advance(swallowed ? budget : std::chrono::microseconds{20ms});
      return swallowed ? bad_answer(Outcome::kTimeout, provider::Stage::kFirstByte) : good_answer(1500, 300);
    });
    if (second) {
      ladder.add("second", [&](const auto&, auto) {
        ladder.clock.advance(20ms);
        return good_answer(1520, 310);
      });
    }
    for (int i = 0; i < 100; ++i) ladder.measure();
    brownout = true;
    std::vector<std::chrono::microseconds> took;
    int from_first = 0, estimated = 0;
    for (int i = 0; i < 4000; ++i) {
      const auto told = ladder.measure();
      took.push_back(told.took);
      from_first += told.distance.source.label() == "provider:first" ? 1 : 0;
      estimated += told.distance.source.label() == "geodesic" ? 1 : 0;
      ladder.clock.advance(100ms);
    }
    CHECK(percentile(took, 0.99) <= 200ms);  // of a deadline of 800
    CHECK(percentile(took, 0.50) == 20ms);
    CHECK(from_first >= 3700);  // the healthy calls are not thrown away with the others
    if (second) CHECK(estimated == 0);
  }
}

TEST_CASE("fault row 45: a change of pace is waited for, and learned") {
  ScriptedLadder ladder;
  auto pace = std::chrono::microseconds{20ms};
  ladder.add("first", [&](const auto&, auto budget) {
    ladder.clock.advance(std::min(pace, budget));
    return pace <= budget ? good_answer(1500, 300)
                          : bad_answer(Outcome::kTimeout, provider::Stage::kFirstByte);
  });
  for (int i = 0; i < 100; ++i) ladder.measure();
  pace = 250ms;  // rain
  int from_first = 0;
  for (int i = 0; i < 200; ++i)
    from_first += ladder.measure().distance.source.label() == "provider:first" ? 1 : 0;
  CHECK(from_first >= 195);
  CHECK(ladder.state() == "closed");
}

TEST_CASE("fault row 46: every answer takes 1.9 s of 2: the breaker opens without a single error") {
  ScriptedLadder ladder;
  ladder.add("first", [&](const auto&, auto) {
    ladder.clock.advance(1900ms);
    return good_answer(1500, 300);
  });
  for (int i = 0; i < 6; ++i) ladder.measure(2020ms);
  CHECK(ladder.state() == "open");
  CHECK(ladder.measure(2020ms).took == 0ms);
}

TEST_CASE("fault row 47: a thousand quotes wait at the instant of healing: one probe, then the ramp") {
  ScriptedLadder ladder;
  std::atomic<bool> healthy = false;
  std::atomic<int> at_once = 0, most_at_once = 0, calls = 0;
  ladder.add("first", [&](const auto&, auto) {
    if (!healthy) return bad_answer(Outcome::kTimeout, provider::Stage::kFirstByte);
    ++calls;
    const int now = ++at_once;
    for (int most = most_at_once; now > most && !most_at_once.compare_exchange_weak(most, now);) {
    }
    std::this_thread::sleep_for(2ms);
    --at_once;
    return good_answer(1500, 300);
  });
  for (int i = 0; i < 5; ++i) ladder.measure();
  REQUIRE(ladder.state() == "open");
  healthy = true;
  ladder.clock.advance(10s);  // stands still from here on: all of it is one instant
  const auto rush = [&] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 20; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) ladder.measure();
      });
    }
    for (auto& thread : threads) thread.join();
    return calls.exchange(0);
  };
  CHECK(rush() <= 1 + 50);  // the probe, and 5 % of a thousand
  CHECK(ladder.state() == "ramping");
  ladder.clock.advance(3s);
  CHECK(rush() <= 250 + 1);
  ladder.clock.advance(3s);
  CHECK(rush() == 1000);
  CHECK(ladder.state() == "closed");
}

TEST_CASE("fault row 48: a probe that hangs, or whose caller is gone, is a lease that ends") {
  base::FakeClock clock;
  Breaker breaker({}, clock, 7);
  ProviderAnswer dead;
  dead.outcome = Outcome::kTimeout;
  for (int i = 0; i < 5; ++i) breaker.settle(*breaker.admit(800ms), dead, 800ms);
  REQUIRE(breaker.state() == "open");
  clock.advance(6s);
  const auto lost = breaker.admit(800ms);
  REQUIRE(lost);
  CHECK(lost->probe);
  CHECK_FALSE(breaker.admit(800ms));  // one at a time
  clock.advance(3s);
  CHECK_FALSE(breaker.admit(800ms));  // the lease is over: open again, the next probe is scheduled
  CHECK(breaker.state() == "open");
  CHECK(breaker.in_flight() == 0);  // and its place is free
  int waited_s = 0;
  while (!breaker.admit(800ms) && waited_s < 60) {
    clock.advance(1s);
    ++waited_s;
  }
  CHECK(waited_s <= 11);
  CHECK(breaker.state() == "half_open");
  ProviderAnswer good;
  good.outcome = Outcome::kOk;
  breaker.settle(*lost, good, 9s);  // the lost one comes back after all: it says nothing any more
  CHECK(breaker.state() == "half_open");
}

TEST_CASE("fault row 52: a provider's calls have a ceiling, and those behind it go on at once") {
  std::atomic<int> hanging = 0;
  std::atomic<bool> release = false;
  const base::SystemClock clock;
  const auto first = std::make_shared<ScriptedProvider>("first", clock, [&](const auto&, auto) {
    ++hanging;
    while (!release) std::this_thread::sleep_for(1ms);
    return bad_answer(Outcome::kTimeout, provider::Stage::kFirstByte);
  });
  const auto second = std::make_shared<ScriptedProvider>(
      "second", clock, [](const auto&, auto) { return good_answer(3000, 500); });
  LadderOptions options;
  options.breaker.max_in_flight = 8;
  DistanceService service(
      {.map = nullptr, .providers = {first, second}, .clock = &clock, .options = options});
  std::vector<std::thread> stuck;
  for (int i = 0; i < 8; ++i) {
    stuck.emplace_back([&] {
      road::RoadMap::Query query;
      service.measure(query, test::seoul_trip(), Basis::kProvider, base::Deadline::after(clock, 5s));
    });
  }
  while (hanging < 8) std::this_thread::sleep_for(1ms);
  std::vector<std::chrono::microseconds> took;
  road::RoadMap::Query query;
  for (int i = 0; i < 100; ++i) {
    const auto began = clock.steady_now();
    const auto told =
        service.measure(query, test::seoul_trip(), Basis::kProvider, base::Deadline::after(clock, 800ms));
    took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(clock.steady_now() - began));
    CHECK(told.source.label() == "provider:second");
    CHECK(told.why_not.front().reason == "busy");
  }
  CHECK(percentile(took, 0.5) < 1ms);
  CHECK(hanging == 8);
  release = true;
  for (auto& thread : stuck) thread.join();
  CHECK(service.calls_in_flight() == 0);
}

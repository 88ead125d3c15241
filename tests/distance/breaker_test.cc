#include "reckon/distance/breaker.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace reckon;
using namespace reckon::distance;
using namespace std::chrono_literals;
using provider::Outcome;

namespace {

constexpr auto kBudget = 800ms;

provider::ProviderAnswer answer(Outcome outcome, std::optional<base::Seconds> retry_after = std::nullopt) {
  provider::ProviderAnswer made;
  made.outcome = outcome;
  made.retry_after = retry_after;
  return made;
}

struct Bench {
  base::FakeClock clock{base::parse_rfc3339("2022-10-15T18:30:00+09:00", "now").value()};
  Breaker breaker;

  explicit Bench(const BreakerOptions& options = {}) : breaker(options, clock, 7) {}

  // One call that takes `latency`; what refused it, or `called`.
  std::string call(Outcome outcome, std::chrono::microseconds latency = 20ms) {
    const auto permit = breaker.admit(kBudget);
    if (!permit) return std::string(permit.error());
    clock.advance(latency);
    breaker.settle(*permit, answer(outcome), latency);
    return "called";
  }
  void fail_until_open() {
    for (int i = 0; i < 5; ++i) REQUIRE(call(Outcome::kTimeout, kBudget) == "called");
    REQUIRE(breaker.state() == "open");
  }
  // Lets time pass until a probe would be let through.
  void wait_out() {
    while (breaker.state() == "open" || breaker.state().starts_with("latched")) {
      const auto permit = breaker.admit(kBudget);
      if (permit) {
        breaker.settle(*permit, answer(Outcome::kOk), 20ms);
        return;
      }
      clock.advance(100ms);
    }
  }
};

}  // namespace

TEST_CASE("breaker: what counts, and what does not") {
  struct Row {
    Outcome outcome;
    std::string state;
    std::string why;
  };
  for (const auto& row :
       std::vector<Row>{{Outcome::kOk, "closed", "healthy"},
                        {Outcome::kNoRoute, "closed", "row 25: an answer, not a failure"},
                        {Outcome::kBadRequest, "closed",
                         "row 40: one shop's bad address does not take the others' provider away"},
                        {Outcome::kLocalReject, "closed", "row 51: our own shortage"},
                        {Outcome::kThrottled, "closed", "row 35: lowers the rate only"},
                        {Outcome::kUnavailable, "open", "rows 4, 41"},
                        {Outcome::kTimeout, "open", "rows 5, 10"},
                        {Outcome::kMalformed, "open", "rows 14, 21"},
                        {Outcome::kImplausible, "open", "row 28"},
                        {Outcome::kAuth, "latched:auth", "row 39: at the first refusal"},
                        {Outcome::kQuota, "latched:quota", "row 37: at the first refusal"}}) {
    CAPTURE(row.why);
    Bench bench;
    for (int i = 0; i < 8; ++i) bench.call(row.outcome);
    CHECK(bench.breaker.state() == row.state);
  }
}

TEST_CASE("breaker: opens after five bad calls in a row, and refuses at once") {
  Bench bench;
  for (int i = 0; i < 4; ++i) bench.call(Outcome::kTimeout, kBudget);
  CHECK(bench.breaker.state() == "closed");
  bench.call(Outcome::kOk);
  for (int i = 0; i < 4; ++i) bench.call(Outcome::kTimeout, kBudget);
  CHECK(bench.breaker.state() == "closed");
  bench.call(Outcome::kTimeout, kBudget);
  CHECK(bench.breaker.state() == "open");
  CHECK(bench.call(Outcome::kOk) == "breaker_open");
}

TEST_CASE("breaker: half of the calls failing opens it although they never fail five times in a row") {
  Bench bench;
  int calls = 0;
  while (bench.breaker.state() == "closed" && calls < 100)
    bench.call(++calls % 2 == 0 ? Outcome::kUnavailable : Outcome::kOk);
  CHECK(calls == 20);
}

TEST_CASE("breaker: a total brownout without a single error opens it (row 46)") {
  Bench bench;
  for (int i = 0; i < 5; ++i) CHECK(bench.call(Outcome::kOk, 700ms) == "called");
  CHECK(bench.breaker.state() == "open");
}

TEST_CASE("breaker: calls that are cut short together do not open it, the next ones have longer (row 45)") {
  Bench bench;
  for (int i = 0; i < 100; ++i) bench.call(Outcome::kOk, 20ms);
  std::vector<Breaker::Permit> together;
  for (int i = 0; i < 8; ++i) together.push_back(bench.breaker.admit(800ms).value());
  REQUIRE(together.front().timeout < 300ms);
  bench.clock.advance(together.front().timeout);
  provider::ProviderAnswer cut;
  cut.outcome = Outcome::kTimeout;
  for (const auto& permit : together) bench.breaker.settle(permit, cut, permit.timeout);
  CHECK(bench.breaker.state() == "closed");
  CHECK(bench.breaker.admit(800ms).value().timeout == 800ms);
}

TEST_CASE("breaker: a share of slow calls opens it, a steady slower pace does not (row 45)") {
  SUBCASE("every third call hangs to the deadline") {
    Bench bench;
    int calls = 0;
    while (bench.breaker.state() == "closed" && calls < 200) {
      ++calls;
      bench.call(calls % 3 == 0 ? Outcome::kTimeout : Outcome::kOk, calls % 3 == 0 ? 800ms : 20ms);
    }
    CHECK(calls < 200);
  }
  SUBCASE("300 ms for every answer, with 800 ms to spend") {
    Bench bench;
    for (int i = 0; i < 200; ++i) CHECK(bench.call(Outcome::kOk, 300ms) == "called");
    CHECK(bench.breaker.state() == "closed");
  }
}

TEST_CASE("breaker: calls still in flight count as slow before their first timeout") {
  Bench bench;
  std::vector<Breaker::Permit> hung;
  for (int i = 0; i < 5; ++i) hung.push_back(bench.breaker.admit(kBudget).value());
  bench.clock.advance(599ms);
  CHECK(bench.breaker.admit(kBudget));
  bench.clock.advance(1ms);
  const auto next = bench.breaker.admit(kBudget);
  REQUIRE_FALSE(next);
  CHECK(next.error() == "breaker_open");
  for (const auto& permit : hung) bench.breaker.settle(permit, answer(Outcome::kTimeout), kBudget);
  CHECK(bench.breaker.state() == "open");
}

TEST_CASE("breaker: an opening tells of the slow call that it opened on, if that has not failed") {
  Bench bench;
  base::SteadyTime::duration since{};
  const auto opening = [&] {
    REQUIRE(bench.breaker.state() == "open");
    const auto changes = bench.breaker.take_changes();
    REQUIRE(changes.size() == 1);
    REQUIRE(changes[0].opening);
    since = bench.clock.steady_now() - changes[0].opening->since;
    return changes[0].opening->slow;
  };
  SUBCASE("five slow answers in a row, after good ones and an old failure") {
    bench.call(Outcome::kUnavailable);
    for (int i = 0; i < 10; ++i) bench.call(Outcome::kOk);
    for (int i = 0; i < 5; ++i) bench.call(Outcome::kOk, 700ms);
    const auto slow = opening();
    REQUIRE(slow);
    CHECK(slow->latency == 700ms);
    CHECK(slow->slow_after == 600ms);  // three quarters of the budget
    CHECK_FALSE(slow->under_way);
    CHECK(slow->slow == 5);
    CHECK(slow->calls == 16);
    CHECK(since == 3500ms);
  }
  SUBCASE("a share of slow answers, round the window once") {
    for (int i = 0; i < 60; ++i) bench.call(Outcome::kOk);
    int calls = 0;
    while (bench.breaker.state() == "closed") bench.call(Outcome::kOk, calls++ % 2 == 0 ? 700ms : 20ms);
    const auto slow = opening();
    REQUIRE(slow);
    CHECK(slow->slow == 13);  // a quarter of 50
    CHECK(slow->calls == 50);
    CHECK(since == 13 * 700ms + 12 * 20ms);
  }
  SUBCASE("calls that are under way") {
    for (int i = 0; i < 5; ++i) {
      REQUIRE(bench.breaker.admit(kBudget));
      bench.clock.advance(10ms);
    }
    bench.clock.advance(590ms);
    REQUIRE_FALSE(bench.breaker.admit(kBudget));
    const auto slow = opening();
    REQUIRE(slow);
    CHECK(slow->under_way);
    CHECK(slow->latency == 600ms);  // of the fifth
    CHECK(since == 640ms);          // of the first
    CHECK(slow->slow == 5);
  }
  SUBCASE("calls that failed, however long they took") {
    for (int i = 0; i < 5; ++i) bench.call(Outcome::kTimeout, kBudget);
    CHECK_FALSE(opening());
    CHECK(since == 5 * kBudget);
  }
}

TEST_CASE("breaker: one probe at a time, with a lease that ends (rows 47 and 48)") {
  Bench bench;
  bench.fail_until_open();
  bench.clock.advance(5s);
  const auto probe = bench.breaker.admit(kBudget);
  REQUIRE(probe);
  CHECK(probe->probe);
  CHECK(probe->timeout == 250ms);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) refused += bench.breaker.admit(kBudget) ? 0 : 1;
  CHECK(refused == 1000);
  SUBCASE("the prober never comes back: the next probe follows") {
    bench.clock.advance(1251ms);
    CHECK_FALSE(bench.breaker.admit(kBudget));
    CHECK(bench.breaker.state() == "open");
    bench.clock.advance(10s);
    CHECK(bench.breaker.admit(kBudget)->probe);
  }
  SUBCASE("a lost probe that comes back after all changes nothing") {
    bench.clock.advance(1251ms);
    CHECK_FALSE(bench.breaker.admit(kBudget));
    bench.breaker.settle(*probe, answer(Outcome::kOk), 20ms);
    CHECK(bench.breaker.state() == "open");
  }
  SUBCASE("after a success: 5 %, then 25 %, then all, evenly") {
    bench.breaker.settle(*probe, answer(Outcome::kOk), 20ms);
    CHECK(bench.breaker.state() == "ramping");
    const auto admitted = [&bench](int quotes) {
      int count = 0;
      for (int i = 0; i < quotes; ++i) {
        const auto permit = bench.breaker.admit(kBudget);
        if (!permit) continue;
        ++count;
        bench.breaker.settle(*permit, answer(Outcome::kOk), 1ms);
      }
      return count;
    };
    CHECK(admitted(1000) == 50);
    bench.clock.advance(3s);
    CHECK(admitted(1000) == 250);
    bench.clock.advance(3s);
    CHECK(admitted(1000) == 1000);
    CHECK(bench.breaker.state() == "closed");
  }
  SUBCASE("two failures in a row in the ramp open it again, a single odd one does not") {
    const auto next_call = [&bench](Outcome outcome) {
      while (bench.call(outcome, 1ms) != "called") {
      }
    };
    bench.breaker.settle(*probe, answer(Outcome::kOk), 20ms);
    next_call(Outcome::kImplausible);
    next_call(Outcome::kOk);
    CHECK(bench.breaker.state() == "ramping");
    next_call(Outcome::kUnavailable);
    CHECK(bench.breaker.state() == "ramping");
    next_call(Outcome::kUnavailable);
    CHECK(bench.breaker.state() == "open");
  }
  SUBCASE("a tenth of the ramp's calls failing opens it again, though never two in a row") {
    bench.breaker.settle(*probe, answer(Outcome::kOk), 20ms);
    int calls = 0;
    while (bench.breaker.state() == "ramping" && calls < 100) {
      const bool bad = calls % 8 == 7;
      if (bench.call(bad ? Outcome::kUnavailable : Outcome::kOk, 1ms) == "called") ++calls;
    }
    CHECK(calls == 24);
  }
}

TEST_CASE("breaker: flapping makes the open time grow, up to its limit (row 44)") {
  Bench bench;
  std::vector<std::chrono::microseconds> waits;
  bench.fail_until_open();
  for (int i = 0; i < 10; ++i) {
    const auto since = bench.clock.steady_now();
    for (;;) {
      const auto permit = bench.breaker.admit(kBudget);
      if (permit) {
        bench.breaker.settle(*permit, answer(Outcome::kUnavailable), 1ms);
        break;
      }
      bench.clock.advance(50ms);
    }
    waits.push_back(std::chrono::duration_cast<std::chrono::microseconds>(bench.clock.steady_now() - since));
  }
  for (std::size_t i = 0; i < waits.size(); ++i) {
    const auto full = std::min<std::chrono::microseconds>(300s, 5s * (1 << i));
    CAPTURE(i);
    CHECK(waits[i] >= full / 2);
    CHECK(waits[i] <= full + 50ms);
  }
}

TEST_CASE("breaker: a long stable time makes the next opening short again") {
  Bench bench;
  bench.fail_until_open();
  for (int i = 0; i < 4; ++i) {
    bench.clock.advance(300s);
    bench.call(Outcome::kUnavailable);
  }
  bench.clock.advance(300s);
  CHECK(bench.call(Outcome::kOk) == "called");
  bench.clock.advance(10s);
  CHECK(bench.call(Outcome::kOk) == "called");
  REQUIRE(bench.breaker.state() == "closed");
  bench.clock.advance(61s);
  bench.fail_until_open();
  bench.clock.advance(5s);
  CHECK(bench.breaker.admit(kBudget));
}

TEST_CASE("breaker: probes that run out of time wait longer, so that a slower provider can come back") {
  Bench bench;
  bench.fail_until_open();
  std::vector<std::chrono::microseconds> timeouts;
  for (int i = 0; i < 4; ++i) {
    bench.clock.advance(300s);
    const auto probe = bench.breaker.admit(kBudget);
    REQUIRE(probe);
    timeouts.push_back(probe->timeout);
    bench.breaker.settle(*probe, answer(Outcome::kTimeout), probe->timeout);
  }
  CHECK(timeouts == std::vector<std::chrono::microseconds>{250ms, 500ms, 800ms, 800ms});
}

TEST_CASE("breaker: steps of the wall clock move no wait (row 49)") {
  for (const auto step : {-3600s, 3600s, -86400s * 365}) {
    Bench bench;
    bench.fail_until_open();
    bench.clock.step_wall(step);
    CHECK(bench.call(Outcome::kOk) == "breaker_open");
    bench.clock.advance(5s);
    CHECK(bench.call(Outcome::kOk) == "called");
  }
}

TEST_CASE("breaker: a quota waits for midnight in Korea, at most an hour; a key for half an hour") {
  struct Row {
    std::string now;
    Outcome outcome;
    std::chrono::seconds wait;
    std::string why;
  };
  for (const auto& row :
       std::vector<Row>{{"2022-10-15T18:30:00+09:00", Outcome::kQuota, 3600s, "midnight is far: hourly"},
                        {"2022-10-15T23:50:00+09:00", Outcome::kQuota, 605s, "midnight and 5 s"},
                        {"2022-10-16T00:00:00+09:00", Outcome::kQuota, 3600s, "just renewed"},
                        {"2022-10-15T18:30:00+09:00", Outcome::kAuth, 1800s, "half-hourly"}}) {
    CAPTURE(row.why);
    base::FakeClock clock{base::parse_rfc3339(row.now, "now").value()};
    Breaker breaker({}, clock, 1);
    const auto permit = breaker.admit(kBudget);
    breaker.settle(*permit, answer(row.outcome), 1ms);
    clock.advance(row.wait - 1s);
    const auto refused = breaker.admit(kBudget);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == to_string(row.outcome));
    clock.advance(1s);
    const auto probe = breaker.admit(kBudget);
    REQUIRE(probe);
    CHECK(breaker.state() == std::string("latched:") + std::string(to_string(row.outcome)));
    breaker.settle(*probe, answer(Outcome::kOk), 1ms);
    CHECK(breaker.state() == "ramping");
  }
}

TEST_CASE(
    "breaker: a throttled provider gets its pause, then half the rate, and all of it in time (rows 35 and "
    "36)") {
  Bench bench;
  const auto permit = bench.breaker.admit(kBudget);
  bench.breaker.settle(*permit, answer(Outcome::kThrottled, base::Seconds{7}), 1ms);
  CHECK(bench.breaker.state() == "closed");
  bench.clock.advance(6900ms);
  CHECK(bench.call(Outcome::kOk) == "throttled");
  bench.clock.advance(200ms);
  int called = 0;
  for (int i = 0; i < 8; ++i) called += bench.call(Outcome::kOk, 1ms) == "called" ? 1 : 0;
  CHECK(called >= 3);
  CHECK(called <= 5);
  for (int i = 0; i < 40; ++i) bench.call(Outcome::kOk, 1ms);
  for (int i = 0; i < 20; ++i) CHECK(bench.call(Outcome::kOk, 1ms) == "called");
}

TEST_CASE("breaker: without Retry-After the pause doubles (row 36)") {
  Bench bench;
  std::vector<std::chrono::microseconds> waits;
  for (int i = 0; i < 4; ++i) {
    const auto since = bench.clock.steady_now();
    while (bench.call(Outcome::kThrottled, 0ms) != "called") bench.clock.advance(10ms);
    waits.push_back(std::chrono::duration_cast<std::chrono::microseconds>(bench.clock.steady_now() - since));
  }
  CHECK(waits[1] >= 1s);
  CHECK(waits[2] >= 2s);
  CHECK(waits[3] >= 4s);
  CHECK(waits[3] <= 5s);
}

TEST_CASE("breaker: the bulkhead refuses further calls at once (row 52)") {
  BreakerOptions options;
  options.max_in_flight = 3;
  Bench bench(options);
  std::vector<Breaker::Permit> held;
  for (int i = 0; i < 3; ++i) held.push_back(bench.breaker.admit(kBudget).value());
  CHECK(bench.breaker.admit(kBudget).error() == "busy");
  bench.breaker.settle(held[0], answer(Outcome::kOk), 1ms);
  CHECK(bench.breaker.admit(kBudget));
}

TEST_CASE("breaker: what a restart keeps") {
  Bench before;
  before.fail_until_open();
  const auto memory = before.breaker.memory();
  REQUIRE(memory.open_until);
  base::FakeClock clock{before.clock.wall_now() + 1s};
  SUBCASE("it stays open for the rest of its time, and not longer") {
    Breaker after({}, clock, 3);
    after.restore(memory);
    CHECK_FALSE(after.admit(kBudget));
    CHECK(after.take_changes().empty());  // it was open before
    clock.advance(5s);
    CHECK(after.admit(kBudget));
  }
  SUBCASE("a wall clock that jumped ten years back cannot hold it for ten years") {
    base::FakeClock past{before.clock.wall_now() - std::chrono::hours{87600}};
    Breaker after({}, past, 3);
    after.restore(memory);
    past.advance(300s);
    CHECK(after.admit(kBudget));
  }
}

TEST_CASE("breaker: a restart in the middle of a ramp goes on with it, by the wall clock") {
  Bench before;
  before.fail_until_open();
  before.wait_out();
  REQUIRE(before.breaker.state() == "ramping");
  before.clock.advance(4s);  // at 25 %
  CHECK_FALSE(before.breaker.admit(kBudget));
  const auto memory = before.breaker.memory();
  REQUIRE(memory.ramping_since);
  base::FakeClock clock{before.clock.wall_now() + 1s};
  Breaker after({}, clock, 3);
  SUBCASE("its share grows as it would have") {
    after.restore(memory);
    CHECK(after.state() == "ramping");
    int asked = 0;
    for (int i = 0; i < 8; ++i) {
      const auto permit = after.admit(kBudget);
      if (!permit) continue;
      ++asked;
      after.settle(*permit, answer(Outcome::kOk), 20ms);
    }
    CHECK(asked == 2);
    CHECK(after.take_changes().empty());
    clock.advance(2s);
    CHECK(after.admit(kBudget));
    const auto changes = after.take_changes();
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].from + ">" + changes[0].to == "ramping>closed");
  }
  SUBCASE("a wall clock that jumped back begins the ramp again") {
    base::FakeClock past{before.clock.wall_now() - 1h};
    Breaker early({}, past, 3);
    early.restore(memory);
    CHECK_FALSE(early.admit(kBudget));
    past.advance(6s);
    CHECK(early.admit(kBudget));
  }
}

TEST_CASE("breaker: no permit is lost and no limit passed with many threads") {
  const base::SystemClock clock;
  BreakerOptions options;
  options.max_in_flight = 4;
  Breaker breaker(options, clock, 1);
  std::atomic<int> inside = 0, most = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const auto permit = breaker.admit(kBudget);
        if (!permit) {
          ++refused;
          continue;
        }
        const int now = ++inside;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        --inside;
        breaker.settle(*permit, answer(Outcome::kOk), std::chrono::microseconds{10});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(most <= 4);
  CHECK(breaker.state() == "closed");
  for (int i = 0; i < 4; ++i) CHECK(breaker.admit(kBudget));
  CHECK(breaker.admit(kBudget).error() == "busy");
}

TEST_CASE("breaker: a refusal is taken back by a good answer that is not older, and by no other") {
  for (const auto refused : {Outcome::kAuth, Outcome::kQuota}) {
    Bench bench;
    const auto before = bench.clock.wall_now();
    bench.call(refused);
    const auto latched = bench.breaker.state();
    CHECK_FALSE(bench.breaker.lift_latch(before));
    CHECK(bench.breaker.state() == latched);
    bench.clock.advance(1min);
    bench.breaker.take_changes();
    CHECK(bench.breaker.lift_latch(bench.clock.wall_now()));
    CHECK(bench.breaker.state() == "closed");
    CHECK(bench.breaker.take_changes().at(0).from == latched);
    CHECK(bench.call(Outcome::kOk) == "called");
    CHECK(bench.call(refused) == "called");  // refused anew
    CHECK(bench.breaker.state() == latched);
  }
  Bench failing;
  failing.fail_until_open();
  CHECK_FALSE(
      failing.breaker.lift_latch(failing.clock.wall_now()));  // what waits for a probe goes on waiting
  CHECK(failing.breaker.state() == "open");
}

TEST_CASE("breaker: when it was refused survives a restart") {
  Bench before, after;
  before.call(Outcome::kAuth);
  const auto refused = before.clock.wall_now();
  after.clock.advance(1h);
  after.breaker.restore(before.breaker.memory());
  CHECK(after.breaker.memory().latched_at == refused);
  CHECK_FALSE(after.breaker.lift_latch(refused - 1s));
  CHECK(after.breaker.lift_latch(refused));
}

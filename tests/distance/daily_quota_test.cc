// A day's calls: counted once, kept for the evening, kept over a restart.

#include "reckon/distance/daily_quota.h"

#include <doctest/doctest.h>

#include "provider/scripted_provider_fixture.h"

using namespace reckon;
using namespace std::chrono_literals;
using distance::DailyQuota;

namespace {

base::WallTime seoul(const char* text) {
  return base::parse_rfc3339(std::string("2026-10-") + text + ":00+09:00", "t").value();
}

// Ten calls a day, four of them for lunch and the evening.
DailyQuota ten() {
  return DailyQuota({10, 4, {{11h, 14h}, {17h, 21h}}, 9h});
}

int taken(DailyQuota& quota, base::WallTime at) {
  int count = 0;
  while (quota.take(at).empty() && count < 100) ++count;
  return count;
}

}  // namespace

TEST_CASE("daily quota: the reserve is kept until a peak is on, or none is left") {
  struct Row {
    const char* at;
    int calls;
    std::string_view then;
    const char* why;
  };
  for (const Row row :
       {Row{"15T00:00", 6, "quota_reserved", "the day begins"},
        Row{"15T10:59", 6, "quota_reserved", "before lunch"}, Row{"15T11:00", 10, "quota", "lunch"},
        Row{"15T14:00", 6, "quota_reserved", "between the peaks"},
        Row{"15T20:59", 10, "quota", "the evening"},
        Row{"15T21:00", 10, "quota", "nothing is left to save for"}}) {
    CAPTURE(row.why);
    auto quota = ten();
    CHECK(taken(quota, seoul(row.at)) == row.calls);
    CHECK(quota.take(seoul(row.at)) == row.then);
  }
}

TEST_CASE("daily quota: a new day begins at midnight of its zone, a clock set back begins none") {
  auto quota = ten();
  CHECK(taken(quota, seoul("15T23:59")) == 10);
  CHECK(taken(quota, seoul("16T00:00")) == 6);
  CHECK(quota.take(seoul("15T23:59")).empty());  // still the 16th's count; but its hour is the 15th's
  CHECK(quota.used().calls == 7);
  quota.give_back();
  CHECK(quota.used().calls == 6);
  auto next = ten();
  next.restore(quota.used());
  CHECK(taken(next, seoul("16T00:10")) == 0);
  CHECK(taken(next, seoul("17T00:10")) == 6);
  DailyQuota unknown({});
  CHECK(taken(unknown, seoul("15T12:00")) == 100);
}

TEST_CASE("daily quota in the ladder: only calls that are made are counted, and a restart goes on") {
  tests::ScriptedLadder ladder;
  int calls = 0;
  bool up = true;
  ladder.add("kakao", [&](const auto&, auto) {
    ++calls;
    return up ? tests::good_answer(1500, 300) : tests::bad_answer(provider::Outcome::kUnavailable);
  });
  ladder.options.quotas = {{12, 0, {}, 9h}};
  up = false;
  for (int i = 0; i < 8; ++i) ladder.measure();  // five open the breaker, three are not made
  CHECK(calls == 5);
  CHECK(ladder.ladder().quotas().at(0).used == 5);
  const auto kept = ladder.ladder().export_state();
  ladder.service.reset();
  up = true;
  REQUIRE(ladder.ladder().import_state(kept));
  CHECK(ladder.ladder().quotas().at(0).used == 5);
  for (int i = 0; i < 200; ++i) {
    ladder.measure();
    ladder.clock.advance(1s);
  }
  CHECK(calls == 12);
  const auto told = ladder.measure();
  REQUIRE_FALSE(told.distance.why_not.empty());
  CHECK(told.distance.why_not[0].reason == "quota");
  CHECK(told.distance.provisional);
}

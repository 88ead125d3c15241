#include "reckon/base/clock.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace std::chrono_literals;
using reckon::base::Deadline;
using reckon::base::FakeClock;
using reckon::base::format_rfc3339;
using reckon::base::parse_rfc3339;
using reckon::base::TimeZone;

TEST_CASE("parse_rfc3339: offsets are applied and the same instant is written in UTC") {
  CHECK(format_rfc3339(parse_rfc3339("2022-10-15T18:30:00+09:00", "t").value()) == "2022-10-15T09:30:00Z");
  CHECK(format_rfc3339(parse_rfc3339("2022-10-15T00:30:00.25-01:30", "t").value()) ==
        "2022-10-15T02:00:00.250000Z");
  CHECK(format_rfc3339(parse_rfc3339("2024-02-29T23:59:59Z", "t").value()) == "2024-02-29T23:59:59Z");
}

TEST_CASE("parse_rfc3339: what is not a real instant with an offset is refused") {
  for (const std::string text : {"", "2022-10-15", "2022-10-15T18:30:00", "2022-13-15T18:30:00Z",
                                 "2023-02-29T00:00:00Z", "2022-10-15T24:00:00Z", "2022-10-15T18:30:00+9:00",
                                 "2022-10-15T18:30:00Zx", "2022-10-15 18:30:00Z", "2022-10-15T18:30:00.Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text, "at"));
  }
}

TEST_CASE("TimeZone: local time of an instant, and unknown names are faults") {
  const auto seoul = TimeZone::named("Asia/Seoul", "/time_zone");
  REQUIRE(seoul);
  const auto local = seoul->local(parse_rfc3339("2022-10-15T15:30:00Z", "t").value());
  CHECK(local.time_of_day == 30min);
  CHECK(local.weekday == std::chrono::Sunday);
  CHECK(local.date == std::chrono::year{2022} / 10 / 16);
  for (const std::string name : {"", "Seoul", "../etc/passwd", "/etc/passwd", "Asia/Nowhere"}) {
    CAPTURE(name);
    CHECK(TimeZone::named(name, "/time_zone").error().where == "/time_zone");
  }
}

TEST_CASE("Deadline: a step of the wall clock changes nothing") {
  FakeClock clock;
  const auto deadline = Deadline::after(clock, 800ms);
  clock.step_wall(1h);
  CHECK(deadline.left(clock) == 800ms);
  clock.advance(900ms);
  CHECK(deadline.left(clock) == 0us);
}

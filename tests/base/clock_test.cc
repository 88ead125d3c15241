#include "reckon/base/clock.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>

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

TEST_CASE("format_rfc3339: equals a plain formatter at random instants and at the ends of years") {
  const auto plainly = [](reckon::base::WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                            clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (clock.subseconds().count() != 0) text += fmt::format(".{:06}", clock.subseconds().count());
    return text + 'Z';
  };
  const std::uint64_t seed = 20261127;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 100'000; ++i) {
    const auto year = static_cast<int>(random() % 16'000) - 3'000;  // of five digits and before year 0 too
    const reckon::base::WallTime first = std::chrono::sys_days{std::chrono::year{year} / 1 / 1};
    const std::chrono::microseconds within{static_cast<std::int64_t>(random() % 31'536'000'000'000)};
    auto time = first + within;
    if (random() % 2 == 0) time = std::chrono::floor<std::chrono::seconds>(time);
    if (random() % 4 == 0) time = first + std::chrono::microseconds{static_cast<int>(random() % 3) - 1};
    REQUIRE(format_rfc3339(time) == plainly(time));
  }
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

#include "reckon/base/local_time.h"

#include <doctest/doctest.h>

#include <string>

using namespace reckon::base;

TEST_CASE("local time: days begin where their zone says, and instants carry its offset") {
  struct Row {
    const char* zone;
    int year;
    unsigned month, day;
    const char* begin;
    const char* why;
  };
  for (const Row& row : {
           Row{"Asia/Seoul", 2026, 3, 2, "2026-03-02T00:00:00+09:00", "no summer time"},
           Row{"America/New_York", 2026, 3, 8, "2026-03-08T00:00:00-05:00", "the day that loses an hour"},
           Row{"America/New_York", 2026, 3, 9, "2026-03-09T00:00:00-04:00", "the day after"},
           Row{"Africa/Cairo", 2026, 4, 24, "2026-04-24T01:00:00+03:00", "midnight is skipped"},
           Row{"Asia/Kathmandu", 2026, 3, 2, "2026-03-02T00:00:00+05:45", "three quarters of an hour"},
           Row{"Pacific/Kiritimati", 2026, 3, 2, "2026-03-02T00:00:00+14:00", "the earliest"},
           Row{"America/St_Johns", 2026, 1, 1, "2026-01-01T00:00:00-03:30", "half an hour behind"},
       }) {
    CAPTURE(row.why);
    const auto zone = TimeZone::named(row.zone, "zone").value();
    const std::chrono::year_month_day date{std::chrono::year{row.year}, std::chrono::month{row.month},
                                           std::chrono::day{row.day}};
    const auto begin = begin_of_day(zone, std::chrono::sys_days{date});
    CHECK(format_local(zone, begin) == row.begin);
    CHECK(parse_rfc3339(row.begin, "begin").value() == begin);
    CHECK(zone.local(begin - std::chrono::seconds{1}).date < date);
  }
}

#include "reckon/road/daily_hours.h"

#include <doctest/doctest.h>

#include <string>

#include "reckon/base/json_reader.h"
#include "reckon/road/overlay.h"

using namespace reckon;

namespace {

base::WallTime at(const char* text) {
  return base::parse_rfc3339(text, "time").value();
}

base::Result<road::Overlay> overlay_with(const std::string& daily) {
  return road::parse_overlay(R"({"version": 1, "corrections": [{"id": "rain", "kind": "speed", "percent": 70,
    "by": "kim", "reason": "rush", "recorded": "2026-11-26T18:00:00Z", "daily": )" +
                                 daily + "}]}",
                             "c.json");
}

}  // namespace

TEST_CASE("daily hours: in force from one time of day until another, where they are told") {
  struct Row {
    const char* daily;
    const char* instant;
    bool holds;
    const char* next;
  };
  const char* evening = R"({"from": "18:00", "to": "22:00", "time_zone": "Asia/Seoul"})";
  const char* night =
      R"({"from": "22:00", "to": "02:00", "time_zone": "Asia/Seoul", "weekdays": ["friday"]})";
  const char* whole =
      R"({"from": "00:00", "to": "24:00", "time_zone": "Asia/Seoul", "weekdays": ["saturday"]})";
  const char* summer = R"({"from": "02:30", "to": "04:00", "time_zone": "America/New_York"})";
  const char* autumn = R"({"from": "00:00", "to": "03:00", "time_zone": "America/New_York"})";
  for (const Row& row : {
           Row{evening, "2026-11-26T17:59:59+09:00", false, "2026-11-26T18:00:00+09:00"},
           Row{evening, "2026-11-26T18:00:00+09:00", true, "2026-11-26T22:00:00+09:00"},
           Row{evening, "2026-11-26T22:00:00+09:00", false, "2026-11-27T18:00:00+09:00"},
           // 27 November 2026 is a Friday.
           Row{night, "2026-11-26T23:00:00+09:00", false, "2026-11-27T22:00:00+09:00"},
           Row{night, "2026-11-28T01:59:59+09:00", true, "2026-11-28T02:00:00+09:00"},
           Row{night, "2026-11-28T02:00:00+09:00", false, "2026-12-04T22:00:00+09:00"},
           Row{whole, "2026-11-28T00:00:00+09:00", true, "2026-11-29T00:00:00+09:00"},
           Row{whole, "2026-11-29T00:00:00+09:00", false, "2026-12-05T00:00:00+09:00"},
           // On 8 March clocks go from 02:00 to 03:00: half past two is never shown.
           Row{summer, "2026-03-08T01:59:59-05:00", false, "2026-03-08T03:00:00-04:00"},
           // On 1 November they go back from 02:00 to 01:00.
           Row{autumn, "2026-11-01T00:30:00-04:00", true, "2026-11-01T03:00:00-05:00"},
           Row{autumn, "2026-11-01T01:30:00-05:00", true, "2026-11-01T03:00:00-05:00"},
           Row{summer, "2026-03-08T03:00:00-04:00", true, "2026-03-08T04:00:00-04:00"},
       }) {
    CAPTURE(row.daily);
    CAPTURE(row.instant);
    const auto overlay = overlay_with(row.daily).value();
    CHECK(overlay.at(at(row.instant)).corrections.size() == (row.holds ? 1 : 0));
    CHECK(overlay.next_change(at(row.instant)) == at(row.next));
    const auto again = road::parse_overlay(road::overlay_text(overlay), "again").value();
    CHECK(road::overlay_text(again) == road::overlay_text(overlay));
    CHECK(again.corrections[0].in_force_at(at(row.instant)) == row.holds);
  }
}

TEST_CASE("daily hours: each fault is named") {
  struct Row {
    const char* daily;
    const char* where;
    const char* says;
  };
  for (const Row& row : {
           Row{R"({"from": "25:00", "to": "22:00", "time_zone": "Asia/Seoul"})", "/from", "00:00 to 24:00"},
           Row{R"({"from": "9:00", "to": "22:00", "time_zone": "Asia/Seoul"})", "/from", "00:00 to 24:00"},
           Row{R"({"from": "18:00", "to": "18:00", "time_zone": "Asia/Seoul"})", "/daily", "must differ"},
           Row{R"({"from": "24:00", "to": "00:00", "time_zone": "Asia/Seoul"})", "/daily", "must differ"},
           Row{R"({"from": "18:00", "to": "22:00", "time_zone": "Asia/Soul"})", "/time_zone", "Asia/Soul"},
           Row{R"({"from": "18:00", "to": "22:00"})", "/time_zone", "missing"},
           Row{R"({"from": "18:00", "to": "22:00", "time_zone": "Asia/Seoul", "weekdays": []})", "/weekdays",
               "no day"},
           Row{R"({"from": "18:00", "to": "22:00", "time_zone": "Asia/Seoul", "weekdays": ["fri"]})",
               "/weekdays/0", "allowed: sunday, monday"},
           Row{R"({"from": "18:00", "to": "22:00", "time_zone": "Asia/Seoul", "day": 1})", "/daily", "day"},
           Row{R"("evenings")", "/daily", "object"},
       }) {
    CAPTURE(row.daily);
    const auto overlay = overlay_with(row.daily);
    REQUIRE_FALSE(overlay);
    CAPTURE(overlay.error().where);
    CAPTURE(overlay.error().message);
    CHECK(overlay.error().where.find(row.where) != std::string::npos);
    CHECK(overlay.error().message.find(row.says) != std::string::npos);
  }
}

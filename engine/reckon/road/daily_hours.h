#pragma once

// Hours of the day at which a correction is in force: the evening rush, a market street on Saturdays.

#include <chrono>
#include <cstdint>
#include <optional>

#include "reckon/base/clock.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"

namespace reckon::road {

/// From one time of day until before another, of the next day where that is no later.
struct DailyHours {
  static constexpr std::uint8_t kEveryDay = 127;

  base::TimeZone zone;
  std::chrono::minutes from, to;      ///< [0, 24 h], not equal
  std::uint8_t weekdays = kEveryDay;  ///< of the day they begin on; bit i: std::chrono::weekday i

  /// Cost: a few microseconds.
  bool hold_at(base::WallTime instant) const;
  /// The next instant after `instant` at which they begin or end.
  base::WallTime next_change(base::WallTime instant) const;
};

/// Whether both hold at some time of the week. Of different time zones nothing is known: true.
bool overlap(const DailyHours& a, const DailyHours& b);

/// `{"from": "18:00", "to": "22:00", "time_zone": "Asia/Seoul", "weekdays": ["friday"]}`, the last optional.
/// Nothing, and a fault of the node's for each, where something is wrong.
std::optional<DailyHours> read_daily_hours(const base::JsonNode& node);
void write_daily_hours(base::JsonWriter& out, const DailyHours& hours);

}  // namespace reckon::road

#pragma once

// Instants as the people of a time zone say them.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "reckon/base/clock.h"
#include "reckon/base/json_reader.h"

namespace reckon::base {

/// As std::chrono::weekday counts them.
inline constexpr std::array<std::string_view, 7> kWeekdayNames = {
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

/// `hh:mm` from 00:00 to 24:00; nothing, and a fault, for any other form.
std::optional<std::chrono::minutes> read_time_of_day(const JsonNode& node);

/// When a local day's clocks show a time of day, [0, 24 h], to the second; what follows where they skip it.
/// Where they show it twice, one of the two.
WallTime instant_of(const TimeZone& zone, std::chrono::sys_days day, std::chrono::minutes time_of_day);

/// The first instant of a local day, to the second: midnight, or what follows where the clocks skip it.
WallTime begin_of_day(const TimeZone& zone, std::chrono::sys_days day);

/// RFC 3339 with the zone's offset: `2022-10-15T18:30:00+09:00`; `.ffffff` only when not whole seconds.
std::string format_local(const TimeZone& zone, WallTime time);

}  // namespace reckon::base

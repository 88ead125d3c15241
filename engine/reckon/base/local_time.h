#pragma once

// Instants as the people of a time zone say them.

#include <chrono>
#include <string>

#include "reckon/base/clock.h"

namespace reckon::base {

/// The first instant of a local day, to the second: midnight, or what follows where the clocks skip it.
WallTime begin_of_day(const TimeZone& zone, std::chrono::sys_days day);

/// RFC 3339 with the zone's offset: `2022-10-15T18:30:00+09:00`; `.ffffff` only when not whole seconds.
std::string format_local(const TimeZone& zone, WallTime time);

}  // namespace reckon::base

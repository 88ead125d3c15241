#include "reckon/base/local_time.h"

#include <fmt/format.h>

#include <cstdlib>

namespace reckon::base {
namespace {

// Offsets lie between -12 and +14 hours.
constexpr std::chrono::seconds kMostOffset = std::chrono::hours{15};

std::chrono::minutes offset_at(const TimeZone& zone, WallTime time) {
  const auto local = zone.local(time);
  const auto civil = std::chrono::sys_days{local.date} + local.time_of_day;
  return civil - std::chrono::floor<std::chrono::minutes>(time);
}

}  // namespace

WallTime begin_of_day(const TimeZone& zone, std::chrono::sys_days day) {
  const std::chrono::sys_seconds utc{day};
  auto before = utc - kMostOffset, begun = utc + kMostOffset;
  while (begun - before > std::chrono::seconds{1}) {
    const auto middle = before + (begun - before) / 2;
    const bool has_begun = std::chrono::sys_days{zone.local(middle).date} >= day;
    (has_begun ? begun : before) = middle;
  }
  return begun;
}

std::string format_local(const TimeZone& zone, WallTime time) {
  const auto offset = offset_at(zone, time);
  auto text = format_rfc3339(time + offset);
  text.pop_back();  // the Z
  const auto minutes = std::abs(offset.count());
  return text + fmt::format("{}{:02}:{:02}", offset.count() < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace reckon::base

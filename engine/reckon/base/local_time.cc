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

namespace {

std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const auto two_digits = [&](std::size_t i) { return (text[i] - '0') * 10 + (text[i + 1] - '0'); };
  const std::chrono::minutes time = std::chrono::hours{two_digits(0)} + std::chrono::minutes{two_digits(3)};
  if (two_digits(3) >= 60 || time > std::chrono::days{1}) return std::nullopt;
  return time;
}

}  // namespace

std::optional<std::chrono::minutes> read_time_of_day(const JsonNode& node) {
  const auto text = node.string(8);
  if (!text) return std::nullopt;
  const auto time = parse_time_of_day(*text);
  if (!time) node.fault(fmt::format("'{}' is not a time of day; allowed: 00:00 to 24:00", *text));
  return time;
}

WallTime instant_of(const TimeZone& zone, std::chrono::sys_days day, std::chrono::minutes time_of_day) {
  const auto civil = day + time_of_day;
  const std::chrono::sys_seconds utc{civil};
  auto before = utc - kMostOffset, reached = utc + kMostOffset;
  while (reached - before > std::chrono::seconds{1}) {
    const auto middle = before + (reached - before) / 2;
    const auto local = zone.local(middle);
    const bool has_reached = std::chrono::sys_days{local.date} + local.time_of_day >= civil;
    (has_reached ? reached : before) = middle;
  }
  return reached;
}

WallTime begin_of_day(const TimeZone& zone, std::chrono::sys_days day) {
  return instant_of(zone, day, std::chrono::minutes{0});
}

std::string format_local(const TimeZone& zone, WallTime time) {
  const auto offset = offset_at(zone, time);
  auto text = format_rfc3339(time + offset);
  text.pop_back();  // the Z
  const auto minutes = std::abs(offset.count());
  return text + fmt::format("{}{:02}:{:02}", offset.count() < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace reckon::base

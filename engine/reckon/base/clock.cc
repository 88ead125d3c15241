#include "reckon/base/clock.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <exception>

#include "reckon/base/time_text.h"

namespace reckon::base {
namespace {

constexpr std::string_view kTimeAllowed = "allowed: RFC 3339 with offset, such as 2022-10-15T18:30:00+09:00";

// Reads exactly `digits` decimal digits at `at`, or nothing.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// `Z` or `+hh:mm` at the end of the text.
std::optional<std::chrono::minutes> offset_at(std::string_view text, std::size_t at) {
  if (text.substr(at) == "Z" || text.substr(at) == "z") return std::chrono::minutes{0};
  if (text.size() != at + 6 || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':')
    return std::nullopt;
  const auto hours = digits_at(text, at + 1, 2);
  const auto minutes = digits_at(text, at + 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const auto total = std::chrono::minutes{*hours * 60 + *minutes};
  return text[at] == '-' ? -total : total;
}

// `.ffffff` starting at `at`; advances `at` past it.
std::optional<std::chrono::microseconds> fraction_at(std::string_view text, std::size_t& at) {
  if (at >= text.size() || text[at] != '.') return std::chrono::microseconds{0};
  std::int64_t micros = 0;
  int seen = 0;
  for (++at; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at, ++seen) {
    if (seen < 6) micros = micros * 10 + (text[at] - '0');
  }
  if (seen == 0 || seen > 9) return std::nullopt;
  for (; seen < 6; ++seen) micros *= 10;
  return std::chrono::microseconds{micros};
}

std::optional<WallTime> parse(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
      text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto year = digits_at(text, 0, 4);
  const auto month = digits_at(text, 5, 2);
  const auto day = digits_at(text, 8, 2);
  const auto hour = digits_at(text, 11, 2);
  const auto minute = digits_at(text, 14, 2);
  const auto second = digits_at(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  std::size_t at = 19;
  const auto fraction = fraction_at(text, at);
  if (!fraction) return std::nullopt;
  const auto offset = offset_at(text, at);
  if (!offset) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second} + *fraction - *offset;
}

const date::time_zone* zone_of(const void* zone) {
  return static_cast<const date::time_zone*>(zone);
}

}  // namespace

Result<WallTime> parse_rfc3339(std::string_view text, std::string_view where) {
  if (const auto time = parse(text)) return *time;
  return fail(ErrorCode::kInvalidInput, std::string(where),
              fmt::format("'{}' is not a time; {}", text.substr(0, 40), kTimeAllowed));
}

std::string format_rfc3339(WallTime time) {
  std::array<char, kMaxRfc3339Bytes> text{};
  return {text.data(), write_rfc3339(time, text.data())};
}

Result<TimeZone> TimeZone::named(std::string_view name, std::string_view where) {
  // The library walks the file system with the name; only names that can be IANA zones reach it.
  const bool plain =
      !name.empty() && name.size() < 64 && name.find("..") == std::string_view::npos && name.front() != '/' &&
      name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
          std::string_view::npos;
  if (plain) {
    try {
      return TimeZone(date::locate_zone(std::string(name)));
    } catch (const std::exception&) {  // not in this system's tzdata: told below
    }
  }
  return fail(
      ErrorCode::kInvalidInput, std::string(where),
      fmt::format("'{}' is not a time zone; allowed: IANA names, such as Asia/Seoul", name.substr(0, 64)));
}

TimeZone::Local TimeZone::local(WallTime time) const {
  const auto local =
      zone_of(zone_)->to_local(date::sys_time<std::chrono::microseconds>(time.time_since_epoch()));
  const std::chrono::sys_time<std::chrono::microseconds> civil{local.time_since_epoch()};
  const auto day = std::chrono::floor<std::chrono::days>(civil);
  return {std::chrono::year_month_day{day}, std::chrono::weekday{day},
          std::chrono::duration_cast<std::chrono::minutes>(civil - day)};
}

std::string_view TimeZone::name() const {
  return zone_of(zone_)->name();
}

}  // namespace reckon::base

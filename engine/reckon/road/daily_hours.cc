#include "reckon/road/daily_hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "reckon/base/local_time.h"

namespace reckon::road {
namespace {

using base::kWeekdayNames;

struct Span {
  base::WallTime from, until;
};

// Those that begin on a local day.
std::optional<Span> begun_on(const DailyHours& hours, std::chrono::sys_days day) {
  if ((hours.weekdays >> std::chrono::weekday{day}.c_encoding() & 1U) == 0) return std::nullopt;
  const auto last_day = hours.to > hours.from ? day : day + std::chrono::days{1};
  return Span{base::instant_of(hours.zone, day, hours.from),
              base::instant_of(hours.zone, last_day, hours.to)};
}

std::uint8_t read_weekdays(const base::JsonNode& node) {
  unsigned days = 0;
  for (const auto& item : node.items(kWeekdayNames.size())) {
    const auto name = item.string();
    if (!name) continue;
    const auto day = std::ranges::find(kWeekdayNames, *name);
    if (day == kWeekdayNames.end()) {
      item.fault(fmt::format("'{}' is no weekday; allowed: {}", *name, fmt::join(kWeekdayNames, ", ")));
    } else {
      days |= 1U << (day - kWeekdayNames.begin());
    }
  }
  if (node.is_array() && days == 0) node.fault("names no day; leave it out to mean every day");
  return static_cast<std::uint8_t>(days);
}

std::string time_text(std::chrono::minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

}  // namespace

bool DailyHours::hold_at(base::WallTime instant) const {
  const std::chrono::sys_days today{zone.local(instant).date};
  for (const auto day : {today - std::chrono::days{1}, today}) {
    const auto span = begun_on(*this, day);
    if (span && span->from <= instant && instant < span->until) return true;
  }
  return false;
}

base::WallTime DailyHours::next_change(base::WallTime instant) const {
  constexpr int kDays = 9;  // from yesterday's to those of this day next week
  const std::chrono::sys_days yesterday =
      std::chrono::sys_days{zone.local(instant).date} - std::chrono::days{1};
  auto next = base::WallTime::max();
  for (int i = 0; i <= kDays; ++i) {
    const auto span = begun_on(*this, yesterday + std::chrono::days{i});
    if (!span) continue;
    for (const auto edge : {span->from, span->until}) {
      if (edge > instant) next = std::min(next, edge);
    }
  }
  return next;
}

bool overlap(const DailyHours& a, const DailyHours& b) {
  constexpr std::chrono::minutes kDay = std::chrono::days{1}, kWeek = std::chrono::days{7};
  if (a.zone.name() != b.zone.name()) return true;
  const auto length = [&](const DailyHours& hours) {
    return hours.to > hours.from ? hours.to - hours.from : hours.to + kDay - hours.from;
  };
  for (int i = 0; i < 7; ++i) {
    for (int j = 0; j < 7; ++j) {
      if ((a.weekdays >> i & b.weekdays >> j & 1) == 0) continue;
      const auto behind = ((j - i) * kDay + b.from - a.from + 2 * kWeek) % kWeek;  // of b's begin to a's
      if (behind < length(a) || kWeek - behind < length(b)) return true;
    }
  }
  return false;
}

std::optional<DailyHours> read_daily_hours(const base::JsonNode& node) {
  node.allow_only({"from", "to", "time_zone", "weekdays"});
  const auto from = base::read_time_of_day(node.required("from")),
             to = base::read_time_of_day(node.required("to"));
  const auto zone_node = node.required("time_zone");
  const auto name = zone_node.string();
  const auto days = node.optional("weekdays");
  const auto weekdays = days.present() ? read_weekdays(days) : DailyHours::kEveryDay;
  constexpr std::chrono::minutes kDay = std::chrono::days{1};
  if (from && to && *from % kDay == *to % kDay && !(*from < *to)) {
    node.fault("is empty; `from` and `to` must differ");
    return std::nullopt;
  }
  if (!from || !to || !name) return std::nullopt;
  const auto zone = base::TimeZone::named(*name, "");
  if (!zone) {
    zone_node.fault(zone.error().message);
    return std::nullopt;
  }
  return DailyHours{*zone, *from, *to, weekdays};
}

void write_daily_hours(base::JsonWriter& out, const DailyHours& hours) {
  out.begin_object().key("from").string(time_text(hours.from)).key("to").string(time_text(hours.to));
  out.key("time_zone").string(hours.zone.name());
  if (hours.weekdays != DailyHours::kEveryDay) {
    out.key("weekdays").begin_array();
    for (std::size_t day = 0; day < kWeekdayNames.size(); ++day) {
      if ((hours.weekdays >> day & 1U) != 0) out.string(kWeekdayNames[day]);
    }
    out.end_array();
  }
  out.end_object();
}

}  // namespace reckon::road

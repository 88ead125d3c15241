#include "reckon/fee/tariff.h"

#include <algorithm>

namespace reckon::fee {
namespace {

constexpr std::chrono::minutes kDay{24 * 60};

// The weekday bit on which `window` began if it holds at `local`, or nothing.
std::optional<unsigned> started_on(const TimeWindow& window, const base::TimeZone::Local& local) {
  const auto from = window.from % kDay;  // 24:00 is 00:00 of the next civil day, but of the same working day
  const bool late_start = window.from == kDay;
  const auto now = local.time_of_day;
  const unsigned today = local.weekday.c_encoding();
  const unsigned yesterday = (today + 6) % 7;
  if (from < window.to) {
    if (now < from || now >= window.to) return std::nullopt;
    return late_start ? yesterday : today;
  }
  if (now >= from) return today;
  if (now < window.to) return yesterday;
  return std::nullopt;
}

bool weekday_matches(std::uint8_t weekdays, unsigned weekday) {
  return weekdays == 0 || ((weekdays >> weekday) & 1) != 0;
}

bool time_holds(const Condition& when, const base::TimeZone::Local& local) {
  if (when.time.empty()) return weekday_matches(when.weekdays, local.weekday.c_encoding());
  return std::ranges::any_of(when.time, [&](const TimeWindow& window) {
    const auto start_day = started_on(window, local);
    return start_day && weekday_matches(when.weekdays, *start_day);
  });
}

template <class Value>
bool contains(const std::vector<Value>& values, const Value& value) {
  return std::ranges::find(values, value) != values.end();
}

template <class Value>
bool share_one(const std::vector<Value>& asked, const std::vector<Value>& given) {
  return asked.empty() ||
         std::ranges::any_of(given, [&](const Value& value) { return contains(asked, value); });
}

}  // namespace

std::string_view to_string(DistanceBasis basis) {
  switch (basis) {
    case DistanceBasis::kProvider:
      return "provider";
    case DistanceBasis::kRoad:
      return "road";
    case DistanceBasis::kStraight:
    case DistanceBasis::kHaversine:
      return "straight";
  }
  return "unknown";
}

std::string_view to_string(SurchargeType type) {
  return kSurchargeTypeNames[static_cast<std::size_t>(type)];
}

bool in_force(const Tariff& tariff, base::WallTime at) {
  return at >= tariff.valid_from && (!tariff.valid_until || at < *tariff.valid_until);
}

bool applies(const Surcharge& surcharge, const FeeContext& context, const base::TimeZone::Local& local) {
  const Condition& when = surcharge.when;
  if (surcharge.may_opt_out && contains(context.opt_outs, surcharge.rule)) return false;
  if (when.bundle && *when.bundle != context.bundle) return false;
  if (!when.holiday.empty() && !contains(when.holiday, context.holiday)) return false;
  if (!when.complex.empty() && !contains(when.complex, context.complex)) return false;
  return share_one(when.weather, context.weather) && share_one(when.area, context.areas) &&
         time_holds(when, local);
}

}  // namespace reckon::fee

#include "reckon/fee/situation.h"

#include <fmt/format.h>

#include <algorithm>

namespace reckon::fee {
namespace {

using base::ErrorCode;

constexpr std::int32_t kDayMinutes = 24 * 60;

unsigned weekday_of(std::int32_t day) {
  return static_cast<unsigned>(((day % 7) + 11) % 7);  // 1970-01-01 was a Thursday (4)
}

}  // namespace

// The day on which `window` began if it holds at `now`, or nothing.
std::optional<std::int32_t> Situation::start_day(const TimeWindow& window, const LocalTime& now) {
  const auto to = static_cast<std::int32_t>(window.to.count());
  auto from = static_cast<std::int32_t>(window.from.count());
  const bool late_start = from == kDayMinutes;  // 00:00 of the next civil day, but of the same working day
  if (late_start) from = 0;
  if (from < to) {
    if (now.minute < from || now.minute >= to) return std::nullopt;
    return late_start ? now.day - 1 : now.day;
  }
  if (now.minute >= from) return now.day;
  if (now.minute < to) return now.day - 1;
  return std::nullopt;
}

base::Result<void> Situation::resolve() {
  if (auto sound = check_inputs(); !sound) return sound;
  if (plan_.needs_local_) resolve_local();
  if (plan_.needs_zones_) {
    pickup_ = plan_.zones_.at(*delivery_.from);
    dropoff_ = plan_.zones_.at(*delivery_.to);
  }
  for (const auto weather : context_.weather) weather_ |= std::int64_t{1} << static_cast<int>(weather);
  return {};
}

base::Result<void> Situation::check_inputs() {
  if (delivery_.distance < base::Metres{0} || delivery_.distance > kMaxDistance) {
    return base::fail(ErrorCode::kInvalidInput, "distance",
                      fmt::format("{} m cannot be priced; allowed: 0 to {} m", delivery_.distance.value,
                                  kMaxDistance.value));
  }
  if (auto timed = resolve_time(); !timed) return timed;
  for (const Measure measure : plan_.needs_) {
    if (!reading(measure)) {
      return base::fail(ErrorCode::kInvalidInput, fmt::format("context/{}", rule_of(measure).name),
                        fmt::format("is missing; tariff '{}' needs it", plan_.id_));
    }
  }
  if (plan_.needs_zones_ && (!delivery_.from || !delivery_.to)) {
    return base::fail(
        ErrorCode::kInvalidInput, "trip",
        fmt::format("has no places; tariff '{}' has zones and needs pickup and drop-off", plan_.id_));
  }
  return {};
}

base::Result<void> Situation::resolve_time() {
  at_ = context_.at;
  if (plan_.time_basis_) {
    const bool told = std::ranges::any_of(context_.times, [](const auto& time) { return time.has_value(); });
    const auto basis = static_cast<std::size_t>(*plan_.time_basis_);
    if (told && !context_.times[basis]) {
      return base::fail(ErrorCode::kInvalidInput, fmt::format("context/times/{}", kTimeBasisNames[basis]),
                        fmt::format("is missing; it decides under tariff '{}'", plan_.id_));
    }
    if (told) at_ = *context_.times[basis];
  }
  if (at_ >= plan_.valid_from_ && (!plan_.has_until_ || at_ < plan_.valid_until_)) return {};
  return base::fail(
      ErrorCode::kInvalidInput, "at",
      fmt::format("tariff '{}' version {} is not in force at {}; allowed: from {} until {}", plan_.id_,
                  plan_.version_, base::format_rfc3339(at_), base::format_rfc3339(plan_.valid_from_),
                  plan_.has_until_ ? base::format_rfc3339(plan_.valid_until_) : "further notice"));
}

void Situation::resolve_local() {
  const auto local = plan_.time_zone_->local(at_);
  now_.day = static_cast<std::int32_t>(std::chrono::sys_days{local.date}.time_since_epoch().count());
  now_.minute = static_cast<std::int32_t>(local.time_of_day.count());
}

bool Situation::listed(std::uint32_t begin, std::uint32_t end, const std::string& name) const {
  if (name.empty()) return false;
  const auto* first = plan_.names_.data() + begin;
  const auto* last = plan_.names_.data() + end;
  if (last - first > 8) return std::binary_search(first, last, name);
  return std::find(first, last, name) != last;
}

bool Situation::any_listed(const Test& test, const std::vector<std::string>& names) const {
  return std::ranges::any_of(names,
                             [&](const std::string& name) { return listed(test.begin, test.end, name); });
}

bool Situation::in_zones(const Test& test, const ZonesHere& here) const {
  for (std::uint32_t i = test.begin; i < test.end; ++i) {
    const std::uint32_t zone = plan_.ids_[i];
    if (here.of_layer[plan_.zones_.layer_of(zone)] == zone) return true;
  }
  return false;
}

// Both outside every zone of the layer is no difference.
bool Situation::zones_differ(std::size_t layer) const {
  return pickup_.of_layer[layer] != dropoff_.of_layer[layer];
}

bool Situation::day_matches(const Plan::DayTest& test, std::int32_t day) const {
  if (test.weekdays != 0 && ((test.weekdays >> weekday_of(day)) & 1) == 0) return false;
  if (test.has_dates) {
    const auto holds = [day](const auto& range) { return day >= range.first && day <= range.second; };
    if (!std::any_of(plan_.dates_.begin() + test.date_begin, plan_.dates_.begin() + test.date_end, holds))
      return false;
  }
  if (!test.has_holidays) return true;
  return listed(test.name_begin, test.name_end, context_.holiday) ||
         std::binary_search(plan_.days_.begin() + test.holiday_begin, plan_.days_.begin() + test.holiday_end,
                            day);
}

bool Situation::day_holds(const Plan::DayTest& test) const {
  if (!test.has_windows) return day_matches(test, now_.day);
  return std::any_of(plan_.windows_.begin() + test.window_begin, plan_.windows_.begin() + test.window_end,
                     [&](const TimeWindow& window) {
                       const auto day = start_day(window, now_);
                       return day && day_matches(test, *day);
                     });
}

bool Situation::measure_holds(const Test& test) const {
  const auto value = reading(static_cast<Measure>(test.arg));
  return value && *value >= test.low && *value <= test.high;
}

bool Situation::any_child_holds(std::uint32_t begin, std::uint32_t end) const {
  for (std::uint32_t child = begin; child < end; child = plan_.tests_[child].end)
    if (all_hold(child + 1, plan_.tests_[child].end)) return true;
  return false;
}

bool Situation::holds(std::uint32_t at) const {
  const Test& test = plan_.tests_[at];
  switch (test.code) {
    case Code::kWeather:
      return (weather_ & test.low) != 0;
    case Code::kBundle:
      return context_.bundle == (test.low != 0);
    case Code::kHoliday:
      return listed(test.begin, test.end, context_.holiday);
    case Code::kArea:
      return any_listed(test, context_.areas);
    case Code::kComplex:
      return listed(test.begin, test.end, context_.complex);
    case Code::kFlags:
      return any_listed(test, context_.flags);
    case Code::kBuilding:
      return listed(test.begin, test.end, context_.building);
    case Code::kChannel:
      return listed(test.begin, test.end, context_.channel);
    case Code::kPickupZone:
      return in_zones(test, pickup_);
    case Code::kDropoffZone:
      return in_zones(test, dropoff_);
    case Code::kZonesDiffer:
      return zones_differ(static_cast<std::size_t>(test.low));
    case Code::kMeasure:
      return measure_holds(test);
    case Code::kDay:
      return day_holds(plan_.day_tests_[test.begin]);
    case Code::kAnyOf:
      return any_child_holds(at + 1, test.end);
    case Code::kNot:
      return !all_hold(at + 1, test.end);
    case Code::kChild:
      return false;  // met by any_child_holds only
  }
  return false;
}

bool Situation::all_hold(std::uint32_t begin, std::uint32_t end) const {
  for (std::uint32_t at = begin; at < end;) {
    if (!holds(at)) return false;
    const Test& test = plan_.tests_[at];
    at = test.code == Code::kAnyOf || test.code == Code::kNot ? test.end : at + 1;
  }
  return true;
}

}  // namespace reckon::fee

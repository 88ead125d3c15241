#include "reckon/distance/daily_quota.h"

#include <algorithm>

namespace reckon::distance {
namespace {

// Whether the reserve may be used: a peak is on, or none is left today.
bool free_of_reserve(const QuotaPlan& plan, std::chrono::minutes of_day) {
  return std::ranges::none_of(plan.peaks, [&](const auto& peak) { return of_day < peak.from; }) ||
         std::ranges::any_of(plan.peaks,
                             [&](const auto& peak) { return peak.from <= of_day && of_day < peak.to; });
}

}  // namespace

std::string_view DailyQuota::take(base::WallTime now) {
  if (plan_.calls == 0) return {};
  const auto local = now + plan_.zone;
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  const auto day = std::int64_t{midnight.time_since_epoch().count()};
  const auto of_day = std::chrono::floor<std::chrono::minutes>(local - midnight);
  const std::lock_guard lock(mutex_);
  if (day > used_.day) used_ = {day, 0};
  if (used_.calls >= plan_.calls) return "quota";
  if (used_.calls >= plan_.calls - plan_.reserve && !free_of_reserve(plan_, of_day)) return "quota_reserved";
  ++used_.calls;
  return {};
}

void DailyQuota::give_back() {
  const std::lock_guard lock(mutex_);
  if (used_.calls > 0) --used_.calls;
}

DailyQuota::Used DailyQuota::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

void DailyQuota::restore(const Used& used) {
  const std::lock_guard lock(mutex_);
  if (used.day >= used_.day) used_ = used;
}

}  // namespace reckon::distance

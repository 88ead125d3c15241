#pragma once

// A provider's calls of one day, some of them kept for the hours in which they are worth most: an allowance
// that is spent by half past five leaves the evening without a provider.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"

namespace reckon::distance {

/// Hours of the day, in the quota's zone; `from` < `to` <= 24 h.
struct PeakHours {
  std::chrono::minutes from{}, to{};
};

struct QuotaPlan {
  std::int64_t calls = 0;    ///< a day; 0: no limit is known, nothing is counted
  std::int64_t reserve = 0;  ///< of them kept for the peak hours; 0 … calls
  std::vector<PeakHours> peaks;
  std::chrono::minutes zone{9 * 60};  ///< in which the day ends at midnight; Korea
};

/// Safe to call from any thread. The wall clock decides the day; one that is set back to an earlier day goes
/// on with the later day's count.
class DailyQuota {
 public:
  explicit DailyQuota(QuotaPlan plan) : plan_(std::move(plan)) {}

  /// Takes one call. In peak hours, and when the day's last ones are over, all calls may be used; before, all
  /// but the reserve.
  /// @return why not: `quota` (spent) or `quota_reserved`; empty when it was taken
  std::string_view take(base::WallTime now);
  /// The call was not made after all.
  void give_back();

  struct Used {
    std::int64_t day = 0;  ///< since 1970, in the quota's zone
    std::int64_t calls = 0;
  };
  /// What a restart keeps.
  Used used() const;
  void restore(const Used& used);
  const QuotaPlan& plan() const { return plan_; }

 private:
  const QuotaPlan plan_;
  mutable std::mutex mutex_;
  Used used_;
};

}  // namespace reckon::distance

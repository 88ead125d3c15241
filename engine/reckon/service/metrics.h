#pragma once

// Counters and histograms of the server, written as Prometheus text.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "reckon/base/log.h"
#include "reckon/distance/distance_service.h"

namespace reckon::service {

/// Safe to call from any thread. Names and labels are ours, so the number of series is bounded.
class Metrics final : public distance::Observer {
 public:
  void count(std::string_view name, std::string_view label = {}, std::string_view value = {},
             std::uint64_t by = 1);
  void observe_quote(std::chrono::microseconds latency);

  void on_call(const distance::CallRecord& call) override;
  void on_breaker(std::string_view provider, std::string_view from, std::string_view to) override;
  void on_alarm(std::string_view provider, std::string_view what, std::string_view detail) override;

  /// Where changes of breakers and alarms are also logged, a line each; null for nowhere.
  /// Set before the first call; outlives this object's use.
  void log_to(base::Logger* logger) { logger_ = logger; }

  /// The text of all series; `gauges` is appended as it is.
  std::string text(std::string_view gauges) const;

  /// Upper bounds of the latency histogram in microseconds.
  static constexpr std::array<std::int64_t, 14> kBoundsUs = {50,      100,     200,       500,      1'000,
                                                             2'000,   5'000,   10'000,    50'000,   100'000,
                                                             250'000, 500'000, 1'000'000, 2'500'000};

 private:
  base::Logger* logger_ = nullptr;
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counters_;  // by the full series name
  std::array<std::uint64_t, kBoundsUs.size() + 1> buckets_{};
  std::int64_t sum_us_ = 0;
};

}  // namespace reckon::service

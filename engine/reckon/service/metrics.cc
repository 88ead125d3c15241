#include "reckon/service/metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace reckon::service {

void Metrics::count(std::string_view name, std::string_view label, std::string_view value, std::uint64_t by) {
  std::string series(name);
  if (!label.empty()) series += fmt::format("{{{}=\"{}\"}}", label, value);
  const std::lock_guard lock(mutex_);
  counters_[series] += by;
}

void Metrics::observe_quote(std::chrono::microseconds latency) {
  const auto bucket = std::ranges::lower_bound(kBoundsUs, latency.count()) - kBoundsUs.begin();
  const std::lock_guard lock(mutex_);
  ++buckets_.at(static_cast<std::size_t>(bucket));
  sum_us_ += latency.count();
}

void Metrics::on_call(const distance::CallRecord& call) {
  const std::string reason = call.answer.reason();
  const std::string outcome = reason.empty() ? "ok" : reason;
  const std::lock_guard lock(mutex_);
  ++counters_[fmt::format("reckon_provider_calls_total{{provider=\"{}\",outcome=\"{}\"}}", call.provider,
                          outcome)];
}

void Metrics::on_alarm(std::string_view provider, std::string_view what, std::string_view detail) {
  if (logger_ != nullptr)
    logger_->log(base::LogLevel::kAlarm, fmt::format("provider {}: {}: {}", provider, what, detail));
  const std::lock_guard lock(mutex_);
  ++counters_[fmt::format("reckon_alarms_total{{provider=\"{}\",what=\"{}\"}}", provider, what)];
}

void Metrics::on_breaker(std::string_view provider, std::string_view from, std::string_view to) {
  if (logger_ != nullptr)
    logger_->log(base::LogLevel::kWarning, fmt::format("provider {}: breaker {} -> {}", provider, from, to));
  const auto colon = to.find(':');
  const std::lock_guard lock(mutex_);
  ++counters_[fmt::format("reckon_breaker_changes_total{{provider=\"{}\",to=\"{}\"}}", provider,
                          to.substr(0, colon))];
}

std::string Metrics::text(std::string_view gauges) const {
  const std::lock_guard lock(mutex_);
  std::string out;
  std::string family;
  for (const auto& [series, value] : counters_) {
    const auto name = series.substr(0, series.find('{'));
    if (name != family) out += fmt::format("# TYPE {} counter\n", name);
    family = name;
    out += fmt::format("{} {}\n", series, value);
  }
  out += "# TYPE reckon_quote_seconds histogram\n";
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_.at(i);
    const auto bound =
        i < kBoundsUs.size() ? fmt::format("{}", static_cast<double>(kBoundsUs.at(i)) / 1e6) : "+Inf";
    out += fmt::format("reckon_quote_seconds_bucket{{le=\"{}\"}} {}\n", bound, seen);
  }
  out += fmt::format("reckon_quote_seconds_sum {}\nreckon_quote_seconds_count {}\n",
                     static_cast<double>(sum_us_) / 1e6, seen);
  return out + std::string(gauges);
}

}  // namespace reckon::service

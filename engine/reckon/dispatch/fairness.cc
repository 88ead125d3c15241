#include "reckon/dispatch/fairness.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "reckon/base/csv.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/limits.h"

namespace reckon::dispatch {
namespace {

constexpr double kSecondsPerHour = 3600;
constexpr double kMetresPerKilometre = 1000;
constexpr std::size_t kMaxCandidates = 100'000;
constexpr double kMaxNumber = 1e12;
constexpr double kMaxRiderId = 4'294'967'295;

// Each share of the riders has the value of the rider at it.
double at_share(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
}

struct Columns {
  std::array<std::size_t, 7> at;
  std::optional<std::size_t> shown;
  std::optional<std::size_t> shown_after;
};
constexpr std::array<std::string_view, 7> kColumnNames = {"id",    "rider",      "on_s", "off_s",
                                                          "calls", "distance_m", "pay"};

base::Result<Columns> find_columns(const base::CsvTable& table, std::string_view name) {
  Columns out{};
  std::vector<base::Fault> faults;
  for (std::size_t i = 0; i < kColumnNames.size(); ++i) {
    const auto column = table.column(kColumnNames[i]);
    if (column) {
      out.at[i] = *column;
    } else {
      faults.push_back(
          {fmt::format("{}:1", name),
           fmt::format("has no column {}; needed are id, rider, on_s, off_s, calls, distance_m, pay",
                       kColumnNames[i])});
    }
  }
  out.shown = table.column("shown");
  out.shown_after = table.column("shown_after_s");
  if (out.shown.has_value() != out.shown_after.has_value())
    faults.push_back({fmt::format("{}:1", name),
                      "has one of the columns shown and shown_after_s; allowed: both, or none"});
  if (faults.empty()) return out;
  return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
}

std::optional<RiderRecord> record_of(const base::CsvRow& row, const Columns& columns, std::string_view name,
                                     std::vector<base::Fault>& faults) {
  const std::size_t before = faults.size();
  const auto number_at = [&](std::size_t column, std::string_view heading, double least) {
    const auto& text = row.fields[column];
    const auto value = base::parse_number(text);
    if (value && *value >= least && *value <= kMaxNumber) return *value;
    faults.push_back(
        {fmt::format("{}:{}", name, row.line),
         fmt::format("{} is '{}'; allowed: a number from {} to {}", heading, text, least, kMaxNumber)});
    return 0.0;
  };
  const auto number = [&](std::size_t i, double least) {
    return number_at(columns.at[i], kColumnNames[i], least);
  };
  RiderRecord out;
  const auto& id = row.fields[columns.at[0]];
  const auto id_number = base::parse_number(id);
  if (id_number && *id_number >= 0 && *id_number <= kMaxRiderId && std::floor(*id_number) == *id_number) {
    out.id = static_cast<std::uint32_t>(*id_number);
  } else {
    faults.push_back({fmt::format("{}:{}", name, row.line),
                      fmt::format("id is '{}'; allowed: a whole number from 0 to {:.0f}", id, kMaxRiderId)});
  }
  out.name = row.fields[columns.at[1]];
  const double on = number(2, -kMaxNumber);
  const double off = number(3, on);
  out.hours = (off - on) / kSecondsPerHour;
  out.calls = number(4, 0);
  out.kilometres = number(5, 0) / kMetresPerKilometre;
  out.pay = number(6, 0);
  if (columns.shown) {
    out.shown = static_cast<std::uint64_t>(number_at(*columns.shown, "shown", 0));
    out.shown_after_s = number_at(*columns.shown_after, "shown_after_s", 0);
  }
  if (faults.size() > before) return std::nullopt;
  return out;
}

using RiderById = std::map<std::uint32_t, RiderRecord*>;

// One line of the log: who got the order, and who stood first by cost.
void count_decision(const base::JsonNode& root, const RiderById& riders) {
  for (const auto* other : {"log", "events", "rides", "tick"}) {
    if (root.optional(other).present()) return;
  }
  const auto chosen = root.required("rider").integer(0, 0xffffffffLL);
  bool first = true;
  for (const auto& candidate : root.required("candidates").items(kMaxCandidates)) {
    const auto id = candidate.required("rider").integer(0, 0xffffffffLL);
    if (!id || !chosen) return;
    const auto found = riders.find(static_cast<std::uint32_t>(*id));
    if (found == riders.end()) {
      candidate.fault(fmt::format("rider {} is not in the table of riders; allowed: ids of it", *id));
      continue;
    }
    ++found->second->considered;
    if (first && !candidate.optional("excluded").present() && *id != *chosen) ++found->second->passed_over;
    first = false;
  }
}

}  // namespace

double gini(std::vector<double> values) {
  std::ranges::sort(values);
  double sum = 0;
  double weighted = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    weighted += static_cast<double>(i + 1) * values[i];
  }
  if (sum <= 0) return 0;
  const auto n = static_cast<double>(values.size());
  return std::max(0.0, 2 * weighted / (n * sum) - (n + 1) / n);  // of equal values not a hair below 0
}

Spread spread(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  Spread out{.least = values.front(),
             .p10 = at_share(values, 0.1),
             .median = at_share(values, 0.5),
             .p90 = at_share(values, 0.9),
             .most = values.back()};
  for (const auto value : values) out.mean += value / static_cast<double>(values.size());
  out.gini = gini(std::move(values));
  return out;
}

FairnessReport fairness(std::span<const RiderRecord> riders) {
  FairnessReport out;
  std::vector<double> calls;
  std::vector<double> kilometres;
  std::vector<double> pay;
  std::vector<double> delays;
  for (const auto& rider : riders) {
    if (rider.hours < kLeastDutyHours) {
      ++out.short_shifts;
      continue;
    }
    ++out.riders;
    out.hours += rider.hours;
    calls.push_back(rider.calls / rider.hours);
    kilometres.push_back(rider.kilometres / rider.hours);
    pay.push_back(rider.pay / rider.hours);
    if (rider.shown > 0) delays.push_back(rider.shown_after_s);
  }
  out.calls_per_hour = spread(std::move(calls));
  out.kilometres_per_hour = spread(std::move(kilometres));
  out.pay_per_hour = spread(std::move(pay));
  out.visibility_delay_s = spread(std::move(delays));
  return out;
}

base::Result<std::vector<RiderRecord>> read_rider_records(std::string_view csv, std::string_view name) {
  const auto table = base::parse_csv(csv, name);
  if (!table) return base::fail(table.error());
  const auto columns = find_columns(*table, name);
  if (!columns) return base::fail(columns.error());
  if (table->rows.size() > kMaxRiderRecords)
    return base::fail(
        base::ErrorCode::kLimit, std::string(name),
        fmt::format("has {} riders; at most {} are allowed", table->rows.size(), kMaxRiderRecords));
  std::vector<RiderRecord> out;
  std::vector<base::Fault> faults;
  std::set<std::uint32_t> seen;
  for (const auto& row : table->rows) {
    if (faults.size() >= base::kMaxFaults) break;
    auto record = record_of(row, *columns, name, faults);
    if (!record) continue;
    if (!seen.insert(record->id).second) {
      faults.push_back({fmt::format("{}:{}", name, row.line),
                        fmt::format("rider {} has a row already; one each is allowed", record->id)});
    }
    out.push_back(std::move(*record));
  }
  if (faults.empty()) return out;
  if (faults.size() > base::kMaxFaults) faults.resize(base::kMaxFaults);
  return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
}

base::Result<void> count_decisions(std::string_view log, std::string_view name,
                                   std::vector<RiderRecord>& riders) {
  RiderById by_id;
  for (auto& rider : riders) by_id.emplace(rider.id, &rider);
  for (std::size_t line = 1; !log.empty(); ++line) {
    const auto text = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(text.size() + 1, log.size()));
    if (text.empty()) continue;
    const std::string where = fmt::format("{}:{}", name, line);
    const auto document = base::JsonDocument::parse(text, where);
    if (!document) return base::fail(document.error());
    base::Faults faults(where);
    count_decision(document->root(faults), by_id);
    if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
  }
  return {};
}

}  // namespace reckon::dispatch

#include "reckon/ledger/shadow.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/distance/parity.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"

namespace reckon::ledger {
namespace {

constexpr std::string_view kProvider = "provider:";
constexpr std::int64_t kCellE7 = 100'000;
constexpr std::size_t kReleaseShown = 19;  // `sha256:` and twelve digits
constexpr std::size_t kMostGroups = 2000;  // of one kind: an area or day more goes to `others`
constexpr std::array<std::int64_t, 7> kDistancesM = {500, 1000, 1500, 2000, 3000, 5000, 10'000};

// Names sort as the distances do.
std::string distance_name(std::int64_t metres) {
  const auto bound = std::ranges::lower_bound(kDistancesM, metres);
  if (bound == kDistancesM.end()) return fmt::format("{:>5} m on", kDistancesM.back());
  return fmt::format("{:>5} to {:>5} m", bound == kDistancesM.begin() ? 0 : *(bound - 1), *bound);
}

std::string area_name(std::int64_t lat_e7, std::int64_t lon_e7) {
  const auto corner = [](std::int64_t e7) {
    return std::floor(static_cast<double>(e7) / static_cast<double>(kCellE7)) / 100;
  };
  return fmt::format("{:.2f},{:.2f}", corner(lat_e7), corner(lon_e7));
}

/// What a row says of a provider's distance and of its shadow.
struct Pair {
  std::string provider;
  std::string source;       ///< of the shadow
  std::string calibration;  ///< its release; empty: none
  std::int64_t shadow_m = 0, low_m = 0, high_m = 0;
};

enum class RowKind : std::uint8_t { kOther, kUnpaired, kUnreadable, kPair };

RowKind read_pair(const QuoteRow& row, Pair& pair) {
  // Cheaper than the tree, and most rows of an outage end here.
  if (row.quote.find(R"("source":"provider:)") == std::string::npos) return RowKind::kOther;
  const auto document = base::JsonDocument::parse(row.quote, "quote");
  if (!document) return RowKind::kUnreadable;
  base::Faults faults("quote");
  const auto distance = document->root(faults).required("distance");
  const auto source = distance.required("source").string();
  if (!source || !source->starts_with(kProvider)) return source ? RowKind::kOther : RowKind::kUnreadable;
  pair.provider = source->substr(kProvider.size());
  const auto shadow = distance.optional("shadow");
  if (!shadow.present()) return RowKind::kUnpaired;
  const auto metres = [&](std::string_view key) {
    return shadow.required(key).integer(0, INT64_MAX).value_or(0);
  };
  pair.shadow_m = metres("distance_m");
  pair.low_m = metres("low_m");
  pair.high_m = metres("high_m");
  pair.source = shadow.required("source").string().value_or("");
  if (const auto release = shadow.optional("calibration"); release.present())
    pair.calibration = release.string().value_or("");
  return faults.empty() ? RowKind::kPair : RowKind::kUnreadable;
}

class Reporter {
 public:
  Reporter(const Ledger& ledger, const ShadowSpan& span, std::string_view provider)
      : ledger_(ledger), span_(span), provider_(provider) {}

  void visit(const QuoteRow& row) {
    if (row.created_at < span_.since || row.created_at > span_.until) return;
    ++out_.rows;
    Pair pair;
    const auto kind = read_pair(row, pair);
    if (!pair.provider.empty()) providers_.insert(pair.provider);
    switch (kind) {
      case RowKind::kOther:
        return;
      case RowKind::kUnpaired:
        out_.unpaired += wanted(pair) ? 1 : 0;
        return;
      case RowKind::kUnreadable:
        ++out_.unreadable;
        return;
      case RowKind::kPair:
        if (wanted(pair) && !take(row, pair)) ++out_.unreadable;
    }
  }

  ShadowReports finish() {
    for (auto& entry : gathered_) {
      auto& gathered = entry.second;  // a binding cannot be captured under clang 14
      auto& report = gathered.report;
      std::ranges::sort(gathered.errors);
      const auto at = [&](double share) {
        const auto last = static_cast<double>(gathered.errors.size() - 1);
        return gathered.errors[static_cast<std::size_t>(std::llround(share * last))];
      };
      if (!gathered.errors.empty()) {
        report.error_p5 = at(0.05);
        report.error_p50 = at(0.5);
        report.error_p95 = at(0.95);
      }
      for (const auto& [kind, sum] : report.kinds)
        if (kind.calibration == gathered.newest[kind.vehicle].second) report.now.add(sum);
      std::ranges::sort(report.worst, worse);
      out_.reports.push_back(std::move(report));
    }
    out_.providers.assign(providers_.begin(), providers_.end());
    return std::move(out_);
  }

 private:
  struct Gathered {
    ShadowReport report;
    std::vector<double> errors;
    std::map<std::string, std::pair<base::WallTime, std::string>> newest;  ///< by vehicle: when, calibration
  };

  bool wanted(const Pair& pair) const { return provider_.empty() || pair.provider == provider_; }

  static bool worse(const ShadowTrip& a, const ShadowTrip& b) {
    const auto key = [](const ShadowTrip& trip) {
      return std::pair(std::abs(trip.shadow_minor - trip.fee_minor), std::abs(trip.shadow_m - trip.metres));
    };
    return key(a) > key(b);
  }

  const std::shared_ptr<const fee::Tariff>& tariff_of(const std::string& release) {
    const auto [at, fresh] = tariffs_.try_emplace(release);
    if (!fresh) return at->second;
    const auto canonical = ledger_.tariff(release);
    if (canonical && *canonical) {
      if (auto tariff = fee::read_tariff(**canonical, release))
        at->second = std::make_shared<const fee::Tariff>(std::move(*tariff));
    }
    return at->second;
  }

  bool take(const QuoteRow& row, const Pair& pair) {
    const auto& tariff = tariff_of(row.tariff_release);
    const auto inputs = fee::read_trace_inputs(row.trace, "trace");
    if (!tariff || !inputs || !inputs->distance.trip) return false;
    const auto told = fee::price(tariff, inputs->context, inputs->distance);
    auto record = inputs->distance;
    record.metres = base::Metres{pair.shadow_m};
    const auto shadow = fee::price(tariff, inputs->context, record);
    if (!told || !shadow) return false;
    const auto& trip = *inputs->distance.trip;
    add({row.quote_id, row.created_at, trip.from_lat_e7, trip.from_lon_e7, trip.to_lat_e7, trip.to_lon_e7,
         inputs->distance.metres.value, pair.shadow_m, told->total.minor, shadow->total.minor, pair.source},
        pair, trip.vehicle, *tariff, inputs->context.at);
    return true;
  }

  void add(const ShadowTrip& trip, const Pair& pair, const std::string& vehicle, const fee::Tariff& tariff,
           base::WallTime at) {
    const std::string currency(tariff.currency.text());
    auto& gathered = gathered_[{pair.provider, currency}];
    auto& report = gathered.report;
    if (report.all.pairs == 0) report.first = report.last = trip.at;
    report.provider = pair.provider;
    report.currency = currency;
    report.first = std::min(report.first, trip.at);
    report.last = std::max(report.last, trip.at);
    const auto off = trip.shadow_minor - trip.fee_minor;
    const auto count = [&](ShadowSum& sum) {
      ++sum.pairs;
      sum.same += off == 0 ? 1 : 0;
      sum.inside += pair.low_m <= trip.metres && trip.metres <= pair.high_m ? 1 : 0;
      sum.off_minor += off;
      sum.miss_minor += std::abs(off);
      if (trip.metres > 0)
        sum.bias += static_cast<double>(trip.shadow_m) / static_cast<double>(trip.metres) - 1;
    };
    const auto part = [&](const char* kind, std::string name) -> ShadowSum& {
      auto& parts = report.by[kind];
      if (parts.size() >= kMostGroups && !parts.contains(name)) name = "others";
      return parts[name];
    };
    const auto local = tariff.time_zone->local(at);
    count(report.all);
    count(part("tariff", fmt::format("{} v{}", tariff.id, tariff.version)));
    count(part("vehicle", vehicle));
    count(part("calibration", pair.calibration.empty() ? "none" : pair.calibration.substr(0, kReleaseShown)));
    count(part("shadow", pair.source + (pair.calibration.empty() ? "" : ", calibrated")));
    count(report.kinds[{vehicle, pair.calibration, pair.source}]);
    if (auto& newest = gathered.newest[vehicle]; trip.at >= newest.first || newest.first == base::WallTime{})
      newest = {trip.at, pair.calibration};
    if (const auto straight =
            distance::straight_m({trip.from_lat_e7, trip.from_lon_e7, trip.to_lat_e7, trip.to_lon_e7}))
      count(part("straight", distance_name(static_cast<std::int64_t>(std::ceil(*straight)))));
    count(part("distance", distance_name(trip.metres)));
    count(part("hour", fmt::format("{:02}:00", local.time_of_day.count() / 60)));
    count(part("day", fmt::format("{:04}-{:02}-{:02}", static_cast<int>(local.date.year()),
                                  static_cast<unsigned>(local.date.month()),
                                  static_cast<unsigned>(local.date.day()))));
    count(part("area", area_name(trip.from_lat_e7, trip.from_lon_e7)));
    if (trip.metres > 0) {
      const double error = static_cast<double>(trip.shadow_m) / static_cast<double>(trip.metres) - 1;
      gathered.errors.push_back(error);
      const double bar = std::floor(error * 100) + static_cast<double>(kErrorBars / 2);
      ++report.errors.at(static_cast<std::size_t>(std::clamp(bar, 0.0, static_cast<double>(kErrorBars - 1))));
    }
    keep_worst(report.worst, trip);
  }

  static void keep_worst(std::vector<ShadowTrip>& worst, const ShadowTrip& trip) {
    if (trip.shadow_m == trip.metres) return;
    if (worst.size() < kWorstTrips) return worst.push_back(trip);
    const auto best = std::ranges::max_element(worst, worse);  // the least of the worst
    if (worse(trip, *best)) *best = trip;
  }

  const Ledger& ledger_;
  const ShadowSpan span_;
  const std::string provider_;
  ShadowReports out_;
  std::set<std::string> providers_;
  std::map<std::string, std::shared_ptr<const fee::Tariff>> tariffs_;
  std::map<std::pair<std::string, std::string>, Gathered> gathered_;
};

}  // namespace

void ShadowSum::add(const ShadowSum& other) {
  pairs += other.pairs;
  same += other.same;
  inside += other.inside;
  off_minor += other.off_minor;
  miss_minor += other.miss_minor;
  bias += other.bias;
}

base::Result<ShadowReports> shadow_reports(const Ledger& ledger, const ShadowSpan& span,
                                           std::string_view provider,
                                           const std::function<void(std::int64_t, std::int64_t)>& progress) {
  const auto last = ledger.last_seq();
  if (!last) return base::fail(last.error());
  Reporter reporter(ledger, span, provider);
  const auto read = ledger.for_each(1, [&](const StoredRow& stored) {
    if (progress) progress(stored.seq, *last);
    reporter.visit(stored.row);
    return true;
  });
  if (!read) return base::fail(read.error());
  return reporter.finish();
}

}  // namespace reckon::ledger

#pragma once

// "If this provider vanished now": each recorded quote that a provider measured carries the local estimate of
// the same trip, its shadow. Both are priced by the recorded tariff, and compared.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/ledger/ledger.h"

namespace reckon::ledger {

/// Sums over some of the pairs.
struct ShadowSum {
  std::int64_t pairs = 0;
  std::int64_t same = 0;        ///< the fee would have been the same
  std::int64_t inside = 0;      ///< the provider's metres lie in the shadow's 90 % interval
  std::int64_t off_minor = 0;   ///< sum of shadow fee less fee
  std::int64_t miss_minor = 0;  ///< sum of its size
  double bias = 0;              ///< sum of the shadow's metres over the provider's, less one
  void add(const ShadowSum& other);
  double same_share() const { return ratio(same); }
  double inside_share() const { return ratio(inside); }
  double mean_bias() const { return pairs == 0 ? 0 : bias / static_cast<double>(pairs); }
  double mean_off() const { return ratio(off_minor); }
  double mean_miss() const { return ratio(miss_minor); }

 private:
  double ratio(std::int64_t sum) const {
    return pairs == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(pairs);
  }
};

/// One pair, of those that differ most.
struct ShadowTrip {
  std::string quote_id;
  base::WallTime at{};
  std::int64_t from_lat_e7 = 0, from_lon_e7 = 0, to_lat_e7 = 0, to_lon_e7 = 0;
  std::int64_t metres = 0, shadow_m = 0;
  std::int64_t fee_minor = 0, shadow_minor = 0;
  std::string shadow_source;
};

/// Estimates of one kind: a guess of the same kind is as good as these were.
struct ShadowKind {
  std::string vehicle;
  std::string calibration;  ///< its release; empty: none
  std::string source;       ///< of the estimate: a Source label
  friend auto operator<=>(const ShadowKind&, const ShadowKind&) = default;
};

/// Bars of the histogram of relative errors: from -15 % to 15 % by 1 %, what lies beyond in the outer ones.
inline constexpr std::size_t kErrorBars = 30;
inline constexpr std::size_t kWorstTrips = 10;

/// All of one provider in one currency.
struct ShadowReport {
  std::string provider;
  std::string currency;
  ShadowSum all;
  ShadowSum now;  ///< under the calibration of each vehicle's newest quote: what would hold now
  std::map<ShadowKind, ShadowSum> kinds;  ///< the same pairs by kind of estimate
  base::WallTime first{}, last{};
  double error_p5 = 0, error_p50 = 0,
         error_p95 = 0;  ///< of the shadow's metres over the provider's, less one
  std::array<std::int64_t, kErrorBars> errors{};
  /// `tariff`, `vehicle`, `calibration` (how its release begins, or `none`), `shadow`, `straight` (line: what
  /// intervals are calibrated by), `distance`, `hour`, `day`, `area`: sums by the name of each part, in order
  /// of names.
  std::map<std::string, std::map<std::string, ShadowSum>> by;
  std::vector<ShadowTrip> worst;  ///< by difference of fee, then of metres; at most kWorstTrips
};

struct ShadowReports {
  std::vector<ShadowReport> reports;
  std::vector<std::string> providers;  ///< that measured a quote, whichever was asked for; in order
  std::int64_t rows = 0;               ///< quotes read
  std::int64_t unpaired = 0;           ///< by a provider, but without a shadow: recorded by an older version
  std::int64_t unreadable = 0;  ///< whose trace, quote or tariff cannot be read: `reckon verify` names them
};

/// Quotes made from `since` until `until`, both included.
struct ShadowSpan {
  base::WallTime since = base::WallTime::min();
  base::WallTime until = base::WallTime::max();
};

/// Reads the ledger once. Days and hours are in the tariff's time zone; areas are cells of a hundredth of a
/// degree (about a kilometre) by pickup, named by their south-west corner.
/// @param span      other quotes are passed over
/// @param provider  of this one only; empty: all
/// @errors kEnvironment, kCorrupt  the ledger cannot be read
/// Cost: some tens of microseconds a row; eight bytes a pair are kept.
base::Result<ShadowReports> shadow_reports(
    const Ledger& ledger, const ShadowSpan& span, std::string_view provider,
    const std::function<void(std::int64_t, std::int64_t)>& progress = {});

}  // namespace reckon::ledger

#pragma once

// How evenly the work of a day fell on riders: calls, kilometres and pay for each hour on duty, and who was
// passed over. For the rider who asks why he never gets the good calls.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/dispatch/decision_replay.h"

namespace reckon::dispatch {

inline constexpr std::size_t kMaxRiderRecords = 1'000'000;
/// Who was on duty for less says nothing about fairness: one call more or less would be ten an hour.
inline constexpr double kLeastDutyHours = 0.25;

/// One rider's day.
struct RiderRecord {
  std::uint32_t id = 0;  ///< as in the decision log
  std::string name;
  double hours = 0;  ///< on duty
  double calls = 0;
  double kilometres = 0;
  double pay = 0;                 ///< in the currency's major unit
  std::uint64_t shown = 0;        ///< orders that he was given, asked for or saw on a list
  double shown_after_s = 0;       ///< mean time from an order's placement until he was shown it first
  std::uint64_t considered = 0;   ///< decisions in whose log he stands, excluded or not
  std::uint64_t passed_over = 0;  ///< of them, where he was the cheapest by himself and another one got it
};

/// How a measure spreads over riders.
struct Spread {
  double mean = 0;
  double least = 0;
  double p10 = 0;
  double median = 0;
  double p90 = 0;
  double most = 0;
  double gini = 0;  ///< 0: all the same; towards 1: one has all
};

struct FairnessReport {
  std::size_t riders = 0;
  std::size_t short_shifts = 0;  ///< left out: under kLeastDutyHours
  double hours = 0;
  Spread calls_per_hour;
  Spread kilometres_per_hour;
  Spread pay_per_hour;
  Spread visibility_delay_s;  ///< RiderRecord::shown_after_s of those who were shown anything
};

/// The Gini coefficient; 0 for no values, or when all are 0. Values are >= 0. Cost: O(n log n).
double gini(std::vector<double> values);
Spread spread(std::vector<double> values);
FairnessReport fairness(std::span<const RiderRecord> riders);

/// Reads the columns `id,rider,on_s,off_s,calls,distance_m,pay` of a CSV, and `shown,shown_after_s` where it
/// has both; others are passed over.
/// @param name  stands in `where`
/// @errors kInvalidInput  every fault by line
base::Result<std::vector<RiderRecord>> read_rider_records(std::string_view csv, std::string_view name);

/// Counts the decisions of a log (one JSON document a line; its other lines are passed over) into the
/// records; riders who are not there are a fault.
/// @errors kInvalidInput  by line
base::Result<void> count_decisions(std::string_view log, std::string_view name,
                                   std::vector<RiderRecord>& riders);

}  // namespace reckon::dispatch

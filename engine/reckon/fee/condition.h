#pragma once

// When a rule applies: parts that must all hold, each with values of which one is enough.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/context.h"

namespace reckon::fee {

/// `any_of` and `not` within each other; contracts seen need one level.
inline constexpr int kMaxConditionDepth = 4;

/// A local time window [from, to) in minutes of the day; `to` <= `from` crosses midnight and belongs to the
/// start day.
struct TimeWindow {
  std::chrono::minutes from{};  ///< [0, 1440]; 24:00 is midnight at the end of the day
  std::chrono::minutes to{};
};

/// Local days from `from` to `to`, both included.
struct DateRange {
  std::chrono::sys_days from{}, to{};
};

/// All parts given must hold; within a part any of its values is enough. No part: always.
struct Condition {
  std::vector<Weather> weather;
  std::vector<std::string> holiday;  ///< said by the context, or by the tariff's calendar for the day
  std::vector<std::string> area;
  std::vector<std::string> complex;
  std::optional<bool> bundle;
  std::vector<TimeWindow> time;  ///< in the tariff's time zone
  std::uint8_t weekdays = 0;     ///< bit 0 = Sunday … bit 6 = Saturday of the window's start day; 0 = any
  std::vector<DateRange> dates;  ///< of the window's start day
  std::vector<std::string> flags, building, building_list, channel;
  std::vector<std::string> pickup_zone, dropoff_zone;
  std::optional<std::string> zones_differ;  ///< a layer in which pickup and drop-off are not in one zone
  std::array<std::optional<Range>, kMeasureCount> measures = {};  ///< a missing reading: does not hold
  std::vector<Condition> any_of;                                  ///< one of them holds
  std::vector<Condition> unless;                                  ///< `not`: at most one; it does not hold
};

/// Reads a `when`; every fault is located. An absent node is the condition that always holds.
Condition read_condition(const base::JsonNode& node);

/// The condition's canonical JSON.
void write_condition(base::JsonWriter& json, const Condition& when);

/// `2026-02-17`; anything else is a fault.
std::chrono::sys_days read_date(const base::JsonNode& node);
std::string date_text(std::chrono::sys_days day);

/// Calls `visit` for the condition and every one nested in it.
template <class Visit>
void each_condition(const Condition& when, Visit&& visit) {
  visit(when);
  for (const auto& child : when.any_of) each_condition(child, visit);
  for (const auto& child : when.unless) each_condition(child, visit);
}

}  // namespace reckon::fee

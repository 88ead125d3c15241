#pragma once

// What a tariff's conditions ask: when and where a delivery is, what is told of it, and whether a rule's
// tests hold. Inside the room, for plan.cc.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reckon/fee/plan.h"

namespace reckon::fee {

/// One delivery in one context under one plan. The three must outlive it.
class Situation {
 public:
  Situation(const Plan& plan, const Delivery& delivery, const FeeContext& context)
      : plan_(plan), delivery_(delivery), context_(context), distance_(delivery.distance) {}

  /// Checks what the plan needs, and finds the local time and the zones that it asks for; before all else.
  /// @errors kInvalidInput  as Plan::evaluate
  base::Result<void> resolve();

  /// Whether all tests in [begin, end) of the plan hold.
  bool all_hold(std::uint32_t begin, std::uint32_t end) const;

  /// What is told of a measure; nothing where it is not.
  std::optional<std::int64_t> reading(Measure measure) const {
    if (measure == Measure::kDistanceM) return distance_.value;
    return context_.measures[static_cast<std::size_t>(measure)];
  }

  base::Metres distance() const { return distance_; }
  /// Where a zone table names another distance than the delivery's.
  void set_distance(base::Metres distance) { distance_ = distance; }
  const ZonesHere& pickup() const { return pickup_; }
  const ZonesHere& dropoff() const { return dropoff_; }

 private:
  using Test = Plan::Test;
  using Code = Plan::Code;
  struct LocalTime {
    std::int32_t day = 0;     // since 1970-01-01
    std::int32_t minute = 0;  // of the day
  };

  base::Result<void> check_inputs();
  base::Result<void> resolve_time();
  void resolve_local();
  static std::optional<std::int32_t> start_day(const TimeWindow& window, const LocalTime& now);

  bool listed(std::uint32_t begin, std::uint32_t end, const std::string& name) const;
  bool any_listed(const Test& test, const std::vector<std::string>& names) const;
  bool in_zones(const Test& test, const ZonesHere& here) const;
  bool zones_differ(std::size_t layer) const;
  bool day_matches(const Plan::DayTest& test, std::int32_t day) const;
  bool day_holds(const Plan::DayTest& test) const;
  bool measure_holds(const Test& test) const;
  bool any_child_holds(std::uint32_t begin, std::uint32_t end) const;
  bool holds(std::uint32_t at) const;

  const Plan& plan_;
  const Delivery& delivery_;
  const FeeContext& context_;
  base::Metres distance_;
  base::WallTime at_{};
  LocalTime now_;
  ZonesHere pickup_{}, dropoff_{};
  std::int64_t weather_ = 0;  // a bit for each
};

}  // namespace reckon::fee

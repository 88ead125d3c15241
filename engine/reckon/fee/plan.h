#pragma once

// A tariff compiled for pricing: conditions flattened into tests, names sorted, zones indexed, groups
// resolved. Evaluation allocates nothing once its Fee has been used before.
//
// The order is fixed:
//   1. base (or the zone table's price), then distance steps; of an order on a route its part of the route
//   2. rounding of stage `distance`
//   3. surcharges that do not compound, each on base or base + distance; exclusive groups pick among them
//   4. caps of groups
//   5. surcharges that compound, each on everything so far (never on each other)
//   6. the cap of all surcharges
//   7. rounding of stage `surcharges`
//   8. promotions, exclusive groups of them, their caps, the cap of all promotions
//   9. minimum (0 when none is named), maximum, rounding of stage `total`
//  10. cancelled: what is due instead; returned: what is due besides; VAT

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/fee/line_form.h"
#include "reckon/fee/tariff.h"

namespace reckon::fee {

/// A priced delivery. Keep one and use it again: its lines keep their memory.
struct Fee {
  std::vector<FeeLine> lines;
  Money total;               ///< without VAT
  std::optional<Money> vat;  ///< nothing: the tariff has none
  base::Metres distance;     ///< what was priced: the caller's, or the zone table's

  struct Applied {  // rules that apply, before groups pick
    std::uint32_t index;
    std::int64_t count;
    Money amount;
    bool dropped;
  };
  std::vector<Applied> applied;  ///< scratch
};

/// What is priced besides the context.
struct Delivery {
  base::Metres distance;
  std::optional<geo::PointE7> from, to;  ///< needed where the tariff has zones
};

/// Immutable; any thread.
class Plan {
 public:
  /// Compiles a tariff without faults; names in it are known to be declared.
  explicit Plan(const Tariff& tariff);

  /// Prices `delivery` in `context` into `fee`.
  /// @errors kInvalidInput  distance outside [0, kMaxDistance]; the deciding instant missing or outside the
  ///                        tariff's validity; a reading that the tariff needs, or places where it has zones,
  ///                        missing; no table entry for the two zones; a route or an outcome
  ///                        for which the tariff has no price
  ///         kLimit         an amount does not fit 64 bits
  /// Cost: O(steps + tests); 0.1 to 2 us; no allocation when `fee` has been used with this plan before.
  base::Result<void> evaluate(const Delivery& delivery, const FeeContext& context, Fee& fee) const;

  /// The distance that the zone table gives for a trip; nothing when it gives a price instead.
  /// Only for tariffs with the basis `zone`. @errors kInvalidInput  no entry for its zones
  base::Result<std::optional<base::Metres>> table_distance(geo::PointE7 from, geo::PointE7 to) const;

  const ZoneSet& zones() const { return zones_; }
  /// How the tariff's lines are written.
  const LineForms& line_forms() const { return line_forms_; }

 private:
  friend class PlanCompiler;
  friend class Evaluation;
  friend class Situation;

  enum class Code : std::uint8_t {
    kWeather,  // bits low
    kBundle,   // low = wanted
    kHoliday,  // names, or the calendar's days [day_begin, day_end) on the deciding day
    kArea,     // names
    kComplex,
    kFlags,
    kBuilding,
    kChannel,
    kPickupZone,  // ids
    kDropoffZone,
    kZonesDiffer,  // low = layer
    kMeasure,      // arg = measure, [low, high]
    kDay,          // index of a DayTest
    kAnyOf,        // children up to end
    kChild,        // one child up to end
    kNot,          // one child up to end
  };
  struct Test {
    Code code;
    std::uint8_t arg = 0;
    std::uint32_t begin = 0, end = 0;  // into names_, ids_; for kAnyOf, kChild, kNot `end` is a test
    std::int64_t low = 0, high = 0;
  };
  // All that hangs on the day: of the window that holds, the day on which it began.
  struct DayTest {
    std::uint8_t weekdays = 0;
    bool has_windows = false, has_dates = false, has_holidays = false;
    std::uint32_t window_begin = 0, window_end = 0;    // windows_
    std::uint32_t date_begin = 0, date_end = 0;        // dates_
    std::uint32_t holiday_begin = 0, holiday_end = 0;  // days_
    std::uint32_t name_begin = 0, name_end = 0;        // names_, for what the context says
  };
  struct Rule {
    std::uint32_t test_begin = 0, test_end = 0;
    SurchargeKind kind = SurchargeKind::kFixed;
    RateBase on = RateBase::kBaseAndDistance;
    bool may_opt_out = false, has_per = false;
    std::int32_t group = -1;
    std::uint32_t opt_out_name = 0;  // in names_
    std::uint32_t name_rank = 0;     // order by name: decides between equals
    std::int64_t amount = 0, rate_ppm = 0, priority = 0, maximum = 0;  // maximum < 0 = none
    Rounding rounding;
    PerUnit per;
  };

  // Copies of what the tariff says, so that neither has to outlive the other.
  std::string id_;
  std::int64_t version_ = 1;
  std::optional<base::TimeZone> time_zone_;
  std::optional<TimeBasis> time_basis_;
  base::WallTime valid_from_{}, valid_until_{};  // valid_until_ = the end of time when open
  bool has_until_ = false;
  Money base_price_;
  std::vector<DistanceStep> steps_;
  std::vector<Group> groups_;
  std::optional<Money> surcharge_maximum_, promotion_maximum_, minimum_, maximum_;
  std::optional<Rounding> distance_rounding_, surcharge_rounding_, rounding_;
  std::optional<Vat> vat_;
  std::vector<Measure> needs_;
  std::optional<RoutePricing> route_;
  std::vector<OutcomeFee> cancellation_, returns_;
  LineForms line_forms_;

  ZoneSet zones_;
  bool needs_local_ = false, needs_zones_ = false, has_table_ = false;
  std::vector<Rule> surcharges_, promotions_;
  bool compounds_ = false;  // a surcharge stands on the others
  std::vector<Test> tests_;
  std::vector<DayTest> day_tests_;
  std::vector<TimeWindow> windows_;
  std::vector<std::pair<std::int32_t, std::int32_t>> dates_;  // days since 1970
  std::vector<std::int32_t> days_;                            // holidays, sorted within each range
  std::vector<std::string> names_;                            // sorted within each range
  std::vector<std::uint32_t> ids_;                            // sorted within each range
  struct Cell {
    std::uint64_t zones;  // from * 2^32 + to
    std::uint32_t entry;
    std::int64_t metres, price;  // one of them, the other -1
  };
  const Cell* cell_of(const ZonesHere& from, const ZonesHere& to) const;
  tl::unexpected<base::Error> no_cell(const ZonesHere& from, const ZonesHere& to) const;
  std::vector<Cell> table_;  // sorted by zones
  std::uint32_t table_layer_ = 0;
};

}  // namespace reckon::fee

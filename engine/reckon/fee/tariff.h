#pragma once

// A tariff: the contract between a shop and its agency as data. Immutable once read, named by its content
// hash.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/units.h"
#include "reckon/fee/context.h"
#include "reckon/fee/money.h"

namespace reckon::fee {

/// Longest distance that can be priced: beyond any country's road.
inline constexpr base::Metres kMaxDistance{1'000'000};

/// Rungs and rules of one tariff: contracts seen have fewer than 10.
inline constexpr std::size_t kMaxSteps = 64;
inline constexpr std::size_t kMaxSurcharges = 256;

/// What the contract measures. Fixed by the tariff, because it decides what is asked.
enum class DistanceBasis : std::uint8_t {
  kProvider,   ///< `provider`: the map provider's road distance, and the ladder below it
  kRoad,       ///< `road`: the own road map's legal route
  kStraight,   ///< `straight`: geodesic on the WGS84 ellipsoid
  kHaversine,  ///< `straight` with the formula `haversine-6371000`
};

std::string_view to_string(DistanceBasis basis);

/// One rung of the distance ladder: every started `length` past `beyond` costs `price`, until the next rung's
/// `beyond`.
struct DistanceStep {
  base::Metres beyond;  ///< exclusive lower bound, >= 0
  base::Metres length;  ///< > 0; a started length is charged whole
  Money price;          ///< >= 0, per length
};

enum class SurchargeType : std::uint8_t {
  kWeather,
  kArea,
  kOverload,
  kHoliday,
  kTime,
  kBusy,
  kLateNight,
  kValuable,
  kAdmin,
  kAlcoholic,
  kPromotion,
  kEtc
};
/// The twelve names of Barogo's inter-agency interface, as they stand in tariffs and quotes
/// (docs/sources.md).
inline constexpr std::array<std::string_view, 12> kSurchargeTypeNames = {
    "WEATHER",    "AREA",     "OVERLOAD", "HOLIDAY",   "TIME",      "BUSY",
    "LATE_NIGHT", "VALUABLE", "ADMIN",    "ALCOHOLIC", "PROMOTION", "ETC"};
std::string_view to_string(SurchargeType type);

enum class SurchargeKind : std::uint8_t {
  kFixed,  ///< `amount` minor units
  kRate,   ///< `rate_ppm` of base + distance; surcharges never compound
  kNone,   ///< applies, but its amount is unknown at quote time: a line of 0
};

/// A local time window [from, to) in minutes of the day; `to` <= `from` crosses midnight and belongs to the
/// start day.
struct TimeWindow {
  std::chrono::minutes from{};  ///< [0, 1440]; 24:00 is midnight at the end of the day
  std::chrono::minutes to{};
};

/// All parts given must hold; within a part any of its values is enough. No part: always.
struct Condition {
  std::vector<Weather> weather;
  std::vector<std::string> holiday;
  std::vector<std::string> area;
  std::vector<std::string> complex;
  std::optional<bool> bundle;
  std::vector<TimeWindow> time;  ///< in the tariff's time zone
  std::uint8_t weekdays = 0;     ///< bit 0 = Sunday … bit 6 = Saturday of the window's start day; 0 = any
};

struct Surcharge {
  std::string rule;  ///< unique within the tariff; stands in traces
  SurchargeType type = SurchargeType::kEtc;
  SurchargeKind kind = SurchargeKind::kFixed;
  Money amount;               ///< kFixed; may be negative (a promotion)
  std::int64_t rate_ppm = 0;  ///< kRate
  RoundingMode rounding = RoundingMode::kDown;
  bool may_opt_out = false;  ///< the shop may opt out of this rule
  Condition when;
  std::string text;  ///< for people
};

struct Vat {
  std::int64_t rate_ppm = 0;  ///< 0 = zero-rated
  RoundingMode rounding = RoundingMode::kDown;
};

struct Rounding {
  std::int64_t unit = 1;
  RoundingMode mode = RoundingMode::kDown;
};

/// A worked example that stands in the tariff's file; not part of its release.
struct Vector {
  std::string name;
  std::string why;  ///< the arithmetic in words
  base::Metres distance;
  FeeContext context;
  Money total;
  std::optional<Money> vat;
};

struct Tariff {
  std::string id;
  std::int64_t version = 1;
  Currency currency;
  std::optional<base::TimeZone> time_zone;  ///< always set by the reader
  base::WallTime valid_from{};
  std::optional<base::WallTime> valid_until;  ///< exclusive
  DistanceBasis basis = DistanceBasis::kRoad;
  Money base_price;
  base::Metres base_up_to;            ///< what the base price covers; the first step may not begin below it
  std::vector<DistanceStep> steps;    ///< strictly increasing in `beyond`
  std::vector<Surcharge> surcharges;  ///< in the order in which lines appear
  std::optional<Money> minimum;
  std::optional<Money> maximum;
  std::optional<Rounding> rounding;  ///< of the total before VAT
  std::optional<Vat> vat;            ///< nothing = no VAT on this tariff
  std::vector<Vector> vectors;
  std::string canonical;  ///< the pricing content as canonical JSON, without `vectors`
  std::string release;    ///< `sha256:…` of `canonical`
};

/// Whether `at` lies in [valid_from, valid_until).
bool in_force(const Tariff& tariff, base::WallTime at);

/// Whether the surcharge applies in this context. Pure.
bool applies(const Surcharge& surcharge, const FeeContext& context, const base::TimeZone::Local& local);

}  // namespace reckon::fee

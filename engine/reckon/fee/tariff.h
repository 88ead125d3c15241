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
#include "reckon/fee/condition.h"
#include "reckon/fee/context.h"
#include "reckon/fee/money.h"
#include "reckon/fee/zones.h"

namespace reckon::fee {

class Plan;

/// Longest distance that can be priced: beyond any country's road.
inline constexpr base::Metres kMaxDistance{1'000'000};

/// Rungs and rules of one tariff: contracts seen have fewer than 10.
inline constexpr std::size_t kMaxSteps = 64;
inline constexpr std::size_t kMaxSurcharges = 256;
inline constexpr std::size_t kMaxGroups = 32;
/// Ten years of holidays, with days to spare.
inline constexpr std::size_t kMaxHolidays = 1'000;
inline constexpr std::size_t kMaxBuildingLists = 64;
inline constexpr std::size_t kMaxBuildings = 100'000;
/// Every pair of 300 zones.
inline constexpr std::size_t kMaxTableEntries = 100'000;
/// A tariff file: people write most by hand, but 10,000 zones of 200 corners are some 50 MB.
inline constexpr std::size_t kMaxTariffBytes = std::size_t{64} << 20;

/// What the contract measures. Fixed by the tariff, because it decides what is asked.
enum class DistanceBasis : std::uint8_t {
  kProvider,   ///< `provider`: the map provider's road distance, and the ladder below it
  kRoad,       ///< `road`: the own road map's legal route
  kStraight,   ///< `straight`: geodesic on the WGS84 ellipsoid
  kHaversine,  ///< `straight` with the formula `haversine-6371000`
  kZone,       ///< `zone`: the tariff's own table of zones
};

std::string_view to_string(DistanceBasis basis);

/// Which metres price while the provider does not answer: of the 90 % interval of what it would have said.
enum class EstimateChoice : std::uint8_t {
  kLikely,  ///< those most likely to give the provider's own fee
  kMedian,  ///< as likely too long as too short
  kLow,     ///< the interval's low end: nobody pays for the outage but the operator
  kHigh,    ///< its high end
};
inline constexpr std::array<std::string_view, 4> kEstimateNames = {"likely", "median", "low", "high"};

/// One rung of the distance ladder: every started `length` past `beyond` costs `price`, until the next rung's
/// `beyond`.
struct DistanceStep {
  base::Metres beyond;                    ///< exclusive lower bound, >= 0
  base::Metres length;                    ///< > 0; a started length is charged whole
  Money price;                            ///< >= 0, per length
  std::optional<Rounding> pro_rata = {};  ///< charged by the metre instead, and rounded so
};

/// Fees of a route that serves several orders; each order is charged its part.
struct RoutePricing {
  Money pickup;                         ///< of the first place
  std::int64_t further_pickup_ppm = 0;  ///< of `pickup`, for each further place
  Rounding rounding;                    ///< of that
  Money drop;                           ///< of an order, for its first stop
  Money extra_stop;                     ///< for each further stop of it
  std::vector<DistanceStep> legs;       ///< on the metres of the whole route, from 0
  LegShare share = LegShare::kDirect;   ///< how the legs are shared; pickups are shared equally
  bool remainder_to_last = false;       ///< else to the first order
};

/// One cell of a zone table: the distance that prices, or the price of base and distance.
struct TableEntry {
  std::string from, to;  ///< zones of the table's layer
  bool both_ways = false;
  std::optional<base::Metres> distance;
  std::optional<Money> price;
};

/// For the basis `zone`.
struct ZoneTable {
  std::string layer;
  std::vector<TableEntry> entries;
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
  kRate,   ///< `rate_ppm` of what `on` names
  kNone,   ///< applies, but its amount is unknown at quote time: a line of 0
};
inline constexpr std::array<std::string_view, 3> kSurchargeKindNames = {"FIXED", "RATE", "NONE"};

/// What a rate stands on. Nothing compounds but what says `with_surcharges`.
enum class RateBase : std::uint8_t { kBaseAndDistance, kBase, kWithSurcharges };
inline constexpr std::array<std::string_view, 3> kRateBaseNames = {"base_and_distance", "base",
                                                                   "with_surcharges"};

/// A FIXED amount for each started `each` beyond `beyond` of a reading.
struct PerUnit {
  Measure measure = Measure::kWeightG;
  std::int64_t beyond = 0;  ///< reading (thousandths where the measure has decimals)
  std::int64_t each = 1;    ///< > 0
};

/// A surcharge, or a promotion (then amounts and rates are what is taken off).
struct Surcharge {
  std::string rule;  ///< unique within the tariff; stands in traces
  SurchargeType type = SurchargeType::kEtc;
  SurchargeKind kind = SurchargeKind::kFixed;
  Money amount;               ///< kFixed; may be negative in a surcharge
  std::int64_t rate_ppm = 0;  ///< kRate
  Rounding rounding;          ///< kRate
  RateBase on = RateBase::kBaseAndDistance;
  std::optional<PerUnit> per;    ///< kFixed
  std::optional<Money> maximum;  ///< kRate, and kFixed with `per`
  std::string group;             ///< empty = none
  std::int64_t priority = 0;     ///< within a group that picks by priority; higher wins
  bool may_opt_out = false;      ///< the shop may opt out of this rule
  Condition when;
  std::string text;                         ///< for people
  std::optional<std::string> text_ko = {};  ///< the same in Korean
};

/// Which of a group's rules that apply are charged.
enum class Pick : std::uint8_t {
  kAll,
  kHighest,   ///< the one of the largest amount
  kLowest,    ///< the one of the smallest amount
  kPriority,  ///< the one of the highest priority, then of the largest amount
};
inline constexpr std::array<std::string_view, 4> kPickNames = {"all", "highest", "lowest", "priority"};

/// Rules that exclude each other, or that share a cap; all surcharges or all promotions.
struct Group {
  std::string name;
  Pick pick = Pick::kAll;
  std::optional<Money> maximum;  ///< of the sum of its lines
};

struct Holiday {
  std::chrono::sys_days date{};
  std::string kind;  ///< what conditions ask for: `public`, `major`, …
};

struct BuildingList {
  std::string name;
  std::vector<std::string> buildings;
};

/// Whose tariff it is; nothing narrower than its kind is said.
enum class ScopeKind : std::uint8_t { kBranch, kShopGroup, kShop };
inline constexpr std::array<std::string_view, 3> kScopeKindNames = {"branch", "shop_group", "shop"};
struct Scope {
  ScopeKind kind = ScopeKind::kBranch;
  std::string name;
};

struct Vat {
  std::int64_t rate_ppm = 0;  ///< 0 = zero-rated
  Rounding rounding;
};

/// The trip behind a distance, for the record and for zones: E7 integers, because they have one way to be
/// written.
struct TripRecord {
  std::int64_t from_lat_e7 = 0, from_lon_e7 = 0, to_lat_e7 = 0, to_lon_e7 = 0;
  std::string vehicle;
};

/// A worked example that stands in the tariff's file; not part of its release.
struct Vector {
  std::string name;
  std::string why;  ///< the arithmetic in words
  base::Metres distance;
  FeeContext context;
  Money total;
  std::optional<Money> vat;
  std::optional<Money> rider_pay = {};
  std::optional<TripRecord> trip = {};
  std::string refused;  ///< where the refusal must stand (`trip`, `at`, …); empty = it is priced
};

enum class Status : std::uint8_t { kDraft, kApproved };
inline constexpr std::array<std::string_view, 2> kStatusNames = {"draft", "approved"};

struct Tariff {
  std::string id;
  std::int64_t version = 1;
  Status status = Status::kApproved;  ///< a draft prices nothing but tests; not part of the release
  Currency currency;
  std::optional<Scope> scope;               ///< nothing = every shop
  std::optional<base::TimeZone> time_zone;  ///< always set by the reader
  std::optional<TimeBasis> time_basis;      ///< nothing = the context's `at`
  base::WallTime valid_from{};
  std::optional<base::WallTime> valid_until;  ///< exclusive
  DistanceBasis basis = DistanceBasis::kRoad;
  EstimateChoice estimate = EstimateChoice::kLikely;  ///< under the basis `provider`
  std::optional<ZoneTable> table;                     ///< with the basis `zone`, and only then
  Money base_price;
  base::Metres base_up_to;            ///< what the base price covers; the first step may not begin below it
  std::vector<DistanceStep> steps;    ///< strictly increasing in `beyond`
  std::vector<Surcharge> surcharges;  ///< in the order in which lines appear
  std::vector<Surcharge> promotions;
  std::vector<Group> groups;
  std::optional<Money> surcharge_maximum;  ///< of all surcharges together
  std::optional<Money> promotion_maximum;  ///< of all promotions together
  std::optional<Money> minimum;
  std::optional<Money> maximum;
  std::optional<Rounding> distance_rounding;   ///< of base + distance
  std::optional<Rounding> surcharge_rounding;  ///< of base + distance + surcharges, before promotions
  std::optional<Rounding> rounding;            ///< of the total before VAT
  std::optional<Vat> vat;                      ///< nothing = no VAT on this tariff
  std::optional<RoutePricing> route;           ///< for contexts with a route
  std::vector<OutcomeFee> cancellation;        ///< due in place of the fee
  std::vector<OutcomeFee> returns;             ///< due on top of the fee
  std::shared_ptr<const Tariff> rider_pay;     ///< what the rider gets; id, zones, calendar … as here
  std::vector<Measure> needs;                  ///< readings without which nothing is priced
  std::vector<Zone> zones;
  std::vector<Holiday> holidays;  ///< sorted by date
  std::vector<BuildingList> building_lists;
  std::vector<Vector> vectors;
  std::string canonical;             ///< the pricing content as canonical JSON, without `vectors`
  std::string release;               ///< `sha256:…` of `canonical`
  std::shared_ptr<const Plan> plan;  ///< compiled from the above; always set by the reader
};

/// The instant that decides: the one that the tariff's time basis names where the context tells such
/// instants, else `at`; nothing when the context tells instants but not that one.
std::optional<base::WallTime> decisive_time(const Tariff& tariff, const FeeContext& context);

/// Whether `at` lies in [valid_from, valid_until).
bool in_force(const Tariff& tariff, base::WallTime at);

/// Whether the tariff is for the branch, shop group or shop that the context names.
bool covers(const Tariff& tariff, const FeeContext& context);

}  // namespace reckon::fee

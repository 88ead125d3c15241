#pragma once

// The fee of one delivery: integers only, no clock, no I/O. The order is fixed: base, distance steps,
// surcharges as the tariff lists them (each on base + distance, never on each other), minimum, maximum,
// rounding, VAT.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/base/units.h"
#include "reckon/fee/context.h"
#include "reckon/fee/tariff.h"

namespace reckon::fee {

enum class LineKind : std::uint8_t { kBase, kStep, kSurcharge, kMinimum, kMaximum, kRounding };

/// One line of a fee; which rule gave it, and how much.
struct FeeLine {
  LineKind kind = LineKind::kBase;
  std::uint32_t index = 0;  ///< of the step or surcharge in the tariff
  std::int64_t count = 0;   ///< started lengths, for kStep
  Money amount;
};

/// The trip behind a distance, for the record: E7 integers, because they have one way to be written.
struct TripRecord {
  std::int64_t from_lat_e7 = 0, from_lon_e7 = 0, to_lat_e7 = 0, to_lon_e7 = 0;
  std::string vehicle;
};

/// What was priced, for the record: pricing uses the metres only.
struct DistanceRecord {
  base::Metres metres;
  std::string source;                           ///< label: `provider:kakao`, `road`, …
  std::optional<std::string> map_release;       ///< of the road map consulted
  std::optional<TripRecord> trip = {};          ///< from where to where
  std::optional<std::string> calibration = {};  ///< release of the calibration behind the metres
};

/// A fee with everything needed to compute it again.
struct FeeTrace {
  std::shared_ptr<const Tariff> tariff;
  DistanceRecord distance;
  FeeContext context;
  std::vector<FeeLine> lines;  ///< amounts sum to `total`
  Money total;                 ///< without VAT
  std::optional<Money> vat;    ///< nothing: the tariff has none
};

/// Prices `distance` under `tariff` in `context`.
/// @errors kInvalidInput  distance outside [0, kMaxDistance]; `context.at` outside the tariff's validity
/// Cost: O(steps + surcharges), below a microsecond for simple tariffs. Pure: any thread, same result
/// everywhere.
base::Result<FeeTrace> price(std::shared_ptr<const Tariff> tariff, const FeeContext& context,
                             DistanceRecord distance);

/// `base`, `steps/0`, `rain`, `rounding`: the rule's name in traces and quotes.
std::string rule_of(const Tariff& tariff, const FeeLine& line);

/// `BASE`, `DISTANCE`, a surcharge type, `MINIMUM`, `MAXIMUM` or `ROUNDING`.
std::string_view type_of(const Tariff& tariff, const FeeLine& line);

/// One plain sentence, such as `3 started steps of 500 m beyond 1500 m at 500 KRW`.
std::string text_of(const Tariff& tariff, const FeeLine& line);

/// The trace as canonical JSON: same inputs, same bytes, on every machine.
std::string to_json(const FeeTrace& trace);

/// A trace read back: the inputs, and the tariff release that it names.
struct TraceInputs {
  std::string tariff_release;
  DistanceRecord distance;
  FeeContext context;
};

/// Reads the inputs of a trace's JSON; its results are for the caller to compare with a fresh `price`.
/// @errors kInvalidInput  syntax or meaning, located under `name`
base::Result<TraceInputs> read_trace_inputs(std::string_view json, std::string_view name);

}  // namespace reckon::fee

#pragma once

// The fee of one delivery with its record: integers only, no clock, no I/O. The order in which a fee is made
// stands in plan.h.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/base/units.h"
#include "reckon/fee/context.h"
#include "reckon/fee/plan.h"
#include "reckon/fee/tariff.h"

namespace reckon::base {
class JsonPen;
}

namespace reckon::fee {

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

  /// What the rider gets, where the tariff has `rider_pay`: priced on its own, and no part of the fee.
  struct RiderPay {
    std::vector<FeeLine> lines;  ///< of Tariff::rider_pay
    Money total;
  };
  std::optional<RiderPay> rider_pay = {};
};

/// Prices `distance` under `tariff` in `context`.
/// Under the basis `zone` the table's distance stands in the trace, whatever the caller's was.
/// @errors as Plan::evaluate
/// Cost: that of Plan::evaluate and of copying the inputs. Pure: any thread, same result everywhere.
base::Result<FeeTrace> price(std::shared_ptr<const Tariff> tariff, const FeeContext& context,
                             DistanceRecord distance);

/// `base`, `steps/0`, `rain`, `rounding`: the rule's name in traces and quotes.
std::string rule_of(const Tariff& tariff, const FeeLine& line);

/// `BASE`, `DISTANCE`, a surcharge type, `PROMOTION`, `CAP`, `MINIMUM`, `MAXIMUM`, `ROUNDING`, `PICKUP`,
/// `DROP`, `STOP`, `CANCELLATION` or `RETURN`.
std::string_view type_of(const Tariff& tariff, const FeeLine& line);

/// One plain sentence, such as `3 started steps of 500 m beyond 1500 m at 500 KRW`.
std::string text_of(const Tariff& tariff, const FeeLine& line);

/// Lines of `tariff` as the array of JSON that stands in traces and quotes:
/// `[{"rule":…,"type":…,"amount":…,"text":…},…]`. @return the pen behind it
base::JsonPen write_lines(base::JsonPen json, const Tariff& tariff, const std::vector<FeeLine>& lines);

/// The trace as canonical JSON: same inputs, same bytes, on every machine.
std::string to_json(const FeeTrace& trace);

/// What the plan is asked about a recorded distance.
Delivery delivery_of(const DistanceRecord& distance);

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

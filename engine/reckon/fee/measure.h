#pragma once

// What can be measured of a delivery and compared with bounds. Readings are whole numbers: units as they are,
// or thousandths where the measure has decimals, so that no comparison depends on binary fractions.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"

namespace reckon::fee {

enum class Measure : std::uint8_t {
  kRainMmH,         ///< precipitation observed, mm/h
  kSnowCm,          ///< snow lying or fallen, as the tariff's contract says, cm
  kTemperatureC,    ///< air temperature, degrees Celsius
  kBusyLevel,       ///< the branch's own scale
  kFloor,           ///< of the drop-off; ground floor by the country's custom
  kWeightG,         ///< of the goods
  kVolumeMl,        ///< of the goods
  kValue,           ///< of the goods, minor units of the tariff's currency
  kItems,           ///< number of goods
  kBundlePosition,  ///< 1 = first order of a bundle
  kStops,           ///< drop-offs of this order
  kDistanceM,       ///< the distance that is priced; never in a context, always known
};
inline constexpr std::size_t kMeasureCount = 12;

struct MeasureRule {
  std::string_view name;  ///< the key in conditions and contexts
  bool decimals;          ///< readings are thousandths
  std::int64_t min, max;  ///< in the measure's unit
};

const MeasureRule& rule_of(Measure measure);
std::optional<Measure> measure_from(std::string_view name);

/// A reading in [min, max] with at most three decimals where the measure has any; whole or thousandths.
std::optional<std::int64_t> read_reading(Measure measure, const base::JsonNode& node);

/// The reading as it is written in JSON: `3`, `-5.5`.
std::string reading_text(Measure measure, std::int64_t reading);

/// Readings in [low, high], both inclusive.
struct Range {
  std::int64_t low = 0;
  std::int64_t high = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

/// `{"at_least": 3}`, `{"over": 3}`, `{"at_most": 5}`, `{"below": 5}`, or one of the first two with one of
/// the last two; anything else is a fault.
Range read_range(Measure measure, const base::JsonNode& node);

/// The range with `at_least` and `at_most`, leaving out what the measure's own bounds say already.
void write_range(base::JsonWriter& json, Measure measure, const Range& range);

}  // namespace reckon::fee

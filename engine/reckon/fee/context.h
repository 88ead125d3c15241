#pragma once

// What is known of a delivery besides its distance: everything that surcharges may depend on.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/measure.h"
#include "reckon/fee/route_part.h"

namespace reckon::fee {

enum class Weather : std::uint8_t { kRain, kSnow, kHeat, kCold };
inline constexpr std::array<std::string_view, 4> kWeatherNames = {"rain", "snow", "heat", "cold"};
std::string_view to_string(Weather weather);

/// The instants of a delivery that a tariff may name as the one that decides.
enum class TimeBasis : std::uint8_t { kAccepted, kPickupExpected, kPickedUp, kDelivered };
inline constexpr std::array<std::string_view, 4> kTimeBasisNames = {"accepted", "pickup_expected",
                                                                    "picked_up", "delivered"};

/// Values in one list of a context or a condition.
inline constexpr std::size_t kMaxContextValues = 64;

struct FeeContext {
  base::WallTime at{};                ///< the instant that decides, unless `times` names the tariff's one
  std::vector<Weather> weather;       ///< what is going on at the time; empty = nothing special
  std::string holiday;                ///< `public`, `major` (Seollal, Chuseok), or empty
  std::vector<std::string> areas;     ///< names the tariff may ask for, such as `other_district`
  std::string complex;                ///< named apartment complex, or empty
  bool bundle = false;                ///< delivered together with another order
  std::vector<std::string> opt_outs;  ///< rules that the shop has opted out of
  std::array<std::optional<base::WallTime>, kTimeBasisNames.size()> times = {};
  std::string branch, shop_group, shop;  ///< whose delivery it is; empty = not said
  std::vector<std::string> flags;        ///< `no_ground_entry`, `alcohol`, `fragile`, …
  std::string building;                  ///< of the drop-off, as the tariff's lists name it
  std::string channel;                   ///< where the order came from
  std::array<std::optional<std::int64_t>, kMeasureCount> measures = {};  ///< readings; see Measure
  std::optional<RoutePart> route = {};  ///< of several orders that are delivered together
  std::optional<Outcome> outcome = {};  ///< cancelled or returned; nothing = delivered for good
};

/// Reads
/// `{"weather":["rain"],"holiday":"major","areas":[…],"complex":"A","bundle":true,"opt_outs":[…],"at":TIME,…}`
/// (docs/tariff.md lists all keys); all keys optional, unknown keys are faults.
/// @param at  used when the node has no `at`
FeeContext read_context(const base::JsonNode& node, base::WallTime at);

/// The same back, canonical: fixed order, only what differs from the default, `at` always.
void write_context(base::JsonWriter& json, const FeeContext& context);

/// A list of weather names; each unknown one is a fault.
std::vector<Weather> read_weather(const base::JsonNode& node);

/// A list of short names (1..64 bytes each).
std::vector<std::string> read_names(const base::JsonNode& node);

/// Writes a list of names as a JSON array.
void write_names(base::JsonWriter& json, const std::vector<std::string>& names);
void write_weather(base::JsonWriter& json, const std::vector<Weather>& weather);

}  // namespace reckon::fee

#pragma once

// Small readers that the files of a tariff's reader share; each records its faults where it stands.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "reckon/base/clock.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/units.h"
#include "reckon/fee/money.h"

namespace reckon::fee {

/// Texts for people: long enough for two sentences.
inline constexpr std::size_t kMaxTextBytes = 500;

/// A name of 1 to 64 letters, digits, '-', '_', '.': it goes into file names, URLs and traces.
std::string read_name(const base::JsonNode& node);

Money read_amount(const base::JsonNode& node, std::int64_t min = 0);
std::optional<Money> read_optional_amount(const base::JsonNode& node);
base::Metres read_metres(const base::JsonNode& node, std::int64_t min);
base::WallTime read_time(const base::JsonNode& node);

/// A mode alone (`"down"`), or `{"unit": 10, "mode": "down"}`.
Rounding read_rounding(const base::JsonNode& node);
/// The mode alone where the unit is one.
void write_rounding(base::JsonWriter& json, const Rounding& rounding);

/// The value of `names` that the node spells, by its place; a fault otherwise.
template <std::size_t N>
std::size_t read_choice(const base::JsonNode& node, const std::array<std::string_view, N>& names) {
  const auto text = node.string(64);
  if (!text) return 0;
  const auto found = std::ranges::find(names, *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  node.fault(fmt::format("'{}' is not known; allowed: {}", *text, fmt::join(names, ", ")));
  return 0;
}

/// An empty list is a fault: what must match one of its values could never hold.
void refuse_empty_lists(const base::JsonNode& node);

}  // namespace reckon::fee

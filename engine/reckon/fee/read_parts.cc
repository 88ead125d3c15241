#include "reckon/fee/read_parts.h"

#include <limits>

#include "reckon/fee/tariff.h"

namespace reckon::fee {

std::string read_name(const base::JsonNode& node) {
  const auto text = node.string(64);
  if (!text) return {};
  const bool plain =
      !text->empty() &&
      text->find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
          std::string_view::npos;
  if (!plain)
    node.fault(fmt::format("'{}' is not a name; allowed: 1 to 64 letters, digits, '-', '_', '.'", *text));
  return std::string(*text);
}

Money read_amount(const base::JsonNode& node, std::int64_t min) {
  return {node.integer(min, kMaxAmountMinor).value_or(0)};
}

std::optional<Money> read_optional_amount(const base::JsonNode& node) {
  if (!node.present()) return std::nullopt;
  return read_amount(node);
}

base::Metres read_metres(const base::JsonNode& node, std::int64_t min) {
  return {node.integer(min, kMaxDistance.value).value_or(min)};
}

base::WallTime read_time(const base::JsonNode& node) {
  const auto text = node.string(64);
  if (!text) return {};
  const auto time = base::parse_rfc3339(*text, "");
  if (time) return *time;
  node.fault(time.error().message);
  return {};
}

Rounding read_rounding(const base::JsonNode& node) {
  if (!node.is_object()) return {1, static_cast<RoundingMode>(read_choice(node, kRoundingNames))};
  node.allow_only({"unit", "mode"});
  return {node.required("unit").integer(1, kMaxAmountMinor).value_or(1),
          static_cast<RoundingMode>(read_choice(node.required("mode"), kRoundingNames))};
}

void write_rounding(base::JsonWriter& json, const Rounding& rounding) {
  if (rounding.unit == 1) {
    json.string(to_string(rounding.mode));
    return;
  }
  json.begin_object()
      .key("unit")
      .integer(rounding.unit)
      .key("mode")
      .string(to_string(rounding.mode))
      .end_object();
}

void refuse_empty_lists(const base::JsonNode& node) {
  for (const auto key : node.keys()) {
    const auto part = node.optional(key);
    if (part.is_array() && part.items(std::numeric_limits<std::size_t>::max()).empty())
      part.fault("is an empty list, so the rule could never apply; leave it out or name at least one value");
  }
}

}  // namespace reckon::fee

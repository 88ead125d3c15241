#include "reckon/fee/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "reckon/fee/money.h"

namespace reckon::fee {
namespace {

// Bounds are what a sound reading can be: beyond them a unit was mistaken.
constexpr std::array<MeasureRule, kMeasureCount> kRules = {{
    {"rain_mm_h", true, 0, 1000},
    {"snow_cm", true, 0, 1000},
    {"temperature_c", true, -90, 60},
    {"busy_level", false, 0, 1000},
    {"floor", false, -50, 300},
    {"weight_g", false, 0, 1'000'000'000},
    {"volume_ml", false, 0, 1'000'000'000},
    {"value", false, 0, kMaxAmountMinor},
    {"items", false, 0, 1'000'000},
    {"bundle_position", false, 1, 1000},
    {"stops", false, 1, 1000},
    {"distance_m", false, 0, 1'000'000},
}};

std::int64_t scale_of(const MeasureRule& rule) {
  return rule.decimals ? 1000 : 1;
}

}  // namespace

const MeasureRule& rule_of(Measure measure) {
  return kRules[static_cast<std::size_t>(measure)];
}

std::optional<Measure> measure_from(std::string_view name) {
  const auto* found = std::ranges::find(kRules, name, &MeasureRule::name);
  if (found == kRules.end()) return std::nullopt;
  return static_cast<Measure>(found - kRules.begin());
}

std::optional<std::int64_t> read_reading(Measure measure, const base::JsonNode& node) {
  const MeasureRule& rule = rule_of(measure);
  if (!rule.decimals) return node.integer(rule.min, rule.max);
  const auto number = node.number(static_cast<double>(rule.min), static_cast<double>(rule.max));
  if (!number) return std::nullopt;
  const double thousandths = *number * 1000;
  const double whole = std::round(thousandths);
  // 0.1 x 1000 is off by some 1e-14; a fourth decimal is off by 0.1 at least.
  if (std::abs(thousandths - whole) > 1e-6) {
    node.fault("has more than three decimals; at most three are allowed");
    return std::nullopt;
  }
  return static_cast<std::int64_t>(whole);
}

std::string reading_text(Measure measure, std::int64_t reading) {
  if (!rule_of(measure).decimals) return std::to_string(reading);
  const auto size = std::abs(reading);
  std::string text = fmt::format("{}{}.{:03}", reading < 0 ? "-" : "", size / 1000, size % 1000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

Range read_range(Measure measure, const base::JsonNode& node) {
  const MeasureRule& rule = rule_of(measure);
  node.allow_only({"at_least", "over", "at_most", "below"});
  Range range{rule.min * scale_of(rule), rule.max * scale_of(rule)};
  const auto has = [&](std::string_view key) { return node.optional(key).present(); };
  const int lows = (has("at_least") ? 1 : 0) + (has("over") ? 1 : 0);
  const int highs = (has("at_most") ? 1 : 0) + (has("below") ? 1 : 0);
  if (node.is_object() && (lows > 1 || highs > 1 || lows + highs == 0)) {
    node.fault("needs a bound; allowed: one of at_least, over, and one of at_most, below");
    return range;
  }
  if (const auto low = read_reading(measure, node.optional("at_least"))) range.low = *low;
  if (const auto low = read_reading(measure, node.optional("over"))) range.low = *low + 1;
  if (const auto high = read_reading(measure, node.optional("at_most"))) range.high = *high;
  if (const auto high = read_reading(measure, node.optional("below"))) range.high = *high - 1;
  if (range.low > range.high) node.fault("can never hold; the lower bound must not be above the upper one");
  return range;
}

void write_range(base::JsonWriter& json, Measure measure, const Range& range) {
  const MeasureRule& rule = rule_of(measure);
  json.begin_object();
  const bool lower = range.low != rule.min * scale_of(rule), upper = range.high != rule.max * scale_of(rule);
  if (lower || !upper) json.key("at_least").raw(reading_text(measure, range.low));
  if (upper) json.key("at_most").raw(reading_text(measure, range.high));
  json.end_object();
}

}  // namespace reckon::fee

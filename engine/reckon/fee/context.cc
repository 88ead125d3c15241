#include "reckon/fee/context.h"

#include <fmt/format.h>

#include <algorithm>

namespace reckon::fee {

std::string_view to_string(Weather weather) {
  return kWeatherNames[static_cast<std::size_t>(weather)];
}

std::vector<Weather> read_weather(const base::JsonNode& node) {
  std::vector<Weather> all;
  for (const auto& item : node.items(kWeatherNames.size())) {
    const auto name = item.string();
    if (!name) continue;
    const auto* found = std::ranges::find(kWeatherNames, *name);
    if (found == kWeatherNames.end()) {
      item.fault(fmt::format("'{}' is not known; allowed: {}", *name, fmt::join(kWeatherNames, ", ")));
    } else {
      all.push_back(static_cast<Weather>(found - kWeatherNames.begin()));
    }
  }
  return all;
}

std::vector<std::string> read_names(const base::JsonNode& node) {
  std::vector<std::string> names;
  for (const auto& item : node.items(kMaxContextValues)) {
    const auto name = item.string(64);
    if (name && name->empty()) item.fault("is empty; a name is needed");
    if (name) names.emplace_back(*name);
  }
  return names;
}

namespace {

std::optional<base::WallTime> read_instant(const base::JsonNode& node) {
  const auto text = node.string(64);
  if (!text) return std::nullopt;
  const auto time = base::parse_rfc3339(*text, "");
  if (time) return *time;
  node.fault(time.error().message);
  return std::nullopt;
}

std::string read_short(const base::JsonNode& node) {
  return std::string(node.string(64).value_or(""));
}

void read_times(const base::JsonNode& node, FeeContext& context) {
  if (!node.present()) return;
  node.allow_only({"accepted", "pickup_expected", "picked_up", "delivered"});
  for (std::size_t i = 0; i < kTimeBasisNames.size(); ++i)
    context.times[i] = read_instant(node.optional(kTimeBasisNames[i]));
}

}  // namespace

FeeContext read_context(const base::JsonNode& node, base::WallTime at) {
  FeeContext context;
  context.at = at;
  if (!node.present()) return context;
  node.allow_only({"at",         "weather", "holiday", "areas",         "complex",   "bundle",
                   "opt_outs",   "times",   "branch",  "shop_group",    "shop",      "flags",
                   "building",   "channel", "value",   "temperature_c", "rain_mm_h", "snow_cm",
                   "busy_level", "floor",   "items",   "weight_g",      "volume_ml", "bundle_position",
                   "stops",      "route",   "outcome"});
  context.at = read_instant(node.optional("at")).value_or(at);
  context.weather = read_weather(node.optional("weather"));
  context.holiday = read_short(node.optional("holiday"));
  context.areas = read_names(node.optional("areas"));
  context.complex = read_short(node.optional("complex"));
  context.bundle = node.optional("bundle").boolean().value_or(false);
  context.opt_outs = read_names(node.optional("opt_outs"));
  read_times(node.optional("times"), context);
  context.branch = read_short(node.optional("branch"));
  context.shop_group = read_short(node.optional("shop_group"));
  context.shop = read_short(node.optional("shop"));
  context.flags = read_names(node.optional("flags"));
  context.building = read_short(node.optional("building"));
  context.channel = read_short(node.optional("channel"));
  for (std::size_t i = 0; i < kMeasureCount; ++i) {
    const auto measure = static_cast<Measure>(i);
    if (measure == Measure::kDistanceM) continue;
    context.measures[i] = read_reading(measure, node.optional(rule_of(measure).name));
  }
  context.route = read_route_part(node.optional("route"));
  context.outcome = read_outcome(node.optional("outcome"));
  return context;
}

void write_names(base::JsonWriter& json, const std::vector<std::string>& names) {
  json.begin_array();
  for (const auto& name : names) json.string(name);
  json.end_array();
}

void write_weather(base::JsonWriter& json, const std::vector<Weather>& weather) {
  json.begin_array();
  for (const auto one : weather) json.string(to_string(one));
  json.end_array();
}

namespace {

// What came to the language after its first version; a context without any of it has its old bytes.
void write_further(base::JsonWriter& json, const FeeContext& context) {
  const auto text = [&json](std::string_view key, const std::string& value) {
    if (!value.empty()) json.key(key).string(value);
  };
  if (std::ranges::any_of(context.times, [](const auto& time) { return time.has_value(); })) {
    json.key("times").begin_object();
    for (std::size_t i = 0; i < kTimeBasisNames.size(); ++i)
      if (context.times[i]) json.key(kTimeBasisNames[i]).string(base::format_rfc3339(*context.times[i]));
    json.end_object();
  }
  text("branch", context.branch);
  text("shop_group", context.shop_group);
  text("shop", context.shop);
  if (!context.flags.empty()) write_names(json.key("flags"), context.flags);
  text("building", context.building);
  text("channel", context.channel);
  for (std::size_t i = 0; i < kMeasureCount; ++i) {
    const auto measure = static_cast<Measure>(i);
    if (context.measures[i]) json.key(rule_of(measure).name).raw(reading_text(measure, *context.measures[i]));
  }
  if (context.route) write_route_part(json.key("route"), *context.route);
  if (context.outcome) write_outcome(json.key("outcome"), *context.outcome);
}

}  // namespace

void write_context(base::JsonWriter& json, const FeeContext& context) {
  json.begin_object();
  json.key("at").string(base::format_rfc3339(context.at));
  if (!context.weather.empty()) {
    json.key("weather");
    write_weather(json, context.weather);
  }
  if (!context.holiday.empty()) json.key("holiday").string(context.holiday);
  if (!context.areas.empty()) {
    json.key("areas");
    write_names(json, context.areas);
  }
  if (!context.complex.empty()) json.key("complex").string(context.complex);
  if (context.bundle) json.key("bundle").boolean(true);
  if (!context.opt_outs.empty()) {
    json.key("opt_outs");
    write_names(json, context.opt_outs);
  }
  write_further(json, context);
  json.end_object();
}

}  // namespace reckon::fee

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

FeeContext read_context(const base::JsonNode& node, base::WallTime at) {
  FeeContext context;
  context.at = at;
  if (!node.present()) return context;
  node.allow_only({"at", "weather", "holiday", "areas", "complex", "bundle", "opt_outs"});
  if (const auto text = node.optional("at").string(64)) {
    if (const auto time = base::parse_rfc3339(*text, "at")) {
      context.at = *time;
    } else {
      node.optional("at").fault(time.error().message);
    }
  }
  context.weather = read_weather(node.optional("weather"));
  context.holiday = node.optional("holiday").string(64).value_or("");
  context.areas = read_names(node.optional("areas"));
  context.complex = node.optional("complex").string(64).value_or("");
  context.bundle = node.optional("bundle").boolean().value_or(false);
  context.opt_outs = read_names(node.optional("opt_outs"));
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
  json.end_object();
}

}  // namespace reckon::fee

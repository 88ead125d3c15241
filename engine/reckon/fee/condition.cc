#include "reckon/fee/condition.h"

#include <fmt/format.h>

#include "reckon/base/local_time.h"
#include "reckon/fee/read_parts.h"

namespace reckon::fee {
namespace {

using base::JsonNode;
using base::JsonWriter;

using base::kWeekdayNames;

bool digit_at(std::string_view text, std::size_t i) {
  return i < text.size() && text[i] >= '0' && text[i] <= '9';
}

int two_digits(std::string_view text, std::size_t i) {
  return (text[i] - '0') * 10 + (text[i + 1] - '0');
}

std::vector<TimeWindow> read_windows(const JsonNode& node) {
  constexpr std::chrono::minutes kNone{};
  std::vector<TimeWindow> windows;
  for (const auto& item : node.items(kMaxContextValues)) {
    item.allow_only({"from", "to"});
    const TimeWindow window{base::read_time_of_day(item.required("from")).value_or(kNone),
                            base::read_time_of_day(item.required("to")).value_or(kNone)};
    if (window.from == window.to || (window.from.count() == 24 * 60 && window.to.count() == 0))
      item.fault("is empty; `from` and `to` must differ");
    windows.push_back(window);
  }
  return windows;
}

std::uint8_t read_weekdays(const JsonNode& node) {
  unsigned bits = 0;
  for (const auto& item : node.items(kWeekdayNames.size())) bits |= 1U << read_choice(item, kWeekdayNames);
  return static_cast<std::uint8_t>(bits);
}

std::vector<DateRange> read_dates(const JsonNode& node) {
  std::vector<DateRange> dates;
  for (const auto& item : node.items(kMaxContextValues)) {
    item.allow_only({"from", "to"});
    const DateRange range{read_date(item.required("from")), read_date(item.required("to"))};
    if (range.to < range.from) item.fault("ends before it begins; `to` must not be before `from`");
    dates.push_back(range);
  }
  return dates;
}

Condition read_nested(const JsonNode& node, int depth);

std::vector<Condition> read_children(const JsonNode& node, std::vector<JsonNode> children, int depth) {
  std::vector<Condition> conditions;
  if (!children.empty() && depth >= kMaxConditionDepth) {
    node.fault(
        fmt::format("nests too deep; at most {} levels of any_of and not are allowed", kMaxConditionDepth));
    return conditions;
  }
  for (const auto& child : children) {
    if (child.is_object() && child.keys().empty())
      child.fault("is empty and would always hold; at least one part is needed");
    conditions.push_back(read_nested(child, depth + 1));
  }
  return conditions;
}

Condition read_nested(const JsonNode& node, int depth) {
  Condition when;
  if (!node.present()) return when;
  node.allow_only({"weather",       "holiday",   "area",        "complex",         "bundle",
                   "time",          "weekdays",  "dates",       "flags",           "building",
                   "building_list", "channel",   "pickup_zone", "dropoff_zone",    "value",
                   "temperature_c", "rain_mm_h", "snow_cm",     "busy_level",      "floor",
                   "items",         "weight_g",  "volume_ml",   "bundle_position", "stops",
                   "distance_m",    "any_of",    "not",         "zones_differ"});
  when.weather = read_weather(node.optional("weather"));
  when.holiday = read_names(node.optional("holiday"));
  when.area = read_names(node.optional("area"));
  when.complex = read_names(node.optional("complex"));
  when.bundle = node.optional("bundle").boolean();
  when.time = read_windows(node.optional("time"));
  when.weekdays = read_weekdays(node.optional("weekdays"));
  when.dates = read_dates(node.optional("dates"));
  when.flags = read_names(node.optional("flags"));
  when.building = read_names(node.optional("building"));
  when.building_list = read_names(node.optional("building_list"));
  when.channel = read_names(node.optional("channel"));
  when.pickup_zone = read_names(node.optional("pickup_zone"));
  when.dropoff_zone = read_names(node.optional("dropoff_zone"));
  if (const auto layer = node.optional("zones_differ"); layer.present()) when.zones_differ = read_name(layer);
  for (std::size_t i = 0; i < kMeasureCount; ++i) {
    const auto measure = static_cast<Measure>(i);
    const auto part = node.optional(rule_of(measure).name);
    if (part.present()) when.measures[i] = read_range(measure, part);
  }
  when.any_of = read_children(node, node.optional("any_of").items(kMaxContextValues), depth);
  if (const auto part = node.optional("not"); part.present())
    when.unless = read_children(node, {part}, depth);
  refuse_empty_lists(node);
  return when;
}

std::string time_of_day_text(std::chrono::minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

void write_days(JsonWriter& json, const Condition& when) {
  if (!when.time.empty()) {
    json.key("time").begin_array();
    for (const auto& window : when.time) {
      json.begin_object().key("from").string(time_of_day_text(window.from));
      json.key("to").string(time_of_day_text(window.to)).end_object();
    }
    json.end_array();
  }
  if (when.weekdays != 0) {
    json.key("weekdays").begin_array();
    for (unsigned day = 0; day < kWeekdayNames.size(); ++day) {
      if (((when.weekdays >> day) & 1) != 0) json.string(kWeekdayNames[day]);
    }
    json.end_array();
  }
  if (!when.dates.empty()) {
    json.key("dates").begin_array();
    for (const auto& range : when.dates) {
      json.begin_object().key("from").string(date_text(range.from));
      json.key("to").string(date_text(range.to)).end_object();
    }
    json.end_array();
  }
}

}  // namespace

std::chrono::sys_days read_date(const JsonNode& node) {
  const auto text = node.string(16);
  if (!text) return {};
  bool form = text->size() == 10 && (*text)[4] == '-' && (*text)[7] == '-';
  for (const std::size_t i : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U}) form = form && digit_at(*text, i);
  if (form) {
    const std::chrono::year_month_day date{
        std::chrono::year{two_digits(*text, 0) * 100 + two_digits(*text, 2)},
        std::chrono::month{static_cast<unsigned>(two_digits(*text, 5))},
        std::chrono::day{static_cast<unsigned>(two_digits(*text, 8))}};
    if (date.ok()) return std::chrono::sys_days{date};
  }
  node.fault(fmt::format("'{}' is not a date; allowed: YYYY-MM-DD, such as 2026-02-17", *text));
  return {};
}

std::string date_text(std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

Condition read_condition(const JsonNode& node) {
  return read_nested(node, 0);
}

void write_condition(JsonWriter& json, const Condition& when) {
  const auto names = [&json](std::string_view key, const std::vector<std::string>& values) {
    if (!values.empty()) write_names(json.key(key), values);
  };
  json.begin_object();
  if (!when.weather.empty()) write_weather(json.key("weather"), when.weather);
  names("holiday", when.holiday);
  names("area", when.area);
  names("complex", when.complex);
  if (when.bundle) json.key("bundle").boolean(*when.bundle);
  write_days(json, when);
  names("flags", when.flags);
  names("building", when.building);
  names("building_list", when.building_list);
  names("channel", when.channel);
  names("pickup_zone", when.pickup_zone);
  names("dropoff_zone", when.dropoff_zone);
  if (when.zones_differ) json.key("zones_differ").string(*when.zones_differ);
  for (std::size_t i = 0; i < kMeasureCount; ++i) {
    const auto measure = static_cast<Measure>(i);
    if (when.measures[i]) write_range(json.key(rule_of(measure).name), measure, *when.measures[i]);
  }
  if (!when.any_of.empty()) {
    json.key("any_of").begin_array();
    for (const auto& child : when.any_of) write_condition(json, child);
    json.end_array();
  }
  if (!when.unless.empty()) write_condition(json.key("not"), when.unless[0]);
  json.end_object();
}

}  // namespace reckon::fee

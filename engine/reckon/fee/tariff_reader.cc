#include "reckon/fee/tariff_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/limits.h"

namespace reckon::fee {
namespace {

using base::JsonNode;
using base::JsonWriter;
using base::Metres;

constexpr std::size_t kMaxTextBytes = 500;
constexpr std::size_t kMaxVectors = 1000;
constexpr std::array<std::string_view, 7> kWeekdayNames = {"sunday",   "monday", "tuesday", "wednesday",
                                                           "thursday", "friday", "saturday"};

// ids and rule names go into file names, URLs and traces.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string_view::npos;
}

std::string read_name(const JsonNode& node) {
  const auto text = node.string(64);
  if (text && !is_name(*text)) {
    node.fault(fmt::format("'{}' is not a name; allowed: 1 to 64 letters, digits, '-', '_', '.'", *text));
  }
  return std::string(text.value_or(""));
}

Money read_amount(const JsonNode& node, std::int64_t min = 0) {
  return {node.integer(min, kMaxAmountMinor).value_or(0)};
}

Metres read_metres(const JsonNode& node, std::int64_t min) {
  return {node.integer(min, kMaxDistance.value).value_or(min)};
}

// The value of `names` that the node spells; a fault otherwise.
template <std::size_t N>
std::size_t read_choice(const JsonNode& node, const std::array<std::string_view, N>& names) {
  const auto text = node.string(64);
  if (!text) return 0;
  const auto found = std::ranges::find(names, *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  node.fault(fmt::format("'{}' is not known; allowed: {}", *text, fmt::join(names, ", ")));
  return 0;
}

constexpr std::array<std::string_view, 3> kRoundingNames = {"down", "up", "half_up"};
constexpr std::array<std::string_view, 3> kKindNames = {"FIXED", "RATE", "NONE"};

RoundingMode read_rounding_mode(const JsonNode& node) {
  return static_cast<RoundingMode>(read_choice(node, kRoundingNames));
}

base::WallTime read_time(const JsonNode& node) {
  const auto text = node.string(64);
  if (!text) return {};
  const auto time = base::parse_rfc3339(*text, "");
  if (time) return *time;
  node.fault(time.error().message);
  return {};
}

DistanceBasis read_basis(const JsonNode& node) {
  node.allow_only({"basis", "formula"});
  const auto basis = node.required("basis");
  if (const auto text = basis.string(); text && *text == "zone") {
    basis.fault("'zone' is not supported by this version; allowed: provider, road, straight");
    return DistanceBasis::kRoad;
  }
  static constexpr std::array<std::string_view, 3> kNames = {"provider", "road", "straight"};
  static constexpr std::array<std::string_view, 2> kFormulas = {"geodesic", "haversine-6371000"};
  const auto choice = static_cast<DistanceBasis>(read_choice(basis, kNames));
  const auto formula = node.optional("formula");
  if (!formula.present()) return choice;
  if (choice != DistanceBasis::kStraight) formula.fault("belongs to the basis 'straight' only; leave it out");
  return read_choice(formula, kFormulas) == 1 ? DistanceBasis::kHaversine : choice;
}

std::vector<DistanceStep> read_steps(const JsonNode& node, Metres base_up_to) {
  std::vector<DistanceStep> steps;
  for (const auto& item : node.items(kMaxSteps)) {
    item.allow_only({"beyond_m", "length_m", "price"});
    const DistanceStep step{read_metres(item.required("beyond_m"), 0),
                            read_metres(item.required("length_m"), 1), read_amount(item.required("price"))};
    const Metres least = steps.empty() ? base_up_to : steps.back().beyond + Metres{1};
    if (step.beyond < least) {
      item.optional("beyond_m")
          .fault(fmt::format("is {}; allowed: at least {} ({})", step.beyond.value, least.value,
                             steps.empty() ? "the end of the base distance" : "steps must increase"));
    }
    steps.push_back(step);
  }
  return steps;
}

// `hh:mm` from 00:00 to 24:00.
std::chrono::minutes read_time_of_day(const JsonNode& node) {
  const auto text = node.string(8);
  if (!text) return {};
  const auto digit = [&](std::size_t i) {
    return i < text->size() && (*text)[i] >= '0' && (*text)[i] <= '9';
  };
  if (text->size() == 5 && digit(0) && digit(1) && (*text)[2] == ':' && digit(3) && digit(4)) {
    const int hours = ((*text)[0] - '0') * 10 + ((*text)[1] - '0');
    const int minutes = ((*text)[3] - '0') * 10 + ((*text)[4] - '0');
    if (minutes < 60 && hours * 60 + minutes <= 24 * 60) return std::chrono::minutes{hours * 60 + minutes};
  }
  node.fault(fmt::format("'{}' is not a time of day; allowed: 00:00 to 24:00", *text));
  return {};
}

std::vector<TimeWindow> read_windows(const JsonNode& node) {
  std::vector<TimeWindow> windows;
  for (const auto& item : node.items(kMaxContextValues)) {
    item.allow_only({"from", "to"});
    const TimeWindow window{read_time_of_day(item.required("from")), read_time_of_day(item.required("to"))};
    if (window.from == window.to) item.fault("is empty; `from` and `to` must differ");
    windows.push_back(window);
  }
  return windows;
}

std::uint8_t read_weekdays(const JsonNode& node) {
  unsigned bits = 0;
  for (const auto& item : node.items(kWeekdayNames.size())) bits |= 1U << read_choice(item, kWeekdayNames);
  return static_cast<std::uint8_t>(bits);
}

Condition read_condition(const JsonNode& node) {
  Condition when;
  if (!node.present()) return when;
  node.allow_only({"weather", "holiday", "area", "complex", "bundle", "time", "weekdays"});
  when.weather = read_weather(node.optional("weather"));
  when.holiday = read_names(node.optional("holiday"));
  when.area = read_names(node.optional("area"));
  when.complex = read_names(node.optional("complex"));
  when.bundle = node.optional("bundle").boolean();
  when.time = read_windows(node.optional("time"));
  when.weekdays = read_weekdays(node.optional("weekdays"));
  for (const auto key : node.keys()) {
    const auto part = node.optional(key);
    if (part.is_array() && part.items(std::numeric_limits<std::size_t>::max()).empty()) {
      part.fault("is an empty list, so the rule could never apply; leave it out or name at least one value");
    }
  }
  return when;
}

Surcharge read_surcharge(const JsonNode& node) {
  node.allow_only({"rule", "type", "kind", "amount", "rate_ppm", "rounding", "may_opt_out", "when", "text"});
  Surcharge surcharge;
  surcharge.rule = read_name(node.required("rule"));
  surcharge.type = static_cast<SurchargeType>(read_choice(node.required("type"), kSurchargeTypeNames));
  surcharge.kind = static_cast<SurchargeKind>(read_choice(node.required("kind"), kKindNames));
  const bool fixed = surcharge.kind == SurchargeKind::kFixed;
  const bool rate = surcharge.kind == SurchargeKind::kRate;
  if (fixed) surcharge.amount = read_amount(node.required("amount"), -kMaxAmountMinor);
  if (rate) {
    surcharge.rate_ppm = node.required("rate_ppm").integer(-kMaxRatePpm, kMaxRatePpm).value_or(0);
    surcharge.rounding = read_rounding_mode(node.required("rounding"));
  }
  if (!fixed && node.optional("amount").present())
    node.optional("amount").fault("belongs to FIXED only; leave it out");
  for (const auto key : {"rate_ppm", "rounding"}) {
    if (!rate && node.optional(key).present()) node.optional(key).fault("belongs to RATE only; leave it out");
  }
  surcharge.may_opt_out = node.optional("may_opt_out").boolean().value_or(false);
  surcharge.when = read_condition(node.optional("when"));
  surcharge.text = node.required("text").string(kMaxTextBytes).value_or("");
  return surcharge;
}

std::vector<Surcharge> read_surcharges(const JsonNode& node) {
  static const std::set<std::string, std::less<>> kReserved = {"base", "minimum", "maximum", "rounding"};
  std::vector<Surcharge> surcharges;
  std::set<std::string> rules(kReserved.begin(), kReserved.end());
  for (const auto& item : node.items(kMaxSurcharges)) {
    surcharges.push_back(read_surcharge(item));
    if (!rules.insert(surcharges.back().rule).second) {
      item.optional("rule").fault(
          fmt::format("'{}' is taken; each rule needs a name of its own", surcharges.back().rule));
    }
  }
  return surcharges;
}

std::optional<Vat> read_vat(const JsonNode& node) {
  if (!node.present() || node.is_null()) return std::nullopt;
  node.allow_only({"rate_ppm", "rounding"});
  return Vat{node.required("rate_ppm").integer(0, 1'000'000).value_or(0),
             read_rounding_mode(node.required("rounding"))};
}

std::optional<Rounding> read_rounding(const JsonNode& node) {
  if (!node.present()) return std::nullopt;
  node.allow_only({"unit", "mode"});
  return Rounding{node.required("unit").integer(1, kMaxAmountMinor).value_or(1),
                  read_rounding_mode(node.required("mode"))};
}

std::optional<Money> read_optional_amount(const JsonNode& node) {
  if (!node.present()) return std::nullopt;
  return read_amount(node);
}

std::vector<Vector> read_vectors(const JsonNode& node, const Tariff& tariff) {
  std::vector<Vector> vectors;
  for (const auto& item : node.items(kMaxVectors)) {
    item.allow_only({"name", "why", "distance_m", "context", "total", "vat"});
    Vector vector;
    vector.name = item.required("name").string(kMaxTextBytes).value_or("");
    vector.why = item.required("why").string(kMaxTextBytes).value_or("");
    vector.distance = read_metres(item.required("distance_m"), 0);
    vector.context = read_context(item.optional("context"), tariff.valid_from);
    vector.total = read_amount(item.required("total"), -kMaxAmountMinor);
    vector.vat = read_optional_amount(item.optional("vat"));
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

std::string time_of_day_text(std::chrono::minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

void write_condition(JsonWriter& json, const Condition& when) {
  json.begin_object();
  if (!when.weather.empty()) write_weather(json.key("weather"), when.weather);
  if (!when.holiday.empty()) write_names(json.key("holiday"), when.holiday);
  if (!when.area.empty()) write_names(json.key("area"), when.area);
  if (!when.complex.empty()) write_names(json.key("complex"), when.complex);
  if (when.bundle) json.key("bundle").boolean(*when.bundle);
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
  json.end_object();
}

void write_surcharge(JsonWriter& json, const Surcharge& surcharge) {
  json.begin_object().key("rule").string(surcharge.rule).key("type").string(to_string(surcharge.type));
  json.key("kind").string(kKindNames[static_cast<std::size_t>(surcharge.kind)]);
  if (surcharge.kind == SurchargeKind::kFixed) json.key("amount").integer(surcharge.amount.minor);
  if (surcharge.kind == SurchargeKind::kRate) {
    json.key("rate_ppm").integer(surcharge.rate_ppm).key("rounding").string(to_string(surcharge.rounding));
  }
  if (surcharge.may_opt_out) json.key("may_opt_out").boolean(true);
  write_condition(json.key("when"), surcharge.when);
  json.key("text").string(surcharge.text).end_object();
}

void write_optional(JsonWriter& json, std::string_view key, const std::optional<Money>& amount) {
  if (amount) json.key(key).integer(amount->minor);
}

// Everything that prices, in a fixed order; read_tariff reads it back to an equal tariff.
std::string canonical_json(const Tariff& tariff) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("id").string(tariff.id).key("version").integer(tariff.version);
  json.key("currency").string(tariff.currency.text()).key("time_zone").string(tariff.time_zone->name());
  json.key("valid_from").string(base::format_rfc3339(tariff.valid_from));
  if (tariff.valid_until) json.key("valid_until").string(base::format_rfc3339(*tariff.valid_until));
  json.key("distance").begin_object().key("basis").string(to_string(tariff.basis));
  if (tariff.basis == DistanceBasis::kHaversine) json.key("formula").string("haversine-6371000");
  json.end_object().key("base").begin_object().key("price").integer(tariff.base_price.minor);
  json.key("up_to_m").integer(tariff.base_up_to.value).end_object().key("steps").begin_array();
  for (const auto& step : tariff.steps) {
    json.begin_object().key("beyond_m").integer(step.beyond.value).key("length_m").integer(step.length.value);
    json.key("price").integer(step.price.minor).end_object();
  }
  json.end_array().key("surcharges").begin_array();
  for (const auto& surcharge : tariff.surcharges) write_surcharge(json, surcharge);
  json.end_array();
  write_optional(json, "minimum", tariff.minimum);
  write_optional(json, "maximum", tariff.maximum);
  if (tariff.rounding) {
    json.key("rounding").begin_object().key("unit").integer(tariff.rounding->unit);
    json.key("mode").string(to_string(tariff.rounding->mode)).end_object();
  }
  json.key("vat");
  if (tariff.vat) {
    json.begin_object().key("rate_ppm").integer(tariff.vat->rate_ppm);
    json.key("rounding").string(to_string(tariff.vat->rounding)).end_object();
  } else {
    json.null();
  }
  json.end_object();
  return out;
}

void read_identity(const JsonNode& root, Tariff& tariff) {
  tariff.id = read_name(root.required("id"));
  tariff.version = root.required("version").integer(1, 1'000'000'000).value_or(1);
  const auto currency = root.required("currency");
  if (const auto code = currency.string()) {
    if (const auto known = currency_from(*code)) {
      tariff.currency = *known;
    } else {
      currency.fault(
          fmt::format("'{}' is no currency; allowed: an ISO 4217 code, such as KRW", code->substr(0, 16)));
    }
  }
  const auto zone_node = root.required("time_zone");
  if (const auto name = zone_node.string()) {
    if (auto zone = base::TimeZone::named(*name, "")) {
      tariff.time_zone = *zone;
    } else {
      zone_node.fault(zone.error().message);
    }
  }
  tariff.valid_from = read_time(root.required("valid_from"));
  const auto until = root.optional("valid_until");
  if (until.present() && !until.is_null()) {
    tariff.valid_until = read_time(until);
    if (*tariff.valid_until <= tariff.valid_from)
      until.fault("is not after valid_from; a later instant is needed");
  }
}

void read_pricing(const JsonNode& root, Tariff& tariff) {
  tariff.basis = read_basis(root.required("distance"));
  const auto base_node = root.required("base");
  base_node.allow_only({"price", "up_to_m"});
  tariff.base_price = read_amount(base_node.required("price"));
  tariff.base_up_to = read_metres(base_node.required("up_to_m"), 0);
  tariff.steps = read_steps(root.optional("steps"), tariff.base_up_to);
  tariff.surcharges = read_surcharges(root.optional("surcharges"));
  tariff.minimum = read_optional_amount(root.optional("minimum"));
  tariff.maximum = read_optional_amount(root.optional("maximum"));
  if (tariff.minimum && tariff.maximum && *tariff.maximum < *tariff.minimum) {
    root.optional("maximum").fault("is below the minimum; it must not be");
  }
  tariff.rounding = read_rounding(root.optional("rounding"));
  tariff.vat = read_vat(root.required("vat"));
}

}  // namespace

base::Result<Tariff> read_tariff(std::string_view bytes, std::string_view name) {
  if (bytes.size() > base::kMaxConfigBytes) {
    return base::fail(
        base::ErrorCode::kLimit, std::string(name),
        fmt::format("has {} bytes; at most {} are allowed", bytes.size(), base::kMaxConfigBytes));
  }
  const auto document = base::JsonDocument::parse(bytes, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const auto root = document->root(faults);
  root.allow_only({"$schema", "id", "version", "currency", "time_zone", "valid_from", "valid_until",
                   "distance", "base", "steps", "surcharges", "minimum", "maximum", "rounding", "vat", "text",
                   "vectors"});
  Tariff tariff;
  root.optional("text").string(kMaxTextBytes * 10);
  read_identity(root, tariff);
  read_pricing(root, tariff);
  tariff.vectors = read_vectors(root.optional("vectors"), tariff);
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kBadTariff));
  tariff.canonical = canonical_json(tariff);
  tariff.release = base::sha256(tariff.canonical);
  return tariff;
}

}  // namespace reckon::fee

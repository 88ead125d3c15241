#include "reckon/fee/price.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"

namespace reckon::fee {
namespace {

using base::ErrorCode;
using base::JsonWriter;
using base::Metres;

// Adds a line and its amount; lines of nothing are told too only where the tariff named a rule (kNone).
void add_line(FeeTrace& trace, FeeLine line) {
  trace.total = trace.total + line.amount;
  trace.lines.push_back(line);
}

void add_steps(FeeTrace& trace) {
  const auto& steps = trace.tariff->steps;
  for (std::size_t i = 0; i < steps.size() && trace.distance.metres > steps[i].beyond; ++i) {
    const Metres end =
        i + 1 < steps.size() ? std::min(trace.distance.metres, steps[i + 1].beyond) : trace.distance.metres;
    const std::int64_t past = (end - steps[i].beyond).value;
    const std::int64_t count = (past + steps[i].length.value - 1) / steps[i].length.value;
    add_line(trace, {LineKind::kStep, static_cast<std::uint32_t>(i), count, {count * steps[i].price.minor}});
  }
}

Money amount_of(const Surcharge& surcharge, Money base_and_distance) {
  switch (surcharge.kind) {
    case SurchargeKind::kFixed:
      return surcharge.amount;
    case SurchargeKind::kRate:
      return rate_of(base_and_distance, surcharge.rate_ppm, surcharge.rounding);
    case SurchargeKind::kNone:
      return {};
  }
  return {};
}

void add_surcharges(FeeTrace& trace) {
  const auto& surcharges = trace.tariff->surcharges;
  if (surcharges.empty()) return;
  const Money base_and_distance = trace.total;
  const auto local = trace.tariff->time_zone->local(trace.context.at);
  for (std::size_t i = 0; i < surcharges.size(); ++i) {
    if (!applies(surcharges[i], trace.context, local)) continue;
    add_line(trace, {LineKind::kSurcharge, static_cast<std::uint32_t>(i), 0,
                     amount_of(surcharges[i], base_and_distance)});
  }
}

void add_bounds_and_rounding(FeeTrace& trace) {
  const Tariff& tariff = *trace.tariff;
  // No tariff pays the shop: promotions end at nothing unless a minimum says otherwise.
  if (const Money least = tariff.minimum.value_or(Money{}); trace.total < least) {
    add_line(trace, {LineKind::kMinimum, 0, 0, least - trace.total});
  }
  if (tariff.maximum && trace.total > *tariff.maximum) {
    add_line(trace, {LineKind::kMaximum, 0, 0, *tariff.maximum - trace.total});
  }
  if (tariff.rounding) {
    const Money rounded = round_to(trace.total, tariff.rounding->unit, tariff.rounding->mode);
    if (rounded != trace.total) add_line(trace, {LineKind::kRounding, 0, 0, rounded - trace.total});
  }
}

base::Result<void> check_inputs(const Tariff& tariff, const FeeContext& context, Metres metres) {
  if (metres < Metres{0} || metres > kMaxDistance) {
    return base::fail(
        ErrorCode::kInvalidInput, "distance",
        fmt::format("{} m cannot be priced; allowed: 0 to {} m", metres.value, kMaxDistance.value));
  }
  if (!in_force(tariff, context.at)) {
    return base::fail(
        ErrorCode::kInvalidInput, "at",
        fmt::format("tariff '{}' version {} is not in force at {}; allowed: from {} until {}", tariff.id,
                    tariff.version, base::format_rfc3339(context.at), base::format_rfc3339(tariff.valid_from),
                    tariff.valid_until ? base::format_rfc3339(*tariff.valid_until) : "further notice"));
  }
  return {};
}

}  // namespace

base::Result<FeeTrace> price(std::shared_ptr<const Tariff> tariff, const FeeContext& context,
                             DistanceRecord distance) {
  if (const auto sound = check_inputs(*tariff, context, distance.metres); !sound)
    return base::fail(sound.error());
  FeeTrace trace{std::move(tariff), std::move(distance), context, {}, {}, {}};
  trace.lines.reserve(8);
  add_line(trace, {LineKind::kBase, 0, 0, trace.tariff->base_price});
  add_steps(trace);
  add_surcharges(trace);
  add_bounds_and_rounding(trace);
  if (trace.tariff->vat)
    trace.vat = rate_of(trace.total, trace.tariff->vat->rate_ppm, trace.tariff->vat->rounding);
  return trace;
}

std::string rule_of(const Tariff& tariff, const FeeLine& line) {
  switch (line.kind) {
    case LineKind::kBase:
      return "base";
    case LineKind::kStep:
      return fmt::format("steps/{}", line.index);
    case LineKind::kSurcharge:
      return tariff.surcharges[line.index].rule;
    case LineKind::kMinimum:
      return "minimum";
    case LineKind::kMaximum:
      return "maximum";
    case LineKind::kRounding:
      return "rounding";
  }
  return {};
}

std::string_view type_of(const Tariff& tariff, const FeeLine& line) {
  switch (line.kind) {
    case LineKind::kBase:
      return "BASE";
    case LineKind::kStep:
      return "DISTANCE";
    case LineKind::kSurcharge:
      return to_string(tariff.surcharges[line.index].type);
    case LineKind::kMinimum:
      return "MINIMUM";
    case LineKind::kMaximum:
      return "MAXIMUM";
    case LineKind::kRounding:
      return "ROUNDING";
  }
  return {};
}

std::string text_of(const Tariff& tariff, const FeeLine& line) {
  const auto currency = tariff.currency.text();
  switch (line.kind) {
    case LineKind::kBase:
      return fmt::format("base fee up to {} m", tariff.base_up_to.value);
    case LineKind::kStep: {
      const auto& step = tariff.steps[line.index];
      return fmt::format("{} started step{} of {} m beyond {} m at {} {}", line.count,
                         line.count == 1 ? "" : "s", step.length.value, step.beyond.value, step.price.minor,
                         currency);
    }
    case LineKind::kSurcharge:
      return tariff.surcharges[line.index].text;
    case LineKind::kMinimum:
      return fmt::format("raised to the minimum of {} {}", tariff.minimum.value_or(Money{}).minor, currency);
    case LineKind::kMaximum:
      return fmt::format("lowered to the maximum of {} {}", tariff.maximum->minor, currency);
    case LineKind::kRounding:
      return fmt::format("rounded {} to {} {}", to_string(tariff.rounding->mode), tariff.rounding->unit,
                         currency);
  }
  return {};
}

namespace {

void write_trip(JsonWriter& json, const TripRecord& trip) {
  json.begin_object()
      .key("from_lat_e7")
      .integer(trip.from_lat_e7)
      .key("from_lon_e7")
      .integer(trip.from_lon_e7);
  json.key("to_lat_e7").integer(trip.to_lat_e7).key("to_lon_e7").integer(trip.to_lon_e7);
  json.key("vehicle").string(trip.vehicle).end_object();
}

TripRecord read_trip(const base::JsonNode& node) {
  node.allow_only({"from_lat_e7", "from_lon_e7", "to_lat_e7", "to_lon_e7", "vehicle"});
  const auto e7 = [&](std::string_view key, std::int64_t most) {
    return node.required(key).integer(-most, most).value_or(0);
  };
  return {e7("from_lat_e7", 900'000'000), e7("from_lon_e7", 1'800'000'000), e7("to_lat_e7", 900'000'000),
          e7("to_lon_e7", 1'800'000'000), std::string(node.required("vehicle").string().value_or(""))};
}

}  // namespace

std::string to_json(const FeeTrace& trace) {
  const Tariff& tariff = *trace.tariff;
  std::string out;
  out.reserve(1024);
  JsonWriter json(out);
  json.begin_object().key("format").integer(1);
  json.key("tariff").begin_object();
  json.key("id")
      .string(tariff.id)
      .key("version")
      .integer(tariff.version)
      .key("release")
      .string(tariff.release);
  json.end_object();
  json.key("distance").begin_object();
  json.key("distance_m").integer(trace.distance.metres.value).key("source").string(trace.distance.source);
  json.key("map_release");
  if (trace.distance.map_release) {
    json.string(*trace.distance.map_release);
  } else {
    json.null();
  }
  if (trace.distance.calibration) json.key("calibration").string(*trace.distance.calibration);
  if (trace.distance.trip) write_trip(json.key("trip"), *trace.distance.trip);
  json.end_object();
  json.key("context");
  write_context(json, trace.context);
  json.key("lines").begin_array();
  for (const auto& line : trace.lines) {
    json.begin_object().key("rule").string(rule_of(tariff, line)).key("type").string(type_of(tariff, line));
    json.key("amount").integer(line.amount.minor).key("text").string(text_of(tariff, line)).end_object();
  }
  json.end_array().key("currency").string(tariff.currency.text());
  json.key("total").integer(trace.total.minor).key("vat");
  if (trace.vat) {
    json.integer(trace.vat->minor);
  } else {
    json.null();
  }
  json.end_object();
  return out;
}

base::Result<TraceInputs> read_trace_inputs(std::string_view bytes, std::string_view name) {
  const auto document = base::JsonDocument::parse(bytes, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const auto root = document->root(faults);
  root.allow_only({"format", "tariff", "distance", "context", "lines", "currency", "total", "vat"});
  root.required("format").integer(1, 1);
  TraceInputs inputs;
  inputs.tariff_release = root.required("tariff").required("release").string().value_or("");
  const auto distance = root.required("distance");
  inputs.distance.metres = {distance.required("distance_m").integer(0, kMaxDistance.value).value_or(0)};
  inputs.distance.source = distance.required("source").string().value_or("");
  if (const auto release = distance.required("map_release"); !release.is_null()) {
    inputs.distance.map_release = release.string().value_or("");
  }
  if (const auto release = distance.optional("calibration"); release.present())
    inputs.distance.calibration = release.string().value_or("");
  if (const auto trip = distance.optional("trip"); trip.present()) inputs.distance.trip = read_trip(trip);
  const auto context = root.required("context");
  context.required("at").string();
  inputs.context = read_context(context, {});
  if (!faults.empty()) return base::fail(faults.error(ErrorCode::kInvalidInput));
  return inputs;
}

}  // namespace reckon::fee

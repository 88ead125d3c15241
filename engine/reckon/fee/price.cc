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

geo::PointE7 point_of(std::int64_t lat_e7, std::int64_t lon_e7) {
  return {static_cast<std::int32_t>(lat_e7), static_cast<std::int32_t>(lon_e7)};
}

std::string_view state_name(const OutcomeFee& fee) {
  return kOrderStateNames[static_cast<std::size_t>(fee.state)];
}

void write_lines(JsonWriter& json, const Tariff& tariff, const std::vector<FeeLine>& lines) {
  json.begin_array();
  for (const auto& line : lines) {
    json.begin_object().key("rule").string(rule_of(tariff, line)).key("type").string(type_of(tariff, line));
    json.key("amount").integer(line.amount.minor).key("text").string(text_of(tariff, line)).end_object();
  }
  json.end_array();
}

}  // namespace

Delivery delivery_of(const DistanceRecord& distance) {
  Delivery delivery{distance.metres, {}, {}};
  if (!distance.trip) return delivery;
  delivery.from = point_of(distance.trip->from_lat_e7, distance.trip->from_lon_e7);
  delivery.to = point_of(distance.trip->to_lat_e7, distance.trip->to_lon_e7);
  return delivery;
}

base::Result<FeeTrace> price(std::shared_ptr<const Tariff> tariff, const FeeContext& context,
                             DistanceRecord distance) {
  Fee fee;
  fee.lines.reserve(8);
  if (const auto priced = tariff->plan->evaluate(delivery_of(distance), context, fee); !priced)
    return base::fail(priced.error());
  distance.metres = fee.distance;
  FeeTrace trace{std::move(tariff), std::move(distance), context, std::move(fee.lines), fee.total, fee.vat};
  if (!trace.tariff->rider_pay) return trace;
  Fee pay;
  if (const auto priced = trace.tariff->rider_pay->plan->evaluate(delivery_of(trace.distance), context, pay);
      !priced)
    return base::fail(priced.error());
  trace.rider_pay = FeeTrace::RiderPay{std::move(pay.lines), pay.total};
  return trace;
}

std::string rule_of(const Tariff& tariff, const FeeLine& line) {
  switch (line.kind) {
    case LineKind::kBase:
      return "base";
    case LineKind::kTable:
      return fmt::format("table/{}", line.index);
    case LineKind::kStep:
      return fmt::format("steps/{}", line.index);
    case LineKind::kDistanceRounding:
      return "rounding/distance";
    case LineKind::kSurcharge:
      return tariff.surcharges[line.index].rule;
    case LineKind::kGroupMaximum:
      return fmt::format("groups/{}", tariff.groups[line.index].name);
    case LineKind::kSurchargeMaximum:
      return "surcharges/maximum";
    case LineKind::kSurchargeRounding:
      return "rounding/surcharges";
    case LineKind::kPromotion:
      return tariff.promotions[line.index].rule;
    case LineKind::kPromotionMaximum:
      return "promotions/maximum";
    case LineKind::kMinimum:
      return "minimum";
    case LineKind::kMaximum:
      return "maximum";
    case LineKind::kRounding:
      return "rounding";
    case LineKind::kPickup:
      return "route/pickup";
    case LineKind::kDrop:
      return "route/drop";
    case LineKind::kExtraStop:
      return "route/extra_stop";
    case LineKind::kLegs:
      return "route/legs";
    case LineKind::kCancellation:
      return fmt::format("cancellation/{}", state_name(tariff.cancellation[line.index]));
    case LineKind::kReturn:
      return fmt::format("returns/{}", state_name(tariff.returns[line.index]));
  }
  return {};
}

std::string_view type_of(const Tariff& tariff, const FeeLine& line) {
  switch (line.kind) {
    case LineKind::kBase:
    case LineKind::kTable:
      return "BASE";
    case LineKind::kStep:
      return "DISTANCE";
    case LineKind::kSurcharge:
      return to_string(tariff.surcharges[line.index].type);
    case LineKind::kPromotion:
      return "PROMOTION";
    case LineKind::kGroupMaximum:
    case LineKind::kSurchargeMaximum:
    case LineKind::kPromotionMaximum:
      return "CAP";
    case LineKind::kMinimum:
      return "MINIMUM";
    case LineKind::kMaximum:
      return "MAXIMUM";
    case LineKind::kDistanceRounding:
    case LineKind::kSurchargeRounding:
    case LineKind::kRounding:
      return "ROUNDING";
    case LineKind::kPickup:
      return "PICKUP";
    case LineKind::kDrop:
      return "DROP";
    case LineKind::kExtraStop:
      return "STOP";
    case LineKind::kLegs:
      return "DISTANCE";
    case LineKind::kCancellation:
      return "CANCELLATION";
    case LineKind::kReturn:
      return "RETURN";
  }
  return {};
}

namespace {

std::string step_text(const Tariff& tariff, const FeeLine& line) {
  const auto& step = tariff.steps[line.index];
  const auto currency = tariff.currency.text();
  if (step.pro_rata) {
    return fmt::format("{} m beyond {} m at {} {} for {} m, rounded {} to {}", line.count, step.beyond.value,
                       step.price.minor, currency, step.length.value, to_string(step.pro_rata->mode),
                       step.pro_rata->unit);
  }
  return fmt::format("{} started step{} of {} m beyond {} m at {} {}", line.count, line.count == 1 ? "" : "s",
                     step.length.value, step.beyond.value, step.price.minor, currency);
}

std::string rule_text(const Surcharge& rule, const FeeLine& line, std::string_view currency) {
  if (!rule.per) return rule.text;
  return fmt::format("{}: {} x {} {}", rule.text, line.count, rule.amount.minor, currency);
}

std::string rounding_text(std::string_view what, const std::optional<Rounding>& rounding,
                          std::string_view currency) {
  return fmt::format("{}rounded {} to {} {}", what, to_string(rounding->mode), rounding->unit, currency);
}

}  // namespace

std::string text_of(const Tariff& tariff, const FeeLine& line) {
  const auto currency = tariff.currency.text();
  switch (line.kind) {
    case LineKind::kBase:
      return fmt::format("base fee up to {} m", tariff.base_up_to.value);
    case LineKind::kTable: {
      const auto& entry = tariff.table->entries[line.index];
      return fmt::format("price between the zones {} and {}", entry.from, entry.to);
    }
    case LineKind::kStep:
      return step_text(tariff, line);
    case LineKind::kDistanceRounding:
      return rounding_text("base and distance ", tariff.distance_rounding, currency);
    case LineKind::kSurcharge:
      return rule_text(tariff.surcharges[line.index], line, currency);
    case LineKind::kGroupMaximum: {
      const auto& group = tariff.groups[line.index];
      return fmt::format("{} together at most {} {}", group.name, group.maximum->minor, currency);
    }
    case LineKind::kSurchargeMaximum:
      return fmt::format("all surcharges together at most {} {}", tariff.surcharge_maximum->minor, currency);
    case LineKind::kSurchargeRounding:
      return rounding_text("fee with surcharges ", tariff.surcharge_rounding, currency);
    case LineKind::kPromotion:
      return rule_text(tariff.promotions[line.index], line, currency);
    case LineKind::kPromotionMaximum:
      return fmt::format("all promotions together at most {} {}", tariff.promotion_maximum->minor, currency);
    case LineKind::kMinimum:
      return fmt::format("raised to the minimum of {} {}", tariff.minimum.value_or(Money{}).minor, currency);
    case LineKind::kMaximum:
      return fmt::format("lowered to the maximum of {} {}", tariff.maximum->minor, currency);
    case LineKind::kRounding:
      return rounding_text("", tariff.rounding, currency);
    case LineKind::kPickup:
      return fmt::format("part of the route's {} pickup{}", line.count, line.count == 1 ? "" : "s");
    case LineKind::kDrop:
      return "drop-off";
    case LineKind::kExtraStop:
      return fmt::format("{} further stop{} at {} {}", line.count, line.count == 1 ? "" : "s",
                         tariff.route->extra_stop.minor, currency);
    case LineKind::kLegs:
      return fmt::format("part of the route's {} m", line.count);
    case LineKind::kCancellation:
      return tariff.cancellation[line.index].text;
    case LineKind::kReturn:
      return tariff.returns[line.index].text;
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
  write_lines(json.key("lines"), tariff, trace.lines);
  json.key("currency").string(tariff.currency.text());
  json.key("total").integer(trace.total.minor).key("vat");
  if (trace.vat) {
    json.integer(trace.vat->minor);
  } else {
    json.null();
  }
  if (trace.rider_pay) {
    json.key("rider_pay").begin_object();
    write_lines(json.key("lines"), *tariff.rider_pay, trace.rider_pay->lines);
    json.key("total").integer(trace.rider_pay->total.minor);
    json.key("margin").integer((trace.total - trace.rider_pay->total).minor).end_object();
  }
  json.end_object();
  return out;
}

base::Result<TraceInputs> read_trace_inputs(std::string_view bytes, std::string_view name) {
  const auto document = base::JsonDocument::parse(bytes, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const auto root = document->root(faults);
  root.allow_only(
      {"format", "tariff", "distance", "context", "lines", "currency", "total", "vat", "rider_pay"});
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

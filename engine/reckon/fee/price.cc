#include "reckon/fee/price.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "reckon/base/json_pen.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"

namespace reckon::fee {
namespace {

using base::ErrorCode;
using base::JsonPen;
using base::Metres;

geo::PointE7 point_of(std::int64_t lat_e7, std::int64_t lon_e7) {
  return {static_cast<std::int32_t>(lat_e7), static_cast<std::int32_t>(lon_e7)};
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

namespace {

TripRecord read_trip(const base::JsonNode& node) {
  node.allow_only({"from_lat_e7", "from_lon_e7", "to_lat_e7", "to_lon_e7", "vehicle"});
  const auto e7 = [&](std::string_view key, std::int64_t most) {
    return node.required(key).integer(-most, most).value_or(0);
  };
  return {e7("from_lat_e7", 900'000'000), e7("from_lon_e7", 1'800'000'000), e7("to_lat_e7", 900'000'000),
          e7("to_lon_e7", 1'800'000'000), std::string(node.required("vehicle").string().value_or(""))};
}

JsonPen write_trip(JsonPen json, const TripRecord& trip) {
  json.begin_object().key("from_lat_e7").integer(trip.from_lat_e7);
  json.key("from_lon_e7").integer(trip.from_lon_e7).key("to_lat_e7").integer(trip.to_lat_e7);
  return json.key("to_lon_e7").integer(trip.to_lon_e7).key("vehicle").string(trip.vehicle).end_object();
}

JsonPen write_distance(JsonPen json, const DistanceRecord& distance) {
  json.begin_object().key("distance_m").integer(distance.metres.value);
  json.key("source").string(distance.source).key("map_release");
  json = distance.map_release ? json.string(*distance.map_release) : json.null();
  if (distance.calibration) json.key("calibration").string(*distance.calibration);
  if (distance.trip) json = write_trip(json.key("trip"), *distance.trip);
  return json.end_object();
}

std::string context_json(const FeeContext& context) {
  std::string out;
  base::JsonWriter json(out);
  write_context(json, context);
  return out;
}

}  // namespace

base::JsonPen write_lines(base::JsonPen json, const Tariff& tariff, const std::vector<FeeLine>& lines) {
  return tariff.plan->line_forms().write(json, tariff, lines);
}

std::string to_json(const FeeTrace& trace) {
  const Tariff& tariff = *trace.tariff;
  base::JsonPage page;
  auto json = page.pen();
  json.begin_object().key("format").integer(1);
  json.key("tariff").begin_object().key("id").string(tariff.id).key("version").integer(tariff.version);
  json.key("release").string(tariff.release).end_object();
  json = write_distance(json.key("distance"), trace.distance);
  json.key("context").raw(context_json(trace.context));
  json = write_lines(json.key("lines"), tariff, trace.lines);
  json.key("currency").string(tariff.currency.text()).key("total").integer(trace.total.minor).key("vat");
  json = trace.vat ? json.integer(trace.vat->minor) : json.null();
  if (trace.rider_pay) {
    json.key("rider_pay").begin_object();
    json = write_lines(json.key("lines"), *tariff.rider_pay, trace.rider_pay->lines);
    json.key("total").integer(trace.rider_pay->total.minor);
    json.key("margin").integer((trace.total - trace.rider_pay->total).minor).end_object();
  }
  json.end_object();
  return page.text(json);
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

#include "reckon/service/quote_document.h"

#include "reckon/base/json_pen.h"

namespace reckon::service {
namespace {

using base::JsonPen;

JsonPen write_fee(JsonPen json, const fee::FeeTrace& trace) {
  const fee::Tariff& tariff = *trace.tariff;
  json.begin_object().key("total").integer(trace.total.minor).key("currency").string(tariff.currency.text());
  json.key("vat");
  json = trace.vat ? json.integer(trace.vat->minor) : json.null();
  json = fee::write_lines(json.key("lines"), tariff, trace.lines);
  return json.end_object();
}

// What would have priced had nobody else been there.
JsonPen write_shadow(JsonPen json, const distance::Distance& distance) {
  json.begin_object().key("distance_m").integer(distance.local.value);
  json.key("source").string(distance.local_source.label());
  json.key("low_m").integer(distance.local_low.value).key("high_m").integer(distance.local_high.value);
  if (distance.local_calibration) json.key("calibration").string(*distance.local_calibration);
  return json.end_object();
}

JsonPen write_distance(JsonPen json, const Quote& quote) {
  const auto& distance = quote.distance;
  json.begin_object().key("distance_m").integer(distance.metres.value);
  json.key("duration_s").integer(distance.duration.count()).key("source").string(distance.source.label());
  json.key("age_s").integer(distance.age.count()).key("low_m").integer(distance.low.value);
  json.key("high_m").integer(distance.high.value).key("provisional").boolean(distance.provisional);
  if (quote.likely != distance.metres) json.key("likely_m").integer(quote.likely.value);
  json.key("why_not").begin_array();
  for (const auto& why : distance.why_not) {
    json.begin_object().key("rung").string(why.rung).key("reason").string(why.reason).end_object();
  }
  json.end_array();
  const bool said = distance.source.kind == distance::SourceKind::kProvider ||
                    distance.source.kind == distance::SourceKind::kMemory;
  if (said) json = write_shadow(json.key("shadow"), distance);
  return json.end_object();
}

}  // namespace

std::string quote_document(const Quote& quote) {
  const fee::Tariff& tariff = *quote.trace.tariff;
  base::JsonPage page;
  auto json = page.pen();
  json.begin_object().key("quote_id").string(quote.id);
  json.key("created_at").time(quote.created_at);
  json.key("expires_at").time(quote.created_at + kQuoteValidity);
  json = write_fee(json.key("fee"), quote.trace);
  json = write_distance(json.key("distance"), quote);
  json.key("tariff").begin_object().key("id").string(tariff.id).key("version").integer(tariff.version);
  json.key("release").string(tariff.release).end_object().key("map_release");
  const auto& map = quote.distance.map_release;
  json = map ? json.string(*map) : json.null();
  json.key("trace_hash").string(quote.trace_hash).end_object();
  return page.text(json);
}

}  // namespace reckon::service

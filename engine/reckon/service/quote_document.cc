#include "reckon/service/quote_document.h"

#include "reckon/base/json_writer.h"

namespace reckon::service {
namespace {

using base::JsonWriter;

void write_string_or_null(JsonWriter& json, const std::optional<std::string>& text) {
  if (text) {
    json.string(*text);
  } else {
    json.null();
  }
}

void write_fee(JsonWriter& json, const fee::FeeTrace& trace) {
  const fee::Tariff& tariff = *trace.tariff;
  json.begin_object().key("total").integer(trace.total.minor).key("currency").string(tariff.currency.text());
  json.key("vat");
  if (trace.vat) {
    json.integer(trace.vat->minor);
  } else {
    json.null();
  }
  json.key("lines").begin_array();
  for (const auto& line : trace.lines) {
    json.begin_object()
        .key("rule")
        .string(fee::rule_of(tariff, line))
        .key("type")
        .string(fee::type_of(tariff, line));
    json.key("amount").integer(line.amount.minor).key("text").string(fee::text_of(tariff, line)).end_object();
  }
  json.end_array().end_object();
}

// What would have priced had nobody else been there.
void write_shadow(JsonWriter& json, const distance::Distance& distance) {
  json.begin_object().key("distance_m").integer(distance.local.value);
  json.key("source").string(distance.local_source.label());
  json.key("low_m").integer(distance.local_low.value).key("high_m").integer(distance.local_high.value);
  if (distance.local_calibration) json.key("calibration").string(*distance.local_calibration);
  json.end_object();
}

void write_distance(JsonWriter& json, const Quote& quote) {
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
  if (said) write_shadow(json.key("shadow"), distance);
  json.end_object();
}

}  // namespace

std::string quote_document(const Quote& quote) {
  const fee::Tariff& tariff = *quote.trace.tariff;
  std::string out;
  out.reserve(1200);
  JsonWriter json(out);
  json.begin_object().key("quote_id").string(quote.id);
  json.key("created_at").string(base::format_rfc3339(quote.created_at));
  json.key("expires_at").string(base::format_rfc3339(quote.created_at + kQuoteValidity));
  write_fee(json.key("fee"), quote.trace);
  write_distance(json.key("distance"), quote);
  json.key("tariff").begin_object().key("id").string(tariff.id).key("version").integer(tariff.version);
  json.key("release").string(tariff.release).end_object().key("map_release");
  write_string_or_null(json, quote.distance.map_release);
  json.key("trace_hash").string(quote.trace_hash).end_object();
  return out;
}

}  // namespace reckon::service

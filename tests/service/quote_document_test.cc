#include "reckon/service/quote_document.h"

#include <doctest/doctest.h>

#include <optional>
#include <random>
#include <string>

#include "reckon/base/json_writer.h"
#include "service/service_fixture.h"

using namespace reckon;
using base::JsonWriter;
using distance::SourceKind;

namespace {

void write_or_null(JsonWriter& json, const std::optional<std::string>& text) {
  if (text) {
    json.string(*text);
  } else {
    json.null();
  }
}

void write_distance(JsonWriter& json, const service::Quote& quote) {
  const auto& distance = quote.distance;
  json.begin_object().key("distance_m").integer(distance.metres.value);
  json.key("duration_s").integer(distance.duration.count()).key("source").string(distance.source.label());
  json.key("age_s").integer(distance.age.count()).key("low_m").integer(distance.low.value);
  json.key("high_m").integer(distance.high.value).key("provisional").boolean(distance.provisional);
  if (quote.likely != distance.metres) json.key("likely_m").integer(quote.likely.value);
  json.key("why_not").begin_array();
  for (const auto& why : distance.why_not)
    json.begin_object().key("rung").string(why.rung).key("reason").string(why.reason).end_object();
  json.end_array();
  if (distance.source.kind == SourceKind::kProvider || distance.source.kind == SourceKind::kMemory) {
    json.key("shadow").begin_object().key("distance_m").integer(distance.local.value);
    json.key("source").string(distance.local_source.label()).key("low_m").integer(distance.local_low.value);
    json.key("high_m").integer(distance.local_high.value);
    if (distance.local_calibration) json.key("calibration").string(*distance.local_calibration);
    json.end_object();
  }
  json.end_object();
}

// The contract's document, member by member, by the writer that looks at each.
std::string plainly(const service::Quote& quote) {
  const auto& tariff = *quote.trace.tariff;
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("quote_id").string(quote.id);
  json.key("created_at").string(base::format_rfc3339(quote.created_at));
  json.key("expires_at").string(base::format_rfc3339(quote.created_at + service::kQuoteValidity));
  json.key("fee").begin_object().key("total").integer(quote.trace.total.minor);
  json.key("currency").string(tariff.currency.text()).key("vat");
  write_or_null(json, {});
  json.key("lines").begin_array();
  for (const auto& line : quote.trace.lines) {
    json.begin_object().key("rule").string(fee::rule_of(tariff, line));
    json.key("type").string(fee::type_of(tariff, line)).key("amount").integer(line.amount.minor);
    json.key("text").string(fee::text_of(tariff, line)).end_object();
  }
  json.end_array().end_object();
  write_distance(json.key("distance"), quote);
  json.key("tariff").begin_object().key("id").string(tariff.id).key("version").integer(tariff.version);
  json.key("release").string(tariff.release).end_object().key("map_release");
  write_or_null(json, quote.distance.map_release);
  json.key("trace_hash").string(quote.trace_hash).end_object();
  return out;
}

// Every part that may be absent is at times; names may be any bytes.
distance::Distance random_distance(std::mt19937_64& random) {
  const auto metres = [&] { return base::Metres{static_cast<std::int64_t>(random() % 1'000'000)}; };
  const auto seconds = [&] { return base::Seconds{static_cast<std::int64_t>(random() % 100'000)}; };
  const auto text = [&] {
    std::string bytes(random() % 30, ' ');
    for (char& c : bytes) c = static_cast<char>(random() % 40 == 0 ? random() % 256 : 'a' + random() % 26);
    return bytes;
  };
  const auto source = [&] { return distance::Source{static_cast<SourceKind>(random() % 6), text()}; };
  distance::Distance made;
  made.metres = metres();
  made.duration = seconds();
  made.source = source();
  made.age = seconds();
  made.low = metres();
  made.high = metres();
  made.provisional = random() % 2 == 0;
  for (auto left = random() % 4; left > 0; --left) made.why_not.push_back({text(), text()});
  if (random() % 2 == 0) made.map_release = text();
  made.local = metres();
  made.local_low = metres();
  made.local_high = metres();
  made.local_source = source();
  if (random() % 2 == 0) made.local_calibration = text();
  return made;
}

}  // namespace

TEST_CASE("quote_document: equals the plain writer on random distances") {
  const base::FakeClock clock(base::parse_rfc3339("2022-10-15T18:30:00.25+09:00", "t").value());
  const auto engine = test::engine_with(clock, {"t4-rider-2022"});
  road::RoadMap::Query query;
  service::QuoteRequest request{test::seoul_trip(), {}, ""};
  request.context.at = clock.wall_now();
  request.context.weather = {fee::Weather::kRain};
  auto quote =
      engine->quote(query, request, base::Deadline::after(clock, std::chrono::milliseconds{800})).value();
  REQUIRE(quote.trace.lines.size() > 2);
  CHECK(quote.json == plainly(quote));
  const std::uint64_t seed = 20261127;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    quote.distance = random_distance(random);
    quote.likely = random() % 2 == 0 ? quote.distance.metres : base::Metres{1};
    quote.created_at += std::chrono::microseconds{random() % 1'000'000'000'000};
    REQUIRE(service::quote_document(quote) == plainly(quote));
  }
}

#include "reckon/service/quote_engine.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <set>
#include <string>

#include "fee/fee_fixture.h"
#include "ledger/ledger_fixture.h"
#include "reckon/base/json_reader.h"
#include "reckon/geo/geodesic.h"
#include "reckon/ledger/verify.h"
#include "reckon/service/quote_id.h"
#include "service/service_fixture.h"

using namespace reckon;
using service::QuoteRequest;
using test::engine_with;
using test::seoul_trip;

namespace {

const base::WallTime kEvening = base::parse_rfc3339("2022-10-15T18:30:00+09:00", "t").value();

base::Result<service::Quote> quote(service::QuoteEngine& engine, const std::string& tariff,
                                   base::WallTime at) {
  road::RoadMap::Query query;
  QuoteRequest request{seoul_trip(), {}, tariff};
  request.context.at = at;
  return engine.quote(query, request, base::Deadline::after(engine.clock(), std::chrono::milliseconds{800}));
}

}  // namespace

TEST_CASE("QuoteEngine: a quote names its source, its tariff and a trace that recomputes") {
  const base::FakeClock clock(kEvening);
  const auto engine = engine_with(clock, {"t4-rider-2022"});
  const auto one = quote(*engine, "", kEvening).value();
  CHECK(one.distance.source.label() == "geodesic");
  CHECK(one.distance.low <= one.distance.metres);
  CHECK(one.distance.metres <= one.distance.high);
  CHECK(ledger::verify_trace(one.trace_json, one.trace.tariff->canonical, one.trace_hash).empty());
  CHECK_FALSE(ledger::verify_trace(one.trace_json, one.trace.tariff->canonical, "sha256:0").empty());
  const auto document = base::JsonDocument::parse(one.json, "quote").value();
  base::Faults faults("quote");
  const auto root = document.root(faults);
  CHECK(root.required("quote_id").string() == one.id);
  CHECK(root.required("created_at").string() == "2022-10-15T09:30:00Z");
  CHECK(root.required("expires_at").string() == "2022-10-15T09:45:00Z");
  CHECK(root.required("fee").required("vat").is_null());
  CHECK(root.required("fee").required("total").integer(0, 1'000'000) == one.trace.total.minor);
  CHECK(root.required("map_release").is_null());
  CHECK(faults.empty());
}

TEST_CASE("QuoteEngine: the tariff is the one asked for, or the first in force") {
  const base::FakeClock clock(kEvening);
  const auto engine = engine_with(clock, {"t1-seoul-500m", "t2-province-100m"});
  CHECK(quote(*engine, "", kEvening)->trace.tariff->id == "t1-seoul-500m");
  CHECK(quote(*engine, "t2-province-100m", kEvening)->trace.tariff->id == "t2-province-100m");
  CHECK(quote(*engine, "none", kEvening).error().code == base::ErrorCode::kNotFound);
  CHECK(quote(*engine, "", kEvening - std::chrono::hours{24 * 365 * 5}).error().where == "at");
  const auto bare = engine_with(clock, {});
  CHECK(quote(*bare, "", kEvening).error().code == base::ErrorCode::kNotFound);
}

TEST_CASE("QuoteEngine: the tariff chooses which end of the interval prices, and the quote tells both") {
  const base::FakeClock clock(kEvening);
  const auto with = [&](const std::string& choice) {
    service::QuoteEngine::Parts parts;
    parts.tariffs.push_back(
        test::small_tariff(R"("basis":"road")", R"("basis":"provider","estimate":")" + choice + '"'));
    parts.clock = &clock;
    service::QuoteEngine engine(std::move(parts));
    return quote(engine, "", kEvening).value();
  };
  const auto likely = with("likely"), low = with("low"), high = with("high"), median = with("median");
  CHECK(low.distance.metres == likely.distance.low);
  CHECK(high.distance.metres == likely.distance.high);
  CHECK(median.distance.metres == likely.distance.metres);  // the usual detour tells no other
  CHECK(low.trace.total < likely.trace.total);
  CHECK(likely.trace.total < high.trace.total);
  CHECK(low.likely == likely.distance.metres);
  CHECK(low.json.find("\"likely_m\":" + std::to_string(likely.distance.metres.value)) != std::string::npos);
  CHECK(likely.json.find("likely_m") == std::string::npos);
  CHECK(ledger::verify_trace(low.trace_json, low.trace.tariff->canonical, low.trace_hash).empty());
}

TEST_CASE("QuoteEngine: a straight-line tariff measures the geodesic exactly and asks nobody") {
  const base::FakeClock clock(kEvening);
  const auto engine = engine_with(clock, {"t1-seoul-500m"});
  const auto one = quote(*engine, "", kEvening).value();
  CHECK(one.distance.metres.value == std::llround(geo::geodesic_m(seoul_trip().from, seoul_trip().to)));
  CHECK(one.distance.low == one.distance.high);
  CHECK_FALSE(one.distance.provisional);
}

TEST_CASE("row_of: what is recorded recomputes") {
  const base::FakeClock clock(kEvening);
  const auto engine = engine_with(clock, {"t4-rider-2022"});
  const test::LedgerFolder folder;
  const auto ledger = folder.open();
  const auto tariff = engine->tariffs()[0];
  REQUIRE(ledger->put_tariff(tariff->release, tariff->canonical));
  for (int i = 0; i < 3; ++i)
    REQUIRE(ledger->append({service::row_of(quote(*engine, "", kEvening).value())}));
  const auto report = ledger::verify(*ledger, {}).value();
  CHECK(report.rows == 3);
  CHECK(report.differences.empty());
}

TEST_CASE("new_quote_id: each of the sixteen places behind the time takes each of 32 letters") {
  std::array<std::set<char>, 16> seen;
  for (int i = 0; i < 2'000; ++i) {  // one letter missing: 1 in 10^25
    const auto id = service::new_quote_id(kEvening);
    for (std::size_t place = 0; place < seen.size(); ++place) seen[place].insert(id[10 + place]);
  }
  for (const auto& letters : seen) CHECK(letters.size() == 32);
}

TEST_CASE("new_quote_id: 26 characters that sort by time and do not repeat") {
  const auto one = service::new_quote_id(kEvening);
  const auto same_instant = service::new_quote_id(kEvening);
  const auto later = service::new_quote_id(kEvening + std::chrono::milliseconds{1});
  CHECK(service::is_quote_id(one));
  CHECK(one != same_instant);
  CHECK(one.substr(0, 10) == same_instant.substr(0, 10));
  CHECK(one.substr(0, 10) < later.substr(0, 10));
  for (const std::string text : {"", "short", "01M842R4VFRPH9ZAEZAMJ42V3U", "../../../../../../etc/pass"}) {
    CAPTURE(text);
    CHECK_FALSE(service::is_quote_id(text));
  }
}

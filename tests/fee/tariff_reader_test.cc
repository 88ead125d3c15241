#include "reckon/fee/tariff_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fee/fee_fixture.h"
#include "reckon/base/file.h"

using namespace reckon;
using test::small_tariff_json;

TEST_CASE("read_tariff: each fault is named with its place and what is allowed") {
  struct Row {
    std::string what, replace, where, says;
  };
  for (const Row& row : {
           Row{R"("id":"small")", R"("id":"a b")", "t#/id", "letters, digits"},
           Row{R"("version":1)", R"("version":0)", "t#/version", "from 1 to"},
           Row{R"("version":1)", R"("version":1.5)", "t#/version", "an integer"},
           Row{R"("KRW")", R"("won")", "t#/currency", "ISO 4217"},
           Row{R"("Asia/Seoul")", R"("Korea/Mars")", "t#/time_zone", "IANA"},
           Row{R"(2022-01-01T00:00:00+09:00)", R"(2022-01-01)", "t#/valid_from", "RFC 3339"},
           Row{R"("distance")", R"("valid_until":"2021-01-01T00:00:00Z","distance")", "t#/valid_until",
               "later"},
           Row{R"("basis":"road")", R"("basis":"air")", "t#/distance/basis", "provider, road, straight"},
           Row{R"("basis":"road")", R"("basis":"zone")", "t#/distance/layer", "required"},
           Row{R"("basis":"road")", R"("basis":"road","formula":"geodesic")", "t#/distance/formula",
               "straight"},
           Row{R"("price":1000)", R"("price":-1)", "t#/base/price", "from 0 to"},
           Row{R"("price":1000)", R"("prize":1000)", "t#/base/prize", "allowed: price, up_to_m"},
           Row{R"("beyond_m":1000)", R"("beyond_m":900)", "t#/steps/0/beyond_m", "at least 1000"},
           Row{R"("length_m":100)", R"("length_m":0)", "t#/steps/0/length_m", "from 1 to"},
           Row{R"("vat":null)", R"("vat":{"rate_ppm":100000})", "t#/vat/rounding", "required"},
           Row{R"(,"vat":null)", "", "t#/vat", "required"},
           Row{R"("vat":null)", R"("vat":null,"minimum":5,"maximum":4)", "t#/maximum", "below the minimum"},
           Row{R"("vat":null)", R"("vat":null,"rounding":{"unit":0,"mode":"up"})", "t#/rounding/unit",
               "from 1 to"},
           Row{R"("vat":null)", R"("vat":null,"colour":1)", "t#/colour", "allowed:"},
           Row{R"("surcharges":[])", R"("surcharges":{})", "t#/surcharges", "array"},
       }) {
    CAPTURE(row.replace);
    const auto tariff = fee::read_tariff(small_tariff_json(row.what, row.replace), "t");
    REQUIRE_FALSE(tariff);
    CHECK(tariff.error().where == row.where);
    CHECK_MESSAGE(tariff.error().message.find(row.says) != std::string::npos, tariff.error().message);
  }
}

TEST_CASE("read_tariff: each fault of a surcharge is named with its place") {
  struct Row {
    std::string surcharge, where, says;
  };
  const std::string head = R"("type":"ETC","text":"t")";
  for (const Row& row : {
           Row{R"({"rule":"x","kind":"FIXED","amount":1,"type":"RAIN","text":"t"})", "/type", "WEATHER"},
           Row{R"({"rule":"x","kind":"PERCENT",)" + head + "}", "/kind", "FIXED, RATE, NONE"},
           Row{R"({"rule":"x","kind":"FIXED",)" + head + "}", "/amount", "required"},
           Row{R"({"rule":"x","kind":"NONE","amount":1,)" + head + "}", "/amount", "FIXED only"},
           Row{R"({"rule":"x","kind":"NONE","rate_ppm":1,)" + head + "}", "/rate_ppm", "RATE only"},
           Row{R"({"rule":"base","kind":"NONE",)" + head + "}", "/rule", "taken"},
           Row{R"({"rule":"x","kind":"NONE",)" + head + R"(,"when":{"weather":["fog"]}})", "/when/weather/0",
               "rain"},
           Row{R"({"rule":"x","kind":"NONE",)" + head + R"(,"when":{"area":[]}})", "/when/area",
               "never apply"},
           Row{R"({"rule":"x","kind":"NONE",)" + head +
                   R"(,"when":{"time":[{"from":"25:00","to":"01:00"}]}})",
               "/when/time/0/from", "00:00 to 24:00"},
           Row{R"({"rule":"x","kind":"NONE",)" + head +
                   R"(,"when":{"time":[{"from":"01:00","to":"01:00"}]}})",
               "/when/time/0", "must differ"},
           Row{R"({"rule":"x","kind":"NONE",)" + head + R"(,"when":{"weekdays":["funday"]}})",
               "/when/weekdays/0", "sunday"},
           Row{R"({"rule":"x","kind":"NONE",)" + head + R"(,"when":{"moon":true}})", "/when/moon", "allowed"},
       }) {
    CAPTURE(row.surcharge);
    const auto json = small_tariff_json(R"("surcharges":[])", R"("surcharges":[)" + row.surcharge + "]");
    const auto tariff = fee::read_tariff(json, "t");
    REQUIRE_FALSE(tariff);
    CHECK(tariff.error().where == "t#/surcharges/0" + row.where);
    CHECK_MESSAGE(tariff.error().message.find(row.says) != std::string::npos, tariff.error().message);
  }
}

TEST_CASE("read_tariff: all faults of a file come in one run") {
  const auto tariff = fee::read_tariff(R"({"id":"","version":0,"extra":1})", "t");
  REQUIRE_FALSE(tariff);
  CHECK(tariff.error().code == base::ErrorCode::kBadTariff);
  CHECK(tariff.error().all().size() >= 9);
}

TEST_CASE("read_tariff: the release depends on what prices and on nothing else") {
  const auto plain = fee::read_tariff(small_tariff_json(), "t").value();
  const auto spaced =
      fee::read_tariff(small_tariff_json(",\"vat\"", "  ,\n \"text\":\"note\", \"vat\""), "t").value();
  const auto dearer = fee::read_tariff(small_tariff_json("\"price\":100}", "\"price\":101}"), "t").value();
  CHECK(plain.release == spaced.release);
  CHECK(plain.release != dearer.release);
}

TEST_CASE("read_tariff: which estimate prices is part of the release, where it is not the usual one") {
  const auto with = [](const std::string& distance) {
    return fee::read_tariff(small_tariff_json(R"("basis":"road")", distance), "t");
  };
  const auto usual = with(R"("basis":"provider")").value();
  CHECK(usual.estimate == fee::EstimateChoice::kLikely);
  CHECK(with(R"("basis":"provider","estimate":"likely")")->release == usual.release);
  const auto low = with(R"("basis":"provider","estimate":"low")").value();
  CHECK(low.estimate == fee::EstimateChoice::kLow);
  CHECK(low.release != usual.release);
  CHECK(fee::read_tariff(low.canonical, "t")->release == low.release);
  const auto elsewhere = with(R"("basis":"road","estimate":"low")");
  REQUIRE_FALSE(elsewhere);
  CHECK(elsewhere.error().where == "t#/distance/estimate");
  const auto unknown = with(R"("basis":"provider","estimate":"mean")");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message.find("likely, median, low, high") != std::string::npos);
}

TEST_CASE("read_tariff: a file full of faults names every one of them, with its place, in one run") {
  const std::string path = std::string(RECKON_SOURCE_DIR) + "/tests/fee/faults.json";
  const auto tariff = fee::read_tariff(base::read_file(path, fee::kMaxTariffBytes).value(), "t");
  REQUIRE_FALSE(tariff);
  const auto faults = tariff.error().all();
  struct Row {
    std::string where, says;
  };
  const std::vector<Row> rows = {
      {"/id", "letters, digits"},
      {"/version", "from 1 to"},
      {"/status", "draft, approved"},
      {"/currency", "ISO 4217"},
      {"/time_zone", "IANA"},
      {"/time_basis", "accepted, pickup_expected"},
      {"/valid_from", "RFC 3339"},
      {"/valid_until", "RFC 3339"},
      {"/scope", "one of branch, shop_group, shop"},
      {"/scope/branch", "letters, digits"},
      {"/colour", "allowed:"},
      {"/distance/formula", "'straight' only"},
      {"/distance/table/0/to", "a zone of the layer"},
      {"/distance/table/1", "one of distance_m"},
      {"/distance/table/2", "each way may stand once"},
      {"/distance/table/3", "one of distance_m"},
      {"/base/price", "from 0 to"},
      {"/base/up_to_m", "to 1000000"},
      {"/steps/0/length_m", "from 1 to"},
      {"/steps/0/price", "to 1000000000"},
      {"/steps/1/beyond_m", "steps must increase"},
      {"/steps/1/price", "an integer"},
      {"/steps/1/rounding", "required"},
      {"/steps/2/charge", "started, pro_rata"},
      {"/steps/3/rounding", "pro_rata only"},
      {"/groups/0/pick", "all, highest, lowest, priority"},
      {"/groups/1/group", "taken"},
      {"/groups/2", "another pick, or a maximum"},
      {"/surcharge_maximum", "from 0 to"},
      {"/promotion_maximum", "an integer"},
      {"/maximum", "below the minimum"},
      {"/rounding/0/unit", "from 1 to"},
      {"/rounding/1/mode", "half_even"},
      {"/rounding/1", "once more"},
      {"/rounding/2/stage", "distance, surcharges, total"},
      {"/vat/rate_ppm", "to 1000000"},
      {"/vat/rounding", "half_even"},
      {"/needs/0", "no reading"},
      {"/needs/1", "a measure"},
      {"/needs/3", "twice"},
      {"/holidays/0/date", "YYYY-MM-DD"},
      {"/holidays/2", "once more"},
      {"/building_lists/0/buildings", "at least one"},
      {"/building_lists/1/list", "taken"},
      {"/building_lists/1/buildings/1", "stands twice"},
      {"/building_lists/1/buildings/2", "a name is needed"},
      {"/zones/type", "FeatureCollection"},
      {"/zones/features/0/properties/boundary", "inside, outside"},
      {"/zones/features/0/properties/height", "allowed:"},
      {"/zones/features/1/properties/zone", "taken"},
      {"/zones/features/1/geometry/coordinates", "must be simple"},
      {"/zones/features/2/geometry/coordinates/0", "no closed ring"},
      {"/zones/features/3/geometry/coordinates/0/0/1", "from -90 to 90"},
      {"/zones/features/3/geometry/coordinates/0/1/1", "from -90 to 90"},
      {"/zones/features/3/geometry/coordinates/0/2/1", "from -90 to 90"},
      {"/zones/features/3/geometry/coordinates/0/3/1", "from -90 to 90"},
      {"/zones/features/4/geometry/coordinates", "holes inside"},
      {"/zones/features/5/geometry/coordinates", "90 degrees"},
      {"/zones/features/6/geometry/type", "Polygon, MultiPolygon"},
      {"/zones/features/7/geometry/coordinates/0", "twice in a row"},
      {"/zones/features/8/geometry/coordinates/0/0", "[longitude, latitude]"},
      {"/zones/features/9/geometry/coordinates", "at least one"},
      {"/surcharges/0/type", "WEATHER"},
      {"/surcharges/1/rule", "taken"},
      {"/surcharges/1/kind", "FIXED, RATE, NONE"},
      {"/surcharges/1/amount", "required"},
      {"/surcharges/2/amount", "required"},
      {"/surcharges/2/rate_ppm", "RATE only"},
      {"/surcharges/2/on", "RATE only"},
      {"/surcharges/2/maximum", "with `per`"},
      {"/surcharges/3/rate_ppm", "to 10000000"},
      {"/surcharges/3/rounding/mode", "required"},
      {"/surcharges/3/on", "with_surcharges"},
      {"/surcharges/3/amount", "FIXED only"},
      {"/surcharges/4/group", "leave one of them out"},
      {"/surcharges/5/per/measure", "a measure"},
      {"/surcharges/6/per/each", "above 0"},
      {"/surcharges/7/group", "a group of `groups`"},
      {"/surcharges/8/priority", "picks by priority"},
      {"/surcharges/9/when/weather/0", "rain, snow"},
      {"/surcharges/9/when/holiday", "never apply"},
      {"/surcharges/9/when/time/0", "must differ"},
      {"/surcharges/9/when/weekdays/0", "sunday"},
      {"/surcharges/9/when/dates/0", "must not be before"},
      {"/surcharges/9/when/rain_mm_h", "one of at_least, over"},
      {"/surcharges/9/when/snow_cm", "one of at_least, over"},
      {"/surcharges/9/when/temperature_c", "can never hold"},
      {"/surcharges/9/when/floor/at_least", "an integer"},
      {"/surcharges/9/when/items", "one of at_least, over"},
      {"/surcharges/9/when/items/exactly", "at_least, over, at_most, below"},
      {"/surcharges/9/when/value/at_most", "from 0 to"},
      {"/surcharges/9/when/pickup_zone/0", "a zone of `zones`"},
      {"/surcharges/9/when/zones_differ", "a layer of `zones`"},
      {"/surcharges/9/when/building_list/0", "a list of `building_lists`"},
      {"/surcharges/9/when/any_of/0", "at least one part"},
      {"/surcharges/9/when/not/moon", "allowed:"},
      {"/surcharges/10/when/not/not/not/not", "nests too deep"},
      {"/promotions/0/amount", "from 0 to"},
      {"/promotions/1/kind", "FIXED, RATE"},
      {"/promotions/1/type", "allowed:"},
      {"/promotions/2/group", "surcharges or promotions"},
      {"/vectors/0/distance_m", "from 0 to"},
      {"/vectors/0/total", "beside `refused`"},
      {"/vectors/1/from/lat", "from -90 to 90"},
      {"/vectors/1/to/lon", "required"},
      {"/vectors/1/total", "an integer"},
      {"/vectors/2/context/floor", "an integer"},
      {"/vectors/2/context/rain_mm_h", "three decimals"},
  };
  CHECK(rows.size() >= 40);
  for (const Row& row : rows) {
    const auto named = std::ranges::any_of(faults, [&](const base::Fault& fault) {
      return fault.where == "t#" + row.where && fault.message.find(row.says) != std::string::npos;
    });
    CHECK_MESSAGE(named, row.where << " " << row.says);
  }
  for (const auto& fault : faults) {
    const auto expected =
        std::ranges::any_of(rows, [&](const Row& row) { return fault.where == "t#" + row.where; });
    CHECK_MESSAGE(expected, "not expected: " << fault.where << ": " << fault.message);
    CHECK_MESSAGE(fault.message.find("; ") != std::string::npos, fault.message);
  }
}

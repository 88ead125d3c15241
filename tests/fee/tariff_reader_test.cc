#include "reckon/fee/tariff_reader.h"

#include <doctest/doctest.h>

#include <string>

#include "fee/fee_fixture.h"

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

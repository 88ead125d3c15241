#include "reckon/fee/lint.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "fee/fee_fixture.h"

using namespace reckon;

namespace {

// The small tariff with `more` put in before its end.
std::vector<fee::Remark> remarks_of(const std::string& more) {
  const std::string vector = R"("vectors":[{"name":"n","why":"w: 1,000","distance_m":0,"total":1000}],)";
  return fee::lint(*test::small_tariff(R"("surcharges":[],)", vector + more));
}

}  // namespace

TEST_CASE("lint: a plain tariff gives no remark, one without vectors does") {
  CHECK(remarks_of("").empty());
  const auto remarks = fee::lint(*test::small_tariff());
  REQUIRE(remarks.size() == 1);
  CHECK(remarks[0].where == "/vectors");
}

TEST_CASE("lint: what a tariff hardly meant is told with its place") {
  struct Row {
    std::string more, where, says;
  };
  const auto surcharge = [](const std::string& rest) {
    return R"("surcharges":[{"rule":"x","type":"ETC","text":"t",)" + rest + "}],";
  };
  const auto in_group = [](const std::string& pick) {
    return R"("groups":[{"group":"g","pick":")" + pick + R"("}],"surcharges":[
      {"rule":"x","type":"ETC","text":"t","kind":"FIXED","amount":5,"group":"g","when":{"bundle":true}},
      {"rule":"y","type":"ETC","text":"t","kind":"FIXED","amount":6,"group":"g"}],)";
  };
  const std::string square = R"("zones":{"type":"FeatureCollection","features":[{"type":"Feature",
    "properties":{"zone":"z"},"geometry":{"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2],[1,1]]]}}]},)";
  for (
      const Row& row : {
          Row{surcharge(R"("kind":"FIXED","amount":0)"), "/surcharges/0/amount", "does nothing"},
          Row{surcharge(R"("kind":"RATE","rate_ppm":0,"rounding":"up")"), "/surcharges/0/rate_ppm",
              "does nothing"},
          Row{surcharge(R"("kind":"RATE","rate_ppm":-1,"rounding":"up")"), "/surcharges/0/rate_ppm",
              "below 0"},
          Row{surcharge(R"("kind":"RATE","rate_ppm":1,"rounding":"up","maximum":0)"), "/surcharges/0/maximum",
              "does nothing"},
          Row{surcharge(R"("kind":"NONE","when":{"dates":[{"from":"2020-01-01","to":"2020-02-01"}]})"),
              "/surcharges/0/when/dates", "never fire"},
          Row{surcharge(R"("kind":"NONE","when":{"bundle":false,"bundle_position":{"at_least":2}})"),
              "/surcharges/0/when/bundle_position", "never fire"},
          Row{surcharge(
                  R"("kind":"RATE","rate_ppm":50000,"on":"base","rounding":{"unit":100,"mode":"down"})"),
              "/surcharges/0/rate_ppm", "always rounds to nothing"},
          Row{surcharge(R"("kind":"RATE","rate_ppm":4,"rounding":"down")"), "/surcharges/0/rate_ppm",
              "always rounds to nothing"},
          Row{surcharge(R"("kind":"FIXED","amount":-100)"), "/surcharges/0/amount", "promotions"},
          Row{surcharge(
                  R"("kind":"NONE","when":{"weekdays":["sunday"],"dates":[{"from":"2026-12-24","to":"2026-12-26"}]})"),
              "/surcharges/0/when/dates", "none of its weekdays"},
          Row{R"("promotions":[{"rule":"p","kind":"FIXED","amount":1001,"text":"t"}],)",
              "/promotions/0/amount", "more than the base price"},
          Row{R"("rider_pay":{"base":{"price":1001,"up_to_m":1000},"steps":[]},)", "/rider_pay/base/price",
              "loses money"},
          Row{R"("rider_pay":{"base":{"price":500,"up_to_m":500},"steps":[{"beyond_m":500,"length_m":100,"price":110}]},)",
              "/rider_pay/base/price", "pays 1050 for 1000 m"},
          Row{in_group("highest"), "/surcharges/0", "never be charged"},
          Row{R"("groups":[{"group":"g","pick":"highest"}],)", "/groups/0", "no rule"},
          Row{R"("maximum":1250,"rounding":{"unit":100,"mode":"down"},)", "/maximum", "multiple"},
          Row{R"("minimum":1250,"rounding":{"unit":100,"mode":"down"},)", "/minimum", "multiple"},
          Row{R"("maximum":900,)", "/maximum", "below the base price"},
          Row{square, "/zones", "no rule"},
          Row{R"("building_lists":[{"list":"l","buildings":["b"]}],)", "/building_lists", "no rule"},
          Row{surcharge(R"("kind":"NONE","when":{"holiday":["major"]})") +
                  R"("holidays":[{"date":"2022-05-05","holiday":"public"}],)",
              "/surcharges/0/when/holiday/0", "no day of the calendar"},
          Row{surcharge(R"("kind":"NONE","when":{"holiday":["public"]})") +
                  R"("holidays":[{"date":"2022-05-05","holiday":"public"}],)",
              "/holidays", "ends in 2022"},
          Row{surcharge(R"("kind":"NONE","when":{"holiday":["public"]})") +
                  R"("valid_until":"2024-01-01T00:00:00+09:00","holidays":[{"date":"2022-05-05","holiday":"public"}],)",
              "/holidays", "no day in 2023"},
          Row{surcharge(R"("kind":"NONE","when":{"holiday":["public"]})") +
                  R"("holidays":[{"date":"2021-05-05","holiday":"public"},{"date":"2022-05-05","holiday":"public"}],)",
              "/holidays", "outside the tariff's validity"},
      }) {
    CAPTURE(row.more);
    const auto remarks = remarks_of(row.more);
    const auto told = std::ranges::any_of(remarks, [&](const fee::Remark& remark) {
      return remark.where == row.where && remark.message.find(row.says) != std::string::npos;
    });
    std::string all;
    for (const auto& remark : remarks) all += remark.where + ": " + remark.message + "\n";
    CHECK_MESSAGE(told, all);
  }
}

TEST_CASE("lint: gaps and overlaps of steps, and rates on nothing") {
  const auto first = [](const std::string& what, const std::string& replace) {
    return fee::lint(*test::small_tariff(what, replace)).at(0);
  };
  const std::string steps = R"("steps":[{"beyond_m":1000,"length_m":100,"price":100}])";
  CHECK(first(R"("beyond_m":1000)", R"("beyond_m":1200)").message.find("from 1000 to 1200 m nothing") !=
        std::string::npos);
  CHECK(first(R"("price":100}])", R"("price":0}])").where == "/steps/0/price");
  CHECK(first(steps, R"("steps":[])").where == "/steps");
  const auto overlap =
      first(R"("price":100}])", R"("price":100},{"beyond_m":1250,"length_m":100,"price":90}])");
  CHECK(overlap.where == "/steps/0/length_m");
  CHECK(overlap.message.find("250 m") != std::string::npos);
  const std::string free =
      R"("base":{"price":0,"up_to_m":1000},"steps":[{"beyond_m":1000,"length_m":100,"price":0}],
    "surcharges":[{"rule":"x","type":"ETC","text":"t","kind":"RATE","rate_ppm":1,"rounding":"up"}])";
  const auto remarks = fee::lint(*test::small_tariff(
      R"("base":{"price":1000,"up_to_m":1000},)" + std::string("\n") + steps + R"(,"surcharges":[])", free));
  CHECK(std::ranges::any_of(remarks, [](const auto& remark) {
    return remark.where == "/surcharges/0/rate_ppm" &&
           remark.message.find("a rate on nothing") != std::string::npos;
  }));
}

TEST_CASE("lint: what is meant is not remarked on") {
  const auto surcharge = [](const std::string& rest) {
    return R"("surcharges":[{"rule":"x","type":"ETC","text":"t",)" + rest + "}],";
  };
  struct Row {
    std::string more;
    const char* why;
  };
  for (
      const Row& row :
      {Row{surcharge(R"("kind":"RATE","rate_ppm":50000,"on":"base","rounding":{"unit":50,"mode":"down"})"),
           "5 % of 1,000 is one unit"},
       Row{surcharge(R"("kind":"RATE","rate_ppm":50000,"rounding":{"unit":100,"mode":"down"})"),
           "nothing at the base price, but not of longer ways"},
       Row{surcharge(
               R"("kind":"NONE","when":{"weekdays":["friday"],"dates":[{"from":"2026-12-24","to":"2026-12-26"}]})"),
           "the 25th is a Friday"},
       Row{R"("promotions":[{"rule":"p","kind":"FIXED","amount":1000,"text":"t"}],)",
           "no more than the base"},
       Row{R"("rider_pay":{"base":{"price":1000,"up_to_m":1000},"steps":[{"beyond_m":1000,"length_m":100,"price":10}]},)",
           "pay and fee are the same"}}) {
    CAPTURE(row.why);
    const auto remarks = remarks_of(row.more);
    std::string all;
    for (const auto& remark : remarks) all += remark.where + ": " + remark.message + "\n";
    CHECK_MESSAGE(remarks.empty(), all);
  }
}

TEST_CASE("lint: a VAT rate that is no country's is told, a usual one and zero are not") {
  struct Row {
    std::string ppm;
    bool told;
  };
  for (const Row& row : {Row{"10", true}, Row{"9999", true}, Row{"10000", false}, Row{"100000", false},
                         Row{"500001", true}, Row{"0", false}}) {
    CAPTURE(row.ppm);
    const auto remarks = fee::lint(
        *test::small_tariff(R"("vat":null)", R"("vat":{"rate_ppm":)" + row.ppm + R"(,"rounding":"down"})"));
    CHECK(std::ranges::any_of(remarks, [](const auto& one) { return one.where == "/vat/rate_ppm"; }) ==
          row.told);
  }
}

TEST_CASE("lint: pay above the fee is told of what both sides really come to") {
  const auto pay = [](const std::string& price, const std::string& more = "") {
    return R"("rider_pay":{"base":{"price":)" + price +
           R"(,"up_to_m":1000},"steps":[{"beyond_m":1000,"length_m":100,"price":10}])" + more + "},";
  };
  const auto rain = [](const std::string& amount) {
    return R"("surcharges":[{"rule":"rain","type":"WEATHER","text":"t","kind":"FIXED","amount":)" + amount +
           R"(,"when":{"weather":["rain"]}}])";
  };
  const std::string always =
      R"("surcharges":[{"rule":"x","type":"ETC","text":"t","kind":"FIXED","amount":300}],)";
  struct Row {
    std::string more, where, says;  // nothing is said where `says` is empty
    const char* why;
  };
  for (const Row& row :
       {Row{R"("minimum":3000,)" + pay("2500"), "", "", "the fee's minimum covers the pay"},
        Row{R"("minimum":2000,)" + pay("2500"), "/rider_pay/base/price",
            "pays 2500 for 1000 m, for which the fee is 2000: each such delivery loses", "it does not"},
        Row{pay("500", R"(,"minimum":1200)"), "/rider_pay/minimum",
            "pays 1200 for 1000 m, for which the fee is 1000", "the pay's minimum is above the fee"},
        Row{pay("1500", R"(,"maximum":900)"), "", "", "the pay's maximum is below the fee"},
        Row{R"("maximum":1000,)" + always + pay("1200"), "/rider_pay/base/price", "the fee is 1000",
            "the fee's maximum holds the surcharge down"},
        Row{always + pay("1200"), "", "", "a surcharge that always applies covers the pay"},
        Row{R"("rounding":[{"unit":500,"mode":"up","stage":"distance"}],)" +
                pay("1100", R"(,"rounding":[{"unit":500,"mode":"down","stage":"distance"}])"),
            "", "", "the pay is rounded down to the fee"},
        Row{pay("900", R"(,"rounding":[{"unit":2000,"mode":"up","stage":"distance"}])"),
            "/rider_pay/base/price", "pays 2000", "the pay is rounded up above the fee"},
        Row{rain("700") + "," + pay("1200"), "/rider_pay/base/price",
            "each such delivery to which no other rule applies loses money", "rain would cover it"}}) {
    CAPTURE(row.why);
    std::string all;
    bool told = false, margin = false;
    for (const auto& remark : remarks_of(row.more)) {
      all += remark.where + ": " + remark.message + "\n";
      const bool loses = remark.message.find("loses money") != std::string::npos;
      margin = margin || loses;
      told =
          told || (loses && remark.where == row.where && remark.message.find(row.says) != std::string::npos);
    }
    CHECK_MESSAGE((row.says.empty() ? !margin : told), all);
  }
}

TEST_CASE("lint: a rate stands on base and distance as they are rounded") {
  const auto rate = [](const std::string& ppm) {
    return R"("surcharges":[{"rule":"x","type":"ETC","text":"t","kind":"RATE","rate_ppm":)" + ppm +
           R"(,"rounding":{"unit":1000,"mode":"down"}}],)";
  };
  const auto rounded = [](const std::string& unit, const std::string& mode) {
    return R"("rounding":[{"unit":)" + unit + R"(,"mode":")" + mode + R"(","stage":"distance"}],)";
  };
  const auto told = [](const std::vector<fee::Remark>& remarks) {
    return std::ranges::any_of(remarks, [](const auto& one) {
      return one.message.find("always rounds to nothing") != std::string::npos;
    });
  };
  CHECK_FALSE(told(remarks_of(rate("50000"))));  // of 20,000: 1,000
  CHECK(told(remarks_of(rounded("15000", "down") + rate("50000"))));
  CHECK(told(remarks_of(rate("40000"))));
  CHECK_FALSE(told(remarks_of(rounded("30000", "up") + rate("40000"))));
  const auto by_the_metre = [&](const std::string& mode, const std::string& ppm) {
    return fee::lint(
        *test::small_tariff(R"("price":100}],"surcharges":[],)",
                            R"("price":100,"charge":"pro_rata","rounding":{"unit":10000,"mode":")" + mode +
                                R"("}}],)" + rate(ppm)));
  };
  CHECK(told(by_the_metre("down", "50000")));      // of 1,000 + 10,000
  CHECK_FALSE(told(by_the_metre("up", "48000")));  // of 1,000 + 20,000
}

#include "reckon/fee/line_form.h"

#include <doctest/doctest.h>

#include <string>

#include "fee/fee_fixture.h"
#include "reckon/base/json_pen.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/plan.h"
#include "reckon/fee/price.h"

using namespace reckon;
using fee::LineKind;

namespace {

// Every kind of line but the zone table's; texts that need escapes, and Korean.
constexpr const char* kAllLines = R"({"id":"all","version":1,"currency":"KRW","time_zone":"Asia/Seoul",
"valid_from":"2022-01-01T00:00:00+09:00","distance":{"basis":"road"},"base":{"price":1000,"up_to_m":1000},
"steps":[{"beyond_m":1000,"length_m":100,"price":100},
  {"beyond_m":2000,"length_m":1000,"price":70,"charge":"pro_rata","rounding":{"unit":10,"mode":"half_up"}}],
"groups":[{"group":"free","pick":"highest"},{"group":"weather","pick":"all","maximum":900}],
"surcharges":[
  {"rule":"rain","type":"WEATHER","kind":"FIXED","amount":500,"group":"weather","text":"\"비\" \\ rain"},
  {"rule":"floor","type":"ETC","kind":"FIXED","amount":300,"group":"free","text":"floors\tup",
   "per":{"measure":"floor","beyond":3,"each":1}}],
"surcharge_maximum":4000,"promotion_maximum":700,"minimum":800,"maximum":9000,
"promotions":[{"rule":"first","kind":"FIXED","amount":200,"text":"first order"}],
"rounding":[{"unit":10,"mode":"down","stage":"distance"},{"unit":50,"mode":"half_even","stage":"surcharges"},
  {"unit":100,"mode":"up","stage":"total"}],
"route":{"pickup":1500,"further_pickup_ppm":450000,"rounding":"half_up","drop":900,"extra_stop":500,
  "legs":[{"beyond_m":0,"length_m":100,"price":80}],"share":"direct_m","remainder_to":"first"},
"cancellation":[{"state":"assigned","kind":"FIXED","amount":100,"text":"rider on the way"}],
"returns":[{"state":"at_dropoff","kind":"FIXED","amount":100,"text":"brought back"}],
"vat":null})";

std::string lines_json(const fee::Tariff& tariff, const fee::FeeLine& line) {
  base::JsonPage page;
  return page.text(tariff.plan->line_forms().write(page.pen(), tariff, {line, line}));
}

}  // namespace

TEST_CASE("a fee's line: rule, type and sentence, read and written") {
  struct Row {
    LineKind kind;
    std::uint32_t index;
    std::int64_t count;
    std::string rule, type, text;  // as they stand in JSON
  };
  const auto tariff = test::read_json(kAllLines);
  for (const Row& row : {
           Row{LineKind::kBase, 0, 0, "base", "BASE", "base fee up to 1000 m"},
           Row{LineKind::kStep, 0, 1, "steps/0", "DISTANCE",
               "1 started step of 100 m beyond 1000 m at 100 KRW"},
           Row{LineKind::kStep, 0, 12, "steps/0", "DISTANCE",
               "12 started steps of 100 m beyond 1000 m at 100 KRW"},
           Row{LineKind::kStep, 1, 1, "steps/1", "DISTANCE",
               "1 m beyond 2000 m at 70 KRW for 1000 m, rounded half_up to 10"},
           Row{LineKind::kDistanceRounding, 0, 0, "rounding/distance", "ROUNDING",
               "base and distance rounded down to 10 KRW"},
           Row{LineKind::kSurcharge, 0, 0, "rain", "WEATHER", R"(\"비\" \\ rain)"},
           Row{LineKind::kSurcharge, 1, 2, "floor", "ETC", R"(floors\tup: 2 x 300 KRW)"},
           Row{LineKind::kGroupMaximum, 1, 0, "groups/weather", "CAP", "weather together at most 900 KRW"},
           Row{LineKind::kSurchargeMaximum, 0, 0, "surcharges/maximum", "CAP",
               "all surcharges together at most 4000 KRW"},
           Row{LineKind::kSurchargeRounding, 0, 0, "rounding/surcharges", "ROUNDING",
               "fee with surcharges rounded half_even to 50 KRW"},
           Row{LineKind::kPromotion, 0, 0, "first", "PROMOTION", "first order"},
           Row{LineKind::kPromotionMaximum, 0, 0, "promotions/maximum", "CAP",
               "all promotions together at most 700 KRW"},
           Row{LineKind::kMinimum, 0, 0, "minimum", "MINIMUM", "raised to the minimum of 800 KRW"},
           Row{LineKind::kMaximum, 0, 0, "maximum", "MAXIMUM", "lowered to the maximum of 9000 KRW"},
           Row{LineKind::kRounding, 0, 0, "rounding", "ROUNDING", "rounded up to 100 KRW"},
           Row{LineKind::kPickup, 0, 1, "route/pickup", "PICKUP", "part of the route's 1 pickup"},
           Row{LineKind::kPickup, 0, 3, "route/pickup", "PICKUP", "part of the route's 3 pickups"},
           Row{LineKind::kDrop, 0, 1, "route/drop", "DROP", "drop-off"},
           Row{LineKind::kExtraStop, 0, 1, "route/extra_stop", "STOP", "1 further stop at 500 KRW"},
           Row{LineKind::kExtraStop, 0, 2, "route/extra_stop", "STOP", "2 further stops at 500 KRW"},
           Row{LineKind::kLegs, 0, 2850, "route/legs", "DISTANCE", "part of the route's 2850 m"},
           Row{LineKind::kCancellation, 0, 0, "cancellation/assigned", "CANCELLATION", "rider on the way"},
           Row{LineKind::kReturn, 0, 0, "returns/at_dropoff", "RETURN", "brought back"},
       }) {
    CAPTURE(row.text);
    const fee::FeeLine line{row.kind, row.index, row.count, {-70}};
    CHECK(fee::rule_of(*tariff, line) == row.rule);
    CHECK(fee::type_of(*tariff, line) == row.type);
    std::string said;
    base::JsonWriter(said).string(fee::text_of(*tariff, line));
    CHECK(said == '"' + row.text + '"');
    const auto one =
        R"({"rule":")" + row.rule + R"(","type":")" + row.type + R"(","amount":-70,"text":)" + said + '}';
    CHECK(lines_json(*tariff, line) == '[' + one + ',' + one + ']');
  }
}

TEST_CASE("a fee's line: of a zone table it names the two zones") {
  const auto tariff = test::shipped_tariff("v4-zone-table");
  const fee::FeeLine line{LineKind::kTable, 3, 0, {1500}};
  CHECK(fee::text_of(*tariff, line) == "price between the zones centre and island");
  const std::string one =
      R"({"rule":"table/3","type":"BASE","amount":1500,"text":"price between the zones centre and island"})";
  CHECK(lines_json(*tariff, line) == '[' + one + ',' + one + ']');
}

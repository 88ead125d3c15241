// Orders on one route, rider's pay beside the fee, orders that end otherwise.

#include "reckon/fee/route_part.h"

#include <doctest/doctest.h>

#include <random>

#include "fee/fee_fixture.h"
#include "reckon/base/file.h"
#include "reckon/fee/explain.h"
#include "reckon/fee/lint.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"

using namespace reckon;

namespace {

std::string text_of(const std::string& name) {
  return base::read_file(std::string(RECKON_SOURCE_DIR) + "/data/tariffs/" + name + ".json", 1 << 20).value();
}

fee::FeeContext context_of(const fee::Tariff& tariff) {
  fee::FeeContext context;
  context.at = tariff.valid_from;
  return context;
}

std::string with(std::string text, std::string_view part, std::string_view other) {
  const auto place = text.find(part);
  REQUIRE(place != std::string::npos);
  return text.replace(place, part.size(), other);
}

}  // namespace

TEST_CASE("route: what its orders pay sums to what the route costs, whoever carries the remainder") {
  std::mt19937_64 random(20261127);
  for (const std::string_view end : {"first", "last"}) {
    for (const std::string_view share : {"direct_m", "equal"}) {
      auto text = with(text_of("v7-route"), "\"remainder_to\": \"first\"",
                       "\"remainder_to\": \"" + std::string(end) + "\"");
      text = with(text, "\"share\": \"direct_m\"", "\"share\": \"" + std::string(share) + "\"");
      const auto tariff = std::make_shared<const fee::Tariff>(fee::read_tariff(text, "t").value());
      for (int i = 0; i < 300; ++i) {
        const auto orders = static_cast<std::int64_t>(random() % fee::kMaxRouteOrders) + 1;
        fee::RoutePart route;
        route.total = {static_cast<std::int64_t>(random() % 9000)};
        for (std::int64_t k = 0; k < orders; ++k)
          route.direct_m.push_back({static_cast<std::int64_t>(random() % 3 * (random() % 4000))});
        route.pickups = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(orders)) + 1;
        std::int64_t sum = 0;
        for (route.order = 1; route.order <= orders; ++route.order) {
          auto context = context_of(*tariff);
          context.bundle = true;
          context.route = route;
          sum += fee::price(tariff, context, {base::Metres{1000}, "road", {}}).value().total.minor;
        }
        const auto metres = route.total.value;
        const auto legs = (std::min<std::int64_t>(metres, 3000) + 99) / 100 * 80 +
                          (std::max<std::int64_t>(0, metres - 3000) + 99) / 100 * 60;
        CHECK(sum == 1500 + 675 * (route.pickups - 1) + 900 * orders + legs);
      }
    }
  }
}

TEST_CASE("rider_pay: stands in the trace with its margin, and the trace recomputes") {
  const auto tariff = test::shipped_tariff("v8-rider-pay");
  const auto trace = fee::price(tariff, context_of(*tariff), {base::Metres{2700}, "road", {}}).value();
  const auto json = fee::to_json(trace);
  CHECK(json.find("\"rider_pay\":{\"lines\":[{\"rule\":\"base\"") != std::string::npos);
  CHECK(json.find("\"total\":4140,\"margin\":1360}") != std::string::npos);
  const auto inputs = fee::read_trace_inputs(json, "trace").value();
  CHECK(fee::to_json(fee::price(tariff, inputs.context, inputs.distance).value()) == json);
}

TEST_CASE("route, outcomes and rider_pay: the canonical form reads back to the same release") {
  for (const char* name : {"v7-route", "v8-rider-pay"}) {
    const auto tariff = test::shipped_tariff(name);
    const auto again = fee::read_tariff(tariff->canonical, "canonical");
    REQUIRE(again);
    CHECK(again->release == tariff->release);
  }
}

TEST_CASE("explain: a route's part and a cancellation are told in both languages") {
  auto tariff = test::shipped_tariff("v7-route");
  auto context = context_of(*tariff);
  context.route = fee::RoutePart{{2850}, {{1500}, {1000}}, 2, 2};
  const auto part = fee::price(tariff, context, {base::Metres{1000}, "road", {}}).value();
  CHECK(fee::explanation_text(part, fee::Language::kEnglish)
            .find("Its part of the route's 2,850 m: 928 KRW.") != std::string::npos);
  CHECK(fee::explanation_text(part, fee::Language::kKorean).find("픽업 2건 중 이 주문의 몫: 1,087원") !=
        std::string::npos);
  tariff = test::shipped_tariff("v8-rider-pay");
  context = context_of(*tariff);
  context.outcome = fee::Outcome{fee::Ending::kCancelled, fee::OrderState::kAssigned};
  const auto cancelled = fee::price(tariff, context, {base::Metres{2700}, "road", {}}).value();
  CHECK(fee::explanation_text(cancelled, fee::Language::kEnglish).find("in place of the fee: -4,500 KRW.") !=
        std::string::npos);
  CHECK(fee::explanation_text(cancelled, fee::Language::kKorean)
            .find("픽업 이동 중 취소: 배달요금 대신 1,000원") != std::string::npos);
}

TEST_CASE("lint: what stands in a rider's pay is looked at too, and what only it asks for is used") {
  auto text = with(text_of("v8-rider-pay"), "\"beyond_m\": 675, \"length_m\": 1225",
                   "\"beyond_m\": 700, \"length_m\": 1225");
  text = with(text, "\"rider_pay\": {",
              "\"building_lists\": [ { \"list\": \"steep\", \"buildings\": [\"b-1\"] } ], \"rider_pay\": {");
  text = with(text, "\"amount\": 400, \"when\": { \"weather\"",
              "\"amount\": 400, \"when\": { \"building_list\": [\"steep\"], \"weather\"");
  const auto remarks = fee::lint(fee::read_tariff(text, "t").value());
  REQUIRE_FALSE(remarks.empty());
  CHECK(remarks[0].where == "/rider_pay/steps/0/beyond_m");
  for (const auto& remark : remarks) CHECK(remark.where != "/building_lists");
}

TEST_CASE("read_tariff: faults of routes, outcomes and rider's pay are told with their place") {
  struct Row {
    const char* file;
    std::string_view part, other, where, says;
  };
  for (const Row& row : {
           Row{"v7-route", "\"pickup\": 1500", "\"pickup\": -1", "/route/pickup", "from 0 to"},
           Row{"v7-route", "450000", "1450000", "/route/further_pickup_ppm", "to 1000000"},
           Row{"v7-route", "\"drop\": 900, ", "", "/route/drop", "required"},
           Row{"v7-route", "\"share\": \"direct_m\"", "\"share\": \"weight\"", "/route/share",
               "direct_m, equal"},
           Row{"v7-route", "\"remainder_to\": \"first\"", "\"remainder_to\": \"rider\"",
               "/route/remainder_to", "first, last"},
           Row{"v7-route", "\"beyond_m\": 3000", "\"beyond_m\": 0", "/route/legs/1/beyond_m",
               "steps must increase"},
           Row{"v7-route", "\"pickups\": 1,", "\"pickups\": 3,", "/vectors/2/context/route/pickups",
               "from 1 to 2"},
           Row{"v7-route", "\"order\": 1", "\"order\": 0", "/vectors/2/context/route/order", "from 1 to 2"},
           Row{"v7-route", "[1500, 1000]", "[]", "/vectors/2/context/route/direct_m", "is empty"},
           Row{"v7-route", "{ \"cancelled\": \"accepted\" }", "{ \"cancelled\": \"eaten\" }",
               "/vectors/10/context/outcome/cancelled", "at_pickup"},
           Row{"v7-route", "{ \"cancelled\": \"accepted\" }", "{}", "/vectors/10/context/outcome",
               "one of cancelled, returned"},
           Row{"v7-route", "\"total\": 4100,", "\"total\": 4100, \"rider_pay\": 1,", "/vectors/0/rider_pay",
               "has no rider_pay"},
           Row{"v8-rider-pay", "\"state\": \"assigned\"", "\"state\": \"accepted\"", "/cancellation/1/state",
               "an entry already"},
           Row{"v8-rider-pay", "\"amount\": 1000, ", "", "/cancellation/1/amount", "required"},
           Row{"v8-rider-pay", "\"rate_ppm\": 500000,", "\"rate_ppm\": 500000, \"amount\": 1,",
               "/cancellation/2/amount", "FIXED only"},
           Row{"v8-rider-pay", "\"amount\": 0,", "\"amount\": 0, \"rounding\": \"up\",",
               "/cancellation/0/rounding", "RATE only"},
           Row{"v8-rider-pay", "\"price\": 3000, \"up_to_m\": 675", "\"price\": 3000, \"up_to_m\": 676",
               "/rider_pay/steps/0/beyond_m", "676"},
           Row{"v8-rider-pay", "\"rider_pay\": {", "\"rider_pay\": { \"vat\": null,", "/rider_pay/vat",
               "allowed"},
           Row{"v8-rider-pay", "\"returns\": [ { \"state\": \"at_dropoff\"",
               "\"returns\": [ { \"state\": \"delivered\"", "/rider_pay", "`returns` when at_dropoff"},
           Row{"v8-rider-pay", "\"rider_pay\": {",
               "\"route\": { \"pickup\": 1, \"further_pickup_ppm\": 1, \"rounding\": \"up\", \"drop\": 1, "
               "\"extra_stop\": 1, \"legs\": [], \"share\": \"equal\", \"remainder_to\": \"first\" }, "
               "\"rider_pay\": {",
               "/rider_pay", "`route`"},
       }) {
    CAPTURE(row.part);
    const auto tariff = fee::read_tariff(with(text_of(row.file), row.part, row.other), "t");
    REQUIRE_FALSE(tariff);
    bool told = false;
    for (const auto& fault : tariff.error().all())
      told = told || (fault.where == "t#" + std::string(row.where) &&
                      fault.message.find(row.says) != std::string::npos);
    CHECK_MESSAGE(told, tariff.error().where << ": " << tariff.error().message);
  }
}

#include "reckon/fee/catalogue.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fee/fee_fixture.h"

using namespace reckon;

namespace {

using TariffPointer = std::shared_ptr<const fee::Tariff>;

TariffPointer named(const std::string& id, const std::string& more) {
  return test::small_tariff(R"("id":"small")", R"("id":")" + id + "\"" + more);
}

fee::FeeContext evening() {
  fee::FeeContext context;
  context.at = base::parse_rfc3339("2022-10-15T18:00:00+09:00", "at").value();
  return context;
}

std::string selected(const std::vector<TariffPointer>& tariffs, const fee::FeeContext& context,
                     const std::string& id = "") {
  const auto tariff = fee::select_tariff(tariffs, id, context);
  return tariff ? (*tariff)->id : tariff.error().where + ": " + tariff.error().message;
}

}  // namespace

TEST_CASE("select_tariff: the most specific scope that covers the delivery") {
  const std::vector<TariffPointer> all = {named("all", ""), named("branch", R"(,"scope":{"branch":"b1"})"),
                                          named("group", R"(,"scope":{"shop_group":"g1"})"),
                                          named("shop", R"(,"scope":{"shop":"s1"})")};
  auto context = evening();
  CHECK(selected(all, context) == "all");
  context.branch = "b1";
  CHECK(selected(all, context) == "branch");
  context.shop_group = "g1";
  CHECK(selected(all, context) == "group");
  context.shop = "s1";
  CHECK(selected(all, context) == "shop");
  context.shop = "s2";
  CHECK(selected(all, context) == "group");
  CHECK(selected(all, context, "branch") == "branch");
  CHECK(selected(all, context, "shop").find("for shop 's1'") != std::string::npos);
}

TEST_CASE("select_tariff: the latest in force at the instant that decides, and never a draft") {
  const auto from = [](const std::string& version, const std::string& since, const std::string& more) {
    const auto json = test::small_tariff_json(R"("version":1)", R"("version":)" + version + more);
    const auto at = json.find("2022-01-01");
    return test::read_json(std::string(json).replace(at, 10, since));
  };
  const std::vector<TariffPointer> versions = {from("1", "2022-01-01", ""), from("3", "2022-09-01", ""),
                                               from("2", "2022-06-01", ""),
                                               from("4", "2022-08-01", R"(,"status":"draft")")};
  auto context = evening();
  CHECK((*fee::select_tariff(versions, "", context))->version == 3);
  context.at = base::parse_rfc3339("2022-08-15T18:00:00+09:00", "at").value();
  CHECK((*fee::select_tariff(versions, "", context))->version == 2);
  CHECK(selected({versions[3]}, context).find("a draft") != std::string::npos);

  const auto picked = named("picked", R"(,"time_basis":"picked_up")");
  context.at = base::parse_rfc3339("2021-08-15T18:00:00+09:00", "at").value();
  CHECK(selected({picked}, context).find("not in force") != std::string::npos);
  context.times[2] = base::parse_rfc3339("2022-08-15T18:00:00+09:00", "at").value();
  CHECK(selected({picked}, context) == "picked");
  context.times = {context.times[2], {}, {}, {}};
  CHECK(selected({picked}, context).find("without picked_up") != std::string::npos);
}

TEST_CASE(
    "select_tariff: of two tariffs of one shop, the one in force since later; without scopes, the first") {
  const auto later = [](const std::string& scope) {
    const auto json = test::small_tariff_json(R"("id":"small")", R"("id":"later")" + scope);
    return test::read_json(std::string(json).replace(json.find("2022-01-01"), 10, "2022-06-01"));
  };
  auto context = evening();
  context.shop = "s1";
  const std::string scope = R"(,"scope":{"shop":"s1"})";
  CHECK(selected({named("early", scope), later(scope)}, context) == "later");
  CHECK(selected({named("early", ""), later("")}, context) == "early");
}

TEST_CASE("rivals: two tariffs that only their order would choose between are named, others are not") {
  const auto pair = [](const std::string& first, const std::string& second) {
    const auto since = [](const std::string& id, const std::string& more) {
      return test::read_json(test::small_tariff_json(R"("id":"small")", R"("id":")" + id + '"' + more));
    };
    return fee::rivals(std::vector<TariffPointer>{since("a", first), since("b", second)}).size();
  };
  const std::string shop = R"(,"scope":{"shop":"s1"})";
  CHECK(pair(shop, shop) == 1);
  CHECK(pair("", "") == 1);
  CHECK(pair(shop, "") == 0);
  CHECK(pair(shop, R"(,"scope":{"shop":"s2"})") == 0);
  CHECK(pair(shop, R"(,"scope":{"branch":"s1"})") == 0);
  CHECK(pair(shop, shop + R"(,"status":"draft")") == 0);
  const std::vector<TariffPointer> versions = {
      named("a", shop), test::read_json(test::small_tariff_json(R"("id":"small","version":1)",
                                                                R"("id":"a","version":2)" + shop))};
  CHECK(fee::rivals(versions).empty());  // of one id the later version counts
  CHECK(fee::rivals_warning(std::vector<TariffPointer>{named("a", shop), named("b", shop)}).empty());
  CHECK(fee::rivals_warning(std::vector<TariffPointer>{named("a", ""), named("b", "")})
            .starts_with("tariffs 'a' and 'b' are both for every shop: "));
}

TEST_CASE("unasked_warning: providers that no tariff asks are told, with what the tariffs go by") {
  const auto based = [](const std::string& id, const std::string& basis) {
    auto json = test::small_tariff_json(R"("id":"small")", R"("id":")" + id + '"');
    const std::string_view road = R"("basis":"road")";
    return test::read_json(json.replace(json.find(road), road.size(), R"("basis":")" + basis + '"'));
  };
  using Tariffs = std::vector<TariffPointer>;
  CHECK(fee::unasked_warning(Tariffs{}).empty());
  CHECK(fee::unasked_warning(Tariffs{based("a", "road"), based("b", "provider")}).empty());
  CHECK(fee::unasked_warning(Tariffs{based("a", "road"), based("b", "straight")})
            .starts_with("no tariff has the basis provider ('a' has road, 'b' has straight): "));
}

TEST_CASE("rivals: not where one of them begins later, or ends before the other begins") {
  const auto since = [](const std::string& id, const std::string& day, const std::string& more) {
    const auto json = test::small_tariff_json(R"("id":"small")", R"("id":")" + id + '"' + more);
    return test::read_json(std::string(json).replace(json.find("2022-01-01"), 10, day));
  };
  const std::string shop = R"(,"scope":{"shop":"s1"})",
                    ended = R"(,"valid_until":"2022-06-01T00:00:00+09:00")";
  CHECK(
      fee::rivals(std::vector<TariffPointer>{since("a", "2022-01-01", shop), since("b", "2022-06-01", shop)})
          .empty());
  CHECK(fee::rivals(std::vector<TariffPointer>{since("a", "2022-01-01", ended), since("b", "2022-06-01", "")})
            .empty());
  CHECK(fee::rivals(std::vector<TariffPointer>{since("a", "2022-01-01", ""), since("b", "2022-06-01", "")})
            .size() == 1);
}

TEST_CASE("select_tariff: a tariff that is not in force says from when it is, or until when it was") {
  auto context = evening();
  const std::vector<TariffPointer> ended = {named("ended", R"(,"valid_until":"2022-06-01T00:00:00+09:00")")};
  CHECK(selected(ended, context).find("not in force since 2022-05-31T15:00:00Z") != std::string::npos);
  context.at = base::parse_rfc3339("2021-08-15T18:00:00+09:00", "at").value();
  CHECK(selected(ended, context).find("not in force before 2021-12-31T15:00:00Z") != std::string::npos);
}

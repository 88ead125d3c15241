#include "reckon/fee/price.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "fee/fee_fixture.h"
#include "fee/random_tariff_fixture.h"
#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/fee/tariff_reader.h"

using namespace reckon;
using fee::FeeContext;
using fee::Money;
using test::shipped_tariff;
using test::small_tariff;

namespace {

constexpr const char* kShipped[] = {"t1-seoul-500m", "t2-province-100m", "t3-seoul-pizza", "t4-rider-2022",
                                    "t5-seongdong-complex"};

FeeContext at(const std::string& time) {
  FeeContext context;
  context.at = base::parse_rfc3339(time, "at").value();
  return context;
}

base::Result<fee::FeeTrace> price_m(const std::shared_ptr<const fee::Tariff>& tariff, std::int64_t metres,
                                    const FeeContext& context) {
  return fee::price(tariff, context, {base::Metres{metres}, "road", "sha256:map"});
}

std::int64_t total(const std::shared_ptr<const fee::Tariff>& tariff, std::int64_t metres,
                   const FeeContext& context) {
  return price_m(tariff, metres, context).value().total.minor;
}

}  // namespace

TEST_CASE("price: a started step is charged whole and bounds are exclusive") {
  struct Row {
    std::int64_t metres;
    std::int64_t won;
    std::string why;
  };
  const auto tariff = small_tariff();
  const auto day = at("2022-10-15T12:00:00+09:00");
  for (const Row& row :
       {Row{0, 1000, "nothing is still the base fee"}, Row{1000, 1000, "the bound is exclusive"},
        Row{1001, 1100, "first metre of the step"}, Row{1100, 1100, "a full step"},
        Row{1101, 1200, "the second step begun"}, Row{1'000'000, 1000 + 9990 * 100, "the longest"}}) {
    CAPTURE(row.why);
    CHECK(total(tariff, row.metres, day) == row.won);
  }
}

TEST_CASE("price: what cannot be priced is an error, not a guess") {
  const auto tariff =
      small_tariff(R"("distance")", R"("valid_until":"2023-01-01T00:00:00+09:00","distance")");
  const auto day = at("2022-10-15T12:00:00+09:00");
  CHECK(price_m(tariff, -1, day).error().where == "distance");
  CHECK(price_m(tariff, 1'000'001, day).error().where == "distance");
  CHECK(price_m(tariff, 100, at("2021-12-31T23:59:59+09:00")).error().where == "at");
  CHECK(price_m(tariff, 100, at("2023-01-01T00:00:00+09:00")).error().where == "at");
  CHECK(price_m(tariff, 100, at("2022-12-31T23:59:59+09:00")).has_value());
}

TEST_CASE("price: windows that cross midnight belong to the day on which they start") {
  const std::string rule =
      R"("surcharges":[{"rule":"night","type":"LATE_NIGHT","kind":"FIXED","amount":7,"text":"n",
    "when":{"time":[{"from":"22:00","to":"05:00"}],"weekdays":["saturday"]}}])";
  const auto tariff = small_tariff(R"("surcharges":[])", rule);
  struct Row {
    std::string time;
    bool night;
    std::string why;
  };
  for (const Row& row : {Row{"2022-10-15T21:59:59+09:00", false, "Saturday, before"},
                         Row{"2022-10-15T22:00:00+09:00", true, "Saturday, first minute"},
                         Row{"2022-10-16T04:59:59+09:00", true, "Sunday morning of Saturday's night"},
                         Row{"2022-10-16T05:00:00+09:00", false, "the end is exclusive"},
                         Row{"2022-10-16T22:30:00+09:00", false, "Sunday's own night"},
                         Row{"2022-10-15T04:00:00+09:00", false, "Friday's night"},
                         Row{"2022-10-15T13:30:00Z", true, "the same instant told in UTC"}}) {
    CAPTURE(row.why);
    CHECK(total(tariff, 0, at(row.time)) == 1000 + (row.night ? 7 : 0));
  }
}

TEST_CASE("price: a window from 24:00 is the next civil day's morning but this working day's night") {
  const std::string rule =
      R"("surcharges":[{"rule":"night","type":"LATE_NIGHT","kind":"FIXED","amount":7,"text":"n",
    "when":{"time":[{"from":"24:00","to":"02:00"}],"weekdays":["saturday"]}}])";
  const auto tariff = small_tariff(R"("surcharges":[])", rule);
  CHECK(total(tariff, 0, at("2022-10-16T01:00:00+09:00")) == 1007);  // Sunday 01:00: Saturday's night
  CHECK(total(tariff, 0, at("2022-10-15T01:00:00+09:00")) == 1000);  // Saturday 01:00: Friday's night
  CHECK(total(tariff, 0, at("2022-10-15T23:59:00+09:00")) == 1000);
}

TEST_CASE("price: surcharges stand on base and distance and never compound") {
  const auto tariff = small_tariff(R"("surcharges":[])", R"("surcharges":[
    {"rule":"a","type":"BUSY","kind":"RATE","rate_ppm":100000,"rounding":"down","text":"ten per cent"},
    {"rule":"b","type":"ETC","kind":"RATE","rate_ppm":155500,"rounding":"half_up","text":"15.55 per cent"},
    {"rule":"c","type":"OVERLOAD","kind":"NONE","text":"told later"}])");
  const auto trace = price_m(tariff, 1050, at("2022-10-15T12:00:00+09:00")).value();
  REQUIRE(trace.lines.size() == 5);
  CHECK(trace.lines[2].amount == Money{110});  // 10 % of 1,100
  CHECK(trace.lines[3].amount == Money{171});  // 15.55 % of 1,100 = 171.05
  CHECK(trace.lines[4].amount == Money{0});
  CHECK(trace.total == Money{1381});
}

TEST_CASE("price: minimum, maximum and rounding are lines of their own, so lines always sum to the total") {
  const auto day = at("2022-10-15T12:00:00+09:00");
  CHECK(total(small_tariff(R"("vat":null)", R"("minimum":1500,"vat":null)"), 0, day) == 1500);
  CHECK(total(small_tariff(R"("vat":null)", R"("maximum":1200,"vat":null)"), 9000, day) == 1200);
  CHECK(total(small_tariff(R"("vat":null)", R"("rounding":{"unit":500,"mode":"up"},"vat":null)"), 1001,
              day) == 1500);
  std::mt19937_64 random(20221015);
  MESSAGE("seed 20221015");
  for (const std::string name : kShipped) {
    const auto tariff = shipped_tariff(name);
    for (int i = 0; i < 2000; ++i) {
      FeeContext context = at("2022-10-15T00:00:00+09:00");
      context.at += std::chrono::minutes{random() % (60 * 24 * 60)};
      if (random() % 2 == 0) context.weather = {fee::Weather::kRain};
      if (random() % 3 == 0) context.complex = "A";
      const auto metres = static_cast<std::int64_t>(random() % 20'000);
      const auto trace = price_m(tariff, metres, context).value();
      Money sum;
      for (const auto& line : trace.lines) sum = sum + line.amount;
      REQUIRE(sum == trace.total);
      REQUIRE(total(tariff, metres + 1, context) >= trace.total.minor);  // never falls with distance
    }
  }
}

TEST_CASE("to_json: the bytes of the language's first version never change") {
  // Written by the release that introduced the five tariffs: release, and SHA-256 of all vectors' traces.
  struct Row {
    const char *name, *release, *traces;
  };
  const fee::TripRecord trip{375'000'000, 1'270'000'000, 375'100'000, 1'270'100'000, "motorcycle"};
  for (const Row& row :
       {Row{"t1-seoul-500m", "sha256:e606a5e2379f08339d721a25837cea7faad4f6c22e6b7ceb988e1b207562fae3",
            "sha256:a53df93ddff1c058c776ce31d912fc865500c6c93b5fa55c386ba399461a62c6"},
        Row{"t2-province-100m", "sha256:ef839826cf81de6729b063ffae67eaca306c856edda9b50af97798d767941a8f",
            "sha256:a733aa6e48901566adc093094841b41a9912998c071b8ca1b99b3b35eae5b323"},
        Row{"t3-seoul-pizza", "sha256:b9723dba1f8d03325ec2c985ed6bca3dee6851910e9538da521b9c4a4a313dff",
            "sha256:50a66fc15253868941ed399f88c222a139665d8fa49cf724755d71414ec13cdc"},
        Row{"t4-rider-2022", "sha256:4b8d78c4de15dc00d33e97ea78a5e52e85e0bb6b3f58c62091bea61af42c8d7b",
            "sha256:b826639436a16b4aa5e8f40a378601b8e46a7e91bdabb41655f155be09fae9cf"},
        Row{"t5-seongdong-complex", "sha256:135402e5c1d3ee9e83ba35d2c56eac5588d6e0e05c3db82fc21fead2ed0fa85b",
            "sha256:6069744589a8d9108a6c1596f726ae1d7f265a24cf964c36f37471891e7461d2"}}) {
    CAPTURE(row.name);
    const auto tariff = shipped_tariff(row.name);
    CHECK(tariff->release == row.release);
    std::string all;
    for (const auto& vector : tariff->vectors)
      all += fee::to_json(
                 fee::price(tariff, vector.context, {vector.distance, "road", "sha256:map", trip}).value()) +
             "\n";
    CHECK(base::sha256(all) == row.traces);
  }
}

TEST_CASE("to_json: a trace read back and priced again gives the same bytes") {
  const auto tariff = shipped_tariff("t5-seongdong-complex");
  const auto& vector = tariff->vectors[1];
  const auto json =
      fee::to_json(fee::price(tariff, vector.context, {vector.distance, "road", "sha256:m"}).value());
  const auto inputs = fee::read_trace_inputs(json, "trace").value();
  CHECK(inputs.tariff_release == tariff->release);
  CHECK(fee::to_json(fee::price(tariff, inputs.context, inputs.distance).value()) == json);
  const auto reread = fee::read_tariff(tariff->canonical, "canonical").value();
  CHECK(reread.release == tariff->release);
}

TEST_CASE("read_trace_inputs: a damaged trace is refused with the place of the damage") {
  CHECK_FALSE(fee::read_trace_inputs("{", "t"));
  const auto faults = fee::read_trace_inputs(R"({"format":2,"tariff":{},"distance":{"distance_m":-1}})", "t");
  REQUIRE_FALSE(faults);
  CHECK(faults.error().where == "t#/format");
  CHECK(faults.error().all().size() >= 4);
}

namespace {

// The same tariff with the rules of each list in another order.
std::string shuffled(const std::string& tariff_json, std::mt19937_64& random) {
  const auto document = base::JsonDocument::parse(tariff_json, "tariff").value();
  base::Faults faults("tariff");
  const auto root = document.root(faults);
  std::string out = "{";
  for (const auto key : root.keys()) {
    const auto value = root.required(key);
    out += (out.size() == 1 ? "\"" : ",\"") + std::string(key) + "\":";
    if (key != "surcharges" && key != "promotions" && key != "groups") {
      out += value.dump();
      continue;
    }
    auto items = value.items(1000);
    std::ranges::shuffle(items, random);
    std::string list;
    for (const auto& item : items) list += (list.empty() ? "" : ",") + item.dump();
    out += "[" + list + "]";
  }
  return out + "}";
}

struct Case {
  FeeContext context;
  fee::DistanceRecord distance;
};

Case case_of(const std::string& delivery_json) {
  const auto document = base::JsonDocument::parse(delivery_json, "delivery").value();
  base::Faults faults("delivery");
  const auto root = document.root(faults);
  Case one{fee::read_context(root.required("context"), {}),
           {{root.required("distance_m").integer(0, 1'000'000).value()}, "road", {}, {}, {}}};
  if (const auto from = root.optional("from"); from.present()) {
    const auto e7 = [](const base::JsonNode& node) {
      return static_cast<std::int64_t>(node.number(-180, 180).value() * 1e7 + 0.5);
    };
    const auto to = root.required("to");
    one.distance.trip = fee::TripRecord{e7(from.required("lat")), e7(from.required("lon")),
                                        e7(to.required("lat")), e7(to.required("lon")), "motorcycle"};
  }
  return one;
}

}  // namespace

TEST_CASE("price: no order of rules or groups changes a fee") {
  test::RandomTariffs generator(7);
  std::mt19937_64 random(8);
  MESSAGE("seeds 7 and 8");
  int priced = 0;
  for (int i = 0; i < 150; ++i) {
    const auto json = generator.tariff();
    const auto one = test::read_json(json), other = test::read_json(shuffled(json, random));
    for (int k = 0; k < 20; ++k) {
      const auto [context, distance] = case_of(generator.delivery());
      const auto a = fee::price(one, context, distance), b = fee::price(other, context, distance);
      REQUIRE(a.has_value() == b.has_value());
      if (!a) continue;
      ++priced;
      REQUIRE(a->total == b->total);
      REQUIRE(a->vat == b->vat);
    }
  }
  CHECK(priced > 1000);
}

TEST_CASE("price: a fee never falls with distance unless the tariff says so") {
  // Says so: a rate below zero, a promotion's rate, or a rule that asks for the distance.
  test::RandomTariffs generator(9);
  MESSAGE("seed 9");
  int checked = 0;
  for (int i = 0; i < 1500; ++i) {
    const auto json = generator.tariff();
    const bool says_so =
        json.find("\"rate_ppm\":-") != std::string::npos ||
        json.find("\"distance_m\"") != std::string::npos || json.find("\"lowest\"") != std::string::npos ||
        json.find("\"priority\"") != std::string::npos || json.find("\"rule\":\"p") != std::string::npos;
    if (says_so) continue;
    const auto tariff = test::read_json(json);
    for (int k = 0; k < 20; ++k) {
      auto [context, distance] = case_of(generator.delivery());
      distance.metres.value %= 5000;
      const auto near = fee::price(tariff, context, distance);
      distance.metres.value += generator.between(1, 700);
      const auto far = fee::price(tariff, context, distance);
      REQUIRE(near.has_value() == far.has_value());
      if (!near) continue;
      ++checked;
      if (far->total < near->total) FAIL(json << "\n" << fee::to_json(*near) << "\n" << fee::to_json(*far));
    }
  }
  CHECK(checked > 300);
}

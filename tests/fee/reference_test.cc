// The engine's fee against the reference's, on random tariffs and deliveries.

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <string>

#include "fee/fee_reference.h"
#include "fee/random_tariff_fixture.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"

using namespace reckon;

namespace {

constexpr std::uint64_t kSeed = 20261126;
constexpr int kDeliveriesPerTariff = 50;

std::int64_t pairs_wanted() {
  const char* wanted = std::getenv("RECKON_FEE_PAIRS");
  return wanted == nullptr ? 30'000 : std::atoll(wanted);
}

std::int64_t e7(const base::JsonNode& node) {
  return std::llround(node.number(-180, 180).value() * 1e7);
}

fee::DistanceRecord record_of(const base::JsonNode& delivery) {
  fee::DistanceRecord record{
      {delivery.required("distance_m").integer(0, 1'000'000).value()}, "road", {}, {}, {}};
  if (const auto from = delivery.optional("from"); from.present()) {
    const auto to = delivery.required("to");
    record.trip = fee::TripRecord{e7(from.required("lat")), e7(from.required("lon")), e7(to.required("lat")),
                                  e7(to.required("lon")), "motorcycle"};
  }
  return record;
}

std::string lines_text(const test::ReferenceFee& fee) {
  std::string text = fee.refused.empty() ? "" : "refused " + fee.refused;
  for (const auto& [rule, amount] : fee.lines) text += rule + " " + std::to_string(amount) + "; ";
  return text;
}

// The engine's answer in the reference's form.
test::ReferenceFee answer_of(const base::Result<fee::FeeTrace>& trace) {
  if (!trace) return {trace.error().where, 0, {}, {}, {}};
  test::ReferenceFee answer{"", trace->total.minor, {}, {}, {}};
  if (trace->rider_pay) answer.rider_pay = trace->rider_pay->total.minor;
  if (trace->vat) answer.vat = trace->vat->minor;
  for (const auto& line : trace->lines)
    answer.lines.emplace_back(fee::rule_of(*trace->tariff, line), line.amount.minor);
  return answer;
}

// As a person would put a line together, piece by piece.
std::string lines_json(const fee::Tariff& tariff, const std::vector<fee::FeeLine>& lines) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_array();
  for (const auto& line : lines) {
    json.begin_object().key("rule").string(fee::rule_of(tariff, line));
    json.key("type").string(fee::type_of(tariff, line)).key("amount").integer(line.amount.minor);
    json.key("text").string(fee::text_of(tariff, line)).end_object();
  }
  json.end_array();
  return R"("lines":)" + out + ',';
}

struct Seen {
  std::map<std::string, std::int64_t> refusals, rules;
};

void compare(const std::string& tariff_json, const std::string& delivery_json,
             const std::shared_ptr<const fee::Tariff>& tariff, const test::ReferenceTariff& reference,
             Seen& seen) {
  const auto document = base::JsonDocument::parse(delivery_json, "delivery").value();
  base::Faults faults("delivery");
  const auto root = document.root(faults);
  const auto context = fee::read_context(root.required("context"), {});
  const auto trace = fee::price(tariff, context, record_of(root));
  REQUIRE_MESSAGE(faults.empty(), delivery_json);
  const auto got = answer_of(trace);
  const auto expected = reference.price(delivery_json);
  const bool same =
      got.refused == expected.refused &&
      (!got.refused.empty() || (got.total == expected.total && got.vat == expected.vat &&
                                got.rider_pay == expected.rider_pay && got.lines == expected.lines));
  if (!same) {
    FAIL("engine: " << lines_text(got) << "\nreference: " << lines_text(expected)
                    << "\ntariff: " << tariff_json << "\ndelivery: " << delivery_json);
  }
  if (!got.refused.empty()) ++seen.refusals[got.refused];
  for (const auto& [rule, amount] : got.lines) ++seen.rules[rule.substr(0, rule.find_first_of("0123456789"))];
  // The trace recomputes to the byte, and its lines sum to the total.
  if (trace) {
    std::int64_t sum = 0;
    for (const auto& line : trace->lines) sum += line.amount.minor;
    REQUIRE(sum == trace->total.minor);
    const auto json = fee::to_json(*trace);
    REQUIRE(json.find(lines_json(*tariff, trace->lines)) != std::string::npos);
    if (trace->rider_pay)
      REQUIRE(json.find(lines_json(*tariff->rider_pay, trace->rider_pay->lines)) != std::string::npos);
    const auto inputs = fee::read_trace_inputs(json, "trace").value();
    REQUIRE(fee::to_json(fee::price(tariff, inputs.context, inputs.distance).value()) == json);
  }
}

}  // namespace

TEST_CASE("price: equals the slow reference on random tariffs and deliveries") {
  const auto wanted = pairs_wanted();
  MESSAGE("seed " << kSeed << ", " << wanted << " pairs (RECKON_FEE_PAIRS sets how many)");
  test::RandomTariffs random(kSeed);
  Seen seen;
  for (std::int64_t done = 0; done < wanted; done += kDeliveriesPerTariff) {
    const auto json = random.tariff();
    auto read = fee::read_tariff(json, "random");
    if (!read) FAIL(read.error().where << ": " << read.error().message << "\n" << json);
    REQUIRE(fee::read_tariff(read->canonical, "canonical").value().release == read->release);
    const auto tariff = std::make_shared<const fee::Tariff>(std::move(*read));
    const test::ReferenceTariff reference(json);
    for (int i = 0; i < kDeliveriesPerTariff; ++i) compare(json, random.delivery(), tariff, reference, seen);
  }
  // What the random pairs must have met, so that agreement says something.
  for (const char* refusal :
       {"at", "trip", "fee", "context/temperature_c", "context/route", "context/outcome"}) {
    CAPTURE(refusal);
    CHECK(seen.refusals[refusal] > 0);
  }
  for (const char* rule :
       {"base", "table/", "steps/", "s", "p", "groups/g", "surcharges/maximum", "promotions/maximum",
        "rounding/distance", "rounding/surcharges", "rounding", "minimum", "maximum", "route/pickup",
        "route/drop", "route/extra_stop", "route/legs", "cancellation/assigned", "returns/delivered"}) {
    CAPTURE(rule);
    CHECK(seen.rules[rule] > 0);
  }
}

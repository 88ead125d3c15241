#include "reckon/fee/explain.h"

#include <doctest/doctest.h>

#include <string>

#include "fee/fee_fixture.h"
#include "reckon/base/hash.h"

using namespace reckon;
using fee::Language;

namespace {

fee::FeeTrace priced(const std::string& name, const std::string& vector_name) {
  const auto tariff = test::shipped_tariff(name);
  for (const auto& vector : tariff->vectors)
    if (vector.name == vector_name)
      return fee::price(tariff, vector.context, {vector.distance, "provider:kakao", {}, vector.trip}).value();
  FAIL("no vector " << vector_name);
  return {};
}

bool tells(const fee::FeeTrace& trace, Language language, const std::string& sentence) {
  return fee::explanation_text(trace, language).find(sentence) != std::string::npos;
}

}  // namespace

TEST_CASE("explain: one sentence a line, and each line of the fee has one") {
  const auto trace = priced("t1-seoul-500m", "rainy night");
  const auto sentences = fee::explain(trace, Language::kEnglish);
  CHECK(sentences.size() == trace.lines.size() + 3);
  CHECK(fee::explanation_text(trace, Language::kEnglish) ==
        "Priced for 2022-10-16 00:30 (Asia/Seoul) under tariff 't1-seoul-500m', version 1.\n"
        "The distance is 2,600 m, by the map provider kakao.\n"
        "The base fee covers up to 1,500 m: 4,000 KRW.\n"
        "Beyond 1,500 m each started 500 m costs 500 KRW: 3 of them make 1,500 KRW.\n"
        "rain or snow: +500 KRW.\n"
        "night, from 24:00: +500 KRW.\n"
        "The fee is 6,500 KRW; with VAT of 10 % (650 KRW) it is 7,150 KRW.\n"
        "Anyone can compute this again: tariff " +
            trace.tariff->release + ", trace " + base::sha256(fee::to_json(trace)) + "\n");
  CHECK(tells(trace, Language::kKorean,
              "1,500m를 넘으면 500m마다 500원이고, 시작된 3구간이므로 1,500원입니다.\n"));
  CHECK(tells(trace, Language::kKorean, "요금은 6,500원, 부가세 10%(650원)를 더하면 7,150원입니다.\n"));
}

TEST_CASE("explain: one started step makes its price, several make theirs") {
  const auto told = [](std::int64_t metres) {
    const auto tariff = test::shipped_tariff("t1-seoul-500m");
    return fee::explanation_text(
        fee::price(tariff, tariff->vectors.front().context, {{metres}, "road", {}}).value(),
        Language::kEnglish);
  };
  CHECK(told(1501).find(": 1 of them makes 500 KRW.") != std::string::npos);
  CHECK(told(2001).find(": 2 of them make 1,000 KRW.") != std::string::npos);
}

TEST_CASE("explain: rates, caps, units, promotions and roundings say what they stand on") {
  CHECK(tells(priced("v2-weather", "downpour"), Language::kEnglish,
              "rain above 10 mm/h: 25 % of base and distance (3,000 KRW), +750 KRW."));
  CHECK(tells(priced("v2-weather", "small rules share a cap"), Language::kEnglish,
              "The rules of 'small' together at most 700 KRW: -200 KRW."));
  CHECK(tells(priced("v2-weather", "waiting is not known yet"), Language::kEnglish,
              "its amount is not known yet."));
  CHECK(tells(priced("v2-weather", "waiting is not known yet"), Language::kEnglish, "there is no VAT."));
  CHECK(tells(priced("v6-dinar", "three stops"), Language::kEnglish,
              "for each further stop: 2 x 0.300 KWD, +0.600 KWD."));
  CHECK(tells(priced("v6-dinar", "10 % in the app"), Language::kEnglish,
              "10 % of the fee so far, -0.075 KWD."));
  CHECK(tells(priced("v5-dollar", "the maximum"), Language::kEnglish,
              "The fee is at most 25.00 USD: -3.70 USD."));
  CHECK(tells(priced("v5-dollar", "one mile more"), Language::kEnglish, "by the metre: 1.25 USD."));
  CHECK(tells(priced("v4-zone-table", "a price"), Language::kEnglish,
              "Between the zones centre and centre the price is 400 JPY."));
  CHECK(tells(priced("v1-calendar", "night, the first minute"), Language::kKorean,
              "심야 할증 (22시~5시): +500원."));
}

TEST_CASE("explain: the page escapes what the tariff says and holds the picture") {
  const auto tariff = test::small_tariff(
      R"("surcharges":[])",
      R"("surcharges":[{"rule":"x","type":"ETC","kind":"FIXED","amount":5,"text":"<b>heavy & large</b>"}])");
  fee::FeeContext context;
  context.at = tariff->valid_from;
  const auto trace = fee::price(tariff, context, {{500}, "road", {}}).value();
  const auto page = fee::explanation_html(trace, Language::kKorean, "<svg id='route'/>");
  CHECK(page.find("&lt;b&gt;heavy &amp; large&lt;/b&gt;") != std::string::npos);
  CHECK(page.find("<b>") == std::string::npos);
  CHECK(page.find("<svg id='route'/>") != std::string::npos);
  CHECK(page.find("lang='ko'") != std::string::npos);
  CHECK(fee::language_from("de") == std::nullopt);
}

TEST_CASE("explain: what the quote told of its distance is told with it, and the page names quote and shop") {
  auto trace = priced("t1-seoul-500m", "rainy night");
  trace.context.shop = "s<1";
  const fee::ToldQuote told{"01Q", fee::ToldQuote::Interval{{2500}, {2900}}, true, {{"road", "off_map"}}};
  const auto english = fee::explanation_text(trace, Language::kEnglish, told);
  CHECK(english.find("90 % between 2,500 and 2,900 m, provisional") != std::string::npos);
  CHECK(english.find("\nnot road: off_map\n") != std::string::npos);
  const auto korean = fee::explanation_text(trace, Language::kKorean, told);
  CHECK(korean.find("90% 구간은 2,500~2,900m입니다 (잠정") != std::string::npos);
  CHECK(korean.find("road 아님: off_map") != std::string::npos);
  const fee::ToldQuote certain{"01Q", fee::ToldQuote::Interval{{2500}, {2500}}, false, {}};
  const auto doubts = [&](fee::FeeTrace of, const std::string& source) {
    of.distance.source = source;
    const auto text = fee::explanation_text(of, Language::kEnglish, certain);
    CHECK(text.find("90 %") == std::string::npos);
    return text.find("More than nine in ten such estimates are exact.") != std::string::npos;
  };
  CHECK(doubts(priced("t4-rider-2022", "2.7 km"), "road"));
  CHECK_FALSE(doubts(priced("t4-rider-2022", "2.7 km"), "provider:kakao"));  // what it said itself
  CHECK_FALSE(doubts(trace, "road"));                                        // the contract's own distance
  const auto page = fee::explanation_html(trace, Language::kEnglish, "", told);
  CHECK(page.find("<p>Quote 01Q, shop s&lt;1</p>") != std::string::npos);
  CHECK(page.find("<p>not road: off_map</p>") != std::string::npos);
}

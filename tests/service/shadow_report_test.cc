// "If this provider vanished now", counted again by hand from the quotes themselves.

#include <doctest/doctest.h>

#include <cstdlib>

#include "reckon/geo/geodesic.h"
#include "reckon/ledger/shadow.h"
#include "reckon/ledger/verify.h"
#include "service/recorded_engine_fixture.h"

using namespace reckon;

namespace {

// Roads are a little longer or shorter than the usual detour, by the trip.
provider::ProviderAnswer near_the_detour(const provider::TripRequest& trip, std::chrono::microseconds) {
  const auto usual = distance::detour_estimate(geo::geodesic_m(trip.from, trip.to)).metres.value;
  const auto off = static_cast<std::int64_t>(trip.to.lat_deg() * 1e6) % 7 - 3;  // -3 … 3 %
  return tests::good_answer(usual + usual * off / 100, 300);
}

struct ByHand {
  std::int64_t pairs = 0, same = 0, inside = 0, off = 0, miss = 0;
  void take(const service::Quote& quote) {
    const auto& distance = quote.distance;
    const auto shadow = fee::price(quote.trace.tariff, quote.trace.context, {distance.local, "geodesic", {}});
    REQUIRE(shadow);
    const auto difference = shadow->total.minor - quote.trace.total.minor;
    ++pairs;
    same += difference == 0 ? 1 : 0;
    inside += distance.local_low <= distance.metres && distance.metres <= distance.local_high ? 1 : 0;
    off += difference;
    miss += std::abs(difference);
  }
};

}  // namespace

TEST_CASE("shadow report: sums are those of the quotes, and every kind of part adds up to them") {
  test::RecordedEngine recorded(near_the_detour);
  ByHand hand;
  for (int i = 0; i < 120; ++i) {
    hand.take(recorded.quote(300 + 53 * i, i));
    recorded.clock.advance(std::chrono::minutes{17});
  }
  const auto reports = ledger::shadow_reports(*recorded.ledger, {}, "");
  REQUIRE(reports);
  REQUIRE(reports->reports.size() == 1);
  const auto& report = reports->reports[0];
  CHECK(report.provider == "kakao");
  CHECK(report.currency == "KRW");
  CHECK(reports->rows == 120);
  CHECK(report.all.pairs == hand.pairs);
  CHECK(report.all.same == hand.same);
  CHECK(report.all.inside == hand.inside);
  CHECK(report.all.off_minor == hand.off);
  CHECK(report.all.miss_minor == hand.miss);
  CHECK(hand.same < hand.pairs);
  CHECK(report.error_p5 >= -0.031);
  CHECK(report.error_p95 <= 0.031);
  for (const auto* kind :
       {"tariff", "vehicle", "calibration", "shadow", "straight", "distance", "hour", "day", "area"}) {
    CAPTURE(kind);
    REQUIRE(report.by.contains(kind));
    std::int64_t pairs = 0, miss = 0;
    for (const auto& [name, sum] : report.by.at(kind)) {
      pairs += sum.pairs;
      miss += sum.miss_minor;
    }
    CHECK(pairs == hand.pairs);
    CHECK(miss == hand.miss);
  }
  CHECK(report.by.at("day").size() == 3);  // 34 hours from half past six, in the tariff's zone
  CHECK(report.by.at("day").begin()->first == "2026-10-15");
  CHECK(report.by.at("hour").contains("18:00"));
  CHECK(report.by.at("area").size() == 12);
  REQUIRE(report.worst.size() == ledger::kWorstTrips);
  for (std::size_t i = 1; i < report.worst.size(); ++i)
    CHECK(std::abs(report.worst[i].shadow_minor - report.worst[i].fee_minor) <=
          std::abs(report.worst[i - 1].shadow_minor - report.worst[i - 1].fee_minor));
  const auto verified = ledger::verify(*recorded.ledger, {});
  REQUIRE(verified);
  CHECK(verified->differences.empty());
}

TEST_CASE("shadow report: what would hold now is told by the quotes under the newest calibration") {
  test::RecordedEngine recorded(near_the_detour);
  const auto publish = [&](double detour) {
    distance::Calibration made;
    made.provider = "kakao";
    made.detour = {{100, 100 * detour}, {10'000, 10'000 * detour}};
    recorded.engine->distances().publish(distance::Learned::detour_of(made));
  };
  for (int i = 0; i < 3; ++i) recorded.quote(1000 + 300 * i);
  publish(1.4);
  for (int i = 0; i < 4; ++i) recorded.quote(1000 + 300 * i);
  publish(1.35);
  recorded.clock.advance(std::chrono::minutes{1});
  ByHand hand;
  for (int i = 0; i < 5; ++i) hand.take(recorded.quote(1000 + 300 * i));
  const auto reports = ledger::shadow_reports(*recorded.ledger, {}, "");
  REQUIRE(reports);
  REQUIRE(reports->reports.size() == 1);
  const auto& report = reports->reports[0];
  CHECK(report.all.pairs == 12);
  CHECK(report.now.pairs == 5);
  CHECK(report.now.same == hand.same);
  CHECK(report.now.off_minor == hand.off);
  CHECK(report.by.at("calibration").size() == 3);
  CHECK(report.by.at("calibration").at("none").pairs == 3);
  CHECK(report.by.at("vehicle").at("motorcycle").pairs == 12);
  CHECK(reports->providers == std::vector<std::string>{"kakao"});
}

TEST_CASE("shadow report: quotes of other rungs, other providers and earlier times are not counted") {
  bool up = true;
  test::RecordedEngine recorded([&](const auto& trip, auto budget) {
    return up ? near_the_detour(trip, budget) : tests::bad_answer(provider::Outcome::kUnavailable);
  });
  recorded.quote(1000);
  recorded.clock.advance(std::chrono::hours{1});
  const auto since = recorded.clock.wall_now();
  recorded.quote(2000);
  up = false;
  recorded.quote(3000);
  const auto pairs = [&](base::WallTime from, std::string_view provider) {
    const auto reports = ledger::shadow_reports(*recorded.ledger, {.since = from}, provider);
    REQUIRE(reports);
    CHECK(reports->unreadable == 0);
    return reports->reports.empty() ? 0 : reports->reports[0].all.pairs;
  };
  CHECK(pairs(base::WallTime::min(), "") == 2);
  CHECK(pairs(base::WallTime::min(), "kakao") == 2);
  CHECK(pairs(base::WallTime::min(), "tmap") == 0);
  CHECK(pairs(since, "") == 1);
}

TEST_CASE("shadow report: rows without a shadow, and damaged ones, are told and cost nothing else") {
  test::RecordedEngine recorded(near_the_detour);
  const auto quote = recorded.quote(1000);
  auto old = service::row_of(quote);
  old.quote_id = "old";
  const auto from = old.quote.find(",\"shadow\""), to = old.quote.find('}', from);
  REQUIRE(from != std::string::npos);
  old.quote.erase(from, to + 1 - from);
  auto damaged = service::row_of(quote);
  damaged.quote_id = "damaged";
  damaged.trace = "{";
  REQUIRE(recorded.ledger->append({old, damaged}));
  const auto reports = ledger::shadow_reports(*recorded.ledger, {}, "");
  REQUIRE(reports);
  REQUIRE(reports->reports.size() == 1);
  CHECK(reports->reports[0].all.pairs == 1);
  CHECK(reports->unpaired == 1);
  CHECK(reports->unreadable == 1);
}

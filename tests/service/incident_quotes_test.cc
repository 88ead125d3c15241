// What an outage cost, counted again by hand from the quotes themselves.

#include "reckon/ledger/incident_quotes.h"

#include <doctest/doctest.h>

#include <array>
#include <map>

#include "reckon/geo/geodesic.h"
#include "service/recorded_engine_fixture.h"

using namespace reckon;
using namespace std::chrono_literals;

namespace {

// Serves some vehicles only.
class ForSome final : public provider::MapProvider {
 public:
  ForSome(std::string name, const base::Clock& clock, std::vector<base::Vehicle> vehicles, const bool& up)
      : vehicles_(std::move(vehicles)), asked_(std::move(name), clock, [&up](const auto& trip, auto) {
          return up ? near_the_detour(trip) : tests::bad_answer(provider::Outcome::kUnavailable);
        }) {}
  std::string_view name() const override { return asked_.name(); }
  bool serves(base::Vehicle vehicle) const override {
    return std::ranges::find(vehicles_, vehicle) != vehicles_.end();
  }
  provider::ProviderAnswer route(const provider::TripRequest& trip, base::Deadline deadline) override {
    return asked_.route(trip, deadline);
  }

 private:
  // Roads are a little longer or shorter than the usual detour, by the trip.
  static provider::ProviderAnswer near_the_detour(const provider::TripRequest& trip) {
    const auto usual = distance::detour_estimate(geo::geodesic_m(trip.from, trip.to)).metres.value;
    const auto off = static_cast<std::int64_t>(trip.to.lat_deg() * 1e6) % 7 - 3;  // -3 … 3 %
    return tests::good_answer(usual + usual * off / 100, 300);
  }
  std::vector<base::Vehicle> vehicles_;
  tests::ScriptedProvider asked_;
};

// Motorcycles are kakao's, then backup's; bicycles are wheels'.
struct City {
  City() {
    service::QuoteEngine::Parts parts;
    parts.tariffs = {test::shipped_tariff("t4-rider-2022")};
    parts.providers = {
        std::make_shared<ForSome>("kakao", clock, std::vector{base::Vehicle::kMotorcycle}, kakao_up),
        std::make_shared<ForSome>("wheels", clock, std::vector{base::Vehicle::kBicycle}, wheels_up),
        std::make_shared<ForSome>("backup", clock, std::vector{base::Vehicle::kMotorcycle}, backup_up)};
    parts.clock = &clock;
    engine = std::make_unique<service::QuoteEngine>(std::move(parts));
    REQUIRE(ledger->put_tariff(engine->tariffs()[0]->release, engine->tariffs()[0]->canonical));
  }
  service::Quote quote(double straight_m, base::Vehicle vehicle = base::Vehicle::kMotorcycle) {
    const auto at = [](double lat) { return geo::LatLng::from_degrees(lat, 127, "place").value(); };
    service::QuoteRequest request{{at(37.5), at(37.5 + straight_m / 111'000), vehicle}, {}, ""};
    clock.advance(1s);
    request.context.at = clock.wall_now();
    auto made = engine->quote(query, request, base::Deadline::after(clock, 800ms));
    REQUIRE(made);
    REQUIRE(ledger->append({service::row_of(*made)}));
    return *std::move(made);
  }
  void publish(double detour) {
    distance::Calibration made;
    made.provider = "kakao";
    made.detour = {{100, 100 * detour}, {10'000, 10'000 * detour}};
    engine->distances().publish(distance::Learned::detour_of(made));
  }
  ledger::Incident incident(base::WallTime from) const {
    ledger::Incident one;
    one.id = "ONE";
    one.provider = "kakao";
    one.first_failure = from;
    one.closed_at = clock.wall_now();
    return one;
  }

  base::FakeClock clock{base::parse_rfc3339("2026-10-15T18:30:00+09:00", "now").value()};
  bool kakao_up = true, wheels_up = true, backup_up = false;
  test::LedgerFolder folder;
  std::unique_ptr<ledger::Ledger> ledger = folder.open();
  std::unique_ptr<service::QuoteEngine> engine;
  road::Roads::Query query;
};

// How many shadows of these quotes have the provider's fee.
std::int64_t same_by_hand(const std::vector<service::Quote>& quotes) {
  return std::ranges::count_if(quotes, [](const auto& quote) {
    const auto shadow =
        fee::price(quote.trace.tariff, quote.trace.context, {quote.distance.local, "geodesic", {}});
    REQUIRE(shadow);
    return shadow->total == quote.trace.total;
  });
}

}  // namespace

TEST_CASE("incident quotes: fees by rung are those of the quotes that concern the provider") {
  City city;
  city.quote(900);  // before
  const auto from = city.clock.wall_now() + 1s;
  std::int64_t own = 0, guessed = 0;
  for (int i = 0; i < 4; ++i) own += city.quote(700 + 310 * i).trace.total.minor;
  city.kakao_up = false;
  for (int i = 0; i < 9; ++i) {
    guessed += city.quote(800 + 270 * i).trace.total.minor;
    CHECK(city.quote(800 + 270 * i, base::Vehicle::kBicycle).distance.source.label() == "provider:wheels");
  }
  // Within 5 m there is nothing to ask about.
  CHECK(city.quote(2).distance.why_not[0].reason == "same_place");
  const auto told = ledger::incident_quotes(*city.ledger, city.incident(from));
  REQUIRE(told);
  CHECK(told->unreadable == 0);
  CHECK(told->sources ==
        std::map<std::string, std::int64_t>{{"geodesic", 10}, {"provider:kakao", 4}, {"provider:wheels", 9}});
  REQUIRE(told->fees.size() == 1);
  const auto& fees = told->fees[0];
  CHECK(fees.currency == "KRW");
  CHECK(fees.all.quotes == 13);
  CHECK(fees.all.total.minor == own + guessed);
  CHECK(fees.guessed.quotes == 9);
  CHECK(fees.guessed.total.minor == guessed);
  REQUIRE(fees.rungs.size() == 2);
  CHECK(fees.rungs[0].rung == "provider:kakao");
  CHECK(fees.rungs[0].exact);
  CHECK(fees.rungs[0].sum.total.minor == own);
  CHECK(fees.rungs[1].rung == "geodesic");
  CHECK_FALSE(fees.rungs[1].exact);
  CHECK(fees.rungs[1].sum.quotes == 9);
  // Another provider's outage at the same time is not this one.
  auto others = city.incident(from);
  others.provider = "wheels";
  const auto wheels = ledger::incident_quotes(*city.ledger, others);
  REQUIRE(wheels);
  REQUIRE(wheels->fees.size() == 1);
  CHECK(wheels->fees[0].all.quotes == 9);
  CHECK(wheels->fees[0].guessed.quotes == 0);
}

TEST_CASE("incident quotes: what is expected of guesses is what shadows under their own calibration say") {
  City city;
  std::array<std::vector<service::Quote>, 2> shadows;
  std::array<std::int64_t, 2> guesses = {5, 8};
  const auto from = city.clock.wall_now();
  for (std::size_t round = 0; round < 2; ++round) {
    city.publish(round == 0 ? 1.33 : 1.5);
    city.kakao_up = true;
    city.clock.advance(10min);  // the breaker comes back
    while (shadows.at(round).size() < 20) {
      auto quote = city.quote(600 + 137 * static_cast<double>(shadows.at(round).size()));
      if (quote.distance.source.kind == distance::SourceKind::kProvider)
        shadows.at(round).push_back(std::move(quote));
    }
    city.kakao_up = false;
    for (std::int64_t i = 0; i < guesses.at(round); ++i) city.quote(1000);
  }
  const auto told = ledger::incident_quotes(*city.ledger, city.incident(from));
  REQUIRE(told);
  REQUIRE(told->fees.size() == 1);
  const auto& sum = told->fees[0].guessed;
  const std::array<double, 2> share = {static_cast<double>(same_by_hand(shadows[0])) / 20,
                                       static_cast<double>(same_by_hand(shadows[1])) / 20};
  CHECK(share[0] > share[1]);
  CHECK(sum.pairs == 40);
  CHECK(sum.likened == sum.quotes);
  // A ramp's guesses belong to its round, too.
  std::array<double, 2> made = {5, static_cast<double>(sum.quotes) - 5};
  CHECK(sum.quotes >= 13);
  CHECK(sum.expected_same == doctest::Approx(made[0] * share[0] + made[1] * share[1]));
}

TEST_CASE(
    "incident quotes: what is expected is fixed when the incident is over, whatever shadows come later") {
  City city;
  const auto ten = [&] {
    city.kakao_up = true;
    city.clock.advance(10min);  // the breaker comes back
    for (int measured = 0; measured < 10;)
      measured += city.quote(600 + 137 * measured).distance.source.kind == distance::SourceKind::kProvider;
  };
  ten();
  const auto from = city.clock.wall_now() + 1s;
  city.kakao_up = false;
  for (int i = 0; i < 5; ++i) city.quote(1000);
  const auto incident = city.incident(from);
  const auto then = ledger::incident_quotes(*city.ledger, incident);
  ten();
  const auto later = ledger::incident_quotes(*city.ledger, incident);
  REQUIRE(then);
  REQUIRE(later);
  CHECK(then->fees[0].guessed.pairs == 10);
  CHECK(later->fees[0].guessed.pairs == 10);
  CHECK(later->fees[0].guessed.expected_same == then->fees[0].guessed.expected_same);
}

TEST_CASE("incident quotes: another provider's answer in its place is a guess that nothing is known of") {
  City city;
  city.backup_up = true;
  for (int i = 0; i < 5; ++i) city.quote(800 + 270 * i);
  const auto from = city.clock.wall_now() + 1s;
  city.kakao_up = false;
  for (int i = 0; i < 3; ++i) CHECK(city.quote(900).distance.source.label() == "provider:backup");
  city.backup_up = false;
  city.quote(900);
  const auto told = ledger::incident_quotes(*city.ledger, city.incident(from));
  REQUIRE(told);
  REQUIRE(told->fees.size() == 1);
  const auto& fees = told->fees[0];
  REQUIRE(fees.rungs.size() == 2);
  CHECK(fees.rungs[0].rung == "geodesic");
  CHECK(fees.rungs[0].sum.likened == 1);
  CHECK(fees.rungs[0].sum.pairs == 5);
  CHECK(fees.rungs[1].rung == "provider:backup");
  CHECK_FALSE(fees.rungs[1].exact);
  CHECK(fees.rungs[1].sum.quotes == 3);
  CHECK(fees.rungs[1].sum.likened == 0);
  CHECK(fees.guessed.quotes == 4);
  CHECK(fees.guessed.likened == 1);
}

TEST_CASE("incident quotes: a row that cannot be read is told, and counts in no sum") {
  City city;
  const auto from = city.clock.wall_now();
  city.kakao_up = false;
  auto row = service::row_of(city.quote(1000));
  row.quote_id = "damaged";
  row.trace = "{";
  REQUIRE(city.ledger->append({row}));
  const auto told = ledger::incident_quotes(*city.ledger, city.incident(from));
  REQUIRE(told);
  CHECK(told->unreadable == 1);
  REQUIRE(told->fees.size() == 1);
  CHECK(told->fees[0].all.quotes == 1);
}

#pragma once

// An engine whose provider answers what a test tells it to, with a ledger that takes its quotes, on a fake
// clock.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "fee/fee_fixture.h"
#include "ledger/ledger_fixture.h"
#include "provider/scripted_provider_fixture.h"
#include "reckon/service/quote_engine.h"

namespace reckon::test {

struct RecordedEngine {
  explicit RecordedEngine(tests::ScriptedProvider::Script script, distance::Observer* observer = nullptr)
      : kakao(std::make_shared<tests::ScriptedProvider>("kakao", clock, std::move(script))), hears(observer) {
    start();
    REQUIRE(ledger->put_tariff(engine->tariffs()[0]->release, engine->tariffs()[0]->canonical));
  }
  void start() {
    service::QuoteEngine::Parts parts;
    parts.tariffs = {shipped_tariff("t4-rider-2022")};
    if (configured) parts.providers = {kakao};
    parts.clock = &clock;
    parts.observer = hears;
    engine = std::make_unique<service::QuoteEngine>(std::move(parts));
  }
  /// Another engine that takes up what this one's ladder has learned, and those before it.
  void restart() {
    learned = engine->distances().export_state(learned);
    start();
    REQUIRE(engine->distances().import_state(learned));
  }
  /// Quotes a trip due north from a place that is `east` thousandths of a degree away, and records it.
  service::Quote quote(double straight_m, int east = 0) {
    const double lng = 127 + east * 1e-3;
    const auto from = geo::LatLng::from_degrees(37.5, lng, "from").value();
    const auto to = geo::LatLng::from_degrees(37.5 + straight_m / 111'000, lng, "to").value();
    service::QuoteRequest request{{from, to, base::Vehicle::kMotorcycle}, {}, ""};
    request.context.at = clock.wall_now();
    auto made = engine->quote(query, request, base::Deadline::after(clock, std::chrono::milliseconds{800}));
    REQUIRE(made);
    REQUIRE(ledger->append({service::row_of(*made)}));
    return *std::move(made);
  }

  base::FakeClock clock{base::parse_rfc3339("2026-10-15T18:30:00+09:00", "now").value()};
  std::shared_ptr<tests::ScriptedProvider> kakao;
  distance::Observer* hears = nullptr;
  bool configured = true;  ///< whether engines have the provider
  std::string learned;     ///< beside the ledger
  LedgerFolder folder;
  std::unique_ptr<ledger::Ledger> ledger = folder.open();
  std::unique_ptr<service::QuoteEngine> engine;
  road::Roads::Query query;
};

}  // namespace reckon::test

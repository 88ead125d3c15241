#pragma once

// A provider that answers what a test tells it to, and a ladder of such on a fake clock, where the common
// expectation of the fault matrix (docs/faults.md) is checked of every quote.

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "provider/fault_matrix_fixture.h"
#include "reckon/distance/distance_service.h"
#include "service/service_fixture.h"

namespace reckon::tests {

class ScriptedProvider final : public provider::MapProvider {
 public:
  using Script =
      std::function<provider::ProviderAnswer(const provider::TripRequest&, std::chrono::microseconds budget)>;
  ScriptedProvider(std::string name, const base::Clock& clock, Script script)
      : name_(std::move(name)), clock_(clock), script_(std::move(script)) {}
  std::string_view name() const override { return name_; }
  bool serves(base::Vehicle) const override { return true; }
  std::string key_digest(std::string_view salt) const override {
    return key.empty() ? "" : std::string(salt) + key;
  }
  provider::ProviderAnswer route(const provider::TripRequest& trip, base::Deadline deadline) override {
    return script_(trip, deadline.left(clock_));
  }

  std::string key;  ///< empty: whether it was changed is not known

 private:
  std::string name_;
  const base::Clock& clock_;
  Script script_;
};

inline provider::ProviderAnswer good_answer(std::int64_t metres, std::int64_t seconds) {
  provider::ProviderAnswer answer;
  answer.outcome = provider::Outcome::kOk;
  answer.distance = {metres};
  answer.duration = base::Seconds{seconds};
  return answer;
}

inline provider::ProviderAnswer bad_answer(provider::Outcome outcome,
                                           provider::Stage stage = provider::Stage::kNone) {
  provider::ProviderAnswer answer;
  answer.outcome = outcome;
  answer.stage = stage;
  return answer;
}

struct ScriptedLadder {
  struct Told {
    distance::Distance distance;
    std::chrono::microseconds took;
  };

  base::FakeClock clock{base::parse_rfc3339("2022-10-15T18:30:00+09:00", "now").value()};
  FaultObserver heard;
  distance::LadderOptions options;
  std::vector<std::shared_ptr<provider::MapProvider>> providers;
  std::unique_ptr<distance::DistanceService> service;

  void add(const std::string& name, ScriptedProvider::Script script, const std::string& key = "") {
    auto made = std::make_shared<ScriptedProvider>(name, clock, std::move(script));
    made->key = key;
    providers.push_back(std::move(made));
  }
  distance::DistanceService& ladder() {
    if (!service) {
      service = std::make_unique<distance::DistanceService>(distance::DistanceService::Parts{
          .map = nullptr, .providers = providers, .clock = &clock, .observer = &heard, .options = options});
    }
    return *service;
  }
  /// One measurement, 1,110 m straight, with the common expectation checked.
  Told measure(std::chrono::milliseconds budget = std::chrono::milliseconds{800}) {
    const auto place = [](double lat) { return geo::LatLng::from_degrees(lat, 127, "place").value(); };
    road::RoadMap::Query query;
    const auto began = clock.steady_now();
    auto distance = ladder().measure(query, {place(37.50), place(37.51), base::Vehicle::kMotorcycle},
                                     distance::Basis::kProvider, base::Deadline::after(clock, budget));
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock.steady_now() - began);
    if (took > budget) CHECK(took <= budget);
    if (distance.low > distance.metres || distance.metres > distance.high || distance.source.label().empty())
      CHECK_MESSAGE(false, "no source or no band");
    return {std::move(distance), took};
  }
  std::string state() { return ladder().breaker_states().front().second; }
};

}  // namespace reckon::tests

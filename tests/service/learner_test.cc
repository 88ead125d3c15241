// When lessons are held, where their snapshots go, and that the server takes them up without stopping.

#include "reckon/service/learner.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <thread>

#include "reckon/base/file.h"
#include "reckon/service/answer_recorder.h"
#include "reckon/service/quote_engine.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using service::Learner;

namespace {

struct Lines final : base::Logger {
  void log(base::LogLevel, std::string_view line) override {
    const std::lock_guard lock(mutex);
    text += std::string(line) + "\n";
  }
  bool has(std::string_view part) {
    const std::lock_guard lock(mutex);
    return text.find(part) != std::string::npos;
  }
  std::mutex mutex;
  std::string text;
};

// A ledger's folder, a ladder without map and network, and a learner beside it.
struct Bench {
  explicit Bench(std::int64_t remember_days, bool learn = true) {
    config.ledger = "sqlite:" + (folder / "ledger.db").string();
    config.providers.resize(1);
    config.providers[0].name = "a";
    config.providers[0].remember_days = remember_days;
    config.providers[0].learn = learn;
    open();
  }
  void open() {
    learner.reset();
    recorder = service::open_answer_recorder(config, clock, nullptr, nullptr, nullptr, log);
    loaded = service::load_calibrations(config, service::leads(config, {}), {});
    distance::DistanceService::Parts parts;
    parts.clock = &clock;
    parts.learned = service::usable(loaded);
    service = std::make_unique<distance::DistanceService>(std::move(parts));
    learner = std::make_unique<Learner>(Learner::Parts{config, {}, loaded, &clock, &log});
  }
  // Roads are 1.5 times the straight line with this provider.
  void answer(std::size_t count) { answer(count, config.vehicle, 1.5); }
  void answer(std::size_t count, base::Vehicle vehicle, double detour, const std::string& provider = "a") {
    for (std::size_t i = 0; i < count; ++i) {
      const double straight_m = 300 + static_cast<double>(next++ * 37 % 4000);
      const distance::Trip trip{geo::LatLng::from_degrees(37.5, 127, "from").value(),
                                geo::LatLng::from_degrees(37.5 + straight_m / 111'000, 127, "to").value(),
                                vehicle};
      const base::Metres metres{static_cast<std::int64_t>(straight_m * detour)};
      if (recorder) recorder->on_answer(provider, trip, metres, base::Seconds{0});
      learner->on_answer(provider, trip, metres, base::Seconds{0});
    }
    if (recorder) recorder->flush();
  }
  base::Result<std::optional<distance::Lesson>> learn() { return learn(config.vehicle); }
  base::Result<std::optional<distance::Lesson>> learn(base::Vehicle vehicle) {
    return learner->learn(vehicle, *service, {});
  }
  void teach_two_vehicles() {
    answer(600);
    answer(600, base::Vehicle::kBicycle, 1.2);
    REQUIRE(learn());
    REQUIRE(learn(base::Vehicle::kBicycle));
  }
  std::shared_ptr<const distance::Learned> learned() const { return service->learned(config.vehicle); }
  // What is used for two kilometres of straight line; 0: nothing learned.
  std::int64_t two_km(base::Vehicle vehicle) const {
    const auto in_use = service->learned(vehicle);
    return in_use ? distance::learned_detour(in_use->calibration(), 2000)->metres.value : 0;
  }
  std::string file(std::string_view rest = "") const {
    return fmt::format("{}.calibration{}.json", *service::ledger_file(config), rest);
  }
  // Ticks until the log has a line, or for ten seconds.
  bool tick_until(std::string_view line) {
    for (int i = 0; i < 2000 && !log.has(line); ++i) {
      learner->tick(*service);
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return log.has(line);
  }

  test::TempFolder folder;
  base::FakeClock clock{base::WallTime{std::chrono::hours{400'000}}};
  Lines log;
  service::Config config;
  std::unique_ptr<service::AnswerRecorder> recorder;
  std::vector<service::VehicleCalibration> loaded;
  std::unique_ptr<distance::DistanceService> service;
  std::unique_ptr<Learner> learner;
  std::size_t next = 0;
};

}  // namespace

TEST_CASE("learner: a lesson is due with enough answers, then with half as many again, then with time") {
  Bench bench(30);
  bench.answer(499);
  CHECK_FALSE(bench.learner->due());
  bench.answer(1);
  CHECK(bench.learner->due());
  REQUIRE(bench.learn());
  CHECK_FALSE(bench.learner->due());
  bench.answer(249);
  CHECK_FALSE(bench.learner->due());
  bench.answer(1);
  CHECK(bench.learner->due());
  REQUIRE(bench.learn());
  bench.answer(374);
  bench.clock.advance(std::chrono::hours{25});
  CHECK_FALSE(bench.learner->due());  // a day has passed, but there is little new
  bench.answer(1);
  CHECK(bench.learner->due());
}

TEST_CASE("learner: the snapshot is written and used; the next process takes it up and counts on") {
  Bench bench(30);
  bench.answer(600);
  const auto lesson = bench.learn();
  REQUIRE(lesson);
  REQUIRE(*lesson);
  const auto release = (*lesson)->calibration.release();
  REQUIRE(bench.learned());
  CHECK(bench.learned()->release() == release);
  CHECK(Learner::summary(**lesson).find(release) != std::string::npos);
  bench.open();
  REQUIRE(bench.learned());
  CHECK(bench.learned()->release() == release);
  CHECK(bench.learned()->calibration().answers == 600);
  CHECK_FALSE(bench.learner->due());
  bench.answer(300);
  CHECK(bench.learner->due());
  const auto estimate = distance::learned_detour(bench.learned()->calibration(), 2000);
  REQUIRE(estimate);
  CHECK(std::abs(estimate->metres.value - 3000) < 10);
}

TEST_CASE(
    "learner: answers that may not be kept are learned from all the same, and leave no file but the "
    "snapshot") {
  Bench bench(0);
  CHECK_FALSE(bench.recorder);
  bench.answer(600);
  CHECK(bench.learner->due());
  REQUIRE(bench.learn());
  CHECK(std::filesystem::exists(bench.file()));
  CHECK_FALSE(std::filesystem::exists(*service::answers_file(bench.config)));
}

TEST_CASE("learner: an operator may forbid learning, for a provider or altogether") {
  Bench forbidden(30, false);
  forbidden.answer(600);
  CHECK_FALSE(forbidden.learner->due());
  Bench never(30);
  never.config.recalibrate_hours = 0;
  never.open();
  never.answer(600);
  CHECK_FALSE(never.learner->due());
}

TEST_CASE("learner: too many answers of too few doors are told once, not tried again at each look") {
  Bench bench(30);
  for (int i = 0; i < 600; ++i) {
    bench.next = 0;
    bench.answer(1);
  }
  CHECK(bench.learner->due());
  CHECK_FALSE(bench.learn());
  CHECK(bench.learner->fault(bench.config.vehicle).find("too few") != std::string::npos);
  CHECK_FALSE(bench.learner->due());
}

TEST_CASE("learner: the server learns beside its quotes, and takes up what somebody else writes") {
  Bench bench(30);
  bench.answer(600);
  bench.learner->tick(*bench.service);
  for (int i = 0; i < 2000 && !bench.log.has("learned from"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  REQUIRE(bench.log.has("learned from"));
  const auto first = bench.learned();
  REQUIRE(first);

  auto other = first->calibration();
  other.pairs += 1;
  REQUIRE(base::write_file_atomically(bench.file(), distance::to_json(other) + " "));
  for (int i = 0; i < 2000 && !bench.log.has("is taken up"); ++i) {
    bench.learner->tick(*bench.service);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  CHECK(bench.learned()->release() == other.release());

  REQUIRE(base::write_file_atomically(bench.file(), "{"));
  bench.learner->tick(*bench.service);
  CHECK(bench.log.has("calibration is not used"));
  CHECK_FALSE(bench.learner->fault(bench.config.vehicle).empty());
  CHECK(bench.learned()->release() == other.release());  // a damaged file takes nothing away
}

constexpr auto kMoto = base::Vehicle::kMotorcycle, kBicycle = base::Vehicle::kBicycle;

TEST_CASE("learner: says what it learns from, and whether that is kept") {
  Bench keeps(30), forgets(0);
  for (auto* bench : {&keeps, &forgets}) bench->answer(520);
  CHECK(keeps.learner->matter(base::Vehicle::kMotorcycle) ==
        "520 answers of a for motorcycle, which are kept");
  CHECK(forgets.learner->matter(base::Vehicle::kMotorcycle) ==
        "520 answers of a for motorcycle, which are not kept (remember_days 0)");
  forgets.open();
  CHECK(forgets.learner->matter(base::Vehicle::kMotorcycle).starts_with("0 answers"));
}

TEST_CASE("learner: each vehicle is learned from its own answers, into a file of its own") {
  for (const std::int64_t remember_days : {30, 0}) {
    CAPTURE(remember_days);
    Bench bench(remember_days);
    bench.answer(600);
    bench.answer(499, kBicycle, 1.2);
    CHECK(bench.learner->due() == kMoto);
    REQUIRE(bench.learn());
    CHECK_FALSE(bench.learner->due());
    bench.answer(1, kBicycle, 1.2);
    CHECK(bench.learner->due() == kBicycle);
    REQUIRE(bench.learn(kBicycle));
    CHECK_FALSE(bench.learner->due());
    CHECK(std::filesystem::exists(bench.file(".bicycle")));
    const auto check = [&] {
      CHECK(std::abs(bench.two_km(kMoto) - 3000) < 10);
      CHECK(std::abs(bench.two_km(kBicycle) - 2400) < 10);
      CHECK(bench.two_km(base::Vehicle::kFoot) == 0);
    };
    check();
    bench.open();
    check();
    CHECK(bench.service->learned(kBicycle)->calibration().answers == 500);
    CHECK_FALSE(bench.learner->due());
  }
}

TEST_CASE("learner: of several vehicles that are due the one that waits longest comes first") {
  Bench bench(30);
  bench.answer(500);
  bench.answer(500, kBicycle, 1.2);
  CHECK(bench.learner->due() == kMoto);  // the configured one, where none waits longer
  bench.clock.advance(std::chrono::hours{1});
  REQUIRE(bench.learn());
  bench.answer(500);
  CHECK(bench.learner->due() == kBicycle);
  bench.clock.advance(std::chrono::hours{1});
  REQUIRE(bench.learn(kBicycle));
  CHECK(bench.learner->due() == kMoto);
}

TEST_CASE("learner: the server learns one vehicle after the other beside its quotes") {
  Bench bench(30);
  bench.answer(600);
  bench.answer(600, kBicycle, 1.2);
  CHECK(bench.tick_until("for bicycle: sha256:"));
  CHECK(bench.log.has("for motorcycle: sha256:"));
  CHECK(std::abs(bench.two_km(kMoto) - 3000) < 10);
  CHECK(std::abs(bench.two_km(kBicycle) - 2400) < 10);
}

TEST_CASE("learner: a fault of one vehicle's file does not hurt the others") {
  Bench bench(30);
  bench.teach_two_vehicles();
  REQUIRE(base::write_file_atomically(bench.file(), "{"));
  bench.learner->tick(*bench.service);
  CHECK(bench.learner->fault(kMoto).find(bench.file()) != std::string::npos);
  CHECK(bench.learner->fault(kBicycle).empty());
  bench.open();
  CHECK(bench.two_km(kMoto) == 0);
  CHECK(std::abs(bench.two_km(kBicycle) - 2400) < 10);
  CHECK(bench.learner->due() == kMoto);  // and it is learned anew, over the damaged file
  REQUIRE(bench.learn());
  CHECK(bench.learner->fault(kMoto).empty());
  bench.open();
  CHECK(std::abs(bench.two_km(kMoto) - 3000) < 10);
}

TEST_CASE(
    "learner: a lesson's fault stays told when another vehicle's snapshot is written, a file's is said "
    "once") {
  Bench bench(30);
  bench.teach_two_vehicles();
  REQUIRE(base::write_file_atomically(bench.file(".bicycle"), "{"));
  bench.learner->tick(*bench.service);
  const auto told = [&] {
    std::size_t count = 0;
    for (auto at = bench.log.text.find("calibration is not used"); at != std::string::npos;
         at = bench.log.text.find("calibration is not used", at + 1))
      ++count;
    return count;
  };
  CHECK(told() == 1);
  for (int i = 0; i < 600; ++i) {  // the same doors again and again: nothing to learn from
    bench.next = 0;
    bench.answer(1, base::Vehicle::kCar, 1.5);
  }
  CHECK_FALSE(bench.learn(base::Vehicle::kCar));
  const auto fault = bench.learner->fault(base::Vehicle::kCar);
  CHECK(fault.find("too few") != std::string::npos);
  auto other = bench.service->learned(kMoto)->calibration();
  other.pairs += 1;
  REQUIRE(base::write_file_atomically(bench.file(), distance::to_json(other)));
  bench.learner->tick(*bench.service);
  CHECK(bench.service->learned(kMoto)->release() == other.release());
  CHECK(bench.learner->fault(base::Vehicle::kCar) == fault);
  CHECK(told() == 1);
}

TEST_CASE("learner: what somebody else writes for one vehicle is taken up for that one") {
  Bench bench(30);
  bench.teach_two_vehicles();
  const auto moto = bench.service->learned(kMoto);
  auto other = bench.service->learned(kBicycle)->calibration();
  other.pairs += 1;
  REQUIRE(base::write_file_atomically(bench.file(".bicycle"), distance::to_json(other) + " "));
  CHECK(bench.tick_until(other.release() + " is taken up for bicycle"));
  CHECK(bench.service->learned(kBicycle)->release() == other.release());
  CHECK(bench.service->learned(kMoto) == moto);
}

TEST_CASE("learner: another provider that comes first is learned at once from answers that were kept") {
  Bench bench(30);
  bench.config.providers.push_back(bench.config.providers[0]);
  bench.config.providers[1].name = "b/2";
  bench.open();
  bench.answer(600);
  bench.answer(600, kMoto, 1.3, "b/2");  // while the first was gone
  CHECK(bench.learner->due() == kMoto);
  REQUIRE(bench.learn());
  CHECK(std::abs(bench.two_km(kMoto) - 3000) < 10);
  const auto first = bench.learned()->release();

  SUBCASE("the order is changed") {
    std::swap(bench.config.providers[0], bench.config.providers[1]);
  }
  SUBCASE("the first is removed") {
    bench.config.providers.erase(bench.config.providers.begin());
  }
  bench.open();
  CHECK(bench.two_km(kMoto) == 0);  // what another provider would say is no estimate of this one
  CHECK(bench.learner->fault(kMoto).find("is of 'a', the first provider for motorcycle is 'b/2'") !=
        std::string::npos);
  CHECK(bench.learner->due() == kMoto);  // without a new answer
  REQUIRE(bench.learn());
  CHECK(bench.learner->fault(kMoto).empty());
  CHECK(std::abs(bench.two_km(kMoto) - 2600) < 10);
  bench.open();
  CHECK(std::abs(bench.two_km(kMoto) - 2600) < 10);
  CHECK_FALSE(bench.learner->due());

  // And back: nothing that was learned of the other one is lost, its answers need not be there any more.
  bench.config.providers.resize(1);
  bench.config.providers[0].name = "a";
  bench.config.providers[0].remember_days = 0;
  bench.open();
  CHECK(bench.learned()->release() == first);
}

TEST_CASE("learner: another configured vehicle finds what was learned of it under its earlier name") {
  Bench bench(30);
  bench.teach_two_vehicles();
  bench.config.vehicle = kBicycle;
  bench.open();
  CHECK(std::abs(bench.two_km(kMoto) - 3000) < 10);
  CHECK(std::abs(bench.two_km(kBicycle) - 2400) < 10);
  CHECK(bench.learner->fault(kMoto).empty());
  CHECK(bench.learner->fault(kBicycle).empty());
}

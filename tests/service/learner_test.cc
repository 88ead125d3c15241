// When lessons are held, where their snapshots go, and that the server takes them up without stopping.

#include "reckon/service/learner.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "reckon/base/file.h"
#include "reckon/service/answer_recorder.h"
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
    const auto loaded = service::load_calibration(config, {});
    service.publish(loaded.learned);
    learner =
        std::make_unique<Learner>(Learner::Parts{config, {}, loaded.learned, loaded.fault, &clock, &log});
  }
  // Roads are 1.5 times the straight line with this provider.
  void answer(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const double straight_m = 300 + static_cast<double>(next++ * 37 % 4000);
      const distance::Trip trip{geo::LatLng::from_degrees(37.5, 127, "from").value(),
                                geo::LatLng::from_degrees(37.5 + straight_m / 111'000, 127, "to").value(),
                                config.vehicle};
      const base::Metres metres{static_cast<std::int64_t>(straight_m * 1.5)};
      if (recorder) recorder->on_answer("a", trip, metres, base::Seconds{0});
      learner->on_answer("a", trip, metres, base::Seconds{0});
    }
    if (recorder) recorder->flush();
  }
  base::Result<std::optional<distance::Lesson>> learn() { return learner->learn(service, {}); }
  std::string file() const { return *service::calibration_file(config); }

  test::TempFolder folder;
  base::FakeClock clock{base::WallTime{std::chrono::hours{400'000}}};
  Lines log;
  service::Config config;
  std::unique_ptr<service::AnswerRecorder> recorder;
  distance::DistanceService service{{nullptr, {}, &clock}};
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
  REQUIRE(bench.service.learned());
  CHECK(bench.service.learned()->release() == release);
  CHECK(Learner::summary(**lesson).find(release) != std::string::npos);
  bench.open();
  REQUIRE(bench.service.learned());
  CHECK(bench.service.learned()->release() == release);
  CHECK(bench.service.learned()->calibration().answers == 600);
  CHECK_FALSE(bench.learner->due());
  bench.answer(300);
  CHECK(bench.learner->due());
  const auto estimate = distance::learned_detour(bench.service.learned()->calibration(), 2000);
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
  CHECK(bench.learner->fault().find("too few") != std::string::npos);
  CHECK_FALSE(bench.learner->due());
}

TEST_CASE("learner: the server learns beside its quotes, and takes up what somebody else writes") {
  Bench bench(30);
  bench.answer(600);
  bench.learner->tick(bench.service);
  for (int i = 0; i < 2000 && !bench.log.has("learned from"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  REQUIRE(bench.log.has("learned from"));
  const auto first = bench.service.learned();
  REQUIRE(first);

  auto other = first->calibration();
  other.pairs += 1;
  REQUIRE(base::write_file_atomically(bench.file(), distance::to_json(other) + " "));
  for (int i = 0; i < 2000 && !bench.log.has("is taken up"); ++i) {
    bench.learner->tick(bench.service);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  CHECK(bench.service.learned()->release() == other.release());

  REQUIRE(base::write_file_atomically(bench.file(), "{"));
  bench.learner->tick(bench.service);
  CHECK(bench.log.has("calibration is not used"));
  CHECK_FALSE(bench.learner->fault().empty());
  CHECK(bench.service.learned()->release() == other.release());  // a damaged file takes nothing away
}

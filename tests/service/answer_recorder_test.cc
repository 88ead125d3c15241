// Answers on their way from the quotes to the disk: never waited for, counted when lost, kept as long as
// allowed.

#include "reckon/service/answer_recorder.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "reckon/service/background_thread.h"
#include "road/drawn_map_fixture.h"
#include "service/service_fixture.h"

using namespace reckon;
using service::AnswerRecorder;
using service::ProviderEntry;

namespace {

constexpr base::WallTime kThen{std::chrono::hours{400'000}};

ProviderEntry entry(std::string name, std::int64_t days) {
  ProviderEntry made;
  made.name = std::move(name);
  made.kind = "osrm";
  made.remember_days = days;
  return made;
}

// Keeps jobs until they are told to run.
struct HeldJobs final : distance::Background {
  bool run(std::function<void()> job) override {
    if (jobs.size() >= room) return false;
    jobs.push_back(std::move(job));
    return true;
  }
  void run_all() {
    for (auto& job : std::exchange(jobs, {})) job();
  }
  std::vector<std::function<void()>> jobs;
  std::size_t room = 100;
};

struct Lines final : base::Logger {
  void log(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

std::size_t stored(const ledger::AnswerStore& store) {
  std::size_t count = 0;
  REQUIRE(store.for_each([&](const auto&) { return ++count > 0; }));
  return count;
}

service::Config config_in(const test::TempFolder& folder, std::vector<ProviderEntry> providers) {
  service::Config config;
  config.ledger = "sqlite:" + (folder / "ledger.db").string();
  config.providers = std::move(providers);
  return config;
}

void say(AnswerRecorder& recorder, std::string_view provider, std::int64_t metres) {
  recorder.on_answer(provider, test::seoul_trip(), {metres}, base::Seconds{300});
}

}  // namespace

TEST_CASE("answer recorder: a quote's thread touches no disk; one job writes all that came meanwhile") {
  const test::TempFolder folder;
  const base::FakeClock clock(kThen);
  HeldJobs jobs;
  Lines log;
  service::Metrics metrics;
  const auto recorder = service::open_answer_recorder(config_in(folder, {entry("a", 30), entry("b", 0)}),
                                                      clock, nullptr, &jobs, &metrics, log);
  REQUIRE(recorder);
  jobs.run_all();
  for (int i = 0; i < 100; ++i) say(*recorder, "a", 1000 + i);
  say(*recorder, "b", 5);  // its terms allow no keeping
  say(*recorder, "c", 5);  // not configured
  CHECK(stored(recorder->store()) == 0);
  CHECK(jobs.jobs.size() == 1);
  jobs.run_all();
  CHECK(stored(recorder->store()) == 100);
  CHECK(metrics.text("").find("reckon_answers_total{fate=\"kept\"} 100\n") != std::string::npos);
  CHECK(recorder->dropped() == 0);
  CHECK(log.lines.empty());
}

TEST_CASE("answer recorder: beyond the queue answers are dropped and counted, and none waits for ever") {
  const test::TempFolder folder;
  const base::FakeClock clock(kThen);
  HeldJobs jobs;
  service::Metrics metrics;
  auto store = ledger::AnswerStore::open((folder / "answers").string());
  REQUIRE(store);
  AnswerRecorder recorder({std::move(*store), {entry("a", 30)}, &clock, &jobs, &metrics, nullptr, 3});
  jobs.room = 0;  // no job can be had
  for (int i = 0; i < 5; ++i) say(recorder, "a", 1000 + i);
  CHECK(recorder.dropped() == 2);
  CHECK(metrics.text("").find("reckon_answers_total{fate=\"dropped\"} 2\n") != std::string::npos);
  jobs.room = 1;
  say(recorder, "a", 2000);  // is dropped itself, but finds a job for the others
  REQUIRE(jobs.jobs.size() == 1);
  jobs.run_all();
  CHECK(stored(recorder.store()) == 3);
}

TEST_CASE("answer recorder: without a background the batch writes by hundreds and at its end") {
  const test::TempFolder folder;
  const base::FakeClock clock(kThen);
  Lines log;
  const auto config = config_in(folder, {entry("a", 30)});
  {
    const auto recorder = service::open_answer_recorder(config, clock, nullptr, nullptr, nullptr, log);
    REQUIRE(recorder);
    for (std::size_t i = 0; i < service::kAnswersPerCommit + 10; ++i) say(*recorder, "a", 1000);
    CHECK(stored(recorder->store()) == service::kAnswersPerCommit);
  }
  const auto again = service::open_answer_recorder(config, clock, nullptr, nullptr, nullptr, log);
  REQUIRE(again);
  CHECK(stored(again->store()) == service::kAnswersPerCommit + 10);
}

TEST_CASE(
    "answer recorder: the next process remembers what may be remembered, and old answers leave the disk") {
  const test::TempFolder folder;
  base::FakeClock clock(kThen);
  Lines log;
  {
    const auto recorder = service::open_answer_recorder(config_in(folder, {entry("a", 30), entry("b", 30)}),
                                                        clock, nullptr, nullptr, nullptr, log);
    REQUIRE(recorder);
    say(*recorder, "a", 1111);
    say(*recorder, "b", 2222);
  }
  clock.advance(std::chrono::hours{24 * 20});
  distance::AnswerMemory memory;
  const auto recorder = service::open_answer_recorder(config_in(folder, {entry("a", 30), entry("b", 10)}),
                                                      clock, &memory, nullptr, nullptr, log);
  REQUIRE(recorder);
  CHECK(memory.size() == 1);
  const auto trip = test::seoul_trip();
  const auto recalled =
      memory.recall("a", trip.vehicle, trip.from, trip.to, clock.wall_now(), base::Seconds{1 << 30});
  REQUIRE(recalled);
  CHECK(recalled->estimate.metres.value == 1111);
  CHECK(stored(recorder->store()) == 1);  // b's terms have run out: gone from the disk, too
}

TEST_CASE("answer recorder: nothing is made where nothing may be kept; what was kept before goes") {
  const test::TempFolder folder;
  const base::FakeClock clock(kThen);
  Lines log;
  const auto strict = config_in(folder, {entry("a", 0)});
  CHECK_FALSE(service::open_answer_recorder(strict, clock, nullptr, nullptr, nullptr, log));
  CHECK_FALSE(std::filesystem::exists(*service::answers_file(strict)));
  say(*service::open_answer_recorder(config_in(folder, {entry("a", 9)}), clock, nullptr, nullptr, nullptr,
                                     log),
      "a", 1000);
  const auto recorder = service::open_answer_recorder(strict, clock, nullptr, nullptr, nullptr, log);
  REQUIRE(recorder);
  CHECK(stored(recorder->store()) == 0);
}

TEST_CASE("answer recorder: a damaged store costs itself, not the start") {
  const test::TempFolder folder;
  const base::FakeClock clock(kThen);
  Lines log;
  const auto config = config_in(folder, {entry("a", 30)});
  std::ofstream(*service::answers_file(config)) << std::string(9000, 'x');
  CHECK_FALSE(service::open_answer_recorder(config, clock, nullptr, nullptr, nullptr, log));
  REQUIRE(log.lines.size() == 1);
  CHECK(log.lines[0].find("neither kept nor remembered") != std::string::npos);
}

TEST_CASE("answer recorder: many threads and a thread that writes lose nothing") {
  const test::TempFolder folder;
  const base::FakeClock clock(kThen);
  Lines log;
  const auto config = config_in(folder, {entry("a", 30)});
  std::unique_ptr<AnswerRecorder> recorder;
  {
    service::BackgroundThread background;
    recorder = service::open_answer_recorder(config, clock, nullptr, &background, nullptr, log);
    REQUIRE(recorder);
    std::vector<std::future<void>> callers;
    for (int t = 0; t < 4; ++t)
      callers.push_back(std::async(std::launch::async, [&] {
        for (int i = 0; i < 500; ++i) say(*recorder, "a", 1000 + i);
      }));
    for (auto& caller : callers) caller.get();
  }
  recorder->flush();
  CHECK(stored(recorder->store()) == 2000);
  CHECK(recorder->dropped() == 0);
}

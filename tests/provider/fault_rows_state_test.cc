// Rows 49, 50 and 53 to 56 of the fault matrix (docs/faults.md): clocks, long outages, restarts, a full disk,
// and nothing left but the straight line. Row 54's kill and row 56's server:
// tests/system/test_fault_matrix.py.

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "fee/fee_fixture.h"
#include "provider/fault_matrix_fixture.h"
#include "provider/scripted_provider_fixture.h"
#include "reckon/ledger/verify.h"
#include "service/service_fixture.h"

using namespace reckon;
using namespace reckon::distance;
using namespace reckon::tests;
using namespace std::chrono_literals;
using provider::Outcome;

namespace {

ScriptedProvider::Script always_times_out(base::FakeClock& clock) {
  return [&clock](const auto&, auto budget) {
    clock.advance(budget);
    return bad_answer(Outcome::kTimeout, provider::Stage::kFirstByte);
  };
}

// How long, by the steady clock, until the open breaker lets a probe through.
std::chrono::milliseconds until_probe(Breaker& breaker, base::FakeClock& clock) {
  for (int waited = 0; waited < 400'000; waited += 100) {
    if (breaker.admit(800ms)) return std::chrono::milliseconds{waited};
    clock.advance(100ms);
  }
  return 400s;
}

void open(Breaker& breaker) {
  for (int i = 0; i < 5; ++i) breaker.settle(*breaker.admit(800ms), bad_answer(Outcome::kTimeout), 800ms);
  REQUIRE(breaker.state() == "open");
}

struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "reckon-state-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::size_t heap_bytes() {
  return ::mallinfo2().uordblks;
}

}  // namespace

TEST_CASE(
    "fault row 49: the wall clock steps: waits do not change, and the ledger's order is that of its rows") {
  std::vector<std::chrono::milliseconds> waits;
  for (const auto step : {0min, -60min, 60min}) {
    base::FakeClock clock{base::parse_rfc3339("2022-10-15T18:30:00+09:00", "now").value()};
    Breaker breaker({}, clock, 7);
    open(breaker);
    clock.step_wall(step);
    waits.push_back(until_probe(breaker, clock));
  }
  CHECK(waits[1] == waits[0]);
  CHECK(waits[2] == waits[0]);
  SUBCASE("the step is marked where the ledger is verified") {
    base::FakeClock clock{base::parse_rfc3339("2022-10-15T18:30:00+09:00", "now").value()};
    const Folder folder;
    const auto ledger = ledger::Ledger::open("sqlite:" + (folder.path / "q.db").string()).value();
    const auto engine = test::engine_with(clock, {"t4-rider-2022"});
    for (const auto& tariff : engine->tariffs())
      REQUIRE(ledger->put_tariff(tariff->release, tariff->canonical));
    std::vector<std::string> ids;
    for (int i = 0; i < 6; ++i) {
      if (i == 3) clock.step_wall(-60min);
      clock.advance(1s);
      road::RoadMap::Query query;
      service::QuoteRequest request{test::seoul_trip(), {}, ""};
      request.context.at = clock.wall_now();
      const auto quote = engine->quote(query, request, base::Deadline::after(clock, 100ms)).value();
      ids.push_back(quote.id);
      REQUIRE(ledger->append({service::row_of(quote)}));
    }
    std::vector<std::string> read;
    REQUIRE(ledger->for_each(1, [&](const auto& stored) {
      read.push_back(stored.row.quote_id);
      return true;
    }));
    CHECK(read == ids);
    const auto report = ledger::verify(*ledger, nullptr).value();
    CHECK(report.differences.empty());
    REQUIRE(report.clock_steps.size() == 1);
    CHECK(report.clock_steps[0].seq == 4);
    CHECK(report.clock_steps[0].back == 3599s);
  }
}

TEST_CASE(
    "fault row 50: suspended for half an hour: what was in flight says nothing, and there is no storm") {
  base::FakeClock clock;
  Breaker breaker({}, clock, 7);
  for (int i = 0; i < 4; ++i) breaker.settle(*breaker.admit(800ms), bad_answer(Outcome::kTimeout), 800ms);
  std::vector<Breaker::Permit> in_flight;
  for (int i = 0; i < 10; ++i) in_flight.push_back(*breaker.admit(800ms));
  clock.advance(30min);
  for (const auto& permit : in_flight) breaker.settle(permit, bad_answer(Outcome::kTimeout), 30min);
  CHECK(breaker.state() == "closed");  // ten stale failures and four old ones do not open it
  CHECK(breaker.in_flight() == 0);
  std::size_t admitted = 0;
  for (int i = 0; i < 1000; ++i) admitted += breaker.admit(800ms) ? 1U : 0U;
  CHECK(admitted == BreakerOptions{}.max_in_flight);
  SUBCASE("a ramp begins anew") {
    base::FakeClock later;
    Breaker ramping({}, later, 7);
    open(ramping);
    until_probe(ramping, later);
    later.advance(10s);
    for (int i = 0; i < 1000 && ramping.state() != "ramping"; ++i) {
      later.advance(100ms);
      if (const auto permit = ramping.admit(800ms)) ramping.settle(*permit, good_answer(1000, 100), 20ms);
    }
    REQUIRE(ramping.state() == "ramping");
    later.advance(30min);
    int asked = 0;
    for (int i = 0; i < 200; ++i) {
      if (const auto permit = ramping.admit(800ms)) {
        ++asked;
        ramping.settle(*permit, good_answer(1000, 100), 20ms);
      }
    }
    CHECK(asked <= 11);  // 5 % of them, and not all
  }
}

TEST_CASE(
    "fault row 53: 127 hours without the provider: memory flat, the ledger grows evenly, then it is back") {
  const Folder folder;
  ScriptedLadder ladder;
  bool up = false;
  ladder.add("first", [&](const auto& trip, auto budget) {
    if (!up) return always_times_out(ladder.clock)(trip, budget);
    ladder.clock.advance(20ms);
    return good_answer(1500, 300);
  });
  const auto ledger = ledger::Ledger::open("sqlite:" + (folder.path / "q.db").string()).value();
  const auto file_bytes = [&] { return std::filesystem::file_size(folder.path / "q.db"); };
  const auto hour = [&](int hour_number) {
    std::vector<ledger::QuoteRow> rows;
    const auto end = ladder.clock.steady_now() + 1h;
    while (ladder.clock.steady_now() < end) {
      const auto told = ladder.measure();
      const auto label = told.distance.source.label();
      rows.push_back({fmt::format("{}-{}", hour_number, rows.size()), ladder.clock.wall_now(), "release",
                      std::string(700, 't'), fmt::format("{:<900}", label)});
      ladder.clock.advance(10s);
    }
    REQUIRE(ledger->append(std::move(rows)));
  };
  hour(0);
  hour(1);
  const auto heap = heap_bytes();
  std::vector<std::uintmax_t> sizes = {file_bytes()};
  for (int i = 2; i < 127; ++i) {
    hour(i);
    sizes.push_back(file_bytes());
  }
  // The observer of this test keeps a line for each probe; the ladder itself keeps nothing.
  CHECK(heap_bytes() < heap + 1'000'000);
  const auto grown = sizes.back() - sizes.front();
  const auto half = sizes[sizes.size() / 2] - sizes.front();
  CHECK(std::abs(static_cast<double>(half) * 2 - static_cast<double>(grown)) <
        0.05 * static_cast<double>(grown));
  MESSAGE("ledger: " << grown / 125 << " bytes an hour at 360 quotes; heap grew by "
                     << static_cast<long>(heap_bytes()) - static_cast<long>(heap) << " bytes in 125 hours");
  CHECK(ladder.state() == "open");
  up = true;
  const auto back_at = ladder.clock.steady_now();
  while (ladder.measure().distance.source.label() != "provider:first") ladder.clock.advance(10s);
  CHECK(ladder.clock.steady_now() - back_at <= 301s);
  for (int i = 0; i < 10; ++i) {
    ladder.measure();
    ladder.clock.advance(10s);
  }
  CHECK(ladder.state() == "closed");
}

TEST_CASE("fault row 54: a restart keeps the open breaker, the latch and the operator's order") {
  struct Case {
    std::string why, state;
    std::function<void(ScriptedLadder&)> prepare;
  };
  Outcome outcome = Outcome::kOk;
  for (const auto& row :
       std::vector<Case>{{"open by failures", "open",
                          [&](ScriptedLadder& ladder) {
                            outcome = Outcome::kTimeout;
                            for (int i = 0; i < 5; ++i) ladder.measure();
                          }},
                         {"latched by a spent quota", "latched:quota",
                          [&](ScriptedLadder& ladder) {
                            outcome = Outcome::kQuota;
                            ladder.measure();
                          }},
                         {"taken away on purpose", "forced_open", [&](ScriptedLadder& ladder) {
                            outcome = Outcome::kOk;
                            REQUIRE(ladder.ladder().override_provider("first", Override::kForcedOpen, 10min));
                          }}}) {
    CAPTURE(row.why);
    const auto script = [&](const auto&, auto) {
      return outcome == Outcome::kOk ? good_answer(1500, 300) : bad_answer(outcome);
    };
    ScriptedLadder before, after;
    before.add("first", script);
    after.add("first", script);
    row.prepare(before);
    REQUIRE(before.state() == row.state);
    REQUIRE(after.ladder().import_state(before.ladder().export_state()));
    CHECK(after.state() == row.state);
    const auto told = after.measure().distance;
    CHECK(told.source.label() == "geodesic");
    CHECK(told.why_not.front().reason == (row.state == "open"          ? "breaker_open"
                                          : row.state == "forced_open" ? "forced_open"
                                                                       : "quota"));
  }
}

TEST_CASE("fault row 54: an order outranks timers and latches, is told, and ends by itself in a probe") {
  ScriptedLadder ladder;
  Outcome outcome = Outcome::kOk;
  ladder.add("first", [&](const auto&, auto) {
    return outcome == Outcome::kOk ? good_answer(1500, 300) : bad_answer(outcome);
  });
  CHECK(ladder.measure().distance.source.label() == "provider:first");
  REQUIRE(ladder.ladder().override_provider("first", Override::kForcedOpen, 10min));
  for (int i = 0; i < 20; ++i) CHECK(ladder.measure().distance.why_not.front().reason == "forced_open");
  ladder.clock.advance(10min + 1s);
  CHECK(ladder.measure().distance.source.label() == "provider:first");  // the probe
  CHECK(ladder.state() == "ramping");
  CHECK(ladder.heard.changes() == std::vector<std::string>{"closed>forced_open", "forced_open>open",
                                                           "open>half_open", "half_open>ramping"});
  REQUIRE(ladder.ladder().override_provider("first", Override::kForcedClosed, 1min));
  outcome = Outcome::kUnavailable;
  for (int i = 0; i < 20; ++i) CHECK(ladder.measure().distance.why_not.front().reason == "unavailable");
  CHECK(ladder.state() == "forced_closed");
  REQUIRE(ladder.ladder().override_provider("first", Override::kNone, 0s));
  CHECK(ladder.state() == "open");
  CHECK_FALSE(ladder.ladder().override_provider("other", Override::kForcedOpen, 1min));
}

TEST_CASE(
    "fault row 55: the ledger's disk is full: quotes go on, and the gap is recorded when there is room") {
  const LeakWatch watch;
  const base::SystemClock clock;
  const Folder folder;
  const auto path = folder.path / "q.db";
  const auto ledger = ledger::Ledger::open("sqlite:" + path.string()).value();
  const auto engine = test::engine_with(clock, {"t4-rider-2022"});
  const auto quote = [&] {
    road::RoadMap::Query query;
    service::QuoteRequest request{test::seoul_trip(), {}, ""};
    request.context.at = clock.wall_now();
    return engine->quote(query, request, base::Deadline::after(clock, 100ms)).value();
  };
  REQUIRE(ledger->append({service::row_of(quote())}));
  // No file may grow beyond what it has: writing fails as on a full disk.
  const auto before_signal = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit full{1, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
  std::vector<bool> recorded;
  for (int i = 0; i < 3; ++i) recorded.push_back(ledger->append({service::row_of(quote())}).has_value());
  const auto unrecorded = ledger->unrecorded();
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, before_signal);
  CHECK(recorded == std::vector<bool>(3, false));
  CHECK(unrecorded == 3);
  REQUIRE(ledger->append({service::row_of(quote())}));
  CHECK(ledger->unrecorded() == 0);
  CHECK(ledger->last_seq().value() == 2);
  const auto gaps = ledger->gaps().value();
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].quotes == 3);
}

TEST_CASE(
    "fault row 56: both providers down and the map damaged: the straight line, its widest band, and why") {
  const LeakWatch watch;
  const Folder folder;
  std::ofstream(folder.path / "city.rmap") << std::string(4096, 'x');
  service::Config config;
  config.file = (folder.path / "config.json").string();
  config.maps = {folder.path / "city.rmap"};
  config.tariffs = {std::string(RECKON_SOURCE_DIR) + "/data/tariffs/t4-rider-2022.json"};
  for (const std::string name : {"one", "two"})
    config.providers.push_back({name, "osrm", fmt::format("http://127.0.0.1:{}", closed_port()), "", "", ""});
  const base::SystemClock clock;
  const service::Environment environment = [](const auto&) { return std::nullopt; };
  CHECK_FALSE(service::open_parts(config, environment, clock));  // a batch is better stopped
  auto parts = service::open_parts(config, environment, clock, service::DamagedMap::kGoOn);
  REQUIRE(parts);
  REQUIRE(parts->damaged_map);
  service::QuoteEngine engine(std::move(*parts));
  road::RoadMap::Query query;
  service::QuoteRequest request{test::seoul_trip(), {}, ""};
  request.context.at = clock.wall_now();
  const auto told = engine.quote(query, request, base::Deadline::after(clock, 200ms)).value().distance;
  CHECK(told.source.label() == "geodesic");
  CHECK(told.provisional);
  CHECK(told.low < told.metres);
  CHECK(told.metres < told.high);
  std::string why;
  for (const auto& missed : told.why_not) why += fmt::format("{}={} ", missed.rung, missed.reason);
  CHECK(why == "provider:one=unavailable:connect provider:two=unavailable:connect road=map_damaged ");
}

TEST_CASE(
    "fault row 39: another key than the refused one is tried at once by the next process, the same is not") {
  struct Case {
    std::string refused, now, reason, why;
  };
  for (const auto& row : std::vector<Case>{{"old", "new", "", "the key was changed"},
                                           {"old", "old", "auth", "the same key"},
                                           {"", "new", "auth", "which one was refused is not known"},
                                           {"old", "", "auth", "which one is in use is not known"}}) {
    CAPTURE(row.why);
    ScriptedLadder before, after;
    before.add(
        "first", [](const auto&, auto) { return bad_answer(Outcome::kAuth); }, row.refused);
    after.add(
        "first", [](const auto&, auto) { return good_answer(1500, 300); }, row.now);
    before.measure();
    const auto state = before.ladder().export_state();
    after.clock.advance(1min);
    REQUIRE(after.ladder().import_state(state));
    for (int i = 0; i < 20; ++i) {  // all of them: it was never overloaded
      const auto told = after.measure().distance;
      CHECK((told.why_not.empty() ? "" : told.why_not.front().reason) == row.reason);
      CHECK((told.source.label() == "provider:first") == row.reason.empty());
    }
  }
}

TEST_CASE("fault row 39: which key was refused is handed on as it was, and not as the next process has it") {
  const auto refuses = [](const auto&, auto) { return bad_answer(Outcome::kAuth); };
  ScriptedLadder first, second, third;
  first.add("first", refuses);  // which key it is asked with is not known
  second.add("first", refuses, "second");
  third.add("first", refuses, "third");
  first.measure();
  REQUIRE(second.ladder().import_state(first.ladder().export_state()));
  const auto handed_on = second.ladder().export_state();
  CHECK(handed_on.find("refused_key") == std::string::npos);
  REQUIRE(third.ladder().import_state(handed_on));
  CHECK(third.state() == "latched:auth");
  // Its own refusal is of its own keys.
  third.clock.advance(31min);
  third.measure();
  REQUIRE(third.state() == "latched:auth");
  CHECK(third.ladder().export_state().find("third\"") != std::string::npos);
}

TEST_CASE("fault row 54: what is known of another configuration's provider is handed on, for a day") {
  ScriptedLadder has_it, has_not, anew;
  has_it.add("first", [](const auto&, auto) { return bad_answer(Outcome::kAuth); });
  has_not.add("other", [](const auto&, auto) { return good_answer(1500, 300); });
  anew.add("first", [](const auto&, auto) { return good_answer(1500, 300); });
  has_it.measure();
  const auto kept = has_it.ladder().export_state();
  REQUIRE(has_not.ladder().import_state(kept));
  CHECK(has_not.ladder().export_state().find("first") == std::string::npos);
  const auto handed_on = has_not.ladder().export_state(kept);
  REQUIRE(anew.ladder().import_state(handed_on));
  CHECK(anew.state() == "latched:auth");
  CHECK(providers_in(handed_on)->size() == 2);
  CHECK(providers_in(has_not.ladder().export_state(handed_on))->size() == 2);
  CHECK(providers_in(has_not.ladder().export_state("damaged"))->size() == 1);
  has_not.clock.advance(25h);
  CHECK(providers_in(has_not.ladder().export_state(handed_on))->size() == 1);
}

TEST_CASE("fault row 39: a refusal is taken back when the provider was seen to answer, and alarms anew") {
  ScriptedLadder ladder;
  Outcome outcome = Outcome::kAuth;
  ladder.add("first", [&](const auto&, auto) {
    return outcome == Outcome::kOk ? good_answer(1500, 300) : bad_answer(outcome);
  });
  ladder.measure();
  REQUIRE(ladder.state() == "latched:auth");
  const auto kept = distance::providers_in(ladder.ladder().export_state()).value();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].provider == "first");
  CHECK(kept[0].latch == "auth");
  REQUIRE(ladder.ladder().lift_latch("first", ladder.clock.wall_now()));
  ladder.measure();
  CHECK(ladder.state() == "latched:auth");
  CHECK(ladder.heard.alarms() == std::vector<std::string>{"auth", "auth"});
  outcome = Outcome::kOk;
  CHECK(ladder.measure().distance.why_not.front().reason == "auth");
  REQUIRE(ladder.ladder().lift_latch("first", ladder.clock.wall_now()));
  CHECK(ladder.measure().distance.source.label() == "provider:first");
  CHECK(distance::providers_in(ladder.ladder().export_state()).value()[0].latch.empty());
  CHECK_FALSE(ladder.ladder().lift_latch("other", ladder.clock.wall_now()));
}

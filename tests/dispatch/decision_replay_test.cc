#include "reckon/dispatch/decision_replay.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reckon/dispatch/decision_log.h"
#include "reckon/dispatch/rng.h"

using namespace reckon::dispatch;

namespace {

constexpr std::uint32_t kPlaces = 80;

class Line : public TravelTimes {
 public:
  Seconds seconds(PlaceIndex from, PlaceIndex to) const override {
    return 45 * static_cast<Seconds>(from < to ? to - from : from - to);
  }
};

// Half an hour of a made-up evening: orders, a late kitchen, a cancellation, declines.
std::string evening(std::uint64_t seed, DispatcherOptions options, bool by_clock = false) {
  const Line travel;
  std::string out;
  options.explain = true;
  options.seed = seed;
  DecisionLog log(travel, options, [&](std::string_view line) { out += line; });
  Dispatcher dispatcher(log.travel(), options);
  Rng rng(seed);
  std::vector<Event> events;
  for (std::uint32_t r = 0; r < 8; ++r)
    events.push_back(event::ShiftAdded{{.id = RiderId(100 + r),
                                        .place = rng.below(kPlaces),
                                        .on = 0,
                                        .off = 7200,
                                        .capacity = 3,
                                        .pace_percent = 100 + 50 * (r % 2)}});
  std::uint32_t next = 1;
  for (Seconds now = 0; now < 1800; now += 60) {
    for (int i = 0; i < 2; ++i, ++next) {
      events.push_back(event::Placed{{.id = OrderId(next),
                                      .shop = rng.below(6) * 9,
                                      .door = rng.below(kPlaces),
                                      .placed = now,
                                      .ready = now + static_cast<Seconds>(rng.below(900)),
                                      .target = now + 2400,
                                      .limit = now + 5400}});
      if (rng.below(10) == 0) events.push_back(event::Ready{OrderId(next), now + 1200});
      if (rng.below(20) == 0) events.push_back(event::Cancelled{OrderId(next)});
    }
    log.told(events);
    static_cast<void>(dispatcher.update(events));
    events.clear();
    TickBudget budget{.rounds = 100};
    int polls = 0;
    if (by_clock) budget.out_of_time = [&] { return ++polls > 3; };
    const auto decisions = dispatcher.tick(now, budget);
    log.ticked(now, budget, decisions);
    for (const auto& made : decisions.assignments) {
      if (!made.extends && rng.below(6) == 0) events.push_back(event::Declined{made.rider});
    }
  }
  return out;
}

std::size_t lines_of(const std::string& log) {
  return static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n'));
}

}  // namespace

TEST_CASE("every decision of a log is computed again to the same bytes, from the log alone") {
  DispatcherOptions options;
  for (const bool one_each : {false, true}) {
    options.one_each = one_each;
    options.weights.fairness = 0.5;
    for (const std::uint64_t seed : {1ULL, 2ULL, 0xffffffffffffffffULL}) {
      CAPTURE(one_each);
      CAPTURE(seed);
      const auto report = replay_decisions(evening(seed, options), "log");
      REQUIRE_MESSAGE(report.has_value(), (report ? "" : report.error().message));
      CHECK(report->differences.empty());
      CHECK(report->ticks == 30);
      CHECK(report->decisions >= 5);
      CHECK(report->unsealed == 0);
    }
  }
}

TEST_CASE("a tick that the clock ended is computed again with the rounds that it made") {
  const auto log = evening(5, {}, true);
  REQUIRE(log.find("\"rounds\":48,") != std::string::npos);
  const auto report = replay_decisions(log, "log");
  REQUIRE(report.has_value());
  CHECK(report->differences.empty());
}

TEST_CASE("one decision is asked for by its number") {
  const auto log = evening(3, {});
  const auto whole = replay_decisions(log, "log");
  REQUIRE(whole.has_value());
  for (const std::uint64_t id : {std::uint64_t{1}, whole->decisions / 2, whole->decisions}) {
    const auto one = replay_decisions(log, "log", id);
    REQUIRE(one.has_value());
    REQUIRE(one->decision.has_value());
    CHECK(one->decision->starts_with(fmt::format("{{\"id\":{},", id)));
    CHECK(log.find(*one->decision + "\n") != std::string::npos);
  }
  const auto none = replay_decisions(log, "log", whole->decisions + 1);
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().message.find(fmt::format("allowed: 1 to {}", whole->decisions)) != std::string::npos);
}

TEST_CASE("no changed byte of a log goes unnoticed") {
  const auto log = evening(4, {});
  Rng rng(7);
  for (int i = 0; i < 400; ++i) {
    auto damaged = log;
    const auto at =
        rng.below(static_cast<std::uint32_t>(log.size() - 1));  // the last line feed may be absent
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << rng.below(7)));
    CAPTURE(at);
    const auto report = replay_decisions(damaged, "log");
    CHECK((!report.has_value() || !report->differences.empty()));
  }
}

TEST_CASE("a line that is gone, doubled or cut off is told with its place") {
  const auto log = evening(4, {});
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < log.size();) {
    const auto end = log.find('\n', at) + 1;
    lines.push_back(log.substr(at, end - at));
    at = end;
  }
  const auto without = [&](std::size_t gone, const std::string& in_place) {
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i) out += i == gone ? in_place : lines[i];
    return out;
  };
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    CAPTURE(lines[i].substr(0, 60));
    const auto gone = replay_decisions(without(i, ""), "log");
    CHECK((!gone.has_value() || !gone->differences.empty()));
    const auto twice = replay_decisions(without(i, lines[i] + lines[i]), "log");
    CHECK((!twice.has_value() || !twice->differences.empty()));
  }
  const auto cut = replay_decisions(log.substr(0, log.size() - 20), "log");
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().where.starts_with(fmt::format("log:{}", lines_of(log))));
  const auto tail = replay_decisions(without(lines.size() - 1, ""), "log");
  REQUIRE(tail.has_value());
  CHECK(tail->unsealed > 0);
}

TEST_CASE("a decision that somebody altered, seal and all, is still computed otherwise") {
  const auto log = evening(4, {});
  // The first tick's block again with another rider in the decision, sealed anew.
  const auto tick = log.find("{\"tick\":", log.find("\"candidates\""));
  REQUIRE(tick != std::string::npos);
  auto altered = log.substr(0, tick);
  const auto sentence = altered.rfind("You get this order");
  REQUIRE(sentence != std::string::npos);
  altered[sentence] = 'y';
  std::string before;
  std::string block;
  for (std::size_t at = 0; at < altered.size();) {
    const auto end = altered.find('\n', at) + 1;
    block += altered.substr(at, end - at);
    if (altered.compare(at, 7, "{\"tick\"") == 0) {
      before = seal_of(before, block.substr(0, block.rfind(kSealKey)));
      block.clear();
    }
    at = end;
  }
  auto line = log.substr(tick, log.find('\n', tick) - tick);
  line.resize(line.rfind(kSealKey));
  line = sealed(line, seal_of(before, block + line));
  const auto report = replay_decisions(altered + line + "\n", "log");
  REQUIRE(report.has_value());
  REQUIRE(report->differences.size() == 1);
  CHECK(report->differences[0].message.find("was computed otherwise now: {\"id\":") != std::string::npos);
}

TEST_CASE("times of a log that no day has are faults, and a pace never goes beyond never") {
  const auto log = evening(4, {});
  struct Row {
    std::string key;
    std::string number;
  };
  for (const Row& row : {Row{"\"before_pickup\":", "536870911"}, Row{"\"placed\":", "536870911"},
                         Row{"\"rides\":[0,0,", "4294967295"}, Row{"\"on\":", "-536870911"}}) {
    CAPTURE(row.key);
    auto odd = log;
    auto at = odd.find(row.key);
    if (row.key.starts_with("\"rides")) {
      at = odd.find("\"rides\":[");
      REQUIRE(at != std::string::npos);
      at = odd.find(',', odd.find(',', at) + 1) + 1;  // the first ride's seconds
    } else {
      REQUIRE(at != std::string::npos);
      at += row.key.size();
    }
    odd.replace(at, odd.find_first_of(",}]", at) - at, row.number);
    CHECK_FALSE(replay_decisions(odd, "log").has_value());
  }
  CHECK(at_pace(kNever - 1, kMaxPacePercent) == kNever);
  CHECK(at_pace(kNever / 2, 150) < kNever);
}

TEST_CASE("what is no decision log is told") {
  for (const char* text : {"", "{}\n", "[1]\n", "{\"tick\":1}\n", "{\"log\":\"another\"}\n", "nothing\n"}) {
    CAPTURE(text);
    const auto report = replay_decisions(text, "log");
    REQUIRE_FALSE(report.has_value());
    CHECK(report.error().where.starts_with("log:1"));
  }
}

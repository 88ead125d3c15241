// What a batch says of providers that are kept from it.

#include "reckon/kept_away.h"

#include <doctest/doctest.h>

#include "provider/scripted_provider_fixture.h"

using namespace reckon;
using namespace reckon::tests;
using namespace std::chrono_literals;
using provider::Outcome;

namespace {

// A provider whose outcome a test changes.
auto answering(const Outcome& outcome) {
  return [&outcome](const auto&, auto) {
    return outcome == Outcome::kOk ? good_answer(1500, 300) : bad_answer(outcome);
  };
}

struct Bicycles final : provider::MapProvider {
  std::string_view name() const override { return "bicycles"; }
  bool serves(base::Vehicle vehicle) const override { return vehicle == base::Vehicle::kBicycle; }
  provider::ProviderAnswer route(const provider::TripRequest&, base::Deadline) override {
    return good_answer(1500, 300);
  }
};

std::vector<std::string> lines_of(ScriptedLadder& ladder) {
  return cli::kept_away_lines(ladder.ladder(), base::Vehicle::kMotorcycle, ladder.clock.wall_now(), 0s);
}

}  // namespace

TEST_CASE("kept away: the shares of a ramp and how long each lasts are the breaker's") {
  ScriptedLadder ladder;
  ladder.options.breaker.ramp_shares = {0.25, 0.5};
  ladder.options.breaker.ramp_step = 7'500ms;
  Outcome outcome = Outcome::kTimeout;
  ladder.add("first", answering(outcome));
  for (int i = 0; i < 5; ++i) ladder.measure();
  outcome = Outcome::kOk;
  ladder.clock.advance(10s);
  ladder.measure();
  REQUIRE(ladder.state() == "ramping");
  const auto lines = lines_of(ladder);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find(
            "first: is coming back from an outage and gets a share of the rows only (25 %, then 50 %, "
            "7.5 s each): ") == 0);
  // And as many are let through.
  int asked = 0;
  for (int i = 0; i < 20; ++i) asked += ladder.measure().distance.source.label() == "provider:first" ? 1 : 0;
  CHECK(asked == 5);
}

TEST_CASE("kept away: told down to the first provider of the vehicle that works, and no further") {
  struct Case {
    Outcome first, second;
    bool others_before;  // a provider of another vehicle, that works, stands before them
    std::string told, why;
  };
  for (const auto& row : std::vector<Case>{
           {Outcome::kOk, Outcome::kAuth, false, "", "the second is hardly asked while the first works"},
           {Outcome::kAuth, Outcome::kOk, false, "first ",
            "the second works, but is not whose answer is exact"},
           {Outcome::kAuth, Outcome::kAuth, false, "first second ", "rows will miss both"},
           {Outcome::kAuth, Outcome::kAuth, true, "first second ", "another vehicle's does not help"},
           {Outcome::kOk, Outcome::kAuth, true, "", "nor is it told"}}) {
    CAPTURE(row.why);
    ScriptedLadder ladder;
    Outcome first = Outcome::kAuth, second = row.second;
    if (row.others_before) ladder.providers.push_back(std::make_shared<Bicycles>());
    ladder.add("first", answering(first));
    ladder.add("second", answering(second));
    ladder.measure();  // the first refuses, so that the second is asked
    first = row.first;
    if (first == Outcome::kOk) REQUIRE(ladder.ladder().lift_latch("first", ladder.clock.wall_now()));
    std::string told;
    for (const auto& line : lines_of(ladder)) told += line.substr(0, line.find(':')) + ' ';
    CHECK(told == row.told);
  }
}

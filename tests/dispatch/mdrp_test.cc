#include "reckon/dispatch/mdrp.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "reckon/base/json_reader.h"
#include "reckon/dispatch/mdrp_replay.h"
#include "reckon/dispatch/rng.h"

using namespace reckon::dispatch;

namespace {

// A made-up town of 4 km: 60 orders from 6 restaurants in three hours, 12 couriers.
mdrp::Instance town(std::uint64_t seed) {
  Rng rng(seed);
  const auto point = [&] {
    return mdrp::Point{static_cast<std::int32_t>(rng.below(4000)),
                       static_cast<std::int32_t>(rng.below(4000))};
  };
  mdrp::Instance out;
  out.name = "town";
  for (int i = 0; i < 6; ++i) out.restaurants.push_back({fmt::format("r{}", i), point()});
  for (int i = 0; i < 60; ++i) {
    const auto placed = static_cast<std::int32_t>(rng.below(180));
    out.orders.push_back({fmt::format("o{}", i), point(), placed, rng.below(6),
                          placed + 5 + static_cast<std::int32_t>(rng.below(20))});
  }
  for (int i = 0; i < 12; ++i) out.couriers.push_back({fmt::format("c{}", i), point(), 0, 300});
  return out;
}

mdrp::Day play(const mdrp::Instance& instance, Seconds tick = 60) {
  mdrp::DayOptions options{.dispatcher = mdrp::options_for(instance, tick, 3)};
  options.budget.rounds = 100;
  return mdrp::simulate(instance, options);
}

}  // namespace

TEST_CASE("a simulated day obeys every rule, at every tick") {
  for (const Seconds tick : {30, 60, 120, 300}) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      CAPTURE(tick);
      CAPTURE(seed);
      const auto instance = town(seed);
      const auto day = play(instance, tick);
      const auto faults = mdrp::check(instance, day);
      CHECK_MESSAGE(faults.empty(), (faults.empty() ? "" : faults[0].where + ": " + faults[0].message));
      CHECK(mdrp::summarize(instance, day).delivered == 60);
    }
  }
}

TEST_CASE("noise and declines leave the day within the rules") {
  const auto instance = town(4);
  mdrp::DayOptions options{.dispatcher = mdrp::options_for(instance, 60, 3)};
  options.budget.rounds = 50;
  options.kitchen_sd_minutes = 8;
  options.decline_share = 0.2;
  const auto day = mdrp::simulate(instance, options);
  CHECK(day.declines > 0);
  const auto faults = mdrp::check(instance, day);
  CHECK_MESSAGE(faults.empty(), (faults.empty() ? "" : faults[0].where + ": " + faults[0].message));
  CHECK(mdrp::summarize(instance, day).delivered == 60);
}

TEST_CASE("who would wait past the end of his shift goes home, and another one brings the food") {
  std::size_t given_up = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    CAPTURE(seed);
    auto instance = town(seed);
    for (std::size_t c = 0; c < instance.couriers.size(); c += 2)
      instance.couriers[c].off = 60 + 10 * static_cast<std::int32_t>(c);
    for (const char* rules : {R"({"rules":[{"mode":"forced"}]})", R"({"rules":[{"mode":"open"}]})"}) {
      CAPTURE(rules);
      mdrp::DayOptions options{.dispatcher = mdrp::options_for(instance, 60, 3)};
      options.budget.rounds = 50;
      options.kitchen_sd_minutes = 15;
      options.offers = read_offer_rules(rules, "rules").value();
      auto day = mdrp::simulate(instance, options);
      const auto faults = mdrp::check(instance, day);
      CHECK_MESSAGE(faults.empty(), (faults.empty() ? "" : faults[0].where + ": " + faults[0].message));
      CHECK(mdrp::summarize(instance, day).delivered == 60);
      for (auto& trip : day.trips) {
        if (trip.given_up < 0) continue;
        ++given_up;
        --trip.given_up;
        CHECK_FALSE(mdrp::check(instance, day).empty());
        ++trip.given_up;
      }
    }
  }
  CHECK(given_up > 0);
}

TEST_CASE("each mode of offers leaves the day within the rules") {
  struct Row {
    const char* why;
    const char* rules;
    bool declines;
    bool taps;
  };
  for (const Row row :
       {Row{"nobody may decline", R"({"rules":[{"mode":"forced"}]})", false, false},
        Row{"asked until one goes", R"({"rules":[{"mode":"timed","asks":9}]})", true, false},
        Row{"listed after one refusal", R"({"rules":[{"mode":"timed","asks":1}]})", true, true},
        Row{"tapped by who is near", R"({"rules":[{"mode":"open"}]})", false, true},
        Row{"by branch and hour", R"({"rules":[{"branch":"r1","mode":"open"},
                            {"to":"01:30","mode":"forced"},{"mode":"timed","then":"forced"}]})",
            true, true}}) {
    CAPTURE(row.why);
    const auto instance = town(5);
    mdrp::DayOptions options{.dispatcher = mdrp::options_for(instance, 60, 3)};
    options.budget.rounds = 50;
    options.decline_share = 0.3;
    options.offers = read_offer_rules(row.rules, "rules").value();
    const auto day = mdrp::simulate(instance, options);
    const auto faults = mdrp::check(instance, day);
    CHECK_MESSAGE(faults.empty(), (faults.empty() ? "" : faults[0].where + ": " + faults[0].message));
    CHECK((day.declines > 0) == row.declines);
    CHECK((day.taps > 0) == row.taps);
    CHECK(day.taps >= day.taps_lost);
    CHECK(mdrp::summarize(instance, day).delivered == 60);
  }
}

TEST_CASE("when a courier was shown an order is counted from its placement") {
  const auto instance = town(5);
  mdrp::DayOptions options{.dispatcher = mdrp::options_for(instance, 60, 3)};
  options.budget.rounds = 50;
  const auto forced = mdrp::simulate(instance, options);
  std::uint64_t shown = 0;
  double minutes = 0;
  for (const auto& one : forced.shown) {
    shown += one.orders;
    minutes += one.minutes;
  }
  double told = 0;
  for (std::size_t o = 0; o < 60; ++o) told += forced.orders[o].assigned_at[0] - instance.orders[o].placed;
  CHECK(shown == 60);
  CHECK(minutes == doctest::Approx(told));
  // Of an open list everybody who looks sees everything, and at once.
  options.offers = read_offer_rules(R"({"rules":[{"mode":"open"}]})", "rules").value();
  const auto open = mdrp::simulate(instance, options);
  for (const auto& one : open.shown) {
    CHECK(one.orders <= 60);
    CHECK(one.orders >= 50);  // less those tapped in the minute of their placement before he looked
    CHECK(one.minutes < 1 * static_cast<double>(one.orders));
  }
  const auto csv = mdrp::riders_csv(instance, open);
  CHECK(csv.starts_with("id,rider,on_s,off_s,calls,distance_m,pay,shown,shown_after_s\n"));
}

TEST_CASE("a replay holds every order and ride, loads nothing, and no name can break it") {
  auto instance = town(2);
  instance.couriers[0].name = "</script><script>alert(1)";
  const auto day = play(instance);
  const auto html = mdrp::replay_html(instance, day);
  const auto count = [&](std::string_view what) {
    std::size_t found = 0;
    for (auto at = html.find(what); at != std::string::npos; at = html.find(what, at + 1)) ++found;
    return found;
  };
  CHECK(count("</script>") == 1);
  CHECK(count("http://") + count("https://") + count("src=") == 0);
  CHECK(count("default-src 'none'") == 1);
  CHECK(count("\"o59\"") == 1);
  const auto data = html.substr(html.find("const day = ") + 12);
  const auto json = reckon::base::JsonDocument::parse(data.substr(0, data.find(";\n")), "replay");
  REQUIRE(json.has_value());
  reckon::base::Faults faults("replay");
  const auto root = json->root(faults);
  CHECK(root.required("orders").items(1000).size() == 60);
  std::size_t rides = 0;
  for (const auto& moves : root.required("moves").items(1000)) rides += moves.items(1000).size();
  std::size_t made = 0;
  for (const auto& moves : day.moves) made += moves.size();
  CHECK(rides == made);
  CHECK(faults.empty());
}

TEST_CASE("the check finds each fault that the published evaluator lets pass") {
  const auto instance = town(1);
  const auto right = play(instance);
  REQUIRE(mdrp::check(instance, right).empty());
  struct Row {
    const char* why;
    std::function<void(mdrp::Day&)> spoil;
  };
  const Row rows[] = {
      {"half of the trips deleted", [](mdrp::Day& d) { d.trips.resize(d.trips.size() / 2); }},
      {"a pickup a minute early", [](mdrp::Day& d) { --d.trips[0].pickup; }},
      {"all drop-offs a minute early",
       [](mdrp::Day& d) {
         for (auto& order : d.orders) --order.dropoff;
       }},
      {"a departure before its decision", [](mdrp::Day& d) { d.trips[0].depart = d.trips[0].decided - 1; }},
      {"an order given before it is placed",
       [](mdrp::Day& d) { d.orders[d.trips[0].orders[0]].assigned_at = {-1}; }},
      {"a bundle over two restaurants",
       [&](mdrp::Day& d) { d.trips[0].restaurant = (d.trips[0].restaurant + 1) % 6; }},
      {"an order in two trips", [](mdrp::Day& d) { d.trips[1].orders.push_back(d.trips[0].orders[0]); }},
      {"a detour of a courier",
       [](mdrp::Day& d) {
         d.moves[d.trips[0].courier].push_back({400, 0, 1});
       }},
      {"a change after the pickup", [](mdrp::Day& d) { d.trips[0].updated = d.trips[0].pickup + 1; }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    auto day = right;
    row.spoil(day);
    CHECK_FALSE(mdrp::check(instance, day).empty());
  }
}

TEST_CASE("a folder without instance files is told by the file that is missing") {
  const auto folder = std::filesystem::temp_directory_path() / "reckon-no-instance";
  const auto instance = mdrp::read_instance(folder);
  REQUIRE_FALSE(instance.has_value());
  CHECK(instance.error().code == reckon::base::ErrorCode::kEnvironment);
  CHECK(instance.error().where.find("restaurants.txt") != std::string::npos);
}

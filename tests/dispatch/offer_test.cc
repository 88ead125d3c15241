#include "reckon/dispatch/offer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "reckon/dispatch/offer_rules.h"
#include "reckon/dispatch/rng.h"

using namespace reckon::dispatch;

namespace {

constexpr RiderId kAnn{1};
constexpr RiderId kBen{2};
constexpr RiderId kCho{3};

OfferPolicy timed(std::uint32_t asks, OfferMode then) {
  return {.mode = OfferMode::kTimed, .answer = 20, .asks = asks, .then = then};
}
Offer offered(const OfferPolicy& policy, std::vector<RiderId> riders = {kAnn, kBen, kCho}) {
  return Offer(OfferId(1), {OrderId(7)}, policy, std::move(riders), 1000);
}

}  // namespace

TEST_CASE("a forced offer is the first rider's at once, and he cannot decline") {
  Offer offer = offered({.mode = OfferMode::kForced});
  CHECK(offer.view().state == OfferState::kWaiting);
  CHECK(offer.advance(1000));
  CHECK(offer.view().state == OfferState::kTaken);
  CHECK(offer.view().rider == kAnn);
  CHECK(offer.decline(kAnn, offer.view().version, 1001) == Answered::kNotYours);
  CHECK(offer.take(kBen, offer.view().version, 1001) == Answered::kTaken);
  CHECK_FALSE(offer.withdraw());
}

TEST_CASE("a forced offer without riders waits for some") {
  Offer offer = offered({.mode = OfferMode::kForced}, {});
  CHECK_FALSE(offer.advance(1000));
  CHECK(offer.next_change() == kNever);
  offer.set_riders({kBen});
  CHECK(offer.next_change() <= 1001);
  CHECK(offer.advance(1001));
  CHECK(offer.view().rider == kBen);
}

TEST_CASE("of an offer that waits for riders only the boost changes by itself") {
  const BoostPolicy boost{.after = 120, .every = 60, .step_minor = 500, .most_minor = 1000};
  for (const OfferMode mode : {OfferMode::kForced, OfferMode::kTimed}) {
    Offer offer = offered({.mode = mode, .then = OfferMode::kForced, .boost = boost}, {});
    std::vector<Seconds> changes;
    Seconds now = 1000;
    for (int i = 0; i < 5 && now < kNever; ++i) {
      CHECK_FALSE(offer.advance(now));
      changes.push_back(now = offer.next_change());
    }
    CHECK(changes == std::vector<Seconds>{1120, 1180, kNever});
  }
}

TEST_CASE("a timed offer goes on when it is declined, and when the seconds are over") {
  Offer offer = offered(timed(5, OfferMode::kOpen));
  REQUIRE(offer.advance(1000));
  CHECK(offer.view().rider == kAnn);
  CHECK(offer.view().answer_by == 1020);
  CHECK(offer.next_change() == 1021);
  const auto seen = offer.view().version;
  CHECK(offer.take(kBen, seen, 1001) == Answered::kNotYours);
  CHECK(offer.decline(kAnn, seen, 1005) == Answered::kDone);
  CHECK(offer.take(kAnn, seen, 1006) == Answered::kStale);
  REQUIRE(offer.advance(1006));
  CHECK(offer.view().rider == kBen);
  CHECK_FALSE(offer.advance(1026));  // the last second is his
  CHECK(offer.take(kBen, offer.view().version, 1027) == Answered::kTooLate);
  REQUIRE(offer.advance(1027));
  CHECK(offer.view().rider == kCho);
  CHECK(offer.take(kCho, offer.view().version, 1047) == Answered::kDone);
  CHECK(offer.view().state == OfferState::kTaken);
  CHECK(offer.view().rider == kCho);
  CHECK(offer.next_change() == kNever);
  CHECK(std::vector(offer.refused().begin(), offer.refused().end()) == std::vector{kAnn, kBen});
}

TEST_CASE("after enough riders were asked, the offer goes on as its policy says") {
  struct Row {
    const char* why;
    std::uint32_t asks;
    OfferMode then;
    OfferState state;
    std::optional<RiderId> rider;
  };
  const Row rows[] = {
      {"listed after two", 2, OfferMode::kOpen, OfferState::kListed, std::nullopt},
      {"listed when nobody is left", 9, OfferMode::kOpen, OfferState::kListed, std::nullopt},
      {"forced on the best of those who were not asked", 2, OfferMode::kForced, OfferState::kTaken, kCho},
      {"forced on the best of all when all were asked", 3, OfferMode::kForced, OfferState::kTaken, kAnn},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    Offer offer = offered(timed(row.asks, row.then));
    Seconds now = 1000;
    offer.advance(now);
    while (offer.view().state == OfferState::kAsked) {
      now += 30;
      offer.advance(now);
    }
    CHECK(offer.view().state == row.state);
    CHECK(offer.view().rider == row.rider);
  }
}

TEST_CASE("on the open list the first tap wins, and says so to the others") {
  Offer offer = offered({.mode = OfferMode::kOpen});
  REQUIRE(offer.advance(1000));
  const auto seen = offer.view().version;
  CHECK(offer.decline(kBen, seen, 1001) == Answered::kNotYours);
  CHECK(offer.take(kBen, seen, 5000) == Answered::kDone);
  CHECK(offer.take(kAnn, seen, 5000) == Answered::kTaken);
  CHECK(offer.take(kBen, seen, 5001) == Answered::kDone);  // a second tap of his changes nothing
}

TEST_CASE("a withdrawn offer takes no answer") {
  Offer offer = offered(timed(5, OfferMode::kOpen));
  offer.advance(1000);
  const auto seen = offer.view().version;
  CHECK(offer.withdraw());
  CHECK(offer.withdraw());
  CHECK(offer.take(kAnn, seen, 1001) == Answered::kClosed);
  CHECK(offer.decline(kAnn, seen, 1001) == Answered::kClosed);
  CHECK_FALSE(offer.advance(2000));
}

TEST_CASE("the boost rises by steps, never falls, and stops at the most") {
  Offer offer = offered({.mode = OfferMode::kOpen,
                         .boost = {.after = 120, .every = 60, .step_minor = 500, .most_minor = 1200}});
  offer.advance(1000);
  struct Row {
    Seconds now;
    std::int64_t minor;
    const char* why;
  };
  for (const Row row :
       {Row{1119, 0, "not yet"}, Row{1120, 500, "the first step"}, Row{1179, 500, "the same"},
        Row{1180, 1000, "the second"}, Row{1100, 1000, "a clock that goes back takes nothing"},
        Row{1240, 1200, "the most"}, Row{9000, 1200, "still the most"}}) {
    CAPTURE(row.why);
    offer.advance(row.now);
    CHECK(offer.view().boost_minor == row.minor);
  }
  const auto version = offer.view().version;
  CHECK(offer.take(kAnn, version, 9000) == Answered::kDone);  // a raise makes no tap stale
  offer.advance(99'000);
  CHECK(offer.view().boost_minor == 1200);
}

TEST_CASE("next_change names each second at which something happens, and no other") {
  Offer offer = offered({.mode = OfferMode::kTimed,
                         .answer = 50,
                         .asks = 2,
                         .boost = {.after = 70, .every = 40, .step_minor = 1, .most_minor = 2}});
  offer.advance(1000);
  std::vector<Seconds> changes;
  for (int i = 0; i < 10 && offer.next_change() < kNever; ++i) {
    changes.push_back(offer.next_change());
    const auto before = offer.view();
    offer.advance(changes.back() - 1);
    CHECK(offer.view().version == before.version);
    CHECK(offer.view().boost_minor == before.boost_minor);
    offer.advance(changes.back());
    const auto after = offer.view();
    const bool changed = after.version != before.version || after.boost_minor != before.boost_minor;
    CHECK(changed);
  }
  CHECK(changes == std::vector<Seconds>{1051, 1070, 1102, 1110});
}

TEST_CASE("of many taps, declines and a withdrawal at once exactly one comes first") {
  constexpr std::uint32_t kThreads = 8;
  constexpr int kGames = 400;
  for (int game = 0; game < kGames; ++game) {
    Offer offer(OfferId(1), {OrderId(7)}, {.mode = OfferMode::kOpen}, {}, 0);
    offer.advance(0);
    const auto seen = offer.view().version;
    std::atomic<std::uint32_t> ready = 0;
    std::vector<Answered> answers(kThreads);
    bool withdrawn = false;
    const auto together = [&](std::uint32_t all) {
      ++ready;
      while (ready.load() < all) std::this_thread::yield();
    };
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        together(kThreads + 1);
        answers[i] = offer.take(RiderId(i), seen, 1);
      });
    }
    together(kThreads + 1);
    if (game % 2 == 0) withdrawn = offer.withdraw();
    for (auto& thread : threads) thread.join();
    const auto winners = std::ranges::count(answers, Answered::kDone);
    REQUIRE(winners + (withdrawn ? 1 : 0) == 1);
    if (winners == 1) {
      const auto won =
          static_cast<std::uint32_t>(std::ranges::find(answers, Answered::kDone) - answers.begin());
      CHECK(offer.view().rider == RiderId(won));
    }
  }
}

TEST_CASE("while the owner lets time pass, a rider's tap wins or his seconds were over, never both") {
  for (int game = 0; game < 400; ++game) {
    Offer offer = offered(timed(9, OfferMode::kOpen), {kAnn, kBen});
    offer.advance(1000);
    const auto seen = offer.view().version;
    Answered answer = Answered::kStale;
    std::thread rider([&] { answer = offer.take(kAnn, seen, 1020); });
    offer.advance(1021);
    rider.join();
    if (answer == Answered::kDone) {
      CHECK(offer.view().rider == kAnn);
      CHECK(offer.refused().empty());
    } else {
      CHECK(offer.view().rider == kBen);
    }
  }
}

TEST_CASE("rules give each branch and hour its mode; the first that fits holds") {
  const auto rules = read_offer_rules(R"({"rules":[
      {"branch":"Mapo","from":"11:00","to":"14:00","mode":"open",
       "boost":{"after_s":90,"step_minor":500,"most_minor":2000}},
      {"from":"22:00","to":"02:00","mode":"forced"},
      {"mode":"timed","answer_s":15,"asks":3,"then":"forced"}]})",
                                      "offers.json");
  REQUIRE(rules.has_value());
  struct Row {
    const char* branch;
    int minute;
    OfferMode mode;
    const char* why;
  };
  for (const Row row : {Row{"Mapo", 11 * 60, OfferMode::kOpen, "its hour begins"},
                        Row{"Mapo", 14 * 60, OfferMode::kTimed, "its hour is over"},
                        Row{"Jung", 12 * 60, OfferMode::kTimed, "another branch"},
                        Row{"Jung", 23 * 60, OfferMode::kForced, "before midnight"},
                        Row{"Jung", 24 * 60 + 119, OfferMode::kForced, "after it, of the next day"},
                        Row{"Jung", 120, OfferMode::kTimed, "the end is not within"}}) {
    CAPTURE(row.why);
    CHECK(rules->policy_at(row.branch, row.minute).mode == row.mode);
  }
  CHECK(rules->policy_at("Mapo", 12 * 60).boost.after == 90);
  CHECK(rules->policy_at("Jung", 12 * 60).answer == 15);
  CHECK(rules->policy_at("Jung", 12 * 60).then == OfferMode::kForced);
  CHECK(OfferRules{}.policy_at("Mapo", 0).mode == OfferMode::kForced);
}

TEST_CASE("every fault of the rules is told with its place") {
  const auto rules = read_offer_rules(
      R"({"rules":[{"from":"25:00"},{"mode":"timed","then":"timed","asks":0},{"mode":"x","boost":{"step_minor":1}}]})",
      "o");
  REQUIRE_FALSE(rules.has_value());
  std::vector<std::string> places;
  for (const auto& fault : rules.error().all()) places.push_back(fault.where);
  std::ranges::sort(places);
  CHECK(places == std::vector<std::string>{"o#/rules/0/from", "o#/rules/0/mode", "o#/rules/1/asks",
                                           "o#/rules/1/then", "o#/rules/2/boost/most_minor",
                                           "o#/rules/2/mode"});
}

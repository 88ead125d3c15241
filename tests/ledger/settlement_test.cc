#include "reckon/ledger/settlement.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "ledger/settlement_fixture.h"

using namespace reckon;
using namespace reckon::test;
using ledger::Document;
using ledger::DocumentKind;
using ledger::EntryKind;

namespace {

Document adjustment(std::int64_t seq, std::int64_t before, std::int64_t by, std::int64_t vat) {
  Document document = delivery(seq, "q1", by, vat, "15:00");
  document.kind = DocumentKind::kAdjustment;
  document.before = {before};
  document.source = kDay;
  document.reason = "CHANGE_DISTANCE";
  return document;
}

std::map<std::string, fee::Money, std::less<>> not_zero(const ledger::Position& position) {
  auto balances = position.balances;
  std::erase_if(balances, [](const auto& one) { return one.second.minor == 0; });
  return balances;
}

std::int64_t count_of(const ledger::DayJournal& journal, EntryKind kind) {
  return std::ranges::count(journal.entries, kind, &ledger::Entry::kind);
}

ledger::FeeShares shared(std::int64_t fee, std::optional<fee::Money> rider_pay = {}) {
  return ledger::share(round_terms(), "b-1", ledger::parse_day(kDay).value(), {fee}, rider_pay).value();
}

}  // namespace

TEST_CASE("post_day: a delivery goes from the deposit to all who have a part in it") {
  const auto sums = moved(posted({deposit(1, 10'000), delivery(2, "q1", 4000, 400)}));
  const std::map<std::string, std::int64_t> expected = {
      {"cash", -10'000},
      {"shop:s-1", 10'000 - 4400},
      {"vat:b-1", 400},
      {"rider:r-1",
       3600 - 100 - 10 - 21},  // 3 % of 3,600 = 108 -> 100; a tenth -> 10; 0.8 % of 2,700 = 21.6 -> 21
      {"branch:b-1", 280 - 200 - 21},
      {"head_office", 120},
      {"programme", 200},
      {"income_tax:b-1", 100},
      {"local_tax:b-1", 10},
      {"insurance:employment", 42}};
  CHECK(sums == expected);
}

TEST_CASE("post_day: what does not divide goes to the named party") {
  const auto sums = moved(posted({deposit(1, 10'000), delivery(2, "q1", 3333, 0)}));
  CHECK(sums.at("head_office") == 99);  // 99.99
  CHECK(sums.at("branch:b-1") ==
        3333 - 2999 - 99 - 200 - 18);  // rider 2,999.7; insurance 0.8 % of 2,250 = 18
}

TEST_CASE("post_day: a charge beyond the deposit is on hold, and the others are paid all the same") {
  const auto journal = posted({deposit(1, 4399), delivery(2, "q1", 4000, 400)});
  const auto sums = moved(journal);
  CHECK(count_of(journal, EntryKind::kHold) == 1);
  CHECK(sums.at("shop:s-1") == 4399);
  CHECK(sums.at("hold:s-1") == -4400);
  CHECK(sums.at("rider:r-1") > 0);
  REQUIRE(journal.closing.holds.size() == 1);
  CHECK(journal.closing.holds[0] == ledger::Hold{"s-1", 2, {4400}});
}

TEST_CASE("post_day: the deposit to the last won is enough") {
  CHECK(count_of(posted({deposit(1, 4400), delivery(2, "q1", 4000, 400)}), EntryKind::kHold) == 0);
}

TEST_CASE(
    "post_day: while one charge waits, later ones wait behind it, and a deposit releases them in order") {
  auto first = posted(
      {deposit(1, 3000), delivery(2, "q1", 4000, 400, "10:00"), delivery(3, "q2", 2000, 200, "11:00")});
  CHECK(first.closing.holds.size() == 2);
  const auto next = posted({deposit(4, 2000, "09:00"), deposit(5, 2000, "10:00")}, first.closing);
  REQUIRE(count_of(next, EntryKind::kRelease) == 2);
  CHECK(next.entries[1].kind == EntryKind::kRelease);  // 5,000 cover the first charge, 2,600 then the second
  CHECK(next.entries[1].document == 2);
  CHECK(next.entries[3].document == 3);
  CHECK(next.closing.holds.empty());
  CHECK(next.closing.balances.at("shop:s-1").minor == 7000 - 6600);
  CHECK(next.closing.balances.at("hold:s-1").minor == 0);
}

TEST_CASE("post_day: an adjusted delivery ends where it had ended with the right fee at once") {
  for (const std::int64_t change : {-4000, -1, 1, 333, 5000}) {
    CAPTURE(change);
    const auto vat = (4000 + change) / 10 - 400;
    const auto adjusted =
        posted({deposit(1, 50'000), delivery(2, "q1", 4000, 400), adjustment(3, 4000, change, vat)});
    const auto right = posted({deposit(1, 50'000), delivery(2, "q1", 4000 + change, 400 + vat)});
    CHECK(not_zero(adjusted.closing) == not_zero(right.closing));
  }
}

TEST_CASE("post_day: what is kept back of a day that only took back is given back") {
  const auto sums = moved(posted({adjustment(1, 4000, -4000, -400)}));
  CHECK(sums.at("rider:r-1") == -(3600 - 100 - 10 - 21));
  CHECK(sums.at("shop:s-1") == 4400);
}

TEST_CASE("post_day: pay with a tariff of its own leaves a margin that the others share") {
  auto paid = delivery(2, "q1", 4000, 400);
  paid.rider_pay = fee::Money{3500};
  const auto sums = moved(posted({deposit(1, 10'000), paid}));
  CHECK(sums.at("head_office") == 150);  // 500 at 3 of 10
  const auto loss = shared(4000, fee::Money{4100});
  CHECK(loss.rider.minor == 4100);
  CHECK(loss.branch.minor + loss.head_office.minor == -100);
}

TEST_CASE("post_day: an adjustment is split by the shares of the delivery's day") {
  auto terms = round_terms();
  auto later = terms.shares.back();
  later.from = ledger::parse_day(kDay).value();
  std::swap(later.rider_ppm, later.head_office_ppm);
  terms.shares.push_back(later);
  auto back = adjustment(1, 4000, -4000, -400);
  back.source = "2026-03-01";  // the day before the new shares
  const std::vector<Document> documents = {back};
  const auto journal = ledger::post_day(terms, ledger::parse_day(kDay).value(), {}, documents);
  REQUIRE(journal);
  CHECK(moved(*journal).at("head_office") == -120);  // 3 of 100, not the 90 of the day itself
}

TEST_CASE("post_day: pay with a tariff of its own, adjusted and taken back, leaves nothing with anybody") {
  for (const std::int64_t fee : {3999, 4000, 4001, 4002}) {
    CAPTURE(fee);
    auto paid = delivery(2, "q1", fee, 400);
    paid.rider_pay = fee::Money{3001};
    auto back = adjustment(3, fee, -fee, -400);
    back.rider_pay = fee::Money{-3001};
    back.source = "2026-03-02 3001";
    const auto after = posted({deposit(1, 50'000), paid, back}).closing.balances;
    CHECK(after.at("rider:r-1").minor == 0);
    CHECK(after.at("head_office").minor == 0);
  }
}

TEST_CASE("AdjustedFrom: what it writes it reads; anything else is none") {
  for (const char* text : {"2026-03-02", "2026-03-02 3500", "2026-03-02 -1"})
    CHECK(ledger::AdjustedFrom::parse(text).value().text() == text);
  for (const char* text : {"", "2026-03-32", "2026-03-02 ", "2026-03-02 x", "2026-03-02 1 "})
    CHECK_FALSE(ledger::AdjustedFrom::parse(text));
}

TEST_CASE("post_day: without a row in force nothing is posted") {
  auto terms = round_terms();
  terms.programme_fees.front().from = ledger::parse_day("2026-04-01").value();
  const std::vector<Document> documents = {delivery(1, "q1", 4000, 400)};
  const auto refused = ledger::post_day(terms, ledger::parse_day(kDay).value(), {}, documents);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().where == "terms#/programme_fee");
  CHECK(refused.error().message.find("2026-03-02") != std::string::npos);
}

TEST_CASE("post_day: a balance that does not fit is refused, not wrapped") {
  ledger::Position opening;
  opening.balances["rider:r-1"] = {std::numeric_limits<std::int64_t>::max() - 10};
  opening.balances["cash"] = {-(std::numeric_limits<std::int64_t>::max() - 10)};
  const std::vector<Document> documents = {delivery(1, "q1", 4000, 400)};
  const auto refused = ledger::post_day(round_terms(), ledger::parse_day(kDay).value(), opening, documents);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().where == "rider:r-1");
}

TEST_CASE("post_day: every entry and all balances sum to zero, in any order of the documents") {
  std::mt19937_64 random(20261127);
  for (int round = 0; round < 200; ++round) {
    std::vector<Document> documents;
    for (std::int64_t seq = 1; seq <= 40; ++seq) {
      const auto time = random() % 2 == 0 ? "10:00" : "16:30";
      auto one = random() % 4 == 0 ? deposit(seq, static_cast<std::int64_t>(random() % 20'000) + 1, time)
                                   : delivery(seq, "q", static_cast<std::int64_t>(random() % 9'000),
                                              static_cast<std::int64_t>(random() % 900), time);
      one.shop = random() % 2 == 0 ? "s-1" : "s-2";
      one.rider = random() % 2 == 0 ? "r-1" : "r-2";
      documents.push_back(one);
    }
    const auto journal = posted(documents);
    CHECK(ledger::sum_of(journal.closing)->minor == 0);
    for (const auto& entry : journal.entries) {
      std::int64_t sum = 0;
      for (auto p = entry.first; p < entry.last; ++p) sum += journal.postings[p].amount.minor;
      CHECK(sum == 0);
    }
    std::shuffle(documents.begin(), documents.end(), random);
    CHECK(ledger::journal_hash(posted(documents)) == ledger::journal_hash(journal));
  }
}

#include <doctest/doctest.h>

#include <algorithm>

#include "ledger/settlement_fixture.h"
#include "reckon/base/local_time.h"

using namespace reckon;
using namespace reckon::test;
using base::ErrorCode;
using ledger::Books;
using ledger::NewParties;

namespace {

const auto kDays = ledger::parse_day(kDay).value();
const auto kNow = at("23:59");

ledger::Document payment(std::int64_t amount, std::string rider, std::string_view time = "18:00") {
  auto document = deposit(0, amount, time);
  document.kind = ledger::DocumentKind::kPayment;
  document.shop.clear();
  document.rider = std::move(rider);
  return document;
}

Books::Reversal reversal(std::int64_t document) {
  return {document, "typed twice", "lee", at("20:00")};
}

}  // namespace

TEST_CASE("reverse: a payment typed wrongly is taken back once, and both stay on record") {
  Shelf shelf;
  const auto paid = shelf.record({delivery(0, "q1", 4000, 400), payment(5000, "r-1")});
  const auto back = shelf.books->reverse(reversal(paid));
  REQUIRE(back);
  CHECK(back->seq == paid + 1);
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  const auto statement = shelf.books->statement("rider:r-1", kDays, kDays).value();
  CHECK(statement.closing.minor == 3600 - 100 - 10 - 21);
  const auto line =
      std::ranges::find(statement.lines, ledger::EntryKind::kReversal, &ledger::StatementLine::entry);
  REQUIRE(line != statement.lines.end());
  CHECK(line->amount.minor == 5000);
  CHECK(line->reason == "PAYMENT 2");
  CHECK(line->note == "typed twice");
  CHECK(line->document == back->seq);
  const auto again = shelf.books->reverse(reversal(paid));
  REQUIRE_FALSE(again);
  CHECK(again.error().message.find("already, by document 3") != std::string::npos);
  CHECK(shelf.books->verify()->empty());
}

TEST_CASE("reverse: a deposit taken back leaves what it owes; a payment back to a shop covers what waits") {
  Shelf shelf;
  const auto paid_in = shelf.record({deposit(0, 10'000)});
  shelf.record({delivery(0, "q1", 4000, 400)});
  REQUIRE(shelf.books->reverse(reversal(paid_in)));
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  CHECK(shelf.books->statement("shop:s-1", kDays, kDays)->closing.minor == -4400);
  CHECK(shelf.books->statement("cash", kDays, kDays)->closing.minor == 0);

  Shelf other;
  auto out = payment(10'000, "", "10:00");
  out.shop = "s-1";
  const auto paid_out = other.record({deposit(0, 10'000), out});
  other.record({delivery(0, "q1", 4000, 400)});
  REQUIRE(other.books->reverse(reversal(paid_out)));
  REQUIRE(other.books->close(kDays, kNow, "kim"));
  const auto statement = other.books->statement("shop:s-1", kDays, kDays).value();
  CHECK(statement.closing.minor == 5600);
  CHECK(statement.held.empty());
}

TEST_CASE("reverse: what cannot be taken back is refused with its reason") {
  Shelf shelf;
  const auto paid = shelf.record({delivery(0, "q1", 4000, 400), payment(5000, "r-1")});
  auto silent = reversal(paid), formula = reversal(paid), nobody = reversal(paid), early = reversal(paid);
  silent.reason.clear();
  formula.reason = "=1";
  nobody.by.clear();
  early.at = at("17:59");
  struct Row {
    Books::Reversal reversal;
    ErrorCode code;
    std::string_view where;
  };
  for (const Row& row :
       {Row{reversal(9), ErrorCode::kNotFound, "document 9"},
        Row{reversal(1), ErrorCode::kConflict, "document 1"}, Row{silent, ErrorCode::kInvalidInput, "reason"},
        Row{formula, ErrorCode::kInvalidInput, "reason"}, Row{nobody, ErrorCode::kInvalidInput, "by"},
        Row{early, ErrorCode::kInvalidInput, "at"}}) {
    CAPTURE(row.where);
    const auto refused = shelf.books->reverse(row.reversal);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == row.code);
    CHECK(refused.error().where == row.where);
  }
}

TEST_CASE("Reversed: what it writes it reads; anything else is none") {
  CHECK(ledger::Reversed::parse("DEPOSIT 7")->text() == "DEPOSIT 7");
  for (const char* text : {"", "DEPOSIT", "DEPOSIT ", "DEPOSIT x", "DEPOSIT 0", "PAYMENT 1 ", "DELIVERY 1"})
    CHECK_FALSE(ledger::Reversed::parse(text));
}

TEST_CASE("record: a party that no document knows is refused with what is near, unless it may be new") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  auto stranger = delivery(0, "q2", 4000, 400);
  stranger.rider = "r-11";
  stranger.shop = "elsewhere";
  auto again = stranger;
  again.quote_id = "q3";
  const auto refused = shelf.books->record({stranger, again}, {"d:2", "d:3"}, NewParties::kRefused);
  REQUIRE_FALSE(refused);
  const auto faults = refused.error().all();
  REQUIRE(faults.size() == 2);  // each name once
  CHECK(faults[0].where == "d:2");
  CHECK(faults[0].message.starts_with("shop 'elsewhere' is new to these books; "));
  CHECK(faults[1].message.find("rider 'r-11' is new to these books (near: r-1)") != std::string::npos);
  const auto allowed = shelf.books->record({stranger}, {"d:2"}, NewParties::kAllowed);
  REQUIRE(allowed);
  CHECK(allowed->new_parties == std::vector<std::string>{"shop elsewhere", "rider r-11"});
  CHECK(shelf.books->record({payment(5, "r-11")}, {"pay"}, NewParties::kRefused));
  CHECK(shelf.books->record({payment(5, "r-12")}, {"pay"}, NewParties::kRefused).error().where == "--rider");
  CHECK(shelf.books->verify()->empty());
}

TEST_CASE("record: all that is wrong is told in one run") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  auto late = delivery(0, "q2", 4000, 400), other = delivery(0, "q1", 4001, 400),
       stranger = delivery(0, "q3", 4000, 400);
  stranger.rider = "r-2";
  const auto faults =
      shelf.books->faults_of({late, other, stranger}, {"d:2", "d:3", "d:4"}, NewParties::kRefused);
  REQUIRE(faults);
  REQUIRE(faults->list().size() == 4);  // the stranger's day is closed as well
  CHECK(faults->list()[0].message.find("settle reopen --day 2026-03-02") != std::string::npos);
  CHECK(faults->list()[0].message.find("as of 2026-03-03") != std::string::npos);
  CHECK(faults->list()[1].message.find("recorded already, otherwise") != std::string::npos);
  CHECK(faults->list()[2].where == "d:4");
}

TEST_CASE("record: one delivery with two contents in one file is a fault") {
  Shelf shelf;
  const auto twice =
      shelf.books->record({delivery(0, "q1", 4000, 400), delivery(0, "q1", 4000, 400)}, {"a", "b"});
  REQUIRE(twice);
  CHECK(twice->added == 1);
  CHECK(twice->there_already == 1);
  const auto other =
      shelf.books->record({delivery(0, "q2", 4000, 400), delivery(0, "q2", 4001, 400)}, {"a", "b"});
  REQUIRE_FALSE(other);
  CHECK(other.error().where == "b");
}

TEST_CASE("statement: an account that nobody knows is refused with those there are") {
  Shelf shelf;
  shelf.record({deposit(0, 5000), delivery(0, "q1", 4000, 400)});
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  const auto refused = shelf.books->statement("rider:r-9", kDays, kDays);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kNotFound);
  CHECK(refused.error().message.find("there are rider:r-1") != std::string::npos);
  CHECK(shelf.books->statement("stock", kDays, kDays).error().message.find("cash, ") != std::string::npos);
  CHECK(shelf.books->statement("hold:s-1", kDays, kDays).error().code == ErrorCode::kNotFound);
}

TEST_CASE("statement: what is posted once a day is told at the day's last second, in the books' zone") {
  Shelf shelf;
  shelf.record({deposit(0, 5000), delivery(0, "q1", 4000, 400)});
  const auto open = shelf.books->statement("rider:r-1", kDays, kDays, ledger::OpenDays::kIncluded).value();
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  const auto closed = shelf.books->statement("rider:r-1", kDays, kDays).value();
  for (const auto& lines : {open.lines, closed.lines}) {
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].at == at("12:00"));
    CHECK(lines[1].at == at("23:59") + std::chrono::seconds{59});
    CHECK(base::format_local(*round_terms().time_zone, lines[1].at) == "2026-03-02T23:59:59+09:00");
  }
}

TEST_CASE("statement: a shop's shows what is on hold, and released charges keep their quote") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400), delivery(0, "q2", 1000, 100, "13:00")});
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  const auto next = kDays + std::chrono::days{1};
  auto paid = deposit(0, 5000);
  paid.at += std::chrono::hours{24};
  shelf.record({paid});
  const auto before = shelf.books->statement("shop:s-1", kDays, next).value();
  REQUIRE(before.held.size() == 2);
  CHECK(before.on_hold().minor == 5500);
  CHECK(before.held[0].quote_id == "q1");
  REQUIRE(before.open_days.size() == 1);
  CHECK(before.open_days[0].day == next);
  const auto open = shelf.books->statement("shop:s-1", kDays, next, ledger::OpenDays::kIncluded).value();
  CHECK(open.on_hold().minor == 1100);
  CHECK(open.lines.back().entry == ledger::EntryKind::kRelease);
  CHECK(open.lines.back().quote_id == "q1");
  CHECK(open.lines.back().at == paid.at);  // when it was released, not when it was charged
  REQUIRE(shelf.books->close(next, kNow + std::chrono::hours{24}, "kim"));
  const auto after = shelf.books->statement("shop:s-1", kDays, next).value();
  CHECK(after.on_hold().minor == 1100);
  CHECK(after.open_days.empty());
  CHECK(after.lines.back().entry == ledger::EntryKind::kRelease);
  CHECK(after.lines.back().at == paid.at);
  CHECK(shelf.books->statement("shop:s-1", kDays, kDays)->on_hold().minor == 5500);  // as it stood then
}

TEST_CASE(
    "statement: with open days it tells the same charges on hold of a day that lies before the last close") {
  const auto next = kDays + std::chrono::days{1}, third = kDays + std::chrono::days{2};
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  auto paid = deposit(0, 4400);
  paid.at += std::chrono::hours{24};
  auto later = delivery(0, "q2", 1000, 100);
  later.at += std::chrono::hours{48};
  shelf.record({paid, later});
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  REQUIRE(shelf.books->close(next, kNow + std::chrono::hours{24}, "kim"));
  struct Row {
    std::chrono::sys_days to;
    std::int64_t closed, open;
    const char* why;
  };
  for (const Row& row :
       {Row{kDays - std::chrono::days{1}, 0, 0, "before the first close nothing waits"},
        Row{kDays, 4400, 4400, "the deposit came the day after"}, Row{next, 0, 0, "the last closed day"},
        Row{third, 0, 1100, "the charge of the open day"}}) {
    CAPTURE(row.why);
    const auto from = std::min(row.to, kDays);
    CHECK(shelf.books->statement("shop:s-1", from, row.to)->on_hold().minor == row.closed);
    CHECK(shelf.books->statement("shop:s-1", from, row.to, ledger::OpenDays::kIncluded)->on_hold().minor ==
          row.open);
  }
}

TEST_CASE("statement: an opening balance that cannot be read is told, not taken for none") {
  const auto next = kDays + std::chrono::days{1};
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  CHECK(shelf.books->statement("rider:r-1", next, next)->opening.minor == 3600 - 100 - 10 - 21);
  shelf.change("ALTER TABLE balances RENAME TO others");
  const auto refused = shelf.books->statement("rider:r-1", next, next);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kCorrupt);
}

TEST_CASE(
    "reverse: where it cannot be read whether a document is taken back already, it is not taken for not") {
  Shelf shelf;
  shelf.record({deposit(0, 5000)});
  auto back = deposit(0, 5000, "20:00");
  back.kind = ledger::DocumentKind::kReversal;
  back.reason = "DEPOSIT 1";
  REQUIRE(shelf.books->faults_of({back}, {"row"}, NewParties::kRefused)->empty());
  shelf.change("ALTER TABLE documents RENAME COLUMN reason TO why");
  const auto refused = shelf.books->faults_of({back}, {"row"}, NewParties::kRefused);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kCorrupt);
}

TEST_CASE("snapshot: what is read is of one instant, whatever another one writes meanwhile") {
  Shelf shelf;
  shelf.record({deposit(0, 5000)});
  const auto reader = Books::open(shelf.folder.url(), Books::Mode::kReadOnly).value();
  {
    const auto view = reader->snapshot();
    REQUIRE(view);
    shelf.record({delivery(0, "q1", 4000, 400)});
    REQUIRE(shelf.books->close(kDays, kNow, "kim"));
    CHECK(reader->closes()->empty());
    CHECK(reader->open_days()->at(0).documents == 1);
    CHECK(reader->statement("shop:s-1", kDays, kDays, ledger::OpenDays::kIncluded)->closing.minor == 5000);
  }
  CHECK(reader->closes()->size() == 1);
}

TEST_CASE("books: notes, reasons and names are plain text wherever they are entered") {
  Shelf shelf;
  auto bad = deposit(0, 1000);
  bad.note = "=cmd()";
  bad.by = "k\nim";
  const auto refused = shelf.books->record({bad}, {"a"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().all().size() == 2);
  shelf.record({delivery(0, "q1", 4000, 400)});
  CHECK(shelf.books->adjust({"q1", {1}, {}, "ETC", "kim", "\xff", at("14:00")}).error().where == "note");
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  CHECK(shelf.books->reopen(kDays, kNow, "kim", "+x").error().where == "reason");
  CHECK(shelf.books->put_terms(round_terms(), kNow, "=x").error().where == "by");
}

TEST_CASE("record: where the closed day is today, no later day is offered, and it is the new record's day") {
  Shelf shelf;
  const auto paid = shelf.record({delivery(0, "q1", 4000, 400), payment(5000, "r-1")});
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  struct Row {
    base::WallTime now;
    bool later;
    const char* why;
  };
  for (const Row& row : {Row{kNow, false, "today is closed, and tomorrow has not begun"},
                         Row{kNow + std::chrono::minutes{2}, true, "the next day has begun"}}) {
    CAPTURE(row.why);
    const base::FakeClock clock(row.now);
    const auto books = Books::open(shelf.folder.url(), Books::Mode::kReadWrite, &clock).value();
    for (const auto& refused :
         {books->record({payment(5, "r-1")}, {"--at"}).error(), books->reverse(reversal(paid)).error(),
          books->adjust({"q1", {100}, {}, "ETC", "kim", "", at("20:00")}).error()}) {
      CAPTURE(refused.message);
      CHECK((refused.message.find("'--at'") != std::string::npos) == row.later);
      CHECK((refused.message.find("(today); record it when 2026-03-03 has begun") != std::string::npos) !=
            row.later);
      CHECK(refused.message.find("settle reopen --day 2026-03-02") != std::string::npos);
    }
    CHECK(books->reverse(reversal(paid)).error().message.starts_with("its reversal belongs to 2026-03-02"));
    CHECK(books->adjust({"q1", {100}, {}, "ETC", "kim", "", at("20:00")})
              .error()
              .message.starts_with("its adjustment belongs to 2026-03-02"));
  }
}

TEST_CASE("statement: an account that only the open days make is told with them") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  CHECK(shelf.books->statement("hold:s-1", kDays, kDays).error().code == ErrorCode::kNotFound);
  const auto open = shelf.books->statement("hold:s-1", kDays, kDays, ledger::OpenDays::kIncluded);
  REQUIRE(open);
  CHECK(open->closing.minor == -4400);
  CHECK_FALSE(shelf.books->statement("hold:s-2", kDays, kDays, ledger::OpenDays::kIncluded));
}

TEST_CASE("statement: releases of one deposit have its time, each deposit its own, closed and open alike") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 1000, 100, "10:00"), delivery(0, "q2", 1000, 100, "10:30"),
                delivery(0, "q3", 1000, 100, "11:00"), deposit(0, 2200, "15:00"), deposit(0, 1100, "16:00")});
  for (const bool closed : {false, true}) {
    CAPTURE(closed);
    for (const auto* account : {"shop:s-1", "hold:s-1"}) {
      CAPTURE(account);
      const auto statement =
          shelf.books->statement(account, kDays, kDays, ledger::OpenDays::kIncluded).value();
      std::vector<base::WallTime> released;
      for (const auto& line : statement.lines)
        if (line.entry == ledger::EntryKind::kRelease) released.push_back(line.at);
      CHECK(released == std::vector{at("15:00"), at("15:00"), at("16:00")});
      CHECK(std::ranges::is_sorted(statement.lines, {}, &ledger::StatementLine::at));
    }
    if (!closed) REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  }
}

TEST_CASE("statement: what is kept back of pay names the rider to all but the rider") {
  Shelf shelf;
  shelf.record({deposit(0, 50'000), delivery(0, "q1", 40'000, 4000)});
  for (const bool closed : {false, true}) {
    CAPTURE(closed);
    const auto note = [&](std::string_view account, ledger::EntryKind kind) {
      const auto statement =
          shelf.books->statement(account, kDays, kDays, ledger::OpenDays::kIncluded).value();
      const auto line = std::ranges::find(statement.lines, kind, &ledger::StatementLine::entry);
      return line == statement.lines.end() ? std::string("no such line") : line->note;
    };
    using enum ledger::EntryKind;
    CHECK(note("branch:b-1", kInsurance) == "insurance:employment rider:r-1");
    CHECK(note("rider:r-1", kInsurance) == "insurance:employment");
    CHECK(note("income_tax:b-1", kWithholding) == "rider:r-1");
    CHECK(note("rider:r-1", kWithholding).empty());
    if (!closed) REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  }
}

#include "reckon/ledger/settlement_store.h"

#include <doctest/doctest.h>

#include "ledger/ledger_fixture.h"
#include "ledger/settlement_fixture.h"

using namespace reckon;
using namespace reckon::test;
using base::ErrorCode;
using ledger::Books;
using ledger::Document;

namespace {

const auto kDays = ledger::parse_day(kDay).value();
const auto kNow = at("23:59");

Books::Adjustment adjustment(std::int64_t by, std::string_view time = "14:00") {
  return {"q1", {by}, {}, "CHANGE_DISTANCE", "kim", "", at(time)};
}

ErrorCode code_of(const base::Result<ledger::Recorded>& result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

}  // namespace

TEST_CASE("books: a closed day keeps its hash, and takes nothing more") {
  Shelf shelf;
  shelf.record({deposit(0, 10'000), delivery(0, "q1", 4000, 400)});
  const auto close = shelf.books->close(kDays, kNow, "kim");
  REQUIRE(close);
  CHECK(close->documents == 2);
  CHECK(close->holds == 0);
  const auto late = shelf.books->record({delivery(0, "q2", 4000, 400)}, {"d.csv:7"});
  CHECK(code_of(late) == ErrorCode::kConflict);
  CHECK(late.error().where == "d.csv:7");
  CHECK(late.error().message.find("2026-03-02") != std::string::npos);
  CHECK(shelf.books->verify()->empty());
}

TEST_CASE("books: the same documents give the same hashes in another file") {
  std::string hashes[2];
  for (auto& hash : hashes) {
    Shelf shelf;
    shelf.record({deposit(0, 5000), delivery(0, "q1", 4000, 400), delivery(0, "q2", 3000, 300)});
    hash = shelf.books->close(kDays, kNow, "kim")->row_hash;
  }
  CHECK(hashes[0] == hashes[1]);
}

TEST_CASE("books: a file may be read twice, but a delivery has one content") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  const auto again =
      shelf.books->record({delivery(0, "q1", 4000, 400), delivery(0, "q2", 4000, 400)}, {"a", "b"});
  REQUIRE(again);
  CHECK(again->there_already == 1);
  CHECK(again->added == 1);
  const auto other = shelf.books->record({delivery(0, "q3", 1, 0), delivery(0, "q1", 4001, 400)}, {"a", "b"});
  CHECK(code_of(other) == ErrorCode::kConflict);
  CHECK(other.error().where == "b");
  CHECK_FALSE(shelf.books->delivery("q3"));  // all, or none
}

TEST_CASE("books: days are closed in their order, and not before they begin") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  const auto next = kDays + std::chrono::days{1};
  CHECK(shelf.books->close(next, kNow, "kim").error().code == ErrorCode::kInvalidInput);
  const auto early = shelf.books->close(next, kNow + std::chrono::hours{24}, "kim");
  REQUIRE_FALSE(early);
  CHECK(early.error().message.find("follows 2026-03-02") != std::string::npos);
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  CHECK(shelf.books->close(kDays, kNow, "kim").error().code == ErrorCode::kConflict);
  CHECK(shelf.books->close(next, kNow + std::chrono::hours{24}, "kim"));  // a day without documents
}

TEST_CASE("books: opening again is on record, and the next close starts from the day before") {
  Shelf shelf;
  shelf.record({deposit(0, 10'000), delivery(0, "q1", 4000, 400)});
  const auto first = shelf.books->close(kDays, kNow, "kim").value();
  CHECK(shelf.books->reopen(kDays, kNow, "lee", "").error().code == ErrorCode::kInvalidInput);
  REQUIRE(shelf.books->reopen(kDays, kNow, "lee", "a delivery was missing"));
  CHECK(shelf.books->closes()->empty());
  shelf.record({delivery(0, "q2", 2000, 200)});
  const auto second = shelf.books->close(kDays, kNow, "lee").value();
  CHECK(second.previous == first.previous);
  CHECK(second.position_hash != first.position_hash);
  const auto statement = shelf.books->statement("shop:s-1", kDays, kDays).value();
  CHECK(statement.closing.minor == 10'000 - 4400 - 2200);  // the first close counts no more
  const auto reopenings = shelf.books->reopenings().value();
  REQUIRE(reopenings.size() == 1);
  CHECK(reopenings[0].by == "lee");
  CHECK(reopenings[0].reason == "a delivery was missing");
  CHECK(shelf.books->all_closes()->size() == 2);
  CHECK(shelf.books->verify()->empty());
}

TEST_CASE("books: only the last closed day may be opened again") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  REQUIRE(shelf.books->close(kDays + std::chrono::days{1}, kNow + std::chrono::hours{24}, "kim"));
  const auto refused = shelf.books->reopen(kDays, kNow, "kim", "why");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("2026-03-03") != std::string::npos);
}

TEST_CASE("books: an adjustment has its VAT from the tariff's rule") {
  Shelf shelf;
  shelf.record({deposit(0, 50'000), delivery(0, "q1", 4000, 400)});
  CHECK(shelf.books->adjust(adjustment(555))->vat->minor == 55);  // 455.5 -> 455
  CHECK(shelf.books->adjust(adjustment(5))->vat->minor == 1);     // 456.0
  const auto now = shelf.books->delivery("q1").value();
  CHECK(now.amount.minor == 4560);
  CHECK(now.vat->minor == 456);
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  CHECK(shelf.books->statement("shop:s-1", kDays, kDays)->closing.minor == 50'000 - 4560 - 456);
}

TEST_CASE("books: an adjustment that may not be is refused with its reason") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  struct Row {
    Books::Adjustment adjustment;
    std::string_view where;
  };
  auto no_reason = adjustment(1), no_name = adjustment(1), pay = adjustment(1), unknown = adjustment(1);
  no_reason.reason = "MISTAKE";
  no_name.by = "";
  pay.rider_pay = fee::Money{1};
  unknown.quote_id = "q9";
  for (const Row& row :
       {Row{no_reason, "reason"}, Row{no_name, "by"}, Row{pay, "rider-amount"}, Row{unknown, "q9"},
        Row{adjustment(0), "amount"}, Row{adjustment(-4001), "amount"}, Row{adjustment(1, "11:59"), "at"}}) {
    CAPTURE(row.where);
    const auto refused = shelf.books->adjust(row.adjustment);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().where == row.where);
  }
  CHECK(shelf.books->adjust(adjustment(-4000)));
}

TEST_CASE("books: rider's pay of its own cannot be taken back beyond what it is") {
  Shelf shelf;
  auto paid = delivery(0, "q1", 4000, 400);
  paid.rider_pay = fee::Money{3500};
  shelf.record({paid});
  auto change = adjustment(-1000);
  change.rider_pay = fee::Money{-3000};
  REQUIRE(shelf.books->adjust(change));
  change.rider_pay = fee::Money{-501};
  const auto refused = shelf.books->adjust(change);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().where == "rider-amount");
}

TEST_CASE("books: who pays in or out is named, and a note has an end") {
  Shelf shelf;
  auto nobody = deposit(0, 1000);
  nobody.by = "";
  auto talker = deposit(0, 1000);
  talker.by = "kim";
  talker.note = std::string(ledger::kMaxNoteBytes + 1, 'x');
  const auto refused = shelf.books->record({nobody, talker}, {"a", "b"});
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().all().size() == 2);
  CHECK(refused.error().all()[0].where == "by");
  CHECK(refused.error().all()[1].where == "note");
}

TEST_CASE("books: terms of another currency or zone need other books") {
  Shelf shelf;
  auto text = terms_text();
  text.replace(text.find("KRW"), 3, "USD");
  const auto refused = shelf.books->put_terms(ledger::read_terms(text, "t").value(), kNow, "kim");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kConflict);
}

TEST_CASE("books: only who wants new ones makes a file") {
  const LedgerFolder folder;
  for (const auto mode : {Books::Mode::kReadWrite, Books::Mode::kReadOnly}) {
    const auto refused = Books::open(folder.url(), mode);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kEnvironment);
    CHECK(refused.error().message.find("no settlement books") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.file()));
  }
}

TEST_CASE("books: without terms nothing is recorded") {
  const LedgerFolder folder;
  const auto books = Books::open(folder.url(), Books::Mode::kCreate).value();
  CHECK(code_of(books->record({delivery(0, "q1", 4000, 400)}, {"a"})) == ErrorCode::kNotFound);
}

TEST_CASE("books: a ledger is no file of books, nor the other way round") {
  const LedgerFolder folder;
  { const auto ledger = folder.open(); }
  const auto refused = Books::open(folder.url(), Books::Mode::kCreate);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kCorrupt);
}

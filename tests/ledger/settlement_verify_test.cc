#include <doctest/doctest.h>

#include "ledger/settlement_fixture.h"

using namespace reckon;
using namespace reckon::test;
using base::ErrorCode;
using ledger::Books;

namespace {

const auto kDays = ledger::parse_day(kDay).value();
const auto kNow = at("23:59");

// A day that was closed, opened, and closed again, and a document of the next one.
void fill(Shelf& shelf) {
  shelf.record({deposit(0, 10'000), delivery(0, "q1", 4000, 400)});
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  REQUIRE(shelf.books->reopen(kDays, kNow, "kim", "to see"));
  REQUIRE(shelf.books->close(kDays, kNow, "kim"));
  auto later = deposit(0, 500);
  later.at += std::chrono::hours{24};
  shelf.record({later});
  REQUIRE(shelf.books->verify()->empty());
}

}  // namespace

TEST_CASE("verify: whatever is changed in the file is named") {
  struct Row {
    const char* sql;
    std::string_view where, says;
  };
  for (const Row& row : {
           Row{"UPDATE documents SET amount = amount + 1 WHERE quote_id = 'q1'", "document 2", "was changed"},
           Row{"UPDATE documents SET kind = 'GIFT' WHERE seq = 1", "document 1", "kind 'GIFT'"},
           Row{"UPDATE documents SET day = '2026-03-32' WHERE seq = 1", "document 1", "day '2026-03-32'"},
           Row{"UPDATE documents SET vat_mode = 77 WHERE seq = 2", "document 2", "vat_mode 77"},
           Row{"UPDATE documents SET vat_mode = -1 WHERE seq = 2", "document 2", "vat_mode -1"},
           Row{"UPDATE documents SET vat_unit = 0 WHERE seq = 2", "document 2", "vat_unit 0"},
           Row{"UPDATE documents SET vat_unit = NULL WHERE seq = 2", "document 2", "not whole"},
           Row{"UPDATE documents SET vat_ppm = NULL WHERE seq = 2", "document 2", "not whole"},
           Row{"UPDATE documents SET vat_ppm = -1 WHERE seq = 2", "document 2", "vat_ppm -1"},
           Row{"UPDATE documents SET amount = 4000.5 WHERE seq = 2", "documents 2",
               "amount is of another type"},
           Row{"UPDATE postings SET amount = 'much' WHERE line = 0 AND entry = 0", "postings",
               "amount is of another type"},
           Row{"DELETE FROM documents WHERE seq = 1", "document 2", "are missing"},
           Row{"DELETE FROM documents WHERE seq = 3", "documents", "the last ones were taken away"},
           Row{"DELETE FROM documents WHERE seq >= 2", "close 2",
               "made when 2 documents were there; now there are 1"},
           Row{"DELETE FROM documents WHERE seq >= 2", "close 1", "counted 2 documents, 1 are there"},
           Row{"DELETE FROM closes WHERE seq = 2", "closes", "1 closes are there, 2 were written"},
           Row{"DELETE FROM reopenings", "reopenings", "the last ones were taken away"},
           Row{"DELETE FROM head", "documents", "put in from outside"},
           Row{"UPDATE head SET last_hash = 'sha256:0' WHERE chain = 'closes'", "closes",
               "not the one that was written"},
           Row{"UPDATE terms SET who = 'lee'", "terms", "not the one that was written"},
           Row{"DELETE FROM parties WHERE kind = 'rider'", "rider r-1", "is not noted"},
           Row{"INSERT INTO parties VALUES ('rider', 'r-9', 1)", "rider r-9", "is noted otherwise"},
           Row{"UPDATE postings SET amount = amount + 1 WHERE line = 0 AND entry = 0", "close 1",
               "postings were changed"},
           Row{"UPDATE postings SET what = 'GIFT' WHERE line = 0 AND entry = 0", "close 1",
               "'GIFT', which is not known"},
           Row{"UPDATE entries SET kind = 'GIFT' WHERE entry = 0", "close 1", "kind 'GIFT'"},
           Row{"DELETE FROM entries WHERE entry = 1", "close 1", "is not known"},
           Row{"UPDATE balances SET balance = balance + 1 WHERE account = 1", "close 1", "do not sum to 0"},
           Row{"UPDATE closes SET who = 'lee'", "close 1", "was changed"},
           Row{"UPDATE terms SET text = replace(text, '900000', '900001')", "close 1",
               "cannot be posted again"},
           Row{"UPDATE terms SET text = replace(text, '900000', '900001')", "terms 1",
               "its text is not that of release"},
           Row{"UPDATE terms SET text = text || ' '", "terms 1", "its text is not that of release"},
           Row{"UPDATE terms SET text = '{'", "terms 1", "its text is not that of release"},
           Row{"UPDATE reopenings SET reason = 'none'", "reopening 1", "was changed"},
           Row{"CREATE TABLE \"odd \"\" one\" (\"a b\")", "table odd \" one", "does not belong to books"},
           Row{"CREATE VIEW v AS SELECT * FROM terms", "view v", "does not belong to books"},
           Row{"CREATE TRIGGER t AFTER INSERT ON head BEGIN DELETE FROM holds; END", "trigger t",
               "does not belong to books"},
           Row{"ALTER TABLE holds ADD COLUMN \"it's \"\" odd\" INTEGER NOT NULL DEFAULT 0; INSERT INTO holds "
               "VALUES (1, 9, 's-1', 1, 1, 'x')",
               "holds 1", "it's \" odd is of another type"},
       }) {
    CAPTURE(row.sql);
    Shelf shelf;
    fill(shelf);
    shelf.change(row.sql);
    CHECK(shelf.names(row.where, row.says));
  }
}

TEST_CASE("verify: terms under which no day was closed yet are compared with their release too") {
  Shelf shelf;
  fill(shelf);
  auto text = terms_text();
  text.replace(text.find("30000"), 5, "30001");
  text.replace(text.find("70000"), 5, "69999");
  REQUIRE(shelf.books->put_terms(ledger::read_terms(text, "t").value(), kNow, "kim"));
  REQUIRE(shelf.books->verify()->empty());
  shelf.change("UPDATE terms SET text = replace(text, '69999', '69998') WHERE seq = 2");
  const auto faults = shelf.books->verify().value();
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].where == "terms 2");
  CHECK(faults[0].message.find("its text is not that of release sha256:") != std::string::npos);
}

TEST_CASE("verify: what SQLite itself keeps in the file, and an index more, are no difference") {
  Shelf shelf;
  fill(shelf);
  shelf.change("ANALYZE");
  shelf.change("CREATE INDEX of_quotes ON documents (quote_id)");
  const auto faults = shelf.books->verify();
  REQUIRE(faults);
  CHECK(faults->empty());
}

TEST_CASE("verify: what was taken away from an end is not healed by what is written next") {
  for (const char* sql : {"DELETE FROM documents WHERE seq = 3", "DELETE FROM closes WHERE seq = 2",
                          "DELETE FROM reopenings", "DELETE FROM terms"}) {
    CAPTURE(sql);
    Shelf shelf;
    fill(shelf);
    shelf.change(sql);
    auto later = deposit(0, 500);
    later.at += std::chrono::hours{24};
    const auto recorded = shelf.books->record({later}, {"row"});
    REQUIRE_FALSE(recorded);
    CHECK(recorded.error().code == ErrorCode::kCorrupt);
    CHECK(shelf.books->put_terms(round_terms(), kNow, "kim").error().code == ErrorCode::kCorrupt);
    CHECK(
        shelf.books->close(kDays + std::chrono::days{1}, kNow + std::chrono::hours{24}, "kim").error().code ==
        (std::string_view(sql) == "DELETE FROM terms" ? ErrorCode::kNotFound : ErrorCode::kCorrupt));
    CHECK(shelf.books->reopen(kDays, kNow, "kim", "why").error().code == ErrorCode::kCorrupt);
  }
}

TEST_CASE("verify: a damaged document is no sound one to whoever reads it") {
  Shelf shelf;
  shelf.record({delivery(0, "q1", 4000, 400)});
  shelf.change("UPDATE documents SET vat_mode = 77");
  CHECK(shelf.books->delivery("q1").error().code == ErrorCode::kCorrupt);
  CHECK(shelf.books->close(kDays, kNow, "kim").error().where == "document 1");
}

TEST_CASE("books: a file that cannot be brought up to date says why") {
  Shelf shelf;
  shelf.books.reset();
  shelf.change("PRAGMA user_version = 1");  // its head is there already
  const auto refused = Books::open(shelf.folder.url(), Books::Mode::kReadWrite);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "cannot be brought to version 2: table head already exists");
  shelf.change("PRAGMA user_version = 0");  // no version ever had that number
  CHECK(Books::open(shelf.folder.url(), Books::Mode::kReadWrite).error().message ==
        "cannot be brought to version 2: no way to do that is known");
}

TEST_CASE("books: a file of version 1 is brought up to date by whoever writes, and told to who only reads") {
  Shelf shelf;
  fill(shelf);
  shelf.books.reset();
  shelf.change("DROP TABLE head; DROP TABLE parties; DROP INDEX reversals; PRAGMA user_version = 1");
  const auto refused = Books::open(shelf.folder.url(), Books::Mode::kReadOnly);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("any command that writes to it brings it") != std::string::npos);
  shelf.books = Books::open(shelf.folder.url(), Books::Mode::kReadWrite).value();
  CHECK(shelf.books->verify()->empty());
  CHECK(shelf.books->record({delivery(0, "q2", 1, 0)}, {"row"}, ledger::NewParties::kRefused)
            .error()
            .message.find("closed") != std::string::npos);
}

#include "reckon/ledger/ledger.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "fee/fee_fixture.h"
#include "ledger/ledger_fixture.h"
#include "reckon/ledger/verify.h"

using namespace reckon;
using ledger::Ledger;
using test::fill;
using test::LedgerFolder;
using test::sound_row;

namespace {

void execute(const LedgerFolder& folder, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &database) == SQLITE_OK);
  const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  CHECK(code == SQLITE_OK);
  sqlite3_close(database);
}

ledger::VerifyReport verified(const Ledger& ledger) {
  return ledger::verify(ledger, {}).value();
}

std::string first_fault(const LedgerFolder& folder) {
  const auto ledger = folder.open();
  const auto report = verified(*ledger);
  return report.differences.empty() ? "" : report.differences[0].where + ": " + report.differences[0].what;
}

}  // namespace

TEST_CASE("Ledger: what is appended is found again, in order, by a later process") {
  const LedgerFolder folder;
  fill(*folder.open(), 3);
  const auto ledger = folder.open();
  CHECK(ledger->last_seq().value() == 3);
  CHECK(ledger->find("q2").value()->row.trace == sound_row("q2", 900 + 37 * 2).trace);
  CHECK_FALSE(ledger->find("none").value());
  std::vector<std::string> ids;
  REQUIRE(ledger->for_each(2, [&](const ledger::StoredRow& stored) {
    ids.push_back(stored.row.quote_id);
    return true;
  }));
  CHECK(ids == std::vector<std::string>{"q2", "q3"});
}

TEST_CASE("Ledger::open: other files and schemes are refused with what is allowed") {
  const LedgerFolder folder;
  CHECK(Ledger::open("mysql:x").error().message.find("sqlite:PATH") != std::string::npos);
  CHECK(Ledger::open("sqlite:").error().code == base::ErrorCode::kInvalidInput);
  CHECK(Ledger::open("sqlite:" + (folder.file() / "no" / "x").string()).error().code ==
        base::ErrorCode::kEnvironment);
  CHECK(Ledger::open(folder.url(), {Ledger::Mode::kReadOnly}).error().code == base::ErrorCode::kEnvironment);
  std::ofstream(folder.file()) << std::string(5000, 'x');
  CHECK(Ledger::open(folder.url()).error().code == base::ErrorCode::kCorrupt);
}

TEST_CASE("Ledger::open: a foreign database is not taken over") {
  const LedgerFolder folder;
  execute(folder, "CREATE TABLE other (x)");
  CHECK(Ledger::open(folder.url()).error().code == base::ErrorCode::kCorrupt);
}

TEST_CASE("Ledger: threads share commits and the chain stays whole") {
  const LedgerFolder folder;
  const auto ledger = folder.open();
  fill(*ledger, 1);
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        if (!ledger->append({sound_row(fmt::format("t{}-{}", t, i), 1000 + i)})) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  const auto report = verified(*ledger);
  CHECK(report.rows == 201);
  CHECK(report.differences.empty());
}

TEST_CASE("Ledger: a taken idempotency key records nothing of that call and disturbs no other") {
  const LedgerFolder folder;
  const auto ledger = folder.open();
  fill(*ledger, 1);
  const ledger::RememberedAnswer answer{"quotes/k", "sha256:a", 200, "{}"};
  REQUIRE(ledger->append({sound_row("a", 1000)}, answer));
  CHECK(ledger->append({sound_row("b", 1000)}, answer).error().code == base::ErrorCode::kConflict);
  CHECK(ledger->append({sound_row("a", 1000)}).error().code == base::ErrorCode::kConflict);
  REQUIRE(ledger->append({sound_row("c", 1000)}));
  CHECK(ledger->remembered("quotes/k").value()->body == "{}");
  CHECK_FALSE(ledger->find("b").value());
  CHECK(ledger->unrecorded() == 0);
  CHECK(verified(*ledger).differences.empty());
}

TEST_CASE("Ledger: quotes that could not be recorded become a recorded gap") {
  const LedgerFolder folder;
  const auto ledger =
      folder.open({.mode = Ledger::Mode::kReadWrite, .busy_timeout = std::chrono::milliseconds{20}});
  fill(*ledger, 1);
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  CHECK(ledger->append({sound_row("lost1", 1000)}).error().code == base::ErrorCode::kEnvironment);
  CHECK_FALSE(ledger->append({sound_row("lost2", 1000)}));
  CHECK(ledger->unrecorded() == 2);
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  REQUIRE(ledger->append({sound_row("kept", 1000)}));
  CHECK(ledger->unrecorded() == 0);
  REQUIRE(ledger->gaps().value().size() == 1);
  CHECK(ledger->gaps().value()[0].quotes == 2);
  CHECK(verified(*ledger).gaps.size() == 1);
}

TEST_CASE("verify: each kind of change names its row") {
  struct Row {
    std::string sql, names, why;
  };
  for (const Row& row :
       {Row{"UPDATE quotes SET trace = replace(trace, '\"total\":', '\"total\":1') WHERE seq = 7", "row 7",
            "total"},
        Row{"UPDATE quotes SET quote = replace(quote, 'q7', 'q8') WHERE seq = 7", "row 7", "another id told"},
        Row{"UPDATE quotes SET created_at_us = created_at_us + 1 WHERE seq = 7", "row 7", "the time"},
        Row{"UPDATE quotes SET quote_id = 'x' WHERE seq = 7", "row 7", "the id"},
        Row{"DELETE FROM quotes WHERE seq = 7", "row 7: is missing", "a deleted row"},
        Row{"UPDATE tariffs SET canonical = replace(canonical, '3300', '3400')",
            "tariff sha256:", "the tariff"},
        Row{"DELETE FROM tariffs", "tariff sha256:", "the tariff is gone"}}) {
    CAPTURE(row.why);
    const LedgerFolder folder;
    fill(*folder.open(), 20);
    CHECK(first_fault(folder).empty());
    execute(folder, row.sql);
    CHECK_MESSAGE(first_fault(folder).find(row.names) != std::string::npos, first_fault(folder));
  }
}

TEST_CASE("verify: a changed answer of an idempotency key is named") {
  const LedgerFolder folder;
  fill(*folder.open(), 1);
  REQUIRE(folder.open()->append({sound_row("a", 1000)},
                                ledger::RememberedAnswer{"quotes/k", "sha256:a", 200, "{}"}));
  CHECK(first_fault(folder).empty());
  execute(folder, "UPDATE answers SET body = '[]'");
  CHECK(first_fault(folder).find("answer quotes/k") != std::string::npos);
}

TEST_CASE("verify: a byte changed anywhere in a row's text names that row, and no byte anywhere crashes") {
  const LedgerFolder folder;
  fill(*folder.open(), 12);
  std::ifstream in(folder.file(), std::ios::binary);
  const std::string sound((std::istreambuf_iterator<char>(in)), {});
  in.close();
  const auto target = sound.find("\"quote_id\":\"q9\"");
  REQUIRE(target != std::string::npos);
  const auto flip = [&](std::size_t at) {
    std::string bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    std::ofstream(folder.file(), std::ios::binary) << bytes;
    const auto opened = Ledger::open(folder.url());
    return opened ? ledger::verify(**opened, {})
                  : base::Result<ledger::VerifyReport>(base::fail(opened.error()));
  };
  for (std::size_t at = target; at < target + 60; at += 3) {
    const auto report = flip(at);
    REQUIRE(report);
    REQUIRE_FALSE(report->differences.empty());
    CHECK(report->differences[0].where.find("row 9") != std::string::npos);
  }
  for (std::size_t at = 0; at < sound.size(); at += 97) flip(at);  // sound or told, never a crash
}

TEST_CASE("Ledger: kill -9 in the middle loses no row that was acknowledged") {
  const LedgerFolder folder;
  fill(*folder.open(), 1);
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto ledger = Ledger::open(folder.url());
    for (int i = 0;; ++i) {
      const auto id = fmt::format("k{:06}", i);
      if (!(*ledger)->append({sound_row(id, 1000 + i)})) ::_exit(1);
      if (::write(pipe_ends[1], id.data(), 7) != 7) ::_exit(1);
    }
  }
  ::close(pipe_ends[1]);
  std::set<std::string> acknowledged;
  char id[7];
  while (acknowledged.size() < 50 && ::read(pipe_ends[0], id, 7) == 7) acknowledged.emplace(id, 7);
  ::kill(child, SIGKILL);
  while (::read(pipe_ends[0], id, 7) == 7) acknowledged.emplace(id, 7);
  ::waitpid(child, nullptr, 0);
  ::close(pipe_ends[0]);
  CHECK(acknowledged.size() >= 50);
  const auto ledger = folder.open();
  for (const auto& one : acknowledged) CHECK(ledger->find(one).value().has_value());
  CHECK(verified(*ledger).differences.empty());
}

TEST_CASE("Ledger: traces alone come in the same order with the same fields, without the answers") {
  const test::LedgerFolder folder;
  const auto ledger = folder.open();
  test::fill(*ledger, 600);  // more than one page
  std::vector<ledger::StoredRow> whole, traces;
  REQUIRE(ledger->for_each(1, [&](const ledger::StoredRow& row) { return whole.push_back(row), true; }));
  REQUIRE(
      ledger->for_each_trace(1, [&](const ledger::StoredRow& row) { return traces.push_back(row), true; }));
  REQUIRE(whole.size() == 600);
  REQUIRE(traces.size() == whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    REQUIRE(traces[i].seq == whole[i].seq);
    REQUIRE(traces[i].row.quote_id == whole[i].row.quote_id);
    REQUIRE(traces[i].row.created_at == whole[i].row.created_at);
    REQUIRE(traces[i].row.tariff_release == whole[i].row.tariff_release);
    REQUIRE(traces[i].row.trace == whole[i].row.trace);
    REQUIRE(traces[i].row.quote.empty());
  }
}

TEST_CASE("ledger: another content of a tariff's version is found by its id and version") {
  const LedgerFolder folder;
  const auto ledger = folder.open();
  const auto first = test::small_tariff(),
             other = test::small_tariff(R"("price":1000,"up_to_m")", R"("price":1001,"up_to_m")");
  REQUIRE(first->release != other->release);
  REQUIRE(ledger->put_tariff(first->release, first->canonical));
  CHECK_FALSE(ledger->other_release("small", 1, first->release).value());
  CHECK(ledger->other_release("small", 1, other->release).value() == first->release);
  CHECK_FALSE(ledger->other_release("small", 2, other->release).value());
  CHECK_FALSE(ledger->other_release("large", 1, other->release).value());
}

TEST_CASE("ledger: of two contents of a version the one that was configured last is the newest") {
  const LedgerFolder folder;
  const auto first = test::small_tariff(),
             other = test::small_tariff(R"("price":1000,"up_to_m")", R"("price":1001,"up_to_m")");
  const auto other_than = [](const Ledger& ledger, const auto& tariff) {
    return ledger.other_release("small", 1, tariff->release).value();
  };
  {
    const auto ledger = folder.open();
    REQUIRE(ledger->put_tariff(first->release, first->canonical));
    REQUIRE(ledger->put_tariff(other->release, other->canonical));
    CHECK_FALSE(other_than(*ledger, other));  // the edit is accepted
    CHECK(other_than(*ledger, first) == other->release);
    REQUIRE(ledger->put_tariff(first->release, first->canonical));
    CHECK_FALSE(other_than(*ledger, first));  // the original is restored
    CHECK(other_than(*ledger, other) == first->release);
    CHECK(ledger->tariff(other->release).value() == other->canonical);
  }
  CHECK(other_than(*folder.open(), other) == first->release);
  execute(folder, "DROP TABLE newest_releases");  // a ledger of an earlier release
  const auto ledger = folder.open();
  CHECK(other_than(*ledger, first) == other->release);
  CHECK(other_than(*ledger, other) == first->release);
  REQUIRE(ledger->put_tariff(other->release, other->canonical));
  CHECK_FALSE(other_than(*ledger, other));
  REQUIRE(ledger->put_tariff("sha256:0", "no JSON"));
  CHECK_FALSE(other_than(*ledger, other));
}

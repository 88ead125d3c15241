#include "reckon/ledger/sqlite.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "ledger/ledger_fixture.h"

using namespace reckon;
using namespace reckon::test;

TEST_CASE("prepare_file: a file that cannot be made says why, and nothing of it stays") {
  const LedgerFolder folder;
  const auto path = folder.file().string();
  auto connection =
      ledger::Connection::open(path, "shelf", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 1000).value();
  const ledger::FileFormat format{"shelf", 1, 1, "CREATE TABLE a (b); CREATE TABLE a (b);"};
  const auto refused = ledger::prepare_file(connection, path, ledger::Access::kReadWrite, format);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::ErrorCode::kEnvironment);
  CHECK(refused.error().message == "cannot be made: table a already exists");
  ledger::Statement count(connection.get(), "SELECT count(*) FROM sqlite_master");
  REQUIRE(count.step() == ledger::Step::kRow);
  CHECK(count.integer(0) == 0);
}

#include "reckon/ledger/sqlite.h"

#include <sqlite3.h>
#include <unistd.h>

#include <utility>

namespace reckon::ledger {

Statement::Statement(sqlite3* database, const char* sql) {
  sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr);  // a failure leaves null, which step() tells
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_, parameter, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int parameter, std::int64_t number) {
  sqlite3_bind_int64(statement_, parameter, number);
  return *this;
}

Step Statement::step() {
  if (statement_ == nullptr) return Step::kFailed;
  const int code = sqlite3_step(statement_);
  return code == SQLITE_ROW ? Step::kRow : code == SQLITE_DONE ? Step::kDone : Step::kFailed;
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::string_view Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string_view{} : std::string_view{bytes, size};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

bool Statement::run() {
  const bool done = step() == Step::kDone;
  reset();
  return done;
}

void Connection::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

base::Result<Connection> Connection::open(const std::string& path, int flags, int busy_timeout_ms) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Connection connection;
  connection.handle_.reset(handle);
  if (code != SQLITE_OK) {
    return base::fail(base::ErrorCode::kEnvironment, path,
                      std::string("cannot be opened as a ledger: ") + sqlite3_errstr(code) +
                          (::access(path.c_str(), F_OK) == 0 ? "" : " (there is no such file)"));
  }
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  sqlite3_extended_result_codes(handle, 1);
  return connection;
}

bool Connection::execute(const char* sql) {
  return sqlite3_exec(get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::string Connection::message() const {
  return sqlite3_errmsg(get());
}

int Connection::code() const {
  return sqlite3_errcode(get()) & 0xFF;
}

}  // namespace reckon::ledger

#include "reckon/ledger/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "reckon/base/hash.h"

namespace reckon::ledger {
namespace {

std::int64_t pragma(Connection& connection, const char* sql) {
  Statement statement(connection.get(), sql);
  return statement.step() == Step::kRow ? statement.integer(0) : -1;
}

}  // namespace

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

Statement& Statement::bind_null(int parameter) {
  sqlite3_bind_null(statement_, parameter);
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

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

bool Statement::run() {
  const bool done = step() == Step::kDone;
  reset();
  return done;
}

void Connection::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

base::Result<Connection> Connection::open(const std::string& path, std::string_view name, int flags,
                                          int busy_timeout_ms) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Connection connection;
  connection.handle_.reset(handle);
  if (code != SQLITE_OK) {
    return base::fail(base::ErrorCode::kEnvironment, path,
                      fmt::format("cannot be opened as a {}: {}{}", name, sqlite3_errstr(code),
                                  ::access(path.c_str(), F_OK) == 0 ? "" : " (there is no such file)"));
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

base::Result<std::string> path_of(std::string_view url, std::string_view name) {
  constexpr std::string_view kScheme = "sqlite:";
  if (url.starts_with(kScheme) && url.size() > kScheme.size()) return std::string(url.substr(kScheme.size()));
  return base::fail(base::ErrorCode::kInvalidInput, std::string(url),
                    fmt::format("is no {}; allowed: sqlite:PATH", name));
}

namespace {

// Runs `work` alone, in one transaction. Where it or the commit fails, nothing is done and the fault is
// given; it is read before ROLLBACK, whose success would hide it.
template <class Work>
std::optional<std::string> fault_alone(Connection& connection, Work&& work) {
  if (!connection.execute("BEGIN IMMEDIATE")) return connection.message();
  if (work() && connection.execute("COMMIT")) return std::nullopt;
  auto fault =
      connection.code() == SQLITE_OK ? std::string("no way to do that is known") : connection.message();
  connection.execute("ROLLBACK");
  return fault;
}

// Two processes may find the file empty, or old, at once; the second sees what the first did after the lock.
base::Result<void> make_current(Connection& connection, const std::string& path, const FileFormat& format) {
  const auto made = [&] {
    return pragma(connection, "SELECT count(*) FROM sqlite_master") != 0 || connection.execute(format.schema);
  };
  if (pragma(connection, "SELECT count(*) FROM sqlite_master") == 0) {
    if (const auto fault = fault_alone(connection, made))
      return base::fail(base::ErrorCode::kEnvironment, path, fmt::format("cannot be made: {}", *fault));
  }
  const auto old = [&] {
    return pragma(connection, "PRAGMA application_id") == format.application_id &&
           pragma(connection, "PRAGMA user_version") < format.version;
  };
  const auto upgraded = [&] {
    return !old() || format.upgrade(connection, pragma(connection, "PRAGMA user_version"));
  };
  if (format.upgrade != nullptr && old()) {
    if (const auto fault = fault_alone(connection, upgraded))
      return base::fail(base::ErrorCode::kEnvironment, path,
                        fmt::format("cannot be brought to version {}: {}", format.version, *fault));
  }
  return {};
}

}  // namespace

base::Result<void> prepare_file(Connection& connection, const std::string& path, Access access,
                                const FileFormat& format) {
  Statement count(connection.get(), "SELECT count(*) FROM sqlite_master");
  if (count.step() != Step::kRow) {
    const bool foreign = connection.code() == SQLITE_NOTADB || connection.code() == SQLITE_CORRUPT;
    return base::fail(foreign ? base::ErrorCode::kCorrupt : base::ErrorCode::kEnvironment, path,
                      fmt::format("is not a readable {}: {}", format.name, connection.message()));
  }
  count.reset();
  if (access == Access::kReadWrite) {
    if (!connection.execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON;")) {
      return base::fail(base::ErrorCode::kEnvironment, path,
                        fmt::format("cannot be written: {}", connection.message()));
    }
    if (auto ready = make_current(connection, path, format); !ready) return ready;
  }
  if (pragma(connection, "PRAGMA application_id") != format.application_id) {
    return base::fail(base::ErrorCode::kCorrupt, path,
                      fmt::format("is not a Reckon {}; allowed: a file that reckon made", format.name));
  }
  if (const auto version = pragma(connection, "PRAGMA user_version"); version != format.version) {
    const bool can = format.upgrade != nullptr && version < format.version;
    return base::fail(
        base::ErrorCode::kCorrupt, path,
        fmt::format("is a {} of version {}; this program reads version {}{}", format.name, version,
                    format.version, can ? ", to which any command that writes to it brings it" : ""));
  }
  return {};
}

std::string fields_hash(std::initializer_list<std::string_view> fields) {
  std::string text;
  for (const auto field : fields) {
    text += std::to_string(field.size());
    text += ':';
    text += field;
  }
  return base::sha256(text);
}

std::int64_t micros(base::WallTime time) {
  return time.time_since_epoch().count();
}

base::WallTime wall(std::int64_t micros) {
  return base::WallTime{std::chrono::microseconds{micros}};
}

}  // namespace reckon::ledger

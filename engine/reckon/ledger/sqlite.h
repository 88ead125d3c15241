#pragma once

// A thin hand on SQLite for this room: statements that are finalised, texts that are bound and read as views.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace reckon::ledger {

/// What a step of a statement gave.
enum class Step { kRow, kDone, kFailed };

/// One prepared statement; one thread at a time. Parameters count from 1, columns from 0, as SQLite has it.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int parameter, std::string_view text);  ///< the text must live until reset()
  Statement& bind(int parameter, std::int64_t number);
  Statement& bind_null(int parameter);
  Step step();
  void reset();
  std::string_view text(int column) const;  ///< valid until the next step
  std::int64_t integer(int column) const;
  bool is_null(int column) const;
  /// Runs a statement that gives no rows, and resets it.
  bool run();

 private:
  sqlite3_stmt* statement_ = nullptr;
};

/// An open connection.
class Connection {
 public:
  /// @param flags  SQLITE_OPEN_…
  /// @param name   what it is to be, for people: `ledger`
  static base::Result<Connection> open(const std::string& path, std::string_view name, int flags,
                                       int busy_timeout_ms);
  sqlite3* get() const { return handle_.get(); }
  bool execute(const char* sql);
  std::string message() const;
  int code() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

enum class Access : std::uint8_t { kReadWrite, kReadOnly };

/// A kind of file that this room makes.
struct FileFormat {
  std::string_view name;        ///< for people: `ledger`
  std::int64_t application_id;  ///< as the schema sets it
  std::int64_t version;         ///< `user_version`, as the schema sets it; another one is refused
  const char* schema;           ///< of a new file
  /// Brings an older version up to date, inside a transaction; false where it cannot. Null: none is.
  bool (*upgrade)(Connection& connection, std::int64_t from) = nullptr;
};

/// The path of `sqlite:<path>`.
/// @errors kInvalidInput  another scheme; `name` says what was to be opened
base::Result<std::string> path_of(std::string_view url, std::string_view name);

/// Makes the tables of a new file (kReadWrite), durable (WAL, synchronous=FULL); checks that an old one is of
/// this format, and brings one of an earlier version up to date (kReadWrite).
/// @errors kEnvironment  cannot be read or written; kCorrupt  another kind of file, or another version of it
base::Result<void> prepare_file(Connection& connection, const std::string& path, Access access,
                                const FileFormat& format);

/// The hash of a row's fields, each with its length: no two lists of fields give the same text.
std::string fields_hash(std::initializer_list<std::string_view> fields);

/// Instants as they stand in tables: microseconds since 1970.
std::int64_t micros(base::WallTime time);
base::WallTime wall(std::int64_t micros);

}  // namespace reckon::ledger

#pragma once

// A thin hand on SQLite for this room: statements that are finalised, texts that are bound and read as views.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

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
  Step step();
  void reset();
  std::string_view text(int column) const;  ///< valid until the next step
  std::int64_t integer(int column) const;
  /// Runs a statement that gives no rows, and resets it.
  bool run();

 private:
  sqlite3_stmt* statement_ = nullptr;
};

/// An open connection.
class Connection {
 public:
  /// @param flags  SQLITE_OPEN_…
  static base::Result<Connection> open(const std::string& path, int flags, int busy_timeout_ms);
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

}  // namespace reckon::ledger

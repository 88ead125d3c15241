#pragma once

// Inside the books: what the files of this store share. Not for others.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/ledger/settlement_store.h"
#include "reckon/ledger/sqlite.h"

namespace reckon::ledger {

/// BEGIN IMMEDIATE until commit(); rolled back when it goes without.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {
    open_ = connection_.execute("BEGIN IMMEDIATE");
  }
  ~Transaction() {
    if (open_) connection_.execute("ROLLBACK");
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  bool begun() const { return open_; }
  bool commit() {
    if (!connection_.execute("COMMIT")) return false;
    open_ = false;
    return true;
  }

 private:
  Connection& connection_;
  bool open_ = false;
};

struct Books::State {
  State(std::string file, Connection connection) : path(std::move(file)), db(std::move(connection)) {}

  tl::unexpected<base::Error> store_fault(std::string_view doing) const;
  tl::unexpected<base::Error> damage() const;

  base::Result<Terms> terms_of(std::string_view release) const;
  /// The recorded delivery as it was recorded.
  base::Result<std::optional<Document>> recorded_delivery(Statement& select, std::string_view quote_id) const;
  base::Result<std::vector<Document>> documents_of(std::chrono::sys_days day, std::int64_t until_seq) const;
  base::Result<std::vector<Close>> read_closes(bool only_current) const;
  base::Result<std::optional<Close>> last_close() const;
  base::Result<void> insert_journal(std::int64_t close, const DayJournal& journal);
  base::Result<void> insert_position(std::int64_t close, const Position& position);
  base::Result<void> insert_close(Close& close);
  base::Result<DayJournal> journal(std::int64_t close) const;
  /// Adds what the open days would post to the account.
  base::Result<void> add_open_days(const std::vector<OpenDay>& days, std::int64_t last_close,
                                   AccountStatement& statement) const;
  base::Result<Position> position(std::int64_t close) const;
  base::Result<std::string> last_hash(const char* sql, std::int64_t& seq) const;

  std::string path;
  mutable Connection db;
};

/// Reads a row of kSelectDocument.
inline constexpr std::string_view kSelectDocument =
    "SELECT seq, kind, day, at_us, quote_id, shop, rider, branch, amount, vat, vat_ppm, vat_unit, vat_mode, "
    "rider_pay, fee_before, reason, who, note, source, row_hash FROM documents ";
Document read_document(const Statement& at);
/// Deliveries by quote, for recorded_delivery.
Statement delivery_by_quote(const Connection& db);

/// The links of the three chains.
std::string document_hash(std::string_view previous, const Document& document);
std::string close_hash(std::string_view previous, const Close& close);
std::string reopening_hash(std::string_view previous, const Reopening& reopening);

/// The day of a table's text; documents and closes have no other form.
std::chrono::sys_days stored_day(std::string_view text);

}  // namespace reckon::ledger

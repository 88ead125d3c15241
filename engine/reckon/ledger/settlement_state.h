#pragma once

// Inside the books: what the files of this store share. Not for others.

#include <algorithm>
#include <array>
#include <optional>
#include <span>
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

/// The chains of rows, and how far each goes.
inline constexpr std::array<std::string_view, 4> kChains = {"terms", "documents", "closes", "reopenings"};
struct ChainEnd {
  std::int64_t rows = 0;
  std::string hash;  ///< of the last row; empty where there is none

  friend bool operator==(const ChainEnd&, const ChainEnd&) = default;
};
using ChainEnds = std::array<ChainEnd, kChains.size()>;

/// Where each chain ends in its table; nothing where it cannot be read.
std::optional<ChainEnds> chain_ends(const Connection& db);
/// Where each chain ends as the file's head tells; a chain that the head has not is empty.
std::optional<ChainEnds> told_ends(const Connection& db);
/// Why the two are not the same chain end; empty when they are.
std::string end_fault(std::string_view chain, const ChainEnd& told, const ChainEnd& found);
/// Makes the head tell where the chains end; inside a transaction.
bool write_head(Connection& db);

/// What `parties` must hold: each shop, rider, branch and the first document that names it.
inline constexpr const char* kPartiesOfDocuments =
    "SELECT 'shop', shop, min(seq) FROM documents WHERE shop <> '' GROUP BY shop UNION ALL "
    "SELECT 'rider', rider, min(seq) FROM documents WHERE rider <> '' GROUP BY rider UNION ALL "
    "SELECT 'branch', branch, min(seq) FROM documents WHERE branch <> '' GROUP BY branch";

struct Books::State {
  State(std::string file, Connection connection, const base::Clock* time)
      : path(std::move(file)), db(std::move(connection)), clock(time) {}

  tl::unexpected<base::Error> store_fault(std::string_view doing) const;
  tl::unexpected<base::Error> damage() const;
  tl::unexpected<base::Error> damage(std::string_view what) const;

  /// Begins a write on a file whose chains end where its head says.
  base::Result<void> begin(const Transaction& transaction, std::string_view doing) const;
  /// Moves the head and commits.
  base::Result<void> commit(Transaction& transaction, std::string_view doing);

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
  /// What `record` would add, and why it would not. `documents` get their days.
  struct Examined {
    RowFaults faults;
    std::vector<std::size_t> fresh;  ///< places of those to be written
    std::vector<std::string> new_parties;
  };
  class Examiner;
  base::Result<Examined> examine(std::vector<Document>& documents, const std::vector<std::string>& wheres,
                                 NewParties parties) const;
  /// The document of a select that gives one, or none.
  base::Result<std::optional<Document>> one_document(Statement& select) const;
  base::Result<std::optional<Document>> document(std::int64_t seq) const;
  /// As Books::delivery.
  base::Result<Document> adjusted_delivery(std::string_view quote_id) const;
  /// Names of `shop`, `rider` or `branch`, in order.
  base::Result<std::vector<std::string>> parties_of(std::string_view kind) const;
  /// @errors kNotFound  neither a posting nor a document knows the account; tells those that they know
  base::Result<void> check_known(std::string_view account) const;
  base::Result<std::vector<HeldCharge>> held_charges(std::string_view shop,
                                                     std::span<const Hold> holds) const;
  base::Result<void> add_closed_days(const Terms& terms, const std::vector<Close>& closes,
                                     AccountStatement& statement) const;
  /// Adds what the open days would post to the account, and gives the position after them.
  base::Result<Position> add_open_days(const Terms& terms, const std::vector<OpenDay>& days,
                                       std::int64_t last_close, AccountStatement& statement) const;
  base::Result<void> add_lines(const DayJournal& journal, const std::vector<Document>& documents,
                               const OpenDay& open, AccountStatement& statement) const;
  /// What waits of a shop at the statement's end: `after` the open days, or, where those are left out or
  /// begin later, after the last close that it has.
  base::Result<void> add_held(const std::vector<Close>& closes, std::optional<Position> after,
                              AccountStatement& statement) const;
  base::Result<Position> position(std::int64_t close) const;
  /// Posts a close again and tells what differs.
  void verify_close(const Close& close, const std::function<void(std::string)>& add) const;
  base::Result<std::string> last_hash(const char* sql, std::int64_t& seq) const;

  std::string path;
  mutable Connection db;
  const base::Clock* clock;  ///< null: the machine's
};

/// Reads a row of kSelectDocument.
inline constexpr std::string_view kSelectDocument =
    "SELECT seq, kind, day, at_us, quote_id, shop, rider, branch, amount, vat, vat_ppm, vat_unit, vat_mode, "
    "rider_pay, fee_before, reason, who, note, source, row_hash FROM documents ";
/// @errors kCorrupt  a value that no document has; `where` is `document <seq>`
base::Result<Document> read_document(const Statement& at);
/// Deliveries by quote, for recorded_delivery.
Statement delivery_by_quote(const Connection& db);

/// Why `by` does not name who does something; empty when it does.
std::string name_fault(std::string_view by);

/// The links of the three chains.
std::string document_hash(std::string_view previous, const Document& document);
std::string close_hash(std::string_view previous, const Close& close);
std::string reopening_hash(std::string_view previous, const Reopening& reopening);

/// The day of a table's text; documents and closes have no other form.
std::chrono::sys_days stored_day(std::string_view text);

/// The place of a name among those of an enumeration; nothing for another, which only a changed file has.
template <class Enum, std::size_t N>
std::optional<Enum> spelled(std::string_view text, const std::array<std::string_view, N>& names) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace reckon::ledger

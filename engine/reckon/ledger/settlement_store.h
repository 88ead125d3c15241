#pragma once

// The books: documents of deliveries, adjustments, deposits and payments, and the days that were closed over
// them. One SQLite file of their own beside the ledger, so that a close never keeps a quote from being
// recorded. Documents, closes and re-openings each form a hash chain. docs/settlement.md.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/ledger/row_faults.h"
#include "reckon/ledger/settlement.h"

namespace reckon::ledger {

/// A day that is closed, or was.
struct Close {
  std::int64_t seq = 0;  ///< 1, 2, 3, … without holes
  std::chrono::sys_days day{};
  std::int64_t previous = 0;       ///< the close on whose position this one stands; 0 = the first
  std::int64_t last_document = 0;  ///< no later document was there
  base::WallTime at{};
  std::string by;
  std::string terms;  ///< release
  std::int64_t documents = 0, entries = 0, postings = 0, holds = 0;
  std::string journal_hash, position_hash;
  std::string row_hash;  ///< of the row before and this row's fields
};

/// Why a closed day was opened again.
struct Reopening {
  std::int64_t seq = 0;
  std::int64_t close = 0;
  base::WallTime at{};
  std::string by, reason;
  std::string row_hash;
};

/// Of a note, a reason, a name of who did it: they stand in statements and in cells of a sheet.
inline constexpr std::size_t kMaxNoteBytes = 500;

/// Whether documents may name shops, riders and branches that no earlier document names.
enum class NewParties : std::uint8_t { kRefused, kAllowed };

struct Recorded {
  std::int64_t added = 0;
  std::int64_t there_already = 0;        ///< the same deliveries, recorded earlier
  std::int64_t last_document = 0;        ///< seq of the last one added
  std::vector<std::string> new_parties;  ///< `rider r-1`, in the order of the documents
};

/// One line of a statement.
struct StatementLine {
  std::chrono::sys_days day{};
  base::WallTime at{};  ///< of the document, of a release what released it; the day's last second of none
  EntryKind entry = EntryKind::kDelivery;
  What what = What::kFee;
  std::int64_t document = 0;  ///< seq, or 0
  std::string quote_id, reason;
  std::string note;  ///< of the document; of what is kept back of pay the insurance and whose pay
  fee::Money amount;
  fee::Money balance;  ///< after it
  bool open = false;   ///< of a day that is not closed: it may still change
};

/// Whether a statement tells what the open days would post if they were closed now.
enum class OpenDays : std::uint8_t { kLeftOut, kIncluded };

/// What an open day is made of so far.
struct OpenDay {
  std::chrono::sys_days day{};
  std::int64_t documents = 0;
};

/// A charge of a shop that waits for a deposit.
struct HeldCharge {
  std::string quote_id;
  fee::Money amount;  ///< > 0
};

/// An account over days [from, to].
struct AccountStatement {
  std::string account;
  std::chrono::sys_days from{}, to{};
  fee::Money opening, closing;
  std::vector<StatementLine> lines;
  std::vector<OpenDay> open_days;  ///< of [from, to]: what they post is not in it, or may still change
  std::vector<HeldCharge> held;    ///< of a shop: what waits at the end, oldest first; not in `closing`

  fee::Money on_hold() const;  ///< their sum
};

/// One thread at a time; other processes may use the file meanwhile.
class Books {
 public:
  /// kCreate is kReadWrite that makes a missing file.
  enum class Mode : std::uint8_t { kReadWrite, kReadOnly, kCreate };

  /// @param url    `sqlite:<path>`
  /// @param clock  says which day is today where a document of a closed day is refused; null: the machine's
  /// @errors kInvalidInput  another scheme
  ///         kEnvironment   cannot be opened, or is missing, or cannot be made
  ///         kCorrupt       not such books, or another version of them
  static base::Result<std::unique_ptr<Books>> open(std::string_view url, Mode mode,
                                                   const base::Clock* clock = nullptr);
  ~Books();

  /// From now on days are closed under these; earlier ones are kept. All terms of one file have one currency
  /// and one time zone.
  /// @errors kConflict  another currency or time zone
  base::Result<void> put_terms(const Terms& terms, base::WallTime at, std::string_view by);
  /// @errors kNotFound  none were put yet
  base::Result<Terms> terms() const;

  /// Records all documents durably, or none. Those of deliveries that are there already, with the same
  /// content, are passed over: a file may be read twice. Sets `seq` and `day`.
  /// @param wheres  stands in faults, one for each document
  /// @errors every one up to base::kMaxFaults, in the order of the documents:
  ///         kConflict     a delivery is there with another content, or twice; a day is closed; a party is
  ///         new kCorrupt      rows were taken away since the last write kEnvironment  the file cannot be
  ///         written
  base::Result<Recorded> record(std::vector<Document> documents, const std::vector<std::string>& wheres,
                                NewParties parties = NewParties::kAllowed);

  /// Why `record` would refuse these; empty when it would not.
  base::Result<RowFaults> faults_of(std::vector<Document> documents, const std::vector<std::string>& wheres,
                                    NewParties parties) const;

  /// What is to be changed of a delivery's fee after the sale.
  struct Adjustment {
    std::string quote_id;
    fee::Money amount;                    ///< added to the fee without VAT; its VAT follows from the tariff
    std::optional<fee::Money> rider_pay;  ///< of it, where the delivery's pay does not come from shares
    std::string reason;                   ///< one of kAdjustmentReasons
    std::string by, note;
    base::WallTime at{};
  };
  /// @errors kNotFound  no such delivery; kConflict  its day is closed; kInvalidInput  everything else
  base::Result<Document> adjust(const Adjustment& adjustment);

  /// What is taken back of what was typed wrongly.
  struct Reversal {
    std::int64_t document = 0;  ///< of a deposit or payment
    std::string reason, by;     ///< free text, needed
    base::WallTime at{};
  };
  /// Takes back a deposit or payment, whole and once; both stay on record.
  /// @errors kNotFound  no such document; kConflict  it is another kind, or taken back already, or its day is
  /// closed;
  ///         kInvalidInput  everything else
  base::Result<Document> reverse(const Reversal& reversal);

  /// The delivery of a quote, with the fee, VAT and rider's pay that adjustments have made of it.
  /// @errors kNotFound  there is none
  base::Result<Document> delivery(std::string_view quote_id) const;

  /// Posts the day and locks it and all days before, in one transaction: after a crash it is closed or open.
  /// @param now  the day must have begun; what comes late to a closed day is refused
  /// @errors kConflict      it is closed, or an earlier day with documents is open
  ///         kInvalidInput  it has not begun, or no name
  ///         others         as post_day and terms
  base::Result<Close> close(std::chrono::sys_days day, base::WallTime now, std::string_view by);

  /// Opens the last closed day again: what was posted stays on record, but counts no more.
  /// @errors kConflict      it is not the last closed day; kInvalidInput  no reason or name
  base::Result<void> reopen(std::chrono::sys_days day, base::WallTime now, std::string_view by,
                            std::string_view reason);

  /// Days that are closed now, in their order.
  base::Result<std::vector<Close>> closes() const;
  /// Every close there ever was, with those that were opened again.
  base::Result<std::vector<Close>> all_closes() const;
  base::Result<std::vector<Reopening>> reopenings() const;
  base::Result<std::vector<OpenDay>> open_days() const;

  /// While one lives, all that is read of these books is of one instant, whatever others write meanwhile. For
  /// reading only.
  class Snapshot {
   public:
    ~Snapshot();
    Snapshot(Snapshot&& other) noexcept : books_(std::exchange(other.books_, nullptr)) {}
    Snapshot& operator=(Snapshot&&) = delete;

   private:
    friend class Books;
    explicit Snapshot(const Books* books) : books_(books) {}
    const Books* books_;  ///< null: it is part of a longer one
  };
  /// @errors kEnvironment  the file cannot be read
  base::Result<Snapshot> snapshot() const;

  /// Where all accounts stood after the close (0: none).
  base::Result<Position> position(std::int64_t close) const;
  /// @param account  `shop:s-1`
  /// @errors kNotFound  no document and no posting knows it; tells accounts of its kind
  ///         of post_day, where open days are included
  base::Result<AccountStatement> statement(std::string_view account, std::chrono::sys_days from,
                                           std::chrono::sys_days to,
                                           OpenDays open = OpenDays::kLeftOut) const;
  /// Names of all accounts, in order.
  base::Result<std::vector<std::string>> accounts() const;

  /// Checks the file's structure, the type of each value, all chains to their ends (docs/settlement.md), all
  /// terms against their release, posts every close again from its documents and its terms, and compares.
  /// @return what differs; empty when all is well
  base::Result<std::vector<base::Fault>> verify(
      const std::function<void(std::int64_t, std::int64_t)>& progress = {}) const;

 private:
  struct State;
  explicit Books(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reckon::ledger

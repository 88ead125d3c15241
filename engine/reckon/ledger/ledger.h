#pragma once

// The record: every quote is durable here before it is told to anyone. Rows form a hash chain, so that a
// changed or missing row can be named. An SQLite file (WAL, synchronous=FULL); callers on many threads share
// each commit.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"

namespace reckon::ledger {

/// One quote as it was told.
struct QuoteRow {
  std::string quote_id;
  base::WallTime created_at{};
  std::string tariff_release;
  std::string trace;  ///< canonical JSON (fee::to_json)
  std::string quote;  ///< the answer's JSON, byte for byte
};

/// The answer kept for an `Idempotency-Key`.
struct RememberedAnswer {
  std::string key;           ///< endpoint and key
  std::string request_hash;  ///< of the request's body
  std::int64_t status = 0;   ///< HTTP
  std::string body;
};

/// Quotes that could not be recorded while the store was failing.
struct Gap {
  base::WallTime first_at{};
  base::WallTime last_at{};
  std::int64_t quotes = 0;
  std::string reason;
};

/// One thing that happened in an outage of a provider: append-only, in a hash chain of its own.
struct IncidentEvent {
  std::string incident;  ///< id of the outage that it belongs to
  std::string provider;
  base::WallTime at{};
  std::string kind;    ///< see incidents.h
  std::string detail;  ///< JSON object; no personal data
};

struct StoredEvent {
  std::int64_t seq = 0;  ///< 1, 2, 3, … without holes
  IncidentEvent event;
  std::string row_hash;
};

struct StoredRow {
  std::int64_t seq = 0;  ///< 1, 2, 3, … without holes
  QuoteRow row;
  std::string row_hash;  ///< of the previous row's hash and this row's fields
};

/// What a chain link is: the hash that `row` must carry when it follows a row of hash `previous` (empty for
/// the first).
std::string chain_hash(std::string_view previous, std::int64_t seq, const QuoteRow& row);

/// The same for the chain of events.
std::string event_hash(std::string_view previous, std::int64_t seq, const IncidentEvent& event);

/// The hash that is kept with an answer.
std::string answer_hash(const RememberedAnswer& answer);

/// Safe to call from any thread.
class Ledger {
 public:
  enum class Mode { kReadWrite, kReadOnly };
  struct Options {
    Mode mode = Mode::kReadWrite;
    std::chrono::milliseconds busy_timeout{2000};  ///< how long a commit waits for another process
  };

  /// @param url  `sqlite:<path>`; the file is made when missing (kReadWrite only)
  /// @errors kInvalidInput  another scheme
  ///         kEnvironment   cannot be opened or made
  ///         kCorrupt       not a Reckon ledger, or another version of it
  static base::Result<std::unique_ptr<Ledger>> open(std::string_view url, Options options);
  static base::Result<std::unique_ptr<Ledger>> open(std::string_view url) { return open(url, Options{}); }
  ~Ledger();

  /// Keeps a tariff's canonical text under its release, so that its quotes can always be recomputed; it is
  /// then the newest of its id and version.
  base::Result<void> put_tariff(std::string_view release, std::string_view canonical);

  /// Records quotes (and an answer for an idempotency key) durably; returns when they are on disk.
  /// Calls that arrive while a commit runs share the next one.
  /// @errors kEnvironment  the store cannot write (full, locked); the gap is recorded with the next commit
  /// that can
  ///         kConflict     the idempotency key is taken; nothing of this call is recorded
  base::Result<void> append(std::vector<QuoteRow> rows, std::optional<RememberedAnswer> answer = {});

  /// Records events of outages, in one commit with whatever else waits.
  /// @errors kEnvironment  the store cannot write
  base::Result<void> append_events(std::vector<IncidentEvent> events);
  /// Calls `visit` for each event from `from_seq` on, in their order; stops when it returns false. A ledger
  /// of an earlier version has none.
  base::Result<void> for_each_event(std::int64_t from_seq,
                                    const std::function<bool(const StoredEvent&)>& visit) const;

  /// The newest release of a tariff of this id and version in the ledger, where that is not `release`; of
  /// those kept before the newest was recorded, any other one.
  /// @errors kEnvironment  the store cannot be read; so also `tariff` and `find`
  base::Result<std::optional<std::string>> other_release(std::string_view id, std::int64_t version,
                                                         std::string_view release) const;
  base::Result<std::optional<std::string>> tariff(std::string_view release) const;
  base::Result<std::optional<StoredRow>> find(std::string_view quote_id) const;
  /// The hash of the row before `seq`; empty for the first row, nothing where that row is missing.
  base::Result<std::optional<std::string>> hash_before(std::int64_t seq) const;
  base::Result<std::optional<RememberedAnswer>> remembered(std::string_view key) const;

  /// Calls `visit` for each row in order of `seq`; stops when it returns false.
  /// @errors kCorrupt  the file's structure is damaged; `where` names the first row that cannot be read
  base::Result<void> for_each(std::int64_t from_seq,
                              const std::function<bool(const StoredRow&)>& visit) const;
  /// The same without the answers: `row.quote` and `row_hash` are empty. For those who price history again.
  base::Result<void> for_each_trace(std::int64_t from_seq,
                                    const std::function<bool(const StoredRow&)>& visit) const;
  /// The newest first: those made in [from, to).
  base::Result<void> for_each_newest(base::WallTime from, base::WallTime to,
                                     const std::function<bool(const StoredRow&)>& visit) const;
  base::Result<std::int64_t> last_seq() const;
  base::Result<std::vector<Gap>> gaps() const;

  /// Keys of kept answers that do not match their hash any more.
  base::Result<std::vector<std::string>> changed_answers() const;

  /// Faults of the file's structure as the store itself sees them; empty when sound.
  std::vector<std::string> structure_faults() const;

  /// Quotes not recorded since the last successful commit; 0 when all is well.
  std::int64_t unrecorded() const;

 private:
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reckon::ledger

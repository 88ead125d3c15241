// Closing days and opening them again.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reckon/base/plain_text.h"
#include "reckon/fee/condition.h"
#include "reckon/ledger/settlement_state.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;

constexpr const char* kLastClose = "SELECT seq, row_hash FROM closes ORDER BY seq DESC LIMIT 1";
constexpr const char* kLastReopening = "SELECT seq, row_hash FROM reopenings ORDER BY seq DESC LIMIT 1";

// The account's number in the file, made when missing.
std::optional<std::int64_t> account_id(Statement& select, Statement& insert, const std::string& name) {
  select.reset();
  auto step = select.bind(1, name).step();
  if (step == Step::kDone) {
    if (!insert.bind(1, name).run()) return std::nullopt;
    select.reset();
    step = select.bind(1, name).step();
  }
  if (step != Step::kRow) return std::nullopt;
  return select.integer(0);
}

std::optional<std::vector<std::int64_t>> account_ids(Connection& db, const std::vector<std::string>& names) {
  Statement select(db.get(), "SELECT id FROM accounts WHERE name = ?");
  Statement insert(db.get(), "INSERT INTO accounts (name) VALUES (?)");
  std::vector<std::int64_t> ids;
  for (const auto& name : names) {
    const auto id = account_id(select, insert, name);
    if (!id) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace

std::string close_hash(std::string_view previous, const Close& close) {
  const auto text = [](std::int64_t number) { return std::to_string(number); };
  return fields_hash({previous, text(close.seq), fee::date_text(close.day), text(close.previous),
                      text(close.last_document), text(micros(close.at)), close.by, close.terms,
                      text(close.documents), text(close.entries), text(close.postings), text(close.holds),
                      close.journal_hash, close.position_hash});
}

std::string reopening_hash(std::string_view previous, const Reopening& reopening) {
  return fields_hash({previous, std::to_string(reopening.seq), std::to_string(reopening.close),
                      std::to_string(micros(reopening.at)), reopening.by, reopening.reason});
}

base::Result<void> Books::State::insert_journal(std::int64_t close, const DayJournal& journal) {
  const auto ids = account_ids(db, journal.accounts);
  if (!ids) return store_fault("write accounts");
  Statement entries(db.get(), "INSERT INTO entries (close_seq, entry, kind, document) VALUES (?, ?, ?, ?)");
  Statement postings(
      db.get(),
      "INSERT INTO postings (close_seq, entry, line, account, what, amount) VALUES (?, ?, ?, ?, ?, ?)");
  entries.bind(1, close);
  postings.bind(1, close);
  for (std::size_t i = 0; i < journal.entries.size(); ++i) {
    const auto& entry = journal.entries[i];
    const auto number = static_cast<std::int64_t>(i);
    entries.bind(2, number).bind(3, kEntryKindNames[static_cast<std::size_t>(entry.kind)]);
    if (!entries.bind(4, entry.document).run()) return store_fault("write entries");
    for (std::size_t p = entry.first; p < entry.last; ++p) {
      const auto& posting = journal.postings[p];
      postings.bind(2, number)
          .bind(3, static_cast<std::int64_t>(p - entry.first))
          .bind(4, (*ids)[posting.account]);
      postings.bind(5, kWhatNames[static_cast<std::size_t>(posting.what)]).bind(6, posting.amount.minor);
      if (!postings.run()) return store_fault("write postings");
    }
  }
  return {};
}

base::Result<void> Books::State::insert_position(std::int64_t close, const Position& position) {
  Statement balances(
      db.get(),
      "INSERT INTO balances (close_seq, account, balance) SELECT ?, id, ? FROM accounts WHERE name = ?");
  for (const auto& [name, balance] : position.balances) {
    if (!balances.bind(1, close).bind(2, balance.minor).bind(3, name).run())
      return store_fault("write balances");
  }
  Statement holds(db.get(),
                  "INSERT INTO holds (close_seq, place, shop, document, amount) VALUES (?, ?, ?, ?, ?)");
  std::int64_t place = 0;
  for (const auto& hold : position.holds) {
    holds.bind(1, close)
        .bind(2, place++)
        .bind(3, hold.shop)
        .bind(4, hold.document)
        .bind(5, hold.amount.minor);
    if (!holds.run()) return store_fault("write holds");
  }
  return {};
}

base::Result<void> Books::State::insert_close(Close& close) {
  std::int64_t seq = 0;
  const auto previous = last_hash(kLastClose, seq);
  if (!previous) return base::fail(previous.error());
  close.seq = seq + 1;
  close.row_hash = close_hash(*previous, close);
  const auto day = fee::date_text(close.day);
  Statement insert(
      db.get(),
      "INSERT INTO closes (seq, day, previous, last_document, at_us, who, terms, documents, entries, "
      "postings, holds, journal_hash, position_hash, row_hash) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, close.seq).bind(2, day).bind(3, close.previous).bind(4, close.last_document);
  insert.bind(5, micros(close.at)).bind(6, close.by).bind(7, close.terms).bind(8, close.documents);
  insert.bind(9, close.entries).bind(10, close.postings).bind(11, close.holds).bind(12, close.journal_hash);
  if (!insert.bind(13, close.position_hash).bind(14, close.row_hash).run())
    return store_fault("write the close");
  return {};
}

namespace {

// Why the day cannot be closed; nothing where it can.
std::optional<base::Error> not_closable(std::chrono::sys_days day, std::chrono::sys_days today,
                                        const std::optional<Close>& last, const std::vector<OpenDay>& open) {
  const auto text = fee::date_text(day);
  if (day > today)
    return base::Error{
        ErrorCode::kInvalidInput, text,
        fmt::format("has not begun: today is {}; a day up to today can be closed", fee::date_text(today))};
  if (last && day <= last->day)
    return base::Error{ErrorCode::kConflict, text,
                       fmt::format("is closed already, as are all days up to {}", fee::date_text(last->day))};
  if (!open.empty() && open.front().day < day)
    return base::Error{ErrorCode::kConflict, text,
                       fmt::format("follows {}, which is open and has {} documents; close that first",
                                   fee::date_text(open.front().day), open.front().documents)};
  return std::nullopt;
}

}  // namespace

base::Result<Close> Books::close(std::chrono::sys_days day, base::WallTime now, std::string_view by) {
  if (const auto fault = name_fault(by); !fault.empty())
    return base::fail(ErrorCode::kInvalidInput, "by", fault);
  const auto terms = this->terms();
  if (!terms) return base::fail(terms.error());
  Transaction transaction(state_->db);
  if (auto begun = state_->begin(transaction, "begin a close"); !begun) return base::fail(begun.error());
  const auto last = state_->last_close();
  const auto open = open_days();
  if (!last) return base::fail(last.error());
  if (!open) return base::fail(open.error());
  if (auto why = not_closable(day, day_of(*terms, now), *last, *open)) return base::fail(std::move(*why));
  Close close;
  close.day = day;
  close.previous = *last ? (*last)->seq : 0;
  close.at = now;
  close.by = by;
  close.terms = terms->release;
  const auto documents = state_->documents_of(day, std::numeric_limits<std::int64_t>::max());
  const auto opening = state_->position(close.previous);
  if (!documents) return base::fail(documents.error());
  if (!opening) return base::fail(opening.error());
  const auto journal = post_day(*terms, day, *opening, *documents);
  if (!journal) return base::fail(journal.error());
  if (const auto sum = sum_of(journal->closing); !sum || sum->minor != 0)
    return base::fail(ErrorCode::kCorrupt, state_->path,
                      "the balances do not sum to 0: the file was changed; run 'reckon settle verify'");
  if (!state_->last_hash("SELECT seq, row_hash FROM documents ORDER BY seq DESC LIMIT 1",
                         close.last_document))
    return state_->damage();
  close.documents = static_cast<std::int64_t>(documents->size());
  close.entries = static_cast<std::int64_t>(journal->entries.size());
  close.postings = static_cast<std::int64_t>(journal->postings.size());
  close.holds = static_cast<std::int64_t>(journal->closing.holds.size());
  close.journal_hash = journal_hash(*journal);
  close.position_hash = position_hash(journal->closing);
  if (auto done = state_->insert_close(close); !done) return base::fail(done.error());
  if (auto done = state_->insert_journal(close.seq, *journal); !done) return base::fail(done.error());
  if (auto done = state_->insert_position(close.seq, journal->closing); !done)
    return base::fail(done.error());
  if (auto done = state_->commit(transaction, "commit the close"); !done) return base::fail(done.error());
  return close;
}

base::Result<void> Books::reopen(std::chrono::sys_days day, base::WallTime now, std::string_view by,
                                 std::string_view reason) {
  std::vector<base::Fault> faults;
  if (auto fault = name_fault(by); !fault.empty()) faults.push_back({"by", std::move(fault)});
  auto reason_fault = base::plain_text_fault(reason, kMaxNoteBytes);
  if (reason.empty()) reason_fault = "is empty; it must be said";
  if (!reason_fault.empty()) faults.push_back({"reason", std::move(reason_fault)});
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  Transaction transaction(state_->db);
  if (auto begun = state_->begin(transaction, "begin to write"); !begun) return begun;
  const auto last = state_->last_close();
  if (!last) return base::fail(last.error());
  if (!*last || (*last)->day != day)
    return base::fail(ErrorCode::kConflict, fee::date_text(day),
                      *last
                          ? fmt::format("is not the last closed day; that is {}, and it must be opened first",
                                        fee::date_text((*last)->day))
                          : "is not closed; no day is");
  Reopening reopening;
  const auto previous = state_->last_hash(kLastReopening, reopening.seq);
  if (!previous) return base::fail(previous.error());
  ++reopening.seq;
  reopening.close = (*last)->seq;
  reopening.at = now;
  reopening.by = by;
  reopening.reason = reason;
  const auto hash = reopening_hash(*previous, reopening);
  Statement insert(
      state_->db.get(),
      "INSERT INTO reopenings (seq, close_seq, at_us, who, reason, row_hash) VALUES (?, ?, ?, ?, ?, ?)");
  insert.bind(1, reopening.seq).bind(2, reopening.close).bind(3, micros(now)).bind(4, by).bind(5, reason);
  if (!insert.bind(6, hash).run()) return state_->store_fault("open the day");
  return state_->commit(transaction, "open the day");
}

}  // namespace reckon::ledger

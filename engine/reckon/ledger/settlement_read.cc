// What stands in the books: closes, positions, journals, statements.

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "reckon/fee/condition.h"
#include "reckon/ledger/settlement_state.h"

namespace reckon::ledger {
namespace {

constexpr const char* kSelectCloses =
    "SELECT seq, day, previous, last_document, at_us, who, terms, documents, entries, postings, holds, "
    "journal_hash, "
    "position_hash, row_hash FROM closes ";
constexpr const char* kCurrent = "WHERE seq NOT IN (SELECT close_seq FROM reopenings) ";

Close read_close(const Statement& at) {
  Close close;
  close.seq = at.integer(0);
  close.day = stored_day(at.text(1));
  close.previous = at.integer(2);
  close.last_document = at.integer(3);
  close.at = wall(at.integer(4));
  close.by = at.text(5);
  close.terms = at.text(6);
  close.documents = at.integer(7);
  close.entries = at.integer(8);
  close.postings = at.integer(9);
  close.holds = at.integer(10);
  close.journal_hash = at.text(11);
  close.position_hash = at.text(12);
  close.row_hash = at.text(13);
  return close;
}

}  // namespace

base::Result<std::vector<Close>> Books::State::read_closes(bool only_current) const {
  const auto sql = std::string(kSelectCloses) + (only_current ? kCurrent : "") + "ORDER BY seq";
  Statement select(db.get(), sql.c_str());
  std::vector<Close> closes;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kFailed) return damage();
    if (step == Step::kDone) return closes;
    closes.push_back(read_close(select));
  }
}

base::Result<std::optional<Close>> Books::State::last_close() const {
  const auto sql = std::string(kSelectCloses) + kCurrent + "ORDER BY seq DESC LIMIT 1";
  Statement select(db.get(), sql.c_str());
  const auto step = select.step();
  if (step == Step::kFailed) return damage();
  if (step == Step::kDone) return std::nullopt;
  return read_close(select);
}

base::Result<std::vector<Document>> Books::State::documents_of(std::chrono::sys_days day,
                                                               std::int64_t until_seq) const {
  const auto sql = std::string(kSelectDocument) + "WHERE day = ? AND seq <= ? ORDER BY seq";
  const auto text = fee::date_text(day);
  Statement select(db.get(), sql.c_str());
  select.bind(1, text).bind(2, until_seq);
  std::vector<Document> documents;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kFailed) return damage();
    if (step == Step::kDone) return documents;
    auto document = read_document(select);
    if (!document) return base::fail(document.error());
    documents.push_back(std::move(*document));
  }
}

base::Result<Position> Books::State::position(std::int64_t close) const {
  Position position;
  Statement balances(db.get(),
                     "SELECT name, balance FROM balances JOIN accounts ON accounts.id = balances.account "
                     "WHERE close_seq = ?");
  balances.bind(1, close);
  Step step = Step::kRow;
  while ((step = balances.step()) == Step::kRow)
    position.balances.emplace(balances.text(0), fee::Money{balances.integer(1)});
  Statement holds(db.get(), "SELECT shop, document, amount FROM holds WHERE close_seq = ? ORDER BY place");
  holds.bind(1, close);
  while (step == Step::kDone && (step = holds.step()) == Step::kRow) {
    position.holds.push_back({std::string(holds.text(0)), holds.integer(1), {holds.integer(2)}});
    step = Step::kDone;
  }
  if (step == Step::kFailed) return damage();
  return position;
}

base::Result<DayJournal> Books::State::journal(std::int64_t close) const {
  DayJournal journal;
  Statement entries(db.get(), "SELECT kind, document FROM entries WHERE close_seq = ? ORDER BY entry");
  entries.bind(1, close);
  Step step = Step::kRow;
  while ((step = entries.step()) == Step::kRow) {
    const auto kind = spelled<EntryKind>(entries.text(0), kEntryKindNames);
    if (!kind) return damage(fmt::format("entries of kind '{}' are not known", entries.text(0)));
    journal.entries.push_back({*kind, entries.integer(1), 0, 0});
  }
  if (step == Step::kFailed) return damage();
  Statement postings(
      db.get(),
      "SELECT entry, name, what, amount FROM postings JOIN accounts ON accounts.id = postings.account "
      "WHERE close_seq = ? ORDER BY entry, line");
  postings.bind(1, close);
  std::map<std::string, std::uint32_t, std::less<>> ids;
  while ((step = postings.step()) == Step::kRow) {
    const auto entry = static_cast<std::size_t>(postings.integer(0));
    const auto what = spelled<What>(postings.text(2), kWhatNames);
    if (entry >= journal.entries.size() || !what)
      return damage(fmt::format("close {} has a posting of entry {} for '{}', which is not known", close,
                                entry, postings.text(2)));
    const auto [at, fresh] =
        ids.try_emplace(std::string(postings.text(1)), static_cast<std::uint32_t>(journal.accounts.size()));
    if (fresh) journal.accounts.emplace_back(postings.text(1));
    auto& part = journal.entries[entry];
    if (part.last == 0) part.first = journal.postings.size();
    journal.postings.push_back({at->second, *what, {postings.integer(3)}});
    part.last = journal.postings.size();
  }
  if (step == Step::kFailed) return damage();
  return journal;
}

base::Result<Books::Snapshot> Books::snapshot() const {
  auto& db = state_->db;
  if (sqlite3_get_autocommit(db.get()) == 0) return Snapshot(nullptr);
  if (!db.execute("BEGIN")) return state_->store_fault("be read");
  // The first read, not BEGIN, chooses the instant.
  if (db.execute("SELECT 1 FROM head LIMIT 1")) return Snapshot(this);
  auto fault = state_->damage();
  db.execute("ROLLBACK");
  return fault;
}

Books::Snapshot::~Snapshot() {
  if (books_ != nullptr) books_->state_->db.execute("COMMIT");
}

base::Result<std::vector<Close>> Books::closes() const {
  return state_->read_closes(true);
}

base::Result<std::vector<Close>> Books::all_closes() const {
  return state_->read_closes(false);
}

base::Result<Position> Books::position(std::int64_t close) const {
  return state_->position(close);
}

base::Result<std::vector<Reopening>> Books::reopenings() const {
  Statement select(state_->db.get(),
                   "SELECT seq, close_seq, at_us, who, reason, row_hash FROM reopenings ORDER BY seq");
  std::vector<Reopening> all;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kFailed) return state_->damage();
    if (step == Step::kDone) return all;
    all.push_back({select.integer(0), select.integer(1), wall(select.integer(2)), std::string(select.text(3)),
                   std::string(select.text(4)), std::string(select.text(5))});
  }
}

base::Result<std::vector<OpenDay>> Books::open_days() const {
  const auto last = state_->last_close();
  if (!last) return base::fail(last.error());
  const auto after = *last ? fee::date_text((*last)->day) : std::string();
  Statement select(state_->db.get(),
                   "SELECT day, count(*) FROM documents WHERE day > ? GROUP BY day ORDER BY day");
  select.bind(1, after);
  std::vector<OpenDay> open;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kFailed) return state_->damage();
    if (step == Step::kDone) return open;
    open.push_back({stored_day(select.text(0)), select.integer(1)});
  }
}

base::Result<std::vector<std::string>> Books::accounts() const {
  Statement select(state_->db.get(), "SELECT name FROM accounts ORDER BY name");
  std::vector<std::string> names;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kFailed) return state_->damage();
    if (step == Step::kDone) return names;
    names.emplace_back(select.text(0));
  }
}

}  // namespace reckon::ledger

// What stands in the books: closes, positions, journals, statements.

#include <fmt/format.h>

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

// The place of a name; one that is not there, which only a changed file has, gives the first.
template <class Enum, std::size_t N>
Enum spelled(std::string_view text, const std::array<std::string_view, N>& names) {
  const auto found = std::ranges::find(names, text);
  return static_cast<Enum>(found == names.end() ? 0 : found - names.begin());
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
    documents.push_back(read_document(select));
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
  while ((step = entries.step()) == Step::kRow)
    journal.entries.push_back(
        {spelled<EntryKind>(entries.text(0), kEntryKindNames), entries.integer(1), 0, 0});
  if (step == Step::kFailed) return damage();
  Statement postings(
      db.get(),
      "SELECT entry, name, what, amount FROM postings JOIN accounts ON accounts.id = postings.account "
      "WHERE close_seq = ? ORDER BY entry, line");
  postings.bind(1, close);
  std::map<std::string, std::uint32_t, std::less<>> ids;
  while ((step = postings.step()) == Step::kRow) {
    const auto entry = static_cast<std::size_t>(postings.integer(0));
    if (entry >= journal.entries.size()) return damage();
    const auto [at, fresh] =
        ids.try_emplace(std::string(postings.text(1)), static_cast<std::uint32_t>(journal.accounts.size()));
    if (fresh) journal.accounts.emplace_back(postings.text(1));
    auto& part = journal.entries[entry];
    if (part.last == 0) part.first = journal.postings.size();
    journal.postings.push_back(
        {at->second, spelled<What>(postings.text(2), kWhatNames), {postings.integer(3)}});
    part.last = journal.postings.size();
  }
  if (step == Step::kFailed) return damage();
  return journal;
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

namespace {

StatementLine read_line(const Statement& at, const Close& close) {
  StatementLine line;
  line.day = close.day;
  line.entry = spelled<EntryKind>(at.text(0), kEntryKindNames);
  line.what = spelled<What>(at.text(1), kWhatNames);
  line.amount = {at.integer(2)};
  line.at = at.is_null(3) ? base::WallTime{close.day} : wall(at.integer(3));
  line.quote_id = at.text(4);
  line.reason = at.text(5);
  line.note = at.text(6);
  return line;
}

}  // namespace

namespace {

StatementLine open_line(const DayJournal& journal, const Entry& entry, const Posting& posting,
                        const Document* document, std::chrono::sys_days day) {
  StatementLine line;
  line.day = day;
  line.entry = entry.kind;
  line.what = posting.what;
  line.amount = posting.amount;
  line.open = true;
  line.at = document == nullptr ? base::WallTime{day} : document->at;
  if (document != nullptr) {
    line.quote_id = document->quote_id;
    line.reason = document->reason;
    line.note = document->note;
  }
  for (auto p = entry.first; p < entry.last && entry.kind == EntryKind::kInsurance; ++p) {
    const auto& name = journal.accounts[journal.postings[p].account];
    if (name.starts_with("insurance:")) line.note = name;
  }
  return line;
}

// Postings of one account, in their order. Released charges may be of an earlier day: those have no document
// here.
void add_lines(const DayJournal& journal, const std::vector<Document>& documents, std::chrono::sys_days day,
               AccountStatement& statement) {
  std::map<std::int64_t, const Document*> by_seq;
  for (const auto& document : documents) by_seq.emplace(document.seq, &document);
  for (const auto& entry : journal.entries) {
    for (auto p = entry.first; p < entry.last; ++p) {
      const auto& posting = journal.postings[p];
      if (journal.accounts[posting.account] != statement.account) continue;
      const auto found = by_seq.find(entry.document);
      const auto* document = found == by_seq.end() ? nullptr : found->second;
      if (day < statement.from)
        statement.opening = statement.opening + posting.amount;  // fits: post_day has checked the balance
      else
        statement.lines.push_back(open_line(journal, entry, posting, document, day));
    }
  }
}

}  // namespace

base::Result<void> Books::State::add_open_days(const std::vector<OpenDay>& days, std::int64_t last_close,
                                               AccountStatement& statement) const {
  const auto terms = terms_of("");
  if (!terms) return base::fail(terms.error());
  auto opening = position(last_close);
  if (!opening) return base::fail(opening.error());
  for (const auto& open : days) {
    if (open.day > statement.to) break;
    const auto documents = documents_of(open.day, std::numeric_limits<std::int64_t>::max());
    if (!documents) return base::fail(documents.error());
    auto journal = post_day(*terms, open.day, *opening, *documents);
    if (!journal) return base::fail(journal.error());
    add_lines(*journal, *documents, open.day, statement);
    *opening = std::move(journal->closing);
  }
  return {};
}

base::Result<AccountStatement> Books::statement(std::string_view account, std::chrono::sys_days from,
                                                std::chrono::sys_days to, OpenDays open) const {
  const auto closes = this->closes();
  if (!closes) return base::fail(closes.error());
  AccountStatement statement;
  statement.account = account;
  statement.from = from;
  statement.to = to;
  Statement select(
      state_->db.get(),
      "SELECT e.kind, p.what, p.amount, d.at_us, d.quote_id, d.reason, coalesce(d.note, "
      "(SELECT a.name FROM postings q JOIN accounts a ON a.id = q.account WHERE q.close_seq = p.close_seq "
      "AND q.entry = p.entry AND a.name LIKE 'insurance:%')) FROM postings p INDEXED BY postings_of_account "
      "JOIN entries e ON e.close_seq = p.close_seq AND e.entry = p.entry "
      "LEFT JOIN documents d ON d.seq = e.document "
      "WHERE p.account = (SELECT id FROM accounts WHERE name = ?) AND p.close_seq = ? "
      "ORDER BY p.entry, p.line");
  Statement before(
      state_->db.get(),
      "SELECT balance FROM balances WHERE close_seq = ? AND account = (SELECT id FROM accounts WHERE "
      "name = ?)");
  for (const auto& close : *closes) {
    if (close.day < from) {
      before.reset();
      if (before.bind(1, close.seq).bind(2, account).step() == Step::kRow)
        statement.opening = {before.integer(0)};
    }
    if (close.day < from || close.day > to) continue;
    select.reset();
    select.bind(1, account).bind(2, close.seq);
    Step step = Step::kRow;
    while ((step = select.step()) == Step::kRow) statement.lines.push_back(read_line(select, close));
    if (step == Step::kFailed) return state_->damage();
  }
  if (open == OpenDays::kIncluded) {
    const auto days = open_days();
    if (!days) return base::fail(days.error());
    const auto last = closes->empty() ? 0 : closes->back().seq;
    if (const auto added = state_->add_open_days(*days, last, statement); !added)
      return base::fail(added.error());
  }
  statement.closing = statement.opening;
  for (auto& line : statement.lines) {
    const auto sum = fee::add(statement.closing, line.amount);
    if (!sum) return state_->damage();
    line.balance = statement.closing = *sum;
  }
  return statement;
}

}  // namespace reckon::ledger

// Statements: what closed days posted to one account, and what open ones would.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "reckon/fee/condition.h"
#include "reckon/ledger/settlement_state.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;

/// Accounts that a refusal tells.
constexpr std::size_t kMostTold = 20;

// `shop:s-1` as kind and name; the name of `cash` is empty.
std::pair<std::string_view, std::string_view> parts_of(std::string_view account) {
  const auto colon = std::min(account.find(':'), account.size());
  return {account.substr(0, colon), account.substr(std::min(colon + 1, account.size()))};
}

// Whose pay something is kept back of, in a statement of another account than the rider's.
bool names_rider(std::string_view account, std::string_view of) {
  return account.starts_with("rider:") && account != of;
}

// A row of the select in `statement`; nothing where its names are none.
std::optional<StatementLine> read_line(const Statement& at, std::chrono::sys_days day, base::WallTime end) {
  const auto entry = spelled<EntryKind>(at.text(0), kEntryKindNames);
  const auto what = spelled<What>(at.text(1), kWhatNames);
  if (!entry || !what) return std::nullopt;
  StatementLine line;
  line.day = day;
  line.entry = *entry;
  line.what = *what;
  line.amount = {at.integer(2)};
  line.at = at.is_null(3) ? end : wall(at.integer(3));
  line.quote_id = at.text(4);
  line.reason = at.text(5);
  line.note = at.text(6);
  line.document = at.integer(7);
  return line;
}

// `insurance:accident rider:r-1`, as add_closed_days has it.
std::string kept_back_note(const DayJournal& journal, const Entry& entry, std::string_view of) {
  std::set<std::string_view> names;
  for (auto p = entry.first; p < entry.last; ++p) {
    const auto& name = journal.accounts[journal.postings[p].account];
    if (name.starts_with("insurance:") || names_rider(name, of)) names.insert(name);
  }
  return fmt::format("{}", fmt::join(names, " "));
}

// When the entry was made: a release by what came before it.
base::WallTime time_of(const DayJournal& journal, const Entry& entry,
                       const std::map<std::int64_t, Document>& documents, base::WallTime otherwise) {
  auto cause = static_cast<std::size_t>(&entry - journal.entries.data());
  while (cause > 0 && journal.entries[cause].kind == EntryKind::kRelease) --cause;
  const auto found = documents.find(journal.entries[cause].document);
  return found == documents.end() ? otherwise : found->second.at;
}

StatementLine open_line(const DayJournal& journal, const Entry& entry, const Posting& posting,
                        const Document* document, std::chrono::sys_days day) {
  StatementLine line;
  line.day = day;
  line.entry = entry.kind;
  line.what = posting.what;
  line.amount = posting.amount;
  line.open = true;
  line.document = entry.document;
  if (document != nullptr) {
    line.at = document->at;
    line.quote_id = document->quote_id;
    line.reason = document->reason;
    line.note = document->note;
  }
  if (entry.document == 0) line.note = kept_back_note(journal, entry, journal.accounts[posting.account]);
  return line;
}

}  // namespace

fee::Money AccountStatement::on_hold() const {
  fee::Money sum;
  for (const auto& charge : held) sum = sum + charge.amount;  // fits: post_day keeps their sum as a balance
  return sum;
}

base::Result<std::vector<std::string>> Books::State::parties_of(std::string_view kind) const {
  Statement select(db.get(), "SELECT name FROM parties WHERE kind = ? ORDER BY name");
  select.bind(1, kind);
  std::vector<std::string> names;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kFailed) return damage();
    if (step == Step::kDone) return names;
    names.emplace_back(select.text(0));
  }
}

base::Result<void> Books::State::check_known(std::string_view account) const {
  const auto [kind, name] = parts_of(account);
  Statement select(
      db.get(),
      "SELECT 1 FROM accounts WHERE name = ?1 UNION ALL SELECT 1 FROM parties WHERE kind = ?2 AND "
      "name = ?3 LIMIT 1");
  const auto step = select.bind(1, account).bind(2, kind).bind(3, name).step();
  if (step == Step::kFailed) return damage();
  if (step == Step::kRow) return {};
  std::string all, same_kind;
  Statement names(db.get(),
                  "SELECT name FROM accounts UNION SELECT kind || ':' || name FROM parties ORDER BY 1");
  std::size_t count = 0, of_kind = 0;
  while (names.step() == Step::kRow) {
    const auto one = names.text(0);
    if (++count <= kMostTold) all += fmt::format("{}{}", all.empty() ? "" : ", ", one);
    if (parts_of(one).first == kind && ++of_kind <= kMostTold)
      same_kind += fmt::format("{}{}", same_kind.empty() ? "" : ", ", one);
  }
  const auto told = of_kind > 0 ? of_kind : count;
  return base::fail(ErrorCode::kNotFound, std::string(account),
                    fmt::format("is no account of these books; there are {}{}",
                                told == 0     ? "none yet"
                                : of_kind > 0 ? same_kind
                                              : all,
                                told > kMostTold ? fmt::format(" and {} more", told - kMostTold) : ""));
}

base::Result<std::vector<HeldCharge>> Books::State::held_charges(std::string_view shop,
                                                                 std::span<const Hold> holds) const {
  std::vector<HeldCharge> held;
  for (const auto& hold : holds) {
    if (hold.shop != shop) continue;
    const auto charged = document(hold.document);
    if (!charged) return base::fail(charged.error());
    held.push_back({*charged ? (*charged)->quote_id : std::string(), hold.amount});
  }
  return held;
}

// Postings of one account, in their order.
base::Result<void> Books::State::add_lines(const DayJournal& journal, const std::vector<Document>& documents,
                                           const OpenDay& open, AccountStatement& statement) const {
  std::map<std::int64_t, Document> by_seq;
  for (const auto& one : documents) by_seq.emplace(one.seq, one);
  for (const auto& entry : journal.entries) {
    for (auto p = entry.first; p < entry.last; ++p) {
      const auto& posting = journal.postings[p];
      if (journal.accounts[posting.account] != statement.account) continue;
      if (open.day < statement.from) {
        statement.opening = statement.opening + posting.amount;  // fits: post_day has checked the balance
        continue;
      }
      auto found = by_seq.find(entry.document);
      if (found == by_seq.end() && entry.document != 0) {  // a released charge may be of an earlier day
        auto earlier = document(entry.document);
        if (!earlier) return base::fail(earlier.error());
        if (*earlier) found = by_seq.emplace(entry.document, std::move(**earlier)).first;
      }
      const auto* of = found == by_seq.end() ? nullptr : &found->second;
      auto line = open_line(journal, entry, posting, of, open.day);
      if (entry.kind == EntryKind::kRelease) line.at = time_of(journal, entry, by_seq, line.at);
      statement.lines.push_back(std::move(line));
    }
  }
  return {};
}

base::Result<Position> Books::State::add_open_days(const Terms& terms, const std::vector<OpenDay>& days,
                                                   std::int64_t last_close,
                                                   AccountStatement& statement) const {
  auto opening = position(last_close);
  if (!opening) return opening;
  for (const auto& open : days) {
    if (open.day > statement.to) break;
    const auto documents = documents_of(open.day, std::numeric_limits<std::int64_t>::max());
    if (!documents) return base::fail(documents.error());
    auto journal = post_day(terms, open.day, *opening, *documents);
    if (!journal) return base::fail(journal.error());
    const auto before = statement.lines.size();
    if (auto added = add_lines(*journal, *documents, open, statement); !added)
      return base::fail(added.error());
    for (auto i = before; i < statement.lines.size(); ++i) {
      if (statement.lines[i].document == 0) statement.lines[i].at = end_of(terms, open.day);
    }
    *opening = std::move(journal->closing);
  }
  return opening;
}

base::Result<void> Books::State::add_closed_days(const Terms& terms, const std::vector<Close>& closes,
                                                 AccountStatement& statement) const {
  Statement select(
      db.get(),
      "SELECT e.kind, p.what, p.amount, d.at_us, d.quote_id, d.reason, coalesce(d.note, "
      "(SELECT group_concat(name, ' ') FROM (SELECT DISTINCT a.name AS name FROM postings q JOIN accounts a "
      "ON a.id = q.account WHERE q.close_seq = p.close_seq AND q.entry = p.entry AND (a.name LIKE "
      "'insurance:%' OR (a.name LIKE 'rider:%' AND a.name <> ?1)) ORDER BY a.name))), e.document, e.entry "
      "FROM postings p "
      "INDEXED BY postings_of_account "
      "JOIN entries e ON e.close_seq = p.close_seq AND e.entry = p.entry "
      "LEFT JOIN documents d ON d.seq = e.document "
      "WHERE p.account = (SELECT id FROM accounts WHERE name = ?1) AND p.close_seq = ?2 "
      "ORDER BY p.entry, p.line");
  Statement before(
      db.get(),
      "SELECT balance FROM balances WHERE close_seq = ? AND account = (SELECT id FROM accounts WHERE "
      "name = ?)");
  Statement cause(
      db.get(),
      "SELECT d.at_us FROM entries e JOIN documents d ON d.seq = e.document WHERE e.close_seq = ? "
      "AND e.entry < ? AND e.kind <> 'RELEASE' ORDER BY e.entry DESC LIMIT 1");
  for (const auto& close : closes) {
    if (close.day < statement.from) {
      before.reset();
      const auto step = before.bind(1, close.seq).bind(2, statement.account).step();
      if (step == Step::kFailed) return damage();
      if (step == Step::kRow) statement.opening = {before.integer(0)};
    }
    if (close.day < statement.from || close.day > statement.to) continue;
    select.reset();
    select.bind(1, statement.account).bind(2, close.seq);
    Step step = Step::kRow;
    std::int64_t last_release = -1;
    while ((step = select.step()) == Step::kRow) {
      auto line = read_line(select, close.day, end_of(terms, close.day));
      if (!line) return damage(fmt::format("close {} has an entry that is not known", close.seq));
      if (line->entry == EntryKind::kRelease) {  // those of one cause follow each other
        const auto entry = select.integer(8);
        if (last_release == entry - 1) {
          line->at = statement.lines.back().at;
        } else {
          cause.reset();
          const auto found = cause.bind(1, close.seq).bind(2, entry).step();
          if (found == Step::kFailed) return damage();
          if (found == Step::kRow) line->at = wall(cause.integer(0));
        }
        last_release = entry;
      }
      statement.lines.push_back(std::move(*line));
    }
    if (step == Step::kFailed) return damage();
  }
  return {};
}

base::Result<void> Books::State::add_held(const std::vector<Close>& closes, std::optional<Position> after,
                                          AccountStatement& statement) const {
  const auto [kind, shop] = parts_of(statement.account);
  if (kind != "shop") return {};
  if (!after) {
    const auto last = std::ranges::find_if(closes.rbegin(), closes.rend(),
                                           [&](const Close& close) { return close.day <= statement.to; });
    auto closed = position(last == closes.rend() ? 0 : last->seq);
    if (!closed) return base::fail(closed.error());
    after = std::move(*closed);
  }
  auto held = held_charges(shop, after->holds);
  if (!held) return base::fail(held.error());
  statement.held = std::move(*held);
  return {};
}

base::Result<AccountStatement> Books::statement(std::string_view account, std::chrono::sys_days from,
                                                std::chrono::sys_days to, OpenDays open) const {
  const auto view = snapshot();
  if (!view) return base::fail(view.error());
  const auto terms = this->terms();
  const auto closes = this->closes();
  const auto days = open_days();
  if (!terms) return base::fail(terms.error());
  if (!closes) return base::fail(closes.error());
  if (!days) return base::fail(days.error());
  AccountStatement statement;
  statement.account = account;
  statement.from = from;
  statement.to = to;
  std::ranges::copy_if(*days, std::back_inserter(statement.open_days),
                       [&](const OpenDay& day) { return from <= day.day && day.day <= to; });
  if (auto done = state_->add_closed_days(*terms, *closes, statement); !done) return base::fail(done.error());
  std::optional<Position> after;
  if (open == OpenDays::kIncluded && (closes->empty() || closes->back().day <= to)) {
    const auto last = closes->empty() ? 0 : closes->back().seq;
    auto position = state_->add_open_days(*terms, *days, last, statement);
    if (!position) return base::fail(position.error());
    after = std::move(*position);
  }
  if (!after || !after->balances.contains(account)) {  // open days may be the first that know it
    if (auto known = state_->check_known(account); !known) return base::fail(known.error());
  }
  if (auto done = state_->add_held(*closes, std::move(after), statement); !done)
    return base::fail(done.error());
  statement.closing = statement.opening;
  for (auto& line : statement.lines) {
    const auto sum = fee::add(statement.closing, line.amount);
    if (!sum) return state_->damage("holds postings that do not fit; run 'reckon settle verify'");
    line.balance = statement.closing = *sum;
  }
  return statement;
}

}  // namespace reckon::ledger

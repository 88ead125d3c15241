// Proving that the books are what was written: structure, types, chains to their ends, and every close posted
// again.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/fee/condition.h"
#include "reckon/ledger/settlement_state.h"

namespace reckon::ledger {
namespace {

// What `verify` finds, each with its place.
class Differences {
 public:
  void add(std::string where, std::string what) { faults_.add(std::move(where), std::move(what)); }
  /// Rows must follow each other without holes and carry the hash that follows from them.
  void check_link(std::string_view kind, std::int64_t expected, std::int64_t seq, std::string_view stored,
                  std::string_view computed) {
    const auto where = fmt::format("{} {}", kind, seq);
    if (seq != expected) add(where, fmt::format("follows {} {}: some are missing", kind, expected - 1));
    if (stored != computed) add(where, "was changed: its hash is another");
  }
  std::vector<base::Fault> take() {
    return faults_.empty() ? std::vector<base::Fault>{} : faults_.error(base::ErrorCode::kCorrupt).all();
  }

 private:
  RowFaults faults_;
};

bool verify_structure(const Connection& db, Differences& out) {
  Statement check(db.get(), "PRAGMA integrity_check(20)");
  for (;;) {
    const auto step = check.step();
    if (step != Step::kRow) return step == Step::kDone;
    if (check.text(0) != "ok") out.add("structure", std::string(check.text(0)));
  }
}

constexpr std::string_view kTables =
    "('terms', 'documents', 'closes', 'reopenings', 'accounts', 'entries', 'postings', 'balances', 'holds', "
    "'head', 'parties')";

// `text` between two `mark`s, as SQL has a name or a literal.
std::string between(char mark, std::string_view text) {
  std::string quoted(1, mark);
  for (const char c : text) quoted.append(c == mark ? 2 : 1, c);
  return quoted + mark;
}

// SQLite's own tables (`sqlite_stat1` after ANALYZE) and further indexes change nothing in what is told.
bool verify_tables(const Connection& db, Differences& out) {
  const auto sql = fmt::format(
      "SELECT type, name FROM sqlite_master WHERE type <> 'index' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
      "AND NOT (type = 'table' AND name IN {}) ORDER BY type, name",
      kTables);
  Statement select(db.get(), sql.c_str());
  Step step = Step::kRow;
  while ((step = select.step()) == Step::kRow)
    out.add(fmt::format("{} {}", select.text(0), select.text(1)),
            "does not belong to books; it was put in from outside");
  return step == Step::kDone;
}

// One table's columns: SQLite keeps a value that does not fit its column's type as it is.
struct Columns {
  std::string key;    ///< the first column of its key, quoted; the first of all where it has none
  std::string wrong;  ///< CASE … END: the first column whose value is of another type
};

std::optional<std::map<std::string, Columns>> read_columns(const Connection& db) {
  const auto sql = fmt::format(
      "SELECT m.name, c.name, lower(c.type), c.\"notnull\", c.pk FROM sqlite_master m "
      "JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name IN {} ORDER BY m.name, c.cid",
      kTables);
  Statement select(db.get(), sql.c_str());
  std::map<std::string, Columns> tables;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kFailed) return std::nullopt;
    if (step == Step::kDone) return tables;
    auto& columns = tables[std::string(select.text(0))];
    const auto name = between('"', select.text(1));
    if (columns.key.empty() || select.integer(4) == 1) columns.key = name;
    const bool may_be_null = select.integer(3) == 0 && select.integer(4) == 0;
    columns.wrong += fmt::format(" WHEN typeof({}) <> {}{} THEN {}", name, between('\'', select.text(2)),
                                 may_be_null ? fmt::format(" AND {} IS NOT NULL", name) : std::string(),
                                 between('\'', select.text(1)));
  }
}

bool verify_types(const Connection& db, Differences& out) {
  const auto tables = read_columns(db);
  if (!tables) return false;
  for (const auto& [table, columns] : *tables) {
    const auto sql = fmt::format("SELECT {0}, CASE{1} END AS wrong FROM {2} WHERE wrong IS NOT NULL",
                                 columns.key, columns.wrong, between('"', table));
    Statement select(db.get(), sql.c_str());
    Step step = Step::kRow;
    while ((step = select.step()) == Step::kRow)
      out.add(fmt::format("{} {}", table, select.text(0)),
              fmt::format("was changed: {} is of another type than it was written", select.text(1)));
    if (step == Step::kFailed) return false;
  }
  return true;
}

bool verify_ends(const Connection& db, Differences& out) {
  const auto told = told_ends(db), found = chain_ends(db);
  if (!told || !found) return false;
  for (std::size_t i = 0; i < kChains.size(); ++i) {
    if (const auto fault = end_fault(kChains[i], (*told)[i], (*found)[i]); !fault.empty())
      out.add(std::string(kChains[i]), fault);
  }
  return true;
}

// Also the terms under which no day was closed yet: the next close would use them.
bool verify_terms(const Connection& db, Differences& out) {
  Statement select(db.get(), "SELECT seq, release, text FROM terms ORDER BY seq");
  for (;;) {
    const auto step = select.step();
    if (step != Step::kRow) return step == Step::kDone;
    const auto where = fmt::format("terms {}", select.integer(0));
    if (base::sha256(select.text(2)) != select.text(1))
      out.add(where, fmt::format("was changed: its text is not that of release {}", select.text(1)));
    else if (const auto terms = read_terms(select.text(2), where); !terms)
      out.add(terms.error().where, "cannot be read: " + terms.error().message);
  }
}

bool verify_documents(const Connection& db, Differences& out) {
  const auto sql = std::string(kSelectDocument) + "ORDER BY seq";
  Statement select(db.get(), sql.c_str());
  std::string previous;
  for (std::int64_t expected = 1;; ++expected) {
    const auto step = select.step();
    if (step != Step::kRow) return step == Step::kDone;
    const auto document = read_document(select);
    const auto seq = select.integer(0);
    const std::string stored(select.text(19));
    if (document)
      out.check_link("document", expected, seq, stored, document_hash(previous, *document));
    else
      out.add(document.error().where, document.error().message);
    expected = seq;
    previous = stored;
  }
}

// A party that no document names, or that is not noted, would be taken for known, or for new.
bool verify_parties(const Connection& db, Differences& out) {
  const auto noted = std::string("SELECT kind, name, document FROM parties");
  const auto compare = [&](const std::string& sql, std::string_view what) {
    Statement select(db.get(), sql.c_str());
    Step step = Step::kRow;
    while ((step = select.step()) == Step::kRow)
      out.add(fmt::format("{} {}", select.text(0), select.text(1)), std::string(what));
    return step == Step::kDone;
  };
  return compare(noted + " EXCEPT SELECT * FROM (" + kPartiesOfDocuments + ")",
                 "is noted otherwise than documents name it") &&
         compare(fmt::format("SELECT * FROM ({}) EXCEPT {}", kPartiesOfDocuments, noted),
                 "is not noted among the parties");
}

}  // namespace

void Books::State::verify_close(const Close& close, const std::function<void(std::string)>& add) const {
  const auto terms = terms_of(close.terms);
  const auto documents = documents_of(close.day, close.last_document);
  const auto opening = position(close.previous), closing = position(close.seq);
  const auto journal = this->journal(close.seq);
  std::string why;
  const auto note = [&](const auto& part) {
    if (!part) why = fmt::format("{}: {}", part.error().where, part.error().message);
  };
  note(terms);
  note(documents);
  note(opening);
  note(closing);
  note(journal);
  if (!why.empty()) {
    add("cannot be posted again: " + why);
    return;
  }
  if (const auto counted = static_cast<std::int64_t>(documents->size()); counted != close.documents)
    add(fmt::format("counted {} documents, {} are there", close.documents, counted));
  const auto again = post_day(*terms, close.day, *opening, *documents);
  if (!again)
    add(fmt::format("cannot be posted again: {}: {}", again.error().where, again.error().message));
  else if (journal_hash(*again) != close.journal_hash || position_hash(again->closing) != close.position_hash)
    add("its documents give other postings today");
  if (journal_hash(*journal) != close.journal_hash) add("its postings were changed");
  if (position_hash(*closing) != close.position_hash) add("its balances or holds were changed");
  if (const auto sum = sum_of(*closing); !sum || sum->minor != 0) add("its balances do not sum to 0");
}

base::Result<std::vector<base::Fault>> Books::verify(
    const std::function<void(std::int64_t, std::int64_t)>& progress) const {
  const auto view = snapshot();
  if (!view) return base::fail(view.error());
  const auto& db = state_->db;
  Differences out;
  if (!verify_structure(db, out) || !verify_tables(db, out) || !verify_types(db, out) ||
      !verify_terms(db, out) || !verify_documents(db, out) || !verify_parties(db, out) ||
      !verify_ends(db, out))
    return state_->damage();
  const auto all = all_closes();
  const auto opened = reopenings();
  if (!all) return base::fail(all.error());
  if (!opened) return base::fail(opened.error());
  std::string previous;
  std::int64_t expected = 1;
  for (const auto& one : *opened) {
    out.check_link("reopening", expected++, one.seq, one.row_hash, reopening_hash(previous, one));
    previous = one.row_hash;
  }
  const auto last_document = chain_ends(db).value_or(ChainEnds{})[1].rows;
  previous.clear();
  expected = 1;
  for (const auto& close : *all) {
    out.check_link("close", expected++, close.seq, close.row_hash, close_hash(previous, close));
    previous = close.row_hash;
    const auto where = fmt::format("close {} of {}", close.seq, fee::date_text(close.day));
    if (close.last_document > last_document)
      out.add(where, fmt::format("was made when {} documents were there; now there are {}",
                                 close.last_document, last_document));
    state_->verify_close(close, [&](std::string what) { out.add(where, std::move(what)); });
    if (progress) progress(close.seq, static_cast<std::int64_t>(all->size()));
  }
  return out.take();
}

}  // namespace reckon::ledger

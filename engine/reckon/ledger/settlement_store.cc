#include "reckon/ledger/settlement_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <utility>

#include "reckon/fee/condition.h"
#include "reckon/ledger/settlement_state.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;

constexpr std::int64_t kApplicationId = 0x52434b42;  // "RCKB"
constexpr int kBusyTimeoutMs = 60'000;               // another's close of the largest day, on a busy machine

constexpr const char* kSchema = R"(
CREATE TABLE terms (seq INTEGER PRIMARY KEY, release TEXT NOT NULL, text TEXT NOT NULL, at_us INTEGER NOT NULL,
  who TEXT NOT NULL);
CREATE TABLE documents (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, day TEXT NOT NULL, at_us INTEGER NOT NULL,
  quote_id TEXT NOT NULL, shop TEXT NOT NULL, rider TEXT NOT NULL, branch TEXT NOT NULL, amount INTEGER NOT NULL,
  vat INTEGER, vat_ppm INTEGER, vat_unit INTEGER, vat_mode INTEGER, rider_pay INTEGER, fee_before INTEGER NOT NULL,
  reason TEXT NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL, source TEXT NOT NULL, row_hash TEXT NOT NULL);
CREATE INDEX documents_of_day ON documents (day);
CREATE UNIQUE INDEX deliveries ON documents (quote_id) WHERE kind = 'DELIVERY';
CREATE INDEX adjustments ON documents (quote_id) WHERE kind = 'ADJUSTMENT';
CREATE TABLE closes (seq INTEGER PRIMARY KEY, day TEXT NOT NULL, previous INTEGER NOT NULL, last_document INTEGER NOT NULL,
  at_us INTEGER NOT NULL, who TEXT NOT NULL, terms TEXT NOT NULL, documents INTEGER NOT NULL, entries INTEGER NOT NULL,
  postings INTEGER NOT NULL, holds INTEGER NOT NULL, journal_hash TEXT NOT NULL, position_hash TEXT NOT NULL,
  row_hash TEXT NOT NULL);
CREATE TABLE reopenings (seq INTEGER PRIMARY KEY, close_seq INTEGER NOT NULL UNIQUE, at_us INTEGER NOT NULL,
  who TEXT NOT NULL, reason TEXT NOT NULL, row_hash TEXT NOT NULL);
CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE entries (close_seq INTEGER NOT NULL, entry INTEGER NOT NULL, kind TEXT NOT NULL, document INTEGER NOT NULL,
  PRIMARY KEY (close_seq, entry)) WITHOUT ROWID;
CREATE TABLE postings (close_seq INTEGER NOT NULL, entry INTEGER NOT NULL, line INTEGER NOT NULL, account INTEGER NOT NULL,
  what TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (close_seq, entry, line)) WITHOUT ROWID;
CREATE INDEX postings_of_account ON postings (account, close_seq);
CREATE TABLE balances (close_seq INTEGER NOT NULL, account INTEGER NOT NULL, balance INTEGER NOT NULL,
  PRIMARY KEY (close_seq, account)) WITHOUT ROWID;
CREATE TABLE holds (close_seq INTEGER NOT NULL, place INTEGER NOT NULL, shop TEXT NOT NULL, document INTEGER NOT NULL,
  amount INTEGER NOT NULL, PRIMARY KEY (close_seq, place)) WITHOUT ROWID;
CREATE TABLE head (chain TEXT PRIMARY KEY, count INTEGER NOT NULL, last_hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE parties (kind TEXT NOT NULL, name TEXT NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE UNIQUE INDEX reversals ON documents (reason) WHERE kind = 'REVERSAL';
PRAGMA application_id = 1380141890;
PRAGMA user_version = 2;
)";
static_assert(kApplicationId == 1380141890);

// Version 1 had no head, no parties and no reversals. What was taken away from an end before stays unknown.
constexpr const char* kUpgrade = R"(
CREATE TABLE head (chain TEXT PRIMARY KEY, count INTEGER NOT NULL, last_hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE parties (kind TEXT NOT NULL, name TEXT NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE UNIQUE INDEX reversals ON documents (reason) WHERE kind = 'REVERSAL';
PRAGMA user_version = 2;
)";

bool upgrade(Connection& connection, std::int64_t from) {
  const auto parties = std::string("INSERT INTO parties (kind, name, document) ") + kPartiesOfDocuments;
  return from == 1 && connection.execute(kUpgrade) && connection.execute(parties.c_str()) &&
         write_head(connection);
}

constexpr FileFormat kFormat{"file of settlement books", kApplicationId, 2, kSchema, upgrade};

std::optional<fee::Money> optional_amount(const Statement& at, int column) {
  if (at.is_null(column)) return std::nullopt;
  return fee::Money{at.integer(column)};
}

std::string text_of(const std::optional<fee::Money>& amount) {
  return amount ? std::to_string(amount->minor) : "-";
}

}  // namespace

tl::unexpected<base::Error> Books::State::store_fault(std::string_view doing) const {
  return base::fail(ErrorCode::kEnvironment, path, fmt::format("cannot {}: {}", doing, db.message()));
}

tl::unexpected<base::Error> Books::State::damage() const {
  return damage(fmt::format("cannot be read: {}", db.message()));
}

tl::unexpected<base::Error> Books::State::damage(std::string_view what) const {
  return base::fail(ErrorCode::kCorrupt, path, std::string(what));
}

Books::Books(std::unique_ptr<State> state) : state_(std::move(state)) {}
Books::~Books() = default;

base::Result<std::unique_ptr<Books>> Books::open(std::string_view url, Mode mode, const base::Clock* clock) {
  auto path = path_of(url, "place for settlement books");
  if (!path) return base::fail(path.error());
  const bool writes = mode != Mode::kReadOnly;
  const int create = mode == Mode::kCreate ? SQLITE_OPEN_CREATE : 0;
  const int flags = (writes ? SQLITE_OPEN_READWRITE | create : SQLITE_OPEN_READONLY) | SQLITE_OPEN_FULLMUTEX;
  std::error_code ignored;
  if (create == 0 && !std::filesystem::exists(*path, ignored))
    return base::fail(ErrorCode::kEnvironment, *path,
                      "there are no settlement books; the right path is needed, or 'reckon settle terms' to "
                      "begin new ones");
  auto connection = Connection::open(*path, kFormat.name, flags, kBusyTimeoutMs);
  if (!connection) return base::fail(connection.error());
  const auto access = writes ? Access::kReadWrite : Access::kReadOnly;
  if (auto ready = prepare_file(*connection, *path, access, kFormat); !ready)
    return base::fail(ready.error());
  return std::unique_ptr<Books>(new Books(std::make_unique<State>(*path, std::move(*connection), clock)));
}

base::Result<void> Books::put_terms(const Terms& terms, base::WallTime at, std::string_view by) {
  if (const auto fault = name_fault(by); !fault.empty())
    return base::fail(ErrorCode::kInvalidInput, "by", fault);
  Transaction transaction(state_->db);
  if (auto begun = state_->begin(transaction, "begin to write"); !begun) return begun;
  const auto before = this->terms();
  if (!before && before.error().code != ErrorCode::kNotFound) return base::fail(before.error());
  if (before && before->release == terms.release) return {};
  if (before &&
      (!(before->currency == terms.currency) || before->time_zone->name() != terms.time_zone->name()))
    return base::fail(
        ErrorCode::kConflict, "terms",
        fmt::format("are in {} and {}, these books in {} and {}; other books are needed for that",
                    terms.currency.text(), terms.time_zone->name(), before->currency.text(),
                    before->time_zone->name()));
  Statement insert(state_->db.get(), "INSERT INTO terms (release, text, at_us, who) VALUES (?, ?, ?, ?)");
  insert.bind(1, terms.release).bind(2, terms.text).bind(3, micros(at)).bind(4, by);
  if (!insert.run()) return state_->store_fault("keep the terms");
  return state_->commit(transaction, "keep the terms");
}

base::Result<Terms> Books::State::terms_of(std::string_view release) const {
  Statement select(db.get(), release.empty() ? "SELECT release, text FROM terms ORDER BY seq DESC LIMIT 1"
                                             : "SELECT release, text FROM terms WHERE release = ? LIMIT 1");
  if (!release.empty()) select.bind(1, release);
  const auto step = select.step();
  if (step == Step::kFailed) return damage();
  if (step == Step::kDone)
    return base::fail(ErrorCode::kNotFound, path,
                      release.empty() ? "has no terms yet; put them with 'reckon settle terms FILE'"
                                      : fmt::format("has no terms of release {}; they were lost", release));
  auto terms = read_terms(select.text(1), "terms");
  if (!terms) return base::fail(terms.error());
  if (terms->release != select.text(0))
    return base::fail(ErrorCode::kCorrupt, path, fmt::format("terms {} were changed", select.text(0)));
  return terms;
}

base::Result<Terms> Books::terms() const {
  return state_->terms_of("");
}

namespace {

// What no document has, in the columns whose values have a meaning beyond their bytes.
std::string document_fault(const Statement& at) {
  if (!spelled<DocumentKind>(at.text(1), kDocumentKindNames))
    return fmt::format("kind '{}' is not known", at.text(1));
  if (!parse_day(at.text(2))) return fmt::format("day '{}' is none", at.text(2));
  if (at.is_null(10) != at.is_null(11) || at.is_null(10) != at.is_null(12))
    return "the VAT rule is not whole";
  if (at.is_null(10)) return {};
  if (at.integer(10) < 0 || at.integer(10) > fee::kMaxRatePpm)
    return fmt::format("vat_ppm {} is not from 0 to {}", at.integer(10), fee::kMaxRatePpm);
  if (at.integer(11) < 1 || at.integer(11) > fee::kMaxAmountMinor)
    return fmt::format("vat_unit {} is not from 1 to {}", at.integer(11), fee::kMaxAmountMinor);
  const auto modes = static_cast<std::int64_t>(fee::kRoundingNames.size());
  if (at.integer(12) < 0 || at.integer(12) >= modes)
    return fmt::format("vat_mode {} is not from 0 to {}", at.integer(12), modes - 1);
  return {};
}

}  // namespace

base::Result<Document> read_document(const Statement& at) {
  if (const auto fault = document_fault(at); !fault.empty())
    return base::fail(ErrorCode::kCorrupt, fmt::format("document {}", at.integer(0)),
                      "was changed: " + fault + "; run 'reckon settle verify'");
  Document document;
  document.seq = at.integer(0);
  document.kind = *spelled<DocumentKind>(at.text(1), kDocumentKindNames);
  document.day = stored_day(at.text(2));
  document.at = wall(at.integer(3));
  document.quote_id = at.text(4);
  document.shop = at.text(5);
  document.rider = at.text(6);
  document.branch = at.text(7);
  document.amount = {at.integer(8)};
  document.vat = optional_amount(at, 9);
  if (!at.is_null(10))
    document.vat_rule =
        fee::Vat{at.integer(10), {at.integer(11), static_cast<fee::RoundingMode>(at.integer(12))}};
  document.rider_pay = optional_amount(at, 13);
  document.before = {at.integer(14)};
  document.reason = at.text(15);
  document.by = at.text(16);
  document.note = at.text(17);
  document.source = at.text(18);
  return document;
}

std::string document_hash(std::string_view previous, const Document& document) {
  const auto rule = document.vat_rule ? fmt::format("{}/{}/{}", document.vat_rule->rate_ppm,
                                                    document.vat_rule->rounding.unit,
                                                    fee::to_string(document.vat_rule->rounding.mode))
                                      : "-";
  const auto kind = kDocumentKindNames[static_cast<std::size_t>(document.kind)];
  return fields_hash({previous, std::to_string(document.seq), kind, fee::date_text(document.day),
                      std::to_string(micros(document.at)), document.quote_id, document.shop, document.rider,
                      document.branch, std::to_string(document.amount.minor), text_of(document.vat), rule,
                      text_of(document.rider_pay), std::to_string(document.before.minor), document.reason,
                      document.by, document.note, document.source});
}

std::chrono::sys_days stored_day(std::string_view text) {
  return parse_day(text).value_or(std::chrono::sys_days{});
}

base::Result<std::string> Books::State::last_hash(const char* sql, std::int64_t& seq) const {
  Statement last(db.get(), sql);
  const auto step = last.step();
  if (step == Step::kFailed) return damage();
  seq = step == Step::kRow ? last.integer(0) : 0;
  return step == Step::kRow ? std::string(last.text(1)) : std::string();
}

Statement delivery_by_quote(const Connection& db) {
  const auto sql = std::string(kSelectDocument) + "WHERE kind = 'DELIVERY' AND quote_id = ?";
  return {db.get(), sql.c_str()};
}

namespace {

// Adds what an adjustment changed; false where that does not fit, which only a changed file has.
bool change(fee::Money& amount, std::int64_t by) {
  const auto sum = fee::add(amount, {by});
  amount = sum.value_or(amount);
  return sum.has_value();
}

}  // namespace

base::Result<std::optional<Document>> Books::State::one_document(Statement& select) const {
  const auto step = select.step();
  if (step == Step::kFailed) return damage();
  if (step == Step::kDone) return std::nullopt;
  auto document = read_document(select);
  if (!document) return base::fail(document.error());
  return std::optional<Document>(std::move(*document));
}

base::Result<std::optional<Document>> Books::State::recorded_delivery(Statement& select,
                                                                      std::string_view quote_id) const {
  select.reset();
  select.bind(1, quote_id);
  return one_document(select);
}

base::Result<std::optional<Document>> Books::State::document(std::int64_t seq) const {
  const auto sql = std::string(kSelectDocument) + "WHERE seq = ?";
  Statement select(db.get(), sql.c_str());
  select.bind(1, seq);
  return one_document(select);
}

base::Result<Document> Books::delivery(std::string_view quote_id) const {
  return state_->adjusted_delivery(quote_id);
}

base::Result<Document> Books::State::adjusted_delivery(std::string_view quote_id) const {
  auto select = delivery_by_quote(db);
  auto found = recorded_delivery(select, quote_id);
  if (!found) return base::fail(found.error());
  if (!*found)
    return base::fail(ErrorCode::kNotFound, std::string(quote_id),
                      "is no recorded delivery; import it first ('reckon settle import')");
  Document document = std::move(**found);
  Statement changes(db.get(),
                    "SELECT amount, coalesce(vat, 0), coalesce(rider_pay, 0) FROM documents "
                    "WHERE kind = 'ADJUSTMENT' AND quote_id = ?");
  changes.bind(1, quote_id);
  for (;;) {
    const auto step = changes.step();
    if (step == Step::kFailed) return damage();
    if (step == Step::kDone) return document;
    const bool fits = change(document.amount, changes.integer(0)) &&
                      (!document.vat || change(*document.vat, changes.integer(1))) &&
                      (!document.rider_pay || change(*document.rider_pay, changes.integer(2)));
    if (!fits) return damage("holds an adjustment that does not fit; run 'reckon settle verify'");
  }
}

}  // namespace reckon::ledger

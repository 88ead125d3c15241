#include "reckon/ledger/settlement_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "reckon/fee/condition.h"
#include "reckon/ledger/settlement_state.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;

constexpr std::int64_t kApplicationId = 0x52434b42;  // "RCKB"
constexpr int kBusyTimeoutMs = 10'000;               // a close of a large day takes seconds

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
PRAGMA application_id = 1380141890;
PRAGMA user_version = 1;
)";
static_assert(kApplicationId == 1380141890);
constexpr FileFormat kFormat{"file of settlement books", kApplicationId, 1, kSchema};

void bind_optional(Statement& statement, int parameter, const std::optional<fee::Money>& amount) {
  if (amount)
    statement.bind(parameter, amount->minor);
  else
    statement.bind_null(parameter);
}

std::optional<fee::Money> optional_amount(const Statement& at, int column) {
  if (at.is_null(column)) return std::nullopt;
  return fee::Money{at.integer(column)};
}

std::string text_of(const std::optional<fee::Money>& amount) {
  return amount ? std::to_string(amount->minor) : "-";
}

// What two recordings of one delivery must agree in.
bool same_delivery(const Document& a, const Document& b) {
  return a.at == b.at && a.shop == b.shop && a.rider == b.rider && a.branch == b.branch &&
         a.amount == b.amount && a.vat == b.vat && a.rider_pay == b.rider_pay && a.source == b.source;
}

std::string difference(const Document& there, const Document& now) {
  const auto told = [](const Document& one) {
    return fmt::format("{} shop {} rider {} branch {} fee {}", base::format_rfc3339(one.at), one.shop,
                       one.rider, one.branch, one.amount.minor);
  };
  return fmt::format(
      "is recorded already, otherwise ({}; now {}); only its fee can be changed ('settle adjust')",
      told(there), told(now));
}

}  // namespace

tl::unexpected<base::Error> Books::State::store_fault(std::string_view doing) const {
  return base::fail(ErrorCode::kEnvironment, path, fmt::format("cannot {}: {}", doing, db.message()));
}

tl::unexpected<base::Error> Books::State::damage() const {
  return base::fail(ErrorCode::kCorrupt, path, fmt::format("cannot be read: {}", db.message()));
}

Books::Books(std::unique_ptr<State> state) : state_(std::move(state)) {}
Books::~Books() = default;

base::Result<std::unique_ptr<Books>> Books::open(std::string_view url, Mode mode) {
  auto path = path_of(url, "place for settlement books");
  if (!path) return base::fail(path.error());
  const bool writes = mode == Mode::kReadWrite;
  const int flags =
      (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_FULLMUTEX;
  auto connection = Connection::open(*path, flags, kBusyTimeoutMs);
  if (!connection) return base::fail(connection.error());
  const auto access = writes ? Access::kReadWrite : Access::kReadOnly;
  if (auto ready = prepare_file(*connection, *path, access, kFormat); !ready)
    return base::fail(ready.error());
  return std::unique_ptr<Books>(new Books(std::make_unique<State>(*path, std::move(*connection))));
}

base::Result<void> Books::put_terms(const Terms& terms, base::WallTime at, std::string_view by) {
  if (by.empty()) return base::fail(ErrorCode::kInvalidInput, "by", "is empty; who puts them must be named");
  Transaction transaction(state_->db);
  if (!transaction.begun()) return state_->store_fault("begin to write");
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
  if (!insert.run() || !transaction.commit()) return state_->store_fault("keep the terms");
  return {};
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

Document read_document(const Statement& at) {
  Document document;
  document.seq = at.integer(0);
  const auto kind = std::ranges::find(kDocumentKindNames, at.text(1));
  document.kind = static_cast<DocumentKind>(std::min<std::ptrdiff_t>(kind - kDocumentKindNames.begin(), 3));
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

base::Result<std::optional<Document>> Books::State::recorded_delivery(Statement& select,
                                                                      std::string_view quote_id) const {
  select.reset();
  const auto step = select.bind(1, quote_id).step();
  if (step == Step::kFailed) return damage();
  if (step == Step::kDone) return std::nullopt;
  return read_document(select);
}

namespace {

// Appends documents to the chain; inside one transaction.
class DocumentWriter {
 public:
  DocumentWriter(Connection& db, std::int64_t seq, std::string hash)
      : seq_(seq),
        hash_(std::move(hash)),
        insert_(db.get(),
                "INSERT INTO documents (seq, kind, day, at_us, quote_id, shop, rider, branch, amount, vat, "
                "vat_ppm, "
                "vat_unit, vat_mode, rider_pay, fee_before, reason, who, note, source, row_hash) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") {}

  bool write(Document& document) {
    document.seq = ++seq_;
    hash_ = document_hash(hash_, document);
    const auto day = fee::date_text(document.day);
    insert_.bind(1, document.seq).bind(2, kDocumentKindNames[static_cast<std::size_t>(document.kind)]);
    insert_.bind(3, day).bind(4, micros(document.at)).bind(5, document.quote_id).bind(6, document.shop);
    insert_.bind(7, document.rider).bind(8, document.branch).bind(9, document.amount.minor);
    bind_optional(insert_, 10, document.vat);
    bind_rule(document.vat_rule);
    bind_optional(insert_, 14, document.rider_pay);
    insert_.bind(15, document.before.minor).bind(16, document.reason).bind(17, document.by);
    return insert_.bind(18, document.note).bind(19, document.source).bind(20, hash_).run();
  }

 private:
  void bind_rule(const std::optional<fee::Vat>& rule) {
    if (!rule) {
      insert_.bind_null(11).bind_null(12).bind_null(13);
      return;
    }
    insert_.bind(11, rule->rate_ppm).bind(12, rule->rounding.unit);
    insert_.bind(13, static_cast<std::int64_t>(rule->rounding.mode));
  }

  std::int64_t seq_;
  std::string hash_;
  Statement insert_;
};

// Why a document cannot belong to its day; empty when the day is open.
std::string closed_day(const Document& document, const std::optional<Close>& last) {
  if (!last || document.day > last->day) return {};
  return fmt::format(
      "belongs to {}, but the days up to {} are closed; a later day, or 'settle reopen', is needed",
      fee::date_text(document.day), fee::date_text(last->day));
}

}  // namespace

base::Result<Recorded> Books::record(std::vector<Document> documents,
                                     const std::vector<std::string>& wheres) {
  const auto terms = this->terms();
  if (!terms) return base::fail(terms.error());
  Transaction transaction(state_->db);
  if (!transaction.begun()) return state_->store_fault("begin to write");
  std::int64_t seq = 0;
  const auto hash = state_->last_hash("SELECT seq, row_hash FROM documents ORDER BY seq DESC LIMIT 1", seq);
  const auto last = state_->last_close();
  if (!hash) return base::fail(hash.error());
  if (!last) return base::fail(last.error());
  auto select = delivery_by_quote(state_->db);
  DocumentWriter writer(state_->db, seq, *hash);
  std::vector<base::Fault> faults;
  Recorded recorded;
  for (std::size_t i = 0; i < documents.size() && faults.size() < base::kMaxFaults; ++i) {
    auto& document = documents[i];
    document.day = day_of(*terms, document.at);
    const bool paid = document.kind == DocumentKind::kDeposit || document.kind == DocumentKind::kPayment;
    if (document.note.size() > kMaxNoteBytes)
      faults.push_back(
          {"note", fmt::format("has {} bytes; at most {} are allowed", document.note.size(), kMaxNoteBytes)});
    if (paid && document.by.empty()) faults.push_back({"by", "is empty; who does it must be named"});
    if (document.kind == DocumentKind::kDelivery) {
      const auto there = state_->recorded_delivery(select, document.quote_id);
      if (!there) return base::fail(there.error());
      if (*there && !same_delivery(**there, document))
        faults.push_back(
            {wheres[i], fmt::format("quote {} {}", document.quote_id, difference(**there, document))});
      if (*there) {
        ++recorded.there_already;
        continue;
      }
    }
    if (document.kind == DocumentKind::kAdjustment) {
      const auto now = delivery(document.quote_id);
      if (!now) return base::fail(now.error());
      if (now->amount != document.before)
        return base::fail(ErrorCode::kConflict, wheres[i],
                          "was adjusted by someone else meanwhile; look, and try again");
    }
    if (auto why = closed_day(document, *last); !why.empty()) {
      faults.push_back({wheres[i], std::move(why)});
    } else if (writer.write(document)) {
      ++recorded.added;
    } else {
      return state_->store_fault("record a document");
    }
  }
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kConflict, std::move(faults)));
  if (!transaction.commit()) return state_->store_fault("record documents");
  return recorded;
}

base::Result<Document> Books::delivery(std::string_view quote_id) const {
  auto select = delivery_by_quote(state_->db);
  auto found = state_->recorded_delivery(select, quote_id);
  if (!found) return base::fail(found.error());
  if (!*found)
    return base::fail(ErrorCode::kNotFound, std::string(quote_id),
                      "is no recorded delivery; import it first ('reckon settle import')");
  Document document = std::move(**found);
  Statement changes(state_->db.get(),
                    "SELECT amount, coalesce(vat, 0), coalesce(rider_pay, 0) FROM documents "
                    "WHERE kind = 'ADJUSTMENT' AND quote_id = ?");
  changes.bind(1, quote_id);
  for (;;) {
    const auto step = changes.step();
    if (step == Step::kFailed) return state_->damage();
    if (step == Step::kDone) return document;
    document.amount = document.amount + fee::Money{changes.integer(0)};
    if (document.vat) document.vat = *document.vat + fee::Money{changes.integer(1)};
    if (document.rider_pay) document.rider_pay = *document.rider_pay + fee::Money{changes.integer(2)};
  }
}

namespace {

base::Result<void> check_adjustment(const Books::Adjustment& adjustment, const Document& delivery) {
  std::vector<base::Fault> faults;
  if (std::ranges::find(kAdjustmentReasons, adjustment.reason) == kAdjustmentReasons.end())
    faults.push_back({"reason", fmt::format("'{}' is no reason; allowed: {}", adjustment.reason,
                                            fmt::join(kAdjustmentReasons, ", "))});
  if (adjustment.by.empty()) faults.push_back({"by", "is empty; who decides must be named"});
  const auto most = fee::kMaxAmountMinor;
  if (adjustment.amount.minor == 0 || adjustment.amount.minor < -most || adjustment.amount.minor > most)
    faults.push_back({"amount", fmt::format("{} is not allowed; from {} to {} but not 0",
                                            adjustment.amount.minor, -most, most)});
  else if (delivery.amount.minor + adjustment.amount.minor < 0)
    faults.push_back(
        {"amount", fmt::format("{} would make the fee of {} negative; at the least {} is allowed",
                               adjustment.amount.minor, delivery.amount.minor, -delivery.amount.minor)});
  if (delivery.rider_pay.has_value() != adjustment.rider_pay.has_value())
    faults.push_back(
        {"rider-amount", delivery.rider_pay
                             ? "is missing; this delivery's pay has a tariff of its own, so the "
                               "rider's part of the change must be said"
                             : "is given, but this delivery's pay is a share of its fee; leave it out"});
  else if (adjustment.rider_pay &&
           (adjustment.rider_pay->minor < -delivery.rider_pay->minor || adjustment.rider_pay->minor > most))
    faults.push_back(
        {"rider-amount", fmt::format("{} is not allowed; from {} (the pay so far taken back) to {}",
                                     adjustment.rider_pay->minor, -delivery.rider_pay->minor, most)});
  if (adjustment.at < delivery.at)
    faults.push_back(
        {"at", fmt::format("{} is before the delivery at {}; a later time is needed",
                           base::format_rfc3339(adjustment.at), base::format_rfc3339(delivery.at))});
  if (faults.empty()) return {};
  return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
}

}  // namespace

base::Result<Document> Books::adjust(const Adjustment& adjustment) {
  const auto delivery = this->delivery(adjustment.quote_id);
  if (!delivery) return base::fail(delivery.error());
  if (const auto sound = check_adjustment(adjustment, *delivery); !sound) return base::fail(sound.error());
  Document document = *delivery;
  document.kind = DocumentKind::kAdjustment;
  document.at = adjustment.at;
  document.amount = adjustment.amount;
  document.before = delivery->amount;
  document.rider_pay = adjustment.rider_pay;
  document.vat_rule.reset();
  if (delivery->vat_rule && delivery->vat) {
    const auto& rule = *delivery->vat_rule;
    const auto vat =
        fee::scaled(delivery->amount + adjustment.amount, rule.rate_ppm, 1'000'000, rule.rounding);
    if (!vat)
      return base::fail(ErrorCode::kLimit, "amount", "its VAT does not fit 64 bits; a smaller one is needed");
    document.vat = *vat - *delivery->vat;
  }
  document.reason = adjustment.reason;
  document.by = adjustment.by;
  document.note = adjustment.note;
  document.source = AdjustedFrom{delivery->day, delivery->rider_pay}.text();
  const auto recorded = record({document}, {adjustment.quote_id});
  if (!recorded) return base::fail(recorded.error());
  return document;
}

}  // namespace reckon::ledger

// What goes into the books: documents, checked before any is written.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <unordered_map>
#include <utility>

#include "reckon/base/plain_text.h"
#include "reckon/fee/condition.h"
#include "reckon/ledger/settlement_state.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;

void bind_optional(Statement& statement, int parameter, const std::optional<fee::Money>& amount) {
  if (amount)
    statement.bind(parameter, amount->minor);
  else
    statement.bind_null(parameter);
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

// The parties that a document names.
std::vector<std::pair<std::string_view, const std::string*>> parties_in(const Document& document) {
  std::vector<std::pair<std::string_view, const std::string*>> parties;
  if (!document.shop.empty()) parties.emplace_back("shop", &document.shop);
  if (!document.rider.empty()) parties.emplace_back("rider", &document.rider);
  if (!document.branch.empty()) parties.emplace_back("branch", &document.branch);
  return parties;
}

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
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        party_(db.get(), "INSERT OR IGNORE INTO parties (kind, name, document) VALUES (?, ?, ?)") {}

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
    return insert_.bind(18, document.note).bind(19, document.source).bind(20, hash_).run() &&
           note_parties(document);
  }

 private:
  bool note_parties(const Document& document) {
    for (const auto& [kind, name] : parties_in(document)) {
      if (!noted_.emplace(kind, *name).second) continue;
      if (!party_.bind(1, kind).bind(2, *name).bind(3, document.seq).run()) return false;
    }
    return true;
  }

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
  Statement insert_, party_;
  std::set<std::pair<std::string_view, std::string>> noted_;
};

// Why a document cannot belong to its day; empty when the day is open.
std::string closed_day(const Document& document, const std::optional<Close>& last,
                       std::chrono::sys_days today) {
  if (!last || document.day > last->day) return {};
  const auto of_last = document.day == last->day;
  const auto first_open = fee::date_text(last->day + std::chrono::days{1});
  const std::string_view what = document.kind == DocumentKind::kReversal     ? "its reversal "
                                : document.kind == DocumentKind::kAdjustment ? "its adjustment "
                                                                             : "";
  // Nothing can be recorded as of a day that has not begun.
  const auto now_or_later = last->day < today
                                ? fmt::format("record it as of {} or later ('--at')", first_open)
                                : fmt::format("record it when {} has begun", first_open);
  return fmt::format(
      "{}belongs to {}, which is closed{}{}; {}, or open the day again: reckon settle reopen "
      "--day {} --reason TEXT --by NAME{}",
      what, fee::date_text(document.day),
      of_last ? "" : fmt::format(" as are all days up to {}", fee::date_text(last->day)),
      last->day == today ? " (today)" : "", now_or_later, fee::date_text(last->day),
      of_last ? "" : " (and so on, down to that day)");
}

// Letters to change, add or leave out that make one name of the other (Levenshtein).
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto changed = corner + (a[i] == b[j] ? 0 : 1);
      corner = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, corner + 1});
    }
  }
  return row.back();
}

// What else a new name may have been meant to be.
std::string near(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t kMost = 5, kEdits = 2;
  std::vector<std::pair<std::size_t, std::string_view>> close;
  for (const auto& one : known) {
    if (const auto count = edits(name, one); count <= kEdits) close.emplace_back(count, one);
  }
  std::ranges::sort(close);
  std::string text;
  for (std::size_t i = 0; i < std::min(close.size(), kMost); ++i)
    text += fmt::format("{}{}", i == 0 ? " (near: " : ", ", close[i].second);
  return text.empty() ? text : text + ")";
}

void check_texts(std::string_view by, std::string_view note, std::vector<base::Fault>& faults,
                 const char* note_where = "note") {
  if (auto fault = name_fault(by); !fault.empty()) faults.push_back({"by", std::move(fault)});
  if (auto fault = base::plain_text_fault(note, kMaxNoteBytes); !fault.empty())
    faults.push_back({note_where, std::move(fault)});
}

}  // namespace

// Examines one document after the other, before any is written.
class Books::State::Examiner {
 public:
  Examiner(const State& state, NewParties parties, std::optional<Close> last, std::chrono::sys_days today)
      : state_(state),
        parties_(parties),
        last_(std::move(last)),
        today_(today),
        select_(delivery_by_quote(state.db)),
        known_(state.db.get(), "SELECT 1 FROM parties WHERE kind = ? AND name = ?"),
        reversed_(state.db.get(), "SELECT seq FROM documents WHERE kind = 'REVERSAL' AND reason = ?") {}

  base::Result<void> examine(const Document& document, const std::string& where, std::size_t place) {
    bool there = false;
    switch (document.kind) {
      case DocumentKind::kDelivery:
        if (auto done = delivery(document, where, there); !done) return done;
        break;
      case DocumentKind::kAdjustment:
        if (auto done = adjustment(document, where); !done) return done;
        break;
      case DocumentKind::kReversal:
        if (auto done = reversal(document, where); !done) return done;
        break;
      case DocumentKind::kDeposit:
      case DocumentKind::kPayment: {
        std::vector<base::Fault> faults;
        check_texts(document.by, document.note, faults);
        out_.faults.add(std::move(faults));
        break;
      }
    }
    if (there) return {};
    if (auto done = parties(document, where); !done) return done;
    if (auto why = closed_day(document, last_, today_); !why.empty()) add(where, std::move(why));
    out_.fresh.push_back(place);
    return {};
  }

  void add(std::string where, std::string what) { out_.faults.add(std::move(where), std::move(what)); }
  Examined take() { return std::move(out_); }

 private:
  // Recorded already, or earlier among these.
  base::Result<void> delivery(const Document& document, const std::string& where, bool& there) {
    const auto [at, fresh] = seen_.try_emplace(document.quote_id, &document);
    const Document* other = fresh ? nullptr : at->second;
    const auto recorded = state_.recorded_delivery(select_, document.quote_id);
    if (!recorded) return base::fail(recorded.error());
    if (*recorded) other = &**recorded;
    if (other != nullptr && !same_delivery(*other, document))
      add(where, fmt::format("quote {} {}", document.quote_id, difference(*other, document)));
    there = other != nullptr;
    return {};
  }

  base::Result<void> adjustment(const Document& document, const std::string& where) {
    const auto now = state_.adjusted_delivery(document.quote_id);
    if (!now) return base::fail(now.error());
    if (now->amount != document.before)
      add(where, "was adjusted by someone else meanwhile; look, and try again");
    return {};
  }

  base::Result<void> reversal(const Document& document, const std::string& where) {
    reversed_.reset();
    const auto step = reversed_.bind(1, document.reason).step();
    if (step == Step::kFailed) return state_.damage();
    if (step == Step::kRow)
      add(where, fmt::format("is taken back already, by document {}; once is allowed", reversed_.integer(0)));
    return {};
  }

  base::Result<void> parties(const Document& document, const std::string& where) {
    for (const auto& [kind, name] : parties_in(document)) {
      if (!asked_.emplace(kind, *name).second) continue;
      known_.reset();
      const auto step = known_.bind(1, kind).bind(2, *name).step();
      if (step == Step::kFailed) return state_.damage();
      if (step == Step::kRow) continue;
      out_.new_parties.push_back(fmt::format("{} {}", kind, *name));
      if (parties_ == NewParties::kAllowed) continue;
      const auto others = state_.parties_of(kind);
      if (!others) return base::fail(others.error());
      add(document.kind == DocumentKind::kDelivery ? where : fmt::format("--{}", kind),
          fmt::format("{} '{}' is new to these books{}; one that they know, or --new-party, is needed", kind,
                      *name, near(*name, *others)));
    }
    return {};
  }

  const State& state_;
  NewParties parties_;
  std::optional<Close> last_;
  std::chrono::sys_days today_;
  Statement select_, known_, reversed_;
  std::unordered_map<std::string_view, const Document*> seen_;
  std::set<std::pair<std::string_view, std::string>> asked_;
  Examined out_;
};

base::Result<Books::State::Examined> Books::State::examine(std::vector<Document>& documents,
                                                           const std::vector<std::string>& wheres,
                                                           NewParties parties) const {
  const auto terms = terms_of("");
  const auto last = last_close();
  if (!terms) return base::fail(terms.error());
  if (!last) return base::fail(last.error());
  const auto now = clock != nullptr ? clock->wall_now() : base::SystemClock().wall_now();
  Examiner examiner(*this, parties, *last, day_of(*terms, now));
  for (std::size_t i = 0; i < documents.size(); ++i) {
    documents[i].day = day_of(*terms, documents[i].at);
    if (auto done = examiner.examine(documents[i], wheres[i], i); !done) return base::fail(done.error());
  }
  return examiner.take();
}

base::Result<Recorded> Books::record(std::vector<Document> documents, const std::vector<std::string>& wheres,
                                     NewParties parties) {
  Transaction transaction(state_->db);
  if (auto begun = state_->begin(transaction, "begin to write"); !begun) return base::fail(begun.error());
  auto examined = state_->examine(documents, wheres, parties);
  if (!examined) return base::fail(examined.error());
  if (!examined->faults.empty()) return base::fail(examined->faults.error(ErrorCode::kConflict));
  Recorded recorded;
  const auto hash = state_->last_hash("SELECT seq, row_hash FROM documents ORDER BY seq DESC LIMIT 1",
                                      recorded.last_document);
  if (!hash) return base::fail(hash.error());
  DocumentWriter writer(state_->db, recorded.last_document, *hash);
  for (const auto i : examined->fresh) {
    if (!writer.write(documents[i])) return state_->store_fault("record a document");
  }
  recorded.added = static_cast<std::int64_t>(examined->fresh.size());
  recorded.there_already = static_cast<std::int64_t>(documents.size()) - recorded.added;
  recorded.last_document += recorded.added;
  recorded.new_parties = std::move(examined->new_parties);
  if (auto done = state_->commit(transaction, "record documents"); !done) return base::fail(done.error());
  return recorded;
}

base::Result<RowFaults> Books::faults_of(std::vector<Document> documents,
                                         const std::vector<std::string>& wheres, NewParties parties) const {
  auto examined = state_->examine(documents, wheres, parties);
  if (!examined) return base::fail(examined.error());
  return std::move(examined->faults);
}

std::string name_fault(std::string_view by) {
  if (by.empty()) return "is empty; who does it must be named";
  return base::plain_text_fault(by, kMaxNoteBytes);
}

namespace {

base::Result<void> check_adjustment(const Books::Adjustment& adjustment, const Document& delivery) {
  std::vector<base::Fault> faults;
  if (std::ranges::find(kAdjustmentReasons, adjustment.reason) == kAdjustmentReasons.end())
    faults.push_back({"reason", fmt::format("'{}' is no reason; allowed: {}", adjustment.reason,
                                            fmt::join(kAdjustmentReasons, ", "))});
  check_texts(adjustment.by, adjustment.note, faults);
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

base::Result<void> check_reversal(const Books::Reversal& reversal, const std::optional<Document>& of) {
  const auto where = fmt::format("document {}", reversal.document);
  if (!of)
    return base::fail(ErrorCode::kNotFound, where, "is not in these books; statements name the documents");
  if (of->kind != DocumentKind::kDeposit && of->kind != DocumentKind::kPayment)
    return base::fail(
        ErrorCode::kConflict, where,
        fmt::format("is a {}; a DEPOSIT or PAYMENT can be taken back (a fee is changed by 'settle adjust')",
                    kDocumentKindNames[static_cast<std::size_t>(of->kind)]));
  std::vector<base::Fault> faults;
  check_texts(reversal.by, reversal.reason, faults, "reason");
  if (reversal.reason.empty()) faults.push_back({"reason", "is empty; why it is taken back must be said"});
  if (reversal.at < of->at)
    faults.push_back({"at", fmt::format("{} is before the document at {}; a later time is needed",
                                        base::format_rfc3339(reversal.at), base::format_rfc3339(of->at))});
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
    document.vat = *vat - *delivery->vat;  // fits: both are parts of what does
  }
  document.reason = adjustment.reason;
  document.by = adjustment.by;
  document.note = adjustment.note;
  document.source = AdjustedFrom{delivery->day, delivery->rider_pay}.text();
  const auto recorded = record({document}, {adjustment.quote_id});
  if (!recorded) return base::fail(recorded.error());
  document.seq = recorded->last_document;
  return document;
}

base::Result<Document> Books::reverse(const Reversal& reversal) {
  const auto of = state_->document(reversal.document);
  if (!of) return base::fail(of.error());
  if (const auto sound = check_reversal(reversal, *of); !sound) return base::fail(sound.error());
  Document document = **of;
  document.kind = DocumentKind::kReversal;
  document.at = reversal.at;
  document.reason = Reversed{(*of)->kind, (*of)->seq}.text();
  document.by = reversal.by;
  document.note = reversal.reason;
  const auto recorded = record({document}, {fmt::format("document {}", reversal.document)});
  if (!recorded) return base::fail(recorded.error());
  document.seq = recorded->last_document;
  return document;
}

}  // namespace reckon::ledger

// `reckon settle terms|import|deposit|pay|reverse|adjust`: what goes into the books.

#include "settle.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "commands.h"
#include "reckon/base/file.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/limits.h"
#include "reckon/ledger/settlement_import.h"

namespace reckon::cli {

using base::ErrorCode;
using ledger::Books;

base::Result<std::unique_ptr<Books>> open_books(const Args& args, Books::Mode mode) {
  return Books::open(*args.get("books"), mode);
}

base::Result<base::WallTime> past_instant_option(const Args& args) {
  const auto at = instant_option(args);
  if (!at || *at <= base::SystemClock().wall_now()) return at;
  return base::fail(
      ErrorCode::kInvalidInput, "--at",
      fmt::format("'{}' is later than now; what has happened can be recorded", *args.get("at")));
}

base::Result<std::chrono::sys_days> day_option(const Args& args, std::string_view option) {
  const auto text = args.get_or(option, "");
  if (const auto day = ledger::parse_day(text)) return *day;
  return base::fail(ErrorCode::kInvalidInput, fmt::format("--{}", option),
                    fmt::format("'{}' is no day; allowed: such as 2026-03-01", text.substr(0, 40)));
}

base::Result<std::pair<std::chrono::sys_days, std::chrono::sys_days>> span_option(const Args& args,
                                                                                  const Books& books) {
  const auto closes = books.closes();
  if (!closes) return base::fail(closes.error());
  std::vector<std::chrono::sys_days> days;
  for (const auto& close : *closes) days.push_back(close.day);
  if (args.has("open")) {
    const auto open = books.open_days();
    if (!open) return base::fail(open.error());
    for (const auto& one : *open) days.push_back(one.day);
  }
  if (days.empty() && !(args.has("from") && args.has("to")))
    return base::fail(ErrorCode::kNotFound, std::string(*args.get("books")),
                      "has no closed day; close one first ('reckon settle close'), or see what the open ones "
                      "would post ('settle statement --open')");
  std::pair<std::chrono::sys_days, std::chrono::sys_days> span;
  if (!days.empty()) span = {days.front(), days.back()};
  for (const auto& [option, side] : {std::pair{"from", &span.first}, std::pair{"to", &span.second}}) {
    if (!args.has(option)) continue;
    const auto day = day_option(args, option);
    if (!day) return base::fail(day.error());
    *side = *day;
  }
  if (span.first <= span.second) return span;
  return base::fail(ErrorCode::kInvalidInput, "--to", "is before --from; a later day is needed");
}

namespace {

int run_terms(const Args& args) {
  const auto& file = args.words()[0];
  const auto bytes = base::read_file(file, base::kMaxConfigBytes);
  if (!bytes) return report(bytes.error());
  const auto terms = ledger::read_terms(*bytes, file);
  if (!terms) return report(terms.error());
  const auto books = open_books(args, Books::Mode::kCreate);
  if (!books) return report(books.error());
  const auto put = (*books)->put_terms(*terms, base::SystemClock().wall_now(), *args.get("by"));
  if (!put) return report(put.error());
  return tell_done(fmt::format("terms {} are in force for days closed from now on\n", terms->release));
}

ledger::NewParties new_parties(const Args& args) {
  return args.has("new-party") ? ledger::NewParties::kAllowed : ledger::NewParties::kRefused;
}

// The first names that these documents brought.
std::string told_parties(const std::vector<std::string>& parties) {
  constexpr std::size_t kMost = 10;
  if (parties.empty()) return {};
  std::string text = "new: ";
  for (std::size_t i = 0; i < std::min(parties.size(), kMost); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", parties[i]);
  if (parties.size() > kMost) text += fmt::format(" and {} more", parties.size() - kMost);
  return text + '\n';
}

int run_import(const Args& args) {
  const auto& file = args.words()[0];
  const auto bytes = base::read_file(file, base::kMaxCsvBytes);
  if (!bytes) return report(bytes.error());
  ledger::RowFaults faults;
  const auto rows = ledger::read_deliveries(*bytes, file, faults);
  const auto ledger = ledger::Ledger::open(*args.get("ledger"), {.mode = ledger::Ledger::Mode::kReadOnly});
  if (!ledger) return report(ledger.error());
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto terms = (*books)->terms();
  if (!terms) return report(terms.error());
  ledger::RowFaults unfit;
  auto joined = ledger::join_quotes(rows, **ledger, *terms, base::SystemClock().wall_now(), unfit);
  if (!joined) return report(joined.error());
  faults.merge(std::move(unfit), file);
  if (!faults.empty()) {  // what the books would refuse of the other rows is told in the same run
    auto refused = (*books)->faults_of(std::move(joined->documents), joined->wheres, new_parties(args));
    if (!refused) return report(refused.error());
    faults.merge(std::move(*refused), file);
    return report(faults.error(ErrorCode::kInvalidInput));
  }
  const auto recorded = (*books)->record(std::move(joined->documents), joined->wheres, new_parties(args));
  if (!recorded) return report(recorded.error());
  return tell_done(fmt::format("{} recorded, {} there already\n{}",
                               counted(recorded->added, "delivery", "deliveries"), recorded->there_already,
                               told_parties(recorded->new_parties)));
}

base::Result<fee::Money> amount_option(const Args& args, std::string_view option, std::int64_t min) {
  const auto amount = integer_option(args, option, 0, min, fee::kMaxAmountMinor);
  if (!amount) return base::fail(amount.error());
  return fee::Money{*amount};
}

// Who pays or is paid: exactly one of the options given.
base::Result<void> read_holder(const Args& args, ledger::Document& document,
                               std::initializer_list<std::pair<std::string_view, std::string*>> holders) {
  std::string names;
  int given = 0;
  for (const auto& [option, name] : holders) {
    names += fmt::format("{}--{}", names.empty() ? "" : ", ", option);
    const auto value = args.get(option);
    if (!value) continue;
    ++given;
    *name = *value;
    if (!ledger::is_party_name(*value))
      return base::fail(
          ErrorCode::kInvalidInput, fmt::format("--{}", option),
          fmt::format("'{}' is no name; letters, digits, '-', '_', '.' are allowed, the first a letter, "
                      "a digit or '_'",
                      *value));
  }
  if (given == 1) return {};
  return base::fail(ErrorCode::kInvalidInput,
                    std::string(document.kind == ledger::DocumentKind::kDeposit ? "deposit" : "pay"),
                    fmt::format("names {} holders; one of {} is needed", given, names));
}

std::string party_of(const ledger::Document& document) {
  if (!document.shop.empty()) return "shop " + document.shop;
  return document.rider.empty() ? "branch " + document.branch : "rider " + document.rider;
}

int record_money(const Args& args, ledger::Document document) {
  const auto amount = amount_option(args, "amount", 1);
  if (!amount) return report(amount.error());
  const auto at = past_instant_option(args);
  if (!at) return report(at.error());
  document.amount = *amount;
  document.at = *at;
  document.by = *args.get("by");
  document.note = args.get_or("note", "");
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto terms = (*books)->terms();
  if (!terms) return report(terms.error());
  const auto recorded = (*books)->record({document}, {"--at"}, new_parties(args));
  if (!recorded) return report(recorded.error());
  return tell_done(fmt::format("document {}: {} {} {}\n{}", recorded->last_document,
                               fee::readable(document.amount, terms->currency),
                               document.kind == ledger::DocumentKind::kDeposit ? "paid in by" : "paid out to",
                               party_of(document), told_parties(recorded->new_parties)));
}

int run_deposit(const Args& args) {
  ledger::Document document;
  document.kind = ledger::DocumentKind::kDeposit;
  const auto holder = read_holder(args, document, {{"shop", &document.shop}});
  return holder ? record_money(args, std::move(document)) : report(holder.error());
}

int run_pay(const Args& args) {
  ledger::Document document;
  document.kind = ledger::DocumentKind::kPayment;
  const auto holder = read_holder(
      args, document, {{"rider", &document.rider}, {"branch", &document.branch}, {"shop", &document.shop}});
  return holder ? record_money(args, std::move(document)) : report(holder.error());
}

/// A rider's part of an adjustment that is so many times the fee's change is most likely a slip.
constexpr std::int64_t kUnlikelyTimes = 10;

void warn_of_rider_amount(const Books::Adjustment& adjustment, const fee::Currency& currency) {
  if (!adjustment.rider_pay ||
      std::abs(adjustment.rider_pay->minor) <= kUnlikelyTimes * std::abs(adjustment.amount.minor))
    return;
  fmt::print(
      stderr,
      "reckon: warning: --rider-amount: {} is more than {} times the fee's change of {}; where that was "
      "not meant, take both back: --amount {} --rider-amount {}\n",
      fee::readable(*adjustment.rider_pay, currency), kUnlikelyTimes,
      fee::readable(adjustment.amount, currency), -adjustment.amount.minor, -adjustment.rider_pay->minor);
}

// Who gets the change, by the terms of now: the close goes by those of its time.
std::string shares_text(const ledger::Terms& terms, const ledger::Document& document) {
  const auto from = ledger::AdjustedFrom::parse(document.source);
  if (!from) return {};
  auto pay = from->rider_pay;
  const auto before = ledger::share(terms, document.branch, from->day, document.before, pay);
  if (pay) pay = *pay + document.rider_pay.value_or(fee::Money{});  // fits: both were checked when entered
  const auto after = ledger::share(terms, document.branch, from->day, document.before + document.amount, pay);
  if (!before || !after) return {};
  return fmt::format("rider {} {:+}, branch {} {:+}, head office {:+}\n", document.rider,
                     (after->rider - before->rider).minor, document.branch,
                     (after->branch - before->branch).minor,
                     (after->head_office - before->head_office).minor);
}

int run_adjust(const Args& args) {
  Books::Adjustment adjustment;
  const auto amount = amount_option(args, "amount", -fee::kMaxAmountMinor);
  if (!amount) return report(amount.error());
  if (args.has("rider-amount")) {
    const auto pay = amount_option(args, "rider-amount", -fee::kMaxAmountMinor);
    if (!pay) return report(pay.error());
    adjustment.rider_pay = *pay;
  }
  const auto at = past_instant_option(args);
  if (!at) return report(at.error());
  adjustment.quote_id = args.words()[0];
  adjustment.amount = *amount;
  adjustment.reason = *args.get("reason");
  adjustment.by = *args.get("by");
  adjustment.note = args.get_or("note", "");
  adjustment.at = *at;
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto terms = (*books)->terms();
  if (!terms) return report(terms.error());
  const auto document = (*books)->adjust(adjustment);
  if (!document) return report(document.error());
  warn_of_rider_amount(adjustment, terms->currency);
  return tell_done(fmt::format("document {}: {}: fee {} -> {}, VAT {:+}\n{}", document->seq,
                               adjustment.quote_id, document->before.minor,
                               document->before.minor + document->amount.minor,
                               document->vat.value_or(fee::Money{}).minor, shares_text(*terms, *document)));
}

int run_reverse(const Args& args) {
  Books::Reversal reversal;
  const auto& word = args.words()[0];
  const auto* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, reversal.document);
  if (read.ec != std::errc{} || read.ptr != end || reversal.document < 1)
    return report(
        {ErrorCode::kInvalidInput, "DOCUMENT",
         fmt::format("'{}' is no document; its number is needed, as 'pay' and statements tell it", word)});
  const auto at = past_instant_option(args);
  if (!at) return report(at.error());
  reversal.reason = *args.get("reason");
  reversal.by = *args.get("by");
  reversal.at = *at;
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto terms = (*books)->terms();
  if (!terms) return report(terms.error());
  const auto document = (*books)->reverse(reversal);
  if (!document) return report(document.error());
  return tell_done(fmt::format("document {} takes back {} of {}, {}\n", document->seq, document->reason,
                               fee::readable(document->amount, terms->currency), party_of(*document)));
}

constexpr Option kAtOption{"at", "TIME", "when, RFC 3339 (default: now)"};
constexpr Option kNoteOption{"note", "TEXT", "stands in statements"};
constexpr Option kAmountOption{"amount", "N", "in minor units, above 0"};
constexpr Option kNewPartyOption{"new-party", "", "shops, riders and branches may be new to these books"};

}  // namespace

std::vector<Command> settle_commands() {
  return {
      {"settle terms",
       "puts the shares, fees and rates by date under which days are closed; begins books that are missing",
       "FILE",
       1,
       1,
       {kBooksOption, kByOption},
       {"books", "by"},
       run_terms},
      {"settle import",
       "records delivered orders (CSV or JSON lines) with the fees of their quotes",
       "FILE",
       1,
       1,
       {kBooksOption, {"ledger", "URL", "where the quotes are, such as sqlite:reckon.db"}, kNewPartyOption},
       {"books", "ledger"},
       run_import},
      {"settle deposit",
       "records what a shop paid in",
       "",
       0,
       0,
       {kBooksOption,
        {"shop", "S", "whose deposit"},
        kAmountOption,
        kAtOption,
        kByOption,
        kNoteOption,
        kNewPartyOption},
       {"books", "shop", "amount", "by"},
       run_deposit},
      {"settle pay",
       "records what was paid out",
       "",
       0,
       0,
       {kBooksOption,
        {"rider", "R", "to this rider"},
        {"branch", "B", "to this branch"},
        {"shop", "S", "back to this shop"},
        kAmountOption,
        kAtOption,
        kByOption,
        kNoteOption,
        kNewPartyOption},
       {"books", "amount", "by"},
       run_pay},
      {"settle reverse",
       "takes back a deposit or payment that was recorded wrongly; both stay on record",
       "DOCUMENT",
       1,
       1,
       {kBooksOption, {"reason", "TEXT", "why"}, kAtOption, kByOption},
       {"books", "reason", "by"},
       run_reverse},
      {"settle adjust",
       "changes a delivery's fee after the sale, with a reason",
       "QUOTE_ID",
       1,
       1,
       {kBooksOption,
        {"amount", "N", "added to the fee without VAT, in minor units; below 0: taken off"},
        {"rider-amount", "N", "of it to the rider, where the pay has a tariff of its own"},
        {"reason", "R", "OVERLOAD, CHANGE_DISTANCE, CHANGE_EXTRA_CHARGE or ETC"},
        kAtOption,
        kByOption,
        kNoteOption},
       {"books", "amount", "reason", "by"},
       run_adjust}};
}

}  // namespace reckon::cli

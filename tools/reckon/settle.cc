// `reckon settle terms|import|deposit|pay|adjust`: what goes into the books.

#include "settle.h"

#include <fmt/format.h>

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

base::Result<base::WallTime> instant_option(const Args& args) {
  const auto now = base::SystemClock().wall_now();
  const auto text = args.get("at");
  if (!text) return now;
  const auto at = base::parse_rfc3339(*text, "--at");
  if (!at || *at <= now) return at;
  return base::fail(ErrorCode::kInvalidInput, "--at",
                    fmt::format("'{}' is later than now; what has happened can be recorded", *text));
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
  if (days.empty())
    return base::fail(ErrorCode::kNotFound, std::string(*args.get("books")),
                      "has no closed day; close one first ('reckon settle close')");
  std::pair span{days.front(), days.back()};
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
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto put = (*books)->put_terms(*terms, base::SystemClock().wall_now(), *args.get("by"));
  if (!put) return report(put.error());
  fmt::print("terms {} are in force for days closed from now on\n", terms->release);
  return kDone;
}

int run_import(const Args& args) {
  const auto& file = args.words()[0];
  const auto bytes = base::read_file(file, base::kMaxCsvBytes);
  if (!bytes) return report(bytes.error());
  const auto rows = ledger::read_deliveries(*bytes, file);
  if (!rows) return report(rows.error());
  const auto ledger = ledger::Ledger::open(*args.get("ledger"), {.mode = ledger::Ledger::Mode::kReadOnly});
  if (!ledger) return report(ledger.error());
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto terms = (*books)->terms();
  if (!terms) return report(terms.error());
  auto joined = ledger::join_quotes(*rows, **ledger, *terms, base::SystemClock().wall_now());
  if (!joined) return report(joined.error());
  const auto recorded = (*books)->record(std::move(joined->documents), joined->wheres);
  if (!recorded) return report(recorded.error());
  fmt::print("{} deliveries recorded, {} were there already\n", recorded->added, recorded->there_already);
  return kDone;
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
      return base::fail(ErrorCode::kInvalidInput, fmt::format("--{}", option),
                        fmt::format("'{}' is no name; letters, digits, '-', '_', '.' are allowed", *value));
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
  const auto at = instant_option(args);
  if (!at) return report(at.error());
  document.amount = *amount;
  document.at = *at;
  document.by = *args.get("by");
  document.note = args.get_or("note", "");
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto recorded = (*books)->record({document}, {"--at"});
  if (!recorded) return report(recorded.error());
  const auto terms = (*books)->terms();
  fmt::print("{} recorded for {}\n",
             fee::readable(document.amount, terms ? terms->currency : fee::Currency{}), party_of(document));
  return kDone;
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

int run_adjust(const Args& args) {
  Books::Adjustment adjustment;
  const auto amount = amount_option(args, "amount", -fee::kMaxAmountMinor);
  if (!amount) return report(amount.error());
  if (args.has("rider-amount")) {
    const auto pay = amount_option(args, "rider-amount", -fee::kMaxAmountMinor);
    if (!pay) return report(pay.error());
    adjustment.rider_pay = *pay;
  }
  const auto at = instant_option(args);
  if (!at) return report(at.error());
  adjustment.quote_id = args.words()[0];
  adjustment.amount = *amount;
  adjustment.reason = *args.get("reason");
  adjustment.by = *args.get("by");
  adjustment.note = args.get_or("note", "");
  adjustment.at = *at;
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto document = (*books)->adjust(adjustment);
  if (!document) return report(document.error());
  fmt::print("{}: fee {} -> {}, VAT {:+}\n", adjustment.quote_id, document->before.minor,
             document->before.minor + document->amount.minor, document->vat.value_or(fee::Money{}).minor);
  return kDone;
}

constexpr Option kAtOption{"at", "TIME", "when, RFC 3339 (default: now)"};
constexpr Option kNoteOption{"note", "TEXT", "stands in statements"};
constexpr Option kAmountOption{"amount", "N", "in minor units, above 0"};

}  // namespace

std::vector<Command> settle_commands() {
  return {{"settle terms",
           "puts the shares, fees and rates by date under which days are closed (docs/settlement.md)",
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
           {kBooksOption, {"ledger", "URL", "where the quotes are, such as sqlite:reckon.db"}},
           {"books", "ledger"},
           run_import},
          {"settle deposit",
           "records what a shop paid in",
           "",
           0,
           0,
           {kBooksOption, {"shop", "S", "whose deposit"}, kAmountOption, kAtOption, kByOption, kNoteOption},
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
            kNoteOption},
           {"books", "amount", "by"},
           run_pay},
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

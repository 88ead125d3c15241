// `reckon settle close|reopen|days|verify`: days of the books.

#include <fmt/format.h>

#include <map>

#include "commands.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/condition.h"
#include "settle.h"

namespace reckon::cli {
namespace {

using ledger::Books;

void write_close(base::JsonWriter& json, const ledger::Close& close) {
  json.begin_object().key("day").string(fee::date_text(close.day)).key("close").integer(close.seq);
  json.key("at")
      .string(base::format_rfc3339(close.at))
      .key("by")
      .string(close.by)
      .key("terms")
      .string(close.terms);
  json.key("documents").integer(close.documents).key("entries").integer(close.entries);
  json.key("postings").integer(close.postings).key("holds").integer(close.holds).key("sum").integer(0);
  json.key("journal_hash").string(close.journal_hash).key("balances_hash").string(close.position_hash);
  json.key("close_hash").string(close.row_hash).end_object();
}

/// Shops on hold that a close tells.
constexpr std::size_t kMostShops = 20;

// Whose charges wait for a deposit: `on hold: s-1 (2 charges, 7,150 KRW), …`.
std::string on_hold_text(const std::vector<ledger::Hold>& holds, const fee::Currency& currency) {
  struct Waiting {
    std::int64_t charges = 0;
    fee::Money amount;
  };
  std::map<std::string_view, Waiting> shops;
  for (const auto& hold : holds) {
    auto& waiting = shops[hold.shop];
    ++waiting.charges;
    waiting.amount = waiting.amount + hold.amount;  // fits: their sum is a balance
  }
  if (shops.empty()) return {};
  std::string text;
  std::size_t told = 0;
  for (const auto& [shop, waiting] : shops) {
    if (told++ == kMostShops) break;
    text +=
        fmt::format("{} {} ({}, {})", text.empty() ? "on hold:" : ",", shop,
                    counted(waiting.charges, "charge", "charges"), fee::readable(waiting.amount, currency));
  }
  if (shops.size() > kMostShops) text += fmt::format(" and {} more", shops.size() - kMostShops);
  return text + '\n';
}

int run_close(const Args& args) {
  const auto day = day_option(args, "day");
  if (!day) return report(day.error());
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto close = (*books)->close(*day, base::SystemClock().wall_now(), *args.get("by"));
  if (!close) return report(close.error());
  if (args.has("json")) {
    std::string out;
    base::JsonWriter json(out);
    write_close(json, *close);
    return tell_done(out + '\n');
  }
  const auto terms = (*books)->terms();
  const bool today = terms && ledger::day_of(*terms, close->at) == *day;
  const auto position = (*books)->position(close->seq);
  return tell_done(fmt::format(
      "{} is closed: {}, {}, {}, sum 0, {} on hold\n{}balances {}\nclose    {}\n{}", fee::date_text(*day),
      counted(close->documents, "document", "documents"), counted(close->entries, "entry", "entries"),
      counted(close->postings, "posting", "postings"), counted(close->holds, "charge", "charges"),
      terms && position ? on_hold_text(position->holds, terms->currency) : std::string(),
      close->position_hash, close->row_hash,
      today ? "this is today: what happens until midnight is refused, unless the day is opened "
              "again ('settle reopen')\n"
            : ""));
}

int run_reopen(const Args& args) {
  const auto day = day_option(args, "day");
  if (!day) return report(day.error());
  const auto books = open_books(args, Books::Mode::kReadWrite);
  if (!books) return report(books.error());
  const auto opened =
      (*books)->reopen(*day, base::SystemClock().wall_now(), *args.get("by"), *args.get("reason"));
  if (!opened) return report(opened.error());
  return tell_done(fmt::format("{} is open again; its close stays on record\n", fee::date_text(*day)));
}

std::string days_json(const std::vector<ledger::Close>& closes, const std::vector<ledger::OpenDay>& open,
                      const std::vector<ledger::Reopening>& reopenings) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("closes").begin_array();
  for (const auto& close : closes) write_close(json, close);
  json.end_array().key("reopenings").begin_array();
  for (const auto& one : reopenings) {
    json.begin_object().key("close").integer(one.close).key("at").string(base::format_rfc3339(one.at));
    json.key("by").string(one.by).key("reason").string(one.reason).end_object();
  }
  json.end_array().key("open").begin_array();
  for (const auto& one : open)
    json.begin_object()
        .key("day")
        .string(fee::date_text(one.day))
        .key("documents")
        .integer(one.documents)
        .end_object();
  json.end_array().end_object();
  return out + '\n';
}

int run_days(const Args& args) {
  const auto books = open_books(args, Books::Mode::kReadOnly);
  if (!books) return report(books.error());
  const auto view = (*books)->snapshot();
  if (!view) return report(view.error());
  const auto closes = (*books)->all_closes();
  const auto open = (*books)->open_days();
  const auto reopenings = (*books)->reopenings();
  if (!closes) return report(closes.error());
  if (!open) return report(open.error());
  if (!reopenings) return report(reopenings.error());
  if (args.has("json")) {
    fmt::print("{}", days_json(*closes, *open, *reopenings));
    return kDone;
  }
  for (const auto& close : *closes) {
    std::string told = "closed";
    for (const auto& one : *reopenings) {
      if (one.close == close.seq)
        told = fmt::format("opened again at {} by {}: {}", base::format_rfc3339(one.at), one.by, one.reason);
    }
    fmt::print("{}  close {} by {}: {}, {} on hold; {}\n", fee::date_text(close.day), close.seq, close.by,
               counted(close.documents, "document", "documents"), close.holds, told);
  }
  for (const auto& one : *open)
    fmt::print("{}  open: {}\n", fee::date_text(one.day), counted(one.documents, "document", "documents"));
  return kDone;
}

int run_verify(const Args& args) {
  const auto books = open_books(args, Books::Mode::kReadOnly);
  if (!books) return report(books.error());
  Progress progress;
  const auto faults = (*books)->verify([&](std::int64_t done, std::int64_t all) {
    progress.show("posting days again", static_cast<double>(done) / static_cast<double>(all));
  });
  if (!faults) return report(faults.error());
  for (const auto& fault : *faults) fmt::print("{}: {}\n", fault.where, fault.message);
  const auto closes = (*books)->all_closes();
  fmt::print("{} closes posted again, {} differences\n", closes ? closes->size() : 0, faults->size());
  return faults->empty() ? kDone : kSomeRowsFailed;
}

}  // namespace

std::vector<Command> settle_day_commands() {
  return {{"settle close",
           "posts a day's journal, locks the day and stores the balances' hash",
           "",
           0,
           0,
           {kBooksOption, {"day", "DAY", "such as 2026-03-01"}, kByOption, kJsonOption},
           {"books", "day", "by"},
           run_close},
          {"settle reopen",
           "opens the last closed day again; that is on record for good",
           "",
           0,
           0,
           {kBooksOption, {"day", "DAY", "the last closed day"}, {"reason", "TEXT", "why"}, kByOption},
           {"books", "day", "reason", "by"},
           run_reopen},
          {"settle days",
           "which days are closed, opened again, open",
           "",
           0,
           0,
           {kBooksOption, kJsonOption},
           {"books"},
           run_days},
          {"settle verify",
           "posts every close again from its documents and says what differs",
           "",
           0,
           0,
           {kBooksOption},
           {"books"},
           run_verify}};
}

}  // namespace reckon::cli

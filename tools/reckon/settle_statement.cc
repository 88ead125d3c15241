// `reckon settle statement|export`: what stands in the books for each party.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>

#include "commands.h"
#include "reckon/base/csv.h"
#include "reckon/base/file.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/local_time.h"
#include "reckon/fee/condition.h"
#include "reckon/ledger/settlement_export.h"
#include "reckon/ledger/settlement_import.h"
#include "settle.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using ledger::Books;

// The account of `--shop S`, `--rider R`, `--branch B` or `--account A`.
base::Result<std::string> account_option(const Args& args) {
  std::vector<std::string> accounts;
  for (const std::string_view kind : {"shop", "rider", "branch"}) {
    if (const auto name = args.get(kind)) accounts.push_back(fmt::format("{}:{}", kind, *name));
  }
  if (const auto account = args.get("account")) accounts.emplace_back(*account);
  if (accounts.size() == 1) return accounts.front();
  return base::fail(ErrorCode::kInvalidInput, "statement",
                    fmt::format("names {} accounts; one of --shop, --rider, --branch, --account is needed",
                                accounts.size()));
}

std::string_view name_of(ledger::EntryKind kind) {
  return ledger::kEntryKindNames[static_cast<std::size_t>(kind)];
}
std::string_view name_of(ledger::What what) {
  return ledger::kWhatNames[static_cast<std::size_t>(what)];
}

// What the clerk should know of the days asked for: which of them are not closed.
std::string open_days_text(const std::vector<ledger::OpenDay>& days, std::string_view so) {
  std::string text;
  for (const auto& day : days)
    text += fmt::format("{} {} ({})", text.empty() ? "not closed:" : ",", fee::date_text(day.day),
                        counted(day.documents, "document", "documents"));
  return text.empty() ? text : fmt::format("{}; {}\n", text, so);
}

// The first day up to `to` that is not over: what happens on it may still come.
std::optional<std::chrono::sys_days> first_day_not_over(const ledger::Terms& terms,
                                                        std::chrono::sys_days from,
                                                        std::chrono::sys_days to) {
  const auto first = std::max(from, ledger::day_of(terms, base::SystemClock().wall_now()));
  if (to < first) return std::nullopt;
  return first;
}

std::string not_over_text(const ledger::Terms& terms, std::chrono::sys_days from, std::chrono::sys_days to) {
  const auto first = first_day_not_over(terms, from, to);
  if (!first) return {};
  return fmt::format("not over yet: {}{}\n", fee::date_text(*first),
                     *first == to ? "" : fmt::format(" to {}", fee::date_text(to)));
}

std::string open_days_text(const ledger::AccountStatement& statement, const Args& args) {
  return open_days_text(statement.open_days, args.has("open")
                                                 ? "what they post may still change"
                                                 : "left out, '--open' tells what they would post");
}

std::string statement_text(const ledger::AccountStatement& statement, const ledger::Terms& terms,
                           const Args& args) {
  const auto amount = [&](fee::Money money) { return fee::readable(money, terms.currency); };
  std::string out = fmt::format("{} from {} to {}\n", statement.account, fee::date_text(statement.from),
                                fee::date_text(statement.to));
  out += fmt::format("{:<10} {:<12} {:<10} {:<28} {:>14} {:>16}\n", "day", "entry", "what", "quote", "amount",
                     "balance");
  out += fmt::format("{:<10} {:<12} {:<10} {:<28} {:>14} {:>16}\n", "", "OPENING", "", "", "",
                     amount(statement.opening));
  for (const auto& line : statement.lines) {
    const auto of = line.quote_id.empty() && line.document != 0 ? fmt::format("document {}", line.document)
                                                                : line.quote_id;
    out += fmt::format("{:<10} {:<12} {:<10} {:<28} {:>14} {:>16}{}{}", fee::date_text(line.day),
                       name_of(line.entry), name_of(line.what), of, amount(line.amount), amount(line.balance),
                       line.reason.empty() ? "" : "  " + line.reason,
                       line.note.empty() ? "" : "  " + line.note) +
           (line.open ? "  (open)" : "") + "\n";
  }
  out += fmt::format("{:<10} {:<12} {:<10} {:<28} {:>14} {:>16}\n", "", "CLOSING", "", "", "",
                     amount(statement.closing));
  if (!statement.held.empty())
    out += fmt::format("on hold: {}, charges waiting for a deposit\n", amount(statement.on_hold()));
  for (const auto& charge : statement.held)
    out += fmt::format("{:<10} {:<12} {:<10} {:<28} {:>14}\n", "", "", "", charge.quote_id,
                       amount(charge.amount));
  return out + open_days_text(statement, args) + not_over_text(terms, statement.from, statement.to);
}

std::string statement_json(const ledger::AccountStatement& statement, const ledger::Terms& terms) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("account").string(statement.account).key("currency").string(terms.currency.text());
  json.key("from").string(fee::date_text(statement.from)).key("to").string(fee::date_text(statement.to));
  json.key("opening").integer(statement.opening.minor).key("lines").begin_array();
  for (const auto& line : statement.lines) {
    json.begin_object()
        .key("day")
        .string(fee::date_text(line.day))
        .key("at")
        .string(base::format_local(*terms.time_zone, line.at));
    json.key("entry").string(name_of(line.entry)).key("what").string(name_of(line.what));
    json.key("quote_id").string(line.quote_id).key("amount").integer(line.amount.minor);
    json.key("balance").integer(line.balance.minor).key("reason").string(line.reason);
    json.key("note").string(line.note).key("document");
    if (line.document == 0)
      json.null();
    else
      json.integer(line.document);
    json.key("open").boolean(line.open).end_object();
  }
  json.end_array().key("closing").integer(statement.closing.minor);
  json.key("on_hold").integer(statement.on_hold().minor).key("held").begin_array();
  for (const auto& charge : statement.held)
    json.begin_object()
        .key("quote_id")
        .string(charge.quote_id)
        .key("amount")
        .integer(charge.amount.minor)
        .end_object();
  json.end_array().key("open_days").begin_array();
  for (const auto& one : statement.open_days) json.string(fee::date_text(one.day));
  json.end_array().key("not_over_from");
  if (const auto first = first_day_not_over(terms, statement.from, statement.to))
    json.string(fee::date_text(*first));
  else
    json.null();
  json.end_object();
  return out + '\n';
}

int run_statement(const Args& args) {
  const auto account = account_option(args);
  if (!account) return report(account.error());
  const auto books = open_books(args, Books::Mode::kReadOnly);
  if (!books) return report(books.error());
  const auto view = (*books)->snapshot();
  if (!view) return report(view.error());
  const auto span = span_option(args, **books);
  if (!span) return report(span.error());
  const auto terms = (*books)->terms();
  if (!terms) return report(terms.error());
  const auto statement =
      (*books)->statement(*account, span->first, span->second,
                          args.has("open") ? ledger::OpenDays::kIncluded : ledger::OpenDays::kLeftOut);
  if (!statement) return report(statement.error());
  if (args.has("json")) return deliver(args, statement_json(*statement, *terms));
  if (!args.has("csv")) return deliver(args, statement_text(*statement, *terms, args));
  fmt::print(stderr, "{}{}", open_days_text(*statement, args),
             not_over_text(*terms, statement->from, statement->to));
  return deliver(args, ledger::csv_text(ledger::statement_sheet(*statement, *terms), terms->currency));
}

// The folder and file of an account: shops/s-1, others/head_office, others/vat-b-1.
base::Result<std::filesystem::path> place_of(std::string_view account) {
  const auto colon = account.find(':');
  const auto kind = account.substr(0, colon);
  const auto name = colon == std::string_view::npos ? kind : account.substr(colon + 1);
  if (!ledger::is_party_name(name) || !ledger::is_party_name(kind))
    return base::fail(ErrorCode::kCorrupt, std::string(account), "is no account; the books were changed");
  for (const auto& [one, folder] :
       {std::pair{"shop", "shops"}, std::pair{"rider", "riders"}, std::pair{"branch", "branches"}}) {
    if (kind == one) return std::filesystem::path(folder) / name;
  }
  const auto file = colon == std::string_view::npos ? std::string(kind) : fmt::format("{}-{}", kind, name);
  return std::filesystem::path("others") / file;
}

base::Result<void> write_both(const std::filesystem::path& stem, const ledger::Sheet& sheet,
                              const fee::Currency& currency, base::WallTime created) {
  std::error_code failed;
  std::filesystem::create_directories(stem.parent_path(), failed);
  if (failed)
    return base::fail(
        ErrorCode::kEnvironment, stem.parent_path().string(),
        fmt::format("cannot be made: {}; a folder that can be written is needed", failed.message()));
  const auto csv = base::write_file_atomically(stem.string() + ".csv", ledger::csv_text(sheet, currency));
  if (!csv) return csv;
  return ledger::write_xlsx(stem.string() + ".xlsx", {&sheet, 1}, currency, created);
}

using Files = std::set<std::filesystem::path>;

Files both_of(const std::filesystem::path& stem) {
  return {stem.string() + ".csv", stem.string() + ".xlsx"};
}

// The statements that the summary in `folder` lists; nothing where there is none: no export, or one that
// came to no end.
base::Result<std::optional<Files>> listed_in_summary(const std::filesystem::path& folder) {
  constexpr std::size_t kMaxSummaryBytes = std::size_t{256} << 20;
  const auto path = folder / "summary.csv";
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return std::nullopt;
  const auto bytes = base::read_file(path, kMaxSummaryBytes);
  if (!bytes) return base::fail(bytes.error());
  base::CsvFaults faults;  // of a summary without rows, too; what is no summary has another header
  const auto table = base::parse_csv(*bytes, path.string(), faults);
  Files listed;
  bool sound = table.header == ledger::summary_sheet().header;
  for (const auto& row : table.rows) {
    const auto place = sound ? place_of(row.fields.front()) : base::Result<std::filesystem::path>{};
    sound = sound && place.has_value();
    if (sound) listed.merge(both_of(folder / *place));
  }
  if (!sound)
    return base::fail(ErrorCode::kInvalidInput, path.string(),
                      "is no summary of an export, and one would replace it; another folder is needed");
  return listed;
}

std::vector<std::filesystem::path> those_there(const Files& files) {
  std::vector<std::filesystem::path> there;
  std::error_code none;
  std::ranges::copy_if(files, std::back_inserter(there),
                       [&none](const auto& file) { return std::filesystem::exists(file, none); });
  return there;
}

// Whether `folder` may take the files `to_write`, where an export wrote `earlier`.
base::Result<void> check_folder(const Args& args, const std::filesystem::path& folder, const Files& earlier,
                                const Files& to_write) {
  auto known = earlier;
  known.merge(both_of(folder / "summary"));
  if (const auto there = those_there(known); !args.has("replace"))
    return base::fail(ErrorCode::kInvalidInput, folder.string(),
                      fmt::format("holds {} of another export, such as {}; another folder is needed, or "
                                  "'--replace', which removes them",
                                  counted(static_cast<std::int64_t>(there.size()), "file", "files"),
                                  there.front().string()));
  Files strange;
  std::ranges::set_difference(to_write, known, std::inserter(strange, strange.end()));
  if (const auto there = those_there(strange); !there.empty())
    return base::fail(ErrorCode::kInvalidInput, there.front().string(),
                      "is not of the earlier export, and a statement would replace it; move it away");
  return {};
}

// The summary goes first: without one, what is left is an export that came to no end.
base::Result<void> remove_earlier(const std::filesystem::path& folder, const Files& earlier,
                                  const Files& to_write) {
  std::vector<std::filesystem::path> files = {folder / "summary.csv", folder / "summary.xlsx"};
  std::ranges::set_difference(earlier, to_write, std::back_inserter(files));
  for (const auto& file : files) {
    std::error_code failed;
    std::filesystem::remove(file, failed);
    if (failed)
      return base::fail(
          ErrorCode::kEnvironment, file.string(),
          fmt::format("is of an earlier export and cannot be removed: {}; remove it", failed.message()));
  }
  return {};
}

// Makes `folder` ready for the statements of `accounts`.
base::Result<void> clear_folder(const Args& args, const std::filesystem::path& folder,
                                const std::vector<std::string>& accounts) {
  Files to_write;
  for (const auto& account : accounts) {
    const auto place = place_of(account);
    if (!place) return base::fail(place.error());
    to_write.merge(both_of(folder / *place));
  }
  const auto earlier = listed_in_summary(folder);
  if (!earlier) return base::fail(earlier.error());
  if (!*earlier) return {};
  if (auto sound = check_folder(args, folder, **earlier, to_write); !sound) return sound;
  return remove_earlier(folder, **earlier, to_write);
}

// The CSV last: with it the export is whole.
base::Result<void> write_summary(const std::filesystem::path& folder, const ledger::Sheet& summary,
                                 const fee::Currency& currency, base::WallTime created) {
  if (auto done = ledger::write_xlsx(folder / "summary.xlsx", {&summary, 1}, currency, created); !done)
    return done;
  return base::write_file_atomically(folder / "summary.csv", ledger::csv_text(summary, currency));
}

int run_export(const Args& args) {
  const auto books = open_books(args, Books::Mode::kReadOnly);
  if (!books) return report(books.error());
  const auto view = (*books)->snapshot();
  if (!view) return report(view.error());
  const auto span = span_option(args, **books);
  if (!span) return report(span.error());
  const auto terms = (*books)->terms();
  const auto accounts = (*books)->accounts();
  if (!terms) return report(terms.error());
  if (!accounts) return report(accounts.error());
  const std::filesystem::path folder{std::string(*args.get("out"))};
  if (const auto ready = clear_folder(args, folder, *accounts); !ready) return report(ready.error());
  const base::WallTime created{span->second};
  auto summary = ledger::summary_sheet();
  std::vector<ledger::OpenDay> open_days;  // the same for all accounts
  Progress progress;
  for (const auto& account : *accounts) {
    progress.show("statements",
                  static_cast<double>(summary.rows.size()) / static_cast<double>(accounts->size()));
    auto statement = (*books)->statement(account, span->first, span->second);
    if (!statement) return report(statement.error());
    const auto place = place_of(account);
    if (!place) return report(place.error());
    const auto sheet = ledger::statement_sheet(*statement, *terms);
    open_days = statement->open_days;
    if (const auto done = write_both(folder / *place, sheet, terms->currency, created); !done)
      return report(done.error());
    summary.rows.push_back(ledger::summary_row(*statement, terms->currency));
  }
  if (const auto done = write_summary(folder, summary, terms->currency, created); !done)
    return report(done.error());
  fmt::print("{} and a summary in {}\n",
             counted(static_cast<std::int64_t>(summary.rows.size()), "statement", "statements"),
             folder.string());
  fmt::print("{}{}", open_days_text(open_days, "left out"), not_over_text(*terms, span->first, span->second));
  return kDone;
}

constexpr Option kFromOption{"from", "DAY", "first day (default: the first closed one)"};
constexpr Option kToOption{"to", "DAY", "last day (default: the last closed one)"};

}  // namespace

std::vector<Command> settle_statement_commands() {
  return {{"settle statement",
           "one account over days, line by line",
           "",
           0,
           0,
           {kBooksOption,
            {"shop", "S", "a shop's deposit"},
            {"rider", "R", "a rider's pay"},
            {"branch", "B", "a branch's earnings"},
            {"account", "A", "another account, such as head_office or vat:b-1"},
            kFromOption,
            kToOption,
            {"open", "", "with what the open days would post if they were closed now"},
            {"csv", "", "as CSV"},
            kJsonOption,
            {"out", "FILE", "into a file"}},
           {"books"},
           run_statement},
          {"settle export",
           "statements of all accounts as CSV and XLSX, and a summary",
           "",
           0,
           0,
           {kBooksOption,
            {"out", "DIR", "a folder, made when missing"},
            {"replace", "", "the files that its summary lists are replaced, those of other accounts removed"},
            kFromOption,
            kToOption},
           {"books", "out"},
           run_export}};
}

}  // namespace reckon::cli

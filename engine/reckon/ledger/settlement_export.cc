#include "reckon/ledger/settlement_export.h"

#include <fmt/format.h>

#include <algorithm>

#include "reckon/base/csv.h"
#include "reckon/base/local_time.h"
#include "reckon/base/plain_text.h"
#include "reckon/fee/condition.h"

namespace reckon::ledger {
namespace {

std::vector<Sheet::Cell> bound_row(const AccountStatement& statement, std::string_view name,
                                   fee::Money balance, const fee::Currency& currency) {
  const auto day = name == "OPENING" ? statement.from : statement.to;
  return {fee::date_text(day), std::string(), std::string(name), std::string(),
          std::string(),       fee::Money{},  balance,           std::string(currency.text()),
          std::string(),       std::string(), std::string()};
}

}  // namespace

std::string decimal(fee::Money amount, const fee::Currency& currency) {
  std::string digits = fmt::format("{}", amount.minor);
  const bool negative = amount.minor < 0;
  if (negative) digits.erase(0, 1);
  const auto places = static_cast<std::size_t>(currency.digits());
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, ".");
  return (negative ? "-" : "") + digits;
}

Sheet statement_sheet(const AccountStatement& statement, const Terms& terms) {
  const auto& currency = terms.currency;
  Sheet sheet;
  sheet.name = "statement";
  sheet.header = {"day",     "at",       "entry",  "what", "quote_id", "amount",
                  "balance", "currency", "reason", "note", "document"};
  sheet.rows.push_back(bound_row(statement, "OPENING", statement.opening, currency));
  for (const auto& line : statement.lines) {
    sheet.rows.push_back({fee::date_text(line.day), base::format_local(*terms.time_zone, line.at),
                          std::string(kEntryKindNames[static_cast<std::size_t>(line.entry)]),
                          std::string(kWhatNames[static_cast<std::size_t>(line.what)]), line.quote_id,
                          line.amount, line.balance, std::string(currency.text()), line.reason, line.note,
                          line.document == 0 ? std::string() : std::to_string(line.document)});
  }
  sheet.rows.push_back(bound_row(statement, "CLOSING", statement.closing, currency));
  if (statement.account.starts_with("shop:"))
    sheet.rows.push_back(bound_row(statement, "ON_HOLD", statement.on_hold(), currency));
  return sheet;
}

Sheet summary_sheet() {
  Sheet sheet;
  sheet.name = "summary";
  sheet.header = {"account", "from", "to", "lines", "opening", "change", "closing", "currency"};
  return sheet;
}

std::vector<Sheet::Cell> summary_row(const AccountStatement& statement, const fee::Currency& currency) {
  return {statement.account,
          fee::date_text(statement.from),
          fee::date_text(statement.to),
          std::to_string(statement.lines.size()),
          statement.opening,
          fee::Money{statement.closing.minor - statement.opening.minor},
          statement.closing,
          std::string(currency.text())};
}

std::string csv_text(const Sheet& sheet, const fee::Currency& currency) {
  std::string out;
  base::append_csv_row(out, sheet.header);
  for (const auto& row : sheet.rows) {
    std::vector<std::string> fields;
    for (const auto& cell : row) {
      const auto* text = std::get_if<std::string>(&cell);
      fields.push_back(text != nullptr ? *text : decimal(std::get<fee::Money>(cell), currency));
      // Entered before such texts were refused.
      if (text != nullptr && base::looks_like_formula(*text)) fields.back().insert(0, "'");
    }
    base::append_csv_row(out, fields);
  }
  return out;
}

}  // namespace reckon::ledger

#pragma once

// Statements as files: CSV (RFC 4180) and XLSX. docs/settlement.md.

#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/ledger/settlement_store.h"

namespace reckon::ledger {

/// Rows of an XLSX sheet, as its format has it.
inline constexpr std::size_t kMaxSheetRows = 1'048'576;

/// A table of texts and amounts, the first row its header.
struct Sheet {
  using Cell = std::variant<std::string, fee::Money>;
  std::string name;  ///< at most 31 characters
  std::vector<std::string> header;
  std::vector<std::vector<Cell>> rows;
};

/// `1234.50`: for machines; the digits are the currency's.
std::string decimal(fee::Money amount, const fee::Currency& currency);

/// A statement's lines between its opening and its closing balance, times in the books' zone; of a shop also
/// what is on hold at the end.
Sheet statement_sheet(const AccountStatement& statement, const Terms& terms);

/// For statements as one row each: account, days, lines, opening, change, closing; no row yet.
Sheet summary_sheet();
std::vector<Sheet::Cell> summary_row(const AccountStatement& statement, const fee::Currency& currency);

/// @return the sheet as CSV; a text that a spreadsheet would take for a formula has an apostrophe before it
std::string csv_text(const Sheet& sheet, const fee::Currency& currency);

/// Writes an XLSX workbook; amounts are numbers with the currency's digits.
/// @param created  stands in the file, so that equal sheets give equal bytes
/// @errors kLimit        more than kMaxSheetRows rows
///         kEnvironment  cannot be written; the old file is untouched
base::Result<void> write_xlsx(const std::filesystem::path& path, std::span<const Sheet> sheets,
                              const fee::Currency& currency, base::WallTime created);

}  // namespace reckon::ledger

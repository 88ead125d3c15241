// The only file that knows libxlsxwriter.

#include <fmt/format.h>
#include <xlsxwriter.h>

#include <cmath>

#include "reckon/base/file.h"
#include "reckon/ledger/settlement_export.h"
#include "reckon/ledger/workbook_check.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;

/// Beyond these a double is not exact any more; such an amount is written as text.
constexpr std::int64_t kMostExact = std::int64_t{1} << 53;

constexpr double kColumnWidth = 16;

/// A sheet of kMaxSheetRows rows has some 60 MB.
constexpr std::size_t kMaxXlsxBytes = std::size_t{1} << 30;

std::string number_format(const fee::Currency& currency) {
  const auto places = static_cast<std::size_t>(currency.digits());
  return places == 0 ? std::string("#,##0") : "#,##0." + std::string(places, '0');
}

lxw_error write_cell(lxw_worksheet* sheet, lxw_row_t row, lxw_col_t column, const Sheet::Cell& cell,
                     const fee::Currency& currency, lxw_format* money) {
  if (const auto* text = std::get_if<std::string>(&cell)) {
    if (text->empty()) return LXW_NO_ERROR;
    return worksheet_write_string(sheet, row, column, text->c_str(), nullptr);
  }
  const auto minor = std::get<fee::Money>(cell).minor;
  if (minor > kMostExact || minor < -kMostExact)
    return worksheet_write_string(sheet, row, column, decimal({minor}, currency).c_str(), nullptr);
  const double value = static_cast<double>(minor) / std::pow(10, currency.digits());
  return worksheet_write_number(sheet, row, column, value, money);
}

// The first cell that the library refuses is what it gives.
lxw_error write_sheet(lxw_worksheet* to, const Sheet& sheet, const fee::Currency& currency, lxw_format* head,
                      lxw_format* money) {
  if (to == nullptr) return LXW_ERROR_MEMORY_MALLOC_FAILED;
  worksheet_set_column(to, 0, static_cast<lxw_col_t>(sheet.header.size() - 1), kColumnWidth, nullptr);
  for (std::size_t c = 0; c < sheet.header.size(); ++c)
    worksheet_write_string(to, 0, static_cast<lxw_col_t>(c), sheet.header[c].c_str(), head);
  for (std::size_t r = 0; r < sheet.rows.size(); ++r) {
    for (std::size_t c = 0; c < sheet.rows[r].size(); ++c) {
      const auto fault = write_cell(to, static_cast<lxw_row_t>(r + 1), static_cast<lxw_col_t>(c),
                                    sheet.rows[r][c], currency, money);
      if (fault != LXW_NO_ERROR) return fault;
    }
  }
  worksheet_freeze_panes(to, 1, 0);
  return LXW_NO_ERROR;
}

}  // namespace

base::Result<void> write_xlsx(const std::filesystem::path& path, std::span<const Sheet> sheets,
                              const fee::Currency& currency, base::WallTime created) {
  for (const auto& sheet : sheets) {
    if (sheet.rows.size() >= kMaxSheetRows)
      return base::fail(
          ErrorCode::kLimit, sheet.name,
          fmt::format("has {} rows; a sheet holds {} with its header: take the CSV, or fewer days",
                      sheet.rows.size(), kMaxSheetRows));
  }
  // The library writes files only: a passing one, then the target whole.
  const auto passing = path.string() + ".passing";
  lxw_workbook_options options{};
  lxw_workbook* book = workbook_new_opt(passing.c_str(), &options);
  if (book == nullptr)
    return base::fail(ErrorCode::kEnvironment, path.string(), "cannot be begun; free memory");
  lxw_doc_properties properties{};
  properties.created =
      static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(created).time_since_epoch().count());
  workbook_set_properties(book, &properties);
  lxw_format* head = workbook_add_format(book);
  format_set_bold(head);
  lxw_format* money = workbook_add_format(book);
  format_set_num_format(money, number_format(currency).c_str());
  auto refused = LXW_NO_ERROR;
  for (const auto& sheet : sheets) {
    if (refused == LXW_NO_ERROR)
      refused = write_sheet(workbook_add_worksheet(book, sheet.name.c_str()), sheet, currency, head, money);
  }
  const auto closed = workbook_close(book);  // frees it, also on failure
  const auto fault = refused != LXW_NO_ERROR ? refused : closed;
  std::error_code ignored;
  if (fault != LXW_NO_ERROR) {
    std::filesystem::remove(passing, ignored);
    return base::fail(
        ErrorCode::kEnvironment, path.string(),
        fmt::format("cannot be written: {}; a folder with room is needed", lxw_strerror(fault)));
  }
  const auto bytes = base::read_file(passing, kMaxXlsxBytes);
  std::filesystem::remove(passing, ignored);
  if (!bytes) return base::fail(bytes.error());
  if (const auto cut = workbook_fault(*bytes); !cut.empty())
    return base::fail(ErrorCode::kEnvironment, path.string(),
                      fmt::format("cannot be written whole: {}; room is needed, also for passing files in {}",
                                  cut, std::filesystem::temp_directory_path(ignored).string()));
  return base::write_file_atomically(path, *bytes);
}

}  // namespace reckon::ledger

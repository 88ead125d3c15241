#pragma once

// CSV as the contract has it: a header line, commas, RFC 4180 quoting, `.` as decimal point.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/limits.h"
#include "reckon/base/result.h"

namespace reckon::base {

struct CsvRow {
  std::size_t line;  ///< 1-based line on which the row starts
  std::vector<std::string> fields;
};

struct CsvTable {
  std::vector<std::string> header;
  std::vector<CsvRow> rows;

  /// Position of the column of this name, or nothing.
  std::optional<std::size_t> column(std::string_view name) const;
};

/// Reads a whole table; LF or CRLF, an optional UTF-8 byte order mark, blank lines passed over.
/// @param name  stands in `where`: `<name>:<line>`
/// @errors kInvalidInput  empty, no data rows, a column named twice, a quote left open, a row with another
/// number of
///                        fields than the header (each such row is told)
Result<CsvTable> parse_csv(std::string_view bytes, std::string_view name);

/// The faults of a whole table.
struct CsvFaults {
  std::vector<Fault> first;  ///< at most kMaxFaults, by line
  std::size_t count = 0;     ///< of all of them
};

/// The same for those who go on: the rows that can be read, and the faults of the others.
CsvTable parse_csv(std::string_view bytes, std::string_view name, CsvFaults& faults);

/// Appends one field, quoted if it must be.
void append_csv_field(std::string& out, std::string_view field);

/// Appends one row with its line feed.
void append_csv_row(std::string& out, const std::vector<std::string>& fields);

/// A finite decimal number that is the whole of `text`, or nothing. `nan`, `inf`, blanks and signs `+` are
/// refused.
std::optional<double> parse_number(std::string_view text);

}  // namespace reckon::base

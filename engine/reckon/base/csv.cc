#include "reckon/base/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace reckon::base {
namespace {

// One pass over the bytes, a row at a time.
class RowReader {
 public:
  explicit RowReader(std::string_view bytes) : rest_(bytes) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  enum class Step { kRow, kEnd, kOpenQuote };

  Step next(CsvRow& row) {
    skip_blank_lines();
    if (rest_.empty()) return Step::kEnd;
    row = {line_, {}};
    for (;;) {
      std::string field;
      if (!read_field(field)) return Step::kOpenQuote;
      row.fields.push_back(std::move(field));
      if (rest_.empty() || take_line_break()) return Step::kRow;
      rest_.remove_prefix(1);  // the comma
    }
  }

 private:
  bool take_line_break() {
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (!rest_.starts_with("\n")) return false;
    rest_.remove_prefix(1);
    ++line_;
    return true;
  }

  void skip_blank_lines() {
    while (take_line_break()) {
    }
  }

  bool read_field(std::string& field) {
    if (!rest_.starts_with('"')) {
      const auto end = std::min(rest_.find_first_of(",\n"), rest_.size());
      field = rest_.substr(0, end);
      rest_.remove_prefix(end);
      // A carriage return before the line feed (or at the very end) belongs to the line break.
      if (field.ends_with('\r') && !rest_.starts_with(',')) field.pop_back();
      return true;
    }
    rest_.remove_prefix(1);
    for (;;) {
      const auto quote = rest_.find('"');
      if (quote == std::string_view::npos) return false;
      line_ += static_cast<std::size_t>(std::ranges::count(rest_.substr(0, quote), '\n'));
      field += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (!rest_.starts_with('"')) break;
      field += '"';
      rest_.remove_prefix(1);
    }
    const auto end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
    field += rest_.substr(0, end);  // what stands behind the closing quote is kept, not dropped
    rest_.remove_prefix(end);
    return true;
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

void add(CsvFaults& faults, std::string where, std::string what) {
  ++faults.count;
  if (faults.first.size() < kMaxFaults) faults.first.push_back({std::move(where), std::move(what)});
}

void check_header(const std::vector<std::string>& header, std::string_view name, CsvFaults& faults) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (std::find(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(i), header[i]) !=
        header.begin() + static_cast<std::ptrdiff_t>(i)) {
      add(faults, fmt::format("{}:1", name),
          fmt::format("column '{}' stands twice; each column may stand once", header[i]));
    }
  }
}

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
  const auto found = std::ranges::find(header, name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

Result<CsvTable> parse_csv(std::string_view bytes, std::string_view name) {
  CsvFaults faults;
  auto table = parse_csv(bytes, name, faults);
  if (faults.count > 0) return fail(error_of(ErrorCode::kInvalidInput, std::move(faults.first)));
  return table;
}

CsvTable parse_csv(std::string_view bytes, std::string_view name, CsvFaults& faults) {
  RowReader reader(bytes);
  CsvTable table;
  CsvRow row;
  for (bool first = true;; first = false) {
    const auto step = reader.next(row);
    if (step == RowReader::Step::kEnd) break;
    if (step == RowReader::Step::kOpenQuote) {
      add(faults, fmt::format("{}:{}", name, row.line), "a quote is left open; each must be closed");
      break;
    }
    if (first) {
      table.header = std::move(row.fields);
      check_header(table.header, name, faults);
    } else if (row.fields.size() == table.header.size()) {
      table.rows.push_back(std::move(row));
    } else {
      add(faults, fmt::format("{}:{}", name, row.line),
          fmt::format("has {} fields; the header has {}", row.fields.size(), table.header.size()));
    }
  }
  if (faults.count == 0 && table.rows.empty())
    add(faults, std::string(name), "has no rows; a header line and at least one row are needed");
  return table;
}

void append_csv_field(std::string& out, std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_row(std::string& out, const std::vector<std::string>& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    append_csv_field(out, fields[i]);
  }
  out += '\n';
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace reckon::base

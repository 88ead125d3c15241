// `reckon bench compare`: two runs of `reckon bench quote --json` side by side, as text, JSON or a drawing.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"
#include "markup.h"
#include "reckon/base/file.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/limits.h"

namespace reckon::cli {
namespace {

constexpr std::array<std::string_view, 6> kColumns = {"p50_us",   "p90_us",    "p99_us",
                                                      "p99.9_us", "p99.99_us", "max_us"};
constexpr std::size_t kMostRows = 32;
constexpr std::int64_t kMostUs = 3'600'000'000;

struct RunRow {
  std::string name;
  std::int64_t quotes = 0;
  std::array<std::int64_t, kColumns.size()> micros{};
};

struct Run {
  std::string file, scenario;
  std::int64_t rate = 0, seconds = 0, failed = 0;
  std::vector<RunRow> rows;
};

base::Result<Run> read_run(const std::string& file) {
  const auto bytes = base::read_file(file, base::kMaxConfigBytes);
  if (!bytes) return base::fail(bytes.error());
  const auto document = base::JsonDocument::parse(*bytes, file);
  if (!document) return base::fail(document.error());
  base::Faults faults(file);
  const auto root = document->root(faults);
  Run run;
  run.file = file;
  run.scenario = root.required("scenario").string(64).value_or("");
  run.rate = root.required("rate").integer(1, INT64_MAX).value_or(0);
  run.seconds = root.required("seconds").integer(1, INT64_MAX).value_or(0);
  run.failed = root.required("failed").integer(0, INT64_MAX).value_or(0);
  for (const auto& item : root.required("rows").items(kMostRows)) {
    RunRow row;
    row.name = item.required("name").string(64).value_or("");
    row.quotes = item.required("quotes").integer(0, INT64_MAX).value_or(0);
    for (std::size_t i = 0; i < kColumns.size(); ++i)
      row.micros.at(i) = item.required(kColumns.at(i)).integer(0, kMostUs).value_or(0);
    run.rows.push_back(std::move(row));
  }
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
  return run;
}

// Rows that both runs have.
struct Shared {
  const RunRow* before;
  const RunRow* after;
};

std::vector<Shared> shared_rows(const Run& before, const Run& after) {
  std::vector<Shared> shared;
  for (const auto& row : before.rows) {
    const auto same = std::ranges::find(after.rows, row.name, &RunRow::name);
    if (same != after.rows.end()) shared.push_back({&row, &*same});
  }
  return shared;
}

double ratio(std::int64_t before, std::int64_t after) {
  return static_cast<double>(std::max<std::int64_t>(after, 1)) /
         static_cast<double>(std::max<std::int64_t>(before, 1));
}

std::string text_of(const Run& before, const Run& after, const std::vector<Shared>& rows) {
  const auto told = [](const Run& run) {
    return fmt::format("{}: {}, {} quotes/s for {} s, {} failed\n", run.file, run.scenario, run.rate,
                       run.seconds, run.failed);
  };
  std::string out = "before  " + told(before) + "after   " + told(after);
  if (before.scenario != after.scenario || before.rate != after.rate)
    out += "        not the same scenario or rate: the numbers say little about each other\n";
  out += fmt::format("\n{:<24}{:<8}", "microseconds", "");
  for (const auto column : kColumns) out += fmt::format("{:>11}", column.substr(0, column.size() - 3));
  out += "\n";
  for (const auto& row : rows) {
    const auto line = [&](std::string_view name, std::string_view what, auto cell) {
      out += fmt::format("{:<24}{:<8}", name, what);
      for (std::size_t i = 0; i < kColumns.size(); ++i) out += fmt::format("{:>11}", cell(i));
      out += "\n";
    };
    line(row.before->name, "before",
         [&](std::size_t i) { return fmt::format("{}", row.before->micros.at(i)); });
    line("", "after", [&](std::size_t i) { return fmt::format("{}", row.after->micros.at(i)); });
    line("", "ratio", [&](std::size_t i) {
      return fmt::format("{:.2f}", ratio(row.before->micros.at(i), row.after->micros.at(i)));
    });
  }
  return out;
}

std::string json_of(const std::vector<Shared>& rows) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("rows").begin_array();
  for (const auto& row : rows) {
    json.begin_object().key("name").string(row.before->name);
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      json.key(kColumns.at(i)).begin_object().key("before").integer(row.before->micros.at(i));
      json.key("after").integer(row.after->micros.at(i));
      json.key("ratio").number(ratio(row.before->micros.at(i), row.after->micros.at(i))).end_object();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return out + "\n";
}

// Percentiles from left to right, microseconds on a logarithmic scale; of the first row, which is all quotes.
std::string svg_of(const Run& before, const Run& after, const Shared& row) {
  constexpr double kWidth = 720, kHeight = 360, kLeft = 80, kBottom = 40, kTop = 30, kDecades = 7;
  const auto x = [&](std::size_t i) {
    return kLeft + (kWidth - kLeft - 40) * static_cast<double>(i) / static_cast<double>(kColumns.size() - 1);
  };
  const auto y = [&](double micros) {
    const double share = std::clamp(std::log10(std::max(micros, 1.0)) / kDecades, 0.0, 1.0);
    return kHeight - kBottom - share * (kHeight - kBottom - kTop);
  };
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{0}' height='{1}' viewBox='0 0 {0} {1}' "
      "font-family='sans-serif' "
      "font-size='12'>\n<rect width='100%' height='100%' fill='white'/>\n",
      kWidth, kHeight);
  constexpr std::array<std::string_view, 8> kTicks = {"1 us",  "10 us",  "100 us", "1 ms",
                                                      "10 ms", "100 ms", "1 s",    "10 s"};
  for (std::size_t d = 0; d < kTicks.size(); ++d) {
    const double at = y(std::pow(10, static_cast<double>(d)));
    svg += fmt::format(
        "<line x1='{0}' y1='{1:.1f}' x2='{2}' y2='{1:.1f}' stroke='#ddd'/><text x='{3}' y='{4:.1f}' "
        "text-anchor='end' fill='#555'>{5}</text>\n",
        kLeft, at, kWidth - 30, kLeft - 8, at + 4, kTicks.at(d));
  }
  for (std::size_t i = 0; i < kColumns.size(); ++i)
    svg += fmt::format("<text x='{:.1f}' y='{}' text-anchor='middle' fill='#555'>{}</text>\n", x(i),
                       kHeight - 14, kColumns.at(i).substr(0, kColumns.at(i).size() - 3));
  const auto curve = [&](const RunRow& of, std::string_view colour, std::string_view name, double at) {
    std::string points;
    for (std::size_t i = 0; i < kColumns.size(); ++i)
      points += fmt::format("{:.1f},{:.1f} ", x(i), y(static_cast<double>(of.micros.at(i))));
    svg += fmt::format(
        "<polyline points='{}' fill='none' stroke='{}' stroke-width='2.5'/><text x='{}' y='18' fill='{}'>"
        "{}</text>\n",
        points, colour, at, colour, escaped(name));
  };
  curve(*row.before, "#888", fmt::format("before: {}, {}/s", before.scenario, before.rate), kLeft);
  curve(*row.after, "#1f5fd0", fmt::format("after: {}, {}/s", after.scenario, after.rate), kWidth / 2);
  return svg + "</svg>\n";
}

int run_compare(const Args& args) {
  const auto before = read_run(args.words()[0]), after = read_run(args.words()[1]);
  if (!before || !after) {
    const int exit = before ? kDone : report(before.error());
    return after ? exit : report(after.error());
  }
  const auto rows = shared_rows(*before, *after);
  if (rows.empty())
    return report(
        {base::ErrorCode::kInvalidInput, args.words()[1], "has no row that the first file has, too"});
  if (const auto file = args.get("svg")) {
    if (const auto written =
            base::write_file_atomically(std::string(*file), svg_of(*before, *after, rows[0]));
        !written)
      return report(written.error());
  }
  return deliver(args, args.has("json") ? json_of(rows) : text_of(*before, *after, rows));
}

}  // namespace

std::vector<Command> bench_compare_commands() {
  return {{"bench compare",
           "two runs of 'bench quote --json' side by side",
           "BEFORE.json AFTER.json",
           2,
           2,
           {{"svg", "FILE", "also draws the percentiles of all quotes"},
            {"out", "FILE", "where the answer goes (stdout)"},
            {"json", "", "one JSON document"}},
           {},
           run_compare}};
}

}  // namespace reckon::cli

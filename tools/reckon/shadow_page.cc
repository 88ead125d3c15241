#include "shadow_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "markup.h"
#include "reckon/base/json_writer.h"

namespace reckon::cli {
namespace {

using ledger::ShadowReport;
using ledger::ShadowReports;
using ledger::ShadowSum;

constexpr std::size_t kAreasTold = 10;
constexpr std::size_t kBarsDrawn = 60;  // of one plot: two months of days

struct Kind {
  std::string_view key, title;
};
constexpr std::array<Kind, 8> kKinds = {{{"tariff", "by tariff"},
                                         {"vehicle", "by vehicle"},
                                         {"calibration", "by calibration"},
                                         {"shadow", "by what would have priced"},
                                         {"straight", "by straight line"},
                                         {"distance", "by the provider's distance"},
                                         {"hour", "by hour of the day"},
                                         {"day", "by day"}}};

using Parts = std::vector<std::pair<std::string, ShadowSum>>;

Parts parts_of(const ShadowReport& report, std::string_view kind) {
  const auto found = report.by.find(std::string(kind));
  if (found == report.by.end()) return {};
  return {found->second.begin(), found->second.end()};
}

// The areas where most money would be wrong, first.
Parts worst_areas(const ShadowReport& report) {
  auto areas = parts_of(report, "area");
  std::ranges::stable_sort(
      areas, [](const auto& a, const auto& b) { return a.second.miss_minor > b.second.miss_minor; });
  if (areas.size() > kAreasTold) areas.resize(kAreasTold);
  return areas;
}

std::string headline(const ShadowReport& report) {
  return fmt::format(
      "if {} vanished now: {:.1f} % of fees identical, mean difference {:+.0f} {} (mean size {:.0f}), "
      "by {} quotes since the newest calibration",
      report.provider, 100 * report.now.same_share(), report.now.mean_off(), report.currency,
      report.now.mean_miss(), report.now.pairs);
}

std::string line(std::string_view name, const ShadowSum& sum) {
  return fmt::format("    {:<30}{:>8}{:>9.1f} %{:>10.0f}{:>10.0f}{:>10.1f} %{:>+8.1f} %\n", name, sum.pairs,
                     100 * sum.same_share(), sum.mean_off(), sum.mean_miss(), 100 * sum.inside_share(),
                     100 * sum.mean_bias());
}

double degrees(std::int64_t e7) {
  return static_cast<double>(e7) / 1e7;
}

std::string left_out(const ShadowReports& reports) {
  std::string out;
  if (reports.unpaired > 0)
    out += fmt::format("{} quotes of a provider carry no shadow: they are of an earlier version\n",
                       reports.unpaired);
  if (reports.unreadable > 0)
    out += fmt::format("{} quotes could not be read; 'reckon verify' names them\n", reports.unreadable);
  if (reports.reports.empty())
    out += fmt::format("none of {} quotes was measured by a provider\n", reports.rows);
  return out;
}

// Bars of a height each, with what they say when pointed at.
struct Bar {
  double height = 0;  ///< [0, 1]
  std::string says;
  std::string_view colour = "#1f5fd0";
};

std::string bars(const std::vector<Bar>& list, std::string_view first, std::string_view last, double mark) {
  constexpr double kWidth = 640, kHeight = 150;
  const double step = kWidth / static_cast<double>(std::max<std::size_t>(list.size(), 1));
  std::string svg = fmt::format(
      "<svg viewBox='0 0 {} {}' width='{}' font-family='sans-serif' font-size='11'>"
      "<line x1='0' y1='{}' x2='{}' y2='{}' stroke='#999'/>\n",
      kWidth, kHeight + 20, kWidth, kHeight, kWidth, kHeight);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const double height = std::clamp(list[i].height, 0.0, 1.0) * (kHeight - 10);
    svg += fmt::format(
        "<rect x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}' fill='{}'><title>{}</title></rect>\n",
        step * static_cast<double>(i) + step * 0.1, kHeight - height, step * 0.8, height, list[i].colour,
        escaped(list[i].says));
  }
  if (mark > 0) {
    const double y = kHeight - mark * (kHeight - 10);
    svg += fmt::format(
        "<line x1='0' y1='{0:.1f}' x2='{1}' y2='{0:.1f}' stroke='#c82020' stroke-dasharray='4 3'/>", y,
        kWidth);
  }
  return svg + fmt::format(
                   "<text x='0' y='{0}' fill='#444'>{1}</text><text x='{2}' y='{0}' fill='#444' "
                   "text-anchor='end'>{3}"
                   "</text></svg>\n",
                   kHeight + 15, escaped(first), kWidth, escaped(last));
}

std::string share_plot(const Parts& all, double (ShadowSum::*share)() const, double mark) {
  const std::size_t from = all.size() > kBarsDrawn ? all.size() - kBarsDrawn : 0;
  std::vector<Bar> list;
  for (std::size_t i = from; i < all.size(); ++i) {
    const double value = (all[i].second.*share)();
    list.push_back(
        {value, fmt::format("{}: {:.1f} % of {}", all[i].first, 100 * value, all[i].second.pairs)});
  }
  if (list.empty()) return "";
  return bars(list, all[from].first, all.back().first, mark);
}

std::string error_plot(const ShadowReport& report) {
  const auto most = std::max<std::int64_t>(1, *std::ranges::max_element(report.errors));
  std::vector<Bar> list;
  for (std::size_t i = 0; i < report.errors.size(); ++i) {
    const auto low = static_cast<int>(i) - static_cast<int>(ledger::kErrorBars / 2);
    const bool outer = i == 0 || i + 1 == report.errors.size();
    list.push_back({static_cast<double>(report.errors.at(i)) / static_cast<double>(most),
                    outer ? fmt::format("{}: {} trips", i == 0 ? "shorter" : "longer", report.errors.at(i))
                          : fmt::format("{} to {} %: {} trips", low, low + 1, report.errors.at(i)),
                    outer ? "#c86a20" : "#1f5fd0"});
  }
  return bars(list, "15 % shorter and more", "15 % longer and more", 0);
}

std::string html_table(const Parts& parts) {
  std::string out =
      "<table><tr><th></th><th>quotes</th><th>same fee</th><th>mean difference</th><th>mean size</th>"
      "<th>interval holds</th><th>metres, mean</th></tr>\n";
  for (const auto& [name, sum] : parts)
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{:.1f} %</td><td>{:+.0f}</td><td>{:.0f}</td><td>{:.1f} "
        "%</td><td>{:+.1f} "
        "%</td></tr>\n",
        escaped(name), sum.pairs, 100 * sum.same_share(), sum.mean_off(), sum.mean_miss(),
        100 * sum.inside_share(), 100 * sum.mean_bias());
  return out + "</table>\n";
}

std::string html_worst(const ShadowReport& report) {
  std::string out =
      "<table><tr><th>quote</th><th>at</th><th>from</th><th>to</th><th>provider, m</th><th>shadow, "
      "m</th><th>fee</th>"
      "<th>shadow's fee</th></tr>\n";
  for (const auto& trip : report.worst)
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{:.5f}, {:.5f}</td><td>{:.5f}, {:.5f}</td><td>{}</td><td>{} "
        "({})</td><td>{}</td>"
        "<td>{}</td></tr>\n",
        escaped(trip.quote_id), base::format_rfc3339(trip.at), degrees(trip.from_lat_e7),
        degrees(trip.from_lon_e7), degrees(trip.to_lat_e7), degrees(trip.to_lon_e7), trip.metres,
        trip.shadow_m, escaped(trip.shadow_source), trip.fee_minor, trip.shadow_minor);
  return out + "</table>\n";
}

std::string html_of(const ShadowReport& report) {
  std::string out = fmt::format("<h2>{}</h2>\n<p><b>{}</b></p>\n<p>{} quotes from {} to {}.</p>\n",
                                escaped(report.provider), escaped(headline(report)), report.all.pairs,
                                base::format_rfc3339(report.first), base::format_rfc3339(report.last));
  out += fmt::format(
      "<h3>How far the shadow's metres are off</h3>\n<p>Median {:+.2f} %; nine in ten between {:+.2f} and "
      "{:+.2f} %.</p>\n",
      100 * report.error_p50, 100 * report.error_p5, 100 * report.error_p95);
  out += error_plot(report);
  out += "<h3>Share of fees that would be the same, by day</h3>\n" +
         share_plot(parts_of(report, "day"), &ShadowSum::same_share, 0);
  out += "<h3>Share that the 90 % interval holds, by straight line</h3>\n" +
         share_plot(parts_of(report, "straight"), &ShadowSum::inside_share, 0.9);
  for (const auto& [key, title] : kKinds)
    out += fmt::format("<h3>{}</h3>\n", title) + html_table(parts_of(report, key));
  out += "<h3>areas where most would be wrong</h3>\n" + html_table(worst_areas(report));
  return out + "<h3>trips that differ most</h3>\n" + html_worst(report);
}

void write_sum(base::JsonWriter& json, const ShadowSum& sum) {
  json.key("pairs").integer(sum.pairs).key("same").integer(sum.same).key("inside").integer(sum.inside);
  json.key("off_minor").integer(sum.off_minor).key("miss_minor").integer(sum.miss_minor);
  json.key("bias").number(sum.mean_bias());
}

void write_report(base::JsonWriter& json, const ShadowReport& report) {
  json.begin_object().key("provider").string(report.provider).key("currency").string(report.currency);
  write_sum(json, report.all);
  json.key("now").begin_object();
  write_sum(json, report.now);
  json.end_object();
  json.key("first")
      .string(base::format_rfc3339(report.first))
      .key("last")
      .string(base::format_rfc3339(report.last));
  json.key("error_p5").number(report.error_p5).key("error_p50").number(report.error_p50);
  json.key("error_p95").number(report.error_p95).key("errors").begin_array();
  for (const auto count : report.errors) json.integer(count);
  json.end_array().key("by").begin_object();
  for (const auto& [kind, parts] : report.by) {
    json.key(kind).begin_array();
    for (const auto& [name, sum] : parts) {
      json.begin_object().key("name").string(name);
      write_sum(json, sum);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object().key("worst").begin_array();
  for (const auto& trip : report.worst) {
    json.begin_object().key("quote_id").string(trip.quote_id).key("at").string(base::format_rfc3339(trip.at));
    json.key("from").begin_object().key("lat").number(degrees(trip.from_lat_e7));
    json.key("lon").number(degrees(trip.from_lon_e7)).end_object();
    json.key("to").begin_object().key("lat").number(degrees(trip.to_lat_e7));
    json.key("lon").number(degrees(trip.to_lon_e7)).end_object();
    json.key("distance_m").integer(trip.metres).key("shadow_m").integer(trip.shadow_m);
    json.key("fee").integer(trip.fee_minor).key("shadow_fee").integer(trip.shadow_minor);
    json.key("shadow").string(trip.shadow_source).end_object();
  }
  json.end_array().end_object();
}

}  // namespace

std::string shadow_text(const ShadowReports& reports) {
  std::string out;
  for (const auto& report : reports.reports) {
    out += headline(report) + "\n";
    out += fmt::format(
        "  {} quotes from {} to {}; metres off: median {:+.2f} %, nine in ten between {:+.2f} and {:+.2f} "
        "%\n",
        report.all.pairs, base::format_rfc3339(report.first), base::format_rfc3339(report.last),
        100 * report.error_p50, 100 * report.error_p5, 100 * report.error_p95);
    out += fmt::format("\n    {:<30}{:>8}{:>11}{:>10}{:>10}{:>12}{:>10}\n", "", "quotes", "same fee",
                       "mean off", "size", "interval", "metres");
    out += line("since the newest calibration", report.now);
    out += line("all on record", report.all);
    for (const auto& [key, title] : kKinds) {
      out += fmt::format("  {}\n", title);
      for (const auto& [name, sum] : parts_of(report, key)) out += line(name, sum);
    }
    out += "  areas where most would be wrong\n";
    for (const auto& [name, sum] : worst_areas(report)) out += line(name, sum);
    out += "  trips that differ most\n";
    for (const auto& trip : report.worst)
      out +=
          fmt::format("    {} {:>6} m, shadow {:>6} m ({}): {} and {} {}\n", trip.quote_id, trip.metres,
                      trip.shadow_m, trip.shadow_source, trip.fee_minor, trip.shadow_minor, report.currency);
    out += "\n";
  }
  return out + left_out(reports);
}

std::string shadow_json(const ShadowReports& reports) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("rows").integer(reports.rows).key("unpaired").integer(reports.unpaired);
  json.key("unreadable").integer(reports.unreadable).key("providers").begin_array();
  for (const auto& report : reports.reports) write_report(json, report);
  json.end_array().end_object();
  return out + "\n";
}

std::string shadow_html(const ShadowReports& reports) {
  std::string out =
      "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>Shadow report</title><style>"
      "body{font-family:sans-serif;margin:1.5em;color:#222;max-width:60em}table{border-collapse:collapse}"
      "th,td{text-align:right;padding:.15em .8em;border-bottom:1px solid "
      "#eee}th:first-child,td:first-child{text-align:left}"
      "svg{max-width:100%;height:auto}h3:first-letter{text-transform:uppercase}</style></head><body>\n"
      "<h1>If a provider vanished now</h1>\n<p>Each quote that a provider measured is priced again with the "
      "local "
      "estimate that was computed beside it.</p>\n";
  for (const auto& report : reports.reports) out += html_of(report);
  if (const auto told = left_out(reports); !told.empty()) out += "<p>" + escaped(told) + "</p>\n";
  return out + "</body></html>\n";
}

}  // namespace reckon::cli

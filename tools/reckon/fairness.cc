// `reckon fairness`: how evenly a day's work fell on riders.

#include "reckon/dispatch/fairness.h"

#include <fmt/format.h>

#include <algorithm>

#include "commands.h"
#include "reckon/base/file.h"
#include "reckon/base/json_writer.h"

namespace reckon::cli {
namespace {

using dispatch::FairnessReport;
using dispatch::RiderRecord;
using dispatch::Spread;

constexpr std::size_t kMaxTableBytes = std::size_t{256} << 20;

struct Measure {
  std::string_view key;
  std::string_view heading;
  Spread FairnessReport::*spread;
};
constexpr Measure kMeasures[] = {
    {"calls_per_hour", "calls", &FairnessReport::calls_per_hour},
    {"kilometres_per_hour", "kilometres", &FairnessReport::kilometres_per_hour},
    {"pay_per_hour", "pay", &FairnessReport::pay_per_hour},
};
constexpr Measure kDelay{"visibility_delay_s", "shown after", &FairnessReport::visibility_delay_s};

struct Part {
  std::string_view key;
  double Spread::*value;
};
constexpr Part kParts[] = {{"mean", &Spread::mean},     {"least", &Spread::least}, {"p10", &Spread::p10},
                           {"median", &Spread::median}, {"p90", &Spread::p90},     {"most", &Spread::most},
                           {"gini", &Spread::gini}};

bool tells_delay(const std::vector<RiderRecord>& riders) {
  return std::ranges::any_of(riders, [](const RiderRecord& rider) { return rider.shown > 0; });
}

std::string table_line(const FairnessReport& report, const Measure& measure, int decimals) {
  std::string out = fmt::format("{:<12}", measure.heading);
  for (const auto& part : kParts)
    out += fmt::format(" {:>8.{}f}", report.*measure.spread.*part.value, part.key == "gini" ? 3 : decimals);
  return out + "\n";
}

std::string table_of(const FairnessReport& report, bool with_log, const std::vector<RiderRecord>& riders) {
  std::string out = fmt::format("{} riders, {:.1f} hours on duty; {} left out with less than {} h\n\n",
                                report.riders, report.hours, report.short_shifts, dispatch::kLeastDutyHours);
  out += fmt::format("{:<12}", "an hour");
  for (const auto& part : kParts) out += fmt::format(" {:>8}", part.key);
  out += "\n";
  for (const auto& measure : kMeasures) out += table_line(report, measure, 3);
  if (tells_delay(riders)) out += "\nseconds from placement\n" + table_line(report, kDelay, 0);
  if (!with_log) return out;
  const auto most = std::ranges::max_element(riders, {}, &RiderRecord::passed_over);
  std::uint64_t all = 0;
  for (const auto& rider : riders) all += rider.passed_over;
  out += fmt::format(
      "\npassed over (cheapest by himself, another got it for the sake of the whole): {} times in all", all);
  if (all > 0) {
    out += fmt::format("; most often {}: {} of {} decisions among whose cheapest he stood", most->name,
                       most->passed_over, most->considered);
  }
  return out + '\n';
}

std::string json_of(const FairnessReport& report, const std::vector<RiderRecord>& riders) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("riders").integer(static_cast<std::int64_t>(report.riders));
  json.key("short_shifts").integer(static_cast<std::int64_t>(report.short_shifts));
  json.key("hours").number(report.hours);
  const auto write = [&](const Measure& measure) {
    json.key(measure.key).begin_object();
    for (const auto& part : kParts) json.key(part.key).number(report.*measure.spread.*part.value);
    json.end_object();
  };
  for (const auto& measure : kMeasures) write(measure);
  if (tells_delay(riders)) write(kDelay);
  json.key("each").begin_array();
  for (const auto& rider : riders) {
    json.begin_object().key("id").integer(rider.id).key("rider").string(rider.name);
    json.key("hours").number(rider.hours).key("calls").number(rider.calls);
    json.key("kilometres").number(rider.kilometres).key("pay").number(rider.pay);
    if (rider.shown > 0) {
      json.key("shown").integer(static_cast<std::int64_t>(rider.shown));
      json.key("shown_after_s").number(rider.shown_after_s);
    }
    json.key("considered").integer(static_cast<std::int64_t>(rider.considered));
    json.key("passed_over").integer(static_cast<std::int64_t>(rider.passed_over)).end_object();
  }
  json.end_array().end_object();
  return out + "\n";
}

int fairness_report(const Args& args) {
  const std::string& file = args.words().front();
  const auto text = base::read_file(file, kMaxTableBytes);
  if (!text) return report(text.error());
  auto riders = dispatch::read_rider_records(*text, file);
  if (!riders) return report(riders.error());
  const auto log_file = args.get("decisions");
  if (log_file) {
    const auto log = base::read_file(std::string(*log_file), dispatch::kMaxDecisionLogBytes);
    if (!log) return report(log.error());
    const auto counted = dispatch::count_decisions(*log, *log_file, *riders);
    if (!counted) return report(counted.error());
  }
  const auto all = dispatch::fairness(*riders);
  return deliver(args,
                 args.has("json") ? json_of(all, *riders) : table_of(all, log_file.has_value(), *riders));
}

}  // namespace

std::vector<Command> fairness_commands() {
  return {{
      .name = "fairness",
      .summary = "how evenly calls, kilometres and pay fell on riders, for each hour on duty",
      .words = "RIDERS.csv",
      .min_words = 1,
      .max_words = 1,
      .options = {{"decisions", "FILE", "a decision log: counts who was looked at and passed over"},
                  {"out", "FILE", "where the report goes; stdout when not given"},
                  {"json", "", "one JSON document, with each rider"}},
      .required = {},
      .run = fairness_report,
  }};
}

}  // namespace reckon::cli

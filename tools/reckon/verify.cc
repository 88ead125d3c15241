// `reckon verify`: recomputes a trace or a whole ledger.

#include "reckon/ledger/verify.h"

#include <fmt/format.h>

#include "commands.h"
#include "reckon/base/file.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/limits.h"

namespace reckon::cli {
namespace {

int print_report(const ledger::VerifyReport& report, bool as_json) {
  if (as_json) {
    std::string out;
    base::JsonWriter json(out);
    json.begin_object().key("rows").integer(report.rows).key("differences").begin_array();
    for (const auto& one : report.differences) {
      json.begin_object().key("where").string(one.where).key("what").string(one.what).end_object();
    }
    json.end_array().key("gaps").begin_array();
    for (const auto& gap : report.gaps) {
      json.begin_object().key("first_at").string(base::format_rfc3339(gap.first_at));
      json.key("last_at").string(base::format_rfc3339(gap.last_at)).key("quotes").integer(gap.quotes);
      json.key("reason").string(gap.reason).end_object();
    }
    json.end_array().key("clock_steps").begin_array();
    for (const auto& step : report.clock_steps)
      json.begin_object().key("row").integer(step.seq).key("back_s").integer(step.back.count()).end_object();
    json.end_array().end_object();
    fmt::print("{}\n", out);
  } else {
    for (const auto& one : report.differences) fmt::print("{}: {}\n", one.where, one.what);
    for (const auto& gap : report.gaps) {
      fmt::print("gap: {} quotes not recorded from {} to {} ({})\n", gap.quotes,
                 base::format_rfc3339(gap.first_at), base::format_rfc3339(gap.last_at), gap.reason);
    }
    for (const auto& step : report.clock_steps)
      fmt::print("clock: set back by {} s before row {}; the order is that of the rows\n", step.back.count(),
                 step.seq);
    fmt::print("{} quotes recomputed, {} differences\n", report.rows, report.differences.size());
  }
  return report.differences.empty() ? kDone : kSomeRowsFailed;
}

int verify_ledger(const Args& args, std::string_view url) {
  const auto ledger = ledger::Ledger::open(url, {.mode = ledger::Ledger::Mode::kReadOnly});
  if (!ledger) return report(ledger.error());
  Progress progress;
  const auto verified = ledger::verify(**ledger, [&](std::int64_t done, std::int64_t all) {
    progress.show("recomputing quotes", static_cast<double>(done) / static_cast<double>(all));
  });
  if (!verified) return report(verified.error());
  return print_report(*verified, args.has("json"));
}

int verify_file(const Args& args, const std::string& path) {
  const auto bytes = base::read_file(path, base::kMaxConfigBytes);
  if (!bytes) return report(bytes.error());
  const auto document = base::JsonDocument::parse(*bytes, path);
  if (!document) return report(document.error());
  base::Faults faults(path);
  const auto root = document->root(faults);
  root.allow_only({"trace", "trace_hash", "tariff"});
  const auto trace = root.required("trace");
  const auto hash = root.required("trace_hash").string();
  const auto tariff = root.required("tariff");
  if (!faults.empty()) return report(faults.error(base::ErrorCode::kInvalidInput));
  return print_report({1, ledger::verify_trace(trace.dump(), tariff.dump(), *hash), {}}, args.has("json"));
}

int run_verify(const Args& args) {
  const auto url = args.get("ledger");
  if (url.has_value() == !args.words().empty()) {
    return report({base::ErrorCode::kInvalidInput, "verify",
                   "needs something to verify; allowed: a TRACE.json or --ledger URL, not both"});
  }
  return url ? verify_ledger(args, *url) : verify_file(args, args.words()[0]);
}

}  // namespace

std::vector<Command> verify_commands() {
  return {{"verify",
           "recomputes recorded fees and says what differs",
           "[TRACE.json]",
           0,
           1,
           {{"ledger", "URL", "a whole ledger, such as sqlite:reckon.db"}, {"json", "", "one JSON document"}},
           {},
           run_verify}};
}

}  // namespace reckon::cli

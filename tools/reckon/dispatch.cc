// `reckon dispatch replay`: the decisions of a log computed again.

#include <fmt/format.h>

#include "commands.h"
#include "reckon/base/file.h"
#include "reckon/base/json_writer.h"
#include "reckon/dispatch/decision_replay.h"

namespace reckon::cli {
namespace {

using dispatch::ReplayReport;

std::string json_of(const ReplayReport& report) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("ticks").integer(static_cast<std::int64_t>(report.ticks));
  json.key("decisions").integer(static_cast<std::int64_t>(report.decisions));
  json.key("unsealed_lines").integer(static_cast<std::int64_t>(report.unsealed));
  json.key("differences").begin_array();
  for (const auto& fault : report.differences)
    json.begin_object().key("where").string(fault.where).key("what").string(fault.message).end_object();
  json.end_array();
  if (report.decision) json.key("decision").raw(*report.decision);
  json.end_object();
  return out + "\n";
}

int replay(const Args& args) {
  const auto wanted = integer_option(args, "decision", 0, 1, 4'294'967'295);
  if (!wanted) return report(wanted.error());
  const std::string& file = args.words().front();
  const auto log = base::read_file(file, dispatch::kMaxDecisionLogBytes);
  if (!log) return report(log.error());
  std::optional<std::uint64_t> decision;
  if (args.has("decision")) decision = static_cast<std::uint64_t>(*wanted);
  const auto done = dispatch::replay_decisions(*log, file, decision);
  if (!done) return report(done.error());
  for (const auto& fault : done->differences)
    fmt::print(stderr, "reckon: error: {}: {}\n", fault.where, fault.message);
  if (args.has("json")) {
    fmt::print("{}", json_of(*done));
  } else {
    if (done->decision) fmt::print("{}\n", *done->decision);
    fmt::print("{} ticks computed again, {} decisions, {}\n", done->ticks, done->decisions,
               done->differences.empty() ? "0 differences" : "a difference");
    if (done->unsealed > 0)
      fmt::print("{} lines behind the last tick were not compared: the log was cut off there\n",
                 done->unsealed);
  }
  return done->differences.empty() ? kDone : kSomeRowsFailed;
}

}  // namespace

std::vector<Command> dispatch_commands() {
  return {{
      .name = "dispatch replay",
      .summary = "compute the decisions of a log again and compare them byte for byte",
      .words = "DECISIONS.jsonl",
      .min_words = 1,
      .max_words = 1,
      .options = {{"decision", "ID", "up to this decision, which is printed; all when not given"},
                  {"json", "", "print one JSON document"}},
      .required = {},
      .run = replay,
  }};
}

}  // namespace reckon::cli

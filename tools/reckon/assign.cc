// `reckon assign`: a VROOM problem in, a VROOM solution out.

#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <string>

#include "commands.h"
#include "reckon/base/clock.h"
#include "reckon/base/file.h"
#include "reckon/base/limits.h"
#include "reckon/dispatch/solve.h"
#include "reckon/dispatch/vroom.h"
#include "reckon/road/road_map.h"

namespace reckon::cli {
namespace {

constexpr std::int64_t kDefaultTimeMs = 1000;
constexpr std::int64_t kMaxTimeMs =
    3'600'000;  // an hour: whoever needs longer has left dispatching for planning
constexpr std::int64_t kMaxSeed = 2'147'483'647;

base::Result<std::string> read_problem(const std::string& word) {
  if (word != "-") return base::read_file(word, base::kMaxJsonBytes);
  std::string bytes;
  char block[65536];
  while (std::cin.read(block, sizeof block) || std::cin.gcount() > 0) {
    bytes.append(block, static_cast<std::size_t>(std::cin.gcount()));
    if (bytes.size() > base::kMaxJsonBytes) {
      return base::fail(base::ErrorCode::kLimit, "stdin",
                        fmt::format("is too long; at most {} bytes are allowed", base::kMaxJsonBytes));
    }
  }
  return bytes;
}

base::Result<void> fill_from(const Args& args, dispatch::VroomProblem& problem) {
  const auto file = args.get("map");
  if (!file) return dispatch::fill_matrices(problem, nullptr);
  const auto map = road::RoadMap::open(std::string(*file));
  if (!map) return base::fail(map.error());
  return dispatch::fill_matrices(problem, &*map);
}

int assign(const Args& args) {
  const base::SystemClock clock;
  const auto limit_ms = integer_option(args, "time-limit-ms", kDefaultTimeMs, 0, kMaxTimeMs);
  if (!limit_ms) return report(limit_ms.error());
  const auto seed = integer_option(args, "seed", 1, 0, kMaxSeed);
  if (!seed) return report(seed.error());
  const std::string& word = args.words().front();
  const auto bytes = read_problem(word);
  if (!bytes) return report(bytes.error());
  auto problem = dispatch::read_vroom(*bytes, word == "-" ? "stdin" : word);
  if (!problem) return report(problem.error());
  const auto filled = fill_from(args, *problem);
  if (!filled) return report(filled.error());
  dispatch::SolveOptions options{
      .clock = &clock,
      .seed = static_cast<std::uint64_t>(*seed),
  };
  if (*limit_ms > 0) options.deadline = base::Deadline::after(clock, std::chrono::milliseconds(*limit_ms));
  const auto plan = dispatch::solve(problem->problem, options);
  return deliver(args, dispatch::write_vroom(*problem, plan));
}

}  // namespace

std::vector<Command> assign_commands() {
  return {{
      .name = "assign",
      .summary = "assign jobs and shipments to vehicles: VROOM's problem JSON to its solution JSON",
      .words = "PROBLEM.json",
      .min_words = 1,
      .max_words = 1,
      .options = {{"out", "PLAN.json", "where the solution goes; stdout when not given"},
                  {"map", "MAP", "travel times for a problem of coordinates without matrices"},
                  {"time-limit-ms", "N",
                   "when it ends, with what is done by then; 1000 when not given; 0: the first insertion, "
                   "however long"},
                  {"seed", "N", "of the search's chance; 1 when not given"}},
      .required = {},
      .run = assign,
  }};
}

}  // namespace reckon::cli

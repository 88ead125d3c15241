// libFuzzer: any bytes as a problem in VROOM's format. What is read is valid, and small problems with
// matrices get a plan that breaks no rule. Seeds: the problems of docs/dispatch.md and
// tests/system/test_assign.py.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reckon/dispatch/check.h"
#include "reckon/dispatch/solve.h"
#include "reckon/dispatch/vroom.h"

using namespace reckon;

namespace {

constexpr std::size_t kMostTasks = 16;  // so that a run takes no longer than a millisecond or so
constexpr std::uint64_t kRounds = 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto read = dispatch::read_vroom({reinterpret_cast<const char*>(data), size}, "p");
  if (!read) {
    if (read.error().where.empty() || read.error().message.empty()) std::abort();
    return 0;
  }
  if (read->needs_map) {
    if (dispatch::fill_matrices(*read, nullptr)) std::abort();
    return 0;
  }
  const auto& problem = read->problem;
  if (!dispatch::validate(problem) || !dispatch::validate_fixed(problem)) std::abort();
  if (problem.tasks.size() > kMostTasks || problem.vehicles.size() > kMostTasks) return 0;
  const auto plan = dispatch::solve(problem, {.iterations = kRounds});
  if (!dispatch::check(problem, plan).empty()) std::abort();
  if (dispatch::write_vroom(*read, plan).empty()) std::abort();
  return 0;
}

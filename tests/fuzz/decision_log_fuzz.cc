// libFuzzer: any bytes as a decision log. Seals are mended first, or the fuzzer would never get past them.
// What can be replayed says the same when it is replayed again. Seeds: a short log of `reckon simulate mdrp
// --explain`.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "reckon/dispatch/decision_log.h"
#include "reckon/dispatch/decision_replay.h"

using namespace reckon;

namespace {

constexpr std::size_t kMostDigits = 3;  // of rounds: a log may ask for years of work, and gets it

// The log with each tick's seal as it ought to be.
std::string with_seals(std::string_view log) {
  std::string out;
  std::string block;
  std::string seal;
  while (!log.empty()) {
    const auto end = log.find('\n');
    std::string line(log.substr(0, end));
    log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
    const auto key = line.rfind(dispatch::kSealKey);
    if (key != std::string::npos) {
      line.resize(key);
      seal = dispatch::seal_of(seal, block + line);
      line = dispatch::sealed(line, seal);
      block.clear();
    } else {
      block += line + '\n';
    }
    out += line + '\n';
  }
  return out;
}

bool takes_too_long(std::string_view log) {
  constexpr std::string_view kKey = "rounds\"";
  for (auto at = log.find(kKey); at != std::string_view::npos; at = log.find(kKey, at + 1)) {
    const auto from = log.find_first_of("0123456789", at);
    if (from == std::string_view::npos) break;
    const auto to = log.find_first_not_of("0123456789", from);
    if ((to == std::string_view::npos ? log.size() : to) - from > kMostDigits) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto log = with_seals({reinterpret_cast<const char*>(data), size});
  if (takes_too_long(log)) return 0;
  const auto report = dispatch::replay_decisions(log, "log");
  if (!report) {
    if (report.error().where.empty() || report.error().message.empty()) std::abort();
    return 0;
  }
  const auto again = dispatch::replay_decisions(log, "log");
  if (!again || again->decisions != report->decisions ||
      again->differences.size() != report->differences.size())
    std::abort();
  return 0;
}

// libFuzzer: any bytes as rules of offers, as a table of riders and as a decision log to count. Seeds: the
// rules of docs/dispatch.md, riders.csv and decisions.jsonl of a short `reckon simulate mdrp --explain`.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reckon/dispatch/fairness.h"
#include "reckon/dispatch/offer_rules.h"

using namespace reckon;

namespace {

bool is_told(const base::Error& error) {
  return !error.where.empty() && !error.message.empty();
}

void use(const dispatch::OfferRules& rules) {
  for (int minute = 0; minute < dispatch::kMinutesOfDay; minute += 97) {
    const auto policy = rules.policy_at("r1", minute);
    if (policy.answer <= 0 || policy.asks == 0 || policy.then == dispatch::OfferMode::kTimed) std::abort();
    if (policy.boost.after <= 0 || policy.boost.every <= 0 || policy.boost.step_minor < 0) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto rules = dispatch::read_offer_rules(bytes, "rules");
  if (rules) use(*rules);
  if (!rules && !is_told(rules.error())) std::abort();
  auto riders = dispatch::read_rider_records(bytes, "riders.csv");
  if (riders) {
    const auto report = dispatch::fairness(*riders);
    if (!(report.calls_per_hour.gini >= 0 && report.calls_per_hour.gini <= 1)) std::abort();
    if (!std::isfinite(report.hours)) std::abort();
  } else if (!is_told(riders.error())) {
    std::abort();
  }
  std::vector<dispatch::RiderRecord> two{{.id = 0, .name = "a", .hours = 1},
                                         {.id = 1, .name = "b", .hours = 2}};
  const auto counted = dispatch::count_decisions(bytes, "decisions.jsonl", two);
  if (!counted && !is_told(counted.error())) std::abort();
  if (two[0].passed_over > two[0].considered) std::abort();
  return 0;
}

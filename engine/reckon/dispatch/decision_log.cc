#include "reckon/dispatch/decision_log.h"

#include "reckon/base/json_writer.h"

namespace reckon::dispatch {
namespace {

void write_candidate(base::JsonWriter& json, const Candidate& candidate) {
  json.begin_object().key("rider").integer(static_cast<std::uint32_t>(candidate.rider));
  if (!candidate.excluded.empty()) {
    json.key("excluded").string(candidate.excluded).end_object();
    return;
  }
  const auto& cost = candidate.cost;
  json.key("total").number(cost.total()).key("failed").number(cost.failed);
  json.key("overage").number(cost.overage).key("click_to_door").number(cost.click_to_door);
  json.key("rider_minutes").number(cost.rider_minutes).key("far_end").number(cost.far_end);
  json.key("pay").number(cost.pay);
  json.key("fairness").number(cost.fairness);
  json.key("pickup").integer(candidate.pickup).key("drop").integer(candidate.drop).end_object();
}

}  // namespace

std::string reason_json(Seconds at, const Reason& reason) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("at").integer(at).key("order").integer(static_cast<std::uint32_t>(reason.order));
  json.key("rider").integer(static_cast<std::uint32_t>(reason.rider)).key("before");
  if (reason.before) {
    json.integer(static_cast<std::uint32_t>(*reason.before));
  } else {
    json.null();
  }
  json.key("sentence").string(reason.sentence).key("candidates").begin_array();
  for (const auto& candidate : reason.candidates) write_candidate(json, candidate);
  json.end_array().end_object();
  return out;
}

}  // namespace reckon::dispatch

#include "reckon/fee/route_part.h"

#include <algorithm>

#include "reckon/fee/read_parts.h"
#include "reckon/fee/split.h"
#include "reckon/fee/tariff.h"

namespace reckon::fee {

using base::JsonNode;
using base::JsonWriter;

std::optional<RoutePart> read_route_part(const JsonNode& node) {
  if (!node.present()) return std::nullopt;
  node.allow_only({"total_m", "direct_m", "pickups", "order"});
  RoutePart route;
  route.total = read_metres(node.required("total_m"), 0);
  const auto list = node.required("direct_m");
  for (const auto& item : list.items(kMaxRouteOrders)) route.direct_m.push_back(read_metres(item, 0));
  if (list.is_array() && route.direct_m.empty()) list.fault("is empty; the metres of each order are needed");
  const auto orders = std::max<std::int64_t>(1, static_cast<std::int64_t>(route.direct_m.size()));
  route.pickups = node.required("pickups").integer(1, orders).value_or(1);
  route.order = node.required("order").integer(1, orders).value_or(1);
  return route;
}

void write_route_part(JsonWriter& json, const RoutePart& route) {
  json.begin_object().key("total_m").integer(route.total.value).key("direct_m").begin_array();
  for (const auto metres : route.direct_m) json.integer(metres.value);
  json.end_array().key("pickups").integer(route.pickups).key("order").integer(route.order).end_object();
}

std::optional<Outcome> read_outcome(const JsonNode& node) {
  if (!node.present()) return std::nullopt;
  node.allow_only({"cancelled", "returned"});
  if (node.is_object() && node.keys().size() != 1) node.fault("needs one of cancelled, returned");
  Outcome outcome;
  for (std::size_t i = 0; i < kEndingNames.size(); ++i) {
    const auto state = node.optional(kEndingNames[i]);
    if (state.present())
      outcome = {static_cast<Ending>(i), static_cast<OrderState>(read_choice(state, kOrderStateNames))};
  }
  return outcome;
}

void write_outcome(JsonWriter& json, const Outcome& outcome) {
  json.begin_object().key(kEndingNames[static_cast<std::size_t>(outcome.ending)]);
  json.string(kOrderStateNames[static_cast<std::size_t>(outcome.state)]).end_object();
}

namespace {

OutcomeFee read_outcome_fee(const JsonNode& item) {
  static constexpr std::array<std::string_view, 2> kKinds = {"FIXED", "RATE"};
  item.allow_only({"state", "kind", "amount", "rate_ppm", "rounding", "text", "text_ko"});
  OutcomeFee fee;
  fee.state = static_cast<OrderState>(read_choice(item.required("state"), kOrderStateNames));
  if (read_choice(item.required("kind"), kKinds) == 0) {
    fee.amount = read_amount(item.required("amount"));
    for (const auto key : {"rate_ppm", "rounding"})
      if (item.optional(key).present()) item.optional(key).fault("belongs to RATE only; leave it out");
  } else {
    fee.rate_ppm = item.required("rate_ppm").integer(0, kMaxRatePpm).value_or(0);
    fee.rounding = read_rounding(item.required("rounding"));
    if (item.optional("amount").present())
      item.optional("amount").fault("belongs to FIXED only; leave it out");
  }
  fee.text = item.required("text").string(kMaxTextBytes).value_or("");
  if (const auto text = item.optional("text_ko").string(kMaxTextBytes)) fee.text_ko = std::string(*text);
  return fee;
}

}  // namespace

std::vector<OutcomeFee> read_outcome_fees(const JsonNode& node) {
  std::vector<OutcomeFee> fees;
  if (!node.present()) return fees;
  for (const auto& item : node.items(kOrderStateNames.size())) {
    const auto fee = read_outcome_fee(item);
    if (std::ranges::find(fees, fee.state, &OutcomeFee::state) != fees.end())
      item.optional("state").fault(fmt::format("'{}' has an entry already; one a state is allowed",
                                               kOrderStateNames[static_cast<std::size_t>(fee.state)]));
    fees.push_back(fee);
  }
  if (node.is_array() && fees.empty()) node.fault("is empty; leave it out, or name at least one state");
  return fees;
}

void write_outcome_fees(JsonWriter& json, const std::vector<OutcomeFee>& fees) {
  json.begin_array();
  for (const auto& fee : fees) {
    json.begin_object().key("state").string(kOrderStateNames[static_cast<std::size_t>(fee.state)]);
    if (fee.amount) {
      json.key("kind").string("FIXED").key("amount").integer(fee.amount->minor);
    } else {
      json.key("kind").string("RATE").key("rate_ppm").integer(fee.rate_ppm);
      write_rounding(json.key("rounding"), fee.rounding);
    }
    json.key("text").string(fee.text);
    if (fee.text_ko) json.key("text_ko").string(*fee.text_ko);
    json.end_object();
  }
  json.end_array();
}

std::optional<Money> part_of_route(Money whole, const RoutePart& route, LegShare by,
                                   std::size_t remainder_to) {
  std::vector<std::int64_t> weights;
  for (const auto metres : route.direct_m) weights.push_back(by == LegShare::kDirect ? metres.value : 1);
  if (std::ranges::all_of(weights, [](std::int64_t weight) { return weight == 0; }))
    std::ranges::fill(weights, 1);  // orders that all go nowhere share alike
  const auto parts = split(whole, weights, remainder_to);
  const auto place = static_cast<std::size_t>(route.order - 1);
  if (!parts || place >= parts->size()) return std::nullopt;
  return (*parts)[place];
}

}  // namespace reckon::fee

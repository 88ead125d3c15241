#include <utility>

#include "reckon/fee/read_parts.h"
#include "reckon/fee/tariff_parts.h"

namespace reckon::fee {
namespace {

using base::JsonNode;

std::optional<RoutePricing> read_route(const JsonNode& node, const Tariff& tariff) {
  if (!node.present()) return std::nullopt;
  static constexpr std::array<std::string_view, 2> kEnds = {"first", "last"};
  node.allow_only(
      {"pickup", "further_pickup_ppm", "rounding", "drop", "extra_stop", "legs", "share", "remainder_to"});
  RoutePricing route;
  route.pickup = read_amount(node.required("pickup"));
  route.further_pickup_ppm = node.required("further_pickup_ppm").integer(0, 1'000'000).value_or(0);
  route.rounding = read_rounding(node.required("rounding"));
  route.drop = read_amount(node.required("drop"));
  route.extra_stop = read_amount(node.required("extra_stop"));
  route.legs = read_legs(node.required("legs"));
  route.share = static_cast<LegShare>(read_choice(node.required("share"), kLegShareNames));
  route.remainder_to_last = read_choice(node.required("remainder_to"), kEnds) == 1;
  if (tariff.table) node.fault("does not go with the basis 'zone'; a measured distance is needed");
  return route;
}

void read_ways(const JsonNode& root, Tariff& tariff) {
  tariff.route = read_route(root.optional("route"), tariff);
  tariff.cancellation = read_outcome_fees(root.optional("cancellation"));
  tariff.returns = read_outcome_fees(root.optional("returns"));
}

// What a rider's pay has from its tariff; all that prices is its own.
Tariff frame_of(const Tariff& tariff) {
  Tariff pay;
  pay.id = tariff.id + "/rider_pay";
  pay.version = tariff.version;
  pay.currency = tariff.currency;
  pay.time_zone = tariff.time_zone;
  pay.time_basis = tariff.time_basis;
  pay.valid_from = tariff.valid_from;
  pay.valid_until = tariff.valid_until;
  pay.basis = tariff.basis;
  pay.estimate = tariff.estimate;
  pay.zones = tariff.zones;
  pay.holidays = tariff.holidays;
  pay.building_lists = tariff.building_lists;
  return pay;
}

void refuse_priced_zones(const JsonNode& node, const Tariff& tariff) {
  if (!tariff.table) return;
  for (const auto& entry : tariff.table->entries) {
    if (!entry.price) continue;
    node.fault("does not go with a zone table that gives prices; one that gives distances is needed");
    return;
  }
}

std::shared_ptr<const Tariff> read_rider_pay(const JsonNode& node, const Tariff& tariff) {
  if (!node.present()) return nullptr;
  node.allow_only({"base", "steps", "surcharges", "promotions", "groups", "surcharge_maximum",
                   "promotion_maximum", "minimum", "maximum", "rounding", "route", "cancellation", "returns",
                   "text"});
  node.optional("text").string(kMaxTextBytes * 10);
  Tariff pay = frame_of(tariff);
  read_base_and_steps(node, pay);
  read_rules(node, pay);
  read_bounds(node, pay);
  read_ways(node, pay);
  check_references(node, pay);
  refuse_priced_zones(node, tariff);
  const auto lacks = [&](std::string_view key, bool has, bool needs) {
    if (needs && !has)
      node.fault(
          fmt::format("says nothing of `{}`, which the tariff has; the rider's part of it is needed", key));
  };
  lacks("route", pay.route.has_value(), tariff.route.has_value());
  for (const auto& [key, mine, theirs] : {std::tuple{"cancellation", &pay.cancellation, &tariff.cancellation},
                                          std::tuple{"returns", &pay.returns, &tariff.returns}}) {
    for (const auto& fee : *theirs) {
      if (std::ranges::find(*mine, fee.state, &OutcomeFee::state) == mine->end())
        node.fault(fmt::format(
            "says nothing of `{}` when {}, which the tariff has; the rider's part of it is needed", key,
            kOrderStateNames[static_cast<std::size_t>(fee.state)]));
    }
  }
  return std::make_shared<const Tariff>(std::move(pay));
}

}  // namespace

void read_further(const JsonNode& root, Tariff& tariff) {
  read_ways(root, tariff);
  tariff.rider_pay = read_rider_pay(root.optional("rider_pay"), tariff);
}

}  // namespace reckon::fee

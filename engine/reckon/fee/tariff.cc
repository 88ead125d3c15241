#include "reckon/fee/tariff.h"

#include <algorithm>

namespace reckon::fee {

std::string_view to_string(DistanceBasis basis) {
  switch (basis) {
    case DistanceBasis::kProvider:
      return "provider";
    case DistanceBasis::kRoad:
      return "road";
    case DistanceBasis::kStraight:
    case DistanceBasis::kHaversine:
      return "straight";
    case DistanceBasis::kZone:
      return "zone";
  }
  return "unknown";
}

std::string_view to_string(SurchargeType type) {
  return kSurchargeTypeNames[static_cast<std::size_t>(type)];
}

std::optional<base::WallTime> decisive_time(const Tariff& tariff, const FeeContext& context) {
  if (!tariff.time_basis) return context.at;
  const bool told = std::ranges::any_of(context.times, [](const auto& time) { return time.has_value(); });
  return told ? context.times[static_cast<std::size_t>(*tariff.time_basis)] : std::optional(context.at);
}

bool in_force(const Tariff& tariff, base::WallTime at) {
  return at >= tariff.valid_from && (!tariff.valid_until || at < *tariff.valid_until);
}

bool covers(const Tariff& tariff, const FeeContext& context) {
  if (!tariff.scope) return true;
  switch (tariff.scope->kind) {
    case ScopeKind::kBranch:
      return tariff.scope->name == context.branch;
    case ScopeKind::kShopGroup:
      return tariff.scope->name == context.shop_group;
    case ScopeKind::kShop:
      return tariff.scope->name == context.shop;
  }
  return false;
}

}  // namespace reckon::fee

#include "reckon/fee/split.h"

#include <algorithm>
#include <numeric>

namespace reckon::fee {

std::optional<std::vector<Money>> split(Money total, std::span<const std::int64_t> weights,
                                        std::size_t remainder_to) {
  const auto sound = [](std::int64_t weight) { return weight >= 0 && weight <= kMaxWeight; };
  if (weights.size() > kMaxShares || remainder_to >= weights.size() || !std::ranges::all_of(weights, sound))
    return std::nullopt;
  const std::int64_t all = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  if (all == 0) return std::nullopt;
  std::vector<Money> parts;
  Money given;
  for (const std::int64_t weight : weights) {
    // At most the total's size: a weight is at most the sum of all.
    const auto part = scaled(total, weight, all, {1, RoundingMode::kDown});
    if (!part) return std::nullopt;
    parts.push_back(*part);
    given = given + *part;
  }
  parts[remainder_to] = parts[remainder_to] + (total - given);
  return parts;
}

}  // namespace reckon::fee

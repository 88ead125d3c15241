#include "reckon/distance/habits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace reckon::distance {

road::RouteModel draw_habits(const road::RouteNetwork& network, std::mt19937& random, double closed_share) {
  // Not std::uniform_real_distribution, whose numbers are the library's own.
  const auto between = [&random](double low, double high) {
    return low + (high - low) * (static_cast<double>(random()) / 4294967296.0);
  };
  const double widest = 0.35;  // of the logarithm: a factor of 1.42
  auto model = network.own_model();
  std::vector<double> by_class(road::kRoadClasses);
  for (auto& factor : by_class) factor = std::exp(between(-widest, widest));
  for (std::size_t g = 0; g < model.pace_ms_per_m.size(); ++g)
    model.pace_ms_per_m[g] *= by_class[static_cast<std::size_t>(network.groups()[g].road_class)];
  const double left = between(2000, 10'000), right = left / 2;
  // Shares of a right angle's cost, at -180, -135, … 180 degrees; straight between.
  constexpr std::array kShares = {1.5, 1.3, 1.0, 1.0 / 3, 0.0, 1.0 / 3, 1.0, 1.3, 1.5};
  constexpr auto kStraight = static_cast<double>(road::kTurnKnots - 1) / 2;
  for (std::size_t knot = 0; knot < road::kTurnKnots; ++knot) {
    const auto at = static_cast<double>(knot) / (road::kTurnKnots - 1) * (kShares.size() - 1);
    const auto below = std::min(static_cast<std::size_t>(at), kShares.size() - 2);
    const double share =
        kShares.at(below) + (at - static_cast<double>(below)) * (kShares.at(below + 1) - kShares.at(below));
    model.turn_ms.at(knot) = share * (static_cast<double>(knot) < kStraight ? left : right);
  }
  model.turn_ms.at(road::kTurnUTurn) = 20'000;
  for (const auto other : {road::kTurnOntoLarger, road::kTurnOntoSmaller, road::kTurnLight})
    model.turn_ms.at(other) = 0;
  const auto edges = static_cast<std::uint32_t>(network.network().geometry->edge_count());
  for (std::uint32_t e = 0; closed_share > 0 && e < edges; ++e) {
    if (between(0, 1) >= closed_share) continue;
    model.edges.push_back({2 * e, road::kEdgeClosed});
    model.edges.push_back({2 * e + 1, road::kEdgeClosed});
  }
  return model;
}

}  // namespace reckon::distance

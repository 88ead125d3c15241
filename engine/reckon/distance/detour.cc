#include "reckon/distance/detour.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace reckon::distance {
namespace {

struct Point {
  double at_m, value;
};

// Straight between the points, constant beyond the ends.
template <std::size_t kCount>
double interpolated(const std::array<Point, kCount>& curve, double at_m) {
  if (at_m <= curve.front().at_m) return curve.front().value;
  for (std::size_t i = 1; i < kCount; ++i) {
    if (at_m > curve[i].at_m) continue;
    const auto& [x0, y0] = curve[i - 1];
    const auto& [x1, y1] = curve[i];
    return y0 + (y1 - y0) * (at_m - x0) / (x1 - x0);
  }
  return curve.back().value;
}

constexpr std::array<Point, 7> kFactor = {
    {{300, 1.95}, {400, 1.65}, {750, 1.5}, {1250, 1.38}, {1750, 1.33}, {2500, 1.28}, {4000, 1.22}}};
// The wider of both cities at each bin's middle; from 1.75 km on the upper edge is that of directed fastest
// routes.
constexpr std::array<Point, 7> kLow = {
    {{200, 1.13}, {400, 1.18}, {750, 1.16}, {1250, 1.15}, {1750, 1.13}, {2500, 1.11}, {4000, 1.09}}};
constexpr std::array<Point, 5> kHigh = {{{200, 6.90}, {400, 4.43}, {750, 2.68}, {1250, 1.98}, {1750, 1.88}}};

// Edges of the band in metres: straight between the bins' middles in *metres*, because between factors that
// fall as fast as these the edge itself would fall with growing distance.
template <std::size_t kCount>
double edge_m(const std::array<Point, kCount>& curve, double at_m) {
  if (at_m <= curve.front().at_m) return at_m * curve.front().value;
  if (at_m >= curve.back().at_m) return at_m * curve.back().value;
  std::array<Point, kCount> metres = curve;
  for (auto& point : metres) point.value *= point.at_m;
  return interpolated(metres, at_m);
}

constexpr double kRoadBandShare = 0.12;
constexpr double kRoadBandM = 20;

base::Metres whole(double metres) {
  return {std::llround(metres)};
}

}  // namespace

double detour_factor(double geodesic_m) {
  return interpolated(kFactor, geodesic_m);
}

Estimate detour_estimate(double geodesic_m) {
  return {whole(geodesic_m * detour_factor(geodesic_m)), whole(edge_m(kLow, geodesic_m)),
          whole(edge_m(kHigh, geodesic_m))};
}

Estimate road_estimate(base::Metres road) {
  const auto metres = static_cast<double>(road.value);
  const double half = metres * kRoadBandShare + kRoadBandM;
  return {road, whole(std::max(0.0, metres - half)), whole(metres + half)};
}

base::Seconds typical_duration(base::Vehicle vehicle, base::Metres path) {
  const double metres_per_s = [vehicle] {
    switch (vehicle) {
      case base::Vehicle::kMotorcycle:
      case base::Vehicle::kCar:
        return 6.5;
      case base::Vehicle::kBicycle:
        return 4.2;
      case base::Vehicle::kFoot:
        return 1.3;
    }
    return 1.3;
  }();
  return base::Seconds{std::llround(static_cast<double>(path.value) / metres_per_s)};
}

}  // namespace reckon::distance

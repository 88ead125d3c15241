#include "reckon/geo/local_frame.h"

#include <cmath>
#include <numbers>

namespace reckon::geo {
namespace {

struct SinCos {
  double sin;
  double cos;
};

// Taylor series on half the angle, |h| <= pi/4, then doubled: libm's own sin may differ in the last bit from
// machine to machine, and a snapped metre prices a delivery.
SinCos sin_cos(double radians) {
  const double h = radians / 2;
  const double h2 = h * h;
  double s = 0;
  double c = 0;
  for (int n = 17; n >= 1; n -= 2) s = 1 - h2 / ((n + 1) * (n + 2)) * s;
  for (int n = 16; n >= 0; n -= 2) c = 1 - h2 / ((n + 1) * (n + 2)) * c;
  s *= h;
  return {2 * s * c, c * c - s * s};
}

struct MetresPerDegree {
  double east;
  double north;
};

MetresPerDegree metres_per_degree(double lat_deg) {
  constexpr double kA = 6'378'137.0;
  constexpr double kF = 1 / 298.257223563;
  constexpr double kE2 = kF * (2 - kF);
  constexpr double kRadians = std::numbers::pi / 180;
  const auto [s, c] = sin_cos(lat_deg * kRadians);
  const double w2 = 1 - kE2 * s * s;
  const double normal = kA / std::sqrt(w2);
  return {normal * c * kRadians, normal * (1 - kE2) / w2 * kRadians};
}

}  // namespace

PlaceE7 PlaceE7::nearest(const LatLng& place) {
  return {static_cast<std::int32_t>(std::llround(place.lat_deg() * 1e7)),
          static_cast<std::int32_t>(std::llround(place.lng_deg() * 1e7))};
}

LocalFrame::LocalFrame(PlaceE7 origin) : origin_(origin) {
  const auto scale = metres_per_degree(origin.lat / 1e7);
  x_per_e7_ = scale.east / 1e7;
  y_per_e7_ = scale.north / 1e7;
}

Projection project_origin(LocalPoint a, LocalPoint b) {
  const LocalPoint along{b.x - a.x, b.y - a.y};
  const double reach = -(a.x * along.x + a.y * along.y);
  const double whole = along.x * along.x + along.y * along.y;
  if (reach <= 0 || whole <= 0) return {0, a.x * a.x + a.y * a.y};
  if (reach >= whole) return {1, b.x * b.x + b.y * b.y};
  const double share = reach / whole;
  const LocalPoint foot{a.x + share * along.x, a.y + share * along.y};
  return {share, foot.x * foot.x + foot.y * foot.y};
}

double near_distance_m(const LatLng& a, const LatLng& b) {
  const auto scale = metres_per_degree((a.lat_deg() + b.lat_deg()) / 2);
  const double x = (b.lng_deg() - a.lng_deg()) * scale.east;
  const double y = (b.lat_deg() - a.lat_deg()) * scale.north;
  return std::sqrt(x * x + y * y);
}

}  // namespace reckon::geo

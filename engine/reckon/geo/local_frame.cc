#include "reckon/geo/local_frame.h"

#include <cmath>
#include <numbers>

#include "reckon/geo/sin_cos.h"
#include "reckon/geo/wgs84.h"

namespace reckon::geo {
namespace {

struct MetresPerDegree {
  double east;
  double north;
};

MetresPerDegree metres_per_degree(double lat_deg) {
  constexpr double kRadians = std::numbers::pi / 180;
  const auto [s, c] = sin_cos_deg(lat_deg);
  // 1 / sqrt(1 - u) by its series: u is at most 0.0067, the first term left out below 2^-55.
  const double u = kWgs84E2 * s * s;
  const double u2 = u * u;
  const double root = (1 + u * (1 / 2.0)) +
                      u2 * ((3 / 8.0 + u * (5 / 16.0)) + u2 * ((35 / 128.0 + u * (63 / 256.0)) +
                                                               u2 * (231 / 1024.0 + u * (429 / 2048.0))));
  const double normal = kWgs84A * kRadians * root;
  return {normal * c, normal * (1 - kWgs84E2) * (root * root)};
}

}  // namespace

PlaceE7 PlaceE7::nearest(const LatLng& place) {
  return {static_cast<std::int32_t>(std::llround(place.lat_deg() * 1e7)),
          static_cast<std::int32_t>(std::llround(place.lng_deg() * 1e7))};
}

LocalFrame::LocalFrame(PlaceE7 origin) : origin_(origin) {
  const auto scale = metres_per_degree(origin.lat * 1e-7);
  x_per_e7_ = scale.east / 1e7;
  y_per_e7_ = scale.north / 1e7;
}

double near_distance_m(const LatLng& a, const LatLng& b) {
  const auto scale = metres_per_degree((a.lat_deg() + b.lat_deg()) / 2);
  const double x = (b.lng_deg() - a.lng_deg()) * scale.east;
  const double y = (b.lat_deg() - a.lat_deg()) * scale.north;
  return std::sqrt(x * x + y * y);
}

}  // namespace reckon::geo

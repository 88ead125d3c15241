#include "reckon/geo/local_frame.h"

#include <array>
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

constexpr MetresPerDegree metres_per_degree(double lat_deg) {
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

/// A cubic in t, the place in its cell: -1 at the southern rim, 1 at the northern.
struct Cubic {
  double c0, c1, c2, c3;

  constexpr double at(double t) const { return (c0 + c1 * t) + (t * t) * (c2 + c3 * t); }
};

/// Through four values, at t = -3/4, -1/4, 1/4 and 3/4: even and odd parts apart.
constexpr Cubic through(const std::array<double, 4>& v) {
  const double inner = (v[2] + v[1]) / 2, outer = (v[3] + v[0]) / 2;
  const double inner_slope = (v[2] - v[1]) * 2, outer_slope = (v[3] - v[0]) * (2 / 3.0);
  const double c2 = (outer - inner) * 2, c3 = (outer_slope - inner_slope) * 2;
  return {inner - c2 / 16, inner_slope - c3 / 16, c2, c3};
}

/// The scales of a strip of latitudes, in a cache line.
struct alignas(64) Strip {
  Cubic east, north;
};

constexpr unsigned kStripBits = 20;  // 0.105 degrees: the cubics' error is below 1e-13 of the value there
constexpr std::int32_t kFirstStrip = -900'000'000 >> kStripBits;
constexpr std::size_t kStrips = (900'000'000 >> kStripBits) - kFirstStrip + 1;

constexpr std::array<Strip, kStrips> make_strips() {
  constexpr double kHalf = 1 << (kStripBits - 1);
  std::array<Strip, kStrips> strips{};
  for (std::size_t i = 0; i < kStrips; ++i) {
    const double middle = ((static_cast<double>(i) + kFirstStrip) * 2 + 1) * kHalf;
    std::array<double, 4> east{}, north{};
    for (std::size_t k = 0; k < 4; ++k) {
      const double t = (2.0 * static_cast<double>(k) - 3) / 4;
      const auto scale = metres_per_degree((middle + t * kHalf) * 1e-7);
      east[k] = scale.east / 1e7;
      north[k] = scale.north / 1e7;
    }
    strips[i] = {through(east), through(north)};
  }
  return strips;
}

constexpr std::array<Strip, kStrips> kScales = make_strips();

}  // namespace

PlaceE7 PlaceE7::nearest(const LatLng& place) {
  return {static_cast<std::int32_t>(std::llround(place.lat_deg() * 1e7)),
          static_cast<std::int32_t>(std::llround(place.lng_deg() * 1e7))};
}

LocalFrame::LocalFrame(PlaceE7 origin) : origin_(origin) {
  constexpr std::int32_t kSize = 1 << kStripBits;
  const auto& strip = kScales[static_cast<std::size_t>((origin.lat >> kStripBits) - kFirstStrip)];
  const double t = static_cast<double>((origin.lat & (kSize - 1)) - kSize / 2) * (2.0 / kSize);
  x_per_e7_ = strip.east.at(t);
  y_per_e7_ = strip.north.at(t);
}

double near_distance_m(const LatLng& a, const LatLng& b) {
  const auto scale = metres_per_degree((a.lat_deg() + b.lat_deg()) / 2);
  const double x = (b.lng_deg() - a.lng_deg()) * scale.east;
  const double y = (b.lat_deg() - a.lat_deg()) * scale.north;
  return std::sqrt(x * x + y * y);
}

}  // namespace reckon::geo

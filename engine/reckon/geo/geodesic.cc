#include "reckon/geo/geodesic.h"

#include <GeographicLib/Geocentric.hpp>
#include <GeographicLib/Geodesic.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "reckon/geo/wgs84.h"

namespace reckon::geo {
namespace {

constexpr double kZWeight = 1 / (1 - kWgs84E2);  // WGS84 is x^2 + y^2 + kZWeight z^2 = a^2

#if defined(__GNUC__) && defined(__x86_64__)
#define RECKON_INLINE __attribute__((always_inline)) inline
#else
#define RECKON_INLINE inline
#endif

struct Length {
  double metres;
  double chord2;  ///< beyond kChordGeodesicM, squared, `metres` is nothing
};

constexpr double kChordLimit2 = kChordGeodesicM * kChordGeodesicM;

// The chord c between a and b, and the curvature k of the ellipsoid in its direction at its middle: an arc of
// that curvature over the chord is 2/k asin(c k/2) = c (1 + t + 2.7 t^2 + ...), t = (c k)^2 / 24; the middle
// of the chord lies below the surface, which makes 2.7 into -3.3. One division and one square root; exact
// sums and products only differ by their rounding, so that vectors of them give the same bits as scalars.
RECKON_INLINE Length arc_over_chord(double ax, double ay, double az, double bx, double by, double bz) {
  const double dx = bx - ax, dy = by - ay, dz = bz - az;
  const double mx = ax + bx, my = ay + by, mz = (az + bz) * kZWeight;
  const double horizontal = dx * dx + dy * dy;
  const double chord2 = horizontal + dz * dz;
  const double bend = horizontal + kZWeight * (dz * dz);
  const double normal2 = mx * mx + my * my + mz * mz;
  // The last summand makes 0/0 into 0 and disappears beside anything else.
  const double t = bend * bend / (6 * normal2 * chord2 + 1e-200);
  return {std::sqrt(chord2) * (1 + t * (1 - 3.3 * t)), chord2};
}

Length chord_geodesic(const EcefPoint& a, const EcefPoint& b) {
  return arc_over_chord(a.x, a.y, a.z, b.x, b.y, b.z);
}

struct Arrays {
  const double *x, *y, *z;
};

// Returns how many are too long for this formula.
RECKON_INLINE std::int64_t arcs_loop(const EcefPoint& from, const Arrays& to, double* __restrict metres,
                                     std::size_t count) {
  std::int64_t far = 0;  // as wide as a double: one lane of a vector for each
  for (std::size_t i = 0; i < count; ++i) {
    const auto [arc, chord2] = arc_over_chord(from.x, from.y, from.z, to.x[i], to.y[i], to.z[i]);
    metres[i] = arc;
    far += chord2 > kChordLimit2 ? 1 : 0;
  }
  return far;
}

std::int64_t arcs_plain(const EcefPoint& from, const Arrays& to, double* metres, std::size_t count) {
  return arcs_loop(from, to, metres, count);
}

#if defined(__GNUC__) && defined(__x86_64__)
// Wider vectors, the same operations: no fused multiply-add, so the same bits.
__attribute__((target("avx2"))) std::int64_t arcs_avx2(const EcefPoint& from, const Arrays& to,
                                                       double* metres, std::size_t count) {
  return arcs_loop(from, to, metres, count);
}
#endif

std::int64_t arcs(const EcefPoint& from, const Arrays& to, double* metres, std::size_t count) {
#if defined(__GNUC__) && defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return arcs_avx2(from, to, metres, count);
#endif
  return arcs_plain(from, to, metres, count);
}

double inverse_m(double lat_a, double lng_a, double lat_b, double lng_b) {
  double metres = 0;
  GeographicLib::Geodesic::WGS84().Inverse(lat_a, lng_a, lat_b, lng_b, metres);
  return metres;
}

double long_geodesic_m(const EcefPoint& a, const EcefPoint& b) {
  const auto& earth = GeographicLib::Geocentric::WGS84();
  double lat_a = 0, lng_a = 0, lat_b = 0, lng_b = 0, height = 0;
  earth.Reverse(a.x, a.y, a.z, lat_a, lng_a, height);
  earth.Reverse(b.x, b.y, b.z, lat_b, lng_b, height);
  return inverse_m(lat_a, lng_a, lat_b, lng_b);
}

}  // namespace

double geodesic_m(const EcefPoint& a, const EcefPoint& b) {
  const auto [metres, chord2] = chord_geodesic(a, b);
  return chord2 <= kChordLimit2 ? metres : long_geodesic_m(a, b);
}

void geodesics_m(const EcefPoint& from, const EcefPoints& to, std::span<double> metres) {
  RECKON_CHECK(metres.size() == to.size());
  const auto far = arcs(from, {to.x().data(), to.y().data(), to.z().data()}, metres.data(), metres.size());
  if (far == 0) return;
  for (std::size_t i = 0; i < metres.size(); ++i) {
    const auto point = to[i];
    if (chord_geodesic(from, point).chord2 > kChordLimit2) metres[i] = long_geodesic_m(from, point);
  }
}

double geodesic_m(const LatLng& a, const LatLng& b) {
  const auto [metres, chord2] = chord_geodesic(to_ecef(a), to_ecef(b));
  return chord2 <= kChordLimit2 ? metres : inverse_m(a.lat_deg(), a.lng_deg(), b.lat_deg(), b.lng_deg());
}

double haversine_6371000_m(const LatLng& a, const LatLng& b) {
  constexpr double kRadians = std::numbers::pi / 180;
  const double half_lat = std::sin((b.lat_deg() - a.lat_deg()) * kRadians / 2);
  const double half_lng = std::sin((b.lng_deg() - a.lng_deg()) * kRadians / 2);
  const double h = half_lat * half_lat +
                   std::cos(a.lat_deg() * kRadians) * std::cos(b.lat_deg() * kRadians) * half_lng * half_lng;
  return 2 * 6'371'000.0 * std::asin(std::min(1.0, std::sqrt(h)));
}

}  // namespace reckon::geo

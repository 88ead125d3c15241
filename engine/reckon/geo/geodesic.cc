#include "reckon/geo/geodesic.h"

#include <GeographicLib/Geodesic.hpp>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace reckon::geo {

double geodesic_m(const LatLng& a, const LatLng& b) {
  double metres = 0;
  GeographicLib::Geodesic::WGS84().Inverse(a.lat_deg(), a.lng_deg(), b.lat_deg(), b.lng_deg(), metres);
  return metres;
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

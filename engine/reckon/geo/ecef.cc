#include "reckon/geo/ecef.h"

#include <cmath>

#include "reckon/geo/sin_cos.h"
#include "reckon/geo/wgs84.h"

namespace reckon::geo {

EcefPoint to_ecef(const LatLng& place) {
  const auto lat = sin_cos_deg(place.lat_deg());
  const auto lng = sin_cos_deg(place.lng_deg());
  const double normal = kWgs84A / std::sqrt(1 - kWgs84E2 * (lat.sin * lat.sin));
  const double across = normal * lat.cos;
  return {across * lng.cos, across * lng.sin, normal * (1 - kWgs84E2) * lat.sin};
}

}  // namespace reckon::geo

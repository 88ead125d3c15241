#include "reckon/geo/lat_lng.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "reckon/base/csv.h"

namespace reckon::geo {
namespace {

constexpr std::string_view kAllowed =
    "allowed: latitude from -90 to 90 and longitude from -180 to 180 degrees";

bool in_korea(double lat_deg, double lng_deg) {
  return lat_deg >= 33 && lat_deg <= 39 && lng_deg >= 124 && lng_deg <= 132;
}

}  // namespace

bool looks_swapped_in_korea(double lat_deg, double lng_deg) {
  return !in_korea(lat_deg, lng_deg) && in_korea(lng_deg, lat_deg);
}

base::Result<LatLng> LatLng::from_degrees(double lat_deg, double lng_deg, std::string_view where) {
  const bool lat_ok = std::isfinite(lat_deg) && std::abs(lat_deg) <= 90;
  const bool lng_ok = std::isfinite(lng_deg) && std::abs(lng_deg) <= 180;
  if (lat_ok && lng_ok) return LatLng(lat_deg, lng_deg);
  // A longitude near 0 is what was left out or mistyped more likely than a latitude on the equator.
  constexpr double kLeastLatitude = 1;
  const bool swapped = std::abs(lat_deg) > 90 && std::abs(lat_deg) <= 180 &&
                       std::abs(lng_deg) >= kLeastLatitude && std::abs(lng_deg) <= 90;
  return base::fail(base::ErrorCode::kInvalidInput, std::string(where),
                    fmt::format("latitude {}, longitude {} is no place{}; {}", lat_deg, lng_deg,
                                swapped ? " (latitude and longitude look swapped)" : "", kAllowed));
}

base::Result<LatLng> LatLng::parse(std::string_view text, std::string_view where) {
  const auto comma = text.find(',');
  if (comma != std::string_view::npos) {
    const auto lat = base::parse_number(text.substr(0, comma));
    auto rest = text.substr(comma + 1);
    if (rest.starts_with(' ')) rest.remove_prefix(1);  // as maps on the web print it
    const auto lng = base::parse_number(rest);
    if (lat && lng) return from_degrees(*lat, *lng, where);
  }
  return base::fail(
      base::ErrorCode::kInvalidInput, std::string(where),
      fmt::format("'{}' is not a place; allowed: LAT,LON in decimal degrees, such as 37.5665,126.9780",
                  text.substr(0, 60)));
}

LatLng LatLng::from_e7(std::int32_t lat_e7, std::int32_t lng_e7) {
  RECKON_CHECK(lat_e7 >= -900'000'000 && lat_e7 <= 900'000'000 && lng_e7 >= -1'800'000'000 &&
               lng_e7 <= 1'800'000'000);
  return {lat_e7 / 1e7, lng_e7 / 1e7};
}

}  // namespace reckon::geo

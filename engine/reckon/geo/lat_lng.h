#pragma once

// A place on Earth. Only the named, checked constructors make one, so a LatLng is always a real place and
// latitude always stands first; whoever wants longitude first (vendors, GeoJSON) turns it round at the wire.

#include <cstdint>
#include <string_view>

#include "reckon/base/result.h"

namespace reckon::geo {

class LatLng {
 public:
  /// @param lat_deg  degrees north, [-90, 90]
  /// @param lng_deg  degrees east, [-180, 180]
  /// @errors kInvalidInput  NaN or out of range; says so when the two look swapped. `where` as given
  static base::Result<LatLng> from_degrees(double lat_deg, double lng_deg, std::string_view where);

  /// `LAT,LON` or `LAT, LON` in decimal degrees, as on the command line.
  /// @errors as from_degrees; kInvalidInput also for any other form
  static base::Result<LatLng> parse(std::string_view text, std::string_view where);

  /// From integers of 1e-7 degree, as maps store them. In range by the caller's checks (our own invariant).
  static LatLng from_e7(std::int32_t lat_e7, std::int32_t lng_e7);

  double lat_deg() const { return lat_deg_; }
  double lng_deg() const { return lng_deg_; }

  friend bool operator==(const LatLng&, const LatLng&) = default;

 private:
  LatLng(double lat_deg, double lng_deg) : lat_deg_(lat_deg), lng_deg_(lng_deg) {}
  double lat_deg_;
  double lng_deg_;
};

/// True when (lat, lng) lies outside Korea (33..39 N, 124..132 E) and the swapped pair inside it: in Korea a
/// swap is always detectable. Takes raw degrees because a swapped latitude may be out of range.
bool looks_swapped_in_korea(double lat_deg, double lng_deg);

}  // namespace reckon::geo

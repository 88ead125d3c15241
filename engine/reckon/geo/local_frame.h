#pragma once

// A flat frame around one place: metres east and north of it. What nearest-road searches compare in, because
// a geodesic for each candidate would cost a thousand times more.

#include <cstdint>

#include "reckon/geo/lat_lng.h"

namespace reckon::geo {

/// Integers of 1e-7 degree (11 mm at most): how maps store places.
struct PlaceE7 {
  std::int32_t lat = 0;
  std::int32_t lng = 0;

  /// The nearest such place; off by at most 6 mm.
  static PlaceE7 nearest(const LatLng& place);
  LatLng to_lat_lng() const { return LatLng::from_e7(lat, lng); }
  friend bool operator==(const PlaceE7&, const PlaceE7&) = default;
};

/// Metres east (`x`) and north (`y`) of a frame's origin.
struct LocalPoint {
  double x = 0;
  double y = 0;
};

/// The plane that touches WGS84 at `origin`. Within 10 km below 60 degrees a distance in it is off by less
/// than 0.3 %, within 100 m by less than 0.003 %. It does not wrap at the antimeridian. Its scales are cubics
/// over a tenth of a degree, within 1e-13 of the radii of curvature; computed with + - * / alone, so that
/// every machine gets the same bits. Cost: some 5 ns. Source: principal radii of curvature of the ellipsoid,
/// docs/sources.md#wgs84.
class LocalFrame {
 public:
  explicit LocalFrame(PlaceE7 origin);

  LocalPoint at(PlaceE7 place) const {
    // Differences of whole numbers below 2^53 are exact, and conversions before them become vectors.
    return {(static_cast<double>(place.lng) - static_cast<double>(origin_.lng)) * x_per_e7_,
            (static_cast<double>(place.lat) - static_cast<double>(origin_.lat)) * y_per_e7_};
  }
  PlaceE7 origin() const { return origin_; }

 private:
  PlaceE7 origin_;
  double x_per_e7_;
  double y_per_e7_;
};

/// The point of a segment that is nearest to the frame's origin.
struct Projection {
  double share = 0;  ///< how far along from `a` to `b`, [0, 1]; exactly 0 or 1 at the ends
  double squared_m2 =
      0;  ///< squared distance from the origin; the same bits for all segments meeting in an end
};
inline Projection project_origin(LocalPoint a, LocalPoint b) {
  const LocalPoint along{b.x - a.x, b.y - a.y};
  const double reach = -(a.x * along.x + a.y * along.y);
  const double share = reach / (along.x * along.x + along.y * along.y);
  // No branch: which end is nearer cannot be foreseen. 0 / 0, a segment without length, compares false.
  const double above = share > 0 ? share : 0;
  const double held = above < 1 ? above : 1;
  const double x = a.x * (1 - held) + b.x * held;
  const double y = a.y * (1 - held) + b.y * held;
  return {held, x * x + y * y};
}

/// Length between two near places by the frame of their middle latitude: error below 0.2 mm up to 5 km, 30 mm
/// up to 20 km (outside the polar caps). Cost: about 30 ns.
double near_distance_m(const LatLng& a, const LatLng& b);

}  // namespace reckon::geo

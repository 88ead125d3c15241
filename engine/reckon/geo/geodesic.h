#pragma once

// Lengths on the WGS84 ellipsoid, and the other straight-line formulas that contracts name.

#include "reckon/geo/lat_lng.h"

namespace reckon::geo {

/// Length of the geodesic on WGS84 in metres; >= 0, error below 2 nm up to 50 km.
/// Cost: about 1 us. Pure, any thread. Source: GeographicLib (Karney 2013, doi:10.1007/s00190-012-0578-z).
double geodesic_m(const LatLng& a, const LatLng& b);

/// Great-circle length on a sphere of radius 6,371,000 m, as tariffs with the formula `haversine-6371000`
/// have it. Differs from the ellipsoid by -0.24..+0.19 % at 37.5 N: only for contracts that name it.
double haversine_6371000_m(const LatLng& a, const LatLng& b);

}  // namespace reckon::geo

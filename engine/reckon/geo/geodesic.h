#pragma once

// Lengths on the WGS84 ellipsoid, and the other straight-line formulas that contracts name.

#include <span>

#include "reckon/geo/ecef.h"
#include "reckon/geo/lat_lng.h"

namespace reckon::geo {

/// Up to this chord lengths come from the two points in space; beyond, from GeographicLib. (The geodesic over
/// it is at most 130 mm longer.)
inline constexpr double kChordGeodesicM = 50'000;

/// Length of the geodesic on WGS84 in metres; >= 0. Up to 50 km within 10 nm wherever the places lie (poles,
/// antimeridian) and the same bits on every machine; beyond 50 km GeographicLib's answer.
/// Cost: about 60 ns up to 50 km, 1 us beyond. Pure, any thread.
/// Source: docs/adr/0022-geometry-kernel.md has the formula; GeographicLib (Karney 2013,
/// doi:10.1007/s00190-012-0578-z).
double geodesic_m(const LatLng& a, const LatLng& b);

/// The same between points whose ECEF coordinates are known already: the same bits up to 50 km, within a few
/// nm beyond. Cost: about 6 ns up to 50 km, 1.5 us beyond.
double geodesic_m(const EcefPoint& a, const EcefPoint& b);

/// From one point to many: `metres[i]` has the very bits of geodesic_m(from, to[i]).
/// @param metres  as many as `to` (our own invariant)
/// Cost: about 1.5 ns each where the processor has AVX2, 3 ns where not; as geodesic_m beyond 50 km.
/// Allocates nothing.
void geodesics_m(const EcefPoint& from, const EcefPoints& to, std::span<double> metres);

/// Great-circle length on a sphere of radius 6,371,000 m, as tariffs with the formula `haversine-6371000`
/// have it. Differs from the ellipsoid by -0.24..+0.19 % at 37.5 N: only for contracts that name it.
double haversine_6371000_m(const LatLng& a, const LatLng& b);

}  // namespace reckon::geo

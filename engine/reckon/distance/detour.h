#pragma once

// How much longer than the straight line the road is, where no road map reaches: a factor by distance with
// its 90 % band, measured on road distances of two Korean cities. It prices to the right order only; the
// label says `geodesic`.

#include <optional>

#include "reckon/base/units.h"
#include "reckon/base/vehicle.h"

namespace reckon::distance {

/// An estimate with the 90 % interval of what a map provider would say; low <= metres <= high.
struct Estimate {
  base::Metres metres, low, high;
  /// As likely too long as too short, within the interval; nothing: not told apart from `metres`, the value
  /// most likely to be exact.
  std::optional<base::Metres> median = std::nullopt;
};

/// Factor from the straight line to the road; [1.22, 1.95], falling with distance.
/// @param geodesic_m  >= 0
double detour_factor(double geodesic_m);

/// `geodesic_m` times its factor, rounded once; non-decreasing in `geodesic_m`, and 0 only below half a
/// metre. Cost: ten nanoseconds. Pure. Source: docs/sources.md#detour-factor.
Estimate detour_estimate(double geodesic_m);

/// The band of a road map's own answer before any calibration: 12 % and 20 m to each side.
/// Source: docs/sources.md#road-band.
Estimate road_estimate(base::Metres road);

/// Riding time over `path` where no road map gives one. Source: docs/sources.md#speeds.
base::Seconds typical_duration(base::Vehicle vehicle, base::Metres path);

}  // namespace reckon::distance

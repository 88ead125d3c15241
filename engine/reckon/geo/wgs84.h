#pragma once

// The ellipsoid that all of this engine measures on. Source: docs/sources.md#wgs84.

namespace reckon::geo {

inline constexpr double kWgs84A = 6'378'137.0;               ///< half the equator's diameter, metres
inline constexpr double kWgs84F = 1 / 298.257223563;         ///< flattening
inline constexpr double kWgs84E2 = kWgs84F * (2 - kWgs84F);  ///< eccentricity, squared

}  // namespace reckon::geo

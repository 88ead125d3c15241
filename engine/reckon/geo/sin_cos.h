#pragma once

// Sine and cosine from + - * / alone. libm's may differ in the last bit from machine to machine, and a metre
// prices a delivery. For this library's own .cc files: they are compiled without fused multiply-add.

#include <numbers>

namespace reckon::geo {

struct SinCos {
  double sin;
  double cos;
};

/// Of an angle in degrees, [-180, 180]; error below 1 ulp of 1. Cost: about 10 ns.
///
/// The nearest multiple of 90 degrees is taken off exactly, Taylor's series serve the rest (at most pi/4):
/// their first terms left out are below 2^-58.
constexpr SinCos sin_cos_deg(double degrees) {
  const int quarter = static_cast<int>(degrees * (1 / 90.0) + (degrees < 0 ? -0.5 : 0.5));
  const double x = (degrees - 90 * quarter) * (std::numbers::pi / 180);
  const double x2 = x * x;
  const double x4 = x2 * x2;
  const double x8 = x4 * x4;
  // Pairs of terms, then pairs of pairs: a short chain of dependent operations.
  const double s = ((-1 / 6.0 + x2 * (1 / 120.0)) + x4 * (-1 / 5040.0 + x2 * (1 / 362880.0))) +
                   x8 * ((-1 / 39916800.0 + x2 * (1 / 6227020800.0)) +
                         x4 * (-1 / 1307674368000.0 + x2 * (1 / 355687428096000.0)));
  const double c = ((1 / 24.0 - x2 * (1 / 720.0)) + x4 * (1 / 40320.0 - x2 * (1 / 3628800.0))) +
                   x8 * ((1 / 479001600.0 - x2 * (1 / 87178291200.0)) +
                         x4 * (1 / 20922789888000.0 - x2 * (1 / 6402373705728000.0)));
  const double sine = x + x * x2 * s;
  // 1 - x2/2 rounds; what it lost is added with the small terms.
  const double half = x2 / 2;
  const double most = 1 - half;
  const double cosine = most + ((1 - most - half) + x4 * c);
  switch (quarter & 3) {
    case 0:
      return {sine, cosine};
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    default:
      return {-cosine, sine};
  }
}

}  // namespace reckon::geo

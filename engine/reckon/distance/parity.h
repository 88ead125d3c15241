#pragma once

// How often an estimate gives the fee that a provider's answer would have given, and how often the provider's
// answer lies in the estimate's interval: measured on pairs that the estimate has not learned from.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "reckon/distance/detour.h"
#include "reckon/distance/route_fit.h"
#include "reckon/geo/lat_lng.h"

namespace reckon::distance {

/// The tariff shape that parity is told of: nothing up to here, then a price for each started step.
inline constexpr double kParityFreeM = 1500;
/// One won a metre: 100 won for 100 m, 500 won for 500 m.
inline constexpr double kParityWonPerM = 1;

/// Coverage and bias are told by straight line, the one length that is known before anybody has answered.
/// Upper bounds, inclusive.
inline constexpr std::array<double, 7> kParityBinsM = {
    500, 1000, 1500, 2000, 3000, 5000, std::numeric_limits<double>::infinity()};

/// A trip's ends as records have them, in 1e-7 degrees.
struct TripEndsE7 {
  std::int64_t from_lat = 0, from_lng = 0, to_lat = 0, to_lng = 0;
};
/// @return nothing when they are no places
std::optional<double> straight_m(const TripEndsE7& ends);

struct Parity {
  std::size_t pairs = 0;
  std::size_t same_100 = 0, same_500 = 0;  ///< the same fee by steps of 100 m and of 500 m
  double error_won = 0, bias_won = 0;      ///< mean |fee - provider's fee| and mean difference, 100 m steps
  double median_error = 0;                 ///< relative, of the metres
  struct Bin {
    double up_to_m = 0;  ///< of the straight line; the last one has no bound but the farthest pair
    std::size_t pairs = 0;
    std::size_t inside = 0;  ///< whose answer lies in the interval
    std::size_t exact = 0;   ///< whose answer is the estimate itself, in whole metres
    double bias = 0;         ///< mean of estimate over answer, less one
  };
  std::vector<Bin> bins;  ///< by straight line; empty ones are left out

  double share(std::size_t count) const;
};

using Estimator = std::function<Estimate(const geo::LatLng& from, const geo::LatLng& to)>;
/// Cost: an estimate a trip.
Parity measure_parity(std::span<const AnsweredTrip> trips, const Estimator& estimate);

/// Started steps beyond the free metres; whole metres, as fees count them.
std::int64_t started_steps(double metres, double step_m);

}  // namespace reckon::distance

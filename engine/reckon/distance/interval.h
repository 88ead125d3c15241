#pragma once

// How sure we are of an estimate: the 90 % interval of what the provider would have said, learned by split
// conformal prediction (Vovk 2005) from estimates whose answer is known and that were not learned from it.

#include <cstdint>
#include <span>
#include <vector>

#include "reckon/distance/detour.h"

namespace reckon::distance {

/// An estimate and what the provider said.
struct Scored {
  double straight_m = 0;  ///< between the two ends
  double ours = 0, theirs = 0;
  double scale = 1;  ///< > 0: how far off such estimates usually are; errors are told in it
};

/// The interval at one straight line; between two of them it is between theirs. Logarithms of the provider's
/// metres over ours, in the estimate's scale.
struct IntervalKnot {
  double at_m = 0;
  double low = 0, median = 0, high = 0;  ///< low <= 0 <= high
};

/// Learns it. The interval holds the estimate, so where more than nine in ten estimates are exact it is the
/// estimate alone and holds more than 90 %. Elsewhere both sides miss the same share of their own errors:
/// together one in ten, by the finite-sample rank.
///
/// Each knot speaks of the trips of nearest straight line: a fifth of them, at least kLeastForInterval, at
/// most 800; neighbouring knots share half of theirs. Towards the shortest and the longest trips there are
/// knots of ever fewer, down to kLeastForInterval.
/// @return ascending; empty where there are fewer than kLeastForInterval
std::vector<IntervalKnot> fit_interval(std::vector<Scored> scored);
inline constexpr std::size_t kLeastForInterval = 60;  ///< fewer say nothing of a tail of 5 %

/// An estimate with its interval: whole metres, low <= metres <= high. Without knots that of a road map's own
/// answer (road_estimate).
Estimate with_interval(double metres, double straight_m, std::span<const IntervalKnot> knots,
                       double scale = 1);

}  // namespace reckon::distance

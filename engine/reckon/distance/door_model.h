#pragma once

// From bounds to metres: where between what other answers allow at least and at most does the provider's
// answer lie? Learned from answers; linear in the logarithms, apart for each width of the bounds.

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "reckon/distance/detour.h"
#include "reckon/distance/door_graph.h"
#include "reckon/distance/interval.h"
#include "reckon/distance/route_fit.h"

namespace reckon::distance {

/// Widths of the bounds, as classes of log(high / low) by 0.06; the last but one holds all wider ones, the
/// last one trips whose way back is known.
inline constexpr std::size_t kDoorClasses = 17;
inline constexpr std::size_t kDoorTerms = 4;

struct DoorModel {
  struct Class {
    std::array<double, kDoorTerms>
        weights{};     ///< on 1, and on log(high), log(low) over the detour, log(through)
    double scale = 0;  ///< median |log(said / estimated)|; 0: too few, not used
  };
  std::array<Class, kDoorClasses> classes{};
  struct Length {
    double at_m = 0;    ///< straight line
    double factor = 1;  ///< that takes the bias away; straight between these lengths
  };
  std::vector<Length> lengths;                 ///< of trips whose way back is not known
  std::vector<IntervalKnot> interval;          ///< in the scale of the class
  std::vector<IntervalKnot> reverse_interval;  ///< of trips whose way back is known: they are off otherwise
  bool empty() const { return interval.empty() && reverse_interval.empty(); }
};

/// Learns it. Each trip is looked at as if its own answer were not there; how wide the intervals are is told
/// by each fifth of the trips under weights learned from the other four (cross-conformal, Vovk 2015).
/// Deterministic. Empty where too few trips have bounds.
/// @param usual  the estimate without other answers, by straight line (the learned detour)
DoorModel fit_doors(std::span<const AnsweredTrip> trips,
                    const std::function<double(double geodesic_m)>& usual);

/// @return nothing where the bounds say too little
std::optional<Estimate> door_estimate(const DoorModel& model, const DoorGraph::Bounds& bounds,
                                      double geodesic_m, double usual_m);

}  // namespace reckon::distance

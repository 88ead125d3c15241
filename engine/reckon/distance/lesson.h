#pragma once

// Learning a provider and telling how well: the one way that `reckon calibrate`, the server and the benches
// make a calibration.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reckon/distance/calibration.h"
#include "reckon/distance/learned.h"
#include "reckon/distance/parity.h"
#include "reckon/road/road_map.h"

namespace reckon::distance {

/// Fewer pairs teach next to nothing: intervals alone want sixty in each of several bins.
inline constexpr std::size_t kLeastPairs = 500;

/// One pair in so many, the newest, is kept apart to tell how well it went.
inline constexpr std::size_t kCheckedShare = 10;

/// What came of one lesson.
struct Lesson {
  Calibration calibration;
  std::size_t learned_from = 0;
  Parity before;           ///< the local estimate without calibration, on the pairs that were kept apart
  Parity after;            ///< and with it, before these were learned from
  bool roads_kept = true;  ///< false: the route model made fewer fees the same, so the calibration has none
};

/// Learns from all but the newest tenth of the pairs and measures on these; then goes on to learn from them,
/// too. So what is told is told of the calibration before it knew the newest tenth; the one that is given
/// knows more and has not been measured. A route model that does worse than the map alone is left out.
/// @param map    null: only the detour is learned
/// @param trips  in order of asking, each two doors once (pairs.h)
/// @return nothing when `progress` stopped it. Deterministic. Cost: up to three fits (route_fit.h).
/// @errors kInvalidInput  fewer than kLeastPairs, or the map does not serve the vehicle
base::Result<std::optional<Lesson>> learn(std::string provider, base::Vehicle vehicle,
                                          const std::shared_ptr<const road::RoadMap>& map,
                                          std::span<const AnsweredTrip> trips,
                                          const FitProgress& progress = {});

}  // namespace reckon::distance

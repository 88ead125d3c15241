#pragma once

// The answer that cannot fail: road map where it reaches, else straight line times detour. Computed for every
// trip before any provider is thought of.

#include <optional>
#include <string>
#include <vector>

#include "reckon/base/units.h"
#include "reckon/base/vehicle.h"
#include "reckon/distance/detour.h"
#include "reckon/distance/distance.h"
#include "reckon/distance/plausibility.h"
#include "reckon/geo/lat_lng.h"
#include "reckon/road/roads.h"

namespace reckon::distance {

struct LocalEstimate {
  Estimate estimate;
  base::Seconds duration{};
  Source source;        ///< `road` or `geodesic`; `memory:<name>` where answers about other trips gave it
  base::Seconds age{};  ///< of the oldest of these
  LocalView view;       ///< what provider answers are checked against
  std::optional<std::string> map_release = std::nullopt;          ///< of the road map consulted, if one was
  std::optional<std::string> calibration_release = std::nullopt;  ///< when `estimate` is a calibrated one
  bool swallowed = false;  ///< the map has a route, but snapping took most of the trip
  /// Why not the road map: `no_map`, `vehicle`, `off_map`, `no_route`, `snapped_together`.
  std::vector<WhyNot> why_not;
};

/// Places nearer than this are one place to every provider.
inline constexpr double kSamePlaceM = 5;

/// @param map  may be null
/// A road route that lost most of the trip to snapping (0 m although the places differ, or less than half the
/// straight line and 50 m) is not taken: it would be a silent wrong zero. Cost: one geodesic (1 us), and a
/// road search when there is a map. Thread contract: `query` is the caller's.
LocalEstimate local_estimate(const road::Roads* map, road::Roads::Query& query, base::Vehicle vehicle,
                             const geo::LatLng& from, const geo::LatLng& to);

}  // namespace reckon::distance

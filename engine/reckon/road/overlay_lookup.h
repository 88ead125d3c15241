#pragma once

// What one correction names, looked up in a map: streets by way or place, junctions by place. Among the
// roads of all vehicles that the correction is for, so that it is the same street or junction for each.

#include <cstdint>
#include <optional>
#include <vector>

#include "reckon/base/vehicle.h"
#include "reckon/road/edge_lookup.h"
#include "reckon/road/model_search.h"
#include "reckon/road/overlay.h"

namespace reckon::road {

/// One thread at a time. Cost of each question: a pass over what lies in reach, microseconds; the first one
/// makes the lists of `EdgeLookup`.
class NamedRoads {
 public:
  /// @param map     outlives this
  /// @param lookup  of the map's geometry; outlives this
  NamedRoads(const RoadMap& map, const Correction& correction, EdgeLookup& lookup);

  /// Of the vehicles that the correction is for, those that the map has.
  const std::vector<Network>& among() const { return among_; }
  const EdgeGeometry& geometry() const { return geometry_; }

  /// A road near a place.
  struct NearRoad {
    EdgePosition at;
    double away_m;
  };
  std::optional<NearRoad> nearest_road_to(const geo::LatLng& place, double max_m = kMaxNamedPlaceM) const;

  /// Where edges begin or end, near a place.
  struct NearJunction {
    geo::PlaceE7 place;
    double away_m;
  };
  std::optional<NearJunction> nearest_junction_to(const geo::LatLng& place,
                                                  double max_m = kMaxNamedPlaceM) const;
  /// Of those where the way begins, ends or has a crossing.
  std::optional<NearJunction> nearest_junction_of(std::int64_t way, const geo::LatLng& place,
                                                  double max_m = kMaxNamedPlaceM) const;

  /// Edges of a street that some vehicle uses, ascending; with `near` one at the most.
  std::vector<std::uint32_t> edges_of(const StreetName& street) const;
  /// Directions of `network`'s edges that begin at a junction.
  std::vector<std::uint32_t> leaving(const Network& network, geo::PlaceE7 junction) const;
  /// Whether a vehicle of `among` uses the edge.
  bool used(std::uint32_t edge) const;
  bool on_way(std::uint32_t edge, std::int64_t way) const;

  /// Where travel along an edge in one direction heads on the whole: degrees from north, clockwise, [0, 360).
  double bearing_deg(std::uint32_t edge_dir) const;

 private:
  template <class Counts>
  std::optional<NearJunction> nearest(const geo::LatLng& at, double max_m, Counts counts) const;

  const EdgeGeometry& geometry_;
  std::vector<Network> among_;
  EdgeLookup& lookup_;
};

/// Whether an edge lies in an area: its middle point does.
bool inside(const EdgeGeometry& geometry, const Box& area, std::uint32_t edge);

/// Whether the vehicle travels along an edge in one direction.
bool has_arc(const ArcGraph& graph, std::uint32_t edge_dir);

/// Directed edges by which one may go on, as the map has it; ascending, each once.
std::vector<std::uint32_t> continuations(const ArcGraph& graph, std::uint32_t edge_dir);

/// Half the circle that a heading stands for: directions that differ by less are meant.
inline constexpr double kHeadingReachDeg = 90;

}  // namespace reckon::road

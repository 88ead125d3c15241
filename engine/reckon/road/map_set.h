#pragma once

// Several maps side by side: extracts of branch areas that touch or overlap. A trip is answered by one of
// them, the one that covers both ends; what none covers is said to be off the map, never guessed.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/road/overlay.h"
#include "reckon/road/road_map.h"

namespace reckon::road {

/// Maps that one set may hold: a country's branch areas, with room.
inline constexpr std::size_t kMaxMapsOfSet = 256;

/// Which map answers a pair: of those that serve the vehicle and have a route, the one in whose bounding box
/// both ends lie deepest (roads end at an extract's border, and routes near it may be longer than they are);
/// of equally deep ones the earlier. Where none has a route the best reason is told: no_route before off_map.
/// So a pair's answer depends on the maps alone, not on what else is asked.
class MapSet final : public Roads {
 public:
  /// @errors kInvalidInput  no map, too many, or one given twice (the same release)
  static base::Result<MapSet> make(std::vector<std::shared_ptr<const RoadMap>> maps);
  /// Opens the files; every one that cannot be opened is a fault.
  static base::Result<MapSet> open(const std::vector<std::filesystem::path>& paths,
                                   MapChecks checks = MapChecks::kAtOpening,
                                   std::optional<base::Vehicle> only = std::nullopt);
  /// RoadMap::check_sections of all of them. @errors kCorrupt
  base::Result<void> check_sections() const;

  /// The same maps under corrections, and only these: what the set already had are left behind. Routes are
  /// chosen by `metric`. Each correction goes to every map that has what it names.
  /// One that names nothing changes nothing: see `check`.
  /// Cost: OverlaidMap::make the first time, afterwards OverlaidMap::with; a millisecond a correction.
  MapSet under(const Overlay& overlay, Metric metric = Metric::kFastest) const;

  /// Whether each correction names something that one of the maps has, in force or not, and none contradicts
  /// an earlier one.
  /// @param name   stands in `where` of the faults
  /// @param first  corrections before this one are not judged; later ones may contradict them
  /// @errors kInvalidInput  those that do not, each with its place in the file and the field that is amiss
  base::Result<void> check(const Overlay& overlay, std::string_view name, std::size_t first = 0) const;

  bool serves(base::Vehicle vehicle) const override;
  std::vector<base::Vehicle> vehicles() const override;
  /// Of one map its own; of several the hash of their releases, one a line.
  const std::string& release() const override { return release_; }
  std::shared_ptr<const ChangedGraph> changes_on(base::Vehicle vehicle,
                                                 std::string_view built_release) const override;
  Route route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
              const RouteOptions& options = {}) const override;
  using Roads::table;
  /// Cost: a table for each map that reaches some of the places.
  void table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
             std::span<const geo::LatLng> destinations, const TableOptions& options,
             std::span<TableCell> cells) const override;
  std::optional<SnapPoint> snap(base::Vehicle vehicle, const geo::LatLng& place,
                                double max_snap_m = kDefaultMaxSnapM) const override;

  /// The streets of the map that has this release, or of the first one; for pictures.
  std::vector<Street> streets_in(std::string_view map_release, const Box& box, base::Vehicle vehicle,
                                 std::size_t most) const;

  const std::vector<std::shared_ptr<const RoadMap>>& maps() const { return maps_; }
  /// What routes name: each map's, corrections included. Valid as long as the set.
  std::vector<const std::string*> releases() const;

 private:
  MapSet() = default;
  base::Fault nearest_fault(const Correction& correction) const;

  std::vector<std::shared_ptr<const RoadMap>> maps_;
  std::vector<std::shared_ptr<const Roads>> roads_;  ///< parallel to the maps
  std::string release_;
};

}  // namespace reckon::road

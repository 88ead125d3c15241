#pragma once

// A road map under corrections. It answers as a map that had been built with them would: exactly, turns
// included. Each version is immutable; the next one is made beside it, so readers of the earlier one go on
// undisturbed, and it shares with the earlier one what is equal.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "reckon/base/vehicle.h"
#include "reckon/road/changed_graph.h"
#include "reckon/road/overlay.h"
#include "reckon/road/road_map.h"

namespace reckon::road {

class OverlaidMap final : public Roads {
 public:
  /// What is changed, by vehicle.
  using Changes = std::array<VehicleChanges, base::kAllVehicles.size()>;

  /// `map` under `changes`; routes are chosen by `metric`. Changes come from `resolve` for the same map.
  /// @param overlay_release  names the corrections (Overlay::release); empty: none, the release is the map's
  /// Cost: some 150 ms a vehicle in a city of 150,000 arcs.
  static std::shared_ptr<const OverlaidMap> make(std::shared_ptr<const RoadMap> map, const Changes& changes,
                                                 const std::string& overlay_release,
                                                 Metric metric = Metric::kFastest);

  /// The same map under other changes. Cost: closings and turns a millisecond each; speeds some 50 ms a
  /// vehicle; added turns and roads as much as `make`.
  std::shared_ptr<const OverlaidMap> with(const Changes& changes, const std::string& overlay_release) const;

  ~OverlaidMap() override;

  bool serves(base::Vehicle vehicle) const override;
  std::vector<base::Vehicle> vehicles() const override;
  /// Of map and corrections together: the same pair has the same one.
  const std::string& release() const override { return release_; }
  std::shared_ptr<const ChangedGraph> changes_on(base::Vehicle vehicle,
                                                 std::string_view built_release) const override;
  Metric metric() const { return metric_; }
  const RoadMap& map() const { return *map_; }

  Route route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
              const RouteOptions& options = {}) const override;
  using Roads::table;
  /// Cost: some 10 us a place and 100 ns a cell.
  void table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
             std::span<const geo::LatLng> destinations, const TableOptions& options,
             std::span<TableCell> cells) const override;
  std::optional<SnapPoint> snap(base::Vehicle vehicle, const geo::LatLng& place,
                                double max_snap_m = kDefaultMaxSnapM) const override;

  /// As RoadMap::streets_in; what corrections close is told. Added roads are not among them.
  std::vector<Street> streets_in(const Box& box, base::Vehicle vehicle, std::size_t most) const;

  /// Bytes that this version keeps beside the map, shared ones included.
  std::uint64_t bytes() const;

 private:
  struct Part;  ///< one vehicle's
  OverlaidMap(std::shared_ptr<const RoadMap> map, Metric metric) : map_(std::move(map)), metric_(metric) {}
  const Part& part(base::Vehicle vehicle) const;
  Cost as_time_first(Cost cost) const;

  std::shared_ptr<const RoadMap> map_;
  Metric metric_;
  std::string release_;
  std::array<std::shared_ptr<const Part>, base::kAllVehicles.size()> parts_;
};

}  // namespace reckon::road

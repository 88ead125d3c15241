#pragma once

// Maps whose corrections change while they are in use: each call is answered by the version that was in force
// when it began.

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reckon/road/map_set.h"

namespace reckon::road {

/// Safe to call from any thread. Releases that it names stay valid as long as it lives, whatever is put in
/// later; the maps under all versions are the same ones.
class LiveRoads final : public Roads {
 public:
  explicit LiveRoads(MapSet maps);
  ~LiveRoads() override;

  /// From now on `maps` answers; calls under way end with what they began with. Cost: nothing to speak of.
  /// @param maps  the same maps under other corrections (our own invariant)
  void put(MapSet maps);
  std::shared_ptr<const MapSet> current() const;

  bool serves(base::Vehicle vehicle) const override;
  std::vector<base::Vehicle> vehicles() const override;
  const std::string& release() const override;
  std::shared_ptr<const ChangedGraph> changes_on(base::Vehicle vehicle,
                                                 std::string_view built_release) const override;
  Route route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
              const RouteOptions& options = {}) const override;
  using Roads::table;
  void table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
             std::span<const geo::LatLng> destinations, const TableOptions& options,
             std::span<TableCell> cells) const override;
  std::optional<SnapPoint> snap(base::Vehicle vehicle, const geo::LatLng& place,
                                double max_snap_m = kDefaultMaxSnapM) const override;

 private:
  struct Version {
    MapSet maps;
    std::vector<const std::string*> releases;  ///< the set's first, then each map's; in `kept_`
  };
  std::shared_ptr<const Version> version() const;
  const std::string* keep(const std::string& release);

  mutable std::mutex mutex_;  ///< of the two below
  std::shared_ptr<const Version> version_;
  std::list<std::string> kept_;  ///< each release once
};

}  // namespace reckon::road

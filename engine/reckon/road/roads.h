#pragma once

// What answers trips over roads: one map file (RoadMap), several side by side (MapSet). Whoever asks for
// routes asks this. What stands behind it may change; answers may not: time exactly, distance to the metre,
// and distance and time always of the same path.

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/units.h"
#include "reckon/base/vehicle.h"
#include "reckon/geo/lat_lng.h"

namespace reckon::road {

class ChangedGraph;

/// Farthest a place may lie from its nearest usable road and still be routed.
inline constexpr double kDefaultMaxSnapM = 1000;

enum class RouteStatus : std::uint8_t {
  kOk,
  kNoRoute,  ///< both ends snapped, but no legal path joins them
  kOffMap,   ///< an end lies farther than the maximum snap distance from every usable road of this map
  kBeyond,   ///< there is a path, but it exceeds the limits that the caller gave
};

std::string_view to_string(RouteStatus status);

/// On which side of the direction of travel a place must lie. Right is the kerb where traffic keeps right.
enum class Approach : std::uint8_t { kEither, kRight, kLeft };

/// What one end of a trip asks of the road beside it. A rule that no road in reach keeps is not held to:
/// SnapPoint::as_asked tells.
struct EndRule {
  Approach approach = Approach::kEither;
  std::optional<double> heading_deg =
      std::nullopt;  ///< [0, 360), clockwise from north: a rider under way, a lorry's door

  bool asks_nothing() const { return approach == Approach::kEither && !heading_deg; }
  friend bool operator==(const EndRule&, const EndRule&) = default;
};

/// Farthest that a road beyond the nearest one may be taken in.
inline constexpr double kMaxSlackM = 100;

/// Tenths of a second as whole seconds, rounded.
constexpr std::int64_t seconds_of(std::int64_t deciseconds) {
  return (deciseconds + 5) / 10;
}

/// Where a place met the road network.
struct SnapPoint {
  geo::LatLng at;        ///< on the road
  double offset_m = 0;   ///< straight line from the asked place to `at`, >= 0
  bool as_asked = true;  ///< the end's rule could be kept
};

/// How a step of a route begins.
enum class Turn : std::uint8_t {
  kDepart,
  kStraight,
  kSlightLeft,
  kLeft,
  kSharpLeft,
  kSlightRight,
  kRight,
  kSharpRight,
  kBack,
};

std::string_view to_string(Turn turn);

/// Along one street.
struct RouteStep {
  Turn turn;
  std::string_view
      street;  ///< its name or number, UTF-8; empty where the map has none; lives as long as the map
  base::Metres distance;
  geo::LatLng at;  ///< where it begins
  /// OpenStreetMap ways that it takes, in order of travel: by them corrections name turns. A road that a
  /// correction adds has none.
  std::vector<std::int64_t> ways;
};

/// One trip's answer.
struct Route {
  RouteStatus status = RouteStatus::kOffMap;
  base::Metres distance;  ///< length of the path between the two snap points, rounded once; 0 unless kOk
  std::int64_t duration_ds = 0;   ///< driving time of the same path in tenths of a second; 0 unless kOk
  std::optional<SnapPoint> from;  ///< absent when that end is off the map
  std::optional<SnapPoint> to;
  std::vector<geo::LatLng> geometry;  ///< from snap to snap, only when asked for
  std::vector<RouteStep> steps;       ///< in order of travel, only when asked for; they sum to the distance
  std::string_view map_release;       ///< of the map that answered; lives as long as it
};

enum class WithGeometry : bool { kNo, kYes };
enum class WithSteps : bool { kNo, kYes };

struct RouteOptions {
  double max_snap_m = kDefaultMaxSnapM;  ///< (0, 10'000]
  WithGeometry geometry = WithGeometry::kNo;
  double slack_m = 0;  ///< [0, kMaxSlackM]: roads up to so much farther than the nearest serve too, the route
                       ///< chooses
  EndRule start = {};
  EndRule finish = {};
  WithSteps steps = WithSteps::kNo;
};

/// What a table may leave out: trips that take or run longer count as kBeyond.
struct TableOptions {
  double max_snap_m = kDefaultMaxSnapM;                                     ///< (0, 10'000]
  std::int64_t max_duration_ds = std::numeric_limits<std::int64_t>::max();  ///< inclusive
  base::Metres max_distance{std::numeric_limits<std::int64_t>::max()};      ///< inclusive
  double slack_m = 0;  ///< as in RouteOptions; so are the rules, for all sources and all destinations
  EndRule start = {};
  EndRule finish = {};
};

/// One cell of a table; fields as in Route.
struct TableCell {
  RouteStatus status = RouteStatus::kOffMap;
  base::Metres distance;
  std::int64_t duration_ds = 0;
};

/// Immutable, safe to read from any number of threads; each thread brings its own Query.
class Roads {
 public:
  /// Working memory of searches: grows to the map's size once, then a search allocates nothing. One thread at
  /// a time; may be used with any Roads.
  class Query {
   public:
    Query();
    ~Query();
    Query(Query&&) noexcept;
    Query& operator=(Query&&) noexcept;

   private:
    friend class RoadMap;
    friend class OverlaidMap;
    struct State;
    std::unique_ptr<State> state_;
  };

  virtual ~Roads();

  virtual bool serves(base::Vehicle vehicle) const = 0;
  virtual std::vector<base::Vehicle> vehicles() const = 0;
  /// `sha256:...` of all that answers depend on.
  virtual const std::string& release() const = 0;
  /// What corrections change for a vehicle on the map that was built as this release; empty where none do.
  /// Numbers of arcs and edges are the map's; roads that corrections add stand behind them.
  virtual std::shared_ptr<const ChangedGraph> changes_on(base::Vehicle vehicle,
                                                         std::string_view built_release) const {
    (void)vehicle, (void)built_release;
    return {};
  }

  /// The fastest legal route. `vehicle` must be served (our own invariant; callers check with `serves`).
  /// Two places on the same snap point give kOk with 0 m and 0 s. Where slack lets several roads serve an
  /// end, `from` and `to` tell the one that the route took.
  virtual Route route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
                      const RouteOptions& options = {}) const = 0;

  /// All routes from each source to each destination, row-major: cell [i * destinations.size() + j]. Each
  /// cell equals what `route` gives for that pair alone, whatever else is asked with it.
  /// Cost: some 3 us a place and 30 ns a cell; the second form allocates nothing once the query has grown.
  /// @param cells  one for each pair
  std::vector<TableCell> table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
                               std::span<const geo::LatLng> destinations,
                               const TableOptions& options = {}) const;
  virtual void table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
                     std::span<const geo::LatLng> destinations, const TableOptions& options,
                     std::span<TableCell> cells) const = 0;

  /// Nearest usable point for the vehicle, or nothing within `max_snap_m`.
  virtual std::optional<SnapPoint> snap(base::Vehicle vehicle, const geo::LatLng& place,
                                        double max_snap_m = kDefaultMaxSnapM) const = 0;

 protected:
  Roads() = default;
  Roads(const Roads&) = default;
  Roads(Roads&&) noexcept = default;
  Roads& operator=(const Roads&) = default;
  Roads& operator=(Roads&&) noexcept = default;
};

}  // namespace reckon::road

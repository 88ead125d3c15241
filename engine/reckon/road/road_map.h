#pragma once

// The road map: a compiled, memory-mapped, immutable file that answers legal, time-optimal routes for its
// vehicles. What stands behind this interface (bidirectional search, hierarchy) may change; answers may not:
// time exactly, distance to the metre, and distance and time always of the same path.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/base/units.h"
#include "reckon/base/vehicle.h"
#include "reckon/geo/lat_lng.h"
#include "reckon/road/roads.h"
#include "reckon/road/turn_costs.h"

namespace reckon::road {

struct Network;

struct MapSource {
  std::string file;       ///< base name of the extract
  std::string sha256;     ///< of its bytes
  std::string timestamp;  ///< of the extract's header, empty when it has none
};

/// What the import met besides roads: told, so that nobody takes silence for completeness.
struct ImportCounts {
  std::uint64_t turn_rules = 0;                 ///< turn restrictions over a node that are kept
  std::uint64_t via_way_rules = 0;              ///< turn restrictions over ways that are kept
  std::uint64_t conditional_rules_ignored = 0;  ///< turn restrictions that hold at certain hours only
  std::uint64_t broken_rules_ignored = 0;  ///< turn restrictions whose members are missing or do not meet
  std::uint64_t entrances = 0;             ///< of buildings
  std::uint64_t missing_nodes = 0;  ///< places where a way is cut because its node is not in the extract
};

enum class RoadClass : std::uint8_t;

/// A rectangle in degrees; does not cross the antimeridian.
struct Box {
  double south = 0, west = 0, north = 0, east = 0;
};

/// A stretch of road between two junctions, to be drawn.
struct Street {
  RoadClass road_class;
  bool open = false;    ///< to the vehicle asked for, in some direction
  bool closed = false;  ///< by a correction, in all directions
  std::uint32_t edge = 0;
  std::vector<geo::LatLng> line;
};

struct MapInfo {
  std::string release;  ///< `sha256:…` of the file's content: the name by which quotes remember this map
  std::vector<base::Vehicle> vehicles;
  DrivingSide driving_side = DrivingSide::kRight;
  std::uint64_t nodes = 0;  ///< road nodes (junctions and shape points that roads keep)
  std::uint64_t edges = 0;  ///< directed edges between junctions, all vehicles together
  double west = 0, south = 0, east = 0, north = 0;  ///< bounding box in degrees
  std::uint64_t bytes = 0;
  std::vector<MapSource> sources;
  ImportCounts counts;

  /// Whether the place lies in the bounding box.
  bool covers(const geo::LatLng& place) const;
};

/// When the checksums of a map's sections are compared, but for the smallest. Indices are checked at opening.
enum class MapChecks : std::uint8_t {
  kAtOpening,
  kLater,  ///< by check_sections, while the map is in use
};

/// A map file opened for reading. Immutable, safe to read from any number of threads; each thread brings its
/// own Query (the reusable working memory of a search).
class RoadMap final : public Roads {
 public:
  /// Maps the file read-only and checks header, bounds and checksums, so that later reads cannot leave it.
  /// @errors kEnvironment  missing, unreadable
  ///         kCorrupt      not a Reckon map, another format version, truncated, or a section with a wrong
  ///         checksum
  /// Cost: one pass over the file, some 0.2 ms a megabyte; with kLater over the indices alone, some 0.06 ms.
  /// @param only  this vehicle's part alone; the map serves no other then
  static base::Result<RoadMap> open(const std::filesystem::path& path,
                                    MapChecks checks = MapChecks::kAtOpening,
                                    std::optional<base::Vehicle> only = std::nullopt);

  /// What opening with kLater left out: whoever does so asks before he relies on an answer. May run beside
  /// queries.
  /// @errors kCorrupt  a section is damaged
  base::Result<void> check_sections() const;

  RoadMap(RoadMap&&) noexcept;
  RoadMap& operator=(RoadMap&&) noexcept;
  ~RoadMap() override;

  const MapInfo& info() const;
  bool serves(base::Vehicle vehicle) const override;
  std::vector<base::Vehicle> vehicles() const override;
  const std::string& release() const override;

  /// A served vehicle's arcs, for searches by other costs: model_search.h. Valid while this map lives.
  Network network(base::Vehicle vehicle) const;

  /// Whether the content still has the SHA-256 that is the map's release: `map info --check`. Opening checks
  /// each section against damage; this also tells an altered file whose checksums were mended.
  /// @errors kCorrupt  it has not
  /// Cost: about 3 ms a megabyte.
  base::Result<void> check_content() const;

  Route route(Query& query, base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to,
              const RouteOptions& options = {}) const override;
  using Roads::table;
  void table(Query& query, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
             std::span<const geo::LatLng> destinations, const TableOptions& options,
             std::span<TableCell> cells) const override;
  /// The same cells on as many threads as there are queries; the calling one is one of them.
  /// @param queries  at least one
  void table(std::span<Query> queries, base::Vehicle vehicle, std::span<const geo::LatLng> sources,
             std::span<const geo::LatLng> destinations, const TableOptions& options,
             std::span<TableCell> cells) const;

  /// Many places made ready once, to be asked about again and again: the riders of a round. For this map and
  /// vehicle only (our own invariant).
  class Places {
   public:
    Places();
    ~Places();
    Places(Places&&) noexcept;
    Places& operator=(Places&&) noexcept;
    std::size_t size() const;

   private:
    friend class RoadMap;
    struct State;
    std::unique_ptr<State> state_;
  };
  enum class Role : std::uint8_t { kSources, kDestinations };

  /// Makes `places` hold these, as sources or as destinations of trips; of the options snapping and the rule
  /// for that end count.
  /// Cost: some 3 us a place.
  void prepare(Query& query, base::Vehicle vehicle, Role role, std::span<const geo::LatLng> list,
               Places& places, const TableOptions& options = {}) const;

  /// The trips between `place` and each of `places`, in the direction that their role says; each as `route`
  /// gives it. "Which riders are within eight minutes of this pickup": riders are sources, limits in
  /// `options`. Cost: a few microseconds and some 30 ns a place; allocates nothing once the query has grown.
  /// @param cells  one for each of `places`
  void table_row(Query& query, const geo::LatLng& place, const Places& places, const TableOptions& options,
                 std::span<TableCell> cells) const;

  /// The streets that have a point in `box`, whole, at most `most` of them (those that stand first in the
  /// file). For pictures. Cost: one pass over the map's edges, about a millisecond for a city.
  std::vector<Street> streets_in(const Box& box, base::Vehicle vehicle, std::size_t most) const;

  std::optional<SnapPoint> snap(base::Vehicle vehicle, const geo::LatLng& place,
                                double max_snap_m = kDefaultMaxSnapM) const override;

 private:
  struct State;
  explicit RoadMap(std::unique_ptr<State> state);
  void row(Query& query, base::Vehicle vehicle, const geo::LatLng& source,
           std::span<const geo::LatLng> destinations, const TableOptions& options,
           std::span<TableCell> cells) const;
  std::unique_ptr<State> state_;
};

}  // namespace reckon::road

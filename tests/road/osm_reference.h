#pragma once

// The slow, obvious road engine that the fast one is compared with: reads the extract itself, knows no edges,
// arcs, index or hierarchy. One state for each segment between neighbouring nodes, direction and phase of the
// trip, and for what of a turn rule over ways lies behind; plain Dijkstra. It shares with the engine what
// tags mean (way_rules.h), how a segment's length becomes time and what a bend costs (turn_costs.h); nothing
// else.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reckon/base/vehicle.h"
#include "reckon/geo/lat_lng.h"

namespace reckon::test {

/// Milliseconds and millimetres of a fastest path, the shorter of equally fast ones.
struct ReferenceCost {
  std::int64_t ms = 0;
  std::int64_t mm = 0;
  friend auto operator<=>(const ReferenceCost&, const ReferenceCost&) = default;
};

class OsmReference {
 public:
  OsmReference(const std::filesystem::path& pbf, base::Vehicle vehicle);

  /// A place on a segment: millimetres from its first node.
  struct Position {
    std::uint32_t segment;
    std::int64_t past_mm;
  };
  /// All equally near positions on segments that a trip may begin and end on; empty beyond `max_m`. Scans
  /// all.
  std::vector<Position> snap(const geo::LatLng& place, double max_m) const;

  /// Cost of the fastest legal path to each target; nothing where there is none.
  std::vector<std::optional<ReferenceCost>> costs(const std::vector<Position>& from,
                                                  const std::vector<std::vector<Position>>& targets) const;

  /// Places of all nodes on roads that a trip may begin and end on.
  const std::vector<geo::LatLng>& usable_nodes() const { return usable_nodes_; }

 private:
  // Phases of a trip: still in the ends-only zone where it began, on public road, in the zone where it ends.
  enum Phase : std::uint8_t { kLeaving = 0, kPublic = 1, kEntering = 2 };
  struct Building {
    std::vector<std::uint32_t> corners, entrances;  ///< nodes
  };
  struct Lane {
    std::uint32_t speed = 0;
    bool ends_only = false;
  };
  struct Segment {
    std::uint32_t node[2];
    std::int64_t way;
    std::int64_t mm;
    Lane lane[2];
    bool through_only = false;
  };
  struct Rule {
    std::int64_t from, to;
    bool only, turning_round;
  };
  /// Segments to be driven one after the other, from a segment of way `from`; then way `to` is forbidden, or
  /// the only one.
  struct LongRule {
    std::int64_t from, to;
    std::vector<std::uint32_t> moves;  ///< segment * 2 + direction
    bool only;
  };
  /// Which long rules are under way, and how many of their moves are done.
  using History = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  /// (segment * 2 + direction) * 3 + phase; numbers beyond are such a state with a history.
  using State = std::uint32_t;

  void read(const std::filesystem::path& pbf, base::Vehicle vehicle);
  void read_rules(const std::filesystem::path& pbf, base::Vehicle vehicle,
                  const std::unordered_map<std::int64_t, std::uint32_t>& number_of);
  std::vector<std::uint32_t> moves_along(std::int64_t from, const std::vector<std::int64_t>& via,
                                         std::int64_t to) const;
  void find_moves(const std::vector<std::int64_t>& via, std::size_t at, std::uint32_t node, std::int64_t to,
                  std::vector<std::uint32_t>& done, std::vector<std::vector<std::uint32_t>>& found) const;
  bool touches(std::uint32_t node, std::int64_t way) const;
  void read_buildings(const std::filesystem::path& pbf, const std::vector<bool>& is_entrance,
                      const std::unordered_map<std::int64_t, std::uint32_t>& number_of);
  bool inside(const Building& building, double lat, double lng) const;
  void find_next();
  State plain(State state) const;
  std::optional<History> move_on(const History& history, std::uint32_t from_segment, State to) const;
  void find_usable();
  std::uint32_t head(State state) const { return segments_[state / 6].node[state / 3 % 2 == 0 ? 1 : 0]; }
  const Lane& lane(State state) const { return segments_[state / 6].lane[state / 3 % 2]; }
  bool exists(State state) const;
  std::int64_t time_ms(std::uint32_t segment, int direction, std::int64_t mm) const;
  std::int64_t turn_ms(State from, State to) const;
  std::vector<State> after(State state) const;  ///< of a state without history, long rules apart
  bool turn_allowed(std::uint32_t node, std::uint32_t from_segment, std::uint32_t to_segment) const;
  bool dead_end(State state) const;
  bool touches_public(const std::vector<Position>& positions) const;

  std::vector<std::pair<std::int32_t, std::int32_t>> places_;  ///< (lat, lng) of 1e-7 degree, by node
  base::Vehicle vehicle_;
  std::vector<bool> barred_;
  std::vector<std::uint8_t> signals_;
  std::vector<Building> buildings_;
  std::vector<Segment> segments_;
  std::vector<std::vector<std::uint32_t>> segments_at_;  ///< by node
  std::vector<std::vector<Rule>> rules_at_;              ///< by node
  std::vector<LongRule> long_rules_;
  std::vector<std::pair<State, History>> with_history_;  ///< the states beyond the plain ones
  std::vector<std::vector<State>> next_;                 ///< by state
  std::vector<bool> usable_;                             ///< by segment
  std::vector<geo::LatLng> usable_nodes_;
};

}  // namespace reckon::test

#pragma once

// A vehicle's arcs while some are closed, some turns forbidden, some roads slower: what corrections come to.
// The map's turns stay as they are; what is closed is said beside them, so that closing one street copies
// little.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "reckon/road/graph.h"

namespace reckon::road {

struct ArcTurn {
  std::uint32_t from;
  std::uint32_t to;

  friend auto operator<=>(const ArcTurn&, const ArcTurn&) = default;
};

/// What a path is chosen by. Of the shortest paths the fastest counts, of the fastest ones the shortest.
enum class Metric : std::uint8_t { kFastest, kShortest };

/// Cost with time and length in each other's place: what kShortest adds up.
constexpr Cost turned_round(Cost cost) {
  return cost << 32 | cost >> 32;
}

/// A class of road (RoadClass) takes `per_mille` thousandths of its speed.
struct ClassSpeed {
  std::uint8_t road_class;
  std::uint32_t per_mille;  ///< [kMinSpeedPerMille, kMaxSpeedPerMille]

  friend bool operator==(const ClassSpeed&, const ClassSpeed&) = default;
};
inline constexpr std::uint32_t kMinSpeedPerMille = 50;    ///< slower than on foot: close the road instead
inline constexpr std::uint32_t kMaxSpeedPerMille = 3000;  ///< what no calibration of a speed limit reaches

/// The same for one edge. Speeds end up within [kMinMetresPerHour, Arc::kMaxSpeed].
struct EdgeSpeed {
  std::uint32_t edge;
  std::uint32_t per_mille;

  friend bool operator==(const EdgeSpeed&, const EdgeSpeed&) = default;
};

/// From one edge and direction (edge * 2 + Direction) to another that begins where it ends.
struct EdgeTurn {
  std::uint32_t from_edge_dir;
  std::uint32_t to_edge_dir;

  friend auto operator<=>(const EdgeTurn&, const EdgeTurn&) = default;
};

/// Corrections in the map's own numbers. Several on the same thing add up: closed stays closed, speeds
/// multiply in their order, those of classes first.
struct ArcChanges {
  std::vector<std::uint32_t> closed_edge_dirs;  ///< edge * 2 + Direction
  std::vector<EdgeTurn> forbidden_turns;
  std::vector<ClassSpeed> speeds;
  std::vector<EdgeSpeed> edge_speeds;
};

/// Arcs with other speeds; each time is summed over segments as the map's own is.
std::vector<Arc> with_speeds(const EdgeGeometry& geometry, std::span<const Arc> arcs,
                             std::span<const ClassSpeed> classes, std::span<const EdgeSpeed> edges);

/// Immutable. `graph` and `geometry` outlive it.
class ChangedGraph {
 public:
  /// Numbers out of range are our own invariant, as they come from the same map.
  /// Cost: a few microseconds and 20 KB for closings alone in a city; with speeds one pass over the arcs.
  ChangedGraph(const EdgeGeometry& geometry, const ArcGraph& graph, ArcChanges changes);

  /// The map's turns over arcs with their speeds. Whoever follows `after` asks `allows` as well.
  const ArcGraph& graph() const { return graph_; }
  bool closed(std::uint32_t arc) const { return has(closed_arcs_, arc); }
  /// Whether no arc of the edge is open: no trip begins or ends on it.
  bool edge_closed(std::uint32_t edge) const { return has(closed_edges_, edge); }
  bool closes_edges() const { return !closed_edges_.empty(); }
  bool changes_nothing() const { return arcs_ == nullptr && closed_list_.empty() && forbidden_.empty(); }
  /// Whether it is not forbidden to go on from one arc to the other, whether or not the map has that turn.
  bool allows(std::uint32_t from, std::uint32_t to) const;
  /// Of a turn that is in the graph (`turn`: an entry of ArcGraph::next, of `from`'s): turning and travelling
  /// along what it leads to, or kUnreached where it is not allowed.
  Cost cost_of_turn(std::uint32_t from, std::uint32_t turn, Metric metric) const;

  /// Of any two arcs: kUnreached also where the graph has no turn from one to the other.
  Cost cost_between(std::uint32_t from, std::uint32_t to, Metric metric) const;

  /// The same corrections on another graph over the same edges; those of edges that it has not are left out.
  ChangedGraph on(const EdgeGeometry& geometry, const ArcGraph& graph) const;

  /// Turns that are allowed in one of two such graphs over the same arcs, not in the other. Nothing where
  /// their speeds differ: then every turn may.
  struct Difference {
    bool speeds = false;
    std::vector<ArcTurn> turns;
  };
  static Difference between(const ChangedGraph& a, const ChangedGraph& b);

 private:
  using Bits = std::vector<std::uint64_t>;  ///< empty: none is set
  static bool has(const Bits& bits, std::uint32_t i) {
    return !bits.empty() && (bits[i >> 6] >> (i & 63) & 1) != 0;
  }
  void close(const EdgeGeometry& geometry);
  void forbid();

  ArcGraph graph_;
  std::shared_ptr<const std::vector<Arc>> arcs_;  ///< empty: the map's own
  ArcChanges changes_;                            ///< forbidden turns ascending
  Bits closed_arcs_, closed_edges_;
  std::vector<std::uint32_t> closed_list_;  ///< ascending
  std::vector<ArcTurn> forbidden_;          ///< ascending
};

}  // namespace reckon::road

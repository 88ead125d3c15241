#pragma once

// A model of how somebody else chooses routes on our map: a pace for each kind of road, a price for each kind
// of turn, roads that are not used, and how a place meets the roads. Linear in its parameters, so that they
// can be learned from answers; see distance/route_fit.h.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "reckon/geo/lat_lng.h"
#include "reckon/road/door_index.h"
#include "reckon/road/model_search.h"
#include "reckon/road/way_rules.h"

namespace reckon::road {

/// Roads of one class and one speed in the map: they share a pace.
struct RoadGroup {
  RoadClass road_class{};
  std::uint32_t metres_per_hour = 0;
};

/// What a turn is, by the angle between the directions before and after it: shares of two neighbouring
/// knots.
inline constexpr std::size_t kTurnKnots = 17;          ///< -180 (left about), -157.5, … 0, … 180 degrees
inline constexpr std::size_t kTurnUTurn = kTurnKnots;  ///< turning round on the same road
inline constexpr std::size_t kTurnOntoLarger = kTurnKnots + 1;  ///< from a lower onto a higher class
inline constexpr std::size_t kTurnOntoSmaller = kTurnKnots + 2;
inline constexpr std::size_t kTurnLight = kTurnKnots + 3;  ///< a traffic light before it
inline constexpr std::size_t kTurnFeatures = kTurnKnots + 4;

/// No route leads over such an edge, and no place meets it.
inline constexpr std::int32_t kEdgeClosed = 0x7fffffff;

/// How long a provider says that a way takes, where it does not choose by that.
struct ToldTimes {
  std::vector<double> pace_ms_per_m;  ///< by group; empty: it chooses by the time that it tells
  std::array<double, kTurnFeatures> turn_ms{};
};

/// The parameters.
struct RouteModel {
  std::vector<double> pace_ms_per_m;  ///< what it chooses by, by group; > 0
  std::array<double, kTurnFeatures> turn_ms{};
  ToldTimes told;
  std::uint32_t closed_classes = 0;          ///< bits (1 << RoadClass)
  std::uint32_t closed_private_classes = 0;  ///< the same of private roads
  std::uint32_t closed_pushed_classes = 0;   ///< the same of roads where a bicycle is pushed
  std::uint32_t unsure_classes = 0;          ///< it uses roads of these that the map is unsure of
  std::vector<std::uint32_t> exempt_edges;   ///< that are open all the same; ascending
  bool ignores_turn_rules = false;
  bool passes_destination = false;  ///< it passes through roads for who has to do there
  bool passes_private = false;      ///< and through private ones
  DoorRules doors;
  struct EdgeChange {
    std::uint32_t edge_dir;  ///< edge * 2 + Direction
    std::int32_t add_ms;     ///< to its time; kEdgeClosed
  };
  std::vector<EdgeChange> edges;  ///< ascending by edge_dir
  // What single roads and turns take beyond their kind, where single times tell.
  struct TurnTime {
    std::uint32_t turn;  ///< entry of ArcGraph::next
    std::int32_t add_ms;
  };
  std::vector<EdgeChange> edge_times;  ///< ascending; none closed
  std::vector<TurnTime> turn_times;    ///< ascending
  /// The provider's yardstick: its metres for each of ours, for stretches north-south and east-west. Many
  /// measure on a sphere, which is 0.2 % off either way.
  double north_scale = 1, east_scale = 1;
};

/// One vehicle's network with what the model needs of it. It has more than the map: turns that turn rules
/// forbid, turns out of roads that only trips' ends may use, and roads that the map is unsure of are there as
/// well and never used, unless a model does. Immutable; valid while the map lives.
class RouteNetwork {
 public:
  explicit RouteNetwork(const Network& network);
  RouteNetwork(const RouteNetwork&) = delete;
  RouteNetwork& operator=(const RouteNetwork&) = delete;

  /// Its graph has turns without costs (`next_ms`), none by what they lead to (`prev`), and no dissection.
  /// Arcs have other numbers than on the map where it is unsure of roads.
  const Network& network() const { return network_; }
  const std::vector<RoadGroup>& groups() const { return groups_; }
  std::size_t features() const { return groups_.size() + kTurnFeatures; }
  const TurnsBack& turns_back() const { return back_; }
  const DoorIndex& doors() const { return doors_; }
  /// Whether a model with this rule (ignores_turn_rules, …) can differ from one without.
  bool has_turns_under(bool RouteModel::*rule) const;
  /// Bits (1 << RoadClass) of the roads that the map is unsure of.
  std::uint32_t unsure_classes() const { return unsure_classes_; }
  std::uint32_t group_of(std::uint32_t arc) const { return group_[arc]; }
  bool is_private(std::uint32_t arc) const {
    const auto& one = network_.graph.arcs[arc];
    return one.kind != ArcKind::kPublic && !one.destination;
  }
  /// A bicycle is pushed along this arc: it is no faster than that, and no ferry.
  bool is_pushed(std::uint32_t arc) const {
    const auto& one = network_.graph.arcs[arc];
    return network_.vehicle == base::Vehicle::kBicycle && one.metres_per_hour <= kPushedMetresPerHour &&
           network_.geometry->edge_class[one.edge()] != static_cast<std::uint8_t>(RoadClass::kFerry);
  }

  /// The map's own speeds and turn costs, as near as knots come to their curve.
  RouteModel own_model() const;
  /// Costs of all arcs and turns under a model.
  ArcCosts costs(const RouteModel& model) const;
  /// Edges that places may meet under these costs: those that the largest part of the network reaches and is
  /// reached from; by one-sided rules, of a start those that reach it, of a finish those that it reaches.
  OpenEdges open_edges(const ArcCosts& costs, const DoorRules& rules) const;

  /// Kilometres by group, then turns by kind, of a path; added to `out`.
  void add_features(const ModelPath& path, std::span<float> out) const;
  /// What a path takes by the model's told times; by what it chooses by where none are apart.
  double told_ms(const RouteModel& model, const ModelPath& path) const;
  /// Of a path's metres those that lead north or south, each segment by the square of its direction's cosine.
  double north_m(const ModelPath& path) const;

 private:
  struct TurnShape {
    std::uint8_t knot = 0;   ///< the lower one
    std::uint8_t share = 0;  ///< of the upper one, of 255
    std::uint8_t flags = 0;
  };
  enum : std::uint8_t {
    kJunction = 1,
    kUTurn = 2,
    kOntoLarger = 4,
    kOntoSmaller = 8,
    kLight = 16,
    kAgainstRule = 32,
    kPassing = 64,  ///< on from a road for who has to do there
    kPassingPrivate = 128
  };

  CompiledArcs with_unsure_arcs(const Network& network);
  Network with_all_turns(Network network);
  void find_groups();
  void find_turns();
  void find_north();

  CompiledArcs all_;  ///< before network_, whose graph is a view of it: with the turns that the map has not
  std::vector<std::uint8_t>
      added_;              ///< by entry of `all_.next`: why the map has it not, 0 of its own; until built
  std::uint8_t adds_ = 0;  ///< all of these
  std::uint32_t unsure_classes_ = 0;
  Network network_;
  TurnsBack back_;
  DoorIndex doors_;
  std::vector<RoadGroup> groups_;
  std::vector<std::uint16_t> group_;  ///< by arc
  std::vector<TurnShape> turns_;      ///< by entry of ArcGraph::next
  std::vector<float> north_;          ///< share by edge
};

}  // namespace reckon::road

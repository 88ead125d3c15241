#pragma once

// What OpenStreetMap's tags mean for our vehicles: who may use a way, in which direction, how fast; who
// passes a barrier; which turn a relation forbids. Pure functions of tags; docs/road-rules.md says why each
// choice was made.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "reckon/base/vehicle.h"

namespace reckon::road {

struct Tag {
  std::string_view key;
  std::string_view value;
};

/// The tags of one object; keys are unique. Valid while the strings behind it live.
class Tags {
 public:
  explicit Tags(std::span<const Tag> tags) : tags_(tags) {}

  /// The value of `key` + `suffix`, or empty.
  std::string_view get(std::string_view key, std::string_view suffix = {}) const;
  bool is(std::string_view key, std::string_view value) const { return get(key) == value; }

 private:
  std::span<const Tag> tags_;
};

enum class Direction : std::uint8_t { kForward = 0, kBackward = 1 };

/// How one vehicle uses a way in one direction.
struct LaneUse {
  std::uint32_t metres_per_hour = 0;  ///< 0: closed
  bool ends_only = false;             ///< a trip may begin or end there, not pass
  bool destination = false;  ///< of those: for who has to do there (destination, customers); else private
  bool unsure = false;       ///< closed to our trips, but other people's maps may open it

  bool open() const { return metres_per_hour != 0 && !unsure; }
  bool open_or_unsure() const { return metres_per_hour != 0; }
  friend auto operator<=>(const LaneUse&, const LaneUse&) = default;
};

/// What kind of road a way is: what a map provider's own speeds are learned for. Numbers stand in map files:
/// append only.
enum class RoadClass : std::uint8_t {
  kMotorway,
  kMotorwayLink,
  kTrunk,
  kTrunkLink,
  kPrimary,
  kPrimaryLink,
  kSecondary,
  kSecondaryLink,
  kTertiary,
  kTertiaryLink,
  kUnclassified,
  kResidential,
  kLivingStreet,
  kService,
  kRoad,
  kTrack,
  kPedestrian,
  kFootway,
  kPath,
  kCycleway,
  kBridleway,
  kSteps,
  kFerry,
  kDriveway,  ///< service roads to one door or among parked cars
};
inline constexpr std::size_t kRoadClasses = 24;

/// Where a bicycle may not be ridden but people may walk it is pushed, at this speed or less.
inline constexpr std::uint32_t kPushedMetresPerHour = 4000;

/// How each vehicle uses a way: `by[vehicle][direction]`.
struct WayUse {
  std::array<std::array<LaneUse, 2>, base::kAllVehicles.size()> by{};
  RoadClass road_class = RoadClass::kRoad;
  bool motor_only = false;  ///< motorway or motor road: closed to motorcycles where the country's law says so
  bool through_only = false;  ///< tunnel or motorway: no door opens to it, no trip begins or ends there
  std::int64_t ferry_duration_s = 0;  ///< > 0: the crossing takes this long, whatever the speeds say

  bool open_to_any() const;
  /// Whether some vehicle uses it or may be found to; else it is no road of ours.
  bool used_by_any() const;
  friend auto operator<=>(const WayUse&, const WayUse&) = default;
};

/// Reads the tags of a way; everything closed when it is no road for any of our vehicles.
WayUse read_way(const Tags& tags);

/// Bits (1 << vehicle) of the vehicles that cannot pass this node.
std::uint8_t read_barrier(const Tags& tags);

/// Whether a building with this node is entered by it: `entrance` names a way in (no mere exit, garage or
/// service door) and `access` does not forbid it. Source: docs/sources.md#entrances
bool read_entrance(const Tags& tags);

/// Whether a closed way with these tags is a building's outline.
bool read_building(const Tags& tags);

/// Traffic lights at this node: bits (1 << Direction) of travel along its way that they are for; 0: none.
std::uint8_t read_signals(const Tags& tags);

enum class TurnRuleKind : std::uint8_t { kNo, kOnly };

struct TurnRuleTags {
  TurnRuleKind kind;
  bool u_turn;  ///< no_u_turn: with one way as both from and to it forbids turning round, nothing else
  std::uint8_t vehicles;  ///< bits (1 << vehicle) it binds
};

/// What the tags of a `type=restriction` relation say, or nothing when they bind none of our vehicles at all
/// times.
/// @param conditional  set when the rule holds at certain times only: such rules are left out, fee distances
/// do not
///                     depend on the hour
std::optional<TurnRuleTags> read_turn_rule(const Tags& tags, bool& conditional);

/// `maxspeed` in metres an hour: numbers with km/h, mph or knots, `none`, `walk`, `KR:urban` and its like;
/// nothing for anything else or outside 1..200 km/h.
std::optional<std::uint32_t> parse_maxspeed(std::string_view text);

/// `duration` of a ferry in seconds: `mm`, `hh:mm`, `hh:mm:ss` or ISO 8601 `PT1H30M`; nothing for anything
/// else, zero or more than 7 days.
std::optional<std::int64_t> parse_duration_s(std::string_view text);

/// True where Korean law holds: motorcycles are kept off motorways and motor roads there.
/// @param lat_e7,lng_e7  1e-7 degree
/// Source: Road Traffic Act (도로교통법) art. 63, docs/sources.md#kr-motor-roads.
bool in_korea(std::int32_t lat_e7, std::int32_t lng_e7);

}  // namespace reckon::road

#pragma once

// What an import hands to the compiler: the roads of one or more extracts, free of any file format.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "reckon/geo/local_frame.h"
#include "reckon/road/entrances.h"
#include "reckon/road/road_map.h"
#include "reckon/road/way_rules.h"

namespace reckon::road {

/// A node that a way names but no extract holds: the way is cut there.
inline constexpr std::uint32_t kMissingNode = std::numeric_limits<std::uint32_t>::max();

/// Road nodes by ascending OpenStreetMap id; the arrays run in parallel.
struct RoadNodes {
  std::vector<std::int64_t> osm_ids;
  std::vector<geo::PlaceE7> places;
  std::vector<std::uint8_t> barred;   ///< bits (1 << vehicle) that cannot pass
  std::vector<std::uint8_t> signals;  ///< traffic lights: bits (1 << Direction) of travel along their way
};

struct RoadWay {
  std::int64_t osm_id = 0;
  std::size_t first_ref = 0;  ///< into RoadData::refs
  std::size_t ref_count = 0;
  WayUse use;
  std::uint32_t name = 0;  ///< into RoadData::names
};

/// From way `from` over node `via` to way `to`: forbidden, or the only one allowed.
struct TurnRule {
  std::uint32_t via = 0;  ///< node index
  std::int64_t from = 0;  ///< OpenStreetMap way ids
  std::int64_t to = 0;
  TurnRuleTags tags{};
};

/// A node of the path that a turn over ways leads along, and the way that it leads on by.
struct PathStep {
  std::uint32_t node = 0;
  std::int64_t way = 0;  ///< 0 at the path's end
};

/// From way `from` along `via` to way `to`: forbidden, or the only path allowed.
struct WayTurn {
  std::int64_t from = 0;
  std::vector<std::int64_t> via;
  std::int64_t to = 0;
  TurnRuleTags tags{};
  std::vector<PathStep> path;  ///< see resolve_way_turns
};

struct RoadData {
  RoadNodes nodes;
  std::vector<RoadWay> ways;        ///< ascending osm_id, each once
  std::vector<std::string> names;   ///< of roads, each once; the first is empty: no name
  std::vector<std::uint32_t> refs;  ///< node indices of all ways, or kMissingNode
  std::vector<TurnRule> turn_rules;
  std::vector<WayTurn> way_turns;
  std::vector<Building> buildings;  ///< those with entrances, by ascending osm_id
  std::vector<MapSource> sources;
  ImportCounts counts;
};

}  // namespace reckon::road

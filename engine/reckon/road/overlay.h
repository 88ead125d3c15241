#pragma once

// Corrections to a map, as people write them: a JSON file beside the map, versioned, each entry with its
// author and reason. docs/corrections.md is its reference.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/base/vehicle.h"
#include "reckon/geo/lat_lng.h"
#include "reckon/road/changed_graph.h"
#include "reckon/road/daily_hours.h"
#include "reckon/road/road_map.h"

namespace reckon::road {

/// Corrections that one file may hold: each is looked up by a pass over the map's edges, a millisecond.
inline constexpr std::size_t kMaxCorrections = 2000;

/// Speeds of areas that one file may hold: each names up to all roads of the map.
inline constexpr std::size_t kMaxAreas = 100;

/// Roads that one file may add: each goes on top of the hierarchy, where all of them meet.
inline constexpr std::size_t kMaxLinks = 100;

/// Longest road that may be added: a bridge, a bypass; anything longer is a map's business.
inline constexpr double kMaxLinkM = 5000;

/// A place named in a correction lies at most so far from what it names.
inline constexpr double kMaxNamedPlaceM = 30;

/// A street: an OpenStreetMap way, or what lies nearest to a place.
using StreetName = std::variant<std::int64_t, geo::LatLng>;

/// The stretches of the street are closed whole, from junction to junction.
struct CloseStreet {
  StreetName street;
  std::optional<double> heading_deg = std::nullopt;  ///< only travel that way; [0, 360), clockwise from north
};

/// At the junction nearest to `at`, from one way to another.
struct ForbidTurn {
  std::int64_t from_way = 0, to_way = 0;
  geo::LatLng at;
};
struct AllowTurn {
  std::int64_t from_way = 0, to_way = 0;
  geo::LatLng at;
};

/// A passage that the map takes for shut, or for open: all turns across the junction nearest to `at`.
struct SetGate {
  geo::LatLng at;
  bool open = true;
};

/// A road that the map lacks, straight from the junction nearest to one place to that nearest to the other.
struct AddLink {
  geo::LatLng from, to;
  std::uint32_t metres_per_hour = 0;
  bool both_ways = true;
};

/// Roads of a class, a street, or all, inside an area or everywhere, take so many percent of their speed.
struct ScaleSpeed {
  std::uint32_t percent = 100;
  std::optional<RoadClass> road_class = std::nullopt;
  std::optional<StreetName> street = std::nullopt;
  std::optional<Box> area = std::nullopt;  ///< a road belongs to it when its middle point does
};

struct Correction {
  std::string id;  ///< once in a file
  std::variant<CloseStreet, ForbidTurn, AllowTurn, SetGate, AddLink, ScaleSpeed> what;
  std::vector<base::Vehicle> vehicles;  ///< empty: all
  std::string by, reason;
  std::optional<base::WallTime> recorded = std::nullopt;
  std::optional<base::WallTime> from = std::nullopt;   ///< in force from this instant on
  std::optional<base::WallTime> until = std::nullopt;  ///< and before this one
  std::optional<DailyHours> daily = std::nullopt;      ///< and at these hours only

  bool in_force_at(base::WallTime instant) const;
};

struct Overlay {
  std::int64_t version = 0;  ///< rises with each change
  std::vector<Correction> corrections;

  /// Those in force at `instant`.
  Overlay at(base::WallTime instant) const;
  /// The next instant after `instant` at which a correction begins or ends, or would but for another limit.
  std::optional<base::WallTime> next_change(base::WallTime instant) const;
  /// `sha256:...` of the text form, version included.
  std::string release() const;
};

/// @param name  stands in `where` of the faults
/// @errors kInvalidInput, kLimit  all faults of the document
base::Result<Overlay> parse_overlay(std::string_view bytes, std::string_view name);

/// The same as a file's text, one correction a line.
std::string overlay_text(const Overlay& overlay);

/// Two edge ends become joined by a turn, or by a road of its own.
struct AddedTurn {
  std::uint32_t from_edge_dir, to_edge_dir;

  friend auto operator<=>(const AddedTurn&, const AddedTurn&) = default;
};
struct AddedLink {
  geo::PlaceE7 from, to;  ///< places of junctions
  std::uint32_t metres_per_hour;
  bool both_ways;

  friend bool operator==(const AddedLink&, const AddedLink&) = default;
};

/// What an overlay comes to for one vehicle of one map.
struct VehicleChanges {
  ArcChanges arcs;
  std::vector<AddedTurn> turns;
  std::vector<AddedLink> links;
};

/// What a correction says of one turn: what contradictions are told by.
enum class ClaimKind : std::uint8_t { kForbidTurn, kAllowTurn, kShutGate, kOpenGate };
struct TurnClaim {
  base::Vehicle vehicle;
  EdgeTurn turn;
  ClaimKind kind;
  std::uint32_t correction;  ///< its place in the overlay
};

/// What an overlay comes to on `map`, by vehicle. `found` tells for each correction whether the map has what
/// it names: of several maps each correction must be found in one. overlay_findings.h says it in words.
struct ResolvedOverlay {
  std::array<VehicleChanges, base::kAllVehicles.size()> by_vehicle;
  std::vector<bool> found;
  std::vector<TurnClaim> claims;
};
ResolvedOverlay resolve(const Overlay& overlay, const RoadMap& map);

/// The name by which corrections call a class of road: OpenStreetMap's.
std::string_view to_string(RoadClass road_class);
std::optional<RoadClass> road_class_from(std::string_view name);

}  // namespace reckon::road

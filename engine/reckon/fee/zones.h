#pragma once

// The zones of a tariff: named polygons in layers, read from GeoJSON. Within a layer a place belongs to one
// zone at most; layers (districts, complexes, far places) do not hide each other.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/geo/area_index.h"

namespace reckon::fee {

/// A metropolis has a few hundred dong; chains keep one polygon for each shop.
inline constexpr std::size_t kMaxZones = 20'000;
inline constexpr std::size_t kMaxRingCorners = 20'000;
inline constexpr std::size_t kMaxPolygonsOfZone = 1'000;
/// Kinds of zones that one contract tells apart; few, because each lookup has a slot for each.
inline constexpr std::size_t kMaxLayers = 8;

struct Zone {
  std::string name;            ///< unique within the tariff
  std::string layer = "zone";  ///< within one layer the highest priority wins, then the name
  std::int64_t priority = 0;   ///< higher wins
  bool edge_inside = true;     ///< `boundary`: whether a place on a side belongs to it
  std::vector<geo::Polygon> shape;
};

/// A GeoJSON FeatureCollection of Polygon and MultiPolygon features with the properties `zone`, `layer`,
/// `priority`, `boundary`. Faults: rings that are not closed, too short, crossing themselves, holes outside,
/// …
/// @return sorted by layer, then priority from high to low, then name
std::vector<Zone> read_zones(const base::JsonNode& node);

/// Canonical GeoJSON of sorted zones; reads back to equal ones.
void write_zones(base::JsonWriter& json, const std::vector<Zone>& zones);

/// Where a place lies: for each layer the zone, by its index, or kNoZone.
struct ZonesHere {
  std::array<std::uint32_t, kMaxLayers> of_layer;
};
inline constexpr std::uint32_t kNoZone = 0xFFFF'FFFF;

/// Zones compiled for lookups. Immutable; any thread.
class ZoneSet {
 public:
  ZoneSet() = default;
  /// @param zones  as `read_zones` sorts them; not kept
  explicit ZoneSet(const std::vector<Zone>& zones);

  bool empty() const { return layer_of_.empty(); }
  /// Cost: one lookup of AreaIndex; no allocation.
  ZonesHere at(geo::PointE7 point) const;
  /// By name: its index, or kNoZone.
  std::uint32_t find(std::string_view name) const;
  std::uint32_t layer_of(std::uint32_t zone) const { return layer_of_[zone]; }
  /// By name: the layer's slot in ZonesHere.
  std::optional<std::uint32_t> find_layer(std::string_view name) const;
  std::string_view name_of(std::uint32_t zone) const { return names_[zone]; }

 private:
  geo::AreaIndex index_;
  std::vector<std::uint32_t> layer_of_;
  std::vector<std::string> names_, layers_;
  std::vector<std::uint32_t> by_name_;  // indices sorted by name
};

}  // namespace reckon::fee

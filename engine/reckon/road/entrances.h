#pragma once

// Buildings whose entrances the extract has: who is brought to a place inside gets out at one of them, and
// not where a back wall happens to lie nearest to some road.

#include <cstdint>
#include <span>
#include <vector>

#include "reckon/geo/local_frame.h"

namespace reckon::road {

/// As it comes from an extract.
struct Building {
  std::vector<geo::PlaceE7> corners;    ///< the outline; the last is joined to the first
  std::vector<geo::PlaceE7> entrances;  ///< at least one
};

/// A square of a grid over the Earth, 8192 x 1e-7 degrees wide, and a building that may reach into it.
struct BuildingCell {
  std::int32_t lat, lng;  ///< PlaceE7 divided by 8192, rounded down
  std::uint32_t building;

  friend auto operator<=>(const BuildingCell&, const BuildingCell&) = default;
};

/// As it stands in a map file.
struct Entrances {
  std::span<const std::uint32_t> corner_first;  ///< by building, and the end
  std::span<const geo::PlaceE7> corners;
  std::span<const std::uint32_t> entrance_first;  ///< by building, and the end
  std::span<const geo::PlaceE7> entrances;
  std::span<const BuildingCell> cells;  ///< ascending

  /// Where one gets out who is brought to `place`: the nearest entrance of the building that it lies in;
  /// elsewhere the place itself. Pure. Cost: nothing where the map has no entrances, else some 50 ns.
  geo::PlaceE7 way_in(geo::PlaceE7 place) const { return cells.empty() ? place : nearest(place); }

 private:
  geo::PlaceE7 nearest(geo::PlaceE7 place) const;
};

/// The same, owning its memory.
struct CompiledEntrances {
  std::vector<std::uint32_t> corner_first{0}, entrance_first{0};
  std::vector<geo::PlaceE7> corners, entrances;
  std::vector<BuildingCell> cells;

  Entrances view() const { return {corner_first, corners, entrance_first, entrances, cells}; }
};

/// What reaches over more cells (of some 80 m) is taken for a fault of the extract and left out.
inline constexpr std::int64_t kMaxBuildingCells = 4096;

CompiledEntrances compile_entrances(std::span<const Building> buildings);

}  // namespace reckon::road

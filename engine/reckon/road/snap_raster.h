#pragma once

// The snap raster: for each cell of some 20 to 90 m the few segments that can be the nearest road of a place
// in it. Where it reaches, the nearest road is found without a search: two dependent reads from memory.
//
// The plane is cut into square tiles (in 1e-7 degrees), each tile into cells as small as its streets need. A
// cell names its candidates by their place in the index: `first`, then differences from it in ascending
// order, 0 for none. Where seven do not do, or a difference does not fit, the list stands in `lists`.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "reckon/geo/local_frame.h"

namespace reckon::road {

struct IndexItem;

struct RasterTile {
  std::uint32_t first_cell = 0;  ///< row by row from the south-west
  std::uint32_t cell_bits =
      0;  ///< a cell is 2^cell_bits of 1e-7 degree wide and high; 0: the tile has no cells
};

struct RasterCell {
  static constexpr std::size_t kMost = 7;
  static constexpr std::uint16_t kInList = 0xffff;  ///< as more[0]: lists[first] counts, the items follow it

  std::uint32_t first = 0;
  std::array<std::uint16_t, kMost - 1> more{};

  bool in_list() const { return more[0] == kInList; }
};

struct RasterShape {
  std::int32_t south = 0;  ///< of the lowest row of tiles, in tiles from the equator
  std::int32_t west = 0;   ///< of the first column, in tiles from Greenwich
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;  ///< 0: no raster at all
  std::uint32_t tile_bits = 0;
};

/// Read-only. Every number in it may be anything: reading checks them, so that a damaged raster can lead
/// nowhere else.
struct SnapRaster {
  RasterShape shape;
  std::span<const RasterTile> tiles;
  std::span<const RasterCell> cells;
  std::span<const std::uint32_t> lists;
};

struct CompiledRaster {
  RasterShape shape;
  std::vector<RasterTile> tiles;
  std::vector<RasterCell> cells;
  std::vector<std::uint32_t> lists;

  SnapRaster view() const { return {shape, tiles, cells, lists}; }
};

/// Nearest roads up to this distance are among a cell's candidates, for each vehicle; farther ones need not
/// be.
inline constexpr double kRasterReachM = 1000;

/// The raster over `items` (as pack_index has sorted them).
/// Cost: about 3 us a segment of a city, 40 to 70 bytes a segment.
CompiledRaster make_raster(std::span<const IndexItem> items);

/// The cell of a place. Its items are all that can be as near as the nearest one for some vehicle, as far as
/// that one is no farther than kRasterReachM. Null where the raster does not reach.
inline const RasterCell* cell_at(const SnapRaster& raster, geo::PlaceE7 place) {
  const auto& shape = raster.shape;
  const auto row =
      static_cast<std::uint32_t>(place.lat >> shape.tile_bits) - static_cast<std::uint32_t>(shape.south);
  const auto column =
      static_cast<std::uint32_t>(place.lng >> shape.tile_bits) - static_cast<std::uint32_t>(shape.west);
  if (row >= shape.rows || column >= shape.columns) return nullptr;
  const auto tile = raster.tiles[std::size_t{row} * shape.columns + column];
  if (tile.cell_bits == 0) return nullptr;
  const auto inside = (1u << shape.tile_bits) - 1;
  const auto cell_row = (static_cast<std::uint32_t>(place.lat) & inside) >> tile.cell_bits;
  const auto cell_column = (static_cast<std::uint32_t>(place.lng) & inside) >> tile.cell_bits;
  const auto number =
      std::uint64_t{tile.first_cell} + (cell_row << (shape.tile_bits - tile.cell_bits)) + cell_column;
  return number < raster.cells.size() ? &raster.cells[number] : nullptr;
}

/// The items of a cell whose list stands apart.
inline std::span<const std::uint32_t> list_of(const SnapRaster& raster, const RasterCell& cell) {
  if (cell.first >= raster.lists.size()) return {};
  const auto count = std::min<std::size_t>(raster.lists[cell.first], raster.lists.size() - cell.first - 1);
  return raster.lists.subspan(cell.first + 1, count);
}

}  // namespace reckon::road

#include "reckon/road/snap_raster.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reckon/base/vehicle.h"
#include "reckon/road/graph.h"

namespace reckon::road {
namespace {

constexpr std::uint32_t kTileBits = 15;             // 365 m from south to north
constexpr std::uint32_t kBlockBits = 13;            // 91 m
constexpr std::uint32_t kCellBits = 12;             // 46 m
constexpr std::uint32_t kMaxTiles = 1u << 22;       // 32 MB; a larger region has larger tiles
constexpr std::uint32_t kWidestPlaneBits = 24;      // 190 km; wider squares are only split
constexpr double kMeanCandidates = 5;               // cells of a tile are made smaller until this holds
constexpr std::int32_t kFarthestLat = 850'000'000;  // beyond, planes differ too much from place to place
constexpr double kSlackM = 1e-5;  // far above the tolerance of equal distances and all rounding

using Found = std::vector<std::uint32_t>;

/// A square of 2^bits, by its south-western corner.
struct Square {
  std::int64_t lat, lng;
  std::uint32_t bits;

  std::int64_t size() const { return std::int64_t{1} << bits; }
  geo::PlaceE7 corner() const { return {static_cast<std::int32_t>(lat), static_cast<std::int32_t>(lng)}; }
  geo::PlaceE7 middle() const {
    return {static_cast<std::int32_t>(lat + size() / 2), static_cast<std::int32_t>(lng + size() / 2)};
  }
  std::array<Square, 4> quarters() const {
    const auto half = size() / 2;
    return {{{lat, lng, bits - 1},
             {lat, lng + half, bits - 1},
             {lat + half, lng, bits - 1},
             {lat + half, lng + half, bits - 1}}};
  }
};

/// A plane, and by what factor those at the places of a square differ from it at most.
struct Plane {
  geo::LocalFrame frame;
  double spread;

  explicit Plane(const Square& square) : frame(square.middle()), spread(1) {
    const auto scale = [&](std::int64_t lat) {
      const auto bounded =
          static_cast<std::int32_t>(std::clamp<std::int64_t>(lat, -899'000'000, 899'000'000));
      return geo::LocalFrame({bounded, 0}).at({bounded + 1000, 1000});
    };
    const auto middle = scale(square.lat + square.size() / 2);
    for (const auto& edge : {scale(square.lat), scale(square.lat + square.size())}) {
      spread = std::max({spread, edge.x / middle.x, middle.x / edge.x, edge.y / middle.y, middle.y / edge.y});
    }
    spread *= 1 + 1e-9;
  }
};

/// Segments in a tile's plane, side by side: loops over them become vectors.
struct Locals {
  std::vector<double> x, y, along_x, along_y, per_length2;
  std::vector<std::uint32_t> item, vehicles;

  std::size_t size() const { return item.size(); }
  void clear() {
    for (auto* all : {&x, &y, &along_x, &along_y, &per_length2}) all->clear();
    item.clear();
    vehicles.clear();
  }
  void add(geo::LocalPoint a, geo::LocalPoint b, std::uint32_t item_number, std::uint32_t vehicle_bits) {
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double length2 = dx * dx + dy * dy;
    put(a.x, a.y, dx, dy, length2 > 0 ? 1 / length2 : 0, item_number, vehicle_bits);
  }
  void copy(const Locals& from, std::size_t i) {
    put(from.x[i], from.y[i], from.along_x[i], from.along_y[i], from.per_length2[i], from.item[i],
        from.vehicles[i]);
  }

 private:
  void put(double ax, double ay, double dx, double dy, double inverse, std::uint32_t number,
           std::uint32_t bits) {
    x.push_back(ax);
    y.push_back(ay);
    along_x.push_back(dx);
    along_y.push_back(dy);
    per_length2.push_back(inverse);
    item.push_back(number);
    vehicles.push_back(bits);
  }
};

void squared_distances(const Locals& to, geo::LocalPoint from, double* __restrict squared_m2) {
  const double *x = to.x.data(), *y = to.y.data(), *along_x = to.along_x.data(), *along_y = to.along_y.data();
  const double* per_length2 = to.per_length2.data();
  const auto count = to.size();
  for (std::size_t i = 0; i < count; ++i) {
    const double px = from.x - x[i], py = from.y - y[i];
    const double share = (px * along_x[i] + py * along_y[i]) * per_length2[i];
    const double above = share > 0 ? share : 0;
    const double held = above < 1 ? above : 1;
    const double dx = px - held * along_x[i], dy = py - held * along_y[i];
    squared_m2[i] = dx * dx + dy * dy;
  }
}

/// Which of some segments can be nearest to some place of a square, for some vehicle, by their distances to
/// its middle. The nearest road of a place is no farther than that of the middle plus half a diagonal; a
/// segment is no nearer to it than to the middle minus half a diagonal.
class Sieve {
 public:
  void clear() {
    met_.clear();
    limits_.fill(-1);
  }
  void add(double squared_m2, std::uint32_t vehicles) {
    auto& nearest = limits_[vehicles];
    if (nearest < 0) met_.push_back(vehicles);
    if (nearest < 0 || squared_m2 < nearest) nearest = squared_m2;
  }
  /// @return false when no vehicle has a road within reach of any place of the square
  bool close(double half_diagonal_m, double spread) {
    std::array<double, base::kAllVehicles.size()> of_vehicle;
    bool in_reach = false;
    double last = -1, last_limit = -1;
    for (std::size_t v = 0; v < of_vehicle.size(); ++v) {
      double nearest = std::numeric_limits<double>::infinity();
      for (const auto vehicles : met_) {
        if ((vehicles >> v & 1) != 0) nearest = std::min(nearest, limits_[vehicles]);
      }
      if (nearest != last) {
        last = nearest;
        last_limit = limit_m2(std::sqrt(nearest), half_diagonal_m, spread);
      }
      of_vehicle[v] = last_limit;
      in_reach = in_reach || last_limit >= 0;
    }
    for (const auto vehicles : met_) {
      limits_[vehicles] = -1;
      for (std::size_t v = 0; v < of_vehicle.size(); ++v) {
        if ((vehicles >> v & 1) != 0) limits_[vehicles] = std::max(limits_[vehicles], of_vehicle[v]);
      }
    }
    return in_reach;
  }
  bool keeps(double squared_m2, std::uint32_t vehicles) const { return squared_m2 <= limits_[vehicles]; }

 private:
  static double limit_m2(double near_m, double half_diagonal_m, double spread) {
    if (near_m - half_diagonal_m > (kRasterReachM + kSlackM) * spread) return -1;
    const double limit_m = (near_m + half_diagonal_m) * spread * spread + half_diagonal_m + kSlackM;
    return limit_m * limit_m;
  }

  std::vector<std::uint32_t> met_;  ///< which sets of vehicles there were
  std::array<double, 16>
      limits_{};  ///< by set: the nearest distance so far, squared; then the farthest to be kept
};

class Maker {
 public:
  explicit Maker(std::span<const IndexItem> items) : items_(items) {}

  CompiledRaster make() {
    if (items_.empty() || !lay_tiles()) return {};
    Found all(items_.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    const auto& shape = out_.shape;
    auto bits = shape.tile_bits;
    while ((std::uint64_t{1} << (bits - shape.tile_bits)) < std::max(shape.rows, shape.columns)) ++bits;
    const auto tile = std::int64_t{1} << shape.tile_bits;
    descend({shape.south * tile, shape.west * tile, bits}, all);
    return std::move(out_);
  }

 private:
  bool lay_tiles() {
    std::int64_t south = std::numeric_limits<std::int64_t>::max(), west = south, north = -south,
                 east = -south;
    for (const auto& item : items_) {
      south = std::min<std::int64_t>({south, item.a.lat, item.b.lat});
      north = std::max<std::int64_t>({north, item.a.lat, item.b.lat});
      west = std::min<std::int64_t>({west, item.a.lng, item.b.lng});
      east = std::max<std::int64_t>({east, item.a.lng, item.b.lng});
    }
    if (south < -kFarthestLat || north > kFarthestLat) return false;
    auto& shape = out_.shape;
    const auto farthest = static_cast<std::int32_t>(std::max(north, -south));
    const auto unit = geo::LocalFrame({farthest, 0}).at({farthest + 1, 1});
    const auto reach_lat = static_cast<std::int64_t>(kRasterReachM / unit.y);
    const auto reach_lng = static_cast<std::int64_t>(kRasterReachM / unit.x);
    for (shape.tile_bits = kTileBits;; ++shape.tile_bits) {
      const auto row_of = [&](std::int64_t lat) { return lat >> shape.tile_bits; };
      const auto first_row = row_of(south - reach_lat), last_row = row_of(north + reach_lat);
      const auto first_column = row_of(west - reach_lng), last_column = row_of(east + reach_lng);
      shape.south = static_cast<std::int32_t>(first_row);
      shape.west = static_cast<std::int32_t>(first_column);
      shape.rows = static_cast<std::uint32_t>(last_row - first_row + 1);
      shape.columns = static_cast<std::uint32_t>(last_column - first_column + 1);
      if (std::uint64_t{shape.rows} * shape.columns <= kMaxTiles) break;
    }
    out_.tiles.resize(std::size_t{shape.rows} * shape.columns);
    return true;
  }

  // From the whole region down to tiles; a square looks only at what its parent kept.
  void descend(const Square& square, const Found& from) {
    const auto& shape = out_.shape;
    const auto row = (square.lat >> shape.tile_bits) - shape.south;
    const auto column = (square.lng >> shape.tile_bits) - shape.west;
    if (row >= shape.rows || column >= shape.columns) return;
    if (square.bits > kWidestPlaneBits) {
      for (const auto& quarter : square.quarters()) descend(quarter, from);
      return;
    }
    const Plane plane(square);
    sieve_.clear();
    distances_.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto& item = items_[from[i]];
      distances_[i] = geo::project_origin(plane.frame.at(item.a), plane.frame.at(item.b)).squared_m2;
      sieve_.add(distances_[i], item.edge_vehicles & 15);
    }
    if (!sieve_.close(half_diagonal_m(square, plane), plane.spread)) return;
    Found kept;
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (sieve_.keeps(distances_[i], items_[from[i]].edge_vehicles & 15)) kept.push_back(from[i]);
    }
    if (square.bits > shape.tile_bits) {
      for (const auto& quarter : square.quarters()) descend(quarter, kept);
    } else {
      fill_tile(square, plane, kept, out_.tiles[static_cast<std::size_t>(row * shape.columns + column)]);
    }
  }

  static double half_diagonal_m(const Square& square, const Plane& plane) {
    const auto corner = plane.frame.at(square.corner()), middle = plane.frame.at(square.middle());
    const double x = corner.x - middle.x, y = corner.y - middle.y;
    return std::sqrt(x * x + y * y) * (1 + 1e-9);
  }

  /// A block of a tile: its candidates, and which of them each of its cells has.
  struct Block {
    Found items;
    std::array<Found, 4> cells;  ///< row by row
  };

  void fill_tile(const Square& square, const Plane& plane, const Found& kept, RasterTile& tile) {
    tile = {static_cast<std::uint32_t>(out_.cells.size()), square.bits};
    if (kept.size() <= RasterCell::kMost) return add_cell(kept);
    tile_.clear();
    for (const auto i : kept) {
      const auto& item = items_[i];
      tile_.add(plane.frame.at(item.a), plane.frame.at(item.b), i, item.edge_vehicles & 15);
    }
    const auto side = std::size_t{1} << (square.bits - kBlockBits);
    blocks_.resize(side * side);
    std::size_t sum = 0;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const auto wide = static_cast<std::int64_t>(side);
      fill_block(
          {square.lat + ((at / wide) << kBlockBits), square.lng + ((at % wide) << kBlockBits), kBlockBits},
          plane, blocks_[i]);
      sum += blocks_[i].items.size();
    }
    if (static_cast<double>(sum) <= kMeanCandidates * static_cast<double>(blocks_.size())) {
      tile.cell_bits = kBlockBits;
      for (const auto& block : blocks_) add_cell(block.items);
      return;
    }
    tile.cell_bits = kCellBits;
    for (std::size_t row = 0; row < 2 * side; ++row) {
      for (std::size_t column = 0; column < 2 * side; ++column)
        add_cell(blocks_[row / 2 * side + column / 2].cells[row % 2 * 2 + column % 2]);
    }
  }

  // What is nearest somewhere in a square is nearest somewhere in one of its quarters: lists are made for
  // small squares and united.
  void fill_block(const Square& square, const Plane& plane, Block& block) {
    sift(tile_, square, plane);
    block_.clear();
    for (std::size_t i = 0; i < tile_.size(); ++i) {
      if (sieve_.keeps(distances_[i], tile_.vehicles[i])) block_.copy(tile_, i);
    }
    const auto count = block_.size();
    std::vector<char>& in_block = flags_[0];
    in_block.assign(count, 0);
    const auto cells = square.quarters();
    for (std::size_t c = 0; c < cells.size(); ++c) {
      std::vector<char>& in_cell = flags_[1];
      in_cell.assign(count, 0);
      for (const auto& quarter : cells[c].quarters()) {
        sift(block_, quarter, plane);
        for (std::size_t i = 0; i < count; ++i)
          in_cell[i] |= static_cast<char>(sieve_.keeps(distances_[i], block_.vehicles[i]));
      }
      gather(in_cell, block.cells[c]);
      for (std::size_t i = 0; i < count; ++i) in_block[i] |= in_cell[i];
    }
    gather(in_block, block.items);
  }

  void gather(const std::vector<char>& flags, Found& items) const {
    items.clear();
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if (flags[i] != 0) items.push_back(block_.item[i]);
    }
  }

  // Distances of these segments from the square's middle to `distances_`, and the sieve for them.
  void sift(const Locals& locals, const Square& square, const Plane& plane) {
    distances_.resize(locals.size());
    squared_distances(locals, plane.frame.at(square.middle()), distances_.data());
    sieve_.clear();
    for (std::size_t i = 0; i < locals.size(); ++i) sieve_.add(distances_[i], locals.vehicles[i]);
    sieve_.close(half_diagonal_m(square, plane), plane.spread);
  }

  void add_cell(const Found& list) {
    RasterCell cell;
    const bool fits =
        !list.empty() && list.size() <= RasterCell::kMost && list.back() - list.front() < RasterCell::kInList;
    if (fits) {
      cell.first = list.front();
      for (std::size_t i = 1; i < list.size(); ++i)
        cell.more[i - 1] = static_cast<std::uint16_t>(list[i] - list[0]);
    } else {
      cell.first = static_cast<std::uint32_t>(out_.lists.size());
      cell.more[0] = RasterCell::kInList;
      out_.lists.push_back(static_cast<std::uint32_t>(list.size()));
      out_.lists.insert(out_.lists.end(), list.begin(), list.end());
    }
    out_.cells.push_back(cell);
  }

  std::span<const IndexItem> items_;
  CompiledRaster out_;
  Sieve sieve_;
  std::vector<double> distances_;
  Locals tile_, block_;  ///< candidates of the tile and of the block that are being filled
  std::vector<Block> blocks_;
  std::array<std::vector<char>, 2> flags_;
};

}  // namespace

CompiledRaster make_raster(std::span<const IndexItem> items) {
  return Maker(items).make();
}

}  // namespace reckon::road

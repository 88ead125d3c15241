#include "reckon/geo/area_index.h"

#include <algorithm>
#include <cmath>

namespace reckon::geo {
namespace {

// Cells for each area: finer cells hold fewer candidates, and most places of a large area need no test at
// all.
constexpr std::size_t kCellsPerArea = 256;
constexpr std::size_t kMaxCells = std::size_t{1} << 22;
// Cells, and candidates in all of them together: areas that overlap widely get a coarser grid instead of more
// memory.
constexpr std::size_t kMaxEntries = std::size_t{1} << 24;
// Sides for each slab: fewer make more copies of sides that reach over several slabs.
constexpr std::size_t kSidesPerSlab = 4;
constexpr std::size_t kMaxSlabs = 1 << 14;

enum class Reach : std::uint8_t { kNone, kTouched, kInside };

template <class Visit>
void each_side(const Polygon& polygon, Visit&& visit) {
  for (const Ring& ring : polygon.rings)
    for (std::size_t i = 0; i < ring.size(); ++i) visit(ring[i], ring[(i + 1) % ring.size()]);
}

}  // namespace

AreaIndex::AreaIndex(std::span<const Area> areas) {
  if (areas.empty()) return;
  box_ = box_of(areas[0].shape);
  for (const Area& area : areas) {
    const Box box = box_of(area.shape);
    box_.low = {std::min(box_.low.lat, box.low.lat), std::min(box_.low.lng, box.low.lng)};
    box_.high = {std::max(box_.high.lat, box.high.lat), std::max(box_.high.lng, box.high.lng)};
    keep_area(area);
  }
  segments_.shrink_to_fit();
  make_grid(areas);
}

void AreaIndex::keep_area(const Area& area) {
  Slot slot;
  slot.box = box_of(area.shape);
  slot.id = area.id;
  slot.edge_inside = area.edge_inside;
  std::size_t sides = 0;
  for (const Ring& ring : area.shape.rings) sides += ring.size();
  slot.slabs = static_cast<std::uint32_t>(std::clamp<std::size_t>(sides / kSidesPerSlab, 1, kMaxSlabs));
  const std::int64_t height = std::int64_t{slot.box.high.lat} - slot.box.low.lat + 1;
  slot.slab_height = static_cast<std::uint32_t>((height + slot.slabs - 1) / slot.slabs);
  slot.first_slab = static_cast<std::uint32_t>(slab_begin_.size());
  std::vector<std::vector<Segment>> slabs(slot.slabs);
  each_side(area.shape, [&](PointE7 a, PointE7 b) {
    const auto first = (std::int64_t{std::min(a.lat, b.lat)} - slot.box.low.lat) / slot.slab_height;
    const auto last = (std::int64_t{std::max(a.lat, b.lat)} - slot.box.low.lat) / slot.slab_height;
    for (auto slab = first; slab <= last; ++slab) slabs[static_cast<std::size_t>(slab)].push_back({a, b});
  });
  for (const auto& slab : slabs) {
    slab_begin_.push_back(static_cast<std::uint32_t>(segments_.size()));
    segments_.insert(segments_.end(), slab.begin(), slab.end());
  }
  slab_begin_.push_back(static_cast<std::uint32_t>(segments_.size()));
  areas_.push_back(slot);
}

bool AreaIndex::holds(std::uint32_t area, PointE7 point) const {
  const Slot& slot = areas_[area];
  if (!slot.box.contains(point)) return false;
  const auto slab =
      static_cast<std::uint32_t>((std::int64_t{point.lat} - slot.box.low.lat) / slot.slab_height);
  const std::uint32_t at = slot.first_slab + slab;
  // Without branches: which sides the ray meets is as good as random, and a wrong guess costs more than a
  // product.
  unsigned inside = 0, edge = 0;
  for (std::uint32_t i = slab_begin_[at]; i < slab_begin_[at + 1]; ++i) {
    const PointE7 a = segments_[i].a, b = segments_[i].b;
    const std::int64_t turn = turn_of(a, b, point);
    const unsigned rises = b.lat > point.lat, spans = (a.lat > point.lat) ^ rises;
    inside ^= spans & ((turn > 0) ^ rises ^ 1U);
    const unsigned south = point.lat >= std::min(a.lat, b.lat), north = point.lat <= std::max(a.lat, b.lat);
    const unsigned west = point.lng >= std::min(a.lng, b.lng), east = point.lng <= std::max(a.lng, b.lng);
    const unsigned within = south & north & west & east;
    edge |= within & static_cast<unsigned>(turn == 0);
  }
  return edge != 0 ? slot.edge_inside : inside != 0;
}

namespace {

// The rows and columns of a grid that one polygon reaches into, and how.
class Reached {
 public:
  struct Grid {
    PointE7 low;
    std::int64_t cell_lat, cell_lng;
  };

  Reached(const Grid& grid, const Polygon& polygon) : grid_(grid) {
    const Box box = box_of(polygon);
    row0_ = row_of(box.low.lat);
    column0_ = column_of(box.low.lng);
    rows_ = row_of(box.high.lat) - row0_ + 1;
    columns_ = column_of(box.high.lng) - column0_ + 1;
    cells_.assign(static_cast<std::size_t>(rows_ * columns_), Reach::kNone);
    each_side(polygon, [&](PointE7 a, PointE7 b) { touch(a, b); });
    fill(polygon);
  }

  template <class Visit>
  void each(Visit&& visit) const {
    for (std::int64_t r = 0; r < rows_; ++r)
      for (std::int64_t c = 0; c < columns_; ++c)
        if (const auto reach = cells_[static_cast<std::size_t>(r * columns_ + c)]; reach != Reach::kNone)
          visit(row0_ + r, column0_ + c, reach);
  }

 private:
  std::int64_t row_of(std::int32_t lat) const { return (std::int64_t{lat} - grid_.low.lat) / grid_.cell_lat; }
  std::int64_t column_of(std::int32_t lng) const {
    return (std::int64_t{lng} - grid_.low.lng) / grid_.cell_lng;
  }

  // Marks each cell that the side passes through, and one to either side of it in its row: the position is
  // computed in floating point, which is off by far less than a cell.
  void touch(PointE7 a, PointE7 b) {
    if (a.lat > b.lat) std::swap(a, b);
    const double slope = a.lat == b.lat ? 0 : (double(b.lng) - a.lng) / (double(b.lat) - a.lat);
    const auto lng_at = [&](std::int64_t lat) {
      const double inside = static_cast<double>(std::clamp<std::int64_t>(lat, a.lat, b.lat));
      return a.lng + slope * (inside - a.lat);
    };
    for (auto row = row_of(a.lat); row <= row_of(b.lat); ++row) {
      const std::int64_t south = grid_.low.lat + row * grid_.cell_lat;
      double from = lng_at(south), to = lng_at(south + grid_.cell_lat);
      if (a.lat == b.lat) {
        from = a.lng;
        to = b.lng;
      }
      if (from > to) std::swap(from, to);
      const auto column = [&](double lng) {
        return static_cast<std::int64_t>(
            std::floor((lng - grid_.low.lng) / static_cast<double>(grid_.cell_lng)));
      };
      const auto first = std::max<std::int64_t>(column(from) - 1 - column0_, 0);
      const auto last = std::min<std::int64_t>(column(to) + 1 - column0_, columns_ - 1);
      for (auto c = first; c <= last; ++c)
        cells_[static_cast<std::size_t>((row - row0_) * columns_ + c)] = Reach::kTouched;
    }
  }

  // A run of cells that no side touches lies wholly inside or wholly outside: one test tells.
  void fill(const Polygon& polygon) {
    for (std::int64_t r = 0; r < rows_; ++r) {
      auto before = Reach::kTouched;
      for (std::int64_t c = 0; c < columns_; ++c) {
        auto& cell = cells_[static_cast<std::size_t>(r * columns_ + c)];
        if (cell == Reach::kNone) {
          if (before == Reach::kTouched) {
            const PointE7 middle{
                static_cast<std::int32_t>(grid_.low.lat + (row0_ + r) * grid_.cell_lat + grid_.cell_lat / 2),
                static_cast<std::int32_t>(grid_.low.lng + (column0_ + c) * grid_.cell_lng +
                                          grid_.cell_lng / 2)};
            before = side_of(polygon, middle) == Side::kInside ? Reach::kInside : Reach::kNone;
          }
          cell = before;
        } else {
          before = Reach::kTouched;
        }
      }
    }
  }

  Grid grid_;
  std::int64_t row0_ = 0, column0_ = 0, rows_ = 0, columns_ = 0;
  std::vector<Reach> cells_;
};

}  // namespace

void AreaIndex::choose_cells(std::size_t areas) {
  const std::int64_t height = std::int64_t{box_.high.lat} - box_.low.lat + 1;
  const std::int64_t width = std::int64_t{box_.high.lng} - box_.low.lng + 1;
  const auto wanted = static_cast<double>(std::min(kMaxCells, kCellsPerArea * areas));
  const double side = std::sqrt(static_cast<double>(height) * static_cast<double>(width) / wanted);
  cell_lat_ = cell_lng_ = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::ceil(side)));
  for (;; cell_lat_ *= 2, cell_lng_ *= 2) {
    rows_ = static_cast<std::size_t>((height - 1) / cell_lat_ + 1);
    columns_ = static_cast<std::size_t>((width - 1) / cell_lng_ + 1);
    std::size_t entries = rows_ * columns_;
    for (const Slot& slot : areas_) {
      entries +=
          static_cast<std::size_t>((std::int64_t{slot.box.high.lat} - slot.box.low.lat) / cell_lat_ + 1) *
          static_cast<std::size_t>((std::int64_t{slot.box.high.lng} - slot.box.low.lng) / cell_lng_ + 1);
    }
    if (entries <= kMaxEntries || rows_ * columns_ <= 4) return;
  }
}

void AreaIndex::make_grid(std::span<const Area> areas) {
  choose_cells(areas.size());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> found;  // cell, entry
  const Reached::Grid grid{box_.low, cell_lat_, cell_lng_};
  for (std::uint32_t area = 0; area < areas.size(); ++area) {
    Reached(grid, areas[area].shape).each([&](std::int64_t row, std::int64_t column, Reach reach) {
      const auto cell = static_cast<std::size_t>(row) * columns_ + static_cast<std::size_t>(column);
      found.emplace_back(static_cast<std::uint32_t>(cell), area * 2 + (reach == Reach::kInside ? 1U : 0U));
    });
  }
  cell_begin_.assign(rows_ * columns_ + 1, 0);
  for (const auto& [cell, entry] : found) ++cell_begin_[cell + 1];
  for (std::size_t i = 1; i < cell_begin_.size(); ++i) cell_begin_[i] += cell_begin_[i - 1];
  entries_.resize(found.size());
  auto next = cell_begin_;
  for (const auto& [cell, entry] : found) entries_[next[cell]++] = entry;
}

std::size_t AreaIndex::bytes() const {
  return areas_.size() * sizeof(Slot) + segments_.size() * sizeof(Segment) +
         (slab_begin_.size() + cell_begin_.size() + entries_.size()) * sizeof(std::uint32_t);
}

}  // namespace reckon::geo

#include "reckon/road/entrances.h"

#include <algorithm>

namespace reckon::road {
namespace {

constexpr int kCellBits = 13;

BuildingCell cell_of(geo::PlaceE7 place, std::uint32_t building) {
  return {place.lat >> kCellBits, place.lng >> kCellBits, building};
}

// Even-odd rule. A corner is outside: often it is a node of the street, too. Elsewhere on the outline a place
// may count as either.
bool lies_inside(std::span<const geo::PlaceE7> outline, geo::PlaceE7 place) {
  bool inside = false;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    const auto a = outline[i], b = outline[i + 1 < outline.size() ? i + 1 : 0];
    if (a == place) return false;
    if ((a.lat > place.lat) == (b.lat > place.lat)) continue;
    const double share = (static_cast<double>(place.lat) - a.lat) / (static_cast<double>(b.lat) - a.lat);
    if (place.lng < a.lng + share * (static_cast<double>(b.lng) - a.lng)) inside = !inside;
  }
  return inside;
}

}  // namespace

geo::PlaceE7 Entrances::nearest(geo::PlaceE7 place) const {
  auto best = place;
  double least = -1;
  const geo::LocalFrame frame(place);
  const auto end = std::ranges::upper_bound(cells, cell_of(place, ~std::uint32_t{0}));
  for (auto cell = std::ranges::lower_bound(cells, cell_of(place, 0)); cell < end; ++cell) {
    const auto own = [&](std::span<const std::uint32_t> first, std::span<const geo::PlaceE7> all) {
      return all.subspan(first[cell->building], first[cell->building + 1] - first[cell->building]);
    };
    if (!lies_inside(own(corner_first, corners), place)) continue;
    for (const auto& entrance : own(entrance_first, entrances)) {
      const auto at = frame.at(entrance);
      const double squared = at.x * at.x + at.y * at.y;
      if (least >= 0 && squared >= least) continue;
      least = squared;
      best = entrance;
    }
  }
  return best;
}

CompiledEntrances compile_entrances(std::span<const Building> buildings) {
  CompiledEntrances out;
  for (const auto& building : buildings) {
    const auto [south, north] = std::ranges::minmax(building.corners, {}, &geo::PlaceE7::lat);
    const auto [west, east] = std::ranges::minmax(building.corners, {}, &geo::PlaceE7::lng);
    const auto number = static_cast<std::uint32_t>(out.corner_first.size() - 1);
    const auto low = cell_of({south.lat, west.lng}, number), high = cell_of({north.lat, east.lng}, number);
    const auto rows = std::int64_t{high.lat} - low.lat + 1, columns = std::int64_t{high.lng} - low.lng + 1;
    if (rows > kMaxBuildingCells || columns > kMaxBuildingCells || rows * columns > kMaxBuildingCells)
      continue;
    for (auto lat = low.lat; lat <= high.lat; ++lat) {
      for (auto lng = low.lng; lng <= high.lng; ++lng) out.cells.push_back({lat, lng, number});
    }
    out.corners.insert(out.corners.end(), building.corners.begin(), building.corners.end());
    out.corner_first.push_back(static_cast<std::uint32_t>(out.corners.size()));
    out.entrances.insert(out.entrances.end(), building.entrances.begin(), building.entrances.end());
    out.entrance_first.push_back(static_cast<std::uint32_t>(out.entrances.size()));
  }
  std::ranges::sort(out.cells);
  return out;
}

}  // namespace reckon::road

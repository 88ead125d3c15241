#include "reckon/road/edge_lookup.h"

#include <algorithm>
#include <tuple>

namespace reckon::road {

std::span<const std::pair<std::int64_t, std::uint32_t>> EdgeLookup::edges_of(std::int64_t way) {
  if (ways_.empty()) {
    ways_.reserve(geometry_.runs.size());
    for (std::uint32_t edge = 0; edge < geometry_.edge_count(); ++edge) {
      for (const auto& run : geometry_.runs_of(edge)) ways_.emplace_back(run.way, edge);
    }
    std::ranges::sort(ways_);
    ways_.erase(std::unique(ways_.begin(), ways_.end()), ways_.end());
  }
  const auto from = std::ranges::lower_bound(ways_, std::pair{way, std::uint32_t{0}});
  const auto to = std::ranges::upper_bound(from, ways_.end(), std::pair{way, ~std::uint32_t{0}});
  return {from, to};
}

const std::vector<EdgeLookup::Start>& EdgeLookup::starts() {
  if (starts_.empty()) {
    starts_.reserve(std::size_t{geometry_.edge_count()} * 2);
    for (std::uint32_t edge_dir = 0; edge_dir < geometry_.edge_count() * 2; ++edge_dir)
      starts_.push_back({geometry_.start_of(edge_dir), edge_dir});
    std::ranges::sort(starts_, {},
                      [](const Start& s) { return std::tuple(s.place.lat, s.place.lng, s.edge_dir); });
  }
  return starts_;
}

std::span<const EdgeLookup::Start> EdgeLookup::starts_at(geo::PlaceE7 place) {
  const auto key = [](const Start& s) { return std::pair(s.place.lat, s.place.lng); };
  const auto& all = starts();
  const auto from = std::ranges::lower_bound(all, std::pair(place.lat, place.lng), {}, key);
  const auto to = std::ranges::upper_bound(from, all.end(), std::pair(place.lat, place.lng), {}, key);
  return {from, to};
}

std::span<const EdgeLookup::Start> EdgeLookup::starts_beside(geo::PlaceE7 place, double degrees) {
  const auto reach = static_cast<std::int64_t>(degrees * 1e7) + 1;
  const auto lat = [](const Start& s) { return std::int64_t{s.place.lat}; };
  const auto& all = starts();
  const auto from = std::ranges::lower_bound(all, place.lat - reach, {}, lat);
  const auto to = std::ranges::upper_bound(from, all.end(), place.lat + reach, {}, lat);
  return {from, to};
}

}  // namespace reckon::road

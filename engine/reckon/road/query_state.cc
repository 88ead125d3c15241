#include "reckon/road/query_state.h"

#include <algorithm>

namespace reckon::road {

base::Metres metres_of(Cost cost) {
  return {(std::int64_t{length_mm_of(cost)} + 500) / 1000};
}

std::int64_t deciseconds_of(Cost cost) {
  return (std::int64_t{time_ms_of(cost)} + 50) / 100;
}

TableCell cell_of(Cost cost, const TableOptions& options) {
  if (cost == kNoCost) return {RouteStatus::kNoRoute, {}, 0};
  const TableCell cell{RouteStatus::kOk, metres_of(cost), deciseconds_of(cost)};
  const bool within =
      cell.duration_ds <= options.max_duration_ds && cell.distance.value <= options.max_distance.value;
  return within ? cell : TableCell{RouteStatus::kBeyond, {}, 0};
}

SnapPoint snap_point(const geo::LatLng& place, const EdgeGeometry& geometry, const EdgePosition& position) {
  const auto at = place_of(geometry, position).to_lat_lng();
  return {at, geo::near_distance_m(place, at)};
}

std::optional<Snap> nearest_open(const Ground& ground, geo::PlaceE7 place, const Reach& reach) {
  const auto* changed = ground.changed;
  if (changed == nullptr || !changed->closes_edges())
    return nearest_road(ground.geometry, ground.vehicle, place, reach);
  return nearest_road(ground.geometry, ground.vehicle, place, reach,
                      [changed](std::uint32_t edge) { return changed->edge_closed(edge); });
}

std::optional<TripEndFound> find_end(const Ground& ground, geo::PlaceE7 place, const Reach& reach,
                                     TripEnd side, const EndRule& rule, std::vector<Terminal>& out) {
  place = ground.geometry.entrances.way_in(place);
  const auto snap = nearest_open(ground, place, reach);
  if (!snap) return std::nullopt;
  const auto first = out.size();
  add_terminals(ground.geometry, ground.graph, *snap, side, out);
  const auto own = out.begin() + static_cast<std::ptrdiff_t>(first);
  if (ground.changed != nullptr) {
    out.erase(
        std::remove_if(own, out.end(), [&](const Terminal& t) { return ground.changed->closed(t.arc); }),
        out.end());
  }
  if (ground.metric == Metric::kShortest) {
    for (auto i = first; i < out.size(); ++i) {
      out[i].before = turned_round(out[i].before);
      out[i].after = turned_round(out[i].after);
    }
  }
  return TripEndFound{*snap, keep_by_rule(ground.geometry, ground.graph, *snap, place, rule, first, out)};
}

}  // namespace reckon::road

#include "reckon/road/door_index.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reckon::road {
namespace {

constexpr double kCellM = 60;                 // some ten segments a cell in a city
constexpr std::int64_t kMostCells = 1 << 22;  // 16 MB of cell starts; sparser maps get larger cells
constexpr double kE7PerMetre = 1e7 / 111'320.0;

struct Box {
  std::int64_t south = INT64_MAX, west = INT64_MAX, north = INT64_MIN, east = INT64_MIN;
  void add(geo::PlaceE7 place) {
    south = std::min<std::int64_t>(south, place.lat);
    north = std::max<std::int64_t>(north, place.lat);
    west = std::min<std::int64_t>(west, place.lng);
    east = std::max<std::int64_t>(east, place.lng);
  }
};

// Half a step away from zero, as providers round.
geo::PlaceE7 on_grid(geo::PlaceE7 place, std::int32_t step) {
  if (step <= 1) return place;
  const auto round = [step](std::int32_t v) { return (v + (v < 0 ? -step / 2 : step / 2)) / step * step; };
  return {round(place.lat), round(place.lng)};
}

/// Distances in the plane that touches the earth at the place.
class LocalPlane {
 public:
  LocalPlane(geo::PlaceE7 place, std::int32_t grid_e7) : grid_(grid_e7), frame_(on_grid(place, grid_e7)) {}

  geo::Projection nearest(geo::PlaceE7 a, geo::PlaceE7 b) const {
    return geo::project_origin(frame_.at(on_grid(a, grid_)), frame_.at(on_grid(b, grid_)));
  }

 private:
  std::int32_t grid_;
  geo::LocalFrame frame_;
};

/// Distances in the web maps' plane, between places and meeting points on its grid.
class MercatorPlane {
 public:
  MercatorPlane(geo::PlaceE7 place, std::int32_t grid_e7) : grid_(grid_e7), place_(on_grid(place, grid_e7)) {
    const double lat = place_.lat / kE7PerRadian;
    sine_ = std::sin(lat);
    secant_ = 1 / std::cos(lat);
    y_ = std::atanh(sine_) * kE7PerRadian;
    met_y_ = std::round(y_ / grid_) * grid_ - y_;
  }

  geo::Projection nearest(geo::PlaceE7 from, geo::PlaceE7 to) const {
    const auto a = at(on_grid(from, grid_)), b = at(on_grid(to, grid_));
    auto near = geo::project_origin(a, b);
    const double x = std::round((a.x + (b.x - a.x) * near.share) / grid_) * grid_;
    const double y = std::round((y_ + a.y + (b.y - a.y) * near.share) / grid_) * grid_ - y_ - met_y_;
    near.squared_m2 = (x * x + y * y) / (kE7PerMetre * kE7PerMetre * secant_ * secant_);
    return near;
  }

 private:
  static constexpr double kE7PerRadian = 1e7 * 180 / 3.14159265358979323846;

  // From the place, in 1e-7 degree of the plane. The series is off by less than a hundredth of that within
  // 10 km.
  geo::LocalPoint at(geo::PlaceE7 there) const {
    const double north = (static_cast<double>(there.lat) - place_.lat) / kE7PerRadian;
    const double tangent = sine_ * secant_, bend = 1 + 2 * tangent * tangent;
    const double y = secant_ * north * (1 + north / 2 * (tangent + north / 3 * bend));
    return {static_cast<double>(there.lng) - place_.lng, y * kE7PerRadian};
  }

  std::int32_t grid_;
  geo::PlaceE7 place_;
  double sine_ = 0, secant_ = 1;
  double y_ = 0;      ///< of the place, 1e-7 degree
  double met_y_ = 0;  ///< of its grid point, from there
};

/// Distances in whole metres, on a sphere. Source: docs/sources.md#routino-doors
class WholeMetresPlane {
 public:
  explicit WholeMetresPlane(geo::PlaceE7 place) : place_(place) {}

  geo::Projection nearest(geo::PlaceE7 from, geo::PlaceE7 to) const {
    const double there = metres(place_, from), onward = metres(place_, to), side = metres(from, to);
    double before = there, distance = there;
    if (side > 0) before = (there * there - onward * onward + side * side) / (2 * side);
    double after = side > 0 ? side - before : onward;
    if (side > 0 && there + onward < side) {  // rounded down, they do not meet
      before = there;
      after = onward;
      distance = 0;
    } else if (before < 0) {
      before = 0;
      after = side;
    } else if (after < 0) {
      before = side;
      after = 0;
      distance = onward;
    } else if (side > 0) {
      distance = std::sqrt(there * there - before * before);
    }
    distance = std::floor(distance);
    return {share_of(std::floor(before), std::floor(after)), distance * distance};
  }

 private:
  // So near an end it is the end.
  static double share_of(double before, double after) {
    constexpr double kAtEndM = 5;
    if (std::min(before, after) <= kAtEndM) return before < after ? 0 : 1;
    return before / (before + after);
  }
  static double metres(geo::PlaceE7 a, geo::PlaceE7 b) {
    constexpr double kRadian = 3.14159265358979323846 / 180e7, kRadiusM = 6'378'137;
    const auto half_sine = [](std::int32_t from, std::int32_t to) {
      return std::sin((static_cast<double>(to) - from) * kRadian / 2);
    };
    const double north = half_sine(a.lat, b.lat), east = half_sine(a.lng, b.lng);
    const double squared =
        north * north + std::cos(a.lat * kRadian) * std::cos(b.lat * kRadian) * east * east;
    return std::floor(2 * kRadiusM * std::asin(std::sqrt(squared)));
  }

  geo::PlaceE7 place_;
};

}  // namespace

DoorIndex::DoorIndex(const EdgeGeometry& geometry, const ArcGraph& graph) : geometry_(&geometry) {
  Box all;
  const auto each_segment = [&](auto&& take) {
    for (std::uint32_t edge = 0; edge < geometry.edge_count(); ++edge) {
      if (!graph.has_arcs(edge)) continue;
      for (auto p = geometry.edge_first_point[edge]; p + 1 < geometry.edge_first_point[edge + 1]; ++p)
        take(edge, p);
    }
  };
  each_segment([&](std::uint32_t, std::uint32_t p) {
    all.add(geometry.points[p]);
    all.add(geometry.points[p + 1]);
  });
  if (all.south > all.north) {
    first_.assign(1, 0);
    return;
  }
  const double narrowing =
      std::max(0.02, std::cos(static_cast<double>(all.south + all.north) / 2e7 * 3.14159265358979 / 180));
  double side_m = kCellM;
  for (;; side_m *= 2) {
    step_lat_ = std::max<std::int64_t>(1, std::llround(side_m * kE7PerMetre));
    step_lng_ = std::max<std::int64_t>(1, std::llround(side_m * kE7PerMetre / narrowing));
    rows_ = (all.north - all.south) / step_lat_ + 1;
    columns_ = (all.east - all.west) / step_lng_ + 1;
    if (rows_ * columns_ <= kMostCells) break;
  }
  cell_m_ = side_m * 0.95;  // the narrowing differs a little over the map
  south_ = all.south;
  west_ = all.west;
  first_.assign(static_cast<std::size_t>(rows_ * columns_) + 1, 0);
  const auto each_cell = [&](std::uint32_t p, auto&& take) {
    Box box;
    box.add(geometry.points[p]);
    box.add(geometry.points[p + 1]);
    for (auto row = (box.south - south_) / step_lat_; row <= (box.north - south_) / step_lat_; ++row) {
      for (auto column = (box.west - west_) / step_lng_; column <= (box.east - west_) / step_lng_; ++column)
        take(cell(row, column));
    }
  };
  each_segment(
      [&](std::uint32_t, std::uint32_t p) { each_cell(p, [&](std::size_t at) { ++first_[at + 1]; }); });
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  segments_.resize(first_.back());
  auto fill = first_;
  each_segment([&](std::uint32_t edge, std::uint32_t p) {
    each_cell(p, [&](std::size_t at) { segments_[fill[at]++] = {edge, p}; });
  });
}

template <class Plane>
void DoorIndex::look(std::size_t cell, const Plane& plane, const std::vector<bool>& open,
                     const DoorRules& rules, double& reach, std::vector<Hit>& hits) const {
  for (auto i = first_[cell]; i < first_[cell + 1]; ++i) {
    const auto [edge, point] = segments_[i];
    if (!open[edge]) continue;
    const auto near = plane.nearest(geometry_->points[point], geometry_->points[point + 1]);
    const double distance = std::sqrt(near.squared_m2);
    if (distance > reach) continue;
    reach = std::min(reach, distance + std::max(rules.tolerance_m, kSameDistanceM));
    const auto length_mm = geometry_->along_mm[point + 1] - geometry_->along_mm[point];
    hits.push_back(
        {distance, {edge, point, static_cast<std::uint32_t>(std::llround(near.share * length_mm))}});
  }
}

template <class Plane>
std::vector<DoorIndex::Hit> DoorIndex::hits_within(geo::PlaceE7 place, const Plane& plane,
                                                   const std::vector<bool>& open, const DoorRules& rules,
                                                   double max_m) const {
  double reach = max_m;
  std::vector<Hit> hits;
  const auto clamp_row = [&](std::int64_t row) { return std::clamp<std::int64_t>(row, 0, rows_ - 1); };
  const auto clamp_column = [&](std::int64_t c) { return std::clamp<std::int64_t>(c, 0, columns_ - 1); };
  const auto row = (place.lat - south_) / step_lat_, column = (place.lng - west_) / step_lng_;
  for (std::int64_t ring = 0;; ++ring) {
    // What lies in ring r is at least r - 1 cells away.
    if (static_cast<double>(ring - 1) * cell_m_ > reach) break;
    for (auto r = row - ring; r <= row + ring; ++r) {
      if (r != clamp_row(r)) continue;
      const bool edge_row = r == row - ring || r == row + ring;
      for (auto c = column - ring; c <= column + ring;
           c += edge_row ? 1 : std::max<std::int64_t>(1, 2 * ring)) {
        if (c == clamp_column(c)) look(cell(r, c), plane, open, rules, reach, hits);
      }
    }
  }
  std::erase_if(hits, [&](const Hit& hit) { return hit.distance_m > reach; });
  return hits;
}

std::vector<DoorIndex::Hit> DoorIndex::hits_by(geo::PlaceE7 place, const std::vector<bool>& open,
                                               const DoorRules& rules, double max_m) const {
  switch (rules.plane) {
    case DoorPlane::kMercator:
      return hits_within(place, MercatorPlane(place, rules.grid_e7), open, rules, max_m);
    case DoorPlane::kWholeMetres:
      return hits_within(place, WholeMetresPlane(place), open, rules, max_m);
    case DoorPlane::kLocal:
      break;
  }
  return hits_within(place, LocalPlane(place, rules.grid_e7), open, rules, max_m);
}

// Of the nearest ones.
void DoorIndex::keep_westernmost(std::vector<Hit>& hits) const {
  const auto west = [this](const Hit& hit) {
    const auto a = geometry_->points[hit.position.point], b = geometry_->points[hit.position.point + 1];
    return std::min(std::pair(a.lng, a.lat), std::pair(b.lng, b.lat));
  };
  const auto best = std::ranges::min_element(hits, [&](const Hit& a, const Hit& b) {
    return a.distance_m != b.distance_m ? a.distance_m < b.distance_m : west(a) < west(b);
  });
  if (best != hits.end()) hits.assign(1, Hit(*best));
}

bool DoorIndex::nearest(geo::PlaceE7 place, const std::vector<bool>& open, const DoorRules& rules,
                        double max_m, Snap& out) const {
  out.count = 0;
  if (segments_.empty()) return false;
  auto hits = hits_by(place, open, rules, max_m);
  std::ranges::sort(hits, [](const Hit& a, const Hit& b) {
    return a.position.edge != b.position.edge ? a.position.edge < b.position.edge
           : a.distance_m != b.distance_m     ? a.distance_m < b.distance_m
                                              : a.position < b.position;
  });
  if (rules.plane == DoorPlane::kWholeMetres && !hits.empty()) {
    keep_westernmost(hits);
    // At a crossing it meets all roads there.
    const auto met = hits.front();
    const auto length_mm =
        geometry_->along_mm[met.position.point + 1] - geometry_->along_mm[met.position.point];
    if (met.position.past_mm == 0 || met.position.past_mm == length_mm) {
      const auto node = geometry_->points[met.position.point + (met.position.past_mm == 0 ? 0 : 1)];
      const auto at = cell((node.lat - south_) / step_lat_, (node.lng - west_) / step_lng_);
      for (auto i = first_[at]; i < first_[at + 1]; ++i) {
        const auto [edge, point] = segments_[i];
        if (!open[edge] || edge == met.position.edge) continue;
        if (point == geometry_->edge_first_point[edge] && geometry_->points[point] == node)
          hits.push_back({met.distance_m, {edge, point, 0}});
        if (point + 2 == geometry_->edge_first_point[edge + 1] && geometry_->points[point + 1] == node)
          hits.push_back(
              {met.distance_m, {edge, point, geometry_->along_mm[point + 1] - geometry_->along_mm[point]}});
      }
    }
  }
  // One position an edge, but both where an edge meets the place twice (a loop's two ends).
  out.distance_m = max_m;
  for (const auto& hit : hits) {
    const bool same = out.count > 0 && out.positions[out.count - 1] == hit.position;
    const bool nearer = out.count > 0 && out.positions[out.count - 1].edge == hit.position.edge &&
                        hit.position.point <= out.positions[out.count - 1].point + 1 &&
                        hit.distance_m > kSameDistanceM;
    if (same || nearer || out.count == Snap::kMaxEdges) continue;
    out.positions[out.count++] = hit.position;
    out.distance_m = std::min(out.distance_m, hit.distance_m);
  }
  return out.count > 0;
}

}  // namespace reckon::road

#include "reckon/road/route_steps.h"

#include <algorithm>
#include <cmath>

#include "reckon/geo/local_frame.h"

namespace reckon::road {
namespace {

/// Angles between one street's direction and the next one's by which turns are told apart.
constexpr double kStraightDeg = 20, kTurnDeg = 45, kSharpDeg = 120, kBackDeg = 170;

/// A stretch of the path between two neighbouring points.
struct Stretch {
  geo::PlaceE7 from, to;
  std::uint32_t length_mm;
  std::uint32_t name;
  std::int64_t way;  ///< 0: none
};

/// Lays the path out, stretch by stretch.
class Layout {
 public:
  explicit Layout(const EdgeGeometry& geometry) : geometry_(geometry) {}

  // The part of an edge between two distances from its first point, in the order of travel.
  void add(std::uint32_t edge, bool backward, std::uint32_t low_mm, std::uint32_t high_mm) {
    const auto first = geometry_.edge_first_point[edge], end = geometry_.edge_first_point[edge + 1];
    for (auto n = first; n + 1 < end; ++n) {
      const auto i = backward ? first + end - 2 - n : n;
      const auto from = std::max(geometry_.along_mm[i], low_mm),
                 to = std::min(geometry_.along_mm[i + 1], high_mm);
      if (from >= to) continue;
      const auto a = at(edge, i, from), b = at(edge, i, to);
      const auto& run = geometry_.run_at(edge, i);
      stretches_.push_back({backward ? b : a, backward ? a : b, to - from, run.name, run.way});
    }
  }

  const std::vector<Stretch>& stretches() const { return stretches_; }

 private:
  geo::PlaceE7 at(std::uint32_t edge, std::uint32_t point, std::uint32_t along_mm) const {
    if (along_mm == geometry_.along_mm[point + 1]) return geometry_.points[point + 1];
    return place_of(geometry_, {edge, point, along_mm - geometry_.along_mm[point]});
  }

  const EdgeGeometry& geometry_;
  std::vector<Stretch> stretches_;
};

double bearing_deg(const Stretch& stretch) {
  const auto along = geo::LocalFrame(stretch.from).at(stretch.to);
  return std::atan2(along.x, along.y) * 180 / M_PI;
}

Turn turn_of(const Stretch& before, const Stretch& after) {
  const double angle = std::remainder(bearing_deg(after) - bearing_deg(before), 360);
  const double size = std::abs(angle);
  if (size < kStraightDeg) return Turn::kStraight;
  if (size >= kBackDeg) return Turn::kBack;
  if (size < kTurnDeg) return angle < 0 ? Turn::kSlightLeft : Turn::kSlightRight;
  if (size < kSharpDeg) return angle < 0 ? Turn::kLeft : Turn::kRight;
  return angle < 0 ? Turn::kSharpLeft : Turn::kSharpRight;
}

bool turns(Turn turn) {
  return turn != Turn::kStraight && turn != Turn::kSlightLeft && turn != Turn::kSlightRight;
}

std::uint32_t along_mm(const EdgeGeometry& geometry, const EdgePosition& position) {
  return geometry.along_mm[position.point] + position.past_mm;
}

}  // namespace

std::string_view to_string(Turn turn) {
  switch (turn) {
    case Turn::kDepart:
      return "depart";
    case Turn::kStraight:
      return "straight";
    case Turn::kSlightLeft:
      return "slight_left";
    case Turn::kLeft:
      return "left";
    case Turn::kSharpLeft:
      return "sharp_left";
    case Turn::kSlightRight:
      return "slight_right";
    case Turn::kRight:
      return "right";
    case Turn::kSharpRight:
      return "sharp_right";
    case Turn::kBack:
      return "u_turn";
  }
  return "unknown";
}

std::vector<RouteStep> route_steps(const EdgeGeometry& geometry, const ArcGraph& graph,
                                   std::span<const std::uint32_t> path, const EdgePosition& from,
                                   const EdgePosition& to) {
  Layout layout(geometry);
  std::vector<std::size_t> junctions;  // stretches that begin on another edge than the one before
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto& arc = graph.arcs[path[i]];
    std::uint32_t low = 0, high = geometry.length_mm(arc.edge());
    if (i == 0) (arc.backward() ? high : low) = along_mm(geometry, from);
    if (i + 1 == path.size()) (arc.backward() ? low : high) = along_mm(geometry, to);
    junctions.push_back(layout.stretches().size());
    layout.add(arc.edge(), arc.backward(), low, high);
  }
  const auto& stretches = layout.stretches();
  std::vector<RouteStep> steps;
  std::uint64_t whole_mm = 0, told_m = 0;
  const auto close = [&] {  // the step's metres are what the sum so far gains, so that all of them add up
    if (steps.empty()) return;
    const auto so_far = (whole_mm + 500) / 1000;
    steps.back().distance = {static_cast<std::int64_t>(so_far - told_m)};
    told_m = so_far;
  };
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    const bool at_junction = std::ranges::binary_search(junctions, i);
    const auto turn = i == 0 ? Turn::kDepart : turn_of(stretches[i - 1], stretches[i]);
    if (i == 0 || stretches[i].name != stretches[i - 1].name || (at_junction && turns(turn))) {
      close();
      steps.push_back({turn, geometry.names.of(stretches[i].name), {}, stretches[i].from.to_lat_lng(), {}});
    }
    auto& ways = steps.back().ways;
    if (stretches[i].way != 0 && (ways.empty() || ways.back() != stretches[i].way))
      ways.push_back(stretches[i].way);
    whole_mm += stretches[i].length_mm;
  }
  close();
  return steps;
}

}  // namespace reckon::road

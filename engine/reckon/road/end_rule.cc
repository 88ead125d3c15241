#include "reckon/road/end_rule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reckon::road {
namespace {

/// The segment under a position as its arc drives it, in the plane at the place: the place is the origin.
struct Driven {
  geo::LocalPoint from;
  geo::LocalPoint along;
};

Driven driven(const EdgeGeometry& geometry, const EdgePosition& position, bool backward, geo::PlaceE7 place) {
  const geo::LocalFrame frame(place);
  auto a = frame.at(geometry.points[position.point]);
  auto b = frame.at(geometry.points[position.point + 1]);
  if (backward) std::swap(a, b);
  return {a, {b.x - a.x, b.y - a.y}};
}

// How far the place lies to the right of the line.
double right_m(const Driven& line) {
  const double length = std::sqrt(line.along.x * line.along.x + line.along.y * line.along.y);
  return length > 0 ? (line.along.x * line.from.y - line.along.y * line.from.x) / length : 0;
}

bool on_side(const Driven& line, Approach approach) {
  switch (approach) {
    case Approach::kEither:
      return true;
    case Approach::kRight:
      return right_m(line) > -kOnTheLineM;
    case Approach::kLeft:
      return right_m(line) < kOnTheLineM;
  }
  return true;
}

bool faces(const Driven& line, double heading_deg) {
  const double radians = heading_deg * (std::numbers::pi / 180);
  const double ahead = line.along.x * std::sin(radians) + line.along.y * std::cos(radians);
  const double length = std::sqrt(line.along.x * line.along.x + line.along.y * line.along.y);
  return ahead >= length * std::cos(kFacingDeg * (std::numbers::pi / 180));
}

}  // namespace

bool keep_by_rule(const EdgeGeometry& geometry, const ArcGraph& graph, const Snap& snap, geo::PlaceE7 place,
                  const EndRule& rule, std::size_t first, std::vector<Terminal>& terminals) {
  if (rule.asks_nothing()) return true;
  const auto breaks = [&](const Terminal& terminal) {
    const auto line =
        driven(geometry, snap.positions[terminal.position], graph.arcs[terminal.arc].backward(), place);
    return !on_side(line, rule.approach) || (rule.heading_deg && !faces(line, *rule.heading_deg));
  };
  const auto begin = terminals.begin() + static_cast<std::ptrdiff_t>(first);
  if (std::all_of(begin, terminals.end(), breaks)) return begin == terminals.end();
  terminals.erase(std::remove_if(begin, terminals.end(), breaks), terminals.end());
  return true;
}

}  // namespace reckon::road

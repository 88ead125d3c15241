#include "reckon/geo/polygon.h"

#include <algorithm>
#include <limits>

namespace reckon::geo {
namespace {

struct Edge {
  PointE7 a, b;
  std::size_t ring, index, ring_size;
  std::int32_t low() const { return std::min(a.lat, b.lat); }
  std::int32_t high() const { return std::max(a.lat, b.lat); }
};

int sign(std::int64_t value) {
  return (value > 0) - (value < 0);
}

bool between(std::int32_t a, std::int32_t b, std::int32_t p) {
  return p >= std::min(a, b) && p <= std::max(a, b);
}

bool on_segment(PointE7 a, PointE7 b, PointE7 p) {
  return turn_of(a, b, p) == 0 && between(a.lat, b.lat, p.lat) && between(a.lng, b.lng, p.lng);
}

// A common point of two sides, if they have one.
std::optional<PointE7> meeting(const Edge& one, const Edge& two) {
  for (const PointE7 p : {two.a, two.b})
    if (on_segment(one.a, one.b, p)) return p;
  for (const PointE7 p : {one.a, one.b})
    if (on_segment(two.a, two.b, p)) return p;
  const bool parts_two = sign(turn_of(one.a, one.b, two.a)) * sign(turn_of(one.a, one.b, two.b)) < 0;
  const bool parts_one = sign(turn_of(two.a, two.b, one.a)) * sign(turn_of(two.a, two.b, one.b)) < 0;
  return parts_one && parts_two ? std::optional(one.a) : std::nullopt;
}

// Neighbours on a ring share one corner and nothing else.
std::optional<PointE7> neighbour_fault(const Edge& first, const Edge& second) {
  if (on_segment(first.a, first.b, second.b)) return second.b;
  if (on_segment(second.a, second.b, first.a)) return first.a;
  return std::nullopt;
}

std::optional<PointE7> pair_fault(const Edge& one, const Edge& two) {
  if (one.ring == two.ring) {
    if ((one.index + 1) % one.ring_size == two.index) return neighbour_fault(one, two);
    if ((two.index + 1) % one.ring_size == one.index) return neighbour_fault(two, one);
  }
  return meeting(one, two);
}

std::vector<Edge> edges_of(const Polygon& polygon) {
  std::vector<Edge> edges;
  for (std::size_t r = 0; r < polygon.rings.size(); ++r) {
    const Ring& ring = polygon.rings[r];
    for (std::size_t i = 0; i < ring.size(); ++i)
      edges.push_back({ring[i], ring[(i + 1) % ring.size()], r, i, ring.size()});
  }
  return edges;
}

}  // namespace

Side side_of(const Polygon& polygon, PointE7 point) {
  if (!box_of(polygon).contains(point)) return Side::kOutside;
  bool inside = false;
  for (const Ring& ring : polygon.rings) {
    for (std::size_t i = 0; i < ring.size(); ++i) {
      const Side side = crossing_of(ring[i], ring[(i + 1) % ring.size()], point);
      if (side == Side::kEdge) return side;
      inside ^= side == Side::kInside;
    }
  }
  return inside ? Side::kInside : Side::kOutside;
}

std::optional<PointE7> crossing_fault(const Polygon& polygon) {
  auto edges = edges_of(polygon);
  std::ranges::sort(edges, {}, &Edge::low);
  std::vector<const Edge*> open;  // sides that may still share a latitude with what comes
  for (const Edge& edge : edges) {
    std::erase_if(open, [&](const Edge* other) { return other->high() < edge.low(); });
    for (const Edge* other : open) {
      if (std::max(edge.a.lng, edge.b.lng) < std::min(other->a.lng, other->b.lng) ||
          std::max(other->a.lng, other->b.lng) < std::min(edge.a.lng, edge.b.lng)) {
        continue;
      }
      if (const auto fault = pair_fault(*other, edge)) return fault;
    }
    open.push_back(&edge);
  }
  // No side crosses another: a hole lies inside where one of its corners does, and in no other hole.
  for (std::size_t hole = 1; hole < polygon.rings.size(); ++hole) {
    for (std::size_t other = 0; other < polygon.rings.size(); ++other) {
      if (other == hole) continue;
      const Side side = side_of(Polygon{{polygon.rings[other]}}, polygon.rings[hole][0]);
      if ((side == Side::kInside) != (other == 0)) return polygon.rings[hole][0];
    }
  }
  return std::nullopt;
}

Box box_of(const Polygon& polygon) {
  constexpr auto kLeast = std::numeric_limits<std::int32_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  Box box{{kMost, kMost}, {kLeast, kLeast}};
  if (polygon.rings.empty()) return box;
  for (const PointE7 p : polygon.rings[0]) {
    box.low = {std::min(box.low.lat, p.lat), std::min(box.low.lng, p.lng)};
    box.high = {std::max(box.high.lat, p.lat), std::max(box.high.lng, p.lng)};
  }
  return box;
}

}  // namespace reckon::geo

#pragma once

// Polygons on the map's own grid of 1e-7 degree. Whether a place lies inside is decided in integers, so that
// it is the same on every machine; sides are straight in longitude and latitude, as RFC 7946 says.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace reckon::geo {

/// A place in integers of 1e-7 degree; in range by whoever makes it.
struct PointE7 {
  std::int32_t lat = 0;
  std::int32_t lng = 0;

  friend bool operator==(const PointE7&, const PointE7&) = default;
};

/// A closed line of three or more corners; the last one is joined to the first.
using Ring = std::vector<PointE7>;

/// The outer ring first, holes after it. Valid (`ring_fault`, `crossing_fault`): at most kMaxSpanE7 wide and
/// high, no two sides cross or overlap, holes lie inside.
struct Polygon {
  std::vector<Ring> rings;
};

/// Wider polygons are refused: their cross products would need more than 64 bits, and no delivery zone is.
inline constexpr std::int64_t kMaxSpanE7 = 900'000'000;

enum class Side : std::uint8_t { kOutside, kEdge, kInside };

/// Twice the signed area of the triangle a, b, p: > 0 when p is left of a -> b. Exact while all three lie in
/// a box of kMaxSpanE7.
inline std::int64_t turn_of(PointE7 a, PointE7 b, PointE7 p) {
  return (std::int64_t{b.lng} - a.lng) * (std::int64_t{p.lat} - a.lat) -
         (std::int64_t{b.lat} - a.lat) * (std::int64_t{p.lng} - a.lng);
}

/// What one side says of a place: kEdge = it lies on it; kInside = a ray from it to the east crosses it once;
/// kOutside = it does not. Both in one box of kMaxSpanE7.
inline Side crossing_of(PointE7 a, PointE7 b, PointE7 p) {
  const bool rises = b.lat > p.lat;
  if ((a.lat > p.lat) == rises) {  // the ray passes by, unless the place lies on a level side or a corner
    if (p == a || p == b) return Side::kEdge;
    const bool level = a.lat == p.lat && b.lat == p.lat;
    return level && (a.lng < p.lng) != (b.lng < p.lng) ? Side::kEdge : Side::kOutside;
  }
  const std::int64_t turn = turn_of(a, b, p);
  if (turn == 0) return Side::kEdge;
  return (turn > 0) == rises ? Side::kInside : Side::kOutside;
}

/// Where a place lies. Cost: O(corners); AreaIndex answers the same faster.
Side side_of(const Polygon& polygon, PointE7 point);

/// A place where two sides of the polygon (of any of its rings) cross, touch other than at the corner that
/// they share, or overlap; or a hole that does not lie inside. Nothing: the polygon is valid.
/// Cost: O(n log n + pairs of sides that share latitudes).
std::optional<PointE7> crossing_fault(const Polygon& polygon);

/// South-west and north-east corners of the outer ring.
struct Box {
  PointE7 low, high;
  bool contains(PointE7 p) const {
    return p.lat >= low.lat && p.lat <= high.lat && p.lng >= low.lng && p.lng <= high.lng;
  }
};
Box box_of(const Polygon& polygon);

}  // namespace reckon::geo

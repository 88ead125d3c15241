#pragma once

// What answers about other trips say of this one. Where a provider has told the way from here to some third
// door and from there on, the trip is no longer than both together and no shorter than their difference; with
// many such doors the two bounds come close (landmarks: Goldberg and Harrelson 2005). For trips that no road
// map reaches, between doors that are known from other trips.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/geo/lat_lng.h"

namespace reckon::distance {

/// Third doors that are looked at for one trip; two shops may share many thousand customers.
inline constexpr std::size_t kMostThrough = 4096;

/// Answers of one provider for one vehicle, by door. Doors are the same when their coordinates agree to
/// 0.00004 degrees (4 m): what is known of a door is known of the geocoder's place for it. One thread at a
/// time.
class DoorGraph {
 public:
  /// Takes an answer; one of the same doors that is there gives way.
  /// @param number  of the answer, for `remove`
  void add(const geo::LatLng& from, const geo::LatLng& to, double metres, base::WallTime at,
           std::uint64_t number);
  /// Forgets an answer, unless a later one has taken its place.
  void remove(const geo::LatLng& from, const geo::LatLng& to, std::uint64_t number);

  struct Bounds {
    double low = 0;
    double high = std::numeric_limits<double>::infinity();
    std::optional<double> reverse;                  ///< what was said of the way back
    std::size_t through = 0;                        ///< third doors that told
    base::WallTime oldest = base::WallTime::max();  ///< of the answers that told
  };
  /// Bounds of a trip by answers not older than `since`; its own answer, if there is one, is left out. A leg
  /// that is known in the other direction only stands for its own: the bounds are exact where the way back is
  /// as long. Cost: a look-up for each answer of the door that has fewer.
  Bounds bounds(const geo::LatLng& from, const geo::LatLng& to,
                base::WallTime since = base::WallTime::min()) const;

 private:
  struct Leg {
    float metres = -1;  ///< negative: not told
    base::WallTime at{};
    std::uint64_t number = 0;
  };
  struct Pair {
    Leg out, in;
  };
  using Door = std::uint64_t;
  using Others = std::unordered_map<Door, Pair>;
  static Door door_of(const geo::LatLng& place);
  void drop(Door door, Door other, Leg Pair::*leg, std::uint64_t number);

  std::unordered_map<Door, Others> doors_;
};

}  // namespace reckon::distance

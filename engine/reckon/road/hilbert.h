#pragma once

// The Hilbert curve: one number for a place, near for near places.

#include <cstdint>
#include <utility>

#include "reckon/geo/local_frame.h"

namespace reckon::road {

/// Position of a place on the Hilbert curve over the whole of the 32-bit grid of 1e-7 degrees.
constexpr std::uint64_t hilbert_of(geo::PlaceE7 place) {
  auto x = static_cast<std::uint32_t>(place.lng) ^ 0x80000000u;
  auto y = static_cast<std::uint32_t>(place.lat) ^ 0x80000000u;
  std::uint64_t position = 0;
  for (std::uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
    const bool right = (x & bit) != 0;
    const bool upper = (y & bit) != 0;
    position = position << 2 | (right ? (upper ? 2u : 3u) : (upper ? 1u : 0u));
    if (upper) continue;
    if (right) {  // the lower quadrants are the curve turned
      x = ~x;
      y = ~y;
    }
    std::swap(x, y);
  }
  return position;
}

}  // namespace reckon::road

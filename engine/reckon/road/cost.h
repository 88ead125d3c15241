#pragma once

// What a path costs: time and length in one integer.

#include <cstdint>

namespace reckon::road {

/// Time first, then length, in one integer: sums and comparisons of costs are sums and comparisons of
/// integers, and of two equally fast paths the shorter one wins, so that a route's distance is well defined.
/// Upper 32 bits: milliseconds. Lower 32 bits: millimetres.
using Cost = std::uint64_t;

constexpr Cost cost_of(std::uint32_t time_ms, std::uint32_t length_mm) {
  return Cost{time_ms} << 32 | length_mm;
}
constexpr std::uint32_t time_ms_of(Cost cost) {
  return static_cast<std::uint32_t>(cost >> 32);
}
constexpr std::uint32_t length_mm_of(Cost cost) {
  return static_cast<std::uint32_t>(cost);
}

/// Each arc's time and length stay below this; a path's too, or it counts as no path: 24 days, 2,147 km. Two
/// such values add without a carry from length into time.
inline constexpr std::uint32_t kMaxWeight = 0x7fffffff;
inline constexpr Cost kNoCost = ~Cost{0};

constexpr bool fits(Cost cost) {
  return time_ms_of(cost) <= kMaxWeight && length_mm_of(cost) <= kMaxWeight;
}

/// Sums of two costs that both fit never carry from length into time; a sum that no longer fits is no path.
constexpr Cost plus(Cost a, Cost b) {
  const Cost sum = a + b;
  return fits(sum) ? sum : kNoCost;
}

/// Milliseconds for `length_mm` at a speed, rounded to the nearest: the one rule by which lengths become
/// times. Arc times are sums of it over the segments between neighbouring points.
constexpr std::uint32_t segment_time_ms(std::uint32_t length_mm, std::uint32_t metres_per_hour) {
  return static_cast<std::uint32_t>((std::uint64_t{length_mm} * 3600 + metres_per_hour / 2) /
                                    metres_per_hour);
}

}  // namespace reckon::road

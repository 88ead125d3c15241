#pragma once

// Whole metres and whole deciseconds: what prices and plans is an integer, rounded once. Raw numbers appear
// at the wire only, and carry their unit in their name.

#include <chrono>
#include <compare>
#include <cstdint>

namespace reckon::base {

/// A distance in whole metres.
struct Metres {
  std::int64_t value = 0;

  friend auto operator<=>(const Metres&, const Metres&) = default;
  friend Metres operator+(Metres a, Metres b) { return {a.value + b.value}; }
  friend Metres operator-(Metres a, Metres b) { return {a.value - b.value}; }
};

using Seconds = std::chrono::seconds;
using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;

/// An integer that names a thing; ids of different tags do not mix.
template <class Tag, class Rep = std::uint32_t>
struct StrongId {
  Rep value{};

  friend auto operator<=>(const StrongId&, const StrongId&) = default;
};

}  // namespace reckon::base

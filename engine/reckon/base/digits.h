#pragma once

// Decimal digits into memory of the caller's, two at a time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace reckon::base {

/// Of -2^63.
inline constexpr std::size_t kMaxDigits = 20;

inline constexpr auto kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

/// `value` below 100 as two digits; returns their end.
inline char* write_two(std::uint32_t value, char* out) {
  std::memcpy(out, kDigitPairs.data() + std::size_t{2} * value, 2);
  return out + 2;
}

/// Up to kMaxDigits characters; returns their end.
char* write_integer(std::int64_t number, char* out);

}  // namespace reckon::base

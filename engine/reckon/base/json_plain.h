#pragma once

// Which bytes of a text stand for themselves within a JSON string. Inside the room, for its two writers.

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace reckon::base {

/// ASCII, and no control character, quotation mark or backslash.
constexpr bool is_plain(char c) {
  return c >= 0x20 && c != '"' && c != '\\' && static_cast<unsigned char>(c) < 0x80;
}

/// Bytes looked at together.
template <class Word>
Word word_at(const char* text) {
  Word bytes{};
  std::memcpy(&bytes, text, sizeof bytes);
  return bytes;
}

/// Whether each of eight bytes stands for itself.
inline bool all_plain(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kTops = 0x8080808080808080;
  const auto below = [](std::uint64_t value, std::uint64_t bound) {
    return (value - kOnes * bound) & ~value;
  };
  return ((bytes | below(bytes, 0x20) | below(bytes ^ kOnes * '"', 1) | below(bytes ^ kOnes * '\\', 1)) &
          kTops) == 0;
}

/// Sixteen bytes at once.
#if defined(__SSE2__)
using Block = __m128i;
inline bool all_plain(Block bytes) {
  // Signed, so that bytes from 0x80 up are below a blank too.
  const Block low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
  const Block quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const Block backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return _mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash))) == 0;
}
#else
struct Block {
  std::uint64_t low, high;
};
inline bool all_plain(const Block& bytes) {
  return all_plain(bytes.low) && all_plain(bytes.high);
}
#endif

}  // namespace reckon::base

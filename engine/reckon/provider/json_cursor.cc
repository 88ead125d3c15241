#include "reckon/provider/json_cursor.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "reckon/base/limits.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace reckon::provider {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_structural(char c) {
  return c == '"' || (c | 0x20) == '{' || (c | 0x20) == '}';  // 0x20 is what tells [ from { and ] from }
}

const char* digits(const char* at, const char* end) {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

// The end of the number that begins at `at`, by JSON's grammar; null when there is none.
const char* number_end(const char* at, const char* end) {
  if (at != end && *at == '-') ++at;
  const char* const whole = at;
  at = digits(at, end);
  if (at == whole || (*whole == '0' && at - whole > 1)) return nullptr;
  if (at != end && *at == '.') {
    const char* const part = ++at;
    at = digits(at, end);
    if (at == part) return nullptr;
  }
  if (at == end || (*at != 'e' && *at != 'E')) return at;
  ++at;
  if (at != end && (*at == '+' || *at == '-')) ++at;
  const char* const power = at;
  at = digits(at, end);
  return at == power ? nullptr : at;
}

}  // namespace

const char* next_structural_plain(const char* at, const char* end) {
  while (at != end && !is_structural(*at)) ++at;
  return at;
}

#if defined(__SSE2__)
const char* next_structural(const char* at, const char* end) {
  const __m128i quote = _mm_set1_epi8('"'), open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');
  const __m128i fold = _mm_set1_epi8(0x20);
  for (; end - at >= 16; at += 16) {
    __m128i block;
    std::memcpy(&block, at, sizeof block);
    const __m128i folded = _mm_or_si128(block, fold);
    const __m128i brackets = _mm_or_si128(_mm_cmpeq_epi8(folded, open), _mm_cmpeq_epi8(folded, close));
    const auto found =
        static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, quote), brackets)));
    if (found != 0) return at + std::countr_zero(found);
  }
  return next_structural_plain(at, end);
}
#else
const char* next_structural(const char* at, const char* end) {
  return next_structural_plain(at, end);
}
#endif

void JsonCursor::blanks() {
  while (at_ != end_ && is_blank(*at_)) ++at_;
}

bool JsonCursor::take_if(char wanted) {
  blanks();
  if (given_up_ || at_ == end_ || *at_ != wanted) return false;
  ++at_;
  return true;
}

bool JsonCursor::take(char wanted) {
  return take_if(wanted) || give_up();
}

bool JsonCursor::deeper() {
  return ++depth_ <= base::kMaxJsonDepth || give_up();
}

std::optional<double> JsonCursor::number() {
  blanks();
  const char* const stop = given_up_ ? nullptr : number_end(at_, end_);
  double value = 0;
  if (stop == nullptr || std::from_chars(at_, stop, value).ec != std::errc{}) {
    give_up();
    return std::nullopt;
  }
  at_ = stop;
  return value;
}

std::optional<std::string_view> JsonCursor::string() {
  if (!take('"')) return std::nullopt;
  const char* const from = at_;
  while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) ++at_;
  if (at_ == end_ || *at_ != '"') {
    give_up();
    return std::nullopt;
  }
  return std::string_view(from, static_cast<std::size_t>(at_++ - from));
}

// From behind the opening quote to behind the closing one.
bool JsonCursor::skip_string() {
  for (;;) {
    const auto* quote = static_cast<const char*>(std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)));
    if (quote == nullptr) return give_up();
    const char* escapes = quote;
    while (escapes != at_ && escapes[-1] == '\\') --escapes;
    at_ = quote + 1;
    if ((quote - escapes) % 2 == 0) return true;
  }
}

// From behind the opening bracket to behind its closing one.
bool JsonCursor::skip_nested() {
  std::array<char, base::kMaxJsonDepth + 1> closers;
  std::size_t open = 0;
  closers[open++] = at_[-1] == '{' ? '}' : ']';
  while (open > 0) {
    at_ = next_structural(at_, end_);
    if (at_ == end_) return give_up();
    const char c = *at_++;
    if (c == '"') {
      if (!skip_string()) return false;
    } else if (c == '{' || c == '[') {
      if (depth_ + open >= base::kMaxJsonDepth) return give_up();
      closers[open++] = c == '{' ? '}' : ']';
    } else if (c != closers[--open]) {
      return give_up();
    }
  }
  return true;
}

bool JsonCursor::skip() {
  blanks();
  if (given_up_ || at_ == end_) return give_up();
  const char c = *at_;
  if (c == '"') return ++at_, skip_string();
  if (c == '{' || c == '[') return ++at_, skip_nested();
  const char* const from = at_;
  while (at_ != end_ && (is_digit(*at_) || (*at_ >= 'a' && *at_ <= 'z') || *at_ == '-' || *at_ == '+' ||
                         *at_ == '.' || *at_ == 'E')) {
    ++at_;
  }
  return at_ != from || give_up();
}

bool JsonCursor::at_end() {
  blanks();
  return !given_up_ && at_ == end_;
}

}  // namespace reckon::provider

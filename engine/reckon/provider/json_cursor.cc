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

bool is_bracket(char c) {
  return (c | 0x20) == '{' || (c | 0x20) == '}';  // 0x20 is what tells [ from { and ] from }
}

// Each bit becomes the parity of itself and all below it: from quotes to what stands within them.
std::uint64_t running_parity(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// The bytes that a backslash escapes; `carry` says that the byte before the first one is an escaping
// backslash, and is set for the next 64.
std::uint64_t escaped_bits(std::uint64_t backslashes, bool& carry) {
  std::uint64_t escaped = 0;
  bool escapes = carry;
  for (int i = 0; i < 64; ++i) {
    const bool backslash = ((backslashes >> i) & 1) != 0;
    if (escapes) escaped |= std::uint64_t{1} << i;
    escapes = !escapes && backslash;
  }
  carry = escapes;
  return escaped;
}

// What is nested round the place where a skip stands; depth is bounded by the caller.
struct Nesting {
  std::array<char, base::kMaxJsonDepth + 1> closers;
  std::size_t open = 0;

  enum class Step : std::uint8_t { kInside, kClosed, kBroken };
  Step take(char bracket, std::size_t most) {
    if (bracket == '{' || bracket == '[') {
      if (open >= most) return Step::kBroken;
      closers[open++] = bracket == '{' ? '}' : ']';
      return Step::kInside;
    }
    if (bracket != closers[--open]) return Step::kBroken;
    return open == 0 ? Step::kClosed : Step::kInside;
  }
};

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

// A number of at most 15 digits and no exponent, exactly: both the digits and the power of ten are whole
// doubles, so that their quotient is rounded once, as the number itself would be (Clinger 1990).
bool short_decimal(const char* at, const char* end, double& value) {
  constexpr std::array<double, 16> kPowers = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (end - at > 16) return false;
  const bool negative = *at == '-';
  std::int64_t digits = 0;
  std::size_t behind_point = 0;
  bool point = false;
  for (const char* c = at + (negative ? 1 : 0); c != end; ++c) {
    if (*c == '.') {
      point = true;
    } else if (is_digit(*c)) {
      digits = 10 * digits + (*c - '0');
      behind_point += point ? 1U : 0U;
    } else {
      return false;
    }
  }
  if (digits >= 1'000'000'000'000'000 || (negative && digits == 0)) return false;
  value = static_cast<double>(negative ? -digits : digits) / kPowers[behind_point];
  return true;
}

}  // namespace

StructuralBits structural_bits_plain(const char* bytes) {
  StructuralBits bits;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint64_t one = std::uint64_t{1} << i;
    if (bytes[i] == '"') bits.quotes |= one;
    if (bytes[i] == '\\') bits.backslashes |= one;
    if (is_bracket(bytes[i])) bits.brackets |= one;
  }
  return bits;
}

#if defined(__SSE2__)
StructuralBits structural_bits(const char* bytes) {
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
  const __m128i open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}'), fold = _mm_set1_epi8(0x20);
  StructuralBits bits;
  for (int part = 0; part < 4; ++part) {
    __m128i block;
    std::memcpy(&block, bytes + 16 * part, sizeof block);
    const __m128i folded = _mm_or_si128(block, fold);
    const __m128i brackets = _mm_or_si128(_mm_cmpeq_epi8(folded, open), _mm_cmpeq_epi8(folded, close));
    const auto mask = [part](__m128i found) {
      return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << (16 * part);
    };
    bits.quotes |= mask(_mm_cmpeq_epi8(block, quote));
    bits.backslashes |= mask(_mm_cmpeq_epi8(block, backslash));
    bits.brackets |= mask(brackets);
  }
  return bits;
}
#else
StructuralBits structural_bits(const char* bytes) {
  return structural_bits_plain(bytes);
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
  if (stop != nullptr && short_decimal(at_, stop, value)) {
    at_ = stop;
    return value;
  }
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

// From the opening bracket to behind its closing one, 64 bytes at a time. Escapes are rare here: a block that
// holds one is looked at bit by bit.
bool JsonCursor::skip_nested() {
  Nesting nesting;
  const std::size_t most = base::kMaxJsonDepth - depth_;
  std::uint64_t within = 0;  // all ones when the block begins inside of a string
  bool escaped = false;      // the block begins behind a backslash
  for (;; at_ += 64) {
    const auto left = static_cast<std::size_t>(end_ - at_);
    std::array<char, 64> last;
    const char* block = at_;
    if (left < 64) {
      if (left == 0) return give_up();
      last.fill(' ');
      std::memcpy(last.data(), at_, left);
      block = last.data();
    }
    auto bits = structural_bits(block);
    if (bits.backslashes != 0 || escaped) bits.quotes &= ~escaped_bits(bits.backslashes, escaped);
    const std::uint64_t strings = running_parity(bits.quotes) ^ within;
    for (auto brackets = bits.brackets & ~strings; brackets != 0; brackets &= brackets - 1) {
      const auto offset = std::countr_zero(brackets);
      const auto step = nesting.take(block[offset], most);
      if (step == Nesting::Step::kInside) continue;
      at_ += offset + 1;
      return step == Nesting::Step::kClosed || give_up();
    }
    within = (strings >> 63) != 0 ? ~std::uint64_t{0} : 0;
    if (left <= 64) return give_up();
  }
}

bool JsonCursor::skip() {
  blanks();
  if (given_up_ || at_ == end_) return give_up();
  const char c = *at_;
  if (c == '"') return ++at_, skip_string();
  if (c == '{' || c == '[') return skip_nested();
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

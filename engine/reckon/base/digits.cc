#include "reckon/base/digits.h"

#include <charconv>

namespace reckon::base {
namespace {

char* write_below_100(std::uint32_t value, char* out) {
  if (value >= 10) return write_two(value, out);
  *out = static_cast<char>('0' + value);
  return out + 1;
}

}  // namespace

// Most of what is written are metres and amounts of four digits.
char* write_integer(std::int64_t number, char* out) {
  if (number < 0 || number >= 10'000) return std::to_chars(out, out + kMaxDigits, number).ptr;
  const auto small = static_cast<std::uint32_t>(number);
  if (small < 100) return write_below_100(small, out);
  return write_two(small % 100, write_below_100(small / 100, out));
}

}  // namespace reckon::base

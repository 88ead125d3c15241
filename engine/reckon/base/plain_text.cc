#include "reckon/base/plain_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace reckon::base {
namespace {

// The code point of a valid sequence.
std::uint32_t code_point(std::string_view sequence) {
  constexpr std::array<unsigned char, 5> kLeadBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t value = static_cast<unsigned char>(sequence[0]) & kLeadBits[sequence.size()];
  for (const char c : sequence.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3FU);
  return value;
}

// Control characters (C0, DEL, C1), line and paragraph separators, and those that turn the direction of
// writing.
bool is_control(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x061C || c == 0xFEFF;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) > 0x9F;
  const bool beyond = lead == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

bool looks_like_formula(std::string_view text) {
  constexpr std::array<std::string_view, 10> kBegins = {"=",  "+",  "-",  "@",  "\t",
                                                        "\r", "＝", "＋", "－", "＠"};
  return std::ranges::any_of(kBegins, [&](std::string_view begin) { return text.starts_with(begin); });
}

std::string plain_text_fault(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes)
    return fmt::format("has {} bytes; at most {} are allowed", text.size(), max_bytes);
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(text.substr(at));
    if (length == 0) return fmt::format("is no UTF-8 at byte {}; one line of UTF-8 is allowed", at + 1);
    const auto c = code_point(text.substr(at, length));
    if (is_control(c))
      return fmt::format("has the control character U+{:04X} at byte {}; one line of plain text is allowed",
                         c, at + 1);
    at += length;
  }
  if (looks_like_formula(text))
    return fmt::format(
        "begins with '{}', which a spreadsheet takes for a formula; another beginning is needed",
        text.substr(0, utf8_length(text)));
  return {};
}

}  // namespace reckon::base

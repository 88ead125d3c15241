#include "reckon/base/time_text.h"

#include <fmt/format.h>

#include <cstdint>

#include "reckon/base/digits.h"

namespace reckon::base {
namespace {

char* write_year(char* out, int year) {
  if (year < 0 || year > 9999) return fmt::format_to(out, "{:04}", year);
  const auto four = static_cast<std::uint32_t>(year);
  return write_two(four % 100, write_two(four / 100, out));
}

}  // namespace

char* write_rfc3339(WallTime time, char* out) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto micros = static_cast<std::uint64_t>((time - day).count());
  const auto second = static_cast<std::uint32_t>(micros / 1'000'000);
  const auto fraction = static_cast<std::uint32_t>(micros % 1'000'000);
  const auto put = [&out](char before, std::uint32_t value) {
    *out = before;
    out = write_two(value, out + 1);
  };
  out = write_year(out, static_cast<int>(date.year()));
  put('-', static_cast<unsigned>(date.month()));
  put('-', static_cast<unsigned>(date.day()));
  put('T', second / 3600);
  put(':', second / 60 % 60);
  put(':', second % 60);
  if (fraction != 0) {
    put('.', fraction / 10'000);
    out = write_two(fraction % 100, write_two(fraction / 100 % 100, out));
  }
  *out++ = 'Z';
  return out;
}

}  // namespace reckon::base

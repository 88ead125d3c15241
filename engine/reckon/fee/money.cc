#include "reckon/fee/money.h"

#include <algorithm>

#include "reckon/base/result.h"

namespace reckon::fee {
namespace {

__extension__ using Wide = __int128;

Wide divide(Wide numerator, Wide denominator, RoundingMode mode) {
  const auto floor_of = [denominator](Wide value) {
    const Wide quotient = value / denominator;
    return value % denominator < 0 ? quotient - 1 : quotient;
  };
  switch (mode) {
    case RoundingMode::kDown:
      return floor_of(numerator);
    case RoundingMode::kUp:
      return -floor_of(-numerator);
    case RoundingMode::kHalfUp:
      return floor_of(numerator + denominator / 2);
  }
  return 0;
}

}  // namespace

std::optional<Currency> currency_from(std::string_view code) {
  if (code.size() != 3 || !std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; }))
    return std::nullopt;
  return Currency{{code[0], code[1], code[2], '\0'}};
}

std::string_view to_string(RoundingMode mode) {
  switch (mode) {
    case RoundingMode::kDown:
      return "down";
    case RoundingMode::kUp:
      return "up";
    case RoundingMode::kHalfUp:
      return "half_up";
  }
  return "unknown";
}

std::optional<RoundingMode> rounding_mode_from(std::string_view name) {
  for (const auto mode : {RoundingMode::kDown, RoundingMode::kUp, RoundingMode::kHalfUp}) {
    if (to_string(mode) == name) return mode;
  }
  return std::nullopt;
}

Money round_to(Money amount, std::int64_t unit, RoundingMode mode) {
  RECKON_CHECK(unit > 0);
  return {static_cast<std::int64_t>(divide(amount.minor, unit, mode) * unit)};
}

Money rate_of(Money amount, std::int64_t ppm, RoundingMode mode) {
  return {static_cast<std::int64_t>(divide(Wide{amount.minor} * ppm, 1'000'000, mode))};
}

}  // namespace reckon::fee

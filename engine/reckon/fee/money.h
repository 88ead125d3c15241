#pragma once

// Money is an integer of minor units with a currency. Amounts and rates are bounded where they are read
// (limits below), so that no sum or product in this room can overflow; rates are rounded where the tariff
// says, and how.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reckon::fee {

/// Largest amount a tariff may name, in minor units: 10^9 won is far beyond any delivery.
inline constexpr std::int64_t kMaxAmountMinor = 1'000'000'000;

/// Largest rate in parts per million: 1000 %.
inline constexpr std::int64_t kMaxRatePpm = 10'000'000;

/// An ISO 4217 code of three capitals. Minor units are whatever ISO 4217 says of it (won: none, dollar:
/// cent).
struct Currency {
  char code[4] = "KRW";

  std::string_view text() const { return {code, 3}; }
  friend bool operator==(const Currency& a, const Currency& b) { return a.text() == b.text(); }
};

/// The currency of this code, or nothing when ISO 4217 has none of it.
std::optional<Currency> currency_from(std::string_view code);

/// An amount in minor units; the currency stands once, in the tariff.
struct Money {
  std::int64_t minor = 0;

  friend auto operator<=>(const Money&, const Money&) = default;
  friend Money operator+(Money a, Money b) { return {a.minor + b.minor}; }
  friend Money operator-(Money a, Money b) { return {a.minor - b.minor}; }
};

enum class RoundingMode : std::uint8_t { kDown, kUp, kHalfUp };

std::string_view to_string(RoundingMode mode);
std::optional<RoundingMode> rounding_mode_from(std::string_view name);

/// `amount` to a multiple of `unit` (> 0). `down` is towards minus infinity, `up` towards plus infinity,
/// `half_up` to the nearest with halves towards plus infinity.
Money round_to(Money amount, std::int64_t unit, RoundingMode mode);

/// `ppm` parts per million of `amount`, rounded to a minor unit. Exact: 128 bits in between.
Money rate_of(Money amount, std::int64_t ppm, RoundingMode mode);

}  // namespace reckon::fee

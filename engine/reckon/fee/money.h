#pragma once

// Money is an integer of minor units with a currency. Amounts and rates are bounded where they are read
// (limits below); sums and products of them are checked, with 128 bits in between, and rounded where the
// tariff says, and how.

#include <array>
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
/// cent, dinar of Kuwait: a thousandth).
struct Currency {
  char code[4] = "KRW";

  std::string_view text() const { return {code, 3}; }
  /// Decimal digits of its minor unit: 0 (KRW), 2 (USD) or 3 (KWD).
  int digits() const;
  friend bool operator==(const Currency& a, const Currency& b) { return a.text() == b.text(); }
};

/// The currency of this code, or nothing when ISO 4217 has none of it.
std::optional<Currency> currency_from(std::string_view code);

/// An amount in minor units; the currency stands once, in the tariff. `+` and `-` end the process where 64
/// bits do not suffice: whoever adds what comes from outside uses `add`.
struct Money {
  std::int64_t minor = 0;

  friend auto operator<=>(const Money&, const Money&) = default;
  friend Money operator+(Money a, Money b);
  friend Money operator-(Money a, Money b);
};

/// The sum, or nothing when it does not fit 64 bits.
std::optional<Money> add(Money a, Money b);

/// `4,500 KRW`, `1,234.50 USD`, `0.125 KWD`: for people.
std::string readable(Money amount, const Currency& currency);

enum class RoundingMode : std::uint8_t { kDown, kUp, kHalfUp, kHalfDown, kHalfEven };
inline constexpr std::array<std::string_view, 5> kRoundingNames = {"down", "up", "half_up", "half_down",
                                                                   "half_even"};

std::string_view to_string(RoundingMode mode);
std::optional<RoundingMode> rounding_mode_from(std::string_view name);

/// To a multiple of `unit` (> 0, at most kMaxAmountMinor). `down` is towards minus infinity, `up` towards
/// plus infinity; the `half_` modes go to the nearest multiple, halves towards plus infinity (`half_up`),
/// minus infinity (`half_down`) or the even multiple (`half_even`).
struct Rounding {
  std::int64_t unit = 1;
  RoundingMode mode = RoundingMode::kDown;

  friend bool operator==(const Rounding&, const Rounding&) = default;
};

/// `amount` x `numerator` / `denominator`, rounded once; exact: 128 bits in between.
/// @param denominator  > 0, at most 10^9
/// @return nothing when the result does not fit 64 bits
std::optional<Money> scaled(Money amount, std::int64_t numerator, std::int64_t denominator,
                            const Rounding& rounding);

/// `amount` to a multiple of `unit`; nothing when that does not fit 64 bits.
std::optional<Money> round_to(Money amount, std::int64_t unit, RoundingMode mode);

/// `ppm` parts per million of `amount`, rounded to a minor unit; nothing when that does not fit 64 bits.
std::optional<Money> rate_of(Money amount, std::int64_t ppm, RoundingMode mode);

}  // namespace reckon::fee

#include "reckon/fee/money.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "reckon/base/result.h"

namespace reckon::fee {
namespace {

__extension__ using Wide = __int128;

// ISO 4217, active codes of money in circulation (docs/sources.md#currencies).
constexpr std::string_view kCurrencies =
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL "
    "HTG HUF "
    "IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL "
    "MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON "
    "RSD RUB "
    "RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH "
    "UGX USD "
    "UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ";

// Currencies whose minor unit is not a hundredth (docs/sources.md#currencies).
constexpr std::string_view kWithoutDigits =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF ";
constexpr std::string_view kWithThreeDigits = "BHD IQD JOD KWD LYD OMR TND ";

Wide floor_div(Wide numerator, Wide denominator) {
  const Wide quotient = numerator / denominator;
  return numerator % denominator < 0 ? quotient - 1 : quotient;
}

Wide half_even(Wide numerator, Wide denominator) {
  const Wide below = floor_div(numerator, denominator);
  const Wide twice = 2 * (numerator - below * denominator);
  if (twice != denominator) return twice < denominator ? below : below + 1;
  return below % 2 == 0 ? below : below + 1;
}

Wide divide(Wide numerator, Wide denominator, RoundingMode mode) {
  switch (mode) {
    case RoundingMode::kDown:
      return floor_div(numerator, denominator);
    case RoundingMode::kUp:
      return -floor_div(-numerator, denominator);
    case RoundingMode::kHalfUp:
      return floor_div(numerator + denominator / 2, denominator);
    case RoundingMode::kHalfDown:
      return -floor_div(-numerator + denominator / 2, denominator);
    case RoundingMode::kHalfEven:
      return half_even(numerator, denominator);
  }
  return 0;
}

std::optional<Money> fitted(Wide minor) {
  if (minor < std::numeric_limits<std::int64_t>::min() || minor > std::numeric_limits<std::int64_t>::max())
    return std::nullopt;
  return Money{static_cast<std::int64_t>(minor)};
}

}  // namespace

int Currency::digits() const {
  if (kWithoutDigits.find(text()) != std::string_view::npos) return 0;
  return kWithThreeDigits.find(text()) != std::string_view::npos ? 3 : 2;
}

std::optional<Currency> currency_from(std::string_view code) {
  if (code.size() != 3 || code.find(' ') != std::string_view::npos) return std::nullopt;
  const auto at = kCurrencies.find(code);
  if (at == std::string_view::npos || at % 4 != 0) return std::nullopt;
  return Currency{{code[0], code[1], code[2], '\0'}};
}

std::optional<Money> add(Money a, Money b) {
  return fitted(Wide{a.minor} + b.minor);
}

Money operator+(Money a, Money b) {
  const auto sum = add(a, b);
  RECKON_CHECK(sum.has_value());
  return *sum;
}

Money operator-(Money a, Money b) {
  const auto difference = fitted(Wide{a.minor} - b.minor);
  RECKON_CHECK(difference.has_value());
  return *difference;
}

std::string readable(Money amount, const Currency& currency) {
  const int digits = currency.digits();
  std::uint64_t unit = 1;
  for (int i = 0; i < digits; ++i) unit *= 10;
  const auto size = amount.minor < 0 ? 0 - static_cast<std::uint64_t>(amount.minor)
                                     : static_cast<std::uint64_t>(amount.minor);
  std::string whole = std::to_string(size / unit);
  for (std::size_t at = whole.size(); at > 3; at -= 3) whole.insert(at - 3, ",");
  const std::string part = digits == 0 ? "" : fmt::format(".{:0{}}", size % unit, digits);
  return fmt::format("{}{}{} {}", amount.minor < 0 ? "-" : "", whole, part, currency.text());
}

std::string_view to_string(RoundingMode mode) {
  return kRoundingNames[static_cast<std::size_t>(mode)];
}

std::optional<RoundingMode> rounding_mode_from(std::string_view name) {
  const auto* found = std::ranges::find(kRoundingNames, name);
  if (found == kRoundingNames.end()) return std::nullopt;
  return static_cast<RoundingMode>(found - kRoundingNames.begin());
}

std::optional<Money> scaled(Money amount, std::int64_t numerator, std::int64_t denominator,
                            const Rounding& rounding) {
  RECKON_CHECK(denominator > 0 && denominator <= 1'000'000'000 && rounding.unit > 0);
  const Wide multiples =
      divide(Wide{amount.minor} * numerator, Wide{denominator} * rounding.unit, rounding.mode);
  // A numerator and a denominator of 64 bits each give up to 126 bits; what is too large must not be
  // multiplied by the unit before it is seen.
  if (!fitted(multiples)) return std::nullopt;
  return fitted(multiples * rounding.unit);
}

std::optional<Money> round_to(Money amount, std::int64_t unit, RoundingMode mode) {
  return scaled(amount, 1, 1, {unit, mode});
}

std::optional<Money> rate_of(Money amount, std::int64_t ppm, RoundingMode mode) {
  return scaled(amount, ppm, 1'000'000, {1, mode});
}

}  // namespace reckon::fee

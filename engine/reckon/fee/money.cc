#include "reckon/fee/money.h"

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
  if (code.size() != 3 || code.find(' ') != std::string_view::npos) return std::nullopt;
  const auto at = kCurrencies.find(code);
  if (at == std::string_view::npos || at % 4 != 0) return std::nullopt;
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

#include "reckon/fee/money.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using reckon::fee::Money;
using reckon::fee::RoundingMode;

TEST_CASE("round_to: each mode, also below zero") {
  struct Row {
    std::int64_t amount, down, up, half_up;
    std::string why;
  };
  for (const Row& row :
       {Row{1250, 1200, 1300, 1300, "a half goes up"}, Row{1249, 1200, 1300, 1200, "below the half"},
        Row{1200, 1200, 1200, 1200, "a multiple stays"}, Row{0, 0, 0, 0, "zero"},
        Row{-1250, -1300, -1200, -1200, "up is towards plus infinity"}}) {
    CAPTURE(row.why);
    CHECK(round_to(Money{row.amount}, 100, RoundingMode::kDown) == Money{row.down});
    CHECK(round_to(Money{row.amount}, 100, RoundingMode::kUp) == Money{row.up});
    CHECK(round_to(Money{row.amount}, 100, RoundingMode::kHalfUp) == Money{row.half_up});
  }
}

TEST_CASE("rate_of: exact in parts per million, even for the largest amounts") {
  CHECK(rate_of(Money{4950}, 100'000, RoundingMode::kDown) == Money{495});
  CHECK(rate_of(Money{3333}, 100'000, RoundingMode::kDown) == Money{333});
  CHECK(rate_of(Money{3335}, 100'000, RoundingMode::kHalfUp) == Money{334});
  CHECK(rate_of(Money{1'000'000'000'000'000}, 10'000'000, RoundingMode::kDown) ==
        Money{10'000'000'000'000'000});
}

TEST_CASE("currency_from: a code of ISO 4217") {
  CHECK(reckon::fee::currency_from("KRW")->text() == "KRW");
  for (const std::string code : {"", "krw", "KR", "KRWX", "K1W", "WON", "RW "}) {
    CAPTURE(code);
    CHECK_FALSE(reckon::fee::currency_from(code));
  }
}

TEST_CASE("round_to: halves to either side or to the even multiple") {
  struct Row {
    std::int64_t amount, half_down, half_even;
    std::string why;
  };
  for (const Row& row :
       {Row{1250, 1200, 1200, "12.5 hundreds: 12 is even"},
        Row{1350, 1300, 1400, "13.5 hundreds: 14 is even"}, Row{1251, 1300, 1300, "above the half"},
        Row{1249, 1200, 1200, "below the half"}, Row{-1250, -1300, -1200, "down is towards minus infinity"},
        Row{-50, -100, 0, "zero is even"}}) {
    CAPTURE(row.why);
    CHECK(round_to(Money{row.amount}, 100, RoundingMode::kHalfDown) == Money{row.half_down});
    CHECK(round_to(Money{row.amount}, 100, RoundingMode::kHalfEven) == Money{row.half_even});
  }
}

TEST_CASE("money: what does not fit 64 bits is nothing, never another amount") {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  CHECK_FALSE(add(Money{kMost}, Money{1}));
  CHECK_FALSE(add(Money{-kMost}, Money{-2}));
  CHECK(add(Money{kMost}, Money{0}) == Money{kMost});
  CHECK_FALSE(rate_of(Money{kMost}, 1'000'001, RoundingMode::kDown));
  CHECK(rate_of(Money{kMost}, 1'000'000, RoundingMode::kDown) == Money{kMost});
  CHECK_FALSE(round_to(Money{kMost}, 1000, RoundingMode::kUp));
  CHECK_FALSE(scaled(Money{kMost}, kMost, 1, {1'000'000'000, RoundingMode::kUp}));
  CHECK(scaled(Money{kMost}, kMost, 1, {1, RoundingMode::kUp}) == std::nullopt);
}

TEST_CASE("readable: the digits of the currency's minor unit") {
  using reckon::fee::currency_from;
  CHECK(readable(Money{1'234'567}, *currency_from("KRW")) == "1,234,567 KRW");
  CHECK(readable(Money{1'234'567}, *currency_from("USD")) == "12,345.67 USD");
  CHECK(readable(Money{1'234'567}, *currency_from("KWD")) == "1,234.567 KWD");
  CHECK(readable(Money{-5}, *currency_from("USD")) == "-0.05 USD");
  CHECK(readable(Money{0}, *currency_from("JPY")) == "0 JPY");
  CHECK(readable(Money{std::numeric_limits<std::int64_t>::min()}, *currency_from("KRW")) ==
        "-9,223,372,036,854,775,808 KRW");
}

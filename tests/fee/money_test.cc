#include "reckon/fee/money.h"

#include <doctest/doctest.h>

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

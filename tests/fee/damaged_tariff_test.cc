// Damaged tariff files: refused with a place, or read; never a crash, never another tariff after a round
// trip.

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "fee/random_tariff_fixture.h"
#include "reckon/base/file.h"
#include "reckon/fee/lint.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"

using namespace reckon;

namespace {

// One to four small damages: a byte changed, a stretch left out, doubled, or put elsewhere.
std::string damaged(std::string text, std::mt19937_64& random) {
  static const std::string kBytes = "{}[]\",:0123456789-.eE+ntfu\\ \x01\xff";
  for (auto left = 1 + random() % 4; left > 0 && !text.empty(); --left) {
    const std::size_t at = random() % text.size(), length = 1 + random() % 24;
    switch (random() % 4) {
      case 0:
        text[at] = kBytes[random() % kBytes.size()];
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      default:
        text.insert(random() % text.size(), text.substr(at, length));
    }
  }
  return text;
}

}  // namespace

TEST_CASE("read_tariff: damaged files are refused with a place or read whole, never a crash") {
  std::mt19937_64 random(20261126);
  test::RandomTariffs generator(3);
  MESSAGE("seeds 20261126 and 3");
  const auto shipped =
      base::read_file(std::string(RECKON_SOURCE_DIR) + "/data/tariffs/v3-zones.json", 1 << 20).value();
  int read = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto text = damaged(i % 3 == 0 ? shipped : generator.tariff(), random);
    const auto tariff = fee::read_tariff(text, "t");
    if (!tariff) {
      ++refused;
      REQUIRE(tariff.error().where.starts_with("t"));
      REQUIRE_FALSE(tariff.error().message.empty());
      continue;
    }
    ++read;
    fee::lint(*tariff);
    REQUIRE(fee::read_tariff(tariff->canonical, "canonical").value().release == tariff->release);
    fee::Fee fee;
    fee::FeeContext context;
    context.at = tariff->valid_from;
    const auto priced = tariff->plan->evaluate(
        {{1234}, geo::PointE7{370'000'000, 1'270'000'000}, geo::PointE7{}}, context, fee);
    REQUIRE((priced || !priced.error().where.empty()));
  }
  CHECK(read > 30);
  CHECK(refused > 500);
}

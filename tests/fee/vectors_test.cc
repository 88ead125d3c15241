// The worked examples that stand in the shipped tariff files.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "fee/fee_fixture.h"
#include "fee/fee_reference.h"
#include "reckon/base/file.h"
#include "reckon/base/json_reader.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"

using namespace reckon;

namespace {

std::vector<std::filesystem::path> shipped_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(RECKON_SOURCE_DIR) + "/data/tariffs")) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".json") && !name.ends_with(".schema.json")) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

void check_vector(const std::shared_ptr<const fee::Tariff>& tariff, const fee::Vector& vector,
                  const test::ReferenceFee& reference) {
  CAPTURE(tariff->id);
  CAPTURE(vector.name);
  const auto trace = fee::price(tariff, vector.context, {vector.distance, "road", {}, vector.trip});
  CHECK(vector.why.size() >= 5);
  CHECK(reference.refused == vector.refused);
  if (!vector.refused.empty()) {
    REQUIRE_FALSE(trace);
    CHECK(trace.error().where == vector.refused);
    return;
  }
  REQUIRE(trace);
  CHECK(trace->total == vector.total);
  CHECK(reference.total == vector.total.minor);
  if (vector.rider_pay) {
    REQUIRE(trace->rider_pay);
    CHECK(trace->rider_pay->total == *vector.rider_pay);
    CHECK(reference.rider_pay == vector.rider_pay->minor);
  }
  if (vector.vat) {
    CHECK(trace->vat == vector.vat);
    CHECK(reference.vat == vector.vat->minor);
  }
}

}  // namespace

TEST_CASE("shipped tariffs: every vector holds, in the engine and in the reference") {
  std::size_t vectors = 0;
  for (const auto& file : shipped_files()) {
    const auto bytes = base::read_file(file, fee::kMaxTariffBytes).value();
    const auto tariff = test::shipped_tariff(file.stem().string());
    const test::ReferenceTariff reference(bytes);
    const auto document = base::JsonDocument::parse(bytes, "tariff").value();
    base::Faults faults("tariff");
    const auto items = document.root(faults).required("vectors").items(1000);
    REQUIRE(items.size() == tariff->vectors.size());
    CHECK(items.size() >= 2);
    for (std::size_t i = 0; i < items.size(); ++i)
      check_vector(tariff, tariff->vectors[i], reference.price(items[i].dump()));
    vectors += items.size();
  }
  CHECK(vectors >= 65 + 19 + 21);
}

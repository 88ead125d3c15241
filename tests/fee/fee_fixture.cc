#include "fee/fee_fixture.h"

#include <doctest/doctest.h>

#include "reckon/base/file.h"
#include "reckon/fee/tariff_reader.h"

namespace reckon::test {
namespace {

constexpr const char* kSmallTariff = R"({"id":"small","version":1,"currency":"KRW","time_zone":"Asia/Seoul",
"valid_from":"2022-01-01T00:00:00+09:00","distance":{"basis":"road"},"base":{"price":1000,"up_to_m":1000},
"steps":[{"beyond_m":1000,"length_m":100,"price":100}],"surcharges":[],"vat":null})";

std::shared_ptr<const fee::Tariff> must_read(const std::string& bytes, const std::string& name) {
  auto tariff = fee::read_tariff(bytes, name);
  if (!tariff) FAIL(name << ": " << tariff.error().where << ": " << tariff.error().message);
  return std::make_shared<const fee::Tariff>(std::move(*tariff));
}

}  // namespace

std::shared_ptr<const fee::Tariff> shipped_tariff(const std::string& name) {
  const std::string path = std::string(RECKON_SOURCE_DIR) + "/data/tariffs/" + name + ".json";
  return must_read(base::read_file(path, fee::kMaxTariffBytes).value(), path);
}

std::string small_tariff_json(const std::string& what, const std::string& replace) {
  std::string json = kSmallTariff;
  if (what.empty()) return json;
  const auto at = json.find(what);
  REQUIRE_MESSAGE(at != std::string::npos, "the small tariff has no " << what);
  return json.replace(at, what.size(), replace);
}

std::shared_ptr<const fee::Tariff> read_json(const std::string& json) {
  return must_read(json, "json");
}

std::shared_ptr<const fee::Tariff> small_tariff(const std::string& what, const std::string& replace) {
  return must_read(small_tariff_json(what, replace), "small");
}

}  // namespace reckon::test

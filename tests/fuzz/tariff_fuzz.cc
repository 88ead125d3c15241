// libFuzzer: any bytes as a tariff. Seeds: data/tariffs/*.json.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reckon/fee/lint.h"
#include "reckon/fee/plan.h"
#include "reckon/fee/tariff_reader.h"

using namespace reckon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto tariff = fee::read_tariff({reinterpret_cast<const char*>(data), size}, "t");
  if (!tariff) return 0;
  const auto again = fee::read_tariff(tariff->canonical, "canonical");
  if (!again || again->release != tariff->release) std::abort();
  fee::lint(*tariff);
  fee::Fee fee;
  fee::FeeContext context;
  context.at = tariff->valid_from;
  const auto priced = tariff->plan->evaluate({{1234}, geo::PointE7{}, geo::PointE7{}}, context, fee);
  if (!priced && priced.error().where.empty()) std::abort();
  return 0;
}

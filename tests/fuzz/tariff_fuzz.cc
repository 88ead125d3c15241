// libFuzzer: any bytes as a tariff. Seeds: data/tariffs/*.json.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reckon/fee/lint.h"
#include "reckon/fee/plan.h"
#include "reckon/fee/tariff_reader.h"

using namespace reckon;

namespace {

void price(const fee::Tariff& tariff, const fee::FeeContext& context) {
  fee::Fee fee;
  const auto priced = tariff.plan->evaluate({{1234}, geo::PointE7{}, geo::PointE7{}}, context, fee);
  if (!priced && priced.error().where.empty()) std::abort();
  std::int64_t sum = 0;
  for (const auto& line : fee.lines) sum += line.amount.minor;
  if (priced && sum != fee.total.minor) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto tariff = fee::read_tariff({reinterpret_cast<const char*>(data), size}, "t");
  if (!tariff) return 0;
  const auto again = fee::read_tariff(tariff->canonical, "canonical");
  if (!again || again->release != tariff->release) std::abort();
  fee::lint(*tariff);
  fee::FeeContext context;
  context.at = tariff->valid_from;
  price(*tariff, context);
  context.route = fee::RoutePart{{2850}, {{1500}, {0}, {1000}}, 2, 3};
  price(*tariff, context);
  context.outcome = fee::Outcome{fee::Ending::kReturned, fee::OrderState::kAtDropoff};
  price(*tariff, context);
  if (tariff->rider_pay) price(*tariff->rider_pay, context);
  return 0;
}

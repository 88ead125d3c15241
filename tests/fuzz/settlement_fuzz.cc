// libFuzzer: any bytes as terms of settlement and as delivered orders. Seeds: data/settlement/*.json, a CSV,
// JSON lines.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reckon/ledger/settlement_import.h"
#include "reckon/ledger/settlement_terms.h"

using namespace reckon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  ledger::RowFaults faults;
  for (const auto& row : ledger::read_deliveries(bytes, "d", faults))
    if (!ledger::is_party_name(row.shop)) std::abort();
  for (const auto& fault : faults.list())
    if (fault.where.empty()) std::abort();
  const auto terms = ledger::read_terms(bytes, "t");
  if (!terms) return 0;
  const auto again = ledger::read_terms(terms->text, "text");
  if (!again || again->release != terms->release) std::abort();
  for (const auto& share : terms->shares)
    if (share.rider_ppm + share.branch_ppm + share.head_office_ppm != 1'000'000) std::abort();
  return 0;
}

#include "reckon/ledger/why_not.h"

#include <string_view>

namespace reckon::ledger {

std::vector<std::string> providers_missed(const base::JsonNode& distance) {
  constexpr std::string_view kProvider = "provider:";
  constexpr std::size_t kMostRungs = 100;
  std::vector<std::string> missed;
  for (const auto& why : distance.optional("why_not").items(kMostRungs)) {
    const auto rung = why.required("rung").string(), reason = why.required("reason").string();
    if (!rung || !reason || !rung->starts_with(kProvider)) continue;
    if (*reason == "vehicle" || *reason == "same_place") continue;
    missed.emplace_back(rung->substr(kProvider.size()));
  }
  return missed;
}

}  // namespace reckon::ledger

#include "reckon/ledger/why_not.h"

#include <functional>

namespace reckon::ledger {
namespace {

constexpr std::string_view kProvider = "provider:", kMemory = "memory:";
constexpr std::size_t kMostRungs = 100;

}  // namespace

std::vector<std::string> providers_missed(const base::JsonNode& distance) {
  std::vector<std::string> missed;
  for (const auto& why : distance.optional("why_not").items(kMostRungs)) {
    const auto rung = why.required("rung").string(), reason = why.required("reason").string();
    if (!rung || !reason || !rung->starts_with(kProvider)) continue;
    if (*reason == "vehicle" || *reason == "same_place") continue;
    missed.emplace_back(rung->substr(kProvider.size()));
  }
  return missed;
}

std::vector<std::string> providers_named(const base::JsonNode& distance) {
  std::vector<std::string> named;
  const auto take = [&](std::string_view label) {
    for (const auto rung : {kProvider, kMemory})
      if (label.starts_with(rung)) named.emplace_back(label.substr(rung.size()));
  };
  take(distance.required("source").string().value_or(""));
  for (const auto& why : distance.optional("why_not").items(kMostRungs))
    take(why.required("rung").string().value_or(""));
  return named;
}

base::Result<std::set<std::string, std::less<>>> providers_on_record(const Ledger& ledger,
                                                                     std::string_view sought) {
  std::set<std::string, std::less<>> on_record;
  const auto read = ledger.for_each(1, [&](const StoredRow& stored) {
    const auto quote = base::JsonDocument::parse(stored.row.quote, "quote");
    if (!quote) return true;
    base::Faults faults("row");
    for (auto& provider : providers_named(quote->root(faults).required("distance")))
      on_record.insert(std::move(provider));
    return !on_record.contains(sought);
  });
  if (!read) return base::fail(read.error());
  return on_record;
}

}  // namespace reckon::ledger

#pragma once

// Which providers a recorded quote had to do without.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/json_reader.h"
#include "reckon/base/result.h"
#include "reckon/ledger/ledger.h"

namespace reckon::ledger {

/// Providers that stand in `why_not` of a quote's `distance`, best first: the first one is that whose answer
/// would have been exact. Not those that would not have been asked in any case (`vehicle`, `same_place`).
std::vector<std::string> providers_missed(const base::JsonNode& distance);

/// Every provider that a quote's `distance` names, whatever for: in `source` (`memory:NAME` as well) and in
/// `why_not`.
std::vector<std::string> providers_named(const base::JsonNode& distance);

/// Every provider that a quote on record names; those up to the first quote that names `sought`, where one
/// does.
/// @errors kEnvironment, kCorrupt  the ledger cannot be read
/// Cost: a pass over the quotes, which ends with `sought`.
base::Result<std::set<std::string, std::less<>>> providers_on_record(const Ledger& ledger,
                                                                     std::string_view sought);

}  // namespace reckon::ledger

#pragma once

// From a tariff's JSON to a Tariff, with every fault named; and back to its canonical form.

#include <string_view>

#include "reckon/base/result.h"
#include "reckon/fee/tariff.h"

namespace reckon::fee {

/// Reads one tariff (docs/tariff.md describes the language).
/// @param bytes  JSON, at most base::kMaxConfigBytes
/// @param name   stands in `where`: `<name>:<line>:<column>` for syntax, `<name>#<pointer>` for meaning
/// @errors kInvalidInput  not JSON
///         kBadTariff     every fault of meaning: unknown keys, missing parts, steps that do not increase, …
/// Cost: microseconds to milliseconds; reads the time zone from the system's tzdata.
base::Result<Tariff> read_tariff(std::string_view bytes, std::string_view name);

}  // namespace reckon::fee

#pragma once

// Tariffs for tests: the five that ship, and small ones written in place.

#include <memory>
#include <string>

#include "reckon/fee/tariff.h"

namespace reckon::test {

/// A shipped tariff by its file name without `.json`; fails the test if it cannot be read.
std::shared_ptr<const fee::Tariff> shipped_tariff(const std::string& name);

/// JSON of a small valid tariff (1,000 won up to 1 km, 100 won each started 100 m), with `replace` put in for
/// `what`.
std::string small_tariff_json(const std::string& what = "", const std::string& replace = "");

/// A tariff from its JSON; fails the test if it has faults.
std::shared_ptr<const fee::Tariff> read_json(const std::string& json);

std::shared_ptr<const fee::Tariff> small_tariff(const std::string& what = "",
                                                const std::string& replace = "");

}  // namespace reckon::test

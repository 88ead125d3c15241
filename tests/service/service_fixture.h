#pragma once

// An engine without map and network, for tests of the service room.

#include <memory>
#include <string>
#include <vector>

#include "reckon/service/quote_engine.h"

namespace reckon::test {

/// Prices with the shipped tariffs named; distances are geodesic.
std::unique_ptr<service::QuoteEngine> engine_with(const base::Clock& clock,
                                                  const std::vector<std::string>& tariffs);

/// A trip of about 2.1 km in Seoul.
distance::Trip seoul_trip();

}  // namespace reckon::test

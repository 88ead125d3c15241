#pragma once

// A quote as the contract's document.

#include <string>

#include "reckon/service/quote_engine.h"

namespace reckon::service {

/// The contract's quote document: all of `quote` but its `json`, which need not be there yet.
std::string quote_document(const Quote& quote);

}  // namespace reckon::service

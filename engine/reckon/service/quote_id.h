#pragma once

// Quote ids: ULIDs, 26 characters that sort by time, so that the ledger's index grows at one end.

#include <string>
#include <string_view>

#include "reckon/base/clock.h"

namespace reckon::service {

/// 48 bits of milliseconds since 1970 and 80 random bits in Crockford's base 32.
/// Source: docs/sources.md#ulid. Any thread; half a microsecond, most of it the system's random bytes.
std::string new_quote_id(base::WallTime now);

/// Whether `text` has the form of a quote id.
bool is_quote_id(std::string_view text);

}  // namespace reckon::service

#pragma once

// An instant as text, into memory of the caller's.

#include <cstddef>

#include "reckon/base/clock.h"

namespace reckon::base {

/// The longest that format_rfc3339 tells, with room to spare: years beyond 9999 have more digits.
inline constexpr std::size_t kMaxRfc3339Bytes = 32;

/// The text of format_rfc3339, for instants whose year lies within +-32767, into memory of at least
/// kMaxRfc3339Bytes; returns its end.
char* write_rfc3339(WallTime time, char* out);

}  // namespace reckon::base

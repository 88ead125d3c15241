#pragma once

// The version of what was built; `reckon version` and the trace name it.

#include <string_view>

namespace reckon {

/// Semantic version of the library and the program.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace reckon

#pragma once

// Text that a person typed and another one reads in a terminal, a CSV or a sheet.

#include <cstddef>
#include <string>
#include <string_view>

namespace reckon::base {

/// Length of the valid UTF-8 sequence at the start of `text` (not empty), or 0.
std::size_t utf8_length(std::string_view text);

/// Whether a spreadsheet would take this text for a formula: it begins with `=`, `+`, `-`, `@` (or their
/// full-width forms), a tab or a carriage return. Source: docs/sources.md#formulas-in-cells.
bool looks_like_formula(std::string_view text);

/// Why `text` is not one plain line of at most `max_bytes`: not UTF-8, a control character or line break, a
/// character that turns the direction of what follows, or what a spreadsheet takes for a formula.
/// @return `<what>; <what is allowed>`, or an empty text when it is plain
std::string plain_text_fault(std::string_view text, std::size_t max_bytes);

}  // namespace reckon::base

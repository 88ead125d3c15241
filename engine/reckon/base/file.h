#pragma once

// Whole files in, whole files out. Nothing is ever half-written: a temporary file beside the target, fsync,
// rename.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "reckon/base/result.h"

namespace reckon::base {

/// The bytes of a regular file.
/// @errors kEnvironment  missing or unreadable
///         kInvalidInput a directory
///         kLimit        more than `max_bytes`
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes);

/// Replaces `path` by `bytes`, durably: after a crash the file is the old one or the new one.
/// @errors kEnvironment  folder missing, no space, no permission; the old file is untouched
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// The same of pieces that follow one another, so that a large file need not stand in memory as a whole.
Result<void> write_file_atomically(const std::filesystem::path& path,
                                   std::span<const std::string_view> pieces);

}  // namespace reckon::base

#pragma once

// Whether a file has changed since it was read, without reading it.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace reckon::base {

struct FileStamp {
  std::filesystem::file_time_type changed;
  std::uintmax_t bytes = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// Nothing where there is no such file.
std::optional<FileStamp> stamp_of(const std::filesystem::path& file);

}  // namespace reckon::base

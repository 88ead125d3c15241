#pragma once

// A file mapped into memory, read-only.

#include <cstddef>
#include <filesystem>
#include <span>

#include "reckon/base/result.h"

namespace reckon::road {

class MappedFile {
 public:
  /// @param all_at_once  brings all pages in now, which is sooner done than one by one on first use
  /// @errors kEnvironment  missing or unreadable; kInvalidInput  a folder; kCorrupt  an empty file
  static base::Result<MappedFile> open(const std::filesystem::path& path, bool all_at_once = true);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

}  // namespace reckon::road

#include "reckon/base/file_stamp.h"

#include <system_error>

namespace reckon::base {

std::optional<FileStamp> stamp_of(const std::filesystem::path& file) {
  std::error_code fault;
  const auto changed = std::filesystem::last_write_time(file, fault);
  if (fault) return std::nullopt;
  const auto bytes = std::filesystem::file_size(file, fault);
  if (fault) return std::nullopt;
  return FileStamp{changed, bytes};
}

}  // namespace reckon::base

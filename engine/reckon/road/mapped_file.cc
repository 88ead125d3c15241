#include "reckon/road/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace reckon::road {

using base::ErrorCode;
using base::Result;

Result<MappedFile> MappedFile::open(const std::filesystem::path& path, bool all_at_once) {
  const auto cannot = [&] {
    return base::fail(
        ErrorCode::kEnvironment, path.string(),
        fmt::format("cannot be opened: {}; a readable map file is needed", std::strerror(errno)));
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot();
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  const bool regular = known && S_ISREG(info.st_mode);
  void* at = MAP_FAILED;
  if (regular && info.st_size > 0) {
    at = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ,
                MAP_SHARED | (all_at_once ? MAP_POPULATE : 0), fd, 0);
  }
  ::close(fd);
  if (known && !regular)
    return base::fail(ErrorCode::kInvalidInput, path.string(), "is no regular file; a map file is needed");
  if (known && info.st_size == 0) {
    return base::fail(ErrorCode::kCorrupt, path.string(),
                      "is empty; a map file made by 'reckon map build' is needed");
  }
  if (at == MAP_FAILED) return cannot();
  return MappedFile({static_cast<const std::byte*>(at), static_cast<std::size_t>(info.st_size)});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace reckon::road

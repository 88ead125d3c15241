#include "reckon/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace reckon::base {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

tl::unexpected<Error> system_fault(const std::filesystem::path& path, std::string_view doing) {
  return fail(ErrorCode::kEnvironment, path.string(),
              fmt::format("cannot {}: {}", doing, std::strerror(errno)));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.ok()) ::fsync(fd.get());
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) {
    return fail(ErrorCode::kEnvironment, path.string(),
                fmt::format("cannot open: {}; a readable file is needed", std::strerror(errno)));
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return system_fault(path, "read");
  if (S_ISDIR(info.st_mode))
    return fail(ErrorCode::kInvalidInput, path.string(), "is a folder; a file is needed");
  std::string bytes;
  std::string block(std::size_t{1} << 16, '\0');
  for (;;) {
    const ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_fault(path, "read");
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(got) > max_bytes) {
      return fail(ErrorCode::kLimit, path.string(),
                  fmt::format("too large; at most {} bytes are allowed", max_bytes));
    }
    bytes.append(block.data(), static_cast<std::size_t>(got));
  }
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  return write_file_atomically(path, std::span(&bytes, 1));
}

Result<void> write_file_atomically(const std::filesystem::path& path,
                                   std::span<const std::string_view> pieces) {
  std::string temporary = path.string() + ".XXXXXX";
  const Descriptor fd(::mkstemp(temporary.data()));
  if (!fd.ok()) return system_fault(path, "write");
  const bool whole = ::fchmod(fd.get(), 0644) == 0 &&
                     std::ranges::all_of(pieces, [&](auto piece) { return write_all(fd.get(), piece); }) &&
                     ::fsync(fd.get()) == 0;
  if (!whole || ::rename(temporary.c_str(), path.c_str()) != 0) {
    auto fault = system_fault(path, "write");
    ::unlink(temporary.c_str());
    return fault;
  }
  sync_folder(path.parent_path());
  return {};
}

}  // namespace reckon::base

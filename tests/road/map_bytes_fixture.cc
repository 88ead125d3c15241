#include "road/map_bytes_fixture.h"

#include <cstdint>
#include <cstring>
#include <span>

#include "reckon/road/checksum.h"

namespace reckon::test {
namespace {

constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kEntryBytes = 56;

std::uint64_t read_u64(const std::string& file, std::size_t at) {
  std::uint64_t value = 0;
  std::memcpy(&value, file.data() + at, sizeof value);
  return value;
}

std::uint64_t sum_of(const std::string& bytes) {
  return road::xxh64(std::as_bytes(std::span(bytes)));
}

}  // namespace

void mend_checksums(std::string& file) {
  if (file.size() < kHeaderBytes) return;
  const auto sections = read_u64(file, 24) & 0xffffffff;
  if (sections > 128 || kHeaderBytes + sections * kEntryBytes > file.size()) return;
  for (std::size_t i = 0; i < sections; ++i) {
    const auto entry = kHeaderBytes + i * kEntryBytes;
    const auto offset = read_u64(file, entry + 32);
    const auto length = read_u64(file, entry + 40);
    if (offset > file.size() || length > file.size() - offset) continue;
    const auto sum = sum_of(file.substr(offset, length));
    std::memcpy(file.data() + entry + 48, &sum, sizeof sum);
  }
  const auto sum = sum_of(file.substr(0, 64) + file.substr(kHeaderBytes, sections * kEntryBytes));
  std::memcpy(file.data() + 64, &sum, sizeof sum);
}

}  // namespace reckon::test

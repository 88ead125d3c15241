#include "reckon/ledger/workbook_check.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace reckon::ledger {
namespace {

constexpr std::size_t kEndSize = 22, kEntrySize = 46, kLocalSize = 30;
constexpr std::size_t kBlock = std::size_t{1} << 16;

// Little-endian numbers; 0 beyond the end, which no signature is.
std::size_t number_at(std::string_view bytes, std::size_t at, std::size_t width) {
  if (at > bytes.size() || bytes.size() - at < width) return 0;
  std::size_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// A part as it stands in the archive.
struct Part {
  std::string_view name, data;
  bool deflated = false;
  std::size_t checksum = 0;
};

// Looks at a part's content as it comes: its checksum, its first and its last bytes.
class Content {
 public:
  void add(std::string_view block) {
    checksum_ =
        crc32(checksum_, reinterpret_cast<const Bytef*>(block.data()), static_cast<uInt>(block.size()));
    head_ += block.substr(0, kKept - std::min(kKept, head_.size()));
    tail_ += block.substr(block.size() - std::min(kKept, block.size()));
    if (tail_.size() > kKept) tail_.erase(0, tail_.size() - kKept);
  }
  std::size_t checksum() const { return checksum_; }

  /// Whether the outermost element, after `<?xml …?>`, ends at the end.
  bool ends() const {
    std::string_view head = head_, tail = tail_;
    if (head.starts_with("<?xml")) head.remove_prefix(std::min(head.find("?>"), head.size() - 2) + 2);
    const auto begin = head.find('<');
    if (begin == std::string_view::npos) return false;
    head.remove_prefix(begin + 1);
    const auto name = head.substr(0, head.find_first_of(" />\n\r\t"));
    tail = tail.substr(0, tail.find_last_not_of(" \n\r\t") + 1);
    return tail.ends_with(fmt::format("</{}>", name)) ||
           (head.find('<') == std::string_view::npos && tail.ends_with("/>"));
  }

 private:
  static constexpr std::size_t kKept = 4096;
  uLong checksum_ = crc32(0, nullptr, 0);
  std::string head_, tail_;
};

// Inflates `data` into `content`; false where it is damaged.
bool inflate_into(std::string_view data, Content& content) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  std::array<char, kBlock> block{};
  // zlib reads only, but its C interface has no const.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    code = inflate(&stream, Z_NO_FLUSH);
    content.add({block.data(), block.size() - stream.avail_out});
  }
  inflateEnd(&stream);
  return code == Z_STREAM_END;
}

std::string part_fault(const Part& part) {
  Content content;
  if (part.deflated && !inflate_into(part.data, content)) return "cannot be unpacked";
  if (!part.deflated) content.add(part.data);
  if (content.checksum() != part.checksum) return "has another checksum";
  if (!content.ends()) return "is cut short";
  return {};
}

// The part that an entry of the directory at `at` points to.
std::optional<Part> part_at(std::string_view bytes, std::size_t at) {
  if (number_at(bytes, at, 4) != 0x02014b50 || bytes.size() - at < kEntrySize) return std::nullopt;
  const auto method = number_at(bytes, at + 10, 2), size = number_at(bytes, at + 20, 4);
  const auto local = number_at(bytes, at + 42, 4);
  if ((method != 0 && method != Z_DEFLATED) || number_at(bytes, local, 4) != 0x04034b50) return std::nullopt;
  const auto begin = local + kLocalSize + number_at(bytes, local + 26, 2) + number_at(bytes, local + 28, 2);
  if (begin > bytes.size() || bytes.size() - begin < size) return std::nullopt;
  const auto name = bytes.substr(at + kEntrySize, number_at(bytes, at + 28, 2));
  return Part{name, bytes.substr(begin, size), method != 0, number_at(bytes, at + 16, 4)};
}

}  // namespace

std::string workbook_fault(std::string_view bytes) {
  const auto end = bytes.size() - std::min(bytes.size(), kEndSize);
  if (number_at(bytes, end, 4) != 0x06054b50) return "is no whole archive";
  const auto count = number_at(bytes, end + 10, 2);
  auto at = number_at(bytes, end + 16, 4);
  for (std::size_t i = 0; i < count; ++i) {
    const auto part = part_at(bytes, at);
    if (!part) return fmt::format("has a directory whose entry {} is damaged", i + 1);
    if (const auto fault = part_fault(*part); !fault.empty())
      return fmt::format("its part {} {}", part->name, fault);
    at += kEntrySize + number_at(bytes, at + 28, 2) + number_at(bytes, at + 30, 2) +
          number_at(bytes, at + 32, 2);
  }
  return count == 0 ? "has no parts" : std::string();
}

}  // namespace reckon::ledger

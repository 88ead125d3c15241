#include "reckon/road/map_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "reckon/base/hash.h"
#include "reckon/base/json_writer.h"
#include "reckon/road/checksum.h"
#include "reckon/road/map_meta.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {
namespace {

static_assert(std::endian::native == std::endian::little, "map files are little-endian");

using base::ErrorCode;
using base::Result;

constexpr std::string_view kMagic = "RECKONRM";
constexpr std::uint32_t kEndianMark = 0x01020304;
constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kMaxSections = 64;  // 6 + 6 for each of four vehicles, with room for later ones

struct Header {
  std::array<char, 8> magic;
  std::uint32_t endian_mark;
  std::uint32_t version;
  std::uint64_t file_bytes;
  std::uint32_t section_count;
  std::uint32_t zero;
  std::array<unsigned char, 32> sha256;
  std::uint64_t table_checksum;
  std::array<std::uint64_t, 7> zeros;
};
static_assert(sizeof(Header) == kHeaderBytes && std::is_trivially_copyable_v<Header>);

struct SectionEntry {
  std::array<char, 32> name;
  std::uint64_t offset;
  std::uint64_t length;
  std::uint64_t checksum;
};
static_assert(sizeof(SectionEntry) == 56 && std::is_trivially_copyable_v<SectionEntry>);

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

template <class T>
void put(std::string& out, std::size_t at, const T& value) {
  std::memcpy(out.data() + at, &value, sizeof value);
}

template <class T>
T get(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// Header fields before the hash, and the section table: what the table checksum covers. The hash itself is
// checked by `map info --check`.
std::uint64_t table_checksum(std::span<const std::byte> file, std::size_t section_count) {
  std::string covered(reinterpret_cast<const char*>(file.data()), 64);
  const auto table = file.subspan(kHeaderBytes, section_count * sizeof(SectionEntry));
  covered.append(reinterpret_cast<const char*>(table.data()), table.size());
  return xxh64(bytes_of(covered));
}

std::string section_name(base::Vehicle vehicle, std::string_view part) {
  return fmt::format("{}.{}", base::to_string(vehicle), part);
}

std::array<unsigned char, 32> digest_from(std::string_view release) {
  std::array<unsigned char, 32> digest{};
  const auto nibble = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  release.remove_prefix(std::string_view("sha256:").size());
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<unsigned char>(nibble(release[2 * i]) << 4 | nibble(release[2 * i + 1]));
  }
  return digest;
}

std::string release_from(const std::array<unsigned char, 32>& digest) {
  std::string release = "sha256:";
  for (const unsigned byte : digest) release += fmt::format("{:02x}", byte);
  return release;
}

// --- writing
// ----------------------------------------------------------------------------------------------------------

class Encoder {
 public:
  void add(std::string name, std::string_view bytes) { sections_.emplace_back(std::move(name), bytes); }
  template <class T>
  void add(std::string name, const std::vector<T>& values) {
    static_assert(std::has_unique_object_representations_v<T>,
                  "padding would make bytes differ from run to run");
    add(std::move(name),
        std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)));
  }

  std::string finish() const {
    const auto table_end = kHeaderBytes + sections_.size() * sizeof(SectionEntry);
    std::vector<SectionEntry> table;
    std::size_t end = table_end;
    for (const auto& [name, bytes] : sections_) {
      const auto offset = (end + kAlignment - 1) / kAlignment * kAlignment;
      SectionEntry entry{{}, offset, bytes.size(), xxh64(bytes_of(bytes))};
      std::copy(name.begin(), name.end(), entry.name.begin());
      table.push_back(entry);
      end = offset + bytes.size();
    }
    std::string file(end, '\0');
    for (std::size_t i = 0; i < table.size(); ++i) {
      put(file, kHeaderBytes + i * sizeof(SectionEntry), table[i]);
      std::copy(sections_[i].second.begin(), sections_[i].second.end(),
                file.begin() + static_cast<std::ptrdiff_t>(table[i].offset));
    }
    Header header{
        {}, kEndianMark, kMapFormatVersion, file.size(), static_cast<std::uint32_t>(table.size()), 0, {},
        0,  {}};
    std::copy(kMagic.begin(), kMagic.end(), header.magic.begin());
    header.sha256 = digest_from(base::sha256(std::string_view(file).substr(kHeaderBytes)));
    put(file, 0, header);
    header.table_checksum = table_checksum(std::as_bytes(std::span(file)), table.size());
    put(file, 0, header);
    return file;
  }

 private:
  std::vector<std::pair<std::string, std::string_view>> sections_;
};

// --- reading
// ----------------------------------------------------------------------------------------------------------

class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  Result<DecodedMap> decode() {
    if (auto header = read_header(); !header) return base::fail(header.error());
    if (auto table = read_table(); !table) return base::fail(table.error());
    const auto meta = section<char>("meta");
    if (!fault_) read_meta(std::string_view(meta.data(), meta.size()));
    if (!fault_) read_geometry();
    for (const auto vehicle : decoded_.info.vehicles) {
      if (!fault_) read_graph(vehicle);
    }
    if (fault_) return base::fail(std::move(*fault_));
    return std::move(decoded_);
  }

 private:
  tl::unexpected<base::Error> corrupt(std::string_view what) const {
    return base::fail(ErrorCode::kCorrupt, name_,
                      fmt::format("{}; a map file made by 'reckon map build' is needed", what));
  }

  // The first fault of a section stays; later ones may follow from it.
  void fault(std::string_view section, std::string_view what) {
    if (fault_) return;
    fault_ = base::Error{ErrorCode::kCorrupt, fmt::format("{}#{}", name_, section),
                         fmt::format("the map file is damaged: {}; build it again", what)};
  }
  bool need(bool holds, std::string_view section, std::string_view what) {
    if (!holds) fault(section, what);
    return holds;
  }

  Result<void> read_header() {
    if (bytes_.size() < kHeaderBytes) return corrupt("is too short to be a map file");
    header_ = get<Header>(bytes_, 0);
    if (!std::ranges::equal(header_.magic, kMagic)) return corrupt("is not a Reckon map file");
    if (header_.endian_mark != kEndianMark) return corrupt("has another byte order");
    if (header_.version != kMapFormatVersion) {
      return corrupt(fmt::format("has map format version {}, this program reads version {}", header_.version,
                                 kMapFormatVersion));
    }
    if (header_.file_bytes != bytes_.size()) {
      return corrupt(fmt::format("is {} bytes long, its header says {}: truncated or damaged", bytes_.size(),
                                 header_.file_bytes));
    }
    if (header_.section_count > kMaxSections ||
        kHeaderBytes + header_.section_count * sizeof(SectionEntry) > bytes_.size()) {
      return corrupt("has an impossible number of sections");
    }
    return {};
  }

  Result<void> read_table() {
    if (table_checksum(bytes_, header_.section_count) != header_.table_checksum) {
      return corrupt("has a damaged header (wrong checksum)");
    }
    for (std::uint32_t i = 0; i < header_.section_count; ++i) {
      auto entry = get<SectionEntry>(bytes_, kHeaderBytes + i * sizeof(SectionEntry));
      if (entry.offset % kAlignment != 0 || entry.offset > bytes_.size() ||
          entry.length > bytes_.size() - entry.offset) {
        return corrupt(fmt::format("has section {} outside the file", i));
      }
      table_.push_back(entry);
    }
    decoded_.info.release = release_from(header_.sha256);
    decoded_.info.bytes = bytes_.size();
    return {};
  }

  static std::string_view name_of(const SectionEntry& entry) {
    const auto end = std::ranges::find(entry.name, '\0');
    return {entry.name.data(), static_cast<std::size_t>(end - entry.name.begin())};
  }

  // The section's values, its checksum verified; empty after a fault.
  template <class T>
  std::span<const T> section(std::string_view name) {
    const auto entry = std::ranges::find(table_, name, name_of);
    if (!need(entry != table_.end(), name, "the section is missing")) return {};
    if (!need(entry->length % sizeof(T) == 0, name, "the section has an odd length")) return {};
    const auto bytes = bytes_.subspan(entry->offset, entry->length);
    if (!need(xxh64(bytes) == entry->checksum, name, "wrong checksum")) return {};
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  void read_meta(std::string_view json) {
    auto info = decode_meta(json, name_);
    if (!info) {
      fault("meta", info.error().message);
      return;
    }
    info->release = std::move(decoded_.info.release);
    info->bytes = decoded_.info.bytes;
    decoded_.info = std::move(*info);
  }

  // `first` splits `count` things among `groups`: starts at 0, never falls, ends at `count`.
  bool splits(std::span<const std::uint32_t> first, std::size_t groups, std::size_t count,
              std::string_view section) {
    if (!need(first.size() == groups + 1, section, "has another number of entries than its partner section"))
      return false;
    bool ok = first.front() == 0 && first.back() == count;
    for (std::size_t i = 0; i < groups; ++i) ok &= first[i] <= first[i + 1];
    return need(ok, section, "entries are out of order");
  }

  bool all_below(std::span<const std::uint32_t> values, std::size_t limit, std::string_view section) {
    std::uint32_t highest = 0;
    for (const auto value : values) highest = std::max(highest, value);
    return need(values.empty() || highest < limit, section, "an entry points outside");
  }

  void read_geometry() {
    auto& g = decoded_.view.geometry;
    g.points = section<geo::PlaceE7>("points");
    g.along_mm = section<std::uint32_t>("along");
    g.edge_first_point = section<std::uint32_t>("edges");
    g.edge_class = section<std::uint8_t>("classes");
    g.items = section<IndexItem>("items");
    g.boxes = section<IndexBox>("boxes");
    if (fault_) return;
    if (!need(!g.edge_first_point.empty() && g.edge_first_point.size() <= kMaxEdges, "edges",
              "impossible number of edges"))
      return;
    if (!splits(g.edge_first_point, g.edge_count(), g.points.size(), "edges")) return;
    if (!need(g.along_mm.size() == g.points.size(), "along", "has another number of entries than points"))
      return;
    need(g.edge_class.size() == g.edge_count(), "classes", "has another number of entries than edges");
    need(g.boxes.size() == index_box_count(g.items.size()), "boxes",
         "has another number of boxes than items need");
    check_points(g);
    check_along(g);
    if (!fault_) check_items(g);
  }

  void check_points(const EdgeGeometry& g) {
    bool ok = true;
    for (const auto& point : g.points) ok &= in_range(point);
    need(ok, "points", "a point lies outside the Earth's coordinates");
  }

  static bool in_range(geo::PlaceE7 p) {
    return p.lat >= -900'000'000 && p.lat <= 900'000'000 && p.lng >= -1'800'000'000 && p.lng <= 1'800'000'000;
  }

  void check_along(const EdgeGeometry& g) {
    bool ok = true;
    for (std::uint32_t e = 0; e < g.edge_count() && ok; ++e) {
      const auto first = g.edge_first_point[e];
      const auto end = g.edge_first_point[e + 1];
      ok = end - first >= 2 && g.along_mm[first] == 0;
      for (auto i = first + 1; i < end && ok; ++i)
        ok = g.along_mm[i - 1] <= g.along_mm[i] && g.along_mm[i] <= kMaxEdgeMm;
    }
    need(ok, "along", "an edge has no length that grows along it");
  }

  void check_items(const EdgeGeometry& g) {
    bool ok = true;
    for (const auto& item : g.items) {
      const auto edge = item.edge_vehicles >> 4;
      if (edge >= g.edge_count()) {
        ok = false;
        break;
      }
      ok &= item.point >= g.edge_first_point[edge] && item.point < g.edge_first_point[edge + 1] - 1;
      ok &= in_range(item.a) && in_range(item.b);
    }
    need(ok, "items", "an item points outside");
    ok = true;
    for (const auto& box : g.boxes) ok &= box.south <= box.north && box.west <= box.east;
    need(ok, "boxes", "a box is turned inside out");
  }

  void read_graph(base::Vehicle vehicle) {
    const auto name = [&](std::string_view part) { return section_name(vehicle, part); };
    ArcGraph graph;
    graph.arcs = section<Arc>(name("arcs"));
    graph.edge_first_arc = section<std::uint32_t>(name("edges"));
    graph.next_first = section<std::uint32_t>(name("next_first"));
    graph.next = section<std::uint32_t>(name("next"));
    graph.prev_first = section<std::uint32_t>(name("prev_first"));
    graph.prev = section<std::uint32_t>(name("prev"));
    if (fault_) return;
    const auto count = graph.arcs.size();
    const auto& g = decoded_.view.geometry;
    splits(graph.edge_first_arc, g.edge_count(), count, name("edges"));
    splits(graph.next_first, count, graph.next.size(), name("next_first"));
    splits(graph.prev_first, count, graph.prev.size(), name("prev_first"));
    all_below(graph.next, count, name("next"));
    all_below(graph.prev, count, name("prev"));
    if (!fault_) check_arcs(graph, g, name("arcs"));
    decoded_.view.graphs[static_cast<std::size_t>(vehicle)] = graph;
  }

  void check_arcs(const ArcGraph& graph, const EdgeGeometry& g, const std::string& name) {
    bool ok = true;
    for (std::uint32_t e = 0; e < g.edge_count(); ++e) {
      const auto length = g.length_mm(e);
      for (auto i = graph.edge_first_arc[e]; i < graph.edge_first_arc[e + 1]; ++i) {
        const auto& arc = graph.arcs[i];
        ok &= arc.edge() == e && arc.length_mm == length && arc.metres_per_hour >= kMinMetresPerHour &&
              fits(arc.cost());
      }
    }
    need(ok, name, "an arc does not fit its edge");
  }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  Header header_{};
  std::vector<SectionEntry> table_;
  std::optional<base::Error> fault_;
  DecodedMap decoded_;
};

}  // namespace

std::string encode_map(const CompiledMap& map, const MapInfo& info) {
  Encoder encoder;
  const std::string meta = encode_meta(info);
  encoder.add("meta", std::string_view(meta));
  encoder.add("points", map.points);
  encoder.add("along", map.along_mm);
  encoder.add("edges", map.edge_first_point);
  encoder.add("classes", map.edge_class);
  encoder.add("items", map.items);
  encoder.add("boxes", map.boxes);
  for (std::size_t v = 0; v < map.vehicles.size(); ++v) {
    const auto& graph = map.graphs[v];
    encoder.add(section_name(map.vehicles[v], "arcs"), graph.arcs);
    encoder.add(section_name(map.vehicles[v], "edges"), graph.edge_first_arc);
    encoder.add(section_name(map.vehicles[v], "next_first"), graph.next_first);
    encoder.add(section_name(map.vehicles[v], "next"), graph.next);
    encoder.add(section_name(map.vehicles[v], "prev_first"), graph.prev_first);
    encoder.add(section_name(map.vehicles[v], "prev"), graph.prev);
  }
  return encoder.finish();
}

Result<DecodedMap> decode_map(std::span<const std::byte> bytes, const std::string& name) {
  return Decoder(bytes, name).decode();
}

Result<void> check_release(std::span<const std::byte> bytes, const std::string& name) {
  const bool whole = bytes.size() >= kHeaderBytes;
  const auto header = whole ? get<Header>(bytes, 0) : Header{};
  base::Sha256 hash;
  hash.update(bytes.subspan(whole ? kHeaderBytes : 0));
  const auto found = hash.finish();
  if (whole && found == release_from(header.sha256)) return {};
  return base::fail(ErrorCode::kCorrupt, name,
                    fmt::format("content is {}, its header says {}; build the map again", found,
                                release_from(header.sha256)));
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
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
    at = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
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

#pragma once

// The map file's fixed parts, as the writer and the reader share them; map_file.h draws the whole.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "reckon/base/vehicle.h"
#include "reckon/road/checksum.h"

namespace reckon::road {

static_assert(std::endian::native == std::endian::little, "map files are little-endian");

inline constexpr std::string_view kMapMagic = "RECKONRM";
inline constexpr std::uint32_t kMapEndianMark = 0x01020304;
inline constexpr std::size_t kMapHeaderBytes = 128;
inline constexpr std::size_t kMapAlignment = 64;
inline constexpr std::size_t kMaxMapSections =
    128;  // 20 + 22 for each of four vehicles, with room for later ones

struct MapHeader {
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
static_assert(sizeof(MapHeader) == kMapHeaderBytes && std::is_trivially_copyable_v<MapHeader>);

struct MapSectionEntry {
  std::array<char, 32> name;
  std::uint64_t offset;
  std::uint64_t length;
  std::uint64_t checksum;
};
static_assert(sizeof(MapSectionEntry) == 56 && std::is_trivially_copyable_v<MapSectionEntry>);

/// Header fields before the hash, and the section table: what the table checksum covers. The hash itself is
/// checked by `map info --check`.
/// @param file  header and table at least
inline std::uint64_t map_table_checksum(std::span<const std::byte> file, std::size_t section_count) {
  std::string covered(reinterpret_cast<const char*>(file.data()), 64);
  const auto table = file.subspan(kMapHeaderBytes, section_count * sizeof(MapSectionEntry));
  covered.append(reinterpret_cast<const char*>(table.data()), table.size());
  return xxh64(std::as_bytes(std::span(covered)));
}

/// `motorcycle.arcs` and so on.
inline std::string map_section_name(base::Vehicle vehicle, std::string_view part) {
  return std::string(base::to_string(vehicle)).append(1, '.').append(part);
}

}  // namespace reckon::road

#pragma once

// The map file: a header, a table of named sections, the sections. Little-endian, sections aligned to 64
// bytes, each with its own checksum; the header holds the SHA-256 of everything after itself, which is the
// map's release.
//
//   0   magic "RECKONRM"   8   endianness mark   12  format version   16  file length   24  number of
//   sections 28  zero   32  SHA-256 of bytes 128..end   64  XXH64 of bytes 0..63 and of the section table 72
//   zero up to 128 128 section table: name (32 bytes, zero-filled), offset, length, XXH64
//
// Sections for all vehicles: meta (JSON), points, along, edges, classes, way_first, ways, name_first, names,
// items, boxes, raster, tiles, cells, lists. For each vehicle V its
// graph (graph.h): V.arcs, V.edges, V.next_first, V.next, V.next_ms, V.prev_first, V.prev, V.prev_ms; and its
// hierarchy (hierarchy.h): V.vertices, V.order, V.up_first, V.up, V.down_first, V.down, V.out_first, V.out,
// V.in_first, V.in; V.dissection, the order of its arcs for customizable weights (dissection.h); and
// V.unsure and V.joins, roads that it may be found to use (UnsureRoads).

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/road/graph.h"
#include "reckon/road/road_map.h"

namespace reckon::road {

inline constexpr std::uint32_t kMapFormatVersion = 8;

/// A map file's bytes as pieces that follow one another; most of them are views of the map that it was made
/// from.
struct EncodedMap {
  std::string head;  ///< header and section table
  std::string meta;
  std::vector<std::string_view> pieces;
};

/// The file that holds `map`; `info` gives vehicles, counts, bounding box and sources (release and bytes are
/// worked out here). The same input gives the same bytes.
/// @param map  must outlive the result
std::unique_ptr<const EncodedMap> encode_map(const CompiledMap& map, const MapInfo& info);

/// A map file in memory that has been checked: no index in it points outside.
struct MapView {
  EdgeGeometry geometry;
  std::array<std::optional<ArcGraph>, base::kAllVehicles.size()> graphs;  ///< by vehicle
  std::array<std::optional<Hierarchy>, base::kAllVehicles.size()> hierarchies;
  std::array<std::span<const std::uint32_t>, base::kAllVehicles.size()> dissections;
  std::array<UnsureRoads, base::kAllVehicles.size()> unsure;
};

struct DecodedMap {
  MapView view;
  MapInfo info;
};

/// Checks header, section checksums and every index of `bytes`; the views point into them. After success no
/// use of the view reads outside `bytes`, even if somebody altered the file and mended the checksums.
/// @param bytes  aligned to 8; must outlive the result
/// @param name   stands in `where`: `<name>` or `<name>#<section>`
/// @errors kCorrupt  foreign, other version, truncated, wrong checksum, index out of range
/// Cost: one pass over the bytes, about 0.3 ms a megabyte.
/// @param checks kLater: the checksums of all but the smallest sections are left to check_late_sections;
///               indices are checked all the same. Till then damage may give wrong answers, nothing worse
/// @param only   reads this vehicle's part alone; the map serves no other then
base::Result<DecodedMap> decode_map(std::span<const std::byte> bytes, const std::string& name,
                                    MapChecks checks = MapChecks::kAtOpening,
                                    std::optional<base::Vehicle> only = std::nullopt);

/// The checksums that decode_map left out.
/// @param bytes  those that it decoded
/// @errors kCorrupt  a section is damaged
base::Result<void> check_late_sections(std::span<const std::byte> bytes, const std::string& name,
                                       std::optional<base::Vehicle> only = std::nullopt);

/// Whether the SHA-256 in the header is that of the content: what `map info --check` asks.
/// @errors kCorrupt  it is not
base::Result<void> check_release(std::span<const std::byte> bytes, const std::string& name);

}  // namespace reckon::road

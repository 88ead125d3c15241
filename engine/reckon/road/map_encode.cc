#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "reckon/base/hash.h"
#include "reckon/road/map_file.h"
#include "reckon/road/map_format.h"
#include "reckon/road/map_meta.h"

namespace reckon::road {
namespace {

template <class T>
void put(std::string& out, std::size_t at, const T& value) {
  std::memcpy(out.data() + at, &value, sizeof value);
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

// SHA-256 of all that follows the header.
std::array<unsigned char, 32> content_digest(const EncodedMap& map) {
  base::Sha256 hash;
  hash.update(std::as_bytes(std::span(map.head)).subspan(kMapHeaderBytes));
  for (const auto piece : std::span(map.pieces).subspan(1)) hash.update(std::as_bytes(std::span(piece)));
  return digest_from(hash.finish());
}

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

  // Header and table, then each section after as many zeros as its alignment needs.
  void finish(EncodedMap& out) const {
    static constexpr std::array<char, kMapAlignment> kZeros{};
    std::vector<MapSectionEntry> table;
    std::size_t end = kMapHeaderBytes + sections_.size() * sizeof(MapSectionEntry);
    out.pieces.push_back({});  // the head, once it is whole
    for (const auto& [name, bytes] : sections_) {
      const auto offset = (end + kMapAlignment - 1) / kMapAlignment * kMapAlignment;
      MapSectionEntry entry{{}, offset, bytes.size(), xxh64(std::as_bytes(std::span(bytes)))};
      std::copy(name.begin(), name.end(), entry.name.begin());
      table.push_back(entry);
      out.pieces.emplace_back(kZeros.data(), offset - end);
      out.pieces.push_back(bytes);
      end = offset + bytes.size();
    }
    out.head.assign(kMapHeaderBytes + table.size() * sizeof(MapSectionEntry), '\0');
    for (std::size_t i = 0; i < table.size(); ++i) {
      put(out.head, kMapHeaderBytes + i * sizeof(MapSectionEntry), table[i]);
    }
    MapHeader header{
        {}, kMapEndianMark, kMapFormatVersion, end, static_cast<std::uint32_t>(table.size()), 0, {}, 0, {}};
    std::copy(kMapMagic.begin(), kMapMagic.end(), header.magic.begin());
    header.sha256 = content_digest(out);
    put(out.head, 0, header);
    header.table_checksum = map_table_checksum(std::as_bytes(std::span(out.head)), table.size());
    put(out.head, 0, header);
    out.pieces.front() = out.head;
  }

 private:
  std::vector<std::pair<std::string, std::string_view>> sections_;
};

void add_graph(Encoder& encoder, base::Vehicle vehicle, const CompiledArcs& graph) {
  const auto name = [&](std::string_view part) { return map_section_name(vehicle, part); };
  encoder.add(name("arcs"), graph.arcs);
  encoder.add(name("edges"), graph.edge_first_arc);
  encoder.add(name("next_first"), graph.next_first);
  encoder.add(name("next"), graph.next);
  encoder.add(name("next_ms"), graph.next_ms);
  encoder.add(name("prev_first"), graph.prev_first);
  encoder.add(name("prev"), graph.prev);
  encoder.add(name("prev_ms"), graph.prev_ms);
  encoder.add(name("unsure"), graph.unsure);
  encoder.add(name("joins"), graph.joins);
}

void add_hierarchy(Encoder& encoder, base::Vehicle vehicle, const CompiledHierarchy& hierarchy) {
  const auto name = [&](std::string_view part) { return map_section_name(vehicle, part); };
  encoder.add(name("vertices"), hierarchy.vertex_of_arc);
  encoder.add(name("order"), hierarchy.arc_of_vertex);
  encoder.add(name("up_first"), hierarchy.up.first);
  encoder.add(name("up"), hierarchy.up.all);
  encoder.add(name("down_first"), hierarchy.down.first);
  encoder.add(name("down"), hierarchy.down.all);
  static_assert(std::has_unique_object_representations_v<LabelBits>);
  encoder.add(name("label_bits"),
              std::string_view(reinterpret_cast<const char*>(&hierarchy.bits), sizeof hierarchy.bits));
  encoder.add(name("out_first"), hierarchy.out.first);
  encoder.add(name("out"), hierarchy.out.all);
  encoder.add(name("in_first"), hierarchy.in.first);
  encoder.add(name("in"), hierarchy.in.all);
}

}  // namespace

std::unique_ptr<const EncodedMap> encode_map(const CompiledMap& map, const MapInfo& info) {
  auto encoded = std::make_unique<EncodedMap>();
  encoded->meta = encode_meta(info);
  Encoder encoder;
  encoder.add("meta", std::string_view(encoded->meta));
  encoder.add("points", map.points);
  encoder.add("along", map.along_mm);
  encoder.add("edges", map.edge_first_point);
  encoder.add("classes", map.edge_class);
  encoder.add("way_first", map.edge_first_run);
  encoder.add("ways", map.runs);
  encoder.add("name_first", map.name_first);
  encoder.add("names", std::string_view(map.names));
  encoder.add("items", map.items);
  encoder.add("boxes", map.boxes);
  static_assert(std::has_unique_object_representations_v<RasterShape>);
  encoder.add("raster",
              std::string_view(reinterpret_cast<const char*>(&map.raster.shape), sizeof map.raster.shape));
  encoder.add("tiles", map.raster.tiles);
  encoder.add("cells", map.raster.cells);
  encoder.add("lists", map.raster.lists);
  encoder.add("building_first", map.entrances.corner_first);
  encoder.add("buildings", map.entrances.corners);
  encoder.add("entrance_first", map.entrances.entrance_first);
  encoder.add("entrances", map.entrances.entrances);
  encoder.add("building_cells", map.entrances.cells);
  for (std::size_t v = 0; v < map.vehicles.size(); ++v) {
    add_graph(encoder, map.vehicles[v], map.graphs[v]);
    add_hierarchy(encoder, map.vehicles[v], map.hierarchies[v]);
    encoder.add(map_section_name(map.vehicles[v], "dissection"), map.dissections[v]);
  }
  encoder.finish(*encoded);
  return encoded;
}

}  // namespace reckon::road

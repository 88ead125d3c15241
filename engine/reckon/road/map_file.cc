#include "reckon/road/map_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "reckon/base/hash.h"
#include "reckon/road/checksum.h"
#include "reckon/road/map_format.h"
#include "reckon/road/map_meta.h"
#include "reckon/road/snap_index.h"
#include "reckon/road/way_rules.h"

namespace reckon::road {
namespace {

using base::ErrorCode;
using base::Result;

template <class T>
T get(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string release_from(const std::array<unsigned char, 32>& digest) {
  std::string release = "sha256:";
  for (const unsigned byte : digest) release += fmt::format("{:02x}", byte);
  return release;
}

class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, const std::string& name, MapChecks checks,
          std::optional<base::Vehicle> only)
      : bytes_(bytes), name_(name), checks_(checks), only_(only) {}

  // After a successful decode of the same bytes.
  Result<void> check_late() {
    if (auto header = read_header(); !header) return base::fail(header.error());
    if (auto table = read_table(); !table) return base::fail(table.error());
    for (const auto& entry : table_) {
      const auto section = name_of(entry);
      if (wanted(section) && is_late(section)) need(is_whole(entry), section, "wrong checksum");
    }
    if (fault_) return base::fail(std::move(*fault_));
    return {};
  }

  Result<DecodedMap> decode() {
    if (auto header = read_header(); !header) return base::fail(header.error());
    if (auto table = read_table(); !table) return base::fail(table.error());
    hash_sections();
    const auto meta = section<char>("meta");
    if (!fault_) read_meta(std::string_view(meta.data(), meta.size()));
    if (!fault_) read_geometry();
    for (const auto vehicle : decoded_.info.vehicles) {
      if (!fault_ && (!only_ || vehicle == *only_)) read_graph(vehicle);
    }
    if (!fault_) run_scans();
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
    if (bytes_.size() < kMapHeaderBytes) return corrupt("is too short to be a map file");
    header_ = get<MapHeader>(bytes_, 0);
    if (!std::ranges::equal(header_.magic, kMapMagic)) return corrupt("is not a Reckon map file");
    if (header_.endian_mark != kMapEndianMark) return corrupt("has another byte order");
    if (header_.version != kMapFormatVersion) {
      return base::fail(
          ErrorCode::kCorrupt, name_,
          fmt::format("has map format version {}, this program reads version {}; build it again "
                      "with 'reckon map build'",
                      header_.version, kMapFormatVersion));
    }
    if (header_.file_bytes != bytes_.size()) {
      return corrupt(fmt::format("is {} bytes long, its header says {}: truncated or damaged", bytes_.size(),
                                 header_.file_bytes));
    }
    if (header_.section_count > kMaxMapSections ||
        kMapHeaderBytes + header_.section_count * sizeof(MapSectionEntry) > bytes_.size()) {
      return corrupt("has an impossible number of sections");
    }
    return {};
  }

  Result<void> read_table() {
    if (map_table_checksum(bytes_, header_.section_count) != header_.table_checksum) {
      return corrupt("has a damaged header (wrong checksum)");
    }
    for (std::uint32_t i = 0; i < header_.section_count; ++i) {
      auto entry = get<MapSectionEntry>(bytes_, kMapHeaderBytes + i * sizeof(MapSectionEntry));
      if (entry.offset % kMapAlignment != 0 || entry.offset > bytes_.size() ||
          entry.length > bytes_.size() - entry.offset) {
        return corrupt(fmt::format("has section {} outside the file", i));
      }
      table_.push_back(entry);
    }
    decoded_.info.release = release_from(header_.sha256);
    decoded_.info.bytes = bytes_.size();
    return {};
  }

  static std::string_view name_of(const MapSectionEntry& entry) {
    const auto end = std::ranges::find(entry.name, '\0');
    return {entry.name.data(), static_cast<std::size_t>(end - entry.name.begin())};
  }

  bool wanted(std::string_view section) const {
    const auto dot = section.find('.');
    return !only_ || dot == std::string_view::npos || section.substr(0, dot) == base::to_string(*only_);
  }

  // On two threads: pages that come in for the first time keep one waiting most of the time.
  template <class Do>
  static void on_two_threads(std::size_t count, Do each) {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (auto i = next++; i < count; i = next++) each(i);
    };
    std::thread second(work);
    work();
    second.join();
  }

  void hash_sections() {
    damaged_.assign(table_.size(), 0);
    on_two_threads(table_.size(), [&](std::size_t i) {
      const auto section = name_of(table_[i]);
      if (wanted(section) && !(checks_ == MapChecks::kLater && is_late(section)))
        damaged_[i] = !is_whole(table_[i]);
    });
  }

  // Asks later, with all the others at once, whether a whole section holds what it should. What it reads by
  // must have been checked before.
  template <class Holds>
  void scan(std::string_view section, std::string_view what, Holds holds) {
    scans_.push_back({std::string(section), what, std::move(holds)});
  }

  void run_scans() {
    std::vector<char> holds(scans_.size());
    on_two_threads(scans_.size(), [&](std::size_t i) { holds[i] = scans_[i].holds(); });
    for (std::size_t i = 0; i < scans_.size(); ++i) need(holds[i] != 0, scans_[i].section, scans_[i].what);
  }

  bool is_whole(const MapSectionEntry& entry) const {
    return xxh64(bytes_.subspan(entry.offset, entry.length)) == entry.checksum;
  }

  // What no other section's reading rests on: entries are within bounds by a scan, or checked where used.
  static bool is_late(std::string_view name) { return name != "meta" && name != "raster" && name != "tiles"; }

  // The section's values, its checksum verified; empty after a fault.
  template <class T>
  std::span<const T> section(std::string_view name) {
    const auto entry = std::ranges::find(table_, name, name_of);
    if (!need(entry != table_.end(), name, "the section is missing")) return {};
    if (!need(entry->length % sizeof(T) == 0, name, "the section has an odd length")) return {};
    const auto bytes = bytes_.subspan(entry->offset, entry->length);
    if (!need(damaged_[static_cast<std::size_t>(entry - table_.begin())] == 0, name, "wrong checksum"))
      return {};
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

  template <class T>
  static bool all_below(std::span<const T> values, std::size_t limit) {
    T highest = 0;
    for (const auto value : values) highest = std::max(highest, value);
    return values.empty() || highest < limit;
  }
  void scan_numbers(std::span<const std::uint32_t> values, std::size_t limit, std::string_view section) {
    scan(section, "an entry points outside", [=] { return all_below(values, limit); });
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
    bool lines = true;  // whatever reads an edge's length rests on this
    for (std::size_t e = 0; e < g.edge_count(); ++e)
      lines &= g.edge_first_point[e + 1] - g.edge_first_point[e] >= 2;
    if (!need(lines, "edges", "an edge has fewer points than two")) return;
    if (!need(g.along_mm.size() == g.points.size(), "along", "has another number of entries than points"))
      return;
    need(g.edge_class.size() == g.edge_count(), "classes", "has another number of entries than edges");
    need(g.boxes.size() == index_box_count(g.items.size()), "boxes",
         "has another number of boxes than items need");
    read_ways(g);
    scan("points", "a point lies outside the Earth's coordinates", [&g] { return points_hold(g); });
    scan("along", "an edge has no length that grows along it", [&g] { return along_holds(g); });
    scan("items", "an item points outside", [&g] { return items_hold(g); });
    scan("classes", "there is no such class of road", [&g] { return all_below(g.edge_class, kRoadClasses); });
    scan("boxes", "a box is turned inside out", [&g] {
      return std::ranges::all_of(g.boxes,
                                 [](const IndexBox& b) { return b.south <= b.north && b.west <= b.east; });
    });
    if (!fault_) read_raster(g.raster);
    if (!fault_) read_entrances(g.entrances);
  }

  // Cells that are out of order lose buildings, nothing worse.
  void read_entrances(Entrances& e) {
    e.corner_first = section<std::uint32_t>("building_first");
    e.corners = section<geo::PlaceE7>("buildings");
    e.entrance_first = section<std::uint32_t>("entrance_first");
    e.entrances = section<geo::PlaceE7>("entrances");
    e.cells = section<BuildingCell>("building_cells");
    if (fault_ || !need(!e.corner_first.empty(), "building_first", "has no entry")) return;
    const auto buildings = e.corner_first.size() - 1;
    if (!splits(e.corner_first, buildings, e.corners.size(), "building_first")) return;
    if (!splits(e.entrance_first, buildings, e.entrances.size(), "entrance_first")) return;
    need(std::ranges::all_of(e.cells, [&](const BuildingCell& cell) { return cell.building < buildings; }),
         "building_cells", "an entry points outside");
    need(std::ranges::all_of(e.entrances, in_range), "entrances",
         "an entrance lies outside the Earth's coordinates");
  }

  void read_ways(EdgeGeometry& g) {
    g.edge_first_run = section<std::uint32_t>("way_first");
    g.runs = section<WayRun>("ways");
    g.names.first = section<std::uint32_t>("name_first");
    g.names.bytes = section<char>("names");
    if (fault_ || !splits(g.edge_first_run, g.edge_count(), g.runs.size(), "way_first")) return;
    if (!need(g.names.first.size() >= 2, "name_first", "does not begin with the empty name")) return;
    const auto names = g.names.first.size() - 1;
    if (!splits(g.names.first, names, g.names.bytes.size(), "name_first")) return;
    scan("ways", "an edge's ways do not follow one another along it", [&g, names] {
      bool ok = true;
      for (std::uint32_t e = 0; e < g.edge_count() && ok; ++e) ok = ways_follow(g, e, names);
      return ok;
    });
  }

  static bool ways_follow(const EdgeGeometry& g, std::uint32_t edge, std::size_t names) {
    const auto runs = g.runs_of(edge);
    if (runs.empty() || runs.front().point != g.edge_first_point[edge]) return false;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].name >= names || runs[i].point >= g.edge_first_point[edge + 1]) return false;
      if (i > 0 && runs[i - 1].point >= runs[i].point) return false;
    }
    return true;
  }

  // Cells and lists are checked where they are used.
  void read_raster(SnapRaster& raster) {
    const auto shapes = section<RasterShape>("raster");
    raster.tiles = section<RasterTile>("tiles");
    raster.cells = section<RasterCell>("cells");
    raster.lists = section<std::uint32_t>("lists");
    if (fault_ || !need(shapes.size() == 1, "raster", "has another number of shapes than one")) return;
    raster.shape = shapes[0];
    const auto& shape = raster.shape;
    need(std::uint64_t{shape.rows} * shape.columns == raster.tiles.size() && shape.tile_bits < 32, "raster",
         "its shape is not that of its tiles");
    bool ok = true;
    for (const auto& tile : raster.tiles) ok &= tile.cell_bits <= shape.tile_bits;
    need(ok, "tiles", "a tile's cells are larger than itself");
  }

  static bool points_hold(const EdgeGeometry& g) {
    bool ok = true;
    for (const auto& point : g.points) ok &= in_range(point);
    return ok;
  }

  static bool in_range(geo::PlaceE7 p) {
    return p.lat >= -900'000'000 && p.lat <= 900'000'000 && p.lng >= -1'800'000'000 && p.lng <= 1'800'000'000;
  }

  static bool along_holds(const EdgeGeometry& g) {
    bool ok = true;
    for (std::uint32_t e = 0; e < g.edge_count() && ok; ++e) {
      const auto first = g.edge_first_point[e];
      const auto end = g.edge_first_point[e + 1];
      ok = g.along_mm[first] == 0;
      for (auto i = first + 1; i < end && ok; ++i)
        ok = g.along_mm[i - 1] <= g.along_mm[i] && g.along_mm[i] <= kMaxEdgeMm;
    }
    return ok;
  }

  static bool items_hold(const EdgeGeometry& g) {
    return std::ranges::all_of(g.items, [&](const IndexItem& item) {
      const auto edge = item.edge_vehicles >> 4;
      return edge < g.edge_count() && item.point >= g.edge_first_point[edge] &&
             std::uint64_t{item.point} + 1 < g.edge_first_point[edge + 1] && in_range(item.a) &&
             in_range(item.b) && item.length_mm == g.along_mm[item.point + 1] - g.along_mm[item.point];
    });
  }

  void read_graph(base::Vehicle vehicle) {
    const auto name = [&](std::string_view part) { return map_section_name(vehicle, part); };
    ArcGraph graph;
    graph.arcs = section<Arc>(name("arcs"));
    graph.edge_first_arc = section<std::uint32_t>(name("edges"));
    graph.next_first = section<std::uint32_t>(name("next_first"));
    graph.next = section<std::uint32_t>(name("next"));
    graph.next_ms = section<std::uint16_t>(name("next_ms"));
    graph.prev_first = section<std::uint32_t>(name("prev_first"));
    graph.prev = section<std::uint32_t>(name("prev"));
    graph.prev_ms = section<std::uint16_t>(name("prev_ms"));
    if (fault_) return;
    constexpr std::string_view kOther = "has another number of entries than there are turns";
    if (!need(graph.next_ms.size() == graph.next.size(), name("next_ms"), kOther)) return;
    if (!need(graph.prev_ms.size() == graph.prev.size(), name("prev_ms"), kOther)) return;
    const auto count = graph.arcs.size();
    const auto& g = decoded_.view.geometry;
    splits(graph.edge_first_arc, g.edge_count(), count, name("edges"));
    splits(graph.next_first, count, graph.next.size(), name("next_first"));
    splits(graph.prev_first, count, graph.prev.size(), name("prev_first"));
    if (fault_) return;
    scan_numbers(graph.next, count, name("next"));
    scan_numbers(graph.prev, count, name("prev"));
    scan(name("arcs"), "an arc does not fit its edge", [&g, graph] { return arcs_fit(graph, g); });
    decoded_.view.graphs[static_cast<std::size_t>(vehicle)] = graph;
    if (!fault_) read_unsure(vehicle);
    if (!fault_) read_dissection(vehicle, count);
    if (!fault_) read_hierarchy(vehicle, count);
  }

  void read_unsure(base::Vehicle vehicle) {
    const auto unsure = map_section_name(vehicle, "unsure"), joins = map_section_name(vehicle, "joins");
    const UnsureRoads roads{section<Arc>(unsure), section<JoinedEnds>(joins)};
    const auto& g = decoded_.view.geometry;
    scan(unsure, "an arc does not fit its edge", [&g, arcs = roads.arcs] {
      return std::ranges::is_sorted(arcs, {}, &Arc::edge_dir) &&
             std::ranges::all_of(arcs, [&g](const Arc& arc) {
               return arc.edge() < g.edge_count() && arc_fits(arc, g) && arc.unsure;
             });
    });
    scan(joins, "an entry points outside", [ends = 2 * g.edge_count(), all = roads.joins] {
      return std::ranges::all_of(all, [ends](const auto& one) { return one.a < ends && one.b < ends; });
    });
    decoded_.view.unsure[static_cast<std::size_t>(vehicle)] = roads;
  }

  void read_dissection(base::Vehicle vehicle, std::size_t count) {
    const auto name = map_section_name(vehicle, "dissection");
    const auto order = section<std::uint32_t>(name);
    if (!need(order.size() == count, name, "has another number of entries than there are arcs")) return;
    scan(name, "does not name each arc once", [order] {
      std::vector<bool> seen(order.size());
      if (!all_below(order, order.size())) return false;
      for (const auto arc : order) seen[arc] = true;
      return std::ranges::find(seen, false) == seen.end();
    });
    decoded_.view.dissections[static_cast<std::size_t>(vehicle)] = order;
  }

  void read_hierarchy(base::Vehicle vehicle, std::size_t count) {
    const auto name = [&](std::string_view part) { return map_section_name(vehicle, part); };
    Hierarchy hierarchy;
    hierarchy.vertex_of_arc = numbers(name("vertices"), count);
    hierarchy.arc_of_vertex = numbers(name("order"), count);
    hierarchy.up = hierarchy_edges(name("up"), count);
    hierarchy.down = hierarchy_edges(name("down"), count);
    const auto bits = label_bits(name("label_bits"));
    hierarchy.out = hub_labels(name("out"), count, bits);
    hierarchy.in = hub_labels(name("in"), count, bits);
    if (fault_) return;
    need(hierarchy.in.first.size() == hierarchy.out.first.size(), name("in_first"),
         "has another number of entries than its partner section");
    decoded_.view.hierarchies[static_cast<std::size_t>(vehicle)] = hierarchy;
  }

  // One number below `count` for each of `count` things.
  std::span<const std::uint32_t> numbers(const std::string& name, std::size_t count) {
    const auto values = section<std::uint32_t>(name);
    if (fault_) return {};
    need(values.size() == count, name, "has another number of entries than there are arcs");
    scan_numbers(values, count, name);
    return values;
  }

  // Middles are checked where they are used: few are.
  HierarchyEdges hierarchy_edges(const std::string& name, std::size_t count) {
    const HierarchyEdges edges{section<std::uint32_t>(name + "_first"), section<HierarchyEdge>(name)};
    if (fault_ || !splits(edges.first, count, edges.all.size(), name + "_first")) return {};
    scan(name, "an edge does not lead to a more important vertex", [edges, count] {
      bool climbs = true;
      for (std::uint32_t v = 0; v < count; ++v) {
        for (const auto& edge : edges.of(v)) climbs &= edge.to < v;
      }
      return climbs;
    });
    return edges;
  }

  LabelBits label_bits(const std::string& name) {
    const auto all = section<LabelBits>(name);
    if (fault_ || !need(all.size() == 1, name, "has another number of entries than one")) return {};
    const auto fits = [](std::uint32_t bits) { return bits >= 1 && bits <= LabelBits::kMost; };
    return need(fits(all[0].time) && fits(all[0].length), name, "has widths beyond 1 to 31 bits")
               ? all[0]
               : LabelBits{};
  }

  HubLabels hub_labels(const std::string& name, std::size_t count, LabelBits bits) {
    const HubLabels labels{section<std::uint32_t>(name + "_first"), section<std::uint64_t>(name), bits};
    if (fault_) return {};
    if (!need(!labels.first.empty() && labels.first.size() <= count + 1, name + "_first",
              "labels more vertices than there are"))
      return {};
    const auto labelled = labels.first.size() - 1;
    if (!splits(labels.first, labelled, labels.all.size(), name + "_first")) return {};
    if (checks_ == MapChecks::kLater) return labels;  // Hierarchy::hub_of checks each
    scan(name, "an entry points outside", [labels, labelled] {
      bool ok = true;
      for (std::uint32_t v = 0; v < labelled; ++v) {
        for (const auto entry : labels.of(v)) ok &= entry.hub < labelled;
      }
      return ok;
    });
    return labels;
  }

  static bool arc_fits(const Arc& arc, const EdgeGeometry& g) {
    return arc.length_mm == g.length_mm(arc.edge()) && arc.metres_per_hour >= kMinMetresPerHour &&
           fits(arc.cost()) && arc.kind <= ArcKind::kExit &&
           !(arc.destination && arc.kind == ArcKind::kPublic);
  }
  static bool arcs_fit(const ArcGraph& graph, const EdgeGeometry& g) {
    bool ok = true;
    for (std::uint32_t e = 0; e < g.edge_count() && ok; ++e) {
      for (auto i = graph.edge_first_arc[e]; i < graph.edge_first_arc[e + 1] && ok; ++i) {
        const auto& arc = graph.arcs[i];
        ok = arc.edge() == e && arc_fits(arc, g) && !arc.unsure;
      }
    }
    return ok;
  }

  /// A check of a section's every entry, and what a failing one is told as.
  struct Scan {
    std::string section;
    std::string_view what;
    std::function<bool()> holds;
  };

  std::span<const std::byte> bytes_;
  const std::string& name_;
  MapChecks checks_;
  std::optional<base::Vehicle> only_;
  std::vector<char> damaged_;  ///< parallel to the table
  std::vector<Scan> scans_;
  MapHeader header_{};
  std::vector<MapSectionEntry> table_;
  std::optional<base::Error> fault_;
  DecodedMap decoded_;
};

}  // namespace

Result<DecodedMap> decode_map(std::span<const std::byte> bytes, const std::string& name, MapChecks checks,
                              std::optional<base::Vehicle> only) {
  return Decoder(bytes, name, checks, only).decode();
}

Result<void> check_late_sections(std::span<const std::byte> bytes, const std::string& name,
                                 std::optional<base::Vehicle> only) {
  return Decoder(bytes, name, MapChecks::kLater, only).check_late();
}

Result<void> check_release(std::span<const std::byte> bytes, const std::string& name) {
  const bool whole = bytes.size() >= kMapHeaderBytes;
  const auto header = whole ? get<MapHeader>(bytes, 0) : MapHeader{};
  base::Sha256 hash;
  hash.update(bytes.subspan(whole ? kMapHeaderBytes : 0));
  const auto found = hash.finish();
  if (whole && found == release_from(header.sha256)) return {};
  return base::fail(ErrorCode::kCorrupt, name,
                    fmt::format("content is {}, its header says {}; build the map again", found,
                                release_from(header.sha256)));
}

}  // namespace reckon::road

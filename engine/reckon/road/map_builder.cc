#include "reckon/road/map_builder.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "reckon/base/file.h"
#include "reckon/road/arcs.h"
#include "reckon/road/contraction.h"
#include "reckon/road/dissection.h"
#include "reckon/road/edges.h"
#include "reckon/road/hub_labels.h"
#include "reckon/road/import.h"
#include "reckon/road/map_file.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {
namespace {

using base::ErrorCode;

base::Result<void> check_options(const BuildOptions& options) {
  std::vector<base::Fault> faults;
  if (options.inputs.empty())
    faults.push_back({"inputs", "none given; at least one .osm.pbf file is needed"});
  if (options.vehicles.empty()) {
    faults.push_back({"vehicles", fmt::format("none given; {}", base::kVehiclesAllowed)});
  }
  for (std::size_t i = 0; i < options.vehicles.size(); ++i) {
    const auto before = std::span(options.vehicles).first(i);
    if (std::ranges::find(before, options.vehicles[i]) != before.end()) {
      faults.push_back({"vehicles", fmt::format("{} is given twice; each may be given once",
                                                base::to_string(options.vehicles[i]))});
    }
  }
  if (faults.empty()) return {};
  return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
}

void add_names(const RoadData& data, CompiledMap& map) {
  for (const auto& name : data.names) {
    map.name_first.push_back(static_cast<std::uint32_t>(map.names.size()));
    map.names += name;
  }
  map.name_first.push_back(static_cast<std::uint32_t>(map.names.size()));
}

// Comes before the points of the edge.
void add_ways(const RawEdge& edge, const RoadData& data, CompiledMap& map) {
  const auto first_point = static_cast<std::uint32_t>(map.points.size());
  const auto add = [&](std::uint32_t node, std::int64_t way) {
    const auto found = std::ranges::lower_bound(data.ways, way, {}, &RoadWay::osm_id);
    map.runs.push_back({way, first_point + node, found->name});
  };
  map.edge_first_run.push_back(static_cast<std::uint32_t>(map.runs.size()));
  add(0, edge.first_way);
  for (const auto& [node, way] : edge.later_ways) add(node, way);
}

void add_geometry(const EdgeSet& set, const RoadData& data, CompiledMap& map) {
  const auto& nodes = data.nodes;
  add_names(data, map);
  for (const auto& edge : set.edges) {
    map.edge_first_point.push_back(static_cast<std::uint32_t>(map.points.size()));
    add_ways(edge, data, map);
    for (const auto node : edge.nodes) map.points.push_back(nodes.places[node]);
    map.edge_class.push_back(static_cast<std::uint8_t>(set.uses[edge.use].road_class));
    map.along_mm.insert(map.along_mm.end(), edge.along_mm.begin(), edge.along_mm.end());
  }
  map.edge_first_point.push_back(static_cast<std::uint32_t>(map.points.size()));
  map.edge_first_run.push_back(static_cast<std::uint32_t>(map.runs.size()));
}

// Items of the segments that at least one vehicle may snap to.
void add_index(const std::vector<std::uint32_t>& vehicles_of_edge, CompiledMap& map) {
  for (std::uint32_t e = 0; e < vehicles_of_edge.size(); ++e) {
    if (vehicles_of_edge[e] == 0) continue;
    for (auto p = map.edge_first_point[e]; p + 1 < map.edge_first_point[e + 1]; ++p) {
      map.items.push_back({map.points[p], map.points[p + 1], p, e << 4 | vehicles_of_edge[e],
                           map.along_mm[p + 1] - map.along_mm[p]});
    }
  }
  map.boxes = pack_index(map.items);
  map.raster = make_raster(map.items);
}

std::uint64_t count_directed_edges(const EdgeSet& set) {
  std::uint64_t count = 0;
  for (const auto& edge : set.edges) {
    for (std::size_t d = 0; d < 2; ++d) {
      count += std::ranges::any_of(set.uses[edge.use].by, [&](const auto& lanes) { return lanes[d].open(); })
                   ? 1u
                   : 0u;
    }
  }
  return count;
}

/// What a compiled map still lacks once its edges and arcs are made.
struct Begun {
  CompiledMap map;
  std::vector<std::uint32_t> vehicles_of_edge;  ///< bits of those that may snap to it
};

// Edges, arcs and turns. What they are made from is not needed afterwards and is given back.
base::Result<Begun> begin(RoadData& data, const BuildOptions& options) {
  const auto tell = [&](std::string_view stage, double done) {
    if (options.progress) options.progress(stage, done);
  };
  tell("cutting roads at junctions", 0);
  const auto set = make_edges(data, options.vehicles);
  if (!set) return base::fail(set.error());
  Begun begun;
  auto& map = begun.map;
  map.vehicles = options.vehicles;
  std::ranges::sort(map.vehicles);
  map.node_count = set->node_count;
  map.directed_edge_count = count_directed_edges(*set);
  add_geometry(*set, data, map);
  map.entrances = compile_entrances(data.buildings);
  data.counts.entrances = map.entrances.entrances.size();
  RulesUsed used(data);
  auto& vehicles_of_edge = begun.vehicles_of_edge;
  vehicles_of_edge.resize(set->edges.size());
  for (std::size_t v = 0; v < map.vehicles.size(); ++v) {
    tell("arcs and turns", static_cast<double>(v) / static_cast<double>(map.vehicles.size()));
    map.graphs.push_back(make_arcs(*set, data, map.vehicles[v], options.driving_side, used));
    const auto usable = usable_edges(map.graphs.back(), static_cast<std::uint32_t>(set->edges.size()));
    for (std::size_t e = 0; e < usable.size(); ++e) {
      const bool stops = !set->uses[set->edges[e].use].through_only;
      if (usable[e] && stops) vehicles_of_edge[e] |= 1u << static_cast<unsigned>(map.vehicles[v]);
    }
  }
  const auto count = [](const std::vector<bool>& flags) {
    return static_cast<std::uint64_t>(std::ranges::count(flags, true));
  };
  data.counts.turn_rules = count(used.over_nodes);
  data.counts.via_way_rules = count(used.over_ways);
  data.counts.broken_rules_ignored += used.over_nodes.size() - data.counts.turn_rules;
  data.counts.broken_rules_ignored += used.over_ways.size() - data.counts.via_way_rules;
  return begun;
}

// Freed blocks lie between what lives on: the system gets them back only when asked to look.
void trim_heap() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

void give_back(RoadData& data) {
  data.ways = {};
  data.refs = {};
  data.nodes = {};
  data.buildings = {};
  data.names = {};
  trim_heap();
}

// One vehicle after the other on each of the machine's cores; the result does not depend on how many there
// are.
void add_hierarchies(CompiledMap& map, const BuildOptions& options) {
  const auto count = map.vehicles.size();
  map.dissections.resize(count);
  map.hierarchies.resize(count);
  std::atomic<std::size_t> next = 0;
  std::exception_ptr fault;
  std::mutex mutex;
  const auto work = [&](bool tells) {
    try {
      for (auto v = next++; v < count; v = next++) {
        if (tells && options.progress)
          options.progress("hierarchy", static_cast<double>(v) / static_cast<double>(count));
        const auto graph = map.graphs[v].view();
        map.dissections[v] = dissect(map.geometry(), graph);
        map.hierarchies[v] = contract(graph);
        trim_heap();
        add_hub_labels(map.hierarchies[v], options.label_entries);
      }
    } catch (...) {
      const std::scoped_lock lock(mutex);
      fault = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  const auto cores = std::max<std::size_t>(1, std::thread::hardware_concurrency());
  for (std::size_t i = 1; i < std::min(cores, count); ++i) threads.emplace_back(work, false);
  work(true);
  for (auto& thread : threads) thread.join();
  if (fault) std::rethrow_exception(fault);
}

base::Result<CompiledMap> compile(RoadData& data, const BuildOptions& options) {
  auto begun = begin(data, options);
  if (!begun) return base::fail(begun.error());
  give_back(data);
  auto& map = begun->map;
  if (options.progress) options.progress("index", 0);
  add_index(begun->vehicles_of_edge, map);
  trim_heap();
  add_hierarchies(map, options);
  return std::move(map);
}

MapInfo describe(const RoadData& data, const CompiledMap& map, DrivingSide side) {
  MapInfo info;
  info.vehicles = map.vehicles;
  info.driving_side = side;
  info.nodes = map.node_count;
  info.edges = map.directed_edge_count;
  geo::PlaceE7 low = map.points.front();
  geo::PlaceE7 high = low;
  for (const auto& point : map.points) {
    low = {std::min(low.lat, point.lat), std::min(low.lng, point.lng)};
    high = {std::max(high.lat, point.lat), std::max(high.lng, point.lng)};
  }
  info.west = low.lng / 1e7;
  info.south = low.lat / 1e7;
  info.east = high.lng / 1e7;
  info.north = high.lat / 1e7;
  info.sources = data.sources;
  info.counts = data.counts;
  return info;
}

base::Result<void> write(const CompiledMap& map, const MapInfo& info, const std::filesystem::path& output) {
  const auto encoded = encode_map(map, info);
  return base::write_file_atomically(output, encoded->pieces);
}

}  // namespace

base::Result<MapInfo> build_map(const BuildOptions& options) {
  if (auto checked = check_options(options); !checked) return base::fail(checked.error());
  auto data = import_extracts(options.inputs, options.progress);
  if (!data) return base::fail(data.error());
  auto map = compile(*data, options);
  if (!map) return base::fail(map.error());
  if (map->items.empty()) {
    return base::fail(ErrorCode::kInvalidInput, options.inputs.front().string(),
                      "holds no road that any of the vehicles may use; an extract with roads is needed");
  }
  if (options.progress) options.progress("writing", 0);
  if (auto written = write(*map, describe(*data, *map, options.driving_side), options.output); !written)
    return base::fail(written.error());
  *map = {};  // before the file is mapped
  trim_heap();
  const auto map_file = RoadMap::open(options.output);
  if (!map_file) return base::fail(map_file.error());
  return map_file->info();
}

}  // namespace reckon::road

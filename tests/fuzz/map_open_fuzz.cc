// Bytes that claim to be a map file: whatever they hold, opening refuses them or every use stays inside them.
// The checksums are mended first, or the fuzzer would never get past them. A seed is any map file (the
// smaller the better).

#include <cstring>
#include <string>
#include <vector>

#include "reckon/road/many_to_many.h"
#include "reckon/road/map_file.h"
#include "reckon/road/path_geometry.h"
#include "reckon/road/search.h"
#include "road/map_bytes_fixture.h"

using namespace reckon;

namespace {

void use(const road::EdgeGeometry& geometry, const road::ArcGraph& graph, const road::Hierarchy& hierarchy,
         base::Vehicle vehicle) {
  road::Search search;
  road::HierarchySearch fast;
  road::ManyToMany table;
  road::PlaceBuckets places;
  std::vector<road::Terminal> from, to;
  std::optional<road::Snap> start;
  for (std::size_t i = 0; i < geometry.points.size() && i < 8; ++i) {
    const auto end = road::nearest_road(geometry, vehicle, geometry.points[i], {10'000});
    if (!end) continue;
    if (!start) {
      start = end;
      road::add_terminals(geometry, graph, *start, road::TripEnd::kStart, from);
    }
    to.clear();
    road::add_terminals(geometry, graph, *end, road::TripEnd::kFinish, to);
    fast.shortest(graph, hierarchy, from, to);
    fast.path(graph, hierarchy, from, to);
    const std::vector<std::uint32_t> first{0, static_cast<std::uint32_t>(to.size())};
    std::vector<road::Cost> costs(1);
    table.prepare(graph, hierarchy, road::TripEnd::kFinish, to, first, places);
    table.row(graph, hierarchy, from, places, costs);
    const auto found = search.shortest(graph, from, to);
    if (found.cost == road::kNoCost) continue;
    const auto path = search.path(found, from, to);
    road::path_geometry(geometry, graph, path.arcs, start->positions[from[path.start].position],
                        end->positions[to[path.finish].position]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  test::mend_checksums(bytes);
  if (bytes.size() >= 24) {  // the length in the header too
    const std::uint64_t length = bytes.size();
    std::memcpy(bytes.data() + 16, &length, sizeof length);
    test::mend_checksums(bytes);
  }
  const auto decoded = road::decode_map(std::as_bytes(std::span(bytes)), "fuzz");
  if (!decoded) return 0;
  for (const auto vehicle : decoded->info.vehicles) {
    const auto& graph = decoded->view.graphs[static_cast<std::size_t>(vehicle)];
    const auto& hierarchy = decoded->view.hierarchies[static_cast<std::size_t>(vehicle)];
    if (graph) use(decoded->view.geometry, *graph, *hierarchy, vehicle);
  }
  return 0;
}

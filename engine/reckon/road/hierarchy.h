#pragma once

// The contraction hierarchy over one vehicle's arcs, with hub labels for its upper part, as it stands in a
// map file and as queries read it.
//
// Its vertices are the arcs, numbered by importance: 0 is the most important. A vertex stands for its arc's
// end, so an edge from a to b costs what travelling along b costs. A cheapest path between two vertices
// climbs over `up` edges to its most important vertex and descends over `down` edges. The climb's upper part
// is written out: each of the first `labelled` vertices has two *hub labels*, all it reaches by climbing
// (`out`) and all that reach it by descending (`in`), less what a still more important vertex makes
// superfluous. Two labels of which one hub is common give the cheapest path between their vertices without a
// search.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "reckon/road/cost.h"

namespace reckon::road {

inline constexpr std::uint32_t kNoMiddle = 0xffffffff;

struct HierarchyEdge {
  Cost cost;
  std::uint32_t to;      ///< a more important vertex, so a lower number
  std::uint32_t middle;  ///< of a shortcut: the vertex it leaps over; kNoMiddle: a turn
};

/// Edges by vertex, ascending by `to`: those of v are all[first[v]] .. all[first[v + 1]]. In `down` they lead
/// from `to` to v, as travel goes.
struct HierarchyEdges {
  std::span<const std::uint32_t> first;
  std::span<const HierarchyEdge> all;

  std::span<const HierarchyEdge> of(std::uint32_t v) const {
    return all.subspan(first[v], first[v + 1] - first[v]);
  }
};

struct LabelEntry {
  std::uint32_t hub;
  std::uint32_t length_mm;  ///< to the hub (`out`) or from it (`in`)
  std::uint32_t time_ms;

  Cost cost() const { return cost_of(time_ms, length_mm); }
};

/// Labels by vertex, ascending by hub, the last entry the vertex itself at no cost.
struct HubLabels {
  std::span<const std::uint32_t> first;
  std::span<const LabelEntry> all;

  std::span<const LabelEntry> of(std::uint32_t v) const {
    return all.subspan(first[v], first[v + 1] - first[v]);
  }
};

struct Hierarchy {
  std::span<const std::uint32_t> vertex_of_arc;
  std::span<const std::uint32_t> arc_of_vertex;
  HierarchyEdges up, down;
  HubLabels out, in;

  std::uint32_t labelled() const { return static_cast<std::uint32_t>(out.first.size()) - 1; }
  /// An entry's hub, whatever a damaged file says: labels may be in use before they have been checked.
  std::uint32_t hub_of(const LabelEntry& entry) const { return std::min(entry.hub, labelled() - 1); }
};

/// The same, owning its memory.
struct CompiledHierarchy {
  struct Edges {
    std::vector<std::uint32_t> first;
    std::vector<HierarchyEdge> all;

    HierarchyEdges view() const { return {first, all}; }
  };
  struct Labels {
    std::vector<std::uint32_t> first;
    std::vector<LabelEntry> all;

    HubLabels view() const { return {first, all}; }
  };
  std::vector<std::uint32_t> vertex_of_arc, arc_of_vertex;
  Edges up, down;
  Labels out, in;

  Hierarchy view() const {
    return {vertex_of_arc, arc_of_vertex, up.view(), down.view(), out.view(), in.view()};
  }
};

}  // namespace reckon::road

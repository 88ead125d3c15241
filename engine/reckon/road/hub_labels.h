#pragma once

// Making hub labels from a contraction hierarchy.

#include <cstdint>

namespace reckon::road {

struct CompiledHierarchy;

/// Labels of a city of a million junctions stay below it (205); on larger maps they grow longer, and memory
/// would grow faster than the map.
inline constexpr std::uint32_t kDefaultLabelEntries = 250;

/// Adds the labels of the most important vertices. A hub stays in a label only if no more important
/// vertex lies on a cheapest path to it, which is the least that this order of vertices allows.
/// Cost: labels times their length; Porto takes under a second.
/// Source: docs/sources.md#hub-labels.
/// @param entries  for each vertex, labelled or not; beyond them no further vertex is labelled
void add_hub_labels(CompiledHierarchy& hierarchy, std::uint32_t entries = kDefaultLabelEntries);

}  // namespace reckon::road

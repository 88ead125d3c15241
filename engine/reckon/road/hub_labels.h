#pragma once

// Making hub labels from a contraction hierarchy.

#include "reckon/road/hierarchy.h"

namespace reckon::road {

/// Adds the labels of the most important vertices. A hub stays in a label only if no more important
/// vertex lies on a cheapest path to it, which is the least that this order of vertices allows.
/// Cost: labels times their length; Porto takes under a second.
/// Source: docs/sources.md#hub-labels.
void add_hub_labels(CompiledHierarchy& hierarchy);

}  // namespace reckon::road

#pragma once

// Making the hierarchy: arcs are contracted one after the other, the least important first.

#include "reckon/road/graph.h"
#include "reckon/road/hierarchy.h"

namespace reckon::road {

/// The contraction hierarchy of `graph`, without hub labels. Contracting an arc joins its predecessors to its
/// successors by shortcuts where no other path is as cheap, so all costs between the arcs that are left stay
/// what they were. The same graph gives the same hierarchy.
/// Cost: Porto (150,000 arcs) takes about 2 s and 100 MB.
/// Source: docs/sources.md#contraction-hierarchies.
CompiledHierarchy contract(const ArcGraph& graph);

}  // namespace reckon::road

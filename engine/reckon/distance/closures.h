#pragma once

// Which roads are closed to a provider, told by the ways that it did not take: of each way that would have
// been cheaper than its answer at least one road is closed. Many roads may explain one way, and one road many
// ways; the probabilities come from belief propagation over all ways at once (Pearl 1988), so that a road
// that explains what another one has explained already is not blamed for it.

#include <cstdint>
#include <span>
#include <vector>

namespace reckon::distance {

/// A way that a trip would have taken were all of its roads open.
struct UntakenWay {
  std::uint32_t trip = 0;
  std::vector<std::uint32_t> roads;  ///< in order along the way, without those known to be open; not empty
};

struct ClosureOptions {
  double prior = 0.01;  ///< of a road being closed, before any way tells; within (0, 1)
  double noise = 0;     ///< share of ways that were not taken for another reason; [0, 1)
};

/// The closed roads: the likeliest first fixed, then those that explain what is left, until each way is
/// explained or likelier noise. Of roads that explain exactly the same ways the middle one along the way is
/// taken: a later trip over a part of that stretch meets it where it is more likely than not to be blocked.
/// @return ascending, each once. Deterministic. Cost: some hundred passes over all ways' roads.
std::vector<std::uint32_t> closed_roads(std::span<const UntakenWay> ways, const ClosureOptions& options);

}  // namespace reckon::distance

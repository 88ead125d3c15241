#pragma once

// How much longer single roads and turns take than their kind does, from how far off trips' times are: each
// trip's time is a sum over its parts (ridge regression with a prior for each part, solved by conjugate
// gradients). How much single parts may differ is found by cross-validation. Deterministic.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace reckon::distance {

/// A trip whose way is known.
struct TimedWay {
  std::vector<std::pair<std::uint32_t, float>> parts;  ///< each once, and which share of it is used, (0, 1]
  double off_ms = 0;                                   ///< the time told, less that by the kinds of its parts
  bool at_least = false;  ///< a way that was not taken: its parts take that, or still more
};

/// What is thought of a road or turn before any trip tells of it.
struct Part {
  double variance;  ///< of its time, beside that of the other parts; > 0
  double least_ms;  ///< the least that may be added, <= 0
};

/// @return by part what to add, ms; empty where that tells other trips' times hardly better than nothing
/// does,
///         or ways are fewer than 200. Cost: of 5,000 trips over 100 parts each some seconds
std::vector<double> fit_part_times(std::span<const TimedWay> ways, std::span<const Part> parts);

}  // namespace reckon::distance

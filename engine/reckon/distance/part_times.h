#pragma once

// How much longer single roads and turns take than their kind does, from how far off trips' times are: each
// trip's time is a sum over its parts (ridge regression with a prior for each part, solved by conjugate
// gradients; docs/sources.md#part-times). How much single parts may differ is found by cross-validation.
// Deterministic.

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace reckon::distance {

/// A trip and a way.
struct TimedWay {
  std::vector<std::pair<std::uint32_t, float>> parts;  ///< each once; how often it is used, or what share
  double off_ms = 0;                                   ///< the time told, less that by the kinds of its parts
  bool at_least = false;  ///< not the way taken: its parts take that, or still more
};

/// What is thought of a road or turn before any trip tells of it.
struct Part {
  double variance;  ///< of its time, beside that of the other parts; > 0
  double least_ms;  ///< the least that may be added, <= 0
};

/// What is found.
struct PartTimes {
  std::vector<double>
      add_ms;            ///< by part; empty: that tells other trips' times hardly better than nothing does
  double stiffness = 0;  ///< variance of a trip's time in units of the parts'
};

/// @param stiffness  of an earlier fit to much the same ways; 0: found by cross-validation, at the cost of
/// ten fits
/// @param stopped    asked some hundred times a second; true gives the fit up
/// @return nothing where it was given up or ways are fewer than 200. Cost: of 5,000 trips over 200 parts each
/// a
///         second; one thread
PartTimes fit_part_times(std::span<const TimedWay> ways, std::span<const Part> parts, double stiffness = 0,
                         const std::function<bool()>& stopped = {});

}  // namespace reckon::distance

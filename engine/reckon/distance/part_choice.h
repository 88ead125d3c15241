#pragma once

// By how much single roads and turns cost a chooser more or less than their kind does, from which of two ways
// it took: the odds that the one is taken grow with how much dearer the other is (binary logit with a prior
// for each part, by Newton's method, its steps by conjugate gradients; docs/sources.md#part-choice).
// Deterministic.

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace reckon::distance {

/// A way that was not taken, beside the one that was.
struct PassedBy {
  std::vector<std::pair<std::uint32_t, float>> more;  ///< parts, each once, of it less those of the taken one
  double dearer_ms = 0;                               ///< by the kinds of its parts; may be negative
};

/// @param deviation  of each part, in its own unit, from what its kind says; > 0
/// @param scale_ms   of the logit: a way so much dearer is taken once where the other is e times
/// @param stopped    asked some hundred times a second; true gives the fit up
/// @return by part: what it costs beyond its kind, in its own unit; empty where it was given up
std::vector<double> fit_part_choice(std::span<const PassedBy> ways, std::span<const double> deviation,
                                    double scale_ms, const std::function<bool()>& stopped = {});

}  // namespace reckon::distance

#pragma once

// Limits on everything that comes from outside, each with its reason. Rooms keep limits of their own subject
// beside it.

#include <cstddef>

namespace reckon::base {

/// Faults reported for one document: enough to mend a file in one go, few enough to read.
inline constexpr std::size_t kMaxFaults = 20;

/// Nesting of JSON: our deepest document (a VROOM problem) has 6 levels; providers' answers fewer than 16.
inline constexpr std::size_t kMaxJsonDepth = 64;

/// A JSON document from disk or the network: a VROOM problem of 1,000 x 1,000 matrices is about 14 MB.
inline constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 20;

/// A CSV of trips: ten million rows of 60 bytes.
inline constexpr std::size_t kMaxCsvBytes = std::size_t{1} << 30;

/// A configuration or tariff file: people write these by hand.
inline constexpr std::size_t kMaxConfigBytes = std::size_t{4} << 20;

}  // namespace reckon::base

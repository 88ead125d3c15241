#pragma once

// Draws the sample city and writes it as OSM PBF, to be built like any extract. README.md beside this file
// says what is drawn and why.

#include <cstdint>
#include <string>

namespace reckon::sample_city {

inline constexpr std::int64_t kLeastNodes = 5'000, kMostNodes = 20'000'000;

/// Same arguments, same bytes.
/// @param nodes  of roads, about; kLeastNodes to kMostNodes
/// Throws std::exception when `path` cannot be written.
void write(const std::string& path, std::int64_t nodes, std::uint64_t seed);

}  // namespace reckon::sample_city

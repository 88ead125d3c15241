#pragma once

// What several members of a VROOM problem have in common. Internal to its reader: faults go to the node's
// list, and then the value means nothing.

#include <optional>
#include <vector>

#include "reckon/base/json_reader.h"
#include "reckon/dispatch/vroom.h"

namespace reckon::dispatch {

inline constexpr std::int64_t kMaxWireId = std::int64_t{1}
                                           << 53;       // JavaScript reads no larger integers exactly
inline constexpr std::size_t kMaxDescription = 10'000;  // bytes; of types and profiles, too

/// `id` and `description`.
WireName read_name(const base::JsonNode& node);
/// Sorted, each once.
std::vector<std::uint32_t> read_skills(const base::JsonNode& node);
std::optional<TimeWindow> read_window(const base::JsonNode& node);
/// Sorted and disjoint; of an absent node the whole of time.
std::vector<TimeWindow> read_windows(const base::JsonNode& node);
/// Of setup, service or a break.
std::int64_t read_seconds(const base::JsonNode& node);
/// `[longitude, latitude]`.
std::optional<geo::LatLng> read_coordinates(const base::JsonNode& node);

}  // namespace reckon::dispatch

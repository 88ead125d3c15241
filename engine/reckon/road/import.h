#pragma once

// Reads OpenStreetMap PBF extracts. libosmium and its exceptions stay in the .cc.

#include <filesystem>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/road/map_builder.h"
#include "reckon/road/road_data.h"

namespace reckon::road {

/// All roads that any vehicle may use, with their nodes and turn rules. Where extracts overlap, the first
/// one's object holds.
/// @errors kEnvironment   missing or unreadable file
///         kInvalidInput  not OSM PBF, damaged or truncated, or without any road
/// Cost: two passes over each file; memory follows the number of roads, not the largest id.
base::Result<RoadData> import_extracts(const std::vector<std::filesystem::path>& inputs,
                                       const BuildProgress& progress);

}  // namespace reckon::road

#pragma once

// From OpenStreetMap extracts to a map file. Memory follows the extract; the same input gives the same bytes.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/base/vehicle.h"
#include "reckon/road/hub_labels.h"
#include "reckon/road/road_map.h"

namespace reckon::road {

/// Told as the build goes on: the stage's name and how much of it is done, [0, 1].
using BuildProgress = std::function<void(std::string_view stage, double done)>;

struct BuildOptions {
  std::vector<std::filesystem::path> inputs;  ///< at least one .osm.pbf
  std::filesystem::path output;               ///< replaced atomically; untouched on any error
  std::vector<base::Vehicle> vehicles{base::kAllVehicles.begin(), base::kAllVehicles.end()};  ///< not empty
  DrivingSide driving_side = DrivingSide::kRight;  ///< of the roads in `inputs`
  /// Hub-label entries for each arc and vehicle, on the average, at 8 bytes: with more, routes on maps of
  /// many millions of junctions are faster, and the file is larger. docs/adr/0021-hierarchy.md
  std::uint32_t label_entries = kDefaultLabelEntries;
  BuildProgress progress = {};  ///< may be empty
};

/// Reads the extracts and writes the map file.
/// @errors kEnvironment   an input missing or unreadable, the output not writable
///         kInvalidInput  an input is not OSM PBF, is truncated, or holds no road usable by any of the
///         vehicles
/// @return what `RoadMap::open(output).info()` says
base::Result<MapInfo> build_map(const BuildOptions& options);

}  // namespace reckon::road

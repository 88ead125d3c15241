#pragma once

// Maps and corrections as commands name them.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli.h"
#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/road/map_set.h"

namespace reckon::cli {

/// `A.rmap,B.rmap`.
std::vector<std::filesystem::path> map_paths(std::string_view list);

base::Result<road::Overlay> read_overlay(const std::string& file);
/// The same; a file that is not there yet holds no corrections.
base::Result<road::Overlay> read_overlay_or_empty(const std::string& file);

/// `maps` under the corrections of `file` that are in force at `instant`.
/// @errors kEnvironment, kInvalidInput  the file is missing or faulty, or names what no map has
base::Result<road::MapSet> corrected(const road::MapSet& maps, const std::string& file,
                                     base::WallTime instant, road::Metric metric = road::Metric::kFastest);

/// Options by which routes are chosen: `--overlay FILE`, `--at TIME`, `--shortest`.
std::vector<Option> overlay_options();

/// The maps of `--map` as those options have them.
base::Result<road::MapSet> open_maps(const Args& args, road::MapChecks checks = road::MapChecks::kAtOpening,
                                     std::optional<base::Vehicle> only = std::nullopt);

}  // namespace reckon::cli

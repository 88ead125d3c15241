#pragma once

// The `meta` section of a map file: what the map says of itself, as JSON.

#include <string>
#include <string_view>

#include "reckon/base/result.h"
#include "reckon/road/road_map.h"

namespace reckon::road {

/// Everything of `info` but release and bytes, which follow from the file.
std::string encode_meta(const MapInfo& info);

/// @errors kInvalidInput  not what encode_meta writes
base::Result<MapInfo> decode_meta(std::string_view json, std::string_view name);

}  // namespace reckon::road

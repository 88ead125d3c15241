#include "overlay_options.h"

#include <algorithm>

#include "reckon/base/clock.h"
#include "reckon/base/file.h"
#include "reckon/base/limits.h"

namespace reckon::cli {

std::vector<std::filesystem::path> map_paths(std::string_view list) {
  const auto parts = split_list(list);
  return {parts.begin(), parts.end()};
}

base::Result<road::Overlay> read_overlay(const std::string& file) {
  const auto bytes = base::read_file(file, base::kMaxConfigBytes);
  if (!bytes) return base::fail(bytes.error());
  return road::parse_overlay(*bytes, file);
}

base::Result<road::Overlay> read_overlay_or_empty(const std::string& file) {
  std::error_code fault;
  if (!std::filesystem::exists(file, fault) && !fault) return road::Overlay{};
  return read_overlay(file);
}

std::vector<Option> overlay_options() {
  return {{"overlay", "FILE", "corrections to the map, see `reckon help map correct`"},
          {"at", "TIME", "with the corrections in force at this instant, RFC 3339 (default: now)"},
          {"shortest", "", "the shortest legal route instead of the fastest"}};
}

base::Result<road::MapSet> open_maps(const Args& args, road::MapChecks checks,
                                     std::optional<base::Vehicle> only) {
  if (args.has("overlay")) only.reset();  // entries for other vehicles name what is theirs
  auto maps = road::MapSet::open(map_paths(args.get_or("map", "")), checks, only);
  const auto file = args.get("overlay");
  if (!maps || (!file && !args.has("shortest"))) return maps;
  const auto metric = args.has("shortest") ? road::Metric::kShortest : road::Metric::kFastest;
  if (!file) return maps->under({}, metric);
  const auto instant = instant_option(args);
  if (!instant) return base::fail(instant.error());
  return corrected(*maps, std::string(*file), *instant, metric);
}

base::Result<road::MapSet> corrected(const road::MapSet& maps, const std::string& file,
                                     base::WallTime instant, road::Metric metric) {
  const auto overlay = read_overlay(file);
  if (!overlay) return base::fail(overlay.error());
  if (auto checked = maps.check(*overlay, file); !checked) return base::fail(checked.error());
  return maps.under(overlay->at(instant), metric);
}

}  // namespace reckon::cli

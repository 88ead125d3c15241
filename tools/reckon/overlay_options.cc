#include "overlay_options.h"

#include <algorithm>

#include "reckon/base/clock.h"
#include "reckon/base/file.h"
#include "reckon/base/limits.h"

namespace reckon::cli {

std::vector<std::filesystem::path> map_paths(std::string_view list) {
  std::vector<std::filesystem::path> paths;
  for (;;) {
    const auto cut = std::min(list.find(','), list.size());
    paths.emplace_back(list.substr(0, cut));
    if (cut == list.size()) return paths;
    list.remove_prefix(cut + 1);
  }
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
          {"shortest", "", "the shortest legal route instead of the fastest"}};
}

base::Result<road::MapSet> open_maps(const Args& args, road::MapChecks checks,
                                     std::optional<base::Vehicle> only) {
  if (args.has("overlay")) only.reset();  // entries for other vehicles name what is theirs
  auto maps = road::MapSet::open(map_paths(args.get_or("map", "")), checks, only);
  const auto file = args.get("overlay");
  if (!maps || (!file && !args.has("shortest"))) return maps;
  road::Overlay overlay;
  if (file) {
    auto read = read_overlay(std::string(*file));
    if (!read) return base::fail(read.error());
    if (auto checked = maps->check(*read, *file); !checked) return base::fail(checked.error());
    overlay = read->at(base::SystemClock().wall_now());
  }
  const auto metric = args.has("shortest") ? road::Metric::kShortest : road::Metric::kFastest;
  return maps->under(overlay, metric);
}

}  // namespace reckon::cli

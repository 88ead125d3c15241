#include "reckon/road/map_meta.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"

namespace reckon::road {
namespace {

constexpr std::size_t kMaxSources = 1000;  // extracts of one map

struct CountField {
  std::string_view key;
  std::uint64_t ImportCounts::*value;
};

constexpr CountField kCounts[] = {
    {"turn_rules", &ImportCounts::turn_rules},
    {"via_way_rules", &ImportCounts::via_way_rules},
    {"conditional_rules_ignored", &ImportCounts::conditional_rules_ignored},
    {"broken_rules_ignored", &ImportCounts::broken_rules_ignored},
    {"entrances", &ImportCounts::entrances},
    {"missing_nodes", &ImportCounts::missing_nodes},
};

std::uint64_t read_count(const base::JsonNode& node) {
  return static_cast<std::uint64_t>(node.integer(0, std::numeric_limits<std::int64_t>::max()).value_or(0));
}

void read_vehicles(const base::JsonNode& list, MapInfo& info) {
  for (const auto& item : list.items(base::kAllVehicles.size())) {
    const auto vehicle = base::vehicle_from(item.string().value_or(""));
    if (!vehicle || std::ranges::find(info.vehicles, *vehicle) != info.vehicles.end()) {
      item.fault("is no vehicle, or stands twice");
    } else {
      info.vehicles.push_back(*vehicle);
    }
  }
}

void read_sources(const base::JsonNode& list, MapInfo& info) {
  for (const auto& item : list.items(kMaxSources)) {
    info.sources.push_back({std::string(item.required("file").string().value_or("")),
                            std::string(item.required("sha256").string().value_or("")),
                            std::string(item.required("timestamp").string().value_or(""))});
  }
}

}  // namespace

std::string encode_meta(const MapInfo& info) {
  std::string json;
  base::JsonWriter out(json);
  out.begin_object().key("vehicles").begin_array();
  for (const auto vehicle : info.vehicles) out.string(base::to_string(vehicle));
  out.end_array();
  out.key("driving_side").string(to_string(info.driving_side));
  out.key("nodes").integer(static_cast<std::int64_t>(info.nodes));
  out.key("edges").integer(static_cast<std::int64_t>(info.edges));
  out.key("bbox")
      .begin_array()
      .number(info.west)
      .number(info.south)
      .number(info.east)
      .number(info.north)
      .end_array();
  out.key("sources").begin_array();
  for (const auto& source : info.sources) {
    out.begin_object().key("file").string(source.file).key("sha256").string(source.sha256);
    out.key("timestamp").string(source.timestamp).end_object();
  }
  out.end_array().key("import").begin_object();
  for (const auto& field : kCounts)
    out.key(field.key).integer(static_cast<std::int64_t>(info.counts.*field.value));
  out.end_object().end_object();
  return json;
}

base::Result<MapInfo> decode_meta(std::string_view json, std::string_view name) {
  const auto document = base::JsonDocument::parse(json, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const auto root = document->root(faults);
  MapInfo info;
  read_vehicles(root.required("vehicles"), info);
  const auto side = root.required("driving_side");
  if (const auto read = driving_side_from(side.string().value_or(""))) {
    info.driving_side = *read;
  } else {
    side.fault("is neither right nor left");
  }
  info.nodes = read_count(root.required("nodes"));
  info.edges = read_count(root.required("edges"));
  const auto bbox = root.required("bbox").items(4);
  if (bbox.size() == 4) {
    info.west = bbox[0].number(-180, 180).value_or(0);
    info.south = bbox[1].number(-90, 90).value_or(0);
    info.east = bbox[2].number(-180, 180).value_or(0);
    info.north = bbox[3].number(-90, 90).value_or(0);
  } else {
    root.fault("has a bounding box without four numbers");
  }
  read_sources(root.required("sources"), info);
  const auto counts = root.required("import");
  for (const auto& field : kCounts) info.counts.*field.value = read_count(counts.required(field.key));
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
  return info;
}

}  // namespace reckon::road

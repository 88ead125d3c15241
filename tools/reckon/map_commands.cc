// `map build` and `map info`.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "commands.h"
#include "reckon/base/json_writer.h"
#include "reckon/road/map_builder.h"

namespace reckon::cli {
namespace {

constexpr int kMaxExtracts = 1000;
constexpr std::int64_t kMostLabelEntries = 1000;

// `motorcycle,car`; every unknown or repeated name is a fault.
base::Result<std::vector<base::Vehicle>> parse_vehicles(std::string_view list) {
  std::vector<base::Vehicle> vehicles;
  std::vector<base::Fault> faults;
  for (const auto name : split_list(list)) {
    const auto vehicle = base::vehicle_from(name);
    if (!vehicle) {
      faults.push_back({"--vehicles", fmt::format("'{}' is no vehicle; {}", name, base::kVehiclesAllowed)});
    } else if (std::ranges::find(vehicles, *vehicle) != vehicles.end()) {
      faults.push_back({"--vehicles", fmt::format("'{}' is given twice; each may be given once", name)});
    } else {
      vehicles.push_back(*vehicle);
    }
  }
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  return vehicles;
}

void write_info(base::JsonWriter& out, const road::MapInfo& info) {
  out.begin_object().key("map_release").string(info.release).key("vehicles").begin_array();
  for (const auto vehicle : info.vehicles) out.string(base::to_string(vehicle));
  out.end_array().key("driving_side").string(to_string(info.driving_side));
  out.key("nodes").integer(static_cast<std::int64_t>(info.nodes));
  out.key("edges").integer(static_cast<std::int64_t>(info.edges));
  out.key("bbox")
      .begin_array()
      .number(info.west)
      .number(info.south)
      .number(info.east)
      .number(info.north)
      .end_array();
  out.key("bytes").integer(static_cast<std::int64_t>(info.bytes)).key("sources").begin_array();
  for (const auto& source : info.sources) {
    out.begin_object().key("file").string(source.file).key("sha256").string(source.sha256);
    out.key("timestamp").string(source.timestamp).end_object();
  }
  const auto& counts = info.counts;
  out.end_array().key("import").begin_object();
  out.key("turn_rules").integer(static_cast<std::int64_t>(counts.turn_rules));
  out.key("via_way_rules").integer(static_cast<std::int64_t>(counts.via_way_rules));
  out.key("conditional_rules_ignored").integer(static_cast<std::int64_t>(counts.conditional_rules_ignored));
  out.key("broken_rules_ignored").integer(static_cast<std::int64_t>(counts.broken_rules_ignored));
  out.key("entrances").integer(static_cast<std::int64_t>(counts.entrances));
  out.key("missing_nodes").integer(static_cast<std::int64_t>(counts.missing_nodes));
  out.end_object().end_object();
}

std::string info_text(const road::MapInfo& info) {
  std::string vehicles;
  for (const auto vehicle : info.vehicles)
    vehicles += fmt::format("{}{}", vehicles.empty() ? "" : ", ", base::to_string(vehicle));
  std::string text =
      fmt::format("release   {}\nvehicles  {}, on the {}\nroads     {} nodes, {} directed edges\n",
                  info.release, vehicles, to_string(info.driving_side), info.nodes, info.edges);
  text += fmt::format("bounds    south {}, west {}, north {}, east {}\nfile      {} bytes\n", info.south,
                      info.west, info.north, info.east, info.bytes);
  for (const auto& source : info.sources) {
    text += fmt::format("source    {} {} {}\n", source.file, source.sha256, source.timestamp);
  }
  const auto& counts = info.counts;
  text += fmt::format(
      "turns     {} rules over junctions and {} over ways kept; not read: {} by the hour, {} broken; ways "
      "cut at {} missing "
      "nodes\n",
      counts.turn_rules, counts.via_way_rules, counts.conditional_rules_ignored, counts.broken_rules_ignored,
      counts.missing_nodes);
  if (counts.entrances != 0) text += fmt::format("entrances {} of buildings\n", counts.entrances);
  return text;
}

int deliver_info(const Args& args, const road::MapInfo& info) {
  std::string text;
  if (args.has("json")) {
    base::JsonWriter out(text);
    write_info(out, info);
    text += '\n';
  } else {
    text = info_text(info);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? kDone : kEnvironmentFault;
}

int run_build(const Args& args) {
  road::BuildOptions options;
  options.inputs.assign(args.words().begin(), args.words().end());
  options.output = std::string(args.get_or("out", ""));
  if (const auto list = args.get("vehicles")) {
    auto vehicles = parse_vehicles(*list);
    if (!vehicles) return report(vehicles.error());
    options.vehicles = std::move(*vehicles);
  }
  const auto side = road::driving_side_from(args.get_or("drive-on", "right"));
  if (!side) {
    return report({base::ErrorCode::kInvalidInput, "--drive-on",
                   fmt::format("'{}' is no side; right or left", *args.get("drive-on"))});
  }
  options.driving_side = *side;
  const auto entries = integer_option(args, "labels", road::kDefaultLabelEntries, 1, kMostLabelEntries);
  if (!entries) return report(entries.error());
  options.label_entries = static_cast<std::uint32_t>(*entries);
  base::Result<road::MapInfo> built = [&] {
    Progress progress;
    options.progress = [&](std::string_view stage, double done) { progress.show(stage, done); };
    return road::build_map(options);
  }();
  if (!built) return report(built.error());
  return deliver_info(args, *built);
}

int run_info(const Args& args) {
  const auto map = road::RoadMap::open(args.words()[0]);
  if (!map) return report(map.error());
  if (args.has("check")) {
    if (const auto whole = map->check_content(); !whole) return report(whole.error());
  }
  return deliver_info(args, map->info());
}

}  // namespace

std::vector<Command> map_commands() {
  return {
      {"map build",
       "compile OpenStreetMap extracts to a map file",
       "IN.osm.pbf [IN2...]",
       1,
       kMaxExtracts,
       {{"out", "MAP", "the map file to write; replaced only when the new one is whole"},
        {"vehicles", "LIST", "comma-separated: motorcycle,bicycle,foot,car (default: all)"},
        {"drive-on", "SIDE", "the side that traffic keeps to: right or left (default: right)"},
        {"labels", "N",
         "label entries for each arc, 1 to 1000: fewer make large maps smaller and slower (default: 250)"},
        {"json", "", "print one JSON document"}},
       {"out"},
       run_build},
      {"map info",
       "say what a map file holds",
       "MAP",
       1,
       1,
       {{"json", "", "print one JSON document"},
        {"check", "", "also verify the content against the release's SHA-256"}},
       {},
       run_info}};
}

}  // namespace reckon::cli

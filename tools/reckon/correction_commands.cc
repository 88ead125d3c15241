// `map correct`: corrections to a map.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "commands.h"
#include "overlay_options.h"
#include "reckon/base/clock.h"
#include "reckon/base/csv.h"
#include "reckon/base/file.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/limits.h"
#include "reckon/road/overlay_findings.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using base::Fault;
using base::Result;

/// Options that go into the new entry under their own name, as numbers, places or text.
struct Field {
  std::string_view option, key;
  enum class Form : std::uint8_t { kNumber, kPlace, kText, kArea, kVehicles, kYesNo } form;
};
constexpr std::array kFields = {
    Field{"way", "way", Field::Form::kNumber},
    Field{"near", "near", Field::Form::kPlace},
    Field{"heading", "heading", Field::Form::kNumber},
    Field{"from-way", "from_way", Field::Form::kNumber},
    Field{"to-way", "to_way", Field::Form::kNumber},
    Field{"at", "at", Field::Form::kPlace},
    Field{"open", "open", Field::Form::kYesNo},
    Field{"from", "from", Field::Form::kPlace},
    Field{"to", "to", Field::Form::kPlace},
    Field{"speed-kmh", "speed_kmh", Field::Form::kNumber},
    Field{"both-ways", "both_ways", Field::Form::kYesNo},
    Field{"percent", "percent", Field::Form::kNumber},
    Field{"class", "class", Field::Form::kText},
    Field{"area", "area", Field::Form::kArea},
    Field{"vehicles", "vehicles", Field::Form::kVehicles},
    Field{"from-time", "from_time", Field::Form::kText},
    Field{"until-time", "until_time", Field::Form::kText},
    Field{"by", "by", Field::Form::kText},
    Field{"reason", "reason", Field::Form::kText},
};

void write_numbers(base::JsonWriter& out, const Field& field, std::string_view text, std::size_t count,
                   std::vector<Fault>& faults) {
  const auto parts = split_list(text);
  bool good = parts.size() == count;
  for (const auto part : parts) good = good && base::parse_number(part).has_value();
  if (!good) {
    faults.push_back(
        {fmt::format("--{}", field.option),
         fmt::format("'{}' is not usable; {} numbers with commas between are needed", text, count)});
    return;
  }
  out.begin_array();
  for (const auto part : parts) out.number(*base::parse_number(part));
  out.end_array();
}

void write_value(base::JsonWriter& out, const Field& field, std::string_view text,
                 std::vector<Fault>& faults) {
  out.key(field.key);
  switch (field.form) {
    case Field::Form::kNumber:
      if (const auto number = base::parse_number(text);
          number && *number == std::floor(*number) && std::abs(*number) < 9e15) {
        out.integer(static_cast<std::int64_t>(*number));
      } else if (number) {
        out.number(*number);
      } else {
        faults.push_back({fmt::format("--{}", field.option), fmt::format("'{}' is no number", text)});
      }
      return;
    case Field::Form::kPlace:
      write_numbers(out, field, text, 2, faults);
      return;
    case Field::Form::kArea:
      write_numbers(out, field, text, 4, faults);
      return;
    case Field::Form::kText:
      out.string(text);
      return;
    case Field::Form::kVehicles:
      out.begin_array();
      for (const auto one : split_list(text)) out.string(one);
      out.end_array();
      return;
    case Field::Form::kYesNo:
      if (text != "yes" && text != "no")
        faults.push_back(
            {fmt::format("--{}", field.option), fmt::format("'{}' is neither yes nor no", text)});
      out.boolean(text == "yes");
      return;
  }
}

// Hours of the day: `--daily FROM-TO --time-zone ZONE`, and `--weekdays LIST`.
void write_daily(base::JsonWriter& out, const Args& args, std::vector<Fault>& faults) {
  const auto daily = args.get("daily");
  for (const std::string_view option : {"time-zone", "weekdays"}) {
    if (args.has(option) && !daily) faults.push_back({fmt::format("--{}", option), "goes with --daily only"});
  }
  if (!daily) return;
  const auto dash = daily->find('-');
  if (dash == std::string_view::npos)
    faults.push_back(
        {"--daily", fmt::format("'{}' is not usable; FROM-TO is needed, as 18:00-22:00", *daily)});
  if (!args.has("time-zone")) faults.push_back({"--time-zone", "is missing; --daily needs it"});
  out.key("daily").begin_object().key("from").string(daily->substr(0, dash));
  out.key("to").string(dash == std::string_view::npos ? "" : daily->substr(dash + 1));
  out.key("time_zone").string(args.get_or("time-zone", ""));
  if (const auto days = args.get("weekdays")) {
    out.key("weekdays").begin_array();
    for (const auto day : split_list(*days)) out.string(day);
    out.end_array();
  }
  out.end_object();
}

// The new entry as a document of one correction, so that it is read and checked as any file is.
Result<road::Correction> entry_of(const Args& args, const std::string& id) {
  std::vector<Fault> faults;
  std::string text;
  base::JsonWriter out(text);
  out.begin_object().key("version").integer(1).key("corrections").begin_array().begin_object();
  out.key("id").string(id).key("kind").string(args.get_or("kind", ""));
  out.key("recorded").string(base::format_rfc3339(base::SystemClock().wall_now()));
  for (const auto& field : kFields) {
    if (const auto value = args.get(field.option)) write_value(out, field, *value, faults);
  }
  write_daily(out, args, faults);
  out.end_object().end_array().end_object();
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  const auto read = road::parse_overlay(text, "new correction");
  if (!read) return base::fail(read.error());
  return read->corrections.front();
}

std::string next_id(const road::Overlay& overlay) {
  for (auto n = overlay.corrections.size() + 1;; ++n) {
    auto id = fmt::format("c{}", n);
    if (std::ranges::find(overlay.corrections, id, &road::Correction::id) == overlay.corrections.end())
      return id;
  }
}

// The file as it is to be, or nothing to write: `--remove` of an unknown id, a faulty entry.
Result<road::Overlay> edited(const Args& args, road::Overlay overlay) {
  if (const auto id = args.get("remove")) {
    const auto found = std::ranges::find(overlay.corrections, *id, &road::Correction::id);
    if (found == overlay.corrections.end()) {
      return base::fail(
          ErrorCode::kNotFound, "--remove",
          fmt::format("'{}' is no correction of this file; {} are there", *id, overlay.corrections.size()));
    }
    overlay.corrections.erase(found);
  } else {
    auto added = entry_of(args, std::string(args.get_or("id", next_id(overlay))));
    if (!added) return base::fail(added.error());
    if (std::ranges::find(overlay.corrections, added->id, &road::Correction::id) !=
        overlay.corrections.end()) {
      return base::fail(ErrorCode::kConflict, "--id",
                        fmt::format("'{}' is taken in this file; a new one is needed", added->id));
    }
    overlay.corrections.push_back(std::move(*added));
  }
  ++overlay.version;
  return overlay;
}

/// Holds other `map correct` of files in one folder back until this one has written: none is lost.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& file)
      : folder_(::open(std::filesystem::absolute(file).parent_path().c_str(),
                       O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (folder_ >= 0) ::flock(folder_, LOCK_EX);  // where it cannot be, writing will say what is wrong
  }
  ~FolderLock() {
    if (folder_ >= 0) ::close(folder_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int folder_;
};

/// The new correction on one of the maps, to be told.
struct OnMap {
  std::string_view path;
  const road::RoadMap* map;
  road::Finding finding;
};

std::vector<OnMap> on_maps(const Args& args, const road::Correction& added, const road::MapSet& maps) {
  const auto paths = split_list(args.get_or("map", ""));
  std::vector<OnMap> all;
  for (std::size_t i = 0; i < maps.maps().size(); ++i) {
    auto finding = road::finding_of(added, *maps.maps()[i]);
    const auto now = base::SystemClock().wall_now();
    if (added.until && *added.until <= now)
      finding.changes_nothing = fmt::format("it ended at {}", base::format_rfc3339(*added.until));
    all.push_back({paths[i], maps.maps()[i].get(), std::move(finding)});
  }
  return all;
}

std::string change_text(const Args& args, const road::Overlay& after, const road::MapSet& maps) {
  auto text =
      fmt::format("{} has version {}, {}\n", args.words()[0], after.version,
                  counted(static_cast<std::int64_t>(after.corrections.size()), "correction", "corrections"));
  if (!args.has("kind")) return text;
  const auto& added = after.corrections.back();
  for (const auto& [path, _, finding] : on_maps(args, added, maps)) {
    const auto who = maps.maps().size() == 1 ? added.id : fmt::format("{} on {}", added.id, path);
    if (finding.fault) {
      text += fmt::format("{} names nothing: {}\n", who, finding.fault->message);
      continue;
    }
    text += fmt::format("{} {}\n", who, finding.says);
    if (!finding.changes_nothing.empty())
      text += fmt::format("{} changes nothing: {}\n", who, finding.changes_nothing);
  }
  return text;
}

void write_finding(base::JsonWriter& out, const OnMap& on) {
  const auto& finding = on.finding;
  out.begin_object().key("map").string(on.path).key("map_release").string(on.map->release());
  out.key("found").boolean(!finding.fault);
  if (finding.fault) {
    out.key("field").string(finding.fault->where).key("why_not").string(finding.fault->message).end_object();
    return;
  }
  out.key("says").string(finding.says).key("changes_nothing");
  finding.changes_nothing.empty() ? out.null() : out.string(finding.changes_nothing);
  out.key("ways").begin_array();
  for (const auto& way : finding.ways)
    out.begin_object().key("way").integer(way.way).key("street").string(way.street).end_object();
  out.end_array().key("length_m").integer(finding.length_m).key("places").begin_array();
  for (const auto& place : finding.places) {
    out.begin_object().key("field").string(place.field).key("lat").number(place.place.lat_deg());
    out.key("lon").number(place.place.lng_deg()).key("away_m");
    out.number(std::round(place.away_m * 1000) / 1000).end_object();
  }
  out.end_array().key("vehicles").begin_array();
  for (const auto vehicle : finding.vehicles) out.string(base::to_string(vehicle));
  out.end_array().end_object();
}

std::string change_json(const Args& args, const road::Overlay& after, const road::MapSet& maps) {
  std::string text;
  base::JsonWriter out(text);
  out.begin_object().key("file").string(args.words()[0]).key("version").integer(after.version);
  out.key("corrections").integer(static_cast<std::int64_t>(after.corrections.size()));
  if (const auto removed = args.get("remove")) out.key("removed").string(*removed);
  if (args.has("kind")) {
    const auto& added = after.corrections.back();
    out.key("added").string(added.id).key("maps").begin_array();
    for (const auto& on : on_maps(args, added, maps)) write_finding(out, on);
    out.end_array();
  }
  out.end_object();
  return text + '\n';
}

int run_correct(const Args& args) {
  const std::string file = args.words()[0];
  if (args.has("kind") == args.has("remove")) {
    return report({ErrorCode::kInvalidInput, "--kind",
                   args.has("kind") ? "does not go with --remove; one of them is allowed"
                                    : "is missing; --kind with its options, or --remove ID, is needed"});
  }
  const FolderLock lock(file);
  auto before = read_overlay_or_empty(file);
  if (!before) return report(before.error());
  auto after = edited(args, std::move(*before));
  if (!after) return report(after.error());
  auto maps = road::MapSet::open(map_paths(args.get_or("map", "")));
  if (!maps) return report(maps.error());
  // Entries that were there may name what a newer map has lost: that is no reason to refuse this change.
  if (args.has("kind")) {
    if (const auto checked = maps->check(*after, file, after->corrections.size() - 1); !checked)
      return report(checked.error());
  }
  const auto text = road::overlay_text(*after);
  if (text.size() > base::kMaxConfigBytes) {
    return report(
        {ErrorCode::kLimit, file,
         fmt::format("would have {} bytes; at most {} are allowed", text.size(), base::kMaxConfigBytes)});
  }
  if (const auto readable = road::parse_overlay(text, file); !readable) return report(readable.error());
  if (const auto written = base::write_file_atomically(file, text); !written) return report(written.error());
  return tell_done(args.has("json") ? change_json(args, *after, *maps) : change_text(args, *after, *maps));
}

}  // namespace

std::vector<Command> correction_commands() {
  return {
      {"map correct",
       "add a correction to a file of them, or take one out; docs/corrections.md has all kinds",
       "OVERLAY.json",
       1,
       1,
       {{"map", "MAP[,MAP2...]", "the map that it corrects: what it names must be there"},
        {"kind", "KIND", "close, forbid_turn, allow_turn, gate, link or speed"},
        {"remove", "ID", "take this correction out"},
        {"id", "ID", "name of the new one (default: c1, c2, ...)"},
        {"by", "NAME", "who corrects"},
        {"reason", "TEXT", "why"},
        {"way", "ID", "close, speed: the street by its OpenStreetMap way"},
        {"near", "LAT,LON", "close, speed: the street nearest to this place"},
        {"heading", "DEG", "close: only travel that way, clockwise from north"},
        {"from-way", "ID", "turns: from this way"},
        {"to-way", "ID", "turns: to this way"},
        {"at", "LAT,LON", "turns, gate: the junction nearest to this place"},
        {"open", "yes|no", "gate: whether one can pass"},
        {"from", "LAT,LON", "link: the junction where the missing road begins"},
        {"to", "LAT,LON", "link: the junction where it ends"},
        {"speed-kmh", "N", "link: its speed"},
        {"both-ways", "yes|no", "link: yes unless said otherwise"},
        {"percent", "N", "speed: of what the map says"},
        {"class", "NAME", "speed: roads of this OpenStreetMap class only"},
        {"area", "W,S,E,N", "speed: roads with their middle in this box only"},
        {"vehicles", "LIST", "for these only (default: all)"},
        {"from-time", "TIME", "in force from this instant on, RFC 3339"},
        {"until-time", "TIME", "in force before this instant"},
        {"daily", "FROM-TO", "at these hours of the day only, such as 18:00-22:00"},
        {"time-zone", "ZONE", "with --daily: whose hours, such as Asia/Seoul"},
        {"weekdays", "LIST", "with --daily: the days they begin on (default: all), such as monday,friday"},
        {"json", "", "print one JSON document: what the new one names on each map"}},
       {"map"},
       run_correct}};
}

}  // namespace reckon::cli

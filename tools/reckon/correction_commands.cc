// `map correct` and `map diff`: corrections to a map, and what they do to trips.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <utility>

#include "commands.h"
#include "overlay_options.h"
#include "reckon/base/clock.h"
#include "reckon/base/csv.h"
#include "reckon/base/file.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/limits.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using base::Fault;
using base::Result;

constexpr std::int64_t kMaxTrips = 10'000'000;
constexpr std::size_t kWorstShown = 10;

// --- map correct

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
    const road::Overlay added{1, {after->corrections.back()}};
    if (const auto checked = maps->check(added, "new correction"); !checked) return report(checked.error());
  }
  const auto text = road::overlay_text(*after);
  if (text.size() > base::kMaxConfigBytes) {
    return report(
        {ErrorCode::kLimit, file,
         fmt::format("would have {} bytes; at most {} are allowed", text.size(), base::kMaxConfigBytes)});
  }
  if (const auto readable = road::parse_overlay(text, file); !readable) return report(readable.error());
  if (const auto written = base::write_file_atomically(file, text); !written) return report(written.error());
  fmt::print("{} has version {}, {} corrections\n", file, after->version, after->corrections.size());
  return kDone;
}

// --- map diff

struct Difference {
  std::int64_t before_m, after_m;
  geo::LatLng from, to;

  std::int64_t change_m() const { return after_m - before_m; }
};

struct Comparison {
  std::int64_t trips = 0, same = 0, off_map = 0, lost = 0, found = 0;
  std::vector<Difference> changed;  ///< both have a route
};

Result<geo::LatLng> random_place(const road::MapInfo& info, std::mt19937_64& random) {
  // Not uniform_real_distribution: its numbers differ between libraries.
  const auto unit = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  const double lat = info.south + (info.north - info.south) * unit();
  return geo::LatLng::from_degrees(lat, info.west + (info.east - info.west) * unit(), "");
}

Comparison compare(const road::MapSet& before, const road::MapSet& after, base::Vehicle vehicle,
                   std::int64_t trips, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  road::Roads::Query query;
  Comparison out;
  Progress progress;
  while (out.trips < trips) {
    const auto& info = before.maps()[static_cast<std::size_t>(random() % before.maps().size())]->info();
    const auto from = *random_place(info, random), to = *random_place(info, random);
    const auto a = before.route(query, vehicle, from, to), b = after.route(query, vehicle, from, to);
    ++out.trips;
    if (out.trips % 256 == 0)
      progress.show("trips", static_cast<double>(out.trips) / static_cast<double>(trips));
    const bool had = a.status == road::RouteStatus::kOk, has = b.status == road::RouteStatus::kOk;
    if (!had && !has) {
      ++out.off_map;
    } else if (had != has) {
      ++(had ? out.lost : out.found);
    } else if (a.distance == b.distance && a.duration_ds == b.duration_ds) {
      ++out.same;
    } else {
      out.changed.push_back({a.distance.value, b.distance.value, from, to});
    }
  }
  std::ranges::stable_sort(out.changed, std::greater<>{},
                           [](const Difference& one) { return std::abs(one.change_m()); });
  return out;
}

double mean_m(const Comparison& compared) {
  double sum = 0;
  for (const auto& one : compared.changed) sum += static_cast<double>(one.change_m());
  return compared.changed.empty() ? 0 : sum / static_cast<double>(compared.changed.size());
}

// How many trips change by how much, as bars.
std::string histogram(const Comparison& compared) {
  struct Bin {
    std::int64_t below_m;
    std::string_view name;
    std::int64_t trips = 0;
  };
  std::array<Bin, 8> bins = {{{-499, "500 m or more shorter"},
                              {-99, "100 to 499 m shorter"},
                              {0, "1 to 99 m shorter"},
                              {1, "as long, other time"},
                              {100, "1 to 99 m longer"},
                              {500, "100 to 499 m longer"},
                              {2000, "500 to 1999 m longer"},
                              {std::numeric_limits<std::int64_t>::max(), "2000 m or more longer"}}};
  std::int64_t most = 1;
  for (const auto& one : compared.changed) {
    const auto bin = std::ranges::find_if(bins, [&](const Bin& b) { return one.change_m() < b.below_m; });
    most = std::max(most, ++bin->trips);
  }
  std::string text;
  for (const auto& bin : bins) {
    text += fmt::format("  {:<22} {:>8}  {}\n", bin.name, bin.trips,
                        std::string(static_cast<std::size_t>(bin.trips * 40 / most), '#'));
  }
  return text;
}

std::string diff_text(const Comparison& compared, const road::MapSet& before, const road::MapSet& after) {
  const auto share = [&](std::int64_t n) {
    return 100.0 * static_cast<double>(n) / static_cast<double>(compared.trips);
  };
  const auto changed = static_cast<std::int64_t>(compared.changed.size());
  std::string text =
      fmt::format("before   {}\nafter    {}\ntrips    {}, of them without a route both times {}\n",
                  before.release(), after.release(), compared.trips, compared.off_map);
  text += fmt::format("same     {} ({:.2f} %)\nchanged  {} ({:.2f} %), by {:+.1f} m on the average\n",
                      compared.same, share(compared.same), changed, share(changed), mean_m(compared));
  text += fmt::format("lost     {} have no route any more\nfound    {} have a route now\n", compared.lost,
                      compared.found);
  if (compared.changed.empty()) return text;
  text += "\n" + histogram(compared) + "\nmost changed (metres before, after; from, to)\n";
  for (std::size_t i = 0; i < std::min(kWorstShown, compared.changed.size()); ++i) {
    const auto& one = compared.changed[i];
    text += fmt::format("  {:>8} {:>8}   {:.6f},{:.6f} {:.6f},{:.6f}\n", one.before_m, one.after_m,
                        one.from.lat_deg(), one.from.lng_deg(), one.to.lat_deg(), one.to.lng_deg());
  }
  return text;
}

std::string diff_json(const Comparison& compared, const road::MapSet& before, const road::MapSet& after) {
  std::string text;
  base::JsonWriter out(text);
  out.begin_object().key("before").string(before.release()).key("after").string(after.release());
  out.key("trips").integer(compared.trips).key("without_route").integer(compared.off_map);
  out.key("same")
      .integer(compared.same)
      .key("changed")
      .integer(static_cast<std::int64_t>(compared.changed.size()));
  out.key("lost").integer(compared.lost).key("found").integer(compared.found);
  out.key("mean_change_m").number(mean_m(compared)).key("most_changed").begin_array();
  for (std::size_t i = 0; i < std::min(kWorstShown, compared.changed.size()); ++i) {
    const auto& one = compared.changed[i];
    out.begin_object().key("before_m").integer(one.before_m).key("after_m").integer(one.after_m);
    out.key("from").begin_array().number(one.from.lat_deg()).number(one.from.lng_deg()).end_array();
    out.key("to").begin_array().number(one.to.lat_deg()).number(one.to.lng_deg()).end_array().end_object();
  }
  out.end_array().end_object();
  return text + '\n';
}

int run_diff(const Args& args) {
  const auto trips = integer_option(args, "trips", 10'000, 1, kMaxTrips);
  if (!trips) return report(trips.error());
  const auto seed = integer_option(args, "seed", 1, 0, std::numeric_limits<std::int64_t>::max());
  if (!seed) return report(seed.error());
  const auto vehicle = base::vehicle_from(args.get_or("vehicle", "motorcycle"));
  if (!vehicle) {
    return report(
        {ErrorCode::kInvalidInput, "--vehicle",
         fmt::format("'{}' is no vehicle; {}", args.get_or("vehicle", ""), base::kVehiclesAllowed)});
  }
  auto maps = road::MapSet::open(map_paths(args.words()[0]));
  if (!maps) return report(maps.error());
  if (!maps->serves(*vehicle)) {
    return report(
        {ErrorCode::kInvalidInput, "--vehicle",
         fmt::format("{} is not in this map; build it with that vehicle", base::to_string(*vehicle))});
  }
  const auto under = [&](std::string_view option) -> Result<road::MapSet> {
    const auto file = args.get(option);
    if (!file) return *maps;
    return corrected(*maps, std::string(*file));
  };
  const auto before = under("before"), after = under("overlay");
  for (const auto* side : {&before, &after}) {
    if (!*side) return report(side->error());
  }
  const auto compared = compare(*before, *after, *vehicle, *trips, static_cast<std::uint64_t>(*seed));
  return deliver(
      args, args.has("json") ? diff_json(compared, *before, *after) : diff_text(compared, *before, *after));
}

}  // namespace

std::vector<Command> correction_commands() {
  return {{"map correct",
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
            {"until-time", "TIME", "in force before this instant"}},
           {"map"},
           run_correct},
          {"map diff",
           "how many trips a file of corrections changes, and by how much",
           "MAP[,MAP2...]",
           1,
           1,
           {{"overlay", "FILE", "the corrections after (default: none)"},
            {"before", "FILE", "the corrections before (default: none)"},
            {"vehicle", "V", "motorcycle (default), bicycle, foot or car"},
            {"trips", "N", "trips at random over the map (default 10000)"},
            {"seed", "N", "the same trips for the same seed (default 1)"},
            {"json", "", "print one JSON document"},
            {"out", "FILE", "write there instead of printing"}},
           {},
           run_diff}};
}

}  // namespace reckon::cli

// `reckon calibrate`: learns a provider from its answers, and says how well.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "commands.h"
#include "reckon/base/file.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/limits.h"
#include "reckon/distance/lesson.h"
#include "reckon/distance/model_words.h"
#include "reckon/distance/pairs.h"
#include "reckon/ledger/answer_store.h"
#include "reckon/service/calibrations.h"
#include "stderr_log.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using distance::AnsweredTrip;

constexpr std::string_view kScheme = "sqlite:";

/// What there is to learn from.
struct Material {
  std::string provider;
  std::vector<AnsweredTrip> pairs;
  std::int64_t answers = 0;
};

base::Result<base::Vehicle> vehicle_of(const Args& args) {
  if (args.has("from") && !args.has("vehicle"))
    return base::fail(
        ErrorCode::kInvalidInput, "--vehicle",
        fmt::format("is missing; a calibration belongs to a vehicle, and a file need not name it; {}",
                    base::kVehiclesAllowed));
  const auto name = args.get_or("vehicle", "motorcycle");
  if (const auto vehicle = base::vehicle_from(name)) return *vehicle;
  return base::fail(ErrorCode::kInvalidInput, "--vehicle",
                    fmt::format("'{}' is no vehicle; {}", name, base::kVehiclesAllowed));
}

void tell_left_out(const std::string& file, const distance::LeftOutPairs& left) {
  const auto tell = [&](std::size_t rows, std::string_view what) {
    if (rows > 0)
      StderrLog().log(base::LogLevel::kWarning,
                      fmt::format("{}: {} rows are {}, and are not learned from", file, rows, what));
  };
  tell(left.guesses, "no answers of a provider (column 'source')");
  tell(left.of_other_providers, "another provider's answers (column 'source')");
  tell(left.of_other_vehicles, "of another vehicle (column 'vehicle')");
}

base::Result<Material> from_csv(const Args& args, const std::string& file, base::Vehicle vehicle) {
  const auto provider = args.get("provider");
  if (!provider)
    return base::fail(ErrorCode::kInvalidInput, "--provider",
                      "is missing; a calibration belongs to a provider, and the file does not name it");
  const auto bytes = base::read_file(file, base::kMaxCsvBytes);
  if (!bytes) return base::fail(bytes.error());
  const distance::WantedPairs wanted{*provider, vehicle};
  distance::LeftOutPairs left;
  auto pairs = distance::read_pairs_csv(*bytes, file, &wanted, &left);
  if (!pairs) return base::fail(pairs.error());
  tell_left_out(file, left);
  Material material{std::string(*provider), std::move(*pairs), 0};
  material.answers = static_cast<std::int64_t>(material.pairs.size());
  if (material.pairs.size() > distance::kMostDoorPairs)
    material.pairs.erase(material.pairs.begin(),
                         material.pairs.end() - static_cast<std::ptrdiff_t>(distance::kMostDoorPairs));
  return material;
}

// The answers of one provider in the store beside a ledger; which, need be said only where there are several.
base::Result<Material> from_store(const Args& args, const std::string& url, base::Vehicle vehicle) {
  const std::string file = url.substr(kScheme.size()) + ".answers";
  std::error_code unreadable;
  if (!std::filesystem::exists(file, unreadable))
    return base::fail(
        ErrorCode::kEnvironment, file,
        "does not exist; 'reckon serve' and 'reckon quote' make it of providers' answers, where "
        "remember_days allows");
  const auto store = ledger::AnswerStore::open(file);
  if (!store) return base::fail(store.error());
  std::map<std::string, std::vector<distance::PastAnswer>, std::less<>> by_provider;
  std::set<std::string> others;  // of vehicles that were not asked for
  const auto read = (*store)->for_each([&](const distance::PastAnswer& one) {
    if (one.vehicle == vehicle) {
      by_provider[one.provider].push_back(one);
    } else {
      others.insert(fmt::format("--vehicle {} has {}", base::to_string(one.vehicle), one.provider));
    }
    return true;
  });
  if (!read) return base::fail(read.error());
  std::string names;
  for (const auto& [name, answers] : by_provider) names += (names.empty() ? "" : ", ") + name;
  const auto wanted = args.get("provider");
  const auto found = wanted ? by_provider.find(*wanted) : by_provider.begin();
  if (found == by_provider.end() || (!wanted && by_provider.size() > 1))
    return base::fail(ErrorCode::kInvalidInput, "--provider",
                      fmt::format("{}; {} holds answers for {} of: {}{}{}",
                                  wanted ? fmt::format("'{}' has none", *wanted) : "is needed to choose",
                                  file, base::to_string(vehicle), names.empty() ? "nobody" : names,
                                  others.empty() ? "" : "; ", fmt::join(others, ", ")));
  return Material{found->first, distance::pairs_of(found->second),
                  static_cast<std::int64_t>(found->second.size())};
}

// What a file holds of routes is not thrown away for a detour that somebody forgot the map for.
base::Result<void> check_replaced(const std::string& file, bool with_map) {
  if (with_map) return {};
  const auto bytes = base::read_file(file, base::kMaxJsonBytes);
  if (!bytes) return {};
  const auto kept = distance::read_calibration(*bytes, file);
  if (!kept || kept->map_release.empty()) return {};
  return base::fail(ErrorCode::kInvalidInput, "--map",
                    fmt::format("is missing; without it the detour alone would be learned, and {} holds what "
                                "was learned of routes on map {}; give that map, or another --out",
                                file, kept->map_release));
}

// Leaves out trips of other cities, which teach nothing of this map.
base::Result<void> keep_within(const road::RoadMap& map, std::string_view file,
                               std::vector<AnsweredTrip>& trips) {
  const auto& info = map.info();
  const auto all = trips.size();
  const auto outside = std::erase_if(
      trips, [&](const auto& trip) { return !info.covers(trip.from) || !info.covers(trip.to); });
  if (outside == 0) return {};
  if (trips.size() < distance::kLeastPairs)
    return base::fail(
        ErrorCode::kInvalidInput, "--map",
        fmt::format("{} covers {} of the {} trips; a map of where they were driven is needed, or "
                    "none for the detour alone",
                    file, trips.size(), all));
  StderrLog().log(
      base::LogLevel::kWarning,
      fmt::format("{}: {} of {} trips lie beyond it, and are not learned from", file, outside, all));
  return {};
}

std::string readable_row(std::string_view name, const distance::Parity& parity) {
  return fmt::format("  {:<22}{:>8.1f} %{:>10.1f} %{:>11.2f} %{:>12.1f}{:>+9.1f}\n", name,
                     100 * parity.share(parity.same_100), 100 * parity.share(parity.same_500),
                     100 * parity.median_error, parity.error_won, parity.bias_won);
}

double percent(std::size_t some, std::size_t all) {
  return 100.0 * static_cast<double>(some) / static_cast<double>(all);
}

std::string readable(const distance::Lesson& lesson, bool with_map) {
  const auto& made = lesson.calibration;
  std::string out = fmt::format(
      "{} for {}: learned from {} trips; the {} newest said how well, before they were learned from:\n\n",
      made.provider, base::to_string(made.vehicle), lesson.learned_from, lesson.after.pairs);
  out += "                         same fee by steps of       metres off   fee off won (100 m)\n";
  out += "                         100 m       500 m          median       mean     bias\n";
  out += readable_row(with_map ? "map alone" : "usual detour", lesson.before);
  out += readable_row("calibrated", lesson.after);
  if (!lesson.roads_kept)
    out += "\n  The learned routes would make fewer fees the same: the calibration is of the detour only.\n";
  out += "\n  90 % intervals and mean error of the metres, by straight line\n";
  for (const auto& bin : lesson.after.bins)
    out += fmt::format(
        "    up to {:>6.0f} m  {:>5.1f} % hold, {:>+5.1f} %, of {} trips; {:.1f} % are exact\n", bin.up_to_m,
        percent(bin.inside, bin.pairs), 100 * bin.bias, bin.pairs, percent(bin.exact, bin.pairs));
  if (with_map && lesson.roads_kept) {
    out += fmt::format("\n  {} of {} trips have the provider's way to the metre.\n", made.alike, made.pairs);
    const auto habits = distance::unlike_the_map(made.routes);
    out += habits.empty() ? "\n  Unlike the map, it has speeds and turn costs of its own, and nothing else.\n"
                          : "\n  Unlike the map, it has speeds and turn costs of its own, and\n";
    for (const auto& habit : habits) out += fmt::format("    {}\n", habit);
  }
  return out;
}

void write_parity(base::JsonWriter& json, std::string_view key, const distance::Parity& parity) {
  json.key(key).begin_object().key("pairs").integer(static_cast<std::int64_t>(parity.pairs));
  json.key("same_100m").number(parity.share(parity.same_100));
  json.key("same_500m").number(parity.share(parity.same_500));
  json.key("median_error").number(parity.median_error);
  json.key("error_won").number(parity.error_won).key("bias_won").number(parity.bias_won);
  json.key("intervals").begin_array();
  for (const auto& bin : parity.bins)
    json.begin_object()
        .key("up_to_m")
        .number(bin.up_to_m)
        .key("pairs")
        .integer(static_cast<std::int64_t>(bin.pairs))
        .key("inside")
        .integer(static_cast<std::int64_t>(bin.inside))
        .key("exact")
        .integer(static_cast<std::int64_t>(bin.exact))
        .key("bias")
        .number(bin.bias)
        .end_object();
  json.end_array().end_object();
}

std::string as_json(const distance::Lesson& lesson, std::string_view file) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("provider").string(lesson.calibration.provider);
  json.key("vehicle").string(base::to_string(lesson.calibration.vehicle));
  json.key("release").string(lesson.calibration.release()).key("file").string(file);
  json.key("learned_from").integer(static_cast<std::int64_t>(lesson.learned_from));
  json.key("alike").integer(lesson.calibration.alike).key("roads_kept").boolean(lesson.roads_kept);
  json.key("unlike_the_map").begin_array();
  for (const auto& habit : distance::unlike_the_map(lesson.calibration.routes)) json.string(habit);
  json.end_array();
  write_parity(json, "before", lesson.before);
  write_parity(json, "after", lesson.after);
  json.end_object();
  return out + "\n";
}

base::Result<std::shared_ptr<const road::RoadMap>> map_of(const Args& args) {
  const auto file = args.get("map");
  if (!file) return std::shared_ptr<const road::RoadMap>{};
  auto map = road::RoadMap::open(std::string(*file));
  if (!map) return base::fail(map.error());
  return std::make_shared<const road::RoadMap>(std::move(*map));
}

int run_calibrate(const Args& args) {
  const auto url = args.get("ledger"), csv = args.get("from");
  if (!url && !csv)
    return report({ErrorCode::kInvalidInput, "calibrate",
                   "needs answers to learn from; allowed: --ledger sqlite:PATH, or --from CSV"});
  if (url && (!url->starts_with(kScheme) || url->size() == kScheme.size()))
    return report(
        {ErrorCode::kInvalidInput, "--ledger", fmt::format("'{}' is no ledger; allowed: sqlite:PATH", *url)});
  if (!url && !args.has("out"))
    return report({ErrorCode::kInvalidInput, "--out", "is missing; without --ledger the file must be named"});
  const auto vehicle = vehicle_of(args);
  if (!vehicle) return report(vehicle.error());
  const auto map = map_of(args);
  if (!map) return report(map.error());
  auto material =
      csv ? from_csv(args, std::string(*csv), *vehicle) : from_store(args, std::string(*url), *vehicle);
  if (!material) return report(material.error());
  const std::string file = args.has("out")
                               ? std::string(*args.get("out"))
                               : service::calibration_place(std::string(url->substr(kScheme.size())),
                                                            material->provider, *vehicle, std::nullopt);
  if (const auto checked = check_replaced(file, *map != nullptr); !checked) return report(checked.error());
  if (*map)
    if (const auto kept = keep_within(**map, *args.get("map"), material->pairs); !kept)
      return report(kept.error());
  auto lesson = [&] {
    Progress progress;
    return distance::learn(material->provider, *vehicle, *map, material->pairs,
                           [&](std::string_view stage, double done) {
                             progress.show(fmt::format("learning: {}", stage), done);
                             return true;
                           });
  }();
  if (!lesson) return report(lesson.error());
  auto& learned = **lesson;
  learned.calibration.answers = material->answers;
  if (const auto written = base::write_file_atomically(file, distance::to_json(learned.calibration));
      !written)
    return report(written.error());
  const auto text = args.has("json")
                        ? as_json(learned, file)
                        : readable(learned, *map != nullptr) +
                              fmt::format("\n{} written to {}\n", learned.calibration.release(), file);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return finish_stdout(kDone);
}

}  // namespace

std::vector<Command> calibrate_commands() {
  return {
      {"calibrate",
       "learns a provider's routes from its answers, and says how well",
       "",
       0,
       0,
       {{"ledger", "URL", "learn from the answers beside this ledger, such as sqlite:reckon.db"},
        {"from", "CSV",
         "learn from from_lat,from_lon,to_lat,to_lon,distance_m[,duration_s,source,vehicle], oldest first"},
        {"map", "FILE", "the road map that is to give the provider's routes (without: the detour only)"},
        {"provider", "NAME", "whose answers (required with --from)"},
        {"vehicle", "V", "motorcycle, bicycle, foot, car (motorcycle; required with --from)"},
        {"out", "FILE", "the snapshot (beside the ledger, where the server takes it up)"},
        {"json", "", "what was learned as one JSON document"}},
       {},
       run_calibrate}};
}

}  // namespace reckon::cli

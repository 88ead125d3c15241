// `map diff`: what corrections to a map do to trips.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <utility>

#include "commands.h"
#include "overlay_options.h"
#include "reckon/base/clock.h"
#include "reckon/base/json_writer.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using base::Result;

constexpr std::int64_t kMaxTrips = 10'000'000;
constexpr std::size_t kWorstShown = 10;

struct Difference {
  std::int64_t before_m, after_m, before_ds, after_ds;
  geo::LatLng from, to;

  std::int64_t change_m() const { return after_m - before_m; }
  std::int64_t change_ds() const { return after_ds - before_ds; }
};

struct Comparison {
  std::int64_t trips = 0, same = 0, off_map = 0, no_route = 0, lost = 0, found = 0;
  std::vector<Difference> changed;  ///< both have a route
  std::vector<Difference> first_lost;

  /// With a route before or after.
  std::int64_t routed() const { return trips - off_map - no_route; }
  std::int64_t slower() const {
    return std::ranges::count_if(changed, [](const Difference& one) { return one.change_ds() > 0; });
  }
  std::int64_t faster() const {
    return std::ranges::count_if(changed, [](const Difference& one) { return one.change_ds() < 0; });
  }
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
    const Difference both{a.distance.value, b.distance.value, a.duration_ds, b.duration_ds, from, to};
    if (!had && !has) {
      ++(a.status == road::RouteStatus::kOffMap ? out.off_map : out.no_route);
    } else if (had != has) {
      ++(had ? out.lost : out.found);
      if (had && out.first_lost.size() < kWorstShown) out.first_lost.push_back(both);
    } else if (a.distance == b.distance && a.duration_ds == b.duration_ds) {
      ++out.same;
    } else {
      out.changed.push_back(both);
    }
  }
  std::ranges::stable_sort(out.changed, std::greater<>{},
                           [](const Difference& one) { return std::abs(one.change_m()); });
  return out;
}

// Of the changed trips.
double mean(const Comparison& compared, std::int64_t (Difference::*change)() const) {
  double sum = 0;
  for (const auto& one : compared.changed) sum += static_cast<double>((one.*change)());
  return compared.changed.empty() ? 0 : sum / static_cast<double>(compared.changed.size());
}
double mean_m(const Comparison& compared) {
  return mean(compared, &Difference::change_m);
}
double mean_s(const Comparison& compared) {
  return mean(compared, &Difference::change_ds) / 10;
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

std::string ends_of(const Difference& one) {
  return fmt::format("{:.6f},{:.6f} {:.6f},{:.6f}", one.from.lat_deg(), one.from.lng_deg(), one.to.lat_deg(),
                     one.to.lng_deg());
}

std::string diff_text(const Comparison& compared, const road::MapSet& before, const road::MapSet& after) {
  const auto told = [&](std::int64_t n) {
    const auto routed = std::max<std::int64_t>(compared.routed(), 1);
    return fmt::format("{} ({:.2f} %)", n, 100.0 * static_cast<double>(n) / static_cast<double>(routed));
  };
  std::string text = fmt::format(
      "before   {}\nafter    {}\ntrips    {}; {} have an end off the map, {} no route both times\n",
      before.release(), after.release(), compared.trips, compared.off_map, compared.no_route);
  text += fmt::format("routed   {}; shares below are of these\nsame     {}\n", compared.routed(),
                      told(compared.same));
  text += fmt::format("changed  {}, by {:+.1f} m and {:+.1f} s on the average; {} slower, {} faster\n",
                      told(static_cast<std::int64_t>(compared.changed.size())), mean_m(compared),
                      mean_s(compared), compared.slower(), compared.faster());
  text += fmt::format("lost     {} have no route any more\nfound    {} have a route now\n",
                      told(compared.lost), told(compared.found));
  if (!compared.first_lost.empty()) text += "\nlost, the first ones (metres before; from, to)\n";
  for (const auto& one : compared.first_lost)
    text += fmt::format("  {:>8}   {}\n", one.before_m, ends_of(one));
  if (compared.changed.empty()) return text;
  text +=
      "\n" + histogram(compared) + "\nmost changed (metres before, after; seconds before, after; from, to)\n";
  for (std::size_t i = 0; i < std::min(kWorstShown, compared.changed.size()); ++i) {
    const auto& one = compared.changed[i];
    text += fmt::format("  {:>8} {:>8}  {:>6} {:>6}   {}\n", one.before_m, one.after_m,
                        road::seconds_of(one.before_ds), road::seconds_of(one.after_ds), ends_of(one));
  }
  return text;
}

enum class Routes : std::uint8_t { kBoth, kBeforeOnly };

void write_trips(base::JsonWriter& out, std::span<const Difference> trips, Routes routes) {
  out.begin_array();
  for (const auto& one : trips) {
    out.begin_object()
        .key("before_m")
        .integer(one.before_m)
        .key("before_s")
        .integer(road::seconds_of(one.before_ds));
    if (routes == Routes::kBoth)
      out.key("after_m").integer(one.after_m).key("after_s").integer(road::seconds_of(one.after_ds));
    out.key("from").begin_array().number(one.from.lat_deg()).number(one.from.lng_deg()).end_array();
    out.key("to").begin_array().number(one.to.lat_deg()).number(one.to.lng_deg()).end_array().end_object();
  }
  out.end_array();
}

std::string diff_json(const Comparison& compared, const road::MapSet& before, const road::MapSet& after) {
  std::string text;
  base::JsonWriter out(text);
  out.begin_object().key("before").string(before.release()).key("after").string(after.release());
  const auto count = [&](std::string_view key, std::int64_t n) { out.key(key).integer(n); };
  count("trips", compared.trips);
  count("without_route", compared.off_map + compared.no_route);
  count("off_map", compared.off_map);
  count("no_route", compared.no_route);
  count("routed", compared.routed());
  count("same", compared.same);
  count("changed", static_cast<std::int64_t>(compared.changed.size()));
  count("slower", compared.slower());
  count("faster", compared.faster());
  count("lost", compared.lost);
  count("found", compared.found);
  out.key("mean_change_m").number(mean_m(compared)).key("mean_change_s").number(mean_s(compared));
  out.key("most_changed");
  write_trips(out, std::span(compared.changed).first(std::min(kWorstShown, compared.changed.size())),
              Routes::kBoth);
  out.key("lost_trips");
  write_trips(out, compared.first_lost, Routes::kBeforeOnly);
  out.end_object();
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
  const auto at = instant_option(args);
  if (!at) return report(at.error());
  const auto under = [&](std::string_view option) -> Result<road::MapSet> {
    const auto file = args.get(option);
    if (!file) return *maps;
    return corrected(*maps, std::string(*file), *at);
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

std::vector<Command> map_diff_commands() {
  return {{"map diff",
           "how many trips a file of corrections changes, and by how much",
           "MAP[,MAP2...]",
           1,
           1,
           {{"overlay", "FILE", "the corrections after (default: none)"},
            {"before", "FILE", "the corrections before (default: none)"},
            {"at", "TIME", "corrections in force at this instant, RFC 3339 (default: now)"},
            {"vehicle", "V", "motorcycle (default), bicycle, foot or car"},
            {"trips", "N", "trips at random over the map (default 10000)"},
            {"seed", "N", "the same trips for the same seed (default 1)"},
            {"json", "", "print one JSON document"},
            {"out", "FILE", "write there instead of printing"}},
           {},
           run_diff}};
}

}  // namespace reckon::cli

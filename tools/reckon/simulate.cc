// `reckon simulate mdrp|rappi|city`: days through the live dispatcher.

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <string>

#include "commands.h"
#include "reckon/base/file.h"
#include "reckon/dispatch/city_day.h"
#include "simulate_day.h"

namespace reckon::cli {
namespace {

namespace mdrp = dispatch::mdrp;
namespace fs = std::filesystem;

constexpr std::uint32_t kCityCapacity = 3;
constexpr double kCitySpeedKmh = 20;  // of a motorcycle among lights and other traffic
constexpr double kCityDetour = 1.4;
constexpr std::int64_t kMaxShops = 10'000;

// Of several days each has a folder of its name: two of one name would be written over each other.
base::Result<void> names_differ(const Args& args) {
  std::map<std::string, std::string> seen;
  for (const auto& word : args.words()) {
    auto folder = fs::weakly_canonical(word);
    if (folder.filename().empty()) folder = folder.parent_path();
    const auto [found, is_new] = seen.try_emplace(folder.filename().string(), word);
    if (!is_new)
      return base::fail(base::ErrorCode::kInvalidInput, word,
                        fmt::format("has the name of {}, and both would be written to one folder of --out; "
                                    "allowed: folders of different names",
                                    found->second));
  }
  return {};
}

int simulate_mdrp(const Args& args) {
  const auto request = simulate_request(args, dispatch::kMaxBundle);
  if (!request) return report(request.error());
  if (const auto differ = names_differ(args); !differ) return report(differ.error());
  DayPlayer player(*request);
  const bool many = args.words().size() > 1;
  for (const auto& word : args.words()) {
    const auto instance = mdrp::read_instance(word);
    if (!instance) return report(instance.error());
    const auto played = player.play(*instance, many ? request->out / instance->name : request->out);
    if (!played) return report(played.error());
  }
  return player.finish();
}

// Cities pay by rules that nobody told us.
mdrp::Parameters city_parameters() {
  mdrp::Parameters out;
  out.pay_per_order = out.pay_per_hour = 0;
  return out;
}

// The map of `--map`, which serves the vehicle of `--vehicle`.
struct MapAndVehicle {
  road::RoadMap map;
  base::Vehicle vehicle;
};
base::Result<MapAndVehicle> map_of(const Args& args) {
  const auto name = args.get_or("vehicle", "motorcycle");
  const auto vehicle = base::vehicle_from(name);
  if (!vehicle)
    return base::fail(base::ErrorCode::kInvalidInput, "--vehicle",
                      fmt::format("'{}' is no vehicle; {}", name, base::kVehiclesAllowed));
  auto map = road::RoadMap::open(std::string(args.get_or("map", "")));
  if (!map) return base::fail(map.error());
  if (!map->serves(*vehicle))
    return base::fail(base::ErrorCode::kInvalidInput, "--vehicle",
                      fmt::format("'{}' is not served by this map; allowed: see reckon map info", name));
  return MapAndVehicle{std::move(*map), *vehicle};
}

int simulate_rappi(const Args& args) {
  const auto request = simulate_request(args, kCityCapacity);
  if (!request) return report(request.error());
  const auto speed = number_option(args, "speed-kmh", kCitySpeedKmh, 200);
  if (!speed) return report(speed.error());
  const auto detour = number_option(args, "detour", kCityDetour, 10);
  if (!detour) return report(detour.error());
  if (*speed < 1 || *detour < 1)
    return report({base::ErrorCode::kInvalidInput, *speed < 1 ? "--speed-kmh" : "--detour",
                   "is below 1; allowed: numbers from 1 on"});
  auto parameters = city_parameters();
  parameters.metres_per_minute = *speed * 1000 / 60;
  parameters.detour = *detour;
  std::optional<MapAndVehicle> roads;
  if (args.has("map")) {
    auto found = map_of(args);
    if (!found) return report(found.error());
    roads.emplace(std::move(*found));
  }
  if (const auto differ = names_differ(args); !differ) return report(differ.error());
  DayPlayer player(*request);
  const bool many = args.words().size() > 1;
  for (const auto& word : args.words()) {
    auto day = mdrp::read_city_day(word, parameters);
    if (!day) return report(day.error());
    if (roads) {
      const auto ridden = mdrp::ride_roads(*day, roads->map, roads->vehicle);
      if (!ridden) return report(ridden.error());
    }
    const auto played = player.play(day->instance, many ? request->out / day->instance.name : request->out);
    if (!played) return report(played.error());
  }
  return player.finish();
}

struct Count {
  std::string_view option;
  std::size_t mdrp::CityDemand::*value;
  std::int64_t most;
};
constexpr Count kCounts[] = {{"orders", &mdrp::CityDemand::orders, mdrp::kMaxRows},
                             {"shops", &mdrp::CityDemand::shops, kMaxShops},
                             {"riders", &mdrp::CityDemand::riders, mdrp::kMaxRows}};

base::Result<mdrp::CityDemand> demand_of(const Args& args, std::uint64_t seed) {
  mdrp::CityDemand out{.seed = seed, .parameters = city_parameters()};
  for (const auto& count : kCounts) {
    const auto value =
        integer_option(args, count.option, static_cast<std::int64_t>(out.*count.value), 1, count.most);
    if (!value) return base::fail(value.error());
    out.*count.value = static_cast<std::size_t>(*value);
  }
  const auto from = integer_option(args, "from", out.from_hour, 0, 23);
  if (!from) return base::fail(from.error());
  const auto to = integer_option(args, "to", out.to_hour, *from + 1, 24);
  if (!to) return base::fail(to.error());
  out.from_hour = static_cast<int>(*from);
  out.to_hour = static_cast<int>(*to);
  return out;
}

int simulate_city(const Args& args) {
  const auto request = simulate_request(args, kCityCapacity);
  if (!request) return report(request.error());
  const auto demand = demand_of(args, request->seed);
  if (!demand) return report(demand.error());
  const auto roads = map_of(args);
  if (!roads) return report(roads.error());
  const auto day = mdrp::make_city_day(roads->map, roads->vehicle, *demand);
  if (!day) return report(day.error());
  DayPlayer player(*request);
  const auto played = player.play(day->instance, request->out);
  if (!played) return report(played.error());
  const auto files = mdrp::city_files(*day);
  for (const auto& [name, text] :
       {std::pair("orders.csv", &files.orders), {"couriers.csv", &files.couriers}}) {
    const auto written = base::write_file_atomically(request->out / name, *text);
    if (!written) return report(written.error());
  }
  return player.finish();
}

}  // namespace

std::vector<Command> simulate_commands() {
  const std::string_view out_of_many =
      "where the evaluator's files and the summary go; a folder for each of several days";
  return {
      {
          .name = "simulate mdrp",
          .summary = "play days of the Grubhub meal-delivery instances with the live dispatcher",
          .words = "INSTANCE_DIR [DIR2…]",
          .min_words = 1,
          .max_words = 10'000,
          .options = simulate_options(out_of_many, {}),
          .required = {"out"},
          .run = simulate_mdrp,
      },
      {
          .name = "simulate rappi",
          .summary = "play a city's days from tables of orders and couriers",
          .words = "DAY_DIR [DIR2…]",
          .min_words = 1,
          .max_words = 10'000,
          .options = simulate_options(
              out_of_many,
              {{"map", "MAP", "rides over its roads; straight lines with a detour when not given"},
               {"vehicle", "V", "whose roads; motorcycle when not given"},
               {"speed-kmh", "N", "without a map; 20 when not given"},
               {"detour", "N", "metres ridden for one of straight line, without a map; 1.4"}}),
          .required = {"out"},
          .run = simulate_rappi,
      },
      {
          .name = "simulate city",
          .summary = "make up a day's orders and riders on a road map, and play it",
          .words = "",
          .min_words = 0,
          .max_words = 0,
          .options = simulate_options("where the day and its summary go; `simulate rappi DIR` plays it again",
                                      {{"map", "MAP", "whose roads"},
                                       {"vehicle", "V", "all ride; motorcycle when not given"},
                                       {"orders", "N", "1000 when not given"},
                                       {"shops", "N", "80 when not given"},
                                       {"riders", "N", "60 when not given"},
                                       {"from", "HOUR", "when shops open; 10 when not given"},
                                       {"to", "HOUR", "when they close; 22 when not given"}}),
          .required = {"out", "map"},
          .run = simulate_city,
      }};
}

}  // namespace reckon::cli

// reckon provider-sim: a stand-in map provider behind a real socket, for drills, demos and tests.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>

#include "commands.h"
#include "provider_sim_server.h"
#include "reckon/base/csv.h"
#include "reckon/provider/make_provider.h"
#include "stderr_log.h"

namespace reckon::cli {
namespace {

base::Result<std::vector<std::string>> apis_of(std::string_view list) {
  std::vector<std::string> apis;
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto name = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    if (std::ranges::find(sim_api_names(), name) == sim_api_names().end()) {
      return base::fail(base::ErrorCode::kInvalidInput, "--api",
                        fmt::format("'{}' is no API; allowed: {}", name, fmt::join(sim_api_names(), ", ")));
    }
    apis.emplace_back(name);
  }
  if (!apis.empty()) return apis;
  return base::fail(base::ErrorCode::kInvalidInput, "--api",
                    fmt::format("is empty; allowed, with commas: {}", fmt::join(sim_api_names(), ", ")));
}

// An API that does not know the vehicle is never asked for it: said, and refused where no other is left.
base::Result<void> check_served(const std::vector<std::string>& apis, base::Vehicle vehicle) {
  std::vector<std::string_view> unserved, would;
  for (const auto& api : apis)
    if (!provider::kind_serves(api, vehicle)) unserved.emplace_back(api);
  if (unserved.empty()) return {};
  for (const auto& api : sim_api_names())
    if (provider::kind_serves(api, vehicle)) would.emplace_back(api);
  const auto says =
      fmt::format("{}: not for {}, so that nobody will ask there; for {}: {}", fmt::join(unserved, ", "),
                  base::to_string(vehicle), base::to_string(vehicle), fmt::join(would, ", "));
  if (unserved.size() == apis.size()) return base::fail(base::ErrorCode::kInvalidInput, "--api", says);
  StderrLog().log(base::LogLevel::kWarning, "--api: " + says);
  return {};
}

// From here on the two signals are read from a descriptor, so that a request in flight is never torn.
void block_stop_signals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &stop, nullptr);
}

base::Result<base::Vehicle> vehicle_of(std::string_view name) {
  if (const auto vehicle = base::vehicle_from(name)) return *vehicle;
  return base::fail(base::ErrorCode::kInvalidInput, "--vehicle",
                    fmt::format("'{}' is no vehicle; {}", name, base::kVehiclesAllowed));
}

// `2%`, up to a half: with more there is no city left.
base::Result<double> closed_share_of(std::string_view text) {
  const auto told = text;
  double percent = -1;
  const bool ends_well = text.ends_with('%');
  if (ends_well) text.remove_suffix(1);
  if (const auto number = base::parse_number(text); ends_well && number) percent = *number;
  if (percent >= 0 && percent <= 50) return percent / 100;
  return base::fail(base::ErrorCode::kInvalidInput, "--closed-share",
                    fmt::format("'{}' is no share; allowed: 0% to 50%, such as 2%", told));
}

// Null where none are asked for.
base::Result<std::unique_ptr<SimHabits>> habits_of(const Args& args, const road::RoadMap& map,
                                                   base::Vehicle vehicle) {
  if (!args.has("habits")) {
    if (!args.has("closed-share")) return std::unique_ptr<SimHabits>{};
    return base::fail(base::ErrorCode::kInvalidInput, "--closed-share",
                      "is of a provider with habits; --habits SEED is needed beside it");
  }
  const auto seed = integer_option(args, "habits", 0, 0, UINT32_MAX);
  if (!seed) return base::fail(seed.error());
  const auto closed = closed_share_of(args.get_or("closed-share", "0%"));
  if (!closed) return base::fail(closed.error());
  return std::make_unique<SimHabits>(map.network(vehicle), static_cast<std::uint32_t>(*seed), *closed);
}

int run_sim(const Args& args) {
  const auto vehicle = vehicle_of(*args.get("vehicle"));
  if (!vehicle) return report(vehicle.error());
  auto apis = apis_of(*args.get("api"));
  if (!apis) return report(apis.error());
  if (const auto served = check_served(*apis, *vehicle); !served) return report(served.error());
  const auto port = integer_option(args, "port", 0, 0, 65535);
  if (!port) return report(port.error());
  auto plan = FaultPlan::parse(args.get_or("fault", ""), "--fault");
  if (!plan) return report(plan.error());
  const std::string file(*args.get("map"));
  const auto map = road::RoadMap::open(file);
  if (!map) return report(map.error());
  if (!map->serves(*vehicle)) {
    return report({base::ErrorCode::kInvalidInput, "--vehicle",
                   fmt::format("{} was not built into {}; 'reckon map info' tells which were",
                               base::to_string(*vehicle), file)});
  }
  auto habits = habits_of(args, *map, *vehicle);
  if (!habits) return report(habits.error());
  block_stop_signals();
  auto server = ProviderSimServer::listen(
      {std::string(args.get_or("host", "127.0.0.1")), static_cast<std::uint16_t>(*port)},
      ProviderApi(*map, *vehicle, *std::move(apis), *std::move(habits)), *std::move(plan));
  if (!server) return report(server.error());
  fmt::print("listening on {}:{}\n", args.get_or("host", "127.0.0.1"), (*server)->port());
  std::fflush(stdout);
  (*server)->run();
  return kDone;
}

}  // namespace

std::vector<Command> provider_sim_commands() {
  return {{"provider-sim",
           "a stand-in map provider behind a real socket, with faults on demand",
           "",
           0,
           0,
           {{"map", "MAP", "the road map that its answers come from"},
            {"vehicle", "V", "motorcycle, bicycle, foot or car"},
            {"api", "LIST",
             "with commas, any of kakao, naver, tmap, google, osrm, valhalla, graphhopper, openrouteservice"},
            {"port", "P", "0 takes any free one; 'listening on HOST:PORT' tells which (default 0)"},
            {"habits", "SEED",
             "answers by speeds and turn costs of its own, drawn from the seed (the map's own way)"},
            {"closed-share", "P%", "with --habits: as many of the roads are closed to it (0%)"},
            {"host", "ADDRESS", "numeric IPv4 address (default 127.0.0.1)"},
            {"fault", "SPEC", kFaultGrammar}},
           {"map", "vehicle", "api"},
           run_sim}};
}

}  // namespace reckon::cli

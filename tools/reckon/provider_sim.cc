// reckon provider-sim: a stand-in map provider behind a real socket, for drills, demos and tests.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "commands.h"
#include "provider_sim_server.h"

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

int run_sim(const Args& args) {
  const auto vehicle = vehicle_of(*args.get("vehicle"));
  if (!vehicle) return report(vehicle.error());
  auto apis = apis_of(*args.get("api"));
  if (!apis) return report(apis.error());
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
  block_stop_signals();
  auto server = ProviderSimServer::listen(
      {std::string(args.get_or("host", "127.0.0.1")), static_cast<std::uint16_t>(*port)},
      ProviderApi(*map, *vehicle, *std::move(apis)), *std::move(plan));
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
            {"host", "ADDRESS", "numeric IPv4 address (default 127.0.0.1)"},
            {"fault", "SPEC", kFaultGrammar}},
           {"map", "vehicle", "api"},
           run_sim}};
}

}  // namespace reckon::cli

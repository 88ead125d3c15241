#include "reckon/provider/make_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "reckon/provider/kakao.h"
#include "reckon/provider/osrm.h"

namespace reckon::provider {
namespace {

constexpr std::string_view kKindsAllowed = "allowed: kakao, osrm";
constexpr std::array<std::string_view, 6> kLaterKinds = {"naver",    "tmap",        "google",
                                                         "valhalla", "graphhopper", "openrouteservice"};
constexpr std::size_t kMaxKeyBytes = 512;

bool is_name(std::string_view text, std::string_view further) {
  return !text.empty() && text.size() <= 40 && std::ranges::all_of(text, [further](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || further.find(c) != std::string_view::npos;
  });
}

bool is_key(std::string_view key) {
  return key.size() <= kMaxKeyBytes && std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7F; });
}

void check_key(const ProviderConfig& config, const std::string& at, std::vector<base::Fault>& faults) {
  if (config.key_env.empty()) {
    faults.push_back(
        {at + "/key_env", "is missing; kakao needs the name of an environment variable that holds its key"});
  } else if (config.key.empty()) {
    faults.push_back(
        {at + "/key_env",
         fmt::format("environment variable {} is empty or not set; it must hold the key", config.key_env)});
  } else if (!is_key(config.key.reveal())) {
    faults.push_back(
        {at + "/key_env", fmt::format("environment variable {} holds characters that no key has; allowed: "
                                      "visible ASCII, at most {} bytes",
                                      config.key_env, kMaxKeyBytes)});
  }
}

base::Error kind_fault(const std::string& kind, const std::string& at) {
  const bool later = std::ranges::find(kLaterKinds, kind) != kLaterKinds.end();
  return {later ? base::ErrorCode::kUnsupported : base::ErrorCode::kInvalidInput, at + "/kind",
          fmt::format("'{}' {}; {}", kind, later ? "is not in this version" : "is no kind of provider",
                      kKindsAllowed)};
}

}  // namespace

std::vector<base::Vehicle> profile_vehicles(std::string_view profile) {
  using base::Vehicle;
  if (profile == "driving" || profile == "car" || profile == "motorcycle")
    return {Vehicle::kMotorcycle, Vehicle::kCar};
  if (profile == "cycling" || profile == "bike" || profile == "bicycle") return {Vehicle::kBicycle};
  if (profile == "walking" || profile == "foot") return {Vehicle::kFoot};
  return {base::kAllVehicles.begin(), base::kAllVehicles.end()};
}

base::Result<std::shared_ptr<MapProvider>> make_provider(const ProviderConfig& config,
                                                         std::shared_ptr<HttpTransport> transport,
                                                         const base::Clock& clock, std::string_view where) {
  const std::string at(where);
  if (config.kind != "kakao" && config.kind != "osrm") return base::fail(kind_fault(config.kind, at));
  std::vector<base::Fault> faults;
  if (!is_name(config.name, "-_")) {
    faults.push_back(
        {at + "/name", fmt::format("'{}' is no name; allowed: 1 to 40 of a-z, 0-9, - and _", config.name)});
  }
  auto endpoint = parse_base_url(config.base_url, at + "/base_url");
  if (!endpoint) faults.push_back({endpoint.error().where, endpoint.error().message});
  const std::string profile = config.profile.empty() ? "driving" : config.profile;
  if (config.kind == "kakao") {
    check_key(config, at, faults);
    if (!config.profile.empty())
      faults.push_back({at + "/profile", "is not for kakao; only osrm has profiles"});
  } else if (!is_name(profile, "-_ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    faults.push_back({at + "/profile",
                      fmt::format("'{}' is no profile; allowed: 1 to 40 letters, digits, - and _", profile)});
  }
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  if (config.kind == "kakao") {
    return make_kakao({config.name, *std::move(endpoint), config.key}, std::move(transport), clock);
  }
  return make_osrm({config.name, *std::move(endpoint), profile,
                    config.vehicles.empty() ? profile_vehicles(profile) : config.vehicles},
                   std::move(transport), clock);
}

}  // namespace reckon::provider

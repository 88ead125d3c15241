#include "reckon/provider/make_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "reckon/provider/api_format.h"

namespace reckon::provider {
namespace {

constexpr std::size_t kMaxKeyBytes = 512;

enum class Need : std::uint8_t { kNone, kMay, kMust };

struct Kind {
  std::string_view name;
  FormatMaker make;
  Need key;
  Need key_id;
  Need profile;
  std::string_view default_profile;  ///< what its vehicles are told by; empty: all that it has
};

// A key may be named for osrm and valhalla, whose gateways are the operator's own; it is not sent.
constexpr std::array<Kind, 8> kKinds = {{
    {"kakao", kakao_format, Need::kMust, Need::kNone, Need::kNone, ""},
    {"naver", naver_format, Need::kMust, Need::kMust, Need::kNone, ""},
    {"tmap", tmap_format, Need::kMust, Need::kNone, Need::kNone, ""},
    {"google", google_format, Need::kMust, Need::kNone, Need::kNone, ""},
    {"osrm", osrm_format, Need::kMay, Need::kNone, Need::kMay, "driving"},
    {"valhalla", valhalla_format, Need::kMay, Need::kNone, Need::kMay, ""},
    {"graphhopper", graphhopper_format, Need::kMay, Need::kNone, Need::kMay, "car"},
    {"openrouteservice", openrouteservice_format, Need::kMay, Need::kNone, Need::kMay, "driving-car"},
}};

bool is_name(std::string_view text, std::string_view further) {
  return !text.empty() && text.size() <= 40 && std::ranges::all_of(text, [further](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || further.find(c) != std::string_view::npos;
  });
}

bool is_key(std::string_view key) {
  return key.size() <= kMaxKeyBytes && std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7F; });
}

struct NamedKey {
  std::string_view member;
  const std::string& env;
  const Secret& key;
};

void check_key(const Kind& kind, Need need, const NamedKey& named, const std::string& at,
               std::vector<base::Fault>& faults) {
  const auto where = fmt::format("{}/{}", at, named.member);
  if (named.env.empty()) {
    if (need == Need::kMust) {
      faults.push_back(
          {where,
           fmt::format("is missing; {} needs the name of an environment variable that holds it", kind.name)});
    }
  } else if (need == Need::kNone) {
    faults.push_back({where, fmt::format("is not for {}; leave it out", kind.name)});
  } else if (named.key.empty()) {
    faults.push_back(
        {where, fmt::format("environment variable {} is empty or not set; it must hold the key", named.env)});
  } else if (!is_key(named.key.reveal())) {
    faults.push_back({where, fmt::format("environment variable {} holds characters that no key has; allowed: "
                                         "visible ASCII, at most {} bytes",
                                         named.env, kMaxKeyBytes)});
  }
}

void check_profile(const Kind& kind, const std::string& profile, const std::string& at,
                   std::vector<base::Fault>& faults) {
  if (profile.empty()) return;
  if (kind.profile == Need::kNone) {
    faults.push_back(
        {at + "/profile",
         fmt::format("is not for {}; osrm, valhalla, graphhopper and openrouteservice have profiles",
                     kind.name)});
  } else if (!is_name(profile, "-_ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    faults.push_back({at + "/profile",
                      fmt::format("'{}' is no profile; allowed: 1 to 40 letters, digits, - and _", profile)});
  }
}

ApiConfig api_config(const ProviderConfig& config, const Kind& kind) {
  ApiConfig api{config.key, config.key_id, config.profile, config.vehicles};
  const std::string_view profile = config.profile.empty() ? kind.default_profile : config.profile;
  if (api.vehicles.empty()) api.vehicles = profile_vehicles(profile);
  return api;
}

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
  return std::ranges::any_of(beginnings, [text](auto beginning) { return text.starts_with(beginning); });
}

}  // namespace

std::vector<std::string_view> provider_kinds() {
  std::vector<std::string_view> names;
  for (const auto& kind : kKinds) names.push_back(kind.name);
  return names;
}

bool kind_serves(std::string_view kind, base::Vehicle vehicle) {
  const auto* found = std::ranges::find(kKinds, kind, &Kind::name);
  if (found == kKinds.end()) return false;
  return found->make({Secret{}, Secret{}, "", {base::kAllVehicles.begin(), base::kAllVehicles.end()}})
      ->serves(vehicle);
}

std::vector<base::Vehicle> profile_vehicles(std::string_view profile) {
  using base::Vehicle;
  if (begins_with_any(profile, {"driving", "motor"}) || profile == "car" || profile == "auto" ||
      profile == "scooter") {
    return {Vehicle::kMotorcycle, Vehicle::kCar};
  }
  if (begins_with_any(profile, {"cycling", "bike", "bicycle"})) return {Vehicle::kBicycle};
  if (begins_with_any(profile, {"walking", "foot", "pedestrian"})) return {Vehicle::kFoot};
  return {base::kAllVehicles.begin(), base::kAllVehicles.end()};
}

base::Result<std::shared_ptr<MapProvider>> make_provider(const ProviderConfig& config,
                                                         std::shared_ptr<HttpTransport> transport,
                                                         const base::Clock& clock, std::string_view where) {
  const std::string at(where);
  const auto* kind = std::ranges::find(kKinds, config.kind, &Kind::name);
  if (kind == kKinds.end()) {
    return base::fail(base::ErrorCode::kInvalidInput, at + "/kind",
                      fmt::format("'{}' is no kind of provider; allowed: {}", config.kind,
                                  fmt::join(provider_kinds(), ", ")));
  }
  std::vector<base::Fault> faults;
  if (!is_name(config.name, "-_")) {
    faults.push_back(
        {at + "/name", fmt::format("'{}' is no name; allowed: 1 to 40 of a-z, 0-9, - and _", config.name)});
  }
  auto endpoint = parse_base_url(config.base_url, at + "/base_url");
  if (!endpoint) faults.push_back({endpoint.error().where, endpoint.error().message});
  check_key(*kind, kind->key, {"key_env", config.key_env, config.key}, at, faults);
  check_key(*kind, kind->key_id, {"key_id_env", config.key_id_env, config.key_id}, at, faults);
  check_profile(*kind, config.profile, at, faults);
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  return make_remote_provider(config.name, *std::move(endpoint), kind->make(api_config(config, *kind)),
                              {config.key, config.key_id}, std::move(transport), clock);
}

}  // namespace reckon::provider

#pragma once

// From one entry of the configuration's `providers` to a MapProvider. The caller reads the keys from the
// environment variables that the entry names; the configuration itself never holds them.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/base/vehicle.h"
#include "reckon/provider/http_transport.h"
#include "reckon/provider/map_provider.h"
#include "reckon/provider/secret.h"

namespace reckon::provider {

struct ProviderConfig {
  std::string name;      ///< [a-z0-9-_], 1..40; stands in `provider:<name>`
  std::string kind;      ///< one of provider_kinds()
  std::string base_url;  ///< http://… or https://…
  std::string key_env;   ///< name of the variable the key came from, for messages
  Secret key;  ///< kakao, naver, tmap and google need one; graphhopper and openrouteservice take one
  std::string
      profile;  ///< osrm's, valhalla's (costing), graphhopper's or openrouteservice's; empty: its default
  std::vector<base::Vehicle> vehicles = {};  ///< that the profile is for; empty: see profile_vehicles
  std::string key_id_env = {};               ///< naver's second variable
  Secret key_id = {};                        ///< naver's key id
};

/// `kakao`, `naver`, `tmap`, `google`, `osrm`, `valhalla`, `graphhopper`, `openrouteservice`.
std::vector<std::string_view> provider_kinds();

/// Whether a provider of the kind can serve the vehicle: as it is, or with a profile for it.
bool kind_serves(std::string_view kind, base::Vehicle vehicle);

/// The vehicles that a profile's name stands for: `driving`, `car`, `motorcycle` and the like carry both
/// motor vehicles (OSRM has no motorcycle profile of its own), `cycling…`, `bike`, `bicycle` bicycles,
/// `walking`, `foot…`, `pedestrian` walkers; any other name is the operator's own and is taken to be made for
/// whatever is asked.
std::vector<base::Vehicle> profile_vehicles(std::string_view profile);

/// Checks the entry and makes the provider. The result shares `transport`; `clock` outlives it.
/// @param where  JSON pointer of the entry, such as `/providers/0`; faults are at its members
/// @errors kInvalidInput  every fault of the entry: name, kind, URL, missing key, characters that no key or
/// profile has
base::Result<std::shared_ptr<MapProvider>> make_provider(const ProviderConfig& config,
                                                         std::shared_ptr<HttpTransport> transport,
                                                         const base::Clock& clock, std::string_view where);

}  // namespace reckon::provider

#pragma once

// From one entry of the configuration's `providers` to a MapProvider. The caller reads the key from the
// environment variable that the entry names; the configuration itself never holds it.

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
  std::string name;                          ///< [a-z0-9-], 1..40; stands in `provider:<name>`
  std::string kind;                          ///< `kakao` or `osrm`
  std::string base_url;                      ///< http://… or https://…
  std::string key_env;                       ///< name of the variable the key came from, for messages
  Secret key;                                ///< needed by kakao
  std::string profile;                       ///< OSRM's; empty for `driving`
  std::vector<base::Vehicle> vehicles = {};  ///< OSRM's; empty: by the profile, see profile_vehicles
};

/// The vehicles that an OSRM profile name stands for: `driving`, `car` and `motorcycle` carry both motor
/// vehicles (OSRM has no motorcycle profile of its own), `cycling`, `bike` and `bicycle` bicycles, `walking`
/// and `foot` walkers; any other name is the operator's own and is taken to be made for whatever is asked.
std::vector<base::Vehicle> profile_vehicles(std::string_view profile);

/// Checks the entry and makes the provider. The result shares `transport`; `clock` outlives it.
/// @param where  JSON pointer of the entry, such as `/providers/0`; faults are at its members
/// @errors kInvalidInput  every fault of the entry: name, kind, URL, missing key, characters that no key or
/// profile has
///         kUnsupported   a kind that the contract names and this version does not have
base::Result<std::shared_ptr<MapProvider>> make_provider(const ProviderConfig& config,
                                                         std::shared_ptr<HttpTransport> transport,
                                                         const base::Clock& clock, std::string_view where);

}  // namespace reckon::provider

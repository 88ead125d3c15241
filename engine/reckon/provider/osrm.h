#pragma once

// OSRM's HTTP API, GET /route/v1/{profile}/…: the router that people run themselves.
// Source: docs/sources.md#osrm-http.

#include <memory>
#include <string>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/vehicle.h"
#include "reckon/provider/endpoint.h"
#include "reckon/provider/http_transport.h"
#include "reckon/provider/map_provider.h"

namespace reckon::provider {

struct OsrmConfig {
  std::string name;
  Endpoint endpoint;
  std::string profile = "driving";      ///< letters, digits, `_` and `-`
  std::vector<base::Vehicle> vehicles;  ///< that the data set behind the profile is for
};

std::shared_ptr<MapProvider> make_osrm(OsrmConfig config, std::shared_ptr<HttpTransport> transport,
                                       const base::Clock& clock);

/// What a response means. Pure; `now` is needed for `Retry-After` dates only.
ProviderAnswer read_osrm_answer(const HttpResponse& response, const TripRequest& trip, base::WallTime now);

}  // namespace reckon::provider

#pragma once

// A vendor's API as two pure translations: what to ask, and what the answer means. Everything that is one
// vendor's alone (coordinate order, units, vehicle options, codes, quota signals) stands in the vendor's own
// .cc; sending, deadlines and limits stand in remote_provider.cc, once. Internal to the room.

#include <memory>
#include <string>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/vehicle.h"
#include "reckon/provider/http_transport.h"
#include "reckon/provider/map_provider.h"
#include "reckon/provider/secret.h"

namespace reckon::provider {

/// What a format is made of; make_provider has checked it.
struct ApiConfig {
  Secret key;                                ///< empty where the API needs none
  Secret key_id;                             ///< NAVER's second half
  std::string profile;                       ///< empty: the vendor's own choice for each vehicle
  std::vector<base::Vehicle> vehicles = {};  ///< that the profile is for
};

/// Stateless; safe to call from several threads at once.
class ApiFormat {
 public:
  virtual ~ApiFormat() = default;
  virtual bool serves(base::Vehicle vehicle) const = 0;
  virtual Capability capability(base::Vehicle vehicle) const = 0;
  /// The endpoint is filled in by the caller. `trip` is within the capability.
  virtual HttpRequest route_request(const TripRequest& trip) const = 0;
  /// @param now  for `Retry-After` dates only
  virtual ProviderAnswer read_route(const HttpResponse& response, const TripRequest& trip,
                                    base::WallTime now) const = 0;
  /// Called only when the capability has tables, and within it.
  virtual HttpRequest table_request(const TableRequest& table) const = 0;
  virtual TableAnswer read_table(const HttpResponse& response, const TableRequest& table,
                                 base::WallTime now) const = 0;
};

using FormatMaker = std::unique_ptr<ApiFormat> (*)(ApiConfig config);

/// Kakao Mobility: directions, waypoints, one-to-many, many-to-one. docs/sources.md#kakao-directions
std::unique_ptr<ApiFormat> kakao_format(ApiConfig config);
/// NAVER Cloud Maps: Directions 5 and 15. docs/sources.md#naver-directions
std::unique_ptr<ApiFormat> naver_format(ApiConfig config);
/// TMAP: routes, matrix. docs/sources.md#tmap-routes
std::unique_ptr<ApiFormat> tmap_format(ApiConfig config);
/// Google Routes: computeRoutes, computeRouteMatrix. docs/sources.md#google-routes
std::unique_ptr<ApiFormat> google_format(ApiConfig config);
/// OSRM: route, table. docs/sources.md#osrm-http
std::unique_ptr<ApiFormat> osrm_format(ApiConfig config);
/// Valhalla: route, sources_to_targets. docs/sources.md#valhalla-http
std::unique_ptr<ApiFormat> valhalla_format(ApiConfig config);
/// GraphHopper: route. docs/sources.md#graphhopper-http
std::unique_ptr<ApiFormat> graphhopper_format(ApiConfig config);
/// openrouteservice: matrix, of one cell for a trip. docs/sources.md#openrouteservice-http
std::unique_ptr<ApiFormat> openrouteservice_format(ApiConfig config);

/// A provider that asks in `format` over `transport`. `clock` outlives it.
/// @param keys  those of `format`, for key_digest
std::shared_ptr<MapProvider> make_remote_provider(std::string name, Endpoint endpoint,
                                                  std::unique_ptr<ApiFormat> format, std::vector<Secret> keys,
                                                  std::shared_ptr<HttpTransport> transport,
                                                  const base::Clock& clock);

}  // namespace reckon::provider

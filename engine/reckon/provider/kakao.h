#pragma once

// Kakao Mobility directions, GET /v1/directions. Everything that is Kakao's alone stands in kakao.cc:
// longitude first, result codes inside HTTP 200, quota and maintenance as HTTP 400. Source:
// docs/sources.md#kakao-directions.

#include <memory>
#include <string>

#include "reckon/base/clock.h"
#include "reckon/provider/endpoint.h"
#include "reckon/provider/http_transport.h"
#include "reckon/provider/map_provider.h"
#include "reckon/provider/secret.h"

namespace reckon::provider {

struct KakaoConfig {
  std::string name;
  Endpoint endpoint;
  Secret key;  ///< REST key; sent as `Authorization: KakaoAK <key>`
};

/// Serves motorcycles (car type 7, motorways avoided) and cars.
std::shared_ptr<MapProvider> make_kakao(KakaoConfig config, std::shared_ptr<HttpTransport> transport,
                                        const base::Clock& clock);

/// What a response means. Pure; `now` is needed for `Retry-After` dates only.
ProviderAnswer read_kakao_answer(const HttpResponse& response, const TripRequest& trip, base::WallTime now);

}  // namespace reckon::provider

#pragma once

// What the vendor files share: coordinates as text, outcomes of plain HTTP statuses, and numbers that may be
// lies. Internal to the room.

#include <optional>
#include <string>
#include <string_view>

#include "reckon/base/clock.h"
#include "reckon/base/json_reader.h"
#include "reckon/provider/http_transport.h"
#include "reckon/provider/map_provider.h"

namespace reckon::provider {

/// Farthest that an echoed or snapped place may lie from the asked one and still be the same trip; the snap
/// limit of the road map is the same.
inline constexpr double kMaxEchoOffsetM = 1000;

/// Degrees with at most 7 decimals (1 cm), without trailing zeros: never an exponent, never a locale's comma.
std::string coordinate_text(double degrees);
/// `LON,LAT`, as Kakao, NAVER, TMAP and OSRM want it.
std::string lon_lat_text(const geo::LatLng& place);

ProviderAnswer answer_of(Outcome outcome, std::string detail);
ProviderAnswer answer_of(HttpFailure failure);
ProviderAnswer found(std::int64_t metres, std::int64_t seconds);

/// The wait asked for by a `Retry-After` header in seconds or as an HTTP date, in [0, kMaxRetryAfter];
/// nothing when there is none or it is neither.
std::optional<base::Seconds> retry_after(const HttpResponse& response, base::WallTime now);

/// What a status other than 200 means when the body says nothing better: 429 kThrottled, 401 and 403 kAuth,
/// 408 and 5xx kUnavailable, 400 and 422 kBadRequest, any other (redirects, 204, 206, 404) kMalformed.
ProviderAnswer answer_of_status(const HttpResponse& response, base::WallTime now);

/// A route's length and time as a vendor's body has them, in metres and seconds. Absent: kMalformed; not a
/// number, negative, or beyond any road on Earth: kImplausible.
ProviderAnswer measured(const base::JsonNode& metres, const base::JsonNode& seconds,
                        double seconds_per_unit = 1);

/// Text of the provider's for logs: printable ASCII and UTF-8 only, at most 120 bytes.
std::string quoted(std::string_view text);

}  // namespace reckon::provider

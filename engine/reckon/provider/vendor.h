#pragma once

// What the vendor files share: coordinates as text, outcomes of plain HTTP statuses, and numbers that may be
// lies. Internal to the room.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/json_reader.h"
#include "reckon/provider/http_transport.h"
#include "reckon/provider/json_cursor.h"
#include "reckon/provider/map_provider.h"

namespace reckon::provider {

/// Farthest that an echoed or snapped place may lie from the asked one and still be the same trip; the snap
/// limit of the road map is the same.
inline constexpr double kMaxEchoOffsetM = 1000;

/// Degrees with at most 7 decimals (1 cm), without trailing zeros: never an exponent, never a locale's comma.
std::string coordinate_text(double degrees);
/// `LON,LAT`, as Kakao, NAVER, TMAP and OSRM want it.
std::string lon_lat_text(const geo::LatLng& place);
/// Several of them with `between` in between.
std::string joined_lon_lat(const std::vector<geo::LatLng>& places, std::string_view between);

ProviderAnswer answer_of(Outcome outcome, std::string detail);
ProviderAnswer answer_of(HttpFailure failure);
ProviderAnswer found(std::int64_t metres, std::int64_t seconds);

/// The wait asked for by a `Retry-After` header in seconds or as an HTTP date, in [0, kMaxRetryAfter];
/// nothing when there is none or it is neither.
std::optional<base::Seconds> retry_after(const HttpResponse& response, base::WallTime now);

/// What a status other than 200 means when the body says nothing better: 429 kThrottled, 401 and 403 kAuth,
/// 408 and 5xx kUnavailable, 400 and 422 kBadRequest, any other (redirects, 204, 206, 404) kMalformed.
ProviderAnswer answer_of_status(const HttpResponse& response, base::WallTime now);

/// The larger units that some vendors tell in, as multiples of ours.
struct Units {
  double metres = 1;
  double seconds = 1;
};

/// A route's length and time as a vendor's body has them. Absent: kMalformed; not a number, negative, or
/// beyond any road on Earth: kImplausible.
ProviderAnswer measured(const base::JsonNode& length, const base::JsonNode& time,
                        const Units& units = {1, 1});

/// A parsed body, or what a body that cannot be parsed means: kMalformed.
tl::expected<base::JsonDocument, ProviderAnswer> parsed(const HttpResponse& response);

/// The member's text for people; empty when there is none.
std::string text_of(const base::JsonNode& node, std::string_view key);
/// The member as a whole number of 32 bits; nothing when it is anything else.
std::optional<std::int64_t> code_of(const base::JsonNode& node, std::string_view key);
/// The array member `key` of an object of at most `max_count`; empty when it is anything else.
std::vector<base::JsonNode> items_of(const base::JsonNode& node, std::string_view key, std::size_t max_count);

/// Whether a place that the answer tells is the asked one: a stale cache can hold another trip's answer. True
/// when the answer tells no place there.
bool echoes(const base::JsonNode& lat, const base::JsonNode& lon, const geo::LatLng& asked);
/// The same for `[LON, LAT]`.
bool echoes_lon_lat(const base::JsonNode& pair, const geo::LatLng& asked);
ProviderAnswer for_another_trip();

/// Where the router put a place: `{"location": [LON, LAT], "<distance_key>": metres}`. Snap radii may be
/// unlimited: a place at sea snaps to the coast, and the route is another trip's, which is kNoRoute when the
/// router tells the offset itself and kImplausible when it does not. Nothing when it is the asked place.
std::optional<ProviderAnswer> refuse_snapped(const base::JsonNode& waypoint, const geo::LatLng& asked,
                                             std::string_view distance_key);
/// The same for the members `sources` and `destinations` of a table's answer, on its cells.
void refuse_snapped_cells(const base::JsonNode& root, std::string_view distance_key,
                          const TableRequest& asked, TableAnswer& answer);

/// The cells of a table that come as two nested arrays, row by row; null in one of them is kNoRoute. A shape
/// that was not asked for is kMalformed as a whole.
TableAnswer nested_cells(const base::JsonNode& lengths, const base::JsonNode& times,
                         const TableRequest& asked, const Units& units = {1, 1});

/// A table whose cells come one by one in any order, each with its place in the table; cells that never come
/// are kMalformed, and so is one that comes twice.
class UnorderedCells {
 public:
  explicit UnorderedCells(const TableRequest& asked);
  void put(std::optional<std::int64_t> source, std::optional<std::int64_t> destination, ProviderAnswer cell);
  /// kMalformed as a whole when a cell stood outside of the table.
  TableAnswer take() &&;

 private:
  std::int64_t sources_, destinations_;
  std::vector<ProviderAnswer> cells_;
  std::vector<bool> come_;
  bool strayed_ = false;
};

TableAnswer no_cells(ProviderAnswer why);

/// What a quick reading of a healthy answer collects: each thing once, and only where it stands as
/// documented.
struct QuickTotals {
  std::optional<double> code, length, time;
  bool elsewhere = false;  ///< an end is told that is not plainly the asked one

  /// Reads a number into `into`; gives up when it is there already.
  static void once(JsonCursor& json, std::optional<double>& into);
  /// `{"x": LON, "y": LAT, …}`
  void end_x_y(JsonCursor& json, const geo::LatLng& asked);
  /// `[LON, LAT]`
  void end_lon_lat(JsonCursor& json, const geo::LatLng& asked);
  /// The answer, when nothing was out of the ordinary; else nothing, and the whole tree must be read.
  std::optional<ProviderAnswer> answer(JsonCursor& json, const Units& units = {1, 1}) const;
};

/// Text of the provider's for logs: printable ASCII and UTF-8 only, at most 120 bytes.
std::string quoted(std::string_view text);

/// What a vendor's own code means; codes are compared as text.
struct Meaning {
  std::string_view code;
  Outcome outcome;
};
std::optional<Outcome> meaning_of(std::string_view code, std::span<const Meaning> meanings);

/// A POST with a JSON body.
HttpRequest json_post(std::string target, std::string body);

}  // namespace reckon::provider

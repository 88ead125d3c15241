// GraphHopper's route. Latitude first in the GET form, metres and milliseconds; what was wrong stands in the
// class names of `hints`. Its matrix exists in the hosted API only and is not used.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/provider/api_format.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

constexpr std::size_t kMaxVia = 28;  // the hosted API's 30 places
constexpr Units kUnits{1, 0.001};

std::string point_text(const geo::LatLng& place) {
  return fmt::format("point={},{}", coordinate_text(place.lat_deg()), coordinate_text(place.lng_deg()));
}

std::string query_text(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

// Nothing when the hints name no known class.
std::optional<Outcome> outcome_of_hints(const base::JsonNode& root) {
  for (const auto& hint : items_of(root, "hints", 100)) {
    const auto details = text_of(hint, "details");
    const auto names = [&details](std::string_view word) { return details.find(word) != std::string::npos; };
    if (names("PointNotFound") || names("ConnectionNotFound") || names("PointOutOfBounds") ||
        names("MaximumNodesExceeded")) {
      return Outcome::kNoRoute;
    }
  }
  return std::nullopt;
}

ProviderAnswer read_refusal(const HttpResponse& response, base::WallTime now) {
  auto answer = answer_of_status(response, now);
  // The hosted API tells the day's credits: none left is a spent quota and not haste.
  if (response.status == 429 && response.header("x-ratelimit-remaining") == "0")
    answer.outcome = Outcome::kQuota;
  if (response.status == 501) answer.outcome = Outcome::kBadRequest;  // a vehicle or option it does not have
  const auto document = parsed(response);
  if (!document) return response.status == 400 ? document.error() : answer;  // its own 400 is JSON always
  base::Faults faults("body");
  const auto root = document->root(faults);
  if (response.status < 500) answer.outcome = outcome_of_hints(root).value_or(answer.outcome);
  answer.detail = fmt::format("HTTP {} {}", response.status, text_of(root, "message"));
  return answer;
}

class GraphHopper final : public ApiFormat {
 public:
  explicit GraphHopper(ApiConfig config) : config_(std::move(config)) {}

  bool serves(base::Vehicle vehicle) const override {
    return std::ranges::find(config_.vehicles, vehicle) != config_.vehicles.end();
  }

  Capability capability(base::Vehicle) const override { return {kMaxVia, TableShape::kNone, 0, 0}; }

  HttpRequest route_request(const TripRequest& trip) const override {
    HttpRequest request;
    request.target = "/route?" + point_text(trip.from);
    for (const auto& place : trip.via) request.target += "&" + point_text(place);
    request.target += fmt::format("&{}&profile={}&calc_points=false&instructions=false", point_text(trip.to),
                                  config_.profile);
    if (!config_.key.empty()) request.target += "&key=" + query_text(config_.key.reveal());
    return request;
  }

  ProviderAnswer read_route(const HttpResponse& response, const TripRequest& trip,
                            base::WallTime now) const override {
    if (response.status != 200) return read_refusal(response, now);
    const auto document = parsed(response);
    if (!document) return document.error();
    base::Faults faults("body");
    const auto paths = items_of(document->root(faults), "paths", 16);
    if (paths.empty() || !paths.front().is_object()) return answer_of(Outcome::kMalformed, "no paths");
    const auto& path = paths.front();
    if (!echoes_ends(path, trip)) return for_another_trip();
    return measured(path.optional("distance"), path.optional("time"), kUnits);
  }

  HttpRequest table_request(const TableRequest&) const override { return {}; }
  TableAnswer read_table(const HttpResponse&, const TableRequest&, base::WallTime) const override {
    return {};
  }

 private:
  // Snapped places come as GeoJSON, or encoded as text, which tells nothing here.
  static bool echoes_ends(const base::JsonNode& path, const TripRequest& trip) {
    const auto snapped = path.optional("snapped_waypoints");
    const auto places = items_of(snapped, "coordinates", kMaxVia + 2);
    if (places.size() != trip.via.size() + 2) return true;
    return echoes_lon_lat(places.front(), trip.from) && echoes_lon_lat(places.back(), trip.to);
  }

  const ApiConfig config_;
};

}  // namespace

std::unique_ptr<ApiFormat> graphhopper_format(ApiConfig config) {
  if (config.profile.empty()) config.profile = "car";
  return std::make_unique<GraphHopper>(std::move(config));
}

}  // namespace reckon::provider

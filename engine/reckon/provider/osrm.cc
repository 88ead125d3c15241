#include "reckon/provider/osrm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/geo/geodesic.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

// OSRM tells snap offsets by its own formula; sphere against ellipsoid stays well within these.
constexpr double kSnapToleranceM = 20;
constexpr double kSnapToleranceShare = 0.02;

// OSRM's own snap radius is unlimited: a place at sea snaps to the coast, and the route is another trip's.
// Nothing when the waypoint is the asked place, or tells nothing.
std::optional<ProviderAnswer> refuse_waypoint(const base::JsonNode& waypoint, const geo::LatLng& asked) {
  if (!waypoint.is_object()) return std::nullopt;
  const auto location = waypoint.optional("location");
  if (!location.is_array()) return std::nullopt;
  const auto lon_lat = location.items(3);
  if (lon_lat.size() < 2 || !lon_lat[0].is_number() || !lon_lat[1].is_number()) return std::nullopt;
  const auto place = geo::LatLng::from_degrees(lon_lat[1].number(-1e9, 1e9).value_or(1e9),
                                               lon_lat[0].number(-1e9, 1e9).value_or(1e9), "location");
  if (!place) return answer_of(Outcome::kImplausible, "a waypoint is no place");
  const double offset_m = geo::geodesic_m(*place, asked);
  if (offset_m <= kMaxEchoOffsetM) return std::nullopt;
  const auto told = waypoint.optional("distance");
  const auto told_m = told.is_number() ? told.number(0, 1e9) : std::nullopt;
  if (told_m && std::abs(*told_m - offset_m) <= kSnapToleranceM + kSnapToleranceShare * offset_m) {
    return answer_of(Outcome::kNoRoute, fmt::format("the nearest road is {:.0f} m away", offset_m));
  }
  return answer_of(Outcome::kImplausible, "the answer is for another trip");
}

ProviderAnswer read_ok(const base::JsonNode& root, const TripRequest& trip) {
  const auto routes = root.optional("routes").items(16);
  if (routes.empty()) return answer_of(Outcome::kMalformed, "no routes");
  const auto waypoints = root.optional("waypoints").items(2);
  if (waypoints.size() == 2) {
    if (auto refused = refuse_waypoint(waypoints[0], trip.from)) return *std::move(refused);
    if (auto refused = refuse_waypoint(waypoints[1], trip.to)) return *std::move(refused);
  }
  return measured(routes.front().optional("distance"), routes.front().optional("duration"));
}

Outcome outcome_of_code(std::string_view code, int status) {
  if (code == "NoRoute" || code == "NoSegment") return Outcome::kNoRoute;
  if (code == "DisabledDataset" || status >= 500) return Outcome::kUnavailable;
  if (code.starts_with("Invalid") || code == "TooBig" || code == "NotImplemented")
    return Outcome::kBadRequest;
  return status == 200 ? Outcome::kMalformed : Outcome::kBadRequest;
}

class Osrm final : public MapProvider {
 public:
  Osrm(OsrmConfig config, std::shared_ptr<HttpTransport> transport, const base::Clock& clock)
      : config_(std::move(config)), transport_(std::move(transport)), clock_(clock) {}

  std::string_view name() const override { return config_.name; }

  bool serves(base::Vehicle vehicle) const override {
    return std::ranges::find(config_.vehicles, vehicle) != config_.vehicles.end();
  }

  ProviderAnswer route(const TripRequest& trip, base::Deadline deadline) override {
    HttpRequest request;
    request.endpoint = config_.endpoint;
    request.target = fmt::format("/route/v1/{}/{};{}?overview=false&steps=false", config_.profile,
                                 lon_lat_text(trip.from), lon_lat_text(trip.to));
    auto response = transport_->exchange(request, deadline);
    if (!response) return answer_of(std::move(response.error()));
    return read_osrm_answer(*response, trip, clock_.wall_now());
  }

 private:
  const OsrmConfig config_;
  const std::shared_ptr<HttpTransport> transport_;
  const base::Clock& clock_;
};

}  // namespace

ProviderAnswer read_osrm_answer(const HttpResponse& response, const TripRequest& trip, base::WallTime now) {
  if (response.status != 200 && response.status != 400 && response.status < 500)
    return answer_of_status(response, now);
  const auto document = base::JsonDocument::parse(response.body, "body");
  if (!document) {
    // OSRM says 400 in JSON always: another 400 is a proxy's or a portal's.
    return response.status >= 500 ? answer_of_status(response, now)
                                  : answer_of(Outcome::kMalformed, quoted(document.error().message));
  }
  base::Faults faults("body");
  const auto root = document->root(faults);
  const auto code_node = root.optional("code");
  if (!code_node.is_string()) {
    return response.status >= 500 ? answer_of_status(response, now)
                                  : answer_of(Outcome::kMalformed, "no code");
  }
  const auto code = code_node.string().value_or("");
  if (response.status == 200 && code == "Ok") return read_ok(root, trip);
  auto answer = answer_of(outcome_of_code(code, response.status),
                          fmt::format("HTTP {} code {}", response.status, quoted(code)));
  answer.retry_after = retry_after(response, now);
  return answer;
}

std::shared_ptr<MapProvider> make_osrm(OsrmConfig config, std::shared_ptr<HttpTransport> transport,
                                       const base::Clock& clock) {
  return std::make_shared<Osrm>(std::move(config), std::move(transport), clock);
}

}  // namespace reckon::provider

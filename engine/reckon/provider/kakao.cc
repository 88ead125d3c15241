#include "reckon/provider/kakao.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/geo/geodesic.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

constexpr std::int64_t kAnyCode = std::numeric_limits<std::int32_t>::max();

std::optional<std::int64_t> code_of(const base::JsonNode& node, std::string_view key) {
  const auto value = node.optional(key);
  return value.is_number() ? value.integer(-kAnyCode, kAnyCode) : std::nullopt;
}

std::string text_of(const base::JsonNode& node, std::string_view key) {
  const auto value = node.optional(key);
  return value.is_string() ? quoted(value.string().value_or("")) : std::string{};
}

// An answer that tells its own ends must tell ours: a stale cache can hold another trip's answer.
bool echoes(const base::JsonNode& summary, std::string_view key, const geo::LatLng& asked) {
  const auto node = summary.optional(key);
  if (!node.is_object()) return true;
  const auto x = node.optional("x"), y = node.optional("y");
  if (!x.is_number() || !y.is_number()) return true;
  const auto place =
      geo::LatLng::from_degrees(y.number(-1e9, 1e9).value_or(1e9), x.number(-1e9, 1e9).value_or(1e9), key);
  return place && geo::geodesic_m(*place, asked) <= kMaxEchoOffsetM;
}

ProviderAnswer read_route(const base::JsonNode& route, const TripRequest& trip) {
  const auto code = code_of(route, "result_code");
  if (!code) return answer_of(Outcome::kMalformed, "no result_code");
  if (*code == 104) return found(0, 0);  // start and end within 5 m
  const auto detail = fmt::format("result_code {} {}", *code, text_of(route, "result_msg"));
  if (*code == 204) return answer_of(Outcome::kUnavailable, detail);  // its own processing time limit
  if (*code != 0) return answer_of(Outcome::kNoRoute, detail);
  const auto summary = route.optional("summary");
  if (!summary.is_object()) return answer_of(Outcome::kMalformed, "result_code 0 without summary");
  if (!echoes(summary, "origin", trip.from) || !echoes(summary, "destination", trip.to)) {
    return answer_of(Outcome::kImplausible, "the answer is for another trip");
  }
  return measured(summary.optional("distance"), summary.optional("duration"));
}

// Classified by body code, because quota and maintenance arrive as HTTP 400. Nothing for codes that are not
// documented.
std::optional<Outcome> outcome_of_code(std::int64_t code) {
  switch (code) {
    case -1:    // internal error
    case -7:    // maintenance
    case -9:    // API retired
    case -603:  // took too long
      return Outcome::kUnavailable;
    case -2:  // parameters
    case -8:  // headers
      return Outcome::kBadRequest;
    case -3:    // feature off
    case -4:    // blocked
    case -5:    // no permission
    case -401:  // key
      return Outcome::kAuth;
    case -10:
      return Outcome::kQuota;
    default:
      return std::nullopt;
  }
}

ProviderAnswer read_refusal(const HttpResponse& response, base::WallTime now) {
  auto answer = answer_of_status(response, now);
  const auto document = base::JsonDocument::parse(response.body, "body");
  if (!document) return answer;
  base::Faults faults("body");
  const auto root = document->root(faults);
  const auto code = root.is_object() ? code_of(root, "code") : std::nullopt;
  if (!code) return answer;
  answer.outcome = outcome_of_code(*code).value_or(answer.outcome);
  answer.detail = fmt::format("HTTP {} code {} {}", response.status, *code, text_of(root, "msg"));
  return answer;
}

std::string target_of(const TripRequest& trip) {
  // Riders may not use car-only roads: the motorcycle type alone does not keep them off, so both are asked
  // for.
  const std::string_view vehicle =
      trip.vehicle == base::Vehicle::kMotorcycle ? "&car_type=7&avoid=motorway" : "&car_type=1";
  return fmt::format("/v1/directions?origin={}&destination={}&priority=RECOMMEND&summary=true{}",
                     lon_lat_text(trip.from), lon_lat_text(trip.to), vehicle);
}

class Kakao final : public MapProvider {
 public:
  Kakao(KakaoConfig config, std::shared_ptr<HttpTransport> transport, const base::Clock& clock)
      : config_(std::move(config)), transport_(std::move(transport)), clock_(clock) {}

  std::string_view name() const override { return config_.name; }

  bool serves(base::Vehicle vehicle) const override {
    return vehicle == base::Vehicle::kMotorcycle || vehicle == base::Vehicle::kCar;
  }

  ProviderAnswer route(const TripRequest& trip, base::Deadline deadline) override {
    HttpRequest request;
    request.endpoint = config_.endpoint;
    request.target = target_of(trip);
    request.headers = {{"Authorization", fmt::format("KakaoAK {}", config_.key.reveal())}};
    auto response = transport_->exchange(request, deadline);
    if (!response) return answer_of(std::move(response.error()));
    return read_kakao_answer(*response, trip, clock_.wall_now());
  }

 private:
  const KakaoConfig config_;
  const std::shared_ptr<HttpTransport> transport_;
  const base::Clock& clock_;
};

}  // namespace

ProviderAnswer read_kakao_answer(const HttpResponse& response, const TripRequest& trip, base::WallTime now) {
  if (response.status != 200) return read_refusal(response, now);
  const auto document = base::JsonDocument::parse(response.body, "body");
  if (!document) return answer_of(Outcome::kMalformed, quoted(document.error().message));
  base::Faults faults("body");
  const auto routes = document->root(faults).optional("routes").items(16);
  if (routes.empty()) return answer_of(Outcome::kMalformed, "no routes");
  return read_route(routes.front(), trip);
}

std::shared_ptr<MapProvider> make_kakao(KakaoConfig config, std::shared_ptr<HttpTransport> transport,
                                        const base::Clock& clock) {
  return std::make_shared<Kakao>(std::move(config), std::move(transport), clock);
}

}  // namespace reckon::provider

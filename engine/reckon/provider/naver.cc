// NAVER Cloud Maps, Directions 5 and 15. Longitude first, metres and milliseconds; its own codes inside HTTP
// 200, the gateway's inside `error`. It has no motorcycle: roads for cars only are avoided instead.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/provider/api_format.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

constexpr std::size_t kMaxViaOf5 = 5;
constexpr std::size_t kMaxVia = 15;
constexpr Units kUnits{1, 0.001};

std::string_view option_of(base::Vehicle vehicle) {
  return vehicle == base::Vehicle::kMotorcycle ? "traavoidcaronly" : "traoptimal";
}

ProviderAnswer read_code(std::int64_t code, std::string_view message) {
  if (code == 1) return found(0, 0);  // start equals goal
  // 2, 3, 4: an end or a stop not near a road, no car route; unknown ones are a miss and never success.
  return answer_of(code == 5 ? Outcome::kBadRequest : Outcome::kNoRoute,
                   fmt::format("code {} {}", code, message));
}

bool echoes_end(const base::JsonNode& summary, std::string_view key, const geo::LatLng& asked) {
  const auto end = summary.optional(key);
  return !end.is_object() || echoes_lon_lat(end.optional("location"), asked);
}

void quick_end(JsonCursor& json, const geo::LatLng& asked, QuickTotals& totals) {
  json.object(
      [&](std::string_view key) { key == "location" ? totals.end_lon_lat(json, asked) : void(json.skip()); });
}

void quick_summary(JsonCursor& json, const TripRequest& trip, QuickTotals& totals) {
  json.object([&](std::string_view key) {
    if (key == "distance") return QuickTotals::once(json, totals.length);
    if (key == "duration") return QuickTotals::once(json, totals.time);
    if (key == "start") return quick_end(json, trip.from, totals);
    if (key == "goal") return quick_end(json, trip.to, totals);
    json.skip();
  });
}

// The healthy answer without a tree of the whole; nothing when anything is out of the ordinary.
std::optional<ProviderAnswer> read_quickly(std::string_view body, const TripRequest& trip) {
  JsonCursor json(body);
  QuickTotals totals;
  json.object([&](std::string_view key) {
    if (key == "code") return QuickTotals::once(json, totals.code);
    if (key != "route") return void(json.skip());
    json.object([&](std::string_view option) {
      if (option != option_of(trip.vehicle)) return void(json.skip());
      json.array([&](std::size_t index) {
        if (index > 0) return void(json.skip());
        json.object([&](std::string_view member) {
          member == "summary" ? quick_summary(json, trip, totals) : void(json.skip());
        });
      });
    });
  });
  return totals.code == 0.0 ? totals.answer(json, kUnits) : std::nullopt;
}

constexpr std::array<Meaning, 12> kGateway = {{
    {"100", Outcome::kBadRequest},
    {"200", Outcome::kAuth},
    {"210", Outcome::kAuth},
    {"300", Outcome::kUnavailable},  // no such path: retired, or a wrong base URL
    {"400", Outcome::kQuota},        // also when the API is not ticked in the console
    {"410", Outcome::kThrottled},
    {"420", Outcome::kThrottled},
    {"430", Outcome::kBadRequest},
    {"500", Outcome::kUnavailable},
    {"510", Outcome::kUnavailable},
    {"900", Outcome::kUnavailable},
    {"429", Outcome::kQuota},
}};

ProviderAnswer read_refusal(const HttpResponse& response, base::WallTime now) {
  auto answer = answer_of_status(response, now);
  const auto document = parsed(response);
  if (!document) return answer;
  base::Faults faults("body");
  const auto root = document->root(faults);
  const auto error = root.is_object() ? root.optional("error") : root;
  const auto code = text_of(error, "errorCode");
  if (code.empty()) return answer;
  answer.outcome = meaning_of(code, kGateway).value_or(answer.outcome);
  answer.detail = fmt::format("HTTP {} errorCode {} {}", response.status, code, text_of(error, "message"));
  return answer;
}

class Naver final : public ApiFormat {
 public:
  explicit Naver(ApiConfig config) : config_(std::move(config)) {}

  bool serves(base::Vehicle vehicle) const override {
    return vehicle == base::Vehicle::kMotorcycle || vehicle == base::Vehicle::kCar;
  }

  Capability capability(base::Vehicle) const override { return {kMaxVia, TableShape::kNone, 0, 0}; }

  HttpRequest route_request(const TripRequest& trip) const override {
    HttpRequest request;
    // Directions 15 is a product of its own, twelve times dearer: taken only when it is needed.
    request.target = fmt::format("/{}/v1/driving?start={}&goal={}&option={}",
                                 trip.via.size() > kMaxViaOf5 ? "map-direction-15" : "map-direction",
                                 lon_lat_text(trip.from), lon_lat_text(trip.to), option_of(trip.vehicle));
    if (!trip.via.empty()) request.target += "&waypoints=" + joined_lon_lat(trip.via, "%7C");
    request.headers = {{"x-ncp-apigw-api-key-id", std::string(config_.key_id.reveal())},
                       {"x-ncp-apigw-api-key", std::string(config_.key.reveal())}};
    return request;
  }

  ProviderAnswer read_route(const HttpResponse& response, const TripRequest& trip,
                            base::WallTime now) const override {
    if (response.status != 200) return read_refusal(response, now);
    if (auto quick = read_quickly(response.body, trip)) return *std::move(quick);
    const auto document = parsed(response);
    if (!document) return document.error();
    base::Faults faults("body");
    const auto root = document->root(faults);
    const auto code = code_of(root, "code");
    if (!code) return answer_of(Outcome::kMalformed, "no code");
    if (*code != 0) return read_code(*code, text_of(root, "message"));
    const auto route = root.optional("route");
    if (!route.is_object()) return answer_of(Outcome::kMalformed, "code 0 without route");
    const auto found_routes = items_of(route, option_of(trip.vehicle), 16);
    if (found_routes.empty() || !found_routes.front().is_object())
      return answer_of(Outcome::kMalformed, "no route under the option that was asked for");
    const auto summary = found_routes.front().optional("summary");
    if (!summary.is_object()) return answer_of(Outcome::kMalformed, "no summary");
    if (!echoes_end(summary, "start", trip.from) || !echoes_end(summary, "goal", trip.to))
      return for_another_trip();
    return measured(summary.optional("distance"), summary.optional("duration"), kUnits);
  }

  HttpRequest table_request(const TableRequest&) const override { return {}; }
  TableAnswer read_table(const HttpResponse&, const TableRequest&, base::WallTime) const override {
    return {};
  }

 private:
  const ApiConfig config_;
};

}  // namespace

std::unique_ptr<ApiFormat> naver_format(ApiConfig config) {
  return std::make_unique<Naver>(std::move(config));
}

}  // namespace reckon::provider

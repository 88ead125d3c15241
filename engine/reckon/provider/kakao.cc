// Kakao Mobility. Longitude first, metres and seconds; result codes inside HTTP 200; quota and maintenance as
// HTTP 400; the many-ended calls match their routes by key, and their order is not to be trusted.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/provider/api_format.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

constexpr std::size_t kMaxViaInGet = 5;
constexpr std::size_t kMaxVia = 30;
constexpr std::size_t kMaxSide = 30;
constexpr int kMaxRadiusM = 10'000;

bool echoes_x_y(const base::JsonNode& summary, std::string_view key, const geo::LatLng& asked) {
  const auto node = summary.optional(key);
  return !node.is_object() || echoes(node.optional("y"), node.optional("x"), asked);
}

// What a result code other than 0 means.
ProviderAnswer read_result_code(std::int64_t code, std::string_view message) {
  if (code == 104) return found(0, 0);  // start and end within 5 m
  // 204 is its own processing time limit; the others, unknown ones included, are a miss and never success.
  return answer_of(code == 204 ? Outcome::kUnavailable : Outcome::kNoRoute,
                   fmt::format("result_code {} {}", code, message));
}

// One element of `routes`.
ProviderAnswer read_one(const base::JsonNode& route, const geo::LatLng& from, const geo::LatLng& to) {
  const auto code = code_of(route, "result_code");
  if (!code) return answer_of(Outcome::kMalformed, "no result_code");
  if (*code != 0) return read_result_code(*code, text_of(route, "result_msg"));
  const auto summary = route.optional("summary");
  if (!summary.is_object()) return answer_of(Outcome::kMalformed, "result_code 0 without summary");
  if (!echoes_x_y(summary, "origin", from) || !echoes_x_y(summary, "destination", to))
    return for_another_trip();
  return measured(summary.optional("distance"), summary.optional("duration"));
}

void quick_route(JsonCursor& json, const TripRequest& trip, QuickTotals& totals) {
  json.object([&](std::string_view key) {
    if (key == "result_code") return QuickTotals::once(json, totals.code);
    if (key != "summary") return void(json.skip());
    json.object([&](std::string_view member) {
      if (member == "distance") return QuickTotals::once(json, totals.length);
      if (member == "duration") return QuickTotals::once(json, totals.time);
      if (member == "origin") return totals.end_x_y(json, trip.from);
      if (member == "destination") return totals.end_x_y(json, trip.to);
      json.skip();
    });
  });
}

// The healthy answer without a tree of the whole; nothing when anything is out of the ordinary.
std::optional<ProviderAnswer> read_quickly(std::string_view body, const TripRequest& trip) {
  JsonCursor json(body);
  QuickTotals totals;
  json.object([&](std::string_view key) {
    if (key != "routes") return void(json.skip());
    json.array([&](std::size_t index) { index == 0 ? quick_route(json, trip, totals) : void(json.skip()); });
  });
  return totals.code == 0.0 ? totals.answer(json) : std::nullopt;
}

// By body code, because quota and maintenance arrive as HTTP 400.
constexpr std::array<Meaning, 11> kRefusals = {{
    {"-1", Outcome::kUnavailable},    // internal error
    {"-2", Outcome::kBadRequest},     // parameters
    {"-3", Outcome::kAuth},           // feature off
    {"-4", Outcome::kAuth},           // blocked
    {"-5", Outcome::kAuth},           // no permission
    {"-7", Outcome::kUnavailable},    // maintenance
    {"-8", Outcome::kBadRequest},     // headers
    {"-9", Outcome::kUnavailable},    // API retired
    {"-10", Outcome::kQuota},         //
    {"-401", Outcome::kAuth},         // key
    {"-603", Outcome::kUnavailable},  // took too long
}};

ProviderAnswer read_refusal(const HttpResponse& response, base::WallTime now) {
  auto answer = answer_of_status(response, now);
  const auto document = parsed(response);
  if (!document) return answer;
  base::Faults faults("body");
  const auto root = document->root(faults);
  const auto code = code_of(root, "code");
  if (!code) return answer;
  answer.outcome = meaning_of(std::to_string(*code), kRefusals).value_or(answer.outcome);
  answer.detail = fmt::format("HTTP {} code {} {}", response.status, *code, text_of(root, "msg"));
  return answer;
}

void write_place(base::JsonWriter& json, const geo::LatLng& place) {
  json.key("x").raw(coordinate_text(place.lng_deg())).key("y").raw(coordinate_text(place.lat_deg()));
}

void write_end(base::JsonWriter& json, std::string_view key, const geo::LatLng& place) {
  json.key(key).begin_object();
  write_place(json, place);
  json.end_object();
}

void write_keyed(base::JsonWriter& json, std::string_view key, const std::vector<geo::LatLng>& places) {
  json.key(key).begin_array();
  for (std::size_t i = 0; i < places.size(); ++i) {
    json.begin_object();
    write_place(json, places[i]);
    json.key("key").string(std::to_string(i)).end_object();
  }
  json.end_array();
}

// Riders may not use car-only roads: the motorcycle type alone does not keep them off, so both are asked for.
void write_vehicle(base::JsonWriter& json, base::Vehicle vehicle) {
  const bool motorcycle = vehicle == base::Vehicle::kMotorcycle;
  json.key("car_type").integer(motorcycle ? 7 : 1).key("avoid").begin_array();
  if (motorcycle) json.string("motorway");
  json.end_array();
}

HttpRequest via_post(const TripRequest& trip) {
  std::string body;
  base::JsonWriter json(body);
  json.begin_object();
  write_end(json, "origin", trip.from);
  write_end(json, "destination", trip.to);
  json.key("waypoints").begin_array();
  for (const auto& place : trip.via) {
    json.begin_object();
    write_place(json, place);
    json.end_object();
  }
  json.end_array().key("priority").string("RECOMMEND").key("summary").boolean(true);
  write_vehicle(json, trip.vehicle);
  json.end_object();
  return json_post("/v1/waypoints/directions", std::move(body));
}

std::optional<std::int64_t> number_of(std::string_view key) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(key.data(), key.data() + key.size(), number);
  return fault == std::errc{} && end == key.data() + key.size() ? std::optional(number) : std::nullopt;
}

class Kakao final : public ApiFormat {
 public:
  explicit Kakao(ApiConfig config) : config_(std::move(config)) {}

  bool serves(base::Vehicle vehicle) const override {
    return vehicle == base::Vehicle::kMotorcycle || vehicle == base::Vehicle::kCar;
  }

  Capability capability(base::Vehicle) const override {
    return {kMaxVia, TableShape::kOneSided, kMaxSide, kMaxSide};
  }

  HttpRequest route_request(const TripRequest& trip) const override {
    if (trip.via.size() > kMaxViaInGet) return signed_with_key(via_post(trip));
    HttpRequest request;
    request.target = fmt::format("/v1/directions?origin={}&destination={}", lon_lat_text(trip.from),
                                 lon_lat_text(trip.to));
    if (!trip.via.empty()) request.target += "&waypoints=" + joined_lon_lat(trip.via, "%7C");
    request.target += "&priority=RECOMMEND&summary=true";
    request.target +=
        trip.vehicle == base::Vehicle::kMotorcycle ? "&car_type=7&avoid=motorway" : "&car_type=1";
    return signed_with_key(std::move(request));
  }

  ProviderAnswer read_route(const HttpResponse& response, const TripRequest& trip,
                            base::WallTime now) const override {
    if (response.status != 200) return read_refusal(response, now);
    if (auto quick = read_quickly(response.body, trip)) return *std::move(quick);
    const auto document = parsed(response);
    if (!document) return document.error();
    base::Faults faults("body");
    const auto routes = items_of(document->root(faults), "routes", 16);
    if (routes.empty()) return answer_of(Outcome::kMalformed, "no routes");
    return read_one(routes.front(), trip.from, trip.to);
  }

  HttpRequest table_request(const TableRequest& table) const override {
    const bool one_to_many = table.sources.size() == 1;
    std::string body;
    base::JsonWriter json(body);
    json.begin_object();
    if (one_to_many) {
      write_end(json, "origin", table.sources.front());
      write_keyed(json, "destinations", table.destinations);
    } else {
      write_keyed(json, "origins", table.sources);
      write_end(json, "destination", table.destinations.front());
    }
    // These calls know no RECOMMEND.
    json.key("radius").integer(kMaxRadiusM).key("priority").string("TIME");
    write_vehicle(json, table.vehicle);
    json.end_object();
    return signed_with_key(
        json_post(one_to_many ? "/v1/destinations/directions" : "/v1/origins/directions", std::move(body)));
  }

  TableAnswer read_table(const HttpResponse& response, const TableRequest& table,
                         base::WallTime now) const override {
    if (response.status != 200) return no_cells(read_refusal(response, now));
    const auto document = parsed(response);
    if (!document) return no_cells(document.error());
    base::Faults faults("body");
    const auto routes = items_of(document->root(faults), "routes", 2 * kMaxSide);
    if (routes.empty()) return no_cells(answer_of(Outcome::kMalformed, "no routes"));
    UnorderedCells cells(table);
    const bool one_to_many = table.sources.size() == 1;
    for (const auto& route : routes) {
      const auto key = number_of(text_of(route, "key"));
      const bool known = key && *key >= 0 && *key < static_cast<std::int64_t>(table.cells());
      const auto other = known ? static_cast<std::size_t>(*key) : 0;
      cells.put(one_to_many ? std::optional<std::int64_t>(0) : key,
                one_to_many ? key : std::optional<std::int64_t>(0),
                read_one(route, table.sources[one_to_many ? 0 : other],
                         table.destinations[one_to_many ? other : 0]));
    }
    return std::move(cells).take();
  }

 private:
  HttpRequest signed_with_key(HttpRequest request) const {
    request.headers.push_back({"Authorization", fmt::format("KakaoAK {}", config_.key.reveal())});
    return request;
  }

  const ApiConfig config_;
};

}  // namespace

std::unique_ptr<ApiFormat> kakao_format(ApiConfig config) {
  return std::make_unique<Kakao>(std::move(config));
}

}  // namespace reckon::provider

// The stand-in's Kakao, NAVER and TMAP.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "provider_sim_api.h"
#include "reckon/geo/geodesic.h"

namespace reckon::cli {
namespace {

using base::JsonWriter;

// --- Kakao -----------------------------------------------------------------------------------------------

constexpr double kSamePlaceM = 5;
constexpr std::size_t kKakaoMost = 30;

SimReply kakao_refusal(int status, int code, std::string_view message) {
  SimReply reply{status, {}};
  JsonWriter(reply.body).begin_object().key("code").integer(code).key("msg").string(message).end_object();
  return reply;
}

// The HTTP status that goes with a negative code in Kakao's reference.
int kakao_status(int code) {
  if (code == -401) return 401;
  if (code == -3 || code == -4 || code == -5) return 403;
  return code == -1 ? 500 : 400;
}

// What stands before any route: the key, and a drill's code.
std::optional<SimReply> kakao_gate(const SimWorld& world, const SimRequest& request) {
  if (!request.header("authorization").starts_with("KakaoAK "))
    return kakao_refusal(401, -401, "wrong appKey format");
  const auto code = world.code();
  if (code && *code < 0) return kakao_refusal(kakao_status(*code), *code, "drill");
  return std::nullopt;
}

int kakao_code(const SimTrip& trip) {
  switch (trip.status) {
    case SimTrip::Status::kOk:
      return 0;
    case SimTrip::Status::kNoRoadAtStart:
      return 102;
    case SimTrip::Status::kNoRoadAtEnd:
      return 103;
    case SimTrip::Status::kNoRoute:
      break;
  }
  return 1;
}

void kakao_place(JsonWriter& json, std::string_view key, const geo::LatLng& place) {
  json.key(key).begin_object().key("name").string("");
  json.key("x").number(place.lng_deg()).key("y").number(place.lat_deg()).end_object();
}

// One element of `routes`, up to the summary, which the caller fills.
bool kakao_result(JsonWriter& json, SimWorld& world, const Places& places, SimTrip& trip) {
  int code = world.code().value_or(0);
  if (code == 0 && geo::geodesic_m(places.front(), places.back()) <= kSamePlaceM && places.size() == 2)
    code = 104;
  if (code == 0) {
    trip = world.trip(places);
    code = kakao_code(trip);
  }
  json.key("result_code").integer(code).key("result_msg").string(code == 0 ? "ok" : "no route");
  return code == 0;
}

SimReply kakao_route(SimWorld& world, const Places& places) {
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("trans_id").string("sim").key("routes").begin_array().begin_object();
  SimTrip trip;
  if (kakao_result(json, world, places, trip)) {
    json.key("summary").begin_object();
    kakao_place(json, "origin", places.front());
    kakao_place(json, "destination", places.back());
    json.key("waypoints").begin_array().end_array().key("priority").string("RECOMMEND");
    json.key("fare").begin_object().key("taxi").integer(0).key("toll").integer(0).end_object();
    json.key("distance")
        .integer(trip.metres)
        .key("duration")
        .integer(std::llround(trip.seconds))
        .end_object();
  }
  json.end_object().end_array().end_object();
  return reply;
}

SimReply kakao_directions(SimWorld& world, const SimRequest& request) {
  if (auto refused = kakao_gate(world, request)) return *std::move(refused);
  const auto from = lon_lat_of(request.parameter("origin")),
             to = lon_lat_of(request.parameter("destination"));
  const auto waypoints = request.parameter("waypoints");
  const auto via = waypoints.empty() ? std::optional(Places{}) : lon_lats_of(waypoints, '|');
  if (!from || !to || !via || via->size() > 5)
    return kakao_refusal(400, -2, "origin and destination must be x,y; at most 5 waypoints");
  Places places = {*from};
  places.insert(places.end(), via->begin(), via->end());
  places.push_back(*to);
  return kakao_route(world, places);
}

// The places of an array member; nothing when one is none.
std::optional<Places> kakao_places(const base::JsonNode& root, std::string_view key) {
  Places places;
  for (const auto& item : root.optional(key).items(kKakaoMost)) {
    const auto place = place_of(item, "y", "x");
    if (!place) return std::nullopt;
    places.push_back(*place);
  }
  return places;
}

SimReply kakao_waypoints(SimWorld& world, const SimRequest& request) {
  if (auto refused = kakao_gate(world, request)) return *std::move(refused);
  const auto document = base::JsonDocument::parse(request.body, "body");
  base::Faults faults("body");
  if (!document || !document->root(faults).is_object()) return kakao_refusal(400, -2, "no JSON");
  const auto root = document->root(faults);
  const auto from = place_of(root.optional("origin"), "y", "x"),
             to = place_of(root.optional("destination"), "y", "x");
  const auto via = kakao_places(root, "waypoints");
  if (!from || !to || !via || !faults.empty())
    return kakao_refusal(400, -2, "origin, destination or waypoints");
  Places places = {*from};
  places.insert(places.end(), via->begin(), via->end());
  places.push_back(*to);
  return kakao_route(world, places);
}

// One to many, or many to one. Told from the last to the first: the order is not to be trusted.
SimReply kakao_many(SimWorld& world, const SimRequest& request, std::string_view one, std::string_view many) {
  if (auto refused = kakao_gate(world, request)) return *std::move(refused);
  const auto document = base::JsonDocument::parse(request.body, "body");
  base::Faults faults("body");
  if (!document || !document->root(faults).is_object()) return kakao_refusal(400, -2, "no JSON");
  const auto root = document->root(faults);
  const auto hub = place_of(root.optional(one), "y", "x");
  const auto items = root.optional(many).items(kKakaoMost);
  const auto places = kakao_places(root, many);
  const auto radius = root.optional("radius").integer(1, 10'000);
  if (!hub || !places || places->empty() || !radius || !faults.empty())
    return kakao_refusal(400, -2, "the ends, or a radius beyond 10000");
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("trans_id").string("sim").key("routes").begin_array();
  for (std::size_t i = places->size(); i-- > 0;) {
    json.begin_object().key("key").string(items[i].optional("key").string().value_or(""));
    const auto& place = (*places)[i];
    if (geo::geodesic_m(*hub, place) > static_cast<double>(*radius)) {
      json.key("result_code")
          .integer(one == "origin" ? 304 : 207)
          .key("result_msg")
          .string("outside the radius");
    } else {
      SimTrip trip;
      if (kakao_result(json, world, one == "origin" ? Places{*hub, place} : Places{place, *hub}, trip)) {
        json.key("summary").begin_object().key("distance").integer(trip.metres);
        json.key("duration").integer(std::llround(trip.seconds)).end_object();
      }
    }
    json.end_object();
  }
  json.end_array().end_object();
  return reply;
}

SimReply kakao_one_to_many(SimWorld& world, const SimRequest& request) {
  return kakao_many(world, request, "origin", "destinations");
}

SimReply kakao_many_to_one(SimWorld& world, const SimRequest& request) {
  return kakao_many(world, request, "destination", "origins");
}

// --- NAVER -----------------------------------------------------------------------------------------------

SimReply naver_gateway(int status, std::string_view code, std::string_view message) {
  SimReply reply{status, {}};
  JsonWriter json(reply.body);
  json.begin_object().key("error").begin_object().key("errorCode").string(code);
  json.key("message").string(message).end_object().end_object();
  return reply;
}

SimReply naver_code(int code, std::string_view message) {
  SimReply reply;
  JsonWriter(reply.body).begin_object().key("code").integer(code).key("message").string(message).end_object();
  return reply;
}

int naver_status(int code) {
  if (code == 200 || code == 210) return 401;
  if (code == 300) return 404;
  if (code == 400 || code == 410 || code == 420) return 429;
  return code >= 500 ? 500 : 400;
}

void naver_end(JsonWriter& json, std::string_view key, const geo::LatLng& place) {
  json.key(key).begin_object().key("location").begin_array();
  json.number(place.lng_deg()).number(place.lat_deg()).end_array().end_object();
}

SimReply naver_driving(SimWorld& world, const SimRequest& request) {
  if (request.header("x-ncp-apigw-api-key-id").empty() || request.header("x-ncp-apigw-api-key").empty())
    return naver_gateway(401, "200", "Authentication Failed");
  if (const auto code = world.code()) {
    return *code >= 100 ? naver_gateway(naver_status(*code), std::to_string(*code), "drill")
                        : naver_code(*code, "drill");
  }
  const auto from = lon_lat_of(request.parameter("start")), to = lon_lat_of(request.parameter("goal"));
  const auto waypoints = request.parameter("waypoints");
  const auto via = waypoints.empty() ? std::optional(Places{}) : lon_lats_of(waypoints, '|');
  const std::size_t most = request.path.starts_with("/map-direction-15/") ? 15 : 5;
  if (!from || !to || !via || via->size() > most) return naver_gateway(400, "100", "Bad Request Exception");
  if (*from == *to) return naver_code(1, "start equals goal");
  Places places = {*from};
  places.insert(places.end(), via->begin(), via->end());
  places.push_back(*to);
  const auto trip = world.trip(places);
  if (trip.status == SimTrip::Status::kNoRoute) return naver_code(3, "no route");
  if (trip.status != SimTrip::Status::kOk) return naver_code(2, "no road near the start or goal");
  const auto option = request.parameter("option");
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("code").integer(0).key("message").string("ok").key("route").begin_object();
  json.key(option.empty() ? "traoptimal" : option).begin_array().begin_object().key("summary").begin_object();
  naver_end(json, "start", *from);
  naver_end(json, "goal", *to);
  json.key("distance").integer(trip.metres).key("duration").integer(std::llround(trip.seconds * 1000));
  json.key("tollFare").integer(0).key("taxiFare").integer(0).key("fuelPrice").integer(0);
  json.end_object().end_object().end_array().end_object().end_object();
  return reply;
}

// --- TMAP ------------------------------------------------------------------------------------------------

SimReply tmap_error(int status, std::string_view category, std::string_view code) {
  SimReply reply{status, {}};
  JsonWriter json(reply.body);
  json.begin_object().key("error").begin_object().key("id").string(std::to_string(status));
  json.key("category").string(category).key("code").string(code).key("message").string("drill");
  json.end_object().end_object();
  return reply;
}

std::optional<SimReply> tmap_gate(const SimWorld& world, const SimRequest& request) {
  if (request.header("appkey").empty()) return tmap_error(403, "gw", "INVALID_API_KEY");
  const auto code = world.code();
  if (!code) return std::nullopt;
  if (*code == 429) return tmap_error(429, "gw", "QUOTA_EXCEEDED");
  if (*code == 403) return tmap_error(403, "gw", "INVALID_API_KEY");
  return tmap_error(400, "tmap", std::to_string(*code));
}

SimReply tmap_routes(SimWorld& world, const SimRequest& request) {
  if (auto refused = tmap_gate(world, request)) return *std::move(refused);
  const auto document = base::JsonDocument::parse(request.body, "body");
  base::Faults faults("body");
  if (!document) return tmap_error(400, "tmap", "9401");
  const auto root = document->root(faults);
  const auto from = place_of(root, "startY", "startX"), to = place_of(root, "endY", "endX");
  const auto list = root.is_object() ? root.optional("passList").string().value_or("") : std::string_view{};
  const auto via = list.empty() ? std::optional(Places{}) : lon_lats_of(list, '_');
  if (!from || !to || !via || via->size() > 5) return tmap_error(400, "tmap", "9401");
  Places places = {*from};
  places.insert(places.end(), via->begin(), via->end());
  places.push_back(*to);
  const auto trip = world.trip(places);
  if (trip.status != SimTrip::Status::kOk) return tmap_error(400, "tmap", "3102");
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("type").string("FeatureCollection").key("features").begin_array().begin_object();
  json.key("type").string("Feature").key("properties").begin_object();
  json.key("totalDistance").integer(trip.metres).key("totalTime").integer(std::llround(trip.seconds));
  json.key("totalFare").integer(0).key("taxiFare").integer(0).end_object();
  json.end_object().end_array().end_object();
  return reply;
}

std::optional<Places> tmap_side(const base::JsonNode& root, std::string_view key) {
  Places places;
  if (!root.is_object()) return std::nullopt;
  for (const auto& item : root.optional(key).items(30)) {
    const auto place = place_of(item, "lat", "lon");
    if (!place) return std::nullopt;
    places.push_back(*place);
  }
  return places.empty() ? std::nullopt : std::optional(std::move(places));
}

SimReply tmap_matrix(SimWorld& world, const SimRequest& request) {
  if (auto refused = tmap_gate(world, request)) return *std::move(refused);
  const auto document = base::JsonDocument::parse(request.body, "body");
  base::Faults faults("body");
  if (!document) return tmap_error(400, "tmap", "9401");
  const auto root = document->root(faults);
  const auto sources = tmap_side(root, "origins"), destinations = tmap_side(root, "destinations");
  if (!sources || !destinations) return tmap_error(400, "tmap", "9401");
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("matrixRoutes").begin_array();
  for (std::size_t i = 0; i < sources->size(); ++i) {
    for (std::size_t j = 0; j < destinations->size(); ++j) {
      const auto trip = world.trip((*sources)[i], (*destinations)[j]);
      const bool ok = trip.status == SimTrip::Status::kOk;
      json.begin_object().key("originIndex").integer(static_cast<std::int64_t>(i));
      json.key("destinationIndex").integer(static_cast<std::int64_t>(j));
      json.key("distance").integer(trip.metres).key("duration").integer(std::llround(trip.seconds));
      json.key("status").string(ok ? "OK" : "FAIL").end_object();
    }
  }
  json.end_array().end_object();
  return reply;
}

constexpr std::array<SimPath, 8> kPaths = {{
    {"kakao", "GET", "/v1/directions", kakao_directions},
    {"kakao", "POST", "/v1/waypoints/directions", kakao_waypoints},
    {"kakao", "POST", "/v1/destinations/directions", kakao_one_to_many},
    {"kakao", "POST", "/v1/origins/directions", kakao_many_to_one},
    {"naver", "GET", "/map-direction/v1/driving", naver_driving},
    {"naver", "GET", "/map-direction-15/v1/driving", naver_driving},
    {"tmap", "POST", "/tmap/routes", tmap_routes},
    {"tmap", "POST", "/tmap/matrix", tmap_matrix},
}};

}  // namespace

std::span<const SimPath> korean_sim_paths() {
  return kPaths;
}

}  // namespace reckon::cli

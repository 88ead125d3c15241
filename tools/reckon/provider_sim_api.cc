#include "provider_sim_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "reckon/base/csv.h"
#include "reckon/base/json_writer.h"
#include "reckon/geo/geodesic.h"

namespace reckon::cli {
namespace {

constexpr double kKakaoSamePlaceM = 5;

// `LON,LAT`, what follows a further comma is passed over (Kakao's `name=`).
std::optional<geo::LatLng> lon_lat(std::string_view text) {
  const auto comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(comma + 1);
  const auto lon = base::parse_number(text.substr(0, comma));
  const auto lat = base::parse_number(rest.substr(0, rest.find(',')));
  if (!lon || !lat) return std::nullopt;
  const auto place = geo::LatLng::from_degrees(*lat, *lon, "place");
  return place ? std::optional(*place) : std::nullopt;
}

// `%2C` and `%3B` are all that clients encode in these requests.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto three = text.substr(i, 3);
    const bool comma = three == "%2C" || three == "%2c", semicolon = three == "%3B" || three == "%3b";
    out += comma ? ',' : semicolon ? ';' : text[i];
    if (comma || semicolon) i += 2;
  }
  return out;
}

std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == name && equals != std::string_view::npos)
      return decoded(pair.substr(equals + 1));
  }
  return {};
}

std::int64_t told_metres(const road::Route& route, const Mischief& mischief) {
  if (mischief.constant_m) return *mischief.constant_m;
  return std::llround(static_cast<double>(route.distance.value) * mischief.factor);
}

SimReply kakao_refusal(int status, int code, std::string_view message) {
  SimReply reply{status, {}};
  base::JsonWriter(reply.body)
      .begin_object()
      .key("code")
      .integer(code)
      .key("msg")
      .string(message)
      .end_object();
  return reply;
}

SimReply kakao_result(int code, std::string_view message) {
  SimReply reply;
  base::JsonWriter json(reply.body);
  json.begin_object().key("trans_id").string("sim").key("routes").begin_array().begin_object();
  json.key("result_code")
      .integer(code)
      .key("result_msg")
      .string(message)
      .end_object()
      .end_array()
      .end_object();
  return reply;
}

void kakao_place(base::JsonWriter& json, std::string_view key, const geo::LatLng& place) {
  json.key(key).begin_object().key("name").string("");
  json.key("x").number(place.lng_deg()).key("y").number(place.lat_deg()).end_object();
}

// The HTTP status that goes with a negative code in Kakao's reference.
int kakao_status(int code) {
  if (code == -401) return 401;
  if (code == -3 || code == -4 || code == -5) return 403;
  return code == -1 ? 500 : 400;
}

SimReply osrm_refusal(int status, std::string_view code, std::string_view message) {
  SimReply reply{status, {}};
  base::JsonWriter(reply.body)
      .begin_object()
      .key("code")
      .string(code)
      .key("message")
      .string(message)
      .end_object();
  return reply;
}

void osrm_waypoint(base::JsonWriter& json, const road::SnapPoint& snap) {
  json.begin_object()
      .key("location")
      .begin_array()
      .number(snap.at.lng_deg())
      .number(snap.at.lat_deg())
      .end_array();
  json.key("distance").number(snap.offset_m).key("name").string("").end_object();
}

}  // namespace

bool ProviderApi::speaks(SimApi api) const {
  return std::ranges::find(apis_, api) != apis_.end();
}

SimReply ProviderApi::answer(const SimRequest& request, const Mischief& mischief) {
  if (request.method == "GET" && request.path == "/v1/directions" && speaks(SimApi::kKakao))
    return kakao(request, mischief);
  if (request.method == "GET" && request.path.starts_with("/route/v1/") && speaks(SimApi::kOsrm)) {
    return osrm(request, mischief);
  }
  return {404, R"({"error":"no such path"})"};
}

SimReply ProviderApi::kakao(const SimRequest& request, const Mischief& mischief) {
  if (!request.authorization.starts_with("KakaoAK ")) return kakao_refusal(401, -401, "wrong appKey format");
  if (mischief.kind == SimFault::kCode) {
    const int code = static_cast<int>(mischief.arg);
    return code < 0 ? kakao_refusal(kakao_status(code), code, "drill") : kakao_result(code, "drill");
  }
  const auto from = lon_lat(parameter(request.query, "origin")),
             to = lon_lat(parameter(request.query, "destination"));
  if (!from || !to) return kakao_refusal(400, -2, "origin and destination must be x,y");
  if (geo::geodesic_m(*from, *to) <= kKakaoSamePlaceM)
    return kakao_result(104, "origin and destination are within 5 m");
  const auto route = map_.route(query_, vehicle_, *from, *to);
  if (!route.from) return kakao_result(102, "no road near the origin");
  if (!route.to) return kakao_result(103, "no road near the destination");
  if (route.status != road::RouteStatus::kOk) return kakao_result(1, "no route found");
  SimReply reply;
  base::JsonWriter json(reply.body);
  json.begin_object().key("trans_id").string("sim").key("routes").begin_array().begin_object();
  json.key("result_code").integer(0).key("result_msg").string("ok").key("summary").begin_object();
  kakao_place(json, "origin", *from);
  kakao_place(json, "destination", *to);
  json.key("waypoints").begin_array().end_array().key("priority").string("RECOMMEND");
  json.key("fare").begin_object().key("taxi").integer(0).key("toll").integer(0).end_object();
  json.key("distance")
      .integer(told_metres(route, mischief))
      .key("duration")
      .integer((route.duration_ds + 5) / 10);
  json.end_object().end_object().end_array().end_object();
  return reply;
}

SimReply ProviderApi::osrm(const SimRequest& request, const Mischief& mischief) {
  if (mischief.kind == SimFault::kCode) return osrm_refusal(400, "NoRoute", "drill");
  const auto profile_end = request.path.find('/', std::string_view("/route/v1/").size());
  if (profile_end == std::string::npos) return osrm_refusal(400, "InvalidUrl", "URL string malformed");
  const auto places = decoded(std::string_view(request.path).substr(profile_end + 1));
  const auto middle = places.find(';');
  if (middle == std::string::npos) return osrm_refusal(400, "InvalidOptions", "two coordinates are needed");
  if (places.find(';', middle + 1) != std::string::npos)
    return osrm_refusal(400, "TooBig", "two coordinates only");
  const auto from = lon_lat(std::string_view(places).substr(0, middle));
  const auto to = lon_lat(std::string_view(places).substr(middle + 1));
  if (!from || !to) return osrm_refusal(400, "InvalidQuery", "coordinates must be lon,lat");
  const auto route = map_.route(query_, vehicle_, *from, *to);
  if (!route.from || !route.to) return osrm_refusal(400, "NoSegment", "could not find a matching segment");
  if (route.status != road::RouteStatus::kOk)
    return osrm_refusal(400, "NoRoute", "impossible route between points");
  const auto metres = static_cast<double>(told_metres(route, mischief));
  const double seconds = static_cast<double>(route.duration_ds) / 10;
  SimReply reply;
  base::JsonWriter json(reply.body);
  json.begin_object().key("code").string("Ok").key("routes").begin_array().begin_object();
  json.key("distance").number(metres).key("duration").number(seconds).key("weight").number(seconds);
  json.key("weight_name")
      .string("routability")
      .key("legs")
      .begin_array()
      .end_array()
      .end_object()
      .end_array();
  json.key("waypoints").begin_array();
  osrm_waypoint(json, *route.from);
  osrm_waypoint(json, *route.to);
  json.end_array().end_object();
  return reply;
}

}  // namespace reckon::cli

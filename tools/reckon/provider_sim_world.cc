// The stand-in's Google Routes, OSRM, Valhalla, GraphHopper and openrouteservice.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "provider_sim_api.h"

namespace reckon::cli {
namespace {

using base::JsonWriter;

constexpr std::size_t kMostPlaces = 100;

// A request's body and the places in it. The nodes live as long as this.
struct Asked {
  explicit Asked(const SimRequest& request)
      : faults("body"), document(base::JsonDocument::parse(request.body, "body")) {}
  bool is_object() { return document && document->root(faults).is_object(); }
  base::JsonNode root() { return document->root(faults); }

  base::Faults faults;
  base::Result<base::JsonDocument> document;
};

// A table as rows of trips.
template <class Cell>
void each_cell(SimWorld& world, const Places& sources, const Places& destinations, Cell&& cell) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    for (std::size_t j = 0; j < destinations.size(); ++j) cell(i, j, world.trip(sources[i], destinations[j]));
  }
}

// `[[…], …]` of one figure of the trips; null where there is none.
void nested(JsonWriter& json, std::string_view key, const std::vector<SimTrip>& trips, std::size_t columns,
            double (*figure)(const SimTrip& trip)) {
  json.key(key).begin_array();
  for (std::size_t i = 0; i < trips.size(); i += columns) {
    json.begin_array();
    for (std::size_t j = 0; j < columns; ++j) {
      const auto& trip = trips[i + j];
      trip.status == SimTrip::Status::kOk ? json.number(figure(trip)) : json.null();
    }
    json.end_array();
  }
  json.end_array();
}

double metres_of(const SimTrip& trip) {
  return static_cast<double>(trip.metres);
}
double kilometres_of(const SimTrip& trip) {
  return static_cast<double>(trip.metres) / 1000;
}
double seconds_of(const SimTrip& trip) {
  return trip.seconds;
}

std::vector<SimTrip> all_trips(SimWorld& world, const Places& sources, const Places& destinations) {
  std::vector<SimTrip> trips;
  each_cell(world, sources, destinations,
            [&](auto, auto, SimTrip trip) { trips.push_back(std::move(trip)); });
  return trips;
}

// --- Google ----------------------------------------------------------------------------------------------

SimReply google_error(int status, std::string_view name, std::string_view message) {
  SimReply reply{status, {}};
  JsonWriter json(reply.body);
  json.begin_object().key("error").begin_object().key("code").integer(status);
  json.key("message").string(message).key("status").string(name).end_object().end_object();
  return reply;
}

std::optional<SimReply> google_gate(const SimWorld& world, const SimRequest& request) {
  if (request.header("x-goog-api-key").empty()) return google_error(403, "PERMISSION_DENIED", "no API key");
  if (request.header("x-goog-fieldmask").empty())
    return google_error(400, "INVALID_ARGUMENT", "FieldMask is a required parameter");
  const auto code = world.code();
  if (code == 403) return google_error(403, "PERMISSION_DENIED", "drill");
  if (code == 429) return google_error(429, "RESOURCE_EXHAUSTED", "drill");
  if (code) return SimReply{200, "{}"};
  return std::nullopt;
}

std::optional<geo::LatLng> google_place(const base::JsonNode& waypoint) {
  if (!waypoint.is_object()) return std::nullopt;
  const auto location = waypoint.optional("location");
  return location.is_object() ? place_of(location.optional("latLng"), "latitude", "longitude") : std::nullopt;
}

// Zeros are left out, as proto3 does.
void google_totals(JsonWriter& json, const SimTrip& trip) {
  if (trip.metres != 0) json.key("distanceMeters").integer(trip.metres);
  json.key("duration").string(fmt::format("{}s", std::llround(trip.seconds)));
}

SimReply google_routes(SimWorld& world, const SimRequest& request) {
  if (auto refused = google_gate(world, request)) return *std::move(refused);
  Asked asked(request);
  if (!asked.is_object()) return google_error(400, "INVALID_ARGUMENT", "no JSON");
  const auto root = asked.root();
  Places places;
  std::vector<base::JsonNode> waypoints = {root.optional("origin")};
  for (auto& between : root.optional("intermediates").items(25)) waypoints.push_back(std::move(between));
  waypoints.push_back(root.optional("destination"));
  for (const auto& waypoint : waypoints) {
    const auto place = google_place(waypoint);
    if (!place) return google_error(400, "INVALID_ARGUMENT", "a waypoint is no place");
    places.push_back(*place);
  }
  const auto trip = world.trip(places);
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object();
  if (trip.status == SimTrip::Status::kOk) {
    json.key("routes").begin_array().begin_object();
    google_totals(json, trip);
    json.end_object().end_array();
  }
  json.end_object();
  return reply;
}

std::optional<Places> google_side(const base::JsonNode& root, std::string_view key) {
  Places places;
  for (const auto& item : root.optional(key).items(kMostPlaces)) {
    const auto place = item.is_object() ? google_place(item.optional("waypoint")) : std::nullopt;
    if (!place) return std::nullopt;
    places.push_back(*place);
  }
  return places;
}

// Elements come from the last to the first: the order is not to be trusted.
SimReply google_matrix(SimWorld& world, const SimRequest& request) {
  if (auto refused = google_gate(world, request)) return *std::move(refused);
  Asked asked(request);
  const auto sources = asked.is_object() ? google_side(asked.root(), "origins") : std::nullopt;
  const auto destinations = asked.is_object() ? google_side(asked.root(), "destinations") : std::nullopt;
  if (!sources || !destinations || sources->empty() || destinations->empty())
    return google_error(400, "INVALID_ARGUMENT", "origins and destinations");
  std::vector<std::string> elements;
  each_cell(world, *sources, *destinations, [&](std::size_t i, std::size_t j, const SimTrip& trip) {
    auto& text = elements.emplace_back();
    JsonWriter json(text);
    json.begin_object();
    if (i != 0) json.key("originIndex").integer(static_cast<std::int64_t>(i));
    if (j != 0) json.key("destinationIndex").integer(static_cast<std::int64_t>(j));
    json.key("status").begin_object().end_object();
    const bool ok = trip.status == SimTrip::Status::kOk;
    json.key("condition").string(ok ? "ROUTE_EXISTS" : "ROUTE_NOT_FOUND");
    if (ok) google_totals(json, trip);
    json.end_object();
  });
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_array();
  for (std::size_t i = elements.size(); i-- > 0;) json.raw(elements[i]);
  json.end_array();
  return reply;
}

// --- OSRM ------------------------------------------------------------------------------------------------

SimReply osrm_refusal(std::string_view code, std::string_view message) {
  SimReply reply{400, {}};
  JsonWriter(reply.body).begin_object().key("code").string(code).key("message").string(message).end_object();
  return reply;
}

void osrm_waypoint(JsonWriter& json, const road::SnapPoint& snap) {
  json.begin_object().key("location").begin_array();
  json.number(snap.at.lng_deg()).number(snap.at.lat_deg()).end_array();
  json.key("distance").number(snap.offset_m).key("name").string("").end_object();
}

// The places of `/<service>/v1/<profile>/LON,LAT;…`, or why not.
tl::expected<Places, SimReply> osrm_places(const SimWorld& world, const SimRequest& request,
                                           std::size_t most) {
  if (world.code()) return tl::unexpected(osrm_refusal("NoRoute", "drill"));
  const auto profile = request.path.find("/v1/") + 4;
  const auto profile_end = request.path.find('/', profile);
  if (profile_end == std::string::npos)
    return tl::unexpected(osrm_refusal("InvalidUrl", "URL string malformed"));
  const auto list = decoded(std::string_view(request.path).substr(profile_end + 1));
  if (list.find(';') == std::string::npos)
    return tl::unexpected(osrm_refusal("InvalidOptions", "two coordinates are needed"));
  auto places = lon_lats_of(list, ';');
  if (!places) return tl::unexpected(osrm_refusal("InvalidQuery", "coordinates must be lon,lat"));
  if (places->size() > most) return tl::unexpected(osrm_refusal("TooBig", "too many coordinates"));
  return *std::move(places);
}

SimReply osrm_route(SimWorld& world, const SimRequest& request) {
  const auto places = osrm_places(world, request, kMostPlaces);
  if (!places) return places.error();
  const auto trip = world.trip(*places);
  if (trip.status == SimTrip::Status::kNoRoute)
    return osrm_refusal("NoRoute", "impossible route between points");
  if (trip.status != SimTrip::Status::kOk)
    return osrm_refusal("NoSegment", "could not find a matching segment");
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("code").string("Ok").key("routes").begin_array().begin_object();
  json.key("distance").number(metres_of(trip)).key("duration").number(trip.seconds);
  json.key("weight").number(trip.seconds).key("weight_name").string("routability");
  json.key("legs").begin_array().end_array().end_object().end_array();
  json.key("waypoints").begin_array();
  for (const auto& snap : trip.snaps) osrm_waypoint(json, snap);
  json.end_array().end_object();
  return reply;
}

// `0;1;2`; all places when it is empty.
std::optional<Places> osrm_side(const Places& places, const std::string& indices) {
  if (indices.empty()) return places;
  Places side;
  std::string_view rest = indices;
  for (;;) {
    const auto end = std::min(rest.find(';'), rest.size());
    std::size_t index = 0;
    const auto [stop, fault] = std::from_chars(rest.data(), rest.data() + end, index);
    if (fault != std::errc{} || stop != rest.data() + end || index >= places.size()) return std::nullopt;
    side.push_back(places[index]);
    if (end == rest.size()) return side;
    rest.remove_prefix(end + 1);
  }
}

SimReply osrm_table(SimWorld& world, const SimRequest& request) {
  const auto places = osrm_places(world, request, kMostPlaces);
  if (!places) return places.error();
  const auto sources = osrm_side(*places, request.parameter("sources"));
  const auto destinations = osrm_side(*places, request.parameter("destinations"));
  if (!sources || !destinations) return osrm_refusal("InvalidOptions", "no such index");
  const auto trips = all_trips(world, *sources, *destinations);
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("code").string("Ok");
  nested(json, "durations", trips, destinations->size(), seconds_of);
  nested(json, "distances", trips, destinations->size(), metres_of);
  json.end_object();
  return reply;
}

// --- Valhalla --------------------------------------------------------------------------------------------

SimReply valhalla_error(int code, std::string_view message) {
  SimReply reply{400, {}};
  JsonWriter json(reply.body);
  json.begin_object().key("error_code").integer(code).key("error").string(message);
  json.key("status_code").integer(400).key("status").string("Bad Request").end_object();
  return reply;
}

std::optional<Places> valhalla_places(const base::JsonNode& root, std::string_view key) {
  Places places;
  for (const auto& item : root.optional(key).items(kMostPlaces)) {
    const auto place = place_of(item, "lat", "lon");
    if (!place) return std::nullopt;
    places.push_back(*place);
  }
  return places;
}

SimReply valhalla_route(SimWorld& world, const SimRequest& request) {
  if (const auto code = world.code()) return valhalla_error(*code, "drill");
  Asked asked(request);
  const auto places = asked.is_object() ? valhalla_places(asked.root(), "locations") : std::nullopt;
  if (!places || places->size() < 2) return valhalla_error(120, "insufficient number of locations provided");
  const auto trip = world.trip(*places);
  if (trip.status == SimTrip::Status::kNoRoute)
    return valhalla_error(442, "No path could be found for input");
  if (trip.status != SimTrip::Status::kOk) return valhalla_error(171, "No suitable edges near location");
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("trip").begin_object().key("locations").begin_array();
  for (const auto& place : *places) {
    json.begin_object().key("type").string("break");
    json.key("lat").number(place.lat_deg()).key("lon").number(place.lng_deg()).end_object();
  }
  json.end_array().key("legs").begin_array().end_array();
  json.key("summary").begin_object().key("time").number(trip.seconds);
  json.key("length").number(kilometres_of(trip)).end_object();
  json.key("status_message").string("Found route between points").key("status").integer(0);
  json.key("units").string("kilometers").key("language").string("en-US").end_object().end_object();
  return reply;
}

SimReply valhalla_matrix(SimWorld& world, const SimRequest& request) {
  if (const auto code = world.code()) return valhalla_error(*code, "drill");
  Asked asked(request);
  const auto sources = asked.is_object() ? valhalla_places(asked.root(), "sources") : std::nullopt;
  const auto targets = asked.is_object() ? valhalla_places(asked.root(), "targets") : std::nullopt;
  if (!sources || !targets || sources->empty() || targets->empty())
    return valhalla_error(121, "insufficient number of sources or targets");
  const bool verbose = asked.root().optional("verbose").boolean().value_or(true);
  const auto trips = all_trips(world, *sources, *targets);
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("algorithm").string("costmatrix").key("units").string("kilometers");
  json.key("sources_to_targets");
  if (!verbose) {
    json.begin_object();
    nested(json, "durations", trips, targets->size(), seconds_of);
    nested(json, "distances", trips, targets->size(), kilometres_of);
    json.end_object().end_object();
    return reply;
  }
  json.begin_array();
  for (std::size_t i = 0; i < trips.size(); ++i) {
    if (i % targets->size() == 0) json.begin_array();
    const bool ok = trips[i].status == SimTrip::Status::kOk;
    json.begin_object().key("from_index").integer(static_cast<std::int64_t>(i / targets->size()));
    json.key("to_index").integer(static_cast<std::int64_t>(i % targets->size())).key("distance");
    ok ? json.number(kilometres_of(trips[i])) : json.null();
    json.key("time");
    ok ? json.number(trips[i].seconds) : json.null();
    json.end_object();
    if ((i + 1) % targets->size() == 0) json.end_array();
  }
  json.end_array().end_object();
  return reply;
}

// --- GraphHopper -----------------------------------------------------------------------------------------

SimReply graphhopper_error(std::string_view message, std::string_view exception) {
  SimReply reply{400, {}};
  JsonWriter json(reply.body);
  json.begin_object().key("message").string(message).key("hints").begin_array().begin_object();
  json.key("message").string(message).key("details").string(exception).end_object().end_array().end_object();
  return reply;
}

SimReply graphhopper_route(SimWorld& world, const SimRequest& request) {
  if (world.code())
    return graphhopper_error("drill", "com.graphhopper.util.exceptions.ConnectionNotFoundException");
  Places places;
  for (const auto& text : request.parameters("point")) {
    const auto place = lat_lon_of(text);
    if (!place) return graphhopper_error("Cannot parse point", "java.lang.IllegalArgumentException");
    places.push_back(*place);
  }
  if (places.size() < 2 || request.parameter("profile").empty())
    return graphhopper_error("points and profile are needed", "java.lang.IllegalArgumentException");
  const auto trip = world.trip(places);
  if (trip.status == SimTrip::Status::kNoRoute) {
    return graphhopper_error("Connection between locations not found",
                             "com.graphhopper.util.exceptions.ConnectionNotFoundException");
  }
  if (trip.status != SimTrip::Status::kOk)
    return graphhopper_error("Cannot find point", "com.graphhopper.util.exceptions.PointNotFoundException");
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object().key("hints").begin_object().end_object().key("paths").begin_array().begin_object();
  json.key("distance").number(metres_of(trip)).key("weight").number(trip.seconds);
  json.key("time").integer(std::llround(trip.seconds * 1000)).key("transfers").integer(0);
  json.end_object().end_array().end_object();
  return reply;
}

// --- openrouteservice ------------------------------------------------------------------------------------

SimReply ors_error(int status, int code, std::string_view message) {
  SimReply reply{status, {}};
  JsonWriter json(reply.body);
  json.begin_object().key("error").begin_object().key("code").integer(code);
  json.key("message").string(message).end_object().end_object();
  return reply;
}

// The places that a list of indices in text names.
std::optional<Places> ors_side(const base::JsonNode& root, std::string_view key, const Places& places) {
  Places side;
  for (const auto& item : root.optional(key).items(kMostPlaces)) {
    const auto text = item.string().value_or("");
    std::size_t index = places.size();
    std::from_chars(text.data(), text.data() + text.size(), index);
    if (index >= places.size()) return std::nullopt;
    side.push_back(places[index]);
  }
  return side;
}

SimReply ors_matrix(SimWorld& world, const SimRequest& request) {
  if (const auto code = world.code())
    return ors_error(*code == 2009 || *code == 2010 ? 404 : 400, *code, "drill");
  Asked asked(request);
  if (!asked.is_object()) return ors_error(400, 6000, "no JSON");
  const auto root = asked.root();
  Places places;
  for (const auto& item : root.optional("locations").items(kMostPlaces)) {
    const auto pair = item.items(2);
    const auto lon = pair.size() == 2 ? pair[0].number(-180, 180) : std::nullopt;
    const auto lat = pair.size() == 2 ? pair[1].number(-90, 90) : std::nullopt;
    if (!lon || !lat) return ors_error(400, 6002, "Parameter 'locations' is invalid");
    places.push_back(*geo::LatLng::from_degrees(*lat, *lon, "locations"));
  }
  const auto sources = ors_side(root, "sources", places),
             destinations = ors_side(root, "destinations", places);
  if (!sources || !destinations || sources->empty() || destinations->empty())
    return ors_error(400, 6003, "Parameter 'sources' or 'destinations' has an invalid value");
  const auto trips = all_trips(world, *sources, *destinations);
  SimReply reply;
  JsonWriter json(reply.body);
  json.begin_object();
  nested(json, "durations", trips, destinations->size(), seconds_of);
  nested(json, "distances", trips, destinations->size(), metres_of);
  json.end_object();
  return reply;
}

constexpr std::array<SimPath, 8> kPaths = {{
    {"google", "POST", "/directions/v2:computeRoutes", google_routes},
    {"google", "POST", "/distanceMatrix/v2:computeRouteMatrix", google_matrix},
    {"osrm", "GET", "/route/v1/", osrm_route},
    {"osrm", "GET", "/table/v1/", osrm_table},
    {"valhalla", "POST", "/route", valhalla_route},
    {"valhalla", "POST", "/sources_to_targets", valhalla_matrix},
    {"graphhopper", "GET", "/route", graphhopper_route},
    {"openrouteservice", "POST", "/v2/matrix/", ors_matrix},
}};

}  // namespace

std::span<const SimPath> world_sim_paths() {
  return kPaths;
}

}  // namespace reckon::cli

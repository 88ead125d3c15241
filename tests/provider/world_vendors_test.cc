// Tables of answers as Google Routes, Valhalla, GraphHopper and openrouteservice document them (made by us
// from their pages), and what each of them means.

#include "provider/vendor_rows_fixture.h"

using namespace reckon;
using namespace reckon::provider;
using tests::place;
using tests::Recorded;

namespace {

const auto kDeadline = base::Deadline::after(tests::kVendorClock, std::chrono::hours{1});

/// One row of two cells.
TableRequest one_to_two() {
  return {
      {place(37.5665, 126.978)}, {place(37.55, 126.99), place(37.56, 126.98)}, base::Vehicle::kMotorcycle};
}

std::string google_error(std::string_view status, std::string_view message = "m",
                         std::string_view details = "[]") {
  return fmt::format(R"({{"error":{{"code":400,"message":"{}","status":"{}","details":{}}}}})", message,
                     status, details);
}

std::string valhalla_ok(std::string_view length, std::string_view time,
                        std::string_view units = "kilometers") {
  return fmt::format(
      R"({{"trip":{{"locations":[{{"type":"break","lat":37.5665,"lon":126.978}},{{"type":"break","lat":37.55,"lon":126.99}}],)"
      R"("legs":[],"summary":{{"has_toll":false,"time":{},"length":{},"cost":9}},"status_message":"Found route","status":0,"units":"{}"}}}})",
      time, length, units);
}

std::string valhalla_error(int code) {
  return fmt::format(R"({{"error_code":{},"error":"m","status_code":400,"status":"Bad Request"}})", code);
}

std::string hopper_ok(std::string_view distance, std::string_view time) {
  return fmt::format(
      R"({{"hints":{{"visited_nodes.sum":58}},"info":{{"took":1}},"paths":[{{"distance":{},"weight":1,"time":{},"transfers":0}}]}})",
      distance, time);
}

std::string hopper_error(std::string_view exception) {
  return fmt::format(
      R"({{"message":"m","hints":[{{"message":"m","details":"com.graphhopper.util.exceptions.{}"}}]}})",
      exception);
}

std::string ors_error(int code) {
  return fmt::format(R"({{"error":{{"code":{},"message":"m"}},"info":{{"engine":{{}}}}}})", code);
}

}  // namespace

TEST_CASE("Google's answers are read by meaning") {
  tests::check_routes(
      *google_format({}), tests::seoul_trip(),
      {{200, R"({"routes":[{"distanceMeters":2468,"duration":"512s"}]})", "2468 m 512 s", "found"},
       {200, R"({"routes":[{"distanceMeters":2468,"duration":"511.6s","legs":[]}],"x":1})", "2468 m 512 s",
        "fractions, and fields that were added"},
       {200, R"({"routes":[{"duration":"0s"}]})", "0 m 0 s", "zeros are left out"},
       {200, "{}", "no_route", "an empty list is left out"},
       {200, R"({"routes":[]})", "no_route", "and may be told"},
       {200, R"({"routes":[{"distanceMeters":2468}]})", "malformed", "no duration"},
       {200, R"({"routes":[{"distanceMeters":2468,"duration":512}]})", "implausible", "a time as a number"},
       {200, R"({"routes":[{"distanceMeters":2468,"duration":"512"}]})", "implausible",
        "a time without its unit"},
       {200, R"({"routes":[{"distanceMeters":"2468","duration":"512s"}]})", "implausible",
        "a number in text"},
       {200, R"({"routes":[{"distanceMeters":-1,"duration":"512s"}]})", "implausible", "negative"},
       {200, R"({"routes":[{"distanceMeters":1e300,"duration":"512s"}]})", "implausible", "absurd"},
       {200, R"({"routes":[7]})", "malformed", "a route that is no object"},
       {200, R"({"login":"page"})", "malformed", "another's JSON"},
       {200, "[]", "malformed", "no object"},
       {200, "<html>", "malformed", "captive portal"},
       {400, google_error("INVALID_ARGUMENT"), "bad_request", "documented"},
       {400, google_error("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), "auth",
        "a wrong key arrives as a bad argument"},
       {400, google_error("INVALID_ARGUMENT", "m", R"([{"reason":"API_KEY_INVALID"}])"), "auth",
        "or says so in details"},
       {401, google_error("UNAUTHENTICATED"), "auth", "documented"},
       {403, google_error("PERMISSION_DENIED"), "auth", "documented"},
       {429, google_error("RESOURCE_EXHAUSTED"), "throttled", "a minute's limit"},
       {429,
        google_error("RESOURCE_EXHAUSTED", "m",
                     R"([{"metadata":{"quota_limit":"RequestsPerDayPerProject"}}])"),
        "quota", "a day's limit"},
       {500, google_error("INTERNAL"), "unavailable", "documented"},
       {503, google_error("UNAVAILABLE"), "unavailable", "documented"},
       {504, google_error("DEADLINE_EXCEEDED"), "unavailable", "documented"},
       {400, google_error("NEW_STATUS"), "bad_request", "an unknown word: the status decides"},
       {502, "<html>", "unavailable", "a proxy's page"},
       {404, "", "malformed", "not this API"}});
}

TEST_CASE("Google is asked with a field mask and a travel mode") {
  const auto transport = std::make_shared<Recorded>();
  const auto google = tests::vendor("google", transport);
  auto trip = tests::seoul_trip();
  trip.via = {place(37.56, 126.98)};
  google->route(trip, kDeadline);
  CHECK(transport->last.target == "/directions/v2:computeRoutes");
  CHECK(transport->sent("X-Goog-Api-Key") == tests::kTestKey);
  CHECK(transport->sent("X-Goog-FieldMask") == "routes.distanceMeters,routes.duration");
  CHECK(
      transport->last.body ==
      R"({"origin":{"location":{"latLng":{"latitude":37.5665,"longitude":126.978}}},"destination":{"location":{"latLng":{"latitude":37.55,"longitude":126.99}}},"intermediates":[{"location":{"latLng":{"latitude":37.56,"longitude":126.98}}}],"travelMode":"TWO_WHEELER","routingPreference":"TRAFFIC_UNAWARE"})");
  google->route(tests::seoul_trip(base::Vehicle::kBicycle), kDeadline);
  CHECK(transport->last.body.ends_with(R"("travelMode":"BICYCLE"})"));
  google->table(one_to_two(), kDeadline);
  CHECK(transport->last.target == "/distanceMatrix/v2:computeRouteMatrix");
  CHECK(transport->last.body.starts_with(
      R"({"origins":[{"waypoint":{"location":{"latLng":{"latitude":37.5665,"longitude":126.978}}}}],"destinations":[)"));
}

TEST_CASE("Google's matrix is matched by its indices, zeros left out") {
  const std::string first = R"({"status":{},"condition":"ROUTE_EXISTS","distanceMeters":10,"duration":"5s"})";
  const std::string second =
      R"({"destinationIndex":1,"status":{},"condition":"ROUTE_EXISTS","distanceMeters":11,"duration":"6s"})";
  tests::check_tables(
      *google_format({}), one_to_two(),
      {{200, "[" + second + "," + first + "]", "10 m 5 s, 11 m 6 s", "in any order"},
       {200, "[" + first + R"(,{"destinationIndex":1,"condition":"ROUTE_NOT_FOUND"}])", "10 m 5 s, no_route",
        "none"},
       {200,
        "[" + first +
            R"(,{"destinationIndex":1,"status":{"code":5,"message":"m"},"condition":"ROUTE_EXISTS"}])",
        "10 m 5 s, no_route", "an element's own status"},
       {200, "[" + first + R"(,{"destinationIndex":1,"condition":"ROUTE_EXISTS","duration":"0s"}])",
        "10 m 5 s, 0 m 0 s", "0 m are left out"},
       {200, "[" + first + "]", "10 m 5 s, malformed", "an element that never comes"},
       {200, "[" + first + R"(,{"destinationIndex":"1","condition":"ROUTE_EXISTS","duration":"0s"}])",
        "malformed", "an index as text"},
       {200, "[" + google_error("INTERNAL") + "]", "unavailable", "an error as an element: nothing is taken"},
       {200, "[]", "malformed", "nothing"},
       {400, "[" + google_error("INVALID_ARGUMENT") + "]", "bad_request", "errors stand in an array"},
       {429, "[" + google_error("RESOURCE_EXHAUSTED") + "]", "throttled", "likewise"}});
}

TEST_CASE("Valhalla's answers are read by meaning, in the unit that they are in") {
  tests::check_routes(
      *valhalla_format({}), tests::seoul_trip(),
      {{200, valhalla_ok("2.468", "511.6"), "2468 m 512 s", "found; kilometres"},
       {200, valhalla_ok("2.468", "511.6", "miles"), "3972 m 512 s", "found; miles"},
       {200, valhalla_ok("2.468", "511.6", "leagues"), "malformed", "a unit that it does not have"},
       {200, R"({"trip":{"status":0,"summary":{"length":1,"time":60}},"id":"x"})", "1000 m 60 s",
        "fields may be added, units and echo may be absent"},
       {200, R"({"trip":{"status":1,"status_message":"m"}})", "no_route", "a status of its own"},
       {200, R"({"trip":{"summary":{"length":1,"time":60}}})", "malformed", "no status"},
       {200, R"({"trip":{"status":0}})", "malformed", "no summary"},
       {200, R"({"trip":{"status":0,"summary":{"time":60}}})", "malformed", "no length"},
       {200, "{}", "malformed", "no trip"},
       {200, valhalla_ok("\"2.4\"", "1"), "implausible", "a number in text"},
       {200, valhalla_ok("-1", "1"), "implausible", "negative"},
       {200, valhalla_ok("41001", "1"), "implausible", "more than once round the Earth"},
       {200,
        R"({"trip":{"status":0,"summary":{"length":1,"time":60},"locations":[{"lat":37.5,"lon":127.5},{"lat":37.55,"lon":126.99}]}})",
        "implausible", "an answer for another trip"},
       {200, "<html>", "malformed", "captive portal"},
       {400, valhalla_error(150), "bad_request", "too many locations"},
       {400, valhalla_error(154), "bad_request", "path too long"},
       {400, valhalla_error(170), "no_route", "unconnected regions"},
       {400, valhalla_error(171), "no_route", "no edges near"},
       {400, valhalla_error(430), "no_route", "iteration cap"},
       {400, valhalla_error(441), "no_route", "unreachable"},
       {400, valhalla_error(442), "no_route", "no path"},
       {400, valhalla_error(110), "bad_request", "another code: the status decides"},
       {500, valhalla_error(401), "unavailable", "its own trouble"},
       {400, "Bad Request", "malformed", "a proxy's 400: its own are JSON"},
       {503, "", "unavailable", "server error"},
       {429, "", "throttled", "a gateway in front"}});
}

TEST_CASE("Valhalla is asked with latitude and longitude by name, and scooters keep off motorways") {
  const auto transport = std::make_shared<Recorded>();
  const auto valhalla = tests::vendor("valhalla", transport);
  valhalla->route(tests::seoul_trip(), kDeadline);
  CHECK(transport->last.target == "/route");
  CHECK(
      transport->last.body ==
      R"({"locations":[{"lat":37.5665,"lon":126.978},{"lat":37.55,"lon":126.99}],"costing":"motor_scooter","units":"kilometers","directions_type":"none"})");
  for (const auto& [vehicle, costing] :
       std::vector<std::pair<base::Vehicle, std::string>>{{base::Vehicle::kCar, "auto"},
                                                          {base::Vehicle::kBicycle, "bicycle"},
                                                          {base::Vehicle::kFoot, "pedestrian"}}) {
    CHECK(valhalla->serves(vehicle));
    valhalla->route(tests::seoul_trip(vehicle), kDeadline);
    CHECK(transport->last.body.find(fmt::format(R"("costing":"{}")", costing)) != std::string::npos);
  }
  const auto own = tests::vendor("valhalla", transport, "motorcycle");
  CHECK_FALSE(own->serves(base::Vehicle::kFoot));
  own->table(one_to_two(), kDeadline);
  CHECK(transport->last.target == "/sources_to_targets");
  CHECK(transport->last.body.ends_with(R"("costing":"motorcycle","units":"kilometers","verbose":false})"));
}

TEST_CASE("Valhalla's matrix is read in both its shapes") {
  tests::check_tables(
      *valhalla_format({}), one_to_two(),
      {{200,
        R"({"units":"kilometers","sources_to_targets":{"durations":[[60,null]],"distances":[[1.25,null]]}})",
        "1250 m 60 s, no_route", "compact"},
       {200,
        R"({"units":"miles","sources_to_targets":[[{"distance":1,"time":60,"from_index":0,"to_index":0},{"distance":null,"time":null,"from_index":0,"to_index":1}]]})",
        "1609 m 60 s, no_route", "verbose, in miles"},
       {200, R"({"sources_to_targets":[[{"distance":1,"time":60,"from_index":0,"to_index":0}]]})",
        "1000 m 60 s, malformed", "a cell that never comes"},
       {200, R"({"sources_to_targets":{"durations":[[60]],"distances":[[1]]}})", "malformed",
        "a column too few"},
       {200, R"({"sources_to_targets":[[1,2]]})", "malformed", "cells that are no objects"},
       {200, "{}", "malformed", "no cells"},
       {400, valhalla_error(150), "bad_request", "too many locations"}});
}

TEST_CASE("GraphHopper's answers are read by meaning") {
  tests::check_routes(
      *graphhopper_format({}), tests::seoul_trip(),
      {{200, hopper_ok("2468.4", "511600"), "2468 m 512 s", "found; milliseconds"},
       {200, R"({"paths":[{"distance":7,"time":1000,"snapped_waypoints":"encoded"}]})", "7 m 1 s",
        "snaps encoded"},
       {200,
        R"({"paths":[{"distance":7,"time":1000,"snapped_waypoints":{"type":"LineString","coordinates":[[127.5,37.5],[126.99,37.55]]}}]})",
        "implausible", "an answer for another trip"},
       {200, R"({"paths":[]})", "malformed", "no paths"},
       {200, R"({"paths":[{"distance":7}]})", "malformed", "no time"},
       {200, R"({"paths":{}})", "malformed", "paths is no array"},
       {200, hopper_ok("\"7\"", "1"), "implausible", "a number in text"},
       {200, hopper_ok("-7", "1"), "implausible", "negative"},
       {200, hopper_ok("1e300", "1"), "implausible", "absurd"},
       {200, "<html>", "malformed", "captive portal"},
       {400, hopper_error("PointNotFoundException"), "no_route", "documented"},
       {400, hopper_error("ConnectionNotFoundException"), "no_route", "documented"},
       {400, hopper_error("PointOutOfBoundsException"), "no_route", "documented"},
       {400, hopper_error("MaximumNodesExceededException"), "no_route", "documented"},
       {400, hopper_error("IllegalArgumentException"), "bad_request", "another class: the status decides"},
       {400, R"({"message":"m"})", "bad_request", "no hints"},
       {400, "Bad Request", "malformed", "a proxy's 400: its own are JSON"},
       {401, R"({"message":"Wrong credentials"})", "auth", "the hosted API"},
       {429, R"({"message":"Minutely API limit heavily violated"})", "throttled", "the hosted API"},
       {500, R"({"message":"m"})", "unavailable", "documented"},
       {501, R"({"message":"m"})", "bad_request", "an option that it does not have"}});
  const HttpResponse spent{
      429, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "30000"}}, R"({"message":"m"})"};
  CHECK(tests::said(graphhopper_format({})->read_route(spent, tests::seoul_trip(), tests::recorded_at())) ==
        "quota");
}

TEST_CASE("GraphHopper is asked with latitude first, and the key is encoded") {
  const auto transport = std::make_shared<Recorded>();
  auto trip = tests::seoul_trip();
  trip.via = {place(37.56, 126.98)};
  tests::vendor("graphhopper", transport, "scooter")->route(trip, kDeadline);
  CHECK(
      transport->last.target ==
      "/route?point=37.5665,126.978&point=37.56,126.98&point=37.55,126.99&profile=scooter&calc_points=false&"
      "instructions=false&key=s3cret%2F%26key");
}

TEST_CASE("openrouteservice's answers are read by meaning") {
  const auto ok = [](std::string_view distance, std::string_view duration) {
    return fmt::format(
        R"({{"durations":[[{}]],"distances":[[{}]],"sources":[{{"location":[126.978,37.5665],"snapped_distance":3}}],)"
        R"("destinations":[{{"location":[126.99,37.55],"snapped_distance":2}}],"metadata":{{}}}})",
        duration, distance);
  };
  tests::check_routes(
      *openrouteservice_format({}), tests::seoul_trip(),
      {{200, ok("2468.4", "511.6"), "2468 m 512 s", "found"},
       {200, R"({"durations":[[1]],"distances":[[7]]})", "7 m 1 s", "the echo may be absent"},
       {200, ok("null", "null"), "no_route", "unreachable"},
       {200, R"({"durations":[[1]]})", "malformed", "no distances"},
       {200, R"({"durations":[[1,2]],"distances":[[1,2]]})", "malformed", "a table of another shape"},
       {200, ok("\"7\"", "1"), "implausible", "a number in text"},
       {200, ok("-7", "1"), "implausible", "negative"},
       {200, ok("1e300", "1"), "implausible", "absurd"},
       {200,
        R"({"durations":[[1]],"distances":[[7]],"sources":[{"location":[127.2,37.5665],"snapped_distance":19602}]})",
        "no_route", "snapped 20 km away"},
       {200,
        R"({"durations":[[1]],"distances":[[7]],"sources":[{"location":[127.2,37.5665],"snapped_distance":2}]})",
        "implausible", "an answer for another trip"},
       {200, "<html>", "malformed", "captive portal"},
       {400, ors_error(2004), "bad_request", "too large"},
       {404, ors_error(2009), "no_route", "no route"},
       {404, ors_error(2010), "no_route", "point not found"},
       {400, ors_error(6001), "bad_request", "a parameter"},
       {400, ors_error(6002), "bad_request", "a parameter"},
       {400, ors_error(6003), "bad_request", "a parameter"},
       {400, ors_error(6004), "bad_request", "a parameter"},
       {404, ors_error(6010), "no_route", "point not found"},
       {400, ors_error(6020), "no_route", "node cap"},
       {500, ors_error(6099), "unavailable", "unknown"},
       {400, ors_error(7777), "bad_request", "an unknown code: the status decides"},
       {403, R"({"error":"Access to this API has been disallowed"})", "auth", "key refused"},
       {403, R"({"error":"Quota exceeded"})", "quota", "the hosted day is spent"},
       {429, R"({"error":"Rate limit exceeded"})", "throttled", "too fast"},
       {404, "not found", "malformed", "not this API"},
       {405, "", "malformed", "not this API"},
       {413, "", "malformed", "too large for the gateway"},
       {501, "", "unavailable", "documented"},
       {503, "", "unavailable", "documented"}});
}

TEST_CASE("openrouteservice is asked for a table of one cell, with the bare key") {
  const auto transport = std::make_shared<Recorded>();
  const auto ors = tests::vendor("openrouteservice", transport, "cycling-electric");
  CHECK(ors->serves(base::Vehicle::kBicycle) == true);
  ors->route(tests::seoul_trip(base::Vehicle::kBicycle), kDeadline);
  CHECK(transport->last.target == "/v2/matrix/cycling-electric");
  CHECK(transport->sent("Authorization") == tests::kTestKey);
  CHECK(
      transport->last.body ==
      R"({"locations":[[126.978,37.5665],[126.99,37.55]],"sources":["0"],"destinations":["1"],"metrics":["duration","distance"],"units":"m"})");
}

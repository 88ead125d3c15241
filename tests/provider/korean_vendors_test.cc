// Tables of answers as NAVER and TMAP document them (made by us from their pages), and what each of them
// means.

#include "provider/vendor_rows_fixture.h"

using namespace reckon;
using namespace reckon::provider;
using tests::place;
using tests::Recorded;

namespace {

const auto kDeadline = base::Deadline::after(tests::kVendorClock, std::chrono::hours{1});

std::string naver_ok(std::string_view distance, std::string_view duration) {
  return fmt::format(
      R"({{"code":0,"message":"ok","currentDateTime":"2022-10-15T18:30:00","route":{{"traavoidcaronly":[{{"summary":{{)"
      R"("start":{{"location":[126.978,37.5665]}},"goal":{{"location":[126.99,37.55],"dir":0}},"distance":{},"duration":{},)"
      R"("bbox":[[126.9,37.5],[127,37.6]],"tollFare":0}},"path":[[126.978,37.5665],[126.99,37.55]],"section":[]}}]}}}})",
      distance, duration);
}

std::string naver_gateway(std::string_view code) {
  return fmt::format(R"({{"error":{{"errorCode":"{}","message":"m","details":"d"}}}})", code);
}

std::string tmap_ok(std::string_view distance, std::string_view time) {
  return fmt::format(
      R"({{"type":"FeatureCollection","features":[{{"type":"Feature","geometry":{{"type":"Point","coordinates":[126.978,37.5665]}},)"
      R"("properties":{{"totalDistance":{},"totalTime":{},"totalFare":0,"taxiFare":6000,"index":0}}}}]}})",
      distance, time);
}

std::string tmap_error(std::string_view category, std::string_view code) {
  return fmt::format(R"({{"error":{{"id":"400","category":"{}","code":"{}","message":"m"}}}})", category,
                     code);
}

}  // namespace

TEST_CASE("NAVER's answers are read by meaning") {
  tests::check_routes(
      *naver_format({}), tests::seoul_trip(),
      {{200, naver_ok("2468", "511600"), "2468 m 512 s", "found; milliseconds"},
       {200,
        R"({"code":0,"route":{"traavoidcaronly":[{"summary":{"distance":7,"duration":1000}}]},"new":{"field":[1]}})",
        "7 m 1 s", "fields may be added, the echo may be absent"},
       {200, R"({"code":0,"route":{"traoptimal":[{"summary":{"distance":7,"duration":1000}}]}})", "malformed",
        "another option than was asked for"},
       {200, R"({"code":1,"message":"same"})", "0 m 0 s", "start equals goal"},
       {200, R"({"code":2,"message":"m"})", "no_route", "an end not near a road"},
       {200, R"({"code":3,"message":"m"})", "no_route", "no car route"},
       {200, R"({"code":4,"message":"m"})", "no_route", "a stop not near a road"},
       {200, R"({"code":5,"message":"m"})", "bad_request", "1,500 km or more"},
       {200, R"({"code":77})", "no_route", "an unknown code is a miss, never success"},
       {200, R"({"code":"0","route":{}})", "malformed", "a code as text"},
       {200, R"({"route":{}})", "malformed", "no code"},
       {200, R"({"code":0})", "malformed", "no route"},
       {200, R"({"code":0,"route":{"traavoidcaronly":[]}})", "malformed", "no routes"},
       {200, R"({"code":0,"route":{"traavoidcaronly":[{}]}})", "malformed", "no summary"},
       {200, R"({"code":0,"route":{"traavoidcaronly":[{"summary":{"distance":7}}]}})", "malformed",
        "no duration"},
       {200, naver_ok("\"2468\"", "1"), "implausible", "a number in text, documented as a number"},
       {200, naver_ok("-1", "1"), "implausible", "negative"},
       {200, naver_ok("1e308", "1"), "implausible", "absurd"},
       {200, naver_ok("null", "1"), "implausible", "null"},
       {200,
        R"({"code":0,"route":{"traavoidcaronly":[{"summary":{"start":{"location":[127.5,37.5]},"distance":7,"duration":1}}]}})",
        "implausible", "an answer for another trip"},
       {200, "<html>", "malformed", "captive portal"},
       {200, naver_ok("2468", "511600") + "]", "malformed", "trailing garbage"},
       {200, naver_ok("2468", "511600").substr(0, 200), "malformed", "truncated"},
       {400, naver_gateway("100"), "bad_request", "syntax"},
       {401, naver_gateway("200"), "auth", "authentication failed"},
       {401, naver_gateway("210"), "auth", "permission denied"},
       {404, naver_gateway("300"), "unavailable", "no such path"},
       {413, naver_gateway("430"), "bad_request", "more than 10 MB"},
       {429, naver_gateway("400"), "quota", "spent, or the API is not ticked in the console"},
       {429, naver_gateway("410"), "throttled", "throttled"},
       {429, naver_gateway("420"), "throttled", "rate"},
       {503, naver_gateway("500"), "unavailable", "endpoint error"},
       {504, naver_gateway("510"), "unavailable", "endpoint timeout"},
       {500, naver_gateway("900"), "unavailable", "unexpected"},
       {400, naver_gateway("999"), "bad_request", "an unknown code: the status decides"},
       {429, "", "throttled", "no body"},
       {502, "<html>", "unavailable", "a proxy's page"},
       {302, "", "malformed", "redirects are not followed"}});
}

TEST_CASE(
    "NAVER is asked with both halves of the key, and for Directions 15 only when 5 stops are not enough") {
  const auto transport = std::make_shared<Recorded>();
  const auto naver = tests::vendor("naver", transport);
  auto trip = tests::seoul_trip();
  naver->route(trip, kDeadline);
  CHECK(transport->last.target ==
        "/map-direction/v1/driving?start=126.978,37.5665&goal=126.99,37.55&option=traavoidcaronly");
  CHECK(transport->sent("x-ncp-apigw-api-key-id") == "id-7");
  CHECK(transport->sent("x-ncp-apigw-api-key") == tests::kTestKey);
  trip.vehicle = base::Vehicle::kCar;
  trip.via.assign(5, place(37.56, 126.98));
  naver->route(trip, kDeadline);
  CHECK(transport->last.target.starts_with("/map-direction/v1/driving?"));
  CHECK(transport->last.target.find("option=traoptimal&waypoints=126.98,37.56%7C126.98,37.56") !=
        std::string::npos);
  trip.via.assign(6, place(37.56, 126.98));
  naver->route(trip, kDeadline);
  CHECK(transport->last.target.starts_with("/map-direction-15/v1/driving?"));
  CHECK_FALSE(naver->serves(base::Vehicle::kBicycle));
}

TEST_CASE("TMAP's answers are read by meaning") {
  tests::check_routes(
      *tmap_format({}), tests::seoul_trip(),
      {{200, tmap_ok("2468", "512"), "2468 m 512 s", "found"},
       {200, tmap_ok("\"2468\"", "\"512\""), "2468 m 512 s",
        "numbers in text, as calls with stops have them"},
       {200,
        R"({"type":"FeatureCollection","properties":{"totalDistance":"9","totalTime":"3"},"features":[]})",
        "9 m 3 s", "totals at the top, as calls with stops have them"},
       {200, tmap_ok("\"many\"", "1"), "implausible", "text that is no number"},
       {200, tmap_ok("\"1,2\"", "1"), "implausible", "text that is two numbers"},
       {200, tmap_ok("-1", "1"), "implausible", "negative"},
       {200, tmap_ok("\"-1\"", "1"), "implausible", "negative in text"},
       {200, tmap_ok("1e300", "1"), "implausible", "absurd"},
       {200, tmap_ok("null", "1"), "implausible", "null"},
       {200, R"({"features":[]})", "malformed", "no totals"},
       {200, R"({"features":[{"properties":{"totalDistance":5}}]})", "malformed", "no time"},
       {200, R"({"features":{}})", "malformed", "features is no array"},
       {200, "[]", "malformed", "no object"},
       {200, "<html>", "malformed", "captive portal"},
       {200, "", "malformed", "nothing"},
       {200, tmap_error("tmap", "1100"), "no_route", "an error inside 200"},
       {204, "", "malformed", "nothing to read"},
       {403, tmap_error("gw", "INVALID_API_KEY"), "auth", "also when the product is not subscribed"},
       {429, tmap_error("gw", "QUOTA_EXCEEDED"), "quota", "quota"},
       {429, tmap_error("gw", "TOO_MANY_REQUESTS"), "throttled", "too fast"},
       {400, tmap_error("tmap", "9401"), "bad_request", "missing parameter"},
       {400, tmap_error("tmap", "3102"), "no_route", "another code of the routing is a miss, never success"},
       {500, tmap_error("tmap", "9999"), "unavailable", "the routing is broken"},
       {500, tmap_error("gw", "UNKNOWN"), "unavailable", "an unknown word: the status decides"},
       {429, "", "throttled", "no body"},
       {503, "busy", "unavailable", "server error"}});
}

TEST_CASE("TMAP is asked for motorcycle roads first, X being the longitude") {
  const auto transport = std::make_shared<Recorded>();
  const auto tmap = tests::vendor("tmap", transport);
  auto trip = tests::seoul_trip();
  trip.via = {place(37.56, 126.98), place(37.555, 126.985)};
  tmap->route(trip, kDeadline);
  CHECK(transport->last.method == "POST");
  CHECK(transport->last.target == "/tmap/routes?version=1");
  CHECK(transport->sent("appKey") == tests::kTestKey);
  CHECK(transport->sent("Content-Type") == "application/json");
  CHECK(
      transport->last.body ==
      R"({"startX":"126.978","startY":"37.5665","endX":"126.99","endY":"37.55","reqCoordType":"WGS84GEO","resCoordType":"WGS84GEO","searchOption":12,"passList":"126.98,37.56_126.985,37.555","totalValue":2})");
  trip = tests::seoul_trip(base::Vehicle::kCar);
  tmap->route(trip, kDeadline);
  CHECK(transport->last.body.find(R"("searchOption":0)") != std::string::npos);
}

TEST_CASE("TMAP's matrix is matched by its indices") {
  const TableRequest table{
      {place(37.5665, 126.978), place(37.55, 126.99)}, {place(37.56, 126.98)}, base::Vehicle::kMotorcycle};
  const auto transport = std::make_shared<Recorded>();
  tests::vendor("tmap", transport)->table(table, kDeadline);
  CHECK(transport->last.target == "/tmap/matrix?version=1");
  CHECK(
      transport->last.body ==
      R"({"origins":[{"lon":"126.978","lat":"37.5665"},{"lon":"126.99","lat":"37.55"}],"destinations":[{"lon":"126.98","lat":"37.56"}],"transportMode":"car","metric":"Recommendation"})");
  const auto cell = [](int origin, std::string_view rest) {
    return fmt::format(R"({{"originIndex":{},"destinationIndex":0,{}}})", origin, rest);
  };
  const auto cells = [](std::initializer_list<std::string> list) {
    return fmt::format(R"({{"matrixRoutes":[{}]}})", fmt::join(list, ","));
  };
  const std::string good = R"("distance":10,"duration":5,"status":"OK")";
  tests::check_tables(
      *tmap_format({}), table,
      {{200, cells({cell(1, R"("distance":11,"duration":6,"status":"OK")"), cell(0, good)}),
        "10 m 5 s, 11 m 6 s", "in any order"},
       {200, cells({cell(0, good), cell(1, R"("status":"FAIL","distance":0,"duration":0)")}),
        "10 m 5 s, no_route", "a word that is not known is a miss, never success"},
       {200, cells({cell(0, good), cell(1, R"("distance":"12","duration":"7")")}), "10 m 5 s, 12 m 7 s",
        "no status; numbers in text"},
       {200, cells({cell(0, good), cell(1, R"("duration":"7")")}), "10 m 5 s, malformed", "no distance"},
       {200, cells({cell(0, good)}), "10 m 5 s, malformed", "a cell that never comes"},
       {200, cells({cell(0, good), cell(2, good)}), "malformed", "a cell of no place"},
       {200, R"({"matrixRoutes":[]})", "malformed", "no cells"},
       {200, R"({"matrixRoutes":[1]})", "malformed", "a cell that is no object"},
       {429, tmap_error("gw", "QUOTA_EXCEEDED"), "quota", "quota"}});
}

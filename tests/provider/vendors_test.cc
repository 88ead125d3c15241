// Tables of answers as Kakao and OSRM document them (made by us from their pages), what each of them means,
// and what all vendors' entries share.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "provider/vendor_rows_fixture.h"
#include "reckon/provider/vendor.h"

using namespace reckon;
using namespace reckon::provider;
using tests::Recorded;
using tests::said;

namespace {

const base::SystemClock& kClock = tests::kVendorClock;
const base::WallTime kNow = tests::recorded_at();
const TripRequest kTrip = tests::seoul_trip();

std::string kakao_ok(std::string_view distance, std::string_view duration) {
  return fmt::format(
      R"({{"trans_id":"x","routes":[{{"result_code":0,"result_msg":"ok","summary":{{"origin":{{"x":126.978,"y":37.5665}},)"
      R"("destination":{{"x":126.99,"y":37.55}},"distance":{},"duration":{}}},"sections":[]}}]}})",
      distance, duration);
}

std::string kakao_code(int code) {
  return fmt::format(R"({{"trans_id":"x","routes":[{{"result_code":{},"result_msg":"m"}}]}})", code);
}

std::string osrm_ok(std::string_view distance, std::string_view duration) {
  return fmt::format(
      R"({{"code":"Ok","routes":[{{"distance":{},"duration":{},"weight":1,"legs":[]}}],"waypoints":[)"
      R"({{"location":[126.9781,37.5666],"distance":14.2,"name":""}},{{"location":[126.99,37.55],"distance":0,"name":""}}]}})",
      distance, duration);
}

}  // namespace

TEST_CASE("Kakao's answers are read by meaning") {
  const std::vector<tests::AnswerRow> rows = {
      {200, kakao_ok("2468", "512"), "2468 m 512 s", "found"},
      {200, R"({"routes":[{"result_code":0,"summary":{"distance":7,"duration":1}}],"new":{"field":[1]}})",
       "7 m 1 s", "fields may be added, the echo may be absent"},
      {200, kakao_code(104), "0 m 0 s", "row 26: start and end within 5 m is 0 m found"},
      {200, kakao_code(1), "no_route", "row 25: no result"},
      {200, kakao_code(101), "no_route", "no road near a waypoint"},
      {200, kakao_code(102), "no_route", "row 25: none near the start"},
      {200, kakao_code(103), "no_route", "row 25: none near the end"},
      {200, kakao_code(105), "no_route", "traffic incident at the start"},
      {200, kakao_code(106), "no_route", "traffic incident at the end"},
      {200, kakao_code(107), "no_route", "traffic incident at a waypoint"},
      {200, kakao_code(201), "no_route", "outside the search area"},
      {200, kakao_code(203), "no_route", "destination road not chosen"},
      {200, kakao_code(204), "unavailable", "its processing time limit: overload"},
      {200, kakao_code(302), "no_route", "one to many: destination road not chosen"},
      {200, kakao_code(999), "no_route", "row 27: an unknown code is a miss, never success"},
      {200, R"({"routes":[]})", "malformed", "row 27: no routes"},
      {200, R"({"routes":[{"result_code":0}]})", "malformed", "row 27: no summary"},
      {200, R"({"routes":[{"summary":{"distance":1,"duration":1}}]})", "malformed", "no result code"},
      {200, R"({"routes":[{"result_code":"0","summary":{"distance":1,"duration":1}}]})", "malformed",
       "a code as text"},
      {200, R"({"routes":{"result_code":0}})", "malformed", "routes is no array"},
      {200, "[]", "malformed", "no object"},
      {200, "", "malformed", "nothing"},
      {200, "\xEF\xBB\xBF{}", "malformed", "row 20: byte order mark"},
      {200, kakao_ok("2468", "512") + "x", "malformed", "row 20: trailing garbage"},
      {200, kakao_ok("2468", "512").substr(0, 100), "malformed", "row 20: truncated"},
      {200, std::string(100000, '['), "malformed", "row 20: deep nesting"},
      {200, R"({"routes":[],"routes":[]})", "malformed", "row 20: duplicate keys"},
      {200, "<html>login</html>", "malformed", "row 21: captive portal"},
      {200, kakao_ok("NaN", "1"), "malformed", "row 28: NaN is no JSON"},
      {200, kakao_ok("null", "1"), "implausible", "row 28: null"},
      {200, kakao_ok("\"2468\"", "1"), "implausible", "row 28: documented as a number"},
      {200, kakao_ok("-1", "1"), "implausible", "row 28: negative"},
      {200, kakao_ok("1e308", "1"), "implausible", "row 28: absurd"},
      {200, kakao_ok("100", "-1"), "implausible", "a negative time"},
      {200, R"({"routes":[{"result_code":0,"summary":{"distance":5}}]})", "malformed", "no duration"},
      {200,
       R"({"routes":[{"result_code":0,"summary":{"origin":{"x":127.2,"y":37.5},"destination":{"x":126.99,"y":37.55},"distance":5,"duration":1}}]})",
       "implausible", "row 32: an answer for another trip"},
      {400, R"({"code":-10,"msg":"quota"})", "quota", "row 37: quota arrives as 400"},
      {400, R"({"code":-7,"msg":"maintenance"})", "unavailable", "row 38: maintenance as 400"},
      {500, R"({"code":-7,"msg":"maintenance"})", "unavailable", "row 38: and as 500"},
      {400, R"({"code":-2,"msg":"bad"})", "bad_request", "row 40"},
      {400, R"({"code":-1,"msg":"internal"})", "unavailable", "internal error as 400"},
      {500, R"({"code":-1,"msg":"internal"})", "unavailable", "internal error"},
      {400, R"({"code":-603,"msg":"slow"})", "unavailable", "took too long"},
      {400, R"({"code":-8,"msg":"header"})", "bad_request", "headers"},
      {400, R"({"code":-9,"msg":"retired"})", "unavailable", "API retired"},
      {401, R"({"code":-401,"msg":"key"})", "auth", "row 39: key"},
      {403, R"({"code":-5,"msg":"permission"})", "auth", "row 39: permission"},
      {403, R"({"code":-3,"msg":"feature"})", "auth", "feature off"},
      {401, R"({"errorType":"AccessDeniedError","message":"x"})", "auth",
       "the shape of Kakao Local's errors"},
      {429, "", "throttled", "row 36"},
      {429, R"({"code":-10,"msg":"quota"})", "quota", "the body knows better"},
      {503, "<html>", "unavailable", "row 41"},
      {302, "", "malformed", "row 42: redirects are not followed"},
      {204, "", "malformed", "row 43"},
      {206, kakao_ok("2468", "512"), "malformed", "row 43: part of an answer"},
      {404, "not found", "malformed", "not this API"},
  };
  tests::check_routes(*kakao_format({}), kTrip, rows);
}

TEST_CASE("OSRM's answers are read by meaning") {
  const std::vector<tests::AnswerRow> rows = {
      {200, osrm_ok("2468.4", "511.5"), "2468 m 512 s", "found; rounded once"},
      {200, osrm_ok("0", "0"), "0 m 0 s", "both ends at one point"},
      {200, R"({"code":"Ok","routes":[{"distance":3,"duration":1}]})", "3 m 1 s", "waypoints may be absent"},
      {400, R"({"code":"NoRoute","message":"Impossible route between points"})", "no_route", "documented"},
      {400, R"({"code":"NoSegment","message":"m"})", "no_route", "documented"},
      {400, R"({"code":"InvalidQuery","message":"m"})", "bad_request", "documented"},
      {400, R"({"code":"InvalidOptions","message":"m"})", "bad_request", "documented"},
      {400, R"({"code":"TooBig","message":"m"})", "bad_request", "documented"},
      {400, R"({"code":"NotImplemented","message":"m"})", "bad_request", "documented"},
      {400, R"({"code":"DisabledDataset","message":"m"})", "unavailable", "the server is not set up"},
      {400, "Bad Request", "malformed", "a proxy's 400: OSRM's own are JSON"},
      {200, R"({"code":"Ok","routes":[]})", "malformed", "no routes"},
      {200, R"({"code":"Other","routes":[]})", "malformed", "an unknown code is never success"},
      {200, R"({"routes":[{"distance":3,"duration":1}]})", "malformed", "no code"},
      {200, R"({"code":7})", "malformed", "a code of another type"},
      {200, R"({"code":"Ok","routes":[{"duration":1}]})", "malformed", "no distance"},
      {200, osrm_ok("null", "1"), "implausible", "null"},
      {200, osrm_ok("-0.5", "1"), "implausible", "negative"},
      {200, osrm_ok("1e300", "1"), "implausible", "absurd"},
      {200,
       R"({"code":"Ok","routes":[{"distance":9000,"duration":900}],"waypoints":[{"location":[126.978,37.5665],"distance":0},{"location":[127.2,37.55],"distance":18565}]})",
       "no_route", "the end snapped 18 km away: another trip's route"},
      {200,
       R"({"code":"Ok","routes":[{"distance":9000,"duration":900}],"waypoints":[{"location":[126.978,37.5665],"distance":0},{"location":[127.2,37.55],"distance":3}]})",
       "implausible", "row 32: the waypoint is not the asked place"},
      {500, "oops", "unavailable", "server error"},
      {503, R"({"code":"Weird"})", "unavailable", "server error with a body"},
      {429, "", "throttled", "a gateway in front"},
      {404, "", "malformed", "not this API"},
      {302, "", "malformed", "redirects are not followed"},
  };
  tests::check_routes(*osrm_format({}), kTrip, rows);
}

TEST_CASE("Retry-After is honoured up to the cap") {
  struct Case {
    std::string value;
    std::optional<int> seconds;
    std::string why;
  };
  for (const auto& row :
       std::vector<Case>{{"7", 7, "seconds"},
                         {"0", 0, "at once"},
                         {"315360000", 300, "row 35: ten years"},
                         {"99999999999999999999", 300, "beyond any integer"},
                         {"Sat, 15 Oct 2022 09:30:20 GMT", 20, "an HTTP date"},
                         {"Sat, 15 Oct 2022 09:00:00 GMT", 0, "a date gone by"},
                         {"Sat, 15 Oct 2032 09:00:00 GMT", 300, "row 35: ten years, as a date"},
                         {"soon", std::nullopt, "neither"},
                         {"-5", std::nullopt, "negative"},
                         {"Sat, 35 Oct 2022 09:00:00 GMT", std::nullopt, "no such day"}}) {
    CAPTURE(row.why);
    const auto answer = kakao_format({})->read_route({429, {{"RETRY-after", row.value}}, ""}, kTrip, kNow);
    CHECK(answer.outcome == Outcome::kThrottled);
    const auto told =
        answer.retry_after ? std::optional<int>(static_cast<int>(answer.retry_after->count())) : std::nullopt;
    CHECK(told == row.seconds);
  }
}

TEST_CASE("requests carry longitude first, and the key in its header alone") {
  const auto transport = std::make_shared<Recorded>();
  const auto kakao =
      make_provider({"kakao", "kakao", "https://api.example/base/", "KEY", Secret("s3cret"), ""}, transport,
                    kClock, "/providers/0");
  REQUIRE(kakao);
  const auto deadline = base::Deadline::after(kClock, std::chrono::seconds{1});
  const auto answer = (*kakao)->route(kTrip, deadline);
  CHECK(transport->last.endpoint.base_path == "/base");
  CHECK(transport->last.target ==
        "/v1/"
        "directions?origin=126.978,37.5665&destination=126.99,37.55&priority=RECOMMEND&summary=true&car_type="
        "7&avoid=motorway");
  REQUIRE(transport->last.headers.size() == 1);
  CHECK(transport->last.headers[0].value == "KakaoAK s3cret");
  CHECK(answer.detail.find("s3cret") == std::string::npos);
  CHECK((*kakao)->serves(base::Vehicle::kCar));
  CHECK_FALSE((*kakao)->serves(base::Vehicle::kFoot));

  const auto osrm =
      make_provider({"own", "osrm", "http://127.0.0.1:5000", "", Secret(), "bike"}, transport, kClock, "/p");
  REQUIRE(osrm);
  (*osrm)->route(kTrip, deadline);
  CHECK(transport->last.target == "/route/v1/bike/126.978,37.5665;126.99,37.55?overview=false&steps=false");
  CHECK(transport->last.headers.empty());
  CHECK((*osrm)->serves(base::Vehicle::kBicycle));
  CHECK_FALSE((*osrm)->serves(base::Vehicle::kCar));
}

TEST_CASE("coordinates are plain decimals of at most seven places") {
  for (const auto& [degrees, text] :
       std::vector<std::pair<double, std::string>>{{126.97800004, "126.978"},
                                                   {1e-9, "0"},
                                                   {-1e-9, "0"},
                                                   {-0.5, "-0.5"},
                                                   {180, "180"},
                                                   {37.56654321234, "37.5665432"}}) {
    CHECK(coordinate_text(degrees) == text);
  }
}

TEST_CASE("an entry of the configuration is refused with every fault named") {
  struct Case {
    ProviderConfig config;
    std::vector<std::string> at;
    std::string why;
  };
  const std::string url = "http://127.0.0.1:5000";
  for (const auto& row : std::vector<Case>{
           {{"n", "bing", url, "", Secret(), ""}, {"/p/kind"}, "unknown"},
           {{"Kakao Navi", "osrm", "ftp://x", "", Secret(), "a/b"},
            {"/p/name", "/p/base_url", "/p/profile"},
            "three faults"},
           {{"k", "kakao", url, "", Secret(), ""}, {"/p/key_env"}, "no variable named"},
           {{"n", "naver", url, "KEY", Secret("k"), ""}, {"/p/key_id_env"}, "only half of the key"},
           {{"k", "kakao", url, "KEY", Secret("k"), "", {}, "ID", Secret("i")},
            {"/p/key_id_env"},
            "naver's alone has two halves"},
           {{"g", "google", url, "KEY", Secret(), "driving"}, {"/p/key_env", "/p/profile"}, "two faults"},
           {{"t", "tmap", url, "", Secret(), ""}, {"/p/key_env"}, "no variable named"},
           {{"v", "valhalla", url, "", Secret(), "a b"}, {"/p/profile"}, "a costing with a blank"},
           {{"k", "kakao", url, "KEY", Secret(), ""}, {"/p/key_env"}, "variable not set"},
           {{"k", "kakao", url, "KEY", Secret("a\r\nX: 1"), ""},
            {"/p/key_env"},
            "a key that would inject a header"},
           {{"k", "kakao", url, "KEY", Secret("k"), "driving"}, {"/p/profile"}, "not for kakao"},
           {{"k", "osrm", "http://user:pass@host", "", Secret(), ""},
            {"/p/base_url"},
            "passwords do not belong into URLs"},
           {{"k", "osrm", "http://host:99999", "", Secret(), ""}, {"/p/base_url"}, "no such port"},
           {{"k", "osrm", "http://ho st", "", Secret(), ""}, {"/p/base_url"}, "no such host"},
           {{"k", "osrm", "http://host/?q=1", "", Secret(), ""}, {"/p/base_url"}, "a query"}}) {
    CAPTURE(row.why);
    const auto made = make_provider(row.config, std::make_shared<Recorded>(), kClock, "/p");
    REQUIRE_FALSE(made);
    std::vector<std::string> at;
    for (const auto& fault : made.error().all()) {
      at.push_back(fault.where);
      CHECK(fault.message.find("a\r\n") == std::string::npos);
      CHECK(fault.message.find("pass@") == std::string::npos);
    }
    CHECK(at == row.at);
  }
}

TEST_CASE("each kind that the contract names makes a provider") {
  const std::vector<std::string_view> named = {"kakao", "naver",    "tmap",        "google",
                                               "osrm",  "valhalla", "graphhopper", "openrouteservice"};
  CHECK(provider_kinds() == named);
  for (const auto kind : named) {
    CAPTURE(std::string(kind));
    const auto made = tests::vendor(std::string(kind), std::make_shared<Recorded>());
    CHECK(made->name() == "vendor");
    CHECK(made->serves(base::Vehicle::kMotorcycle));
  }
}

TEST_CASE("whatever a vendor refuses, the key is in no text of the answer") {
  for (const auto kind : provider_kinds()) {
    CAPTURE(std::string(kind));
    const auto transport = std::make_shared<Recorded>();
    const auto made = tests::vendor(std::string(kind), transport);
    for (const int status : {200, 400, 401, 403, 404, 429, 500}) {
      transport->response = {status, {}, R"({"error":{"code":"x","message":"m"}})"};
      const auto answer = made->route(kTrip, base::Deadline::after(kClock, std::chrono::seconds{1}));
      CHECK(answer.outcome != Outcome::kOk);
      CHECK(answer.detail.find("s3cret") == std::string::npos);
      CHECK(transport->last.target.find("s3cret/&") == std::string::npos);
    }
  }
}

TEST_CASE("what one call cannot hold is not sent") {
  for (const auto kind : provider_kinds()) {
    CAPTURE(std::string(kind));
    const auto transport = std::make_shared<Recorded>();
    const auto made = tests::vendor(std::string(kind), transport);
    const auto deadline = base::Deadline::after(kClock, std::chrono::seconds{1});
    const auto can = made->capability(base::Vehicle::kMotorcycle);
    auto trip = kTrip;
    trip.via.assign(can.max_via + 1, kTrip.to);
    CHECK(made->route(trip, deadline).outcome == Outcome::kLocalReject);
    const auto refused = [&](std::size_t sources, std::size_t destinations) {
      const TableRequest table{std::vector(sources, kTrip.from), std::vector(destinations, kTrip.to),
                               kTrip.vehicle};
      return made->table(table, deadline).whole.outcome == Outcome::kLocalReject;
    };
    CHECK(refused(can.max_side + 1, 1));
    CHECK(refused(1, can.max_side + 1));
    CHECK(refused(0, 1));
    if (can.table != TableShape::kMatrix) CHECK(refused(2, 2));
    CHECK(transport->exchanges == 0);
  }
}

TEST_CASE("Kakao: stops between, one to many, many to one") {
  const auto transport = std::make_shared<Recorded>();
  const auto kakao = tests::vendor("kakao", transport);
  const auto deadline = base::Deadline::after(kClock, std::chrono::seconds{1});
  auto trip = kTrip;
  trip.via = {tests::place(37.56, 126.98), tests::place(37.555, 126.985)};
  kakao->route(trip, deadline);
  CHECK(transport->last.method == "GET");
  CHECK(transport->last.target.find("&waypoints=126.98,37.56%7C126.985,37.555&") != std::string::npos);
  trip.via.assign(6, tests::place(37.56, 126.98));
  kakao->route(trip, deadline);
  CHECK(transport->last.method == "POST");
  CHECK(transport->last.target == "/v1/waypoints/directions");
  CHECK(transport->last.body.starts_with(
      R"({"origin":{"x":126.978,"y":37.5665},"destination":{"x":126.99,"y":37.55},"waypoints":[{"x":126.98,"y":37.56},)"));
  CHECK(transport->last.body.ends_with(
      R"("priority":"RECOMMEND","summary":true,"car_type":7,"avoid":["motorway"]})"));

  const TableRequest one_to_many{{kTrip.from}, {kTrip.to, kTrip.from}, base::Vehicle::kCar};
  kakao->table(one_to_many, deadline);
  CHECK(transport->last.target == "/v1/destinations/directions");
  CHECK(
      transport->last.body ==
      R"({"origin":{"x":126.978,"y":37.5665},"destinations":[{"x":126.99,"y":37.55,"key":"0"},{"x":126.978,"y":37.5665,"key":"1"}],"radius":10000,"priority":"TIME","car_type":1,"avoid":[]})");
  const TableRequest many_to_one{{kTrip.to, kTrip.from}, {kTrip.from}, base::Vehicle::kMotorcycle};
  kakao->table(many_to_one, deadline);
  CHECK(transport->last.target == "/v1/origins/directions");
  CHECK(transport->last.body.starts_with(R"({"origins":[{"x":126.99,"y":37.55,"key":"0"},)"));
  CHECK(tests::vendor("kakao", transport)->capability(base::Vehicle::kCar).table == TableShape::kOneSided);

  const auto cell = [](std::string_view key, int code, int distance) {
    return fmt::format(R"({{"key":"{}","result_code":{},"summary":{{"distance":{},"duration":60}}}})", key,
                       code, distance);
  };
  const auto routes = [](std::initializer_list<std::string> cells) {
    return fmt::format(R"({{"trans_id":"x","routes":[{}]}})", fmt::join(cells, ","));
  };
  tests::check_tables(
      *kakao_format({}), one_to_many,
      {{200, routes({cell("1", 0, 11), cell("0", 0, 10)}), "10 m 60 s, 11 m 60 s",
        "row 32: matched by key, not order"},
       {200, routes({cell("0", 0, 10), cell("1", 304, 0)}), "10 m 60 s, no_route", "beyond the radius"},
       {200, routes({cell("0", 0, 10)}), "10 m 60 s, malformed", "a cell that never comes"},
       {200, routes({cell("0", 0, 10), cell("0", 0, 11)}), "malformed, malformed", "a cell that comes twice"},
       {200, routes({cell("0", 0, 10), cell("7", 0, 11)}), "malformed", "a key that was not asked for"},
       {200, routes({cell("0", 0, 10), cell("x", 0, 11)}), "malformed", "a key of another's"},
       {200, R"({"routes":[]})", "malformed", "no routes"},
       {200, R"({"routes":[7]})", "malformed", "a route that is no object"},
       {400, R"({"code":-10,"msg":"quota"})", "quota", "row 37"},
       {500, "", "unavailable", "row 41"}});
  tests::check_tables(
      *kakao_format({}), many_to_one,
      {{200, routes({cell("1", 0, 11), cell("0", 104, 0)}), "0 m 0 s, 11 m 60 s", "many to one"},
       {200, routes({cell("1", 207, 0), cell("0", 201, 0)}), "no_route, no_route", "documented"}});
}

TEST_CASE("OSRM: stops between, and tables") {
  const auto transport = std::make_shared<Recorded>();
  const auto osrm = tests::vendor("osrm", transport);
  const auto deadline = base::Deadline::after(kClock, std::chrono::seconds{1});
  auto trip = kTrip;
  trip.via = {tests::place(37.56, 126.98)};
  osrm->route(trip, deadline);
  CHECK(transport->last.target ==
        "/route/v1/driving/126.978,37.5665;126.98,37.56;126.99,37.55?overview=false&steps=false");
  const TableRequest table{{kTrip.from}, {kTrip.to, kTrip.from}, kTrip.vehicle};
  osrm->table(table, deadline);
  CHECK(
      transport->last.target ==
      "/table/v1/driving/126.978,37.5665;126.99,37.55;126.978,37.5665?sources=0&destinations=1;2&annotations="
      "duration,distance");
  tests::check_tables(
      *osrm_format({}), table,
      {{200, R"({"code":"Ok","durations":[[60.4,0]],"distances":[[1000.6,0]]})", "1001 m 60 s, 0 m 0 s",
        "found"},
       {200, R"({"code":"Ok","durations":[[null,0]],"distances":[[null,0]]})", "no_route, 0 m 0 s",
        "unreachable"},
       {200, R"({"code":"Ok","durations":[[1]],"distances":[[1]]})", "malformed", "a column too few"},
       {200, R"({"code":"Ok","durations":[[1,2]]})", "malformed", "no distances"},
       {200, R"({"code":"Ok","durations":[[1,2]],"distances":[[1,-2]]})", "1 m 1 s, implausible", "negative"},
       {200,
        R"({"code":"Ok","durations":[[1,2]],"distances":[[1,2]],"sources":[{"location":[126.978,37.5665],"distance":0}],"destinations":[{"location":[127.2,37.55],"distance":18565},{"location":[126.978,37.5665],"distance":0}]})",
        "no_route, 2 m 2 s", "one end snapped 18 km away"},
       {400, R"({"code":"NoTable","message":"m"})", "no_route", "documented"},
       {400, R"({"code":"TooBig","message":"m"})", "bad_request", "documented"},
       {503, "busy", "unavailable", "server error"}});
}

TEST_CASE("a digest of the keys tells that they are others, in 16 bits") {
  const auto digest = [](const std::string& key, const std::string& key_id, std::string_view salt) {
    const ProviderConfig config{.name = "n",
                                .kind = "naver",
                                .base_url = "http://127.0.0.1:1",
                                .key_env = "K",
                                .key = Secret(key),
                                .profile = "",
                                .key_id_env = "I",
                                .key_id = Secret(key_id)};
    return make_provider(config, nullptr, kClock, "/providers/0").value()->key_digest(salt);
  };
  const auto first = digest("secret-key", "id", "salt");
  CHECK(first.size() == 4);
  CHECK(first.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(first == digest("secret-key", "id", "salt"));
  CHECK(first != digest("secret-kez", "id", "salt"));
  CHECK(first != digest("secret-key", "ie", "salt"));
  CHECK(first != digest("secret-key", "id", "pepper"));
}

// Memory of answers and calibration snapshots.

#include "reckon/distance/calibration.h"

#include <doctest/doctest.h>

#include <cmath>

#include "reckon/distance/memory.h"

using namespace reckon;
using namespace std::chrono_literals;

namespace {

geo::LatLng place(double lat, double lng) {
  return geo::LatLng::from_degrees(lat, lng, "place").value();
}

}  // namespace

TEST_CASE("memory: the same doors give the answer back, near ones with a wider band, old ones nothing") {
  distance::AnswerMemory memory(2);
  const auto from = place(37.5, 127.0), to = place(37.51, 127.01);
  const base::WallTime then{std::chrono::hours{400'000}};
  memory.remember({"kakao", base::Vehicle::kMotorcycle, from, to, {1800}, base::Seconds{300}, then});
  const auto ask = [&](const geo::LatLng& end, base::WallTime now) {
    return memory.recall("kakao", base::Vehicle::kMotorcycle, from, end, now, base::Seconds{86'400});
  };
  const auto same = ask(to, then + 1h);
  REQUIRE(same);
  CHECK(same->same_doors);
  CHECK(same->age == base::Seconds{3600});
  CHECK(same->estimate.metres.value == 1800);
  const auto near = ask(place(37.5102, 127.01), then + 1h);
  REQUIRE(near);
  CHECK_FALSE(near->same_doors);
  CHECK(near->estimate.high.value - near->estimate.low.value > 80);
  CHECK_FALSE(ask(place(37.511, 127.01), then + 1h));
  CHECK_FALSE(ask(to, then + 25h));
  CHECK_FALSE(memory.recall("tmap", base::Vehicle::kMotorcycle, from, to, then, base::Seconds{86'400}));
  memory.remember({"kakao", base::Vehicle::kCar, from, to, {1}, base::Seconds{1}, then});
  memory.remember({"kakao", base::Vehicle::kCar, from, to, {2}, base::Seconds{1}, then});
  CHECK(memory.size() == 2);
  CHECK_FALSE(ask(to, then));  // the oldest is forgotten first
}

TEST_CASE("calibration: the detour grows with the straight line, and the snapshot reads back to the byte") {
  std::vector<distance::AnsweredTrip> trips;
  for (int i = 0; i < 2000; ++i) {
    const double straight_m = 200 + (i * 37) % 4000;
    const auto to = place(37.5 + straight_m / 111'000, 127.0);
    trips.push_back({place(37.5, 127.0), to, straight_m * (1.3 + 0.02 * (i % 7)), 0});
  }
  const auto made = distance::calibrate("kakao", base::Vehicle::kMotorcycle, nullptr, "", trips).value();
  double last = 0;
  for (const auto& point : made.detour) {
    CHECK(point.metres >= last);
    last = point.metres;
  }
  const auto estimate = distance::learned_detour(made, 2000);
  REQUIRE(estimate);
  CHECK(std::abs(static_cast<double>(estimate->metres.value) / 2000 - 1.36) < 0.03);
  CHECK(estimate->low.value < estimate->metres.value);
  CHECK(estimate->high.value > estimate->metres.value);
  const auto text = distance::to_json(made);
  const auto read = distance::read_calibration(text, "calibration");
  REQUIRE(read);
  CHECK(distance::to_json(*read) == text);
  CHECK(read->release() == made.release());
  CHECK_FALSE(distance::read_calibration("{\"version\":2}", "calibration"));

  auto routed = made;
  routed.routes.doors = {0, 10, road::DoorPlane::kMercator, true};
  routed.routes.closed_private_classes = 5;
  routed.routes.closed_pushed_classes = 6;
  routed.routes.unsure_classes = 12;
  routed.routes.ignores_turn_rules = routed.routes.passes_private = true;
  routed.routes.exempt_edges = {3, 8};
  routed.routes.edge_times = {{4, -120}, {9, 700}};
  routed.routes.turn_times = {{2, 1500}};
  routed.routes.pace_ms_per_m = {144, 90};
  routed.routes.told.pace_ms_per_m = {72, 90};
  routed.routes.told.turn_ms[3] = 250;
  const auto routes_text = distance::to_json(routed);
  const auto again = distance::read_calibration(routes_text, "calibration");
  REQUIRE(again);
  CHECK(again->routes.doors == routed.routes.doors);
  CHECK(again->routes.closed_private_classes == 5);
  CHECK(again->routes.closed_pushed_classes == 6);
  CHECK(again->routes.unsure_classes == 12);
  CHECK(again->routes.ignores_turn_rules);
  CHECK_FALSE(again->routes.passes_destination);
  CHECK(again->routes.passes_private);
  CHECK(again->routes.exempt_edges == std::vector<std::uint32_t>{3, 8});
  REQUIRE(again->routes.edge_times.size() == 2);
  CHECK(again->routes.edge_times[1].edge_dir == 9);
  CHECK(again->routes.edge_times[1].add_ms == 700);
  REQUIRE(again->routes.turn_times.size() == 1);
  CHECK(again->routes.turn_times[0].turn == 2);
  CHECK(again->routes.told.pace_ms_per_m == routed.routes.told.pace_ms_per_m);
  CHECK(again->routes.told.turn_ms == routed.routes.told.turn_ms);
  CHECK(distance::to_json(*again) == routes_text);
  routed.routes.told.pace_ms_per_m.pop_back();
  CHECK_FALSE(distance::read_calibration(distance::to_json(routed), "calibration"));
  struct Damage {
    const char *what, *with, *says;
  };
  for (const auto& damage :
       {Damage{"[4,-120,9,700]", "[4,-120,9]", "ascending numbers of edges or turns"},
        Damage{"[4,-120,9,700]", "[9,-120,4,700]", "ascending numbers of edges or turns"},
        Damage{"[4,-120,9,700]", "[4,-120,4,700]", "ascending numbers of edges or turns"},
        Damage{"[4,-120,9,700]", "[4,-120,9,2147483647]", "ascending numbers"},
        Damage{"[2,1500]", "[-2,1500]", "ascending numbers of edges or turns"},
        Damage{"[3,8]", "[8,3]", "is not in order"}, Damage{"[3,8]", "[3,3]", "is not in order"}}) {
    CAPTURE(damage.with);
    auto damaged = routes_text;
    REQUIRE(damaged.find(damage.what) != std::string::npos);
    damaged.replace(damaged.find(damage.what), std::string(damage.what).size(), damage.with);
    const auto said = distance::read_calibration(damaged, "calibration");
    REQUIRE_FALSE(said);
    CHECK(said.error().message.find(damage.says) != std::string::npos);
  }
  auto wrong = routes_text;
  wrong.replace(wrong.find("mercator"), 8, "globular");
  const auto refused = distance::read_calibration(wrong, "calibration");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("'globular' is no plane; allowed: local, mercator, whole_metres") !=
        std::string::npos);
}

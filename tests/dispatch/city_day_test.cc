#include "reckon/dispatch/city_day.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "road/drawn_map_fixture.h"

using namespace reckon::dispatch;
namespace fs = std::filesystem;

namespace {

const std::string kOrders =
    "order_id,pick_up_lat,pick_up_lng,drop_off_lat,drop_off_lng,placement_time,preparation_time,ready_time,"
    "expected_drop_off_time\n"
    "1,11.00,-74.80,11.01,-74.80,12:00:00,12:00:10,12:10:00,12:30:00\n"
    "2,11.00,-74.80,11.00,-74.81,12:01:00,12:01:10,12:12:00,12:31:00\n"
    "3,11.02,-74.81,11.00,-74.80,23:50:00,23:50:30,00:05:00,00:25:00\n";
const std::string kCouriers =
    "courier_id,vehicle,on_lat,on_lng,on_time,off_time\n"
    "7,motorcycle,11.00,-74.80,11:00:00,15:00:00\n"
    "8,bicycle,11.01,-74.80,22:00:00,01:00:00\n";

// The two tables in a folder of their own.
class Folder {
 public:
  Folder(const std::string& orders, const std::string& couriers) {
    std::ofstream(folder_ / "orders.csv") << orders;
    std::ofstream(folder_ / "couriers.csv") << couriers;
  }
  fs::path path() const { return folder_ / ""; }

 private:
  reckon::test::TempFolder folder_;
};

mdrp::Parameters city() {
  mdrp::Parameters out;
  out.metres_per_minute = 300;
  out.detour = 1.5;
  out.pay_per_order = out.pay_per_hour = 0;
  return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

// Blocks of 60 m; `A` to `D` is one-way.
reckon::test::DrawnMap town() {
  reckon::test::DrawnMap drawn(R"(
    A--B--C
    |  |  |
    D--E--F      Z
    |  |  |
    G--H--I
  )");
  drawn.way("ABC").way("DEF").way("GHI").way("AD", {{"oneway", "yes"}}).way("BEH").way("CFI").way("DG");
  return drawn;
}

std::string row_of(int id, const reckon::geo::LatLng& from, const reckon::geo::LatLng& to) {
  return fmt::format("{},{:.7f},{:.7f},{:.7f},{:.7f},12:00:00,12:10:00\n", id, from.lat_deg(), from.lng_deg(),
                     to.lat_deg(), to.lng_deg());
}

}  // namespace

TEST_CASE("a city's day is read: shops by coordinate, nights, promises, slower vehicles") {
  const Folder folder(kOrders, kCouriers);
  const auto day = mdrp::read_city_day(folder.path(), city());
  REQUIRE_MESSAGE(day.has_value(), (day ? "" : day.error().message));
  const auto& instance = day->instance;
  CHECK(instance.restaurants.size() == 2);
  CHECK(instance.orders[1].restaurant == 0);
  CHECK(instance.orders[2].ready == 24 * 3600 + 300);
  CHECK(instance.target(instance.orders[2]) == 24 * 3600 + 25 * 60);
  CHECK(instance.couriers[1].off == 25 * 3600);
  CHECK(instance.couriers[1].pace_percent == 160);
  // A hundredth of a degree of latitude is 1,106 m here; one and a half times that at 5 m/s.
  CHECK(instance.ride(0, instance.place_of_door(0)) == doctest::Approx(1106 * 1.5 / 5).epsilon(0.002));
  mdrp::DayOptions options{.dispatcher = mdrp::options_for(instance, 20, 1)};
  options.dispatcher.explain = true;
  const auto played = mdrp::simulate(instance, options);
  const auto faults = mdrp::check(instance, played);
  CHECK_MESSAGE(faults.empty(), (faults.empty() ? "" : faults[0].where + ": " + faults[0].message));
  CHECK(mdrp::summarize(instance, played).delivered == 3);
  // The one on the bicycle rides 1.6 times as long: 1,106 m north, then what the order needs.
  const auto& moves = played.moves[1];
  REQUIRE(moves.size() == 2);
  CHECK(moves[1].depart + at_pace(instance.ride(moves[1].from, moves[1].to), 160) + instance.before_drop() ==
        played.orders[2].dropoff);
}

TEST_CASE("every fault of a city's tables is told by line") {
  struct Row {
    std::string_view what;
    std::string_view with;
    std::string_view message;
  };
  for (const Row& row :
       {Row{"12:10:00", "12:1:00", "allowed: HH:MM:SS"}, Row{"1,11.00,-74.80", "1,91,-74.80", "pick_up_lat"},
        Row{"1,11.00,-74.80", "1,x,-74.80", "allowed: decimal degrees"}, Row{"\n2,", "\n1,", "stands twice"},
        Row{"ready_time", "done", "has no column ready_time"},
        Row{"12:10:00", "11:59:00", "allowed: none before it"},
        Row{"12:30:00", "11:59:59", "expected_drop_off_time is 11:59:59, before placement_time 12:00:00"},
        Row{"\n2,", "\n\"2\na\",", "control character U+000A"}, Row{"\n2,", "\n2\x1b,", "U+001B"}}) {
    CAPTURE(row.with);
    const Folder folder(replaced(kOrders, row.what, row.with), kCouriers);
    const auto day = mdrp::read_city_day(folder.path(), city());
    REQUIRE_FALSE(day.has_value());
    CHECK(day.error().where.find("orders.csv:") != std::string::npos);
    CHECK(day.error().message.find(row.message) != std::string::npos);
  }
  const Folder odd(kOrders, replaced(kCouriers, "bicycle", "balloon"));
  const auto day = mdrp::read_city_day(odd.path(), city());
  REQUIRE_FALSE(day.has_value());
  CHECK(day.error().where.ends_with("couriers.csv:3"));
  CHECK(mdrp::read_city_day(odd.path() / "absent", city()).error().code ==
        reckon::base::ErrorCode::kEnvironment);
}

TEST_CASE("who goes off in the second in which he came on is read, and works nothing") {
  const Folder folder(kOrders, replaced(kCouriers, "15:00:00", "11:00:00"));
  const auto day = mdrp::read_city_day(folder.path(), city());
  REQUIRE_MESSAGE(day.has_value(), (day ? "" : day.error().message));
  CHECK(day->instance.couriers[0].off == day->instance.couriers[0].on);
  const mdrp::DayOptions options{.dispatcher = mdrp::options_for(day->instance, 20, 1)};
  const auto played = mdrp::simulate(day->instance, options);
  CHECK(mdrp::check(day->instance, played).empty());
  CHECK(played.moves[0].empty());
  CHECK(mdrp::summarize(day->instance, played).delivered == 1);  // the order of the night
}

TEST_CASE("rides over roads are those of the map, and places off it are told") {
  const auto drawn = town();
  reckon::test::BuiltMap built(drawn);
  const std::string head =
      "order_id,pick_up_lat,pick_up_lng,drop_off_lat,drop_off_lng,placement_time,ready_time\n";
  const std::string couriers = fmt::format(
      "courier_id,vehicle,on_lat,on_lng,on_time,off_time\n1,car,{:.7f},{:.7f},11:00:00,15:00:00\n",
      drawn.at('I').lat_deg(), drawn.at('I').lng_deg());
  const Folder folder(
      head + row_of(1, drawn.at('D'), drawn.at('A')) + row_of(2, drawn.at('A'), drawn.at('I')), couriers);
  auto day = mdrp::read_city_day(folder.path(), city());
  REQUIRE(day.has_value());
  REQUIRE(mdrp::ride_roads(*day, built.map(), reckon::base::Vehicle::kCar).has_value());
  const auto& instance = day->instance;
  for (const std::uint32_t from : {0U, 1U, 2U, 3U, 4U}) {
    for (const std::uint32_t to : {0U, 1U, 2U, 3U, 4U}) {
      CAPTURE(from);
      CAPTURE(to);
      const auto route = built.route(reckon::base::Vehicle::kCar, day->places[from], day->places[to]);
      REQUIRE(route.status == reckon::road::RouteStatus::kOk);
      CHECK(instance.ride(from, to) == (route.duration_ds + 9) / 10);
      CHECK(instance.metres(from, to) == static_cast<double>(route.distance.value));
    }
  }
  CHECK(instance.ride(0, 2) > instance.ride(1, 0));  // from D to A is round the block, from A to D is not

  const Folder far(head + row_of(1, drawn.at('D'), drawn.near('Z', 5000, 0)), couriers);
  auto lost = mdrp::read_city_day(far.path(), city());
  REQUIRE(lost.has_value());
  const auto ridden = mdrp::ride_roads(*lost, built.map(), reckon::base::Vehicle::kCar);
  REQUIRE_FALSE(ridden.has_value());
  CHECK(ridden.error().where == "the door of order o1");
}

TEST_CASE("a day whose rides do not fit into memory is refused before the first is looked for") {
  const auto drawn = town();
  reckon::test::BuiltMap built(drawn);
  mdrp::CityDay day;
  day.instance.restaurants.resize(6000);
  day.places.assign(6000, drawn.at('D'));
  const auto ridden = mdrp::ride_roads(day, built.map(), reckon::base::Vehicle::kCar);
  REQUIRE_FALSE(ridden.has_value());
  CHECK(ridden.error().code == reckon::base::ErrorCode::kLimit);
  CHECK(ridden.error().message.find("has 6000 shops and 6000 places") != std::string::npos);
}

TEST_CASE("a made-up day is the same for the same seed, can be ridden, and is read back") {
  reckon::test::BuiltMap built(town());
  const mdrp::CityDemand demand{
      .orders = 60, .shops = 5, .riders = 9, .from_hour = 11, .to_hour = 14, .seed = 3, .parameters = city()};
  const auto make = [&](std::uint64_t seed) {
    auto other = demand;
    other.seed = seed;
    auto day = mdrp::make_city_day(built.map(), reckon::base::Vehicle::kMotorcycle, other);
    REQUIRE_MESSAGE(day.has_value(), (day ? "" : day.error().message));
    return std::move(*day);
  };
  const auto day = make(3);
  const auto files = mdrp::city_files(day);
  CHECK(mdrp::city_files(make(3)).orders == files.orders);
  CHECK(mdrp::city_files(make(3)).couriers == files.couriers);
  CHECK(mdrp::city_files(make(4)).orders != files.orders);
  CHECK(day.instance.orders.size() == 60);
  CHECK(day.instance.couriers.size() == 9);
  for (const auto& order : day.instance.orders) {
    CHECK(order.placed >= 11 * 3600);
    CHECK(order.placed < 14 * 3600);
    CHECK(order.ready > order.placed);
  }
  for (const auto& courier : day.instance.couriers) CHECK(courier.off > courier.on);
  mdrp::DayOptions options{.dispatcher = mdrp::options_for(day.instance, 30, 1)};
  const auto played = mdrp::simulate(day.instance, options);
  CHECK(mdrp::check(day.instance, played).empty());
  CHECK(mdrp::summarize(day.instance, played).delivered > 40);
  const Folder folder(files.orders, files.couriers);
  const auto again = mdrp::read_city_day(folder.path(), city());
  REQUIRE_MESSAGE(again.has_value(), (again ? "" : again.error().message));
  CHECK(mdrp::city_files(*again).orders == files.orders);
  CHECK(mdrp::city_files(*again).couriers == files.couriers);
}

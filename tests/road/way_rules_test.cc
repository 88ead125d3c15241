#include "reckon/road/way_rules.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace reckon;
using road::Tag;
using road::Tags;

namespace {

// Directions open to each vehicle, such as `m2 b2 f2 c1`: 0 none, 1 forward, -1 backward, 2 both; `~` ends
// only, private; `^` ends only for who has to do there.
std::string summary(const std::vector<Tag>& tags) {
  const auto use = road::read_way(Tags(tags));
  std::string text;
  for (std::size_t v = 0; v < 4; ++v) {
    const auto& lanes = use.by[v];
    text += v > 0 ? " " : "";
    text += "mbfc"[v];
    text += lanes[0].open() ? (lanes[1].open() ? "2" : "1") : (lanes[1].open() ? "-1" : "0");
    const auto marked = [&](auto destination) {
      return std::ranges::any_of(
          lanes, [&](const auto& lane) { return lane.ends_only && lane.destination == destination; });
    };
    text += marked(false) ? "~" : "";
    text += marked(true) ? "^" : "";
  }
  return text;
}

std::uint32_t kmh(const std::vector<Tag>& tags, base::Vehicle vehicle) {
  return road::read_way(Tags(tags)).by[static_cast<std::size_t>(vehicle)][0].metres_per_hour / 1000;
}

}  // namespace

TEST_CASE("read_way: who may use a way, and in which direction") {
  struct Row {
    std::vector<Tag> tags;
    std::string expected;
    std::string why;
  };
  const Row rows[] = {
      {{{"highway", "residential"}}, "m2 b2 f2 c2", "open to all"},
      {{{"highway", "motorway"}},
       "m1 b0 f0 c1",
       "implied one-way; the country's ban on motorcycles comes later"},
      {{{"highway", "motorway_link"}}, "m2 b0 f0 c2", "a link is not implied one-way"},
      {{{"highway", "trunk"}, {"motorroad", "yes"}}, "m2 b0 f0 c2", "a motor road"},
      {{{"highway", "footway"}}, "m0 b2 f2 c0", "people, and bicycles that are pushed"},
      {{{"highway", "footway"}, {"bicycle", "yes"}}, "m0 b2 f2 c0", "opened by a tag"},
      {{{"highway", "footway"}, {"bicycle", "no"}}, "m0 b0 f2 c0", "not even pushed"},
      {{{"highway", "footway"}, {"bicycle", "dismount"}}, "m0 b2 f2 c0", "said to be pushed"},
      {{{"highway", "footway"}, {"access", "yes"}}, "m0 b2 f2 c0", "the general tag opens no class"},
      {{{"highway", "path"}}, "m0 b2 f2 c0", "path"},
      {{{"highway", "pedestrian"}, {"motorcycle", "designated"}}, "m2 b2 f2 c0", "named vehicle"},
      {{{"highway", "pedestrian"}, {"motor_vehicle", "destination"}},
       "m2^ b2 f2 c2^",
       "who has to do there let in"},
      {{{"highway", "steps"}}, "m0 b2 f2 c0", "steps"},
      {{{"highway", "cycleway"}}, "m0 b2 f2 c0", "cycleway"},
      {{{"highway", "service"}, {"access", "private"}}, "m2~ b2~ f2~ c2~", "for the ends of trips"},
      {{{"highway", "service"}, {"access", "customers"}}, "m2^ b2^ f2^ c2^", "for the ends of trips"},
      {{{"highway", "service"}, {"vehicle", "private;destination"}},
       "m2^ b2^ f2 c2^",
       "the more generous one"},
      {{{"highway", "service"}, {"motorcycle:backward", "private"}}, "m2~ b2 f2 c2", "one way private"},
      {{{"highway", "service"}, {"vehicle:forward", "private"}, {"vehicle:backward", "destination"}},
       "m2~^ b2~^ f2 c2~^",
       "each way its own"},
      {{{"highway", "footway"}, {"foot", "destination"}}, "m0 b2^ f2^ c0", "pushed where people may walk"},
      {{{"highway", "residential"}, {"access", "no"}, {"motorcycle", "yes"}},
       "m2 b0 f0 c0",
       "specific before general"},
      {{{"highway", "residential"}, {"vehicle", "no"}, {"bicycle", "yes"}},
       "m0 b2 f2 c0",
       "the family, then one of it"},
      {{{"highway", "residential"}, {"motor_vehicle", "agricultural;forestry"}},
       "m0 b2 f2 c0",
       "a list of strangers"},
      {{{"highway", "residential"}, {"motor_vehicle", "agricultural;delivery"}},
       "m2~ b2 f2 c2~",
       "a list with us in it"},
      {{{"highway", "residential"}, {"access", "unknown"}}, "m2 b2 f2 c2", "a value that says nothing"},
      {{{"highway", "residential"}, {"oneway", "yes"}}, "m1 b2 f2 c1", "people ignore it"},
      {{{"highway", "residential"}, {"oneway", "-1"}}, "m-1 b2 f2 c-1", "against the drawing"},
      {{{"highway", "residential"}, {"oneway", "yes"}, {"cycleway", "opposite_lane"}},
       "m1 b2 f2 c1",
       "contraflow"},
      {{{"highway", "residential"}, {"oneway", "yes"}, {"cycleway:left", "opposite"}},
       "m1 b2 f2 c1",
       "on one side"},
      {{{"highway", "residential"}, {"oneway", "yes"}, {"oneway:motorcycle", "no"}},
       "m2 b2 f2 c1",
       "by vehicle"},
      {{{"highway", "residential"}, {"oneway", "yes"}, {"oneway:foot", "yes"}},
       "m1 b1 f1 c1",
       "a moving pavement"},
      {{{"highway", "residential"}, {"oneway", "reversible"}},
       "m0 b2 f2 c0",
       "which way it runs is not in the map"},
      {{{"highway", "tertiary"}, {"junction", "roundabout"}},
       "m1 b1 f2 c1",
       "implied; nobody pushes against it"},
      {{{"highway", "tertiary"}, {"junction", "roundabout"}, {"oneway", "-1"}},
       "m-1 b-1 f2 c-1",
       "drawn backwards"},
      {{{"highway", "residential"}, {"junction", "circular"}, {"oneway", "no"}},
       "m2 b2 f2 c2",
       "either way round"},
      {{{"highway", "footway"}, {"junction", "circular"}}, "m0 b2 f2 c0", "no vehicle's road"},
      {{{"highway", "residential"}, {"junction", "circular"}, {"bicycle", "dismount"}},
       "m1 b1 f2 c1",
       "pushed the way that all go"},
      {{{"highway", "motorway"}, {"oneway", "no"}}, "m2 b0 f0 c2", "said otherwise"},
      {{{"highway", "residential"}, {"motorcycle:backward", "no"}}, "m1 b2 f2 c2", "access by direction"},
      {{{"highway", "track"}}, "m2 b2 f2 c0", "a farm track is slow for a rider, shut for a car"},
      {{{"highway", "track"}, {"motor_vehicle", "yes"}}, "m2 b2 f2 c2", "but for a tag"},
      {{{"highway", "road"}}, "m2 b2 f2 c0", "of a kind that nobody has told yet"},
      {{{"highway", "service"}, {"area", "yes"}}, "m0 b2 f2 c0", "the rim of a square is no lane"},
      {{{"highway", "construction"}}, "m0 b0 f0 c0", "not built"},
      {{{"highway", "proposed"}}, "m0 b0 f0 c0", "not built"},
      {{{"building", "yes"}}, "m0 b0 f0 c0", "no road"},
      {{{"route", "ferry"}}, "m0 b2 f2 c0", "vehicles must be named"},
      {{{"route", "ferry"}, {"motor_vehicle", "yes"}}, "m2 b2 f2 c2", "a car ferry"},
      {{{"route", "ferry"}, {"foot", "no"}, {"motorcar", "yes"}}, "m0 b2 f0 c2", "cars only"},
      {{{"highway", "service"}, {"service", "emergency_access"}}, "m0 b0 f0 c0", "not for us"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    CHECK(summary(row.tags) == row.expected);
  }
}

TEST_CASE("read_way: what is closed here and open on some maps is told apart") {
  struct Row {
    std::vector<Tag> tags;
    base::Vehicle vehicle;
    std::uint32_t unsure_kmh;  ///< 0: it is open, or closed for sure
  };
  using base::Vehicle;
  const Row rows[] = {
      {{{"highway", "road"}}, Vehicle::kCar, 20},
      {{{"highway", "track"}}, Vehicle::kCar, 15},
      {{{"highway", "track"}, {"maxspeed", "10"}}, Vehicle::kCar, 8},
      {{{"highway", "track"}}, Vehicle::kMotorcycle, 0},
      {{{"highway", "track"}, {"motor_vehicle", "yes"}}, Vehicle::kCar, 0},
      {{{"highway", "track"}, {"motor_vehicle", "agricultural"}}, Vehicle::kCar, 0},
      {{{"highway", "service"}, {"service", "emergency_access"}}, Vehicle::kCar, 15},
      {{{"highway", "service"}, {"service", "emergency_access"}}, Vehicle::kFoot, 5},
      {{{"highway", "service"}, {"service", "emergency_access"}, {"foot", "yes"}}, Vehicle::kFoot, 0},
      {{{"highway", "track"}, {"service", "emergency_access"}}, Vehicle::kCar, 15},
      {{{"highway", "service"}, {"service", "emergency_access"}, {"motorcar", "yes"}}, Vehicle::kCar, 0},
      {{{"highway", "road"}, {"access", "no"}}, Vehicle::kCar, 0},
      {{{"highway", "road"}, {"area", "yes"}}, Vehicle::kCar, 0},
      {{{"highway", "footway"}}, Vehicle::kCar, 0},
      {{{"highway", "residential"}}, Vehicle::kCar, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.tags[0].value);
    const auto lane = road::read_way(Tags(row.tags)).by[static_cast<std::size_t>(row.vehicle)][0];
    CHECK(lane.unsure == (row.unsure_kmh > 0));
    if (lane.unsure) CHECK(lane.metres_per_hour == row.unsure_kmh * 1000);
    if (lane.unsure) CHECK_FALSE(lane.open());
  }
  CHECK(road::read_way(Tags(std::vector<Tag>{{"highway", "road"}, {"foot", "no"}})).used_by_any());
}

TEST_CASE("read_way: speeds by class, limit, surface and service") {
  using base::Vehicle;
  CHECK(kmh({{"highway", "residential"}}, Vehicle::kMotorcycle) == 25);
  CHECK(kmh({{"highway", "residential"}, {"maxspeed", "30"}}, Vehicle::kMotorcycle) == 24);
  CHECK(kmh({{"highway", "residential"}, {"maxspeed", "30"}}, Vehicle::kBicycle) == 15);
  CHECK(kmh({{"highway", "footway"}}, Vehicle::kBicycle) == 4);  // pushed
  CHECK(kmh({{"highway", "steps"}}, Vehicle::kBicycle) == 1);
  CHECK(kmh({{"highway", "residential"}, {"surface", "asphalt"}}, Vehicle::kBicycle) == 15);
  CHECK(kmh({{"highway", "residential"}, {"surface", "paving_stones"}}, Vehicle::kBicycle) == 13);
  CHECK(kmh({{"highway", "residential"}, {"surface", "paving_stones"}}, Vehicle::kCar) == 25);
  CHECK(kmh({{"highway", "residential"}, {"surface", "compacted"}}, Vehicle::kBicycle) == 11);
  CHECK(kmh({{"highway", "residential"}, {"surface", "sett"}}, Vehicle::kBicycle) == 9);
  CHECK(kmh({{"highway", "residential"}, {"surface", "gravel"}}, Vehicle::kBicycle) == 8);
  CHECK(kmh({{"highway", "residential"}, {"surface", "dirt"}}, Vehicle::kBicycle) == 7);
  CHECK(kmh({{"highway", "residential"}, {"surface", "sand"}}, Vehicle::kBicycle) == 5);
  CHECK(kmh({{"highway", "residential"}, {"surface", "sand"}}, Vehicle::kCar) == 15);
  CHECK(kmh({{"highway", "residential"}, {"oneway", "-1"}}, Vehicle::kBicycle) == 4);
  CHECK(kmh({{"highway", "residential"}, {"oneway", "yes"}}, Vehicle::kBicycle) == 15);
  CHECK(kmh({{"highway", "primary"}, {"maxspeed", "50"}, {"maxspeed:motorcycle", "30"}},
            Vehicle::kMotorcycle) == 24);
  CHECK(kmh({{"highway", "primary"}, {"maxspeed", "50"}, {"maxspeed:forward", "30"}}, Vehicle::kCar) == 24);
  CHECK(kmh({{"highway", "primary"}, {"maxspeed", "60"}, {"surface", "gravel"}}, Vehicle::kCar) == 30);
  CHECK(kmh({{"highway", "service"}, {"service", "parking_aisle"}}, Vehicle::kCar) == 10);
  CHECK(kmh({{"highway", "tertiary"}, {"lanes", "1"}}, Vehicle::kCar) == 20);
  CHECK(kmh({{"highway", "tertiary"}, {"width", "2.5 m"}}, Vehicle::kCar) == 20);
  CHECK(kmh({{"highway", "tertiary"}, {"width", "3'"}}, Vehicle::kCar) == 40);  // feet are not read
  CHECK(kmh({{"highway", "tertiary"}, {"width", "0"}}, Vehicle::kCar) == 40);   // stands for "not measured"
  CHECK(kmh({{"highway", "tertiary"}, {"lanes", "1"}, {"oneway", "yes"}}, Vehicle::kCar) == 40);
  CHECK(kmh({{"highway", "tertiary"}, {"lanes", "1"}}, Vehicle::kMotorcycle) == 40);
  CHECK(kmh({{"highway", "steps"}}, Vehicle::kFoot) == 2);
  CHECK(kmh({{"highway", "motorway"}, {"maxspeed", "none"}}, Vehicle::kMotorcycle) == 100);
}

TEST_CASE("parse_maxspeed: units, zones, and nothing for nonsense") {
  struct Row {
    std::string text;
    std::uint32_t metres_per_hour;  ///< 0: nothing
  };
  for (const auto& row : std::vector<Row>{{"50", 50'000},
                                          {"50 km/h", 50'000},
                                          {"30 mph", 48'280},
                                          {"30mph", 48'280},
                                          {"none", 130'000},
                                          {"walk", 7'000},
                                          {"KR:urban", 50'000},
                                          {"KR:rural", 60'000},
                                          {"PT:rural", 80'000},
                                          {"DE:zone:30", 30'000},
                                          {"KR:zone30", 30'000},
                                          {"50;30", 30'000},
                                          {"12 knots", 22'224},
                                          {"", 0},
                                          {"fast", 0},
                                          {"0", 0},
                                          {"-50", 0},
                                          {"1e9", 0},
                                          {"50 parsec", 0},
                                          {"signals", 0},
                                          {"nan", 0},
                                          {"KR:", 0},
                                          {";", 0}}) {
    CAPTURE(row.text);
    CHECK(road::parse_maxspeed(row.text).value_or(0) == row.metres_per_hour);
  }
}

TEST_CASE("parse_duration_s: what ferries say") {
  struct Row {
    std::string text;
    std::int64_t seconds;  ///< 0: nothing
  };
  for (const auto& row : std::vector<Row>{{"20", 1200},
                                          {"00:20", 1200},
                                          {"01:30", 5400},
                                          {"1:02:03", 3723},
                                          {"PT1H30M", 5400},
                                          {"PT45S", 45},
                                          {"", 0},
                                          {"0", 0},
                                          {"-5", 0},
                                          {"1:2:3:4", 0},
                                          {"1:", 0},
                                          {"PT", 0},
                                          {"PT5", 0},
                                          {"99999999", 0},
                                          {"soon", 0}}) {
    CAPTURE(row.text);
    CHECK(road::parse_duration_s(row.text).value_or(0) == row.seconds);
  }
}

TEST_CASE("in_korea: its cities and islands, not its neighbours") {
  struct Row {
    double lat, lng;
    bool inside;
    std::string why;
  };
  for (const auto& row : std::vector<Row>{{37.5665, 126.9780, true, "Seoul"},
                                          {35.1796, 129.0756, true, "Busan"},
                                          {33.2541, 126.5601, true, "Seogwipo"},
                                          {37.4838, 130.9057, true, "Ulleungdo"},
                                          {37.2411, 131.8645, true, "Dokdo"},
                                          {38.2070, 128.5918, true, "Sokcho"},
                                          {37.9668, 124.6305, true, "Baengnyeongdo"},
                                          {34.2046, 129.2886, false, "Tsushima"},
                                          {33.5904, 130.4017, false, "Fukuoka"},
                                          {39.0392, 125.7625, false, "Pyongyang"},
                                          {37.9708, 126.5544, false, "Kaesong"},
                                          {41.15, -8.61, false, "Porto"}}) {
    CAPTURE(row.why);
    CHECK(road::in_korea(static_cast<std::int32_t>(row.lat * 1e7),
                         static_cast<std::int32_t>(row.lng * 1e7)) == row.inside);
  }
}

TEST_CASE("read_turn_rule: kinds, exceptions, vehicles, hours") {
  bool conditional = false;
  const auto read = [&](std::vector<Tag> tags) { return road::read_turn_rule(Tags(tags), conditional); };
  const auto no = read({{"restriction", "no_left_turn"}});
  REQUIRE(no);
  CHECK(no->kind == road::TurnRuleKind::kNo);
  CHECK(no->vehicles == 0b1011);  // not on foot
  const auto only = read({{"restriction", "only_straight_on"}, {"except", "bicycle;psv"}});
  REQUIRE(only);
  CHECK(only->kind == road::TurnRuleKind::kOnly);
  CHECK(only->vehicles == 0b1001);
  CHECK(read({{"restriction", "no_u_turn"}})->u_turn);
  CHECK(read({{"restriction:motorcycle", "no_right_turn"}})->vehicles == 0b0001);
  CHECK(read({{"restriction:motorcycle", "no_right_turn"}, {"restriction:motorcar", "no_right_turn"}})
            ->vehicles == 0b1001);
  CHECK_FALSE(read({{"restriction", "no_left_turn"}, {"except", "vehicle"}}));
  CHECK_FALSE(read({{"restriction", "give_way"}}));
  CHECK_FALSE(read({{"restriction:hgv", "no_left_turn"}}));
  CHECK_FALSE(conditional);
  CHECK_FALSE(read({{"restriction:conditional", "no_left_turn @ (Mo-Fr 07:00-09:00)"}}));
  CHECK(conditional);
  CHECK_FALSE(read({{"restriction", "no_left_turn"}, {"hour_on", "07:00"}, {"hour_off", "09:00"}}));
  CHECK(conditional);
}

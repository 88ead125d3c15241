// How a provider takes places to the road, and which kinds of road it does not use, found from its answers.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "distance/hidden_provider_fixture.h"
#include "reckon/distance/route_fit.h"
#include "road/sample_city_fixture.h"

using namespace reckon;
using distance::AnsweredTrip;

namespace {

// The answers of a provider that routes by `model`, in order of asking.
std::vector<AnsweredTrip> answered(const road::RouteNetwork& network, const road::RouteModel& model,
                                   std::vector<AnsweredTrip> trips) {
  distance::ModelRouter provider(network, model, road::kDefaultMaxSnapM);
  for (auto& trip : trips) {
    const auto said = provider.route(trip.from, trip.to);
    trip.metres = std::round(said.metres * 10) / 10;
    trip.seconds = std::round(said.seconds * 10) / 10;
  }
  std::erase_if(trips, [](const auto& trip) { return trip.metres < 1; });
  return trips;
}

// Of trips that a model gives the provider's metres.
double share_alike(const road::RouteNetwork& network, const road::RouteModel& model,
                   std::span<const AnsweredTrip> trips) {
  distance::ModelRouter router(network, model, road::kDefaultMaxSnapM);
  const auto alike = std::ranges::count_if(trips, [&](const auto& trip) {
    return std::abs(router.route(trip.from, trip.to).metres - trip.metres) <= 1.5;
  });
  return static_cast<double>(alike) / static_cast<double>(trips.size());
}

// A place a few metres from one of the map's points.
geo::LatLng place_near(const road::RouteNetwork& network, std::mt19937& random) {
  const auto& points = network.network().geometry->points;
  const auto at = points[random() % points.size()];
  return geo::LatLng::from_e7(at.lat + 300, at.lng + 200);
}

std::vector<AnsweredTrip> trips_near(const road::RouteNetwork& network, std::mt19937& random,
                                     std::size_t count) {
  std::vector<AnsweredTrip> trips;
  while (trips.size() < count)
    trips.push_back({place_near(network, random), place_near(network, random), 0, 0});
  return trips;
}

// By whichever rule.
std::vector<bool> closed_arcs(const road::RouteNetwork& network, const road::RouteModel& model) {
  std::vector<bool> closed;
  for (const auto ms : network.costs(model).arc_ms) closed.push_back(ms == road::kClosedMs);
  return closed;
}

// A street with dead ends, of two kinds in turn.
test::DrawnMap street_with_side_ways(const test::TagList& odd, const test::TagList& even) {
  test::DrawnMap drawn(R"(
    0-------------------------------------------------1
    |                                                 |
    A-B-C-D-E-F-G-H-I-J-K-L-M-N-O-P-Q-R-S-T-U-V-W-X-Y-Z
    | | | | | | | | | | | | | | | | | | | | | | | | | |
    | b | d | f | h | j | l | n | p | r | t | v | x | z
    |   |   |   |   |   |   |   |   |   |   |   |   |
    a   c   e   g   i   k   m   o   q   s   u   w   y
)");
  drawn.way("ABCDEFGHIJKLMNOPQRSTUVWXYZ", {{"highway", "service"}});
  for (char end = 'a'; end <= 'z'; ++end) {
    const char corner = static_cast<char>(end - 'a' + 'A');
    drawn.way(std::string{corner, end}, end % 2 == 0 ? even : odd);
  }
  return drawn;
}

// From the end of each of them to that of each other.
std::vector<AnsweredTrip> trips_between_side_ways(const test::DrawnMap& drawn) {
  std::vector<AnsweredTrip> trips;
  for (char from = 'a'; from <= 'z'; ++from) {
    for (char to = 'a'; to <= 'z'; ++to) {
      if (from != to) trips.push_back({drawn.near(from, 1, -3), drawn.near(to, 2, -2), 0, 0});
    }
  }
  return trips;
}

}  // namespace

TEST_CASE("route fit: the plane and the grid in which a provider meets the roads are found from answers") {
  test::TempFolder folder;
  const auto map = test::sample_city(folder, base::Vehicle::kCar);
  const road::RouteNetwork network(map.network(base::Vehicle::kCar));
  constexpr std::uint32_t kSeed = 20261127;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto& geometry = *network.network().geometry;
  // Places that lie a hand beside crossings.
  std::vector<AnsweredTrip> places;
  const auto crossing = [&] {
    const auto point = geometry.start_of(2 * static_cast<std::uint32_t>(random() % geometry.edge_count()));
    const auto aside = [&] { return static_cast<std::int32_t>(random() % 17) - 8; };
    return geo::LatLng::from_e7(point.lat + aside(), point.lng + aside());
  };
  while (places.size() < 600) places.push_back({crossing(), crossing(), 0, 0});
  for (const auto& rules :
       {road::DoorRules{}, road::DoorRules{0, 10}, road::DoorRules{0, 10, road::DoorPlane::kMercator},
        road::DoorRules{0, 1, road::DoorPlane::kWholeMetres}}) {
    CAPTURE(rules.grid_e7);
    CAPTURE(static_cast<int>(rules.plane));
    auto model = network.own_model();
    model.doors = rules;
    const auto trips = answered(network, model, places);
    const auto fit = distance::fit_routes(network, trips);
    CHECK(fit.model.doors == rules);
    CHECK(fit.alike * 100 >= fit.pairs * 99);
  }
}

TEST_CASE(
    "route fit: private roads of one class are closed where the provider does not use those of that class") {
  const auto drawn = street_with_side_ways({{"highway", "service"}, {"access", "private"}},
                                           {{"highway", "residential"}, {"access", "private"}});
  test::BuiltMap built(drawn);
  const road::RouteNetwork network(built.map().network(base::Vehicle::kMotorcycle));
  constexpr auto kService = 1U << static_cast<unsigned>(road::RoadClass::kService);
  for (const std::uint32_t closed : {0U, kService}) {
    CAPTURE(closed);
    auto model = network.own_model();
    model.closed_private_classes = closed;
    const auto trips = answered(network, model, trips_between_side_ways(drawn));
    const auto fit = distance::fit_routes(network, trips);
    CHECK(fit.model.closed_private_classes == closed);
    CHECK(fit.model.closed_classes == 0);
    CHECK(fit.alike == fit.pairs);
  }
}

TEST_CASE(
    "route fit: private roads that a provider does use stay open where it uses no others of their class") {
  const auto drawn = street_with_side_ways({{"highway", "service"}, {"access", "private"}},
                                           {{"highway", "service"}, {"access", "private"}});
  test::BuiltMap built(drawn);
  const road::RouteNetwork network(built.map().network(base::Vehicle::kMotorcycle));
  auto model = network.own_model();
  model.closed_private_classes = 1U << static_cast<unsigned>(road::RoadClass::kService);
  // It lets in what stands in the east: of the pairs of side ways the smaller part.
  const auto& geometry = *network.network().geometry;
  const auto east = drawn.near('t', 0, 0).lng_deg();
  for (std::uint32_t edge = 0; edge < geometry.edge_count(); ++edge) {
    if (static_cast<double>(geometry.start_of(2 * edge).lng) / 1e7 > east) model.exempt_edges.push_back(edge);
  }
  const auto trips = answered(network, model, trips_between_side_ways(drawn));
  const auto fit = distance::fit_routes(network, trips);
  REQUIRE(fit.model.closed_private_classes != 0);
  const auto found = closed_arcs(network, fit.model), truth = closed_arcs(network, model);
  std::size_t wrongly_closed = 0, wrongly_open = 0;
  for (std::size_t arc = 0; arc < truth.size(); ++arc) {
    wrongly_closed += found[arc] && !truth[arc] ? 1U : 0U;
    wrongly_open += !found[arc] && truth[arc] ? 1U : 0U;
  }
  CHECK(wrongly_closed == 0);
  CHECK(wrongly_open <= 2 * 2);  // from side ways beside the open ones trips go there: two, either way
}

TEST_CASE("route fit: what single roads and turns take is found from whole trips' times") {
  test::TempFolder folder;
  const auto map = test::sample_city(folder, base::Vehicle::kCar);
  const road::RouteNetwork network(map.network(base::Vehicle::kCar));
  constexpr std::uint32_t kSeed = 20261202;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  auto model = network.own_model();
  const auto& graph = network.network().graph;
  for (std::uint32_t e = 0; e < 2 * network.network().geometry->edge_count(); ++e) {
    if (random() % 4 == 0) model.edge_times.push_back({e, static_cast<std::int32_t>(random() % 6000)});
  }
  for (std::uint32_t turn = 0; turn < graph.next.size(); ++turn) {
    if (random() % 4 == 0) model.turn_times.push_back({turn, static_cast<std::int32_t>(random() % 6000)});
  }
  const auto places = trips_near(network, random, 2500);
  const auto trips = answered(network, model, places);
  const auto seen = std::span(trips).first(1800), others = std::span(trips).subspan(1800);
  std::array<double, 2> alike{};
  for (const int rounds : {0, 3}) {
    distance::RouteFitOptions options;
    options.road_rounds = options.preference_rounds = 0;
    options.time_rounds = rounds;
    const auto fit = distance::fit_routes(network, seen, options);
    CHECK(fit.model.turn_times.empty() == (rounds == 0));
    alike.at(rounds == 0 ? 0 : 1) = share_alike(network, fit.model, others);
  }
  MESSAGE("alike by kinds ", alike[0], ", with single roads and turns ", alike[1]);
  CHECK(1 - alike[1] < 0.75 * (1 - alike[0]));
}

TEST_CASE("route fit: that trips begin on roads that are left only, and end on roads that are entered only") {
  auto drawn = street_with_side_ways({{"highway", "service"}, {"oneway", "-1"}},
                                     {{"highway", "service"}, {"oneway", "yes"}});
  drawn.way("A01Z");  // to turn round by
  test::BuiltMap built(drawn);
  const road::RouteNetwork network(built.map().network(base::Vehicle::kCar));
  for (const bool one_sided : {false, true}) {
    CAPTURE(one_sided);
    auto model = network.own_model();
    model.doors.one_sided = one_sided;
    const auto trips = answered(network, model, trips_between_side_ways(drawn));
    distance::ModelRouter provider(network, model, road::kDefaultMaxSnapM);
    // Side ways of odd letters lead to the street, even ones from it.
    const double off_m = provider.door(drawn.near('a', 1, -3), road::TripEnd::kStart).snap.distance_m;
    CHECK((off_m < 5) == one_sided);
    CHECK(provider.door(drawn.near('a', 1, -3), road::TripEnd::kFinish).snap.distance_m > 5);
    const auto fit = distance::fit_routes(network, trips);
    CHECK(fit.model.doors.one_sided == one_sided);
    CHECK(fit.alike == fit.pairs);
  }
}

TEST_CASE("route fit: what single roads cost a provider that chooses apart is found from what it passed by") {
  test::TempFolder folder;
  const auto map = test::sample_city(folder, base::Vehicle::kCar);
  const road::RouteNetwork network(map.network(base::Vehicle::kCar));
  constexpr std::uint32_t kSeed = 20261203;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  auto model = network.own_model();
  model.told = {model.pace_ms_per_m, model.turn_ms};
  for (std::size_t g = 0; g < network.groups().size(); ++g) {  // it dislikes small roads
    if (network.groups()[g].road_class >= road::RoadClass::kTertiary) model.pace_ms_per_m[g] *= 3;
  }
  // And every third OpenStreetMap way, whatever its kind.
  const auto& geometry = *network.network().geometry;
  const auto kinds = network.costs(model);
  for (std::uint32_t arc = 0; arc < network.network().graph.arcs.size(); ++arc) {
    const auto& one = network.network().graph.arcs[arc];
    if (one.copy || one.kind == road::ArcKind::kExit || geometry.runs_of(one.edge()).front().way % 3 != 0)
      continue;
    model.edge_times.push_back({one.edge_dir, static_cast<std::int32_t>(kinds.arc_ms[arc] * 2 / 5)});
  }
  std::ranges::sort(model.edge_times, {}, &road::RouteModel::EdgeChange::edge_dir);
  const auto trips = answered(network, model, trips_near(network, random, 2800));
  const auto seen = std::span(trips).first(2000), others = std::span(trips).subspan(2000);
  const auto alike_with = [&](int rounds) {
    distance::RouteFitOptions options;
    options.road_rounds = options.preference_rounds = 0;
    options.time_rounds = rounds;
    const auto fit = distance::fit_routes(network, seen, options);
    CHECK(!fit.model.told.pace_ms_per_m.empty());
    CHECK(fit.model.edge_times.empty() == (rounds == 0));
    return share_alike(network, fit.model, others);
  };
  const double by_kinds = alike_with(0), with_roads = alike_with(8);
  MESSAGE("alike by kinds ", by_kinds, ", with single roads ", with_roads);
  CHECK(1 - with_roads < 0.6 * (1 - by_kinds));
}

TEST_CASE("route fit: where a provider pushes no bicycles is found from its answers") {
  const auto drawn = street_with_side_ways({{"highway", "footway"}}, {{"highway", "pedestrian"}});
  test::BuiltMap built(drawn);
  const road::RouteNetwork network(built.map().network(base::Vehicle::kBicycle));
  constexpr std::uint32_t kEverywhere = (1U << road::kRoadClasses) - 1;
  constexpr auto kFootways = 1U << static_cast<unsigned>(road::RoadClass::kFootway);
  for (const std::uint32_t closed : {0U, kFootways, kEverywhere}) {
    CAPTURE(closed);
    auto model = network.own_model();
    model.closed_pushed_classes = closed;
    const auto trips = answered(network, model, trips_between_side_ways(drawn));
    const auto fit = distance::fit_routes(network, trips);
    CHECK(closed_arcs(network, fit.model) == closed_arcs(network, model));
    CHECK(fit.model.edges.empty());
    CHECK(fit.alike == fit.pairs);
  }
}

namespace {

const std::vector<std::string> kRows = {"ABCDEF", "GHIJKL", "MNOPQR", "STUVWX", "abcdef", "ghijkl"};

// Blocks of six by six streets, each between two crossings a way of its own. Of those that lead south, some
// in the middle and some below have tags of their own.
test::DrawnMap blocks(const test::TagList& middle, const test::TagList& below) {
  test::DrawnMap drawn(R"(
    A-B-C-D-E-F
    | | | | | |
    G-H-I-J-K-L
    | | | | | |
    M-N-O-P-Q-R
    | | | | | |
    S-T-U-V-W-X
    | | | | | |
    a-b-c-d-e-f
    | | | | | |
    g-h-i-j-k-l
)");
  for (std::size_t r = 0; r < kRows.size(); ++r) {
    for (std::size_t c = 0; c + 1 < kRows[r].size(); ++c) drawn.way(kRows[r].substr(c, 2));
    for (std::size_t c = 0; r + 1 < kRows.size() && c < kRows[r].size(); ++c)
      drawn.way(std::string{kRows[r][c], kRows[r + 1][c]}, c > 0 && r == 2   ? middle
                                                           : c > 0 && r == 4 ? below
                                                                             : test::TagList{});
  }
  return drawn;
}

std::vector<AnsweredTrip> trips_between_blocks(const test::DrawnMap& drawn) {
  std::vector<AnsweredTrip> trips;
  for (const auto& [from, at] : drawn.places()) {
    for (const auto& [to, there] : drawn.places()) {
      if (from != to) trips.push_back({drawn.near(from, 7, -3), drawn.near(to, -6, 2), 0, 0});
    }
  }
  return trips;
}

}  // namespace

TEST_CASE("route fit: a provider that keeps no turn rules is known by its answers, as is one that does") {
  test::DrawnMap drawn(R"(
    A-B-C-D-E-F-G-H-I-J-K-L-M-N-O-P
    | | | | | | | | | | | | | | | |
    a b c d e f g h i j k l m n o p
)");
  for (char at = 'A'; at <= 'P'; ++at) {
    if (at < 'P') drawn.way({at, static_cast<char>(at + 1)});
    drawn.way({at, static_cast<char>(at - 'A' + 'a')});
  }
  // Who comes from the west may not turn into every other one: it is entered on the way back.
  for (char at = 'B'; at < 'P'; at = static_cast<char>(at + 2))
    drawn.turn("no_right_turn", {static_cast<char>(at - 1), at}, at, {at, static_cast<char>(at - 'A' + 'a')});
  std::vector<AnsweredTrip> places;
  for (char from = 'a'; from <= 'p'; ++from) {
    for (char to = 'a'; to <= 'p'; ++to) {
      if (from != to) places.push_back({drawn.near(from, 1, -3), drawn.near(to, 2, -2), 0, 0});
    }
  }
  test::BuiltMap built(drawn);
  const road::RouteNetwork network(built.map().network(base::Vehicle::kMotorcycle));
  for (const bool ignores : {false, true}) {
    CAPTURE(ignores);
    auto model = network.own_model();
    CHECK_FALSE(model.ignores_turn_rules);
    model.ignores_turn_rules = ignores;
    const auto trips = answered(network, model, places);
    const auto fit = distance::fit_routes(network, trips);
    CHECK(fit.model.ignores_turn_rules == ignores);
    CHECK_FALSE(fit.model.passes_destination);
    CHECK_FALSE(fit.model.passes_private);
    CHECK(fit.alike == fit.pairs);
  }
}

TEST_CASE("route fit: a provider that passes through roads for trips' ends is known by its answers") {
  const auto drawn = blocks({{"highway", "residential"}, {"access", "destination"}},
                            {{"highway", "residential"}, {"access", "private"}});
  test::BuiltMap built(drawn);
  const road::RouteNetwork network(built.map().network(base::Vehicle::kBicycle));
  constexpr std::uint32_t kAnyClass = (1U << road::kRoadClasses) - 1;
  struct Row {
    bool destination, is_private;
    std::uint32_t closed_private;
  };
  for (const auto& row :
       {Row{false, false, 0}, Row{true, false, 0}, Row{true, true, 0}, Row{true, false, kAnyClass}}) {
    CAPTURE(row.destination);
    CAPTURE(row.is_private);
    CAPTURE(row.closed_private);
    auto model = network.own_model();
    model.passes_destination = row.destination;
    model.passes_private = row.is_private;
    model.closed_private_classes = row.closed_private;
    const auto trips = answered(network, model, trips_between_blocks(drawn));
    const auto fit = distance::fit_routes(network, trips);
    CHECK(fit.model.passes_destination == row.destination);
    CHECK(fit.model.passes_private == row.is_private);
    CHECK(fit.alike * 1000 >= fit.pairs * 998);
  }
}

TEST_CASE("route fit: roads that the map is unsure of are used where a provider is found to use them") {
  const auto drawn = blocks({{"highway", "road"}}, {{"highway", "track"}});
  test::BuiltMap built(drawn);
  const road::RouteNetwork network(built.map().network(base::Vehicle::kCar));
  for (const std::uint32_t bits :
       {0U, 1U << static_cast<unsigned>(road::RoadClass::kRoad),
        1U << static_cast<unsigned>(road::RoadClass::kTrack), network.unsure_classes()}) {
    CAPTURE(bits);
    auto model = network.own_model();
    CHECK(model.unsure_classes == 0);
    model.unsure_classes = bits;
    const auto trips = answered(network, model, trips_between_blocks(drawn));
    const auto fit = distance::fit_routes(network, trips);
    CHECK(fit.model.unsure_classes == bits);
    CHECK(closed_arcs(network, fit.model) == closed_arcs(network, model));
    CHECK(fit.alike * 1000 >= fit.pairs * 998);
  }
}

TEST_CASE("route fit: private roads are closed apart from those for who has to do there") {
  const auto drawn = street_with_side_ways({{"highway", "service"}, {"access", "private"}},
                                           {{"highway", "service"}, {"access", "destination"}});
  test::BuiltMap built(drawn);
  const road::RouteNetwork network(built.map().network(base::Vehicle::kMotorcycle));
  auto model = network.own_model();
  model.closed_private_classes = 1U << static_cast<unsigned>(road::RoadClass::kService);
  const auto closed = closed_arcs(network, model);
  CHECK(std::ranges::count(closed, true) == 13 * 2 * 2);  // a way in and a way out, each both directions
  const auto trips = answered(network, model, trips_between_side_ways(drawn));
  const auto fit = distance::fit_routes(network, trips);
  CHECK(closed_arcs(network, fit.model) == closed);
  CHECK(fit.alike == fit.pairs);
}

TEST_CASE("route fit: what a provider chooses by is found where it is not the time that it tells") {
  test::TempFolder folder;
  const auto map = test::sample_city(folder, base::Vehicle::kCar);
  const road::RouteNetwork network(map.network(base::Vehicle::kCar));
  auto model = network.own_model();
  model.told = {model.pace_ms_per_m, model.turn_ms};
  for (std::size_t g = 0; g < network.groups().size(); ++g) {  // it dislikes small roads
    if (network.groups()[g].road_class >= road::RoadClass::kTertiary) model.pace_ms_per_m[g] *= 3;
  }
  constexpr std::uint32_t kSeed = 20261128;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto places = trips_near(network, random, 2500);
  distance::RouteFitOptions options;
  options.road_rounds = options.preference_rounds = 0;
  struct Row {
    std::string told;
    double least;  ///< share of unseen trips that come out alike
  };
  for (const auto& row : {Row{"its times", 0.9}, Row{"times in traffic", 0.75}, Row{"none", 0.9}}) {
    CAPTURE(row.told);
    auto trips = answered(network, model, places);
    for (auto& trip : trips) {
      if (row.told == "times in traffic") trip.seconds *= 0.7 + static_cast<double>(random() % 1000) / 1000;
      if (row.told == "none") trip.seconds = 0;
    }
    const auto seen = std::span(trips).first(1500), others = std::span(trips).subspan(1500);
    const auto fit = distance::fit_routes(network, seen, options);
    const double share = share_alike(network, fit.model, others);
    MESSAGE(row.told, ": alike ", share);
    CHECK(share > row.least);
  }
}

TEST_CASE(
    "route fit: a provider that chooses by the time that it tells is not thought to have another taste") {
  test::TempFolder folder;
  const auto map = test::sample_city(folder, base::Vehicle::kCar);
  const road::RouteNetwork network(map.network(base::Vehicle::kCar));
  constexpr std::uint32_t kSeed = 20261129;
  CAPTURE(kSeed);
  const auto trips = test::HiddenProvider(network, kSeed, 0.02).trips(1500, test::TripLengths::kMarket);
  const auto fit = distance::fit_routes(network, trips);
  CHECK(fit.model.told.pace_ms_per_m.empty());
}

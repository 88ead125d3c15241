// The engine against the slow reference on every map at hand: time exactly, distance to the metre.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>

#include "reckon/geo/local_frame.h"
#include "road/drawn_map_fixture.h"
#include "road/osm_reference.h"

namespace {

using namespace reckon;
using test::OsmReference;

// Pairs for each map, a quarter for each vehicle; RECKON_PAIRS=200000 runs the full bar. RECKON_PBF names one
// more extract, such as the made-up city.
std::size_t pairs_wanted() {
  const char* text = std::getenv("RECKON_PAIRS");
  return text != nullptr ? std::strtoul(text, nullptr, 10) : RECKON_SANITIZED ? 80 : 400;
}

// Destinations of one start: the slow search answers for all of them at once.
std::size_t targets_of_one(std::size_t pairs) {
  return std::clamp<std::size_t>(pairs / 100, 20, 200);
}

std::uint64_t seed_wanted() {
  const char* text = std::getenv("RECKON_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 20221015;
}

/// Places of three kinds: anywhere in the box, beside a road node, exactly on one.
class Places {
 public:
  Places(const road::MapInfo& info, const OsmReference& reference, std::uint64_t seed)
      : info_(info), nodes_(reference.usable_nodes()), random_(seed) {}

  geo::LatLng next() {
    const auto kind = random_() % 4;
    if (kind == 0) return place(between(info_.south, info_.north), between(info_.west, info_.east));
    const auto& node = nodes_[random_() % nodes_.size()];
    if (kind == 1) return node;
    return place(node.lat_deg() + between(-4e-4, 4e-4), node.lng_deg() + between(-4e-4, 4e-4));
  }

 private:
  double between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }
  static geo::LatLng place(double lat, double lng) {
    return geo::LatLng::from_degrees(lat, lng, "random").value();
  }

  const road::MapInfo& info_;
  const std::vector<geo::LatLng>& nodes_;
  std::mt19937_64 random_;
};

struct Tally {
  std::size_t ok = 0, no_route = 0, off_map = 0, wrong = 0;
};

void compare_pair(const geo::LatLng& from, const geo::LatLng& to, const road::Route& route,
                  const road::TableCell& cell, bool snapped,
                  const std::optional<test::ReferenceCost>& expected, Tally& tally) {
  const auto status = !snapped   ? road::RouteStatus::kOffMap
                      : expected ? road::RouteStatus::kOk
                                 : road::RouteStatus::kNoRoute;
  bool right = route.status == status && cell.status == status;
  if (right && status == road::RouteStatus::kOk) {
    right =
        route.duration_ds == (expected->ms + 50) / 100 && route.distance.value == (expected->mm + 500) / 1000;
  }
  right = right && cell.distance == route.distance && cell.duration_ds == route.duration_ds;
  tally.ok += status == road::RouteStatus::kOk;
  tally.no_route += status == road::RouteStatus::kNoRoute;
  tally.off_map += status == road::RouteStatus::kOffMap;
  if (right) return;
  if (++tally.wrong > 5) return;
  const auto place = [](const geo::LatLng& at) {
    return fmt::format("{:.9f},{:.9f}", at.lat_deg(), at.lng_deg());
  };
  CAPTURE(place(from));
  CAPTURE(place(to));
  CAPTURE(road::to_string(status));
  CAPTURE(road::to_string(route.status));
  CAPTURE(route.duration_ds);
  CAPTURE(route.distance.value);
  CAPTURE((expected ? expected->ms : -1));
  CAPTURE((expected ? expected->mm : -1));
  CAPTURE(cell.duration_ds);
  CAPTURE((route.from ? route.from->at.lat_deg() : 0));
  CAPTURE((route.from ? route.from->at.lng_deg() : 0));
  CAPTURE((route.to ? route.to->at.lat_deg() : 0));
  CAPTURE((route.to ? route.to->at.lng_deg() : 0));
  CHECK(right);
}

Tally compare(const road::RoadMap& map, const std::filesystem::path& pbf, base::Vehicle vehicle,
              std::size_t pairs) {
  const OsmReference reference(pbf, vehicle);
  Tally tally;
  if (reference.usable_nodes().empty()) return tally;
  Places places(map.info(), reference, seed_wanted() + static_cast<std::uint64_t>(vehicle));
  road::RoadMap::Query query;
  const auto count = targets_of_one(pairs);
  for (std::size_t done = 0; done < pairs; done += count) {
    const std::vector<geo::LatLng> from{places.next()};
    std::vector<geo::LatLng> to;
    std::vector<std::vector<OsmReference::Position>> targets;
    for (std::size_t i = 0; i < count; ++i) {
      to.push_back(places.next());
      targets.push_back(reference.snap(to.back(), road::kDefaultMaxSnapM));
    }
    const auto start = reference.snap(from[0], road::kDefaultMaxSnapM);
    const auto expected = reference.costs(start, targets);
    const auto cells = map.table(query, vehicle, from, to);
    for (std::size_t i = 0; i < count; ++i) {
      compare_pair(from[0], to[i], map.route(query, vehicle, from[0], to[i]), cells[i],
                   !start.empty() && !targets[i].empty(), expected[i], tally);
    }
  }
  return tally;
}

}  // namespace

TEST_CASE("routes and tables equal a plain Dijkstra over the extract's own segments") {
  auto maps = test::shared_maps();
  if (const char* further = std::getenv("RECKON_PBF")) maps.emplace_back("further", further);
  if (maps.empty())
    MESSAGE("SKIPPED: no shared maps (RECKON_SHARED_DATA); routes were compared on drawn maps only");
  MESSAGE("seed ", seed_wanted(), ", ", pairs_wanted(), " pairs for each map, a quarter for each vehicle");
  const test::TempFolder folder;
  for (const auto& [name_of, pbf] : maps) {
    const std::string name = name_of;  // a binding cannot be captured under clang 14
    const char* chosen = std::getenv("RECKON_MAPS");
    if (chosen != nullptr && std::string(chosen).find(name) == std::string::npos) continue;
    CAPTURE(name);
    REQUIRE(road::build_map({{pbf}, folder / (name + ".rmap")}));
    const auto map = road::RoadMap::open(folder / (name + ".rmap"));
    REQUIRE(map);
    for (const auto vehicle : base::kAllVehicles) {
      CAPTURE(base::to_string(vehicle));
      const auto tally = compare(*map, pbf, vehicle, pairs_wanted() / base::kAllVehicles.size());
      MESSAGE(name, " ", base::to_string(vehicle), ": ", tally.ok, " ok, ", tally.no_route, " no route, ",
              tally.off_map, " off map, ", tally.wrong, " wrong");
      CHECK(tally.wrong == 0);
    }
  }
}

TEST_CASE("turn rules over ways, many at once, on drawn grids: as the plain Dijkstra has it") {
  constexpr std::uint64_t kSeed = 41;
  MESSAGE("seed ", kSeed);
  std::mt19937_64 random(kSeed);
  const std::string names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";
  constexpr std::size_t kSide = 6;
  const test::TempFolder folder;
  std::size_t kept = 0, wrong = 0, compared = 0;
  for (int grid = 0; grid < 12; ++grid) {
    std::string picture;
    for (std::size_t i = 0; i < names.size(); ++i) {
      picture += names[i];
      picture += i % kSide + 1 == kSide ? "\n\n\n" : (random() % 2 == 0 ? "--" : "---");
    }
    test::DrawnMap drawn(picture);
    std::vector<std::string> ways;
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (const std::size_t to : {i + 1, i + kSide}) {
        if (to >= names.size() || (to == i + 1 && to % kSide == 0) || random() % 8 == 0) continue;
        ways.push_back({names[i], names[to]});
        const auto kind = random() % 6;
        drawn.way(ways.back(), kind == 0   ? test::TagList{{"oneway", "yes"}}
                               : kind == 1 ? test::TagList{{"access", "destination"}}
                                           : test::TagList{});
      }
    }
    const auto meets = [](const std::string& a, const std::string& b) {
      return a != b && (b.find(a[0]) != std::string::npos || b.find(a[1]) != std::string::npos);
    };
    for (int tries = 0; tries < 4000; ++tries) {
      const auto& from = ways[random() % ways.size()];
      const auto& via = ways[random() % ways.size()];
      const auto& second = ways[random() % ways.size()];
      const auto& to = ways[random() % ways.size()];
      const bool longer = random() % 3 == 0;
      if (!meets(from, via) || !(longer ? meets(via, second) && meets(second, to) : meets(via, to))) continue;
      const auto vias = longer ? std::vector{via, second} : std::vector{via};
      drawn.turn_over_ways(random() % 4 == 0 ? "only_straight_on" : "no_u_turn", from, vias, to);
    }
    const auto pbf = folder / "grid.osm.pbf";
    drawn.write(pbf);
    REQUIRE(road::build_map({{pbf}, folder / "grid.rmap"}));
    const auto map = road::RoadMap::open(folder / "grid.rmap");
    REQUIRE(map);
    kept += map->info().counts.via_way_rules;
    const auto tally = compare(*map, pbf, base::Vehicle::kMotorcycle, 600);
    compared += tally.ok;
    wrong += tally.wrong;
  }
  MESSAGE(kept, " rules kept, ", compared, " routes compared, ", wrong, " wrong");
  CHECK(kept > 100);
  CHECK(compared > 3000);
  CHECK(wrong == 0);
}

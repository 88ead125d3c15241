// Map files: built alike twice, opened whole, refused when damaged; an altered one never reads outside
// itself.

#include "reckon/road/map_file.h"

#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <random>
#include <string>

#include "reckon/base/file.h"
#include "reckon/distance/route_fit.h"
#include "reckon/road/checksum.h"
#include "reckon/road/overlaid_map.h"
#include "road/drawn_map_fixture.h"
#include "road/map_bytes_fixture.h"

using namespace reckon;
using base::Vehicle;

namespace {

std::string read_all(const std::filesystem::path& path) {
  return base::read_file(path, std::size_t{1} << 30).value();
}

void write_all(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

test::DrawnMap town() {
  test::DrawnMap drawn(R"(
    A---B---C
    |   |   |
    D---E---F---G
    |  Q  R |
    H--P--S-J
)");
  drawn.way("ABC", {{"name", "세종대로"}})
      .way("DEF")
      .way("FG", {{"access", "private"}})
      .way("AD")
      .way("BE", {{"oneway", "yes"}})
      .way("CF");
  drawn.way("DH").way("HJ").way("JF").turn("no_left_turn", "BE", 'E', "DEF");
  drawn.way("GJ", {{"highway", "road"}, {"motorcycle", "no"}, {"bicycle", "no"}, {"foot", "no"}});
  drawn.way("PQRSP", {{"building", "yes"}}).node('R', {{"entrance", "yes"}});
  return drawn;
}

// Whatever the file holds, these must come back: answers may be wrong, reads may not leave the file.
void use(const std::filesystem::path& path, const test::DrawnMap& drawn,
         road::MapChecks checks = road::MapChecks::kAtOpening) {
  const auto map = road::RoadMap::open(path, checks);
  if (!map) return;
  road::RoadMap::Query query;
  std::vector<geo::LatLng> places;
  for (const auto& [name, place] : drawn.places()) places.push_back(drawn.near(name, 7, 3));
  for (const auto vehicle : map->info().vehicles) {
    for (const auto& from : places) {
      const auto route = map->route(query, vehicle, from, places[0], {10'000, road::WithGeometry::kYes});
      CHECK(route.distance.value >= 0);
      CHECK(route.duration_ds >= 0);
    }
    CHECK(map->table(query, vehicle, places, places).size() == places.size() * places.size());
  }
  if (map->serves(base::Vehicle::kCar)) {  // the only one with unsure roads
    const road::RouteNetwork network(map->network(base::Vehicle::kCar));
    auto model = network.own_model();
    model.unsure_classes = ~0U;
    model.ignores_turn_rules = model.passes_private = model.passes_destination = true;
    distance::ModelRouter router(network, model, 10'000);
    CHECK(router.route(places[1], places[0]).metres >= 0);
  }
  const auto under = road::OverlaidMap::make({std::shared_ptr<void>(), &*map}, {}, "");
  road::OverlaidMap::Changes closing;
  for (auto& own : closing) own.arcs.closed_edge_dirs = {0, 1, 3};
  const auto closed = under->with(closing, "sha256:x");
  for (const auto vehicle : map->info().vehicles) {
    CHECK(closed->route(query, vehicle, places[1], places[0]).distance.value >= 0);
    const auto route = under->route(query, vehicle, places[1], places[0], {10'000, road::WithGeometry::kYes});
    CHECK(route.distance.value >= 0);
    CHECK(under->table(query, vehicle, places, places).size() == places.size() * places.size());
  }
}

}  // namespace

TEST_CASE("xxh64: the published values of the specification's reference") {
  const auto of = [](std::string_view text) { return road::xxh64(std::as_bytes(std::span(text))); };
  CHECK(of("") == 0xEF46DB3751D8E999);
  CHECK(of("a") == 0xD24EC4F1A98C6E5B);
  CHECK(of("abc") == 0x44BC2CF5AD770999);
  CHECK(of("Nobody inspects the spammish repetition") == 0xFBCEA83C8A378BF1);
}

TEST_CASE("the same extract gives the same bytes; the release is their name; info tells what is inside") {
  const auto drawn = town();
  test::BuiltMap first(drawn), second(drawn);
  CHECK(read_all(first.file()) == read_all(second.file()));
  const auto& info = first.map().info();
  CHECK(info.release.starts_with("sha256:"));
  CHECK(info.release.size() == 7 + 64);
  CHECK(info.release == second.map().info().release);
  CHECK(info.bytes == std::filesystem::file_size(first.file()));
  CHECK(info.nodes == 9);
  CHECK(info.vehicles.size() == 4);
  CHECK(info.counts.turn_rules == 1);
  REQUIRE(info.sources.size() == 1);
  CHECK(info.sources[0].file == "drawn.osm.pbf");
  CHECK(info.sources[0].sha256.starts_with("sha256:"));
  CHECK(info.west < info.east);
  CHECK(info.south < info.north);
  CHECK(first.map().check_content());

  auto other = town();
  other.way("EJ");
  CHECK(test::BuiltMap(other).map().info().release != info.release);
}

TEST_CASE("missing, empty, foreign and folder: each its own error") {
  const test::TempFolder folder;
  const auto missing = road::RoadMap::open(folder / "none.rmap");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == base::ErrorCode::kEnvironment);
  CHECK(missing.error().where.find("none.rmap") != std::string::npos);
  CHECK(road::RoadMap::open(folder / ".").error().code == base::ErrorCode::kInvalidInput);
  write_all(folder / "empty", "");
  CHECK(road::RoadMap::open(folder / "empty").error().code == base::ErrorCode::kCorrupt);
  write_all(folder / "foreign", std::string(5000, 'x'));
  const auto foreign = road::RoadMap::open(folder / "foreign");
  CHECK(foreign.error().code == base::ErrorCode::kCorrupt);
  CHECK(foreign.error().message.find("is not a Reckon map file") != std::string::npos);
}

TEST_CASE("another format version or byte order is said to be that") {
  const auto drawn = town();
  const test::BuiltMap built(drawn);
  const test::TempFolder folder;
  auto bytes = read_all(built.file());
  bytes[12] = 99;
  test::mend_checksums(bytes);
  write_all(folder / "version", bytes);
  CHECK(road::RoadMap::open(folder / "version").error().message.find("format version 99") !=
        std::string::npos);
  bytes = read_all(built.file());
  std::swap(bytes[8], bytes[11]);
  std::swap(bytes[9], bytes[10]);
  test::mend_checksums(bytes);
  write_all(folder / "order", bytes);
  CHECK(road::RoadMap::open(folder / "order").error().message.find("byte order") != std::string::npos);
}

TEST_CASE("a file cut short anywhere is refused") {
  const auto drawn = town();
  const test::BuiltMap built(drawn);
  const auto bytes = read_all(built.file());
  const test::TempFolder folder;
  for (std::size_t length = 1; length < bytes.size(); length += 1 + length / 40) {
    CAPTURE(length);
    write_all(folder / "cut", bytes.substr(0, length));
    const auto map = road::RoadMap::open(folder / "cut");
    REQUIRE_FALSE(map);
    CHECK(map.error().code == base::ErrorCode::kCorrupt);
  }
}

TEST_CASE("a flipped bit in a section is refused, and the section named") {
  const auto drawn = town();
  const test::BuiltMap built(drawn);
  const auto bytes = read_all(built.file());
  const test::TempFolder folder;
  constexpr std::size_t kHeader = 128, kEntry = 56;
  std::uint32_t sections = 0;
  std::memcpy(&sections, bytes.data() + 24, 4);
  CHECK(sections == 20 + 22 * 4);
  for (std::size_t i = 0; i < sections; ++i) {
    const std::string name(bytes.data() + kHeader + i * kEntry);
    std::uint64_t offset = 0, length = 0;
    std::memcpy(&offset, bytes.data() + kHeader + i * kEntry + 32, 8);
    std::memcpy(&length, bytes.data() + kHeader + i * kEntry + 40, 8);
    if (length == 0) {  // the map is unsure of no road but a car's
      CHECK((name.ends_with(".unsure") || name.ends_with(".joins")));
      CHECK_FALSE(name.starts_with("car"));
      continue;
    }
    auto damaged = bytes;
    damaged[offset + length / 2] = static_cast<char>(damaged[offset + length / 2] ^ 0x10);
    write_all(folder / "flipped", damaged);
    const auto map = road::RoadMap::open(folder / "flipped");
    CAPTURE(name);
    REQUIRE_FALSE(map);
    CHECK(map.error().code == base::ErrorCode::kCorrupt);
    CHECK(map.error().where.find("#" + name) != std::string::npos);
    const auto later = road::RoadMap::open(folder / "flipped", road::MapChecks::kLater);
    if (!later) continue;
    use(folder / "flipped", drawn, road::MapChecks::kLater);
    const auto checked = later->check_sections();
    REQUIRE_FALSE(checked);
    CHECK(checked.error().where.find("#" + name) != std::string::npos);
  }
}

TEST_CASE("every byte flipped: refused, or harmless padding") {
  const auto drawn = town();
  const test::BuiltMap built(drawn);
  const auto bytes = read_all(built.file());
  std::size_t opened = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    const bool in_hash_or_padding = (at >= 32 && at < 64) || (at >= 72 && at < 128);
    const auto map = road::decode_map(std::as_bytes(std::span(damaged)), "flipped");
    opened += map.has_value();
    if (!map) CHECK(map.error().code == base::ErrorCode::kCorrupt);
    if (at < 128 && !in_hash_or_padding) CHECK_FALSE(map);
    // What opening lets pass, `map info --check` finds, the header's own unused bytes apart.
    if (map && !(at >= 72 && at < 128))
      CHECK_FALSE(road::check_release(std::as_bytes(std::span(damaged)), "flipped"));
  }
  MESSAGE(opened, " of ", bytes.size(), " flips fell into padding or the header's hash");
}

namespace {

// Where a section's bytes begin, from the section table.
std::size_t section_begin(const std::string& bytes, std::string_view name) {
  std::uint32_t sections = 0;
  std::memcpy(&sections, bytes.data() + 24, 4);
  for (std::size_t entry = 128; entry < 128 + sections * std::size_t{56}; entry += 56) {
    if (name != bytes.data() + entry) continue;
    std::uint64_t offset = 0;
    std::memcpy(&offset, bytes.data() + entry + 32, 8);
    return offset;
  }
  FAIL("no such section");
  return 0;
}

}  // namespace

TEST_CASE("roads that the map is unsure of are checked where a file is altered") {
  const test::BuiltMap built(town());
  const auto bytes = read_all(built.file());
  const test::TempFolder folder;
  struct Row {
    std::string section;
    std::size_t at;  ///< of a 32-bit number in it
    std::uint32_t value;
  };
  constexpr std::uint32_t kOutside = 1'000'000;
  constexpr std::size_t kArc = sizeof(road::Arc);
  const Row rows[] = {
      {"car.unsure", 0, kOutside},  // its edge
      {"car.unsure", kArc, 0},      // another edge than the one before
      {"car.unsure", 8, 1},         // its length
      {"car.unsure", 12, 20'000},   // not unsure
      {"car.joins", 0, kOutside},  {"car.joins", 4, kOutside}, {"classes", 0, 0xffffffff},
  };
  for (const auto& row : rows) {
    CAPTURE(row.section);
    CAPTURE(row.at);
    auto altered = bytes;
    std::memcpy(altered.data() + section_begin(bytes, row.section) + row.at, &row.value, 4);
    test::mend_checksums(altered);
    write_all(folder / "altered", altered);
    const auto opened = road::RoadMap::open(folder / "altered");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().where.ends_with("#" + row.section));
  }
}

TEST_CASE("an edge without two points is refused before its length is read") {
  const auto drawn = town();
  const test::BuiltMap built(drawn);
  const auto bytes = read_all(built.file());
  const test::TempFolder folder;
  const auto edges = section_begin(bytes, "edges");
  for (const std::uint32_t first : {0u, 1u}) {  // the second entry: where the first edge's points end
    auto altered = bytes;
    std::memcpy(altered.data() + edges + 4, &first, 4);
    test::mend_checksums(altered);
    write_all(folder / "altered", altered);
    for (const auto checks : {road::MapChecks::kAtOpening, road::MapChecks::kLater}) {
      const auto opened = road::RoadMap::open(folder / "altered", checks);
      REQUIRE_FALSE(opened);
      CHECK(opened.error().where.ends_with("#edges"));
    }
  }
}

TEST_CASE("an altered file with mended checksums is refused or answers; it never reads outside") {
  constexpr std::uint64_t kSeed = 3;
  MESSAGE("seed ", kSeed);
  const auto drawn = town();
  const test::BuiltMap built(drawn);
  const auto bytes = read_all(built.file());
  const test::TempFolder folder;
  std::mt19937_64 random(kSeed);
  std::size_t opened = 0;
  for (int round = 0; round < 3000; ++round) {
    auto altered = bytes;
    for (std::size_t flips = 1 + random() % 3; flips > 0; --flips) {
      const auto at = 128 + random() % (altered.size() - 128);
      const std::uint32_t values[] = {
          0, 1, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, static_cast<std::uint32_t>(random())};
      const auto value = values[random() % std::size(values)];
      std::memcpy(altered.data() + std::min(at / 4 * 4, altered.size() - 4), &value, 4);
    }
    test::mend_checksums(altered);
    write_all(folder / "altered", altered);
    opened += road::RoadMap::open(folder / "altered").has_value();
    use(folder / "altered", drawn);
    use(folder / "altered", drawn, road::MapChecks::kLater);
  }
  MESSAGE(opened, " of 3000 altered files opened");
  CHECK(opened > 100);  // or the loop tried nothing but refusals
}

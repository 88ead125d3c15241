// Building: what is refused, what stays untouched, what overlapping extracts become.

#include "reckon/road/map_builder.h"

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <string>

#include "reckon/base/file.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::ErrorCode;
using base::Vehicle;

namespace {

test::DrawnMap street() {
  test::DrawnMap drawn("A---B---C");
  drawn.way("AB").way("BC");
  return drawn;
}

std::string read_all(const std::filesystem::path& path) {
  return base::read_file(path, std::size_t{1} << 30).value();
}

}  // namespace

TEST_CASE("build_map: bad inputs are refused with their name, and an older map stays") {
  const test::TempFolder folder;
  street().write(folder / "good.osm.pbf");
  const auto whole = read_all(folder / "good.osm.pbf");
  std::ofstream(folder / "text.osm.pbf") << "this is no PBF";
  std::ofstream(folder / "empty.osm.pbf") << "";
  std::ofstream(folder / "cut.osm.pbf", std::ios::binary) << whole.substr(0, whole.size() - 20);
  test::DrawnMap houses("A---B");
  houses.way("AB", {{"highway", "construction"}});
  houses.write(folder / "roadless.osm.pbf");
  std::ofstream(folder / "old.rmap") << "an older map";

  struct Row {
    std::string input;
    ErrorCode code;
    std::string why;
  };
  for (const auto& row : std::vector<Row>{{"none.osm.pbf", ErrorCode::kEnvironment, "missing"},
                                          {"text.osm.pbf", ErrorCode::kInvalidInput, "another format"},
                                          {"empty.osm.pbf", ErrorCode::kInvalidInput, "empty"},
                                          {"cut.osm.pbf", ErrorCode::kInvalidInput, "truncated"},
                                          {"roadless.osm.pbf", ErrorCode::kInvalidInput, "no road"},
                                          {".", ErrorCode::kInvalidInput, "a folder"}}) {
    CAPTURE(row.why);
    const auto built = road::build_map({{folder / row.input}, folder / "old.rmap"});
    REQUIRE_FALSE(built);
    CHECK(built.error().code == row.code);
    CHECK(built.error().where == (folder / row.input).string());
    CHECK(read_all(folder / "old.rmap") == "an older map");
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "."),
                      std::filesystem::directory_iterator()) == 6);
  CHECK(road::build_map({{folder / "good.osm.pbf"}, folder / "no" / "such" / "folder.rmap"}).error().code ==
        ErrorCode::kEnvironment);
}

TEST_CASE("build_map: an extract cut at any length gives an error or a map, never a crash") {
  const test::TempFolder folder;
  street().write(folder / "good.osm.pbf");
  const auto whole = read_all(folder / "good.osm.pbf");
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    std::ofstream(folder / "cut.osm.pbf", std::ios::binary) << whole.substr(0, length);
    const auto built = road::build_map({{folder / "cut.osm.pbf"}, folder / "m.rmap"});
    refused += !built;
  }
  CHECK(refused == whole.size());
}

TEST_CASE("build_map: options that make no sense are faults") {
  const test::TempFolder folder;
  street().write(folder / "good.osm.pbf");
  CHECK(road::build_map({{}, folder / "m.rmap"}).error().where == "inputs");
  CHECK(road::build_map({{folder / "good.osm.pbf"}, folder / "m.rmap", {}}).error().where == "vehicles");
  CHECK(road::build_map({{folder / "good.osm.pbf"}, folder / "m.rmap", {Vehicle::kCar, Vehicle::kCar}})
            .error()
            .where == "vehicles");
  CHECK_FALSE(std::filesystem::exists(folder / "m.rmap"));
}

TEST_CASE("build_map: the order of vehicles and of objects in the extract does not show in the map") {
  const test::TempFolder folder;
  street().write(folder / "good.osm.pbf");
  const auto one =
      road::build_map({{folder / "good.osm.pbf"}, folder / "1.rmap", {Vehicle::kCar, Vehicle::kFoot}});
  const auto two =
      road::build_map({{folder / "good.osm.pbf"}, folder / "2.rmap", {Vehicle::kFoot, Vehicle::kCar}});
  REQUIRE(one);
  REQUIRE(two);
  CHECK(one->release == two->release);
}

TEST_CASE("build_map: extracts that overlap are one network") {
  const test::TempFolder folder;
  // The same ids in both: way 1 is A-B, way 2 is B-C; the second extract lacks A.
  test::DrawnMap whole("A---B---C---D");
  whole.way("AB").way("BC").way("CD");
  whole.write(folder / "whole.osm.pbf");
  test::DrawnMap part("    B---C");
  part.way("ZY").way("BC");  // Z and Y are nowhere: a way without nodes
  part.write(folder / "part.osm.pbf");
  const auto both =
      road::build_map({{folder / "whole.osm.pbf", folder / "part.osm.pbf"}, folder / "both.rmap"});
  REQUIRE(both);
  CHECK(both->nodes == 4);
  CHECK(both->edges == 2);  // one street, joined through, in two directions
  CHECK(both->sources.size() == 2);
  const auto alone = road::build_map({{folder / "part.osm.pbf"}, folder / "part.rmap"});
  REQUIRE(alone);
  CHECK(alone->nodes == 2);
  CHECK(alone->counts.missing_nodes == 2);
}

TEST_CASE("build_map: progress tells its stages and stays within 0 and 1") {
  const test::TempFolder folder;
  street().write(folder / "good.osm.pbf");
  std::set<std::string> stages;
  road::BuildOptions options{{folder / "good.osm.pbf"}, folder / "m.rmap"};
  options.progress = [&](std::string_view stage, double done) {
    stages.emplace(stage);
    CHECK(done >= 0);
    CHECK(done <= 1);
  };
  REQUIRE(road::build_map(options));
  CHECK(stages.contains("reading ways"));
  CHECK(stages.contains("writing"));
}

TEST_CASE("shape points are kept: a bent street is as long as its line, and its geometry shows the bend") {
  test::DrawnMap drawn(R"(
    A---B
        |
        C---D
)");
  drawn.way("ABC").way("CD");
  test::BuiltMap map(drawn);
  CHECK(map.map().info().edges == 2);
  CHECK(map.trip(Vehicle::kFoot, 'A', 'D') == "ABCD");
  CHECK(map.route(Vehicle::kFoot, drawn.at('A'), drawn.at('D')).distance.value == drawn.metres("ABCD"));
}

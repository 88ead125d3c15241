// A server's corrections: taken up when the file or the hour changes, kept when the file becomes faulty.

#include "reckon/service/corrections.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <thread>

#include "reckon/base/file.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;

namespace {

constexpr auto kMoto = base::Vehicle::kMotorcycle;

struct Town {
  test::TempFolder folder;
  test::DrawnMap drawn = test::DrawnMap(R"(
F---A---B---C---G
    |       |
    D-------E
)")
                             .way("ABC")
                             .way("FA", {{"highway", "service"}})
                             .way("CG", {{"highway", "service"}})
                             .way("AD")
                             .way("DE")
                             .way("CE");
  base::FakeClock clock{*base::parse_rfc3339("2026-11-26T18:00:00Z", "")};
  std::filesystem::path file = folder / "c.json";

  road::MapSet maps() {
    drawn.write(folder / "town.osm.pbf");
    REQUIRE(road::build_map({{folder / "town.osm.pbf"}, folder / "town", {kMoto}}));
    auto maps = road::MapSet::open({folder / "town"});
    REQUIRE(maps);
    return std::move(*maps);
  }
  void write(int version, const std::string& entries) {
    const auto text = fmt::format(R"({{"version": {}, "corrections": [{}]}})", version, entries);
    REQUIRE(base::write_file_atomically(file, text));
  }
  std::string close(const std::string& more = "") {
    return fmt::format(R"({{"id": "a", "kind": "close", "way": {}, "by": "kim", "reason": "x",
                           "recorded": "2026-11-26T18:00:00Z"{}}})",
                       drawn.way_id("ABC"), more);
  }
  std::int64_t metres(const road::Roads& roads) {
    road::Roads::Query query;
    return roads.route(query, kMoto, drawn.at('A'), drawn.at('C')).distance.value;
  }
};

}  // namespace

TEST_CASE("corrections in a server: a changed file is taken up, a faulty one changes nothing") {
  Town town;
  town.write(1, "");
  auto corrections = service::Corrections::open(town.file, town.maps(), town.clock);
  REQUIRE(corrections);
  const auto& roads = *(*corrections)->roads();
  const auto open_m = town.drawn.metres("ABC"), round_m = town.drawn.metres("ADEC");
  CHECK(town.metres(roads) == open_m);
  const std::string& before = roads.release();
  CHECK_FALSE((*corrections)->look().value());

  town.write(2, town.close());
  CHECK((*corrections)->look().value());
  CHECK(town.metres(roads) == round_m);
  CHECK(roads.release() != before);
  CHECK_FALSE((*corrections)->look().value());

  town.write(3, town.close(R"(, "colour": "red")"));
  const auto faulty = (*corrections)->look();
  REQUIRE_FALSE(faulty);
  CHECK(faulty.error().where.find("#/corrections/0") != std::string::npos);
  CHECK_FALSE((*corrections)->look().value());  // told once
  CHECK(town.metres(roads) == round_m);

  std::filesystem::remove(town.file);
  CHECK_FALSE((*corrections)->look());
  CHECK(town.metres(roads) == round_m);

  town.write(4, "");
  CHECK((*corrections)->look().value());
  CHECK(town.metres(roads) == open_m);
  CHECK(roads.release() == before);
}

TEST_CASE("corrections in a server: an entry begins and ends by the clock") {
  Town town;
  town.write(1, town.close(R"(, "from_time": "2026-11-26T19:00:00Z", "until_time": "2026-11-26T20:00:00Z")"));
  auto corrections = service::Corrections::open(town.file, town.maps(), town.clock);
  REQUIRE(corrections);
  const auto& roads = *(*corrections)->roads();
  const auto open_m = town.drawn.metres("ABC"), round_m = town.drawn.metres("ADEC");
  CHECK(town.metres(roads) == open_m);
  town.clock.advance(std::chrono::minutes(59));
  CHECK_FALSE((*corrections)->look().value());
  town.clock.advance(std::chrono::minutes(1));
  CHECK((*corrections)->look().value());
  CHECK(town.metres(roads) == round_m);
  town.clock.advance(std::chrono::hours(1));
  CHECK((*corrections)->look().value());
  CHECK(town.metres(roads) == open_m);
  CHECK_FALSE((*corrections)->look().value());
}

TEST_CASE("corrections in a server: a missing file is a fault at the start") {
  Town town;
  const auto corrections = service::Corrections::open(town.file, town.maps(), town.clock);
  REQUIRE_FALSE(corrections);
  CHECK(corrections.error().code == base::ErrorCode::kEnvironment);
}

TEST_CASE(
    "corrections in a server: an entry for later that names nothing is a fault today, told in its place") {
  Town town;
  town.write(1, town.close(R"(, "until_time": "2026-11-26T17:00:00Z")"));
  auto corrections = service::Corrections::open(town.file, town.maps(), town.clock);
  REQUIRE(corrections);
  town.write(2, town.close(R"(, "until_time": "2026-11-26T17:00:00Z")") +
                    R"(, {"id": "b", "kind": "close", "way": 424242, "by": "kim", "reason": "x",
                          "recorded": "2026-11-26T18:00:00Z", "from_time": "2026-11-26T19:00:00Z"})");
  const auto faulty = (*corrections)->look();
  REQUIRE_FALSE(faulty);
  CHECK(faulty.error().where.find("#/corrections/1") != std::string::npos);
}

// The fast length beside GeographicLib and beside truth computed in long double.

#include "reckon/geo/ecef.h"

#include <doctest/doctest.h>

#include <GeographicLib/Geodesic.hpp>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <numbers>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "reckon/geo/geodesic.h"
#include "reckon/geo/sin_cos.h"
#include "road/drawn_map_fixture.h"

namespace {

using namespace reckon;
using geo::LatLng;

constexpr double kBoundM = 10e-9;

LatLng place(double lat, double lng) {
  return LatLng::from_degrees(lat, lng, "test").value();
}

double by_geographiclib(const LatLng& a, const LatLng& b) {
  double metres = 0;
  GeographicLib::Geodesic::WGS84().Inverse(a.lat_deg(), a.lng_deg(), b.lat_deg(), b.lng_deg(), metres);
  return metres;
}

/// Pairs of 1 m to 50 km: anywhere, round the poles, over the antimeridian, on the equator, in Seoul.
class Pairs {
 public:
  explicit Pairs(std::uint64_t seed) : random_(seed) {}

  std::pair<LatLng, LatLng> next() {
    const auto from = start();
    const double metres = std::exp(between(0, std::log(49'990.0)));
    double lat = 0, lng = 0;
    GeographicLib::Geodesic::WGS84().Direct(from.lat_deg(), from.lng_deg(), between(-180, 180), metres, lat,
                                            lng);
    return {from, place(lat, lng)};
  }

 private:
  LatLng start() {
    switch (random_() % 5) {
      case 0:
        return place(std::asin(between(-1, 1)) * 180 / std::numbers::pi, between(-180, 180));
      case 1:
        return place((random_() % 2 == 0 ? 1 : -1) * (90 - between(0, 0.5)), between(-180, 180));
      case 2:
        return place(between(-80, 80), (random_() % 2 == 0 ? 1 : -1) * (180 - between(0, 0.2)));
      case 3:
        return place(between(-0.3, 0.3), between(-180, 180));
      default:
        return place(between(37.4, 37.7), between(126.8, 127.2));
    }
  }
  double between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("sin_cos_deg: quarters are exact, and the rest is within an ulp of libm's long double") {
  const auto at = [](double degrees) {
    const auto [sin, cos] = geo::sin_cos_deg(degrees);
    return std::array{sin, cos};
  };
  CHECK(at(0) == std::array{0.0, 1.0});
  CHECK(at(90) == std::array{1.0, 0.0});
  CHECK(at(-90) == std::array{-1.0, 0.0});
  CHECK(at(180) == std::array{0.0, -1.0});
  CHECK(at(-180) == std::array{0.0, -1.0});
  long double worst = 0;
  for (int i = -1'800'000; i <= 1'800'000; ++i) {
    const double degrees = i / 1e4;
    const long double radians = static_cast<long double>(degrees) * std::numbers::pi_v<long double> / 180;
    const auto [sin, cos] = geo::sin_cos_deg(degrees);
    worst = std::max({worst, std::abs(sin - std::sin(radians)), std::abs(cos - std::cos(radians))});
  }
  MESSAGE("worst of sin_cos_deg: ", static_cast<double>(worst));
  CHECK(worst < 2.3e-16L);
}

TEST_CASE("geodesic_m: within 10 nm of GeographicLib up to 50 km, wherever on Earth") {
  const char* wanted = std::getenv("RECKON_GEODESICS");  // 10000000 runs the full bar
  const auto count = wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 200'000;
  constexpr std::uint64_t kSeed = 20261123;
  MESSAGE("seed ", kSeed, ", ", count, " pairs");
  Pairs pairs(kSeed);
  double worst = 0;
  for (unsigned long i = 0; i < count; ++i) {
    const auto [a, b] = pairs.next();
    worst = std::max(worst, std::abs(geo::geodesic_m(a, b) - by_geographiclib(a, b)));
  }
  MESSAGE("worst difference ", worst * 1e9, " nm");
  CHECK(worst <= kBoundM);
}

TEST_CASE("geodesic_m: the same through ECEF points and through degrees, both ways round, 0 for one place") {
  Pairs pairs(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto [a, b] = pairs.next();
    const auto metres = geo::geodesic_m(a, b);
    REQUIRE(metres == geo::geodesic_m(geo::to_ecef(a), geo::to_ecef(b)));
    REQUIRE(metres == geo::geodesic_m(b, a));
    REQUIRE(geo::geodesic_m(a, a) == 0);
  }
  CHECK(geo::geodesic_m(place(90, 12), place(90, -77)) == 0);
  CHECK(geo::geodesic_m(place(12, 180), place(12, -180)) == 0);
}

TEST_CASE("geodesic_m: beyond 50 km it is GeographicLib's, to points too") {
  const std::pair<LatLng, LatLng> rows[] = {{place(37.5, 127), place(35.1, 129)},
                                            {place(0, 0), place(0.5, 179.7)},
                                            {place(90, 0), place(-90, 0)},
                                            {place(10, 179), place(11, -179)},
                                            {place(37.5, 127), place(37.5, 127.57)}};
  for (const auto& [a, b] : rows) {
    const double exact = by_geographiclib(a, b);
    REQUIRE(exact > geo::kChordGeodesicM);
    CHECK(geo::geodesic_m(a, b) == exact);
    CHECK(std::abs(geo::geodesic_m(geo::to_ecef(a), geo::to_ecef(b)) - exact) < 50e-9);
  }
}

TEST_CASE("geodesics_m: the very bits of geodesic_m, near and far, for every count") {
  std::mt19937_64 random(5);
  const auto pick = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const auto from = geo::to_ecef(place(37.55, 126.98));
  for (const std::size_t count : std::vector<std::size_t>{0, 1, 2, 3, 5, 511, 512, 513, 2000}) {
    geo::EcefPoints to;
    for (std::size_t i = 0; i < count; ++i) {
      const double spread = i % 50 == 7 ? 2 : 0.05;  // some beyond 50 km
      to.add(geo::to_ecef(place(37.55 + pick(-spread, spread), 126.98 + pick(-spread, spread))));
    }
    if (count > 2) to.add(from);
    std::vector<double> metres(to.size());
    geo::geodesics_m(from, to, metres);
    std::size_t differ = 0;
    for (std::size_t i = 0; i < to.size(); ++i) {
      const double one = geo::geodesic_m(from, to[i]);
      differ += std::bit_cast<std::uint64_t>(one) == std::bit_cast<std::uint64_t>(metres[i]) ? 0u : 1u;
    }
    CAPTURE(count);
    CHECK(differ == 0);
  }
}

TEST_CASE("geodesic_m: every machine computes the same bits") {
  // FNV-1a over the bits of 100,000 lengths between places of whole 1e-7 degrees, up to 50 km in Korea.
  std::mt19937_64 random(9);
  std::uint64_t hash = 0xcbf29ce484222325;
  for (int i = 0; i < 100'000; ++i) {
    const auto lat = 350'000'000 + static_cast<std::int32_t>(random() % 30'000'000);
    const auto lng = 1'260'000'000 + static_cast<std::int32_t>(random() % 30'000'000);
    const auto a = LatLng::from_e7(lat, lng);
    const auto west = static_cast<std::int32_t>(random() % 3'000'000);  // one draw a line: order matters
    const auto north = static_cast<std::int32_t>(random() % 3'000'000);
    const auto b = LatLng::from_e7(lat + north, lng - west);
    hash = (hash ^ std::bit_cast<std::uint64_t>(geo::geodesic_m(a, b))) * 0x100000001b3;
  }
  CHECK(hash == 0xb50417261ca26f26);
}

TEST_CASE("geodesic_m: the golden pairs, truth in long double") {
  const auto data = test::shared_data();
  if (!data) {
    MESSAGE(
        "SKIPPED: no shared data (RECKON_SHARED_DATA); lengths were compared with GeographicLib in double "
        "only");
    return;
  }
  std::ifstream file(*data / "geodesic" / "geod-short-golden.csv");
  REQUIRE(file);
  double worst = 0;
  std::size_t rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#') || line.starts_with("lat1")) continue;
    for (auto& c : line) c = c == ',' ? ' ' : c;
    std::istringstream fields(line);
    double lat1 = 0, lng1 = 0, lat2 = 0, lng2 = 0, metres = 0;
    fields >> lat1 >> lng1 >> lat2 >> lng2 >> metres;
    REQUIRE_FALSE(fields.fail());
    worst = std::max(worst, std::abs(geo::geodesic_m(place(lat1, lng1), place(lat2, lng2)) - metres));
    ++rows;
  }
  MESSAGE(rows, " golden pairs, worst error ", worst * 1e9, " nm");
  CHECK(rows == 2160);
  CHECK(worst <= kBoundM);
}

TEST_CASE("geodesic_m: rows of the published geodesic test set") {
  const auto data = test::shared_data();
  if (!data) {
    MESSAGE("SKIPPED: no shared data (RECKON_SHARED_DATA)");
    return;
  }
  std::ifstream file(*data / "geodesic" / "GeodTest-100.dat");
  REQUIRE(file);
  double worst = 0;
  std::size_t rows = 0;
  for (double lat1, lng1, azi1, lat2, lng2, azi2, metres, arc, reduced, area;
       file >> lat1 >> lng1 >> azi1 >> lat2 >> lng2 >> azi2 >> metres >> arc >> reduced >> area;) {
    if (std::abs(lng2) > 180) lng2 = std::remainder(lng2, 360);
    worst = std::max(worst, std::abs(geo::geodesic_m(place(lat1, lng1), place(lat2, lng2)) - metres));
    ++rows;
  }
  MESSAGE(rows, " rows of the geodesic test set, worst error ", worst * 1e9, " nm");
  CHECK(rows == 100);
  CHECK(worst <= 100e-9);  // the set's own lengths stand to 100 nm
}

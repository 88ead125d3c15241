#include "reckon/geo/geodesic.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using reckon::geo::geodesic_m;
using reckon::geo::LatLng;

namespace {
LatLng place(double lat, double lng) {
  return LatLng::from_degrees(lat, lng, "test").value();
}
}  // namespace

TEST_CASE("geodesic_m: known lengths, poles and the antimeridian") {
  CHECK(geodesic_m(place(0, 0), place(0, 1)) == doctest::Approx(111319.490793).epsilon(1e-9));
  CHECK(geodesic_m(place(0, 179.5), place(0, -179.5)) == doctest::Approx(111319.490793).epsilon(1e-9));
  CHECK(geodesic_m(place(90, 0), place(-90, 77)) == doctest::Approx(20003931.458625).epsilon(1e-9));
  CHECK(geodesic_m(place(37.5, 127), place(37.5, 127)) == 0);
}

TEST_CASE("haversine_6371000_m: a degree of a sphere's meridian") {
  CHECK(reckon::geo::haversine_6371000_m(place(37, 127), place(38, 127)) ==
        doctest::Approx(6'371'000.0 * std::acos(-1.0) / 180).epsilon(1e-12));
}

TEST_CASE("LatLng: what is no place is refused, and a swap is said to be one") {
  CHECK_FALSE(LatLng::from_degrees(std::numeric_limits<double>::quiet_NaN(), 0, "w"));
  CHECK_FALSE(LatLng::from_degrees(0, 181, "w"));
  const auto swapped = LatLng::from_degrees(126.978, 37.5665, "--from");
  REQUIRE_FALSE(swapped);
  CHECK(swapped.error().where == "--from");
  CHECK(swapped.error().message.find("look swapped") != std::string::npos);
  CHECK(LatLng::from_degrees(91, 0, "w").error().message.find("swapped") == std::string::npos);
  CHECK(reckon::geo::looks_swapped_in_korea(126.978, 37.5665));
  CHECK_FALSE(reckon::geo::looks_swapped_in_korea(37.5665, 126.978));
}

TEST_CASE("LatLng::parse: LAT,LON and nothing else") {
  CHECK(LatLng::parse("37.5665,126.9780", "w").value() == place(37.5665, 126.978));
  CHECK(LatLng::parse("37.5665, 126.9780", "w").value() == place(37.5665, 126.978));
  for (const std::string text : {"", " 37.5,126.9", "37.5,  126.9", "37.5", "37.5,", "37.5 126.9",
                                 "37.5,126.9,1", "a,b", "nan,1", "37,5,126,9"}) {
    CAPTURE(text);
    CHECK_FALSE(LatLng::parse(text, "w"));
  }
}

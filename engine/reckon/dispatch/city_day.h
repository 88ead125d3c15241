#pragma once

// Days of any city in the simulator: orders and couriers at coordinates, read from tables or made up on a
// road map, with rides over roads or straight lines with a detour. docs/dispatch.md, "Playing days".

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/base/vehicle.h"
#include "reckon/dispatch/mdrp.h"
#include "reckon/geo/lat_lng.h"
#include "reckon/road/road_map.h"

namespace reckon::dispatch::mdrp {

inline constexpr std::size_t kMaxCityBytes = std::size_t{64} << 20;

/// Shops times places, of which each takes 16 bytes: 512 MB. A thousand shops with 30,000 orders a day fit.
inline constexpr std::size_t kMaxShopRides = 32'000'000;

/// The longest id of an order or courier.
inline constexpr std::size_t kMaxNameBytes = 100;

/// A day whose times are seconds of the day (those past midnight go on counting).
struct CityDay {
  Instance instance;
  std::vector<geo::LatLng> places;  ///< by place
};

/// Reads `orders.csv` (`order_id, pick_up_lat, pick_up_lng, drop_off_lat, drop_off_lng, placement_time,
/// ready_time` and, if it has it, `expected_drop_off_time`) and `couriers.csv` (`courier_id, vehicle, on_lat,
/// on_lng, on_time, off_time`) of a folder; times are `HH:MM:SS`, those more than twelve hours before the
/// placement are of the next day. Nothing is ready or promised before it was placed. Who
/// goes off in the second in which he came on is there, and works nothing. Ids are plain words. Orders picked
/// up at one coordinate are of one shop. Rides are straight lines by the parameters; bicycles and walkers are
/// slower (kPaces).
/// @errors kEnvironment  a file is missing
///         kInvalidInput every fault by line
base::Result<CityDay> read_city_day(const std::filesystem::path& folder, const Parameters& parameters);

/// The texts of the two files that read_city_day reads.
struct CityFiles {
  std::string orders;
  std::string couriers;
};
CityFiles city_files(const CityDay& day);

/// Fills in the instance's points from the places: metres east and north of the first shop.
void set_points(CityDay& day);

/// Lets all ride over roads: times and metres of the map's fastest routes for `vehicle`, which it serves.
/// @param map  must outlive the day
/// @errors kLimit         shops x places are more than kMaxShopRides
///         kInvalidInput  each place that is off the map, each order without a way from its shop to its door
/// Cost: shops x places cells, twice.
base::Result<void> ride_roads(CityDay& day, const road::Roads& map, base::Vehicle vehicle);

/// What is to be made up.
struct CityDemand {
  std::size_t orders = 1000;  ///< [1, kMaxRows], as riders; shops [1, 10'000]
  std::size_t shops = 80;
  std::size_t riders = 60;
  int from_hour = 10;  ///< of opening and closing; [0, 24], to > from
  int to_hour = 22;
  std::uint64_t seed = 1;
  Parameters parameters = {};
};

/// Makes up a day on the map's roads: shops in clusters with few popular ones, doors a kilometre or two away,
/// two peaks at noon and in the evening, shifts of three to six hours that follow them. The same seed and map
/// give the same day. Rides over the map's roads; see ride_roads.
/// @errors kInvalidInput  the map has no two places between which `vehicle` gets there and back
base::Result<CityDay> make_city_day(const road::RoadMap& map, base::Vehicle vehicle,
                                    const CityDemand& demand);

}  // namespace reckon::dispatch::mdrp

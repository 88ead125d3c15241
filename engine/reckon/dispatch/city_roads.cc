// Rides of a city's day over a road map.

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "reckon/base/limits.h"
#include "reckon/dispatch/city_day.h"

namespace reckon::dispatch::mdrp {
namespace {

constexpr std::size_t kShopsAtOnce = 16;  // bounds the cells that stand in memory

struct Ride {
  std::int32_t seconds = kNever;
  float metres = 0;
};

Ride ride_of(const road::TableCell& cell) {
  if (cell.status != road::RouteStatus::kOk) return {};
  const auto seconds = std::min<std::int64_t>((cell.duration_ds + 9) / 10, kNever);
  return {static_cast<std::int32_t>(seconds), static_cast<float>(cell.distance.value)};
}

// Tables from and to all shops, which are the first places; other rides are asked for when they are needed
// first. One thread at a time.
class RoadWays : public Ways {
 public:
  RoadWays(const road::Roads& map, base::Vehicle vehicle, const CityDay& day)
      : map_(map), vehicle_(vehicle), places_(day.places), shops_(day.instance.restaurants.size()) {
    for (std::size_t first = 0; first < shops_; first += kShopsAtOnce) {
      const auto some = std::span(places_).subspan(first, std::min(kShopsAtOnce, shops_ - first));
      for (const auto& cell : map.table(query_, vehicle, some, places_)) from_shop_.push_back(ride_of(cell));
      const auto columns = map.table(query_, vehicle, places_, some);
      for (std::size_t s = 0; s < some.size(); ++s) {
        for (std::size_t p = 0; p < places_.size(); ++p)
          to_shop_.push_back(ride_of(columns[p * some.size() + s]));
      }
    }
  }

  std::int32_t ride(std::uint32_t from, std::uint32_t to) const override { return find(from, to).seconds; }
  double metres(std::uint32_t from, std::uint32_t to) const override { return find(from, to).metres; }

 private:
  const Ride& find(std::uint32_t from, std::uint32_t to) const {
    if (to < shops_) return to_shop_[to * places_.size() + from];
    if (from < shops_) return from_shop_[from * places_.size() + to];
    const auto [found, is_new] = others_.try_emplace((std::uint64_t{from} << 32) | to);
    if (is_new) {
      const auto route = map_.route(query_, vehicle_, places_[from], places_[to]);
      found->second = ride_of({route.status, route.distance, route.duration_ds});
    }
    return found->second;
  }

  const road::Roads& map_;
  base::Vehicle vehicle_;
  std::vector<geo::LatLng> places_;
  std::size_t shops_;
  std::vector<Ride> from_shop_;  // shop after shop
  std::vector<Ride> to_shop_;
  mutable road::Roads::Query query_;
  mutable std::unordered_map<std::uint64_t, Ride> others_;
};

std::string name_of_place(const Instance& instance, std::uint32_t place) {
  const char* kind = "shop";
  if (place >= instance.restaurants.size()) kind = "the door of order";
  if (place >= instance.place_of_courier(0)) kind = "courier";
  return fmt::format("{} {}", kind, instance.place_name(place));
}

}  // namespace

base::Result<void> ride_roads(CityDay& day, const road::Roads& map, base::Vehicle vehicle) {
  Instance& instance = day.instance;
  const std::size_t shops = instance.restaurants.size();
  if (shops > 0 && day.places.size() > kMaxShopRides / shops) {
    return base::fail(
        base::ErrorCode::kLimit, "the day",
        fmt::format("has {} shops and {} places, whose rides do not fit into memory; shops times "
                    "places of at most {} are allowed",
                    shops, day.places.size(), kMaxShopRides));
  }
  std::vector<base::Fault> faults;
  const auto fault = [&](std::string where, std::string what) {
    if (faults.size() < base::kMaxFaults) faults.push_back({std::move(where), std::move(what)});
  };
  for (std::uint32_t p = 0; p < day.places.size(); ++p) {
    if (map.snap(vehicle, day.places[p])) continue;
    fault(name_of_place(instance, p),
          fmt::format("is off the map; allowed: within {} m of a road", road::kDefaultMaxSnapM));
  }
  if (faults.empty()) {
    instance.ways = std::make_shared<RoadWays>(map, vehicle, day);
    for (std::size_t o = 0; o < instance.orders.size(); ++o) {
      const auto shop = instance.orders[o].restaurant;
      if (instance.ride(shop, instance.place_of_door(o)) < kNever) continue;
      fault(fmt::format("order {}", instance.orders[o].name),
            fmt::format("has no way for a {} from its shop to its door; allowed: orders that can be brought",
                        to_string(vehicle)));
    }
  }
  if (faults.empty()) return {};
  instance.ways.reset();
  return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
}

}  // namespace reckon::dispatch::mdrp

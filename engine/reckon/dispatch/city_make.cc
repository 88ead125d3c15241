// A city's day made up on a road map. What is assumed of shops, doors, hours and shifts: docs/dispatch.md.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "reckon/dispatch/city_day.h"
#include "reckon/dispatch/rng.h"
#include "reckon/geo/local_frame.h"

namespace reckon::dispatch::mdrp {
namespace {

constexpr std::size_t kMaxStreets = 2'000'000;
constexpr std::size_t kCandidates = 20'000;  // places on roads that are drawn from
constexpr std::size_t kAnchors = 8;          // places that are tried as the middle of things
constexpr double kCellM = 250;
constexpr double kShopSpreadM = 400;  // of shops round their cluster's middle
constexpr std::size_t kShopsACluster = 8;
constexpr double kPopularity = 0.7;  // the n-th shop gets orders as n to the minus this
constexpr double kUsualRideM = 1500;
constexpr double kRideSpread = 0.5;  // of its logarithm
constexpr double kLongestRideM = 5000;
constexpr double kPi = 3.141592653589793;
constexpr double kNoon = 12.25, kNoonHours = 1.0;
constexpr double kEvening = 19.25, kEveningHours = 1.4;
constexpr double kQuiet = 0.12;  // of the evening's peak, at any hour
constexpr double kPrepareMinutes = 16, kPrepareSd = 6, kPrepareLeast = 4, kPrepareMost = 45;
constexpr double kShortestShift = 3, kLongestShift = 6;

// Places on roads from each of which the others can be reached, and the nearest of them to any point.
class Ground {
 public:
  Ground(const road::RoadMap& map, base::Vehicle vehicle) {
    std::vector<geo::LatLng> all = on_streets(map, vehicle);
    for (std::size_t i = 0; i < std::min(kAnchors, all.size()) && places_.size() * 2 < all.size(); ++i)
      keep_connected(map, vehicle, all, all[all.size() * i / kAnchors]);
    if (places_.empty()) return;
    frame_.emplace(geo::PlaceE7::nearest(places_.front()));
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
      const auto at = point(i);
      cells_[cell(at.x, at.y)].push_back(i);
    }
  }

  std::size_t size() const { return places_.size(); }
  const geo::LatLng& place(std::uint32_t i) const { return places_[i]; }
  geo::LocalPoint point(std::uint32_t i) const { return frame_->at(geo::PlaceE7::nearest(places_[i])); }

  /// The nearest of the places round the cell of (x, y); nothing where none is within a cell or two.
  std::optional<std::uint32_t> near(double x, double y) const {
    std::optional<std::uint32_t> best;
    double least = 4 * kCellM * kCellM;
    for (int dx = -2; dx <= 2; ++dx) {
      for (int dy = -2; dy <= 2; ++dy) {
        const auto found = cells_.find(cell(x + dx * kCellM, y + dy * kCellM));
        if (found == cells_.end()) continue;
        for (const auto i : found->second) {
          const auto at = point(i);
          const double squared = (at.x - x) * (at.x - x) + (at.y - y) * (at.y - y);
          if (squared >= least) continue;
          least = squared;
          best = i;
        }
      }
    }
    return best;
  }

 private:
  static std::int64_t cell(double x, double y) {
    const auto column = static_cast<std::int64_t>(std::floor(x / kCellM));
    return column * 1'000'003 + static_cast<std::int64_t>(std::floor(y / kCellM));
  }

  static std::vector<geo::LatLng> on_streets(const road::RoadMap& map, base::Vehicle vehicle) {
    const auto& info = map.info();
    std::vector<geo::LatLng> out;
    for (const auto& street :
         map.streets_in({info.south, info.west, info.north, info.east}, vehicle, kMaxStreets)) {
      if (street.open && !street.closed) out.push_back(street.line[street.line.size() / 2]);
    }
    if (out.size() <= kCandidates) return out;
    std::vector<geo::LatLng> thinned;
    for (std::size_t i = 0; i < kCandidates; ++i) thinned.push_back(out[i * out.size() / kCandidates]);
    return thinned;
  }

  void keep_connected(const road::RoadMap& map, base::Vehicle vehicle, const std::vector<geo::LatLng>& all,
                      const geo::LatLng& anchor) {
    road::Roads::Query query;
    const auto there = map.table(query, vehicle, {&anchor, 1}, all);
    const auto back = map.table(query, vehicle, all, {&anchor, 1});
    std::vector<geo::LatLng> kept;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (there[i].status == road::RouteStatus::kOk && back[i].status == road::RouteStatus::kOk)
        kept.push_back(all[i]);
    }
    if (kept.size() > places_.size()) places_ = std::move(kept);
  }

  std::vector<geo::LatLng> places_;
  std::optional<geo::LocalFrame> frame_;
  std::unordered_map<std::int64_t, std::vector<std::uint32_t>> cells_;
};

class Maker {
 public:
  Maker(const Ground& ground, const CityDemand& demand)
      : ground_(ground), demand_(demand), rng_(demand.seed) {}

  CityDay make() {
    day_.instance.name = fmt::format("city-{}", demand_.seed);
    day_.instance.unit_seconds = 1;
    day_.instance.parameters = demand_.parameters;
    make_shops();
    std::vector<std::int32_t> times;
    for (std::size_t i = 0; i < demand_.orders; ++i) times.push_back(seconds(hour()));
    std::ranges::sort(times);
    for (const auto placed : times) make_order(placed);
    for (std::size_t i = 0; i < demand_.riders; ++i) make_courier(i);
    for (const auto* part : {&shops_, &doors_, &starts_}) {
      for (const auto place : *part) day_.places.push_back(ground_.place(place));
    }
    set_points(day_);
    return std::move(day_);
  }

 private:
  std::uint32_t anywhere() { return rng_.below(static_cast<std::uint32_t>(ground_.size())); }
  static std::int32_t seconds(double hours) { return static_cast<std::int32_t>(hours * 3600); }

  void make_shops() {
    const std::size_t clusters = std::max<std::size_t>(1, demand_.shops / kShopsACluster);
    for (std::size_t i = 0; i < clusters; ++i) clusters_.push_back(anywhere());
    double sum = 0;
    for (std::size_t i = 0; i < demand_.shops; ++i) {
      const auto middle = clusters_[rng_.below(static_cast<std::uint32_t>(clusters))];
      const auto at = ground_.point(middle);
      const double x = at.x + kShopSpreadM * normal(rng_);
      const double y = at.y + kShopSpreadM * normal(rng_);
      shops_.push_back(ground_.near(x, y).value_or(middle));
      sum += std::pow(static_cast<double>(i + 1), -kPopularity);
      popularity_.push_back(sum);
      day_.instance.restaurants.push_back({fmt::format("s{}", i + 1), {}});
    }
  }

  // How many orders an hour, against the evening's peak.
  static double busy(double at) {
    const auto bell = [&](double peak, double width) {
      return std::exp(-(at - peak) * (at - peak) / (2 * width * width));
    };
    return kQuiet + (1 - kQuiet) * std::max(0.8 * bell(kNoon, kNoonHours), bell(kEvening, kEveningHours));
  }

  double hour() {
    for (;;) {
      const double at = demand_.from_hour + rng_.unit() * (demand_.to_hour - demand_.from_hour);
      if (rng_.unit() < busy(at)) return at;
    }
  }

  std::uint32_t door_for(std::uint32_t shop) {
    const auto at = ground_.point(shops_[shop]);
    for (int tries = 0; tries < 50; ++tries) {
      const double far = std::min(kLongestRideM, kUsualRideM * std::exp(kRideSpread * normal(rng_)));
      const double way = 2 * kPi * rng_.unit();
      const auto found = ground_.near(at.x + far * std::cos(way), at.y + far * std::sin(way));
      if (found) return *found;
    }
    return anywhere();  // a town smaller than a usual ride
  }

  void make_order(std::int32_t placed) {
    const auto found = std::ranges::upper_bound(popularity_, rng_.unit() * popularity_.back());
    const auto shop = static_cast<std::uint32_t>(
        std::min<std::ptrdiff_t>(found - popularity_.begin(), std::ssize(shops_) - 1));
    const double minutes =
        std::clamp(kPrepareMinutes + kPrepareSd * normal(rng_), kPrepareLeast, kPrepareMost);
    doors_.push_back(door_for(shop));
    day_.instance.orders.push_back({.name = fmt::format("o{}", day_.instance.orders.size() + 1),
                                    .at = {},
                                    .placed = placed,
                                    .restaurant = shop,
                                    .ready = placed + seconds(minutes / 60),
                                    .promised = {}});
  }

  // A shift that has one of the day's busy moments in it.
  void make_courier(std::size_t index) {
    const double length = std::min<double>(kShortestShift + rng_.unit() * (kLongestShift - kShortestShift),
                                           demand_.to_hour - demand_.from_hour);
    const double last = demand_.to_hour - length;
    const double on = std::clamp(hour() - rng_.unit() * length, double{1} * demand_.from_hour, last);
    const auto middle = clusters_[rng_.below(static_cast<std::uint32_t>(clusters_.size()))];
    const auto at = ground_.point(middle);
    const double x = at.x + 2 * kShopSpreadM * normal(rng_);
    const double y = at.y + 2 * kShopSpreadM * normal(rng_);
    starts_.push_back(ground_.near(x, y).value_or(middle));
    day_.instance.couriers.push_back({.name = fmt::format("c{}", index + 1),
                                      .at = {},
                                      .on = seconds(on),
                                      .off = seconds(on + length) + kAfterClosing});
  }

  // Riders stay for what is ordered in the last minutes.
  static constexpr std::int32_t kAfterClosing = 45 * 60;

  const Ground& ground_;
  const CityDemand& demand_;
  Rng rng_;
  CityDay day_;
  std::vector<std::uint32_t> clusters_;
  std::vector<std::uint32_t> shops_;
  std::vector<double> popularity_;  // running sums
  std::vector<std::uint32_t> doors_;
  std::vector<std::uint32_t> starts_;
};

}  // namespace

base::Result<CityDay> make_city_day(const road::RoadMap& map, base::Vehicle vehicle,
                                    const CityDemand& demand) {
  RECKON_CHECK(demand.orders > 0 && demand.shops > 0 && demand.riders > 0 &&
               demand.from_hour < demand.to_hour);
  const Ground ground(map, vehicle);
  if (ground.size() < 2) {
    return base::fail(base::ErrorCode::kInvalidInput, std::string(map.release()),
                      fmt::format("has no two places between which a {} gets there and back; allowed: a map "
                                  "of a town",
                                  to_string(vehicle)));
  }
  CityDay day = Maker(ground, demand).make();
  const auto ridden = ride_roads(day, map, vehicle);
  if (!ridden) return base::fail(ridden.error());
  return day;
}

}  // namespace reckon::dispatch::mdrp

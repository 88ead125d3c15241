#include "reckon/distance/lesson.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "reckon/distance/pairs.h"

namespace reckon::distance {
namespace {

/// What estimates are made of: as the ladder has them while the provider is gone.
struct Means {
  const Learned* learned = nullptr;
  const road::RoadMap* map = nullptr;
  const DoorGraph* others = nullptr;  ///< answers that are remembered
};

Parity parity_with(const Means& means, base::Vehicle vehicle, std::span<const AnsweredTrip> trips) {
  road::Roads::Query query;
  return measure_parity(trips, [&](const geo::LatLng& from, const geo::LatLng& to) {
    auto local = local_estimate(means.map, query, vehicle, from, to);
    if (means.learned == nullptr) return local.estimate;
    means.learned->improve(local, vehicle, from, to);
    if (local.source.kind == SourceKind::kGeodesic && means.others != nullptr) {
      if (const auto known =
              means.learned->between_doors(means.others->bounds(from, to), local.view.geodesic_m))
        return *known;
    }
    return local.estimate;
  });
}

// Goes on to learn from all trips, those that told how well it went among them. Intervals of the routes stay
// those of the models before, which saw fewer trips. False when `progress` stopped it.
bool learn_from_all(Calibration& made, const road::RouteNetwork* network, std::span<const AnsweredTrip> trips,
                    const FitProgress& progress) {
  auto straight = calibrate(made.provider, made.vehicle, nullptr, "", trips);
  made.pairs = straight->pairs;
  made.detour = std::move(straight->detour);
  made.detour_interval = std::move(straight->detour_interval);
  made.doors = std::move(straight->doors);
  if (network == nullptr || made.map_release.empty()) return true;
  RouteFitOptions further;
  further.start = &made.routes;
  if (made.routes.edge_times.empty() && made.routes.turn_times.empty()) further.time_rounds = 0;
  const auto closed = std::ranges::count(made.routes.edges, road::kEdgeClosed,
                                         [](const auto& change) { return change.add_ms; });
  if (closed == 0) further.road_rounds = 0;
  if (closed == std::ssize(made.routes.edges)) further.preference_rounds = 0;
  auto fit = fit_routes(*network, trips.last(std::min(kMostPairs, trips.size())), further, progress);
  if (fit.stopped) return false;
  made.routes = std::move(fit.model);
  made.alike = static_cast<std::int64_t>(fit.alike);
  return true;
}

}  // namespace

base::Result<std::optional<Lesson>> learn(std::string provider, base::Vehicle vehicle,
                                          const std::shared_ptr<const road::RoadMap>& map,
                                          std::span<const AnsweredTrip> trips, const FitProgress& progress) {
  const auto refuse = [](std::string what) {
    return base::fail(base::ErrorCode::kInvalidInput, "pairs", std::move(what));
  };
  if (trips.size() < kLeastPairs)
    return refuse(
        fmt::format("{} trips with different doors are too few; {} are needed", trips.size(), kLeastPairs));
  if (map && !map->serves(vehicle))
    return refuse(fmt::format("are of {}, which the map does not serve", base::to_string(vehicle)));
  const auto apart = trips.last(trips.size() / kCheckedShare);
  const auto used = trips.first(trips.size() - apart.size());
  Lesson lesson;
  lesson.learned_from = trips.size();
  std::optional<road::RouteNetwork> network;
  if (map) network.emplace(map->network(vehicle));
  std::vector<Scored> told;
  auto made = calibrate(std::move(provider), vehicle, network ? &*network : nullptr,
                        map ? map->info().release : "", used, progress, &told);
  if (!made) return std::optional<Lesson>{};
  auto learned = Learned::make(map, *made);
  if (!learned) return base::fail(learned.error());
  DoorGraph others;
  for (std::size_t i = 0; i < used.size(); ++i) others.add(used[i].from, used[i].to, used[i].metres, {}, i);
  lesson.before = parity_with({nullptr, map.get(), nullptr}, vehicle, apart);
  lesson.after = parity_with({learned->get(), map.get(), &others}, vehicle, apart);
  if (map && lesson.after.same_100 < lesson.before.same_100) {
    lesson.roads_kept = false;
    made->map_release.clear();
    made->routes = {};
    made->road_interval.clear();
    lesson.after = parity_with({Learned::detour_of(*made).get(), map.get(), &others}, vehicle, apart);
  }
  // How well it went is told; now these trips tell, too, how sure the routes are.
  if (network && !made->map_release.empty()) {
    std::ranges::copy(score_routes(*network, made->routes, apart), std::back_inserter(told));
    made->road_interval = fit_interval(std::move(told));
  }
  if (!learn_from_all(*made, network ? &*network : nullptr, trips, progress)) return std::optional<Lesson>{};
  lesson.calibration = *std::move(made);
  return std::optional<Lesson>(std::move(lesson));
}

}  // namespace reckon::distance

#include "reckon/distance/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/distance/pairs.h"
#include "reckon/distance/parity.h"
#include "reckon/geo/geodesic.h"

namespace reckon::distance {
namespace {

constexpr double kStepM = 100;  // of the fees that a model is chosen by
constexpr std::size_t kLeastInDetourBin = 40;
constexpr std::size_t kMostDetourBins = 40;
constexpr std::size_t kMostEdges = 4'000'000;  // of a country's map

struct Said {
  double straight_m;
  double metres;
};

constexpr int kFurtherRounds = 2;
constexpr std::size_t kMostKnots = 1000;
constexpr std::array<std::string_view, 3> kPlanes = {"local", "mercator", "whole_metres"};  // by DoorPlane

// Median of said over straight in bins of equal counts, then pooled until metres grow with the straight line
// (pool adjacent violators).
std::vector<DetourPoint> fit_detour(std::vector<Said> said) {
  struct Pool {
    double at, metres, weight;
  };
  std::vector<Pool> pools;
  std::erase_if(said, [](const Said& one) { return one.straight_m < 1; });
  std::ranges::sort(said, {}, &Said::straight_m);
  const std::size_t count = std::min(kMostDetourBins, said.size() / kLeastInDetourBin);
  for (std::size_t b = 0; b < count; ++b) {
    const std::size_t first = said.size() * b / count, end = said.size() * (b + 1) / count;
    std::vector<double> shares;
    double at = 0;
    for (auto i = first; i < end; ++i) {
      shares.push_back(said[i].metres / said[i].straight_m);
      at += said[i].straight_m;
    }
    std::ranges::sort(shares);
    at /= static_cast<double>(end - first);
    pools.push_back({at, at * shares[shares.size() / 2], 1});
    while (pools.size() > 1 && pools.back().metres < pools[pools.size() - 2].metres) {
      const auto last = pools.back();
      pools.pop_back();
      auto& into = pools.back();
      const double weight = into.weight + last.weight;
      into = {(into.at * into.weight + last.at * last.weight) / weight,
              (into.metres * into.weight + last.metres * last.weight) / weight, weight};
    }
  }
  std::vector<DetourPoint> points;
  for (const auto& pool : pools) points.push_back({pool.at, pool.metres});
  return points;
}

// `[[a, b, c], …]`, each within [0, 1e9].
std::vector<std::vector<double>> read_rows(const base::JsonNode& node, std::size_t width, std::size_t most) {
  std::vector<std::vector<double>> rows;
  for (const auto& item : node.items(most)) {
    std::vector<double> row;
    for (const auto& cell : item.items(width)) row.push_back(cell.number(-1e10, 1e10).value_or(0));
    if (row.size() != width) item.fault(fmt::format("has {} numbers; allowed: {}", row.size(), width));
    row.resize(width);
    rows.push_back(std::move(row));
  }
  return rows;
}

void write_interval(base::JsonWriter& json, std::string_view key, const std::vector<IntervalKnot>& knots) {
  json.key(key).begin_array();
  for (const auto& knot : knots)
    json.begin_array().number(knot.at_m).number(knot.low).number(knot.median).number(knot.high).end_array();
  json.end_array();
}

std::vector<IntervalKnot> read_interval(const base::JsonNode& node) {
  std::vector<IntervalKnot> knots;
  for (const auto& row : read_rows(node, 4, kMostKnots)) {
    if (row[1] > 0 || row[3] < 0) node.fault("has an interval that does not hold its estimate");
    if (!knots.empty() && row[0] < knots.back().at_m) node.fault("is not in order of straight lines");
    knots.push_back({row[0], row[1], row[2], row[3]});
  }
  return knots;
}

void write_routes(base::JsonWriter& json, const road::RouteModel& model) {
  json.key("routes").begin_object().key("pace_ms_per_m").begin_array();
  for (const auto pace : model.pace_ms_per_m) json.number(pace);
  json.end_array().key("turn_ms").begin_array();
  for (const auto turn : model.turn_ms) json.number(turn);
  json.end_array().key("told_pace_ms_per_m").begin_array();
  for (const auto pace : model.told.pace_ms_per_m) json.number(pace);
  json.end_array().key("told_turn_ms").begin_array();
  for (const auto turn : model.told.turn_ms) json.number(turn);
  json.end_array().key("closed_classes").integer(model.closed_classes);
  json.key("closed_private_classes").integer(model.closed_private_classes);
  json.key("closed_pushed_classes").integer(model.closed_pushed_classes);
  json.key("unsure_classes").integer(model.unsure_classes);
  json.key("ignores_turn_rules").boolean(model.ignores_turn_rules);
  json.key("passes_destination").boolean(model.passes_destination);
  json.key("passes_private").boolean(model.passes_private);
  json.key("exempt_edges").begin_array();
  for (const auto edge : model.exempt_edges) json.integer(edge);
  json.end_array();
  json.key("door_tolerance_m").number(model.doors.tolerance_m);
  json.key("door_grid_e7").integer(model.doors.grid_e7);
  json.key("door_plane").string(kPlanes.at(static_cast<std::size_t>(model.doors.plane)));
  json.key("door_one_sided").boolean(model.doors.one_sided);
  json.key("north_scale").number(model.north_scale).key("east_scale").number(model.east_scale);
  json.key("edges").begin_array();
  for (const auto& change : model.edges) json.integer(change.edge_dir).integer(change.add_ms);
  json.end_array().key("edge_times").begin_array();
  for (const auto& time : model.edge_times) json.integer(time.edge_dir).integer(time.add_ms);
  json.end_array().key("turn_times").begin_array();
  for (const auto& time : model.turn_times) json.integer(time.turn).integer(time.add_ms);
  json.end_array().end_object();
}

// Paces by group and turns by kind, of a model or of what is told.
template <class Times>
void read_times(const base::JsonNode& paces, const base::JsonNode& turns, Times& times) {
  for (const auto& pace : paces.items(65'536))
    times.pace_ms_per_m.push_back(pace.number(1e-3, 1e6).value_or(1));
  const auto all = turns.items(road::kTurnFeatures);
  if (all.size() != road::kTurnFeatures)
    turns.fault(fmt::format("has {} numbers; allowed: {}", all.size(), road::kTurnFeatures));
  for (std::size_t i = 0; i < all.size(); ++i) times.turn_ms.at(i) = all[i].number(0, 1e9).value_or(0);
}

// `[which, ms, which, ms, …]`
template <class Change>
std::vector<Change> read_changes(const base::JsonNode& node, std::int64_t most_ms) {
  std::vector<Change> changes;
  const auto numbers = node.integers(2 * kMostEdges, -0x7fffffff, 0xffffffff);
  bool well = !numbers || numbers->size() % 2 == 0;
  std::int64_t last = -1;
  for (std::size_t i = 0; numbers && well && i < numbers->size(); i += 2) {
    const auto which = (*numbers)[i], ms = (*numbers)[i + 1];
    well = which > last && ms <= most_ms;
    last = which;
    changes.push_back({static_cast<std::uint32_t>(which), static_cast<std::int32_t>(ms)});
  }
  if (!well) node.fault("must alternate ascending numbers of edges or turns and milliseconds");
  return changes;
}

void read_routes(const base::JsonNode& node, road::RouteModel& model) {
  node.allow_only({"pace_ms_per_m",
                   "turn_ms",
                   "told_pace_ms_per_m",
                   "told_turn_ms",
                   "closed_classes",
                   "closed_private_classes",
                   "closed_pushed_classes",
                   "unsure_classes",
                   "passes_destination",
                   "passes_private",
                   "ignores_turn_rules",
                   "exempt_edges",
                   "door_tolerance_m",
                   "door_grid_e7",
                   "door_plane",
                   "door_one_sided",
                   "north_scale",
                   "east_scale",
                   "edges",
                   "edge_times",
                   "turn_times"});
  read_times(node.required("pace_ms_per_m"), node.required("turn_ms"), model);
  read_times(node.required("told_pace_ms_per_m"), node.required("told_turn_ms"), model.told);
  if (!model.told.pace_ms_per_m.empty() && model.told.pace_ms_per_m.size() != model.pace_ms_per_m.size())
    node.required("told_pace_ms_per_m").fault("has another number of paces than pace_ms_per_m");
  const auto bits = [&](std::string_view key) {
    return static_cast<std::uint32_t>(node.required(key).integer(0, 0xffffffff).value_or(0));
  };
  model.closed_classes = bits("closed_classes");
  model.closed_private_classes = bits("closed_private_classes");
  model.closed_pushed_classes = bits("closed_pushed_classes");
  model.unsure_classes = bits("unsure_classes");
  model.ignores_turn_rules = node.required("ignores_turn_rules").boolean().value_or(false);
  model.passes_destination = node.required("passes_destination").boolean().value_or(false);
  model.passes_private = node.required("passes_private").boolean().value_or(false);
  for (const auto edge : node.required("exempt_edges")
                             .integers(kMostEdges, 0, 0xffffffff)
                             .value_or(std::vector<std::int64_t>{}))
    model.exempt_edges.push_back(static_cast<std::uint32_t>(edge));
  if (std::ranges::adjacent_find(model.exempt_edges, std::greater_equal{}) != model.exempt_edges.end())
    node.required("exempt_edges").fault("is not in order");
  model.doors.tolerance_m = node.required("door_tolerance_m").number(0, 1000).value_or(0);
  model.doors.grid_e7 =
      static_cast<std::int32_t>(node.required("door_grid_e7").integer(1, 100'000).value_or(1));
  const auto plane = node.required("door_plane");
  const auto name = plane.string(64);
  const auto* known = name ? std::ranges::find(kPlanes, *name) : kPlanes.begin();
  if (known == kPlanes.end())
    plane.fault(fmt::format("'{}' is no plane; allowed: {}", *name, fmt::join(kPlanes, ", ")));
  else
    model.doors.plane = static_cast<road::DoorPlane>(known - kPlanes.begin());
  model.doors.one_sided = node.required("door_one_sided").boolean().value_or(false);
  model.north_scale = node.required("north_scale").number(0.5, 2).value_or(1);
  model.east_scale = node.required("east_scale").number(0.5, 2).value_or(1);
  using road::RouteModel;
  model.edges = read_changes<RouteModel::EdgeChange>(node.required("edges"), road::kEdgeClosed);
  model.edge_times = read_changes<RouteModel::EdgeChange>(node.required("edge_times"), road::kEdgeClosed - 1);
  model.turn_times = read_changes<RouteModel::TurnTime>(node.required("turn_times"), road::kEdgeClosed - 1);
}

void write_doors(base::JsonWriter& json, const DoorModel& model) {
  json.key("doors").begin_object().key("classes").begin_array();
  for (const auto& of : model.classes) {
    json.begin_array();
    for (const auto weight : of.weights) json.number(weight);
    json.number(of.scale).end_array();
  }
  json.end_array().key("lengths").begin_array();
  for (const auto& one : model.lengths) json.begin_array().number(one.at_m).number(one.factor).end_array();
  json.end_array();
  write_interval(json, "interval", model.interval);
  write_interval(json, "reverse_interval", model.reverse_interval);
  json.end_object();
}

void read_doors(const base::JsonNode& node, DoorModel& model) {
  node.allow_only({"classes", "lengths", "interval", "reverse_interval"});
  const auto classes = read_rows(node.required("classes"), kDoorTerms + 1, kDoorClasses);
  if (classes.size() != kDoorClasses)
    node.required("classes").fault(fmt::format("has {} rows; allowed: {}", classes.size(), kDoorClasses));
  for (std::size_t c = 0; c < std::min(kDoorClasses, classes.size()); ++c) {
    std::copy_n(classes[c].begin(), kDoorTerms, model.classes.at(c).weights.begin());
    model.classes.at(c).scale = classes[c][kDoorTerms];
  }
  for (const auto& row : read_rows(node.required("lengths"), 2, 1000))
    model.lengths.push_back({row[0], row[1]});
  model.interval = read_interval(node.required("interval"));
  model.reverse_interval = read_interval(node.required("reverse_interval"));
}

}  // namespace

std::string to_json(const Calibration& calibration) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object()
      .key("version")
      .integer(kCalibrationVersion)
      .key("provider")
      .string(calibration.provider);
  json.key("vehicle").string(base::to_string(calibration.vehicle));
  json.key("map_release").string(calibration.map_release);
  json.key("answers").integer(calibration.answers);
  json.key("pairs").integer(calibration.pairs).key("alike").integer(calibration.alike);
  write_routes(json, calibration.routes);
  write_interval(json, "road_interval", calibration.road_interval);
  json.key("detour").begin_array();
  for (const auto& point : calibration.detour)
    json.begin_array().number(point.at_m).number(point.metres).end_array();
  json.end_array();
  write_interval(json, "detour_interval", calibration.detour_interval);
  write_doors(json, calibration.doors);
  json.end_object();
  return out;
}

std::string Calibration::release() const {
  return base::sha256(to_json(*this));
}

base::Result<Calibration> read_calibration(std::string_view text, std::string_view name) {
  const auto document = base::JsonDocument::parse(text, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const auto root = document->root(faults);
  root.allow_only({"version", "provider", "vehicle", "map_release", "answers", "pairs", "alike", "routes",
                   "road_interval", "detour", "detour_interval", "doors"});
  Calibration calibration;
  root.required("version").integer(kCalibrationVersion, kCalibrationVersion);
  calibration.provider = root.required("provider").string(64).value_or("");
  const auto vehicle = base::vehicle_from(root.required("vehicle").string(64).value_or(""));
  if (!vehicle) root.required("vehicle").fault(fmt::format("is no vehicle; {}", base::kVehiclesAllowed));
  calibration.vehicle = vehicle.value_or(base::Vehicle::kMotorcycle);
  calibration.map_release = root.required("map_release").string(128).value_or("");
  calibration.answers = root.required("answers").integer(0, INT64_MAX).value_or(0);
  calibration.pairs = root.required("pairs").integer(0, INT64_MAX).value_or(0);
  calibration.alike = root.required("alike").integer(0, INT64_MAX).value_or(0);
  read_routes(root.required("routes"), calibration.routes);
  calibration.road_interval = read_interval(root.required("road_interval"));
  for (const auto& row : read_rows(root.required("detour"), 2, 1000))
    calibration.detour.push_back({row[0], row[1]});
  calibration.detour_interval = read_interval(root.required("detour_interval"));
  read_doors(root.required("doors"), calibration.doors);
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
  return calibration;
}

namespace {

std::optional<double> detour_metres(const Calibration& calibration, double geodesic_m) {
  const auto& points = calibration.detour;
  if (points.empty()) return std::nullopt;
  double metres = 0;
  if (geodesic_m <= points.front().at_m) {
    metres = geodesic_m * points.front().metres / points.front().at_m;
  } else if (geodesic_m >= points.back().at_m) {
    metres =
        points.back().metres + (geodesic_m - points.back().at_m) * points.back().metres / points.back().at_m;
  } else {
    const auto above =
        std::ranges::find_if(points, [&](const auto& point) { return geodesic_m <= point.at_m; });
    const auto& a = *(above - 1);
    metres = a.metres + (above->metres - a.metres) * (geodesic_m - a.at_m) / (above->at_m - a.at_m);
  }
  return metres;
}

}  // namespace

std::optional<Estimate> learned_detour(const Calibration& calibration, double geodesic_m) {
  const auto metres = detour_metres(calibration, geodesic_m);
  if (!metres) return std::nullopt;
  return with_interval(*metres, geodesic_m, calibration.detour_interval);
}

double usual_metres(const Calibration& calibration, double geodesic_m) {
  if (const auto metres = detour_metres(calibration, geodesic_m)) return *metres;
  return geodesic_m * detour_factor(geodesic_m);
}

namespace {

// The detour of all trips; its interval by each fifth of the trips under the detour of the other four.
void fit_detours(Calibration& made, std::span<const AnsweredTrip> trips) {
  std::vector<Said> said;
  for (const auto& trip : trips) said.push_back({geo::geodesic_m(trip.from, trip.to), trip.metres});
  std::vector<Scored> scored;
  for (std::size_t fold = 0; fold < kHeldOut; ++fold) {
    std::vector<Said> others;
    for (std::size_t i = 0; i < said.size(); ++i) {
      if (i % kHeldOut != fold) others.push_back(said[i]);
    }
    Calibration part;
    part.detour = fit_detour(std::move(others));
    for (std::size_t i = fold; i < said.size(); i += kHeldOut) {
      if (const auto metres = detour_metres(part, said[i].straight_m))
        scored.push_back({said[i].straight_m, *metres, said[i].metres});
    }
  }
  made.detour = fit_detour(std::move(said));
  made.detour_interval = fit_interval(std::move(scored));
}

// The stage of a fit that gives most of these trips the provider's own fee; of equals the simplest.
std::size_t best_stage(const road::RouteNetwork& network, const std::vector<road::RouteModel>& stages,
                       std::span<const AnsweredTrip> trips) {
  std::size_t best = 0, most = 0;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    ModelRouter router(network, stages[s], road::kDefaultMaxSnapM);
    const auto same = static_cast<std::size_t>(std::ranges::count_if(trips, [&](const auto& trip) {
      const auto answer = router.route(trip.from, trip.to);
      return answer.found && started_steps(answer.metres, kStepM) == started_steps(trip.metres, kStepM);
    }));
    if (same <= most) continue;
    best = s;
    most = same;
  }
  return best;
}

}  // namespace

std::vector<Scored> score_routes(const road::RouteNetwork& network, const road::RouteModel& model,
                                 std::span<const AnsweredTrip> trips) {
  ModelRouter router(network, model, road::kDefaultMaxSnapM);
  std::vector<Scored> scored;
  for (const auto& trip : trips) {
    const auto answer = router.route(trip.from, trip.to);
    if (answer.found) scored.push_back({geo::geodesic_m(trip.from, trip.to), answer.metres, trip.metres});
  }
  return scored;
}

std::optional<Calibration> calibrate(std::string provider, base::Vehicle vehicle,
                                     const road::RouteNetwork* network, std::string map_release,
                                     std::span<const AnsweredTrip> trips, const FitProgress& progress,
                                     std::vector<Scored>* told) {
  Calibration made;
  made.provider = std::move(provider);
  made.vehicle = vehicle;
  made.pairs = static_cast<std::int64_t>(trips.size());
  std::vector<AnsweredTrip> fitted, held;
  for (std::size_t i = 0; i < trips.size(); ++i)
    (i % kHeldOut == kHeldOut - 1 ? held : fitted).push_back(trips[i]);
  fit_detours(made, trips);
  made.doors = fit_doors(trips, [&](double geodesic_m) { return usual_metres(made, geodesic_m); });
  if (network == nullptr) return made;
  made.map_release = std::move(map_release);
  const auto newest = std::span(fitted).last(std::min(kMostPairs, fitted.size()));
  const auto fit = fit_routes(*network, newest, {}, progress);
  if (fit.stopped) return std::nullopt;
  const auto stage = best_stage(*network, fit.stages, held);
  const auto& model = fit.stages[stage];
  auto scored = score_routes(*network, model, held);
  if (told != nullptr) *told = scored;
  made.road_interval = fit_interval(std::move(scored));
  // What was kept apart has told how sure the model is; now it is learned from, too.
  RouteFitOptions further;
  further.start = &model;
  further.pace_rounds = kFurtherRounds;
  if (stage < 1) further.time_rounds = 0;
  if (stage < 2) further.road_rounds = 0;
  if (stage < 3) further.preference_rounds = 0;
  const auto again = fit_routes(*network, trips.last(std::min(kMostPairs, trips.size())), further, progress);
  if (again.stopped) return std::nullopt;
  made.routes = again.model;
  made.alike = static_cast<std::int64_t>(again.alike);
  return made;
}

CalibratedRoads::CalibratedRoads(std::shared_ptr<const road::RoadMap> map, Calibration calibration)
    : map_(std::move(map)),
      calibration_(std::move(calibration)),
      release_(calibration_.release()),
      network_(map_->network(calibration_.vehicle)) {}

base::Result<std::unique_ptr<CalibratedRoads>> CalibratedRoads::make(std::shared_ptr<const road::RoadMap> map,
                                                                     Calibration calibration) {
  const auto refuse = [](std::string what) {
    return base::fail(base::ErrorCode::kInvalidInput, "calibration", std::move(what));
  };
  if (map->info().release != calibration.map_release)
    return refuse(
        fmt::format("was learned on map {}, configured is {}; learn it again with 'reckon calibrate'",
                    calibration.map_release, map->info().release));
  if (!map->serves(calibration.vehicle))
    return refuse(
        fmt::format("is for {}, which the map does not serve", base::to_string(calibration.vehicle)));
  std::unique_ptr<CalibratedRoads> roads(new CalibratedRoads(std::move(map), std::move(calibration)));
  if (roads->network_.groups().size() != roads->calibration_.routes.pace_ms_per_m.size())
    return refuse("has another number of road groups than its map");
  roads->pattern_ = std::make_shared<const ModelRouter>(roads->network_, roads->calibration_.routes,
                                                        road::kDefaultMaxSnapM);
  return roads;
}

std::unique_ptr<ModelRouter> CalibratedRoads::router_under(
    const std::shared_ptr<const road::ChangedGraph>& changes) const {
  std::unique_lock lock(mutex_);
  if (under_ != changes) {
    if (being_made_) return nullptr;
    being_made_ = true;
    lock.unlock();
    std::shared_ptr<const ModelRouter> made;
    try {
      made = std::make_shared<const ModelRouter>(network_, calibration_.routes, road::kDefaultMaxSnapM,
                                                 changes.get());
    } catch (...) {
      lock.lock();
      being_made_ = false;
      throw;
    }
    lock.lock();
    being_made_ = false;
    idle_.clear();
    under_ = changes;
    pattern_ = std::move(made);
  }
  if (idle_.empty()) {
    const auto pattern = pattern_;
    lock.unlock();
    return std::make_unique<ModelRouter>(*pattern);
  }
  auto router = std::move(idle_.back());
  idle_.pop_back();
  return router;
}

std::optional<CalibratedRoads::Answer> CalibratedRoads::ask(
    const geo::LatLng& from, const geo::LatLng& to,
    const std::shared_ptr<const road::ChangedGraph>& changes) const {
  auto router = router_under(changes);
  if (!router) return std::nullopt;
  const auto answer = router->route(from, to);
  {
    const std::lock_guard lock(mutex_);
    if (under_ == changes) idle_.push_back(std::move(router));
  }
  if (!answer.found) return std::nullopt;
  return Answer{with_interval(answer.metres, geo::geodesic_m(from, to), calibration_.road_interval),
                base::Seconds{std::llround(answer.seconds)}};
}

}  // namespace reckon::distance

#include "reckon/distance/route_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

#include "reckon/distance/route_fitter.h"

namespace reckon::distance {

namespace {

road::ArcCosts costs_under(const RouteNetwork& network, const RouteModel& model,
                           const road::ChangedGraph* changes) {
  auto costs = network.costs(model);
  if (changes == nullptr) return costs;
  const auto& graph = network.network().graph;
  const auto changed = changes->on(*network.network().geometry, graph);
  for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
    auto& ms = costs.arc_ms[arc];
    if (changed.closed(arc)) ms = road::kClosedMs;
    const auto before = graph.arcs[arc].time_ms, now = changed.graph().arcs[arc].time_ms;
    if (ms == road::kClosedMs || before == now || before == 0) continue;
    ms = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(std::uint64_t{ms} * now / before, 1, road::kMaxWeight - 1));
  }
  for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
    for (auto turn = graph.next_first[arc]; turn < graph.next_first[arc + 1]; ++turn)
      if (!changed.allows(arc, graph.next[turn])) costs.turn_ms[turn] = road::kClosedMs;
  }
  return costs;
}

}  // namespace

ModelRouter::ModelRouter(const RouteNetwork& network, const RouteModel& model, double max_snap_m,
                         const road::ChangedGraph* changes)
    : network_(&network),
      model_(model),
      max_snap_m_(max_snap_m),
      costs_(costs_under(network, model, changes)),
      open_(network.open_edges(costs_, model.doors)) {}

Door ModelRouter::door(const geo::LatLng& place, TripEnd end) const {
  Door door;
  const auto& net = network_->network();
  if (network_->doors().nearest(geo::PlaceE7::nearest(place), open_.at(end), model_.doors, max_snap_m_,
                                door.snap))
    road::add_terminals(*net.geometry, net.graph, door.snap, end, door.terminals);
  return door;
}

double ModelRouter::metres_of(const ModelPath& path) const {
  const double north = network_->north_m(path), all = path.length_mm / 1000.0;
  return north * model_.north_scale + (all - north) * model_.east_scale;
}

double ModelRouter::seconds_of(const ModelPath& path) const {
  return network_->told_ms(model_, path) / 1000;
}

const ModelPath& ModelRouter::path(const Door& from, const Door& to) {
  search_.cheapest(network_->network().graph, network_->turns_back(), costs_, from, to, path_);
  return path_;
}

ModelRouter::Answer ModelRouter::route(const geo::LatLng& from, const geo::LatLng& to) {
  const auto& found = path(door(from, TripEnd::kStart), door(to, TripEnd::kFinish));
  if (!found.found) return {};
  return {true, metres_of(found), seconds_of(found)};
}

namespace {

constexpr std::size_t kPaceSlack = 500;  // one in so many trips may come out otherwise under better paces
constexpr double kPriorVariance = 0.18;  // of seconds, a second: where durations are as in traffic
constexpr int kLeastForExempt = 2;   // trips more that came out alike over a road before its class was closed
constexpr double kSmooth = 1;        // of a second by which a turn differs from its neighbours' mean
constexpr double kClassPriorKm = 1;  // of driving tell of a class as much as all other classes do
constexpr std::size_t kLeastRoadsOfClass = 10;  // that trips met, before a whole class is thought closed

constexpr std::uint32_t kSameDoorMm = 300;  // such doors give metres that are as good

bool same_door(const Door& a, const Door& b) {
  return std::ranges::equal(a.snap.all(), b.snap.all(), [](const auto& one, const auto& other) {
    const auto [less, more] = std::minmax(one.past_mm, other.past_mm);
    return one.edge == other.edge && one.point == other.point && more - less <= kSameDoorMm;
  });
}

}  // namespace

void RouteFitter::take(const RouteModel& model) {
  model_ = model;
  router_ = ModelRouter(network_, model_, options_.max_snap_m);
  spread_part_times();
}

void RouteFitter::route_all() {
  for (std::size_t i = 0; i < trips_.size() && !stopped(); ++i) {
    doors_[i] = doors_of(trips_[i]);
    paths_[i] = router_.path(doors_[i].from, doors_[i].to);
    alike_[i] = is_alike(paths_[i], trips_[i]);
  }
}

// Least squares of the provider's metres on ours, north-south and east-west apart.
void RouteFitter::fit_yardstick() {
  double nn = 1e-9, ne = 0, ee = 1e-9, rn = 0, re = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (!alike_[i]) continue;
    const double north = network_.north_m(paths_[i]), east = paths_[i].length_mm / 1000.0 - north;
    const double rest = trips_[i].metres - north - east, weight = 1 / std::max(100.0, trips_[i].metres);
    nn += weight * north * north;
    ne += weight * north * east;
    ee += weight * east * east;
    rn += weight * rest * north;
    re += weight * rest * east;
    ++count;
  }
  const double det = nn * ee - ne * ne;
  if (count < kLeastForPaces || det <= 1e-6 * nn * ee) return;
  model_.north_scale = 1 + (rn * ee - re * ne) / det;
  model_.east_scale = 1 + (re * nn - rn * ne) / det;
  yardstick_known_ = true;
}

void RouteFitter::share_by_class(const RouteNetwork& network, const std::vector<double>& km,
                                 const std::vector<double>& theta, const std::vector<double>& own,
                                 std::vector<double>& prior) {
  const auto& groups = network.groups();
  std::array<double, road::kRoadClasses> ours{}, owns{};
  double all_ours = 0, all_owns = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto of = static_cast<std::size_t>(groups[g].road_class);
    ours.at(of) += km[g] * theta[g];
    owns.at(of) += km[g] * own[g];
    all_ours += km[g] * theta[g];
    all_owns += km[g] * own[g];
  }
  const double all = all_owns > 0 ? all_ours / all_owns : 1;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto of = static_cast<std::size_t>(groups[g].road_class);
    prior[g] = own[g] * (ours.at(of) + kClassPriorKm * own[g] * all) / (owns.at(of) + kClassPriorKm * own[g]);
  }
}

// Ridge regression with bounds, by coordinate descent: seconds on kilometres by group and turns by kind. The
// closer the seconds fit, the less the prior weighs.
void RouteFitter::solve(const std::vector<std::vector<float>>& rows, const std::vector<double>& seconds,
                        std::vector<double>& theta) const {
  const std::size_t features = network_.features(), groups = network_.groups().size();
  std::vector<double> prior(features, 0.0), ridge(features, 0.04);
  std::vector<double> maps(groups), km(groups);
  for (std::size_t g = 0; g < groups; ++g) {
    prior[g] = maps[g] = 3.6e6 / network_.groups()[g].metres_per_hour;
    for (const auto& row : rows) km[g] += double{row[g]};
  }
  const auto own = network_.own_model();  // a turn that no trip tells of costs what the map says
  for (std::size_t k = groups; k < features; ++k) prior[k] = own.turn_ms[k - groups] / 1000;
  theta = prior;
  double variance = kPriorVariance;
  std::vector<bool> use(rows.size(), true);
  for (int round = 0; round < 4; ++round) {
    const double trust = std::clamp(variance / kPriorVariance, 1e-4, 1.0);
    for (std::size_t g = 0; g < groups; ++g) ridge[g] = 2 * trust / (prior[g] * prior[g]);
    for (std::size_t k = groups; k < features; ++k) ridge[k] = 0.04 * trust;
    std::vector<double> a(features * features), b(features);
    std::vector<std::size_t> some;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (!use[r]) continue;
      some.clear();
      for (std::size_t k = 0; k < features; ++k) {
        if (rows[r][k] != 0) some.push_back(k);
      }
      const double weight = 1 / std::max(30.0, seconds[r]);
      for (const auto i : some) {
        b[i] += weight * double{rows[r][i]} * seconds[r];
        for (const auto j : some) a[i * features + j] += weight * double{rows[r][i]} * double{rows[r][j]};
      }
    }
    for (std::size_t k = 0; k < features; ++k) {
      a[k * features + k] += ridge[k];
      b[k] += ridge[k] * prior[k];
    }
    // Neighbouring knots differ from the map's alike.
    for (std::size_t knot = 1; knot + 1 < road::kTurnKnots; ++knot) {
      constexpr std::array kBend = {1.0, -2.0, 1.0};
      const auto first = groups + knot - 1;
      double bend = 0;
      for (std::size_t i = 0; i < kBend.size(); ++i) bend += kBend.at(i) * prior[first + i];
      for (std::size_t i = 0; i < kBend.size(); ++i) {
        b[first + i] += kSmooth * trust * kBend.at(i) * bend;
        for (std::size_t j = 0; j < kBend.size(); ++j)
          a[(first + i) * features + first + j] += kSmooth * trust * kBend.at(i) * kBend.at(j);
      }
    }
    for (int sweep = 0; sweep < 200; ++sweep) {
      for (std::size_t k = 0; k < features; ++k) {
        double value = b[k];
        for (std::size_t j = 0; j < features; ++j) value -= j == k ? 0 : a[k * features + j] * theta[j];
        theta[k] = std::max(k < groups ? prior[k] * 0.15 : 0, value / a[k * features + k]);
      }
    }
    std::vector<double> off;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      double told = 0;
      for (std::size_t k = 0; k < features; ++k) told += double{rows[r][k]} * theta[k];
      off.push_back(std::abs(told - seconds[r]) / std::sqrt(seconds[r] + 1));
    }
    auto sorted = off;
    std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2));
    const double limit = 5 * sorted[sorted.size() / 2] + 0.05;
    for (std::size_t r = 0; r < rows.size(); ++r) use[r] = off[r] < limit;
    variance = std::pow(sorted[sorted.size() / 2] / 0.6745, 2);  // of normal errors
    share_by_class(network_, km, theta, maps, prior);
  }
}

bool RouteFitter::fit_times(std::vector<double>& theta) const {
  std::vector<std::vector<float>> rows;
  std::vector<double> seconds;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    const auto* path = timed_way(i);
    if (path == nullptr) continue;
    const double left = trips_[i].seconds - (chooses_apart() ? 0 : part_times_ms(*path) / 1000);
    if (left <= 0) continue;  // a way that was met by chance
    network_.add_features(*path, rows.emplace_back(network_.features(), 0.0F));
    seconds.push_back(left);
  }
  if (rows.size() < kLeastForPaces) return false;
  solve(rows, seconds, theta);
  return true;
}

void RouteFitter::fit_paces() {
  std::vector<double> theta;
  if (!fit_times(theta)) return;
  RouteModel model = model_;
  if (chooses_apart()) {
    set_parameters(theta, model.told);
    take(model);
    return;
  }
  set_parameters(theta, model);
  const auto before = alike();
  const auto old = model_;
  const auto kept = std::pair(paths_, alike_);
  take(model);
  route_all();
  if (alike() + trips_.size() / kPaceSlack >= before) return;
  take(old);  // durations that say nothing of the choice, such as those in traffic
  std::tie(paths_, alike_) = kept;
  for (std::size_t i = 0; i < trips_.size(); ++i) doors_[i] = doors_of(trips_[i]);
}

RouteFitter::Trial RouteFitter::tried(const RouteModel& model, const Trips& trips) {
  ModelRouter router(network_, model, options_.max_snap_m);
  std::swap(router, router_);
  Trial trial;
  for (const auto i : trips) {
    if (stopped()) break;
    const auto ends = doors_of(trips_[i]);
    const bool now = is_alike(router_.path(ends.from, ends.to), trips_[i]);
    trial.gained += now && !alike_[i] ? 1U : 0U;
    trial.lost += !now && alike_[i] ? 1U : 0U;
  }
  std::swap(router, router_);
  return trial;
}

// Which classes the provider does not use at all, or not where they are for trips' ends only.
void RouteFitter::try_rules() {
  constexpr std::uint32_t kAnyClass = (1U << road::kRoadClasses) - 1;
  try_closing(kAnyClass, Of::kPushed);
  for (std::uint32_t c = 0; c < road::kRoadClasses; ++c) {
    for (const auto of : {Of::kAll, Of::kPrivate, Of::kPushed}) try_closing(1U << c, of);
    tell("rules", static_cast<double>(c) / road::kRoadClasses);
  }
  try_closing(kAnyClass, Of::kPrivate);
  for (const auto rule :
       {&RouteModel::ignores_turn_rules, &RouteModel::passes_destination, &RouteModel::passes_private}) {
    auto model = model_;
    model.*rule = true;
    if (network_.has_turns_under(rule)) try_opening(model);
  }
  for (std::uint32_t c = 0; c < road::kRoadClasses; ++c) {
    auto model = model_;
    model.unsure_classes |= network_.unsure_classes() & 1U << c;
    if (model.unsure_classes != model_.unsure_classes && try_opening(model))
      try_closing(1U << c, Of::kPrivate);
  }
}

// A rule of the road that a provider may not keep, or roads that the map is unsure of: opened where clearly
// more trips then come out alike.
bool RouteFitter::try_opening(const RouteModel& model) {
  Trips all(trips_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (!tried(model, all).clearly_better() || stopped_) return false;
  take(model);
  route_all();
  return true;
}

// Classes (bits) closed are tried on the trips that they touch, where most of those came out otherwise
// before; kept where more then come out alike, and half as many of them as elsewhere.
void RouteFitter::try_closing(std::uint32_t classes, Of of) {
  const auto uses = [&](std::uint32_t arc) {
    const auto& one = graph_.arcs[arc];
    return (classes >> network_.network().geometry->edge_class[one.edge()] & 1) != 0 &&
           (of != Of::kPrivate || network_.is_private(arc)) && (of != Of::kPushed || network_.is_pushed(arc));
  };
  Trips touched;
  std::set<std::uint32_t> edges;  // one road closed is not its class
  std::size_t now = 0;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    const auto before = touched.size();
    for (const auto arc : paths_[i].arcs) {
      if (!uses(arc)) continue;
      edges.insert(graph_.arcs[arc].edge());
      if (touched.size() == before) touched.push_back(i);
    }
    now += touched.size() > before && alike_[i] ? 1U : 0U;
  }
  if (edges.size() < kLeastRoadsOfClass || now * 2 >= touched.size()) return;
  auto model = model_;
  (of == Of::kAll       ? model.closed_classes
   : of == Of::kPrivate ? model.closed_private_classes
                        : model.closed_pushed_classes) |= classes;
  const auto then = tried(model, touched);
  const double usual = static_cast<double>(alike()) / static_cast<double>(trips_.size());
  if (static_cast<double>(now + then.gained - then.lost) <= 0.5 * usual * static_cast<double>(touched.size()))
    return;
  if (!then.clearly_better()) return;
  const auto before = std::pair(paths_, alike_);
  take(model);
  route_all();
  // Some roads of the class it may use all the same: those over which more trips came out alike than do now.
  std::map<std::uint32_t, int> more;
  for (const auto i : touched) {
    const int change = (before.second[i] ? 1 : 0) - (alike_[i] ? 1 : 0);
    std::uint32_t last = road::kNoArc;
    for (const auto arc : before.first[i].arcs) {
      if (!uses(arc) || graph_.arcs[arc].edge() == last) continue;
      last = graph_.arcs[arc].edge();
      more[last] += change;
    }
  }
  edges.clear();
  for (const auto& [edge, change] : more) {
    if (change >= kLeastForExempt) edges.insert(edge);
  }
  if (edges.empty()) return;
  const auto all_closed = model;
  const auto alike_then = alike();
  edges.insert(model.exempt_edges.begin(), model.exempt_edges.end());
  model.exempt_edges.assign(edges.begin(), edges.end());
  take(model);
  route_all();
  if (alike() > alike_then) return;
  take(all_closed);
  route_all();
}

// How the provider takes places to the road: each way is tried on the trips whose doors it moves.
void RouteFitter::try_door_rules() {
  for (auto rules : {road::DoorRules{0, 10}, road::DoorRules{0, 10, road::DoorPlane::kMercator},
                     road::DoorRules{0, 1, road::DoorPlane::kWholeMetres}, road::DoorRules{0.3, 1},
                     road::DoorRules{5, 1}, road::DoorRules{15, 1}}) {
    rules.one_sided = model_.doors.one_sided;
    try_doors(rules);
  }
  auto rules = model_.doors;
  rules.one_sided = true;
  try_doors(rules);
}

void RouteFitter::try_doors(const road::DoorRules& rules) {
  if (rules == model_.doors) return;
  auto model = model_;
  model.doors = rules;
  const ModelRouter router(network_, model, options_.max_snap_m);
  Trips moved;
  for (std::size_t i = 0; i < trips_.size() && !stopped(); ++i) {
    if (!same_door(router.door(trips_[i].from, TripEnd::kStart), doors_[i].from) ||
        !same_door(router.door(trips_[i].to, TripEnd::kFinish), doors_[i].to))
      moved.push_back(i);
  }
  if (!tried(model, moved).clearly_better()) return;
  take(model);
  route_all();
}

RouteFitResult RouteFitter::run() {
  RouteFitResult result;
  result.pairs = trips_.size();
  tell("routes", 0);
  route_all();
  if (options_.start == nullptr) {
    fit_yardstick();
    route_all();
  }
  result.alike_before = alike();
  for (int round = 0; round < options_.pace_rounds && !stopped_; ++round) {
    fit_paces();
    fit_yardstick();
    take(model_);
    route_all();
    if (round == 0 && options_.start == nullptr) {
      try_door_rules();
      try_rules();
    }
    tell("paces", (round + 1.0) / options_.pace_rounds);
  }
  fit_margin();
  if (options_.start == nullptr && options_.choice_rounds > 0) fit_choice();
  const auto wanting = [this] { return !stopped_ && alike() < trips_.size(); };
  result.stages.push_back(model_);
  if (options_.time_rounds > 0 && times_tell_ && wanting())
    chooses_apart() ? fit_single_choice() : fit_single_times();
  result.stages.push_back(model_);
  if (options_.road_rounds > 0 && wanting()) find_closed();
  result.stages.push_back(model_);
  for (int round = 0; round < options_.preference_rounds && wanting(); ++round) {
    find_clues(round);
    prefer();
    take_changes();
    fit_paces();
  }
  result.stopped = stopped_;
  result.model = model_;
  result.stages.push_back(model_);
  result.alike = alike();
  for (const auto& change : model_.edges)
    ++(change.add_ms == road::kEdgeClosed ? result.closed : result.changed);
  return result;
}

RouteFitResult fit_routes(const RouteNetwork& network, std::span<const AnsweredTrip> trips,
                          const RouteFitOptions& options, const FitProgress& progress) {
  return RouteFitter(network, trips, options, progress).run();
}

}  // namespace reckon::distance

#include "reckon/distance/route_fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace reckon::distance {

using road::Door;
using road::ModelPath;
using road::RouteModel;
using road::RouteNetwork;
using road::TripEnd;

ModelRouter::ModelRouter(const RouteNetwork& network, const RouteModel& model, double max_snap_m)
    : network_(&network),
      model_(model),
      max_snap_m_(max_snap_m),
      costs_(network.costs(model)),
      open_(network.open_edges(costs_)) {}

Door ModelRouter::door(const geo::LatLng& place, TripEnd end) const {
  Door door;
  const auto& net = network_->network();
  if (network_->doors().nearest(geo::PlaceE7::nearest(place), open_, model_.doors, max_snap_m_, door.snap))
    road::add_terminals(*net.geometry, net.graph, door.snap, end, door.terminals);
  return door;
}

double ModelRouter::metres_of(const ModelPath& path) const {
  const double north = network_->north_m(path), all = path.length_mm / 1000.0;
  return north * model_.north_scale + (all - north) * model_.east_scale;
}

const ModelPath& ModelRouter::path(const Door& from, const Door& to) {
  search_.cheapest(network_->network().graph, network_->turns_back(), costs_, from, to, path_);
  return path_;
}

ModelRouter::Answer ModelRouter::route(const geo::LatLng& from, const geo::LatLng& to) {
  const auto& found = path(door(from, TripEnd::kStart), door(to, TripEnd::kFinish));
  if (!found.found) return {};
  return {true, metres_of(found), static_cast<double>(found.cost_ms) / 1000};
}

namespace {

constexpr double kAlikeM = 1.5;         // both sides round, and doors lie a hand's breadth apart
constexpr double kAlikeShare = 0.0005;  // of the distance: lengths of the same way differ by their formula
constexpr double kAlikeShareFirst = 0.003;  // before the yardstick is known
constexpr double kCloseCallMs = 6000;  // so much dearer, and it may be a preference only, where no times tell
constexpr std::size_t kLeastRoadsOfClass = 10;  // that trips met, before a whole class is thought closed
constexpr int kPeels = 6;
constexpr std::uint32_t kBlameOutweighs = 12;
constexpr std::size_t kLeastForPaces = 30;  // answers; below that paces are not learned

}  // namespace

/// The state of one fit.
class RouteFitter {
 public:
  RouteFitter(const RouteNetwork& network, std::span<const AnsweredTrip> trips,
              const RouteFitOptions& options, const FitProgress& progress)
      : network_(network),
        graph_(network.network().graph),
        trips_(trips),
        options_(options),
        progress_(progress),
        model_(network.own_model()),
        router_(network, model_, options.max_snap_m),
        doors_(trips.size()),
        paths_(trips.size()),
        alike_(trips.size()) {}

  RouteFitResult run();

 private:
  struct Ends {
    Door from, to;
  };
  using Trips = std::vector<std::size_t>;

  void tell(std::string_view stage, double done) {
    stage_ = stage;
    done_ = done;
    if (progress_ && !stopped_) stopped_ = !progress_(stage, done);
  }
  /// Asked by every loop over trips; now and then asks whether to go on.
  bool stopped() {
    if (++asked_ % 64 == 0) tell(stage_, done_);
    return stopped_;
  }
  bool is_alike(const ModelPath& path, const AnsweredTrip& trip) const {
    const double share = yardstick_known_ ? kAlikeShare : kAlikeShareFirst;
    return path.found && std::abs(router_.metres_of(path) - trip.metres) <= kAlikeM + share * trip.metres;
  }
  std::size_t alike() const {
    return static_cast<std::size_t>(std::count(alike_.begin(), alike_.end(), true));
  }
  Ends doors_of(const AnsweredTrip& trip) const {
    return {router_.door(trip.from, TripEnd::kStart), router_.door(trip.to, TripEnd::kFinish)};
  }
  void route_all();
  void fit_yardstick();
  void fit_paces();
  void solve(const std::vector<std::vector<float>>& rows, const std::vector<double>& seconds,
             std::vector<double>& theta) const;
  void try_rules();
  std::size_t alike_under(const RouteModel& model, const Trips& trips);
  void take(const RouteModel& model);
  void count_proven();
  void fit_margin();
  double dearer_ms(std::size_t trip) const;
  void set_edge(std::uint32_t edge_dir, bool both,
                std::vector<std::pair<std::uint32_t, std::uint32_t>>& kept);
  const ModelPath& path_without(std::size_t trip, std::uint32_t edge_dir, const ModelPath& path);
  std::vector<std::uint32_t> suspects(const ModelPath& path, bool unproven_only) const;
  void find_clues(int round, bool preferences);
  void close(std::uint32_t edge_dir);
  std::size_t close_by_clues(double least);
  std::size_t close_by_time(double least);
  std::size_t reopen();
  bool take_changes();
  void prefer();

  const RouteNetwork& network_;
  const road::ArcGraph& graph_;
  std::span<const AnsweredTrip> trips_;
  const RouteFitOptions& options_;
  const FitProgress& progress_;
  RouteModel model_;
  ModelRouter router_;
  std::vector<Ends> doors_;
  std::vector<ModelPath> paths_;
  std::vector<bool> alike_;
  bool yardstick_known_ = false;

  /// A trip that the provider routed otherwise, by a path that we would have taken without one edge.
  struct Clue {
    std::size_t trip;
    std::vector<std::uint32_t> edges;  ///< directed; without any one of them our path is the provider's
    ModelPath right;
    double dearer_ms = 0;  ///< the provider's path, by our costs, than ours
  };
  std::vector<Clue> clues_;
  std::vector<std::uint32_t> proven_;              ///< by directed edge: trips alike over it
  std::map<std::uint32_t, std::int64_t> changes_;  ///< RouteModel::edges in the making
  double margin_ms_ = kCloseCallMs;

  std::string_view stage_ = "routes";
  double done_ = 0;
  std::size_t asked_ = 0;
  bool stopped_ = false;
};

void RouteFitter::take(const RouteModel& model) {
  model_ = model;
  router_ = ModelRouter(network_, model_, options_.max_snap_m);
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

// Ridge regression with bounds, by coordinate descent: seconds on kilometres by group and turns by kind.
void RouteFitter::solve(const std::vector<std::vector<float>>& rows, const std::vector<double>& seconds,
                        std::vector<double>& theta) const {
  const std::size_t features = network_.features(), groups = network_.groups().size();
  std::vector<double> prior(features, 0.0), ridge(features, 0.04);
  for (std::size_t g = 0; g < groups; ++g) {
    prior[g] = 3.6e6 / network_.groups()[g].metres_per_hour;
    ridge[g] = 2 / (prior[g] * prior[g]);
  }
  theta = prior;
  std::vector<bool> use(rows.size(), true);
  for (int round = 0; round < 3; ++round) {
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
  }
}

void RouteFitter::fit_paces() {
  std::vector<std::vector<float>> rows;
  std::vector<double> seconds;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (!alike_[i] || trips_[i].seconds <= 0 || paths_[i].arcs.size() < 2) continue;
    network_.add_features(paths_[i], rows.emplace_back(network_.features(), 0.0F));
    seconds.push_back(trips_[i].seconds);
  }
  if (rows.size() < kLeastForPaces) return;
  std::vector<double> theta;
  solve(rows, seconds, theta);
  RouteModel model = model_;
  const std::size_t groups = network_.groups().size();
  for (std::size_t k = 0; k < theta.size(); ++k)
    (k < groups ? model.pace_ms_per_m[k] : model.turn_ms[k - groups]) =
        k < groups ? theta[k] : theta[k] * 1000;
  const auto before = alike();
  const auto old = model_;
  const auto kept = std::pair(paths_, alike_);
  take(model);
  route_all();
  if (alike() >= before) return;
  take(old);  // durations that say nothing of the choice, such as those in traffic
  std::tie(paths_, alike_) = kept;
  for (std::size_t i = 0; i < trips_.size(); ++i) doors_[i] = doors_of(trips_[i]);
}

std::size_t RouteFitter::alike_under(const RouteModel& model, const Trips& trips) {
  ModelRouter router(network_, model, options_.max_snap_m);
  std::swap(router, router_);
  std::size_t count = 0;
  for (const auto i : trips) {
    if (stopped()) break;
    const auto ends = doors_of(trips_[i]);
    count += is_alike(router_.path(ends.from, ends.to), trips_[i]) ? 1U : 0U;
  }
  std::swap(router, router_);
  return count;
}

// Which classes the provider does not use at all, and how it takes places to the road: each is tried on the
// trips that it touches, and kept when clearly more of them come out alike.
void RouteFitter::try_rules() {
  const auto better = [](std::size_t now, std::size_t then) {
    return static_cast<double>(then) >
           static_cast<double>(now) + 2 + 2 * std::sqrt(static_cast<double>(now) * 0.01);
  };
  Trips all(trips_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::size_t step = std::max<std::size_t>(1, trips_.size() / 1500);
  Trips some;
  for (std::size_t i = 0; i < trips_.size(); i += step) some.push_back(i);
  for (std::uint32_t c = 0; c <= road::kRoadClasses; ++c) {  // the last one: roads for trips' ends only
    Trips touched;
    const auto uses = [&](std::uint32_t arc) {
      const auto& one = graph_.arcs[arc];
      return c < road::kRoadClasses ? network_.network().geometry->edge_class[one.edge()] == c
                                    : one.kind != road::ArcKind::kPublic;
    };
    for (const auto i : all) {
      if (std::ranges::any_of(paths_[i].arcs, uses)) touched.push_back(i);
    }
    std::vector<std::uint32_t> edges;  // one road closed is not its class
    for (const auto i : touched) {
      for (const auto arc : paths_[i].arcs) {
        if (uses(arc)) edges.push_back(graph_.arcs[arc].edge());
      }
    }
    std::ranges::sort(edges);
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    if (edges.size() < kLeastRoadsOfClass) continue;
    auto model = model_;
    if (c < road::kRoadClasses) {
      model.closed_classes |= 1U << c;
    } else {
      model.private_closed = true;
    }
    std::size_t now = 0;
    for (const auto i : touched) now += alike_[i] ? 1U : 0U;
    // Hardly any of its trips alike while it is open, and as many as elsewhere once it is closed.
    if (now * 6 >= touched.size()) continue;
    const auto then = alike_under(model, touched);
    const double usual = static_cast<double>(alike()) / static_cast<double>(trips_.size());
    if (static_cast<double>(then) > 0.5 * usual * static_cast<double>(touched.size()) && better(now, then)) {
      take(model);
      route_all();
    }
    tell("rules", static_cast<double>(c) / road::kRoadClasses);
  }
  for (const road::DoorRules rules :
       {road::DoorRules{0, 10}, road::DoorRules{0.3, 1}, road::DoorRules{5, 1}, road::DoorRules{15, 1}}) {
    auto model = model_;
    model.doors = rules;
    std::size_t now = 0;
    for (const auto i : some) now += alike_[i] ? 1U : 0U;
    if (!better(now, some.size()) || !better(now, alike_under(model, some))) continue;
    take(model);
    route_all();
  }
}

// Trips alike over each directed edge: those edges are open. A few that were as long by chance prove nothing
// against the many that were not.
void RouteFitter::count_proven() {
  proven_.assign(std::size_t{network_.network().geometry->edge_count()} * 2, 0);
  auto blamed = proven_;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    const bool timed = trips_[i].seconds > 0;
    if (alike_[i] && timed && std::abs(dearer_ms(i)) > margin_ms_) continue;  // as long by chance
    if (!alike_[i] && timed && dearer_ms(i) < margin_ms_) continue;
    for (const auto arc : paths_[i].arcs) ++(alike_[i] ? proven_ : blamed)[graph_.arcs[arc].edge_dir];
  }
  for (std::size_t e = 0; e < proven_.size(); ++e) {
    if (proven_[e] * kBlameOutweighs < blamed[e]) proven_[e] = 0;
  }
}

// How much our time of a path may differ from the provider's: of nine in ten trips alike, times three.
void RouteFitter::fit_margin() {
  std::vector<double> off;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (alike_[i] && trips_[i].seconds > 0)
      off.push_back(std::abs(static_cast<double>(paths_[i].cost_ms) - trips_[i].seconds * 1000));
  }
  margin_ms_ = kCloseCallMs;
  if (off.size() < kLeastForPaces) return;
  const auto at = off.begin() + static_cast<std::ptrdiff_t>(off.size() * 9 / 10);
  std::ranges::nth_element(off, at);
  margin_ms_ = std::clamp(3 * *at, 1000.0, 60'000.0);
}

double RouteFitter::dearer_ms(std::size_t trip) const {
  return trips_[trip].seconds * 1000 - static_cast<double>(paths_[trip].cost_ms);
}

void RouteFitter::set_edge(std::uint32_t edge_dir, bool both,
                           std::vector<std::pair<std::uint32_t, std::uint32_t>>& kept) {
  const auto edge = edge_dir / 2;
  for (auto arc = graph_.edge_first_arc[edge]; arc < graph_.edge_first_arc[edge + 1]; ++arc) {
    if (!both && graph_.arcs[arc].edge_dir != edge_dir) continue;
    kept.emplace_back(arc, router_.costs_.arc_ms[arc]);
    router_.costs_.arc_ms[arc] = road::kClosedMs;
  }
}

// Our path when an edge were closed.
const ModelPath& RouteFitter::path_without(std::size_t trip, std::uint32_t edge_dir, const ModelPath& path) {
  const auto edge = edge_dir / 2;
  const bool at_door =
      graph_.arcs[path.arcs.front()].edge() == edge || graph_.arcs[path.arcs.back()].edge() == edge;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> kept;
  set_edge(edge_dir, proven_[edge_dir ^ 1U] == 0, kept);
  const bool was_open = router_.open_[edge];
  const ModelPath* found = nullptr;
  if (at_door && proven_[edge_dir] == 0) {
    router_.open_[edge] = false;
    const auto ends = doors_of(trips_[trip]);
    found = &router_.path(ends.from, ends.to);
    router_.open_[edge] = was_open;
  } else {
    found = &router_.path(doors_[trip].from, doors_[trip].to);
  }
  for (const auto& [arc, ms] : kept) router_.costs_.arc_ms[arc] = ms;
  return *found;
}

// A path's directed edges, those that fewest trips alike have used first.
std::vector<std::uint32_t> RouteFitter::suspects(const ModelPath& path, bool unproven_only) const {
  std::vector<std::uint32_t> edges;
  for (const auto arc : path.arcs) {
    const auto edge_dir = graph_.arcs[arc].edge_dir;
    if (!unproven_only || proven_[edge_dir] == 0) edges.push_back(edge_dir);
  }
  std::ranges::stable_sort(edges, {}, [&](auto edge_dir) { return proven_[edge_dir]; });
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

// For each trip that came out otherwise: without which edge of ours do we take the provider's way?
void RouteFitter::find_clues(int round, bool preferences) {
  clues_.clear();
  count_proven();
  const std::size_t most = preferences ? 40 : 24;  // edges of a path that are tried
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (stopped()) return;
    if (alike_[i] || !paths_[i].found) continue;
    if (i % 64 == 0) {
      tell("roads", (round + static_cast<double>(i) / static_cast<double>(trips_.size())) /
                        (options_.road_rounds + 2));
    }
    const auto ours = paths_[i];
    Clue clue{i, {}, {}, 0};
    auto edges = suspects(ours, !preferences);
    if (edges.size() > most) edges.resize(most);
    for (const auto edge_dir : edges) {
      const auto& other = path_without(i, edge_dir, ours);
      if (!is_alike(other, trips_[i])) continue;
      const double dearer = static_cast<double>(other.cost_ms) - static_cast<double>(ours.cost_ms);
      if (!clue.edges.empty() && dearer > clue.dearer_ms + 1) continue;
      if (clue.edges.empty() || dearer < clue.dearer_ms - 1) {
        clue.edges.clear();
        clue.right = other;
        clue.dearer_ms = dearer;
      }
      clue.edges.push_back(edge_dir);
    }
    if (!clue.edges.empty()) clues_.push_back(std::move(clue));
  }
}

void RouteFitter::close(std::uint32_t edge_dir) {
  changes_[edge_dir] = road::kEdgeClosed;
  if (proven_[edge_dir ^ 1U] == 0) changes_[edge_dir ^ 1U] = road::kEdgeClosed;
}

// A clue is a lock that some edge of it opens. The edge that opens most of them, and that no trip alike has
// used, is closed, and so on; where the provider is hardly dearer it may be a preference only.
std::size_t RouteFitter::close_by_clues(double least) {
  std::vector<bool> explained(clues_.size());
  std::size_t closed = 0;
  for (;; ++closed) {
    std::map<std::uint32_t, double> votes;
    for (std::size_t c = 0; c < clues_.size(); ++c) {
      if (explained[c] || clues_[c].dearer_ms < margin_ms_) continue;
      std::size_t open = 0;
      for (const auto e : clues_[c].edges) open += proven_[e] == 0 ? 1U : 0U;
      for (const auto e : clues_[c].edges) {
        if (proven_[e] == 0) votes[e] += 1 + 0.5 / static_cast<double>(open);
      }
    }
    const auto best = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    if (best == votes.end() || best->second < least) return closed;
    close(best->first);
    for (std::size_t c = 0; c < clues_.size(); ++c) {
      if (std::ranges::find(clues_[c].edges, best->first) != clues_[c].edges.end()) explained[c] = true;
    }
  }
}

// Where the provider took clearly longer than our way would, some edge of ours is closed to it, and none that
// trips alike have used. The edge that explains most such trips goes first; one in a round for each trip.
std::size_t RouteFitter::close_by_time(double least) {
  count_proven();
  std::vector<std::pair<std::size_t, std::vector<std::uint32_t>>> blocked;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (alike_[i] || !paths_[i].found || trips_[i].seconds <= 0 || dearer_ms(i) < margin_ms_) continue;
    auto edges = suspects(paths_[i], true);
    if (!edges.empty()) blocked.emplace_back(i, std::move(edges));
  }
  std::vector<bool> explained(blocked.size());
  std::size_t closed = 0;
  for (;; ++closed) {
    std::map<std::uint32_t, double> votes;
    for (std::size_t b = 0; b < blocked.size(); ++b) {
      if (explained[b]) continue;
      for (const auto e : blocked[b].second) votes[e] += 1 / static_cast<double>(blocked[b].second.size());
    }
    const auto best = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    if (best == votes.end() || best->second < least) return closed;
    close(best->first);
    for (std::size_t b = 0; b < blocked.size(); ++b) {
      if (std::ranges::find(blocked[b].second, best->first) != blocked[b].second.end()) explained[b] = true;
    }
  }
}

// Where we are dearer than the provider, a road may be closed wrongly: opened again when that brings us to
// the provider's way.
std::size_t RouteFitter::reopen() {
  const auto closed_model = model_;
  auto open_model = model_;
  std::erase_if(open_model.edges, [](const auto& change) { return change.add_ms == road::kEdgeClosed; });
  ModelRouter open_router(network_, open_model, options_.max_snap_m);
  std::map<std::uint32_t, int> for_it;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (stopped()) break;
    if (alike_[i] || trips_[i].seconds <= 0 || (paths_[i].found && dearer_ms(i) > -margin_ms_)) continue;
    const auto from = open_router.door(trips_[i].from, TripEnd::kStart);
    const auto to = open_router.door(trips_[i].to, TripEnd::kFinish);
    const auto path = open_router.path(from, to);
    if (!is_alike(path, trips_[i])) continue;
    for (const auto arc : path.arcs) {
      const auto e = graph_.arcs[arc].edge_dir;
      const auto change = changes_.find(e);
      if (change != changes_.end() && change->second == road::kEdgeClosed) ++for_it[e];
    }
  }
  for (const auto& [edge_dir, count] : for_it) changes_.erase(edge_dir);
  return for_it.size();
}

// Makes the model of the changes; the former one when fewer trips come out alike.
bool RouteFitter::take_changes() {
  auto model = model_;
  model.edges.clear();
  for (const auto& [edge_dir, ms] : changes_)
    model.edges.push_back({edge_dir, static_cast<std::int32_t>(ms)});
  const auto old = model_;
  const auto before = alike();
  take(model);
  route_all();
  if (alike() >= before) return true;
  take(old);
  route_all();
  changes_.clear();
  for (const auto& change : model_.edges) changes_[change.edge_dir] = change.add_ms;
  return false;
}

// What is no closure is a preference: ours dearer by as much as is wanting, spread over what differs, least
// over what trips alike use.
void RouteFitter::prefer() {
  std::map<std::uint32_t, std::pair<double, int>> wanted;
  for (const auto& clue : clues_) {
    std::vector<std::uint32_t> ours, theirs, only_ours;
    for (const auto arc : paths_[clue.trip].arcs) ours.push_back(graph_.arcs[arc].edge_dir);
    for (const auto arc : clue.right.arcs) theirs.push_back(graph_.arcs[arc].edge_dir);
    std::ranges::sort(ours);
    std::ranges::sort(theirs);
    std::ranges::set_difference(ours, theirs, std::back_inserter(only_ours));
    double used = 0;
    for (const auto e : only_ours) used += 1.0 / (1 + proven_[e]);
    for (const auto e : only_ours) {
      auto& [sum, count] = wanted[e];
      sum += (clue.dearer_ms + 300) / (1 + proven_[e]) / used;
      ++count;
    }
  }
  for (const auto& [edge_dir, want] : wanted) {
    auto& now = changes_[edge_dir];
    if (now != road::kEdgeClosed)
      now = std::min<std::int64_t>(now + std::llround(want.first / want.second), 600'000);
  }
}

RouteFitResult RouteFitter::run() {
  RouteFitResult result;
  result.pairs = trips_.size();
  tell("routes", 0);
  route_all();
  fit_yardstick();
  route_all();
  result.alike_before = alike();
  for (int round = 0; round < options_.pace_rounds && !stopped_; ++round) {
    fit_paces();
    fit_yardstick();
    take(model_);
    route_all();
    if (round == 0) try_rules();
    tell("paces", (round + 1.0) / options_.pace_rounds);
  }
  fit_margin();
  const auto wanting = [this] { return !stopped_ && alike() < trips_.size(); };
  for (int round = 0; round < options_.road_rounds && wanting(); ++round) {
    find_clues(round, false);
    // The clearest cases first: each makes others clearer.
    if (close_by_clues(std::max(1, 3 - round)) > 0) take_changes();
    for (int peel = 0; peel < kPeels && !stopped_; ++peel) {
      if (close_by_time(std::max(0.6, 2.4 / (1 + round))) == 0 || !take_changes()) break;
    }
    if (reopen() > 0) take_changes();
    fit_paces();
    fit_margin();
  }
  for (int round = 0; round < 2 && wanting(); ++round) {
    find_clues(options_.road_rounds + round, true);
    prefer();
    take_changes();
    fit_paces();
  }
  result.stopped = stopped_;
  result.model = model_;
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

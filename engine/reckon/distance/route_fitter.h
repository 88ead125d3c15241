#pragma once

// The state of one fit (route_fit.h), shared by its parts: what is the same for all trips (paces, turns,
// rules, yardstick: route_fit.cc), what a provider chooses by apart from its times (route_fit_choice.cc),
// what single roads and turns take (route_fit_times.cc), roads that are closed (route_fit_roads.cc,
// route_fit_repair.cc) and roads that are liked less (route_fit_preferences.cc).

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "reckon/distance/reach.h"
#include "reckon/distance/route_fit.h"

namespace reckon::distance {

inline constexpr double kAlikeM = 1.5;  // both sides round, and doors lie a hand's breadth apart
inline constexpr double kAlikeShare =
    0.0005;  // of the distance: lengths of the same way differ by their formula
inline constexpr double kAlikeShareFirst = 0.003;  // before the yardstick is known
inline constexpr double kCloseCallMs =
    6000;  // so much dearer, and it may be a preference only, where no times tell
inline constexpr double kRoundedMs = 450;  // nine in ten answers in whole seconds are off by no more
inline constexpr double kLeastCloseCallMs = 200;
inline constexpr std::size_t kLeastForPaces = 30;  // answers; below that paces are not learned
inline constexpr int kMostIdle = 2;                // rounds without gain
inline constexpr double kTrifleMs = 30;            // less is not added to a single road or turn
inline constexpr double kMostMs = 6e5;             // nor more

using road::Door;
using road::ModelPath;
using road::RouteModel;
using road::RouteNetwork;
using road::TripEnd;

/// The model without what single roads and turns take or cost beyond their kind.
inline RouteModel of_kinds(RouteModel model) {
  model.edge_times.clear();
  model.turn_times.clear();
  return model;
}

class RouteFitter {
 public:
  RouteFitter(const RouteNetwork& network, std::span<const AnsweredTrip> trips,
              const RouteFitOptions& options, const FitProgress& progress)
      : network_(network),
        graph_(network.network().graph),
        trips_(trips),
        options_(options),
        progress_(progress),
        model_(options.start != nullptr ? *options.start : network.own_model()),
        router_(network, model_, options.max_snap_m),
        doors_(trips.size()),
        paths_(trips.size()),
        alike_(trips.size()) {
    for (const auto& change : model_.edges) changes_[change.edge_dir] = change.add_ms;
    spread_part_times();
    yardstick_known_ = options.start != nullptr;
  }

  RouteFitResult run();

 private:
  struct Ends {
    Door from, to;
  };
  using Trips = std::vector<std::size_t>;
  using Edges = std::vector<std::uint32_t>;  ///< directed: edge * 2 + Direction

  /// A trip that the provider routed otherwise, and its path by some other cost of ours.
  struct Clue {
    std::size_t trip;
    ModelPath right;
    double dearer_ms = 0;  ///< the provider's path, by our costs, than ours
  };
  /// A way that the provider did not take, though it would have been cheaper: some of its roads is closed.
  struct Untaken {
    std::uint32_t trip;
    Edges edges;                        ///< in order along the way
    ModelPath path;                     ///< the whole way, while it is its cost that tells
    std::array<std::uint32_t, 2> ends;  ///< edges that the trip's doors were on, or it says nothing
  };

  /// What becomes of trips under another model.
  struct Trial {
    std::size_t gained = 0, lost = 0;  ///< that came out alike then only, and now only
    /// Beyond what chance does to as many trips.
    bool clearly_better() const {
      return static_cast<double>(gained) >
             static_cast<double>(lost) + 2 + 1.5 * std::sqrt(static_cast<double>(gained + lost));
    }
  };
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
  bool is_timed(std::size_t trip) const { return trips_[trip].seconds > 0; }
  /// Alike, and as long on the way as the provider says, where it says.
  bool matches(const ModelPath& path, std::size_t trip) const {
    return is_alike(path, trips_[trip]) &&
           (!is_timed(trip) ||
            std::abs(network_.told_ms(model_, path) - trips_[trip].seconds * 1000) <= margin_ms_);
  }
  void route_all();
  void fit_yardstick();
  void fit_paces();
  bool fit_times(std::vector<double>& theta) const;
  /// The way of a trip whose time tells of its roads; null where that is not known.
  const ModelPath* timed_way(std::size_t trip) const {
    const bool known = trip < known_.size() && known_[trip].found;
    const auto& path = known ? known_[trip] : paths_[trip];
    return (known || alike_[trip]) && is_timed(trip) && path.arcs.size() >= 2 ? &path : nullptr;
  }
  /// Roads and turns of a path, and which share of each it uses.
  std::vector<std::pair<std::uint32_t, float>> parts_of(const ModelPath& path) const;
  std::size_t part_count() const;
  double part_times_ms(const ModelPath& path) const;
  void spread_part_times();
  bool learn_part_times(RouteModel& model, double& stiffness);
  void note_passed_by();
  Trial gain_over(const std::vector<bool>& alike_before) const;
  void fit_single_times();
  class ChoiceParts;  ///< what a choice between two ways tells of
  bool learn_part_choice(RouteModel& model);
  ModelPath way_by_some_road(std::size_t trip);
  ModelPath path_by(std::size_t trip, std::uint32_t via, road::Cost whole) const;
  void find_ways();
  void fit_single_choice();
  std::uint32_t arc_of(std::uint32_t edge_dir) const {
    auto arc = graph_.edge_first_arc[edge_dir / 2];
    while (graph_.arcs[arc].edge_dir != edge_dir) ++arc;
    return arc;
  }
  /// Seconds a kilometre by group and seconds by turn, as solve() has them.
  template <class Times>
  void set_parameters(const std::vector<double>& theta, Times& times) const {
    const auto groups = network_.groups().size();
    times.pace_ms_per_m.assign(theta.begin(), theta.begin() + static_cast<std::ptrdiff_t>(groups));
    for (std::size_t k = groups; k < theta.size(); ++k) times.turn_ms.at(k - groups) = theta[k] * 1000;
  }
  /// It does not choose by the time that it tells: a slower way was not closed.
  bool chooses_apart() const { return !model_.told.pace_ms_per_m.empty(); }
  class Choice;  ///< ways of some trips, and by what the taken ones were chosen
  void fit_choice();
  void add_ways(Choice& choice, const RouteModel& model, const Trips& trips);
  void add_other_ways(Choice& choice, const Trips& trips);
  void solve(const std::vector<std::vector<float>>& rows, const std::vector<double>& seconds,
             std::vector<double>& theta) const;
  /// Where little tells of a group, its cost differs from `own` as that of its whole class does.
  /// @param km, theta, own  by group: what tells of it, what it costs by that, what it would cost otherwise
  static void share_by_class(const RouteNetwork& network, const std::vector<double>& km,
                             const std::vector<double>& theta, const std::vector<double>& own,
                             std::vector<double>& prior);
  enum class Of : std::uint8_t { kAll, kPrivate, kPushed };  ///< of a class's roads
  void try_rules();
  void try_closing(std::uint32_t classes, Of of);
  bool try_opening(const RouteModel& model);
  void try_door_rules();
  void try_doors(const road::DoorRules& rules);
  Trial tried(const RouteModel& model, const Trips& trips);
  void take(const RouteModel& model);
  void fit_margin();
  double dearer_ms(std::size_t trip) const;
  class Without;  ///< closes some edges for a while
  class Opened;   ///< opens a closed edge for a while
  const ModelPath& path_without(std::size_t trip, Ends& doors, std::span<const std::uint32_t> edge_dirs);
  const ModelPath& path_without(std::size_t trip, std::span<const std::uint32_t> edge_dirs) {
    auto doors = doors_[trip];
    return path_without(trip, doors, edge_dirs);
  }
  Edges suspects(const ModelPath& path, std::size_t most) const;

  void find_closed();
  void look_at(std::size_t trip);
  void look_at_close_call(std::size_t trip);
  std::set<std::uint32_t> closed_within_reach(std::size_t trip, double most_ms);
  bool look_for_open(std::size_t trip);
  void look_at_doors(std::size_t trip);
  bool opens_up(std::size_t trip, std::uint32_t edge);
  void blame(std::size_t trip, Edges edges, const ModelPath& path = {});
  double cost_ms(const ModelPath& path) const;
  void refit_paces();
  std::array<std::uint32_t, 2> edges_of(const Ends& ends) const;
  void count_proven();
  void doubt_proofs();
  Edges openable(const Untaken& way) const;
  std::vector<std::uint32_t> solve_closures();
  void set_closed(std::span<const std::uint32_t> edges);
  void count_noise();
  double noise() const;

  class Repair;
  void repair();

  void find_clues(int round);
  void apply_changes();
  void go_back_to(const RouteModel& model);
  void take_changes();
  void prefer();

  const RouteNetwork& network_;
  const road::ArcGraph& graph_;
  std::span<const AnsweredTrip> trips_;
  const RouteFitOptions& options_;
  const FitProgress& progress_;
  RouteModel model_;
  ModelRouter router_;
  std::vector<Ends> doors_;
  std::vector<Ends> open_doors_;  ///< while no road is closed
  std::vector<ModelPath> paths_;
  std::vector<bool> alike_;
  bool yardstick_known_ = false;

  std::vector<Clue> clues_;
  std::vector<ModelPath> known_;  ///< by trip: the way that it took; not found where that is not known
  std::vector<Untaken> untaken_;
  std::set<std::pair<std::size_t, Edges>>
      blamed_;                               ///< what untaken_ has, and close calls that were looked at
  std::size_t too_fast_ = 0, too_slow_ = 0;  ///< trips, all roads open: the provider takes longer, or less
  std::vector<std::uint32_t> proven_;        ///< by directed edge: trips known to use it
  std::map<std::uint32_t, std::int64_t> changes_;             ///< RouteModel::edges in the making
  std::vector<std::pair<std::size_t, ModelPath>> passed_by_;  ///< trips, and ways that it should have taken
  std::vector<std::int32_t> part_times_;  ///< RouteModel::edge_times and turn_times; empty: none
  road::ArcCosts open_costs_;             ///< of the model without closed roads
  bool times_tell_ = false;               ///< enough trips have times that fit
  double margin_ms_ = kCloseCallMs;
  double close_call_ms_ = kCloseCallMs;  ///< a way so much dearer than ours is no matter of our costs' error
  Reach there_, onward_;
  std::vector<std::uint32_t> met_in_;  ///< by arc: the last search of what is cut off that met it
  std::uint32_t search_ = 0;           ///< the newest of these

  std::string_view stage_ = "routes";
  double done_ = 0;
  std::size_t asked_ = 0;
  bool stopped_ = false;
};
}  // namespace reckon::distance

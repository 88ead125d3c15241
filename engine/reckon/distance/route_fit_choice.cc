// What a provider chooses by, where that is not the time that it tells: roads that it likes and dislikes by
// their kind, durations in traffic, none at all. Of each trip whose way is known by its metres and seconds
// some other ways are known, too, that it did not take: a multinomial logit (McFadden 1974) of the taken ways
// among those gives the costs. Each round routes by these costs, which gives further ways, taken and not.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "reckon/distance/route_fitter.h"

namespace reckon::distance {
namespace {

constexpr std::size_t kLeastTrips = 200;  // with known ways
constexpr std::size_t kMostTried = 3000;  // trips that tell whether there is something to be learned
constexpr double kLeastGain = 0.15;       // of the trips that came out otherwise
constexpr double kScaleS = 20;     // of the logit; only shares of costs choose, so they grow till it fits
constexpr double kRidge = 2;       // of a cost that is twice its class's, in trips
constexpr double kRidgeTurnS = 5;  // a turn cost's usual distance from its prior
constexpr int kNewtonSteps = 12;
constexpr double kLeastShare = 0.02, kMostShare = 50;  // of the told times
constexpr std::size_t kMostWays = 40;                  // of one trip

using Features = std::vector<std::pair<std::uint32_t, float>>;  // those that are not zero

double dot(const Features& features, const std::vector<double>& theta) {
  double sum = 0;
  for (const auto& [k, value] : features) sum += double{value} * theta[k];
  return sum;
}

// Solves a x = b for a symmetric positive definite `a`, which it destroys (Cholesky).
void solve_definite(std::vector<double>& a, std::vector<double>& b) {
  const auto n = b.size();
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = j; i < n; ++i) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / a[j * n + j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
}

}  // namespace

class RouteFitter::Choice {
 public:
  /// @param told  the times that the provider tells, as solve() has them: what the costs are near to
  Choice(const RouteFitter& fitter, std::vector<double> told)
      : network_(fitter.network_), told_(std::move(told)), ways_(fitter.trips_.size()) {}

  /// A way of a trip; taken where metres and seconds are the provider's.
  void add(std::size_t trip, const ModelPath& path, bool taken) {
    auto& ways = ways_[trip];
    if (!path.found || ways.size() >= kMostWays) return;
    for (auto& way : ways) {
      if (way.length_mm == path.length_mm && way.arcs == path.arcs.size()) return;
    }
    std::vector<float> all(network_.features());
    network_.add_features(path, all);
    Way way{path.length_mm, path.arcs.size(), taken, {}};
    for (std::uint32_t k = 0; k < all.size(); ++k) {
      if (all[k] != 0) way.features.emplace_back(k, all[k]);
    }
    ways.push_back(std::move(way));
  }

  /// Costs by which the taken ways are the cheapest; nothing where too few tell.
  std::vector<double> costs() {
    list_differences();
    if (rivals_.size() < kLeastTrips) return {};
    auto theta = told_;
    auto prior = told_;
    const auto km = kilometres();
    for (int step = 0; step < kNewtonSteps; ++step) {
      newton(theta, prior);
      share_by_class(network_, km, theta, told_, prior);  // turns are as they are told
    }
    return theta;
  }

 private:
  struct Way {
    std::uint32_t length_mm = 0;
    std::size_t arcs = 0;
    bool taken = false;
    Features features;
  };

  // What each way that was not taken has more than the one that was, by trip.
  void list_differences() {
    rivals_.clear();
    std::vector<double> more(told_.size());
    for (const auto& ways : ways_) {
      const auto taken = std::ranges::find_if(ways, [](const auto& way) { return way.taken; });
      if (taken == ways.end()) continue;
      std::vector<Features> differences;
      for (const auto& way : ways) {
        if (way.taken) continue;
        for (const auto& [k, value] : way.features) more[k] += double{value};
        for (const auto& [k, value] : taken->features) more[k] -= double{value};
        auto& difference = differences.emplace_back();
        for (std::uint32_t k = 0; k < more.size(); ++k) {
          if (std::abs(more[k]) > 1e-6) difference.emplace_back(k, static_cast<float>(more[k]));
          more[k] = 0;
        }
      }
      if (!differences.empty()) rivals_.push_back(std::move(differences));
    }
  }

  double ridge(std::size_t k) const {
    const auto groups = network_.groups().size();
    return k < groups ? kRidge / (told_[k] * told_[k]) : kRidge / (kRidgeTurnS * kRidgeTurnS);
  }

  double loss(const std::vector<double>& theta, const std::vector<double>& prior) const {
    double sum = 0;
    for (const auto& differences : rivals_) {
      double all = 1;
      for (const auto& one : differences) all += std::exp(std::min(50.0, -dot(one, theta) / kScaleS));
      sum += std::log(all);
    }
    for (std::size_t k = 0; k < theta.size(); ++k)
      sum += 0.5 * ridge(k) * (theta[k] - prior[k]) * (theta[k] - prior[k]);
    return sum;
  }

  // One step of Newton's method, halved until the loss falls.
  void newton(std::vector<double>& theta, const std::vector<double>& prior) const {
    const auto n = theta.size();
    std::vector<double> hessian(n * n), down(n), mean(n);
    for (const auto& differences : rivals_) {
      std::vector<double> chance;
      double all = 1;
      for (const auto& one : differences) {
        chance.push_back(std::exp(std::min(50.0, -dot(one, theta) / kScaleS)));
        all += chance.back();
      }
      std::vector<std::uint32_t> touched;
      for (std::size_t j = 0; j < differences.size(); ++j) {
        const double p = chance[j] / all;
        if (p < 1e-6) continue;
        for (const auto& [k, value] : differences[j]) {
          if (mean[k] == 0) touched.push_back(k);
          mean[k] += p * double{value} / kScaleS;
          for (const auto& [m, other] : differences[j])
            hessian[k * n + m] += p * double{value} * double{other} / (kScaleS * kScaleS);
        }
      }
      std::ranges::sort(touched);
      touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
      for (const auto k : touched) {
        down[k] += mean[k];
        for (const auto m : touched) hessian[k * n + m] -= mean[k] * mean[m];
      }
      for (const auto k : touched) mean[k] = 0;
    }
    for (std::size_t k = 0; k < n; ++k) {
      down[k] -= ridge(k) * (theta[k] - prior[k]);
      hessian[k * n + k] += ridge(k);
    }
    solve_definite(hessian, down);
    const double before = loss(theta, prior);
    for (double length = 1; length > 0.01; length /= 2) {
      auto next = theta;
      for (std::size_t k = 0; k < n; ++k) next[k] = bounded(k, theta[k] + length * down[k]);
      if (loss(next, prior) >= before) continue;
      theta = std::move(next);
      return;
    }
  }

  double bounded(std::size_t k, double value) const {
    if (k >= network_.groups().size()) return std::clamp(value, 0.0, 600.0);
    return std::clamp(value, kLeastShare * told_[k], kMostShare * told_[k]);
  }

  // By group, of what rivals have more or less than the ways that were taken.
  std::vector<double> kilometres() const {
    std::vector<double> km(network_.groups().size());
    for (const auto& differences : rivals_) {
      for (const auto& one : differences) {
        for (const auto& [k, value] : one) {
          if (k < km.size()) km[k] += std::abs(double{value});
        }
      }
    }
    return km;
  }

  const RouteNetwork& network_;
  std::vector<double> told_;
  std::vector<std::vector<Way>> ways_;  ///< by trip
  std::vector<std::vector<Features>> rivals_;
};

// Ways of some trips under a model; those that the provider took are known by their metres and seconds.
void RouteFitter::add_ways(Choice& choice, const RouteModel& model, const Trips& trips) {
  ModelRouter router(network_, model, options_.max_snap_m);
  for (const auto i : trips) {
    if (stopped()) return;
    const auto& path = router.path(router.door(trips_[i].from, TripEnd::kStart),
                                   router.door(trips_[i].to, TripEnd::kFinish));
    choice.add(i, path, matches(path, i));
  }
}

// Each class at half and at twice its cost, and all roads by their metres: ways that the provider may have
// taken.
void RouteFitter::add_other_ways(Choice& choice, const Trips& trips) {
  const auto& groups = network_.groups();
  for (std::size_t c = 0; c <= road::kRoadClasses; ++c) {
    for (const double share : {0.5, 2.0}) {
      auto model = model_;
      bool changes = false;
      for (std::size_t g = 0; g < groups.size(); ++g) {
        const bool of = static_cast<std::size_t>(groups[g].road_class) == c;
        if (of) model.pace_ms_per_m[g] *= share;
        if (c == road::kRoadClasses) model.pace_ms_per_m[g] = share * 100;
        changes = changes || of || c == road::kRoadClasses;
      }
      if (changes) add_ways(choice, model, trips);
    }
    tell("choice", static_cast<double>(c) / (2 * road::kRoadClasses));
  }
}

// Half of some trips tell by what it chooses; the others tell whether that explains enough of what the times
// do not.
void RouteFitter::fit_choice() {
  std::vector<double> told;
  if (!fit_times(told)) {
    for (std::size_t k = 0; k < network_.features(); ++k) {
      const auto groups = network_.groups().size();
      told.push_back(k < groups ? model_.pace_ms_per_m[k] : model_.turn_ms[k - groups] / 1000);
    }
  }
  const auto before = model_;
  auto apart = model_;
  set_parameters(told, apart.told);
  Trips learned, judged;
  for (std::size_t i = 0; i < std::min(trips_.size(), kMostTried); ++i)
    (i % 2 == 0 ? learned : judged).push_back(i);
  const auto unlike = std::ranges::count_if(judged, [&](auto i) { return !alike_[i]; });
  model_ = apart;  // ways are known by the told times
  fit_margin();
  Choice choice(*this, told);
  add_ways(choice, before, learned);
  add_other_ways(choice, learned);
  for (int round = 0; round < 3 && !stopped_; ++round) {
    const auto theta = choice.costs();
    if (theta.empty()) break;
    set_parameters(theta, apart);
    add_ways(choice, apart, learned);
  }
  model_ = before;
  const auto trial = tried(apart, judged);
  if (stopped_ || !trial.clearly_better() ||
      static_cast<double>(trial.gained - trial.lost) < kLeastGain * static_cast<double>(unlike)) {
    fit_margin();
    return;
  }
  Trips all(trips_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  auto best = before;
  auto best_alike = alike();
  for (int round = 0; round < options_.choice_rounds && !stopped_; ++round) {
    take(apart);
    route_all();
    fit_paces();
    fit_margin();
    if (alike() > best_alike) {
      best = model_;
      best_alike = alike();
    }
    for (std::size_t i = 0; i < trips_.size(); ++i) choice.add(i, paths_[i], matches(paths_[i], i));
    apart = model_;
    const auto theta = choice.costs();
    if (theta.empty()) break;
    set_parameters(theta, apart);
    tell("choice", 0.5 + 0.5 * (round + 1.0) / options_.choice_rounds);
  }
  take(best);
  route_all();
  try_door_rules();  // of ways that are known only now
  fit_margin();
}

}  // namespace reckon::distance

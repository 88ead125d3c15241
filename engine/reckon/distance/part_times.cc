#include "reckon/distance/part_times.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "reckon/distance/conjugate_gradients.h"

namespace reckon::distance {
namespace {

constexpr std::size_t kFolds = 5, kTriedFolds = 2;
constexpr std::size_t kLeastWays = 200;
constexpr double kWorthIt = 0.9;  // of the others' mean error, or single parts are left alone
// Variance of a trip's time in units of the parts': from traffic to rounded times.
constexpr std::array kStiffness = {1e5, 1e4, 1e3, 100.0, 10.0, 1.0};
constexpr int kReweighings = 4;
constexpr double kSmallEnough = 1e-5;  // of the first residual, squared
constexpr double kOutlier = 4;         // deviations from which on a trip counts less

double median_off(std::vector<double> off) {
  if (off.empty()) return 0;
  for (auto& one : off) one = std::abs(one);
  const auto middle = off.begin() + static_cast<std::ptrdiff_t>(off.size() / 2);
  std::ranges::nth_element(off, middle);
  return *middle;
}

class Regression {
 public:
  Regression(std::span<const TimedWay> ways, std::span<const Part> parts,
             const std::function<bool()>& stopped)
      : ways_(ways), parts_(parts), stopped_(stopped) {}

  bool stopped() const { return stopped_ && stopped_(); }

  /// From all ways but those of one fold; kFolds: from all. Goes on from `add`.
  void solve(double stiffness, std::size_t without, std::vector<double>& add) const {
    std::vector<double> weight(ways_.size());
    std::vector<bool> fixed(add.size());  // at the least that they may take
    for (int round = 0; round < kReweighings && !stopped(); ++round) {
      weigh(without, add, weight);
      solve_weighted(stiffness, weight, fixed, add);
      for (std::size_t p = 0; p < add.size(); ++p) {
        fixed[p] = add[p] <= parts_[p].least_ms;
        add[p] = std::max(add[p], parts_[p].least_ms);
      }
    }
  }
  /// Of the ways of one fold, in the mean.
  double mean_error(const std::vector<double>& add, std::size_t of) const {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = of; i < ways_.size(); i += kFolds) {
      if (ways_[i].at_least) continue;
      sum += std::abs(error(i, add));
      ++count;
    }
    return sum / static_cast<double>(std::max<std::size_t>(1, count));
  }

 private:
  double sum_of(const TimedWay& way, const std::vector<double>& add) const {
    double sum = 0;
    for (const auto& [part, share] : way.parts) sum += double{share} * add[part];
    return sum;
  }
  double error(std::size_t i, const std::vector<double>& add) const {
    return ways_[i].off_ms - sum_of(ways_[i], add);
  }
  void weigh(std::size_t without, const std::vector<double>& add, std::vector<double>& weight) const {
    std::vector<double> off;
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      if (i % kFolds != without && !ways_[i].at_least) off.push_back(error(i, add));
    }
    const double limit = kOutlier * median_off(std::move(off)) / 0.6745 + 1;  // of normal errors
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      const double off_ms = error(i, add);
      const bool counts = i % kFolds != without && !(ways_[i].at_least && off_ms <= 0);
      weight[i] = counts ? std::pow(std::min(1.0, limit / std::abs(off_ms)), 2) : 0;
    }
  }
  // out = (A' W A + stiffness / variance) in
  void apply(double stiffness, const std::vector<double>& weight, const std::vector<double>& in,
             std::vector<double>& out) const {
    for (std::size_t p = 0; p < in.size(); ++p) out[p] = stiffness / parts_[p].variance * in[p];
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      if (weight[i] == 0) continue;
      const double pull = weight[i] * sum_of(ways_[i], in);
      for (const auto& [part, share] : ways_[i].parts) out[part] += double{share} * pull;
    }
  }
  // Goes on from `add`.
  void solve_weighted(double stiffness, const std::vector<double>& weight, std::vector<bool>& fixed,
                      std::vector<double>& add) const {
    const auto n = add.size();
    std::vector<double> rest(n), moved(n), diagonal(n);
    apply(stiffness, weight, add, moved);
    for (std::size_t p = 0; p < n; ++p) {
      rest[p] = -moved[p];
      diagonal[p] = stiffness / parts_[p].variance;
    }
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      for (const auto& [part, share] : ways_[i].parts) {
        rest[part] += weight[i] * double{share} * ways_[i].off_ms;
        diagonal[part] += weight[i] * double{share} * double{share};
      }
    }
    for (std::size_t p = 0; p < n; ++p) {
      fixed[p] = fixed[p] && rest[p] <= 0;  // others may make it take more again
      if (fixed[p]) diagonal[p] = std::numeric_limits<double>::infinity();
    }
    conjugate_gradients([&](const auto& in, auto& out) { apply(stiffness, weight, in, out); }, diagonal, rest,
                        kSmallEnough, stopped_, add);
  }

  std::span<const TimedWay> ways_;
  std::span<const Part> parts_;
  const std::function<bool()>& stopped_;
};

}  // namespace

PartTimes fit_part_times(std::span<const TimedWay> ways, std::span<const Part> parts, double stiffness,
                         const std::function<bool()>& stopped) {
  if (ways.size() < kLeastWays) return {};
  const Regression regression(ways, parts, stopped);
  if (stiffness == 0) {
    double least = 0;
    std::array<std::vector<double>, kTriedFolds> add;
    for (std::size_t fold = 0; fold < kTriedFolds; ++fold) {
      add.at(fold).resize(parts.size());
      least += kWorthIt * regression.mean_error(add.at(fold), fold);
    }
    int worse = 0;
    for (const double tried : kStiffness) {
      double sum = 0;
      for (std::size_t fold = 0; fold < kTriedFolds; ++fold) {
        regression.solve(tried, fold, add.at(fold));
        sum += regression.mean_error(add.at(fold), fold);
      }
      if (sum < least) {
        least = sum;
        stiffness = tried;
        worse = 0;
      } else if (stiffness != 0 && ++worse == 2) {
        break;
      }
    }
    if (stiffness == 0) return {};
  }
  PartTimes found{std::vector<double>(parts.size()), stiffness};
  regression.solve(stiffness, kFolds, found.add_ms);
  if (regression.stopped()) return {};
  return found;
}

}  // namespace reckon::distance

#include "reckon/distance/part_choice.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "reckon/distance/conjugate_gradients.h"

namespace reckon::distance {
namespace {

constexpr int kMostNewtonSteps = 30;
constexpr double kSmallEnough = 1e-4;    // of the first residual, squared
constexpr double kLeastProgress = 1e-5;  // of the loss
constexpr double kShortestStep = 1e-3;

class Logit {
 public:
  Logit(std::span<const PassedBy> ways, std::span<const double> deviation, double scale_ms,
        const std::function<bool()>& stopped)
      : ways_(ways), deviation_(deviation), scale_ms_(scale_ms), stopped_(stopped), weight_(ways.size()) {}

  bool stopped() const { return stopped_ && stopped_(); }

  /// One step of Newton's method, halved until the loss falls. @return whether there is more to gain
  bool step(std::vector<double>& add) {
    const double before = loss(add);
    const auto direction = solve(gradient(add));
    for (double length = 1; length > kShortestStep; length /= 2) {
      auto next = add;
      for (std::size_t p = 0; p < next.size(); ++p) next[p] += length * direction[p];
      const double after = loss(next);
      if (after >= before) continue;
      add = std::move(next);
      return before - after > kLeastProgress * before;
    }
    return false;
  }

 private:
  // What holds a part to its kind.
  double tie(std::size_t part) const { return 1 / (deviation_[part] * deviation_[part]); }
  double sum_of(const PassedBy& way, const std::vector<double>& of) const {
    double sum = 0;
    for (const auto& [part, share] : way.more) sum += double{share} * of[part];
    return sum;
  }
  double loss(const std::vector<double>& add) const {
    double sum = 0;
    for (const auto& way : ways_) {
      const double gap = (way.dearer_ms + sum_of(way, add)) / scale_ms_;
      sum += std::log1p(std::exp(-std::abs(gap))) + std::max(0.0, -gap);
    }
    for (std::size_t p = 0; p < add.size(); ++p) sum += 0.5 * tie(p) * add[p] * add[p];
    return sum;
  }
  // The steepest way down; notes each way's weight in the second derivative.
  std::vector<double> gradient(const std::vector<double>& add) {
    std::vector<double> down(add.size());
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      const double gap = (ways_[i].dearer_ms + sum_of(ways_[i], add)) / scale_ms_;
      const double wrong = 1 / (1 + std::exp(gap));
      weight_[i] = wrong * (1 - wrong) / (scale_ms_ * scale_ms_);
      for (const auto& [part, share] : ways_[i].more) down[part] += double{share} * wrong / scale_ms_;
    }
    for (std::size_t p = 0; p < add.size(); ++p) down[p] -= tie(p) * add[p];
    return down;
  }
  void apply(const std::vector<double>& in, std::vector<double>& out) const {
    for (std::size_t p = 0; p < in.size(); ++p) out[p] = tie(p) * in[p];
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      const double pull = weight_[i] * sum_of(ways_[i], in);
      for (const auto& [part, share] : ways_[i].more) out[part] += double{share} * pull;
    }
  }
  // Newton's direction.
  std::vector<double> solve(std::vector<double> rest) const {
    std::vector<double> found(rest.size()), diagonal(rest.size());
    for (std::size_t p = 0; p < rest.size(); ++p) diagonal[p] = tie(p);
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      for (const auto& [part, share] : ways_[i].more)
        diagonal[part] += weight_[i] * double{share} * double{share};
    }
    conjugate_gradients([&](const auto& in, auto& out) { apply(in, out); }, diagonal, rest, kSmallEnough,
                        stopped_, found);
    return found;
  }

  std::span<const PassedBy> ways_;
  std::span<const double> deviation_;
  double scale_ms_;
  const std::function<bool()>& stopped_;
  std::vector<double> weight_;  ///< of each way in the loss's second derivative
};

}  // namespace

std::vector<double> fit_part_choice(std::span<const PassedBy> ways, std::span<const double> deviation,
                                    double scale_ms, const std::function<bool()>& stopped) {
  std::vector<double> add(deviation.size());
  Logit logit(ways, deviation, scale_ms, stopped);
  for (int k = 0; k < kMostNewtonSteps && !logit.stopped() && logit.step(add); ++k) {
  }
  if (logit.stopped()) return {};
  return add;
}

}  // namespace reckon::distance

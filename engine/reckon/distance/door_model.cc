#include "reckon/distance/door_model.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "reckon/geo/geodesic.h"

namespace reckon::distance {
namespace {

constexpr double kClassWidth = 0.06;
constexpr std::size_t kReverse = kDoorClasses - 1;
constexpr std::size_t kFolds = 5;
constexpr std::size_t kLeastInClass = 50;
constexpr std::size_t kLeastInBand = 200;
constexpr std::size_t kLengths = 12;
constexpr double kRidge = 1e-3;
constexpr double kLeastScale = 1e-4;

// What the model looks at.
struct View {
  std::size_t of = 0;  ///< class
  std::array<double, kDoorTerms> terms{};
  double low = 0,
         high = 0;  ///< the estimate stays within, but for what the bias of noisy bounds takes it out of them
  double usual = 0;
};

std::optional<View> view_of(const DoorGraph::Bounds& bounds, double geodesic_m, double usual_m) {
  if (usual_m < 1 || geodesic_m < 1) return std::nullopt;
  View view;
  view.usual = usual_m;
  view.low = std::max(geodesic_m, bounds.low);
  view.high = std::max(view.low, bounds.high);
  if (bounds.reverse && *bounds.reverse >= 1) {
    view.of = kReverse;
    view.terms = {1, std::log(*bounds.reverse / usual_m), 0, 0};
    view.low = geodesic_m;
    view.high = std::numeric_limits<double>::infinity();
    return view;
  }
  if (bounds.through == 0) return std::nullopt;
  view.of = std::min(kReverse - 1, static_cast<std::size_t>(std::log(view.high / view.low) / kClassWidth));
  view.terms = {1, std::log(view.high / usual_m), std::log(view.low / usual_m),
                std::log(static_cast<double>(bounds.through))};
  return view;
}

double length_factor(const DoorModel& model, const View& view, double straight_m) {
  if (view.of == kReverse) return 1;
  const auto& lengths = model.lengths;
  if (lengths.empty()) return 1;
  const auto above = std::ranges::find_if(lengths, [&](const auto& one) { return straight_m <= one.at_m; });
  if (above == lengths.begin()) return lengths.front().factor;
  if (above == lengths.end()) return lengths.back().factor;
  const auto& a = *(above - 1);
  return a.factor + (above->factor - a.factor) * (straight_m - a.at_m) / (above->at_m - a.at_m);
}

double raw_estimate(const DoorModel::Class& of, const View& view) {
  double log = 0;
  for (std::size_t i = 0; i < kDoorTerms; ++i) log += of.weights.at(i) * view.terms.at(i);
  return std::clamp(view.usual * std::exp(log), view.low, view.high);
}

// Sums of least squares for one class, solved by elimination; the ridge keeps it solvable.
struct Sums {
  std::array<std::array<double, kDoorTerms + 1>, kDoorTerms> a{};
  std::size_t count = 0;

  void add(const View& view, double log_share) {
    ++count;
    for (std::size_t i = 0; i < kDoorTerms; ++i) {
      for (std::size_t j = 0; j < kDoorTerms; ++j) a.at(i).at(j) += view.terms.at(i) * view.terms.at(j);
      a.at(i).at(kDoorTerms) += view.terms.at(i) * log_share;
    }
  }
  std::array<double, kDoorTerms> solve() {
    for (std::size_t i = 0; i < kDoorTerms; ++i) a.at(i).at(i) += kRidge;
    for (std::size_t i = 0; i < kDoorTerms; ++i) {
      const double pivot = a.at(i).at(i);
      for (auto& cell : a.at(i)) cell /= pivot;
      for (std::size_t k = 0; k < kDoorTerms; ++k) {
        const double share = k == i ? 0 : a.at(k).at(i);
        for (std::size_t j = 0; j <= kDoorTerms; ++j) a.at(k).at(j) -= share * a.at(i).at(j);
      }
    }
    std::array<double, kDoorTerms> weights{};
    for (std::size_t i = 0; i < kDoorTerms; ++i) weights.at(i) = a.at(i).at(kDoorTerms);
    return weights;
  }
};

struct Example {
  View view;
  double straight_m;
  double said;
};

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

void fit_scales(DoorModel& model, const std::vector<Example>& examples) {
  std::array<std::vector<double>, kDoorClasses> off;
  for (const auto& one : examples)
    off.at(one.view.of)
        .push_back(std::abs(std::log(one.said / raw_estimate(model.classes.at(one.view.of), one.view))));
  for (std::size_t c = 0; c < kDoorClasses; ++c) {
    if (off.at(c).size() >= kLeastInClass)
      model.classes.at(c).scale = std::max(kLeastScale, median_of(off.at(c)));
  }
}

// What takes the bias away, by straight line in bins of equal counts. The sum of metres asks for one factor,
// the mean of the ratios for a smaller one (a ratio cannot fall as far below 1 as it rises above): half way,
// both are off by the same.
void fit_lengths(DoorModel& model, const std::vector<Example>& examples) {
  struct Pair {
    double straight, ours, theirs;
    auto operator<=>(const Pair&) const = default;
  };
  std::vector<Pair> pairs;
  for (const auto& one : examples) {
    const auto& of = model.classes.at(one.view.of);
    if (of.scale > 0 && one.view.of != kReverse)
      pairs.push_back({one.straight_m, raw_estimate(of, one.view), one.said});
  }
  std::ranges::sort(pairs);
  const auto bins = std::min(kLengths, pairs.size() / kLeastInBand);
  for (std::size_t b = 0; b < bins; ++b) {
    const auto first = pairs.size() * b / bins, end = pairs.size() * (b + 1) / bins;
    double straight = 0, ours = 0, theirs = 0, ratios = 0;
    for (auto i = first; i < end; ++i) {
      straight += pairs[i].straight;
      ours += pairs[i].ours;
      theirs += pairs[i].theirs;
      ratios += pairs[i].ours / pairs[i].theirs;
    }
    const auto count = static_cast<double>(end - first);
    model.lengths.push_back({straight / count, 2 / (ours / theirs + ratios / count)});
  }
}

// All but the intervals, from all examples but one in so many.
DoorModel fit_weights(const std::vector<Example>& examples, std::size_t without_fold) {
  DoorModel model;
  std::vector<Example> fitted;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (i % kFolds != without_fold) fitted.push_back(examples[i]);
  }
  std::array<Sums, kDoorClasses> sums;
  for (const auto& one : fitted) sums.at(one.view.of).add(one.view, std::log(one.said / one.view.usual));
  for (std::size_t c = 0; c < kDoorClasses; ++c) {
    if (sums.at(c).count >= kLeastInClass) model.classes.at(c).weights = sums.at(c).solve();
  }
  fit_scales(model, fitted);
  fit_lengths(model, fitted);
  return model;
}

// Each example is scored by a model of the others.
void fit_intervals(DoorModel& model, const std::vector<Example>& examples) {
  std::vector<Scored> scored, reversed;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    const auto others = fit_weights(examples, fold);
    for (std::size_t i = fold; i < examples.size(); i += kFolds) {
      const auto& one = examples[i];
      const auto& of = others.classes.at(one.view.of);
      if (of.scale <= 0) continue;
      const double raw = raw_estimate(of, one.view);
      (one.view.of == kReverse ? reversed : scored)
          .push_back(
              {one.straight_m, raw * length_factor(others, one.view, one.straight_m), one.said, of.scale});
    }
  }
  model.interval = fit_interval(std::move(scored));
  model.reverse_interval = fit_interval(std::move(reversed));
}

}  // namespace

DoorModel fit_doors(std::span<const AnsweredTrip> trips, const std::function<double(double)>& usual) {
  DoorGraph graph;
  for (std::size_t i = 0; i < trips.size(); ++i)
    graph.add(trips[i].from, trips[i].to, trips[i].metres, {}, i);
  std::vector<Example> examples;
  for (const auto& trip : trips) {
    const double straight = geo::geodesic_m(trip.from, trip.to);
    const auto view = view_of(graph.bounds(trip.from, trip.to), straight, usual(straight));
    if (view && trip.metres >= 1) examples.push_back({*view, straight, trip.metres});
  }
  auto model = fit_weights(examples, kFolds);
  fit_intervals(model, examples);
  return model.empty() ? DoorModel{} : model;
}

std::optional<Estimate> door_estimate(const DoorModel& model, const DoorGraph::Bounds& bounds,
                                      double geodesic_m, double usual_m) {
  const auto view = model.empty() ? std::nullopt : view_of(bounds, geodesic_m, usual_m);
  if (!view || model.classes.at(view->of).scale <= 0) return std::nullopt;
  const auto& interval = view->of == kReverse ? model.reverse_interval : model.interval;
  if (interval.empty()) return std::nullopt;
  const auto& of = model.classes.at(view->of);
  const double metres = raw_estimate(of, *view) * length_factor(model, *view, geodesic_m);
  return with_interval(metres, geodesic_m, interval, of.scale);
}

}  // namespace reckon::distance

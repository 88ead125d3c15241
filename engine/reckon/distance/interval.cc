#include "reckon/distance/interval.h"

#include <algorithm>
#include <cmath>

namespace reckon::distance {
namespace {

constexpr double kAlpha = 0.1;
constexpr std::size_t kWindows = 5;         // at least as many as do not overlap,
constexpr std::size_t kMostInWindow = 800;  // and more where there are enough: a point of coverage either way
constexpr double kMostLog = 8;              // no estimate is off by a factor of 3,000, whatever a file says
constexpr double kHairM = 1e-6;             // so that an answer that makes an edge lies inside it

// The value that `above` of `sorted`'s neighbours-to-come exceed on average; `sorted` ascends from 0 on. Real
// ranks: straight between two values.
double edge_of(const std::vector<double>& sorted, double above) {
  const double rank = static_cast<double>(sorted.size()) + 1 - above;  // of the value, from 1
  if (sorted.empty() || rank <= 0) return 0;
  const auto at = [&](std::size_t i) { return i == 0 ? 0 : sorted[std::min(i, sorted.size()) - 1]; };
  const auto below = static_cast<std::size_t>(rank);
  return at(below) + (at(below + 1) - at(below)) * (rank - static_cast<double>(below));
}

IntervalKnot knot_of(std::span<const Scored> window) {
  IntervalKnot knot;
  std::vector<double> longer, shorter, all;
  for (const auto& one : window) {
    knot.at_m += one.straight_m;
    const double ours = std::round(one.ours), theirs = std::round(one.theirs);
    const double off = std::log(std::max(theirs, 0.5) / ours) / one.scale;
    all.push_back(off);
    if (theirs > ours) longer.push_back(off);
    if (theirs < ours) shorter.push_back(-off);
  }
  const auto count = static_cast<double>(window.size());
  knot.at_m /= count;
  std::ranges::sort(longer);
  std::ranges::sort(shorter);
  std::ranges::sort(all);
  knot.median = all[all.size() / 2];
  const auto wrong = static_cast<double>(longer.size() + shorter.size());
  const double missed = kAlpha * (count + 1);
  if (wrong <= missed) return knot;
  knot.high = edge_of(longer, missed * static_cast<double>(longer.size()) / wrong);
  // Less than nothing is never told as -0: the snapshot must read back to the byte.
  knot.low = 0 - edge_of(shorter, missed * static_cast<double>(shorter.size()) / wrong);
  return knot;
}

IntervalKnot between(std::span<const IntervalKnot> knots, double straight_m) {
  if (straight_m <= knots.front().at_m) return knots.front();
  if (straight_m >= knots.back().at_m) return knots.back();
  const auto above = std::ranges::lower_bound(knots, straight_m, {}, &IntervalKnot::at_m);
  const auto& a = *(above - 1);
  const double share = (straight_m - a.at_m) / std::max(1e-9, above->at_m - a.at_m);
  const auto mix = [share](double from, double to) { return from + (to - from) * share; };
  return {straight_m, mix(a.low, above->low), mix(a.median, above->median), mix(a.high, above->high)};
}

}  // namespace

std::vector<IntervalKnot> fit_interval(std::vector<Scored> scored) {
  std::erase_if(scored, [](const Scored& one) { return one.ours < 1 || one.scale <= 0; });
  std::ranges::stable_sort(scored, {}, &Scored::straight_m);
  std::vector<IntervalKnot> knots;
  if (scored.size() < kLeastForInterval) return knots;
  const std::size_t width = std::clamp(scored.size() / kWindows, kLeastForInterval, kMostInWindow);
  const std::size_t last = scored.size() - width;
  const std::size_t steps = last == 0 ? 0 : std::max<std::size_t>(1, 2 * last / width);
  const auto speak = [&](std::size_t first, std::size_t count) {
    knots.push_back(knot_of(std::span(scored).subspan(first, count)));
  };
  // The shortest trips are unlike those in the middle of a whole window, and the longest likewise: windows
  // side by side, each twice as wide as the one before.
  std::vector<std::size_t> narrow;
  for (auto few = kLeastForInterval; few < width; few *= 2) narrow.push_back(few);
  std::size_t begin = 0, edge = 0;  // of the last narrow one, and how far all of them reach
  for (const auto few : narrow) {
    begin = edge;
    speak(begin, few);
    edge += few;
  }
  for (std::size_t i = 0; i <= steps; ++i) {
    const auto first = steps == 0 ? 0 : last * i / steps;
    if (first >= begin && first + begin <= last) speak(first, width);
  }
  for (auto few = narrow.rbegin(); few != narrow.rend(); ++few) {
    speak(scored.size() - edge, *few);
    edge -= *few;
  }
  return knots;
}

Estimate with_interval(double metres, double straight_m, std::span<const IntervalKnot> knots, double scale) {
  const base::Metres ours{std::llround(metres)};
  if (knots.empty()) return road_estimate(ours);
  const auto knot = between(knots, straight_m);
  const auto at = [&](double log) {
    return static_cast<double>(ours.value) * std::exp(std::clamp(scale * log, -kMostLog, kMostLog));
  };
  const base::Metres low{std::llround(std::ceil(at(knot.low) - kHairM))};
  const base::Metres high{std::llround(std::floor(at(knot.high) + kHairM))};
  const base::Metres median{std::llround(at(knot.median))};
  return {ours, low, high, std::clamp(median, low, high)};
}

}  // namespace reckon::distance

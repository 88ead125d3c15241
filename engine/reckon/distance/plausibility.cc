#include "reckon/distance/plausibility.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reckon::distance {
namespace {

constexpr double kShortestShare = 0.98;
constexpr double kSnapAllowanceM = 200;  // 100 m at each end
constexpr double kLongestMultiple = 6;
constexpr double kLongestExtraM = 2000;
constexpr double kRoadMultiple = 3;
constexpr double kRoadExtraM = 500;
constexpr double kSpeedFromM = 100;  // shorter ones are rounded to whole seconds too coarsely
constexpr double kSlowestMps = 1 / 3.6;
constexpr double kFastestMps = 130 / 3.6;

constexpr std::size_t kNeededAfterRestart = 3;
constexpr std::size_t kConstantRun = 8;
constexpr double kConstantSpread = 1.2;  // trips that differ by as much cannot have one length
constexpr double kMaxDrift =
    1.6;  // the median of the window; single trips differ by more, whole windows do not
constexpr double kJudgedFromM = 150;  // below it snapping rules the ratio

bool beyond_straight(double metres, const LocalView& local) {
  if (metres <= kLongestMultiple * local.geodesic_m + kLongestExtraM) return false;
  return !local.road || metres > 2 * static_cast<double>(local.road->value) + 1000;
}

bool against_road(double metres, const LocalView& local) {
  if (!local.road) return false;
  const auto road = static_cast<double>(local.road->value);
  return metres > kRoadMultiple * road + kRoadExtraM || road > kRoadMultiple * metres + kRoadExtraM;
}

}  // namespace

double shortest_believed_m(double geodesic_m) {
  return kShortestShare * geodesic_m - kSnapAllowanceM;
}

std::optional<std::string> implausible(const Answered& answer, const LocalView& local) {
  const auto metres = static_cast<double>(answer.distance.value);
  const auto seconds = static_cast<double>(answer.duration.count());
  if (metres < shortest_believed_m(local.geodesic_m)) {
    return fmt::format("{} m is shorter than the straight line of {:.0f} m", answer.distance.value,
                       local.geodesic_m);
  }
  if (beyond_straight(metres, local)) {
    return fmt::format("{} m is too long for a straight line of {:.0f} m", answer.distance.value,
                       local.geodesic_m);
  }
  if (against_road(metres, local)) {
    return fmt::format("{} m against {} m on the own road map", answer.distance.value, local.road->value);
  }
  if (metres >= kSpeedFromM &&
      (seconds <= 0 || metres / seconds > kFastestMps || metres / seconds < kSlowestMps)) {
    return fmt::format("{} m in {} s is no speed on roads", answer.distance.value, answer.duration.count());
  }
  return std::nullopt;
}

std::optional<std::string> DriftDetector::judge(base::Metres answer, base::Metres local, double geodesic_m) {
  if (answer.value <= 0 || local.value <= 0 || geodesic_m < kJudgedFromM) return std::nullopt;
  seen_[count_ % kWindow] = {std::log(static_cast<double>(answer.value) / static_cast<double>(local.value)),
                             answer.value, geodesic_m};
  ++count_;
  if (constant()) return fmt::format("{} m for {} unlike trips in a row", answer.value, kConstantRun);
  if (count_ < needed_) return std::nullopt;
  const double drift = median_log_ratio();
  if (std::abs(drift) <= std::log(kMaxDrift)) return std::nullopt;
  return fmt::format("its lengths are {:.2f} times the local ones lately", std::exp(drift));
}

void DriftDetector::start_over() {
  count_ = 0;
  needed_ = kNeededAfterRestart;
}

bool DriftDetector::constant() const {
  const auto& last = seen_[(count_ - 1) % kWindow];
  double shortest = last.geodesic_m, longest = last.geodesic_m;
  std::size_t run = 0;
  for (; run < std::min(count_, kWindow); ++run) {
    const auto& seen = seen_[(count_ - 1 - run) % kWindow];
    if (seen.answer_m != last.answer_m) break;
    shortest = std::min(shortest, seen.geodesic_m);
    longest = std::max(longest, seen.geodesic_m);
  }
  return run >= kConstantRun && longest >= kConstantSpread * shortest;
}

double DriftDetector::median_log_ratio() const {
  const std::size_t count = std::min(count_, kWindow);
  std::array<double, kWindow> ratios{};
  for (std::size_t i = 0; i < count; ++i) ratios[i] = seen_[i].log_ratio;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(ratios.begin(), middle, ratios.begin() + static_cast<std::ptrdiff_t>(count));
  return *middle;
}

}  // namespace reckon::distance

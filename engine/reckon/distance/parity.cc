#include "reckon/distance/parity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "reckon/geo/geodesic.h"

namespace reckon::distance {
std::optional<double> straight_m(const TripEndsE7& ends) {
  const auto place = [](std::int64_t lat, std::int64_t lng) {
    return geo::LatLng::from_degrees(static_cast<double>(lat) / 1e7, static_cast<double>(lng) / 1e7, "trip");
  };
  const auto from = place(ends.from_lat, ends.from_lng), to = place(ends.to_lat, ends.to_lng);
  if (!from || !to) return std::nullopt;
  return geo::geodesic_m(*from, *to);
}

double Parity::share(std::size_t count) const {
  return pairs == 0 ? 0 : static_cast<double>(count) / static_cast<double>(pairs);
}

std::int64_t started_steps(double metres, double step_m) {
  const double beyond = std::round(metres) - kParityFreeM;
  return beyond <= 0 ? 0 : std::llround(std::ceil(beyond / step_m));
}

Parity measure_parity(std::span<const AnsweredTrip> trips, const Estimator& estimate) {
  Parity parity;
  parity.bins.resize(kParityBinsM.size());
  std::vector<double> errors;
  double farthest = 0;
  for (const auto& trip : trips) {
    const auto said = estimate(trip.from, trip.to);
    const auto ours = static_cast<double>(said.metres.value), theirs = std::round(trip.metres);
    const double straight = geo::geodesic_m(trip.from, trip.to);
    farthest = std::max(farthest, straight);
    ++parity.pairs;
    const auto steps = started_steps(ours, 100) - started_steps(theirs, 100);
    parity.same_100 += steps == 0 ? 1U : 0U;
    parity.same_500 += started_steps(ours, 500) == started_steps(theirs, 500) ? 1U : 0U;
    parity.bias_won += static_cast<double>(steps) * 100 * kParityWonPerM;
    parity.error_won += static_cast<double>(std::abs(steps)) * 100 * kParityWonPerM;
    auto& bin = *std::ranges::find_if(parity.bins, [&](const auto& one) {
      return straight <= kParityBinsM.at(static_cast<std::size_t>(&one - parity.bins.data()));
    });
    ++bin.pairs;
    bin.inside +=
        static_cast<double>(said.low.value) <= theirs && theirs <= static_cast<double>(said.high.value) ? 1
                                                                                                        : 0;
    bin.exact += ours == theirs ? 1U : 0U;
    if (theirs > 0) {
      errors.push_back(std::abs(ours / theirs - 1));
      bin.bias += ours / theirs - 1;
    }
  }
  if (parity.pairs == 0) return {};
  parity.bias_won /= static_cast<double>(parity.pairs);
  parity.error_won /= static_cast<double>(parity.pairs);
  if (!errors.empty()) {
    const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
    std::ranges::nth_element(errors, middle);
    parity.median_error = *middle;
  }
  for (std::size_t b = 0; b < kParityBinsM.size(); ++b) {
    auto& bin = parity.bins[b];
    bin.up_to_m = std::min(kParityBinsM.at(b), std::ceil(farthest));
    if (bin.pairs > 0) bin.bias /= static_cast<double>(bin.pairs);
  }
  std::erase_if(parity.bins, [](const auto& bin) { return bin.pairs == 0; });
  return parity;
}

}  // namespace reckon::distance

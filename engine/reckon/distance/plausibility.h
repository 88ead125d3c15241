#pragma once

// Whether a provider's well-formed answer can be true: against the straight line, against our own road map,
// and against what it has been saying lately. What fails here is recorded and never priced.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "reckon/base/units.h"

namespace reckon::distance {

/// What we know about a trip ourselves.
struct LocalView {
  double geodesic_m = 0;
  std::optional<base::Metres> road;  ///< our own route, when the map has one
};

struct Answered {
  base::Metres distance;
  base::Seconds duration{};
};

/// The shortest route that is believed, a provider's or our own: 0.98 of the geodesic less 200 m of snapping.
double shortest_believed_m(double geodesic_m);

/// Why the answer cannot be true, or nothing. Bounds: not shorter than shortest_believed_m; not longer than 6
/// geodesics and 2 km unless our own road agrees; within a third and three times our own road (and 500 m); 1
/// to 130 km/h from 100 m on. Pure. Source: docs/sources.md#provider-limits.
std::optional<std::string> implausible(const Answered& answer, const LocalView& local);

/// Sees lies that no single answer shows: one constant for every trip, or all lengths off by a factor. Not
/// thread-safe.
class DriftDetector {
 public:
  /// Takes one answer that is plausible by itself, with our local estimate of the same trip.
  /// @return why it is not believed, or nothing
  std::optional<std::string> judge(base::Metres answer, base::Metres local, double geodesic_m);
  /// The provider is being tested for recovery: judge by the last few answers, not by the bad ones before.
  void start_over();

 private:
  struct Seen {
    double log_ratio = 0;
    std::int64_t answer_m = 0;
    double geodesic_m = 0;
  };
  static constexpr std::size_t kWindow = 16;
  bool constant() const;
  double median_log_ratio() const;

  std::array<Seen, kWindow> seen_{};
  std::size_t count_ = 0;    // ever since the start
  std::size_t needed_ = 12;  // answers before a drift is believed
};

}  // namespace reckon::distance

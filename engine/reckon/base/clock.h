#pragma once

// Time as a value that is handed in. Waits and deadlines stand on the steady clock; wall time is for records
// only, so that a clock step can neither prolong nor end a wait.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "reckon/base/result.h"

namespace reckon::base {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// Where an object gets its time from. Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady_now() const = 0;
  virtual WallTime wall_now() const = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall_now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};

/// A clock that moves only when told to: for tests and simulations. Not thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime wall = WallTime{}) : wall_(wall) {}
  SteadyTime steady_now() const override { return steady_; }
  WallTime wall_now() const override { return wall_; }
  void advance(std::chrono::microseconds by) {
    steady_ += by;
    wall_ += by;
  }
  /// A step of the wall clock alone (NTP, an operator): nothing that waits may notice.
  void step_wall(std::chrono::microseconds by) { wall_ += by; }

 private:
  SteadyTime steady_{std::chrono::hours{1}};
  WallTime wall_;
};

/// The one point in steady time by which an answer must have left; passed down by value.
struct Deadline {
  SteadyTime at;

  static Deadline after(const Clock& clock, std::chrono::microseconds budget) {
    return {clock.steady_now() + budget};
  }
  /// Time left, never negative.
  std::chrono::microseconds left(const Clock& clock) const {
    const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(at - clock.steady_now());
    return rest.count() > 0 ? rest : std::chrono::microseconds{0};
  }
};

/// RFC 3339 with offset, e.g. `2022-10-15T18:30:00+09:00` or `…Z`; fractions to microseconds.
/// @errors kInvalidInput  not of that form, or not a real date; `where` is left to the caller's `where`
Result<WallTime> parse_rfc3339(std::string_view text, std::string_view where);

/// The same instant in UTC: `2022-10-15T09:30:00Z`, with `.ffffff` only when not whole seconds.
std::string format_rfc3339(WallTime time);

/// An IANA time zone by name, from the system's tzdata. Cheap to copy; conversions are thread-safe.
class TimeZone {
 public:
  /// @errors kInvalidInput  no such zone; `where` as given
  static Result<TimeZone> named(std::string_view name, std::string_view where);

  /// Local civil time of an instant.
  struct Local {
    std::chrono::year_month_day date;
    std::chrono::weekday weekday;
    std::chrono::minutes time_of_day;  ///< [0, 1440)
  };
  Local local(WallTime time) const;
  std::string_view name() const;

 private:
  explicit TimeZone(const void* zone) : zone_(zone) {}
  const void* zone_;  ///< date::time_zone, owned by the date library for the life of the process
};

}  // namespace reckon::base

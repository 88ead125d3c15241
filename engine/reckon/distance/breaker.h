#pragma once

// One provider's guard: whether the next quote may ask it. Opens after a handful of bad or slow calls, lets
// one leased probe through after a jittered, growing pause, then ramps up (5 %, 25 %, all), so that neither
// the failure nor the recovery of a provider is felt by more quotes than needed. All waits stand on the
// steady clock.

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/provider/map_provider.h"

namespace reckon::distance {

struct BreakerOptions {
  int consecutive = 5;         ///< bad calls in a row that open it
  std::size_t window = 50;     ///< calls remembered for the shares below
  std::size_t min_calls = 20;  ///< fewer say nothing about a share
  double failure_share = 0.5;  ///< of the window, failures and slow calls together
  double slow_share = 0.25;    ///< of the window, slow calls alone: each of them keeps a quote waiting
  int relapse_run = 2;         ///< bad calls in a row that reopen it while it ramps up, ...
  double relapse_share = 0.1;  ///< ... or as large a share of the ramp's calls, from three bad ones on
  double slow_multiple = 3;    ///< slow: longer than this times the rolling median, ...
  std::chrono::milliseconds slow_floor{1000};   ///< ... but at least this, ...
  double slow_budget_share = 0.75;              ///< ... and at most this share of the call's budget
  std::chrono::milliseconds probe_floor{250};   ///< a probe waits 3 medians, at least this
  std::chrono::milliseconds open_first{5'000};  ///< doubled at each reopening, jittered into [1/2, 1]
  std::chrono::milliseconds open_longest{300'000};
  std::chrono::milliseconds stable_after{
      60'000};  ///< closed as long: the next opening begins anew at open_first
  std::array<double, 2> ramp_shares{0.05, 0.25};  ///< of the quotes that may ask while it comes back, ...
  std::chrono::milliseconds ramp_step{3'000};     ///< ... for as long each
  std::chrono::milliseconds auth_pause{
      1'800'000};  ///< a refused key is tried again half-hourly, with one call
  std::chrono::milliseconds quota_pause{
      3'600'000};  ///< a spent quota: at the provider's midnight, at the latest hourly
  std::chrono::minutes quota_zone{9 *
                                  60};  ///< the provider's offset from UTC: Korea, without daylight saving
  std::chrono::milliseconds throttle_first{
      1'000};  ///< pause after a 429 without Retry-After; doubled up to ...
  std::chrono::milliseconds throttle_longest{60'000};
  std::size_t max_in_flight = 32;  ///< calls at a time; further quotes are refused at once
  /// A quote waits this many of the rolling 95th percentile for an answer, then goes to the next rung: a
  /// provider that swallows one call in twenty is not felt by the others' 99th percentile.
  double patience_multiple = 4;
  std::chrono::milliseconds patience_floor{
      150};                             ///< ... but at least this; and all its time while little is known
  double retry_share = 0.1;             ///< retries that a call earns ...
  double retry_burst = 3;               ///< ... and how many can be saved up
  std::chrono::minutes stale_after{5};  ///< calls before a silence of as long say nothing any more
};

/// What an operator has ordered; outranks every timer and latch until it expires.
enum class Override : std::uint8_t { kNone, kForcedOpen, kForcedClosed };

/// `none`, `forced_open`, `forced_closed`.
std::string_view to_string(Override order);

/// What a restart keeps.
struct BreakerMemory {
  std::string latch;  ///< empty, `auth` or `quota`
  std::uint32_t openings = 0;
  std::optional<base::WallTime> open_until;          ///< nothing when it was not open
  std::optional<base::WallTime> ramping_since = {};  ///< nothing when it was not ramping up
  Override order = Override::kNone;
  std::optional<base::WallTime> order_until = {};  ///< with an order only
  std::optional<base::WallTime> latched_at = {};   ///< when it last refused, with a latch; nothing: not known
};

/// The slow call that a breaker opened on, where that call has not failed.
struct SlowCall {
  std::chrono::microseconds latency{};     ///< so far, of a call that is under way
  std::chrono::microseconds slow_after{};  ///< what is slow
  bool under_way = false;                  ///< has not come back yet
  std::size_t slow = 0;                    ///< slow calls ...
  std::size_t calls = 0;                   ///< ... of those that the breaker has in mind, this one included
};

/// What a breaker opened on.
struct Opening {
  /// When the first slow or failed call began: of the run that opened it, or of its window where a share of
  /// the calls did; calls that our own patience cut since the last good answer included.
  base::SteadyTime since{};
  std::size_t failed = 0;  ///< of that run or window: calls that failed sooner than a slow one takes
  std::optional<SlowCall> slow = std::nullopt;  ///< nothing: the last call failed
};

/// Safe to call from several threads. Cost: well under a microsecond.
class Breaker {
 public:
  Breaker(const BreakerOptions& options, const base::Clock& clock, std::uint64_t seed);

  /// Leave to make one call; settle it exactly once.
  struct Permit {
    std::uint64_t ticket = 0;
    std::uint64_t epoch = 0;
    bool probe = false;
    std::chrono::microseconds timeout{};  ///< the call's budget; shorter than asked for probes
  };
  struct Change {
    std::string from, to;
    std::optional<Opening> opening = std::nullopt;  ///< of one by calls that were not probes
  };

  /// @param budget  what the caller could wait
  /// @return a permit, or why not: `breaker_open`, `ramping`, `auth`, `quota`, `throttled`, `busy`,
  /// `forced_open`
  tl::expected<Permit, std::string_view> admit(std::chrono::microseconds budget);
  void settle(const Permit& permit, const provider::ProviderAnswer& answer,
              std::chrono::microseconds latency);

  /// Leave for one further try within the same call's time; each is paid from the budget of retries.
  bool take_retry();
  /// Forces the breaker open (no call is made) or closed (every call is) for `duration`, or takes an order
  /// back. An order to open ends in a probe and a ramp, so that its end is no burst.
  void override_for(Override order, std::chrono::microseconds duration);

  /// Takes back a refused key or a spent quota that is not newer than `seen_well`, when the provider was seen
  /// to answer: closed at once, since it was never overloaded.
  /// @return whether there was one
  bool lift_latch(base::WallTime seen_well);

  /// `closed`, `open`, `half_open`, `ramping`, `latched:auth`, `latched:quota`, `forced_open`,
  /// `forced_closed`.
  std::string state() const;
  /// Calls that have been admitted and not settled.
  std::size_t in_flight() const;
  /// True when `admit` would probably give a permit: to share a deadline out among providers.
  bool likely() const;
  /// The changes of state since the last call, oldest first.
  std::vector<Change> take_changes();

  BreakerMemory memory() const;
  /// Takes up where a former process left off: no change of state, so none is told. Waits are capped by the
  /// options'; an order whose time is over ends with the next quote, and a ramp goes on by the wall clock.
  void restore(const BreakerMemory& memory);

 private:
  enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen, kRamping };
  enum class Mark : std::uint8_t { kGood, kFailed, kSlow };
  struct Seen {
    Mark mark;
    base::SteadyTime began;
  };
  struct Call {
    std::uint64_t ticket;
    base::SteadyTime began;
    std::chrono::microseconds slow_after;
    bool counted;
    bool cut_short;  // its time is our patience and not the caller's
  };

  std::string state_locked() const;
  void notice(base::SteadyTime now);
  void end_order(base::SteadyTime now);
  std::optional<std::string_view> refusal(base::SteadyTime now);
  std::optional<std::string_view> spend_share();
  void count_overdue(base::SteadyTime now);
  void move_to(State next);
  void open(base::SteadyTime now, std::string_view latch);
  void open_on(const Opening& opening, base::SteadyTime now, std::string_view latch);
  void advance_ramp(base::SteadyTime now);
  void close(base::SteadyTime now);
  void mark(Mark mark, base::SteadyTime now, base::SteadyTime began, std::optional<SlowCall> slow);
  std::size_t count(Mark mark) const;
  Opening opening_of(base::SteadyTime last_began, std::size_t newest) const;
  bool too_many() const;
  bool relapsed() const;
  void forget_window();
  void settle_probe(const provider::ProviderAnswer& answer, base::SteadyTime now);
  void settle_call(const provider::ProviderAnswer& answer, std::chrono::microseconds latency,
                   const Call& call, base::SteadyTime now);
  void throttle(const provider::ProviderAnswer& answer, base::SteadyTime now);
  void learn_latency(std::chrono::microseconds latency);
  void learn_patience(const provider::ProviderAnswer& answer, const Call& call);
  std::chrono::microseconds patience(std::chrono::microseconds budget) const;
  std::chrono::microseconds slow_after(std::chrono::microseconds budget) const;
  std::chrono::microseconds probe_timeout(std::chrono::microseconds budget) const;
  std::chrono::microseconds until_quota_renewal() const;

  const BreakerOptions options_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::minstd_rand random_;

  State state_ = State::kClosed;
  std::string latch_;  // why it is open beyond failures: `auth`, `quota`
  std::optional<base::WallTime> latched_at_;
  std::uint64_t epoch_ = 0;
  std::uint32_t openings_ = 0;
  base::SteadyTime open_until_{}, wished_until_{}, closed_since_{}, stage_since_{}, lease_until_{};
  std::uint64_t probe_ticket_ = 0;
  std::uint32_t probe_stretch_ =
      1;  // doubled when a probe ran out of time: the provider may have become slower
  int ramp_stage_ = 0;
  double rate_ = 1;    // lowered by throttling
  double credit_ = 0;  // of the share of quotes that may ask
  base::SteadyTime throttled_until_{};
  std::uint32_t throttles_ = 0;

  std::vector<Seen> window_;
  std::size_t window_at_ = 0;
  int bad_run_ = 0;
  std::optional<base::SteadyTime> cut_since_;  // the first call cut by our patience since the last good one
  std::vector<std::chrono::microseconds> latencies_;
  std::size_t latency_at_ = 0;
  std::optional<std::chrono::microseconds> median_, p95_;
  std::uint32_t patience_stretch_ =
      1;  // doubled when calls are cut one after the other: its pace has changed
  int cut_run_ = 0, kept_run_ = 0;
  double retry_credit_ = 1;
  double limit_;  // calls at a time: halved by throttling, grown by one for as many good answers
  Override order_ = Override::kNone;
  base::SteadyTime order_until_{}, last_event_{};
  std::uint64_t next_ticket_ = 1;
  std::vector<Call> in_flight_;
  std::vector<Change> changes_;
};

}  // namespace reckon::distance

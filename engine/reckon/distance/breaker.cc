#include "reckon/distance/breaker.h"

#include <algorithm>
#include <utility>

namespace reckon::distance {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kLatencies = 65;            // an odd number, so that the median is one of them
constexpr milliseconds kLeaseGrace{1'000};        // a probe that has not come back by then never will
constexpr milliseconds kAfterLocalReject{1'000};  // we could not probe: try again soon
constexpr double kLeastRate = 1.0 / 64;
constexpr double kRateStep = 0.05;
constexpr std::uint32_t kMaxDoublings = 16;
constexpr std::size_t kMaxChanges = 64;
constexpr std::size_t kLatenciesForPatience = 20;
constexpr std::chrono::hours kLongestOrder{24};  // a clock that stepped must not make an order last
constexpr int kCutsThatStretch = 2;
constexpr int kKeptThatRelax = 20;

milliseconds doubled(milliseconds first, std::uint32_t times, milliseconds longest) {
  return std::min(longest, first * (std::int64_t{1} << std::min(times, kMaxDoublings)));
}

// It spoke to us in terms of the API: it works.
bool shows_health(provider::Outcome outcome) {
  return outcome == provider::Outcome::kOk || outcome == provider::Outcome::kNoRoute ||
         outcome == provider::Outcome::kBadRequest || outcome == provider::Outcome::kThrottled;
}

}  // namespace

std::string_view to_string(Override order) {
  switch (order) {
    case Override::kForcedOpen:
      return "forced_open";
    case Override::kForcedClosed:
      return "forced_closed";
    case Override::kNone:
      break;
  }
  return "none";
}

Breaker::Breaker(const BreakerOptions& options, const base::Clock& clock, std::uint64_t seed)
    : options_(options),
      clock_(clock),
      random_(static_cast<std::minstd_rand::result_type>(seed)),
      limit_(static_cast<double>(options.max_in_flight)) {
  closed_since_ = last_event_ = clock_.steady_now();
}

// --- admitting
// -------------------------------------------------------------------------------------------------------

tl::expected<Breaker::Permit, std::string_view> Breaker::admit(microseconds budget) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  notice(now);
  count_overdue(now);
  if (state_ == State::kRamping) advance_ramp(now);
  if (const auto why = refusal(now)) return tl::unexpected(*why);
  const bool ordered = order_ == Override::kForcedClosed;
  Permit permit{next_ticket_++, epoch_, state_ == State::kOpen && !ordered, patience(budget)};
  retry_credit_ = std::min(options_.retry_burst, retry_credit_ + options_.retry_share);
  if (permit.probe) {
    permit.timeout = probe_timeout(budget);
    move_to(State::kHalfOpen);
    permit.epoch = epoch_;
    probe_ticket_ = permit.ticket;
    lease_until_ = now + permit.timeout + kLeaseGrace;
  }
  in_flight_.push_back({permit.ticket, now, slow_after(permit.probe ? permit.timeout : budget), permit.probe,
                        !permit.probe && permit.timeout < budget});
  return permit;
}

// What the passing of time alone does: an order ends, and what was known before a long silence (a quiet
// night, a suspended machine) says nothing any more, calls still out from then included.
void Breaker::notice(base::SteadyTime now) {
  if (order_ != Override::kNone && now >= order_until_) end_order(now);
  if (now - last_event_ >= options_.stale_after) {
    if (state_ == State::kClosed || state_ == State::kRamping) {
      ++epoch_;
      forget_window();
    }
    if (state_ == State::kRamping) {
      ramp_stage_ = 0;
      stage_since_ = now;
    }
  }
  // A call that never came back (its caller was cancelled) gives its place back.
  std::erase_if(in_flight_, [&](const Call& call) { return now - call.began >= options_.stale_after; });
  last_event_ = now;
}

bool Breaker::take_retry() {
  const std::lock_guard lock(mutex_);
  if (retry_credit_ < 1) return false;
  retry_credit_ -= 1;
  return true;
}

std::optional<std::string_view> Breaker::refusal(base::SteadyTime now) {
  if (order_ == Override::kForcedOpen) return "forced_open";
  if (order_ == Override::kForcedClosed)
    return in_flight_.size() >= options_.max_in_flight ? std::optional<std::string_view>("busy")
                                                       : std::nullopt;
  if (state_ == State::kHalfOpen && now >= lease_until_) {  // the probe is lost: the lease has an end
    std::erase_if(in_flight_, [this](const Call& call) { return call.ticket == probe_ticket_; });
    open(now, "");
  }
  if (state_ == State::kHalfOpen || (state_ == State::kOpen && now < open_until_)) {
    if (latch_.empty()) return "breaker_open";
    return latch_ == "auth" ? "auth" : "quota";
  }
  if (in_flight_.size() >= options_.max_in_flight) return "busy";
  if (now < throttled_until_ || static_cast<double>(in_flight_.size()) >= limit_) return "throttled";
  if (state_ == State::kOpen) return std::nullopt;  // the probe: outside any share
  return spend_share();
}

// Spreads the allowed share evenly over the quotes: 5 % is each 20th and never a burst.
std::optional<std::string_view> Breaker::spend_share() {
  const double ramp =
      state_ == State::kRamping ? options_.ramp_shares.at(static_cast<std::size_t>(ramp_stage_)) : 1;
  const double share = ramp * rate_;
  if (share >= 1) return std::nullopt;
  credit_ = std::min(credit_ + share, 1.0);
  if (credit_ < 1) return ramp < 1 ? "ramping" : "throttled";
  credit_ = 0;
  return std::nullopt;
}

// A call that has not come back for longer than a slow call takes is slow already: a hung provider is known
// before its first timeout.
void Breaker::count_overdue(base::SteadyTime now) {
  for (auto& call : in_flight_) {
    if (call.counted || now - call.began < call.slow_after) continue;
    call.counted = true;
    const auto age = std::chrono::duration_cast<microseconds>(now - call.began);
    mark(Mark::kSlow, now, call.began,
         SlowCall{.latency = age, .slow_after = call.slow_after, .under_way = true});
    if (state_ == State::kOpen) return;
  }
}

void Breaker::advance_ramp(base::SteadyTime now) {
  while (state_ == State::kRamping && now - stage_since_ >= options_.ramp_step) {
    stage_since_ += options_.ramp_step;
    credit_ = 0;
    if (static_cast<std::size_t>(++ramp_stage_) < options_.ramp_shares.size()) continue;
    close(now);
  }
}

void Breaker::close(base::SteadyTime now) {
  move_to(State::kClosed);
  closed_since_ = now;
  forget_window();
}

// --- settling
// --------------------------------------------------------------------------------------------------------

void Breaker::settle(const Permit& permit, const provider::ProviderAnswer& answer, microseconds latency) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  const auto found = std::ranges::find(in_flight_, permit.ticket, &Call::ticket);
  if (found == in_flight_.end()) return;
  const Call call = *found;
  in_flight_.erase(found);
  notice(now);
  if (permit.epoch != epoch_) return;  // what it tells is about a state that is over
  if (permit.probe && state_ == State::kHalfOpen && permit.ticket == probe_ticket_) {
    if (answer.outcome == provider::Outcome::kOk) learn_latency(latency);
    settle_probe(answer, now);
  } else {
    settle_call(answer, latency, call, now);
  }
}

void Breaker::settle_probe(const provider::ProviderAnswer& answer, base::SteadyTime now) {
  if (answer.outcome == provider::Outcome::kAuth || answer.outcome == provider::Outcome::kQuota) {
    open(now, to_string(answer.outcome));
  } else if (answer.outcome == provider::Outcome::kLocalReject) {
    move_to(State::kOpen);
    open_until_ = now + kAfterLocalReject;
  } else if (shows_health(answer.outcome)) {
    if (answer.outcome == provider::Outcome::kThrottled) throttle(answer, now);
    probe_stretch_ = 1;
    latch_.clear();
    move_to(State::kRamping);
    ramp_stage_ = 0;
    stage_since_ = now;
    credit_ = 0;
    forget_window();
  } else {
    if (answer.outcome == provider::Outcome::kTimeout)
      probe_stretch_ = std::min(probe_stretch_ * 2, 1U << kMaxDoublings);
    open(now, "");
  }
}

void Breaker::settle_call(const provider::ProviderAnswer& answer, microseconds latency, const Call& call,
                          base::SteadyTime now) {
  switch (answer.outcome) {
    case provider::Outcome::kAuth:
    case provider::Outcome::kQuota:
      open_on(opening_of(call.began, static_cast<std::size_t>(bad_run_)), now, to_string(answer.outcome));
      return;
    case provider::Outcome::kThrottled:
      throttle(answer, now);
      return;
    case provider::Outcome::kLocalReject:
    case provider::Outcome::kBadRequest:
      return;
    default:
      break;
  }
  if (answer.outcome == provider::Outcome::kOk) {
    learn_latency(latency);
    rate_ = std::min(1.0, rate_ + kRateStep);
    limit_ = std::min(static_cast<double>(options_.max_in_flight), limit_ + 1 / limit_);
    throttles_ = 0;
  }
  learn_patience(answer, call);
  if (answer.retry_after) wished_until_ = now + *answer.retry_after;
  // What our own patience cut short is not known to be lost: after two such calls the next ones have longer.
  if (call.counted) return;
  if (call.cut_short && answer.outcome == provider::Outcome::kTimeout) {
    if (!cut_since_) cut_since_ = call.began;
    return;
  }
  const bool failed = counts_as_failure(answer.outcome);
  // A failure that took as long kept a quote waiting just like a slow answer.
  const Mark made = latency >= call.slow_after ? Mark::kSlow : failed ? Mark::kFailed : Mark::kGood;
  std::optional<SlowCall> slow;
  if (made == Mark::kSlow && !failed) slow = SlowCall{.latency = latency, .slow_after = call.slow_after};
  mark(made, now, call.began, slow);
}

void Breaker::throttle(const provider::ProviderAnswer& answer, base::SteadyTime now) {
  rate_ = std::max(kLeastRate, rate_ / 2);
  limit_ = std::max(1.0, limit_ / 2);
  std::uniform_real_distribution<double> jitter(1,
                                                1.5);  // engines of one key do not come back in one instant
  const auto pause =
      answer.retry_after
          ? std::chrono::duration_cast<milliseconds>(*answer.retry_after)
          : std::chrono::duration_cast<milliseconds>(
                doubled(options_.throttle_first, throttles_, options_.throttle_longest) * jitter(random_));
  ++throttles_;
  throttled_until_ =
      std::max(throttled_until_, now + std::min<milliseconds>(pause, provider::kMaxRetryAfter));
}

// --- opening and closing
// ---------------------------------------------------------------------------------------------

void Breaker::mark(Mark mark, base::SteadyTime now, base::SteadyTime began, std::optional<SlowCall> slow) {
  if (order_ != Override::kNone) return;
  if (state_ != State::kClosed && state_ != State::kRamping) return;
  bad_run_ = mark == Mark::kGood ? 0 : bad_run_ + 1;
  if (mark == Mark::kGood) cut_since_.reset();
  if (window_.size() < options_.window) {
    window_.push_back({mark, began});
  } else {
    window_[window_at_] = {mark, began};
    window_at_ = (window_at_ + 1) % options_.window;
  }
  if (!(relapsed() || bad_run_ >= options_.consecutive || too_many())) return;
  const bool run = bad_run_ >= options_.consecutive;
  auto opening = opening_of(began, run ? static_cast<std::size_t>(bad_run_) : window_.size());
  if (slow) {
    slow->slow = count(Mark::kSlow);
    slow->calls = window_.size();
    opening.slow = slow;
  }
  open_on(opening, now, "");
}

std::size_t Breaker::count(Mark mark) const {
  return static_cast<std::size_t>(std::ranges::count(window_, mark, &Seen::mark));
}

// By the bad ones of the newest calls, and the last one, which need not be in the window.
Opening Breaker::opening_of(base::SteadyTime last_began, std::size_t newest) const {
  Opening opening{.since = std::min(last_began, cut_since_.value_or(last_began))};
  const auto size = window_.size();
  for (std::size_t back = 0; back < std::min(size, newest); ++back) {
    const auto& seen = window_[(window_at_ + size - 1 - back) % size];
    if (seen.mark != Mark::kGood) opening.since = std::min(opening.since, seen.began);
    opening.failed += seen.mark == Mark::kFailed ? 1 : 0;
  }
  return opening;
}

void Breaker::open_on(const Opening& opening, base::SteadyTime now, std::string_view latch) {
  const auto told = changes_.size();
  open(now, latch);
  if (changes_.size() > told) changes_.back().opening = opening;
}

// Stricter than in health, but one odd trip must not undo a recovery: the window holds the ramp's calls
// alone.
bool Breaker::relapsed() const {
  if (state_ != State::kRamping) return false;
  const auto bad = static_cast<double>(window_.size() - count(Mark::kGood));
  return bad_run_ >= options_.relapse_run ||
         (bad >= 3 && bad >= options_.relapse_share * static_cast<double>(window_.size()));
}

bool Breaker::too_many() const {
  if (window_.size() < options_.min_calls) return false;
  const auto calls = static_cast<double>(window_.size());
  const auto good = static_cast<double>(count(Mark::kGood));
  const auto slow = static_cast<double>(count(Mark::kSlow));
  return calls - good >= options_.failure_share * calls || slow >= options_.slow_share * calls;
}

void Breaker::open(base::SteadyTime now, std::string_view latch) {
  if (order_ == Override::kForcedClosed) return;
  const bool was_stable = state_ == State::kClosed && now - closed_since_ >= options_.stable_after;
  if (was_stable) openings_ = 0;
  milliseconds pause = doubled(options_.open_first, openings_, options_.open_longest);
  if (latch == "auth") pause = options_.auth_pause;
  if (latch == "quota") pause = std::chrono::ceil<milliseconds>(until_quota_renewal());
  if (latch.empty()) {
    // Equal jitter: engines that saw the same outage do not come back in one instant.
    std::uniform_real_distribution<double> share(0.5, 1);
    pause = std::chrono::duration_cast<milliseconds>(pause * share(random_));
    ++openings_;
  }
  latch_ = latch;
  latched_at_ = latch.empty() ? std::nullopt : std::optional(clock_.wall_now());
  move_to(State::kOpen);
  open_until_ =
      std::max(now + pause, wished_until_);  // a Retry-After on 503 is honoured, capped where it is read
  forget_window();
}

// The one place where the state changes. Calls of an epoch that is over no longer count.
void Breaker::move_to(State next) {
  const auto from = state_locked();
  state_ = next;
  ++epoch_;
  if (const auto to = state_locked(); from != to && changes_.size() < kMaxChanges)
    changes_.push_back({from, to});
}

void Breaker::forget_window() {
  window_.clear();
  window_at_ = 0;
  bad_run_ = 0;
  cut_since_.reset();
}

// --- what it has learnt
// ----------------------------------------------------------------------------------------------

void Breaker::learn_latency(microseconds latency) {
  if (latencies_.size() < kLatencies) {
    latencies_.push_back(latency);
  } else {
    latencies_[latency_at_] = latency;
    latency_at_ = (latency_at_ + 1) % kLatencies;
  }
  // While the window fills each answer counts; then one in eight is often enough for what they decide.
  if (latencies_.size() == kLatencies && latency_at_ % 8 != 0) return;
  auto sorted = latencies_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  median_ = *middle;
  const auto high = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 95 / 100);
  std::nth_element(middle, high, sorted.end());
  p95_ = *high;
}

// Two cuts in a row are a change of pace and not the odd swallowed call: wait longer, and learn it.
void Breaker::learn_patience(const provider::ProviderAnswer& answer, const Call& call) {
  if (call.cut_short && answer.outcome == provider::Outcome::kTimeout) {
    kept_run_ = 0;
    if (++cut_run_ >= kCutsThatStretch)
      patience_stretch_ = std::min(patience_stretch_ * 2, 1U << kMaxDoublings);
    return;
  }
  cut_run_ = 0;
  if (++kept_run_ >= kKeptThatRelax) patience_stretch_ = 1;
}

microseconds Breaker::patience(microseconds budget) const {
  if (latencies_.size() < kLatenciesForPatience) return budget;
  const auto usual = std::chrono::duration_cast<microseconds>(*p95_ * options_.patience_multiple);
  return std::min(budget, std::max<microseconds>(usual, options_.patience_floor) * patience_stretch_);
}

microseconds Breaker::slow_after(microseconds budget) const {
  microseconds slow = options_.slow_floor;
  if (median_)
    slow = std::max(slow, std::chrono::duration_cast<microseconds>(*median_ * options_.slow_multiple));
  return std::min(slow, std::chrono::duration_cast<microseconds>(budget * options_.slow_budget_share));
}

microseconds Breaker::probe_timeout(microseconds budget) const {
  microseconds wait = options_.probe_floor;
  if (median_)
    wait = std::max(wait, std::chrono::duration_cast<microseconds>(*median_ * options_.slow_multiple));
  return std::min(budget, wait * probe_stretch_);
}

microseconds Breaker::until_quota_renewal() const {
  const auto local = clock_.wall_now() + options_.quota_zone;
  const auto midnight = std::chrono::ceil<std::chrono::days>(local + microseconds{1});
  // A few seconds late rather than early: a refusal just before midnight would cost an hour.
  return std::min<microseconds>(midnight - local + std::chrono::seconds{5}, options_.quota_pause);
}

// --- telling
// ---------------------------------------------------------------------------------------------------------

std::string Breaker::state_locked() const {
  if (order_ != Override::kNone) return std::string(to_string(order_));
  if (!latch_.empty() && (state_ == State::kOpen || state_ == State::kHalfOpen)) return "latched:" + latch_;
  switch (state_) {
    case State::kClosed:
      return "closed";
    case State::kOpen:
      return "open";
    case State::kHalfOpen:
      return "half_open";
    case State::kRamping:
      return "ramping";
  }
  return "closed";
}

std::string Breaker::state() const {
  const std::lock_guard lock(mutex_);
  return state_locked();
}

std::size_t Breaker::in_flight() const {
  const std::lock_guard lock(mutex_);
  return in_flight_.size();
}

bool Breaker::likely() const {
  const std::lock_guard lock(mutex_);
  return order_ != Override::kForcedOpen && state_ == State::kClosed &&
         clock_.steady_now() >= throttled_until_ && in_flight_.size() < options_.max_in_flight;
}

std::vector<Breaker::Change> Breaker::take_changes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(changes_, {});
}

void Breaker::override_for(Override order, microseconds duration) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  notice(now);
  if (order_ != Override::kNone) end_order(now);
  if (order == Override::kNone || duration.count() <= 0) return;
  const auto from = state_locked();
  order_ = order;
  order_until_ = now + duration;
  ++epoch_;
  changes_.push_back({from, state_locked()});
}

bool Breaker::lift_latch(base::WallTime seen_well) {
  const std::lock_guard lock(mutex_);
  if (latch_.empty() || (latched_at_ && *latched_at_ > seen_well)) return false;
  close(clock_.steady_now());
  latch_.clear();
  return true;
}

// After an order to stay open, or over a breaker that is not closed, nothing is known: one probe, then the
// ramp.
void Breaker::end_order(base::SteadyTime now) {
  const auto from = state_locked();
  const bool probe = order_ == Override::kForcedOpen || state_ != State::kClosed;
  order_ = Override::kNone;
  ++epoch_;
  forget_window();
  if (probe) {
    state_ = State::kOpen;
    open_until_ = now;
  }
  if (changes_.size() < kMaxChanges) changes_.push_back({from, state_locked()});
}

BreakerMemory Breaker::memory() const {
  const std::lock_guard lock(mutex_);
  BreakerMemory kept{latch_, openings_, std::nullopt};
  if (!latch_.empty()) kept.latched_at = latched_at_;
  if (order_ != Override::kNone) {
    kept.order = order_;
    kept.order_until =
        clock_.wall_now() + std::chrono::duration_cast<microseconds>(order_until_ - clock_.steady_now());
  }
  if (state_ == State::kOpen || state_ == State::kHalfOpen) {
    const auto left = std::chrono::duration_cast<microseconds>(open_until_ - clock_.steady_now());
    kept.open_until = clock_.wall_now() + std::max(left, microseconds{0});
  }
  if (state_ == State::kRamping) {
    const auto ramped = clock_.steady_now() - stage_since_ + ramp_stage_ * options_.ramp_step;
    kept.ramping_since = clock_.wall_now() - std::chrono::duration_cast<microseconds>(ramped);
  }
  return kept;
}

void Breaker::restore(const BreakerMemory& memory) {
  const std::lock_guard lock(mutex_);
  openings_ = std::min(memory.openings, kMaxDoublings);
  const auto now = clock_.steady_now();
  if (memory.order != Override::kNone && memory.order_until) {
    order_ = memory.order;
    order_until_ = now + std::clamp<microseconds>(*memory.order_until - clock_.wall_now(), microseconds{0},
                                                  kLongestOrder);
  }
  if (memory.ramping_since) {
    state_ = State::kRamping;
    stage_since_ = now - std::max<microseconds>(clock_.wall_now() - *memory.ramping_since, microseconds{0});
  }
  if (!memory.open_until) return;
  microseconds longest = options_.open_longest;
  if (memory.latch == "auth") longest = options_.auth_pause;
  if (memory.latch == "quota") longest = options_.quota_pause;
  latch_ = memory.latch == "auth" || memory.latch == "quota" ? memory.latch : "";
  latched_at_ = memory.latched_at;
  state_ = State::kOpen;
  // The wall clock may have stepped between the two processes: never longer than a fresh opening.
  open_until_ = now + std::clamp(*memory.open_until - clock_.wall_now(), microseconds{0}, longest);
}

}  // namespace reckon::distance

#include "reckon/distance/distance_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>
#include <optional>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/distance/local_estimate.h"
#include "reckon/distance/plausibility.h"
#include "reckon/geo/geodesic.h"

namespace reckon::distance {
namespace {

using std::chrono::microseconds;

constexpr std::array<std::string_view, 7> kLastingReasons = {
    "no_route", "bad_request", "vehicle", "same_place", "no_map", "off_map", "snapped_together"};

// Whether the rung may answer the same trip later.
bool passes(const WhyNot& missed) {
  return std::ranges::find(kLastingReasons, missed.reason) == kLastingReasons.end();
}

Distance exact(double metres, base::Vehicle vehicle) {
  Distance distance;
  distance.metres = {std::llround(metres)};
  distance.low = distance.high = distance.local = distance.metres;
  distance.local_low = distance.local_high = distance.metres;
  distance.duration = typical_duration(vehicle, distance.metres);
  return distance;
}

Distance from_local(LocalEstimate local, std::vector<WhyNot> missed) {
  Distance distance;
  distance.metres = local.estimate.metres;
  distance.low = local.estimate.low;
  distance.high = local.estimate.high;
  distance.median = local.estimate.median;
  distance.duration = local.duration;
  distance.source = local.source;
  distance.age = local.age;
  distance.calibration_release = local.calibration_release;
  distance.why_not = std::move(missed);
  distance.why_not.insert(distance.why_not.end(), local.why_not.begin(), local.why_not.end());
  distance.provisional = std::ranges::any_of(distance.why_not, passes);
  return distance;
}

// A share of the quotes that a provider is kept from, for a time.
class Drill {
 public:
  void begin(double share, base::SteadyTime until) {
    const std::lock_guard lock(mutex_);
    share_ = share;
    until_ = until;
    credit_ = 0;
  }
  bool withholds(base::SteadyTime now) {
    const std::lock_guard lock(mutex_);
    if (share_ <= 0 || now >= until_) return false;
    credit_ += share_;
    if (credit_ < 1) return false;
    credit_ -= 1;
    return true;
  }

 private:
  std::mutex mutex_;
  double share_ = 0, credit_ = 0;
  base::SteadyTime until_{};
};

// Metres of a provider that is not the first. The interval is of the first one all the same: the calibrated
// one, and these metres.
void take_anothers(base::Metres said, const LocalEstimate& local, Distance& distance) {
  const auto band = local.calibration_release ? local.estimate : road_estimate(said);
  distance.metres = said;
  distance.low = std::min(said, band.low);
  distance.high = std::max(said, band.high);
  distance.calibration_release = local.calibration_release;
}

// When a provider refused its keys, and which.
struct Refused {
  base::WallTime at{};
  std::string key_digest;  // empty: not known
};

// One provider with what guards it.
struct Rung {
  Rung(std::shared_ptr<provider::MapProvider> provider_in, const BreakerOptions& options,
       const base::Clock& clock, std::uint64_t seed, QuotaPlan plan)
      : provider(std::move(provider_in)),
        label(Source{SourceKind::kProvider, std::string(provider->name())}.label()),
        breaker(options, clock, seed),
        quota(std::move(plan)) {}

  std::shared_ptr<provider::MapProvider> provider;
  std::string label;
  Breaker breaker;
  DailyQuota quota;
  Drill drill;
  std::atomic<bool> alarmed = false;  // since it last answered
  std::optional<Refused> refused;     // as a former process has it; set before the first call
  std::mutex drift_mutex;
  DriftDetector drift;
};

}  // namespace

struct DistanceService::State : std::enable_shared_from_this<DistanceService::State> {
  Parts parts;
  std::vector<std::unique_ptr<Rung>> rungs;
  mutable std::mutex learned_mutex;  // held for the copy of a pointer
  std::array<std::shared_ptr<const Learned>, base::kAllVehicles.size()> learned;  // by vehicle

  std::shared_ptr<const Learned> newest(base::Vehicle vehicle) const;
  void publish(std::shared_ptr<const Learned> newer);
  std::size_t first_of(base::Vehicle vehicle) const;
  Rung* rung_named(std::string_view provider);
  void ask_other_trips(const Learned& by, LocalEstimate& local, const Trip& trip) const;
  void improve(const Learned& by, LocalEstimate& local, const Trip& trip) const {
    by.improve(local, trip.vehicle, trip.from, trip.to, parts.map.get());
    ask_other_trips(by, local, trip);
  }
  std::optional<Distance> recall(const Trip& trip, const LocalEstimate& local,
                                 std::vector<WhyNot>& missed) const;
  void remember(const Rung& rung, const Trip& trip, const provider::ProviderAnswer& answer) const;
  void tell_changes(Rung& rung);
  void judge(Rung& rung, provider::ProviderAnswer& answer, const LocalEstimate& local);
  void alarm(Rung& rung, const provider::ProviderAnswer& answer) const;
  provider::ProviderAnswer exchange(Rung& rung, const Trip& trip, const LocalEstimate& local,
                                    base::Deadline deadline);
  provider::ProviderAnswer call(Rung& rung, const Breaker::Permit& permit, const Trip& trip,
                                const LocalEstimate& local);
  void probe_aside(Rung& rung, const Breaker::Permit& permit, const Trip& trip, const LocalEstimate& local);
  tl::expected<provider::ProviderAnswer, std::string> ask(Rung& rung, const Trip& trip,
                                                          const LocalEstimate& local, microseconds budget);
  microseconds budget_of(std::size_t index, const Trip& trip, base::Deadline deadline) const;
  std::optional<Distance> climb(const Trip& trip, const LocalEstimate& local, base::Deadline deadline,
                                std::vector<WhyNot>& missed);
};

std::shared_ptr<const Learned> DistanceService::State::newest(base::Vehicle vehicle) const {
  const std::lock_guard lock(learned_mutex);
  return learned[static_cast<std::size_t>(vehicle)];
}

void DistanceService::State::publish(std::shared_ptr<const Learned> newer) {
  RECKON_CHECK(newer != nullptr);
  const std::lock_guard lock(learned_mutex);
  learned[static_cast<std::size_t>(newer->calibration().vehicle)].swap(newer);
  // The old one ends after the lock, with its last measurement.
}

// The rung whose answers price the vehicle's trips while all is well; as many as there are when none serves
// it.
std::size_t DistanceService::State::first_of(base::Vehicle vehicle) const {
  const auto found =
      std::ranges::find_if(rungs, [&](const auto& rung) { return rung->provider->serves(vehicle); });
  return static_cast<std::size_t>(found - rungs.begin());
}

// Where no road map reaches: what the first provider has said of other trips between these doors and others.
void DistanceService::State::ask_other_trips(const Learned& by, LocalEstimate& local,
                                             const Trip& trip) const {
  const auto first = first_of(trip.vehicle);
  if (local.source.kind != SourceKind::kGeodesic || !parts.memory || first >= rungs.size() ||
      first >= parts.remember_for.size())
    return;
  const auto name = rungs[first]->provider->name();
  const auto keep = parts.remember_for[first];
  const auto& calibration = by.calibration();
  if (keep.count() == 0 || calibration.provider != name || calibration.vehicle != trip.vehicle) return;
  const auto now = parts.clock->wall_now();
  const auto bounds = parts.memory->bounds(name, trip.vehicle, trip.from, trip.to, now - keep);
  const auto estimate = by.between_doors(bounds, local.view.geodesic_m);
  if (!estimate) return;
  local.estimate = *estimate;
  local.source = {SourceKind::kMemory, std::string(name)};
  local.age = std::max(base::Seconds{0}, std::chrono::duration_cast<base::Seconds>(now - bounds.oldest));
  local.calibration_release = by.release();
}

void DistanceService::State::remember(const Rung& rung, const Trip& trip,
                                      const provider::ProviderAnswer& answer) const {
  for (std::size_t i = 0; parts.memory && i < rungs.size() && i < parts.remember_for.size(); ++i) {
    if (rungs[i].get() != &rung || parts.remember_for[i].count() == 0) continue;
    parts.memory->remember({std::string(rung.provider->name()), trip.vehicle, trip.from, trip.to,
                            answer.distance, answer.duration, parts.clock->wall_now()});
  }
}

// Whether the neighbours' answer says more than the local estimate.
static bool nearer(const AnswerMemory::Recalled& past, const LocalEstimate& local) {
  if (local.source.kind == SourceKind::kRoad) return false;
  if (local.source.kind == SourceKind::kGeodesic) return true;
  return past.estimate.high.value - past.estimate.low.value <
         local.estimate.high.value - local.estimate.low.value;
}

// What a provider said of these doors before; of near ones only where nothing better than a straight line is
// at hand, since a route to the right door is nearer the truth than the provider's to the neighbour's.
std::optional<Distance> DistanceService::State::recall(const Trip& trip, const LocalEstimate& local,
                                                       std::vector<WhyNot>& missed) const {
  for (std::size_t i = 0; parts.memory && i < rungs.size() && i < parts.remember_for.size(); ++i) {
    if (parts.remember_for[i].count() == 0) continue;
    const auto name = rungs[i]->provider->name();
    const auto past = parts.memory->recall(name, trip.vehicle, trip.from, trip.to, parts.clock->wall_now(),
                                           parts.remember_for[i]);
    if (!past || !(past->same_doors || nearer(*past, local))) continue;
    Distance distance;
    if (i == first_of(trip.vehicle)) {
      distance.metres = past->estimate.metres;
      distance.low = past->estimate.low;
      distance.high = past->estimate.high;
    } else {
      take_anothers(past->estimate.metres, local, distance);
    }
    distance.duration = past->duration;
    distance.age = past->age;
    distance.source = {SourceKind::kMemory, std::string(name)};
    distance.provisional = std::ranges::any_of(missed, passes);
    distance.why_not = std::move(missed);
    return distance;
  }
  return std::nullopt;
}

void DistanceService::State::tell_changes(Rung& rung) {
  for (const auto& change : rung.breaker.take_changes()) {
    if (change.from ==
        "closed") {  // what it said before must not weigh on its recovery, nor its recovery on the past
      const std::lock_guard lock(rung.drift_mutex);
      rung.drift.start_over();
    }
    if (parts.observer == nullptr) continue;
    if (change.opening) parts.observer->on_opening(rung.provider->name(), *change.opening);
    parts.observer->on_breaker(rung.provider->name(), change.from, change.to);
  }
}

// Turns an answer that cannot be true into kImplausible.
void DistanceService::State::judge(Rung& rung, provider::ProviderAnswer& answer, const LocalEstimate& local) {
  if (answer.outcome != provider::Outcome::kOk) return;
  auto why = implausible({answer.distance, answer.duration}, local.view);
  if (!why) {
    const std::lock_guard lock(rung.drift_mutex);
    why = rung.drift.judge(answer.distance, local.estimate.metres, local.view.geodesic_m);
  }
  if (!why) return;
  // Where our own map lost the trip to snapping as well, it is the trip that is odd, not the provider.
  answer.outcome = local.swallowed ? provider::Outcome::kNoRoute : provider::Outcome::kImplausible;
  answer.detail = *std::move(why);
}

// What a person must mend is said once, not with each quote.
void DistanceService::State::alarm(Rung& rung, const provider::ProviderAnswer& answer) const {
  if (answer.outcome == provider::Outcome::kOk) rung.alarmed = false;
  const bool tls = answer.outcome == provider::Outcome::kUnavailable && answer.stage == provider::Stage::kTls;
  const bool key = answer.outcome == provider::Outcome::kAuth || answer.outcome == provider::Outcome::kQuota;
  if (!(tls || key) || rung.alarmed.exchange(true) || parts.observer == nullptr) return;
  parts.observer->on_alarm(rung.provider->name(), tls ? "tls" : to_string(answer.outcome), answer.detail);
}

// One exchange: judged, and told to whoever listens.
provider::ProviderAnswer DistanceService::State::exchange(Rung& rung, const Trip& trip,
                                                          const LocalEstimate& local,
                                                          base::Deadline deadline) {
  const auto began = parts.clock->steady_now();
  auto answer = rung.provider->route({trip.from, trip.to, trip.vehicle}, deadline);
  const auto latency = std::chrono::duration_cast<microseconds>(parts.clock->steady_now() - began);
  judge(rung, answer, local);
  alarm(rung, answer);
  if (parts.observer != nullptr)
    parts.observer->on_call({std::string(rung.provider->name()), answer, latency});
  if (answer.outcome == provider::Outcome::kOk) remember(rung, trip, answer);
  if (parts.observer != nullptr && answer.outcome == provider::Outcome::kOk)
    parts.observer->on_answer(rung.provider->name(), trip, answer.distance, answer.duration);
  return answer;
}

// The one retry layer: a second try within the same permit and time, where the first broke in a way that may
// pass at once, the provider did not ask for a pause, and the budget of retries pays for it.
provider::ProviderAnswer DistanceService::State::call(Rung& rung, const Breaker::Permit& permit,
                                                      const Trip& trip, const LocalEstimate& local) {
  const auto began = parts.clock->steady_now();
  const base::Deadline deadline{began + permit.timeout};
  auto answer = exchange(rung, trip, local, deadline);
  const bool again = answer.outcome == provider::Outcome::kUnavailable && answer.retryable &&
                     answer.retry_after.value_or(base::Seconds{0}).count() == 0 && !permit.probe;
  if (again && deadline.left(*parts.clock) >= parts.options.least_useful && rung.breaker.take_retry() &&
      rung.quota.take(parts.clock->wall_now()).empty())
    answer = exchange(rung, trip, local, deadline);
  const auto latency = std::chrono::duration_cast<microseconds>(parts.clock->steady_now() - began);
  rung.breaker.settle(permit, answer, latency);
  tell_changes(rung);
  return answer;
}

// A probe asks about a real trip, but nobody waits for it: a provider that still hangs delays no quote.
void DistanceService::State::probe_aside(Rung& rung, const Breaker::Permit& permit, const Trip& trip,
                                         const LocalEstimate& local) {
  const bool runs = parts.background->run(
      [self = shared_from_this(), &rung, permit, trip, local] { self->call(rung, permit, trip, local); });
  if (runs) return;
  rung.quota.give_back();
  provider::ProviderAnswer unasked;
  unasked.outcome = provider::Outcome::kLocalReject;
  unasked.detail = "no thread was free for the probe";
  rung.breaker.settle(permit, unasked, microseconds{0});
}

tl::expected<provider::ProviderAnswer, std::string> DistanceService::State::ask(Rung& rung, const Trip& trip,
                                                                                const LocalEstimate& local,
                                                                                microseconds budget) {
  if (rung.drill.withholds(parts.clock->steady_now())) return tl::unexpected(std::string("drill"));
  if (const auto spent = rung.quota.take(parts.clock->wall_now()); !spent.empty())
    return tl::unexpected(std::string(spent));
  const auto permit = rung.breaker.admit(budget);
  tell_changes(rung);  // before the call: a record has a probe's leave before the probe
  if (!permit) {
    rung.quota.give_back();
    return tl::unexpected(std::string(permit.error()));
  }
  if (permit->probe && parts.background != nullptr) {
    probe_aside(rung, *permit, trip, local);
    return tl::unexpected(std::string("breaker_open"));
  }
  return call(rung, *permit, trip, local);
}

microseconds DistanceService::State::budget_of(std::size_t index, const Trip& trip,
                                               base::Deadline deadline) const {
  const microseconds left = deadline.left(*parts.clock) - parts.options.reserve;
  const bool another = std::any_of(
      rungs.begin() + static_cast<std::ptrdiff_t>(index) + 1, rungs.end(),
      [&](const auto& rung) { return rung->provider->serves(trip.vehicle) && rung->breaker.likely(); });
  if (!another) return left;
  return std::chrono::duration_cast<microseconds>(left * parts.options.first_share);
}

// The providers from the first one down; nothing when none of them answered, and then `missed` says why.
std::optional<Distance> DistanceService::State::climb(const Trip& trip, const LocalEstimate& local,
                                                      base::Deadline deadline, std::vector<WhyNot>& missed) {
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    Rung& rung = *rungs[i];
    if (!rung.provider->serves(trip.vehicle)) {
      missed.push_back({rung.label, "vehicle"});
      continue;
    }
    const auto budget = budget_of(i, trip, deadline);
    if (budget < parts.options.least_useful) {
      missed.push_back({rung.label, "no_time"});
      continue;
    }
    const auto answer = ask(rung, trip, local, budget);
    if (!answer || answer->outcome != provider::Outcome::kOk) {
      missed.push_back({rung.label, answer ? answer->reason() : answer.error()});
      continue;
    }
    Distance distance;
    distance.metres = answer->distance;
    distance.duration = answer->duration;
    distance.source = {SourceKind::kProvider, std::string(rung.provider->name())};
    if (i == first_of(trip.vehicle)) {
      distance.low = distance.high = answer->distance;
    } else {
      take_anothers(answer->distance, local, distance);
    }
    distance.provisional = std::ranges::any_of(missed, passes);
    distance.why_not = std::move(missed);
    return distance;
  }
  return std::nullopt;
}

DistanceService::DistanceService(Parts parts) : state_(std::make_shared<State>()) {
  RECKON_CHECK(parts.clock != nullptr);
  state_->parts = std::move(parts);
  for (auto& learned : state_->parts.learned) state_->publish(std::move(learned));
  std::uint64_t seed = state_->parts.options.seed;
  for (const auto& provider : state_->parts.providers) {
    const auto& plans = state_->parts.options.quotas;
    const auto index = state_->rungs.size();
    state_->rungs.push_back(std::make_unique<Rung>(provider, state_->parts.options.breaker,
                                                   *state_->parts.clock, ++seed,
                                                   index < plans.size() ? plans[index] : QuotaPlan{}));
  }
}

DistanceService::~DistanceService() = default;

Distance DistanceService::measure(road::Roads::Query& query, const Trip& trip, Basis basis,
                                  base::Deadline deadline) {
  if (basis == Basis::kStraight) return exact(geo::geodesic_m(trip.from, trip.to), trip.vehicle);
  if (basis == Basis::kHaversine) return exact(geo::haversine_6371000_m(trip.from, trip.to), trip.vehicle);

  const road::Roads* map = state_->parts.map.get();
  auto local = local_estimate(map, query, trip.vehicle, trip.from, trip.to);
  if (map == nullptr) local.why_not.front().reason = state_->parts.why_no_map;
  // Under this basis the local estimate is what the first provider would say, as far as it is learned.
  if (const auto learned = basis == Basis::kProvider ? state_->newest(trip.vehicle) : nullptr)
    state_->improve(*learned, local, trip);
  Distance distance;
  std::vector<WhyNot> missed;
  if (basis == Basis::kRoad) {
    distance = from_local(local, {});
    if (local.source.kind == SourceKind::kRoad) {
      distance.low = distance.high = distance.metres;
      distance.median.reset();
    }
  } else if (local.view.geodesic_m <= kSamePlaceM) {
    for (const auto& rung : state_->rungs) missed.push_back({rung->label, "same_place"});
    distance = from_local(local, std::move(missed));
    distance.source = {SourceKind::kGeodesic, ""};
    distance.metres = distance.low = base::Metres{0};
    distance.duration = base::Seconds{0};
  } else if (auto answered = state_->climb(trip, local, deadline, missed)) {
    distance = *std::move(answered);
  } else if (auto recalled = state_->recall(trip, local, missed)) {
    distance = *std::move(recalled);
  } else {
    distance = from_local(local, std::move(missed));
  }
  distance.local = local.estimate.metres;
  distance.local_low = local.estimate.low;
  distance.local_high = local.estimate.high;
  distance.local_median = local.estimate.median;
  distance.local_source = local.source;
  distance.local_calibration = local.calibration_release;
  distance.map_release = local.map_release;
  return distance;
}

Rung* DistanceService::State::rung_named(std::string_view provider) {
  const auto found =
      std::ranges::find(rungs, provider, [](const auto& rung) { return rung->provider->name(); });
  return found == rungs.end() ? nullptr : found->get();
}

namespace {

tl::unexpected<base::Error> not_configured(std::string_view provider) {
  return base::fail(base::ErrorCode::kNotFound, "provider",
                    fmt::format("'{}' is not configured; allowed: the configuration's providers", provider));
}

}  // namespace

base::Result<void> DistanceService::override_provider(std::string_view provider, Override order,
                                                      std::chrono::seconds duration) {
  Rung* rung = state_->rung_named(provider);
  if (rung == nullptr) return not_configured(provider);
  rung->breaker.override_for(order, duration);
  state_->tell_changes(*rung);
  return {};
}

base::Result<void> DistanceService::withhold_provider(std::string_view provider, double share,
                                                      std::chrono::seconds duration) {
  Rung* rung = state_->rung_named(provider);
  if (rung == nullptr) return not_configured(provider);
  rung->drill.begin(share, state_->parts.clock->steady_now() + duration);
  return {};
}

base::Result<void> DistanceService::lift_latch(std::string_view provider, base::WallTime seen_well) {
  Rung* rung = state_->rung_named(provider);
  if (rung == nullptr) return not_configured(provider);
  if (rung->breaker.lift_latch(seen_well)) rung->alarmed = false;
  state_->tell_changes(*rung);
  return {};
}

void DistanceService::publish(std::shared_ptr<const Learned> learned) {
  state_->publish(std::move(learned));
}

std::shared_ptr<const Learned> DistanceService::learned(base::Vehicle vehicle) const {
  return state_->newest(vehicle);
}

std::size_t DistanceService::calls_in_flight() const {
  std::size_t calls = 0;
  for (const auto& rung : state_->rungs) calls += rung->breaker.in_flight();
  return calls;
}

std::vector<std::pair<std::string, std::string>> DistanceService::breaker_states() const {
  std::vector<std::pair<std::string, std::string>> states;
  for (const auto& rung : state_->rungs) states.emplace_back(rung->provider->name(), rung->breaker.state());
  return states;
}

bool DistanceService::serves(std::string_view provider, base::Vehicle vehicle) const {
  const Rung* rung = state_->rung_named(provider);
  return rung != nullptr && rung->provider->serves(vehicle);
}

const BreakerOptions& DistanceService::breaker_options() const {
  return state_->parts.options.breaker;
}

std::optional<base::WallTime> DistanceService::asked_again_at(std::string_view provider) const {
  const Rung* rung = state_->rung_named(provider);
  if (rung == nullptr) return std::nullopt;
  const auto memory = rung->breaker.memory();
  return memory.order == Override::kForcedOpen ? memory.order_until : memory.open_until;
}

std::vector<DistanceService::QuotaUse> DistanceService::quotas() const {
  std::vector<QuotaUse> uses;
  for (const auto& rung : state_->rungs) {
    if (rung->quota.plan().calls > 0)
      uses.push_back(
          {std::string(rung->provider->name()), rung->quota.used().calls, rung->quota.plan().calls});
  }
  return uses;
}

namespace {

constexpr std::size_t kMaxBreakers = 100;
constexpr std::chrono::hours kHandedOnFor{24};  // after its time, of a provider that is not configured

std::optional<base::WallTime> read_time(const base::JsonNode& node) {
  if (!node.present() || node.is_null()) return std::nullopt;
  const auto time = base::parse_rfc3339(node.string().value_or(""), node.pointer());
  if (time) return *time;
  node.fault(time.error().message);
  return std::nullopt;
}

Override read_order(const base::JsonNode& node) {
  const auto word = node.string();
  if (!word) return Override::kNone;
  if (*word == to_string(Override::kForcedOpen)) return Override::kForcedOpen;
  if (*word == to_string(Override::kForcedClosed)) return Override::kForcedClosed;
  node.fault("is no order; allowed: forced_open, forced_closed");
  return Override::kNone;
}

// One provider's part of a state.
struct Kept {
  std::string provider;
  BreakerMemory memory;
  DailyQuota::Used used;
  std::string refused_key;  // its digest; empty: not known
};

Kept read_breaker(const base::JsonNode& node) {
  node.allow_only({"provider", "latch", "latched_at", "refused_key", "openings", "open_until",
                   "ramping_since", "override", "override_until", "quota_day", "quota_calls"});
  BreakerMemory memory;
  const auto name = node.required("provider").string();
  memory.latch = node.required("latch").string().value_or("");
  memory.openings = static_cast<std::uint32_t>(node.required("openings").integer(0, 1'000'000).value_or(0));
  if (!memory.latch.empty() && memory.latch != "auth" && memory.latch != "quota") {
    node.required("latch").fault("is no latch; allowed: an empty string, auth, quota");
  }
  memory.latched_at = read_time(node.optional("latched_at"));
  memory.open_until = read_time(node.required("open_until"));
  memory.ramping_since = read_time(node.optional("ramping_since"));
  memory.order = read_order(node.optional("override"));
  memory.order_until = read_time(node.optional("override_until"));
  const auto count = [&](std::string_view key) {
    return node.optional(key).integer(0, 1'000'000'000).value_or(0);
  };
  return {std::string(name.value_or("")),
          memory,
          {count("quota_day"), count("quota_calls")},
          std::string(node.optional("refused_key").string().value_or(""))};
}

base::Result<std::vector<Kept>> read_state(std::string_view json) {
  const auto document = base::JsonDocument::parse(json, "breakers");
  if (!document) return base::fail(document.error());
  base::Faults faults("breakers");
  const auto root = document->root(faults);
  root.allow_only({"version", "breakers"});
  root.required("version").integer(1, 1);
  std::vector<Kept> memories;
  for (const auto& node : root.required("breakers").items(kMaxBreakers))
    memories.push_back(read_breaker(node));
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
  return memories;
}

// What tells later whether the provider is asked with other keys than those that it refused.
std::string present_digest(const Rung& rung, const BreakerMemory& memory) {
  if (memory.latch.empty() || !memory.latched_at) return {};
  return rung.provider->key_digest(base::format_rfc3339(*memory.latched_at));
}

Kept kept_of(const Rung& rung) {
  Kept kept{std::string(rung.provider->name()), rung.breaker.memory(), rung.quota.used(), ""};
  const bool taken_up = rung.refused && rung.refused->at == kept.memory.latched_at;
  kept.refused_key = taken_up ? rung.refused->key_digest : present_digest(rung, kept.memory);
  return kept;
}

void write_breaker(base::JsonWriter& json, const Kept& kept) {
  const auto& memory = kept.memory;
  json.begin_object().key("provider").string(kept.provider);
  json.key("latch").string(memory.latch).key("openings").integer(memory.openings).key("open_until");
  if (memory.open_until) {
    json.string(base::format_rfc3339(*memory.open_until));
  } else {
    json.null();
  }
  if (memory.latched_at) json.key("latched_at").string(base::format_rfc3339(*memory.latched_at));
  if (!memory.latch.empty() && !kept.refused_key.empty()) json.key("refused_key").string(kept.refused_key);
  if (memory.ramping_since) json.key("ramping_since").string(base::format_rfc3339(*memory.ramping_since));
  if (memory.order != Override::kNone && memory.order_until) {
    json.key("override").string(to_string(memory.order));
    json.key("override_until").string(base::format_rfc3339(*memory.order_until));
  }
  if (kept.used.day > 0)
    json.key("quota_day").integer(kept.used.day).key("quota_calls").integer(kept.used.calls);
  json.end_object();
}

bool has_other_keys(const Rung& rung, const Kept& kept) {
  const auto now = present_digest(rung, kept.memory);
  return !kept.refused_key.empty() && !now.empty() && now != kept.refused_key;
}

// The provider was never overloaded: neither a probe nor a ramp is needed.
void forget_refusal(BreakerMemory& memory) {
  memory.latch.clear();
  memory.latched_at.reset();
  memory.open_until.reset();
}

// Whether it says nothing of the provider any more: its waits are over, its quota is of another day.
bool is_stale(const Kept& kept, base::WallTime now) {
  constexpr auto kNever = base::WallTime::min();
  const auto last =
      std::max({kept.memory.open_until.value_or(kNever), kept.memory.order_until.value_or(kNever),
                kept.memory.ramping_since.value_or(kNever)});
  if (last != kNever && last + kHandedOnFor >= now) return false;
  const auto today = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  return kept.used.calls == 0 || kept.used.day + 1 < today;  // a day begins earlier east of Greenwich
}

}  // namespace

std::string DistanceService::export_state(std::string_view before) const {
  std::vector<Kept> all;
  for (const auto& rung : state_->rungs) all.push_back(kept_of(*rung));
  const auto now = state_->parts.clock->wall_now();
  for (auto& kept : read_state(before).value_or(std::vector<Kept>{}))
    if (state_->rung_named(kept.provider) == nullptr && all.size() < kMaxBreakers && !is_stale(kept, now))
      all.push_back(std::move(kept));
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().key("version").integer(1).key("breakers").begin_array();
  for (const auto& kept : all) write_breaker(json, kept);
  json.end_array().end_object();
  return text;
}

base::Result<std::vector<KeptProvider>> providers_in(std::string_view state) {
  const auto memories = read_state(state);
  if (!memories) return base::fail(memories.error());
  std::vector<KeptProvider> providers;
  for (const auto& kept : *memories) providers.push_back({kept.provider, kept.memory.latch});
  return providers;
}

base::Result<void> DistanceService::import_state(std::string_view json) {
  auto memories = read_state(json);
  if (!memories) return base::fail(memories.error());
  for (auto& kept : *memories) {
    Rung* rung = state_->rung_named(kept.provider);
    if (rung == nullptr) continue;
    if (has_other_keys(*rung, kept)) forget_refusal(kept.memory);
    if (kept.memory.latched_at) rung->refused = {*kept.memory.latched_at, kept.refused_key};
    rung->breaker.restore(kept.memory);
    rung->quota.restore(kept.used);
  }
  return {};
}

}  // namespace reckon::distance

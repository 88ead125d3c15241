#pragma once

// The ladder: the local estimate first, for every trip, always; then whatever better answer can be had in
// time.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/base/vehicle.h"
#include "reckon/distance/breaker.h"
#include "reckon/distance/daily_quota.h"
#include "reckon/distance/distance.h"
#include "reckon/distance/learned.h"
#include "reckon/distance/memory.h"
#include "reckon/geo/lat_lng.h"
#include "reckon/provider/map_provider.h"
#include "reckon/road/road_map.h"

namespace reckon::distance {

struct Trip {
  geo::LatLng from;
  geo::LatLng to;
  base::Vehicle vehicle = base::Vehicle::kMotorcycle;
};

/// What a tariff wants measured.
enum class Basis {
  kProvider,   ///< the ladder from the first provider down
  kRoad,       ///< the road map's legal route; geodesic estimate where it has none; no provider is asked
  kStraight,   ///< the ellipsoidal geodesic, rounded to whole metres; needs nothing
  kHaversine,  ///< great circle, radius 6,371,000 m, for contracts that name it
};

/// What one provider call came to, for records and metrics; told once a call.
struct CallRecord {
  std::string provider;
  provider::ProviderAnswer answer;  ///< after the plausibility check
  std::chrono::microseconds latency{};
};

/// Hears what the ladder does. Called on the measuring thread; implementations are thread-safe and quick.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_call(const CallRecord&) {}
  /// A provider's good answer with the trip that it is of: what calibration learns from. Not told of answers
  /// that were refused as implausible.
  virtual void on_answer(std::string_view provider, const Trip& trip, base::Metres metres,
                         base::Seconds duration) {
    (void)provider, (void)trip, (void)metres, (void)duration;
  }
  /// What a breaker opened on, where that is not a probe; on_breaker comes next.
  virtual void on_opening(std::string_view provider, const Opening& opening) {
    (void)provider, (void)opening;
  }
  virtual void on_breaker(std::string_view provider, std::string_view from, std::string_view to) {
    (void)provider, (void)from, (void)to;
  }
  /// Something that waiting does not mend and a person must: `auth`, `quota` or `tls`. Once an outage, until
  /// the provider answers again.
  virtual void on_alarm(std::string_view provider, std::string_view what, std::string_view detail) {
    (void)provider, (void)what, (void)detail;
  }
};

/// Runs what no quote may wait for: the probes of a provider whose breaker is open. The library owns no
/// threads; whoever does, gives it one through this. Implementations are thread-safe.
class Background {
 public:
  virtual ~Background() = default;
  /// Runs `job` soon on another thread, or drops it unrun. @return false when it will not be run.
  virtual bool run(std::function<void()> job) = 0;
};

/// How the ladder spends a quote's time.
struct LadderOptions {
  BreakerOptions breaker = {};            ///< of each provider
  std::chrono::milliseconds reserve{20};  ///< left for pricing and recording, out of the quote's deadline
  std::chrono::milliseconds least_useful{30};  ///< no provider is asked with less than this
  double first_share =
      0.6;  ///< of the time left, when a further provider could still be asked after this one
  std::uint64_t seed = 0x7265636b6f6e;  ///< of the breakers' jitter
  std::vector<QuotaPlan> quotas = {};   ///< by provider, in their order; missing: no limit is known
};

/// A provider in an exported state.
struct KeptProvider {
  std::string provider;
  std::string latch;  ///< `auth` or `quota`: kept from quotes until a person has mended that; else empty
};
/// @param state  of DistanceService::export_state
/// @errors kInvalidInput  not such a document
base::Result<std::vector<KeptProvider>> providers_in(std::string_view state);

/// Safe to call from several threads, each with its own Query.
class DistanceService {
 public:
  struct Parts {
    std::shared_ptr<const road::Roads> map;  ///< may be empty: then every local estimate is geodesic
    std::vector<std::shared_ptr<provider::MapProvider>> providers;  ///< best first; may be empty
    const base::Clock* clock = nullptr;  ///< outlives the service and the background's jobs
    Observer* observer = nullptr;        ///< may be null; outlives the service and the background's jobs
    LadderOptions options = {};
    Background* background =
        nullptr;  ///< may be null: then a probe takes the time of the quote that makes it
    std::string why_no_map = "no_map";  ///< told of the road rung when `map` is empty
    /// At most one a vehicle, each of the first provider that serves it; none empty.
    std::vector<std::shared_ptr<const Learned>> learned = {};
    std::shared_ptr<AnswerMemory> memory = nullptr;  ///< takes answers and gives them back; may be empty
    /// By provider, in their order: how old an answer may be to be given back; 0: never. Missing: never.
    std::vector<base::Seconds> remember_for = {};
  };
  explicit DistanceService(Parts parts);
  ~DistanceService();
  DistanceService(const DistanceService&) = delete;
  DistanceService& operator=(const DistanceService&) = delete;

  /// Always answers, by the deadline: with the best rung that could be had, and why no better one.
  ///
  /// The first provider of a vehicle is the first one that serves it. Its answer has low = high = metres;
  /// other rungs have the band of what it would have said: as its calibration has it, where one is in use,
  /// and their own metres. The bases kStraight, kHaversine and (where the map
  /// has the route) kRoad are exact by definition: low = high = metres. Under kProvider, places within 5 m of
  /// each other are 0 m, labelled `geodesic` with why_not `same_place`, and no provider is asked: Kakao calls
  /// such trips an error, others answer 0 m. `provisional` is set when a rung above was missed for a reason
  /// that passes (anything but `no_route`, `bad_request`, `vehicle`, `same_place` and the road map's own
  /// limits). Cost: one road search (or a microsecond without a map), and at most `deadline` when a provider
  /// is asked.
  Distance measure(road::Roads::Query& query, const Trip& trip, Basis basis, base::Deadline deadline);

  /// Takes a provider away on purpose, or keeps it in, for `duration`; Override::kNone takes the order back.
  /// The observer hears of it and of its end. Survives a restart with export_state.
  /// @errors kNotFound  no such provider
  base::Result<void> override_provider(std::string_view provider, Override order,
                                       std::chrono::seconds duration);

  /// Keeps a share of the quotes from a provider for `duration`, as if it were not there (`drill` in
  /// why_not); its breaker hears nothing of it. The latest word counts; share 0 ends it.
  /// @param share  [0, 1]
  /// @errors kNotFound  no such provider
  base::Result<void> withhold_provider(std::string_view provider, double share,
                                       std::chrono::seconds duration);

  /// Takes back a refused key or a spent quota that is not newer than `seen_well`, when the provider was seen
  /// to answer: it is asked again at once. Nothing where there is none.
  /// @errors kNotFound  no such provider
  base::Result<void> lift_latch(std::string_view provider, base::WallTime seen_well);

  /// Puts a newer calibration in the place of the one in use for its vehicle. Measurements under way end with
  /// the one that they began with; none waits.
  /// @param learned  not empty
  void publish(std::shared_ptr<const Learned> learned);
  /// The calibration in use for a vehicle; may be empty.
  std::shared_ptr<const Learned> learned(base::Vehicle vehicle) const;

  /// Calls under way to all providers.
  std::size_t calls_in_flight() const;

  /// Whether a provider of this name is there and serves the vehicle.
  bool serves(std::string_view provider, base::Vehicle vehicle) const;

  /// One provider's breaker: `closed`, `open`, `half_open`, `ramping`, `latched:<reason>`, `forced_open`,
  /// `forced_closed`.
  std::vector<std::pair<std::string, std::string>> breaker_states() const;

  /// What all breakers go by.
  const BreakerOptions& breaker_options() const;

  /// When a provider that is kept away will be asked again: its next probe, or the end of an order; nothing
  /// where it is not open.
  std::optional<base::WallTime> asked_again_at(std::string_view provider) const;

  /// Calls made today by providers whose quota is known: name, used, allowed.
  struct QuotaUse {
    std::string provider;
    std::int64_t used = 0, calls = 0;
  };
  std::vector<QuotaUse> quotas() const;

  /// What the breakers know, as one JSON document, for a later process.
  /// @param before  an exported state that this one takes the place of: what it has of providers that are not
  ///                configured here is handed on to those who have them, until a day after its waits are over
  std::string export_state(std::string_view before = {}) const;
  /// Takes up an exported state; providers that are not configured any more are passed over. One whose keys
  /// are others than those that it refused is asked with every quote from then on.
  /// @errors kInvalidInput  not such a document; nothing is taken then
  base::Result<void> import_state(std::string_view json);

 private:
  struct State;
  std::shared_ptr<State> state_;  // also held by probes that are under way
};

}  // namespace reckon::distance

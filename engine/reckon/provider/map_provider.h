#pragma once

// One remote map API as the ladder sees it: a trip and a deadline go in, one classified answer comes out,
// always by the deadline. Everything vendor-specific (coordinate order, units, codes) stays in the vendor's
// own file.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/units.h"
#include "reckon/base/vehicle.h"
#include "reckon/geo/lat_lng.h"

namespace reckon::provider {

/// What a call came to, by meaning and not by HTTP status class.
enum class Outcome {
  kOk,
  kNoRoute,      ///< the provider works and says there is none
  kBadRequest,   ///< ours: this trip, not the provider, is at fault
  kAuth,         ///< key refused: latch, alarm, no retry
  kQuota,        ///< the day's quota is spent: latch until it is renewed
  kThrottled,    ///< too fast: lower the rate
  kUnavailable,  ///< cannot be reached or says it is broken
  kTimeout,      ///< the deadline or a stage's budget ran out
  kMalformed,    ///< answered bytes that are not an answer
  kImplausible,  ///< a well-formed answer that cannot be true
  kLocalReject,  ///< not sent: our own limits
};

/// Stable lower-case name: `ok`, `no_route`, `timeout`, …
std::string_view to_string(Outcome outcome);

/// Whether an outcome counts against the provider's health (the breaker's failures).
bool counts_as_failure(Outcome outcome);

/// How far a call had come when it ended badly.
enum class Stage { kNone, kResolve, kConnect, kTls, kSend, kFirstByte, kBody };

/// Stable lower-case name: `resolve`, `connect`, `tls`, `send`, `first_byte`, `body`; empty for kNone.
std::string_view to_string(Stage stage);

struct TripRequest {
  geo::LatLng from;
  geo::LatLng to;
  base::Vehicle vehicle;
  std::vector<geo::LatLng> via = {};  ///< stops between, in their order; at most Capability::max_via
};

struct ProviderAnswer {
  Outcome outcome = Outcome::kUnavailable;
  Stage stage = Stage::kNone;
  base::Metres distance;     ///< kOk only; as the provider said it, not yet checked for plausibility
  base::Seconds duration{};  ///< kOk only
  std::string detail;        ///< for people and logs: codes and messages; never the key
  std::optional<base::Seconds> retry_after;  ///< as the provider asked, capped at kMaxRetryAfter
  /// The same call may succeed at once: the connection broke before a byte came, or a gateway said 502, 503
  /// or 504. One further try may be worth it, within a budget.
  bool retryable = false;

  /// `timeout:connect`, `quota`, `no_route`: what stands in a quote's `why_not`.
  std::string reason() const;
};

inline constexpr base::Seconds kMaxRetryAfter{300};

/// All pairs of some places, asked for in one call.
struct TableRequest {
  std::vector<geo::LatLng> sources;       ///< 1 … Capability::max_side
  std::vector<geo::LatLng> destinations;  ///< likewise
  base::Vehicle vehicle;

  std::size_t cells() const { return sources.size() * destinations.size(); }
};

struct TableAnswer {
  ProviderAnswer whole;  ///< kOk when there are cells; else why there are none
  std::vector<ProviderAnswer>
      cells;  ///< row-major, one row a source; each kOk, kNoRoute or a fault of its own
};

enum class TableShape : std::uint8_t {
  kNone,
  kOneSided,  ///< one source or one destination
  kMatrix,
};

/// What one call may ask for, as the API documents it.
struct Capability {
  std::size_t max_via = 0;
  TableShape table = TableShape::kNone;
  std::size_t max_side = 0;   ///< sources, and destinations
  std::size_t max_cells = 0;  ///< sources times destinations
};

/// Implementations are safe to call from several threads at once and return by the deadline (+ scheduling).
class MapProvider {
 public:
  virtual ~MapProvider() = default;
  /// The configured name, as it stands in `provider:<name>`.
  virtual std::string_view name() const = 0;
  /// Whether the API can be asked for this vehicle at all.
  virtual bool serves(base::Vehicle vehicle) const = 0;
  virtual ProviderAnswer route(const TripRequest& trip, base::Deadline deadline) = 0;
  /// What can be asked for in one call for a vehicle that is served.
  virtual Capability capability(base::Vehicle) const { return {}; }
  /// 16 bits, four hexadecimal digits, of a hash of `salt` and the keys that it is asked with: tells whether
  /// the keys are others (but for one change in 65,536), and too few to find a key by. Whoever has a guess at
  /// the keys learns whether it may be right. Empty where the keys are not known.
  virtual std::string key_digest(std::string_view salt) const;
  /// All pairs in one call; kLocalReject, without a call, beyond `capability`.
  virtual TableAnswer table(const TableRequest& request, base::Deadline deadline);
};

}  // namespace reckon::provider

#pragma once

// Outages of providers as the ledger has them: when the first call failed, what failed, what the breaker did,
// and when it was over. docs/incidents.md.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/ledger/ledger.h"

namespace reckon::ledger {

/// Kinds of events. Their `detail`:
inline constexpr std::string_view kEventOrder = "order";    ///< {"order","for_s","share"?}: an operator's
inline constexpr std::string_view kEventOpened = "opened";  ///< {"cause","reason","first_failure","slow"?}
inline constexpr std::string_view kEventCall = "call";      ///< {"operation","outcome","stage","latency_us"}
inline constexpr std::string_view kEventBreaker = "breaker";  ///< {"from","to"}
inline constexpr std::string_view kEventAlarm = "alarm";      ///< {"what"}
inline constexpr std::string_view kEventChecked = "checked";  ///< {"latch"}: it answers again, see below
inline constexpr std::string_view kEventClosed = "closed";    ///< {"calls","failed","why"?}
/// `why` of a closed one whose provider had not come back, but was not configured any more.
inline constexpr std::string_view kNotConfigured = "not_configured";

/// The call that a breaker opened on, where that was slow and had not failed.
struct SlowOpening {
  std::string operation;
  std::int64_t latency_us = 0;     ///< until the breaker opened, of a call that was under way
  std::int64_t slow_after_us = 0;  ///< what was slow
  bool under_way = false;
  std::int64_t slow_calls = 0, calls = 0;  ///< that the breaker had in mind: the slow ones, and all
};

struct Incident {
  std::string id;
  std::string provider;
  std::string cause;  ///< `failures` (slow calls among them), or `order`: taken away on purpose
  /// Of the first failed call, such as `timeout:connect`; `slow` where more calls were slow than failed;
  /// `forced_open` of an order.
  std::string reason;
  base::WallTime first_failure{};               ///< when the first failed or slow call began
  std::optional<SlowOpening> slow;              ///< what it opened on; nothing: no slow call
  base::WallTime opened_at{};                   ///< when the breaker opened
  std::optional<base::WallTime> closed_at;      ///< nothing: not over yet
  bool given_up = false;                        ///< closed since the provider was not configured any more
  std::optional<base::WallTime> last_asked;     ///< when the last call on record began
  std::int64_t failed = 0;                      ///< calls that failed
  std::map<std::string, std::int64_t> reasons;  ///< of these
  std::vector<IncidentEvent> events;            ///< by time, those of one instant as they were written
};

/// All outages in order of opening; one of `provider` only, where it is not empty. An order that no server
/// has taken up is none.
/// @errors kEnvironment, kCorrupt  the ledger cannot be read
base::Result<std::vector<Incident>> incidents(const Ledger& ledger, std::string_view provider = {});

/// An operator's order: a provider is to be kept from all quotes (`forced_open`) or from a share of them for
/// a time, or, with `none`, an order is taken back.
struct Order {
  std::string order;
  base::WallTime until{};
  double share = 1;  ///< (0, 1]
};
IncidentEvent order_event(std::string incident, std::string provider, base::WallTime at,
                          std::string_view order, std::chrono::seconds duration, double share = 1);
/// That a provider whose key was refused or whose quota was spent (`latch`: `auth`, `quota`) has answered
/// when an operator asked it: from then on it need not be kept from quotes any more.
IncidentEvent checked_event(std::string incident, std::string provider, base::WallTime at,
                            std::string_view latch);
/// What keeps the provider of an outage from quotes of some process: `auth` or `quota`. Empty where none has
/// told of such a latch, or told of its end, or a check has seen the provider answer since.
std::string latch_of(const Incident& incident);
/// An outage's first event, where failures began it and no order.
bool opens_by_failures(const IncidentEvent& event);
/// A change of a breaker that failures have made: it opens, or a refusal latches it.
bool shuts_by_failures(const IncidentEvent& event);
/// @return nothing when the event is none
std::optional<Order> order_of(const IncidentEvent& event);

}  // namespace reckon::ledger

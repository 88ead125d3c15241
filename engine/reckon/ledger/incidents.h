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
inline constexpr std::string_view kEventOpened = "opened";  ///< {"cause","reason","first_failure"}
inline constexpr std::string_view kEventCall = "call";      ///< {"operation","outcome","stage","latency_us"}
inline constexpr std::string_view kEventBreaker = "breaker";  ///< {"from","to"}
inline constexpr std::string_view kEventAlarm = "alarm";      ///< {"what"}
inline constexpr std::string_view kEventClosed = "closed";    ///< {"calls","failed"}

struct Incident {
  std::string id;
  std::string provider;
  std::string cause;   ///< `failures`, or `order`: taken away on purpose
  std::string reason;  ///< of the first failed call, such as `timeout:connect`; `forced_open` of an order
  base::WallTime first_failure{};
  base::WallTime opened_at{};                   ///< when the breaker opened
  std::optional<base::WallTime> closed_at;      ///< nothing: not over yet
  std::int64_t failed = 0;                      ///< calls that failed
  std::map<std::string, std::int64_t> reasons;  ///< of these
  std::vector<IncidentEvent> events;            ///< in their order
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
/// @return nothing when the event is none
std::optional<Order> order_of(const IncidentEvent& event);

}  // namespace reckon::ledger

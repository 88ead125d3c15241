#pragma once

// The live dispatcher: told what happens, asked now and then what to do. How it thinks: docs/dispatch.md.
// It owns no clock, thread, file or socket; its time is the caller's.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/dispatch/live.h"
#include "reckon/dispatch/live_search.h"

namespace reckon::dispatch {

struct DispatcherOptions {
  ServiceTimes service = {};
  LiveWeights weights = {};
  LiveSearchOptions search = {};
  Seconds grain = 1;              ///< decisions take effect at multiples of it
  Seconds horizon = 60;           ///< until the next tick; what need not be decided before then is left open
  Seconds hold_slack = 0;         ///< riders leave this much earlier than the latest safe departure
  double guarantee_per_hour = 0;  ///< orders an hour up to which one more costs no pay
  std::uint64_t seed = 1;
  bool one_each = false;  ///< no bundles and no rounds: the cheapest matching of orders to riders, one each
  bool explain = false;   ///< fill Decisions::reasons
};

/// How long one tick may search. Rounds make it repeatable; `out_of_time` ends it earlier.
struct TickBudget {
  std::uint32_t rounds = 1000;
  std::function<bool()> out_of_time = {};  ///< polled every few rounds; must not call the dispatcher
  /// Rounds after which the tick stops as if out of time: how one that was is computed again.
  std::optional<std::uint64_t> stop_at = {};
};

/// Where an order stands.
enum class OrderState : std::uint8_t { kOpen, kAssigned, kOnBoard };

class Dispatcher {
 public:
  /// @param travel  must outlive the dispatcher
  Dispatcher(const TravelTimes& travel, DispatcherOptions options);

  /// Takes in what has happened, in this sequence. Each event is applied whole or not at all.
  /// @errors kInvalidInput  one fault for each event that contradicts what is known (an unknown order, a
  /// pickup
  ///                        by a rider without a trip, …), `where` = "/<index>"; all others are applied
  base::Result<void> update(std::span<const Event> events);

  /// Plans anew and says what must be decided before the next tick. What it says is taken as done: riders are
  /// on their way at `depart`. Times after `now` in earlier events are taken as forecasts.
  /// Cost: O(open orders x riders) once, then the rounds. The same events, ticks and rounds give the same
  /// decisions.
  Decisions tick(Seconds now, const TickBudget& budget);

  /// The state of an order that is neither delivered nor cancelled; nothing for others.
  std::optional<OrderState> state_of(OrderId order) const;
  std::optional<RiderId> rider_of(OrderId order) const;
  std::size_t orders() const { return orders_.size(); }
  std::size_t riders() const { return riders_.size(); }

  /// Each order in exactly one place, each trip within its rider's capacity; the fault found, or nothing. For
  /// tests and drills: O(orders + riders).
  std::optional<std::string> broken_invariant() const;

 private:
  struct Order {
    LiveOrder order;
    OrderState state = OrderState::kOpen;
    std::optional<RiderId> rider = {};    // of its trip
    std::optional<RiderId> planned = {};  // in the plan of the last tick
    std::optional<RiderId> pinned = {};
    std::vector<RiderId> barred = {};
    bool listed = false;
  };
  struct ActiveTrip {
    PlaceIndex shop = 0;
    std::vector<OrderId> orders;  // still to be delivered, in sequence
    bool picked_up = false;
    PlaceIndex from = 0;      // where the rider was before it
    Seconds free_before = 0;  // and since when
    Seconds depart = 0;
    Seconds arrival = 0;
  };
  struct Rider {
    LiveRider rider;
    PlaceIndex place = 0;  // of the last known free position, or where the present leg began
    Seconds since = 0;
    std::optional<ActiveTrip> trip;
    std::vector<std::vector<OrderId>> planned;  // trips of the last plan
    std::uint32_t given = 0;                    // orders so far
    std::int64_t price = 0;                     // of the last matching
  };
  class Tick;

  std::optional<std::string> apply(const event::Placed& e);
  std::optional<std::string> apply(const event::Ready& e);
  std::optional<std::string> apply(const event::Cancelled& e);
  std::optional<std::string> apply(const event::ShiftAdded& e);
  std::optional<std::string> apply(const event::ShiftEnds& e);
  std::optional<std::string> apply(const event::RiderAt& e);
  std::optional<std::string> apply(const event::RiderGone& e);
  std::optional<std::string> apply(const event::PickedUp& e);
  std::optional<std::string> apply(const event::Delivered& e);
  std::optional<std::string> apply(const event::Declined& e);
  std::optional<std::string> apply(const event::Pinned& e);
  std::optional<std::string> apply(const event::Unpinned& e);
  std::optional<std::string> apply(const event::Listed& e);
  std::optional<std::string> apply(const event::Unlisted& e);
  void reopen(OrderId order);
  void end_of_order(OrderId order);

  const TravelTimes& travel_;
  DispatcherOptions options_;
  std::map<OrderId, Order> orders_;  // neither delivered nor cancelled
  std::map<RiderId, Rider> riders_;
  std::vector<OrderId> stranded_;   // since the last tick
  std::vector<PlaceIndex> demand_;  // shops of the latest orders, a ring
  std::uint64_t placed_ = 0;
  std::uint64_t ticks_ = 0;
};

}  // namespace reckon::dispatch

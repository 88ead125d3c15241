#pragma once

// What the live dispatcher and its caller say to each other: orders, riders, events in, decisions out.
// Times are whole seconds of one clock of the caller's; places are indexes that his travel times know.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace reckon::dispatch {

using Seconds = std::int32_t;
using PlaceIndex = std::uint32_t;
enum class OrderId : std::uint32_t {};
enum class RiderId : std::uint32_t {};

inline constexpr Seconds kNever = std::numeric_limits<Seconds>::max() / 4;

/// Orders that one rider may take from a shop at once. Published instances allow any number; more than eight
/// were never better there, and a fixed size keeps trips free of allocation.
inline constexpr std::size_t kMaxBundle = 8;

/// Riding times of the fastest vehicle between places. Must give the same answer for the same pair as long as
/// a dispatcher uses it.
class TravelTimes {
 public:
  virtual ~TravelTimes() = default;
  /// >= 0; kNever where no way leads.
  virtual Seconds seconds(PlaceIndex from, PlaceIndex to) const = 0;
};

/// A delivery that was asked for.
struct LiveOrder {
  OrderId id{};
  PlaceIndex shop = 0;
  PlaceIndex door = 0;
  Seconds placed = 0;
  Seconds ready = 0;        ///< when the kitchen says it is ready
  Seconds target = kNever;  ///< time of day from which each second late counts as overage
  Seconds limit = kNever;   ///< a drop-off after this is a failure
  std::uint32_t load = 1;   ///< in the units of the rider's capacity
  bool alone = false;       ///< shares no bundle (single-drop promise)
};

/// Ten times as slow as the fastest is slower than anybody walks.
inline constexpr std::uint32_t kMaxPacePercent = 1000;

/// What a ride that takes the fastest `usual` takes one of this pace, rounded up; kNever at most.
constexpr Seconds at_pace(Seconds usual, std::uint32_t pace_percent) {
  if (pace_percent == 100 || usual >= kNever) return usual;
  const std::int64_t slower = (std::int64_t{usual} * pace_percent + 99) / 100;
  return slower < kNever ? static_cast<Seconds>(slower) : kNever;
}

/// A rider on duty, or one whose shift is known.
struct LiveRider {
  RiderId id{};
  PlaceIndex place = 0;
  Seconds on = 0;
  Seconds off = kNever;  ///< no pickup after this; a drop-off may be later
  std::uint32_t capacity = kMaxBundle;
  std::uint32_t pace_percent = 100;  ///< of the riding times told, [100, kMaxPacePercent]: slower vehicles
};

/// Time that stops take beside riding, as facts of the trade.
struct ServiceTimes {
  Seconds before_pickup = 120;  ///< from arrival at the shop until the food is in hand, if it is ready
  Seconds after_pickup = 120;   ///< from then until the rider rides
  Seconds before_drop = 120;
  Seconds after_drop = 120;
};

/// What a second, a failure or a unit of pay is worth. All costs are in minutes of click-to-door.
struct LiveWeights {
  double unserved = 600;       ///< an order in nobody's plan
  double failed = 60;          ///< a drop-off after the limit of an order that could have made it
  double overage = 0.8;        ///< per minute after the target
  double click_to_door = 1;    ///< per minute
  double rider_minute = 0.02;  ///< per minute riding and serving
  double pay = 0.1;            ///< per order given to a rider past his guarantee, times how sure that is
  double far_end = 0.1;        ///< per minute from where a chain ends to where orders came from of late
  double fairness = 0;         ///< per order that the rider has had more than the mean per hour on duty
};

/// A cost told by layer.
struct LayerCost {
  double failed = 0;
  double overage = 0;
  double click_to_door = 0;
  double rider_minutes = 0;
  double far_end = 0;
  double pay = 0;
  double fairness = 0;
  double total() const { return failed + overage + click_to_door + rider_minutes + far_end + pay + fairness; }
};

namespace event {
struct Placed {
  LiveOrder order;
};
struct Ready {
  OrderId order;
  Seconds ready;
};  ///< the kitchen says another time (late, or done)
struct Cancelled {
  OrderId order;
};
struct ShiftAdded {
  LiveRider rider;
};
struct ShiftEnds {
  RiderId rider;
  Seconds off;
};
struct RiderAt {
  RiderId rider;
  PlaceIndex place;
};  ///< position of a rider without a trip
struct RiderGone {
  RiderId rider;
};  ///< accident, no-show, log-out: what he has not picked up is open again
struct PickedUp {
  RiderId rider;
  Seconds at;
};  ///< all orders of his trip
struct Delivered {
  OrderId order;
  Seconds at;
};
struct Declined {
  RiderId rider;
};  ///< the trip he was sent on, before pickup; he stays free where he was
struct Pinned {
  OrderId order;
  RiderId rider;
};  ///< nobody else may get it
struct Unpinned {
  OrderId order;
};
struct Listed {
  OrderId order;
};  ///< riders may tap it: in nobody's plan until it is pinned to the one who did
struct Unlisted {
  OrderId order;
};
}  // namespace event

using Event = std::variant<event::Placed, event::Ready, event::Cancelled, event::ShiftAdded, event::ShiftEnds,
                           event::RiderAt, event::RiderGone, event::PickedUp, event::Delivered,
                           event::Declined, event::Pinned, event::Unpinned, event::Listed, event::Unlisted>;

/// One rider who could have had the order, judged with the rest of the plan as it is.
struct Candidate {
  RiderId rider{};
  LayerCost cost = {};  ///< how much dearer the plan gets
  Seconds pickup = 0;
  Seconds drop = 0;
  std::string excluded = {};  ///< why he cannot; empty when he can
};

/// Why an order went to its rider.
struct Reason {
  OrderId order{};
  RiderId rider{};
  std::optional<RiderId> before = {};      ///< whose plan it stood in after the last tick
  std::vector<Candidate> candidates = {};  ///< cheapest first, the chosen one among them
  std::string sentence = {};               ///< for the rider
};

/// A rider sent to a shop, or the longer bundle of one who is on his way there.
struct Assignment {
  RiderId rider{};
  PlaceIndex shop = 0;
  std::vector<OrderId> orders;  ///< in the sequence of their drop-offs
  std::vector<OrderId> added;   ///< those of them that are new with this decision
  Seconds depart = 0;           ///< not before this
  Seconds pickup = 0;           ///< as planned
  bool extends = false;         ///< an additive update of a trip under way
};

struct Decisions {
  std::vector<Assignment> assignments;
  std::vector<OrderId> stranded;  ///< on board of a rider who is gone: a person must look
  std::vector<OrderId> unserved;  ///< in nobody's plan now
  std::vector<Reason> reasons;    ///< one for each added order, when asked for
  std::uint64_t rounds = 0;
  double planned_cost = 0;  ///< of all that is not delivered, in minutes
};

}  // namespace reckon::dispatch

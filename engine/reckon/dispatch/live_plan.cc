#include "reckon/dispatch/live_plan.h"

#include <algorithm>

#include "reckon/base/result.h"

namespace reckon::dispatch {
namespace {

constexpr double kMinute = 60.0;
constexpr Seconds kFarAway = 1200;  // a shop further off than this is another rider's

bool trip_takes(const Snapshot& snapshot, std::uint32_t rider, const Trip& trip, const PlanOrder& order) {
  if (trip.shop != order.order.shop || trip.count == kMaxBundle || order.order.alone) return false;
  std::uint32_t load = order.order.load;
  for (std::size_t i = 0; i < trip.count; ++i) {
    const auto& other = snapshot.orders[trip.orders[i]].order;
    if (other.alone) return false;
    load += other.load;
  }
  return load <= snapshot.riders[rider].capacity;
}

Trip with(const Trip& trip, std::uint32_t order, std::size_t position) {
  Trip longer = trip;
  std::copy_backward(trip.orders + position, trip.orders + trip.count, longer.orders + trip.count + 1);
  longer.orders[position] = order;
  ++longer.count;
  return longer;
}

// The cost of `trip` at its place and all behind it; kImpossible when something becomes so, or too dear.
double cost_from(const Snapshot& snapshot, std::uint32_t rider, const RiderChain& chain, std::size_t place,
                 const Trip& trip, std::size_t next, double most) {
  ChainState state = chain.states[place];
  if (!snapshot.extend(rider, trip, place == 0, state) || state.cost >= most) return kImpossible;
  for (std::size_t i = next; i < chain.trips.size(); ++i) {
    // Once the rider stands where and when he stood before, the rest is as it was.
    if (state.place == chain.states[i].place && state.time == chain.states[i].time)
      return state.cost + chain.cost() - chain.states[i].cost;
    if (!snapshot.extend(rider, chain.trips[i], false, state) || state.cost >= most) return kImpossible;
  }
  return state.cost + (next < chain.trips.size() ? chain.end_cost : snapshot.end_cost_after(rider, &trip));
}

// One trip from `state` on; `on_drop(order, pickup, drop)` for each order. Adds what the rider's work costs
// to the state; false when the trip cannot be done.
template <class OnDrop>
bool walk(const Snapshot& snapshot, std::uint32_t rider, const Trip& trip, bool first, ChainState& state,
          const OnDrop& on_drop) {
  const ServiceTimes& service = snapshot.service;
  const PlanRider& who = snapshot.riders[rider];
  const bool under_way = first && who.joinable;
  const Seconds ride = under_way ? 0 : snapshot.ride(who, state.place, trip.shop);
  const bool stands = under_way && trip.count == trip.locked;
  if (ride >= kNever) return false;
  const Seconds pickup = snapshot.pickup_of(trip, under_way ? who.arrival : state.time + ride);
  // Nothing is added to a trip under way that its rider could not pick up; the trip itself stands.
  if (pickup > who.off && !stands) return false;
  std::int64_t busy = std::int64_t{ride} + service.before_pickup + service.after_pickup;
  Seconds leave = std::min(pickup + service.after_pickup, kNever);  // far beyond any day: no sum overflows
  PlaceIndex at = trip.shop;
  for (std::size_t i = 0; i < trip.count; ++i) {
    const PlanOrder& order = snapshot.orders[trip.orders[i]];
    const Seconds leg = snapshot.ride(who, at, order.order.door);
    if (leg >= kNever && !stands) return false;
    const Seconds drop = leave + leg + service.before_drop;
    on_drop(trip.orders[i], pickup, drop);
    leave = std::min(drop + service.after_drop, kNever);
    busy += std::int64_t{leg} + service.before_drop + service.after_drop;
    at = order.order.door;
  }
  state.cost += snapshot.weights.rider_minute * static_cast<double>(busy) / kMinute +
                who.extra_cost() * (trip.count - trip.locked);
  state.place = at;
  state.time = leave;
  return true;
}

}  // namespace

ChainState Snapshot::start_of(std::uint32_t rider) const {
  return {riders[rider].place, riders[rider].free_at, 0};
}

Seconds Snapshot::pickup_of(const Trip& trip, Seconds arrival) const {
  Seconds pickup = arrival + service.before_pickup;
  for (std::size_t i = 0; i < trip.count; ++i) pickup = std::max(pickup, orders[trip.orders[i]].order.ready);
  return pickup;
}

double Snapshot::order_cost(const PlanOrder& order, Seconds drop) const {
  double cost = weights.click_to_door * (drop - order.order.placed) / kMinute;
  if (drop > order.order.target) cost += weights.overage * (drop - order.order.target) / kMinute;
  if (drop > order.limit) cost += weights.failed;
  return cost;
}

double Snapshot::end_cost(PlaceIndex place) const {
  if (weights.far_end <= 0 || demand.empty()) return 0;
  double sum = 0;
  for (const auto shop : demand) sum += std::min(travel.seconds(place, shop), kFarAway);
  return weights.far_end * sum / (kMinute * static_cast<double>(demand.size()));
}

double Snapshot::end_cost_after(std::uint32_t rider, const Trip* trip) const {
  return trip == nullptr ? riders[rider].end_cost : orders[trip->orders[trip->count - 1]].end_cost;
}

bool Snapshot::extend(std::uint32_t rider, const Trip& trip, bool first, ChainState& state) const {
  return walk(*this, rider, trip, first, state, [&](std::uint32_t order, Seconds, Seconds drop) {
    state.cost += order_cost(orders[order], drop);
  });
}

ChainStory tell(const Snapshot& snapshot, std::uint32_t rider, const RiderChain& chain, std::uint32_t order) {
  ChainStory story;
  ChainState state = snapshot.start_of(rider);
  const PlanRider& who = snapshot.riders[rider];
  for (std::size_t i = 0; i < chain.trips.size(); ++i) {
    const bool possible = walk(
        snapshot, rider, chain.trips[i], i == 0, state, [&](std::uint32_t at, Seconds pickup, Seconds drop) {
          const PlanOrder& what = snapshot.orders[at];
          if (drop > what.limit) story.cost.failed += snapshot.weights.failed;
          story.cost.overage += snapshot.weights.overage * std::max(0, drop - what.order.target) / kMinute;
          story.cost.click_to_door += snapshot.weights.click_to_door * (drop - what.order.placed) / kMinute;
          if (at == order) {
            story.pickup = pickup;
            story.drop = drop;
          }
        });
    RECKON_CHECK(possible);
    const int open = chain.trips[i].count - chain.trips[i].locked;
    story.cost.pay += who.pay_cost * open;
    story.cost.fairness += who.fairness_cost * open;
  }
  story.cost.rider_minutes = state.cost - story.cost.pay - story.cost.fairness;
  story.cost.far_end = snapshot.end_cost_after(rider, chain.trips.empty() ? nullptr : &chain.trips.back());
  return story;
}

bool Snapshot::evaluate(std::uint32_t rider, RiderChain& chain) const {
  chain.states.assign(1, start_of(rider));
  for (std::size_t i = 0; i < chain.trips.size(); ++i) {
    ChainState state = chain.states.back();
    if (!extend(rider, chain.trips[i], i == 0, state)) return false;
    chain.states.push_back(state);
  }
  chain.end_cost = end_cost_after(rider, chain.trips.empty() ? nullptr : &chain.trips.back());
  return true;
}

bool Snapshot::allowed(std::uint32_t rider, std::uint32_t order) const {
  const PlanOrder& what = orders[order];
  return (what.pinned == kNobody || what.pinned == rider) && what.order.load <= riders[rider].capacity &&
         std::ranges::find(what.barred, rider) == what.barred.end();
}

void try_rider(const Snapshot& snapshot, std::uint32_t rider, const RiderChain& chain, std::uint32_t order,
               Slot& best) {
  if (!snapshot.allowed(rider, order)) return;
  const PlanOrder& what = snapshot.orders[order];
  Trip alone{.shop = what.order.shop, .count = 1, .locked = 0, .orders = {order}};
  const auto consider = [&](std::size_t place, const Trip& trip, std::size_t next, std::size_t position,
                            bool fresh) {
    const double cost = cost_from(snapshot, rider, chain, place, trip, next, chain.cost() + best.delta);
    if (cost < kImpossible && cost - chain.cost() < best.delta) {
      best = {cost - chain.cost(), rider, static_cast<std::uint32_t>(place),
              static_cast<std::uint8_t>(position), fresh};
    }
  };
  const std::size_t trips = chain.trips.size();
  for (std::size_t i = snapshot.riders[rider].joinable ? 1 : 0; i <= trips; ++i) {
    consider(i, alone, i, 0, true);
  }
  for (std::size_t i = 0; i < trips; ++i) {
    if (!trip_takes(snapshot, rider, chain.trips[i], what)) continue;
    for (std::size_t at = 0; at <= chain.trips[i].count; ++at) {
      consider(i, with(chain.trips[i], order, at), i + 1, at, false);
    }
  }
}

void insert(const Snapshot& snapshot, RiderChain& chain, std::uint32_t order, const Slot& slot) {
  const auto at = chain.trips.begin() + static_cast<std::ptrdiff_t>(slot.trip);
  if (slot.fresh) {
    chain.trips.insert(
        at, Trip{.shop = snapshot.orders[order].order.shop, .count = 1, .locked = 0, .orders = {order}});
  } else {
    *at = with(*at, order, slot.position);
  }
  RECKON_CHECK(snapshot.evaluate(slot.rider, chain));
}

}  // namespace reckon::dispatch

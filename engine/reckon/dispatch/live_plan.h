#pragma once

// A snapshot of open orders and riders, and chains of trips over them that are cheap to judge. Internal to
// this room: the dispatcher builds a snapshot for each tick, the search changes the chains.

#include <cstdint>
#include <span>
#include <vector>

#include "reckon/dispatch/live.h"

namespace reckon::dispatch {

inline constexpr std::uint32_t kNobody = 0xffffffffU;
inline constexpr double kImpossible = 1e15;

struct PlanOrder {
  LiveOrder order;
  Seconds limit = kNever;                  // kNever where nobody could have made it
  std::uint32_t pinned = kNobody;          // rider index
  bool locked = false;                     // in a trip under way
  double end_cost = 0;                     // of standing at its door with nothing more to do
  std::vector<std::uint32_t> barred = {};  // rider indexes who declined it
};

struct PlanRider {
  RiderId id{};
  PlaceIndex place = 0;  // where and when he is free
  Seconds free_at = 0;
  Seconds off = kNever;
  std::uint32_t capacity = 1;
  std::uint32_t pace_percent = 100;
  bool joinable = false;  // his first trip is under way to the shop: `arrival` is given, orders may be added
  Seconds arrival = 0;
  double pay_cost = 0;  // of one more order
  double end_cost = 0;  // of standing at `place` with nothing to do
  double fairness_cost = 0;
  double extra_cost() const { return pay_cost + fairness_cost; }
};

/// Orders of one shop that are picked up at once, in the sequence of their drop-offs.
struct Trip {
  PlaceIndex shop = 0;
  std::uint8_t count = 0;
  std::uint8_t locked = 0;  // of them cannot leave the trip
  std::uint32_t orders[kMaxBundle] = {};
};

/// Where a rider stands after a part of his chain.
struct ChainState {
  PlaceIndex place = 0;
  Seconds time = 0;
  double cost = 0;
};

struct RiderChain {
  std::vector<Trip> trips;
  std::vector<ChainState> states;  // before each trip, and after the last
  double end_cost = 0;             // of standing where the chain ends
  double cost() const { return states.back().cost + end_cost; }
};

/// The problem of one tick.
struct Snapshot {
  const TravelTimes& travel;
  ServiceTimes service;
  LiveWeights weights;
  std::vector<PlaceIndex> demand;  // shops of the latest orders, one entry for each
  std::vector<PlanOrder> orders;
  std::vector<PlanRider> riders;

  ChainState start_of(std::uint32_t rider) const;
  /// The rider's own riding time.
  Seconds ride(const PlanRider& rider, PlaceIndex from, PlaceIndex to) const {
    return at_pace(travel.seconds(from, to), rider.pace_percent);
  }
  /// Adds `trip` to `state`; false when it cannot be picked up before the rider's shift ends.
  bool extend(std::uint32_t rider, const Trip& trip, bool first, ChainState& state) const;
  Seconds pickup_of(const Trip& trip, Seconds arrival) const;
  double order_cost(const PlanOrder& order, Seconds drop) const;
  /// How far the place is from where orders come from; 0 without weight or demand.
  double end_cost(PlaceIndex place) const;
  /// The same for a rider whose last trip is `trip`; without one, of where he is free.
  double end_cost_after(std::uint32_t rider, const Trip* trip) const;
  /// Recomputes `states`; false when a trip has become impossible.
  bool evaluate(std::uint32_t rider, RiderChain& chain) const;
  /// Whether the rider may have the order at all, whatever the time.
  bool allowed(std::uint32_t rider, std::uint32_t order) const;
};

/// Where an order would go.
struct Slot {
  double delta = kImpossible;
  std::uint32_t rider = kNobody;
  std::uint32_t trip = 0;
  std::uint8_t position = 0;
  bool fresh = false;  // a trip of its own before `trip`
};

/// Keeps in `best` the cheapest place of the order in the rider's chain, if it is cheaper than `best`.
void try_rider(const Snapshot& snapshot, std::uint32_t rider, const RiderChain& chain, std::uint32_t order,
               Slot& best);

/// A chain's cost by layer, and when an order of it would be picked up and dropped.
struct ChainStory {
  LayerCost cost;
  Seconds pickup = 0;
  Seconds drop = 0;
};
ChainStory tell(const Snapshot& snapshot, std::uint32_t rider, const RiderChain& chain, std::uint32_t order);

/// Carries out what try_rider found.
void insert(const Snapshot& snapshot, RiderChain& chain, std::uint32_t order, const Slot& slot);

}  // namespace reckon::dispatch

// One tick of the dispatcher: snapshot, search, and what must be decided before the next tick.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reckon/dispatch/dispatcher.h"
#include "reckon/dispatch/explain.h"
#include "reckon/dispatch/live_matching.h"

namespace reckon::dispatch {
namespace {

constexpr std::uint32_t kPollEvery = 16;  // rounds between two looks at the caller's clock
constexpr Seconds kHour = 3600;
constexpr double kUsualRate = 1.8;       // orders an hour for a rider before a day has told its own
constexpr double kLeastVariance = 0.25;  // of orders to come

Seconds rounded_up(Seconds time, Seconds grain) {
  const Seconds rest = time % grain;
  return rest == 0 ? time : time + (rest > 0 ? grain - rest : -rest);
}

}  // namespace

/// The work of one call of `tick`.
class Dispatcher::Tick {
 public:
  Tick(Dispatcher& self, Seconds now)
      : self_(self),
        now_(rounded_up(now, self.options_.grain)),
        snapshot_{self.travel_, self.options_.service, self.options_.weights, self.demand_, {}, {}} {
    take_riders();
    take_orders();
  }

  Decisions run(const TickBudget& budget) {
    LiveSearch search(snapshot_, self_.options_.search, self_.options_.seed * 1'000'003 + self_.ticks_);
    search_ = &search;
    if (self_.options_.one_each) {
      match();
    } else {
      improve(search, budget);
    }
    for (std::uint32_t r = 0; r < snapshot_.riders.size(); ++r) decide(r, chains_[r]);
    for (const auto& assignment : decisions_.assignments) commit(assignment);
    remember(chains_);
    return std::move(decisions_);
  }

 private:
  void match() {
    std::vector<MatchCost> prices;
    for (const auto& rider : snapshot_.riders) prices.push_back(self_.riders_.at(rider.id).price);
    auto plan = match_one_each(snapshot_, last_plan(), prices);
    for (std::size_t r = 0; r < prices.size(); ++r)
      self_.riders_.at(snapshot_.riders[r].id).price = plan.rider_prices[r];
    chains_ = std::move(plan.chains);
    decisions_.planned_cost = plan.cost;
    for (const auto o : plan.absent) decisions_.unserved.push_back(id_of(o));
  }

  void improve(LiveSearch& search, const TickBudget& budget) {
    search.construct(last_plan());
    const std::uint32_t rounds = search.worthwhile_rounds(budget.rounds);
    if (rounds > 0) {
      for (std::uint32_t i = 0; i < rounds; ++i) {
        if (budget.stop_at == i) break;
        if (i % kPollEvery == 0 && budget.out_of_time && budget.out_of_time()) break;
        search.round(static_cast<double>(i) / rounds);
        ++decisions_.rounds;
      }
      search.finish();
    }
    decisions_.planned_cost = search.cost();
    for (const auto o : search.absent()) decisions_.unserved.push_back(id_of(o));
    chains_ = search.chains();
  }

  OrderId id_of(std::uint32_t order) const { return snapshot_.orders[order].order.id; }

  // When and where the rider has done what he is committed to.
  void after_trip(const Rider& rider, PlanRider& plan) const {
    plan.place = rider.place;
    plan.free_at = rider.since;
    if (rider.trip && rider.trip->picked_up) {
      for (const auto id : rider.trip->orders) {
        const PlaceIndex door = self_.orders_.at(id).order.door;
        const Seconds drop =
            plan.free_at + snapshot_.ride(plan, plan.place, door) + self_.options_.service.before_drop;
        plan.free_at = std::min(std::max(drop, now_) + self_.options_.service.after_drop, kNever);
        plan.place = door;
      }
    } else if (rider.trip) {
      plan.joinable = true;
      plan.place = rider.trip->shop;
      // Who has not picked up yet does so now at the earliest, whatever was forecast.
      plan.arrival = plan.free_at =
          std::max(rider.trip->arrival, now_ - self_.options_.service.before_pickup);
    }
    if (!plan.joinable) plan.free_at = std::max(rounded_up(plan.free_at, self_.options_.grain), now_);
  }

  void take_riders() {
    const auto& weights = self_.options_.weights;
    double hours = 0;
    double given = 0;
    for (const auto& [id, rider] : self_.riders_) {
      if (rider.rider.off < now_ && !rider.trip) continue;
      PlanRider plan{.id = id,
                     .off = rider.rider.off,
                     .capacity = rider.rider.capacity,
                     .pace_percent = rider.rider.pace_percent};
      after_trip(rider, plan);
      const double duty = std::max(0, std::min(now_, rider.rider.off) - rider.rider.on) / double{kHour};
      hours += duty;
      given += rider.given;
      plan.end_cost = snapshot_.end_cost(plan.place);
      index_of_.emplace(id, static_cast<std::uint32_t>(snapshot_.riders.size()));
      snapshot_.riders.push_back(plan);
      duty_.push_back({duty, static_cast<double>(rider.given)});
    }
    const double mean = hours > 0 ? given / hours : 0;
    for (std::size_t r = 0; r < duty_.size(); ++r) {
      const double expected = mean * duty_[r].hours;
      snapshot_.riders[r].pay_cost =
          weights.pay * paid_for(snapshot_.riders[r].id, hours > 1 ? mean : kUsualRate);
      snapshot_.riders[r].fairness_cost = weights.fairness * std::max(0.0, duty_[r].given - expected);
    }
  }

  // How sure it is that one more order for the rider costs pay: that by the end of his shift he has more than
  // his guarantee pays for. Those to come are Poisson, by what riders get in an hour today.
  double paid_for(RiderId id, double per_hour) const {
    const Rider& rider = self_.riders_.at(id);
    if (self_.options_.guarantee_per_hour <= 0) return 1;
    const double shift = (rider.rider.off - rider.rider.on) / double{kHour};
    const double left = std::max(0, rider.rider.off - std::max(now_, rider.rider.on)) / double{kHour};
    const double to_come = per_hour * left;
    const double over = rider.given + to_come - self_.options_.guarantee_per_hour * shift;
    return std::erfc(-over / std::sqrt(2 * std::max(to_come, kLeastVariance))) / 2;
  }

  void take_orders() {
    for (const auto& [id, order] : self_.orders_) {
      if (order.state == OrderState::kOnBoard) continue;
      if (order.state == OrderState::kOpen && order.listed && !order.pinned) continue;
      PlanOrder plan{.order = order.order, .limit = order.order.limit};
      const Seconds soonest =
          std::max(order.order.ready, order.order.placed) + self_.options_.service.after_pickup +
          self_.travel_.seconds(order.order.shop, order.order.door) + self_.options_.service.before_drop;
      if (soonest > plan.limit) plan.limit = kNever;
      plan.end_cost = snapshot_.end_cost(order.order.door);
      plan.locked = order.state == OrderState::kAssigned;
      plan.order.alone = plan.order.alone || self_.options_.one_each;
      if (order.pinned) {
        const auto found = index_of_.find(*order.pinned);
        if (found != index_of_.end()) plan.pinned = found->second;
      }
      for (const auto rider : order.barred) {
        const auto found = index_of_.find(rider);
        if (found != index_of_.end()) plan.barred.push_back(found->second);
      }
      order_index_.emplace(id, static_cast<std::uint32_t>(snapshot_.orders.size()));
      snapshot_.orders.push_back(std::move(plan));
    }
  }

  // One trip of the last plan, as far as its orders may still be in it: open, or of the rider's trip under
  // way.
  Trip still_standing(std::uint32_t r, const std::vector<OrderId>& planned) const {
    const Rider& rider = self_.riders_.at(snapshot_.riders[r].id);
    Trip trip;
    for (const auto id : planned) {
      const auto found = order_index_.find(id);
      if (found == order_index_.end()) continue;
      const PlanOrder& order = snapshot_.orders[found->second];
      if (order.locked ? self_.orders_.at(id).rider != rider.rider.id
                       : !snapshot_.allowed(r, found->second)) {
        continue;
      }
      trip.shop = order.order.shop;
      trip.orders[trip.count++] = found->second;
      if (order.locked) ++trip.locked;
    }
    return trip;
  }

  // The trips of the last tick's plan; trips under way first.
  std::vector<RiderChain> last_plan() const {
    std::vector<RiderChain> chains(snapshot_.riders.size());
    for (std::uint32_t r = 0; r < chains.size(); ++r) {
      auto& trips = chains[r].trips;
      for (const auto& planned : self_.riders_.at(snapshot_.riders[r].id).planned) {
        const Trip trip = still_standing(r, planned);
        if (trip.count > 0) trips.push_back(trip);
      }
      // A trip under way was the first of the plan that began it, and has been since.
      RECKON_CHECK(snapshot_.riders[r].joinable == (!trips.empty() && trips.front().locked > 0));
    }
    return chains;
  }

  // The first trip of the chain, if it cannot wait for the next tick.
  void decide(std::uint32_t r, const RiderChain& chain) {
    if (chain.trips.empty()) return;
    const PlanRider& rider = snapshot_.riders[r];
    const Trip& trip = chain.trips.front();
    const Seconds next = now_ + self_.options_.horizon;
    Assignment made{.rider = rider.id, .shop = trip.shop, .orders = {}, .added = {}};
    if (rider.joinable) {
      if (trip.count == trip.locked) return;
      Trip locked{.shop = trip.shop};
      for (std::size_t i = 0; i < trip.count; ++i) {
        if (snapshot_.orders[trip.orders[i]].locked) locked.orders[locked.count++] = trip.orders[i];
      }
      if (std::max(snapshot_.pickup_of(locked, rider.arrival), now_) >= next) return;
      made.extends = true;
      made.pickup = snapshot_.pickup_of(trip, rider.arrival);
    } else {
      const Seconds ride = snapshot_.ride(rider, rider.place, trip.shop);
      made.pickup = snapshot_.pickup_of(trip, rider.free_at + ride);
      made.depart = std::max(
          rider.free_at, made.pickup - snapshot_.service.before_pickup - ride - self_.options_.hold_slack);
      if (made.depart >= next) return;
    }
    for (std::size_t i = 0; i < trip.count; ++i) {
      made.orders.push_back(id_of(trip.orders[i]));
      if (snapshot_.orders[trip.orders[i]].locked) continue;
      made.added.push_back(made.orders.back());
      if (self_.options_.explain) {
        const auto planned = self_.orders_.at(made.orders.back()).planned;
        decisions_.reasons.push_back(
            explain(snapshot_, chains_, search_->candidates(trip.orders[i]), {trip.orders[i], r}));
        decisions_.reasons.back().before = planned;
      }
    }
    decisions_.assignments.push_back(std::move(made));
  }

  void commit(const Assignment& made) {
    Rider& rider = self_.riders_.at(made.rider);
    if (!made.extends) {
      const auto& plan = snapshot_.riders[index_of_.at(made.rider)];
      const Seconds ride = snapshot_.ride(plan, plan.place, made.shop);
      rider.trip = ActiveTrip{.shop = made.shop,
                              .orders = {},
                              .picked_up = false,
                              .from = plan.place,
                              .free_before = plan.free_at,
                              .depart = made.depart,
                              .arrival = made.depart + ride};
    }
    rider.trip->orders = made.orders;
    rider.given += static_cast<std::uint32_t>(made.added.size());
    for (const auto id : made.added) {
      Order& order = self_.orders_.at(id);
      order.state = OrderState::kAssigned;
      order.rider = made.rider;
    }
  }

  void remember(const std::vector<RiderChain>& chains) {
    for (auto& [id, order] : self_.orders_) order.planned.reset();
    // Of all riders: one who is not looked at now may come back, when his orders are in other plans.
    for (auto& [id, rider] : self_.riders_) rider.planned.clear();
    for (std::uint32_t r = 0; r < chains.size(); ++r) {
      Rider& rider = self_.riders_.at(snapshot_.riders[r].id);
      for (const auto& trip : chains[r].trips) {
        auto& planned = rider.planned.emplace_back();
        for (std::size_t i = 0; i < trip.count; ++i) {
          const auto id = id_of(trip.orders[i]);
          Order& order = self_.orders_.at(id);
          order.planned = rider.rider.id;
          planned.push_back(id);
        }
      }
    }
  }

  struct Duty {
    double hours;
    double given;
  };
  Dispatcher& self_;
  Seconds now_;
  Snapshot snapshot_;
  LiveSearch* search_ = nullptr;
  std::vector<RiderChain> chains_;  // the plan
  std::map<RiderId, std::uint32_t> index_of_;
  std::map<OrderId, std::uint32_t> order_index_;
  std::vector<Duty> duty_;
  Decisions decisions_;
};

Decisions Dispatcher::tick(Seconds now, const TickBudget& budget) {
  ++ticks_;
  auto decisions = Tick(*this, now).run(budget);
  decisions.stranded = std::move(stranded_);
  stranded_.clear();
  return decisions;
}

}  // namespace reckon::dispatch

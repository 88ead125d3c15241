// The strict check: everything recomputed from the instance and the record of the day, nothing taken from the
// simulator. It closes the published evaluator's holes (unpaid service, departures before an order exists,
// bundles over two restaurants, orders that stand in no assignment).

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "reckon/base/limits.h"
#include "reckon/dispatch/mdrp.h"

namespace reckon::dispatch::mdrp {
namespace {

class Check {
 public:
  Check(const Instance& instance, const Day& day)
      : instance_(instance), day_(day), trips_of_order_(instance.orders.size()) {}

  std::vector<base::Fault> run() {
    std::vector<std::vector<std::uint32_t>> trips_of(instance_.couriers.size());
    if (day_.orders.size() != instance_.orders.size() || day_.moves.size() != instance_.couriers.size()) {
      fault("day", "has another number of orders or couriers than the instance");
      return std::move(faults_);
    }
    for (std::uint32_t t = 0; t < day_.trips.size(); ++t) {
      const auto& trip = day_.trips[t];
      if (trip.courier >= trips_of.size() || trip.restaurant >= instance_.restaurants.size()) {
        fault(fmt::format("trip {}", t), "names nobody, or no restaurant");
        continue;
      }
      trips_of[trip.courier].push_back(t);
    }
    for (std::uint32_t c = 0; c < trips_of.size(); ++c) {
      std::ranges::stable_sort(trips_of[c], {}, [&](std::uint32_t t) { return day_.trips[t].depart; });
      courier(c, trips_of[c]);
    }
    for (std::uint32_t o = 0; o < instance_.orders.size(); ++o) order(o);
    return std::move(faults_);
  }

 private:
  void fault(std::string where, std::string what) {
    if (faults_.size() < base::kMaxFaults) faults_.push_back({std::move(where), std::move(what)});
  }
  void require(bool holds, std::uint32_t trip, std::string_view rule) {
    if (!holds)
      fault(fmt::format("trip {} of courier {}", trip, instance_.couriers[day_.trips[trip].courier].name),
            std::string(rule));
  }

  // Walks through a courier's day with a clock and a position of our own.
  void courier(std::uint32_t c, const std::vector<std::uint32_t>& trips) {
    const auto& who = instance_.couriers[c];
    std::uint32_t place = instance_.place_of_courier(c);
    std::int32_t free_at = who.on;
    std::vector<Move> moves;
    for (const auto t : trips) {
      const auto& trip = day_.trips[t];
      require(trip.depart >= free_at, t,
              "departs before the courier is free; allowed: after his last drop-off and its service");
      require(trip.decided <= trip.depart, t, "departs before it was decided");
      require(trip.decided <= trip.updated && trip.updated <= std::max(trip.pickup, trip.given_up), t,
              "is changed after its pickup");
      require(!trip.orders.empty(), t, "has no order; nobody is sent to a restaurant for nothing");
      moves.push_back({trip.depart, place, trip.restaurant});
      const auto arrival = trip.depart + ride(who, place, trip.restaurant);
      std::int32_t pickup = arrival + instance_.before_pickup();
      bool has_cause = false;
      for (const auto o : trip.orders) {
        if (o >= instance_.orders.size()) {
          require(false, t, "has an order that does not exist");
          return;
        }
        const auto& what = instance_.orders[o];
        pickup = std::max(pickup, what.ready);
        require(what.restaurant == trip.restaurant, t, "has orders of two restaurants");
        const auto& at = day_.orders[o].assigned_at;
        const auto given = std::ranges::find_if(
            at, [&](std::int32_t m) { return trip.decided <= m && m <= trip.updated && m >= what.placed; });
        has_cause = has_cause || (given != at.end() && *given == trip.decided);
        require(given != at.end(), t, "has an order that was not known when it was given");
        if (trip.given_up < 0) ++trips_of_order_[o];
      }
      require(has_cause, t, "was decided before any of its orders was given");
      if (trip.given_up >= 0) {
        require(trip.given_up == who.off && pickup > who.off && trip.pickup < 0, t,
                "is given up; allowed: at the end of the shift, where the food comes later");
        free_at = std::numeric_limits<std::int32_t>::max();  // he is gone
        continue;
      }
      require(trip.pickup == pickup, t,
              fmt::format("picks up at {}; the rules give {}", trip.pickup, pickup));
      require(trip.pickup <= who.off, t, "picks up after the courier's shift");
      free_at = trip.pickup + instance_.after_pickup();
      place = trip.restaurant;
      for (const auto o : trip.orders) {
        const auto door = instance_.place_of_door(o);
        moves.push_back({free_at, place, door});
        const auto drop = free_at + ride(who, place, door) + instance_.before_drop();
        const auto& record = day_.orders[o];
        require(
            record.delivered && record.dropoff == drop && record.pickup == trip.pickup && record.courier == c,
            t,
            fmt::format("does not bring order {} as the rules have it, at {}", instance_.orders[o].name,
                        drop));
        free_at = drop + instance_.after_drop();
        place = door;
      }
    }
    const auto same = [](const Move& a, const Move& b) {
      return a.depart == b.depart && a.from == b.from && a.to == b.to;
    };
    if (!std::ranges::equal(moves, day_.moves[c], same))
      fault(fmt::format("courier {}", who.name), "rides otherwise than the trips need");
  }

  void order(std::uint32_t o) {
    const bool delivered = day_.orders[o].delivered;
    if (trips_of_order_[o] != (delivered ? 1U : 0U))
      fault(
          fmt::format("order {}", instance_.orders[o].name),
          fmt::format("stands in {} trips and is {}delivered", trips_of_order_[o], delivered ? "" : "not "));
    if (delivered && day_.orders[o].dropoff < instance_.soonest_drop(o))
      fault(fmt::format("order {}", instance_.orders[o].name), "is brought sooner than anyone could");
  }

  std::int32_t ride(const Courier& who, std::uint32_t from, std::uint32_t to) const {
    return at_pace(instance_.ride(from, to), who.pace_percent);
  }

  const Instance& instance_;
  const Day& day_;
  std::vector<std::uint32_t> trips_of_order_;
  std::vector<base::Fault> faults_;
};

}  // namespace

std::vector<base::Fault> check(const Instance& instance, const Day& day) {
  return Check(instance, day).run();
}

}  // namespace reckon::dispatch::mdrp

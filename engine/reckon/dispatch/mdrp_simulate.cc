// A day of an instance. The couriers here obey the rules by themselves: they ride when told, wait for the
// food and bring it; the dispatcher learns of it by events, and of orders when they are placed.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>

#include "reckon/dispatch/decision_log.h"
#include "reckon/dispatch/mdrp.h"
#include "reckon/dispatch/mdrp_offers.h"
#include "reckon/dispatch/rng.h"

namespace reckon::dispatch::mdrp {
namespace {

// Rides of the instance in seconds. All straight ways from and to a restaurant are kept in a table: nearly
// all that are asked for are such.
class Rides : public TravelTimes {
 public:
  explicit Rides(const Instance& instance)
      : instance_(instance),
        restaurants_(instance.restaurants.size()),
        places_(instance.place_of_courier(instance.couriers.size())) {
    if (instance.ways || restaurants_ * places_ > kMostKept) restaurants_ = 0;
    kept_.reserve(restaurants_ * places_);
    for (std::uint32_t r = 0; r < restaurants_; ++r) {
      for (std::uint32_t p = 0; p < places_; ++p) kept_.push_back(ride(r, p));
    }
  }
  Seconds seconds(PlaceIndex from, PlaceIndex to) const override {
    if (to < restaurants_) return kept_[to * places_ + from];
    if (from < restaurants_) return kept_[from * places_ + to];
    return ride(from, to);
  }

 private:
  static constexpr std::size_t kMostKept = 50'000'000;  // 200 MB

  Seconds ride(PlaceIndex from, PlaceIndex to) const {
    const auto units = instance_.ride(from, to);
    return units >= kNever ? kNever : units * instance_.unit_seconds;
  }

  const Instance& instance_;
  std::size_t restaurants_;
  std::size_t places_;
  std::vector<Seconds> kept_;
};

class Simulation {
 public:
  Simulation(const Instance& instance, const DayOptions& options)
      : instance_(instance),
        options_(options),
        unit_(instance.unit_seconds),
        travel_(instance),
        log_(log_for(options)),
        dispatcher_(log_ ? log_->travel() : travel_, options.dispatcher),
        rng_(options.seed),
        desk_(instance, options, travel_) {
    day_.orders.resize(instance.orders.size());
    day_.moves.resize(instance.couriers.size());
    day_.shown.resize(instance.couriers.size());
    trip_of_.resize(instance.couriers.size());
    free_at_.resize(instance.couriers.size());
    for (std::size_t c = 0; c < instance.couriers.size(); ++c) {
      const auto& courier = instance.couriers[c];
      events_.push_back(event::ShiftAdded{{.id = RiderId(c),
                                           .place = instance.place_of_courier(c),
                                           .on = courier.on * unit_,
                                           .off = courier.off * unit_,
                                           .capacity = options.capacity,
                                           .pace_percent = courier.pace_percent}});
      place_of_.push_back(instance.place_of_courier(c));
    }
    for (std::uint32_t o = 0; o < instance.orders.size(); ++o) by_placement_.push_back(o);
    std::ranges::stable_sort(by_placement_, {}, [&](std::uint32_t o) { return instance.orders[o].placed; });
  }

  Day run() {
    Seconds last = 0;
    Seconds now = kNever;
    for (const auto& order : instance_.orders) now = std::min(now, order.placed * unit_);
    for (const auto& courier : instance_.couriers) last = std::max(last, courier.off * unit_);
    const Seconds first = now;
    // Past the last shift's end nobody picks up anything; those on their way bring what they have.
    for (; now <= last || !happenings_.empty(); now += options_.dispatcher.horizon) {
      happen(now, false);
      place_orders(now);
      look_at_list(now);
      tell();
      if (now <= last) tick(now);
      happen(now, true);
      if (options_.progress) options_.progress(static_cast<double>(now - first) / std::max(1, last - first));
    }
    happen(kNever, true);
    return std::move(day_);
  }

 private:
  struct Happening {
    Seconds at;
    std::uint32_t sequence;
    std::uint32_t courier;
    std::uint32_t trip;   // into day_.trips
    std::uint32_t order;  // delivered, or kNobody: a pickup
    bool operator>(const Happening& other) const {
      return std::pair(at, sequence) > std::pair(other.at, other.sequence);
    }
  };

  Seconds pickup_of(const TripRecord& trip) const {
    const Seconds arrival = trip.depart * unit_ + ride(trip.courier, from_[index(trip)], trip.restaurant);
    Seconds at = arrival + instance_.before_pickup() * unit_;
    for (const auto order : trip.orders) at = std::max(at, instance_.orders[order].ready * unit_);
    return at;
  }
  Seconds ride(std::uint32_t courier, std::uint32_t from, std::uint32_t to) const {
    return at_pace(travel_.seconds(from, to), instance_.couriers[courier].pace_percent);
  }
  std::size_t index(const TripRecord& trip) const {
    return static_cast<std::size_t>(&trip - day_.trips.data());
  }

  // Deliveries up to `now`; pickups before it, and after the tick those at it: until then bundles may grow.
  void happen(Seconds now, bool after_tick) {
    while (!happenings_.empty()) {
      const Happening next = happenings_.top();
      if (next.at > now || (next.order == kNobody && next.at == now && !after_tick)) return;
      happenings_.pop();
      auto& trip = day_.trips[next.trip];
      if (next.order != kNobody) {
        deliver(next);
      } else if (trip_of_[next.courier] == next.trip && pickup_or_end(trip) == next.at) {
        if (pickup_of(trip) == next.at) {
          pick_up(trip, next.at);
        } else {
          give_up(trip, next.at);
        }
      }  // else: the bundle has grown, and its pickup moved
    }
  }

  // When the courier has the food, or goes home because his shift ends before that.
  Seconds pickup_or_end(const TripRecord& trip) const {
    return std::min(pickup_of(trip), instance_.couriers[trip.courier].off * unit_);
  }

  // The kitchen is later than it said, and his shift is over: what he waited for is open again.
  void give_up(TripRecord& trip, Seconds at) {
    trip.given_up = at / unit_;
    events_.push_back(event::RiderGone{RiderId(trip.courier)});
    for (const auto order : trip.orders) {
      day_.orders[order].courier.reset();
      if (desk_.lists(order, at) || desk_.lists_after_refusals(OrderId(order), at))
        events_.push_back(event::Listed{OrderId(order)});
    }
    trip_of_[trip.courier].reset();
    free_at_[trip.courier] = kNever;
  }

  void deliver(const Happening& what) {
    auto& record = day_.orders[what.order];
    record.dropoff = what.at / unit_;
    record.delivered = true;
    events_.push_back(event::Delivered{OrderId(what.order), what.at});
  }

  void pick_up(TripRecord& trip, Seconds at) {
    trip.pickup = at / unit_;
    events_.push_back(event::PickedUp{RiderId(trip.courier), at});
    Seconds leave = at + instance_.after_pickup() * unit_;
    auto& place = place_of_[trip.courier];
    for (const auto order : trip.orders) {
      day_.orders[order].pickup = trip.pickup;
      const auto door = instance_.place_of_door(order);
      day_.moves[trip.courier].push_back({leave / unit_, place, door});
      const Seconds drop = leave + ride(trip.courier, place, door) + instance_.before_drop() * unit_;
      happenings_.push(
          {drop, next_sequence_++, trip.courier, static_cast<std::uint32_t>(index(trip)), order});
      leave = drop + instance_.after_drop() * unit_;
      place = door;
    }
    trip_of_[trip.courier].reset();
    free_at_[trip.courier] = leave;
  }

  void place_orders(Seconds now) {
    for (; placed_ < by_placement_.size(); ++placed_) {
      const auto o = by_placement_[placed_];
      const auto& order = instance_.orders[o];
      if (order.placed * unit_ > now) break;
      LiveOrder live{.id = OrderId(o),
                     .shop = order.restaurant,
                     .door = instance_.place_of_door(o),
                     .placed = order.placed * unit_,
                     .ready = order.ready * unit_,
                     .target = instance_.target(order) * unit_,
                     .limit = (order.placed + instance_.units(instance_.parameters.maximum_minutes)) * unit_};
      if (options_.kitchen_sd_minutes > 0) {
        const double error = normal(rng_) * options_.kitchen_sd_minutes;
        const double said = order.ready + std::round(error * instance_.units(1));
        live.ready = std::max(static_cast<Seconds>(said), order.placed) * unit_;
        becoming_ready_.emplace(order.ready * unit_, o);
      }
      events_.push_back(event::Placed{live});
      if (desk_.lists(o, now)) events_.push_back(event::Listed{OrderId(o)});
    }
    // What the kitchen has not brought out by now is ready later than now, whatever was said.
    while (!becoming_ready_.empty() && becoming_ready_.begin()->first <= now) {
      const auto [ready, o] = *becoming_ready_.begin();
      becoming_ready_.erase(becoming_ready_.begin());
      said_ready_.push_back({OrderId(o), ready});
    }
    for (const auto& ready : said_ready_) {
      if (dispatcher_.state_of(ready.order) || is_new(ready.order)) events_.push_back(ready);
    }
    said_ready_.clear();
  }

  bool is_new(OrderId order) const {
    return std::ranges::any_of(events_, [&](const Event& e) {
      const auto* placed = std::get_if<event::Placed>(&e);
      return placed != nullptr && placed->order.id == order;
    });
  }

  std::optional<DecisionLog> log_for(const DayOptions& options) {
    if (!options.dispatcher.explain) return std::nullopt;
    return std::optional<DecisionLog>(std::in_place, travel_, options.dispatcher,
                                      [this](std::string_view line) { day_.decision_log += line; });
  }

  void tell() {
    if (log_) log_->told(events_);
    const auto told = dispatcher_.update(events_);
    RECKON_CHECK(told.has_value());  // we tell nothing that is not so
    events_.clear();
  }

  void tick(Seconds now) {
    const double begin = options_.clock_ms ? options_.clock_ms() : 0;
    const auto decisions = dispatcher_.tick(now, options_.budget);
    if (options_.clock_ms) day_.tick_ms.push_back(options_.clock_ms() - begin);
    day_.rounds += decisions.rounds;
    if (log_) log_->ticked(now, options_.budget, decisions);
    const std::int32_t at = (now + unit_ - 1) / unit_;
    for (const auto& made : decisions.assignments) {
      if (!desk_.has_tapped(static_cast<std::uint32_t>(made.rider))) show(made, at);
      if (declines(made, now)) continue;
      obey(made, at);
      desk_.sent(made);
    }
  }

  // What a courier is given or asked he sees now.
  void show(const Assignment& made, std::int32_t at) {
    Shown& shown = day_.shown[static_cast<std::uint32_t>(made.rider)];
    for (const auto order : made.added) {
      ++shown.orders;
      shown.minutes += instance_.minutes(at - instance_.orders[static_cast<std::uint32_t>(order)].placed);
    }
  }

  bool declines(const Assignment& made, Seconds now) {
    if (made.extends || desk_.goes(made, now)) return false;
    events_.push_back(event::Declined{made.rider});
    for (const auto order : made.orders) {
      if (desk_.lists_after_refusals(order, now)) events_.push_back(event::Listed{order});
    }
    ++day_.declines;
    return true;
  }

  // Couriers with nothing to do look at the list, in any sequence.
  void look_at_list(Seconds now) {
    for (const auto courier : desk_.looking(now)) {
      desk_.look(courier, now, day_.shown[courier]);
      if (trip_of_[courier] || free_at_[courier] > now) continue;
      const auto order = desk_.tap({courier, place_of_[courier]}, now);
      if (order) events_.push_back(event::Pinned{*order, RiderId(courier)});
    }
    day_.taps = desk_.taps();
    day_.taps_lost = desk_.taps_lost();
  }

  void obey(const Assignment& made, std::int32_t at) {
    const auto courier = static_cast<std::uint32_t>(made.rider);
    if (!made.extends) {
      RECKON_CHECK(!trip_of_[courier]);
      trip_of_[courier] = static_cast<std::uint32_t>(day_.trips.size());
      day_.trips.push_back({.courier = courier,
                            .restaurant = made.shop,
                            .decided = at,
                            .updated = at,
                            .depart = made.depart / unit_,
                            .pickup = -1,
                            .orders = {}});
      from_.push_back(place_of_[courier]);
      day_.moves[courier].push_back({made.depart / unit_, place_of_[courier], made.shop});
      place_of_[courier] = made.shop;
    }
    RECKON_CHECK(trip_of_[courier].has_value());
    auto& trip = day_.trips[*trip_of_[courier]];
    trip.updated = at;
    trip.orders.clear();
    for (const auto order : made.orders) trip.orders.push_back(static_cast<std::uint32_t>(order));
    for (const auto order : made.added) {
      auto& record = day_.orders[static_cast<std::uint32_t>(order)];
      record.courier = courier;
      record.assigned_at.push_back(at);
    }
    happenings_.push({pickup_or_end(trip), next_sequence_++, courier, *trip_of_[courier], kNobody});
  }

  const Instance& instance_;
  const DayOptions& options_;
  Seconds unit_;
  Rides travel_;
  Day day_;
  std::optional<DecisionLog> log_;
  Dispatcher dispatcher_;
  Rng rng_;
  OfferDesk desk_;
  std::vector<Event> events_;
  std::vector<std::uint32_t> by_placement_;
  std::size_t placed_ = 0;
  std::multimap<Seconds, std::uint32_t> becoming_ready_;
  std::vector<event::Ready> said_ready_;
  std::vector<std::uint32_t> place_of_;                // by courier: where he is, or is riding to
  std::vector<std::optional<std::uint32_t>> trip_of_;  // by courier: the one before its pickup
  std::vector<Seconds> free_at_;                       // by courier: done with what he had on board
  std::vector<std::uint32_t> from_;                    // by trip: where it began
  std::priority_queue<Happening, std::vector<Happening>, std::greater<>> happenings_;
  std::uint32_t next_sequence_ = 0;
};

}  // namespace

DispatcherOptions options_for(const Instance& instance, Seconds tick, std::uint64_t seed) {
  const auto& rules = instance.parameters;
  const Seconds unit = instance.unit_seconds;
  DispatcherOptions options;
  options.service = {.before_pickup = instance.before_pickup() * unit,
                     .after_pickup = instance.after_pickup() * unit,
                     .before_drop = instance.before_drop() * unit,
                     .after_drop = instance.after_drop() * unit};
  options.grain = unit;
  options.horizon = tick;
  options.guarantee_per_hour = rules.pay_per_order > 0 ? rules.pay_per_hour / rules.pay_per_order : 0;
  options.seed = seed;
  return options;
}

std::unique_ptr<TravelTimes> rides_of(const Instance& instance) {
  return std::make_unique<Rides>(instance);
}

Day simulate(const Instance& instance, const DayOptions& options) {
  return Simulation(instance, options).run();
}

}  // namespace reckon::dispatch::mdrp

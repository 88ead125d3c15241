#include "reckon/dispatch/dispatcher.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "reckon/dispatch/rng.h"

using namespace reckon::dispatch;

namespace {

constexpr int kSide = 12;  // places are the crossings of a square grid, a minute apart

class Grid : public TravelTimes {
 public:
  Seconds seconds(PlaceIndex from, PlaceIndex to) const override {
    const int a = static_cast<int>(from);
    const int b = static_cast<int>(to);
    return 60 * (std::abs(a % kSide - b % kSide) + std::abs(a / kSide - b / kSide));
  }
};

constexpr PlaceIndex at(int x, int y) {
  return static_cast<PlaceIndex>(y * kSide + x);
}

LiveOrder order(unsigned id, PlaceIndex shop, PlaceIndex door, Seconds placed, Seconds ready) {
  return {.id = OrderId(id),
          .shop = shop,
          .door = door,
          .placed = placed,
          .ready = ready,
          .target = placed + 40 * 60,
          .limit = placed + 90 * 60};
}
LiveRider rider(unsigned id, PlaceIndex place, Seconds off = 24 * 3600) {
  return {.id = RiderId(id), .place = place, .on = 0, .off = off};
}

Decisions decide(Dispatcher& dispatcher, Seconds now) {
  return dispatcher.tick(now, {.rounds = 100});
}

void tell(Dispatcher& dispatcher, std::vector<Event> events) {
  const auto told = dispatcher.update(events);
  REQUIRE_MESSAGE(told.has_value(), (told ? "" : told.error().message));
}

const Grid kGrid;

// What a careful observer knows of an order.
enum class Fate { kOpen, kAssigned, kOnBoard };

// Random events against a dispatcher, with the observer's own books kept beside it.
class Storm {
 public:
  Storm(std::uint64_t seed, bool one_each)
      : rng_(seed), dispatcher_(kGrid, {.horizon = 60, .seed = seed, .one_each = one_each}) {}

  void run(std::uint64_t events) {
    while (made_ < events) {
      for (std::uint32_t i = 0; i < 12; ++i) something();
      physics();
      REQUIRE(dispatcher_.update(queue_).has_value());
      queue_.clear();
      now_ += 60;
      note(dispatcher_.tick(now_, {.rounds = 10}));
      compare();
    }
    MESSAGE("events ", made_, ", orders delivered ", delivered_, ", cancelled ", cancelled_, ", stranded ",
            stranded_);
    CHECK(delivered_ > events / 40);
  }

 private:
  struct Trip {
    std::vector<OrderId> orders;
    Seconds pickup = 0;
    bool picked_up = false;
  };

  PlaceIndex anywhere() { return rng_.below(kSide * kSide); }
  void push(Event e) {
    queue_.push_back(std::move(e));
    ++made_;
  }
  template <class Map>
  auto any(const Map& map) {
    auto it = map.begin();
    std::advance(it, rng_.below(static_cast<std::uint32_t>(map.size())));
    return it->first;
  }

  void something() {
    const auto what = rng_.below(100);
    if (riders_.size() < 8 || (what < 2 && riders_.size() < 40)) {
      const RiderId id{next_++};
      riders_[id] = {};
      push(event::ShiftAdded{{.id = id,
                              .place = anywhere(),
                              .on = now_,
                              .off = now_ + Seconds(rng_.below(4 * 3600)),
                              .capacity = 1 + rng_.below(4)}});
    } else if (what < 30 && orders_.size() < 60) {
      LiveOrder placed =
          order(next_++, rng_.below(6) * 7, anywhere(), now_, now_ + Seconds(rng_.below(1800)));
      placed.alone = rng_.below(8) == 0;
      orders_[placed.id] = Fate::kOpen;
      push(event::Placed{placed});
    } else if (orders_.empty()) {
      return;
    } else if (what < 34) {
      push(event::Ready{any(orders_), now_ + Seconds(rng_.below(3600))});
    } else if (what < 38) {
      cancel(any(orders_));
    } else if (what < 40) {
      gone(any(riders_));
    } else if (what < 44) {
      decline(any(riders_));
    } else if (what < 46) {
      const auto id = any(orders_);
      if (orders_[id] == Fate::kOpen) push(event::Pinned{id, any(riders_)});
    } else if (what < 48) {
      push(event::Unpinned{any(orders_)});
    } else if (what < 49) {
      const auto id = any(orders_);
      if (orders_[id] == Fate::kOpen && rng_.below(3) == 0) {
        push(event::Listed{id});
      } else {
        push(event::Unlisted{id});
      }
    } else if (what < 51) {
      push(event::ShiftEnds{any(riders_), now_ + Seconds(rng_.below(3600))});
    }
  }

  void drop_from_trips(OrderId id) {
    for (auto& [rider, trip] : riders_) {
      if (std::erase(trip.orders, id) > 0 && trip.orders.empty()) trip = {};
    }
  }
  void cancel(OrderId id) {
    push(event::Cancelled{id});
    drop_from_trips(id);
    orders_.erase(id);
    ++cancelled_;
  }
  void gone(RiderId id) {
    push(event::RiderGone{id});
    for (const auto o : riders_[id].orders) {
      if (riders_[id].picked_up) {
        orders_.erase(o);
        ++stranded_expected_;
      } else {
        orders_[o] = Fate::kOpen;
      }
    }
    riders_.erase(id);
  }
  void decline(RiderId id) {
    auto& trip = riders_[id];
    if (trip.orders.empty() || trip.picked_up) return;
    push(event::Declined{id});
    for (const auto o : trip.orders) orders_[o] = Fate::kOpen;
    trip = {};
  }

  // Riders pick up, and bring one order in a minute or a few.
  void physics() {
    for (auto& [id, trip] : riders_) {
      if (trip.orders.empty()) continue;
      if (!trip.picked_up && now_ >= trip.pickup) {
        push(event::PickedUp{id, now_});
        trip.picked_up = true;
        for (const auto o : trip.orders) orders_[o] = Fate::kOnBoard;
      } else if (trip.picked_up && rng_.below(6) == 0) {
        push(event::Delivered{trip.orders.front(), now_});
        orders_.erase(trip.orders.front());
        trip.orders.erase(trip.orders.begin());
        ++delivered_;
      }
      if (trip.orders.empty()) trip = {};
    }
  }

  void note(const Decisions& decisions) {
    stranded_ += decisions.stranded.size();
    for (const auto& made : decisions.assignments) {
      auto& trip = riders_.at(made.rider);
      REQUIRE_FALSE(trip.picked_up);
      REQUIRE(made.extends == !trip.orders.empty());
      for (const auto o : trip.orders) REQUIRE(std::ranges::count(made.orders, o) == 1);
      for (const auto o : made.added) {
        REQUIRE(orders_.at(o) == Fate::kOpen);
        orders_[o] = Fate::kAssigned;
      }
      REQUIRE(made.orders.size() == trip.orders.size() + made.added.size());
      trip.orders = made.orders;
      trip.pickup = made.pickup;
    }
  }

  void compare() {
    const auto broken = dispatcher_.broken_invariant();
    REQUIRE_MESSAGE(!broken.has_value(), broken.value_or(""));
    REQUIRE(dispatcher_.orders() == orders_.size());
    REQUIRE(dispatcher_.riders() == riders_.size());
    REQUIRE(stranded_ == stranded_expected_);
    for (const auto& [id, fate] : orders_) {
      const auto state = dispatcher_.state_of(id);
      REQUIRE(state.has_value());
      REQUIRE(static_cast<int>(*state) == static_cast<int>(fate));
    }
  }

  Rng rng_;
  Dispatcher dispatcher_;
  Seconds now_ = 0;
  unsigned next_ = 1;
  std::uint64_t made_ = 0;
  std::size_t delivered_ = 0;
  std::size_t cancelled_ = 0;
  std::size_t stranded_ = 0;
  std::size_t stranded_expected_ = 0;
  std::map<OrderId, Fate> orders_;
  std::map<RiderId, Trip> riders_;
  std::vector<Event> queue_;
};

}  // namespace

TEST_CASE("a rider is sent no sooner than he must leave") {
  Dispatcher dispatcher(kGrid, {.grain = 60, .horizon = 60});
  tell(dispatcher,
       {event::ShiftAdded{rider(1, at(0, 0))}, event::Placed{order(7, at(5, 0), at(5, 5), 0, 20 * 60)}});
  // Ready at 20, 5 minutes to ride, 2 before the hand-over: he leaves at 13.
  for (Seconds now = 0; now <= 12 * 60; now += 60) CHECK(decide(dispatcher, now).assignments.empty());
  const auto made = decide(dispatcher, 13 * 60);
  REQUIRE(made.assignments.size() == 1);
  CHECK(made.assignments[0].depart == 13 * 60);
  CHECK(made.assignments[0].pickup == 20 * 60);
  CHECK(dispatcher.state_of(OrderId(7)) == OrderState::kAssigned);
}

TEST_CASE("a rider of a slower pace leaves sooner for the same pickup, and the nearer one may be later") {
  for (const bool one_each : {false, true}) {
    CAPTURE(one_each);
    Dispatcher slow(kGrid, {.horizon = 60, .one_each = one_each});
    auto walker = rider(1, at(4, 0));
    walker.pace_percent = 250;
    tell(slow, {event::ShiftAdded{walker}, event::Placed{order(1, at(0, 0), at(0, 3), 0, 3600)}});
    Decisions made;
    Seconds now = 0;
    for (; made.assignments.empty(); now += 60) made = decide(slow, now);
    // Ten minutes' walk and two before the pickup at 3600.
    CHECK(made.assignments[0].depart == 3600 - 600 - 120);
    CHECK(made.assignments[0].pickup == 3600);

    Dispatcher two(kGrid, {.horizon = 60, .one_each = one_each});
    tell(two, {event::ShiftAdded{walker}, event::ShiftAdded{rider(2, at(6, 0))},
               event::Placed{order(1, at(0, 0), at(0, 3), 0, 0)}});
    made = decide(two, 0);
    REQUIRE(made.assignments.size() == 1);
    CHECK(made.assignments[0].rider == RiderId(2));  // six minutes against ten
  }
  Dispatcher dispatcher(kGrid, {});
  for (const std::uint32_t pace : {0U, 99U, 1001U}) {
    auto odd = rider(3, 0);
    odd.pace_percent = pace;
    const auto told = dispatcher.update(std::vector<Event>{event::ShiftAdded{odd}});
    REQUIRE_FALSE(told.has_value());
    CHECK(told.error().message.find("allowed: 100") != std::string::npos);
  }
}

TEST_CASE("a second order of the shop joins a trip under way until its pickup") {
  Dispatcher dispatcher(kGrid, {.grain = 60, .horizon = 60});
  tell(dispatcher,
       {event::ShiftAdded{rider(1, at(0, 0))}, event::Placed{order(1, at(5, 0), at(5, 5), 0, 0)}});
  REQUIRE(decide(dispatcher, 0).assignments.size() == 1);
  tell(dispatcher, {event::Placed{order(2, at(5, 0), at(5, 6), 60, 60)}});
  // The pickup is at 7: before the tick of 7 nothing need be said.
  for (Seconds now = 60; now < 7 * 60; now += 60) CHECK(decide(dispatcher, now).assignments.empty());
  const auto made = decide(dispatcher, 7 * 60);
  REQUIRE(made.assignments.size() == 1);
  CHECK(made.assignments[0].extends);
  CHECK(made.assignments[0].orders == std::vector{OrderId(1), OrderId(2)});
}

TEST_CASE("an order that wants to be alone shares no trip") {
  Dispatcher dispatcher(kGrid, {.grain = 60, .horizon = 60});
  auto first = order(1, at(5, 0), at(5, 5), 0, 0);
  first.alone = true;
  tell(dispatcher, {event::ShiftAdded{rider(1, at(0, 0))}, event::Placed{first},
                    event::Placed{order(2, at(5, 0), at(5, 5), 0, 0)}});
  const auto made = decide(dispatcher, 0);
  REQUIRE(made.assignments.size() == 1);
  CHECK(made.assignments[0].orders.size() == 1);
}

TEST_CASE("in the mode of one order each a rider gets one, and all together ride least") {
  Dispatcher dispatcher(kGrid, {.grain = 60, .horizon = 60, .one_each = true});
  // Nearest first would send rider 1 to order 1, and rider 2 across the town.
  tell(dispatcher,
       {event::ShiftAdded{rider(1, at(4, 0))}, event::ShiftAdded{rider(2, at(7, 0))},
        event::Placed{order(1, at(5, 0), at(5, 5), 0, 0)}, event::Placed{order(2, at(0, 0), at(0, 5), 0, 0)},
        event::Placed{order(3, at(5, 0), at(5, 5), 0, 0)}});
  const auto made = decide(dispatcher, 0);
  REQUIRE(made.assignments.size() == 2);
  CHECK(made.unserved.size() == 1);
  for (const auto& one : made.assignments) {
    REQUIRE(one.orders.size() == 1);
    CHECK(one.orders[0] != OrderId(2));
  }
}

TEST_CASE("of two riders who are in time, the one who stands far from where orders come from goes") {
  // Both ride four minutes; orders of late came from (0, 0), where rider 1 stands.
  for (const double far_end : {0.0, 0.1}) {
    Dispatcher dispatcher(kGrid, {.weights = {.far_end = far_end}, .grain = 60, .horizon = 60});
    for (unsigned i = 10; i < 30; ++i) {
      tell(dispatcher, {event::Placed{order(i, at(0, 0), at(0, 1), 0, 0)}, event::Cancelled{OrderId(i)}});
    }
    tell(dispatcher, {event::ShiftAdded{rider(1, at(0, 0))}, event::ShiftAdded{rider(2, at(8, 0))},
                      event::Placed{order(1, at(4, 0), at(5, 5), 0, 4 * 60 + 120)}});
    const auto made = decide(dispatcher, 0);
    REQUIRE(made.assignments.size() == 1);
    CHECK(made.assignments[0].rider == RiderId(far_end > 0 ? 2 : 1));
  }
}

TEST_CASE("an order goes to the rider whose guarantee it fills, when that costs the customer nothing") {
  for (const double pay : {0.0, 0.3}) {
    Dispatcher dispatcher(
        kGrid, {.weights = {.pay = pay, .far_end = 0}, .grain = 60, .horizon = 60, .guarantee_per_hour = 3});
    // Rider 1 is nearer and need not leave yet, but his shift is short, and so is its guarantee of two thirds
    // of an order; rider 2 has hours to fill.
    auto soon_off = rider(1, at(3, 0), 800);
    tell(dispatcher, {event::ShiftAdded{soon_off}, event::ShiftAdded{rider(2, at(7, 0), 8 * 3600)},
                      event::Placed{order(1, at(4, 0), at(5, 5), 0, 5 * 60)}});
    const auto made = decide(dispatcher, 0);
    CAPTURE(pay);
    REQUIRE(made.assignments.size() == (pay > 0 ? 1U : 0U));
    if (pay > 0) CHECK(made.assignments[0].rider == RiderId(2));
  }
}

TEST_CASE("pins, declines and cancellations are obeyed") {
  Dispatcher dispatcher(kGrid, {.grain = 60, .horizon = 60});
  tell(dispatcher, {event::ShiftAdded{rider(1, at(4, 0))}, event::ShiftAdded{rider(2, at(11, 11))},
                    event::Placed{order(1, at(5, 0), at(5, 5), 0, 0)}});
  SUBCASE("a pinned order goes to its rider, near or not") {
    tell(dispatcher, {event::Pinned{OrderId(1), RiderId(2)}});
    CHECK(decide(dispatcher, 0).assignments.at(0).rider == RiderId(2));
  }
  SUBCASE("a listed order is in nobody's plan until it is pinned to the one who tapped it") {
    tell(dispatcher, {event::Listed{OrderId(1)}});
    CHECK(decide(dispatcher, 0).assignments.empty());
    tell(dispatcher, {event::Pinned{OrderId(1), RiderId(2)}});
    CHECK(decide(dispatcher, 60).assignments.at(0).rider == RiderId(2));
    CHECK_FALSE(dispatcher.update(std::vector<Event>{event::Listed{OrderId(1)}}).has_value());
  }
  SUBCASE("an order taken off the list is planned again") {
    tell(dispatcher, {event::Listed{OrderId(1)}, event::Unlisted{OrderId(1)}});
    CHECK(decide(dispatcher, 0).assignments.size() == 1);
  }
  SUBCASE("who has declined does not get it again") {
    CHECK(decide(dispatcher, 0).assignments.at(0).rider == RiderId(1));
    tell(dispatcher, {event::Declined{RiderId(1)}});
    CHECK(decide(dispatcher, 60).assignments.at(0).rider == RiderId(2));
  }
  SUBCASE("a cancelled order frees its rider at the shop") {
    REQUIRE(decide(dispatcher, 0).assignments.size() == 1);
    tell(dispatcher, {event::Cancelled{OrderId(1)}, event::Placed{order(2, at(5, 1), at(5, 5), 60, 60)}});
    const auto made = decide(dispatcher, 60);
    REQUIRE(made.assignments.size() == 1);
    CHECK(made.assignments[0].depart == 60);
    CHECK(made.assignments[0].pickup == 60 + 60 + 120);
  }
  SUBCASE("when the rider is gone before his pickup, another one is sent") {
    REQUIRE(decide(dispatcher, 0).assignments.size() == 1);
    tell(dispatcher, {event::RiderGone{RiderId(1)}});
    CHECK(decide(dispatcher, 60).assignments.at(0).rider == RiderId(2));
  }
  SUBCASE("what is on board of a rider who is gone is told as stranded") {
    REQUIRE(decide(dispatcher, 0).assignments.size() == 1);
    tell(dispatcher, {event::PickedUp{RiderId(1), 180}, event::RiderGone{RiderId(1)}});
    CHECK(decide(dispatcher, 240).stranded == std::vector{OrderId(1)});
    CHECK(dispatcher.orders() == 0);
  }
}

TEST_CASE("a rider whose shift is over and then goes on does not bring back his old plan") {
  Dispatcher dispatcher(kGrid, {.grain = 60, .horizon = 60});
  // Both orders wait in rider 1's plan, then in rider 2's; then rider 1 is on duty again.
  tell(dispatcher,
       {event::ShiftAdded{rider(1, at(5, 0))}, event::Placed{order(1, at(5, 0), at(5, 5), 0, 3600)},
        event::Placed{order(2, at(5, 0), at(5, 6), 0, 3600)}});
  decide(dispatcher, 0);
  tell(dispatcher, {event::ShiftEnds{RiderId(1), 30}, event::ShiftAdded{rider(2, at(5, 1))}});
  decide(dispatcher, 60);
  tell(dispatcher, {event::ShiftEnds{RiderId(1), 9000}});
  CHECK(decide(dispatcher, 120).unserved.empty());
  for (Seconds now = 180; now < 3900; now += 60) {
    decide(dispatcher, now);
    REQUIRE_FALSE(dispatcher.broken_invariant().has_value());
  }
  CHECK(dispatcher.state_of(OrderId(1)) == OrderState::kAssigned);
  CHECK(dispatcher.state_of(OrderId(2)) == OrderState::kAssigned);
}

TEST_CASE("an event that cannot be is told, and the others are applied") {
  Dispatcher dispatcher(kGrid, {});
  const std::vector<Event> events{event::Cancelled{OrderId(9)}, event::Placed{order(1, 0, 1, 0, 0)},
                                  event::Placed{order(1, 0, 1, 0, 0)}, event::PickedUp{RiderId(3), 0}};
  const auto told = dispatcher.update(events);
  REQUIRE_FALSE(told.has_value());
  const auto faults = told.error().all();
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].where == "/0");
  CHECK(faults[1].where == "/2");
  CHECK(faults[2].where == "/3");
  CHECK(dispatcher.orders() == 1);
}

TEST_CASE("the reason of a decision names the chosen rider, the cheapest first") {
  Dispatcher dispatcher(kGrid, {.grain = 60, .horizon = 60, .explain = true});
  tell(dispatcher,
       {event::ShiftAdded{rider(1, at(4, 0))}, event::ShiftAdded{rider(2, at(11, 0))},
        event::ShiftAdded{rider(3, at(6, 0), 0)}, event::Placed{order(1, at(5, 0), at(5, 5), 0, 0)}});
  const auto made = decide(dispatcher, 0);
  REQUIRE(made.reasons.size() == 1);
  const auto& reason = made.reasons[0];
  CHECK(reason.rider == RiderId(1));
  REQUIRE(reason.candidates.size() == 2);
  CHECK(reason.candidates[0].rider == RiderId(1));
  // One minute to ride, two to the hand-over, two after it, five to ride, two to the drop-off.
  CHECK(reason.candidates[0].drop == 12 * 60);
  CHECK(reason.candidates[0].cost.click_to_door == doctest::Approx(12));
  CHECK(reason.candidates[1].cost.click_to_door == doctest::Approx(17));
  CHECK(reason.sentence == "You get this order because you bring it 5 min sooner than the next rider could.");
}

TEST_CASE("the same events, ticks and rounds give the same decisions") {
  const auto play = [] {
    Dispatcher dispatcher(kGrid, {.grain = 60, .horizon = 60, .seed = 5});
    Rng rng(77);
    std::string text;
    for (unsigned r = 0; r < 10; ++r) tell(dispatcher, {event::ShiftAdded{rider(r, rng.below(144))}});
    for (unsigned i = 0; i < 60; ++i) {
      const auto now = static_cast<Seconds>(i) * 60;
      tell(dispatcher, {event::Placed{order(i, rng.below(9), rng.below(144), now, now + 300)}});
      for (const auto& made : decide(dispatcher, now).assignments) {
        text += std::to_string(static_cast<unsigned>(made.rider)) + ":";
        for (const auto o : made.orders) text += std::to_string(static_cast<unsigned>(o)) + ",";
      }
    }
    return text;
  };
  const auto first = play();
  CHECK(first.size() > 20);
  CHECK(first == play());
}

TEST_CASE("in a storm of events no order is lost and none is given twice") {
  const char* wanted = std::getenv("RECKON_STORM_EVENTS");
  const std::uint64_t events = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 20'000;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    CAPTURE(seed);
    Storm(seed, seed == 4).run(events / 4);
  }
}

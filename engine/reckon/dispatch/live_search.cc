#include "reckon/dispatch/live_search.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "reckon/base/result.h"

namespace reckon::dispatch {
namespace {

constexpr std::size_t kNeighbours = 24;    // enough for the largest ruin
constexpr double kBlink = 0.02;            // one rider in fifty is passed over
constexpr std::uint32_t kLongestTear = 3;  // orders torn out of one chain at once
constexpr std::size_t kRegretMost = 24;    // beyond it, regret costs more than the rounds that it saves

}  // namespace

LiveSearch::LiveSearch(const Snapshot& snapshot, const LiveSearchOptions& options, std::uint64_t seed)
    : snapshot_(snapshot), options_(options), rng_(seed) {
  const auto orders = static_cast<std::uint32_t>(snapshot.orders.size());
  const std::size_t riders = snapshot.riders.size();
  rider_of_.assign(orders, kNobody);
  neighbours_.resize(orders);
  shop_of_.resize(orders);
  saved_.resize(riders);
  touched_in_.assign(riders, 0);
  is_stale_.assign(riders, 0);
  std::unordered_map<PlaceIndex, std::uint32_t> shops;
  for (std::uint32_t o = 0; o < orders; ++o) {
    const PlaceIndex shop = snapshot.orders[o].order.shop;
    const auto [found, is_new] = shops.try_emplace(shop, static_cast<std::uint32_t>(near_.size()));
    shop_of_[o] = found->second;
    if (is_new) collect_near(shop, near_.emplace_back());
    if (!snapshot.orders[o].locked) open_.push_back(o);
    ride_and_service_.push_back(snapshot.service.after_pickup +
                                snapshot.travel.seconds(shop, snapshot.orders[o].order.door) +
                                snapshot.service.before_drop);
  }
}

// By earliest arrival, busy riders included; pinned ones are looked at besides, see best_slot.
void LiveSearch::collect_near(PlaceIndex shop, Near& near) const {
  std::vector<std::pair<Seconds, std::uint32_t>> arrivals;
  for (std::uint32_t r = 0; r < snapshot_.riders.size(); ++r) {
    const PlanRider& rider = snapshot_.riders[r];
    const Seconds arrival = rider.free_at + snapshot_.ride(rider, rider.place, shop);
    if (arrival + snapshot_.service.before_pickup <= rider.off) arrivals.emplace_back(arrival, r);
  }
  const auto count = std::min<std::size_t>(arrivals.size(), options_.near_riders);
  const auto middle = arrivals.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(arrivals.begin(), middle, arrivals.end());
  for (auto it = arrivals.begin(); it != middle; ++it) {
    near.riders.push_back(it->second);
    near.arrivals.push_back(it->first);
  }
}

const std::vector<std::uint32_t>& LiveSearch::candidates(std::uint32_t order) {
  return near_[shop_of_[order]].riders;
}

// What an order costs at least when its rider is at the shop at `arrival` and rides straight to the door.
double LiveSearch::least_cost(std::uint32_t order, Seconds arrival) const {
  const PlanOrder& what = snapshot_.orders[order];
  const Seconds pickup = std::max(arrival + snapshot_.service.before_pickup, what.order.ready);
  return snapshot_.order_cost(what, pickup + ride_and_service_[order]);
}

const std::vector<std::uint32_t>& LiveSearch::neighbours(std::uint32_t order) {
  auto& list = neighbours_[order];
  if (!list.empty()) return list;
  const LiveOrder& mine = snapshot_.orders[order].order;
  std::vector<std::pair<Seconds, std::uint32_t>> ranked;
  for (const auto o : open_) {
    if (o == order) continue;
    const LiveOrder& other = snapshot_.orders[o].order;
    // Near are orders of one shop, shops side by side, and a shop near the other's door; and alike in time.
    const Seconds space = std::min({snapshot_.travel.seconds(mine.shop, other.shop),
                                    snapshot_.travel.seconds(mine.door, other.shop),
                                    snapshot_.travel.seconds(other.door, mine.shop)});
    ranked.emplace_back(space + std::abs(mine.ready - other.ready) / 4, o);
  }
  const auto count = std::min(ranked.size(), kNeighbours);
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count), ranked.end());
  list.push_back(order);
  for (std::size_t i = 0; i < count; ++i) list.push_back(ranked[i].second);
  return list;
}

void LiveSearch::touch(std::uint32_t rider) {
  if (touched_in_[rider] == round_) return;
  touched_in_[rider] = round_;
  touched_.push_back(rider);
  saved_[rider].trips = chains_[rider].trips;
  saved_[rider].states = chains_[rider].states;
  saved_[rider].end_cost = chains_[rider].end_cost;
  if (is_stale_[rider] == 0) {
    is_stale_[rider] = 1;
    stale_.push_back(rider);
  }
}

void LiveSearch::take_out(std::uint32_t order) {
  const auto rider = rider_of_[order];
  touch(rider);
  auto& trips = chains_[rider].trips;
  for (auto trip = trips.begin(); trip != trips.end(); ++trip) {
    auto* const end = trip->orders + trip->count;
    auto* const found = std::find(trip->orders, end, order);
    if (found == end) continue;
    std::copy(found + 1, end, found);
    if (--trip->count == 0) trips.erase(trip);
    break;
  }
  rider_of_[order] = kNobody;
  absent_.push_back(order);
}

// Opens orders from the chain's end until what is left can be done. A chain may need it after a removal, too:
// without the triangle inequality a shorter one may be later, and a pickup miss the end of the shift.
void LiveSearch::mend(std::uint32_t rider) {
  auto& chain = chains_[rider];
  while (!snapshot_.evaluate(rider, chain)) {
    const auto& last = chain.trips.back();
    const auto* victim = last.orders + last.count - 1;
    while (victim != last.orders && snapshot_.orders[*victim].locked) --victim;
    RECKON_CHECK(!snapshot_.orders[*victim].locked);  // a trip under way can always be gone on with
    take_out(*victim);
  }
}

// The order and some of those beside it in its rider's chain.
void LiveSearch::tear(std::uint32_t order) {
  const auto rider = rider_of_[order];
  std::vector<std::uint32_t> sequence;
  for (const auto& trip : chains_[rider].trips) {
    for (std::size_t i = 0; i < trip.count; ++i) {
      if (!snapshot_.orders[trip.orders[i]].locked) sequence.push_back(trip.orders[i]);
    }
  }
  const auto length = std::min<std::size_t>(1 + rng_.below(kLongestTear), sequence.size());
  const auto at = static_cast<std::size_t>(std::ranges::find(sequence, order) - sequence.begin());
  const std::size_t least = at + 1 > length ? at + 1 - length : 0;
  const std::size_t most = std::min(at, sequence.size() - length);
  const std::size_t first = least + rng_.below(static_cast<std::uint32_t>(most - least + 1));
  const double before = chains_[rider].cost();
  for (std::size_t i = first; i < first + length; ++i) take_out(sequence[i]);
  mend(rider);
  cost_ += chains_[rider].cost() - before;
}

void LiveSearch::ruin() {
  const auto seed = open_[rng_.below(static_cast<std::uint32_t>(open_.size()))];
  const std::size_t wanted = absent_.size() + 1 + rng_.below(2 * options_.mean_removed);
  for (const auto order : neighbours(seed)) {
    if (absent_.size() >= wanted) break;
    if (rider_of_[order] != kNobody) tear(order);
  }
}

void LiveSearch::order_absent() {
  const auto how = rng_.below(8);
  keys_.clear();
  for (const auto o : absent_) {
    const LiveOrder& order = snapshot_.orders[o].order;
    double key = rng_.unit();
    if (how >= 3 && how < 6) key = order.ready;
    if (how == 6) key = snapshot_.travel.seconds(order.shop, order.door);
    if (how == 7) key = -snapshot_.travel.seconds(order.shop, order.door);
    keys_.emplace_back(key, o);
  }
  std::ranges::sort(keys_);
  for (std::size_t i = 0; i < keys_.size(); ++i) absent_[i] = keys_[i].second;
}

Slot LiveSearch::best_slot(std::uint32_t order, double blink) {
  Slot best{.delta = snapshot_.weights.unserved};
  const PlanOrder& what = snapshot_.orders[order];
  if (what.pinned != kNobody) {
    try_rider(snapshot_, what.pinned, chains_[what.pinned], order, best);
    return best;
  }
  // By earliest arrival: once that alone is too dear, all who come later are. (With a table that breaks the
  // triangle inequality this is a rule of thumb.)
  const Near& near = near_[shop_of_[order]];
  for (std::size_t i = 0; i < near.riders.size(); ++i) {
    if (least_cost(order, near.arrivals[i]) >= best.delta) break;
    if (blink > 0 && rng_.unit() < blink) continue;
    try_rider(snapshot_, near.riders[i], chains_[near.riders[i]], order, best);
  }
  return best;
}

void LiveSearch::place(std::uint32_t order, const Slot& slot) {
  touch(slot.rider);
  const double before = chains_[slot.rider].cost();
  insert(snapshot_, chains_[slot.rider], order, slot);
  rider_of_[order] = slot.rider;
  cost_ += chains_[slot.rider].cost() - before;
}

void LiveSearch::recreate() {
  order_absent();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < absent_.size(); ++i) {
    const auto order = absent_[i];
    const Slot slot = best_slot(order, kBlink);
    if (slot.rider == kNobody) {
      absent_[kept++] = order;
    } else {
      place(order, slot);
    }
  }
  absent_.resize(kept);
}

// The order that would lose most by waiting goes first.
void LiveSearch::insert_by_regret() {
  while (!absent_.empty()) {
    std::size_t choice = absent_.size();
    Slot where;
    double most = -1;
    const bool few = absent_.size() <= kRegretMost;
    for (std::size_t i = 0; i < absent_.size(); ++i) {
      const auto order = absent_[i];
      const Slot best = best_slot(order, 0);
      if (best.rider == kNobody) continue;
      Slot second{.delta = snapshot_.weights.unserved};
      for (const auto rider : few ? candidates(order) : std::vector<std::uint32_t>{}) {
        if (rider != best.rider) try_rider(snapshot_, rider, chains_[rider], order, second);
      }
      if (second.delta - best.delta > most) {
        most = second.delta - best.delta;
        where = best;
        choice = i;
      }
      if (!few) break;
    }
    if (choice == absent_.size()) return;
    place(absent_[choice], where);
    absent_.erase(absent_.begin() + static_cast<std::ptrdiff_t>(choice));
  }
}

void LiveSearch::construct(std::vector<RiderChain> chains) {
  chains_ = std::move(chains);
  RECKON_CHECK(chains_.size() == snapshot_.riders.size());
  for (std::uint32_t r = 0; r < chains_.size(); ++r) {
    for (const auto& trip : chains_[r].trips) {
      for (std::size_t i = 0; i < trip.count; ++i) rider_of_[trip.orders[i]] = r;
    }
    mend(r);
    cost_ += chains_[r].cost();
  }
  absent_.clear();
  for (const auto o : open_) {
    if (rider_of_[o] == kNobody) absent_.push_back(o);
  }
  std::ranges::sort(absent_, {},
                    [&](std::uint32_t o) { return std::pair(snapshot_.orders[o].order.ready, o); });
  insert_by_regret();
  best_chains_ = chains_;
  best_absent_ = absent_;
  best_cost_ = cost();
  for (const auto rider : stale_) is_stale_[rider] = 0;
  stale_.clear();
  touched_.clear();
  ++round_;
}

void LiveSearch::note_best() {
  best_cost_ = cost();
  best_absent_ = absent_;
  for (const auto rider : stale_) {
    is_stale_[rider] = 0;
    best_chains_[rider] = chains_[rider];
  }
  stale_.clear();
}

void LiveSearch::round(double progress) {
  const double before_chains = cost_;
  const double before = cost();
  absent_before_ = absent_;
  ruin();
  recreate();
  const double temperature = options_.hot * std::pow(options_.cold / options_.hot, progress);
  if (cost() < before - temperature * std::log(std::max(rng_.unit(), 1e-12))) {
    if (cost() < best_cost_ - 1e-9) note_best();
  } else {
    for (const auto order : absent_) rider_of_[order] = kNobody;
    for (const auto rider : touched_) {
      std::swap(chains_[rider], saved_[rider]);
      for (const auto& trip : chains_[rider].trips) {
        for (std::size_t i = 0; i < trip.count; ++i) rider_of_[trip.orders[i]] = rider;
      }
    }
    absent_ = absent_before_;
    for (const auto order : absent_) rider_of_[order] = kNobody;
    cost_ = before_chains;
  }
  touched_.clear();
  ++round_;
}

std::uint32_t LiveSearch::worthwhile_rounds(std::uint32_t most) const {
  if (open_.size() < 2) return 0;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(most, std::uint64_t{options_.rounds_per_order} * open_.size()));
}

void LiveSearch::finish() {
  for (const auto rider : stale_) chains_[rider] = best_chains_[rider];
  absent_ = best_absent_;
  cost_ = best_cost_ - static_cast<double>(absent_.size()) * snapshot_.weights.unserved;
}

}  // namespace reckon::dispatch

#include "reckon/dispatch/live_matching.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "reckon/base/result.h"

namespace reckon::dispatch {
namespace {

constexpr double kPerMinute = 1000;       // matching costs count thousandths of a minute
constexpr std::size_t kFirstRiders = 16;  // a guess of how many riders of a shop will matter

MatchCost thousandths(double minutes) {
  constexpr double kMost = static_cast<double>(kMaxMatchCost);
  return static_cast<MatchCost>(std::clamp(std::round(minutes * kPerMinute), -kMost, kMost));
}

// Rows are open orders, columns riders who may have a trip under way.
class OrdersAndRiders : public MatchSource {
 public:
  OrdersAndRiders(const Snapshot& snapshot, std::span<const RiderChain> chains,
                  std::span<const std::uint32_t> open)
      : snapshot_(snapshot), chains_(chains), open_(open) {
    for (const auto& chain : chains) dearest_end_ = std::max(dearest_end_, chain.end_cost);
    std::unordered_map<PlaceIndex, std::uint32_t> shops;
    for (const auto o : open) {
      const PlaceIndex shop = snapshot.orders[o].order.shop;
      const auto [found, is_new] = shops.try_emplace(shop, static_cast<std::uint32_t>(arrivals_.size()));
      shop_of_.push_back(found->second);
      if (is_new) arrivals_.push_back(arrivals_at(shop));
    }
  }

  std::uint32_t rows() const override { return static_cast<std::uint32_t>(open_.size()); }
  std::uint32_t columns() const override { return static_cast<std::uint32_t>(chains_.size()); }

  void collect(std::uint32_t row, MatchRange range, std::vector<MatchEdge>& out) const override {
    for (const auto& [arrival, rider] : arrivals_[shop_of_[row]]) {
      if (least_cost(row, arrival) >= range.below) return;
      const double minutes = cost(row, rider);
      const MatchCost cost = thousandths(minutes);
      if (minutes < kImpossible && cost >= range.from && cost < range.below)
        out.push_back({rider, static_cast<std::int32_t>(cost)});
    }
  }

  MatchCost first_limit(std::uint32_t row) const override {
    const auto& arrivals = arrivals_[shop_of_[row]];
    if (arrivals.size() <= kFirstRiders) return kMaxMatchCost;
    return thousandths(std::min(cost(row, arrivals[kFirstRiders].second), kImpossible));
  }

 private:
  using Arrivals = std::vector<std::pair<Seconds, std::uint32_t>>;

  Arrivals arrivals_at(PlaceIndex shop) const {
    Arrivals out;
    for (std::uint32_t r = 0; r < chains_.size(); ++r) {
      const ChainState& free = chains_[r].states.back();
      const Seconds ride = snapshot_.ride(snapshot_.riders[r], free.place, shop);
      if (free.time + ride + snapshot_.service.before_pickup <= snapshot_.riders[r].off)
        out.emplace_back(free.time + ride, r);
    }
    std::ranges::sort(out);
    return out;
  }

  // Nobody who is at the shop at `arrival` makes less of it.
  MatchCost least_cost(std::uint32_t row, Seconds arrival) const {
    const PlanOrder& what = snapshot_.orders[open_[row]];
    const Seconds pickup = std::max(arrival + snapshot_.service.before_pickup, what.order.ready);
    const Seconds drop = pickup + snapshot_.service.after_pickup +
                         snapshot_.travel.seconds(what.order.shop, what.order.door) +
                         snapshot_.service.before_drop;
    return thousandths(snapshot_.order_cost(what, drop) + what.end_cost - dearest_end_);
  }

  double cost(std::uint32_t row, std::uint32_t rider) const {
    const auto order = open_[row];
    if (!snapshot_.allowed(rider, order)) return kImpossible;
    const RiderChain& chain = chains_[rider];
    ChainState state = chain.states.back();
    const Trip trip{.shop = snapshot_.orders[order].order.shop, .count = 1, .locked = 0, .orders = {order}};
    if (!snapshot_.extend(rider, trip, false, state)) return kImpossible;
    return state.cost + snapshot_.end_cost_after(rider, &trip) - chain.cost();
  }

  const Snapshot& snapshot_;
  std::span<const RiderChain> chains_;
  std::span<const std::uint32_t> open_;
  std::vector<std::uint32_t> shop_of_;  // by row: into arrivals_
  std::vector<Arrivals> arrivals_;      // earliest first
  double dearest_end_ = 0;
};

// Leaves the trips under way, and tells who had which open order.
std::vector<std::uint32_t> strip(const Snapshot& snapshot, std::vector<RiderChain>& chains) {
  std::vector<std::uint32_t> rider_of(snapshot.orders.size(), kUnmatched);
  for (std::uint32_t r = 0; r < chains.size(); ++r) {
    auto& trips = chains[r].trips;
    for (const auto& trip : trips) {
      for (std::size_t i = 0; i < trip.count; ++i) rider_of[trip.orders[i]] = r;
    }
    // An open order that was to join the trip under way has no place in it in this mode.
    if (snapshot.riders[r].joinable) {
      Trip& first = trips.front();
      auto* const end = std::remove_if(first.orders, first.orders + first.count,
                                       [&](std::uint32_t o) { return !snapshot.orders[o].locked; });
      first.count = static_cast<std::uint8_t>(end - first.orders);
    }
    trips.resize(snapshot.riders[r].joinable ? 1 : 0);
    RECKON_CHECK(snapshot.evaluate(r, chains[r]));
  }
  return rider_of;
}

}  // namespace

MatchedPlan match_one_each(const Snapshot& snapshot, std::vector<RiderChain> chains,
                           std::span<const MatchCost> rider_prices) {
  MatchedPlan out;
  out.chains = std::move(chains);
  const auto had = strip(snapshot, out.chains);
  std::vector<std::uint32_t> open;
  std::vector<std::uint32_t> wanted;
  for (std::uint32_t o = 0; o < snapshot.orders.size(); ++o) {
    if (snapshot.orders[o].locked) continue;
    open.push_back(o);
    wanted.push_back(had[o]);
  }
  Matching found = cheapest_matching(OrdersAndRiders(snapshot, out.chains, open),
                                     thousandths(snapshot.weights.unserved), {wanted, rider_prices});
  for (std::uint32_t row = 0; row < open.size(); ++row) {
    const auto rider = found.column_of[row];
    if (rider == kUnmatched) {
      out.absent.push_back(open[row]);
      continue;
    }
    Trip trip{.shop = snapshot.orders[open[row]].order.shop, .count = 1, .locked = 0, .orders = {open[row]}};
    out.chains[rider].trips.push_back(trip);
    RECKON_CHECK(snapshot.evaluate(rider, out.chains[rider]));
  }
  for (const auto& chain : out.chains) out.cost += chain.cost();
  out.cost += static_cast<double>(out.absent.size()) * snapshot.weights.unserved;
  out.rider_prices = std::move(found.column_prices);
  return out;
}

}  // namespace reckon::dispatch

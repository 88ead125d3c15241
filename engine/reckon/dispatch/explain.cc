#include "reckon/dispatch/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "reckon/base/result.h"

namespace reckon::dispatch {
namespace {

constexpr std::size_t kTold = 8;  // candidates: who stands behind the eighth asks no more

void remove_order(RiderChain& chain, std::uint32_t order) {
  for (auto trip = chain.trips.begin(); trip != chain.trips.end(); ++trip) {
    auto* const end = trip->orders + trip->count;
    auto* const found = std::find(trip->orders, end, order);
    if (found == end) continue;
    std::copy(found + 1, end, found);
    if (--trip->count == 0) chain.trips.erase(trip);
    return;
  }
}

LayerCost difference(const LayerCost& with, const LayerCost& without) {
  return {with.failed - without.failed,
          with.overage - without.overage,
          with.click_to_door - without.click_to_door,
          with.rider_minutes - without.rider_minutes,
          with.far_end - without.far_end,
          with.pay - without.pay,
          with.fairness - without.fairness};
}

std::string exclusion(const Snapshot& snapshot, std::uint32_t rider, const PlanOrder& order) {
  if (order.pinned != kNobody && order.pinned != rider) return "the order is pinned to another rider";
  if (std::ranges::find(order.barred, rider) != order.barred.end()) return "has declined it";
  if (order.order.load > snapshot.riders[rider].capacity) return "cannot carry so much";
  return "cannot pick up before the shift ends, or his other pickups would then be too late";
}

// `chain` is the rider's without the order.
Candidate judge(const Snapshot& snapshot, std::uint32_t rider, const RiderChain& chain, std::uint32_t order) {
  Candidate out{.rider = snapshot.riders[rider].id};
  Slot slot;
  try_rider(snapshot, rider, chain, order, slot);
  if (slot.rider == kNobody) {
    out.excluded = exclusion(snapshot, rider, snapshot.orders[order]);
    return out;
  }
  RiderChain longer = chain;
  insert(snapshot, longer, order, slot);
  const auto with = tell(snapshot, rider, longer, order);
  out.cost = difference(with.cost, tell(snapshot, rider, chain, order).cost);
  out.pickup = with.pickup;
  out.drop = with.drop;
  return out;
}

std::string sentence_for(const Reason& reason) {
  const auto is_chosen = [&](const Candidate& c) { return c.rider == reason.rider; };
  const auto chosen = std::ranges::find_if(reason.candidates, is_chosen);
  const auto other = std::ranges::find_if(
      reason.candidates, [&](const Candidate& c) { return !is_chosen(c) && c.excluded.empty(); });
  if (other == reason.candidates.end())
    return "You get this order because nobody else near the shop can take it.";
  const int sooner = (other->drop - chosen->drop) / 60;
  if (sooner > 0)
    return fmt::format("You get this order because you bring it {} min sooner than the next rider could.",
                       sooner);
  const double better = other->cost.total() - chosen->cost.total();
  if (better >= 0) {
    return fmt::format(
        "You get this order because all orders and ways together come out {:.1f} min better with you.",
        better);
  }
  return "You get this order because the next rider is needed more for other orders of the plan.";
}

}  // namespace

Reason explain(const Snapshot& snapshot, std::span<const RiderChain> chains,
               std::span<const std::uint32_t> looked_at, const Given& given) {
  Reason out{.order = snapshot.orders[given.order].order.id, .rider = snapshot.riders[given.rider].id};
  std::vector<std::uint32_t> riders(looked_at.begin(), looked_at.end());
  if (std::ranges::find(riders, given.rider) == riders.end()) riders.push_back(given.rider);
  for (const auto rider : riders) {
    RiderChain chain = chains[rider];
    if (rider == given.rider) {
      remove_order(chain, given.order);
      // Where shorter is later, the chain may not stand without the order: then it is the only candidate's.
      if (!snapshot.evaluate(rider, chain)) continue;
    }
    out.candidates.push_back(judge(snapshot, rider, chain, given.order));
  }
  std::ranges::stable_sort(out.candidates, {},
                           [](const Candidate& c) { return std::pair(!c.excluded.empty(), c.cost.total()); });
  const auto chosen = std::ranges::find(out.candidates, out.rider, &Candidate::rider);
  if (out.candidates.size() > kTold) {
    // The chosen one is always told.
    if (chosen - out.candidates.begin() >= static_cast<std::ptrdiff_t>(kTold))
      std::swap(*chosen, out.candidates[kTold - 1]);
    out.candidates.resize(kTold);
  }
  out.sentence = std::ranges::find(out.candidates, out.rider, &Candidate::rider) == out.candidates.end()
                     ? "You get this order because your other pickups need it there."
                     : sentence_for(out);
  return out;
}

}  // namespace reckon::dispatch

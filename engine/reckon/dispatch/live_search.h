#pragma once

// Ruin and recreate over the chains of one tick. Internal to this room; `Dispatcher::tick` is the entry.
// Source: Christiaens & Vanden Berghe 2020, "Slack induction by string removals" (docs/sources.md#dispatch).

#include <cstdint>
#include <vector>

#include "reckon/dispatch/live_plan.h"
#include "reckon/dispatch/rng.h"

namespace reckon::dispatch {

struct LiveSearchOptions {
  std::uint32_t rounds_per_order = 40;  ///< no more are made in a tick for each order that may move
  std::uint32_t near_riders = 60;       ///< looked at for a shop, by earliest arrival
  double hot = 3;                       ///< temperatures in minutes, first and last
  double cold = 0.1;
  std::uint32_t mean_removed = 6;  ///< orders torn out of the plan in one round
};

class LiveSearch {
 public:
  LiveSearch(const Snapshot& snapshot, const LiveSearchOptions& options, std::uint64_t seed);

  /// Starts from chains over the snapshot's orders (trips that have become impossible are opened again), and
  /// puts in all others by regret.
  void construct(std::vector<RiderChain> chains);
  /// @param progress  share of the budget that is spent, [0, 1]
  void round(double progress);
  /// Returns to the best plan seen.
  void finish();

  const std::vector<RiderChain>& chains() const { return chains_; }
  const std::vector<std::uint32_t>& absent() const { return absent_; }
  double cost() const { return cost_ + static_cast<double>(absent_.size()) * snapshot_.weights.unserved; }
  /// Riders that are looked at for an order: near its shop, or riding there.
  const std::vector<std::uint32_t>& candidates(std::uint32_t order);
  /// How many rounds are worth making, of `most`: a plan of few orders is done early.
  std::uint32_t worthwhile_rounds(std::uint32_t most) const;

 private:
  void touch(std::uint32_t rider);
  void take_out(std::uint32_t order);
  void mend(std::uint32_t rider);
  void tear(std::uint32_t order);
  void ruin();
  void order_absent();
  Slot best_slot(std::uint32_t order, double blink);
  void place(std::uint32_t order, const Slot& slot);
  void recreate();
  void insert_by_regret();
  void note_best();
  // Riders by earliest arrival at a shop.
  struct Near {
    std::vector<std::uint32_t> riders;
    std::vector<Seconds> arrivals;
  };
  void collect_near(PlaceIndex shop, Near& near) const;
  double least_cost(std::uint32_t order, Seconds arrival) const;
  const std::vector<std::uint32_t>& neighbours(std::uint32_t order);

  const Snapshot& snapshot_;
  LiveSearchOptions options_;
  Rng rng_;
  std::vector<RiderChain> chains_;
  std::vector<std::uint32_t> rider_of_;  // by order; kNobody when absent
  std::vector<std::uint32_t> open_;      // orders that may move
  std::vector<std::uint32_t> absent_;
  double cost_ = 0;                                     // of all chains
  std::vector<std::uint32_t> shop_of_;                  // by order: index into near_
  std::vector<Near> near_;                              // by shop
  std::vector<Seconds> ride_and_service_;               // by order: from its pickup to its drop-off, straight
  std::vector<std::vector<std::uint32_t>> neighbours_;  // by order, filled when first needed
  std::vector<RiderChain> saved_;
  std::vector<std::uint32_t> touched_;
  std::vector<std::uint64_t> touched_in_;
  std::uint64_t round_ = 1;
  std::vector<std::uint32_t> absent_before_;
  std::vector<RiderChain> best_chains_;
  std::vector<std::uint32_t> best_absent_;
  std::vector<std::uint32_t> stale_;  // riders whose chain differs from the best one's
  std::vector<std::uint8_t> is_stale_;
  double best_cost_ = 0;
  std::vector<std::pair<double, std::uint32_t>> keys_;
};

}  // namespace reckon::dispatch

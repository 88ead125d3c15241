#pragma once

// How the couriers of a simulated day answer offers. Internal to the simulator.
// What they do is our assumption, told in docs/dispatch.md: a courier who is asked declines by a given share;
// one with nothing to do looks at the list each minute and taps the nearest order that he can pick up soon.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "reckon/dispatch/mdrp.h"
#include "reckon/dispatch/rng.h"

namespace reckon::dispatch::mdrp {

class OfferDesk {
 public:
  OfferDesk(const Instance& instance, const DayOptions& options, const TravelTimes& travel);

  /// Whether the order goes on the list when it is placed.
  bool lists(std::uint32_t order, Seconds now);
  /// Whether the courier goes where he is sent: he must, or is asked.
  bool goes(const Assignment& made, Seconds now);
  /// Whether the order goes on the list because enough couriers have refused it.
  bool lists_after_refusals(OrderId order, Seconds now);
  bool has_tapped(std::uint32_t courier) const { return has_tapped_[courier]; }
  /// The courier's trip has begun.
  void sent(const Assignment& made);

  /// Couriers on duty without an order that they tapped, in the sequence in which they look at the list now.
  std::vector<std::uint32_t> looking(Seconds now);
  /// What the courier sees on the list for the first time, as he looks at it now.
  void look(std::uint32_t courier, Seconds now, Shown& shown);
  struct Looker {
    std::uint32_t courier;
    PlaceIndex place;
  };
  /// The order that the courier taps and gets; nothing when he finds none, or another one was faster.
  std::optional<OrderId> tap(const Looker& who, Seconds now);
  std::uint64_t taps() const { return taps_; }
  std::uint64_t taps_lost() const { return taps_lost_; }

 private:
  OfferPolicy policy_of(std::uint32_t order) const;
  void list(std::uint32_t order, Seconds now);

  const Instance& instance_;
  const DayOptions& options_;
  const TravelTimes& travel_;
  Rng rng_;
  std::map<std::uint32_t, std::unique_ptr<Offer>> listed_;  // by order
  std::map<std::uint32_t, OfferView> seen_;                 // of the list, as all couriers see it at a tick
  std::map<std::uint32_t, std::uint32_t> refusals_;         // by order
  std::map<std::uint32_t, std::uint64_t> listing_of_;       // by order: the how-manieth on the list
  std::vector<std::uint64_t> seen_up_to_;                   // by courier: listings when he last looked
  std::uint64_t listings_ = 0;
  std::vector<bool> has_tapped_;  // by courier
  std::uint64_t taps_ = 0;
  std::uint64_t taps_lost_ = 0;
};

}  // namespace reckon::dispatch::mdrp

#include "reckon/dispatch/mdrp_offers.h"

#include <algorithm>

namespace reckon::dispatch::mdrp {
namespace {

constexpr Seconds kMinute = 60;
constexpr Seconds kLongestRide = 20 * kMinute;          // to a shop, for an order of the list
constexpr Seconds kLongestWait = 5 * kMinute;           // at the shop
constexpr std::uint64_t kSeedOfAnswers = 0x6f66666572;  // apart from the kitchens' chance

}  // namespace

OfferDesk::OfferDesk(const Instance& instance, const DayOptions& options, const TravelTimes& travel)
    : instance_(instance), options_(options), travel_(travel), rng_(options.seed ^ kSeedOfAnswers) {
  has_tapped_.resize(instance.couriers.size());
  seen_up_to_.resize(instance.couriers.size());
}

OfferPolicy OfferDesk::policy_of(std::uint32_t order) const {
  const auto& what = instance_.orders[order];
  if (options_.offers)
    return options_.offers->policy_at(instance_.restaurants[what.restaurant].name,
                                      what.placed * instance_.unit_seconds / kMinute);
  return {.mode = OfferMode::kTimed, .asks = 1'000'000, .then = OfferMode::kForced};
}

void OfferDesk::list(std::uint32_t order, Seconds now) {
  OfferPolicy policy = policy_of(order);
  policy.mode = OfferMode::kOpen;
  auto offer = std::make_unique<Offer>(OfferId(order), std::vector{OrderId(order)}, policy,
                                       std::vector<RiderId>{}, now);
  offer->advance(now);
  listed_.insert_or_assign(order, std::move(offer));
  listing_of_.insert_or_assign(order, ++listings_);
}

bool OfferDesk::lists(std::uint32_t order, Seconds now) {
  if (policy_of(order).mode != OfferMode::kOpen) return false;
  list(order, now);
  return true;
}

bool OfferDesk::goes(const Assignment& made, Seconds now) {
  const auto courier = static_cast<std::uint32_t>(made.rider);
  if (has_tapped_[courier]) return true;  // he wanted it
  const OfferPolicy policy = policy_of(static_cast<std::uint32_t>(made.orders.front()));
  if (policy.mode == OfferMode::kForced || options_.decline_share <= 0) return true;
  for (const auto order : made.orders) {
    if (refusals_[static_cast<std::uint32_t>(order)] >= policy.asks) return true;  // it is forced by now
  }
  Offer offer(OfferId(courier), made.orders, policy, {made.rider}, now);
  offer.advance(now);
  const auto version = offer.view().version;
  if (rng_.unit() >= options_.decline_share) return offer.take(made.rider, version, now) == Answered::kDone;
  offer.decline(made.rider, version, now);
  for (const auto order : made.orders) ++refusals_[static_cast<std::uint32_t>(order)];
  return false;
}

bool OfferDesk::lists_after_refusals(OrderId order, Seconds now) {
  const auto o = static_cast<std::uint32_t>(order);
  const OfferPolicy policy = policy_of(o);
  if (policy.mode == OfferMode::kForced || policy.then != OfferMode::kOpen || refusals_[o] < policy.asks)
    return false;
  list(o, now);
  return true;
}

void OfferDesk::sent(const Assignment& made) {
  has_tapped_[static_cast<std::uint32_t>(made.rider)] = false;
}

std::vector<std::uint32_t> OfferDesk::looking(Seconds now) {
  std::vector<std::uint32_t> out;
  seen_.clear();
  if (listed_.empty()) return out;
  for (const auto& [order, offer] : listed_) {
    offer->advance(now);
    seen_.emplace(order, offer->view());
  }
  for (std::uint32_t c = 0; c < instance_.couriers.size(); ++c) {
    const auto& courier = instance_.couriers[c];
    const bool on_duty =
        courier.on * instance_.unit_seconds <= now && now <= courier.off * instance_.unit_seconds;
    if (on_duty && !has_tapped_[c] && rng_.unit() >= options_.decline_share) out.push_back(c);
  }
  for (std::size_t i = out.size(); i > 1; --i)
    std::swap(out[i - 1], out[rng_.below(static_cast<std::uint32_t>(i))]);
  return out;
}

void OfferDesk::look(std::uint32_t courier, Seconds now, Shown& shown) {
  for (const auto& [order, view] : seen_) {
    if (listing_of_.at(order) <= seen_up_to_[courier]) continue;
    ++shown.orders;
    shown.minutes += (now - instance_.orders[order].placed * instance_.unit_seconds) / double{kMinute};
  }
  seen_up_to_[courier] = listings_;
}

std::optional<OrderId> OfferDesk::tap(const Looker& who, Seconds now) {
  const Courier& courier = instance_.couriers[who.courier];
  const Seconds off = courier.off * instance_.unit_seconds;
  std::pair<Seconds, std::uint32_t> nearest{kLongestRide + 1, 0};
  for (const auto& [order, view] : seen_) {
    const auto& what = instance_.orders[order];
    const Seconds ride = at_pace(travel_.seconds(who.place, what.restaurant), courier.pace_percent);
    const Seconds arrival = now + ride + options_.dispatcher.service.before_pickup;
    const Seconds ready = what.ready * instance_.unit_seconds;
    if (std::max(arrival, ready) > off || ready > arrival + kLongestWait) continue;
    nearest = std::min(nearest, {ride, order});
  }
  if (nearest.first > kLongestRide) return std::nullopt;
  ++taps_;
  const auto found = listed_.find(nearest.second);
  const bool won =
      found != listed_.end() &&
      found->second->take(RiderId(who.courier), seen_.at(nearest.second).version, now) == Answered::kDone;
  if (!won) {
    ++taps_lost_;
    return std::nullopt;
  }
  listed_.erase(found);
  has_tapped_[who.courier] = true;
  return OrderId(nearest.second);
}

}  // namespace reckon::dispatch::mdrp

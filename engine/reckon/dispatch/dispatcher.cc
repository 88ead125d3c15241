#include "reckon/dispatch/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace reckon::dispatch {
namespace {

constexpr std::size_t kDemandMost = 64;  // latest orders that stand for those to come

std::uint32_t number(OrderId id) {
  return static_cast<std::uint32_t>(id);
}
std::uint32_t number(RiderId id) {
  return static_cast<std::uint32_t>(id);
}

std::string unknown(OrderId id) {
  return fmt::format("order {} is not known or is done; allowed: one that was placed", number(id));
}
std::string unknown(RiderId id) {
  return fmt::format("rider {} is not known; allowed: one whose shift was added", number(id));
}

}  // namespace

Dispatcher::Dispatcher(const TravelTimes& travel, DispatcherOptions options)
    : travel_(travel), options_(options) {
  RECKON_CHECK(options.grain > 0 && options.horizon > 0);
}

base::Result<void> Dispatcher::update(std::span<const Event> events) {
  std::vector<base::Fault> faults;
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto fault = std::visit([this](const auto& e) { return apply(e); }, events[i]);
    if (fault) faults.push_back({fmt::format("/{}", i), std::move(*fault)});
  }
  if (faults.empty()) return {};
  return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
}

std::optional<std::string> Dispatcher::apply(const event::Placed& e) {
  if (e.order.load == 0)
    return fmt::format("order {} has no load; at least 1 is allowed", number(e.order.id));
  if (!orders_.try_emplace(e.order.id, Order{.order = e.order}).second)
    return fmt::format("order {} is placed already; each order may be placed once", number(e.order.id));
  if (demand_.size() < kDemandMost) demand_.push_back(e.order.shop);
  demand_[placed_++ % kDemandMost] = e.order.shop;
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::Ready& e) {
  const auto found = orders_.find(e.order);
  if (found == orders_.end()) return unknown(e.order);
  found->second.order.ready = e.ready;
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::Cancelled& e) {
  const auto found = orders_.find(e.order);
  if (found == orders_.end()) return unknown(e.order);
  end_of_order(e.order);
  return std::nullopt;
}

// Takes the order out of everything. A rider who was on his way for it alone is free once he is at the shop.
void Dispatcher::end_of_order(OrderId order) {
  const auto found = orders_.find(order);
  if (found->second.rider) {
    Rider& rider = riders_.at(*found->second.rider);
    std::erase(rider.trip->orders, order);
    if (rider.trip->orders.empty()) {
      if (!rider.trip->picked_up) {
        rider.place = rider.trip->shop;
        rider.since = rider.trip->arrival;
      }
      rider.trip.reset();
    }
  }
  orders_.erase(found);
}

std::optional<std::string> Dispatcher::apply(const event::ShiftAdded& e) {
  if (e.rider.off < e.rider.on)
    return fmt::format("rider {} goes off at {}, before he comes on at {}; allowed: off >= on",
                       number(e.rider.id), e.rider.off, e.rider.on);
  if (e.rider.pace_percent < 100 || e.rider.pace_percent > kMaxPacePercent)
    return fmt::format("rider {} has a pace of {} %; allowed: 100 (the fastest vehicle) to {}",
                       number(e.rider.id), e.rider.pace_percent, kMaxPacePercent);
  Rider rider{.rider = e.rider, .place = e.rider.place, .since = e.rider.on, .trip = {}, .planned = {}};
  if (!riders_.try_emplace(e.rider.id, std::move(rider)).second)
    return fmt::format("rider {} has a shift already; allowed: one shift at a time", number(e.rider.id));
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::ShiftEnds& e) {
  const auto found = riders_.find(e.rider);
  if (found == riders_.end()) return unknown(e.rider);
  found->second.rider.off = e.off;
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::RiderAt& e) {
  const auto found = riders_.find(e.rider);
  if (found == riders_.end()) return unknown(e.rider);
  if (found->second.trip)
    return fmt::format("rider {} has a trip; allowed: riders without one", number(e.rider));
  found->second.place = e.place;
  return std::nullopt;
}

void Dispatcher::reopen(OrderId order) {
  Order& what = orders_.at(order);
  what.state = OrderState::kOpen;
  what.rider.reset();
}

std::optional<std::string> Dispatcher::apply(const event::RiderGone& e) {
  const auto found = riders_.find(e.rider);
  if (found == riders_.end()) return unknown(e.rider);
  if (const auto& trip = found->second.trip) {
    for (const auto order : trip->orders) {
      if (trip->picked_up) {
        stranded_.push_back(order);
        orders_.erase(order);
      } else {
        reopen(order);
      }
    }
  }
  for (auto& [id, order] : orders_) {
    if (order.pinned == e.rider) order.pinned.reset();
    if (order.planned == e.rider) order.planned.reset();
    std::erase(order.barred, e.rider);
  }
  riders_.erase(found);
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::PickedUp& e) {
  const auto found = riders_.find(e.rider);
  if (found == riders_.end()) return unknown(e.rider);
  auto& rider = found->second;
  if (!rider.trip || rider.trip->picked_up)
    return fmt::format("rider {} has nothing to pick up; allowed: riders on their way to a shop",
                       number(e.rider));
  rider.trip->picked_up = true;
  for (const auto order : rider.trip->orders) orders_.at(order).state = OrderState::kOnBoard;
  rider.place = rider.trip->shop;
  rider.since = e.at + options_.service.after_pickup;
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::Delivered& e) {
  const auto found = orders_.find(e.order);
  if (found == orders_.end()) return unknown(e.order);
  if (found->second.state != OrderState::kOnBoard)
    return fmt::format("order {} is not on board; allowed: orders that were picked up", number(e.order));
  Rider& rider = riders_.at(*found->second.rider);
  rider.place = found->second.order.door;
  rider.since = e.at + options_.service.after_drop;
  end_of_order(e.order);
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::Declined& e) {
  const auto found = riders_.find(e.rider);
  if (found == riders_.end()) return unknown(e.rider);
  auto& rider = found->second;
  if (!rider.trip || rider.trip->picked_up)
    return fmt::format("rider {} has no trip to decline; allowed: riders before their pickup",
                       number(e.rider));
  for (const auto order : rider.trip->orders) {
    reopen(order);
    Order& what = orders_.at(order);
    if (what.pinned == e.rider) what.pinned.reset();
    what.barred.push_back(e.rider);
  }
  rider.given -= static_cast<std::uint32_t>(rider.trip->orders.size());
  rider.place = rider.trip->from;
  rider.since = rider.trip->free_before;
  rider.trip.reset();
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::Pinned& e) {
  const auto found = orders_.find(e.order);
  if (found == orders_.end()) return unknown(e.order);
  if (!riders_.contains(e.rider)) return unknown(e.rider);
  Order& order = found->second;
  if (order.state != OrderState::kOpen && order.rider != e.rider)
    return fmt::format("order {} is under way with rider {}; allowed: open orders", number(e.order),
                       number(*order.rider));
  order.pinned = e.rider;
  std::erase(order.barred, e.rider);
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::Unpinned& e) {
  const auto found = orders_.find(e.order);
  if (found == orders_.end()) return unknown(e.order);
  found->second.pinned.reset();
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::Listed& e) {
  const auto found = orders_.find(e.order);
  if (found == orders_.end()) return unknown(e.order);
  if (found->second.state != OrderState::kOpen)
    return fmt::format("order {} is under way; allowed: open orders", number(e.order));
  found->second.listed = true;
  return std::nullopt;
}

std::optional<std::string> Dispatcher::apply(const event::Unlisted& e) {
  const auto found = orders_.find(e.order);
  if (found == orders_.end()) return unknown(e.order);
  found->second.listed = false;
  return std::nullopt;
}

std::optional<OrderState> Dispatcher::state_of(OrderId order) const {
  const auto found = orders_.find(order);
  if (found == orders_.end()) return std::nullopt;
  return found->second.state;
}

std::optional<RiderId> Dispatcher::rider_of(OrderId order) const {
  const auto found = orders_.find(order);
  if (found == orders_.end()) return std::nullopt;
  return found->second.rider;
}

std::optional<std::string> Dispatcher::broken_invariant() const {
  std::set<OrderId> in_trips;
  for (const auto& [id, rider] : riders_) {
    if (!rider.trip) continue;
    if (rider.trip->orders.empty()) return fmt::format("rider {} has an empty trip", number(id));
    std::uint32_t load = 0;
    for (const auto order : rider.trip->orders) {
      if (!in_trips.insert(order).second) return fmt::format("order {} is in two trips", number(order));
      const auto found = orders_.find(order);
      if (found == orders_.end()) return fmt::format("order {} of a trip is lost", number(order));
      const auto wanted = rider.trip->picked_up ? OrderState::kOnBoard : OrderState::kAssigned;
      if (found->second.state != wanted || found->second.rider != id)
        return fmt::format("order {} does not know its trip", number(order));
      if (found->second.order.shop != rider.trip->shop)
        return fmt::format("order {} is in a trip to another shop", number(order));
      if (found->second.order.alone && rider.trip->orders.size() > 1 && !rider.trip->picked_up)
        return fmt::format("order {} must be alone", number(order));
      load += found->second.order.load;
    }
    if (load > rider.rider.capacity) return fmt::format("rider {} carries too much", number(id));
  }
  for (const auto& [id, order] : orders_) {
    if ((order.state != OrderState::kOpen) != in_trips.contains(id))
      return fmt::format("order {} is in no trip, or open in one", number(id));
  }
  return std::nullopt;
}

}  // namespace reckon::dispatch

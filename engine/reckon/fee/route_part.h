#pragma once

// A route that serves several orders: pickup, drop and leg fees of the whole, and each order's exact part of
// them; and what is due when an order is cancelled or comes back.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/units.h"
#include "reckon/fee/money.h"

namespace reckon::fee {

/// Orders on one route: riders carry fewer than ten.
inline constexpr std::size_t kMaxRouteOrders = 20;

/// What a context says of the route that an order is part of. All orders of a route are priced with the same
/// figures but for `order`.
struct RoutePart {
  base::Metres total;                  ///< of the whole route
  std::vector<base::Metres> direct_m;  ///< of each order on its own, in the order of drop-off
  std::int64_t pickups = 1;            ///< places at which goods are picked up, [1, orders]
  std::int64_t order = 1;              ///< which of them this is, from 1
};

/// How the legs' fee is shared.
enum class LegShare : std::uint8_t { kDirect, kEqual };
inline constexpr std::array<std::string_view, 2> kLegShareNames = {"direct_m", "equal"};

/// How far an order had come when it ended otherwise.
enum class OrderState : std::uint8_t { kAccepted, kAssigned, kAtPickup, kPickedUp, kAtDropoff, kDelivered };
inline constexpr std::array<std::string_view, 6> kOrderStateNames = {"accepted",  "assigned",   "at_pickup",
                                                                     "picked_up", "at_dropoff", "delivered"};

enum class Ending : std::uint8_t { kCancelled, kReturned };
inline constexpr std::array<std::string_view, 2> kEndingNames = {"cancelled", "returned"};

/// What a context says of an order that ended otherwise than delivered for good.
struct Outcome {
  Ending ending = Ending::kCancelled;
  OrderState state = OrderState::kAccepted;
};

/// Due in place of the fee (cancelled) or on top of it (returned).
struct OutcomeFee {
  OrderState state = OrderState::kAccepted;
  std::optional<Money> amount;  ///< FIXED; else a RATE
  std::int64_t rate_ppm = 0;    ///< of the fee without VAT
  Rounding rounding;
  std::string text;
  std::optional<std::string> text_ko = {};
};

/// `{"total_m", "direct_m": […], "pickups", "order"}`; faults where the figures contradict each other.
std::optional<RoutePart> read_route_part(const base::JsonNode& node);
void write_route_part(base::JsonWriter& json, const RoutePart& route);

/// `{"cancelled": STATE}` or `{"returned": STATE}`.
std::optional<Outcome> read_outcome(const base::JsonNode& node);
void write_outcome(base::JsonWriter& json, const Outcome& outcome);

/// A tariff's `cancellation` or `returns`; one entry a state.
std::vector<OutcomeFee> read_outcome_fees(const base::JsonNode& node);
void write_outcome_fees(base::JsonWriter& json, const std::vector<OutcomeFee>& fees);

/// This order's exact part of what the whole route costs: by the orders' direct metres, or equal ones.
/// @param remainder_to  place of the order that gets what does not divide
/// @return nothing when it does not fit 64 bits
std::optional<Money> part_of_route(Money whole, const RoutePart& route, LegShare by,
                                   std::size_t remainder_to);

}  // namespace reckon::fee

#pragma once

// Why an order goes to its rider: everybody who was looked at, judged anew with the rest of the plan as it
// is. Internal to this room.

#include <cstdint>
#include <span>

#include "reckon/dispatch/live_plan.h"

namespace reckon::dispatch {

struct Given {
  std::uint32_t order = 0;
  std::uint32_t rider = 0;
};

/// @param looked_at  riders that the search looks at for this order
Reason explain(const Snapshot& snapshot, std::span<const RiderChain> chains,
               std::span<const std::uint32_t> looked_at, const Given& given);

}  // namespace reckon::dispatch

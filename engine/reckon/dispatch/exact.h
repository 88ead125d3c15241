#pragma once

// The best plan of a problem of a few requests, by going through all sequences that no other one makes
// needless. Internal to this room; `solve` is the entry.

#include <cstddef>
#include <functional>
#include <optional>

#include "reckon/dispatch/flat.h"
#include "reckon/dispatch/search.h"
#include "reckon/dispatch/solve.h"

namespace reckon::dispatch {

/// Requests that a problem may have to be solved by going through all.
inline constexpr std::size_t kFewRequests = 8;

/// Stops that are tried behind a beginning, over all vehicles, before it is given up: seven shipments and
/// three vehicles without windows take fewer, and this many some hundredths of a second.
inline constexpr std::size_t kMostTries = 200'000;

/// The best of all plans; its vehicles keep what is fixed for them.
/// @param out_of_time  asked now and then, when set; after a true one it gives up
/// @return nothing when there are more than kFewRequests that some vehicle could serve, or when it gave up
/// Cost: kMostTries at most; where there are breaks or times on board, far fewer sequences are needless.
std::optional<Sequences> best_of_all(const Flat& flat, Objective objective,
                                     const std::function<bool()>& out_of_time);

/// Whether `a` ranks before `b`.
bool ranks_before(Objective objective, const Sequences& a, const Sequences& b);

}  // namespace reckon::dispatch

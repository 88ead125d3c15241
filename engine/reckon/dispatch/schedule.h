#pragma once

// From a sequence of tasks to a timed route: the one place where times, waiting and breaks are laid down.

#include <optional>
#include <span>

#include "reckon/dispatch/plan.h"
#include "reckon/dispatch/problem.h"

namespace reckon::dispatch {

/// The first limit that a sequence breaks.
enum class Obstacle : std::uint8_t { kNothing, kSkills, kLoad, kNoRoute, kTime, kLimit };

/// What keeps `vehicle` from doing `tasks` (not empty, shipments whole and in order) in this sequence;
/// kNothing if it can. Breaks are placed where they cost the least time, in their given order. Cost: O(tasks
/// * (dimensions + breaks^2)). Any thread.
Obstacle obstacle(const Problem& problem, const Vehicle& vehicle, std::span<const TaskIndex> tasks);

/// What the sequence costs for being late when all is done as early as possible, which is the least that it
/// can cost, in 1/kCostScale; nothing when there is an obstacle. Cost: as above.
std::optional<std::int64_t> lateness(const Problem& problem, const Vehicle& vehicle,
                                     std::span<const TaskIndex> tasks);

/// The timed route: it ends as early as possible, and without breaks waits as little as that allows by
/// starting late; nothing gets later than its due time by that.
/// @return nothing when there is an obstacle
std::optional<Route> schedule(const Problem& problem, VehicleIndex vehicle, std::span<const TaskIndex> tasks);

/// The first moment >= `time_s` inside a window, or nothing.
std::optional<std::int64_t> earliest_in(const std::vector<TimeWindow>& windows, std::int64_t time_s);

/// The last moment <= `time_s` inside a window, or nothing.
std::optional<std::int64_t> latest_in(const std::vector<TimeWindow>& windows, std::int64_t time_s);

}  // namespace reckon::dispatch

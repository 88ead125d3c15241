#pragma once

// Small problems for the dispatch tests: written by hand, or made at random from a printed seed.

#include <cstdint>
#include <initializer_list>
#include <random>

#include "reckon/dispatch/plan.h"
#include "reckon/dispatch/problem.h"

namespace reckon::dispatch::testing {

/// Places on a line at these kilometres; a metre takes 0.1 s, so that 10 km are 1000 s. One travel, with
/// distances.
Problem line(std::initializer_list<int> kilometres);

/// Adds a job at a location of the line; returns the request.
RequestIndex add_job(Problem& problem, LocationIndex at, TimeWindow window = {});
/// Adds a shipment; returns the request.
RequestIndex add_shipment(Problem& problem, LocationIndex from, LocationIndex to, std::int64_t amount = 1);
/// Adds a vehicle with capacity `capacity` in each dimension; returns its index.
VehicleIndex add_vehicle(Problem& problem, LocationIndex start, LocationIndex end,
                         std::int64_t capacity = 10);

struct RandomShape {
  int requests = 4;  ///< at most this many
  int vehicles = 3;
  bool metric = true;  ///< false: each leg at random, some unreachable
  bool breaks = false;
  bool extras = false;  ///< times on board, requests that must be apart, initial sequences, of which some are
                        ///< fixed and others impossible
  bool costs = false;   ///< due times, routes that cost by their length
};

/// A random problem with windows, loads, skills, priorities, limits and rates, valid by construction.
Problem random_problem(std::mt19937& random, const RandomShape& shape);

/// The best score that any plan can have, by trying every assignment and every sequence with a simulation of
/// its own. No breaks.
Score brute_force(const Problem& problem);

}  // namespace reckon::dispatch::testing

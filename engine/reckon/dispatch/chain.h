#pragma once

// One vehicle's chain of tasks with what makes insertions cheap to judge: earliest and latest departures,
// loads and their peaks from both sides. Internal to this room. Source: Savelsbergh 1992, "The vehicle
// routing problem with time windows: minimizing route duration" (forward slack).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "reckon/dispatch/flat.h"
#include "reckon/dispatch/rng.h"

namespace reckon::dispatch {

/// Where a request would go: the task (or pickup) after position `first` of the chain, the delivery after
/// position `second` of the chain as it is now; equal ones mean directly behind each other. Position 0 is the
/// start.
struct Insertion {
  std::int64_t cost = kForbidden;  ///< how much dearer the chain gets; >= kTooDear: impossible
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  bool possible() const { return cost < kTooDear; }
};

/// With chance, one of so many places is passed over.
inline constexpr std::uint32_t kPassedOverOneIn = 4;

/// So many places wait at most until the whole timetable is tried for them, cheapest first.
inline constexpr std::size_t kMostWaiting = 1024;

/// Working memory of `best_insertion`; one per search.
struct InsertionScratch {
  std::vector<std::int64_t> second_cost;   // of a delivery after each position
  std::vector<std::int64_t> second_floor;  // its minimum from each position on
  std::vector<TaskIndex> tasks;
  std::vector<Insertion> waiting;     // possible as far as one can see without the whole timetable
  bool slow = false;                  // for the request in hand only the whole timetable tells
  bool late = false;                  // it or what would come after it may cost more for being late
  std::function<bool()> out_of_time;  // when set: true ends the trying of timetables
  Rng* chance = nullptr;              // passes over places, when set

  bool passes_over() const { return chance != nullptr && chance->below(kPassedOverOneIn) == 0; }
};

class Chain {
 public:
  Chain() = default;
  Chain(const Flat& flat, VehicleIndex vehicle) : vehicle_(vehicle) { update(flat); }

  const std::vector<TaskIndex>& tasks() const { return tasks_; }
  bool empty() const { return tasks_.empty(); }
  /// Travel, task times, lateness, balance and fixed cost in 1/kCostScale; 0 when empty.
  std::int64_t cost() const { return cost_; }
  /// Equal versions of one vehicle's chain have equal tasks. All empty chains have version 0.
  std::uint32_t version() const { return version_; }
  void set_version(std::uint32_t version) { version_ = version; }

  /// The cheapest place for the request that costs less than `below`; an impossible insertion if there is
  /// none. Exact within the model also without the triangle inequality. Cost: O(stops) for a job, O(stops^2)
  /// at most for a shipment, mostly pruned. Where breaks or times on board count, the whole timetable is
  /// tried for what is possible without them, cheapest first, until one will do or `scratch` is out of time.
  Insertion best_insertion(const Flat& flat, RequestIndex request, std::int64_t below,
                           InsertionScratch& scratch) const;

  /// Carries out what best_insertion of this very chain gave.
  void insert(const Flat& flat, RequestIndex request, const Insertion& where);

  /// Sets other tasks; false (and an empty chain) when they cannot be done in this sequence.
  bool assign(const Flat& flat, const std::vector<TaskIndex>& tasks);

 private:
  bool update(const Flat& flat);
  std::size_t first_free(const Flat& flat) const;
  bool update_times(const Flat& flat);
  void update_loads(const Flat& flat);
  std::int64_t leg_from(const Flat& flat, std::size_t position, LocationIndex from) const;
  std::int64_t arc_into(const Flat& flat, std::size_t position, LocationIndex from) const;
  bool can_go_on(const Flat& flat, std::int64_t departure_s, LocationIndex from, std::size_t position) const;
  bool within_limits(const Flat& flat, RequestIndex request, std::uint32_t first, std::uint32_t second) const;
  std::int64_t work_with(const Flat& flat, RequestIndex request, const Insertion& where) const;
  std::int64_t late_with(const Flat& flat, RequestIndex request, const Insertion& where,
                         std::int64_t most) const;
  void update_lateness(const Flat& flat);
  void offer(const Flat& flat, RequestIndex request, Insertion where, Insertion& best,
             InsertionScratch& scratch) const;
  void settle(const Flat& flat, RequestIndex request, Insertion& best, InsertionScratch& scratch) const;
  void spliced(const Flat& flat, RequestIndex request, std::uint32_t first, std::uint32_t second,
               std::vector<TaskIndex>& out) const;
  Insertion best_job(const Flat& flat, RequestIndex request, std::int64_t below,
                     InsertionScratch& scratch) const;
  Insertion best_shipment(const Flat& flat, RequestIndex request, std::int64_t below,
                          InsertionScratch& scratch) const;
  void follow_pickup(const Flat& flat, RequestIndex request, std::size_t first, std::int64_t first_cost,
                     std::int64_t departure_s, Insertion& best, InsertionScratch& scratch) const;
  bool job_fits(const Flat& flat, RequestIndex request, std::size_t position) const;
  bool carries(const Flat& flat, RequestIndex request, std::size_t position) const;

  VehicleIndex vehicle_ = kNone;
  std::uint32_t version_ = 0;
  std::vector<TaskIndex> tasks_;
  bool slow_ = false;  // breaks, or something that may be on board for a while only
  bool has_due_ = false;
  std::int64_t cost_ = 0;
  std::int64_t late_cost_ = 0;     // part of cost_
  std::int64_t balance_cost_ = 0;  // part of cost_
  std::int64_t travel_s_ = 0;
  std::int64_t work_s_ = 0;  // travel, setup and service
  std::int64_t distance_m_ = 0;
  std::vector<LocationIndex> places_;      // by position 0..n + 1, begin and end included
  std::vector<std::int64_t> departure_;    // earliest, by position 0..n
  std::vector<std::int64_t> latest_;       // latest departure that the rest allows
  std::vector<std::int64_t> late_;         // what is late up to position costs; only with has_due_, not slow_
  std::vector<std::int64_t> arc_;          // cost from position to the next; 0 when empty
  std::vector<std::int64_t> load_;         // after position, row of dimensions
  std::vector<std::int64_t> peak_before_;  // highest load at positions up to this
  std::vector<std::int64_t> peak_behind_;  // highest load at positions from this on
};

}  // namespace reckon::dispatch

#pragma once

// When a vehicle is where along one sequence of tasks: earliest departures, with breaks taken on the way and
// pickups that wait so that nothing is too long on board. Internal to this room; schedule.h is what others
// ask.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reckon/dispatch/problem.h"

namespace reckon::dispatch {

/// A break that is taken on an edge, and when.
struct Pause {
  std::size_t index;
  std::int64_t reached_s;  ///< ready for it: arrived, or just on the way
  std::int64_t start_s;
  std::int64_t travelled_s;  ///< of the edge, before this break
};

/// Element 0 is the route's begin, 1..n the tasks, n + 1 its end; the edge of an element leads to the next.
class Timetable {
 public:
  /// All three must outlive the table. `tasks`: shipments whole and in order.
  Timetable(const Problem& problem, const Vehicle& vehicle, std::span<const TaskIndex> tasks);

  /// After element 0..n, by dimension.
  const std::vector<std::vector<std::int64_t>>& loads() const { return loads_; }
  LocationIndex location(std::size_t element) const { return locations_[element]; }
  bool is_end(std::size_t element) const { return element == tasks_.size() + 1; }

  bool loads_fit() const;
  bool reachable() const;
  std::int64_t edge_s(std::size_t element) const {
    return problem_.leg_s(vehicle_, locations_[element], locations_[element + 1]);
  }
  std::int64_t setup_s(std::size_t element) const {
    if (is_end(element) || locations_[element] == locations_[element - 1]) return 0;
    return problem_.tasks[tasks_[element - 1]].setup_s[vehicle_.type];
  }
  std::int64_t service_s(std::size_t element) const {
    return is_end(element) ? 0 : problem_.tasks[tasks_[element - 1]].service_s[vehicle_.type];
  }
  /// Whether some shipment here may be on board for a while only.
  bool has_on_board_limits() const;

  /// Earliest departures from each element with each number of breaks taken; true if the end is reached in
  /// time. Cost: O(tasks * breaks^2).
  bool compute();

  /// What being late costs. After `compute` gave true, without breaks.
  std::int64_t late_cost() const;

  /// Departure of each element on the best path, and the breaks taken before it.
  struct Path {
    std::vector<std::int64_t> departure_s;
    std::vector<std::size_t> taken;  ///< breaks taken upon departure from each element
  };
  /// After `compute` gave true.
  Path path() const;

  /// The breaks `first`..`last` taken on the edge after `element`, leaving at `time_s`; arrival at the next
  /// element.
  std::int64_t ride(std::size_t element, std::size_t first, std::size_t last, std::int64_t time_s,
                    std::vector<Pause>* pauses) const;

 private:
  // A shipment that may be on board for a while only, by its elements.
  struct OnBoardLimit {
    std::size_t pickup;
    std::size_t delivery;
    std::int64_t most_s;
  };

  void compute_loads();
  std::optional<std::int64_t> pause_start(std::size_t element, std::size_t b, std::int64_t time_s) const;
  void extend(std::size_t element, std::size_t taken);
  bool keep_fresh();
  std::vector<OnBoardLimit> on_board_limits() const;
  bool without_waiting(const std::vector<OnBoardLimit>& limits) const;
  bool raise_late_pickups(const std::vector<OnBoardLimit>& limits, std::vector<std::int64_t>& floor) const;
  std::int64_t finish(std::size_t element, std::int64_t arrival_s) const;

  const Problem& problem_;
  const Vehicle& vehicle_;
  std::span<const TaskIndex> tasks_;
  std::vector<LocationIndex> locations_;
  std::vector<std::vector<std::int64_t>> loads_;
  std::vector<std::int64_t> earliest_;  // departures, by element, then breaks taken
  std::vector<std::size_t> from_;       // breaks taken before, on the best way there
};

}  // namespace reckon::dispatch

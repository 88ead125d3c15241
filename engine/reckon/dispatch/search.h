#pragma once

// Slack induction by string removals: tear strings of neighbouring stops out of a few chains, put them back
// greedily with a little chance, and accept under annealing. Internal to this room; `solve` is the entry.

#include <cstdint>
#include <functional>
#include <vector>

#include "reckon/dispatch/chain.h"
#include "reckon/dispatch/flat.h"
#include "reckon/dispatch/plan.h"
#include "reckon/dispatch/rng.h"
#include "reckon/dispatch/solve.h"

namespace reckon::dispatch {

/// The sequences of a plan, without times.
struct Sequences {
  std::vector<std::vector<TaskIndex>> chains;  ///< by vehicle
  Score score;
  std::size_t vehicles = 0;  ///< used
};

class Search {
 public:
  /// @param out_of_time  asked now and then, when set; after a true one nothing more is put in
  Search(const Flat& flat, std::uint64_t seed, Objective objective = Objective::kCost,
         std::function<bool()> out_of_time = {});

  /// Puts every request where it costs least, most urgent and most important first: all that there is time
  /// for, and one at least.
  void construct();

  /// One round of ruin and recreate. @param progress  share of the time that is spent, [0, 1]
  /// @return true when a new best was found
  bool round(double progress);

  const Sequences& best() const { return best_; }

 private:
  struct Place {
    VehicleIndex vehicle = kNone;
    std::uint32_t position = 0;  // in the chain's tasks
  };
  struct Remembered {
    std::int64_t cost = 0;
    VehicleIndex vehicle = kNone;
    std::uint32_t version = 0;
    std::uint16_t first = 0;
    std::uint16_t second = 0;
  };

  bool is_absent(RequestIndex r) const { return places_[flat_.problem.requests[r].first].vehicle == kNone; }
  std::int64_t tasks_of(RequestIndex r) const { return flat_.problem.requests[r].shipment ? 2 : 1; }

  void ruin();
  void tear_string(TaskIndex around, double most);
  void recreate();
  void order_absent();
  bool insert_best(RequestIndex r, double blink);
  void consider(RequestIndex r, VehicleIndex v, Insertion& best, VehicleIndex& best_vehicle);
  Insertion insertion_into(RequestIndex r, VehicleIndex v);
  const std::vector<VehicleIndex>& candidates(RequestIndex r);
  void find_near_vehicles();
  const std::vector<TaskIndex>& neighbours(TaskIndex task);

  void save_vehicles(double progress);
  void give_up_a_vehicle();
  void return_to_best();
  bool accepts(double temperature);
  void keep();
  void roll_back();
  bool note_best();
  void backup(VehicleIndex v);
  void changed(VehicleIndex v);
  void place_tasks(VehicleIndex v);
  void leave_out(RequestIndex r);
  void recount(VehicleIndex v);
  Score now() const { return {counted_.priority, counted_.tasks, counted_.cost}; }
  double mean_leg_cost() const;
  void begin_as_told();
  bool begin(VehicleIndex v, const std::vector<TaskIndex>& tasks);
  bool out_of_time() const { return scratch_.out_of_time && scratch_.out_of_time(); }
  bool stands_without_torn(VehicleIndex v);

  const Flat& flat_;
  Rng rng_;
  Objective objective_;
  std::size_t max_used_ = kMaxVehicles;  // vehicles that may have tasks
  bool saving_vehicles_ = false;
  std::vector<Chain> chains_;
  std::vector<Place> places_;           // by task
  std::vector<RequestIndex> servable_;  // compatible with some vehicle
  std::vector<RequestIndex> absent_;
  std::vector<RequestIndex> absent_before_;
  std::vector<std::uint32_t> absences_;  // by request: rounds spent outside
  std::vector<VehicleIndex> used_;       // vehicles with tasks
  std::vector<std::uint32_t> used_at_;   // by vehicle: its index in used_, or kNone
  Score counted_;                        // of all chains as they are
  std::vector<Score> counted_of_;        // by vehicle: its part of counted_
  std::vector<VehicleIndex> stale_;      // vehicles that changed since the best was noted
  std::vector<std::uint8_t> is_stale_;   // by vehicle
  std::vector<Chain> saved_;             // chains as they were before this round
  std::vector<VehicleIndex> touched_;
  std::vector<std::uint32_t> touched_in_;  // round in which a vehicle was saved last
  std::uint32_t round_ = 1;
  std::uint32_t next_version_ = 1;
  Score before_;
  Sequences best_;
  std::vector<Remembered> memory_;  // by request, then slot of the vehicle
  std::uint32_t memory_slots_ = 1;  // a power of two
  InsertionScratch scratch_;
  std::vector<VehicleIndex> candidate_list_;
  std::vector<std::uint32_t>
      seen_class_;  // by twin class: last candidate search in which an empty one was taken
  std::vector<std::uint32_t> seen_vehicle_;
  std::uint32_t candidate_search_ = 0;
  std::vector<std::vector<VehicleIndex>>
      near_;  // by request: nearest vehicles; empty where all are looked at
  std::vector<std::uint64_t> sorting_;
  std::vector<std::vector<TaskIndex>> neighbours_;  // by task, filled when first needed
  std::vector<TaskIndex> kept_;
  std::vector<std::uint8_t> torn_;      // by request, while a string is torn out
  std::vector<std::uint32_t> torn_in_;  // by request: round in which it was torn out last
  double scale_ = 1;
  bool dreamy_ = false;  // this round
  bool constructed_ = false;
};

}  // namespace reckon::dispatch

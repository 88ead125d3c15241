#pragma once

// Days of meal delivery, by the rules of the Grubhub instances: the instances' files, a day simulated with
// the live dispatcher, a strict check of every rule, and the files of the published evaluator. Days of other
// cities (city_day.h) are instances whose times are seconds and whose rides may follow roads. Rules and
// source: docs/dispatch.md, docs/sources.md#mdrp.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/dispatch/dispatcher.h"
#include "reckon/dispatch/offer_rules.h"

namespace reckon::dispatch::mdrp {

/// The largest published instance has 3,213 orders and 457 couriers; ten times that still fits the simulator.
inline constexpr std::size_t kMaxRows = 50'000;
inline constexpr std::size_t kMaxInstanceBytes = std::size_t{16} << 20;

struct Point {
  std::int32_t x = 0;  ///< metres
  std::int32_t y = 0;
};

struct Restaurant {
  std::string name;
  Point at;
};

struct Order {
  std::string name;
  Point at;
  std::int32_t placed = 0;  ///< in units of the instance, as all its times
  std::uint32_t restaurant = 0;
  std::int32_t ready = 0;
  std::optional<std::int32_t> promised =
      {};  ///< time of day; without: the parameters' target after placement
};

struct Courier {
  std::string name;
  Point at;
  std::int32_t on = 0;
  std::int32_t off = 0;
  std::uint32_t pace_percent = 100;
};

struct Parameters {
  double metres_per_minute = 320;  ///< of straight line, where rides are such
  double detour = 1;               ///< metres ridden for a metre of straight line
  std::int32_t pickup_minutes = 4;
  std::int32_t dropoff_minutes = 4;
  std::int32_t target_minutes = 40;
  std::int32_t maximum_minutes = 90;
  double pay_per_order = 10;
  double pay_per_hour = 15;
};

/// Rides that are no straight lines.
class Ways {
 public:
  virtual ~Ways() = default;
  /// Of the fastest vehicle, in units of the instance; kNever where no way leads.
  virtual std::int32_t ride(std::uint32_t from, std::uint32_t to) const = 0;
  /// 0 where no way leads.
  virtual double metres(std::uint32_t from, std::uint32_t to) const = 0;
};

struct Instance {
  std::string name;
  std::int32_t unit_seconds = 60;  ///< of all times: 60 or 1
  Parameters parameters;
  std::vector<Restaurant> restaurants;
  std::vector<Order> orders;
  std::vector<Courier> couriers;
  std::shared_ptr<const Ways> ways = {};  ///< straight lines without

  // Places in one numbering: restaurants, then doors, then where couriers begin.
  std::uint32_t place_of_door(std::size_t order) const {
    return static_cast<std::uint32_t>(restaurants.size() + order);
  }
  std::uint32_t place_of_courier(std::size_t courier) const {
    return static_cast<std::uint32_t>(restaurants.size() + orders.size() + courier);
  }
  Point point(std::uint32_t place) const;
  const std::string& place_name(std::uint32_t place) const;
  /// Of the fastest vehicle, in whole units, rounded up; kNever where no way leads.
  std::int32_t ride(std::uint32_t from, std::uint32_t to) const;
  double metres(std::uint32_t from, std::uint32_t to) const;
  /// Units in so many minutes.
  std::int32_t units(std::int32_t minutes) const { return minutes * (60 / unit_seconds); }
  double minutes(double units) const { return units * unit_seconds / 60; }
  std::int32_t before_pickup() const { return units(parameters.pickup_minutes) / 2; }
  std::int32_t after_pickup() const { return units(parameters.pickup_minutes) / 2; }
  std::int32_t before_drop() const { return units(parameters.dropoff_minutes) / 2; }
  std::int32_t after_drop() const { return units(parameters.dropoff_minutes) / 2; }
  /// Until when the order is in time.
  std::int32_t target(const Order& order) const {
    return order.promised.value_or(order.placed + units(parameters.target_minutes));
  }
  /// The earliest drop-off anyone could reach: ready (at the earliest two minutes after an arrival at the
  /// placement), then to the door without a stop.
  std::int32_t soonest_drop(std::size_t order) const;
};

/// Reads `orders.txt`, `couriers.txt`, `restaurants.txt` and `instance_parameters.txt` of a folder.
/// @errors kEnvironment  a file is missing
///         kInvalidInput every fault, `where` = `<file>:<line>`
base::Result<Instance> read_instance(const std::filesystem::path& folder);

/// What became of one order.
struct OrderRecord {
  std::optional<std::uint32_t> courier;
  std::vector<std::int32_t>
      assigned_at;  ///< times of the decisions that gave it to a courier; the last counts
  std::int32_t pickup = 0;
  std::int32_t dropoff = 0;
  bool delivered = false;
};

/// One ride of a courier.
struct Move {
  std::int32_t depart = 0;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

/// One visit of a restaurant and what follows.
struct TripRecord {
  std::uint32_t courier = 0;
  std::uint32_t restaurant = 0;
  std::int32_t decided = 0;  ///< when it was decided to go
  std::int32_t updated = 0;  ///< time of the last addition
  std::int32_t depart = 0;
  std::int32_t pickup = -1;    ///< -1 when it never came to it
  std::int32_t given_up = -1;  ///< the end of his shift, where the food was not ready by then; else -1
  std::vector<std::uint32_t> orders;
};

/// Orders that a courier was shown: given, asked for, or seen on the list.
struct Shown {
  std::uint64_t orders = 0;
  double minutes = 0;  ///< from each order's placement until he was shown it first, in all
};

/// All that happened on a day.
struct Day {
  std::vector<OrderRecord> orders;
  std::vector<TripRecord> trips;
  std::vector<std::vector<Move>> moves;  ///< by courier
  std::vector<Shown> shown;              ///< by courier
  std::vector<double> tick_ms;
  std::uint64_t rounds = 0;
  std::uint64_t declines = 0;
  std::uint64_t taps = 0;       ///< on listed orders
  std::uint64_t taps_lost = 0;  ///< of them, where another courier was faster
  std::string decision_log;     ///< when explained: decision_log.h
};

struct DayOptions {
  DispatcherOptions dispatcher;
  TickBudget budget = {};
  std::uint64_t seed = 1;
  double kitchen_sd_minutes = 0;          ///< of what the kitchen says before the food is ready
  double decline_share = 0;               ///< of trips that are declined when they may be
  std::uint32_t capacity = kMaxBundle;    ///< orders that a courier takes at once
  std::optional<OfferRules> offers = {};  ///< by restaurant; without: each trip is asked until one takes it
  std::function<double()> clock_ms = {};  ///< for latencies; none measured when empty
  std::function<void(double share)> progress = {};
};

/// Rides of the fastest vehicle between the instance's places, in seconds; those from and to restaurants are
/// kept in a table. @param instance  must outlive it
std::unique_ptr<TravelTimes> rides_of(const Instance& instance);

/// The dispatcher's options for an instance: its service times, its unit as grain, the tick as horizon.
DispatcherOptions options_for(const Instance& instance, Seconds tick, std::uint64_t seed);

/// Plays the day: the dispatcher is told of an order when it is placed, couriers do what it says.
/// Deterministic for the options when no clock ends a tick.
Day simulate(const Instance& instance, const DayOptions& options);

/// Every rule, event by event: who knew what when, where everybody was. Empty when all is right.
std::vector<base::Fault> check(const Instance& instance, const Day& day);

/// Means and shares of a day; times are minutes.
struct Summary {
  std::string instance;
  std::size_t orders = 0;
  std::size_t couriers = 0;
  std::size_t delivered = 0;
  std::size_t unavoidable = 0;         ///< orders that nobody could bring within the maximum
  std::size_t avoidable_failures = 0;  ///< never delivered, or later than the maximum although possible
  double undelivered_percent = 0;
  double avoidable_percent = 0;
  double over_maximum_percent = 0;
  double click_to_door = 0;
  double click_to_door_p90 = 0;
  double click_to_door_within = 0;  ///< of orders within the maximum only
  double bound = 0;                 ///< mean of what nobody could have undercut
  double overage = 0;
  double ready_to_pickup = 0;
  bool paid = false;  ///< by rules of pay; else there is no cost
  double cost_per_order = 0;
  double orders_per_trip = 0;
  double tick_mean_ms = 0;
  double tick_p99_ms = 0;
  double tick_max_ms = 0;
};

Summary summarize(const Instance& instance, const Day& day);

/// Each courier's day as a CSV that `reckon fairness` reads:
/// `id,rider,on_s,off_s,calls,distance_m,pay,shown,shown_after_s`, pay by the instance's rules.
std::string riders_csv(const Instance& instance, const Day& day);

/// The texts of the published evaluator's three input files.
struct EvaluatorFiles {
  std::string assignments;
  std::string orders;
  std::string couriers;
};
EvaluatorFiles evaluator_files(const Instance& instance, const Day& day);

}  // namespace reckon::dispatch::mdrp

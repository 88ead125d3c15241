// What a day came to, and the files of the published evaluator.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "reckon/base/csv.h"
#include "reckon/dispatch/mdrp.h"

namespace reckon::dispatch::mdrp {
namespace {

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const auto value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::vector<double> delivered_by(const Instance& instance, const Day& day) {
  std::vector<double> out(instance.couriers.size());
  for (const auto& order : day.orders) {
    if (order.delivered) ++out[*order.courier];
  }
  return out;
}

double pay_of(const Instance& instance, const Courier& courier, double delivered) {
  return std::max(delivered * instance.parameters.pay_per_order,
                  instance.minutes(courier.off - courier.on) * instance.parameters.pay_per_hour / 60);
}

double payment(const Instance& instance, const Day& day) {
  const auto delivered = delivered_by(instance, day);
  double sum = 0;
  for (std::size_t c = 0; c < delivered.size(); ++c)
    sum += pay_of(instance, instance.couriers[c], delivered[c]);
  return sum;
}

}  // namespace

Summary summarize(const Instance& instance, const Day& day) {
  Summary out{
      .instance = instance.name, .orders = instance.orders.size(), .couriers = instance.couriers.size()};
  std::vector<double> click_to_door;
  std::vector<double> within;
  std::vector<double> overage;
  std::vector<double> waiting;
  std::size_t over_maximum = 0;
  double bound = 0;
  for (std::size_t o = 0; o < instance.orders.size(); ++o) {
    const auto& order = instance.orders[o];
    const auto& record = day.orders[o];
    const double soonest = instance.minutes(instance.soonest_drop(o) - order.placed);
    bound += soonest;
    const bool possible = soonest <= instance.parameters.maximum_minutes;
    if (!possible) ++out.unavoidable;
    if (!record.delivered) {
      if (possible) ++out.avoidable_failures;
      continue;
    }
    const double took = instance.minutes(record.dropoff - order.placed);
    click_to_door.push_back(took);
    overage.push_back(instance.minutes(std::max(0, record.dropoff - instance.target(order))));
    waiting.push_back(instance.minutes(record.pickup - order.ready));
    if (took <= instance.parameters.maximum_minutes) {
      within.push_back(took);
    } else {
      ++over_maximum;
      if (possible) ++out.avoidable_failures;
    }
  }
  out.delivered = click_to_door.size();
  out.undelivered_percent = percent(out.orders - out.delivered, out.orders);
  out.avoidable_percent = percent(out.avoidable_failures, out.orders);
  out.over_maximum_percent = percent(over_maximum, out.orders);
  out.click_to_door = mean(click_to_door);
  out.click_to_door_p90 = quantile(click_to_door, 0.9);
  out.click_to_door_within = mean(within);
  out.bound = out.orders == 0 ? 0 : bound / static_cast<double>(out.orders);
  out.overage = mean(overage);
  out.ready_to_pickup = mean(waiting);
  out.paid = instance.parameters.pay_per_order > 0 || instance.parameters.pay_per_hour > 0;
  out.cost_per_order = out.orders == 0 ? 0 : payment(instance, day) / static_cast<double>(out.orders);
  out.orders_per_trip =
      day.trips.empty() ? 0 : static_cast<double>(out.delivered) / static_cast<double>(day.trips.size());
  out.tick_mean_ms = mean(day.tick_ms);
  out.tick_p99_ms = quantile(day.tick_ms, 0.99);
  out.tick_max_ms = day.tick_ms.empty() ? 0 : std::ranges::max(day.tick_ms);
  return out;
}

std::string riders_csv(const Instance& instance, const Day& day) {
  const auto delivered = delivered_by(instance, day);
  std::string out = "id,rider,on_s,off_s,calls,distance_m,pay,shown,shown_after_s\n";
  for (std::size_t c = 0; c < delivered.size(); ++c) {
    const auto& courier = instance.couriers[c];
    double metres = 0;
    for (const auto& move : day.moves[c]) metres += instance.metres(move.from, move.to);
    const Shown& shown = day.shown[c];
    const double after = shown.orders == 0 ? 0 : 60 * shown.minutes / static_cast<double>(shown.orders);
    base::append_csv_row(
        out, {fmt::format("{}", c), courier.name, fmt::format("{}", courier.on * instance.unit_seconds),
              fmt::format("{}", courier.off * instance.unit_seconds), fmt::format("{}", delivered[c]),
              fmt::format("{:.0f}", metres), fmt::format("{:.2f}", pay_of(instance, courier, delivered[c])),
              fmt::format("{}", shown.orders), fmt::format("{:.1f}", after)});
  }
  return out;
}

EvaluatorFiles evaluator_files(const Instance& instance, const Day& day) {
  EvaluatorFiles out;
  out.assignments = "assignment_time pickup_time courier bundle\n";
  for (const auto& trip : day.trips) {
    if (trip.pickup < 0) continue;
    fmt::format_to(std::back_inserter(out.assignments), "{} {} {}", trip.updated, trip.pickup,
                   instance.couriers[trip.courier].name);
    for (const auto order : trip.orders) out.assignments += " " + instance.orders[order].name;
    out.assignments += "\n";
  }
  out.orders = "order placement_time restaurant ready_time pickup_time dropoff_time courier\n";
  for (std::size_t o = 0; o < instance.orders.size(); ++o) {
    const auto& order = instance.orders[o];
    const auto& record = day.orders[o];
    if (!record.delivered) continue;
    fmt::format_to(std::back_inserter(out.orders), "{} {} {} {} {} {} {}\n", order.name, order.placed,
                   instance.restaurants[order.restaurant].name, order.ready, record.pickup, record.dropoff,
                   instance.couriers[*record.courier].name);
  }
  out.couriers = "courier departure_time origin destination\n";
  for (std::size_t c = 0; c < day.moves.size(); ++c) {
    for (const auto& move : day.moves[c]) {
      fmt::format_to(std::back_inserter(out.couriers), "{} {} {} {}\n", instance.couriers[c].name,
                     move.depart, instance.place_name(move.from), instance.place_name(move.to));
    }
  }
  return out;
}

}  // namespace reckon::dispatch::mdrp

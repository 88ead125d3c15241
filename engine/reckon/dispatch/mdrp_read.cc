#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "reckon/base/csv.h"
#include "reckon/base/file.h"
#include "reckon/base/limits.h"
#include "reckon/dispatch/mdrp.h"

namespace reckon::dispatch::mdrp {
namespace {

constexpr double kMaxMinutes = 7 * 24 * 60;  // a week
constexpr double kMaxMetres = 10'000'000;

// A tab-separated table whose numbers are read by column; faults are collected.
class Table {
 public:
  Table(const std::filesystem::path& path, std::vector<base::Fault>& faults)
      : name_(path.string()), faults_(faults) {
    const auto bytes = base::read_file(path, kMaxInstanceBytes);
    if (!bytes) {
      error_ = bytes.error();
      return;
    }
    split(*bytes);
  }

  const std::optional<base::Error>& error() const { return error_; }
  std::size_t rows() const { return rows_.size(); }

  void require(const std::vector<std::string>& columns) {
    for (const auto& column : columns) {
      if (std::ranges::find(header_, column) != header_.end()) continue;
      faults_.push_back({name_ + ":1", fmt::format("column '{}' is missing; all of these are needed: {}",
                                                   column, fmt::join(columns, ", "))});
    }
    if (rows_.empty() && !columns.empty())
      faults_.push_back({name_ + ":2", "has no rows; at least one is needed"});
    if (rows_.size() > kMaxRows)
      faults_.push_back({name_, fmt::format("has {} rows; at most {} are allowed", rows_.size(), kMaxRows)});
  }

  std::string text(std::size_t row, std::string_view column) {
    const auto at = static_cast<std::size_t>(std::ranges::find(header_, column) - header_.begin());
    return at < rows_[row].size() ? rows_[row][at] : std::string();
  }

  double number(std::size_t row, std::string_view column, double min, double max) {
    const auto word = text(row, column);
    const auto value = base::parse_number(word);
    if (value && *value >= min && *value <= max) return *value;
    fault(row, fmt::format("{} '{}' is no number; allowed: {} to {}", column, word, min, max));
    return min;
  }

  std::int32_t integer(std::size_t row, std::string_view column, double min, double max) {
    const double value = number(row, column, min, max);
    if (value != std::floor(value))
      fault(row, fmt::format("{} '{}' is not whole; allowed: integers", column, value));
    return static_cast<std::int32_t>(value);
  }

  void fault(std::size_t row, std::string message) {
    if (faults_.size() < base::kMaxFaults)
      faults_.push_back({fmt::format("{}:{}", name_, row + 2), std::move(message)});
  }

 private:
  static std::vector<std::string> fields(std::string_view line) {
    std::vector<std::string> out(1);
    for (const char c : line) {
      if (c == '\t') {
        out.emplace_back();
      } else if (c != '\r') {
        out.back() += c;
      }
    }
    return out;
  }

  void split(std::string_view bytes) {
    bool first = true;
    while (!bytes.empty()) {
      const auto end = std::min(bytes.find('\n'), bytes.size());
      const auto line = bytes.substr(0, end);
      bytes.remove_prefix(std::min(end + 1, bytes.size()));
      if (first) {
        header_ = fields(line);
        first = false;
      } else if (!line.empty() && line != "\r") {
        rows_.push_back(fields(line));
      }
    }
  }

  std::string name_;
  std::vector<base::Fault>& faults_;
  std::optional<base::Error> error_;
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

Point point_of(Table& table, std::size_t row) {
  return {table.integer(row, "x", -kMaxMetres, kMaxMetres), table.integer(row, "y", -kMaxMetres, kMaxMetres)};
}

Parameters parameters_of(Table& table) {
  Parameters out;
  out.metres_per_minute = table.number(0, "meters_per_minute", 1, 10'000);
  out.pickup_minutes = table.integer(0, "pickup service minutes", 0, 1000);
  out.dropoff_minutes = table.integer(0, "dropoff service minutes", 0, 1000);
  out.target_minutes = table.integer(0, "target click-to-door", 0, kMaxMinutes);
  out.maximum_minutes = table.integer(0, "maximum click-to-door", 0, kMaxMinutes);
  out.pay_per_order = table.number(0, "pay per order", 0, 1e6);
  out.pay_per_hour = table.number(0, "guaranteed pay per hour", 0, 1e6);
  if (out.pickup_minutes % 2 != 0 || out.dropoff_minutes % 2 != 0)
    table.fault(0, "service minutes are odd; allowed: even ones, half of them before the hand-over");
  return out;
}

// Each name once among restaurants, orders and couriers: the evaluator has one list of places.
class Names {
 public:
  void take(Table& table, std::size_t row, const std::string& name) {
    if (name.empty() || name.find(' ') != std::string::npos)
      table.fault(row, fmt::format("'{}' is no name; allowed: a word without spaces", name));
    if (!seen_.try_emplace(name, seen_.size()).second)
      table.fault(row, fmt::format("'{}' is named twice; each name may stand once", name));
  }

 private:
  std::unordered_map<std::string, std::size_t> seen_;
};

}  // namespace

base::Result<Instance> read_instance(const std::filesystem::path& folder) {
  std::vector<base::Fault> faults;
  Table restaurants(folder / "restaurants.txt", faults);
  Table orders(folder / "orders.txt", faults);
  Table couriers(folder / "couriers.txt", faults);
  Table parameters(folder / "instance_parameters.txt", faults);
  for (const auto* table : {&restaurants, &orders, &couriers, &parameters}) {
    if (table->error()) return base::fail(*table->error());
  }
  restaurants.require({"restaurant", "x", "y"});
  orders.require({"order", "x", "y", "placement_time", "restaurant", "ready_time"});
  couriers.require({"courier", "x", "y", "on_time", "off_time"});
  parameters.require({"meters_per_minute", "pickup service minutes", "dropoff service minutes",
                      "target click-to-door", "maximum click-to-door", "pay per order",
                      "guaranteed pay per hour"});
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  Instance out;
  const auto named = std::filesystem::weakly_canonical(folder);
  out.name = named.filename().string();
  out.parameters = parameters_of(parameters);
  Names names;
  std::unordered_map<std::string, std::uint32_t> restaurant_of;
  for (std::size_t i = 0; i < restaurants.rows(); ++i) {
    out.restaurants.push_back({restaurants.text(i, "restaurant"), point_of(restaurants, i)});
    names.take(restaurants, i, out.restaurants.back().name);
    restaurant_of.emplace(out.restaurants.back().name, static_cast<std::uint32_t>(i));
  }
  for (std::size_t i = 0; i < orders.rows(); ++i) {
    Order order{.name = orders.text(i, "order"),
                .at = point_of(orders, i),
                .placed = orders.integer(i, "placement_time", 0, kMaxMinutes),
                .restaurant = 0,
                .ready = orders.integer(i, "ready_time", 0, kMaxMinutes),
                .promised = {}};
    names.take(orders, i, order.name);
    const auto found = restaurant_of.find(orders.text(i, "restaurant"));
    if (found == restaurant_of.end()) {
      orders.fault(i, fmt::format("restaurant '{}' is unknown; allowed: those of restaurants.txt",
                                  orders.text(i, "restaurant")));
    } else {
      order.restaurant = found->second;
    }
    out.orders.push_back(std::move(order));
  }
  for (std::size_t i = 0; i < couriers.rows(); ++i) {
    out.couriers.push_back({couriers.text(i, "courier"), point_of(couriers, i),
                            couriers.integer(i, "on_time", 0, kMaxMinutes),
                            couriers.integer(i, "off_time", 0, kMaxMinutes)});
    names.take(couriers, i, out.couriers.back().name);
    if (out.couriers.back().off < out.couriers.back().on)
      couriers.fault(i, "off_time is before on_time; allowed: off_time >= on_time");
  }
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  return out;
}

Point Instance::point(std::uint32_t place) const {
  if (place < restaurants.size()) return restaurants[place].at;
  place -= static_cast<std::uint32_t>(restaurants.size());
  return place < orders.size() ? orders[place].at : couriers[place - orders.size()].at;
}

const std::string& Instance::place_name(std::uint32_t place) const {
  if (place < restaurants.size()) return restaurants[place].name;
  place -= static_cast<std::uint32_t>(restaurants.size());
  return place < orders.size() ? orders[place].name : couriers[place - orders.size()].name;
}

std::int32_t Instance::ride(std::uint32_t from, std::uint32_t to) const {
  if (ways) return ways->ride(from, to);
  const double per_unit = parameters.metres_per_minute * unit_seconds / 60;
  return static_cast<std::int32_t>(std::ceil(metres(from, to) / per_unit));
}

double Instance::metres(std::uint32_t from, std::uint32_t to) const {
  if (ways) return ways->metres(from, to);
  const Point a = point(from);
  const Point b = point(to);
  const double x = b.x - a.x;
  const double y = b.y - a.y;
  return std::sqrt(x * x + y * y) * parameters.detour;
}

std::int32_t Instance::soonest_drop(std::size_t order) const {
  return orders[order].ready + after_pickup() + ride(orders[order].restaurant, place_of_door(order)) +
         before_drop();
}

}  // namespace reckon::dispatch::mdrp

// From a tariff to its plan: every name resolved, every list sorted, every condition flattened.

#include <algorithm>
#include <numeric>
#include <tuple>

#include "reckon/fee/plan.h"

namespace reckon::fee {

class PlanCompiler {
 public:
  PlanCompiler(Plan& plan, const Tariff& tariff) : plan_(plan), tariff_(tariff) {}

  void run() {
    copy_scalars();
    plan_.line_forms_ = LineForms(tariff_);
    plan_.zones_ = ZoneSet(tariff_.zones);
    compile_rules(tariff_.surcharges, plan_.surcharges_);
    compile_rules(tariff_.promotions, plan_.promotions_);
    plan_.compounds_ = std::ranges::any_of(
        plan_.surcharges_, [](const auto& rule) { return rule.on == RateBase::kWithSurcharges; });
    if (tariff_.table) compile_table();
    plan_.needs_zones_ = uses_zones_ || plan_.has_table_;
    plan_.needs_local_ = !plan_.day_tests_.empty();
  }

 private:
  using Test = Plan::Test;
  using Code = Plan::Code;

  void copy_scalars() {
    plan_.id_ = tariff_.id;
    plan_.version_ = tariff_.version;
    plan_.time_zone_ = tariff_.time_zone;
    plan_.time_basis_ = tariff_.time_basis;
    plan_.valid_from_ = tariff_.valid_from;
    plan_.has_until_ = tariff_.valid_until.has_value();
    plan_.valid_until_ = tariff_.valid_until.value_or(base::WallTime::max());
    plan_.base_price_ = tariff_.base_price;
    plan_.steps_ = tariff_.steps;
    plan_.groups_ = tariff_.groups;
    plan_.surcharge_maximum_ = tariff_.surcharge_maximum;
    plan_.promotion_maximum_ = tariff_.promotion_maximum;
    plan_.minimum_ = tariff_.minimum;
    plan_.maximum_ = tariff_.maximum;
    plan_.distance_rounding_ = tariff_.distance_rounding;
    plan_.surcharge_rounding_ = tariff_.surcharge_rounding;
    plan_.rounding_ = tariff_.rounding;
    plan_.vat_ = tariff_.vat;
    plan_.needs_ = tariff_.needs;
    plan_.route_ = tariff_.route;
    plan_.cancellation_ = tariff_.cancellation;
    plan_.returns_ = tariff_.returns;
  }

  std::pair<std::uint32_t, std::uint32_t> add_names(std::vector<std::string> names) {
    std::ranges::sort(names);
    const auto begin = static_cast<std::uint32_t>(plan_.names_.size());
    plan_.names_.insert(plan_.names_.end(), names.begin(), names.end());
    return {begin, static_cast<std::uint32_t>(plan_.names_.size())};
  }

  void name_test(Code code, const std::vector<std::string>& names) {
    if (names.empty()) return;
    const auto [begin, end] = add_names(names);
    plan_.tests_.push_back({code, 0, begin, end, 0, 0});
  }

  void zone_test(Code code, const std::vector<std::string>& names) {
    if (names.empty()) return;
    uses_zones_ = true;
    const auto begin = static_cast<std::uint32_t>(plan_.ids_.size());
    for (const auto& name : names) plan_.ids_.push_back(plan_.zones_.find(name));
    plan_.tests_.push_back({code, 0, begin, static_cast<std::uint32_t>(plan_.ids_.size()), 0, 0});
  }

  std::vector<std::string> buildings_of(const Condition& when) const {
    auto buildings = when.building;
    for (const auto& name : when.building_list) {
      const auto list = std::ranges::find(tariff_.building_lists, name, &BuildingList::name);
      buildings.insert(buildings.end(), list->buildings.begin(), list->buildings.end());
    }
    return buildings;
  }

  static std::int32_t day_number(std::chrono::sys_days day) {
    return static_cast<std::int32_t>(day.time_since_epoch().count());
  }

  void day_test(const Condition& when) {
    const bool by_calendar = !when.holiday.empty() && !tariff_.holidays.empty();
    if (when.time.empty() && when.weekdays == 0 && when.dates.empty() && !by_calendar) {
      name_test(Code::kHoliday, when.holiday);
      return;
    }
    Plan::DayTest test;
    test.weekdays = when.weekdays;
    test.has_windows = !when.time.empty();
    test.window_begin = static_cast<std::uint32_t>(plan_.windows_.size());
    plan_.windows_.insert(plan_.windows_.end(), when.time.begin(), when.time.end());
    test.window_end = static_cast<std::uint32_t>(plan_.windows_.size());
    test.has_dates = !when.dates.empty();
    test.date_begin = static_cast<std::uint32_t>(plan_.dates_.size());
    for (const auto& range : when.dates)
      plan_.dates_.emplace_back(day_number(range.from), day_number(range.to));
    test.date_end = static_cast<std::uint32_t>(plan_.dates_.size());
    test.has_holidays = !when.holiday.empty();
    test.holiday_begin = static_cast<std::uint32_t>(plan_.days_.size());
    for (const auto& holiday : tariff_.holidays)
      if (std::ranges::find(when.holiday, holiday.kind) != when.holiday.end())
        plan_.days_.push_back(day_number(holiday.date));
    test.holiday_end = static_cast<std::uint32_t>(plan_.days_.size());
    std::tie(test.name_begin, test.name_end) = add_names(when.holiday);
    plan_.tests_.push_back({Code::kDay, 0, static_cast<std::uint32_t>(plan_.day_tests_.size()), 0, 0, 0});
    plan_.day_tests_.push_back(test);
  }

  std::size_t open(Code code) {
    plan_.tests_.push_back({code, 0, 0, 0, 0, 0});
    return plan_.tests_.size() - 1;
  }
  void close(std::size_t at) { plan_.tests_[at].end = static_cast<std::uint32_t>(plan_.tests_.size()); }

  // Cheap tests first: most rules fail on one of them.
  void flatten(const Condition& when) {
    if (!when.weather.empty()) {
      std::int64_t bits = 0;
      for (const auto weather : when.weather) bits |= std::int64_t{1} << static_cast<int>(weather);
      plan_.tests_.push_back({Code::kWeather, 0, 0, 0, bits, 0});
    }
    if (when.bundle) plan_.tests_.push_back({Code::kBundle, 0, 0, 0, *when.bundle ? 1 : 0, 0});
    for (std::size_t i = 0; i < kMeasureCount; ++i) {
      if (const auto& range = when.measures[i])
        plan_.tests_.push_back({Code::kMeasure, static_cast<std::uint8_t>(i), 0, 0, range->low, range->high});
    }
    day_test(when);
    name_test(Code::kComplex, when.complex);
    name_test(Code::kChannel, when.channel);
    name_test(Code::kArea, when.area);
    name_test(Code::kFlags, when.flags);
    name_test(Code::kBuilding, buildings_of(when));
    zone_test(Code::kPickupZone, when.pickup_zone);
    zone_test(Code::kDropoffZone, when.dropoff_zone);
    if (when.zones_differ) {
      uses_zones_ = true;
      plan_.tests_.push_back({Code::kZonesDiffer, 0, 0, 0, *plan_.zones_.find_layer(*when.zones_differ), 0});
    }
    if (!when.any_of.empty()) {
      const auto any = open(Code::kAnyOf);
      for (const auto& child : when.any_of) {
        const auto at = open(Code::kChild);
        flatten(child);
        close(at);
      }
      close(any);
    }
    for (const auto& child : when.unless) {
      const auto at = open(Code::kNot);
      flatten(child);
      close(at);
    }
  }

  void compile_rules(const std::vector<Surcharge>& rules, std::vector<Plan::Rule>& out) {
    for (const Surcharge& surcharge : rules) {
      Plan::Rule rule;
      rule.test_begin = static_cast<std::uint32_t>(plan_.tests_.size());
      flatten(surcharge.when);
      rule.test_end = static_cast<std::uint32_t>(plan_.tests_.size());
      rule.kind = surcharge.kind;
      rule.on = surcharge.on;
      rule.has_per = surcharge.per.has_value();
      if (surcharge.per) rule.per = *surcharge.per;
      rule.amount = surcharge.amount.minor;
      rule.rate_ppm = surcharge.rate_ppm;
      rule.rounding = surcharge.rounding;
      rule.priority = surcharge.priority;
      rule.maximum = surcharge.maximum ? surcharge.maximum->minor : -1;
      if (surcharge.may_opt_out) std::tie(rule.opt_out_name, std::ignore) = add_names({surcharge.rule});
      rule.may_opt_out = surcharge.may_opt_out;
      const auto group = std::ranges::find(tariff_.groups, surcharge.group, &Group::name);
      if (group != tariff_.groups.end())
        rule.group = static_cast<std::int32_t>(group - tariff_.groups.begin());
      out.push_back(rule);
    }
    std::vector<std::size_t> order(rules.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) -> const std::string& { return rules[i].rule; });
    for (std::size_t rank = 0; rank < order.size(); ++rank)
      out[order[rank]].name_rank = static_cast<std::uint32_t>(rank);
  }

  void compile_table() {
    plan_.has_table_ = true;
    plan_.table_layer_ = plan_.zones_.find_layer(tariff_.table->layer).value_or(0);
    for (std::uint32_t i = 0; i < tariff_.table->entries.size(); ++i) {
      const TableEntry& entry = tariff_.table->entries[i];
      const std::uint64_t from = plan_.zones_.find(entry.from), to = plan_.zones_.find(entry.to);
      const auto metres = entry.distance ? entry.distance->value : -1;
      const auto price = entry.price ? entry.price->minor : -1;
      plan_.table_.push_back({(from << 32) | to, i, metres, price});
      if (entry.both_ways && from != to) plan_.table_.push_back({(to << 32) | from, i, metres, price});
    }
    std::ranges::sort(plan_.table_, {}, &Plan::Cell::zones);
  }

  Plan& plan_;
  const Tariff& tariff_;
  bool uses_zones_ = false;
};

Plan::Plan(const Tariff& tariff) {
  PlanCompiler(*this, tariff).run();
}

}  // namespace reckon::fee

#include "reckon/fee/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "reckon/fee/plan.h"

namespace reckon::fee {
namespace {

using std::chrono::sys_days;

/// Farther than deliveries go: what rounds to nothing up to here always does.
constexpr base::Metres kFar{20'000};
constexpr std::int64_t kWhole = 1'000'000;  // parts per million

class Linter {
 public:
  explicit Linter(const Tariff& tariff) : tariff_(tariff) {}

  std::vector<Remark> run() {
    lint_prices();
    lint_vat();
    lint_rider_pay();
    lint_calendar();
    lint_unused();
    if (tariff_.vectors.empty()) add("/vectors", "there is no worked example; add at least one");
    return std::move(remarks_);
  }

 private:
  template <class... Args>
  void add(std::string where, fmt::format_string<Args...> message, Args&&... args) {
    remarks_.push_back({std::move(where), fmt::format(message, std::forward<Args>(args)...)});
  }

  void lint_prices() {
    lint_steps();
    lint_rules("surcharges", tariff_.surcharges);
    lint_rules("promotions", tariff_.promotions);
    lint_groups();
    lint_bounds();
    if (tariff_.route && tariff_.route->legs.empty())
      add("/route/legs",
          "there are none, so the way of a route costs nothing; leave it only if that is meant");
  }

  void lint_rider_pay() {
    if (!tariff_.rider_pay) return;
    Linter pay(*tariff_.rider_pay);
    pay.lint_prices();
    lint_margin(pay);
    for (auto& remark : pay.remarks_)
      remarks_.push_back({"/rider_pay" + remark.where, std::move(remark.message)});
  }

  // Told only of what is sure: both sides as they are priced, with the rules that always apply.
  void lint_margin(const Linter& pay) {
    if (tariff_.table) return;
    Fee charged, paid;
    if (!price_plainly(charged, tariff_.base_up_to) || !pay.price_plainly(paid, tariff_.base_up_to) ||
        paid.total <= charged.total)
      return;
    const bool lifted = std::ranges::find(paid.lines, LineKind::kMinimum, &FeeLine::kind) != paid.lines.end();
    const bool sure = !has_other_rules() && !pay.has_other_rules();
    add(lifted ? "/rider_pay/minimum" : "/rider_pay/base/price",
        "pays {} for {} m, for which the fee is {}: each such delivery {}loses money; mend one of them",
        paid.total.minor, tariff_.base_up_to.value, charged.total.minor,
        sure ? "" : "to which no other rule applies ");
  }

  // Whether the distance alone decides what the rule adds.
  static bool by_distance_alone(const Surcharge& rule) {
    Condition when = rule.when;
    when.measures[static_cast<std::size_t>(Measure::kDistanceM)].reset();
    return always(when) && !rule.may_opt_out && (!rule.per || rule.per->measure == Measure::kDistanceM);
  }

  bool has_other_rules() const {
    return !std::ranges::all_of(tariff_.surcharges, by_distance_alone) ||
           !std::ranges::all_of(tariff_.promotions, by_distance_alone);
  }

  // The fee of `distance` where no rule applies but those of which that is sure.
  bool price_plainly(Fee& fee, base::Metres distance) const {
    Tariff plain = tariff_;
    const auto unsure = [](const Surcharge& rule) { return !by_distance_alone(rule); };
    std::erase_if(plain.surcharges, unsure);
    std::erase_if(plain.promotions, unsure);
    plain.needs.clear();
    plain.zones.clear();  // asked for by none of the rules that are left
    FeeContext context;
    context.at = tariff_.valid_from;
    return Plan(plain).evaluate({distance, {}, {}}, context, fee).has_value();
  }

  void lint_vat() {
    constexpr std::int64_t kLeast = 10'000, kMost = 500'000;  // 1 % and 50 %
    if (!tariff_.vat || tariff_.vat->rate_ppm == 0) return;
    const auto ppm = tariff_.vat->rate_ppm;
    if (ppm < kLeast || ppm > kMost)
      add("/vat/rate_ppm",
          "is {} parts per million, which is {:.4g} %; 100000 is 10 %: mend it, unless that is meant", ppm,
          static_cast<double>(ppm) / 10'000);
  }

  // Base and steps of a distance, without any rule.
  Money distance_price(base::Metres distance) const {
    Money sum = tariff_.base_price;
    for (std::size_t i = 0; i < tariff_.steps.size(); ++i) {
      const auto& step = tariff_.steps[i];
      const auto end =
          i + 1 < tariff_.steps.size() ? std::min(distance, tariff_.steps[i + 1].beyond) : distance;
      const auto metres = (end - step.beyond).value;
      if (metres <= 0) break;
      if (step.pro_rata) {
        sum = sum + scaled(step.price, metres, step.length.value, *step.pro_rata).value_or(Money{});
        continue;
      }
      const auto lengths = (metres + step.length.value - 1) / step.length.value;
      sum = sum + Money{lengths * step.price.minor};  // at most 10^9 of each of at most 20,000 lengths
    }
    return sum;
  }

  // The most that a rate stands on here; nothing where that hangs on other rules.
  std::optional<Money> most_to_rate(const Surcharge& rule) const {
    if (rule.on == RateBase::kWithSurcharges || tariff_.route) return std::nullopt;
    const bool with_steps = rule.on == RateBase::kBaseAndDistance;
    const auto price_of = [&](base::Metres distance) {
      return with_steps ? distance_price(distance) : tariff_.base_price;
    };
    Money most;
    if (!tariff_.table)
      most = price_of(kFar);
    else
      for (const auto& entry : tariff_.table->entries)
        most = std::max(most, entry.price.value_or(price_of(entry.distance.value_or(base::Metres{}))));
    if (!with_steps || !tariff_.distance_rounding) return most;
    return scaled(most, 1, 1, *tariff_.distance_rounding);
  }

  void lint_rate(const std::string& where, const Surcharge& rule) {
    if (rule.rate_ppm == 0 || nothing_to_rate(rule)) return;
    const auto most = most_to_rate(rule);
    if (!most) return;
    const auto amount = scaled(*most, rule.rate_ppm, 1'000'000, rule.rounding);
    if (amount && *amount == Money{})
      add(where + "/rate_ppm",
          "always rounds to nothing: of {} (the most up to {} km) it is less than the rounding's unit keeps; "
          "mend rate or rounding",
          most->minor, kFar.value / 1000);
  }

  // Dates none of which falls on one of the weekdays.
  static bool never_meet(const Condition& when) {
    if (when.dates.empty() || when.weekdays == 0) return false;
    for (const auto& range : when.dates) {
      const auto last = std::min(range.to, range.from + std::chrono::days{6});
      for (auto day = range.from; day <= last; day += std::chrono::days{1})
        if ((when.weekdays >> std::chrono::weekday{day}.c_encoding() & 1U) != 0) return false;
    }
    return true;
  }

  // All rules that may ask for zones, lists and holidays.
  std::vector<const std::vector<Surcharge>*> rule_lists() const {
    std::vector<const std::vector<Surcharge>*> lists = {&tariff_.surcharges, &tariff_.promotions};
    if (tariff_.rider_pay) {
      lists.push_back(&tariff_.rider_pay->surcharges);
      lists.push_back(&tariff_.rider_pay->promotions);
    }
    return lists;
  }

  void lint_steps() {
    const auto& steps = tariff_.steps;
    const bool priced_by_metres =
        !tariff_.table ||
        std::ranges::any_of(tariff_.table->entries, [](const auto& e) { return e.distance.has_value(); });
    if (!priced_by_metres) return;
    if (steps.empty()) {
      add("/steps",
          "there are none, so any distance beyond {} m costs the base price; add steps or a maximum distance",
          tariff_.base_up_to.value);
      return;
    }
    if (steps[0].beyond > tariff_.base_up_to) {
      add("/steps/0/beyond_m",
          "leaves a gap: from {} to {} m nothing is charged; begin at the end of the base distance",
          tariff_.base_up_to.value, steps[0].beyond.value);
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].price == Money{})
        add(fmt::format("/steps/{}/price", i),
            "is 0, so this stretch costs nothing; leave it only if that is meant");
      if (i + 1 == steps.size() || steps[i].pro_rata) continue;
      const auto stretch = (steps[i + 1].beyond - steps[i].beyond).value;
      if (stretch % steps[i].length.value != 0) {
        add(fmt::format("/steps/{}/length_m", i),
            "overlaps the next step: {} m are no whole number of {} m, and the last started length is "
            "charged whole before "
            "the next step begins; let the stretch be a multiple",
            stretch, steps[i].length.value);
      }
    }
  }

  static bool always(const Condition& when) {
    bool measured = false;
    for (const auto& range : when.measures) measured = measured || range.has_value();
    return !measured && when.weather.empty() && when.holiday.empty() && when.area.empty() &&
           when.complex.empty() && !when.bundle && when.time.empty() && when.weekdays == 0 &&
           when.dates.empty() && when.flags.empty() && when.building.empty() && when.building_list.empty() &&
           when.channel.empty() && when.pickup_zone.empty() && when.dropoff_zone.empty() &&
           !when.zones_differ && when.any_of.empty() && when.unless.empty();
  }

  sys_days local_day(base::WallTime time) const { return sys_days{tariff_.time_zone->local(time).date}; }

  void lint_condition(const std::string& where, const Condition& when) {
    if (!when.dates.empty()) {
      const sys_days first =
          local_day(tariff_.valid_from) - std::chrono::days{1};  // a night that began before
      const bool in_time = std::ranges::any_of(when.dates, [&](const DateRange& range) {
        return range.to >= first && (!tariff_.valid_until || range.from <= local_day(*tariff_.valid_until));
      });
      if (!in_time)
        add(where + "/dates",
            "lie outside the tariff's validity, so the rule can never fire; mend one of them");
    }
    if (never_meet(when))
      add(where + "/dates", "fall on none of its weekdays, so the rule can never fire; mend one of them");
    const auto distance = when.measures[static_cast<std::size_t>(Measure::kDistanceM)];
    if (distance && tariff_.table) {
      const bool met = std::ranges::any_of(tariff_.table->entries, [&](const TableEntry& entry) {
        return !entry.distance ||
               (entry.distance->value >= distance->low && entry.distance->value <= distance->high);
      });
      if (!met)
        add(where + "/distance_m",
            "holds for no entry of the zone table, so the rule can never fire; mend one of them");
    }
    const auto position = when.measures[static_cast<std::size_t>(Measure::kBundlePosition)];
    if (when.bundle == false && position && position->low > 1)
      add(where + "/bundle_position",
          "asks for a later order of a bundle while `bundle` is false, so the rule can never fire; leave one "
          "out");
    for (std::size_t i = 0; i < when.holiday.size(); ++i) {
      const auto& kind = when.holiday[i];
      if (!tariff_.holidays.empty() &&
          std::ranges::find(tariff_.holidays, kind, &Holiday::kind) == tariff_.holidays.end())
        add(fmt::format("{}/holiday/{}", where, i),
            "'{}' is no day of the calendar, so it holds only where a request says it; add its days", kind);
    }
    for (std::size_t i = 0; i < when.any_of.size(); ++i)
      lint_condition(fmt::format("{}/any_of/{}", where, i), when.any_of[i]);
    for (const auto& child : when.unless) lint_condition(where + "/not", child);
  }

  bool nothing_to_rate(const Surcharge& rule) const {
    const bool base_free =
        tariff_.base_price == Money{} &&
        (!tariff_.table || std::ranges::all_of(tariff_.table->entries, [](const auto& entry) {
          return entry.price.value_or(Money{}) == Money{};
        }));
    const bool steps_free =
        std::ranges::all_of(tariff_.steps, [](const auto& step) { return step.price == Money{}; });
    return base_free && (rule.on == RateBase::kBase || (rule.on == RateBase::kBaseAndDistance && steps_free));
  }

  void lint_rules(std::string_view list, const std::vector<Surcharge>& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Surcharge& rule = rules[i];
      const auto where = fmt::format("/{}/{}", list, i);
      if (rule.kind == SurchargeKind::kRate && nothing_to_rate(rule))
        add(where + "/rate_ppm",
            "is a rate on nothing: what it stands on is always 0; name a base price, or a FIXED amount");
      if (rule.kind == SurchargeKind::kRate && rule.rate_ppm == 0)
        add(where + "/rate_ppm", "is 0, so the rule does nothing; leave it out");
      if (rule.kind == SurchargeKind::kRate && rule.rate_ppm < 0)
        add(where + "/rate_ppm",
            "is below 0, so a longer distance can make the fee grow less, or fall; leave it only if that is "
            "meant");
      if (rule.kind == SurchargeKind::kFixed && rule.amount == Money{})
        add(where + "/amount", "is 0, so the rule does nothing; leave it out");
      if (rule.kind == SurchargeKind::kRate) lint_rate(where, rule);
      if (list == "surcharges" && rule.kind == SurchargeKind::kFixed && rule.amount < Money{})
        add(where + "/amount",
            "is below 0; what is taken off belongs into `promotions`, which come after caps and surcharges");
      if (list == "promotions") lint_promotion(where, rule);
      if (rule.maximum == Money{}) add(where + "/maximum", "is 0, so the rule does nothing; leave it out");
      lint_condition(where + "/when", rule.when);
      lint_rank(list, rules, i);
    }
  }

  void lint_promotion(const std::string& where, const Surcharge& rule) {
    if (tariff_.table || tariff_.base_price == Money{} || tariff_.promotion_maximum) return;
    const bool too_much =
        !rule.maximum &&
        (rule.kind == SurchargeKind::kFixed ? rule.amount > tariff_.base_price
                                            : rule.kind == SurchargeKind::kRate && rule.rate_ppm > kWhole);
    if (too_much)
      add(where + (rule.kind == SurchargeKind::kFixed ? "/amount" : "/rate_ppm"),
          "takes off more than the base price of {}, so that near deliveries cost the minimum; mend it, "
          "unless "
          "that is meant",
          tariff_.base_price.minor);
  }

  // In a group that picks the highest, a fixed amount below one that always applies is never charged.
  void lint_rank(std::string_view list, const std::vector<Surcharge>& rules, std::size_t at) {
    const Surcharge& rule = rules[at];
    const auto group = std::ranges::find(tariff_.groups, rule.group, &Group::name);
    if (group == tariff_.groups.end() || rule.kind != SurchargeKind::kFixed || rule.per) return;
    for (const Surcharge& other : rules) {
      if (&other == &rule || other.group != rule.group || other.kind != SurchargeKind::kFixed || other.per ||
          other.may_opt_out || !always(other.when))
        continue;
      const bool beaten = (group->pick == Pick::kHighest && other.amount > rule.amount) ||
                          (group->pick == Pick::kLowest && other.amount < rule.amount) ||
                          (group->pick == Pick::kPriority && other.priority > rule.priority);
      if (!beaten) continue;
      add(fmt::format("/{}/{}", list, at),
          "can never be charged: '{}' of its group always applies and goes before it; mend one of them",
          other.rule);
      return;
    }
  }

  void lint_groups() {
    for (std::size_t i = 0; i < tariff_.groups.size(); ++i) {
      const auto& name = tariff_.groups[i].name;
      const auto members = std::ranges::count(tariff_.surcharges, name, &Surcharge::group) +
                           std::ranges::count(tariff_.promotions, name, &Surcharge::group);
      if (members == 0) add(fmt::format("/groups/{}", i), "'{}' has no rule; leave it out", name);
      if (members == 1 && !tariff_.groups[i].maximum)
        add(fmt::format("/groups/{}", i), "'{}' has one rule, so it excludes nothing; leave it out", name);
    }
  }

  void lint_bounds() {
    if (tariff_.rounding && tariff_.maximum && tariff_.maximum->minor % tariff_.rounding->unit != 0)
      add("/maximum", "is no multiple of the rounding's unit {}, so a fee can end beside it; take a multiple",
          tariff_.rounding->unit);
    if (tariff_.rounding && tariff_.minimum && tariff_.minimum->minor % tariff_.rounding->unit != 0)
      add("/minimum", "is no multiple of the rounding's unit {}, so a fee can end below it; take a multiple",
          tariff_.rounding->unit);
    if (tariff_.maximum && !tariff_.table && tariff_.base_price > *tariff_.maximum)
      add("/maximum", "is below the base price, so every fee is the maximum; mend one of them");
  }

  bool asks_for_holidays() const {
    bool asks = false;
    for (const auto* rules : rule_lists())
      for (const auto& rule : *rules)
        each_condition(rule.when, [&](const Condition& when) { asks = asks || !when.holiday.empty(); });
    return asks;
  }

  void lint_calendar() {
    for (std::size_t i = 0; i < tariff_.holidays.size(); ++i) {
      const auto day = tariff_.holidays[i].date;
      if (day < local_day(tariff_.valid_from) - std::chrono::days{1} ||
          (tariff_.valid_until && day > local_day(*tariff_.valid_until)))
        add("/holidays", "{} lies outside the tariff's validity; leave it out", date_text(day));
    }
    if (tariff_.holidays.empty() || !asks_for_holidays()) return;
    const auto year_of = [](sys_days day) {
      return static_cast<int>(std::chrono::year_month_day{day}.year());
    };
    const int first = year_of(local_day(tariff_.valid_from));
    const int last_in_calendar = year_of(tariff_.holidays.back().date);
    const int last = tariff_.valid_until
                         ? year_of(local_day(*tariff_.valid_until - std::chrono::microseconds{1}))
                         : last_in_calendar;
    for (int year = first; year <= last && year < first + 100; ++year) {
      if (std::ranges::none_of(tariff_.holidays,
                               [&](const Holiday& holiday) { return year_of(holiday.date) == year; }))
        add("/holidays", "has no day in {}, though the tariff is valid then; add that year's days", year);
    }
    if (!tariff_.valid_until)
      add("/holidays", "ends in {}, but the tariff has no end; add days in time, or name `valid_until`",
          last_in_calendar);
  }

  void lint_unused() {
    std::set<std::string> zones, lists, layers;
    for (const auto* rules : rule_lists()) {
      for (const auto& rule : *rules) {
        each_condition(rule.when, [&](const Condition& when) {
          zones.insert(when.pickup_zone.begin(), when.pickup_zone.end());
          zones.insert(when.dropoff_zone.begin(), when.dropoff_zone.end());
          lists.insert(when.building_list.begin(), when.building_list.end());
          if (when.zones_differ) layers.insert(*when.zones_differ);
        });
      }
    }
    if (tariff_.table) layers.insert(tariff_.table->layer);
    for (const auto& zone : tariff_.zones)
      if (!zones.contains(zone.name) && !layers.contains(zone.layer))
        add("/zones", "'{}' is asked for by no rule; leave it out", zone.name);
    for (const auto& list : tariff_.building_lists)
      if (!lists.contains(list.name))
        add("/building_lists", "'{}' is asked for by no rule; leave it out", list.name);
  }

  const Tariff& tariff_;
  std::vector<Remark> remarks_;
};

}  // namespace

std::vector<Remark> lint(const Tariff& tariff) {
  return Linter(tariff).run();
}

}  // namespace reckon::fee

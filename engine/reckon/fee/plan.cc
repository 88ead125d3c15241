#include "reckon/fee/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "reckon/fee/situation.h"

namespace reckon::fee {
namespace {

__extension__ using Wide = __int128;

using base::ErrorCode;

}  // namespace

// One evaluation: the situation that it is about, and the sums so far.
class Evaluation {
 public:
  Evaluation(const Plan& plan, const Delivery& delivery, const FeeContext& context, Fee& fee)
      : plan_(plan), context_(context), situation_(plan, delivery, context), fee_(fee) {}

  base::Result<void> run() {
    fee_.lines.clear();
    fee_.applied.clear();
    fee_.vat.reset();
    fee_.distance = situation_.distance();
    if (auto sound = situation_.resolve(); !sound) return sound;
    if (auto based = add_base(); !based) return based;
    round_stage(plan_.distance_rounding_, LineKind::kDistanceRounding);
    base_and_distance_ = total_;
    add_surcharges();
    add_promotions();
    add_bounds_and_rounding();
    if (context_.outcome && !overflow_)
      if (auto known = add_outcome(*context_.outcome); !known) return known;
    if (plan_.vat_) fee_.vat = Money{portion(total_, plan_.vat_->rate_ppm, 1'000'000, plan_.vat_->rounding)};
    if (overflow_) {
      return base::fail(
          ErrorCode::kLimit, "fee",
          fmt::format("tariff '{}' version {} gives an amount beyond 64 bits of minor units; allowed: "
                      "smaller amounts and rates",
                      plan_.id_, plan_.version_));
    }
    fee_.total = {static_cast<std::int64_t>(total_)};
    return {};
  }

 private:
  using Rule = Plan::Rule;

  bool fits(Wide amount) {
    if (amount >= std::numeric_limits<std::int64_t>::min() &&
        amount <= std::numeric_limits<std::int64_t>::max())
      return true;
    overflow_ = true;
    return false;
  }

  void add_line(LineKind kind, std::uint32_t index, std::int64_t count, Wide amount) {
    total_ += amount;
    if (!fits(amount) || !fits(total_)) return;
    fee_.lines.push_back({kind, index, count, {static_cast<std::int64_t>(amount)}});
  }

  // Amount x numerator / denominator; 0 with the overflow noted when it does not fit.
  std::int64_t portion(Wide amount, std::int64_t numerator, std::int64_t denominator,
                       const Rounding& rounding) {
    if (!fits(amount)) return 0;
    const auto result = scaled({static_cast<std::int64_t>(amount)}, numerator, denominator, rounding);
    overflow_ = overflow_ || !result;
    return result ? result->minor : 0;
  }

  void round_stage(const std::optional<Rounding>& rounding, LineKind kind) {
    if (!rounding) return;
    const Wide rounded = portion(total_, 1, 1, *rounding);
    if (rounded != total_) add_line(kind, 0, 0, rounded - total_);
  }

  base::Result<void> add_base() {
    if (context_.route) return add_route();
    if (plan_.has_table_) {
      const Plan::Cell* cell = plan_.cell_of(situation_.pickup(), situation_.dropoff());
      if (cell == nullptr) return plan_.no_cell(situation_.pickup(), situation_.dropoff());
      if (cell->price >= 0) {
        base_ = cell->price;
        add_line(LineKind::kTable, cell->entry, 0, cell->price);
        return {};
      }
      fee_.distance = {cell->metres};
      situation_.set_distance(fee_.distance);
    }
    base_ = plan_.base_price_.minor;
    add_line(LineKind::kBase, 0, 0, base_);
    add_steps();
    return {};
  }

  // This order's part of what the whole route costs.
  base::Result<void> add_route() {
    if (!plan_.route_)
      return base::fail(
          ErrorCode::kInvalidInput, "context/route",
          fmt::format("is given, but tariff '{}' has no route pricing; leave it out", plan_.id_));
    const RoutePricing& pricing = *plan_.route_;
    const RoutePart& route = *context_.route;
    const auto further =
        portion(pricing.pickup.minor, pricing.further_pickup_ppm, 1'000'000, pricing.rounding);
    add_part(LineKind::kPickup, route.pickups, pricing.pickup.minor + Wide{further} * (route.pickups - 1),
             LegShare::kEqual);
    add_line(LineKind::kDrop, 0, 1, pricing.drop.minor);
    const std::int64_t extra = std::max<std::int64_t>(0, situation_.reading(Measure::kStops).value_or(1) - 1);
    if (extra > 0) add_line(LineKind::kExtraStop, 0, extra, Wide{extra} * pricing.extra_stop.minor);
    base_ = total_;
    Wide legs = 0;
    each_step(pricing.legs, route.total, [&](std::uint32_t, std::int64_t, Wide amount) { legs += amount; });
    add_part(LineKind::kLegs, route.total.value, legs, pricing.share);
    return {};
  }

  void add_part(LineKind kind, std::int64_t count, Wide whole, LegShare by) {
    const auto& direct = context_.route->direct_m;
    const std::size_t remainder_to = plan_.route_->remainder_to_last ? direct.size() - 1 : 0;
    const auto part =
        fits(whole) ? part_of_route({static_cast<std::int64_t>(whole)}, *context_.route, by, remainder_to)
                    : std::nullopt;
    overflow_ = overflow_ || !part;
    if (part) add_line(kind, 0, count, part->minor);
  }

  void add_steps() {
    each_step(plan_.steps_, fee_.distance, [this](std::uint32_t i, std::int64_t count, Wide amount) {
      add_line(LineKind::kStep, i, count, amount);
    });
  }

  // Calls `visit(step, started lengths or metres, amount)` for each step that `distance` reaches.
  template <class Visit>
  void each_step(const std::vector<DistanceStep>& steps, base::Metres distance, Visit&& visit) {
    for (std::uint32_t i = 0; i < steps.size() && distance > steps[i].beyond; ++i) {
      const base::Metres end = i + 1 < steps.size() ? std::min(distance, steps[i + 1].beyond) : distance;
      const std::int64_t past = (end - steps[i].beyond).value, length = steps[i].length.value;
      if (steps[i].pro_rata) {
        visit(i, past, Wide{portion(steps[i].price.minor, past, length, *steps[i].pro_rata)});
      } else {
        const std::int64_t count = (past + length - 1) / length;
        visit(i, count, Wide{count} * steps[i].price.minor);
      }
    }
  }

  bool applies(const Rule& rule) const {
    if (rule.may_opt_out) {
      for (const auto& name : context_.opt_outs)
        if (name == plan_.names_[rule.opt_out_name]) return false;
    }
    return situation_.all_hold(rule.test_begin, rule.test_end);
  }

  Wide rate_base(const Rule& rule) const {
    switch (rule.on) {
      case RateBase::kBase:
        return base_;
      case RateBase::kBaseAndDistance:
        return base_and_distance_;
      case RateBase::kWithSurcharges:
        return before_;
    }
    return 0;
  }

  // The rule's amount and started units; nothing where `per` has none.
  std::optional<Fee::Applied> amount_of(std::uint32_t index, const Rule& rule) {
    Fee::Applied applied{index, 0, {}, false};
    Wide amount = rule.amount;
    if (rule.kind == SurchargeKind::kRate) {
      amount = portion(rate_base(rule), rule.rate_ppm, 1'000'000, rule.rounding);
    } else if (rule.kind == SurchargeKind::kNone) {
      amount = 0;
    } else if (rule.has_per) {
      const auto value = situation_.reading(rule.per.measure);
      if (!value || *value <= rule.per.beyond) return std::nullopt;
      applied.count = (*value - rule.per.beyond + rule.per.each - 1) / rule.per.each;
      amount = Wide{rule.amount} * applied.count;
    }
    if (rule.maximum >= 0) amount = std::min<Wide>(amount, rule.maximum);
    applied.amount.minor = fits(amount) ? static_cast<std::int64_t>(amount) : 0;
    return applied;
  }

  bool better(const std::vector<Rule>& rules, const Fee::Applied& one, const Fee::Applied& other,
              Pick pick) const {
    const Rule& a = rules[one.index];
    const Rule& b = rules[other.index];
    if (pick == Pick::kPriority && a.priority != b.priority) return a.priority > b.priority;
    if (one.amount != other.amount)
      return pick == Pick::kLowest ? one.amount < other.amount : one.amount > other.amount;
    return a.name_rank < b.name_rank;
  }

  // Keeps one rule of each exclusive group.
  void pick(const std::vector<Rule>& rules) {
    if (plan_.groups_.empty()) return;
    std::array<std::int32_t, kMaxGroups> best;
    best.fill(-1);
    for (std::size_t i = 0; i < fee_.applied.size(); ++i) {
      auto& applied = fee_.applied[i];
      const std::int32_t group = rules[applied.index].group;
      if (group < 0 || plan_.groups_[static_cast<std::size_t>(group)].pick == Pick::kAll) continue;
      auto& leader = best[static_cast<std::size_t>(group)];
      if (leader < 0) {
        leader = static_cast<std::int32_t>(i);
        continue;
      }
      auto& held = fee_.applied[static_cast<std::size_t>(leader)];
      if (better(rules, applied, held, plan_.groups_[static_cast<std::size_t>(group)].pick)) {
        held.dropped = true;
        leader = static_cast<std::int32_t>(i);
      } else {
        applied.dropped = true;
      }
    }
  }

  // Lines of the picked rules and of the caps of their groups; `sign` is -1 for promotions.
  void add_picked(const std::vector<Rule>& rules, LineKind kind, int sign) {
    std::array<Wide, kMaxGroups> sums{};
    for (const auto& applied : fee_.applied) {
      if (applied.dropped) continue;
      add_line(kind, applied.index, applied.count, Wide{sign} * applied.amount.minor);
      const std::int32_t group = rules[applied.index].group;
      if (group >= 0) sums[static_cast<std::size_t>(group)] += applied.amount.minor;
    }
    for (std::uint32_t g = 0; g < plan_.groups_.size(); ++g) {
      const auto& maximum = plan_.groups_[g].maximum;
      if (maximum && sums[g] > maximum->minor)
        add_line(LineKind::kGroupMaximum, g, 0, sign * (maximum->minor - sums[g]));
    }
  }

  void collect(const std::vector<Rule>& rules, bool compounding) {
    fee_.applied.clear();
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
      if ((rules[i].on == RateBase::kWithSurcharges) != compounding || !applies(rules[i])) continue;
      if (const auto applied = amount_of(i, rules[i])) fee_.applied.push_back(*applied);
    }
  }

  void add_surcharges() {
    if (!plan_.surcharges_.empty()) {
      collect(plan_.surcharges_, false);
      pick(plan_.surcharges_);
      add_picked(plan_.surcharges_, LineKind::kSurcharge, 1);
      if (plan_.compounds_) {
        before_ = total_;
        collect(plan_.surcharges_, true);
        add_picked(plan_.surcharges_, LineKind::kSurcharge, 1);
      }
      cap(plan_.surcharge_maximum_, total_ - base_and_distance_, LineKind::kSurchargeMaximum, 1);
    }
    round_stage(plan_.surcharge_rounding_, LineKind::kSurchargeRounding);
  }

  void add_promotions() {
    if (plan_.promotions_.empty()) return;
    before_ = total_;
    fee_.applied.clear();
    for (std::uint32_t i = 0; i < plan_.promotions_.size(); ++i) {
      if (!applies(plan_.promotions_[i])) continue;
      if (const auto applied = amount_of(i, plan_.promotions_[i])) fee_.applied.push_back(*applied);
    }
    pick(plan_.promotions_);
    add_picked(plan_.promotions_, LineKind::kPromotion, -1);
    cap(plan_.promotion_maximum_, before_ - total_, LineKind::kPromotionMaximum, -1);
  }

  void cap(const std::optional<Money>& maximum, Wide sum, LineKind kind, int sign) {
    if (maximum && sum > maximum->minor) add_line(kind, 0, 0, sign * (maximum->minor - sum));
  }

  void add_bounds_and_rounding() {
    // No tariff pays the shop: promotions end at nothing unless a minimum says otherwise.
    const std::int64_t least = plan_.minimum_.value_or(Money{}).minor;
    if (total_ < least) add_line(LineKind::kMinimum, 0, 0, least - total_);
    if (plan_.maximum_ && total_ > plan_.maximum_->minor)
      add_line(LineKind::kMaximum, 0, 0, plan_.maximum_->minor - total_);
    round_stage(plan_.rounding_, LineKind::kRounding);
  }

  // Cancelled: what is due in place of the fee; returned: what is due on top of it.
  base::Result<void> add_outcome(const Outcome& outcome) {
    const bool cancelled = outcome.ending == Ending::kCancelled;
    const auto& fees = cancelled ? plan_.cancellation_ : plan_.returns_;
    const auto found = std::ranges::find(fees, outcome.state, &OutcomeFee::state);
    if (found == fees.end())
      return base::fail(
          ErrorCode::kInvalidInput, "context/outcome",
          fmt::format("tariff '{}' says nothing of orders that are {} when {}; allowed: a state of its "
                      "`{}`",
                      plan_.id_, kEndingNames[cancelled ? 0 : 1],
                      kOrderStateNames[static_cast<std::size_t>(outcome.state)],
                      cancelled ? "cancellation" : "returns"));
    const Wide due = found->amount ? Wide{found->amount->minor}
                                   : Wide{portion(total_, found->rate_ppm, 1'000'000, found->rounding)};
    add_line(cancelled ? LineKind::kCancellation : LineKind::kReturn,
             static_cast<std::uint32_t>(found - fees.begin()), 0, cancelled ? due - total_ : due);
    return {};
  }

  const Plan& plan_;
  const FeeContext& context_;
  Situation situation_;
  Fee& fee_;
  Wide total_ = 0, base_ = 0, base_and_distance_ = 0;
  Wide before_ = 0;  // what compounding surcharges and promotions stand on
  bool overflow_ = false;
};

base::Result<void> Plan::evaluate(const Delivery& delivery, const FeeContext& context, Fee& fee) const {
  return Evaluation(*this, delivery, context, fee).run();
}

const Plan::Cell* Plan::cell_of(const ZonesHere& from, const ZonesHere& to) const {
  const std::uint64_t zones = (std::uint64_t{from.of_layer[table_layer_]} << 32) | to.of_layer[table_layer_];
  const auto found = std::ranges::lower_bound(table_, zones, {}, &Cell::zones);
  return found != table_.end() && found->zones == zones ? &*found : nullptr;
}

tl::unexpected<base::Error> Plan::no_cell(const ZonesHere& from, const ZonesHere& to) const {
  const auto name = [&](const ZonesHere& here) {
    const std::uint32_t zone = here.of_layer[table_layer_];
    return zone == kNoZone ? std::string("no zone") : fmt::format("zone '{}'", zones_.name_of(zone));
  };
  return base::fail(
      ErrorCode::kInvalidInput, "trip",
      fmt::format("goes from {} to {}, for which the table of tariff '{}' has no entry; allowed: trips "
                  "between zones of its table",
                  name(from), name(to), id_));
}

base::Result<std::optional<base::Metres>> Plan::table_distance(geo::PointE7 from, geo::PointE7 to) const {
  const auto here = zones_.at(from), there = zones_.at(to);
  const Cell* cell = cell_of(here, there);
  if (cell == nullptr) return no_cell(here, there);
  if (cell->metres < 0) return std::optional<base::Metres>{};
  return std::optional(base::Metres{cell->metres});
}

}  // namespace reckon::fee

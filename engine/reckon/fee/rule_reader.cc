#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "reckon/fee/read_parts.h"
#include "reckon/fee/tariff_parts.h"

namespace reckon::fee {
namespace {

using base::JsonNode;

// A key that belongs to another kind of rule.
void refuse(const JsonNode& node, std::string_view key, bool allowed, std::string_view belongs) {
  if (!allowed && node.optional(key).present())
    node.optional(key).fault(fmt::format("belongs to {} only; leave it out", belongs));
}

std::optional<PerUnit> read_per(const JsonNode& node) {
  if (!node.present()) return std::nullopt;
  node.allow_only({"measure", "beyond", "each"});
  PerUnit per;
  const auto measure_node = node.required("measure");
  const auto name = measure_node.string(64);
  const auto measure = name ? measure_from(*name) : std::nullopt;
  if (!measure) {
    if (name)
      measure_node.fault(fmt::format("'{}' is not known; allowed: a measure, such as weight_g", *name));
    return per;
  }
  per.measure = *measure;
  per.beyond = read_reading(*measure, node.required("beyond")).value_or(0);
  const auto each = read_reading(*measure, node.required("each"));
  if (each && *each <= 0) node.optional("each").fault("is not above 0; a length to count by is needed");
  per.each = std::max<std::int64_t>(1, each.value_or(1));
  return per;
}

void read_amount_of(const JsonNode& node, Surcharge& rule, bool promotion) {
  const bool fixed = rule.kind == SurchargeKind::kFixed, rate = rule.kind == SurchargeKind::kRate;
  if (fixed) rule.amount = read_amount(node.required("amount"), promotion ? 0 : -kMaxAmountMinor);
  if (rate) {
    const std::int64_t least = promotion ? 0 : -kMaxRatePpm, most = promotion ? 1'000'000 : kMaxRatePpm;
    rule.rate_ppm = node.required("rate_ppm").integer(least, most).value_or(0);
    rule.rounding = read_rounding(node.required("rounding"));
    if (const auto on = node.optional("on"); on.present())
      rule.on = static_cast<RateBase>(read_choice(on, kRateBaseNames));
  }
  rule.per = read_per(node.optional("per"));
  rule.maximum = read_optional_amount(node.optional("maximum"));
  refuse(node, "amount", fixed, "FIXED");
  refuse(node, "per", fixed, "FIXED");
  refuse(node, "rate_ppm", rate, "RATE");
  refuse(node, "rounding", rate, "RATE");
  refuse(node, "on", rate, "RATE");
  refuse(node, "maximum", rate || node.optional("per").present(), "RATE, and to FIXED with `per`,");
}

Surcharge read_rule(const JsonNode& node, bool promotion) {
  Surcharge rule;
  if (promotion) {
    node.allow_only({"rule", "kind", "amount", "rate_ppm", "rounding", "on", "per", "maximum", "group",
                     "priority", "may_opt_out", "when", "text", "text_ko"});
  } else {
    node.allow_only({"rule", "type", "kind", "amount", "rate_ppm", "rounding", "on", "per", "maximum",
                     "group", "priority", "may_opt_out", "when", "text", "text_ko"});
  }
  rule.rule = read_name(node.required("rule"));
  rule.type = promotion ? SurchargeType::kPromotion
                        : static_cast<SurchargeType>(read_choice(node.required("type"), kSurchargeTypeNames));
  const auto kind = node.required("kind");
  rule.kind = static_cast<SurchargeKind>(read_choice(kind, kSurchargeKindNames));
  if (promotion && rule.kind == SurchargeKind::kNone)
    kind.fault("is NONE, but what is promised must be known; allowed: FIXED, RATE");
  read_amount_of(node, rule, promotion);
  if (const auto group = node.optional("group"); group.present()) rule.group = read_name(group);
  rule.priority = node.optional("priority").integer(-1'000'000, 1'000'000).value_or(0);
  rule.may_opt_out = node.optional("may_opt_out").boolean().value_or(false);
  rule.when = read_condition(node.optional("when"));
  rule.text = node.required("text").string(kMaxTextBytes).value_or("");
  if (const auto text = node.optional("text_ko").string(kMaxTextBytes)) rule.text_ko = std::string(*text);
  if (!promotion && rule.on == RateBase::kWithSurcharges && !rule.group.empty())
    node.optional("group").fault(
        "cannot hold a rule that stands on the other surcharges; leave one of them out");
  return rule;
}

std::vector<Group> read_groups(const JsonNode& node) {
  std::vector<Group> groups;
  std::set<std::string> names;
  for (const auto& item : node.items(kMaxGroups)) {
    item.allow_only({"group", "pick", "maximum", "text"});
    Group group;
    group.name = read_name(item.required("group"));
    group.pick = static_cast<Pick>(read_choice(item.required("pick"), kPickNames));
    group.maximum = read_optional_amount(item.optional("maximum"));
    item.optional("text").string(kMaxTextBytes);
    if (!group.name.empty() && !names.insert(group.name).second)
      item.optional("group").fault(
          fmt::format("'{}' is taken; each group needs a name of its own", group.name));
    const auto pick = item.optional("pick");
    if (!group.maximum && pick.is_string() && pick.string() == "all")
      item.fault("picks all and caps nothing, so it does nothing; allowed: another pick, or a maximum");
    groups.push_back(std::move(group));
  }
  return groups;
}

using RuleNames = std::set<std::string>;

std::vector<Surcharge> read_list(const JsonNode& node, bool promotion, RuleNames& taken) {
  std::vector<Surcharge> rules;
  for (const auto& item : node.items(kMaxSurcharges)) {
    rules.push_back(read_rule(item, promotion));
    const auto& name = rules.back().rule;
    if (!taken.insert(name).second)
      item.optional("rule").fault(fmt::format("'{}' is taken; each rule needs a name of its own", name));
  }
  return rules;
}

// Groups are declared, hold one kind of rule, and priorities stand where they decide.
void check_groups(const JsonNode& root, const Tariff& tariff) {
  const auto check = [&](std::string_view key, const std::vector<Surcharge>& rules,
                         const std::vector<Surcharge>& others) {
    if (rules.empty()) return;
    const auto items = root.optional(key).items(kMaxSurcharges);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto& name = rules[i].group;
      const auto group = std::ranges::find(tariff.groups, name, &Group::name);
      const auto node = items[i].optional("group");
      if (!name.empty() && group == tariff.groups.end())
        node.fault(fmt::format("'{}' is not declared; allowed: a group of `groups`", name));
      if (!name.empty() && key == "promotions" &&
          std::ranges::find(others, name, &Surcharge::group) != others.end())
        node.fault(
            fmt::format("'{}' holds surcharges as well; a group holds surcharges or promotions", name));
      const bool decides = group != tariff.groups.end() && group->pick == Pick::kPriority;
      if (items[i].optional("priority").present() && !decides)
        items[i]
            .optional("priority")
            .fault("decides nothing; it belongs to rules of a group that picks by priority");
    }
  };
  check("surcharges", tariff.surcharges, tariff.promotions);
  check("promotions", tariff.promotions, tariff.surcharges);
}

}  // namespace

void read_rules(const JsonNode& root, Tariff& tariff) {
  tariff.groups = read_groups(root.optional("groups"));
  RuleNames taken = {"base", "minimum", "maximum", "rounding"};
  tariff.surcharges = read_list(root.optional("surcharges"), false, taken);
  tariff.promotions = read_list(root.optional("promotions"), true, taken);
  check_groups(root, tariff);
  tariff.surcharge_maximum = read_optional_amount(root.optional("surcharge_maximum"));
  tariff.promotion_maximum = read_optional_amount(root.optional("promotion_maximum"));
}

}  // namespace reckon::fee

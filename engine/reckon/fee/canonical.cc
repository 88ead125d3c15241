#include "reckon/base/json_writer.h"
#include "reckon/fee/read_parts.h"
#include "reckon/fee/tariff_parts.h"

namespace reckon::fee {
namespace {

using base::JsonWriter;

void write_optional(JsonWriter& json, std::string_view key, const std::optional<Money>& amount) {
  if (amount) json.key(key).integer(amount->minor);
}

void write_unit_and_mode(JsonWriter& json, const Rounding& rounding) {
  json.key("unit").integer(rounding.unit).key("mode").string(to_string(rounding.mode));
}

void write_per(JsonWriter& json, const PerUnit& per) {
  json.begin_object().key("measure").string(rule_of(per.measure).name);
  json.key("beyond").raw(reading_text(per.measure, per.beyond));
  json.key("each").raw(reading_text(per.measure, per.each)).end_object();
}

void write_rule(JsonWriter& json, const Surcharge& rule, bool promotion) {
  json.begin_object().key("rule").string(rule.rule);
  if (!promotion) json.key("type").string(to_string(rule.type));
  json.key("kind").string(kSurchargeKindNames[static_cast<std::size_t>(rule.kind)]);
  if (rule.kind == SurchargeKind::kFixed) json.key("amount").integer(rule.amount.minor);
  if (rule.kind == SurchargeKind::kRate) {
    write_rounding(json.key("rate_ppm").integer(rule.rate_ppm).key("rounding"), rule.rounding);
    if (rule.on != RateBase::kBaseAndDistance)
      json.key("on").string(kRateBaseNames[static_cast<std::size_t>(rule.on)]);
  }
  if (rule.per) write_per(json.key("per"), *rule.per);
  write_optional(json, "maximum", rule.maximum);
  if (!rule.group.empty()) json.key("group").string(rule.group);
  if (rule.priority != 0) json.key("priority").integer(rule.priority);
  if (rule.may_opt_out) json.key("may_opt_out").boolean(true);
  write_condition(json.key("when"), rule.when);
  json.key("text").string(rule.text);
  if (rule.text_ko) json.key("text_ko").string(*rule.text_ko);
  json.end_object();
}

void write_rules(JsonWriter& json, const std::vector<Surcharge>& rules, bool promotion) {
  json.begin_array();
  for (const auto& rule : rules) write_rule(json, rule, promotion);
  json.end_array();
}

void write_groups(JsonWriter& json, const std::vector<Group>& groups) {
  json.begin_array();
  for (const auto& group : groups) {
    json.begin_object().key("group").string(group.name);
    json.key("pick").string(kPickNames[static_cast<std::size_t>(group.pick)]);
    write_optional(json, "maximum", group.maximum);
    json.end_object();
  }
  json.end_array();
}

void write_distance(JsonWriter& json, const Tariff& tariff) {
  json.begin_object().key("basis").string(to_string(tariff.basis));
  if (tariff.basis == DistanceBasis::kHaversine) json.key("formula").string("haversine-6371000");
  if (tariff.estimate != EstimateChoice::kLikely)
    json.key("estimate").string(kEstimateNames[static_cast<std::size_t>(tariff.estimate)]);
  if (tariff.table) {
    json.key("layer").string(tariff.table->layer).key("table").begin_array();
    for (const auto& entry : tariff.table->entries) {
      json.begin_object().key("from").string(entry.from).key("to").string(entry.to);
      if (entry.both_ways) json.key("both_ways").boolean(true);
      if (entry.distance) json.key("distance_m").integer(entry.distance->value);
      write_optional(json, "price", entry.price);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
}

void write_steps(JsonWriter& json, const std::vector<DistanceStep>& steps) {
  json.begin_array();
  for (const auto& step : steps) {
    json.begin_object().key("beyond_m").integer(step.beyond.value).key("length_m").integer(step.length.value);
    json.key("price").integer(step.price.minor);
    if (step.pro_rata) write_rounding(json.key("charge").string("pro_rata").key("rounding"), *step.pro_rata);
    json.end_object();
  }
  json.end_array();
}

void write_route(JsonWriter& json, const RoutePricing& route) {
  json.begin_object().key("pickup").integer(route.pickup.minor);
  write_rounding(json.key("further_pickup_ppm").integer(route.further_pickup_ppm).key("rounding"),
                 route.rounding);
  json.key("drop").integer(route.drop.minor).key("extra_stop").integer(route.extra_stop.minor);
  write_steps(json.key("legs"), route.legs);
  json.key("share").string(kLegShareNames[static_cast<std::size_t>(route.share)]);
  json.key("remainder_to").string(route.remainder_to_last ? "last" : "first").end_object();
}

void write_roundings(JsonWriter& json, const Tariff& tariff) {
  if (!tariff.distance_rounding && !tariff.surcharge_rounding) {
    if (!tariff.rounding) return;
    write_unit_and_mode(json.key("rounding").begin_object(), *tariff.rounding);
    json.end_object();
    return;
  }
  json.key("rounding").begin_array();
  const auto stage = [&json](std::string_view name, const std::optional<Rounding>& rounding) {
    if (!rounding) return;
    write_unit_and_mode(json.begin_object(), *rounding);
    json.key("stage").string(name).end_object();
  };
  stage("distance", tariff.distance_rounding);
  stage("surcharges", tariff.surcharge_rounding);
  stage("total", tariff.rounding);
  json.end_array();
}

void write_lists(JsonWriter& json, const Tariff& tariff) {
  if (!tariff.needs.empty()) {
    json.key("needs").begin_array();
    for (const auto measure : tariff.needs) json.string(rule_of(measure).name);
    json.end_array();
  }
  if (!tariff.zones.empty()) write_zones(json.key("zones"), tariff.zones);
  if (!tariff.holidays.empty()) {
    json.key("holidays").begin_array();
    for (const auto& holiday : tariff.holidays) {
      json.begin_object()
          .key("date")
          .string(date_text(holiday.date))
          .key("holiday")
          .string(holiday.kind)
          .end_object();
    }
    json.end_array();
  }
  if (!tariff.building_lists.empty()) {
    json.key("building_lists").begin_array();
    for (const auto& list : tariff.building_lists) {
      write_names(json.begin_object().key("list").string(list.name).key("buildings"), list.buildings);
      json.end_object();
    }
    json.end_array();
  }
}

void write_pricing(JsonWriter& json, const Tariff& tariff) {
  json.key("base").begin_object().key("price").integer(tariff.base_price.minor);
  json.key("up_to_m").integer(tariff.base_up_to.value).end_object();
  write_steps(json.key("steps"), tariff.steps);
  write_rules(json.key("surcharges"), tariff.surcharges, false);
  if (!tariff.promotions.empty()) write_rules(json.key("promotions"), tariff.promotions, true);
  if (!tariff.groups.empty()) write_groups(json.key("groups"), tariff.groups);
  write_optional(json, "surcharge_maximum", tariff.surcharge_maximum);
  write_optional(json, "promotion_maximum", tariff.promotion_maximum);
  write_optional(json, "minimum", tariff.minimum);
  write_optional(json, "maximum", tariff.maximum);
  write_roundings(json, tariff);
}

void write_ways(JsonWriter& json, const Tariff& tariff) {
  if (tariff.route) write_route(json.key("route"), *tariff.route);
  if (!tariff.cancellation.empty()) write_outcome_fees(json.key("cancellation"), tariff.cancellation);
  if (!tariff.returns.empty()) write_outcome_fees(json.key("returns"), tariff.returns);
}

}  // namespace

std::string canonical_json(const Tariff& tariff) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("id").string(tariff.id).key("version").integer(tariff.version);
  json.key("currency").string(tariff.currency.text()).key("time_zone").string(tariff.time_zone->name());
  if (tariff.scope) {
    json.key("scope").begin_object().key(kScopeKindNames[static_cast<std::size_t>(tariff.scope->kind)]);
    json.string(tariff.scope->name).end_object();
  }
  if (tariff.time_basis)
    json.key("time_basis").string(kTimeBasisNames[static_cast<std::size_t>(*tariff.time_basis)]);
  json.key("valid_from").string(base::format_rfc3339(tariff.valid_from));
  if (tariff.valid_until) json.key("valid_until").string(base::format_rfc3339(*tariff.valid_until));
  write_distance(json.key("distance"), tariff);
  write_pricing(json, tariff);
  json.key("vat");
  if (tariff.vat) {
    json.begin_object().key("rate_ppm").integer(tariff.vat->rate_ppm).key("rounding");
    write_rounding(json, tariff.vat->rounding);
    json.end_object();
  } else {
    json.null();
  }
  write_lists(json, tariff);
  write_ways(json, tariff);
  if (tariff.rider_pay) {
    write_pricing(json.key("rider_pay").begin_object(), *tariff.rider_pay);
    write_ways(json, *tariff.rider_pay);
    json.end_object();
  }
  json.end_object();
  return out;
}

}  // namespace reckon::fee

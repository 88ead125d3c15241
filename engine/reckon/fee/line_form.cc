#include "reckon/fee/line_form.h"

#include <fmt/format.h>

#include <algorithm>

#include "reckon/base/json_pen.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/price.h"

namespace reckon::fee {
namespace {

std::string_view state_name(const OutcomeFee& fee) {
  return kOrderStateNames[static_cast<std::size_t>(fee.state)];
}

}  // namespace

std::string rule_of(const Tariff& tariff, const FeeLine& line) {
  switch (line.kind) {
    case LineKind::kBase:
      return "base";
    case LineKind::kTable:
      return fmt::format("table/{}", line.index);
    case LineKind::kStep:
      return fmt::format("steps/{}", line.index);
    case LineKind::kDistanceRounding:
      return "rounding/distance";
    case LineKind::kSurcharge:
      return tariff.surcharges[line.index].rule;
    case LineKind::kGroupMaximum:
      return fmt::format("groups/{}", tariff.groups[line.index].name);
    case LineKind::kSurchargeMaximum:
      return "surcharges/maximum";
    case LineKind::kSurchargeRounding:
      return "rounding/surcharges";
    case LineKind::kPromotion:
      return tariff.promotions[line.index].rule;
    case LineKind::kPromotionMaximum:
      return "promotions/maximum";
    case LineKind::kMinimum:
      return "minimum";
    case LineKind::kMaximum:
      return "maximum";
    case LineKind::kRounding:
      return "rounding";
    case LineKind::kPickup:
      return "route/pickup";
    case LineKind::kDrop:
      return "route/drop";
    case LineKind::kExtraStop:
      return "route/extra_stop";
    case LineKind::kLegs:
      return "route/legs";
    case LineKind::kCancellation:
      return fmt::format("cancellation/{}", state_name(tariff.cancellation[line.index]));
    case LineKind::kReturn:
      return fmt::format("returns/{}", state_name(tariff.returns[line.index]));
  }
  return {};
}

std::string_view type_of(const Tariff& tariff, const FeeLine& line) {
  switch (line.kind) {
    case LineKind::kBase:
    case LineKind::kTable:
      return "BASE";
    case LineKind::kStep:
      return "DISTANCE";
    case LineKind::kSurcharge:
      return to_string(tariff.surcharges[line.index].type);
    case LineKind::kPromotion:
      return "PROMOTION";
    case LineKind::kGroupMaximum:
    case LineKind::kSurchargeMaximum:
    case LineKind::kPromotionMaximum:
      return "CAP";
    case LineKind::kMinimum:
      return "MINIMUM";
    case LineKind::kMaximum:
      return "MAXIMUM";
    case LineKind::kDistanceRounding:
    case LineKind::kSurchargeRounding:
    case LineKind::kRounding:
      return "ROUNDING";
    case LineKind::kPickup:
      return "PICKUP";
    case LineKind::kDrop:
      return "DROP";
    case LineKind::kExtraStop:
      return "STOP";
    case LineKind::kLegs:
      return "DISTANCE";
    case LineKind::kCancellation:
      return "CANCELLATION";
    case LineKind::kReturn:
      return "RETURN";
  }
  return {};
}

namespace {

LineWords step_words(const DistanceStep& step, std::string_view currency) {
  if (step.pro_rata) {
    const auto after =
        fmt::format(" m beyond {} m at {} {} for {} m, rounded {} to {}", step.beyond.value, step.price.minor,
                    currency, step.length.value, to_string(step.pro_rata->mode), step.pro_rata->unit);
    return {"", true, after, after};
  }
  const auto after = fmt::format(" of {} m beyond {} m at {} {}", step.length.value, step.beyond.value,
                                 step.price.minor, currency);
  return {"", true, " started step" + after, " started steps" + after};
}

LineWords rule_words(const Surcharge& rule, std::string_view currency) {
  if (!rule.per) return {rule.text};
  const auto after = fmt::format(" x {} {}", rule.amount.minor, currency);
  return {rule.text + ": ", true, after, after};
}

LineWords rounding_words(std::string_view what, const Rounding& rounding, std::string_view currency) {
  return {fmt::format("{}rounded {} to {} {}", what, to_string(rounding.mode), rounding.unit, currency)};
}

}  // namespace

LineWords line_words(const Tariff& tariff, LineKind kind, std::uint32_t index) {
  const auto currency = tariff.currency.text();
  switch (kind) {
    case LineKind::kBase:
      return {fmt::format("base fee up to {} m", tariff.base_up_to.value)};
    case LineKind::kTable: {
      const auto& entry = tariff.table->entries[index];
      return {fmt::format("price between the zones {} and {}", entry.from, entry.to)};
    }
    case LineKind::kStep:
      return step_words(tariff.steps[index], currency);
    case LineKind::kDistanceRounding:
      return rounding_words("base and distance ", *tariff.distance_rounding, currency);
    case LineKind::kSurcharge:
      return rule_words(tariff.surcharges[index], currency);
    case LineKind::kGroupMaximum: {
      const auto& group = tariff.groups[index];
      return {fmt::format("{} together at most {} {}", group.name, group.maximum->minor, currency)};
    }
    case LineKind::kSurchargeMaximum:
      return {
          fmt::format("all surcharges together at most {} {}", tariff.surcharge_maximum->minor, currency)};
    case LineKind::kSurchargeRounding:
      return rounding_words("fee with surcharges ", *tariff.surcharge_rounding, currency);
    case LineKind::kPromotion:
      return rule_words(tariff.promotions[index], currency);
    case LineKind::kPromotionMaximum:
      return {
          fmt::format("all promotions together at most {} {}", tariff.promotion_maximum->minor, currency)};
    case LineKind::kMinimum:
      return {
          fmt::format("raised to the minimum of {} {}", tariff.minimum.value_or(Money{}).minor, currency)};
    case LineKind::kMaximum:
      return {fmt::format("lowered to the maximum of {} {}", tariff.maximum->minor, currency)};
    case LineKind::kRounding:
      return rounding_words("", *tariff.rounding, currency);
    case LineKind::kPickup:
      return {"part of the route's ", true, " pickup", " pickups"};
    case LineKind::kDrop:
      return {"drop-off"};
    case LineKind::kExtraStop: {
      const auto after = fmt::format(" at {} {}", tariff.route->extra_stop.minor, currency);
      return {"", true, " further stop" + after, " further stops" + after};
    }
    case LineKind::kLegs:
      return {"part of the route's ", true, " m", " m"};
    case LineKind::kCancellation:
      return {tariff.cancellation[index].text};
    case LineKind::kReturn:
      return {tariff.returns[index].text};
  }
  return {};
}

std::string text_of(const Tariff& tariff, const FeeLine& line) {
  const auto words = line_words(tariff, line.kind, line.index);
  if (!words.counted) return words.before;
  return words.before + std::to_string(line.count) + (line.count == 1 ? words.after_one : words.after_many);
}

namespace {

// Rules of one kind, or 0 where the tariff can have no such line. Zone tables have up to 100,000 entries, of
// which few are ever met: their lines are made when they are written.
std::size_t rules_of(const Tariff& tariff, LineKind kind) {
  switch (kind) {
    case LineKind::kTable:
      return 0;
    case LineKind::kStep:
      return tariff.steps.size();
    case LineKind::kDistanceRounding:
      return tariff.distance_rounding ? 1 : 0;
    case LineKind::kSurcharge:
      return tariff.surcharges.size();
    case LineKind::kGroupMaximum:
      return tariff.groups.size();
    case LineKind::kSurchargeMaximum:
      return tariff.surcharge_maximum ? 1 : 0;
    case LineKind::kSurchargeRounding:
      return tariff.surcharge_rounding ? 1 : 0;
    case LineKind::kPromotion:
      return tariff.promotions.size();
    case LineKind::kPromotionMaximum:
      return tariff.promotion_maximum ? 1 : 0;
    case LineKind::kMaximum:
      return tariff.maximum ? 1 : 0;
    case LineKind::kRounding:
      return tariff.rounding ? 1 : 0;
    case LineKind::kExtraStop:
      return tariff.route ? 1 : 0;
    case LineKind::kCancellation:
      return tariff.cancellation.size();
    case LineKind::kReturn:
      return tariff.returns.size();
    case LineKind::kBase:
    case LineKind::kMinimum:
    case LineKind::kPickup:
    case LineKind::kDrop:
    case LineKind::kLegs:
      return 1;
  }
  return 0;
}

bool can_stand(const Tariff& tariff, LineKind kind, std::uint32_t index) {
  return kind != LineKind::kGroupMaximum || tariff.groups[index].maximum.has_value();
}

// As it stands between quotation marks.
std::string escaped(std::string_view text) {
  std::string json;
  base::JsonWriter(json).string(text);
  return json.substr(1, json.size() - 2);
}

}  // namespace

LineForms::LineForms(const Tariff& tariff) {
  for (std::size_t k = 0; k < kLineKinds; ++k) {
    const auto kind = static_cast<LineKind>(k);
    const auto count = static_cast<std::uint32_t>(rules_of(tariff, kind));
    for (std::uint32_t i = 0; i < count; ++i)
      forms_.push_back(can_stand(tariff, kind, i) ? make(tariff, kind, i) : Form{});
    first_[k + 1] = static_cast<std::uint32_t>(forms_.size());
  }
}

LineForms::Form LineForms::make(const Tariff& tariff, LineKind kind, std::uint32_t index) {
  const FeeLine line{kind, index, 0, {}};
  const auto words = line_words(tariff, kind, index);
  const std::string end = R"("},)";
  return {fmt::format(R"({{"rule":"{}","type":"{}","amount":)", escaped(rule_of(tariff, line)),
                      type_of(tariff, line)),
          R"("text":")" + escaped(words.before) + (words.counted ? "" : end), words.counted,
          escaped(words.after_one) + end, escaped(words.after_many) + end};
}

base::JsonPen LineForms::write(base::JsonPen json, const Form& form, const FeeLine& line) {
  json.part(form.head).integer(line.amount.minor).part(form.text);
  if (form.counted) json.digits(line.count).part(line.count == 1 ? form.after_one : form.after_many);
  return json;
}

base::JsonPen LineForms::write(base::JsonPen json, const Tariff& tariff,
                               const std::vector<FeeLine>& lines) const {
  json.begin_array();
  for (const auto& line : lines) {
    const auto kind = static_cast<std::size_t>(line.kind);
    json = line.kind == LineKind::kTable ? write(json, make(tariff, line.kind, line.index), line)
                                         : write(json, forms_[first_[kind] + line.index], line);
  }
  return json.end_array();
}

}  // namespace reckon::fee

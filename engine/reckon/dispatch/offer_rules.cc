#include "reckon/dispatch/offer_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "reckon/base/json_reader.h"

namespace reckon::dispatch {
namespace {

using base::JsonNode;

constexpr std::int64_t kMaxWaitSeconds = 3600;
constexpr std::int64_t kMaxAsks = 1000;
constexpr std::int64_t kMaxBoostMinor = 1'000'000'000;
constexpr std::size_t kMaxBranchBytes = 200;

void read_mode(const JsonNode& node, std::initializer_list<std::pair<std::string_view, OfferMode>> allowed,
               OfferMode& into) {
  const auto word = node.string();
  if (!word) return;
  std::string names;
  for (const auto& [name, mode] : allowed) {
    if (name == *word) {
      into = mode;
      return;
    }
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  node.fault(fmt::format("'{}' is no mode; allowed: {}", *word, names));
}

// `HH:MM`; 24:00 is the end of the day.
void read_minute(const JsonNode& node, int& into) {
  const auto text = node.string();
  if (!text) return;
  const auto is_digit = [&](std::size_t i) { return (*text)[i] >= '0' && (*text)[i] <= '9'; };
  if (text->size() == 5 && is_digit(0) && is_digit(1) && (*text)[2] == ':' && is_digit(3) && is_digit(4)) {
    const auto two = [&](std::size_t i) { return ((*text)[i] - '0') * 10 + (*text)[i + 1] - '0'; };
    into = two(0) * 60 + two(3);
    if (two(3) < 60 && into <= kMinutesOfDay) return;
  }
  node.fault(fmt::format("'{}' is no time of day; allowed: HH:MM from 00:00 to 24:00", *text));
}

template <class Number>
void read_integer(const JsonNode& node, std::int64_t least, std::int64_t most, Number& into) {
  if (const auto value = node.integer(least, most)) into = static_cast<Number>(*value);
}

void read_boost(const JsonNode& node, BoostPolicy& boost) {
  node.allow_only({"after_s", "every_s", "step_minor", "most_minor"});
  read_integer(node.optional("after_s"), 1, kMaxWaitSeconds, boost.after);
  read_integer(node.optional("every_s"), 1, kMaxWaitSeconds, boost.every);
  read_integer(node.required("step_minor"), 0, kMaxBoostMinor, boost.step_minor);
  read_integer(node.required("most_minor"), 0, kMaxBoostMinor, boost.most_minor);
}

OfferRule read_rule(const JsonNode& node) {
  OfferRule rule;
  node.allow_only({"branch", "from", "to", "mode", "answer_s", "asks", "then", "boost"});
  if (const auto branch = node.optional("branch").string(kMaxBranchBytes)) rule.branch = *branch;
  read_minute(node.optional("from"), rule.from_minute);
  read_minute(node.optional("to"), rule.to_minute);
  OfferPolicy& policy = rule.policy;
  read_mode(node.required("mode"),
            {{"forced", OfferMode::kForced}, {"timed", OfferMode::kTimed}, {"open", OfferMode::kOpen}},
            policy.mode);
  read_mode(node.optional("then"), {{"forced", OfferMode::kForced}, {"open", OfferMode::kOpen}}, policy.then);
  read_integer(node.optional("answer_s"), 1, kMaxWaitSeconds, policy.answer);
  read_integer(node.optional("asks"), 1, kMaxAsks, policy.asks);
  const JsonNode boost = node.optional("boost");
  if (boost.present()) read_boost(boost, policy.boost);
  return rule;
}

bool covers(const OfferRule& rule, int minute) {
  if (rule.from_minute <= rule.to_minute) return minute >= rule.from_minute && minute < rule.to_minute;
  return minute >= rule.from_minute || minute < rule.to_minute;
}

}  // namespace

OfferPolicy OfferRules::policy_at(std::string_view branch, int minute) const {
  const auto found = std::ranges::find_if(rules, [&](const OfferRule& rule) {
    return (!rule.branch || *rule.branch == branch) && covers(rule, minute % kMinutesOfDay);
  });
  return found == rules.end() ? OfferPolicy{} : found->policy;
}

base::Result<OfferRules> read_offer_rules(std::string_view json, std::string_view name) {
  const auto document = base::JsonDocument::parse(json, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const JsonNode root = document->root(faults);
  root.allow_only({"rules"});
  OfferRules out;
  for (const auto& rule : root.required("rules").items(kMaxOfferRules)) out.rules.push_back(read_rule(rule));
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
  return out;
}

}  // namespace reckon::dispatch

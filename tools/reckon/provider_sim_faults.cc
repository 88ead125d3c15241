#include "provider_sim_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "reckon/base/csv.h"

namespace reckon::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxRules = 50;

enum class Argument : std::uint8_t { kNone, kDuration, kNumber, kFactor, kPlace };

struct KindRow {
  std::string_view name;
  SimFault kind;
  Argument argument;
  double min, max, otherwise;  // `otherwise` below `min` means that the argument must be given
  std::string_view allowed;
};

constexpr std::array<KindRow, 12> kKinds = {{
    {"hang", SimFault::kHang, Argument::kNone, 0, 0, 0, ""},
    {"latency", SimFault::kLatency, Argument::kDuration, 0, 600'000, -1,
     "a duration up to 10m, such as 300ms"},
    {"error", SimFault::kError, Argument::kNumber, 400, 599, -1, "an HTTP status from 400 to 599"},
    {"throttle", SimFault::kThrottle, Argument::kNumber, 429, 429, 429, "429 or nothing"},
    {"reset", SimFault::kReset, Argument::kNone, 0, 0, 0, ""},
    {"drip", SimFault::kDrip, Argument::kPlace, 0, 1, 0, "head or body"},
    {"code", SimFault::kCode, Argument::kNumber, -999, 9999, -1000, "a code from -999 to 9999"},
    {"wrong", SimFault::kWrong, Argument::kFactor, 0.001, 1000, -1, "a factor from 0.001x to 1000x"},
    {"constant", SimFault::kConstant, Argument::kNumber, 0, 10'000'000, -1,
     "whole metres from 0 to 10000000"},
    {"refuse", SimFault::kRefuse, Argument::kNone, 0, 0, 0, ""},
    {"truncate", SimFault::kTruncate, Argument::kNone, 0, 0, 0, ""},
    {"html", SimFault::kHtml, Argument::kNone, 0, 0, 0, ""},
}};

std::optional<milliseconds> duration_of(std::string_view text) {
  double unit_ms = 0;
  std::size_t suffix = 1;
  if (text.ends_with("ms")) {
    unit_ms = 1;
    suffix = 2;
  } else if (text.ends_with('s')) {
    unit_ms = 1000;
  } else if (text.ends_with('m')) {
    unit_ms = 60'000;
  } else {
    return std::nullopt;
  }
  const auto number = base::parse_number(text.substr(0, text.size() - suffix));
  if (!number || *number < 0 || *number > 1e6) return std::nullopt;
  return milliseconds{std::llround(*number * unit_ms)};
}

std::optional<double> argument_of(const KindRow& row, std::string_view text) {
  switch (row.argument) {
    case Argument::kNone:
      return std::nullopt;
    case Argument::kDuration: {
      const auto duration = duration_of(text);
      return duration ? std::optional(static_cast<double>(duration->count())) : std::nullopt;
    }
    case Argument::kPlace:
      if (text == "head") return 0.0;
      return text == "body" ? std::optional(1.0) : std::nullopt;
    case Argument::kFactor:
      if (text.ends_with('x')) text.remove_suffix(1);
      return base::parse_number(text);
    case Argument::kNumber: {
      const auto number = base::parse_number(text);
      return number && std::floor(*number) == *number ? number : std::nullopt;
    }
  }
  return std::nullopt;
}

// Cuts what follows the last `mark` off `text`; nothing when there is no mark.
std::optional<std::string_view> cut(std::string_view& text, char mark) {
  const auto at = text.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto after = text.substr(at + 1);
  text = text.substr(0, at);
  return after;
}

// Reads one part; a non-empty text is what is wrong with it.
std::string read_rule(std::string_view part, FaultRule& rule) {
  const auto share = cut(part, ':');
  const auto window = cut(part, '@');
  const auto equals = part.find('=');
  const auto name = part.substr(0, equals);
  const auto* row = std::ranges::find(kKinds, name, &KindRow::name);
  if (row == kKinds.end()) return fmt::format("'{}' is no kind of fault; allowed: {}", name, kFaultGrammar);
  rule.kind = row->kind;
  rule.arg = row->otherwise;
  if (equals != std::string_view::npos) {
    const auto value = argument_of(*row, part.substr(equals + 1));
    if (!value || *value < row->min || *value > row->max) {
      return fmt::format("'{}' is no argument of {}; allowed: {}", part.substr(equals + 1), name,
                         row->argument == Argument::kNone ? "none" : row->allowed);
    }
    rule.arg = *value;
  } else if (row->argument != Argument::kNone && row->otherwise < row->min) {
    return fmt::format("{} has no argument; needed: {}", name, row->allowed);
  }
  if (window) {
    const auto dots = window->find("..");
    const auto from = duration_of(window->substr(0, dots));
    const auto end = dots == std::string_view::npos ? std::string_view("?") : window->substr(dots + 2);
    rule.to = duration_of(end);
    if (!from || (!rule.to && !end.empty()) || (rule.to && *rule.to <= *from)) {
      return fmt::format(
          "'{}' is no window; allowed: FROM..TO with FROM before TO, such as 30s..90s, or 30s..", *window);
    }
    rule.from = *from;
  }
  if (share) {
    const auto percent =
        share->ends_with('%') ? base::parse_number(share->substr(0, share->size() - 1)) : std::nullopt;
    if (!percent || *percent <= 0 || *percent > 100) {
      return fmt::format("'{}' is no share; allowed: more than 0% up to 100%", *share);
    }
    rule.share = *percent / 100;
  }
  return {};
}

bool in_force(const FaultRule& rule, milliseconds elapsed) {
  return elapsed >= rule.from && (!rule.to || elapsed < *rule.to);
}

}  // namespace

base::Result<FaultPlan> FaultPlan::parse(std::string_view spec, std::string_view where) {
  FaultPlan plan;
  plan.spec_ = spec;
  std::vector<base::Fault> faults;
  while (!spec.empty()) {
    const auto comma = spec.find(',');
    const auto part = spec.substr(0, comma);
    spec = comma == std::string_view::npos ? std::string_view{} : spec.substr(comma + 1);
    if (part.empty()) continue;
    FaultRule rule;
    if (auto wrong = read_rule(part, rule); !wrong.empty())
      faults.push_back({std::string(where), std::move(wrong)});
    plan.rules_.push_back(rule);
    if (plan.rules_.size() > kMaxRules) {
      faults.push_back(
          {std::string(where), fmt::format("has too many parts; at most {} are allowed", kMaxRules)});
      break;
    }
  }
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  return plan;
}

Mischief FaultPlan::meet(milliseconds elapsed, std::mt19937& random) const {
  Mischief met;
  std::uniform_real_distribution<double> chance(0, 1);
  for (const auto& rule : rules_) {
    if (!in_force(rule, elapsed) || (rule.share < 1 && chance(random) >= rule.share)) continue;
    if (rule.kind == SimFault::kLatency) {
      met.latency += milliseconds{static_cast<std::int64_t>(rule.arg)};
    } else if (rule.kind == SimFault::kWrong) {
      met.factor *= rule.arg;
    } else if (rule.kind == SimFault::kConstant) {
      met.constant_m = static_cast<std::int64_t>(rule.arg);
    } else if (!met.kind) {
      met.kind = rule.kind;
      met.arg = rule.arg;
    }
  }
  return met;
}

bool FaultPlan::refuses_all(milliseconds elapsed) const {
  return std::ranges::any_of(rules_, [elapsed](const FaultRule& rule) {
    return rule.kind == SimFault::kRefuse && rule.share >= 1 && in_force(rule, elapsed);
  });
}

bool FaultPlan::refuses_for_ever() const {
  return std::ranges::any_of(rules_, [](const FaultRule& rule) {
    return rule.kind == SimFault::kRefuse && rule.share >= 1 && !rule.to;
  });
}

}  // namespace reckon::cli

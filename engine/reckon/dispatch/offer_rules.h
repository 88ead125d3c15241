#pragma once

// Which mode an offer has: by branch and time of day, as an agency configures it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/dispatch/offer.h"

namespace reckon::dispatch {

inline constexpr std::size_t kMaxOfferRules = 10'000;  // 1,000 branches with ten times of day each
inline constexpr int kMinutesOfDay = 1440;

struct OfferRule {
  std::optional<std::string> branch = {};  ///< every branch when absent
  int from_minute = 0;                     ///< of the day, [0, 1440)
  int to_minute = kMinutesOfDay;           ///< exclusive; before `from_minute`: over midnight
  OfferPolicy policy = {};
};

struct OfferRules {
  std::vector<OfferRule> rules;
  /// Of the first rule that fits; forced when none does.
  /// @param minute  of the day; minutes of later days are taken as those of the first
  OfferPolicy policy_at(std::string_view branch, int minute) const;
};

/// Reads
/// `{"rules":[{"branch","from":"HH:MM","to":"HH:MM","mode":"forced|timed|open","answer_s","asks","then",
/// "boost":{"after_s","every_s","step_minor","most_minor"}}]}`; everything but `mode` may be left out.
/// @param name  stands in `where`
/// @errors kInvalidInput  every fault, with a JSON pointer
base::Result<OfferRules> read_offer_rules(std::string_view json, std::string_view name);

}  // namespace reckon::dispatch

#pragma once

// What all kinds of `reckon simulate` share: their options, a day played and checked, and how days are told.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "reckon/dispatch/mdrp.h"

namespace reckon::cli {

struct SimulateRequest {
  std::filesystem::path out;
  std::string settings = {};
  bool explain = false;
  bool json = false;
  dispatch::Seconds tick = 60;
  std::uint64_t seed = 1;
  std::uint32_t rounds = 0;
  std::optional<double> tick_limit_ms = {};
  std::uint32_t capacity = 1;
  double kitchen_sd = 0;
  double declines = 0;
  std::optional<dispatch::OfferRules> offers = {};
  std::optional<std::filesystem::path> html = {};
};

/// @param capacity  when not given
/// @errors the first option that is out of range, or a file of rules that cannot be read
base::Result<SimulateRequest> simulate_request(const Args& args, std::uint32_t capacity);

/// The options that simulate_request reads, with `own` ones behind the first.
std::vector<Option> simulate_options(std::string_view out_help, std::vector<Option> own);

/// A number from 0 to `max`.
base::Result<double> number_option(const Args& args, std::string_view name, double otherwise, double max);

/// Plays days one after another; prints a line for each, and their mean.
class DayPlayer {
 public:
  explicit DayPlayer(const SimulateRequest& request);
  /// Faults of the strict check go to stderr and into the exit code; the day's files to `folder`.
  base::Result<void> play(const dispatch::mdrp::Instance& instance, const std::filesystem::path& folder);
  /// The mean, and the exit code.
  int finish();

 private:
  const SimulateRequest& request_;
  std::vector<dispatch::mdrp::Summary> days_;
  int exit_ = kDone;
};

}  // namespace reckon::cli

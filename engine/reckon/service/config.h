#pragma once

// The configuration file (--config): what the program is made of. Unknown keys are faults; secrets are named
// by the environment variable that holds them and never stand here.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/base/vehicle.h"
#include "reckon/distance/daily_quota.h"
#include "reckon/ledger/answer_store.h"

namespace reckon::service {

struct ProviderEntry {
  std::string name;
  std::string kind;
  std::string base_url;
  std::string key_env;     ///< empty: no key
  std::string key_id_env;  ///< naver's second half; empty: none
  std::string profile;
  std::int64_t remember_days = 0;  ///< how long its answers are kept and used; 0: not at all
  distance::QuotaPlan quota = {};  ///< calls a day, if limited
  bool learn = true;               ///< whether calibrations are made of its answers
};

struct Config {
  std::string file;                              ///< where it was read from, for faults
  std::vector<std::filesystem::path> maps;       ///< none: every local estimate is geodesic
  std::optional<std::filesystem::path> overlay;  ///< corrections to the maps
  std::vector<std::filesystem::path> tariffs;
  std::optional<std::string> ledger;  ///< `sqlite:<absolute or given path>`
  std::string listen_host = "127.0.0.1";
  int listen_port = 8080;  ///< 0 = any free one
  base::Vehicle vehicle = base::Vehicle::kMotorcycle;
  std::chrono::milliseconds deadline{800};
  std::vector<ProviderEntry> providers;                                   ///< best first
  std::int64_t answers_bytes = ledger::AnswerStore::kDefaultBudgetBytes;  ///< of `<ledger>.answers`
  std::int64_t recalibrate_hours =
      24;               ///< least time between calibrations of as many answers; 0: none is made
  std::string ca_file;  ///< PEM with the authorities to trust; empty = the system's
};

/// The ledger's file; nothing without a ledger. What is learned stands beside it.
std::optional<std::string> ledger_file(const Config& config);

/// Reads a configuration; relative paths become relative to its folder.
/// @errors kEnvironment  missing; kInvalidInput  every fault, with place and what is allowed
base::Result<Config> read_config(const std::filesystem::path& path);

}  // namespace reckon::service

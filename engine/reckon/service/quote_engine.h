#pragma once

// The straight line of a quote: place -> trip -> distance -> fee -> record. The command line, the server and
// embedders all go through here.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/log.h"
#include "reckon/base/result.h"
#include "reckon/distance/distance_service.h"
#include "reckon/fee/price.h"
#include "reckon/ledger/ledger.h"
#include "reckon/provider/make_provider.h"
#include "reckon/road/road_map.h"
#include "reckon/service/calibrations.h"
#include "reckon/service/config.h"
#include "reckon/service/corrections.h"

namespace reckon::service {

/// How long a quote may be relied on.
inline constexpr std::chrono::minutes kQuoteValidity{15};

struct QuoteRequest {
  distance::Trip trip;
  fee::FeeContext context;  ///< `at` decides which tariff is in force
  std::string tariff;       ///< id; empty = the first configured one in force, in its latest version
};

struct Quote {
  std::string id;
  base::WallTime created_at{};
  distance::Distance distance;  ///< its `metres` and `local` are those that the tariff chooses
  base::Metres likely;          ///< most likely the provider's; what a tariff without a choice prices
  fee::FeeTrace trace;
  std::string trace_json;
  std::string trace_hash;
  std::string json;  ///< the contract's quote document
};

/// Everything needed to quote; immutable but for what the ladder learns. Safe to call from any thread, each
/// with its own Query.
class QuoteEngine {
 public:
  struct Parts {
    std::shared_ptr<const road::Roads> map;       ///< may be empty
    std::optional<base::Error> damaged_map = {};  ///< why it is empty although one is configured
    std::vector<std::shared_ptr<const fee::Tariff>> tariffs;
    std::vector<std::shared_ptr<provider::MapProvider>> providers;
    const base::Clock* clock = nullptr;          ///< outlives the engine
    distance::Observer* observer = nullptr;      ///< may be null; outlives the engine
    distance::Background* background = nullptr;  ///< runs probes; may be null; see DistanceService
    distance::LadderOptions ladder = {};
    std::vector<VehicleCalibration> calibrations = {};            ///< at the start, one a vehicle
    std::vector<std::shared_ptr<const road::RoadMap>> maps = {};  ///< those that `map` consists of
    std::shared_ptr<Corrections> corrections = {};                ///< to `map`, where some are configured
    std::shared_ptr<distance::AnswerMemory> memory = {};
    std::vector<base::Seconds> remember_for = {};  ///< by provider
  };
  explicit QuoteEngine(Parts parts);

  /// Measures and prices; records nothing.
  /// @errors kNotFound      no such tariff
  ///         kInvalidInput  no tariff in force at `context.at`, distance beyond what can be priced
  base::Result<Quote> quote(road::Roads::Query& query, const QuoteRequest& request, base::Deadline deadline);

  const std::vector<std::shared_ptr<const fee::Tariff>>& tariffs() const { return parts_.tariffs; }
  const std::shared_ptr<const road::Roads>& map() const { return parts_.map; }
  const base::Clock& clock() const { return *parts_.clock; }
  distance::DistanceService& distances() { return distances_; }

 private:
  base::Result<std::shared_ptr<const fee::Tariff>> select(const QuoteRequest& request) const;

  Parts parts_;
  distance::DistanceService distances_;
};

/// The row that records a quote.
ledger::QuoteRow row_of(const Quote& quote);

/// A trace with its tariff, complete in itself: what `reckon verify TRACE.json` reads.
std::string trace_document(std::string_view trace, std::string_view trace_hash,
                           std::string_view tariff_canonical);

/// Reads a tariff file. @errors as base::read_file and fee::read_tariff
base::Result<std::shared_ptr<const fee::Tariff>> load_tariff(const std::filesystem::path& path);

/// Where the value of an environment variable comes from; nothing = not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// An entry with its keys read: what make_provider takes.
provider::ProviderConfig provider_config(const ProviderEntry& entry, const Environment& environment);

/// What a damaged map file means: a fault like any other, or, for a server that must come up in the middle of
/// an outage, quotes by straight line that say `map_damaged`.
enum class DamagedMap : std::uint8_t { kRefuse, kGoOn };

/// Opens what the configuration names: map, tariffs, providers. Needs no network.
/// @errors every fault of all parts together: missing files (kEnvironment), damaged ones, missing keys
base::Result<QuoteEngine::Parts> open_parts(const Config& config, const Environment& environment,
                                            const base::Clock& clock,
                                            DamagedMap damaged = DamagedMap::kRefuse);

/// Beside the ledger: providers' answers (ledger::AnswerStore). Nothing without a ledger.
std::optional<std::string> answers_file(const Config& config);

/// Beside the ledger: what the ladder has learned, for the next process. Nothing without a ledger.
std::optional<std::filesystem::path> learned_state_file(const Config& config);
/// A missing file is no fault; a damaged one is told to `log` and passed over.
void load_learned_state(const Config& config, QuoteEngine& engine, base::Logger& log);
/// The providers in it; none where there is no such file.
/// @errors kEnvironment, kInvalidInput  it cannot be read, or is damaged
base::Result<std::vector<distance::KeptProvider>> learned_providers(const Config& config);
/// What it has of providers that this configuration does not have is left in it.
base::Result<void> save_learned_state(const Config& config, QuoteEngine& engine);

}  // namespace reckon::service

#include "reckon/service/quote_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>

#include "reckon/base/file.h"
#include "reckon/base/hash.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/limits.h"
#include "reckon/fee/catalogue.h"
#include "reckon/fee/tariff_reader.h"
#include "reckon/provider/http_client.h"
#include "reckon/provider/resolver.h"
#include "reckon/road/map_set.h"
#include "reckon/service/quote_document.h"
#include "reckon/service/quote_id.h"

namespace reckon::service {
namespace {

using base::ErrorCode;
using base::JsonWriter;

distance::Basis basis_of(fee::DistanceBasis basis) {
  switch (basis) {
    case fee::DistanceBasis::kProvider:
      return distance::Basis::kProvider;
    case fee::DistanceBasis::kRoad:
      return distance::Basis::kRoad;
    case fee::DistanceBasis::kStraight:
      return distance::Basis::kStraight;
    case fee::DistanceBasis::kHaversine:
      return distance::Basis::kHaversine;
    case fee::DistanceBasis::kZone:  // the table prices; the own road tells how far it is
      return distance::Basis::kRoad;
  }
  return distance::Basis::kRoad;
}

std::int64_t e7(double degrees) {
  return std::llround(degrees * 1e7);
}

fee::TripRecord trip_record(const distance::Trip& trip) {
  return {e7(trip.from.lat_deg()), e7(trip.from.lng_deg()), e7(trip.to.lat_deg()), e7(trip.to.lng_deg()),
          std::string(base::to_string(trip.vehicle))};
}

// Where the zone table gives a distance, that one prices, and says so; where it gives a price, the road's
// stays.
base::Result<void> take_table_distance(const fee::Tariff& tariff, const distance::Trip& trip,
                                       distance::Distance& distance) {
  const auto places = fee::delivery_of({{}, {}, {}, trip_record(trip)});
  const auto metres = tariff.plan->table_distance(*places.from, *places.to);
  if (!metres) return base::fail(metres.error());
  if (!*metres) return {};
  distance.metres = distance.low = distance.high = **metres;
  distance.source = {distance::SourceKind::kZone, {}};
  distance.provisional = false;
  distance.why_not.clear();
  return {};
}

// What prices while the first provider does not answer, as the tariff chooses it.
base::Metres chosen(fee::EstimateChoice choice, const distance::Estimate& of) {
  switch (choice) {
    case fee::EstimateChoice::kLikely:
      return of.metres;
    case fee::EstimateChoice::kMedian:
      return of.median.value_or(of.metres);
    case fee::EstimateChoice::kLow:
      return of.low;
    case fee::EstimateChoice::kHigh:
      return of.high;
  }
  return of.metres;
}

void take_choice(fee::EstimateChoice choice, Quote& quote) {
  auto& distance = quote.distance;
  quote.likely = distance.metres;
  distance.metres = chosen(choice, {distance.metres, distance.low, distance.high, distance.median});
  distance.local =
      chosen(choice, {distance.local, distance.local_low, distance.local_high, distance.local_median});
}

}  // namespace

QuoteEngine::QuoteEngine(Parts parts)
    : parts_(std::move(parts)),
      distances_({.map = parts_.map,
                  .providers = parts_.providers,
                  .clock = parts_.clock,
                  .observer = parts_.observer,
                  .options = parts_.ladder,
                  .background = parts_.background,
                  .why_no_map = parts_.damaged_map ? "map_damaged" : "no_map",
                  .learned = usable(parts_.calibrations),
                  .memory = parts_.memory,
                  .remember_for = parts_.remember_for}) {}

base::Result<std::shared_ptr<const fee::Tariff>> QuoteEngine::select(const QuoteRequest& request) const {
  return fee::select_tariff(parts_.tariffs, request.tariff, request.context);
}

base::Result<Quote> QuoteEngine::quote(road::Roads::Query& query, const QuoteRequest& request,
                                       base::Deadline deadline) {
  auto tariff = select(request);
  if (!tariff) return base::fail(tariff.error());
  Quote quote;
  quote.distance = distances_.measure(query, request.trip, basis_of((*tariff)->basis), deadline);
  quote.likely = quote.distance.metres;
  if ((*tariff)->basis == fee::DistanceBasis::kProvider) take_choice((*tariff)->estimate, quote);
  if ((*tariff)->table) {
    if (const auto taken = take_table_distance(**tariff, request.trip, quote.distance); !taken)
      return base::fail(taken.error());
  }
  auto trace = fee::price(std::move(*tariff), request.context,
                          {quote.distance.metres, quote.distance.source.label(), quote.distance.map_release,
                           trip_record(request.trip), quote.distance.calibration_release});
  if (!trace) return base::fail(trace.error());
  quote.created_at = parts_.clock->wall_now();
  quote.id = new_quote_id(quote.created_at);
  quote.trace = std::move(*trace);
  quote.trace_json = fee::to_json(quote.trace);
  quote.trace_hash = base::sha256(quote.trace_json);
  quote.json = quote_document(quote);
  return quote;
}

ledger::QuoteRow row_of(const Quote& quote) {
  return {quote.id, quote.created_at, quote.trace.tariff->release, quote.trace_json, quote.json};
}

std::string trace_document(std::string_view trace, std::string_view trace_hash,
                           std::string_view tariff_canonical) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("trace").raw(trace).key("trace_hash").string(trace_hash);
  json.key("tariff").raw(tariff_canonical).end_object();
  return out;
}

base::Result<std::shared_ptr<const fee::Tariff>> load_tariff(const std::filesystem::path& path) {
  const auto bytes = base::read_file(path, fee::kMaxTariffBytes);
  if (!bytes) return base::fail(bytes.error());
  auto tariff = fee::read_tariff(*bytes, path.string());
  if (!tariff) return base::fail(tariff.error());
  return std::make_shared<const fee::Tariff>(std::move(*tariff));
}

namespace {

// Collects the faults of several parts; the first one's code decides.
class AllFaults {
 public:
  void add(const base::Error& error) {
    if (!first_) first_ = error.code;
    const auto all = error.all();
    faults_.insert(faults_.end(), all.begin(), all.end());
  }
  bool empty() const { return faults_.empty(); }
  base::Error take() { return base::error_of(*first_, std::move(faults_)); }

 private:
  std::optional<ErrorCode> first_;
  std::vector<base::Fault> faults_;
};

void open_providers(const Config& config, const Environment& environment, const base::Clock& clock,
                    QuoteEngine::Parts& parts, AllFaults& faults) {
  if (config.providers.empty()) return;
  provider::HttpClientOptions options;
  options.ca_file = config.ca_file;
  auto transport =
      provider::make_http_client(options, clock, std::make_shared<provider::ThreadResolver>(clock));
  if (!transport) return faults.add(transport.error());
  for (std::size_t i = 0; i < config.providers.size(); ++i) {
    auto made = provider::make_provider(provider_config(config.providers[i], environment), *transport, clock,
                                        fmt::format("{}#/providers/{}", config.file, i));
    if (made) {
      parts.providers.push_back(std::move(*made));
    } else {
      faults.add(made.error());
    }
  }
}

}  // namespace

provider::ProviderConfig provider_config(const ProviderEntry& entry, const Environment& environment) {
  const auto key = [&environment](const std::string& variable) {
    return provider::Secret(variable.empty() ? "" : environment(variable).value_or(""));
  };
  provider::ProviderConfig config;
  config.name = entry.name;
  config.kind = entry.kind;
  config.base_url = entry.base_url;
  config.profile = entry.profile;
  config.key_env = entry.key_env;
  config.key = key(entry.key_env);
  config.key_id_env = entry.key_id_env;
  config.key_id = key(entry.key_id_env);
  return config;
}

namespace {

std::optional<std::string> beside_ledger(const Config& config, std::string_view ending) {
  auto file = ledger_file(config);
  if (file) file->append(ending);
  return file;
}

// What the ladder is told of each provider besides the provider itself.
void take_terms(const Config& config, QuoteEngine::Parts& parts) {
  parts.memory = std::make_shared<distance::AnswerMemory>();
  for (const auto& entry : config.providers) {
    parts.ladder.quotas.push_back(entry.quota);
    parts.remember_for.push_back(
        std::chrono::duration_cast<base::Seconds>(std::chrono::hours{24 * entry.remember_days}));
  }
}

}  // namespace

std::optional<std::string> answers_file(const Config& config) {
  return beside_ledger(config, ".answers");
}

base::Result<QuoteEngine::Parts> open_parts(const Config& config, const Environment& environment,
                                            const base::Clock& clock, DamagedMap damaged) {
  QuoteEngine::Parts parts;
  parts.clock = &clock;
  AllFaults faults;
  std::shared_ptr<const road::MapSet> map_set;
  if (!config.maps.empty()) {
    if (auto maps = road::MapSet::open(config.maps)) {
      map_set = std::make_shared<const road::MapSet>(std::move(*maps));
      parts.map = map_set;
      if (config.overlay) {
        if (auto corrections = Corrections::open(*config.overlay, *map_set, clock)) {
          parts.corrections = std::move(*corrections);
          parts.map = parts.corrections->roads();
        } else {
          faults.add(corrections.error());
        }
      }
    } else if (maps.error().code == ErrorCode::kCorrupt && damaged == DamagedMap::kGoOn) {
      parts.damaged_map = std::move(maps.error());
    } else {
      faults.add(maps.error());
    }
  }
  std::vector<std::filesystem::path> read;  // those in parts.tariffs
  for (const auto& path : config.tariffs) {
    auto tariff = load_tariff(path);
    if (!tariff) {
      faults.add(tariff.error());
      continue;
    }
    const auto same = [&](const auto& other) {
      return other->id == (*tariff)->id && other->version == (*tariff)->version;
    };
    if (std::ranges::any_of(parts.tariffs, same)) {
      faults.add({ErrorCode::kInvalidInput, path.string(),
                  fmt::format("is '{}' version {} once more; each version may be configured once",
                              (*tariff)->id, (*tariff)->version)});
    }
    parts.tariffs.push_back(std::move(*tariff));
    read.push_back(path);
  }
  for (const auto& [first, second] : fee::rivals(parts.tariffs)) {
    if (!parts.tariffs[second]->scope) continue;  // the first prices requests that name none
    faults.add(
        {ErrorCode::kInvalidInput, read[second].string(),
         fmt::format("'{}' is for {} from {} on, as '{}' ({}) is, so that only their order would decide; "
                     "another scope or valid_from, or one of them left out, is needed",
                     parts.tariffs[second]->id, fee::scope_text(*parts.tariffs[second]),
                     base::format_rfc3339(parts.tariffs[second]->valid_from), parts.tariffs[first]->id,
                     read[first].string())});
  }
  open_providers(config, environment, clock, parts, faults);
  if (!faults.empty()) return base::fail(faults.take());
  take_terms(config, parts);
  if (map_set) parts.maps = map_set->maps();
  parts.calibrations = load_calibrations(config, leads(config, parts.providers), parts.maps);
  return parts;
}

std::optional<std::filesystem::path> learned_state_file(const Config& config) {
  return beside_ledger(config, ".learned.json");
}

void load_learned_state(const Config& config, QuoteEngine& engine, base::Logger& log) {
  const auto file = learned_state_file(config);
  std::error_code unreadable;  // the ledger beside it will tell
  if (!file || !std::filesystem::exists(*file, unreadable)) return;
  const auto bytes = base::read_file(*file, base::kMaxConfigBytes);
  const auto taken =
      bytes ? engine.distances().import_state(*bytes) : base::Result<void>(base::fail(bytes.error()));
  if (taken) return;
  log.log(base::LogLevel::kWarning, fmt::format("{}: learned state is passed over: {}: {}", file->string(),
                                                taken.error().where, taken.error().message));
}

base::Result<std::vector<distance::KeptProvider>> learned_providers(const Config& config) {
  const auto file = learned_state_file(config);
  std::error_code unreadable;
  if (!file || !std::filesystem::exists(*file, unreadable)) return {};
  const auto bytes = base::read_file(*file, base::kMaxConfigBytes);
  if (!bytes) return base::fail(bytes.error());
  return distance::providers_in(*bytes);
}

base::Result<void> save_learned_state(const Config& config, QuoteEngine& engine) {
  const auto file = learned_state_file(config);
  if (!file) return {};
  const auto before = base::read_file(*file, base::kMaxConfigBytes);
  return base::write_file_atomically(*file, engine.distances().export_state(before.value_or("")));
}

}  // namespace reckon::service

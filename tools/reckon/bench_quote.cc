// `reckon bench quote`: what quotes cost while a provider is well, slow, dead or flapping. Arrivals are open
// loop: each quote's time counts from when it was due, not from when a thread was free for it.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "child_process.h"
#include "commands.h"
#include "reckon/base/json_writer.h"
#include "reckon/provider/http_client.h"
#include "reckon/provider/make_provider.h"
#include "reckon/road/road_map.h"
#include "reckon/service/background_thread.h"
#include "reckon/service/quote_engine.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Scenario {
  std::string_view name;
  std::string_view faults;  ///< of the stand-in provider
  std::string_view about;
};

constexpr std::array kScenarios = {
    Scenario{"none", "", "no provider is configured"},
    Scenario{"up", "", "the stand-in provider answers"},
    Scenario{"slow", "latency=2s@2s..", "from second 2 on it answers after 2 s"},
    Scenario{"dead", "hang@2s..", "from second 2 on it accepts and never answers"},
    Scenario{"refused", "refuse@2s..600s", "from second 2 on it refuses connections"},
    Scenario{"flapping", "hang@2s..4s,hang@6s..8s,hang@10s..12s,hang@14s..16s",
             "it hangs in seconds 2-4, 6-8, 10-12 and 14-16"},
};

struct Plan {
  const Scenario* scenario = nullptr;
  std::string map_file;
  std::string tariff_file;
  base::Vehicle vehicle = base::Vehicle::kMotorcycle;
  milliseconds deadline{800};
  std::int64_t rate = 200;
  std::int64_t seconds = 10;
  std::int64_t seed = 1;
};

/// How a quote went, seen from the provider's side.
enum class Way : std::uint8_t { kAnswered, kAskedInVain, kNotAsked };
constexpr std::array<std::string_view, 3> kWayNames = {"provider answered", "provider asked in vain",
                                                       "provider not asked"};

struct Sample {
  microseconds took{};
  Way way = Way::kNotAsked;
  bool failed = false;
};

base::Result<Plan> read_plan(const Args& args) {
  std::vector<base::Fault> faults;
  Plan plan;
  const auto number = [&](std::string_view option, std::int64_t otherwise, std::int64_t min,
                          std::int64_t max) {
    const auto value = integer_option(args, option, otherwise, min, max);
    if (!value) faults.push_back({value.error().where, value.error().message});
    return value.value_or(otherwise);
  };
  const auto name = args.get_or("scenario", "none");
  std::string allowed;
  for (const auto& scenario : kScenarios) {
    allowed += (allowed.empty() ? "" : ", ") + std::string(scenario.name);
    if (scenario.name == name) plan.scenario = &scenario;
  }
  if (plan.scenario == nullptr)
    faults.push_back({"--scenario", fmt::format("'{}' is no scenario; allowed: {}", name, allowed)});
  if (const auto vehicle = base::vehicle_from(args.get_or("vehicle", "motorcycle"))) {
    plan.vehicle = *vehicle;
  } else {
    faults.push_back(
        {"--vehicle", fmt::format("'{}' is no vehicle; {}", *args.get("vehicle"), base::kVehiclesAllowed)});
  }
  plan.map_file = *args.get("map");
  plan.tariff_file = *args.get("tariff");
  plan.deadline = milliseconds{number("deadline-ms", 800, 50, 60'000)};
  plan.rate = number("rate", 200, 1, 100'000);
  plan.seconds = number("seconds", 10, 1, 600);
  plan.seed = number("seed", 1, 0, 1'000'000'000);
  if (faults.empty()) return plan;
  return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
}

// Trips of the market's lengths (log-normal, median 1.8 km by road) between places beside the map's roads.
std::vector<distance::Trip> trips_on(const road::RoadMap& roads, const Plan& plan, std::size_t count) {
  constexpr double kDoorM = 100;
  const auto& map = roads.info();
  constexpr double kMedianStraightM = 1800 / 1.35;
  constexpr double kSpread = 0.6;
  constexpr double kMetresPerDegree = 111'000;
  std::mt19937_64 random(static_cast<std::uint64_t>(plan.seed));
  std::uniform_real_distribution<double> share(0, 1);
  std::lognormal_distribution<double> length(std::log(kMedianStraightM), kSpread);
  std::vector<distance::Trip> trips;
  while (trips.size() < count) {
    const double lat = map.south + share(random) * (map.north - map.south);
    const double lng = map.west + share(random) * (map.east - map.west);
    const double metres = length(random);
    const double angle = share(random) * 2 * M_PI;
    const double to_lat = lat + metres * std::sin(angle) / kMetresPerDegree;
    const double to_lng = lng + metres * std::cos(angle) / (kMetresPerDegree * std::cos(lat * M_PI / 180));
    const auto from = geo::LatLng::from_degrees(lat, lng, "from");
    const auto to = geo::LatLng::from_degrees(std::clamp(to_lat, map.south, map.north),
                                              std::clamp(to_lng, map.west, map.east), "to");
    if (from && to && roads.snap(plan.vehicle, *from, kDoorM) && roads.snap(plan.vehicle, *to, kDoorM))
      trips.push_back({*from, *to, plan.vehicle});
  }
  return trips;
}

// When each quote is due after the start: a Poisson stream of the plan's rate.
std::vector<microseconds> arrivals_of(const Plan& plan) {
  std::mt19937_64 random(static_cast<std::uint64_t>(plan.seed) + 1);
  std::exponential_distribution<double> gap(static_cast<double>(plan.rate));
  std::vector<microseconds> due;
  for (double at = gap(random); at < static_cast<double>(plan.seconds); at += gap(random))
    due.emplace_back(static_cast<std::int64_t>(at * 1e6));
  return due;
}

Way way_of(const distance::Distance& distance) {
  if (distance.source.kind == distance::SourceKind::kProvider) return Way::kAnswered;
  constexpr std::array<std::string_view, 8> kNotAskedReasons = {
      "breaker_open", "ramping", "throttled", "auth", "quota", "busy", "same_place", "vehicle"};
  for (const auto& missed : distance.why_not) {
    if (missed.rung.starts_with("provider:") &&
        std::ranges::find(kNotAskedReasons, missed.reason) == kNotAskedReasons.end())
      return Way::kAskedInVain;
  }
  return Way::kNotAsked;
}

// Threads enough that arrivals never wait for one, even when each quote lasts as long as its deadline.
std::size_t thread_count(const Plan& plan) {
  const auto waiting = plan.rate * plan.deadline.count() / 1000;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(waiting * 3 / 2 + 4, 4, 2000));
}

/// Searches' working memory, warm and handed out last in, first out: quotes seldom overlap, so few are used.
class Queries {
 public:
  explicit Queries(service::QuoteEngine& engine, const distance::Trip& trip) {
    constexpr std::size_t kWarm = 8;
    for (std::size_t i = 0; i < kWarm; ++i) {
      auto query = std::make_unique<road::Roads::Query>();
      engine.map()->route(*query, trip.vehicle, trip.from, trip.to);
      give_back(std::move(query));
    }
  }
  std::unique_ptr<road::Roads::Query> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<road::Roads::Query>();
    auto query = std::move(free_.back());
    free_.pop_back();
    return query;
  }
  void give_back(std::unique_ptr<road::Roads::Query> query) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(query));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<road::Roads::Query>> free_;
};

std::vector<Sample> run(service::QuoteEngine& engine, const road::RoadMap& roads, const Plan& plan) {
  const auto due = arrivals_of(plan);
  if (due.empty()) return {};
  const auto trips = trips_on(roads, plan, due.size());
  Queries queries(engine, trips.front());
  std::vector<Sample> samples(due.size());
  std::atomic<std::size_t> next = 0;
  const auto start = std::chrono::steady_clock::now() + milliseconds{50};
  const auto work = [&] {
    for (std::size_t i = next++; i < due.size(); i = next++) {
      std::this_thread::sleep_until(start + due[i]);
      service::QuoteRequest request{trips[i], {}, ""};
      request.context.at = engine.clock().wall_now();
      auto query = queries.take();
      const auto quote = engine.quote(*query, request, base::Deadline::after(engine.clock(), plan.deadline));
      queries.give_back(std::move(query));
      const auto took = std::chrono::steady_clock::now() - (start + due[i]);
      samples[i] = {std::chrono::duration_cast<microseconds>(took),
                    quote ? way_of(quote->distance) : Way::kNotAsked, !quote};
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < thread_count(plan); ++t) threads.emplace_back(work);
  Progress progress;
  while (next < due.size()) {
    progress.show("quoting", static_cast<double>(next) / static_cast<double>(due.size()));
    std::this_thread::sleep_for(milliseconds{200});
  }
  for (auto& thread : threads) thread.join();
  return samples;
}

struct Row {
  std::string_view name;
  std::vector<std::int64_t> micros;  ///< ascending

  std::int64_t at(double share) const {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(micros.size())));
    return micros[std::max<std::size_t>(rank, 1) - 1];
  }
};

constexpr std::array kShares = {0.5, 0.9, 0.99, 0.999, 0.9999};
constexpr std::array<std::string_view, 5> kShareNames = {"p50", "p90", "p99", "p99.9", "p99.99"};

std::vector<Row> rows_of(const std::vector<Sample>& samples) {
  std::vector<Row> rows = {{"all", {}}};
  for (const auto name : kWayNames) rows.push_back({name, {}});
  for (const auto& sample : samples) {
    rows[0].micros.push_back(sample.took.count());
    rows[1 + static_cast<std::size_t>(sample.way)].micros.push_back(sample.took.count());
  }
  std::erase_if(rows, [](const Row& row) { return row.micros.empty(); });
  for (auto& row : rows) std::ranges::sort(row.micros);
  return rows;
}

void print_text(const Plan& plan, const std::vector<Row>& rows, std::int64_t failed) {
  fmt::print("scenario {}: {}; {} quotes/s for {} s, deadline {} ms, seed {}\n", plan.scenario->name,
             plan.scenario->about, plan.rate, plan.seconds, plan.deadline.count(), plan.seed);
  fmt::print("{:<24}{:>8}", "microseconds", "quotes");
  for (const auto name : kShareNames) fmt::print("{:>10}", name);
  fmt::print("{:>10}\n", "max");
  for (const auto& row : rows) {
    fmt::print("{:<24}{:>8}", row.name, row.micros.size());
    for (const auto share : kShares) fmt::print("{:>10}", row.at(share));
    fmt::print("{:>10}\n", row.micros.back());
  }
  fmt::print("failed quotes: {}\n", failed);
}

std::string json_of(const Plan& plan, const std::vector<Row>& rows, std::int64_t failed) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().key("scenario").string(plan.scenario->name).key("rate").integer(plan.rate);
  json.key("seconds").integer(plan.seconds).key("deadline_ms").integer(plan.deadline.count());
  json.key("seed").integer(plan.seed).key("failed").integer(failed).key("rows").begin_array();
  for (const auto& row : rows) {
    json.begin_object().key("name").string(row.name);
    json.key("quotes").integer(static_cast<std::int64_t>(row.micros.size()));
    for (std::size_t i = 0; i < kShares.size(); ++i)
      json.key(std::string(kShareNames.at(i)) + "_us").integer(row.at(kShares.at(i)));
    json.key("max_us").integer(row.micros.back()).end_object();
  }
  json.end_array().end_object();
  return text + "\n";
}

// The stand-in provider beside us, and the ladder's way to it.
base::Result<std::shared_ptr<provider::MapProvider>> provider_at(const std::string& address,
                                                                 const base::Clock& clock) {
  auto transport = provider::make_http_client({}, clock, nullptr);
  if (!transport) return base::fail(transport.error());
  return provider::make_provider({"sim", "osrm", "http://" + address, "", provider::Secret(), ""}, *transport,
                                 clock, "--scenario");
}

int run_bench(const Args& args) {
  const auto plan = read_plan(args);
  if (!plan) return report(plan.error());
  auto map = road::RoadMap::open(plan->map_file);
  if (!map) return report(map.error());
  if (!map->serves(plan->vehicle)) {
    return report({ErrorCode::kInvalidInput, "--vehicle",
                   fmt::format("{} was not built into {}; 'reckon map info' tells which were",
                               base::to_string(plan->vehicle), plan->map_file)});
  }
  const auto tariff = service::load_tariff(plan->tariff_file);
  if (!tariff) return report(tariff.error());
  const base::SystemClock clock;
  service::BackgroundThread background;
  const auto roads = std::make_shared<const road::RoadMap>(*std::move(map));
  service::QuoteEngine::Parts parts{
      .map = roads, .tariffs = {*tariff}, .providers = {}, .clock = &clock, .background = &background};
  std::optional<ListeningChild> child;
  if (plan->scenario->name != "none") {
    auto started = ListeningChild::start({"provider-sim", "--map", plan->map_file, "--vehicle",
                                          std::string(base::to_string(plan->vehicle)), "--api", "osrm",
                                          "--fault", std::string(plan->scenario->faults)});
    if (!started) return report(started.error());
    child.emplace(*std::move(started));
    auto provider = provider_at(child->address(), clock);
    if (!provider) return report(provider.error());
    parts.providers.push_back(*std::move(provider));
  }
  service::QuoteEngine engine(std::move(parts));
  const auto samples = run(engine, *roads, *plan);
  const auto rows = rows_of(samples);
  if (rows.empty()) {
    return report({ErrorCode::kInvalidInput, "--rate", "gave no quote in the time; raise it or --seconds"});
  }
  const auto failed = std::ranges::count(samples, true, &Sample::failed);
  if (args.has("json")) return deliver(args, json_of(*plan, rows, failed));
  print_text(*plan, rows, failed);
  return finish_stdout(failed == 0 ? kDone : kSomeRowsFailed);
}

}  // namespace

std::vector<Command> bench_commands() {
  return {{"bench quote",
           "latency of quotes in this process while a stand-in provider is well, slow or dead",
           "",
           0,
           0,
           {{"map", "MAP", "the road map, also of the stand-in provider"},
            {"tariff", "FILE", "the tariff that prices; its basis should be provider"},
            {"scenario", "NAME", "none, up, slow, dead, refused or flapping (default none)"},
            {"vehicle", "V", "motorcycle, bicycle, foot or car (default motorcycle)"},
            {"rate", "N", "quotes a second, open loop (default 200)"},
            {"seconds", "N", "how long (default 10)"},
            {"deadline-ms", "N", "of each quote (default 800)"},
            {"seed", "N", "of trips and arrivals (default 1)"},
            {"json", "", "print one JSON document"},
            {"out", "FILE", "with --json: write it to this file"}},
           {"map", "tariff"},
           run_bench}};
}

}  // namespace reckon::cli

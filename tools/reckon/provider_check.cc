// reckon provider check: asks each configured provider about one known trip, and says in words what is wrong.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "commands.h"
#include "reckon/base/json_writer.h"
#include "reckon/distance/local_estimate.h"
#include "reckon/distance/plausibility.h"
#include "reckon/geo/geodesic.h"
#include "reckon/ledger/incidents.h"
#include "reckon/provider/http_client.h"
#include "reckon/provider/resolver.h"
#include "reckon/road/map_set.h"
#include "reckon/road/road_map.h"
#include "reckon/service/quote_engine.h"
#include "reckon/service/quote_id.h"

namespace reckon::cli {
namespace {

using provider::Outcome;
using provider::Stage;

constexpr std::chrono::milliseconds kPatience{
    5'000};  // longer than any quote waits: a slow provider is told apart
constexpr double kUsefulTripM = 500;
constexpr int kGrid = 8;

struct Pair {
  geo::LatLng from, to;
};

/// What a provider is asked: one trip of one vehicle, and what we know of it.
struct Question {
  base::Vehicle vehicle;
  Pair trip;
  distance::LocalEstimate local;
};

struct Finding {
  std::string name, kind;
  const Question* asked = nullptr;  ///< none where it serves no vehicle of those that may be asked for
  bool ok = false;
  std::string says;
  std::optional<provider::ProviderAnswer> answer;
  std::optional<double> first_ms, again_ms;
  provider::Capability capability;
  std::optional<base::WallTime> seen_well;  ///< when it gave the last answer, where all of them were good
  std::string lifted;  ///< `auth` or `quota`: what kept it from quotes until now; empty: nothing
};

struct Check {
  const service::Config& config;
  const base::Clock& clock;
  std::vector<Question> questions;  ///< one a vehicle; that of the configured one, or of `--vehicle`, first
  bool only;                        ///< of `--vehicle` alone
};

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// What the operator can do about an answer that is none.
std::string cure(const provider::ProviderAnswer& answer, const service::ProviderEntry& entry) {
  switch (answer.outcome) {
    case Outcome::kAuth:
      return fmt::format("refuses the key in {}: check the key, and that this API is switched on for it",
                         entry.key_env.empty() ? "key_env" : entry.key_env);
    case Outcome::kQuota:
      return entry.kind == "naver" ? "says that its quota is spent: wait for its renewal, or tick this API "
                                     "in the console, which it "
                                     "tells in the same way"
                                   : "says that its quota is spent: wait for its renewal or have it raised";
    case Outcome::kThrottled:
      return "says that it is asked too fast: wait, or ask for a higher rate";
    case Outcome::kNoRoute:
      return "knows no route for this trip: give --from and --to within its area";
    case Outcome::kBadRequest:
      return "refuses this trip or its options: check profile, and --from and --to";
    case Outcome::kMalformed:
      return fmt::format(
          "answers something that is not {}'s API: check base_url, and for a login page in between",
          entry.kind);
    case Outcome::kImplausible:
      return "tells a distance that cannot be true: check kind and profile";
    case Outcome::kLocalReject:
      return "was not asked: this machine has no connection or descriptor free";
    default:
      break;
  }
  switch (answer.stage) {
    case Stage::kResolve:
      return "its host name cannot be looked up: check base_url and this machine's name server";
    case Stage::kConnect:
      return answer.outcome == Outcome::kTimeout
                 ? "does not take connections: a firewall drops them, or base_url names another host"
                 : "refuses connections: nothing listens there, or base_url has another port";
    case Stage::kTls:
      return "cannot be trusted: its certificate or TLS version is refused (ca_file names further "
             "authorities)";
    case Stage::kFirstByte:
    case Stage::kBody:
    case Stage::kSend:
      return "takes the request and does not answer it";
    case Stage::kNone:
      break;
  }
  return "says that it is broken or overloaded";
}

void judge(Finding& finding, const Check& check, const service::ProviderEntry& entry) {
  const auto& answer = *finding.answer;
  if (answer.outcome != Outcome::kOk) {
    finding.says = cure(answer, entry);
    return;
  }
  const double slowest = std::max(*finding.first_ms, finding.again_ms.value_or(0));
  finding.ok =
      finding.again_ms.value_or(*finding.first_ms) < static_cast<double>(check.config.deadline.count());
  finding.says = finding.ok
                     ? "works"
                     : fmt::format("works, but slower than deadline_ms ({} ms): quotes will not wait for it",
                                   check.config.deadline.count());
  if (finding.ok && slowest >= static_cast<double>(check.config.deadline.count()))
    finding.says = "works; the first call of a connection is slower than deadline_ms";
}

double timed_route(provider::MapProvider& provider, const base::Clock& clock, const Question& question,
                   std::optional<provider::ProviderAnswer>& answer) {
  const auto began = clock.steady_now();
  answer = provider.route({question.trip.from, question.trip.to, question.vehicle},
                          base::Deadline::after(clock, kPatience));
  const auto took = std::chrono::duration<double, std::milli>(clock.steady_now() - began).count();
  if (answer->outcome != Outcome::kOk) return took;
  if (auto why = distance::implausible({answer->distance, answer->duration}, question.local.view)) {
    answer->outcome = Outcome::kImplausible;
    answer->detail = *std::move(why);
  }
  return took;
}

std::string vehicles_of(const std::vector<Question>& questions) {
  std::string names;
  for (const auto& question : questions)
    names += (names.empty() ? "" : ", ") + std::string(base::to_string(question.vehicle));
  return names;
}

// Of a provider that serves none of the vehicles that may be asked for.
std::string not_for_these(const provider::MapProvider& provider, const Check& check) {
  const auto asked = vehicles_of(check.questions);
  if (check.only) return fmt::format("does not serve {}: no quote for it will ask this provider", asked);
  std::string others;
  for (const auto vehicle : base::kAllVehicles)
    if (provider.serves(vehicle)) others += (others.empty() ? "" : ", ") + std::string(to_string(vehicle));
  return fmt::format(
      "serves none of the configured vehicles ({}; that is, the configuration's and the map's), but {}: "
      "check profile, or ask with --vehicle",
      asked, others.empty() ? "no vehicle at all" : others);
}

Finding examine(const Check& check, std::size_t index,
                const std::shared_ptr<provider::HttpTransport>& transport) {
  const auto& entry = check.config.providers[index];
  Finding finding;
  finding.name = entry.name;
  finding.kind = entry.kind;
  const auto made = provider::make_provider(service::provider_config(entry, environment), transport,
                                            check.clock, fmt::format("/providers/{}", index));
  if (!made) {
    for (const auto& fault : made.error().all())
      finding.says += (finding.says.empty() ? "" : "; ") + fault.where + ": " + fault.message;
    return finding;
  }
  const auto served = std::ranges::find_if(
      check.questions, [&](const auto& question) { return (*made)->serves(question.vehicle); });
  if (served == check.questions.end()) {
    finding.says = not_for_these(**made, check);
    return finding;
  }
  finding.asked = &*served;
  finding.capability = (*made)->capability(served->vehicle);
  finding.first_ms = timed_route(**made, check.clock, *served, finding.answer);
  // Connection and TLS are behind us now: what each quote will wait for.
  if (finding.answer->outcome == Outcome::kOk)
    finding.again_ms = timed_route(**made, check.clock, *served, finding.answer);
  if (finding.answer->outcome == Outcome::kOk) finding.seen_well = check.clock.wall_now();
  judge(finding, check, entry);
  return finding;
}

// Whether quotes that name no vehicle will ask nobody: told of providers that all are known to be for others.
bool unserved(const Check& check, const std::vector<Finding>& findings) {
  return std::ranges::all_of(findings, [&](const auto& finding) {
    return finding.asked != nullptr && finding.asked != &check.questions.front();
  });
}

std::string_view table_word(provider::TableShape shape) {
  switch (shape) {
    case provider::TableShape::kOneSided:
      return "one_sided";
    case provider::TableShape::kMatrix:
      return "matrix";
    case provider::TableShape::kNone:
      break;
  }
  return "none";
}

void write_optional(base::JsonWriter& json, std::string_view key, const std::optional<double>& value) {
  json.key(key);
  value ? json.number(std::round(*value * 100) / 100) : json.null();
}

void write_place(base::JsonWriter& json, std::string_view key, const geo::LatLng& place) {
  json.key(key)
      .begin_object()
      .key("lat")
      .number(place.lat_deg())
      .key("lon")
      .number(place.lng_deg())
      .end_object();
}

void write_question(base::JsonWriter& json, const Question& question) {
  write_place(json, "from", question.trip.from);
  write_place(json, "to", question.trip.to);
  json.key("vehicle").string(base::to_string(question.vehicle));
  json.key("local_m").integer(question.local.estimate.metres.value);
  json.key("local_source").string(question.local.source.label());
}

void write_finding(base::JsonWriter& json, const Finding& finding) {
  json.begin_object().key("name").string(finding.name).key("kind").string(finding.kind);
  json.key("ok").boolean(finding.ok).key("says").string(finding.says);
  if (finding.asked != nullptr) write_question(json, *finding.asked);
  const auto& answer = finding.answer;
  json.key("outcome").string(answer ? answer->reason() : "not_asked");
  json.key("detail").string(answer ? answer->detail : "");
  const bool found = answer && answer->outcome == Outcome::kOk;
  json.key("distance_m");
  found ? json.integer(answer->distance.value) : json.null();
  json.key("duration_s");
  found ? json.integer(answer->duration.count()) : json.null();
  write_optional(json, "first_ms", finding.first_ms);
  write_optional(json, "again_ms", finding.again_ms);
  json.key("max_via").integer(static_cast<std::int64_t>(finding.capability.max_via));
  json.key("table").string(table_word(finding.capability.table));
  json.key("max_cells").integer(static_cast<std::int64_t>(finding.capability.max_cells));
  json.key("lifted");
  if (finding.lifted.empty()) {
    json.null();
  } else {
    json.string(finding.lifted);
  }
  json.end_object();
}

std::string as_json(const Check& check, const std::vector<Finding>& findings) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object();
  write_question(json, check.questions.front());
  json.key("unserved").boolean(unserved(check, findings)).key("providers").begin_array();
  for (const auto& finding : findings) write_finding(json, finding);
  json.end_array().end_object();
  return text + "\n";
}

std::string question_text(const Question& question) {
  return fmt::format("{} from {:.5f},{:.5f} to {:.5f},{:.5f}: {} m by {}\n",
                     base::to_string(question.vehicle), question.trip.from.lat_deg(),
                     question.trip.from.lng_deg(), question.trip.to.lat_deg(), question.trip.to.lng_deg(),
                     question.local.estimate.metres.value, question.local.source.label());
}

std::string finding_text(const Check& check, const Finding& finding) {
  auto text =
      fmt::format("{:<4} {} ({}) {}\n", finding.ok ? "ok" : "BAD", finding.name, finding.kind, finding.says);
  if (!finding.answer) return text;
  if (finding.asked != &check.questions.front())
    text += "       asked for another vehicle, that it serves: " + question_text(*finding.asked);
  if (finding.answer->outcome != Outcome::kOk)
    return text + fmt::format("       {}{}{}\n", finding.answer->reason(),
                              finding.answer->detail.empty() ? "" : ": ", finding.answer->detail);
  if (!finding.lifted.empty())
    text += fmt::format("       {}, and was kept from quotes since then: they ask it again from now on\n",
                        finding.lifted == "auth" ? "refused its key" : "its quota was spent");
  text += fmt::format("       {} m in {} s; answered in {:.1f} ms, then {:.1f} ms\n",
                      finding.answer->distance.value, finding.answer->duration.count(), *finding.first_ms,
                      finding.again_ms.value_or(*finding.first_ms));
  return text + fmt::format("       stops between: {}; tables: {}{}\n", finding.capability.max_via,
                            table_word(finding.capability.table),
                            finding.capability.max_cells == 0
                                ? ""
                                : fmt::format(" of {} cells", finding.capability.max_cells));
}

std::string as_text(const Check& check, const std::vector<Finding>& findings) {
  const auto& first = check.questions.front();
  auto text = question_text(first);
  for (const auto& finding : findings) text += finding_text(check, finding);
  if (unserved(check, findings))
    text += fmt::format("BAD  none of them serves {}, the configured vehicle: its quotes ask no provider\n",
                        base::to_string(first.vehicle));
  return text;
}

// Two places of the map's middle with a road between them; from the middle outwards.
std::optional<Pair> pair_on(const road::RoadMap& map, base::Vehicle vehicle) {
  const auto& box = map.info();
  road::RoadMap::Query query;
  const auto at = [](double low, double high, int step) {
    return low + (high - low) * (step + 1) / (kGrid + 2);
  };
  std::optional<geo::LatLng> first;
  for (int i = 0; i < kGrid * kGrid; ++i) {
    const int column = (i + kGrid / 2) % kGrid, row = (i / kGrid + kGrid / 2) % kGrid;
    const auto place =
        geo::LatLng::from_degrees(at(box.south, box.north, row), at(box.west, box.east, column), "map");
    if (!place) continue;
    if (!first) {
      if (map.route(query, vehicle, *place, *place).from) first = *place;
      continue;
    }
    const auto route = map.route(query, vehicle, *first, *place);
    if (route.status == road::RouteStatus::kOk && geo::geodesic_m(*first, *place) >= kUsefulTripM)
      return Pair{*first, *place};
  }
  return std::nullopt;
}

base::Result<Pair> known_pair(const Args& args, const road::MapSet* maps, base::Vehicle vehicle) {
  if (args.has("from") != args.has("to")) {
    return base::fail(base::ErrorCode::kInvalidInput, args.has("from") ? "--to" : "--from",
                      "is missing; --from and --to go together");
  }
  if (args.has("from")) {
    const auto from = geo::LatLng::parse(*args.get("from"), "--from"),
               to = geo::LatLng::parse(*args.get("to"), "--to");
    if (!from) return base::fail(from.error());
    if (!to) return base::fail(to.error());
    return Pair{*from, *to};
  }
  if (maps != nullptr) {
    for (const auto& map : maps->maps()) {
      if (!map->serves(vehicle)) continue;
      if (auto pair = pair_on(*map, vehicle)) return *std::move(pair);
    }
  }
  // Seoul: the city hall to Jongno.
  return Pair{*geo::LatLng::from_degrees(37.5665, 126.978, "from"),
              *geo::LatLng::from_degrees(37.572, 126.986, "to")};
}

// `--vehicle` alone; else the configured one, and then what the maps are of: all there are without a map.
base::Result<std::vector<base::Vehicle>> asked_vehicles(const Args& args, const service::Config& config,
                                                        const road::MapSet* maps) {
  if (const auto word = args.get("vehicle")) {
    const auto vehicle = base::vehicle_from(*word);
    if (vehicle) return std::vector{*vehicle};
    return base::fail(base::ErrorCode::kInvalidInput, "--vehicle",
                      fmt::format("'{}' is no vehicle; {}", *word, base::kVehiclesAllowed));
  }
  std::vector<base::Vehicle> vehicles{config.vehicle};
  for (const auto vehicle : base::kAllVehicles)
    if (vehicle != config.vehicle && (maps == nullptr || maps->serves(vehicle))) vehicles.push_back(vehicle);
  return vehicles;
}

base::Result<std::vector<Question>> questions_of(const Args& args, const service::Config& config,
                                                 const road::MapSet* maps) {
  const auto vehicles = asked_vehicles(args, config, maps);
  if (!vehicles) return base::fail(vehicles.error());
  std::vector<Question> questions;
  for (const auto vehicle : *vehicles) {
    const auto pair = known_pair(args, maps, vehicle);
    if (!pair) return base::fail(pair.error());
    road::RoadMap::Query query;
    questions.push_back(
        {vehicle, *pair, distance::local_estimate(maps, query, vehicle, pair->from, pair->to)});
  }
  return questions;
}

void warn(const base::Error& error, std::string_view what) {
  fmt::print(stderr, "reckon: warning: {}: {}: {}\n", error.where, what, error.message);
}

// The outages on record; none where there is no ledger yet.
base::Result<std::vector<ledger::Incident>> recorded_incidents(const service::Config& config) {
  const auto file = service::ledger_file(config);
  std::error_code unreadable;
  if (!file || !std::filesystem::exists(*file, unreadable)) return {};
  const auto ledger = ledger::Ledger::open(*config.ledger, {.mode = ledger::Ledger::Mode::kReadOnly});
  if (!ledger) return base::fail(ledger.error());
  return ledger::incidents(**ledger);
}

std::string open_incident(const std::vector<ledger::Incident>& incidents, std::string_view provider) {
  for (const auto& incident : incidents)
    if (incident.provider == provider && !incident.closed_at) return incident.id;
  return {};
}

/// By provider, `auth` or `quota`: what keeps it from quotes.
using Latches = std::map<std::string, std::string, std::less<>>;

// As the last process has left them, and as one has them that runs or has not saved them.
Latches latches_of(const service::Config& config, const std::vector<ledger::Incident>& incidents) {
  Latches latches;
  for (const auto& incident : incidents)
    if (auto latch = ledger::latch_of(incident); !incident.closed_at && !latch.empty())
      latches[incident.provider] = std::move(latch);
  const auto learned = service::learned_providers(config);
  if (!learned) {
    warn(learned.error(), "which providers are kept from quotes cannot be read");
    return latches;
  }
  for (const auto& [provider, latch] : *learned)
    if (!latch.empty()) latches[provider] = latch;
  return latches;
}

/// A provider that answers, and what has kept it from quotes.
struct Mended {
  Finding* finding;
  std::string latch;
};

base::Result<void> tell_ledger(const Check& check, const std::vector<Mended>& mended,
                               const std::vector<ledger::Incident>& incidents) {
  const auto ledger = ledger::Ledger::open(*check.config.ledger);
  if (!ledger) return base::fail(ledger.error());
  std::vector<ledger::IncidentEvent> events;
  for (const auto& [finding, latch] : mended) {
    auto incident = open_incident(incidents, finding->name);
    if (incident.empty()) incident = service::new_quote_id(*finding->seen_well);
    events.push_back(ledger::checked_event(std::move(incident), finding->name, *finding->seen_well, latch));
  }
  return (*ledger)->append_events(std::move(events));
}

base::Error stays_kept(const base::Error& error, const std::vector<Mended>& mended) {
  std::vector<std::string_view> names;
  for (const auto& one : mended) names.push_back(one.finding->name);
  return {error.code, error.where,
          fmt::format("{} kept from quotes: {}; once the ledger can be written, check again",
                      fmt::format("{} {}", fmt::join(names, ", "), names.size() == 1 ? "stays" : "stay"),
                      error.message)};
}

// Whoever has refused a key, or said that its quota is spent, is kept from quotes for half an hour or longer:
// of one that answers now the ledger is told so, and from there all processes.
base::Result<void> lift_latches(const Check& check, std::vector<Finding>& findings) {
  if (!check.config.ledger) return {};
  auto incidents = recorded_incidents(check.config);
  if (!incidents) {
    warn(incidents.error(), "outages on record cannot be read");
    incidents.emplace();
  }
  const auto latches = latches_of(check.config, *incidents);
  std::vector<Mended> mended;
  for (auto& finding : findings)
    if (const auto latch = latches.find(finding.name); latch != latches.end() && finding.seen_well)
      mended.push_back({&finding, latch->second});
  if (mended.empty()) return {};
  if (const auto told = tell_ledger(check, mended, *incidents); !told)
    return base::fail(stays_kept(told.error(), mended));
  for (const auto& [finding, latch] : mended) finding->lifted = latch;
  return {};
}

int run_check(const Args& args) {
  const auto config = service::read_config(std::string(*args.get("config")));
  if (!config) return report(config.error());
  if (config->providers.empty()) {
    return report({base::ErrorCode::kInvalidInput, config->file + "#/providers",
                   "is empty; name at least one provider to check"});
  }
  std::optional<road::MapSet> maps;
  if (!config->maps.empty()) {
    auto opened = road::MapSet::open(config->maps);
    if (!opened) return report(opened.error());
    maps = *std::move(opened);
  }
  auto questions = questions_of(args, *config, maps ? &*maps : nullptr);
  if (!questions) return report(questions.error());
  const base::SystemClock clock;
  provider::HttpClientOptions options;
  options.ca_file = config->ca_file;
  const auto transport =
      provider::make_http_client(options, clock, std::make_shared<provider::ThreadResolver>(clock));
  if (!transport) return report(transport.error());
  const Check check{*config, clock, *std::move(questions), args.has("vehicle")};
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < config->providers.size(); ++i)
    findings.push_back(examine(check, i, *transport));
  const auto lifted = lift_latches(check, findings);
  const bool all = std::ranges::all_of(findings, &Finding::ok) && !unserved(check, findings);
  const int delivered = deliver(args, args.has("json") ? as_json(check, findings) : as_text(check, findings));
  if (!lifted) return report(lifted.error());
  return delivered != kDone ? delivered : all ? kDone : kSomeRowsFailed;
}

}  // namespace

std::vector<Command> provider_check_commands() {
  return {{"provider check",
           "asks each configured provider about one known trip and says what is wrong",
           "",
           0,
           0,
           {{"config", "FILE", "the configuration"},
            {"vehicle", "V",
             "of this one only: motorcycle, bicycle, foot or car (default: the first that each serves)"},
            {"from", "LAT,LON", "the trip's ends; default: two places of the map, else of Seoul"},
            {"to", "LAT,LON", "see --from"},
            {"json", "", "one JSON document"},
            {"out", "FILE", "write there instead of to stdout"}},
           {"config"},
           run_check}};
}

}  // namespace reckon::cli

// `reckon quote`: one trip, or a CSV of them.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "commands.h"
#include "kept_away.h"
#include "reckon/base/csv.h"
#include "reckon/base/file.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/catalogue.h"
#include "reckon/service/answer_recorder.h"
#include "reckon/service/incident_recorder.h"
#include "reckon/service/learner.h"
#include "reckon/service/observers.h"
#include "reckon/service/quote_engine.h"
#include "stderr_log.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using service::Quote;
using service::QuoteRequest;

/// Quotes of a batch that share one durable commit.
constexpr std::size_t kRowsPerCommit = 500;
/// Between two questions of a row that waits: a ramp opens within seconds.
constexpr std::chrono::milliseconds kAskAgain{250};

// What both forms need: the engine, the ledger if there is one, and the defaults of the options.
struct Session {
  service::Config config;
  std::unique_ptr<ledger::Ledger> ledger;  // may be empty
  // What hears of providers; they outlive the engine.
  std::unique_ptr<service::IncidentRecorder> incidents;  // with a ledger only
  std::unique_ptr<service::AnswerRecorder> recorder;     // may be empty
  std::unique_ptr<service::Learner> learner;
  std::unique_ptr<service::Observers> observers;
  std::unique_ptr<service::QuoteEngine> engine;
  base::Vehicle vehicle = base::Vehicle::kMotorcycle;
  fee::FeeContext context;
  std::optional<base::WallTime> at;    // --at; else each quote's own time
  std::chrono::milliseconds waits{0};  // --wait, less what has been waited
  road::Roads::Query query;
};

const base::SystemClock& clock_of_system() {
  static const base::SystemClock clock;
  return clock;
}

StderrLog& log_of_program() {
  static StderrLog log;
  return log;
}

base::Result<base::Vehicle> vehicle_named(std::string_view name, std::string_view where) {
  if (const auto vehicle = base::vehicle_from(name)) return *vehicle;
  return base::fail(ErrorCode::kInvalidInput, std::string(where),
                    fmt::format("'{}' is no vehicle; {}", name, base::kVehiclesAllowed));
}

base::Result<fee::FeeContext> context_from(std::string_view json, std::string_view where, base::WallTime at) {
  const auto document = base::JsonDocument::parse(json, where);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(where)};
  auto context = fee::read_context(document->root(faults), at);
  if (!faults.empty()) return base::fail(faults.error(ErrorCode::kInvalidInput));
  return context;
}

base::Result<void> open_ledger(Session& session) {
  if (!session.config.ledger) return {};
  auto ledger = ledger::Ledger::open(*session.config.ledger);
  if (!ledger) return base::fail(ledger.error());
  session.ledger = std::move(*ledger);
  for (const auto& tariff : session.engine->tariffs()) {
    const auto other = session.ledger->other_release(tariff->id, tariff->version, tariff->release);
    if (!other) return base::fail(other.error());
    if (*other)
      log_of_program().log(
          base::LogLevel::kWarning,
          fmt::format("tariff '{}' version {} is {} now, but the ledger keeps another content of that "
                      "version, {}; what changes a fee needs a new version",
                      tariff->id, tariff->version, tariff->release, **other));
    if (auto kept = session.ledger->put_tariff(tariff->release, tariff->canonical); !kept) return kept;
  }
  // An outage that a batch meets is on record as a server's is; one that was open goes on.
  session.incidents = std::make_unique<service::IncidentRecorder>(service::IncidentRecorder::Parts{
      session.ledger.get(), &clock_of_system(), nullptr, nullptr, &log_of_program()});
  session.observers->add(session.incidents.get());
  return session.incidents->resume(session.engine->distances());
}

base::Result<void> read_options(const Args& args, Session& session) {
  session.vehicle = session.config.vehicle;
  if (const auto name = args.get("vehicle")) {
    const auto vehicle = vehicle_named(*name, "--vehicle");
    if (!vehicle) return base::fail(vehicle.error());
    session.vehicle = *vehicle;
  }
  if (args.has("wait")) {
    if (!args.has("trips"))
      return base::fail(ErrorCode::kInvalidInput, "--wait", "is of a batch; allowed: with --trips");
    const auto wait = length_option(args, "wait");
    if (!wait) return base::fail(wait.error());
    session.waits = *wait;
  }
  if (const auto text = args.get("at")) {
    const auto at = base::parse_rfc3339(*text, "--at");
    if (!at) return base::fail(at.error());
    session.at = *at;
  }
  const auto context =
      context_from(args.get_or("context", "{}"), "--context", session.at.value_or(base::WallTime{}));
  if (!context) return base::fail(context.error());
  session.context = *context;
  if (session.context.at != base::WallTime{}) session.at = session.context.at;
  return {};
}

base::Result<Session> open_session(const Args& args) {
  Session session;
  auto config = service::read_config(std::string(*args.get("config")));
  if (!config) return base::fail(config.error());
  session.config = std::move(*config);
  if (const auto tariff = args.get("tariff")) session.config.tariffs = {std::string(*tariff)};
  if (auto read = read_options(args, session); !read) return base::fail(read.error());
  auto parts = service::open_parts(
      session.config,
      [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      },
      clock_of_system());
  if (!parts) return base::fail(parts.error());
  auto& log = log_of_program();
  for (const auto& warning : service::calibration_warnings(parts->calibrations))
    log.log(base::LogLevel::kWarning, warning);
  if (const auto warning = fee::rivals_warning(parts->tariffs); !warning.empty())
    log.log(base::LogLevel::kWarning, warning);
  if (const auto warning = fee::unasked_warning(parts->tariffs);
      !session.config.providers.empty() && !warning.empty())
    log.log(base::LogLevel::kWarning, warning);
  session.recorder = service::open_answer_recorder(session.config, clock_of_system(), parts->memory.get(),
                                                   nullptr, nullptr, log);
  session.learner = std::make_unique<service::Learner>(
      service::Learner::Parts{session.config, parts->maps, parts->calibrations, &clock_of_system(), &log});
  session.observers = std::make_unique<service::Observers>();
  session.observers->add(session.recorder.get());
  session.observers->add(session.learner.get());
  parts->observer = session.observers.get();
  session.engine = std::make_unique<service::QuoteEngine>(std::move(*parts));
  service::load_learned_state(session.config, *session.engine, log);
  if (auto opened = open_ledger(session); !opened) return base::fail(opened.error());
  return session;
}

base::Result<Quote> quote_one(Session& session, const QuoteRequest& request) {
  return session.engine->quote(session.query, request,
                               base::Deadline::after(clock_of_system(), session.config.deadline));
}

// Nobody waits for a batch: with --wait a row whose provider is about to come back is asked again.
// `done`: the share of the rows before it.
base::Result<Quote> quote_row(Session& session, const QuoteRequest& request, Progress& progress,
                              double done) {
  for (;;) {
    auto quote = quote_one(session, request);
    if (!quote || session.waits.count() <= 0 || !waits_would_help(quote->distance)) return quote;
    progress.show(fmt::format("waiting for {}, {} s left", awaited(quote->distance),
                              std::chrono::ceil<std::chrono::seconds>(session.waits).count()),
                  done);
    const auto pause = std::min(kAskAgain, session.waits);
    std::this_thread::sleep_for(pause);
    session.waits -= pause;
  }
}

// A quote that cannot be recorded is told all the same; that it is not recorded is told too, and is the exit
// code.
int record(Session& session, std::vector<ledger::QuoteRow> rows) {
  if (!session.ledger || rows.empty()) return kDone;
  const auto count = rows.size();
  const auto kept = session.ledger->append(std::move(rows));
  if (kept) return kDone;
  return report(
      {kept.error().code, kept.error().where,
       fmt::format("{} not recorded: {}", counted(static_cast<std::int64_t>(count), "quote is", "quotes are"),
                   kept.error().message)});
}

void finish(Session& session) {
  if (session.recorder) session.recorder->flush();
  if (session.incidents) session.incidents->flush();
  const auto saved = service::save_learned_state(session.config, *session.engine);
  if (!saved) fmt::print(stderr, "reckon: warning: {}: {}\n", saved.error().where, saved.error().message);
}

std::string readable(const Quote& quote) {
  const auto& tariff = *quote.trace.tariff;
  const auto currency = tariff.currency.text();
  std::string out = fmt::format("{} {}  ({}{})\n", quote.trace.total.minor, currency, tariff.id,
                                quote.trace.vat ? fmt::format(", VAT {}", quote.trace.vat->minor) : "");
  for (const auto& line : quote.trace.lines) {
    out += fmt::format("  {:>8}  {}\n", line.amount.minor, fee::text_of(tariff, line));
  }
  const auto low = quote.distance.low, high = quote.distance.high;
  out += fmt::format("{} m by {}{}{}\n", quote.distance.metres.value, quote.distance.source.label(),
                     low == high ? "" : fmt::format(", 90 % between {} and {} m", low.value, high.value),
                     quote.distance.provisional ? ", provisional" : "");
  for (const auto& why : quote.distance.why_not) out += fmt::format("  not {}: {}\n", why.rung, why.reason);
  return out + fmt::format("quote {}\n", quote.id);
}

int quote_trip(const Args& args, Session& session) {
  const auto from = geo::LatLng::parse(args.get_or("from", ""), "--from");
  const auto to = geo::LatLng::parse(args.get_or("to", ""), "--to");
  if (!from || !to) {
    const int exit = from ? kDone : report(from.error());
    return to ? exit : report(to.error());
  }
  QuoteRequest request{{*from, *to, session.vehicle}, session.context, ""};
  request.context.at = session.at.value_or(clock_of_system().wall_now());
  const auto quote = quote_one(session, request);
  if (!quote) return report(quote.error());
  const int recorded = record(session, {service::row_of(*quote)});
  finish(session);
  if (const auto path = args.get("trace")) {
    const auto document =
        service::trace_document(quote->trace_json, quote->trace_hash, quote->trace.tariff->canonical);
    if (const auto written = base::write_file_atomically(std::string(*path), document + "\n"); !written) {
      return report(written.error());
    }
  }
  return std::max(recorded, deliver(args, args.has("json") ? quote->json + "\n" : readable(*quote)));
}

// The columns that a batch reads; extra ones are carried through.
struct Columns {
  std::size_t from_lat, from_lon, to_lat, to_lon;
  std::optional<std::size_t> at, vehicle, context;
};

base::Result<Columns> find_columns(const base::CsvTable& table, const std::string& file) {
  std::vector<base::Fault> faults;
  const auto required = [&](std::string_view name) {
    const auto column = table.column(name);
    if (!column) {
      faults.push_back(
          {file + ":1",
           fmt::format(
               "column '{}' is missing; it is required, with commas between columns (the header is '{}')",
               name, fmt::join(table.header, ","))});
    }
    return column.value_or(0);
  };
  Columns columns{
      required("from_lat"), required("from_lon"), required("to_lat"), required("to_lon"), {}, {}, {}};
  columns.at = table.column("at");
  columns.vehicle = table.column("vehicle");
  columns.context = table.column("context");
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  return columns;
}

/// One end of a row's trip.
struct End {
  std::string_view name;  ///< for people
  std::string_view lat_name, lon_name;
  std::size_t lat, lon;
};

base::Result<geo::LatLng> place_of(const base::CsvRow& row, const End& end) {
  std::vector<base::Fault> faults;
  std::array<double, 2> degrees{};
  for (std::size_t i = 0; i < degrees.size(); ++i) {
    const auto& text = row.fields[i == 0 ? end.lat : end.lon];
    if (const auto number = base::parse_number(text))
      degrees[i] = *number;
    else
      faults.push_back(
          {std::string(i == 0 ? end.lat_name : end.lon_name),
           fmt::format("'{}' is no {} of the {}; allowed: decimal degrees, such as {}", text.substr(0, 60),
                       i == 0 ? "latitude" : "longitude", end.name, i == 0 ? "37.5665" : "126.9780")});
  }
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  return geo::LatLng::from_degrees(degrees[0], degrees[1], fmt::format("{},{}", end.lat_name, end.lon_name));
}

// All that is wrong with a row's cells: `where` is a column, or a place within it such as `context/wether`.
class RowReader {
 public:
  template <class T>
  std::optional<T> keep(base::Result<T> result) {
    if (result) return std::move(*result);
    for (auto& fault : result.error().all()) faults_.push_back(std::move(fault));
    return std::nullopt;
  }
  std::vector<base::Fault> take() { return std::move(faults_); }

 private:
  std::vector<base::Fault> faults_;
};

// A filled cell of an optional column, or nothing.
std::optional<std::string_view> cell(const base::CsvRow& row, std::optional<std::size_t> column) {
  if (!column || row.fields[*column].empty()) return std::nullopt;
  return row.fields[*column];
}

// @errors kInvalidInput  every fault of the row; `where` as RowReader has it
base::Result<QuoteRequest> request_of(const Session& session, const base::CsvRow& row,
                                      const Columns& columns) {
  RowReader reader;
  const auto from =
      reader.keep(place_of(row, {"pickup", "from_lat", "from_lon", columns.from_lat, columns.from_lon}));
  const auto to =
      reader.keep(place_of(row, {"drop-off", "to_lat", "to_lon", columns.to_lat, columns.to_lon}));
  auto vehicle = session.vehicle;
  auto context = session.context;
  context.at = session.at.value_or(clock_of_system().wall_now());
  if (const auto name = cell(row, columns.vehicle))
    vehicle = reader.keep(vehicle_named(*name, "vehicle")).value_or(vehicle);
  if (const auto text = cell(row, columns.at))
    context.at = reader.keep(base::parse_rfc3339(*text, "at")).value_or(context.at);
  if (const auto text = cell(row, columns.context))
    context = reader.keep(context_from(*text, "context", context.at)).value_or(context);
  auto faults = reader.take();
  for (auto& fault : faults)
    if (fault.where.starts_with("context#")) fault.where.erase(std::string_view("context").size(), 1);
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  return QuoteRequest{{*from, *to, vehicle}, std::move(context), ""};
}

// What the column `message` says: every fault with its place in the row.
std::string row_message(const base::Error& error) {
  std::string text;
  for (const auto& fault : error.all())
    text += fmt::format("{}{}: {}", text.empty() ? "" : " | ", fault.where, fault.message);
  return text;
}

void report_row(const std::string& row, const base::Error& error) {
  std::vector<base::Fault> faults = error.all();
  for (auto& fault : faults) fault.where = fmt::format("{}#{}", row, fault.where);
  report(base::error_of(error.code, std::move(faults)));
}

void append_answer(std::vector<std::string>& fields, const base::Result<Quote>& quote,
                   std::int64_t latency_us) {
  if (!quote) {
    fields.emplace_back(to_string(quote.error().code));
    fields.insert(fields.end(), 10, "");
    fields.push_back(std::to_string(latency_us));
    fields.push_back(row_message(quote.error()));
    return;
  }
  const auto& distance = quote->distance;
  for (auto&& text :
       {std::string("ok"), std::to_string(quote->trace.total.minor),
        quote->trace.vat ? std::to_string(quote->trace.vat->minor) : std::string(),
        std::string(quote->trace.tariff->currency.text()), std::to_string(distance.metres.value),
        std::to_string(distance.duration.count()), distance.source.label(),
        std::to_string(distance.low.value), std::to_string(distance.high.value),
        std::string(distance.provisional ? "true" : "false"), quote->id, std::to_string(latency_us)}) {
    fields.push_back(text);
  }
  fields.emplace_back();
}

/// What a batch came to, told on stderr at its end.
struct Tally {
  std::size_t rows = 0, priced = 0;
  std::size_t too_early = 0;  // without a provider that was away, or coming back
  std::size_t refused = 0;    // without one whose key or quota a person must mend
  std::map<std::string, std::size_t> by_source;

  void count(const base::Result<Quote>& quote) {
    ++rows;
    if (!quote) return;
    ++priced;
    ++by_source[quote->distance.source.label()];
    if (waits_would_help(quote->distance)) ++too_early;
    if (was_refused(quote->distance)) ++refused;
  }
  void tell() const {
    std::string sources;
    for (const auto& [source, number] : by_source)
      sources += fmt::format("{}{} {}", sources.empty() ? "" : ", ", number, source);
    fmt::print(stderr, "{}: {} priced{}{}{}, {} failed\n",
               counted(static_cast<std::int64_t>(rows), "row", "rows"), priced, sources.empty() ? "" : " (",
               sources, sources.empty() ? "" : ")", rows - priced);
    if (too_early > 0)
      fmt::print(stderr,
                 "{} priced without a provider that was away or coming back: the same batch again with "
                 "--wait 2m asks it until it is back\n",
                 counted(static_cast<std::int64_t>(too_early), "row was", "rows were"));
    if (refused > 0)
      fmt::print(
          stderr,
          "{} priced without a provider that refused its key, or whose quota is spent: 'reckon provider "
          "check' says more, and once that is mended, a good one has it asked again at once\n",
          counted(static_cast<std::int64_t>(refused), "row was", "rows were"));
  }
};

void learn(Session& session, base::Vehicle vehicle) {
  Progress progress;
  const auto lesson =
      session.learner->learn(vehicle, session.engine->distances(), [&](std::string_view stage, double done) {
        progress.show(fmt::format("learning: {}", stage), done);
        return true;
      });
  if (!lesson) {
    log_of_program().log(base::LogLevel::kWarning,
                         fmt::format("nothing is learned for {}: {}: {}", base::to_string(vehicle),
                                     lesson.error().where, lesson.error().message));
  } else if (*lesson) {
    log_of_program().log(base::LogLevel::kInfo, service::Learner::summary(**lesson));
  }
}

// A batch that brought many answers of the first provider ends with a lesson for each vehicle that they are
// of, for the processes after it.
void learn_from_batch(Session& session) {
  while (const auto vehicle = session.learner->due()) {
    fmt::print(stderr,
               "learning from {}: minutes on a city; the prices above are complete, and "
               "interrupting costs nothing but the lesson (\"learn\": false in the configuration, or "
               "recalibrate_hours 0, leaves it out)\n",
               session.learner->matter(*vehicle));
    learn(session, *vehicle);
  }
}

int quote_batch(const Args& args, Session& session) {
  const std::string file(*args.get("trips"));
  const auto bytes = base::read_file(file, base::kMaxCsvBytes);
  if (!bytes) return report(bytes.error());
  auto table = base::parse_csv(*bytes, file);
  if (!table) return report(table.error());
  const auto columns = find_columns(*table, file);
  if (!columns) return report(columns.error());
  auto header = table->header;
  for (const auto* name : {"status", "fee", "vat", "currency", "distance_m", "duration_s", "source", "low_m",
                           "high_m", "provisional", "quote_id", "latency_us", "message"}) {
    header.emplace_back(name);
  }
  for (const auto& line :
       kept_away_lines(session.engine->distances(), session.vehicle, clock_of_system().wall_now(),
                       std::chrono::ceil<std::chrono::seconds>(session.waits)))
    log_of_program().log(base::LogLevel::kWarning, line);
  std::string out;
  base::append_csv_row(out, header);
  Progress progress;
  Tally tally;
  int exit = kDone;
  std::vector<ledger::QuoteRow> unrecorded;
  for (std::size_t i = 0; i < table->rows.size(); ++i) {
    auto& row = table->rows[i];
    const double done = static_cast<double>(i) / static_cast<double>(table->rows.size());
    progress.show("quoting", done);
    const auto began = clock_of_system().steady_now();
    const auto request = request_of(session, row, *columns);
    auto quote = request ? quote_row(session, *request, progress, done)
                         : base::Result<Quote>(base::fail(request.error()));
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(clock_of_system().steady_now() - began);
    if (quote) {
      unrecorded.push_back(service::row_of(*quote));
    } else {
      progress.clear();
      report_row(fmt::format("{}:{}", file, row.line), quote.error());
      exit = std::max<int>(exit, kSomeRowsFailed);
    }
    if (unrecorded.size() >= kRowsPerCommit) {
      progress.clear();
      exit = std::max(exit, record(session, std::exchange(unrecorded, {})));
    }
    tally.count(quote);
    append_answer(row.fields, quote, took.count());
    base::append_csv_row(out, row.fields);
  }
  progress.clear();
  exit = std::max(exit, record(session, std::move(unrecorded)));
  finish(session);
  tally.tell();
  exit = std::max(exit, deliver(args, out));
  learn_from_batch(session);
  return exit;
}

int run_quote(const Args& args) {
  const bool one = args.has("from") && args.has("to");
  if (one == args.has("trips")) {
    return report({ErrorCode::kInvalidInput, "quote",
                   "needs one trip or a file of them; allowed: --from and --to, or --trips, not both"});
  }
  auto session = open_session(args);
  if (!session) return report(session.error());
  return one ? quote_trip(args, *session) : quote_batch(args, *session);
}

}  // namespace

std::vector<Command> quote_commands() {
  return {
      {"quote",
       "measures and prices one trip, or a CSV of trips",
       "",
       0,
       0,
       {{"config", "FILE", "the configuration"},
        {"from", "LAT,LON", "pickup"},
        {"to", "LAT,LON", "drop-off"},
        {"trips", "IN.csv", "from_lat,from_lon,to_lat,to_lon[,at,vehicle,context]"},
        {"out", "FILE", "where the answer goes (stdout)"},
        {"wait", "LENGTH",
         "with --trips: rows whose provider is coming back from an outage are asked again, for so long in "
         "all, such as 2m (not at all)"},
        {"tariff", "FILE", "instead of the configured tariffs"},
        {"vehicle", "V", "motorcycle, bicycle, foot, car"},
        {"at", "TIME", "RFC 3339 with offset (now)"},
        {"context", "JSON", "such as {\"weather\":[\"rain\"]}"},
        {"trace", "FILE", "writes the trace for `reckon verify FILE`"},
        {"json", "", "the quote as one JSON document"}},
       {"config"},
       run_quote}};
}

}  // namespace reckon::cli

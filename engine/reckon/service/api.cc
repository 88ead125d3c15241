#include "reckon/service/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/dispatch/solve.h"
#include "reckon/dispatch/vroom.h"
#include "reckon/service/openapi.h"
#include "reckon/service/quote_id.h"
#include "reckon/version.h"

namespace reckon::service {
namespace {

using base::ErrorCode;
using base::JsonNode;
using base::JsonWriter;

std::optional<geo::LatLng> read_place(const JsonNode& node) {
  node.allow_only({"lat", "lon"});
  const auto lat = node.required("lat").number();  // bounds, and a hint at swapped ones, from LatLng
  const auto lon = node.required("lon").number();
  if (!lat || !lon) return std::nullopt;
  const auto place = geo::LatLng::from_degrees(*lat, *lon, node.pointer());
  if (place) return *place;
  node.fault(place.error().message);
  return std::nullopt;
}

base::Vehicle read_vehicle(const JsonNode& node, base::Vehicle otherwise) {
  const auto name = node.string(64);
  if (!name) return otherwise;
  if (const auto vehicle = base::vehicle_from(*name)) return *vehicle;
  node.fault(fmt::format("'{}' is no vehicle; {}", *name, base::kVehiclesAllowed));
  return otherwise;
}

base::WallTime read_at(const JsonNode& node, base::WallTime now) {
  const auto text = node.string(64);
  if (!text) return now;
  const auto time = base::parse_rfc3339(*text, node.pointer());
  if (time) return *time;
  node.fault(time.error().message);
  return now;
}

bool knows(const QuoteEngine& engine, std::string_view tariff) {
  return std::ranges::any_of(engine.tariffs(), [&](const auto& known) { return known->id == tariff; });
}

base::Result<QuoteRequest> read_request(std::string_view body, base::Vehicle vehicle,
                                        const QuoteEngine& engine) {
  const auto now = engine.clock().wall_now();
  const auto document = base::JsonDocument::parse(body, "body");
  if (!document) return base::fail(document.error());
  base::Faults faults("body");
  const auto root = document->root(faults);
  root.allow_only({"from", "to", "vehicle", "at", "tariff", "context"});
  const auto from = read_place(root.required("from"));
  const auto to = read_place(root.required("to"));
  const auto wanted = read_vehicle(root.optional("vehicle"), vehicle);
  auto context = fee::read_context(root.optional("context"), read_at(root.optional("at"), now));
  const auto tariff = root.optional("tariff").string(64).value_or("");
  // Alone it is a refusal of its own (422); beside other faults it is named with them.
  if (!faults.empty() && !tariff.empty() && !knows(engine, tariff)) {
    root.optional("tariff").fault(fmt::format("'{}' is not configured", tariff));
  }
  if (!faults.empty()) return base::fail(faults.error(ErrorCode::kInvalidInput));
  return QuoteRequest{{*from, *to, wanted}, std::move(context), std::string(tariff)};
}

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "the request is not well-formed";
    case 404:
      return "there is no such thing";
    case 409:
      return "contradicts an earlier request";
    case 413:
      return "the request is too large";
    case 422:
      return "the request cannot be served";
    default:
      return "the server cannot answer";
  }
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput:
      return 400;
    case ErrorCode::kNotFound:
    case ErrorCode::kBadTariff:
    case ErrorCode::kUnsupported:
      return 422;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kLimit:
      return 413;
    case ErrorCode::kCorrupt:
    case ErrorCode::kEnvironment:
      return 503;
  }
  return 500;
}

/// What is in use for a vehicle, and what is wrong with it.
struct CalibrationInUse {
  std::shared_ptr<const distance::Learned> learned;
  std::string fault;
};

void write_calibration(JsonWriter& json, const CalibrationInUse& in_use,
                       std::optional<base::Vehicle> vehicle = {}) {
  json.begin_object();
  if (vehicle) json.key("vehicle").string(base::to_string(*vehicle));
  json.key("release");
  if (in_use.learned) {
    const auto& calibration = in_use.learned->calibration();
    json.string(in_use.learned->release()).key("provider").string(calibration.provider);
    json.key("pairs").integer(calibration.pairs).key("on_roads").boolean(in_use.learned->on_roads());
  } else {
    json.null();
  }
  json.key("fault");
  if (in_use.fault.empty()) {
    json.null();
  } else {
    json.string(in_use.fault);
  }
  json.end_object();
}

ApiAnswer no_such_quote(std::string_view id) {
  return problem(404, "not_found", title_of(404),
                 {{"id", fmt::format("no quote '{}' is recorded", id.substr(0, 64))}});
}

}  // namespace

ApiAnswer problem(int status, std::string_view code, std::string_view title,
                  const std::vector<base::Fault>& faults) {
  ApiAnswer answer{status, {}, "application/problem+json"};
  JsonWriter json(answer.body);
  json.begin_object().key("type").string("about:blank").key("title").string(title);
  json.key("status").integer(status).key("code").string(code);
  if (!faults.empty()) json.key("detail").string(faults.front().where + ": " + faults.front().message);
  json.key("faults").begin_array();
  for (const auto& fault : faults) {
    json.begin_object().key("where").string(fault.where).key("message").string(fault.message).end_object();
  }
  json.end_array().end_object();
  return answer;
}

class Api::BorrowedQuery {
 public:
  explicit BorrowedQuery(Api& api) : api_(api) {
    const std::lock_guard lock(api_.queries_mutex_);
    if (api_.queries_.empty()) return;
    query_ = std::move(api_.queries_.back());
    api_.queries_.pop_back();
  }
  ~BorrowedQuery() {
    const std::lock_guard lock(api_.queries_mutex_);
    api_.queries_.push_back(std::move(query_));
  }
  BorrowedQuery(const BorrowedQuery&) = delete;
  BorrowedQuery& operator=(const BorrowedQuery&) = delete;
  road::Roads::Query& get() { return query_; }

 private:
  Api& api_;
  road::Roads::Query query_;
};

class Api::KeyLease {
 public:
  KeyLease(Api& api, const std::string& key) : api_(api), key_(key) {
    if (key_.empty()) return;
    std::unique_lock lock(api_.keys_mutex_);
    api_.key_freed_.wait(lock, [&] { return api_.keys_in_use_.insert(key_).second; });
  }
  ~KeyLease() {
    if (key_.empty()) return;
    const std::lock_guard lock(api_.keys_mutex_);
    api_.keys_in_use_.erase(key_);
    api_.key_freed_.notify_all();
  }
  KeyLease(const KeyLease&) = delete;
  KeyLease& operator=(const KeyLease&) = delete;

 private:
  Api& api_;
  const std::string& key_;
};

ApiAnswer Api::of_error(const base::Error& error) const {
  const int status = status_of(error.code);
  return problem(status, to_string(error.code), title_of(status), error.all());
}

std::optional<ApiAnswer> Api::kept_answer(const std::string& key, std::string_view body) const {
  if (key.empty()) return std::nullopt;
  const auto kept = parts_.ledger->remembered(key);
  if (!kept) return of_error(kept.error());
  if (!*kept) return std::nullopt;
  if ((*kept)->request_hash == base::sha256(body))
    return ApiAnswer{static_cast<int>((*kept)->status), (*kept)->body};
  return problem(409, "idempotency_key_reused", title_of(409),
                 {{"Idempotency-Key", "was used with another body; use a new key for a new request"}});
}

ApiAnswer Api::post_quote(const ApiRequest& request) {
  const std::string key = request.idempotency_key.empty() ? "" : "quotes/" + request.idempotency_key;
  const KeyLease lease(*this, key);
  if (auto kept = kept_answer(key, request.body)) return *kept;
  return fresh_quote(request, key);
}

ApiAnswer Api::fresh_quote(const ApiRequest& request, const std::string& key) {
  const auto& clock = parts_.engine->clock();
  const auto began = clock.steady_now();
  const auto deadline = base::Deadline::after(clock, parts_.deadline);
  const auto wanted = read_request(request.body, parts_.vehicle, *parts_.engine);
  if (!wanted) {
    parts_.metrics->count("reckon_quote_refusals_total", "code", to_string(wanted.error().code));
    return of_error(wanted.error());
  }
  BorrowedQuery query(*this);
  auto quote = parts_.engine->quote(query.get(), *wanted, deadline);
  if (!quote) {
    parts_.metrics->count("reckon_quote_refusals_total", "code", to_string(quote.error().code));
    return problem(422, to_string(quote.error().code), title_of(422), quote.error().all());
  }
  std::optional<ledger::RememberedAnswer> answer;
  if (!key.empty()) answer = ledger::RememberedAnswer{key, base::sha256(request.body), 200, quote->json};
  if (const auto kept = parts_.ledger->append({row_of(*quote)}, std::move(answer)); !kept) {
    if (kept.error().code == ErrorCode::kConflict) {  // another process had the key in the meantime
      if (auto earlier = kept_answer(key, request.body)) return *earlier;
    }
    parts_.metrics->count("reckon_ledger_failures_total");
    parts_.log->log(base::LogLevel::kAlarm,
                    fmt::format("quote {} is not recorded: {}", quote->id, kept.error().message));
  }
  parts_.metrics->count("reckon_quotes_total", "source", quote->distance.source.label());
  parts_.metrics->observe_quote(
      std::chrono::duration_cast<std::chrono::microseconds>(clock.steady_now() - began));
  return {200, std::move(quote->json)};
}

ApiAnswer Api::get_quote(std::string_view id) const {
  const auto found = is_quote_id(id) ? parts_.ledger->find(id) : std::optional<ledger::StoredRow>{};
  if (!found) return of_error(found.error());
  if (*found) return {200, (*found)->row.quote};
  return no_such_quote(id);
}

ApiAnswer Api::get_trace(std::string_view id) const {
  const auto found = is_quote_id(id) ? parts_.ledger->find(id) : std::optional<ledger::StoredRow>{};
  if (!found) return of_error(found.error());
  if (!*found) return no_such_quote(id);
  const auto& row = (*found)->row;
  const auto tariff = parts_.ledger->tariff(row.tariff_release);
  if (!tariff) return of_error(tariff.error());
  if (*tariff) return {200, trace_document(row.trace, base::sha256(row.trace), **tariff)};
  return of_error({ErrorCode::kCorrupt, "tariff",
                   fmt::format("{} is not in the ledger although the quote names it", row.tariff_release)});
}

ApiAnswer Api::fresh_assignment(std::string_view body) {
  const auto& clock = parts_.engine->clock();
  const auto deadline = base::Deadline::after(clock, kAssignBudget);
  auto wanted = dispatch::read_vroom(body, "body");
  if (!wanted) return of_error(wanted.error());
  if (const auto filled = dispatch::fill_matrices(*wanted, parts_.engine->map().get()); !filled) {
    return of_error(filled.error());
  }
  const dispatch::SolveOptions options{
      .clock = &clock,
      .deadline = deadline,
      .iterations = kAssignRoundsPerTask * (wanted->problem.tasks.size() + 1)};
  const auto plan = dispatch::solve(wanted->problem, options);
  parts_.metrics->count("reckon_assignments_total");
  return {200, dispatch::write_vroom(*wanted, plan)};
}

ApiAnswer Api::post_assignment(const ApiRequest& request) {
  const std::string key = request.idempotency_key.empty() ? "" : "assignments/" + request.idempotency_key;
  const KeyLease lease(*this, key);
  if (auto kept = kept_answer(key, request.body)) return *kept;
  auto answer = fresh_assignment(request.body);
  if (answer.status != 200 || key.empty()) return answer;
  const auto kept =
      parts_.ledger->append({}, ledger::RememberedAnswer{key, base::sha256(request.body), 200, answer.body});
  if (!kept)
    parts_.log->log(base::LogLevel::kAlarm, fmt::format("an answer is not kept: {}", kept.error().message));
  return answer;
}

ApiAnswer Api::health() const {
  ApiAnswer answer;
  const auto unrecorded = parts_.ledger->unrecorded();
  const auto calibration_of = [this](base::Vehicle vehicle) {
    return CalibrationInUse{parts_.engine->distances().learned(vehicle),
                            parts_.learner == nullptr ? "" : parts_.learner->fault(vehicle)};
  };
  JsonWriter json(answer.body);
  json.begin_object()
      .key("status")
      .string(unrecorded == 0 ? "ok" : "degraded")
      .key("version")
      .string(kVersion);
  json.key("map_release");
  if (parts_.engine->map()) {
    json.string(parts_.engine->map()->release());
  } else {
    json.null();
  }
  json.key("unrecorded_quotes").integer(unrecorded).key("providers").begin_array();
  for (const auto& [name, state] : parts_.engine->distances().breaker_states()) {
    json.begin_object().key("name").string(name).key("breaker").string(state).end_object();
  }
  json.end_array().key("quotas").begin_array();
  for (const auto& use : parts_.engine->distances().quotas()) {
    json.begin_object().key("provider").string(use.provider);
    json.key("used").integer(use.used).key("daily_calls").integer(use.calls).end_object();
  }
  json.end_array().key("calibration");
  write_calibration(json, calibration_of(parts_.vehicle));
  json.key("calibrations").begin_array();
  for (const auto vehicle : base::kAllVehicles) {
    if (const auto there = calibration_of(vehicle); there.learned || !there.fault.empty())
      write_calibration(json, there, vehicle);
  }
  json.end_array();
  json.key("tariffs").begin_array();
  for (const auto& tariff : parts_.engine->tariffs()) {
    json.begin_object().key("id").string(tariff->id).key("version").integer(tariff->version);
    json.key("release").string(tariff->release).end_object();
  }
  json.end_array().end_object();
  return answer;
}

ApiAnswer Api::metrics() const {
  std::string gauges = "# TYPE reckon_unrecorded_quotes gauge\n";
  gauges +=
      fmt::format("reckon_unrecorded_quotes {}\n# TYPE reckon_breaker gauge\n", parts_.ledger->unrecorded());
  for (const auto& [name, state] : parts_.engine->distances().breaker_states()) {
    gauges += fmt::format("reckon_breaker{{provider=\"{}\",state=\"{}\"}} 1\n", name, state);
  }
  return {200, parts_.metrics->text(gauges), "text/plain; version=0.0.4"};
}

ApiAnswer Api::openapi() const {
  return {200, openapi_document()};
}

}  // namespace reckon::service

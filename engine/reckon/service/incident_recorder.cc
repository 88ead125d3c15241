#include "reckon/service/incident_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "reckon/base/json_writer.h"
#include "reckon/service/outage_names.h"
#include "reckon/service/quote_id.h"

namespace reckon::service {
namespace {

constexpr std::string_view kForcedOpen = "forced_open";

bool is_shut(std::string_view state) {
  return state == "open" || state == kForcedOpen || state.starts_with("latched");
}

template <class Write>
std::string object(Write write) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object();
  write(json);
  json.end_object();
  return text;
}

void write_slow(base::JsonWriter& json, const distance::SlowCall& call) {
  json.begin_object().key("operation").string("route").key("latency_us").integer(call.latency.count());
  json.key("slow_after_us").integer(call.slow_after.count()).key("under_way").boolean(call.under_way);
  json.key("slow_calls").integer(static_cast<std::int64_t>(call.slow));
  json.key("calls").integer(static_cast<std::int64_t>(call.calls)).end_object();
}

// A provider that says no to a trip is well; what was never sent says nothing of it.
enum class Health : std::uint8_t { kWell, kIll, kUnknown };
Health health_of(provider::Outcome outcome) {
  switch (outcome) {
    case provider::Outcome::kOk:
    case provider::Outcome::kNoRoute:
    case provider::Outcome::kBadRequest:
      return Health::kWell;
    case provider::Outcome::kLocalReject:
      return Health::kUnknown;
    default:
      return Health::kIll;
  }
}

// Another configuration of the same ledger may have given up one that is not over here.
bool goes_on(const ledger::Incident& incident, std::string_view breaker) {
  return !incident.closed_at || (incident.given_up && breaker != "closed");
}

}  // namespace

IncidentRecorder::IncidentRecorder(Parts parts) : parts_(parts) {
  queue_ = std::make_shared<WriteBehind<ledger::IncidentEvent>>(
      WriteBehind<ledger::IncidentEvent>::Options{parts_.background, kMaxWaitingEvents, 1},
      [parts, names = std::make_shared<OutageNames>(*parts.ledger)](
          const std::vector<ledger::IncidentEvent>& events) {
        auto settled = names->settle(events);
        const auto count = settled.size();
        if (count == 0) return;
        const auto written = parts.ledger->append_events(std::move(settled));
        if (written) return;
        if (parts.metrics != nullptr)
          parts.metrics->count("reckon_incident_events_lost_total", {}, {}, count);
        if (parts.log != nullptr)
          parts.log->log(base::LogLevel::kAlarm,
                         fmt::format("{} events of an outage are not recorded: {}: {}", count,
                                     written.error().where, written.error().message));
      });
}

IncidentRecorder::~IncidentRecorder() {
  flush();
}

void IncidentRecorder::flush() {
  queue_->flush();
}

void IncidentRecorder::add(const std::string& provider, const Watched& watched, base::WallTime at,
                           std::string_view kind, std::string detail) {
  if (!queue_->put({watched.incident, provider, at, std::string(kind), std::move(detail)}) &&
      parts_.metrics != nullptr)
    parts_.metrics->count("reckon_incident_events_lost_total");
}

void IncidentRecorder::add_call(const std::string& provider, Watched& watched, const FailedCall& call) {
  ++watched.calls;
  watched.failed += call.outcome == "ok" ? 0 : 1;
  if (watched.calls > kMaxCallsOfIncident) return;
  add(provider, watched, call.began, ledger::kEventCall, object([&](base::JsonWriter& json) {
        json.key("operation").string("route").key("outcome").string(call.outcome);
        if (!call.stage.empty()) json.key("stage").string(call.stage);
        json.key("latency_us").integer(call.latency_us);
      }));
}

void IncidentRecorder::on_call(const distance::CallRecord& call) {
  const auto health = health_of(call.answer.outcome);
  if (health == Health::kUnknown) return;
  const std::lock_guard lock(mutex_);
  auto& watched = watched_[call.provider];
  const FailedCall made{parts_.clock->wall_now() - call.latency, parts_.clock->steady_now() - call.latency,
                        std::string(to_string(call.answer.outcome)),
                        std::string(to_string(call.answer.stage)), call.latency.count()};
  if (!watched.incident.empty()) {
    // The calls of a ramp are many and go well; a probe is told, whatever it came to. The change to half-open
    // may be told after its call.
    const bool probe = watched.state == "half_open" || is_shut(watched.state);
    if (health == Health::kIll || probe) add_call(call.provider, watched, made);
    if (health == Health::kWell && watched.state == "closed" && !watched.drill_until)
      close(call.provider, watched);
    return;
  }
  if (health == Health::kWell) return;
  watched.held.push_back(made);
  if (watched.held.size() > kMaxFailuresHeld) watched.held.pop_front();
}

void IncidentRecorder::on_opening(std::string_view provider, const distance::Opening& opening) {
  const std::lock_guard lock(mutex_);
  watched_[std::string(provider)].opening = opening;
}

void IncidentRecorder::open(const std::string& provider, Watched& watched, std::string_view to) {
  const bool order = to == kForcedOpen;
  auto& held = watched.held;
  if (order) held.clear();
  const auto now = parts_.clock->wall_now();
  auto first = now;
  std::optional<distance::SlowCall> slow;
  if (const auto& opening = watched.opening) {
    const auto ago = parts_.clock->steady_now() - opening->since;
    first = now - std::chrono::duration_cast<std::chrono::microseconds>(ago);
    slow = opening->slow;
    while (!held.empty() && held.front().began_steady < opening->since) held.pop_front();
  }
  if (!held.empty()) first = std::min(first, held.front().began);
  watched.incident = order && !watched.ordered.empty() ? watched.ordered : new_quote_id(now);
  watched.ordered.clear();
  watched.calls = watched.failed = 0;
  const auto reason = slow && slow->slow > watched.opening->failed ? "slow"
                      : held.empty()                               ? std::string(to)
                      : held.front().stage.empty()                 ? held.front().outcome
                                                   : held.front().outcome + ":" + held.front().stage;
  add(provider, watched, now, ledger::kEventOpened, object([&](base::JsonWriter& json) {
        json.key("cause").string(order ? "order" : "failures").key("reason").string(reason);
        json.key("first_failure").string(base::format_rfc3339(first));
        if (slow) write_slow(json.key("slow"), *slow);
      }));
  for (const auto& call : held) add_call(provider, watched, call);
  watched.held.clear();
  watched.opening.reset();
  if (parts_.metrics != nullptr) parts_.metrics->count("reckon_incidents_total", "provider", provider);
}

void IncidentRecorder::close(const std::string& provider, Watched& watched) {
  add(provider, watched, parts_.clock->wall_now(), ledger::kEventClosed, object([&](base::JsonWriter& json) {
        json.key("calls").integer(watched.calls).key("failed").integer(watched.failed);
      }));
  watched.incident.clear();
  watched.drill_until.reset();
}

// Nobody asks its provider any more: nothing else would ever end it.
void IncidentRecorder::give_up(const ledger::Incident& incident) {
  Watched last;
  last.incident = incident.id;
  add(incident.provider, last, parts_.clock->wall_now(), ledger::kEventClosed,
      object([&](base::JsonWriter& json) {
        json.key("calls").integer(
            std::ranges::count(incident.events, ledger::kEventCall, &ledger::IncidentEvent::kind));
        json.key("failed").integer(incident.failed).key("why").string(ledger::kNotConfigured);
      }));
  if (parts_.log != nullptr)
    parts_.log->log(base::LogLevel::kInfo,
                    fmt::format("the outage {} of {} ends: it is not configured any more", incident.id,
                                incident.provider));
}

// A drill for a share of the quotes changes no breaker: it is opened by the order and ends by the clock.
// While another outage is on record, it is that one's order and nothing more.
void IncidentRecorder::begin_drill(const ledger::IncidentEvent& event, const ledger::Order& order,
                                   Watched& watched) {
  if (!watched.incident.empty()) return;
  watched.incident = event.incident;
  watched.drill_until = order.until;
  watched.calls = watched.failed = 0;
  const auto now = parts_.clock->wall_now();
  add(event.provider, watched, now, ledger::kEventOpened, object([&](base::JsonWriter& json) {
        json.key("cause").string("order").key("reason").string(fmt::format("drill:{:g}%", order.share * 100));
        json.key("first_failure").string(base::format_rfc3339(now));
      }));
}

void IncidentRecorder::end_drills() {
  const std::lock_guard lock(mutex_);
  const auto now = parts_.clock->wall_now();
  for (auto& [name, watched] : watched_) {
    if (watched.drill_until && now >= *watched.drill_until && watched.state == "closed") close(name, watched);
  }
}

void IncidentRecorder::on_breaker(std::string_view provider, std::string_view from, std::string_view to) {
  const std::string name(provider);
  const std::lock_guard lock(mutex_);
  auto& watched = watched_[name];
  watched.state = to;
  if (!watched.incident.empty()) watched.opening.reset();
  if (watched.incident.empty()) {
    if (!is_shut(to)) return;
    open(name, watched, to);
  }
  add(name, watched, parts_.clock->wall_now(), ledger::kEventBreaker,
      object([&](base::JsonWriter& json) { json.key("from").string(from).key("to").string(to); }));
  if (to == "closed") close(name, watched);
}

void IncidentRecorder::on_alarm(std::string_view provider, std::string_view what, std::string_view) {
  const std::string name(provider);
  const std::lock_guard lock(mutex_);
  auto& watched = watched_[name];
  if (watched.incident.empty()) return;  // the failed call that it is of is told
  add(name, watched, parts_.clock->wall_now(), ledger::kEventAlarm,
      object([&](base::JsonWriter& json) { json.key("what").string(what); }));
}

base::Result<void> IncidentRecorder::resume(distance::DistanceService& service) {
  auto all = ledger::incidents(*parts_.ledger);
  if (!all) return base::fail(all.error());
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, state] : service.breaker_states()) watched_[name].state = state;
    for (const auto& incident : *all) {
      const auto found = watched_.find(incident.provider);
      if (found == watched_.end()) {
        if (!incident.closed_at) give_up(incident);
        continue;
      }
      found->second.incident = goes_on(incident, found->second.state) ? incident.id : "";
      found->second.failed = incident.failed;
      found->second.calls = incident.failed;
    }
  }
  return take_orders(service);
}

void IncidentRecorder::obey(const ledger::IncidentEvent& event, distance::DistanceService& service) {
  const auto order = ledger::order_of(event);
  if (!order) return;
  const auto left = std::chrono::ceil<std::chrono::seconds>(order->until - parts_.clock->wall_now());
  const bool shut = order->order == kForcedOpen, in_part = shut && order->share < 1;
  if (shut && left.count() <= 0) return;
  {
    const std::lock_guard lock(mutex_);
    const auto found = watched_.find(event.provider);
    if (found == watched_.end()) return;                     // another configuration's provider
    if (shut && found->second.state == kForcedOpen) return;  // restored with the breaker
    found->second.ordered = shut && !in_part ? event.incident : "";
    if (in_part) begin_drill(event, *order, found->second);
    if (!shut && found->second.drill_until) found->second.drill_until = parts_.clock->wall_now();
  }
  (void)service.withhold_provider(event.provider, in_part ? order->share : 0, left);
  if (in_part) return;
  (void)service.override_provider(event.provider,
                                  shut ? distance::Override::kForcedOpen : distance::Override::kNone, left);
}

base::Result<void> IncidentRecorder::take_orders(distance::DistanceService& service) {
  // The last order counts: one that was taken back is not begun again.
  std::map<std::string, ledger::IncidentEvent> orders;
  std::map<std::string, base::WallTime> seen_well;
  const auto read = parts_.ledger->for_each_event(next_event_, [&](const ledger::StoredEvent& stored) {
    next_event_ = stored.seq + 1;
    if (stored.event.kind == ledger::kEventOrder) orders[stored.event.provider] = stored.event;
    if (stored.event.kind == ledger::kEventChecked) seen_well[stored.event.provider] = stored.event.at;
    return true;
  });
  for (const auto& [provider, event] : orders) obey(event, service);
  for (const auto& [provider, at] : seen_well) (void)service.lift_latch(provider, at);
  end_drills();
  return read;
}

}  // namespace reckon::service

#include "reckon/ledger/incidents.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"

namespace reckon::ledger {
namespace {

constexpr std::int64_t kLongestOrderS = 7 * 86'400;
constexpr std::string_view kLatched = "latched:";

// The text members of an event's detail; what is not there, or no text, is empty.
class Detail {
 public:
  explicit Detail(const IncidentEvent& event)
      : document_(base::JsonDocument::parse(event.detail, "event")), faults_("event") {}
  std::string text(std::string_view key) {
    return document_ ? std::string(document_->root(faults_).optional(key).string().value_or("")) : "";
  }
  std::int64_t number(std::string_view key) {
    return document_ ? document_->root(faults_).optional(key).integer(0, INT64_MAX).value_or(0) : 0;
  }
  /// Nothing where there is none, or none that can be read.
  std::optional<SlowOpening> slow() {
    if (!document_) return std::nullopt;
    const auto node = document_->root(faults_).optional("slow");
    if (!node.present()) return std::nullopt;
    const auto count = [&](std::string_view key) {
      return node.required(key).integer(0, INT64_MAX).value_or(0);
    };
    SlowOpening slow{std::string(node.required("operation").string().value_or("")),
                     count("latency_us"),
                     count("slow_after_us"),
                     node.required("under_way").boolean().value_or(false),
                     count("slow_calls"),
                     count("calls")};
    if (!faults_.empty()) return std::nullopt;
    return slow;
  }
  /// 1 where there is none.
  double share(std::string_view key) {
    return document_ ? document_->root(faults_).optional(key).number(0, 1).value_or(1) : 1;
  }

 private:
  base::Result<base::JsonDocument> document_;
  base::Faults faults_;
};

// It is over for one process on the ledger, and not for another: one that has the provider still in its
// configuration, or whose breaker shuts anew.
void take_back_end(Incident& incident, const IncidentEvent& event) {
  const bool told = event.kind == kEventCall || event.kind == kEventBreaker;
  if (!(told && incident.given_up) && !shuts_by_failures(event)) return;
  incident.given_up = false;
  incident.closed_at.reset();
}

void take(Incident& incident, const IncidentEvent& event) {
  take_back_end(incident, event);
  if (event.kind == kEventOpened) {
    Detail detail(event);
    incident.cause = detail.text("cause");
    incident.reason = detail.text("reason");
    incident.slow = detail.slow();
    incident.opened_at = event.at;
    const auto first = base::parse_rfc3339(detail.text("first_failure"), "event");
    incident.first_failure = first ? *first : event.at;
  } else if (event.kind == kEventCall) {
    Detail detail(event);
    const auto stage = detail.text("stage");
    const auto outcome = detail.text("outcome");
    incident.last_asked = std::max(incident.last_asked.value_or(event.at), event.at);
    if (outcome != "ok") {
      ++incident.failed;
      ++incident.reasons[stage.empty() ? outcome : outcome + ":" + stage];
    }
  } else if (event.kind == kEventClosed) {
    incident.closed_at = event.at;
    incident.given_up = Detail(event).text("why") == kNotConfigured;
  }
  incident.events.push_back(event);
}

}  // namespace

base::Result<std::vector<Incident>> incidents(const Ledger& ledger, std::string_view provider) {
  std::vector<Incident> all;
  std::map<std::string, std::size_t, std::less<>> at;
  const auto read = ledger.for_each_event(1, [&](const StoredEvent& stored) {
    const auto& event = stored.event;
    if (!provider.empty() && event.provider != provider) return true;
    const auto [place, fresh] = at.try_emplace(event.incident, all.size());
    if (fresh) {
      all.emplace_back();
      all.back().id = event.incident;
      all.back().provider = event.provider;
    }
    take(all[place->second], event);
    return true;
  });
  if (!read) return base::fail(read.error());
  std::erase_if(all, [](const auto& incident) { return incident.cause.empty(); });
  for (auto& incident : all) std::ranges::stable_sort(incident.events, {}, &IncidentEvent::at);
  return all;
}

IncidentEvent order_event(std::string incident, std::string provider, base::WallTime at,
                          std::string_view order, std::chrono::seconds duration, double share) {
  IncidentEvent event{std::move(incident), std::move(provider), at, std::string(kEventOrder), ""};
  base::JsonWriter json(event.detail);
  json.begin_object().key("order").string(order).key("for_s").integer(duration.count());
  if (share < 1) json.key("share").number(share);
  json.end_object();
  return event;
}

IncidentEvent checked_event(std::string incident, std::string provider, base::WallTime at,
                            std::string_view latch) {
  IncidentEvent event{std::move(incident), std::move(provider), at, std::string(kEventChecked), ""};
  base::JsonWriter json(event.detail);
  json.begin_object().key("latch").string(latch).end_object();
  return event;
}

bool opens_by_failures(const IncidentEvent& event) {
  return event.kind == kEventOpened && Detail(event).text("cause") == "failures";
}

bool shuts_by_failures(const IncidentEvent& event) {
  if (event.kind != kEventBreaker) return false;
  const auto to = Detail(event).text("to");
  return to == "open" || to.starts_with(kLatched);
}

std::string latch_of(const Incident& incident) {
  std::string latch;
  for (const auto& event : incident.events) {
    if (event.kind == kEventChecked) latch.clear();
    if (event.kind != kEventBreaker) continue;
    Detail detail(event);
    const auto from = detail.text("from"), to = detail.text("to");
    if (from.starts_with(kLatched)) latch.clear();
    if (to.starts_with(kLatched)) latch = to.substr(kLatched.size());
  }
  return latch;
}

std::optional<Order> order_of(const IncidentEvent& event) {
  if (event.kind != kEventOrder) return std::nullopt;
  Detail detail(event);
  const auto seconds = std::min(detail.number("for_s"), kLongestOrderS);
  return Order{detail.text("order"), event.at + std::chrono::seconds{seconds}, detail.share("share")};
}

}  // namespace reckon::ledger

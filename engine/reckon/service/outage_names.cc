#include "reckon/service/outage_names.h"

#include <algorithm>
#include <utility>

#include "reckon/ledger/incidents.h"

namespace reckon::service {

void OutageNames::note(const ledger::IncidentEvent& event) {
  if (ledger::opens_by_failures(event) || ledger::shuts_by_failures(event)) {
    open_[event.provider] = {event.incident, event.at};
    return;
  }
  const auto found = open_.find(event.provider);
  if (found == open_.end() || found->second.incident != event.incident) return;
  found->second.told = event.at;
  if (event.kind == ledger::kEventClosed) open_.erase(found);
}

void OutageNames::look() {
  (void)ledger_.for_each_event(next_, [&](const ledger::StoredEvent& stored) {
    next_ = stored.seq + 1;
    note(stored.event);
    return true;
  });
}

std::vector<ledger::IncidentEvent> OutageNames::settle(std::vector<ledger::IncidentEvent> events) {
  std::vector<ledger::IncidentEvent> settled;
  if (std::ranges::any_of(events, ledger::opens_by_failures)) look();
  for (auto& event : events) {
    if (ledger::opens_by_failures(event)) {
      const auto found = open_.find(event.provider);
      if (found != open_.end() && event.at - found->second.told <= kSameOutageFor) {
        renamed_[event.incident] = found->second.incident;
        continue;
      }
    }
    if (const auto renamed = renamed_.find(event.incident); renamed != renamed_.end()) {
      event.incident = renamed->second;
      if (event.kind == ledger::kEventClosed) renamed_.erase(renamed);
    }
    note(event);
    settled.push_back(std::move(event));
  }
  return settled;
}

}  // namespace reckon::service

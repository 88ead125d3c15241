#include "reckon/service/outage_names.h"

#include <string_view>
#include <utility>

#include "reckon/ledger/incidents.h"

namespace reckon::service {

void OutageNames::note(const ledger::IncidentEvent& event) {
  if (event.kind == ledger::kEventOpened) {
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
  constexpr std::string_view kByFailures = R"("cause":"failures")";
  std::vector<ledger::IncidentEvent> settled;
  for (auto& event : events) {
    if (event.kind == ledger::kEventOpened && event.detail.find(kByFailures) != std::string::npos) {
      look();
      for (const auto& before : settled) note(before);
      const auto found = open_.find(event.provider);
      const bool same = found != open_.end() && !own_.contains(found->second.incident) &&
                        event.at - found->second.told <= kSameOutageFor;
      if (same) {
        renamed_[event.incident] = found->second.incident;
        continue;
      }
      own_.insert(event.incident);
    }
    if (const auto renamed = renamed_.find(event.incident); renamed != renamed_.end())
      event.incident = renamed->second;
    settled.push_back(std::move(event));
  }
  return settled;
}

}  // namespace reckon::service

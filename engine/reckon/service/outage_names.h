#pragma once

// One outage, one incident: what processes on one ledger tell of a provider that fails them all.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reckon/ledger/ledger.h"

namespace reckon::service {

/// Under which incident's id a process writes its events. An outage that begins while another process has one
/// of the same provider open, and has told of it within kSameOutageFor, is that one; a drill is none. Two
/// that begin in the same moment may stay two. One thread at a time.
class OutageNames {
 public:
  explicit OutageNames(const ledger::Ledger& ledger) : ledger_(ledger) {}

  /// The events as they are to be written: renamed, and without the opening of what was open already. Drills
  /// keep the id that their order has given them. Where the ledger cannot be read nothing is renamed.
  /// Cost: where one of them opens an outage, a pass over the events written since the last one that did.
  std::vector<ledger::IncidentEvent> settle(std::vector<ledger::IncidentEvent> events);

 private:
  struct Open {
    std::string incident;
    base::WallTime told{};  ///< its newest event
  };
  void look();
  void note(const ledger::IncidentEvent& event);

  const ledger::Ledger& ledger_;
  std::int64_t next_ = 1;             ///< event not looked at yet
  std::map<std::string, Open> open_;  ///< by provider: the outage that is open, of whichever process
  std::map<std::string, std::string> renamed_;  ///< this process's outages that are another's
};

/// Twice a breaker's longest pause: a process that has an outage open tells of its probes, as long as it is
/// asked for quotes.
inline constexpr std::chrono::hours kSameOutageFor{2};

}  // namespace reckon::service

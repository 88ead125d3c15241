#pragma once

// Writes an outage down while it happens: it is opened with the first call that failed, not with the moment
// at which the breaker had seen enough. No quote waits for it.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/log.h"
#include "reckon/distance/distance_service.h"
#include "reckon/ledger/incidents.h"
#include "reckon/ledger/ledger.h"
#include "reckon/service/metrics.h"
#include "reckon/service/write_behind.h"

namespace reckon::service {

/// Events that may wait for the disk; beyond, they are dropped and counted. A provider has at most 32 calls
/// at a time, and few once its breaker is open.
inline constexpr std::size_t kMaxWaitingEvents = 4096;
/// Calls of one outage that are written down one by one; further ones are in the sums only.
inline constexpr std::int64_t kMaxCallsOfIncident = 10'000;
/// Failed calls held while the breaker is still closed: more than its window.
inline constexpr std::size_t kMaxFailuresHeld = 64;

/// Safe to call from any thread.
class IncidentRecorder final : public distance::Observer {
 public:
  struct Parts {
    ledger::Ledger* ledger = nullptr;            ///< outlives the recorder and the background's jobs
    const base::Clock* clock = nullptr;          ///< likewise
    distance::Background* background = nullptr;  ///< null: written on the caller's thread
    Metrics* metrics = nullptr;                  ///< may be null; outlives the background's jobs
    base::Logger* log = nullptr;                 ///< may be null; likewise
  };
  explicit IncidentRecorder(Parts parts);
  ~IncidentRecorder() override;
  IncidentRecorder(const IncidentRecorder&) = delete;
  IncidentRecorder& operator=(const IncidentRecorder&) = delete;

  void on_call(const distance::CallRecord& call) override;
  void on_opening(std::string_view provider, const distance::Opening& opening) override;
  void on_breaker(std::string_view provider, std::string_view from, std::string_view to) override;
  void on_alarm(std::string_view provider, std::string_view what, std::string_view detail) override;

  /// Goes on with outages that a former process has left open, and takes up orders that still hold, and what
  /// operators have seen mended. Outages of providers that are not configured any more end. Once, before the
  /// first call.
  base::Result<void> resume(distance::DistanceService& service);
  /// Takes up what operators have written since: orders (`reckon drill`), and that a provider that refused
  /// answers again (`reckon provider check`). Every few seconds, by one thread.
  base::Result<void> take_orders(distance::DistanceService& service);
  void flush();

 private:
  struct FailedCall {
    base::WallTime began{};
    base::SteadyTime began_steady{};
    std::string outcome, stage;
    std::int64_t latency_us = 0;
  };
  struct Watched {
    std::string state = "closed";               ///< of the breaker
    std::deque<FailedCall> held;                ///< failures before an outage is declared
    std::optional<distance::Opening> opening;   ///< of the breaker, about to be told
    std::string incident;                       ///< id of the open outage; empty: none
    std::string ordered;                        ///< id that an order has given to the outage that it makes
    std::optional<base::WallTime> drill_until;  ///< of an open one that keeps a share of the quotes away
    std::int64_t calls = 0, failed = 0;
  };

  void add(const std::string& provider, const Watched& watched, base::WallTime at, std::string_view kind,
           std::string detail);
  void add_call(const std::string& provider, Watched& watched, const FailedCall& call);
  void open(const std::string& provider, Watched& watched, std::string_view to);
  void close(const std::string& provider, Watched& watched);
  void give_up(const ledger::Incident& incident);
  void begin_drill(const ledger::IncidentEvent& event, const ledger::Order& order, Watched& watched);
  void end_drills();
  void obey(const ledger::IncidentEvent& event, distance::DistanceService& service);

  Parts parts_;
  std::shared_ptr<WriteBehind<ledger::IncidentEvent>> queue_;
  std::mutex mutex_;
  std::map<std::string, Watched, std::less<>> watched_;
  std::int64_t next_event_ = 1;  ///< of the ledger, not looked at for orders yet
};

}  // namespace reckon::service

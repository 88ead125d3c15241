#pragma once

// The decision log: what a dispatcher was told, what it decided and why, one JSON document a line. From the
// log alone each decision can be computed again (decision_replay.h). Lines: docs/dispatch.md, "Reading a
// decision".

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/dispatch/dispatcher.h"

namespace reckon::dispatch {

/// The line of one order given to a rider, without its line feed.
/// @param id  the how-manieth decision of the log, from 1
std::string reason_json(std::uint64_t id, Seconds at, const Reason& reason);

/// Riding times that remember what was asked since the last time.
class NotedTravelTimes : public TravelTimes {
 public:
  struct Ride {
    PlaceIndex from;
    PlaceIndex to;
    Seconds seconds;
  };
  explicit NotedTravelTimes(const TravelTimes& travel) : travel_(travel), slots_(kFirstSlots) {}
  Seconds seconds(PlaceIndex from, PlaceIndex to) const override;
  /// What was asked for the first time since the last call.
  std::vector<Ride> take_new();

 private:
  static constexpr std::size_t kFirstSlots = 1024;  // a power of two
  struct Slot {
    std::uint64_t key = 0;  // 0: empty; a pair's key is never 0
    Seconds seconds = 0;
  };
  Slot& find(std::uint64_t key) const;
  void grow() const;

  const TravelTimes& travel_;
  mutable std::vector<Slot> slots_;
  mutable std::size_t used_ = 0;
  mutable std::vector<Ride> new_;
};

/// Writes the log of one dispatcher. One thread at a time, as the dispatcher itself.
class DecisionLog {
 public:
  /// @param travel  must outlive the log
  /// @param sink    gets each line with its line feed
  DecisionLog(const TravelTimes& travel, const DispatcherOptions& options,
              std::function<void(std::string_view)> sink);

  /// What the dispatcher is to be given in place of `travel`.
  const TravelTimes& travel() const { return travel_; }
  /// To be told of every call of `update`, with all its events.
  void told(std::span<const Event> events);
  /// To be told of every call of `tick`.
  void ticked(Seconds now, const TickBudget& budget, const Decisions& decisions);

 private:
  void line(std::string text);

  NotedTravelTimes travel_;
  std::function<void(std::string_view)> sink_;
  std::string block_;  // lines since the last seal
  std::string seal_;
  std::uint64_t decisions_ = 0;
};

/// Parts of the log, for those who write and those who read it.
std::string log_head_json(const DispatcherOptions& options);
/// The line of a tick, up to where its seal begins.
std::string tick_json(Seconds now, const TickBudget& budget, const Decisions& decisions);
inline constexpr std::string_view kSealKey = ",\"seal\":\"";
/// The same with the seal.
std::string sealed(std::string tick, std::string_view seal);
/// SHA-256 of the seal before, the lines since then, and the tick's own line as tick_json has it.
std::string seal_of(std::string_view before, std::string_view block);

}  // namespace reckon::dispatch

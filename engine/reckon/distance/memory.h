#pragma once

// What providers have said before, kept in memory for the time when they are gone. What is kept on disk, and
// how long, is the caller's: see ledger/answer_store.h.

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/units.h"
#include "reckon/base/vehicle.h"
#include "reckon/distance/detour.h"
#include "reckon/distance/door_graph.h"
#include "reckon/geo/lat_lng.h"

namespace reckon::distance {

/// One remembered answer.
struct PastAnswer {
  std::string provider;
  base::Vehicle vehicle = base::Vehicle::kMotorcycle;
  geo::LatLng from, to;
  base::Metres metres;
  base::Seconds duration{};
  base::WallTime at{};
};

/// Doors nearer than this are the same door: a geocoder's own scatter.
inline constexpr double kSameDoorM = 5;
/// Farthest that both ends together may lie from those of a remembered trip.
inline constexpr double kNearTripM = 40;

/// Safe to call from any thread.
class AnswerMemory {
 public:
  /// @param most_answers  the oldest are forgotten first; some 300 bytes each
  explicit AnswerMemory(std::size_t most_answers = 200'000) : most_(most_answers) {}

  /// Takes an answer; a newer one of the same trip replaces the older.
  void remember(const PastAnswer& answer);

  struct Recalled {
    Estimate estimate;  ///< wider with age, and with how far the ends lie apart
    base::Seconds duration{};
    base::Seconds age{};
    bool same_doors = false;
  };
  /// The nearest remembered trip of this provider, no older than `max_age`; nothing when none lies within
  /// kNearTripM. Cost: 81 look-ups, some microseconds.
  std::optional<Recalled> recall(std::string_view provider, base::Vehicle vehicle, const geo::LatLng& from,
                                 const geo::LatLng& to, base::WallTime now, base::Seconds max_age) const;
  /// What answers about other trips say of this one; empty bounds where they say nothing.
  DoorGraph::Bounds bounds(std::string_view provider, base::Vehicle vehicle, const geo::LatLng& from,
                           const geo::LatLng& to, base::WallTime since) const;
  std::size_t size() const;
  std::size_t most_answers() const { return most_; }

 private:
  struct Cell {
    std::int32_t from_row, from_column, to_row, to_column;
    friend bool operator==(const Cell&, const Cell&) = default;
  };
  struct CellHash {
    std::size_t operator()(const Cell& cell) const;
  };
  static Cell cell_of(const geo::LatLng& from, const geo::LatLng& to);

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::deque<PastAnswer> answers_;  ///< by age; answers_[i] has number first_ + i
  std::uint64_t first_ = 0;
  std::unordered_map<Cell, std::vector<std::uint64_t>, CellHash> cells_;
  std::map<std::pair<std::string, base::Vehicle>, DoorGraph, std::less<>> doors_;
};

}  // namespace reckon::distance

#pragma once

// Pairs of a trip and what a provider said of it, made ready to be learned from.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/distance/memory.h"
#include "reckon/distance/route_fit.h"

namespace reckon::distance {

/// Routes are learned from no more pairs than this, the newest: the fit takes some minutes for as many.
inline constexpr std::size_t kMostPairs = 10'000;
/// And all the rest from no more than this: seconds.
inline constexpr std::size_t kMostDoorPairs = 200'000;

/// One pair for each two doors, the newest answer of them, in order of time, at most `most` (the newest).
/// @param answers  in order of time
std::vector<AnsweredTrip> pairs_of(std::span<const PastAnswer> answers, std::size_t most = kMostDoorPairs);

/// Whose answers of a file are wanted, where its rows say it.
struct WantedPairs {
  std::string_view provider;
  base::Vehicle vehicle{};
};
/// Rows of a file that were left out.
struct LeftOutPairs {
  std::size_t guesses = 0;  ///< of no provider, such as a batch's own estimates
  std::size_t of_other_providers = 0, of_other_vehicles = 0;
};

/// The columns `from_lat,from_lon,to_lat,to_lon,distance_m` and, if there, `duration_s` (0: not told),
/// `source`
/// (`provider:NAME`; rows of anything else are guesses) and `vehicle`. Other columns are passed over. Rows in
/// order of time.
/// @param name      of the file, for faults
/// @param wanted    null: of whichever provider and vehicle
/// @param left_out  null, or where the rows that were left out are counted
/// @errors kInvalidInput  a missing column, every bad row (up to base::kMaxFaults)
base::Result<std::vector<AnsweredTrip>> read_pairs_csv(std::string_view bytes, std::string_view name,
                                                       const WantedPairs* wanted = nullptr,
                                                       LeftOutPairs* left_out = nullptr);

}  // namespace reckon::distance

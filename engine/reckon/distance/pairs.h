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

/// The columns `from_lat,from_lon,to_lat,to_lon,distance_m` and, if there, `duration_s` (0: not told) and
/// `source`: rows that are not of a provider (`provider:NAME`), such as a batch's guesses, are left out.
/// Other columns are passed over. Rows in order of time.
/// @param name     of the file, for faults
/// @param guesses  null, or where the rows that were left out are counted
/// @errors kInvalidInput  a missing column, every bad row (up to base::kMaxFaults)
base::Result<std::vector<AnsweredTrip>> read_pairs_csv(std::string_view bytes, std::string_view name,
                                                       std::size_t* guesses = nullptr);

}  // namespace reckon::distance

#pragma once

// What a correction names on a map, in words: so that its author sees whether it is what he meant, and where
// it is not there, which field is amiss and what is nearest.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/road/overlay.h"

namespace reckon::road {

/// A street that a correction names, in part or whole.
struct FoundWay {
  std::int64_t way;
  std::string_view street;  ///< name or number, empty where the map has none; lives as long as the map

  friend bool operator==(const FoundWay&, const FoundWay&) = default;
};

/// What the map has at a place that a correction names.
struct FoundPlace {
  std::string_view field;  ///< `near`, `at`, `from`, `to`
  geo::LatLng place;       ///< on the street, or of the junction
  double away_m;           ///< from the place named
};

struct Finding {
  /// `closes "Avenue de la Costa" (way 157719647), 93 m, 3.0 m from the place named`; empty: not found.
  std::string says;
  /// Why the correction changes nothing on this map; empty when it changes something.
  std::string changes_nothing;
  std::vector<FoundWay> ways;           ///< of turns: from, to
  std::vector<FoundPlace> places;       ///< in the order of the fields
  std::int64_t length_m = 0;            ///< of the streets, or of the added road
  std::vector<base::Vehicle> vehicles;  ///< for which something changes
  /// Not found: what is amiss; `where` is the field (`/at`).
  std::optional<base::Fault> fault;
  double nearest_m = 0;  ///< with a fault: where the nearest of what is needed lies; infinite: out of sight
};

/// `resolve` in words: `fault` is there where `resolve` finds nothing. Times are not looked at.
/// Cost: some passes over the map's edges, tens of milliseconds in a city.
Finding finding_of(const Correction& correction, const RoadMap& map);

/// Two corrections that contradict each other, or say one thing twice.
struct Contradiction {
  std::size_t earlier, later;  ///< places in the overlay
  std::string message;         ///< names both
};

/// Turns that are both forbidden and allowed, gates both open and shut, and either said twice: for one
/// vehicle, at one time. Ascending by the later one, each with the first that it contradicts.
/// @param claims  of `overlay`'s, from `resolve`
std::vector<Contradiction> contradictions(const Overlay& overlay, std::vector<TurnClaim> claims);

}  // namespace reckon::road

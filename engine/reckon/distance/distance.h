#pragma once

// A distance that says where it comes from. No number leaves the engine without this label.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reckon/base/units.h"

namespace reckon::distance {

/// The rungs, best first.
enum class SourceKind { kProvider, kMemory, kRoad, kGeodesic, kZone, kOperator };

/// `provider:<name>`, `memory:<name>`, `road`, `geodesic`, `zone`, `operator`.
struct Source {
  SourceKind kind = SourceKind::kGeodesic;
  std::string name;  ///< of the provider; empty for the other kinds
  std::string label() const;
};

/// Why a better rung was not used.
struct WhyNot {
  std::string rung;  ///< a Source label
  std::string
      reason;  ///< `breaker_open`, `timeout:connect`, `quota`, `implausible`, `off_map`, `no_route`, …
};

struct Distance {
  base::Metres metres;       ///< >= 0; what prices
  base::Seconds duration{};  ///< of the same path
  Source source;
  base::Seconds age{};     ///< since a provider said it; 0 when computed now
  base::Metres low, high;  ///< 90 % interval of what the configured first provider would have said
  std::optional<base::Metres> median = std::nullopt;  ///< of the same; nothing: `metres`
  bool provisional = false;                           ///< a better source is expected to replace it later
  std::vector<WhyNot> why_not;
  std::optional<std::string> map_release;  ///< of the road map consulted, if one was
  /// The calibration that the metres or the band came from, if one did.
  std::optional<std::string> calibration_release = std::nullopt;
  base::Metres local;                  ///< the local estimate, computed for every trip: the shadow
  base::Metres local_low, local_high;  ///< its 90 % interval
  std::optional<base::Metres> local_median = std::nullopt;
  Source local_source;
  std::optional<std::string> local_calibration = std::nullopt;  ///< that it came from, if one
};

}  // namespace reckon::distance

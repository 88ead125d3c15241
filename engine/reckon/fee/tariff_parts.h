#pragma once

// The parts of a tariff's reader that have files of their own. Each reads one part of the document and
// records every fault of it.

#include <string>
#include <vector>

#include "reckon/base/json_reader.h"
#include "reckon/fee/tariff.h"

namespace reckon::fee {

/// `surcharges`, `promotions`, `groups` and the caps of both.
void read_rules(const base::JsonNode& root, Tariff& tariff);

/// `distance`, `base`, `steps` and the zone table.
void read_distance(const base::JsonNode& root, Tariff& tariff);

/// `base` and `steps` alone: of a rider's pay, which is priced by the distance of its tariff.
void read_base_and_steps(const base::JsonNode& root, Tariff& tariff);

/// Steps from 0 on, as a route's legs are.
std::vector<DistanceStep> read_legs(const base::JsonNode& node);

/// `minimum`, `maximum` and `rounding`.
void read_bounds(const base::JsonNode& root, Tariff& tariff);

/// `route`, `cancellation`, `returns`, and `rider_pay` with all that it may say.
void read_further(const base::JsonNode& root, Tariff& tariff);

/// `zones`, `holidays`, `building_lists`, `needs`: what conditions refer to.
void read_lists(const base::JsonNode& root, Tariff& tariff);

/// That every zone, layer and building list that a rule's condition names is declared.
void check_references(const base::JsonNode& root, const Tariff& tariff);

/// `vectors`.
std::vector<Vector> read_vectors(const base::JsonNode& node, const Tariff& tariff);

/// Everything that prices, in a fixed order; read_tariff reads it back to an equal tariff. What came to the
/// language later is written only where it is used, so that earlier tariffs keep their release.
std::string canonical_json(const Tariff& tariff);

}  // namespace reckon::fee

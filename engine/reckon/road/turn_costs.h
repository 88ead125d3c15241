#pragma once

// What a turn costs in time: the bend, turning round, and traffic lights. docs/road-rules.md says why.

#include <cstdint>
#include <optional>
#include <string_view>

#include "reckon/base/vehicle.h"
#include "reckon/geo/local_frame.h"

namespace reckon::road {

/// The side of the road that traffic keeps to; a turn across the oncoming traffic costs more than one beside
/// it.
enum class DrivingSide : std::uint8_t { kRight, kLeft };
std::string_view to_string(DrivingSide side);  ///< `right` or `left`
std::optional<DrivingSide> driving_side_from(std::string_view name);

/// Milliseconds that a vehicle loses by turning where roads meet, by the angle between the segment it comes
/// on and the one it leaves on: none straight ahead, most sharply back. Both segments meet in `corner`.
/// @param before,after  the segments' other ends; where one of them is `corner`, there is no angle and no
/// cost
/// @return [0, 7500]
/// Pure, the same bits on every machine. Cost: some 20 ns. Source: docs/sources.md#turn-costs
std::uint16_t bend_ms(base::Vehicle vehicle, DrivingSide side, geo::PlaceE7 before, geo::PlaceE7 corner,
                      geo::PlaceE7 after);

/// The same for an angle: its cosine, and whether the turn leads across the oncoming traffic.
std::uint16_t bend_ms(base::Vehicle vehicle, double cosine, bool across);

/// Turning round on the same road, where that is legal.
std::uint16_t u_turn_ms(base::Vehicle vehicle);

/// Passing a traffic light, on the average of a quiet hour.
inline constexpr std::uint16_t kSignalMs = 2000;

/// One turn, as it lies on the map.
struct TurnAt {
  bool round;     ///< back along the road that it came on
  bool junction;  ///< more than two roads that the vehicle uses meet: elsewhere a bend costs nothing
  bool light;     ///< a traffic light is for those who come this way
  geo::PlaceE7 before, corner, after;  ///< as for bend_ms
};

/// What the turn costs in all: the bend or turning round, and the light.
std::uint16_t turn_ms(base::Vehicle vehicle, DrivingSide side, const TurnAt& turn);

}  // namespace reckon::road

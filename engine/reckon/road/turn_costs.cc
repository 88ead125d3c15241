#include "reckon/road/turn_costs.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace reckon::road {
namespace {

using base::Vehicle;

constexpr std::size_t kKnots = 13;

/// Cosines of 0, 15, … 180 degrees, in 1e-9.
constexpr std::array<double, kKnots> kCosines = {
    1,    0.965925826,  0.866025404,  0.707106781,  0.5, 0.258819045, 0, -0.258819045,
    -0.5, -0.707106781, -0.866025404, -0.965925826, -1};

/// Milliseconds at these angles: a logistic curve, 7500 / (1 + exp(6.5 b - 13 angle / (180 b))) with b
/// = 1.075 beside the oncoming traffic and its inverse across it.
constexpr std::array<std::uint16_t, kKnots> kBeside = {7,    19,   52,   140,  371,  935, 2105,
                                                       3875, 5591, 6669, 7174, 7377, 7455};
constexpr std::array<std::uint16_t, kKnots> kAcross = {18,   56,   178,  542,  1498, 3332, 5395,
                                                       6686, 7225, 7412, 7472, 7491, 7497};

}  // namespace

std::string_view to_string(DrivingSide side) {
  return side == DrivingSide::kRight ? "right" : "left";
}

std::optional<DrivingSide> driving_side_from(std::string_view name) {
  if (name == "right") return DrivingSide::kRight;
  if (name == "left") return DrivingSide::kLeft;
  return std::nullopt;
}

std::uint16_t bend_ms(Vehicle vehicle, double cosine, bool across) {
  if (vehicle == Vehicle::kFoot) return 0;
  const auto& knots = across ? kAcross : kBeside;
  std::size_t above = 1;
  while (above + 1 < kKnots && cosine < kCosines[above]) ++above;
  const double share =
      std::clamp((kCosines[above - 1] - cosine) / (kCosines[above - 1] - kCosines[above]), 0.0, 1.0);
  return static_cast<std::uint16_t>(knots[above - 1] * (1 - share) + knots[above] * share + 0.5);
}

std::uint16_t bend_ms(Vehicle vehicle, DrivingSide side, geo::PlaceE7 before, geo::PlaceE7 corner,
                      geo::PlaceE7 after) {
  const geo::LocalFrame frame(corner);
  const auto from = frame.at(before), to = frame.at(after);
  const double lengths = std::sqrt((from.x * from.x + from.y * from.y) * (to.x * to.x + to.y * to.y));
  if (lengths == 0) return 0;
  const double cosine = -(from.x * to.x + from.y * to.y) / lengths;  // `from` points back
  // Exact for segments of less than six degrees, and so the same whoever asks: a road drawn straight on bends
  // to no side, and costs what a turn beside the oncoming traffic does.
  const auto east = [&](geo::PlaceE7 end) { return static_cast<double>(end.lng) - corner.lng; };
  const auto north = [&](geo::PlaceE7 end) { return static_cast<double>(end.lat) - corner.lat; };
  const double left = north(before) * east(after) - east(before) * north(after);
  return bend_ms(vehicle, cosine, side == DrivingSide::kRight ? left > 0 : left < 0);
}

std::uint16_t u_turn_ms(Vehicle vehicle) {
  constexpr std::uint16_t kWheels = 20'000, kFoot = 0;
  return vehicle == Vehicle::kFoot ? kFoot : kWheels;
}

std::uint16_t turn_ms(Vehicle vehicle, DrivingSide side, const TurnAt& turn) {
  int ms = turn.light ? kSignalMs : 0;
  if (turn.round) {
    ms += u_turn_ms(vehicle);
  } else if (turn.junction) {
    ms += bend_ms(vehicle, side, turn.before, turn.corner, turn.after);
  }
  return static_cast<std::uint16_t>(ms);
}

}  // namespace reckon::road

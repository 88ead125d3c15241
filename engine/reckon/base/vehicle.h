#pragma once

// The vehicles that Reckon knows. Every room speaks of them, so the enumeration stands at the bottom.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace reckon::base {

enum class Vehicle : std::uint8_t { kMotorcycle = 0, kBicycle = 1, kFoot = 2, kCar = 3 };

inline constexpr std::array kAllVehicles = {Vehicle::kMotorcycle, Vehicle::kBicycle, Vehicle::kFoot,
                                            Vehicle::kCar};

/// What an error message says about an unknown vehicle.
inline constexpr std::string_view kVehiclesAllowed = "allowed: motorcycle, bicycle, foot, car";

std::string_view to_string(Vehicle vehicle);

/// The vehicle of exactly this lower-case name, or nothing.
std::optional<Vehicle> vehicle_from(std::string_view name);

}  // namespace reckon::base

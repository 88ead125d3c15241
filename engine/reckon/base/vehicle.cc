#include "reckon/base/vehicle.h"

#include <algorithm>

namespace reckon::base {

std::string_view to_string(Vehicle vehicle) {
  switch (vehicle) {
    case Vehicle::kMotorcycle:
      return "motorcycle";
    case Vehicle::kBicycle:
      return "bicycle";
    case Vehicle::kFoot:
      return "foot";
    case Vehicle::kCar:
      return "car";
  }
  return "unknown";
}

std::optional<Vehicle> vehicle_from(std::string_view name) {
  const auto* found = std::ranges::find(kAllVehicles, name, [](Vehicle v) { return to_string(v); });
  if (found == kAllVehicles.end()) return std::nullopt;
  return *found;
}

}  // namespace reckon::base

#pragma once

// Places as points in space (earth-centred, earth-fixed): worked out once for each place, they make the
// length of a geodesic a matter of nanoseconds.

#include <cstddef>
#include <span>
#include <vector>

#include "reckon/geo/lat_lng.h"

namespace reckon::geo {

/// Metres from the centre of the Earth: x to (0 N, 0 E), y to (0 N, 90 E), z to the north pole.
struct EcefPoint {
  double x = 0;
  double y = 0;
  double z = 0;
  friend bool operator==(const EcefPoint&, const EcefPoint&) = default;
};

/// The point on WGS84; each coordinate within 2 nm. Cost: about 30 ns. The same bits on every machine.
EcefPoint to_ecef(const LatLng& place);

/// Points side by side in memory, as geodesics_m reads them.
class EcefPoints {
 public:
  void add(const EcefPoint& point) {
    x_.push_back(point.x);
    y_.push_back(point.y);
    z_.push_back(point.z);
  }
  void clear() {
    x_.clear();
    y_.clear();
    z_.clear();
  }
  void reserve(std::size_t count) {
    x_.reserve(count);
    y_.reserve(count);
    z_.reserve(count);
  }
  std::size_t size() const { return x_.size(); }
  EcefPoint operator[](std::size_t i) const { return {x_[i], y_[i], z_[i]}; }
  std::span<const double> x() const { return x_; }
  std::span<const double> y() const { return y_; }
  std::span<const double> z() const { return z_; }

 private:
  std::vector<double> x_, y_, z_;
};

}  // namespace reckon::geo

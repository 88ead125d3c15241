#pragma once

// A route to look at: the streets around it, its line, where both ends met the road.

#include <string>

#include "reckon/geo/lat_lng.h"
#include "reckon/road/map_set.h"

namespace reckon::cli {

struct PicturedTrip {
  geo::LatLng from;
  geo::LatLng to;
  base::Vehicle vehicle;
  road::Route route;                   ///< with its geometry, where it has one
  const road::MapSet* maps = nullptr;  ///< whose streets are drawn around it; may be null
};

/// An SVG document: streets in grey (wider by class; those closed to the vehicle dashed, those closed by a
/// correction crossed out in black), the route in blue, a green start and a red end, dotted lines from the
/// asked places to the road, a scale bar, and a line of text.
std::string route_svg(const PicturedTrip& trip);

/// The same inside a page of its own, with the numbers as a table.
std::string route_html(const PicturedTrip& trip);

}  // namespace reckon::cli

#include "route_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "reckon/road/way_rules.h"

namespace reckon::cli {
namespace {

constexpr double kWidthPx = 900;
constexpr double kMarginPx = 40;
constexpr double kLeastSpanM = 200;           // a trip across the street still shows its block
constexpr std::size_t kMostStreets = 20'000;  // some 3 MB of picture
constexpr double kMetresPerDegree = 111'195;

/// Degrees to pixels: equirectangular at the picture's middle, good for a city.
class Paper {
 public:
  explicit Paper(const PicturedTrip& trip) {
    auto box = around(trip);
    const double middle = (box.south + box.north) / 2;
    shrink_ = std::cos(middle * 3.14159265358979 / 180);
    widen(box.south, box.north, kLeastSpanM / kMetresPerDegree);
    widen(box.west, box.east, kLeastSpanM / (kMetresPerDegree * shrink_));
    const double wide_m = (box.east - box.west) * shrink_ * kMetresPerDegree;
    const double high_m = (box.north - box.south) * kMetresPerDegree;
    per_m_ = (kWidthPx - 2 * kMarginPx) / std::max(wide_m, high_m);
    width_ = std::max(wide_m * per_m_ + 2 * kMarginPx, kWidthPx / 2);
    height_ = high_m * per_m_ + 2 * kMarginPx + 30;
    box_ = box;
  }
  double width() const { return width_; }
  double height() const { return height_; }
  double pixels_of_metres(double metres) const { return metres * per_m_; }

  /// What the paper shows, margins included.
  road::Box shown() const {
    const double lat = kMarginPx / per_m_ / kMetresPerDegree;
    return {box_.south - lat, box_.west - lat / shrink_, box_.north + lat,
            std::max(box_.east, box_.west + width_ / per_m_ / (kMetresPerDegree * shrink_)) + lat / shrink_};
  }
  std::string at(const geo::LatLng& place) const { return fmt::format("{:.1f},{:.1f}", x(place), y(place)); }
  double x(const geo::LatLng& place) const {
    return kMarginPx + (place.lng_deg() - box_.west) * shrink_ * kMetresPerDegree * per_m_;
  }
  double y(const geo::LatLng& place) const {
    return kMarginPx + (box_.north - place.lat_deg()) * kMetresPerDegree * per_m_;
  }

 private:
  static road::Box around(const PicturedTrip& trip) {
    road::Box box{trip.from.lat_deg(), trip.from.lng_deg(), trip.from.lat_deg(), trip.from.lng_deg()};
    const auto add = [&](const geo::LatLng& place) {
      box = {std::min(box.south, place.lat_deg()), std::min(box.west, place.lng_deg()),
             std::max(box.north, place.lat_deg()), std::max(box.east, place.lng_deg())};
    };
    add(trip.to);
    for (const auto& place : trip.route.geometry) add(place);
    return box;
  }
  static void widen(double& low, double& high, double least) {
    const double lacking = std::max(0.0, least - (high - low)) / 2;
    low -= lacking;
    high += lacking;
  }

  road::Box box_;
  double shrink_ = 1, per_m_ = 1, width_ = 0, height_ = 0;
};

double street_width(road::RoadClass road_class) {
  switch (road_class) {
    case road::RoadClass::kMotorway:
    case road::RoadClass::kTrunk:
    case road::RoadClass::kPrimary:
      return 4;
    case road::RoadClass::kSecondary:
    case road::RoadClass::kTertiary:
      return 3;
    case road::RoadClass::kFootway:
    case road::RoadClass::kPath:
    case road::RoadClass::kSteps:
    case road::RoadClass::kCycleway:
      return 0.8;
    default:
      return 1.5;
  }
}

std::string points_of(const Paper& paper, const std::vector<geo::LatLng>& line) {
  std::string points;
  for (const auto& place : line) points += (points.empty() ? "" : " ") + paper.at(place);
  return points;
}

void draw_end(std::string& svg, const Paper& paper, const geo::LatLng& asked,
              const std::optional<road::SnapPoint>& snap, std::string_view colour, std::string_view name) {
  if (snap) {
    svg += fmt::format(
        "<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' stroke='{}' stroke-width='1.5' "
        "stroke-dasharray='2 3'/>\n",
        paper.x(asked), paper.y(asked), paper.x(snap->at), paper.y(snap->at), colour);
  }
  svg += fmt::format(
      "<circle cx='{:.1f}' cy='{:.1f}' r='6' fill='{}' stroke='white' stroke-width='2'><title>{}: "
      "{:.7f},{:.7f}"
      "{}</title></circle>\n",
      paper.x(asked), paper.y(asked), colour, name, asked.lat_deg(), asked.lng_deg(),
      snap ? fmt::format(", {:.1f} m from its road", snap->offset_m) : ", off the map");
}

void draw_scale(std::string& svg, const Paper& paper) {
  double metres = 1;
  for (const double nice : {10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10'000, 20'000, 50'000}) {
    if (paper.pixels_of_metres(nice) <= 200) metres = nice;
  }
  const double y = paper.height() - 12;
  svg += fmt::format(
      "<path d='M{0} {1}v6h{2:.1f}v-6' fill='none' stroke='#333'/><text x='{3:.1f}' y='{1}' font-size='12' "
      "fill='#333'>{4}</text>\n",
      kMarginPx, y - 6, paper.pixels_of_metres(metres), kMarginPx + paper.pixels_of_metres(metres) + 6,
      metres >= 1000 ? fmt::format("{} km", metres / 1000) : fmt::format("{} m", metres));
}

std::string told(const PicturedTrip& trip) {
  if (trip.route.status != road::RouteStatus::kOk) return std::string(road::to_string(trip.route.status));
  return fmt::format("{} m, {} s by {}", trip.route.distance.value, road::seconds_of(trip.route.duration_ds),
                     base::to_string(trip.vehicle));
}

}  // namespace

std::string route_svg(const PicturedTrip& trip) {
  const Paper paper(trip);
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{0:.0f}' height='{1:.0f}' viewBox='0 0 {0:.0f} "
      "{1:.0f}' "
      "font-family='sans-serif'>\n<rect width='100%' height='100%' fill='#fbfaf7'/>\n"
      "<g fill='none' stroke-linejoin='round' stroke-linecap='round'>\n",
      paper.width(), paper.height());
  if (trip.maps != nullptr) {
    for (const auto& street :
         trip.maps->streets_in(trip.route.map_release, paper.shown(), trip.vehicle, kMostStreets)) {
      svg += fmt::format("<polyline points='{}' stroke='{}' stroke-width='{}'{}/>\n",
                         points_of(paper, street.line), street.open ? "#c4c0b6" : "#e08080",
                         street_width(street.road_class), street.open ? "" : " stroke-dasharray='4 3'");
      if (!street.closed) continue;
      svg += fmt::format("<polyline points='{}' stroke='#111' stroke-width='3' stroke-dasharray='2 6'/>\n",
                         points_of(paper, street.line));
    }
  }
  if (!trip.route.geometry.empty()) {
    svg += fmt::format("<polyline points='{}' stroke='#1f5fd0' stroke-width='5' stroke-opacity='0.85'/>\n",
                       points_of(paper, trip.route.geometry));
  }
  svg += "</g>\n";
  draw_end(svg, paper, trip.from, trip.route.from, "#1a8f3c", "from");
  draw_end(svg, paper, trip.to, trip.route.to, "#c82020", "to");
  draw_scale(svg, paper);
  svg += fmt::format("<text x='{:.0f}' y='24' font-size='16' fill='#222'>{}</text>\n</svg>\n", kMarginPx,
                     told(trip));
  return svg;
}

std::string route_html(const PicturedTrip& trip) {
  const auto row = [](std::string_view name, const std::string& value) {
    return fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", name, value);
  };
  const auto end = [](const geo::LatLng& asked, const std::optional<road::SnapPoint>& snap) {
    if (!snap) return fmt::format("{:.7f}, {:.7f}: off the map", asked.lat_deg(), asked.lng_deg());
    return fmt::format("{:.7f}, {:.7f}; its road {:.1f} m away at {:.7f}, {:.7f}{}", asked.lat_deg(),
                       asked.lng_deg(), snap->offset_m, snap->at.lat_deg(), snap->at.lng_deg(),
                       snap->as_asked ? "" : "; no road there keeps the asked side or heading");
  };
  return "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>Route</title><style>"
         "body{font-family:sans-serif;margin:1.5em;color:#222}th{text-align:left;padding-right:1em}"
         "svg{max-width:100%;height:auto;border:1px solid #ddd}</style></head><body>\n<table>\n" +
         row("Route", told(trip)) + row("From", end(trip.from, trip.route.from)) +
         row("To", end(trip.to, trip.route.to)) + row("Map", std::string(trip.route.map_release)) +
         "</table>\n" + route_svg(trip) +
         "<p>Grey: streets open to this vehicle; red and dashed: closed to it; dotted black: closed by a "
         "correction. Map data &copy; OpenStreetMap "
         "contributors, ODbL, where the map was built from it.</p>\n</body></html>\n";
}

}  // namespace reckon::cli

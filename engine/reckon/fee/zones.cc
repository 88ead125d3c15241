#include "reckon/fee/zones.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "reckon/fee/read_parts.h"

namespace reckon::fee {
namespace {

using base::JsonNode;
using base::JsonWriter;
using geo::PointE7;

constexpr std::array<std::string_view, 2> kBoundaryNames = {"inside", "outside"};

std::string place_text(PointE7 p) {
  return fmt::format("{:.7f},{:.7f}", p.lat / 1e7, p.lng / 1e7);
}

// A position: [longitude, latitude], a height after them is passed over as RFC 7946 allows.
std::optional<PointE7> read_position(const JsonNode& node) {
  const auto parts = node.items(3);
  if (!node.is_array()) return std::nullopt;
  if (parts.size() < 2) {
    node.fault("has fewer than two numbers; allowed: [longitude, latitude]");
    return std::nullopt;
  }
  const auto lng = parts[0].number(-180, 180), lat = parts[1].number(-90, 90);
  if (!lng || !lat) return std::nullopt;
  return PointE7{static_cast<std::int32_t>(std::llround(*lat * 1e7)),
                 static_cast<std::int32_t>(std::llround(*lng * 1e7))};
}

std::optional<geo::Ring> read_ring(const JsonNode& node) {
  geo::Ring ring;
  bool whole = node.is_array();
  const auto positions = node.items(kMaxRingCorners);
  for (const auto& item : positions) {
    const auto point = read_position(item);
    whole = whole && point.has_value();
    if (point) ring.push_back(*point);
  }
  if (!whole || positions.empty()) return std::nullopt;
  if (ring.size() < 4 || ring.front() != ring.back()) {
    node.fault("is no closed ring; allowed: at least four positions, the last one the same as the first");
    return std::nullopt;
  }
  ring.pop_back();
  const auto twice = std::ranges::adjacent_find(ring);
  if (twice != ring.end()) {
    node.fault(
        fmt::format("has {} twice in a row (on the grid of 1e-7 degree); leave one out", place_text(*twice)));
    return std::nullopt;
  }
  return ring;
}

std::optional<geo::Polygon> read_polygon(const JsonNode& node) {
  geo::Polygon polygon;
  bool whole = node.is_array();
  const auto rings = node.items(1000);
  if (node.is_array() && rings.empty()) node.fault("has no ring; the outer ring is needed, holes after it");
  for (const auto& item : rings) {
    auto ring = read_ring(item);
    whole = whole && ring.has_value();
    if (ring) polygon.rings.push_back(std::move(*ring));
  }
  if (!whole || polygon.rings.empty()) return std::nullopt;
  for (const auto& ring : polygon.rings) {  // holes too: they are checked against the same products
    const auto box = geo::box_of({{ring}});
    if (std::int64_t{box.high.lat} - box.low.lat > geo::kMaxSpanE7 ||
        std::int64_t{box.high.lng} - box.low.lng > geo::kMaxSpanE7) {
      node.fault("is wider or higher than 90 degrees; allowed: smaller zones, split at the antimeridian");
      return std::nullopt;
    }
  }
  if (const auto place = geo::crossing_fault(polygon)) {
    node.fault(fmt::format(
        "has sides that cross or touch, or a hole that does not lie inside, near {} (latitude, longitude); "
        "rings must be simple and holes inside the outer ring, apart from each other",
        place_text(*place)));
    return std::nullopt;
  }
  return polygon;
}

std::vector<geo::Polygon> read_geometry(const JsonNode& node) {
  static constexpr std::array<std::string_view, 2> kTypes = {"Polygon", "MultiPolygon"};
  std::vector<geo::Polygon> shape;
  node.allow_only({"type", "coordinates", "bbox"});
  const auto type_node = node.required("type");
  const auto type = read_choice(type_node, kTypes);
  if (!type_node.is_string() || type_node.string() != kTypes[type]) return shape;  // told already
  const auto coordinates = node.required("coordinates");
  if (type == 0) {
    if (auto polygon = read_polygon(coordinates)) shape.push_back(std::move(*polygon));
    return shape;
  }
  const auto parts = coordinates.items(kMaxPolygonsOfZone);
  if (coordinates.is_array() && parts.empty()) coordinates.fault("has no polygon; at least one is needed");
  for (const auto& item : parts)
    if (auto polygon = read_polygon(item)) shape.push_back(std::move(*polygon));
  return shape;
}

Zone read_zone(const JsonNode& feature) {
  Zone zone;
  feature.allow_only({"type", "properties", "geometry", "id", "bbox"});
  static constexpr std::array<std::string_view, 1> kFeature = {"Feature"};
  read_choice(feature.required("type"), kFeature);
  const auto properties = feature.required("properties");
  properties.allow_only({"zone", "layer", "priority", "boundary", "text"});
  zone.name = read_name(properties.required("zone"));
  if (const auto layer = properties.optional("layer"); layer.present()) zone.layer = read_name(layer);
  zone.priority = properties.optional("priority").integer(-1'000'000, 1'000'000).value_or(0);
  if (const auto rule = properties.optional("boundary"); rule.present())
    zone.edge_inside = read_choice(rule, kBoundaryNames) == 0;
  properties.optional("text").string(kMaxTextBytes);
  zone.shape = read_geometry(feature.required("geometry"));
  return zone;
}

auto order_of(const Zone& zone) {
  return std::make_tuple(std::string_view(zone.layer), -zone.priority, std::string_view(zone.name));
}

std::string degrees_text(std::int32_t e7) {
  const auto size = std::abs(std::int64_t{e7});
  std::string text = fmt::format("{}{}.{:07}", e7 < 0 ? "-" : "", size / 10'000'000, size % 10'000'000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

void write_position(JsonWriter& json, PointE7 p) {
  json.begin_array().raw(degrees_text(p.lng)).raw(degrees_text(p.lat)).end_array();
}

void write_polygon(JsonWriter& json, const geo::Polygon& polygon) {
  json.begin_array();
  for (const auto& ring : polygon.rings) {
    json.begin_array();
    for (const PointE7 p : ring) write_position(json, p);
    write_position(json, ring.front());
    json.end_array();
  }
  json.end_array();
}

}  // namespace

std::vector<Zone> read_zones(const JsonNode& node) {
  std::vector<Zone> zones;
  if (!node.present()) return zones;
  node.allow_only({"type", "features", "name", "bbox"});
  static constexpr std::array<std::string_view, 1> kCollection = {"FeatureCollection"};
  read_choice(node.required("type"), kCollection);
  std::set<std::string> names, layers;
  const auto features = node.required("features");
  for (const auto& feature : features.items(kMaxZones)) {
    zones.push_back(read_zone(feature));
    const Zone& zone = zones.back();
    if (!zone.name.empty() && !names.insert(zone.name).second)
      feature.optional("properties")
          .optional("zone")
          .fault(
              fmt::format("'{}' is taken; each zone needs a name of its own (several polygons: MultiPolygon)",
                          zone.name));
    layers.insert(zone.layer);
  }
  if (layers.size() > kMaxLayers)
    features.fault(fmt::format("have {} layers; at most {} are allowed", layers.size(), kMaxLayers));
  std::ranges::sort(zones, {}, order_of);
  return zones;
}

void write_zones(JsonWriter& json, const std::vector<Zone>& zones) {
  json.begin_object().key("type").string("FeatureCollection").key("features").begin_array();
  for (const Zone& zone : zones) {
    json.begin_object().key("type").string("Feature").key("properties").begin_object();
    json.key("zone").string(zone.name).key("layer").string(zone.layer).key("priority").integer(zone.priority);
    json.key("boundary").string(kBoundaryNames[zone.edge_inside ? 0 : 1]).end_object();
    json.key("geometry").begin_object().key("type").string("MultiPolygon").key("coordinates").begin_array();
    for (const auto& polygon : zone.shape) write_polygon(json, polygon);
    json.end_array().end_object().end_object();
  }
  json.end_array().end_object();
}

ZoneSet::ZoneSet(const std::vector<Zone>& zones) {
  std::vector<geo::AreaIndex::Area> areas;
  for (std::uint32_t i = 0; i < zones.size(); ++i) {
    const Zone& zone = zones[i];
    if (layers_.empty() || layers_.back() != zone.layer) layers_.push_back(zone.layer);
    layer_of_.push_back(static_cast<std::uint32_t>(layers_.size() - 1));
    names_.push_back(zone.name);
    by_name_.push_back(i);
    for (const auto& polygon : zone.shape) areas.push_back({i, zone.edge_inside, polygon});
  }
  std::ranges::sort(by_name_, {}, [this](std::uint32_t i) -> const std::string& { return names_[i]; });
  index_ = geo::AreaIndex(areas);
}

ZonesHere ZoneSet::at(PointE7 point) const {
  ZonesHere here;
  here.of_layer.fill(kNoZone);
  // Zones are sorted by rank within their layer: the lowest index wins.
  index_.containing(point, [&](std::uint32_t zone) {
    auto& best = here.of_layer[layer_of_[zone]];
    best = std::min(best, zone);
  });
  return here;
}

std::uint32_t ZoneSet::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(
      by_name_, name, {}, [this](std::uint32_t i) { return std::string_view(names_[i]); });
  return found != by_name_.end() && names_[*found] == name ? *found : kNoZone;
}

std::optional<std::uint32_t> ZoneSet::find_layer(std::string_view name) const {
  const auto found = std::ranges::find(layers_, name);
  if (found == layers_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - layers_.begin());
}

}  // namespace reckon::fee

#include "road/drawn_map_fixture.h"

#include <stdlib.h>

#include <cmath>
#include <cstdlib>
#include <numbers>
#include <osmium/builder/attr.hpp>
#include <osmium/builder/osm_object_builder.hpp>
#include <osmium/io/pbf_output.hpp>
#include <osmium/io/writer.hpp>
#include <stdexcept>

#include "reckon/geo/geodesic.h"

namespace reckon::test {
namespace {

constexpr double kMetresPerDegree =
    111'320;  // near enough for drawing; expected lengths are measured, not assumed

double rounded_e7(double degrees) {
  return std::round(degrees * 1e7) / 1e7;
}

geo::LatLng place_of(const std::pair<double, double>& lat_lng) {
  return geo::LatLng::from_degrees(lat_lng.first, lat_lng.second, "drawn").value();
}

}  // namespace

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "reckon-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

DrawnMap::DrawnMap(const std::string& picture, Corner corner) {
  const double east = kMetresPerDegree * std::cos(corner.lat_deg * std::numbers::pi / 180);
  double row = 0;
  double column = 0;
  for (const char c : picture) {
    if (c == '\n') {
      ++row;
      column = 0;
      continue;
    }
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      places_[c] = {rounded_e7(corner.lat_deg - row * kStepM / kMetresPerDegree),
                    rounded_e7(corner.lng_deg + column * kStepM / east)};
    }
    ++column;
  }
}

DrawnMap& DrawnMap::way(const std::string& nodes, TagList tags) {
  bool classed = false;
  for (const auto& [key, value] : tags)
    classed = classed || key == "highway" || key == "route" || key == "building";
  if (!classed) tags.emplace_back("highway", "residential");
  ways_.push_back({nodes, std::move(tags)});
  return *this;
}

DrawnMap& DrawnMap::node(char name, TagList tags) {
  node_tags_[name] = std::move(tags);
  return *this;
}

DrawnMap& DrawnMap::turn(const std::string& restriction, const std::string& from, char via,
                         const std::string& to, TagList tags) {
  turns_.push_back({restriction, from, to, via, {}, std::move(tags)});
  return *this;
}

DrawnMap& DrawnMap::turn_over_ways(const std::string& restriction, const std::string& from,
                                   const std::vector<std::string>& via, const std::string& to) {
  turns_.push_back({restriction, from, to, 0, via, {}});
  return *this;
}

std::int64_t DrawnMap::way_id(const std::string& nodes) const {
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    if (ways_[i].nodes == nodes) return static_cast<std::int64_t>(i) + 1;
  }
  throw std::runtime_error("no way " + nodes);
}

void DrawnMap::write(const std::filesystem::path& pbf) const {
  using namespace osmium::builder::attr;
  osmium::memory::Buffer buffer(1 << 16, osmium::memory::Buffer::auto_grow::yes);
  for (const auto& [name, place] : places_) {
    const auto tags = node_tags_.find(name);
    osmium::builder::add_node(buffer, _id(name), _version(1),
                              _location(osmium::Location(place.second, place.first)),
                              _tags(tags == node_tags_.end() ? TagList{} : tags->second));
  }
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    const std::vector<osmium::object_id_type> nodes(ways_[i].nodes.begin(), ways_[i].nodes.end());
    osmium::builder::add_way(buffer, _id(static_cast<std::int64_t>(i) + 1), _version(1), _nodes(nodes),
                             _tags(ways_[i].tags));
  }
  for (std::size_t i = 0; i < turns_.size(); ++i) {
    const auto& turn = turns_[i];
    TagList tags = turn.tags;
    tags.emplace_back("type", "restriction");
    if (!turn.restriction.empty()) tags.emplace_back("restriction", turn.restriction);
    std::vector<member_type> members = {member_type(osmium::item_type::way, way_id(turn.from), "from")};
    if (turn.via != 0) members.emplace_back(osmium::item_type::node, turn.via, "via");
    for (const auto& via : turn.via_ways) members.emplace_back(osmium::item_type::way, way_id(via), "via");
    members.emplace_back(osmium::item_type::way, way_id(turn.to), "to");
    osmium::builder::add_relation(buffer, _id(static_cast<std::int64_t>(i) + 1), _version(1),
                                  _members(members), _tags(tags));
  }
  osmium::io::Writer writer(osmium::io::File(pbf.string(), "pbf"), osmium::io::overwrite::allow);
  writer(std::move(buffer));
  writer.close();
}

geo::LatLng DrawnMap::at(char name) const {
  return place_of(places_.at(name));
}

geo::LatLng DrawnMap::near(char name, double east_m, double north_m) const {
  const auto& [lat, lng] = places_.at(name);
  const double east = kMetresPerDegree * std::cos(lat * std::numbers::pi / 180);
  return place_of({lat + north_m / kMetresPerDegree, lng + east_m / east});
}

std::int64_t DrawnMap::metres(const std::string& nodes) const {
  std::int64_t mm = 0;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    mm += std::llround(geo::geodesic_m(at(nodes[i - 1]), at(nodes[i])) * 1000);
  }
  return (mm + 500) / 1000;
}

BuiltMap::BuiltMap(const DrawnMap& drawn, std::vector<base::Vehicle> vehicles, road::DrivingSide side)
    : drawn_(drawn) {
  drawn.write(folder_ / "drawn.osm.pbf");
  const auto built = road::build_map({{folder_ / "drawn.osm.pbf"}, file(), std::move(vehicles), side, {}});
  if (!built) throw std::runtime_error(built.error().where + ": " + built.error().message);
  auto opened = road::RoadMap::open(file());
  if (!opened) throw std::runtime_error(opened.error().message);
  map_.emplace(std::move(*opened));
}

road::Route BuiltMap::route(base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to) {
  return map_->route(query_, vehicle, from, to, {road::kDefaultMaxSnapM, road::WithGeometry::kYes});
}

std::string BuiltMap::trip(base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to) {
  const auto found = route(vehicle, from, to);
  if (found.status != road::RouteStatus::kOk) return std::string(road::to_string(found.status));
  std::string names;
  for (const auto& point : found.geometry) {
    char name = '*';
    for (const auto& [candidate, place] : drawn_.places()) {
      if (geo::geodesic_m(point, place_of(place)) < 0.05) name = candidate;
    }
    if (names.empty() || names.back() != name || name == '*') names += name;
  }
  return names;
}

std::string BuiltMap::trip(base::Vehicle vehicle, char from, char to) {
  return trip(vehicle, drawn_.at(from), drawn_.at(to));
}

std::optional<std::filesystem::path> shared_data() {
  const char* named = std::getenv("RECKON_SHARED_DATA");
  const std::filesystem::path folder =
      named != nullptr ? std::filesystem::path(named)
                       : std::filesystem::path(RECKON_SOURCE_DIR).parent_path() / "shared" / "data";
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return std::nullopt;
  return folder;
}

std::vector<std::pair<std::string, std::filesystem::path>> shared_maps() {
  std::vector<std::pair<std::string, std::filesystem::path>> maps;
  const auto data = shared_data();
  if (!data) return maps;
  for (const std::string name : {"porto", "seoul-central", "gangnam-arterials", "seoul-dongjak", "monaco"}) {
    const auto file = *data / "maps" / (name + ".osm.pbf");
    if (std::filesystem::exists(file)) maps.emplace_back(name, file);
  }
  return maps;
}

}  // namespace reckon::test

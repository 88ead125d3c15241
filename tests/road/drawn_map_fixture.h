#pragma once

// Tiny road networks drawn as ASCII pictures: each letter or digit is a node, a step between characters is 20
// m. Ways and turn rules are named by their nodes; the whole is written as OSM PBF and built like any city.

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reckon/geo/lat_lng.h"
#include "reckon/road/map_builder.h"
#include "reckon/road/road_map.h"

namespace reckon::test {

/// A folder of its own, removed with all it holds.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

using TagList = std::vector<std::pair<std::string, std::string>>;

/// Where pictures have their upper left corner.
struct Corner {
  double lat_deg;
  double lng_deg;
};
inline constexpr Corner kSeoul{37.55, 126.98};
inline constexpr Corner kPorto{41.15, -8.61};

class DrawnMap {
 public:
  static constexpr double kStepM = 20;

  explicit DrawnMap(const std::string& picture, Corner corner = kSeoul);

  /// A way over these nodes; `highway=residential` unless the tags say otherwise.
  DrawnMap& way(const std::string& nodes, TagList tags = {});
  DrawnMap& node(char name, TagList tags);
  /// A restriction from the way of these nodes over `via` to the other way.
  DrawnMap& turn(const std::string& restriction, const std::string& from, char via, const std::string& to,
                 TagList tags = {});
  /// The same with a way in the middle.
  DrawnMap& turn_over_way(const std::string& restriction, const std::string& from, const std::string& via,
                          const std::string& to) {
    return turn_over_ways(restriction, from, {via}, to);
  }
  DrawnMap& turn_over_ways(const std::string& restriction, const std::string& from,
                           const std::vector<std::string>& via, const std::string& to);

  /// Writes the extract.
  void write(const std::filesystem::path& pbf) const;
  geo::LatLng at(char name) const;
  /// A place off the roads: `east_m` and `north_m` from a node.
  geo::LatLng near(char name, double east_m, double north_m) const;
  /// Length of the line through these nodes, each segment rounded to the millimetre, the sum to the metre.
  std::int64_t metres(const std::string& nodes) const;

  const std::map<char, std::pair<double, double>>& places() const { return places_; }
  /// OpenStreetMap's number of the way of these nodes.
  std::int64_t way_id(const std::string& nodes) const;

 private:
  struct Way {
    std::string nodes;
    TagList tags;
  };
  struct Turn {
    std::string restriction, from, to;
    char via;  ///< a node, or 0
    std::vector<std::string> via_ways;
    TagList tags;
  };

  std::map<char, std::pair<double, double>> places_;  ///< (lat, lng) in degrees
  std::map<char, TagList> node_tags_;
  std::vector<Way> ways_;
  std::vector<Turn> turns_;
};

/// A drawn map, built and opened.
class BuiltMap {
 public:
  explicit BuiltMap(const DrawnMap& drawn,
                    std::vector<base::Vehicle> vehicles = {base::kAllVehicles.begin(),
                                                           base::kAllVehicles.end()},
                    road::DrivingSide side = road::DrivingSide::kRight);
  /// The nodes that the fastest route passes, in order, such as `ABD`; or the status when it is not ok. Shape
  /// points are nodes too; snap points between nodes are `*`.
  std::string trip(base::Vehicle vehicle, char from, char to);
  std::string trip(base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to);
  road::Route route(base::Vehicle vehicle, const geo::LatLng& from, const geo::LatLng& to);
  const road::RoadMap& map() const { return *map_; }
  std::filesystem::path file() const { return folder_ / "drawn.rmap"; }

 private:
  TempFolder folder_;
  DrawnMap drawn_;
  std::optional<road::RoadMap> map_;
  road::RoadMap::Query query_;
};

/// The folder of shared test data, or nothing (then the caller says loudly what it skips).
std::optional<std::filesystem::path> shared_data();

/// Extracts that comparisons run on: name and file.
std::vector<std::pair<std::string, std::filesystem::path>> shared_maps();

}  // namespace reckon::test

#pragma once

// The formats that the stand-in provider speaks: a vendor's request in, a vendor's body out.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "provider_sim_faults.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/vehicle.h"
#include "reckon/distance/route_fit.h"
#include "reckon/road/road_map.h"

namespace reckon::cli {

struct SimRequest {
  std::string method;
  std::string path;                                          ///< before `?`
  std::string query;                                         ///< after it
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  bool keep_alive = true;

  /// Empty when absent. @param name  in lower case
  std::string_view header(std::string_view name) const;
  /// A query parameter, decoded; empty when absent.
  std::string parameter(std::string_view name) const;
  /// All parameters of the name, decoded.
  std::vector<std::string> parameters(std::string_view name) const;
};

struct SimReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

/// What the map says about a trip, as this drill tells it.
struct SimTrip {
  enum class Status : std::uint8_t { kOk, kNoRoadAtStart, kNoRoadAtEnd, kNoRoute };
  Status status = Status::kNoRoute;
  std::int64_t metres = 0;
  double seconds = 0;
  std::vector<road::SnapPoint> snaps;  ///< of each place; kOk only
};

/// Roads as a made-up provider sees and chooses them, instead of the map's own way.
struct SimHabits {
  /// @param closed_share  of all roads, [0, 1]; see distance::draw_habits
  SimHabits(const road::Network& map, std::uint32_t seed, double closed_share);
  road::RouteNetwork network;
  distance::ModelRouter router;
};

/// The map, the vehicle and this request's mischief: all that a format needs. One thread at a time.
class SimWorld {
 public:
  /// @param habits  null: the map's own way
  SimWorld(const road::RoadMap& map, base::Vehicle vehicle, road::RoadMap::Query& query, SimHabits* habits,
           const Mischief& mischief)
      : map_(map), vehicle_(vehicle), query_(query), habits_(habits), mischief_(mischief) {}

  /// From place to place; at least two.
  SimTrip trip(std::span<const geo::LatLng> places);
  SimTrip trip(const geo::LatLng& from, const geo::LatLng& to);
  /// The vendor code that is to be told instead of an answer.
  std::optional<int> code() const;

 private:
  const road::RoadMap& map_;
  base::Vehicle vehicle_;
  road::RoadMap::Query& query_;
  SimHabits* habits_;
  const Mischief& mischief_;
};

using Places = std::vector<geo::LatLng>;

/// `LON,LAT` or `LAT,LON`; what follows a further comma is passed over (Kakao's `name=`).
std::optional<geo::LatLng> lon_lat_of(std::string_view text);
std::optional<geo::LatLng> lat_lon_of(std::string_view text);
/// A place in an object, as numbers or as numbers in text.
std::optional<geo::LatLng> place_of(const base::JsonNode& object, std::string_view lat, std::string_view lon);
/// Lists cut at `mark`; nothing when one of them is no place.
std::optional<Places> lon_lats_of(std::string_view text, char mark);
std::string decoded(std::string_view text);

using SimAnswer = SimReply (*)(SimWorld& world, const SimRequest& request);
/// One path of one API. A path that ends in `/` stands for all that begin with it.
struct SimPath {
  std::string_view api, method, path;
  SimAnswer answer;
};
/// Kakao, NAVER, TMAP.
std::span<const SimPath> korean_sim_paths();
/// Google, OSRM, Valhalla, GraphHopper, openrouteservice.
std::span<const SimPath> world_sim_paths();

const std::vector<std::string>& sim_api_names();

/// Answers the vendors' requests from a road map. One thread at a time.
class ProviderApi {
 public:
  /// @param habits  null: the map's own way
  ProviderApi(const road::RoadMap& map, base::Vehicle vehicle, std::vector<std::string> apis,
              std::unique_ptr<SimHabits> habits)
      : map_(map), vehicle_(vehicle), apis_(std::move(apis)), habits_(std::move(habits)) {}

  /// Never fails: what is not understood gets the vendor's own refusal. `mischief` changes codes and lengths
  /// only.
  SimReply answer(const SimRequest& request, const Mischief& mischief);

 private:
  const road::RoadMap& map_;
  base::Vehicle vehicle_;
  std::vector<std::string> apis_;
  std::unique_ptr<SimHabits> habits_;
  road::RoadMap::Query query_;
};

}  // namespace reckon::cli

#pragma once

// The formats that the stand-in provider speaks: a request's target in, a vendor's body out.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "provider_sim_faults.h"
#include "reckon/base/vehicle.h"
#include "reckon/road/road_map.h"

namespace reckon::cli {

struct SimRequest {
  std::string method;
  std::string path;           ///< before `?`
  std::string query;          ///< after it
  std::string authorization;  ///< header value, empty when absent
  std::string body;
  bool keep_alive = true;
};

struct SimReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

enum class SimApi : std::uint8_t { kKakao, kOsrm };

/// Answers Kakao's and OSRM's requests from a road map. One thread at a time.
class ProviderApi {
 public:
  ProviderApi(const road::RoadMap& map, base::Vehicle vehicle, std::vector<SimApi> apis)
      : map_(map), vehicle_(vehicle), apis_(std::move(apis)) {}

  /// Never fails: what is not understood gets the vendor's own refusal. `mischief` changes codes and lengths
  /// only.
  SimReply answer(const SimRequest& request, const Mischief& mischief);

 private:
  SimReply kakao(const SimRequest& request, const Mischief& mischief);
  SimReply osrm(const SimRequest& request, const Mischief& mischief);
  bool speaks(SimApi api) const;

  const road::RoadMap& map_;
  base::Vehicle vehicle_;
  std::vector<SimApi> apis_;
  road::RoadMap::Query query_;
};

}  // namespace reckon::cli

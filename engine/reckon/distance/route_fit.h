#pragma once

// Learns how a provider chooses routes, from its answers: trips whose distance our route has to the metre
// were routed alike, so their durations tell its speeds and turn costs; the others tell which roads it does
// not use. Deterministic: the same pairs in the same order give the same model.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "reckon/geo/lat_lng.h"
#include "reckon/road/changed_graph.h"
#include "reckon/road/route_model.h"

namespace reckon::distance {

/// One trip and what the provider said of it.
struct AnsweredTrip {
  geo::LatLng from, to;
  double metres = 0;
  double seconds = 0;  ///< 0: not told
};

/// How far the fit goes.
struct RouteFitOptions {
  double max_snap_m = 1000;
  int pace_rounds = 3;
  int choice_rounds = 5;  ///< 0: it is taken to choose by the time that it tells
  int time_rounds = 8;    ///< at most, as are the following
  int road_rounds = 8;
  int preference_rounds = 2;
  /// A model of the same network to go on from, such as one of fewer trips; null: the map's own.
  const road::RouteModel* start = nullptr;
};

/// What came of it.
struct RouteFitResult {
  road::RouteModel model;
  std::size_t pairs = 0;
  std::size_t alike_before = 0;         ///< trips with the provider's distance by the map's own speeds
  std::size_t alike = 0;                ///< and by the model
  std::size_t closed = 0, changed = 0;  ///< directed edges closed, and with another time
  /// Models on the way: of paces and rules alone, with single roads' times, with closed roads, and `model`,
  /// with preferences, too. Each fits the trips better than the one before; whether it fits others better,
  /// other trips must tell.
  std::vector<road::RouteModel> stages;
  bool stopped = false;  ///< given up: the rest says nothing
};

/// Told how far a fit is, many times a second. @return false to give the fit up
using FitProgress = std::function<bool(std::string_view stage, double done)>;

/// Fits a model of one provider on one vehicle's network. Cost: of 4,500
/// trips on Porto one to several minutes of CPU, the more the provider's roads differ from the map's.
RouteFitResult fit_routes(const road::RouteNetwork& network, std::span<const AnsweredTrip> trips,
                          const RouteFitOptions& options = {}, const FitProgress& progress = {});

/// Routes by a model: what the provider would say. One thread at a time.
class ModelRouter {
 public:
  /// @param changes  corrections to the map that the model is of; null: none. Roads that they add are not
  ///                 taken: nothing has been learned of them
  ModelRouter(const road::RouteNetwork& network, const road::RouteModel& model, double max_snap_m,
              const road::ChangedGraph* changes = nullptr);

  struct Answer {
    bool found = false;
    double metres = 0;  ///< by the provider's yardstick
    double seconds = 0;
  };
  Answer route(const geo::LatLng& from, const geo::LatLng& to);

  road::Door door(const geo::LatLng& place, road::TripEnd end) const;
  double metres_of(const road::ModelPath& path) const;
  double seconds_of(const road::ModelPath& path) const;
  const road::ModelPath& path(const road::Door& from, const road::Door& to);

 private:
  const road::RouteNetwork* network_;
  road::RouteModel model_;
  double max_snap_m_;
  road::ArcCosts costs_;
  road::OpenEdges open_;
  road::ModelSearch search_;
  road::ModelPath path_;
  friend class RouteFitter;
};

}  // namespace reckon::distance

#pragma once

// VROOM's wire format: its problem JSON in, its solution JSON out, so that a program that talks to VROOM can
// talk to Reckon. What we add stands under the key `reckon`. Source: VROOM-Project/vroom docs/API.md at
// 004faa4 (docs/sources.md#dispatch).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/dispatch/plan.h"
#include "reckon/dispatch/problem.h"
#include "reckon/geo/lat_lng.h"
#include "reckon/road/roads.h"

namespace reckon::dispatch {

/// How a thing is called outside.
struct WireName {
  std::int64_t id = 0;
  std::optional<std::string> description;
  std::optional<geo::LatLng> at;                ///< `location`, `start`: told again in the answer
  std::optional<std::uint64_t> location_index;  ///< likewise
};

struct WireVehicle {
  WireName start;  ///< `id` and `description` are the vehicle's
  WireName end;    ///< place only
  std::vector<WireName> breaks;
};

/// One of Problem::travels: a profile at a speed.
struct WireTravel {
  std::string profile;
  double speed_factor = 1;  ///< (0, 5], in hundredths
  std::size_t vehicle = 0;  ///< the first that uses it, for faults
};

/// A problem together with the names that its answer needs.
struct VroomProblem {
  Problem problem;              ///< travels are empty until `fill_matrices` when the input has no matrices
  std::vector<WireName> tasks;  ///< by Problem::tasks
  std::vector<WireVehicle> vehicles;  ///< by Problem::vehicles
  std::vector<WireTravel> travels;    ///< by Problem::travels
  std::vector<geo::LatLng> places;    ///< by location, when travel times must come from a map; else empty
  std::vector<bool> off_map;  ///< by location: on no road for any profile that is used; empty without a map
  bool needs_map = false;
  bool has_distances = false;  ///< the answer tells metres
  bool has_amounts = false;    ///< the answer tells loads
  std::string name;            ///< of the document, for faults
};

/// Reads a problem. Unknown keys are faults. Our own stand under `reckon`: of the problem `balance`, of a
/// shipment `max_on_board`, `tags` and `not_with`, of a job `tags` and `not_with`, of a job and a shipment's
/// steps `late_after` and `late_per_hour`, of a vehicle `fixed_steps`. docs/dispatch.md, "Static plans".
/// @param name  stands in `where` of the faults: `<name>#/vehicles/0/start`
/// @errors kInvalidInput  every fault of syntax and meaning, with what is allowed
///         kUnsupported   when nothing is wrong but a documented key is not served in this version
///                        (times of vehicle `steps`)
///         kLimit         too large or too deep
/// Cost: O(bytes).
base::Result<VroomProblem> read_vroom(std::string_view json, std::string_view name);

/// Travel times and distances of a problem without matrices, from a road map; nothing to do when it has
/// matrices. Places off the map, and pairs without a way, become kUnreachable; so a request there is left out
/// with `no_route`.
/// @param map  null when there is none
/// @errors kInvalidInput  the problem needs a map and there is none, or a profile is not a vehicle that the
/// map serves
///         kLimit         more than kMaxLocations places
/// Cost: one table for each profile.
base::Result<void> fill_matrices(VroomProblem& problem, const road::Roads* map);

/// The solution of `plan`, which must be one of this problem (our own invariant). One line of JSON, equal for
/// equal plans. Under `reckon` each of `unassigned` tells its reason, and, where something may be late,
/// steps, routes and the summary tell the seconds of it.
std::string write_vroom(const VroomProblem& problem, const Plan& plan);

}  // namespace reckon::dispatch
